package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
)

// changePassword asks POST /api/me/password with an access token.
func (v *service) changePassword(access, current, next string) (status int, body string) {
	v.t.Helper()
	const path = "/api/me/password"
	sent, err := json.Marshal(map[string]string{"current_password": current, "new_password": next})
	if err != nil {
		v.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+path, bytes.NewReader(sent))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+access)
	request.Header.Set("Content-Type", "application/json")
	answer, err := v.contacts.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	body = readAll(v.t, answer.Body)
	v.check(request.Method, path, answer, body)
	return answer.StatusCode, body
}

// TestCanariesInPasswordChanges has a user change the password, well and badly, and wants the program to keep it to itself.
func TestCanariesInPasswordChanges(t *testing.T) {
	const old, next = canary + "Password", canary + "Another"
	s := newSite(t)
	s.createUser("anna", old)
	s.createUser(canary, old)
	v := s.serve()
	mine, other := v.wantLogin(http.StatusOK, "anna", old), v.wantLogin(http.StatusOK, "anna", old)
	named := v.wantLogin(http.StatusOK, canary, old)
	for _, c := range []struct{ access, current, next string }{
		{mine.Access, canary, next},
		{mine.Access, next, old},
		{mine.Access, old, canary[:7]},
		{mine.Access, old, canary + "\x00"},
		{mine.Access, canary + "\x00", next},
		{mine.Access, old, string(bytes.Repeat([]byte(canary), 200))},
		{named.Access, old, canary},
	} {
		status, body := v.changePassword(c.access, c.current, c.next)
		if status != http.StatusBadRequest {
			t.Errorf("from %.50q to %.50q: %d", c.current, c.next, status)
		}
		wantSilence(t, "the body of a refusal", body, canary)
	}
	v.wantGood(other)
	if status, body := v.changePassword(mine.Access, old, next); status != http.StatusNoContent || body != "" {
		t.Errorf("a change: %d, %s", status, body)
	}
	v.wantEnded(other)
	v.wantGood(mine)
	v.wantLogin(http.StatusUnauthorized, "anna", old)
	v.wantLogin(http.StatusOK, "anna", next)
	execute(t, s.path, `DROP TABLE users`)
	if status, body := v.changePassword(mine.Access, next, old); status != http.StatusInternalServerError {
		t.Errorf("without a database: %d, %s", status, body)
	}
	v.end()
	wantSilence(t, "standard error", v.stderr.String(), canary)
	wantSilence(t, "standard output", v.stdout.String(), canary)
}
