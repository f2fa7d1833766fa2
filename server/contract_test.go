package server_test

import (
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
		{"examples", "parameter", "in: query\n      required: false\n", "in: query\n      required: false\n      example: xml\n"},
		{"operations", "the same id twice", "operationId: checkReadiness", "operationId: checkLiveness"},
		{"operations", "no id", "      operationId: checkReadiness\n", ""},
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
		{"security", "said nothing", "      security: []\n", ""},
		{"security", "another refusal", "        Allow:\n          $ref: '#/components/headers/Allow'\n      content:\n        application/json:\n          schema:\n            $ref: '#/components/schemas/AccessRefused'",
			"      content:\n        application/json:\n          schema:\n            $ref: '#/components/schemas/AccessRefused'"},
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

func TestEveryDocumentedAnswerIsAskedFor(t *testing.T) {
	all := documented(document())
	for _, answer := range []string{"obtainTokenPair 200", "obtainTokenPair 413", "checkLiveness 404", "checkReadiness 503"} {
		if !slices.Contains(all, answer) {
			t.Errorf("%s is not among %q", answer, all)
		}
	}
}
