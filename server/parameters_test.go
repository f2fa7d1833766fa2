package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// look asks where a request for a target leads.
func look(t *testing.T, c *contract, target string) (path, value string) {
	t.Helper()
	at, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	rt, value, ok := c.find(at)
	if !ok {
		return "", value
	}
	return rt.path, value
}

func TestLastSegmentStandsForAValue(t *testing.T) {
	c := testServer(t, io.Discard).contract
	for target, want := range map[string]string{
		"/api/me/sessions/0f8fad5bd9cb469fa16570867728950e":     "0f8fad5bd9cb469fa16570867728950e",
		"/api/me/sessions/0f8fad5bd9cb469fa16570867728950e/":    "0f8fad5bd9cb469fa16570867728950e",
		"/api/me/sessions/abc?current=true":                     "abc",
		"/api/me/sessions/%61b%63":                              "abc",
		"/api/me/sessions/%61b%63/":                             "abc",
		"/%61pi/me/sessions/abc":                                "abc",
		"http://other/api/me/sessions/abc":                      "abc",
		"/api/me/sessions/A_-9":                                 "A_-9",
		"/api/me/sessions/sessions":                             "sessions",
		"/api/me/sessions/current":                              "current",
		"/api/me/sessions/" + strings.Repeat("a", 255):          strings.Repeat("a", 255),
		"/api/me/sessions/123e4567-e89b-42d3-a456-426614174000": "123e4567-e89b-42d3-a456-426614174000",
	} {
		if path, value := look(t, c, target); path != "/api/me/sessions/{sid}" || value != want {
			t.Errorf("%s leads to %q with %q, want %q", target, path, value, want)
		}
	}
	for target, want := range map[string]string{"/api/me/sessions": "", "/api/me/sessions/": "", "/api/me/%73essions/": ""} {
		if path, value := look(t, c, target); path != "/api/me/sessions" || value != want {
			t.Errorf("%s leads to %q with %q", target, path, value)
		}
	}
}

// hostile are segments that stand for no session.
var hostile = []string{
	"/", "//", "abc//", "/abc", "abc/x", "abc/x/", ".", "..", "./", "../", "%2e", "%2e%2e", "%2E%2E%2F", "abc%2Fx", "abc%2fx", "%2Fabc",
	"abc%2F", "%2F", "..%2Fabc", "abc%252F", "%00", "abc%00", "%00abc", "abc%0A", "abc%0D%0A", "abc%20", "%20", "+", "abc+x", "a%5Cb", "abc;x=y",
	"abc.", "abc.json", "abc:x", "abc,x", "abc=x", "abc@x", "abc~", "%C3%A9", "%FF", "abc%FF", "%EF%BC%A1", "{sid}", "%7Bsid%7D", "*", "'", "%22", "$",
	"%E2%80%8B", "..;", "abc%3Fx", "abc%23", "abc%25",
}

func TestHostileSegmentsAreNoPath(t *testing.T) {
	c := testServer(t, io.Discard).contract
	for _, segment := range append(hostile, strings.Repeat("a", 256), strings.Repeat("a", 100_000), strings.Repeat("%61", 256)) {
		for _, target := range []string{"/api/me/sessions/" + segment, "http://other/api/me/sessions/" + segment} {
			if path, value := look(t, c, target); path != "" || value != "" {
				t.Errorf("%.60s leads to %q with %.40q", target, path, value)
			}
		}
	}
	for _, target := range []string{
		"/api/me//abc", "//api/me/sessions/abc", "/api//me/sessions/abc", "/api/me/./sessions/abc", "/api/me/x/../sessions/abc",
		"/api/me/sessions%2Fabc", "/api%2fme/sessions/abc", "/api/me/Sessions/abc", "/me/sessions/abc", "/abc",
	} {
		if path, _ := look(t, c, target); path != "" {
			t.Errorf("%s leads to %q", target, path)
		}
	}
}

