package server_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"example.com/tokenpair"
)

func TestDocumentIsServedAsWritten(t *testing.T) {
	s := newSite(t, options{})
	got := s.do(t, "GET", "/api/openapi.yaml", "")
	if got.status != http.StatusOK || got.body != string(tokenpair.Contract) {
		t.Errorf("answer is %d and not the file", got.status)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/yaml" {
		t.Errorf("Content-Type is %s", kind)
	}
}

func TestDocumentIsServedAsJSON(t *testing.T) {
	s := newSite(t, options{})
	got := s.do(t, "GET", "/api/openapi.json", "")
	if kind := got.header.Get("Content-Type"); got.status != http.StatusOK || kind != "application/json" {
		t.Errorf("answer is %d, %s", got.status, kind)
	}
	served, err := openapi3.NewLoader().LoadFromData([]byte(got.body))
	must(t, err)
	if !reflect.DeepEqual(members(t, served), members(t, document())) {
		t.Error("it is another document")
	}
}

func members(t *testing.T, doc *openapi3.T) (all map[string]any) {
	t.Helper()
	raw, err := doc.MarshalJSON()
	must(t, err)
	must(t, json.Unmarshal(raw, &all))
	return all
}

func TestDocumentationRunsNothingFromElsewhere(t *testing.T) {
	s := newSite(t, options{})
	for _, path := range []string{"/api/docs", "/api/docs/"} {
		page := s.do(t, "GET", path, "")
		page.wantStatus(t, http.StatusOK)
		if kind := page.header.Get("Content-Type"); kind != "text/html; charset=utf-8" {
			t.Errorf("Content-Type is %s", kind)
		}
		policy := strings.Split(page.header.Get("Content-Security-Policy"), "; ")
		for _, rule := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"} {
			if !slices.Contains(policy, rule) {
				t.Errorf("the policy lacks %s: %q", rule, policy)
			}
		}
		// Neither is there anything that the policy would stop.
		for _, never := range []string{"//", "style=", "<style", "onload=", "<script>", "javascript:"} {
			if strings.Contains(page.body, never) {
				t.Errorf("the page has %s", never)
			}
		}
		var found int
		for _, match := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
			found++
			s.wantAsset(t, match[1])
		}
		if found < 4 {
			t.Errorf("%d references in\n%s", found, page.body)
		}
	}
	script := s.do(t, "GET", "/api/docs/init.js", "").body
	if strings.Contains(script, "http:") || strings.Contains(script, "https:") || !strings.Contains(script, `"/api/openapi.yaml"`) {
		t.Errorf("init.js is\n%s", script)
	}
}

// wantAsset expects a file of this server, of the type that its name says.
func (s *site) wantAsset(t *testing.T, reference string) {
	t.Helper()
	kinds := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".png": "image/png", ".yaml": "application/yaml",
	}
	if !strings.HasPrefix(reference, "/api/") {
		t.Errorf("the page refers to %s", reference)
		return
	}
	got := s.do(t, "GET", reference, "")
	got.wantStatus(t, http.StatusOK)
	kind := got.header.Get("Content-Type")
	if kind == "" || kind != kinds[reference[strings.LastIndexByte(reference, '.'):]] {
		t.Errorf("%s is sent as %s", reference, kind)
	}
	body := []byte(got.body)
	if len(body) == 0 || bytes.HasPrefix(body, []byte("\x1f\x8b")) || kind == "image/png" && !bytes.HasPrefix(body, []byte("\x89PNG")) {
		t.Errorf("%s begins with %q", reference, body[:min(len(body), 8)])
	}
	s.do(t, "HEAD", reference, "").wantStatus(t, http.StatusOK)
}

func TestDocumentationIsOnlyRead(t *testing.T) {
	s := newSite(t, options{})
	for _, path := range pages {
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
			s.do(t, method, path, "").want(t, http.StatusMethodNotAllowed, notAllowed(method))
		}
	}
}

func TestDocumentationOff(t *testing.T) {
	s := newSite(t, options{noDocs: true})
	for _, path := range pages {
		for _, method := range []string{"GET", "POST"} {
			s.do(t, method, path, "").want(t, http.StatusNotFound, notFound)
		}
		s.do(t, "HEAD", path, "").wantStatus(t, http.StatusNotFound)
	}
	s.userOf(t, s.login(t, goodBody))
}
