package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"example.com/tokenpair/storage"
)

// No line of the log holds anything that a request said, nor a token that was given.
func TestLogHoldsNothingOfARequest(t *testing.T) {
	s := newSite(t, options{wrapStore: func(store storage.Store) storage.Store {
		return brokenStore{store, func(about string) {
			if strings.HasPrefix(about, "canary-panic") {
				panic(about)
			}
		}}
	}})
	s.addUser(t, "canary-user", "canary-password", true)
	var tokens []string
	for _, body := range []string{
		`{"username":"canary-user","password":"canary-password"}`,
		`{"username":"canary-user","password":"canary-wrong"}`,
		`{"username":"canary-panic","password":"canary-password"}`,
		`{"username":"canary\u0000","password":["canary"]}`,
		`{"username":true,"password":{"canary":"canary"}}`,
		`{"canary":"canary"}`,
		`["canary"]`,
		`"canary"`,
		`{"username":"canary","password":"canary" canary`,
		"{\"canary\":\"\xff\"}",
		`{"username":"` + strings.Repeat("canary", 12000) + `"}`,
	} {
		got := s.do(t, "POST", "/api/token?canary=canary", body, asJSON, "Authorization: Bearer canary", "Cookie: canary=canary",
			"User-Agent: canary", "Referer: http://canary/", "X-Request-Id: canary", "X-Forwarded-For: canary")
		var pair map[string]any
		must(t, json.Unmarshal([]byte(got.body), &pair))
		for _, name := range []string{"refresh", "access"} {
			if token, ok := pair[name].(string); ok {
				tokens = append(tokens, token, token[strings.LastIndexByte(token, '.'):])
			}
		}
	}
	bearer := "Authorization: Bearer " + s.pair(t).Access
	for _, c := range []struct{ method, target, header string }{
		{"DELETE", "/api/me/sessions/canary", bearer},
		{"DELETE", "/api/me/sessions/canary", "Accept: */*"},
		{"PUT", "/api/me/sessions/canary", bearer},
		{"canary", "/api/me/sessions/canary/", bearer},
		{"OPTIONS", "/api/me/sessions/canary", bearer},
		{"DELETE", "/api/me/sessions/canary%2Fcanary", bearer},
		{"DELETE", "/api/me/sessions/canary?format=canary", bearer},
		{"DELETE", "/api/me/sessions?current=canary", bearer},
		{"POST", "/api/me/password", bearer},
		{"GET", "/canary", "Accept: canary"},
		{"GET", "/livez?format=canary", "Accept: */*"},
		{"GET", "/livez", "Accept: canary"},
		{"canary", "/api/token", "Accept: */*"},
		{"canary", "/api/docs/", "Accept: */*"},
		{"GET", "/api/docs/canary", "Accept: */*"},
		{"GET", "/api/openapi.yaml?canary", "Accept: */*"},
		{"POST", "/api/token", "Content-Type: canary"},
		{"OPTIONS", "/readyz?canary", "Accept: */*"},
	} {
		s.do(t, c.method, c.target, `"canary"`, c.header)
	}
	for _, body := range []string{`{"current_password":"canary","new_password":"canary-password"}`, `{"current_password":"userpassword123","new_password":"canary"}`} {
		s.do(t, "POST", "/api/me/password", body, asJSON, bearer).wantStatus(t, http.StatusBadRequest)
	}
	lines := s.logged()
	text := strings.ToLower(strings.Join(lines, "\n"))
	for _, secret := range append(tokens, "canary") {
		if strings.Contains(text, strings.ToLower(secret)) {
			t.Errorf("the log holds %q:\n%s", secret, text)
		}
	}
	if len(tokens) != 4 || len(linesWith(lines, `"msg":"request"`)) != 32 {
		t.Errorf("%d parts of tokens, and the log is\n%s", len(tokens), text)
	}
}

func TestAccessLog(t *testing.T) {
	s := newSite(t, options{})
	type entry struct {
		Msg, Level, Method, Operation, Remote string
		Status                                int
		RequestID                             string   `json:"request_id"`
		Duration                              *float64 `json:"duration_ms"`
	}
	var want []string
	for _, c := range []struct{ method, target, operation string }{
		{"POST", "/api/token/", "obtainTokenPair"},
		{"GET", "/livez", "checkLiveness"},
		{"HEAD", "/readyz/", "checkReadiness"},
		{"DELETE", "/api/token", "/api/token"},
		{"GET", "/livez?format=xml", "checkLiveness"},
		{"OPTIONS", "/readyz", "/readyz"},
		{"GET", "/api/docs/init.js", "docs"},
		{"GET", "/api/openapi.json", "openapi.json"},
		{"BREW", "/somewhere", "unknown"},
		{"DELETE", "/api/me/sessions/" + sid, "endSession"},
		{"GET", "/api/me/sessions/" + sid + "/", "/api/me/sessions/{sid}"},
		{"DELETE", "/api/me/sessions/a.b", "unknown"},
		{"DELETE", "/api/me/sessions?current=1", "endSessions"},
	} {
		got := s.do(t, c.method, c.target, "")
		method := c.method
		if method == "BREW" {
			method = "other"
		}
		want = append(want, fmt.Sprint(method, " ", c.operation, " ", got.status))
	}
	ids := make(map[string]bool)
	for i, line := range s.logged() {
		var e entry
		must(t, json.Unmarshal([]byte(line), &e))
		if got := fmt.Sprint(e.Method, " ", e.Operation, " ", e.Status); got != want[i] {
			t.Errorf("line %d is about %s, want %s", i, got, want[i])
		}
		if e.Msg != "request" || e.Level != "INFO" || e.Duration == nil || e.Remote == "" || len(e.RequestID) != 26 {
			t.Errorf("line %d is %s", i, line)
		}
		ids[e.RequestID] = true
	}
	if len(ids) != len(want) {
		t.Errorf("%d ids for %d requests", len(ids), len(want))
	}
}