func TestAPathThatIsWrittenWinsOverATemplate(t *testing.T) {
	doc, err := LoadContract()
	if err != nil {
		t.Fatal(err)
	}
	doc.Paths.Set("/api/me/sessions/current", doc.Paths.Value("/livez"))
	c, err := newContract(doc)
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"/api/me/sessions/current":   "/api/me/sessions/current",
		"/api/me/sessions/current/":  "/api/me/sessions/current",
		"/api/me/sessions/%63urrent": "/api/me/sessions/current",
		"/api/me/sessions/currents":  "/api/me/sessions/{sid}",
	} {
		if path, _ := look(t, c, target); path != want {
			t.Errorf("%s leads to %q, want %q", target, path, want)
		}
	}
}

// What the generated code binds is what was checked, and nothing that was sent beside it.
func TestCheckedParametersAreWhatIsBound(t *testing.T) {
	s := testServer(t, io.Discard)
	for _, c := range []struct{ target, sid, query string }{
		{"/api/me/sessions/abc", "abc", ""},
		{"/api/me/sessions/%61bc/?sid=x&current=true&format=json", "abc", ""},
		{"/api/me/sessions?current=true", "", "current=true"},
		{"/api/me/sessions?current=false&x=%zz;&format=json", "", "current=false"},
		{"/api/me/sessions?curr%65nt=tru%65", "", "current=true"},
		{"/api/me/sessions?current=true&current=", "", ""},
		{"/api/me/sessions?current=nonsense&current=true", "", "current=true"},
		{"/api/me/sessions?current", "", ""},
		{"/api/me/sessions?Current=true&current[]=true&current%00=true&%20current=true", "", ""},
	} {
		r := httptest.NewRequest(http.MethodDelete, c.target, strings.NewReader("a body"))
		rt, value, ok := s.contract.find(r.URL)
		if !ok {
			t.Errorf("%s leads nowhere", c.target)
			continue
		}
		open := *rt
		open.protected = false
		op, err := s.check(&answer{ResponseWriter: httptest.NewRecorder()}, r, &open, value)
		if err != nil || op.serve == nil {
			t.Errorf("%s is refused: %v", c.target, err)
			continue
		}
		if r.PathValue("sid") != c.sid || r.URL.String() != strings.TrimSuffix("?"+c.query, "?") || r.Body != http.NoBody {
			t.Errorf("%s is bound as %q and %s", c.target, r.PathValue("sid"), r.URL)
		}
	}
}

func TestFlags(t *testing.T) {
	p := parameters{flags: []string{"a", "b"}}
	for sent, want := range map[string]string{
		"": "", "a=": "", "a": "", "&&": "", "=true": "", "c=x": "", "a=true&b=false": "a=true&b=false", "b=true&a=x&a=true": "a=true&b=true", "a=true&a": "",
	} {
		if query, err := p.query(sent); query != want || err != nil {
			t.Errorf("%s becomes %s, %v, want %s", sent, query, err, want)
		}
	}
	const refused = `["Must be a valid boolean."]`
	for sent, want := range map[string]string{
		"a=x": `{"a":` + refused + `}`, "b=1&a=0": `{"a":` + refused + `,"b":` + refused + `}`, "a=True": `{"a":` + refused + `}`,
		"a=true%20": `{"a":` + refused + `}`, "a=+true": `{"a":` + refused + `}`, "a=true%00": `{"a":` + refused + `}`, "a=true=": `{"a":` + refused + `}`,
		"a=%zz": `{"a":` + refused + `}`, "a=true;b=true": `{"a":` + refused + `}`, "a=true&a=%74ru": `{"a":` + refused + `}`, "a=true,false": `{"a":` + refused + `}`,
	} {
		query, err := p.query(sent)
		fields, _ := err.(fieldErrors)
		if query != "" || string(fields.json()) != want {
			t.Errorf("%s becomes %s, %s, want %s", sent, query, fields.json(), want)
		}
	}
}

func TestFormat(t *testing.T) {
	for query, want := range map[string]bool{
		"": true, "format=json": true, "format=": true, "format": true, "x=%zz": true, "format=xml&format=json": true, "FORMAT=xml": true, "xformat=xml": true,
		"format=xml": false, "format=json&format=xml": false, "%66ormat=xml": false, "format=%zz": false, "format=json;x": false, "format=json%00": false,
		"format=+json": false, "format=Json": false,
	} {
		if got := acceptsFormat(query); got != want {
			t.Errorf("%s is accepted: %t, want %t", query, got, want)
		}
	}
}
