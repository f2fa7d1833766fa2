package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const (
	notFound      = `{"detail":"Not found."}`
	notAcceptable = `{"detail":"Could not satisfy the request Accept header."}`
	tooLarge      = `{"detail":"Request body is larger than 131072 bytes."}`
)

func notAllowed(method string) string {
	return fmt.Sprintf(`{"detail":"Method \"%s\" not allowed."}`, method)
}

// Each request breaks its own rule and every later one: the first that applies answers.
func TestOrderOfDecisions(t *testing.T) {
	s := newSite(t, options{})
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
		{"path", "PUT", "/api/tokens?format=xml", large, []string{noImage, noJSON}, 404, notFound},
		{"format", "PUT", "/api/token?format=xml", large, []string{noImage, noJSON}, 404, notFound},
		{"accept", "PUT", "/api/token", large, []string{noImage, noJSON}, 406, notAcceptable},
		{"method", "PUT", "/api/token", large, []string{noJSON}, 405, notAllowed("PUT")},
		{"size", "POST", "/api/token", large, []string{noJSON}, 413, tooLarge},
		{"media type", "POST", "/api/token", "x", []string{noJSON}, 415,
			`{"detail":"Unsupported media type \"text/plain; a=b\" in request."}`},
		{"JSON", "POST", "/api/token", "[1", []string{asJSON}, 400,
			`{"detail":"JSON parse error - Invalid JSON: line 1 column 3 (char 2)"}`},
		{"object", "POST", "/api/token", `[1]`, []string{asJSON}, 400,
			`{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}`},
		{"fields", "POST", "/api/token", `{"password":1}`, []string{asJSON}, 400, `{"username":["This field is required."]}`},
		{"credentials", "POST", "/api/token", `{"username":"sampleUser","password":1}`, []string{asJSON}, 401, refused},
	} {
		t.Run(c.rule, func(t *testing.T) {
			s.do(t, c.method, c.target, c.body, c.headers...).want(t, c.status, c.want)
		})
	}
}

func TestAcceptAndFormatOnEveryPath(t *testing.T) {
	s := newSite(t, withSliding())
	for path, item := range document().Paths.Map() {
		for method := range item.Operations() {
			for _, c := range []struct {
				query, accept string
				want          int // 0: not one of these refusals
			}{
				{"", "application/json", 0},
				{"", "*/*;q=0", 0},
				{"", "text/html, APPLICATION/*; a=b", 0},
				{"", "*/json", 0},
				{"?format=json", "", 0},
				{"?format=", "", 0},
				{"?format=xml&format=json&x=%zz", "", 0},
				{"?FORMAT=xml", "", 0},
				{"", "text/html", 406},
				{"", "application/jsonx, application/json-seq", 406},
				{"", "json", 406},
				{"", " ", 406}, // an empty header
				{"?format=xml", "", 404},
				{"?format=json&format=xml", "", 404},
				{"?format=JSON", "text/html", 404},
				{"?%66ormat=api", "", 404},
			} {
				var headers []string
				if c.accept != "" {
					headers = []string{"Accept: " + strings.TrimSpace(c.accept)}
				}
				got := s.do(t, method, filled(path)+c.query, "", headers...)
				if refused := got.status == 404 || got.status == 406; got.status != c.want && (c.want != 0 || refused) {
					t.Errorf("%s %s%s, Accept %q: answer is %d, want %d", method, path, c.query, c.accept, got.status, c.want)
				}
			}
		}
	}
}

func TestMethodsOnEveryPath(t *testing.T) {
	s := newSite(t, withSliding())
	bearer := "Authorization: Bearer " + s.pair(t).Access
	for path, allow := range map[string]string{
		"/api/token":                 "POST, OPTIONS",
		"/api/token/refresh":         "POST, OPTIONS",
		"/api/token/verify":          "POST, OPTIONS",
		"/api/token/blacklist":       "POST, OPTIONS",
		"/api/token/sliding":         "POST, OPTIONS",
		"/api/token/sliding/refresh": "POST, OPTIONS",
		"/api/me":                    "GET, HEAD, OPTIONS",
		"/api/me/sessions":           "DELETE, GET, HEAD, OPTIONS",
		"/api/me/sessions/" + sid:    "DELETE, OPTIONS",
		"/api/me/password":           "POST, OPTIONS",
		"/livez":                     "GET, HEAD, OPTIONS",
		"/readyz":                    "GET, HEAD, OPTIONS",
	} {
		for _, slash := range []string{"", "/"} {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "BREW", "post"} {
				// What a method that is not allowed brings with it does not count.
				got := s.do(t, method, path+slash, "", bearer)
				allowed := strings.Contains(", "+allow+",", ", "+method+",")
				switch {
				case method == "OPTIONS":
					got.wantStatus(t, http.StatusOK)
				case !allowed && method != "HEAD":
					got.want(t, http.StatusMethodNotAllowed, notAllowed(method))
				case !allowed:
					got.wantStatus(t, http.StatusMethodNotAllowed)
				case method == "GET" || method == "HEAD":
					got.wantStatus(t, http.StatusOK)
				case got.status == http.StatusMethodNotAllowed:
					t.Errorf("%s %s is not allowed", method, path)
				}
				if got.header.Get("Allow") != allow && (!allowed || method == "OPTIONS") {
					t.Errorf("%s %s: Allow is %q, want %q", method, path, got.header.Get("Allow"), allow)
				}
			}
		}
	}
	s.do(t, "OPTIONS", "/api/token", "").want(t, http.StatusOK,
		`{"name":"Log in","renders":["application/json"],"parses":["application/json"]}`)
	s.do(t, "OPTIONS", "/api/token", "", "Accept: text/html").want(t, http.StatusNotAcceptable, notAcceptable)
	s.do(t, "OPTIONS", "/livez?format=xml", "").want(t, http.StatusNotFound, notFound)
}

