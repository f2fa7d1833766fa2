package servertest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"example.com/tokenpair/server/servertest"
)

// An answer that differs from the document in one thing is not let through.
func TestBreaches(t *testing.T) {
	const pair = `{"refresh":"a.b.c","access":"a.b.c"}`
	answer := func(status int, body string, headers ...string) servertest.Answer {
		header := http.Header{"Content-Type": {"application/json"}, "X-Content-Type-Options": {"nosniff"}}
		header.Set("Content-Length", fmt.Sprint(len(body)))
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			header.Set(name, value)
		}
		return servertest.Answer{Docs: true, Status: status, Header: header, Body: body}
	}
	bare := func(status int, headers ...string) servertest.Answer {
		got := answer(status, "", headers...)
		for _, name := range []string{"Content-Type", "Content-Length"} {
			if !strings.Contains(strings.Join(headers, ""), name) {
				got.Header.Del(name)
			}
		}
		return got
	}
	const (
		session      = "/api/me/sessions/0f8fad5bd9cb469fa16570867728950e"
		refused      = `{"detail":"No active account found with the given credentials"}`
		empty        = `{"username":["This field is required."],"password":["This field is required."]}`
		busy         = `{"detail":"Service temporarily unavailable, try again later."}`
		notFound     = `{"detail":"Not found."}`
		notAllowed   = `{"detail":"Method \"PUT\" not allowed."}`
		noStore      = "Cache-Control: no-store"
		authenticate = `WWW-Authenticate: Bearer realm="api"`
		allow        = "Allow: POST, OPTIONS"
	)
	for name, c := range map[string]struct {
		method, path string
		got          servertest.Answer
		wrong        bool
	}{
		"pair":                        {"POST", "/api/token", answer(200, pair, noStore), false},
		"pair, other path":            {"POST", "/api/token/", answer(200, pair, noStore), false},
		"pair, stored":                {"POST", "/api/token", answer(200, pair), true},
		"pair, cached":                {"POST", "/api/token", answer(200, pair, "Cache-Control: private"), true},
		"pair, one member more":       {"POST", "/api/token", answer(200, `{"refresh":"a.b.c","access":"a.b.c","x":1}`, noStore), true},
		"pair, line end":              {"POST", "/api/token", answer(200, pair+"\n", noStore), true},
		"pair, charset":               {"POST", "/api/token", answer(200, pair, noStore, "Content-Type: application/json; charset=utf-8"), true},
		"pair, cookie":                {"POST", "/api/token", answer(200, pair, noStore, "Set-Cookie: a=b"), true},
		"pair, sniffed":               {"POST", "/api/token", answer(200, pair, noStore, "X-Content-Type-Options: x"), true},
		"pair, by GET":                {"GET", "/api/token", answer(200, pair, noStore), true},
		"refused":                     {"POST", "/api/token", answer(401, refused, authenticate), false},
		"refused, no scheme":          {"POST", "/api/token", answer(401, refused), true},
		"refused, other scheme":       {"POST", "/api/token", answer(401, refused, "WWW-Authenticate: Basic"), true},
		"fields":                      {"POST", "/api/token", answer(400, empty), false},
		"fields and detail":           {"POST", "/api/token", answer(400, `{"detail":"a","username":["a"]}`), true},
		"fields, other name":          {"POST", "/api/token", answer(400, `{"refresh":["a"]}`), true},
		"undocumented":                {"POST", "/api/token", answer(409, `{"detail":"a"}`), true},
		"method":                      {"PUT", "/api/token", answer(405, notAllowed, allow), false},
		"method, Allow is missing":    {"PUT", "/api/token", answer(405, notAllowed), true},
		"busy":                        {"GET", "/readyz", answer(503, busy, "Retry-After: 1"), false},
		"busy, Retry-After is a word": {"GET", "/readyz", answer(503, busy, "Retry-After: soon"), true},
		"busy, Retry-After is 0":      {"GET", "/readyz", answer(503, busy, "Retry-After: 0"), true},
		"busy, where nothing waits":   {"GET", "/livez", answer(503, busy, "Retry-After: 1"), true},
		"unknown":                     {"GET", "/unknown", answer(404, notFound), false},
		"unknown, redirect":           {"GET", "/unknown", answer(307, "", "Location: /"), true},
		"length":                      {"GET", "/unknown", answer(404, notFound, "Content-Length: 1"), true},
		"unknown, found":              {"GET", "/unknown", answer(200, `{}`), true},
		"unknown, other words":        {"GET", "/unknown", answer(404, `{"detail":"No."}`), true},
		"options":                     {"OPTIONS", "/livez", answer(200, `{"name":"a","renders":["a"],"parses":["a"]}`, allow), false},
		"options, other object":       {"OPTIONS", "/livez", answer(200, `{"name":"a"}`, allow), true},
		"page":                        {"GET", "/api/docs/", answer(200, "a", "Content-Type: text/html"), false},
		"page, method":                {"PUT", "/api/docs/", answer(405, notAllowed, "Allow: GET, HEAD"), false},
		"page, unknown":               {"GET", "/api/docs/x", answer(404, notFound), false},
		"page, redirect":              {"GET", "/api/docs", answer(301, "", "Location: /api/docs/"), true},
		"page, header":                {"GET", "/api/docs/", answer(200, "a", "Server: x"), true},
		"page, 405 as text":           {"POST", "/api/docs/", answer(405, "no", "Allow: GET, HEAD", "Content-Type: text/plain"), true},
		"ended":                       {"DELETE", session, bare(204), false},
		"ended, all":                  {"DELETE", "/api/me/sessions/", bare(204), false},
		"ended, with a body":          {"DELETE", session, answer(204, `{}`), true},
		"ended, with a type":          {"DELETE", session, bare(204, "Content-Type: application/json"), true},
		"ended, with a length":        {"DELETE", session, bare(204, "Content-Length: 0"), true},
		"ended, with words":           {"DELETE", session, answer(200, `{}`), true},
		"ended, by GET":               {"GET", session, bare(204), true},
		"not ended":                   {"DELETE", session, answer(404, notFound), false},
		"session, method":             {"PUT", session, answer(405, notAllowed, allow), false},
		"session of another form":     {"DELETE", session + ".", bare(204), true},
		"session by the template":     {"DELETE", "/api/me/sessions/{sid}", bare(204), true},
		"session and more":            {"DELETE", session + "/x", bare(204), true},
		"session and more, unknown":   {"DELETE", session + "/x", answer(404, notFound), false},
		"no content elsewhere":        {"POST", "/api/token", bare(204), true},
	} {
		c.got.Method, c.got.Path = c.method, c.path
		if breaches := c.got.Breaches(); c.wrong != (len(breaches) > 0) {
			t.Errorf("%s: breaches are %q", name, breaches)
		}
	}
}

