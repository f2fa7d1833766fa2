package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestAccessLog wants each line that the service logs to be an object of JSON, and one for each request.
func TestAccessLog(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	v := s.serve()
	v.wantLogin(http.StatusOK, "anna", "correct horse battery")
	v.wantLogin(http.StatusUnauthorized, "anna", "another horse battery")
	for _, path := range words("/livez/", "/readyz", "/api/docs/", "/api/openapi.yaml", "/nowhere", "/api/token") {
		v.get(path)
	}
	v.exchange("BREW /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	v.exchange("OPTIONS /api/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	v.end()

	type line struct {
		Msg, Method, Operation string
		RequestID              string   `json:"request_id"`
		Status                 int      `json:"status"`
		Duration               *float64 `json:"duration_ms"`
	}
	want := []line{
		{Method: "GET", Operation: "checkLiveness", Status: 200}, // of the harness
		{Method: "POST", Operation: "obtainTokenPair", Status: 200},
		{Method: "POST", Operation: "obtainTokenPair", Status: 401},
		{Method: "GET", Operation: "checkLiveness", Status: 200},
		{Method: "GET", Operation: "checkReadiness", Status: 200},
		{Method: "GET", Operation: "docs", Status: 200},
		{Method: "GET", Operation: "openapi.yaml", Status: 200},
		{Method: "GET", Operation: "unknown", Status: 404},
		{Method: "GET", Operation: "/api/token", Status: 405},
		{Method: "other", Operation: "/livez", Status: 405},
		{Method: "OPTIONS", Operation: "/api/token", Status: 200},
	}
	var got []line
	ids := make(map[string]bool)
	for _, text := range strings.Split(strings.TrimSuffix(v.stderr.String(), "\n"), "\n") {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Errorf("no JSON: %q", text)
		}
		if l.Msg == "request" {
			got = append(got, l)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d requests in the log, want %d", len(got), len(want))
	}
	for i, l := range got {
		if !regexp.MustCompile(`\A[A-Z2-7]{26}\z`).MatchString(l.RequestID) || ids[l.RequestID] {
			t.Errorf("request %d has the id %q", i, l.RequestID)
		}
		ids[l.RequestID] = true
		if l.Duration == nil || *l.Duration < 0 || *l.Duration > patience.Seconds()*1000 {
			t.Errorf("request %d has no sound duration", i)
		}
		if l.Method != want[i].Method || l.Operation != want[i].Operation || l.Status != want[i].Status {
			t.Errorf("request %d is logged as %s %s %d, want %+v", i, l.Method, l.Operation, l.Status, want[i])
		}
	}
}
