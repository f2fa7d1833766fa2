package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// me asks GET /api/me with a header.
func (v *service) me(name, value string) (status int, body string) {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.base+"/api/me", nil)
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set(name, value)
	answer, err := v.contacts.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	body = readAll(v.t, answer.Body)
	v.check(request.Method, "/api/me", answer, body)
	return answer.StatusCode, body
}

// TestSettingsReachTheWire has settings of all groups, each of which shows.
func TestSettingsReachTheWire(t *testing.T) {
	s := newSite(t, "TOKENPAIR_SESSIONS=0", "TOKENPAIR_ACCESS_TOKEN_LIFETIME=10m", "TOKENPAIR_REFRESH_TOKEN_LIFETIME=3600", "TOKENPAIR_AUDIENCE=a,b", "TOKENPAIR_ISSUER=me",
		"TOKENPAIR_USER_ID_FIELD=username", "TOKENPAIR_USER_ID_CLAIM=sub", "TOKENPAIR_TOKEN_TYPE_CLAIM=kind", "TOKENPAIR_JTI_CLAIM=id",
		"TOKENPAIR_CHECK_REVOKE_TOKEN=1", "TOKENPAIR_REVOKE_TOKEN_CLAIM=mark", "TOKENPAIR_UPDATE_LAST_LOGIN=1",
		"TOKENPAIR_ROTATE_REFRESH_TOKENS=1", "TOKENPAIR_BLACKLIST_AFTER_ROTATION=1", "TOKENPAIR_AUTH_HEADER_TYPES=JWT,Token", "TOKENPAIR_AUTH_HEADER_NAME=HTTP_X_ACCESS_TOKEN")
	s.createUser("anna", "correct horse battery")
	if out := s.must("", "listusers"); !strings.Contains(out, " never ") {
		t.Errorf("before the first login: %s", out)
	}
	v := s.serve()
	tokens := v.wantLogin(http.StatusOK, "anna", "correct horse battery")
	for name, want := range map[string]string{"aud": `["a","b"]`, "iss": `"me"`, "sub": `"anna"`, "kind": `"access"`} {
		if got := string(claim(t, tokens.Access, name)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for name, size := range map[string]int{"id": 34, "mark": 34} {
		if got := claim(t, tokens.Access, name); len(got) != size {
			t.Errorf("%s is %s, want text of %d characters", name, got, size-2)
		}
	}
	for encoded, want := range map[string]int64{tokens.Access: 600, tokens.Refresh: 3600} {
		var issued, expires int64
		if err := json.Unmarshal(claim(t, encoded, "iat"), &issued); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(claim(t, encoded, "exp"), &expires); err != nil {
			t.Fatal(err)
		}
		if expires-issued != want {
			t.Errorf("a token lives for %d s, want %d", expires-issued, want)
		}
	}
	for _, c := range []struct {
		name, value string
		want        int
	}{
		{"X-Access-Token", "JWT " + tokens.Access, http.StatusOK}, {"X-Access-Token", "Token " + tokens.Access, http.StatusOK},
		{"X-Access-Token", "Bearer " + tokens.Access, http.StatusUnauthorized}, {"Authorization", "JWT " + tokens.Access, http.StatusUnauthorized},
	} {
		if status, body := v.me(c.name, c.value); status != c.want {
			t.Errorf("%s: %.7s: %d, %s", c.name, c.value, status, body)
		}
	}
	if out := s.must("", "listusers"); strings.Contains(out, " never ") {
		t.Errorf("after a login: %s", out)
	}
	if status, rotated := v.refresh(tokens.Refresh); status != http.StatusOK || rotated.Refresh == "" {
		t.Fatalf("refresh: %d, with a new refresh token: %t", status, rotated.Refresh != "")
	}
	if status, _ := v.refresh(tokens.Refresh); status != http.StatusUnauthorized {
		t.Errorf("refresh with a token that was rotated: %d", status)
	}
	s.must("another horse battery\n", "changepassword", "anna", "--password-stdin")
	if status, body := v.me("X-Access-Token", "JWT "+tokens.Access); status != http.StatusUnauthorized || !strings.Contains(body, "password_changed") {
		t.Errorf("after a change of the password: %d, %s", status, body)
	}
}

// TestSlidingTokens is about who passes with one.
func TestSlidingTokens(t *testing.T) {
	login := map[string]string{"username": "anna", "password": "correct horse battery"}
	for _, c := range []struct {
		environ []string
		want    int
	}{
		{words("TOKENPAIR_SLIDING_TOKENS=true"), http.StatusUnauthorized},
		{words("TOKENPAIR_SLIDING_TOKENS=true", "TOKENPAIR_AUTH_TOKEN_CLASSES=AccessToken,SlidingToken"), http.StatusOK},
		{words("TOKENPAIR_COMPAT=simplejwt", "TOKENPAIR_AUTH_TOKEN_CLASSES=SlidingToken", "TOKENPAIR_SLIDING_TOKEN_REFRESH_EXP_CLAIM=until"), http.StatusOK},
	} {
		s := newSite(t, c.environ...)
		s.createUser("anna", "correct horse battery")
		v := s.serve()
		status, body := v.post("/api/token/sliding", login)
		var answer struct{ Token string }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
			t.Fatalf("%q: %d, %v", c.environ, status, err)
		}
		if status, body := v.me("Authorization", "Bearer "+answer.Token); status != c.want {
			t.Errorf("%q: %d, %s", c.environ, status, body)
		}
		name := "refresh_exp"
		if len(c.environ) == 3 {
			name = "until"
		}
		if claim(t, answer.Token, name) == nil {
			t.Errorf("%q: there is no claim %s", c.environ, name)
		}
		v.end()
	}
	// Off by default: the paths are not there.
	v := newSite(t).serve()
	for _, path := range words("/api/token/sliding", "/api/token/sliding/refresh") {
		if status, _ := v.post(path, login); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// TestInactiveUsers: the one setting lets their tokens live on, where there are no sessions that end.
func TestInactiveUsers(t *testing.T) {
	for _, c := range []struct {
		environ []string
		want    int
	}{
		{words("TOKENPAIR_SESSIONS=false", "TOKENPAIR_CHECK_USER_IS_ACTIVE=true"), http.StatusUnauthorized},
		{words("TOKENPAIR_SESSIONS=false", "TOKENPAIR_CHECK_USER_IS_ACTIVE=false"), http.StatusOK},
		{words("TOKENPAIR_CHECK_USER_IS_ACTIVE=false"), http.StatusUnauthorized},
	} {
		s := newSite(t, c.environ...)
		s.createUser("anna", "correct horse battery")
		v := s.serve()
		tokens := v.wantLogin(http.StatusOK, "anna", "correct horse battery")
		s.must("", "deactivateuser", "anna")
		if status, body := v.me("Authorization", "Bearer "+tokens.Access); status != c.want {
			t.Errorf("%q: %d, %s", c.environ, status, body)
		}
		v.end()
	}
}
