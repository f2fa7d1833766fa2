package server_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"
)

// edges are the characters on which readers of text differ.
var edges = []string{
	"\x00", "\x01", "\t", "\n", "\v", "\f", "\r", "\x1b", "\x1c", "\x1d", "\x1e", "\x1f", " ", "\x7f", "\u0080", "\u0084", "\u0085",
	"\u0086", "\u00a0", "\u1680", "\u180e", "\u1fff", "\u2000", "\u200a", "\u200b", "\u2028", "\u2029", "\u202a", "\u202f",
	"\u205f", "\u2060", "\u3000", "\u3001", "\ud7ff", "\ue000", "\ufeff", "\ufffd", "\uffff", "\U00010000", "\U0010ffff", "😀",
	"a", "Z", "9", `"`, `\`, `/`, "<", "&", "\u0301", "\\u0000", "\\ud800",
}

// escaped writes every UTF-16 unit of a text as an escape.
func escaped(text string) string {
	var out strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&out, `\u%04X`, unit)
	}
	return `"` + out.String() + `"`
}

func quoted(t testing.TB, text string) string {
	t.Helper()
	out, err := json.Marshal(text)
	must(t, err)
	return string(out)
}

// Every request that the document allows is accepted, and of texts no other: a 400 is the document's own refusal.
func TestWhatTheDocumentAllowsIsAccepted(t *testing.T) {
	s := newSite(t, options{})
	schema := document().Components.Schemas["Credentials"].Value
	try := func(username, password string, encode func(string) string) {
		t.Helper()
		allowed := schema.VisitJSON(map[string]any{"username": username, "password": password}) == nil
		got := s.login(t, `{"username":`+encode(username)+`,"password":`+encode(password)+`}`)
		if want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusBadRequest}[allowed]; got.status != want {
			t.Errorf("%q, %q: the document allows it: %t, and the answer is %d %s", username, password, allowed, got.status, got.body)
		}
	}
	plain := func(text string) string { return quoted(t, text) }

	for _, edge := range edges {
		try(edge, "x", plain)
		try("x", edge, escaped)
		try(" "+edge+"\u3000", edge+edge, plain)
	}
	try("", "x", plain)
	try("x", "", plain)
	try(strings.Repeat("x", 20_000), strings.Repeat("é", 2048), plain)

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	text := func() string {
		var out strings.Builder
		for range random.IntN(5) {
			out.WriteString(edges[random.IntN(len(edges))])
		}
		return out.String()
	}
	for i := range 600 {
		encode := plain
		if i%2 == 0 {
			encode = escaped
		}
		try(text(), text(), encode)
	}
}

// What else the document allows: names that it does not list, and any value for them.
func TestUnknownNamesAreAllowed(t *testing.T) {
	s := newSite(t, options{})
	schema := document().Components.Schemas["Credentials"].Value
	for _, value := range []string{`null`, `1e999`, `""`, `"\u0000"`, `[[]]`, `{"username":null}`, `{"a":{"a":1}}`, `true`} {
		for _, name := range []string{"x", "", "Username", "paſſword", "user name", "username ", "0", "__proto__", "$ref"} {
			body := `{"username":"sampleUser",` + quoted(t, name) + `:` + value + `,"password":"userpassword123"}`
			var read any
			if value != `1e999` {
				must(t, json.Unmarshal([]byte(body), &read))
				must(t, schema.VisitJSON(read))
			}
			s.login(t, body).wantStatus(t, http.StatusOK)
		}
	}
}

// The same for the operations that take a token: a text that the document allows is asked about, and no other.
func TestWhatTheDocumentAllowsAsATokenIsAccepted(t *testing.T) {
	s := newSite(t, withSliding())
	for path, field := range map[string]string{
		"/api/token/refresh": "refresh", "/api/token/blacklist": "refresh", "/api/token/verify": "token", "/api/token/sliding/refresh": "token",
	} {
		schema := document().Paths.Value(path).Post.RequestBody.Value.Content["application/json"].Schema.Value
		for _, edge := range edges {
			for _, text := range []string{edge, " " + edge, edge + "a.b.c", strings.Repeat(edge, 5)} {
				allowed := schema.VisitJSON(map[string]any{field: text}) == nil
				got := s.do(t, "POST", path, `{"`+field+`":`+escaped(text)+`}`, asJSON)
				if want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusBadRequest}[allowed]; got.status != want {
					t.Errorf("%s %q: the document allows it: %t, and the answer is %d %s", path, text, allowed, got.status, got.body)
				}
			}
		}
	}
}

// The same for passwords that are to be changed: of those that the document allows, the current one is compared.
func TestWhatTheDocumentAllowsAsAPasswordIsAccepted(t *testing.T) {
	s := newSite(t, options{})
	p := s.pair(t)
	schema := document().Components.Schemas["PasswordChange"].Value
	for _, edge := range edges {
		for _, texts := range [][2]string{{edge, better}, {"x", edge}, {" " + edge, edge + "a"}, {edge + edge, "a" + edge}} {
			allowed := schema.VisitJSON(map[string]any{"current_password": texts[0], "new_password": texts[1]}) == nil
			body := `{"current_password":` + escaped(texts[0]) + `,"new_password":` + escaped(texts[1]) + `}`
			got := s.do(t, "POST", passwordPath, body, asJSON, p.bearer())
			got.wantStatus(t, http.StatusBadRequest)
			if compared := got.body == `{"current_password":["Invalid password."]}`; compared != allowed {
				t.Errorf("%q: the document allows it: %t, and the answer is %s", texts, allowed, got.body)
			}
		}
	}
}
