package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"example.com/tokenpair"
)

func TestContractGates(t *testing.T) {
	for name, gate := range gates {
		for _, wrong := range gate(document()) {
			t.Errorf("%s: %s", name, wrong)
		}
	}
}

// A gate that lets a broken document through keeps nothing: each is shown one.
func TestContractGatesBite(t *testing.T) {
	const pattern = `'^[^\u0000]*[^\u0000\u0009-\u000D\u001C-\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000][^\u0000]*$'`
	tried := make(map[string]bool)
	for _, c := range []struct{ gate, breach, old, broken string }{
		{"valid", "an unknown word", "summary: Log in", "sumary: Log in"},
		{"valid", "a response without description", "      description: The body is not `application/json`.\n", ""},
		{"valid", "a pattern that is none", `pattern: '^[A-Za-z0-9_-]+\.`, `pattern: '^[A-Za-z0-9_-+\.(`},
		{"examples", "request", "username: sampleUser", "username: ' '"},
		{"examples", "request without a field", "                  password: userpassword123\n", ""},
		{"examples", "response, of several", "access: eyJhbGci", "access: not.a token.eyJhbGci"},
		{"examples", "response with another name", "                    refresh: eyJ", "                    refrehs: eyJ"},
		{"examples", "response, the only one", "detail: No active account found", "error: No active account found"},
		{"examples", "response that is shared", "status: ok", "status: fine"},
		{"examples", "header", "      example: 5", "      example: 0"},
		{"examples", "field", "          example: sampleUser", "          example: ' '"},
		{"examples", "parameter", "      required: false\n", "      required: false\n      example: xml\n"},
		{"operations", "the same id twice", "operationId: ready", "operationId: live"},
		{"operations", "no id", "      operationId: ready\n", ""},
		{"operations", "no summary", "      summary: Log in\n", ""},
		{"operations", "no description", "      description: Answers as long", "      x-description: Answers as long"},
		{"operations", "no tags", "      tags: [token]\n", ""},
		{"operations", "a tag that nobody explains", "tags: [token]", "tags: [tokens]"},
		{"routes", "a path that is not served", "  /readyz:\n", "  /healthz:\n"},
		{"routes", "a method that is not served", "  /livez:\n    get:", "  /livez:\n    put:"},
		{"routes", "a path that is not documented", "  /readyz:\n", "  x-readyz:\n"},
		{"text", "no pattern", "          pattern: " + pattern + "\n          example: sampleUser", "          example: sampleUser"},
		{"text", "a blank is allowed", pattern, `'^[^\u0000]*$'`},
		{"text", "a null character is allowed", pattern, `'[^\u0000\u0009-\u000D\u001C-\u0020\u0085\u00A0\u3000]'`},
		{"text", "a separator is allowed", `\u001C-\u0020`, `\u0020`},
		{"text", "too little is allowed", pattern, `'^[A-Za-z]+$'`},
		{"statuses", "default", "'415':", "default:"},
		{"statuses", "range", "'415':", "4XX:"},
		{"statuses", "one is missing", "        '406':\n          $ref: '#/components/responses/NotAcceptable'\n", ""},
		{"closed", "said nothing", "      additionalProperties: false\n", ""},
		{"closed", "said open", "additionalProperties: false", "additionalProperties: true"},
		{"closed", "part of another", "field; a field without an error is absent.\n      additionalProperties: false\n", "field.\n"},
	} {
		t.Run(c.gate+", "+c.breach, func(t *testing.T) {
			text := string(tokenpair.Contract)
			if !strings.Contains(text, c.old) {
				t.Fatalf("the document has no %q", c.old)
			}
			broken, err := openapi3.NewLoader().LoadFromData([]byte(strings.Replace(text, c.old, c.broken, 1)))
			if err == nil && len(gates[c.gate](broken)) == 0 {
				t.Error("the gate lets it through")
			}
			if err != nil && c.gate != "valid" {
				t.Errorf("the document is not one any more: %v", err)
			}
		})
		tried[c.gate] = true
	}
	if len(tried) != len(gates) {
		t.Errorf("only %v were tried", tried)
	}
}

