package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// strays are paths at which services are often asked for more than they should tell, and near misses of our own.
var strays = []string{
	"/", "/debug", "/debug/", "/debug/pprof", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/profile?seconds=1",
	"/debug/pprof/heap", "/debug/vars", "/debug/requests", "/metrics", "/stats", "/status", "/health", "/healthz", "/version",
	"/admin", "/admin/", "/config", "/env", "/.env", "/.git/config", "/server.go", "/openapi.yaml", "/openapi.json",
	"/favicon.ico", "/robots.txt", "/index.html", "/.well-known/openid-configuration", "/.well-known/jwks.json", "/jwks.json",
	"/docs", "/docs/", "/swagger", "/swagger-ui/", "/swagger-ui-bundle.js", "/api", "/api/", "/api/openapi", "/api/openapi/",
	"/api/openapi.yml", "/api/openapi.yaml/", "/api/openapi.yaml~", "/api/openapi.yaml.gz", "/api/openapi.json.gz",
	"/api/openapi.YAML", "/api/doc", "/api/docs//", "/api/docs/.", "/api/docs/..", "/api/docs/../token", "/api/docs/%2e%2e/token",
	"/api/docs/index.html", "/api/docs/index.html~", "/api/docs/docs/index.html", "/api/docs/x", "/api/docs/init.js/", "/api/docs/init.js.map",
	"/api/docs/swagger-ui.css.gz", "/api/docs/swagger-ui.css.map", "/api/docs/swagger-ui-bundle.js.gz",
	"/api/docs/swagger-ui-standalone-preset.js", "/api/docs/swagger-initializer.js", "/api/docs/oauth2-redirect.html",
	"/api/docs/favicon-16x16.png", "/api/users", "/api/my", "/api/me/x", "/api/me/password/x", "/api/me/passwords", "/api/me/session",
	"/api/me/sessions/" + sid + "/x", "/api/me/sessions/{sid}", "/api/me/sessions/" + sid + ".json", "/api/me/sessions/current=true", "/api/token/refresh/x", "/api/token/sliding/x", "/api/token.json", "/api/token/debug", "/api/tokens", "/token",
	"/livez/x", "/readyz/x", "/livez.json",
}

// What the document does not have is not served, whether the documentation is on or off.
func TestUndocumentedPathsAreNotServed(t *testing.T) {
	for _, noDocs := range []bool{false, true} {
		s := newSite(t, options{noDocs: noDocs})
		for _, path := range strays {
			s.do(t, http.MethodGet, path, "").want(t, http.StatusNotFound, notFound)
			s.do(t, http.MethodPost, path, goodBody, asJSON).want(t, http.StatusNotFound, notFound)
		}
	}
}

// pages are all that the documentation consists of.
var pages = []string{
	"/api/docs", "/api/docs/", "/api/docs/favicon-32x32.png", "/api/docs/init.js", "/api/docs/swagger-ui-bundle.js",
	"/api/docs/swagger-ui.css", "/api/openapi.json", "/api/openapi.yaml",
}

func TestPagesAreTheseAndNoMore(t *testing.T) {
	if served := newSite(t, options{}).handler.Pages(); !slices.Equal(served, pages) {
		t.Errorf("served are %q, want %q", served, pages)
	}
	if served := newSite(t, options{noDocs: true}).handler.Pages(); len(served) > 0 {
		t.Errorf("served are %q, and the documentation is off", served)
	}
	// None of them hides a path of the document.
	for path := range document().Paths.Map() {
		if slices.Contains(pages, path) || strings.HasPrefix(path, "/api/docs/") {
			t.Errorf("%s is a page of the documentation too", path)
		}
	}
}
