package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Each request breaks its own rule and every later one, on paths that want a token and have parameters.
func TestOrderOfDecisionsBehindAToken(t *testing.T) {
	s := newSite(t, options{rules: withSessions})
	bearer := s.pair(t).bearer()
	const (
		noImage = "Accept: image/png"
		noJSON  = "Content-Type: text/plain; a=b"
	)
	large := strings.Repeat("x", 131073)
	for _, c := range []struct {
		rule, method, target, body string
		headers                    []string
		status                     int
		want                       string
	}{
		{"segment", "PUT", "/api/me/sessions/a.b?format=xml&current=x", large, []string{noImage, noJSON}, 404, notFound},
		{"format, segment", "PUT", "/api/me/sessions/ab?format=xml&current=x", large, []string{noImage, noJSON}, 404, notFound},
		{"accept, segment", "PUT", "/api/me/sessions/ab", large, []string{noImage, noJSON}, 406, notAcceptable},
		{"token, segment", "PUT", "/api/me/sessions/ab", large, []string{noJSON}, 401, noCredentials},
		{"token, segment, OPTIONS", "OPTIONS", "/api/me/sessions/ab", "", nil, 401, noCredentials},
		{"method, segment", "PUT", "/api/me/sessions/ab", large, []string{noJSON, bearer}, 405, notAllowed("PUT")},
		{"session", "DELETE", "/api/me/sessions/ab", large, []string{noJSON, bearer}, 404, notFound},
		{"path", "PUT", "/api/me/session?format=xml&current=x", large, []string{noImage, noJSON}, 404, notFound},
		{"format", "PUT", "/api/me/sessions?format=xml&current=x", large, []string{noImage, noJSON}, 404, notFound},
		{"accept", "PUT", "/api/me/sessions?current=x", large, []string{noImage, noJSON}, 406, notAcceptable},
		{"token", "PUT", "/api/me/sessions?current=x", large, []string{noJSON}, 401, noCredentials},
		{"method", "PUT", "/api/me/sessions?current=x", large, []string{noJSON, bearer}, 405, notAllowed("PUT")},
		{"another method's query", "GET", "/api/me/sessions?current=x", "", []string{bearer, "Accept: image/png"}, 406, notAcceptable},
		{"query", "DELETE", "/api/me/sessions?current=x", large, []string{noJSON, bearer}, 400, `{"current":["Must be a valid boolean."]}`},
		{"password, token", "PUT", "/api/me/password", large, []string{noJSON}, 401, noCredentials},
		{"password, method", "PUT", "/api/me/password", large, []string{noJSON, bearer}, 405, notAllowed("PUT")},
		{"password, size", "POST", "/api/me/password", large, []string{noJSON, bearer}, 413, tooLarge},
		{"password, media type", "POST", "/api/me/password", "x", []string{noJSON, bearer}, 415,
			`{"detail":"Unsupported media type \"text/plain; a=b\" in request."}`},
		{"password, fields", "POST", "/api/me/password", `{"current_password":"x"}`, []string{asJSON, bearer}, 400,
			`{"new_password":["This field is required."]}`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			s.do(t, c.method, c.target, c.body, c.headers...).want(t, c.status, c.want)
		})
	}
	// The query of one method is nobody's business at another.
	s.do(t, "GET", "/api/me/sessions?current=x", "", bearer).wantStatus(t, http.StatusOK)
	s.do(t, "OPTIONS", "/api/me/sessions?current=x", "", bearer).want(t, http.StatusOK,
		`{"name":"Where am I logged in?","renders":["application/json"],"parses":["application/json"]}`)
	s.do(t, "OPTIONS", "/api/me/sessions/ab", "", bearer).want(t, http.StatusOK,
		`{"name":"Log out one device","renders":["application/json"],"parses":["application/json"]}`)
}