// The harness itself is a gate: an answer that differs from the document in one thing is not let through.
func TestAnswerCheckBites(t *testing.T) {
	s := &site{docs: true}
	const pair = `{"refresh":"a.b.c","access":"a.b.c"}`
	good := func(status int, body string, headers ...string) reply {
		header := http.Header{"Content-Type": {"application/json"}, "X-Content-Type-Options": {"nosniff"}}
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			header.Set(name, value)
		}
		header.Set("Content-Length", fmt.Sprint(len(body)))
		return reply{status: status, header: header, body: body}
	}
	const (
		noStore      = "Cache-Control: no-store"
		authenticate = `WWW-Authenticate: Bearer realm="api"`
		allow        = "Allow: POST, OPTIONS"
	)
	for name, c := range map[string]struct {
		method, path string
		got          reply
		wrong        bool
	}{
		"pair":                        {"POST", "/api/token", good(200, pair, noStore), false},
		"pair, other path":            {"POST", "/api/token/", good(200, pair, noStore), false},
		"pair, stored":                {"POST", "/api/token", good(200, pair), true},
		"pair, cached":                {"POST", "/api/token", good(200, pair, "Cache-Control: private"), true},
		"pair, one member more":       {"POST", "/api/token", good(200, `{"refresh":"a.b.c","access":"a.b.c","x":1}`, noStore), true},
		"pair, line end":              {"POST", "/api/token", good(200, pair+"\n", noStore), true},
		"pair, charset":               {"POST", "/api/token", good(200, pair, noStore, "Content-Type: application/json; charset=utf-8"), true},
		"pair, cookie":                {"POST", "/api/token", good(200, pair, noStore, "Set-Cookie: a=b"), true},
		"pair, sniffed":               {"POST", "/api/token", good(200, pair, noStore, "X-Content-Type-Options: x"), true},
		"pair, by GET":                {"GET", "/api/token", good(200, pair, noStore), true},
		"refused":                     {"POST", "/api/token", good(401, refused, authenticate), false},
		"refused, no scheme":          {"POST", "/api/token", good(401, refused), true},
		"refused, other scheme":       {"POST", "/api/token", good(401, refused, "WWW-Authenticate: Basic"), true},
		"fields":                      {"POST", "/api/token", good(400, empty), false},
		"fields and detail":           {"POST", "/api/token", good(400, `{"detail":"a","username":["a"]}`), true},
		"fields, other name":          {"POST", "/api/token", good(400, `{"refresh":["a"]}`), true},
		"undocumented":                {"POST", "/api/token", good(409, `{"detail":"a"}`), true},
		"method":                      {"PUT", "/api/token", good(405, notAllowed("PUT"), allow), false},
		"method, Allow is missing":    {"PUT", "/api/token", good(405, notAllowed("PUT")), true},
		"busy":                        {"GET", "/readyz", good(503, busy, "Retry-After: 1"), false},
		"busy, Retry-After is a word": {"GET", "/readyz", good(503, busy, "Retry-After: soon"), true},
		"busy, Retry-After is 0":      {"GET", "/readyz", good(503, busy, "Retry-After: 0"), true},
		"busy, where nothing waits":   {"GET", "/livez", good(503, busy, "Retry-After: 1"), true},
		"unknown":                     {"GET", "/unknown", good(404, notFound), false},
		"unknown, found":              {"GET", "/unknown", good(200, `{}`), true},
		"unknown, other words":        {"GET", "/unknown", good(404, `{"detail":"No."}`), true},
		"options":                     {"OPTIONS", "/livez", good(200, `{"name":"a","renders":["a"],"parses":["a"]}`, allow), false},
		"options, other object":       {"OPTIONS", "/livez", good(200, `{"name":"a"}`, allow), true},
		"page, header":                {"GET", "/api/docs/", good(200, "a", "Server: x"), true},
		"page, 405 as text":           {"POST", "/api/docs/", good(405, "no", "Allow: GET, HEAD", "Content-Type: text/plain"), true},
	} {
		if problems := s.problems(c.method, c.path, c.got); c.wrong != (len(problems) > 0) {
			t.Errorf("%s: problems are %q", name, problems)
		}
	}
}

func TestEveryDocumentedAnswerIsAskedFor(t *testing.T) {
	all := documented(document())
	for _, answer := range []string{"obtainTokenPair 200", "obtainTokenPair 413", "live 404", "ready 503"} {
		if !slices.Contains(all, answer) {
			t.Errorf("%s is not among %q", answer, all)
		}
	}
}