// Docs off, the pages of the documentation are paths like any that are unknown.
func TestPagesAreUnknownWithoutDocs(t *testing.T) {
	header := http.Header{"Content-Type": {"text/html"}, "X-Content-Type-Options": {"nosniff"}, "Content-Length": {"1"}}
	page := servertest.Answer{Method: "GET", Path: "/api/docs/", Status: 200, Header: header, Body: "a"}
	if len(page.Breaches()) == 0 {
		t.Error("the page is let through")
	}
	page.Docs = true
	if breaches := page.Breaches(); len(breaches) > 0 {
		t.Errorf("breaches are %q", breaches)
	}
}

func TestOperations(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int
		want         string // in words
	}{
		{"POST", "/api/token/", 200, "obtainTokenPair"},
		{"PUT", "/api/token", 405, "obtainTokenPair"},
		{"HEAD", "/livez", 200, "checkLiveness"},
		{"OPTIONS", "/livez", 406, "checkLiveness"},
		{"OPTIONS", "/livez", 200, ""},
		{"GET", "/unknown", 404, ""},
		{"DELETE", "/api/me/sessions/abc", 204, "endSession"},
		{"PUT", "/api/me/sessions/abc/", 405, "endSession"},
		{"GET", "/api/me/sessions/", 200, "listSessions"},
		{"PUT", "/api/me/sessions", 405, "endSessions listSessions"},
		{"DELETE", "/api/me/sessions/a.b", 404, ""},
		{"GET", "/api/docs/", 200, ""},
	} {
		if got := (servertest.Answer{Method: c.method, Path: c.path, Status: c.status}).Operations(); strings.Join(got, " ") != c.want {
			t.Errorf("%s %s %d is of %q, want %s", c.method, c.path, c.status, got, c.want)
		}
	}
}