func TestHealth(t *testing.T) {
	s := newSite(t, options{})
	for _, path := range []string{"/livez", "/readyz", "/livez/", "/readyz/"} {
		s.do(t, "GET", path, "").want(t, http.StatusOK, `{"status":"ok"}`)
	}
}

// Both spellings of a path are one; no other spelling is, and no answer is a redirect.
func TestPaths(t *testing.T) {
	s := newSite(t, options{})
	for target, want := range map[string]int{
		"/api/token":                http.StatusOK,
		"/api/token/":               http.StatusOK,
		"/api/token?next=/":         http.StatusOK,
		"/api/%74oken":              http.StatusOK,
		"/api%2Ftoken":              http.StatusOK,
		"/api/token%2f":             http.StatusOK,
		"http://other/api/token":    http.StatusOK,
		"http://other/api/token/":   http.StatusOK,
		"/api/token//":              http.StatusNotFound,
		"//api/token":               http.StatusNotFound,
		"/api//token":               http.StatusNotFound,
		"/api/./token":              http.StatusNotFound,
		"/api/x/../token":           http.StatusNotFound,
		"/api/Token":                http.StatusNotFound,
		"/API/token":                http.StatusNotFound,
		"/api/token%00":             http.StatusNotFound,
		"/api/token%20":             http.StatusNotFound,
		"/api/token;a=b":            http.StatusNotFound,
		"/api/token/x":              http.StatusNotFound,
		"/api/toke":                 http.StatusNotFound,
		"/api":                      http.StatusNotFound,
		"/":                         http.StatusNotFound,
		"//":                        http.StatusNotFound,
		"http://other":              http.StatusNotFound,
		"/api/docs//":               http.StatusNotFound,
		"/api/docs/../token":        http.StatusNotFound,
		"/api/docs/swagger-ui.css/": http.StatusNotFound,
	} {
		t.Run(target, func(t *testing.T) {
			l := s.dial(t)
			l.write(t, "POST "+target+" HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: "+
				fmt.Sprint(len(goodBody))+"\r\n\r\n"+goodBody)
			path := "/api/token"
			if want == http.StatusNotFound {
				path = "/unknown"
			}
			got := l.read(t, "POST", path)
			got.wantStatus(t, want)
			if want == http.StatusNotFound && got.body != notFound {
				t.Errorf("body is %s", got.body)
			}
		})
	}
}

func TestMediaTypes(t *testing.T) {
	s := newSite(t, options{})
	for _, sent := range []string{
		"application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;", "*/*", "application/*",
	} {
		s.do(t, "POST", "/api/token", goodBody, "Content-Type: "+sent).wantStatus(t, http.StatusOK)
	}
	for _, sent := range []string{
		"", "text/json", "application/vnd.api+json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
		"text/plain, application/json", "json", "application/json; x=" + strings.Repeat("y", 240),
	} {
		s.do(t, "POST", "/api/token", goodBody, "Content-Type: "+sent).want(t, http.StatusUnsupportedMediaType,
			`{"detail":"Unsupported media type \"`+sent+`\" in request."}`)
	}
	s.do(t, "POST", "/api/token", goodBody).want(t, http.StatusUnsupportedMediaType,
		`{"detail":"Unsupported media type \"\" in request."}`)
	// Bytes that are no UTF-8 are read as Latin-1, so that the answer is text.
	s.do(t, "POST", "/api/token", goodBody, "Content-Type: a/\xe9\"%s").want(t, http.StatusUnsupportedMediaType,
		`{"detail":"Unsupported media type \"a/é\"%s\" in request."}`)
	// An empty body has no media type.
	for _, headers := range [][]string{nil, {"Content-Type: text/plain"}, {asJSON}} {
		s.do(t, "POST", "/api/token", "", headers...).want(t, http.StatusBadRequest,
			`{"username":["This field is required."],"password":["This field is required."]}`)
	}
}