// What stands for no session is no path: the answer is the one of any unknown path, with a token and without, and never a
// redirect.
func TestHostileSegments(t *testing.T) {
	s := newSite(t, options{rules: withSessions})
	p := s.pair(t)
	own := s.sidOf(t, p)
	targets := []string{
		"/api/me/sessions%2F" + own, "/api/me%2fsessions/" + own, "/api/me//sessions/" + own, "//api/me/sessions/" + own,
		"/api/me/./sessions/" + own, "/api/x/../me/sessions/" + own, "/api/me/sessions/x/../" + own, "/api/me/sessions/{sid}",
		"/api/me/sessions/" + strings.Repeat("a", 256), "/api/me/sessions/" + strings.Repeat("a", 60_000),
	}
	for _, segment := range []string{
		"/S", "S//", "S/x", ".", "..", "./S", "../S", "..%2FS", "%2e%2e", "%2e%2e/S", "%2E%2E%2FS", "S%2F", "%2fS", "S%2Fx", "S%252F", "%00", "S%00", "%00S",
		"S%0A", "S%0d%0aX-Y:z", "S%20", "%20S", "S+", "S;a=b", "S.", "S.json", "S%C3%A9", "S%FF", "%5CS", "S%3Fcurrent=true", "S%23", "%7Bsid%7D", "S:S", "S,S", "*",
	} {
		targets = append(targets, "/api/me/sessions/"+strings.ReplaceAll(segment, "S", own))
	}
	for _, target := range targets {
		for _, header := range []string{p.bearer(), "X-Nothing: x"} {
			for _, method := range []string{"DELETE", "GET", "POST", "OPTIONS"} {
				l := s.dial(t)
				l.write(t, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: here\r\n%s\r\nContent-Length: 0\r\n\r\n", method, target, header))
				l.read(t, method, "/unknown").want(t, http.StatusNotFound, notFound)
				must(t, l.Close())
			}
		}
	}
	s.wantAlive(t, p)
	lines := s.logged()
	if unknown := linesWith(lines, `"operation":"unknown"`); len(unknown) != len(targets)*8 {
		t.Errorf("%d of %d requests were for an unknown path", len(unknown), len(targets)*8)
	}
	if len(linesWith(lines, own)) > 0 {
		t.Error("the log holds the session's id")
	}
}

// Every segment that the document allows is asked about, and no other is; the same for the query.
func TestWhatTheDocumentAllowsAsParametersIsAccepted(t *testing.T) {
	s := newSite(t, options{})
	bearer := s.pair(t).bearer()
	op := document().Paths.Value("/api/me/sessions/{sid}").Delete
	schema := op.Parameters.GetByInAndName("path", "sid").Schema.Value
	var want []string
	for _, edge := range append(edges, "-", "_", "0", "~", ".", "%", "%41", "=", "@", strings.Repeat("x", 255), strings.Repeat("x", 256)) {
		for _, text := range []string{edge, edge + "a", "a" + edge, "a" + edge + "a"} {
			s.do(t, "DELETE", "/api/me/sessions/"+url.PathEscape(text), "", bearer).want(t, http.StatusNotFound, notFound)
			want = append(want, map[bool]string{true: "endSession", false: "unknown"}[schema.VisitJSON(text) == nil])
		}
	}
	current := document().Paths.Value("/api/me/sessions").Delete.Parameters.GetByInAndName("query", "current")
	if !current.Schema.Value.Type.Is("boolean") {
		t.Fatal("current is no boolean any more")
	}
	for _, value := range []string{"", "true", "false", "1", "0", "True", "TRUE", "t", "yes", "on", "null", " true", "true ", "truе", "true,true", `"true"`} {
		got := s.do(t, "DELETE", "/api/me/sessions?current="+url.QueryEscape(value), "", bearer)
		if allowed := value == "" || value == "true" || value == "false"; allowed {
			got.want(t, http.StatusNoContent, "")
		} else {
			got.want(t, http.StatusBadRequest, `{"current":["Must be a valid boolean."]}`)
		}
	}
	lines := s.logged()[1:] // behind the login
	for i, operation := range want {
		if !strings.Contains(lines[i], `"operation":"`+operation+`"`) {
			t.Errorf("request %d: the log has %s, want %s", i, lines[i], operation)
		}
	}
}

// An answer without content is nothing but its head, and the connection is kept.
func TestNoContentOnTheWire(t *testing.T) {
	s := newSite(t, options{rules: withSessions})
	p := s.pair(t)
	l := s.dial(t)
	for _, target := range []string{"/api/me/sessions", "/api/me/sessions/?current=true"} {
		l.write(t, "DELETE "+target+" HTTP/1.1\r\nHost: here\r\n"+p.bearer()+"\r\n\r\n")
		got := l.read(t, http.MethodDelete, "/api/me/sessions")
		got.want(t, http.StatusNoContent, "")
		if got.closes {
			t.Error("the connection is said to close")
		}
		for name := range got.header {
			if name != "Date" && name != "X-Content-Type-Options" {
				t.Errorf("it has the header %s", name)
			}
		}
	}
	l.write(t, "GET /livez HTTP/1.1\r\nHost: here\r\n\r\n")
	l.read(t, http.MethodGet, "/livez").want(t, http.StatusOK, `{"status":"ok"}`)
}
