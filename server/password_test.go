package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/auth"
)

const (
	passwordPath = "/api/me/password"
	better       = "violet anvil seven lakes"
)

// change asks for a new password.
func (s *site) change(t testing.TB, asks pair, current, next string) reply {
	t.Helper()
	body := `{"current_password":` + quoted(t, current) + `,"new_password":` + quoted(t, next) + `}`
	return s.do(t, http.MethodPost, passwordPath, body, asJSON, asks.bearer())
}

// wantPassword expects that this password logs the user in, and the other does not.
func (s *site) wantPassword(t testing.TB, good, bad string) {
	t.Helper()
	s.login(t, `{"username":"sampleUser","password":`+quoted(t, bad)+`}`).want(t, http.StatusUnauthorized, refused)
	s.login(t, `{"username":"sampleUser","password":`+quoted(t, good)+`}`).wantStatus(t, http.StatusOK)
}

func TestChangePassword(t *testing.T) {
	s := newSite(t, options{rules: withSessions})
	s.addUser(t, "other", plaintext, true)
	here, there := s.pair(t), s.pair(t)
	other := s.login(t, `{"username":"other","password":"userpassword123"}`).tokens(t)
	s.change(t, here, plaintext, better).want(t, http.StatusNoContent, "")
	s.wantEnded(t, there)
	s.wantAlive(t, here)
	s.wantAlive(t, other)
	s.wantPassword(t, better, plaintext)

	// The one that asks goes on as the current one, and can change it again: trimmed, like at a login.
	s.end(t, sessionsPath, here)
	s.change(t, here, plaintext, "another good password").want(t, http.StatusBadRequest, `{"current_password":["Invalid password."]}`)
	s.change(t, here, "\t"+better+"\u3000", "  "+plaintext+"\n").want(t, http.StatusNoContent, "")
	s.wantPassword(t, plaintext, better)
	s.wantAlive(t, here)
	s.do(t, "POST", passwordPath+"/", `{"current_password":"userpassword123","new_password":31415926535897}`, asJSON, here.bearer()).
		want(t, http.StatusNoContent, "")
	s.wantPassword(t, "31415926535897", plaintext)
}

func TestPasswordRefusals(t *testing.T) {
	s := newSite(t, options{rules: withSessions})
	here, there := s.pair(t), s.pair(t)
	const (
		wrong  = `{"current_password":["Invalid password."]}`
		short  = `{"new_password":["This password is too short. It must contain at least 8 characters."]}`
		long   = `{"new_password":["This password is too long. It must be at most 4096 bytes."]}`
		isName = `{"new_password":["The password is too similar to the username."]}`
		common = `{"new_password":["This password is too common."]}`
	)
	for name, c := range map[string]struct{ current, next, want string }{
		"wrong":                    {"userpassword124", better, wrong},
		"case":                     {"Userpassword123", better, wrong},
		"one letter":               {"u", better, wrong},
		"much too long to be":      {plaintext + strings.Repeat("x", 4096), better, wrong},
		"wrong, and the new short": {"x", "x", wrong},
		"short":                    {plaintext, "seven77", short},
		"one":                      {plaintext, "x", short},
		"short but for space":      {plaintext, "    seven77    ", short},
		"few characters, in bytes": {plaintext, "\U0001f600\U0001f600\U0001f600", short},
		"long":                     {plaintext, strings.Repeat("x", 4097), long},
		"long in bytes":            {plaintext, strings.Repeat("\u00e9", 2049), long},
		"the name":                 {plaintext, username, isName},
		"the name, in capitals":    {plaintext, strings.ToUpper(username), isName},
		"common":                   {plaintext, "password", common},
		"common, in capitals":      {plaintext, "PASSWORD", common},
		"common, in white space":   {plaintext, " password\t", common},
	} {
		t.Run(name, func(t *testing.T) { s.change(t, here, c.current, c.next).want(t, http.StatusBadRequest, c.want) })
	}
	for name, c := range map[string]struct{ body, want string }{
		"nothing": {`{}`, `{"current_password":["This field is required."],"new_password":["This field is required."]}`},
		"kinds":   {`{"new_password":true,"current_password":null}`, `{"current_password":["This field may not be null."],"new_password":["Not a valid string."]}`},
		"blank":   {`{"new_password":" \u3000","current_password":"x"}`, `{"new_password":["This field may not be blank."]}`},
		"null character": {`{"current_password":"userpassword123","new_password":"violet anvil\u0000seven lakes"}`,
			`{"new_password":["Null characters are not allowed."]}`},
		"surrogate": {`{"current_password":"userpassword123","new_password":"violet anvil \ud800 seven lakes"}`,
			`{"new_password":["Surrogate characters are not allowed: U+D800."]}`},
		"other names": {`{"Current_password":"userpassword123","new_passwOrd":"violet anvil seven lakes"}`,
			`{"current_password":["This field is required."],"new_password":["This field is required."]}`},
	} {
		t.Run(name, func(t *testing.T) {
			s.do(t, "POST", passwordPath, c.body, asJSON, here.bearer()).want(t, http.StatusBadRequest, c.want)
		})
	}
	// None of them changed anything.
	s.wantPassword(t, plaintext, better)
	s.wantAlive(t, here)
	s.wantAlive(t, there)
	for _, line := range s.logged() {
		if strings.Contains(line, "password124") || !strings.Contains(line, `"msg":"request"`) {
			t.Errorf("the log has %s", line)
		}
	}
}

// Without sessions the password is changed as well, and tokens go on, as after a reset by Django.
func TestChangePasswordWithoutSessions(t *testing.T) {
	s := newSite(t, options{})
	p := s.pair(t)
	s.change(t, p, plaintext, "x").wantStatus(t, http.StatusBadRequest)
	s.change(t, p, plaintext, better).want(t, http.StatusNoContent, "")
	s.wantPassword(t, better, plaintext)
	s.get(t, p.bearer()).wantStatus(t, http.StatusOK)
	s.refresh(t, p.Refresh).wantStatus(t, http.StatusOK)
}

// It waits for its turn as a login does.
func TestChangePasswordInAFullQueue(t *testing.T) {
	pool := newPool(t, 1, 0, time.Hour)
	s := newSite(t, options{pool: pool, rules: withSessions, retryAfter: 3 * time.Second})
	p := s.pair(t)
	release, err := pool.Acquire(t.Context())
	must(t, err)
	defer release()
	got := s.change(t, p, plaintext, better)
	got.want(t, http.StatusServiceUnavailable, busy)
	if got.header.Get("Retry-After") != "3" {
		t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
	s.change(t, p, plaintext, "").wantStatus(t, http.StatusBadRequest) // what is no request does not wait
	release()
	s.change(t, p, plaintext, better).want(t, http.StatusNoContent, "")
}

// An operator's reset ends the session that would have asked.
func TestChangePasswordAfterAReset(t *testing.T) {
	s := newSite(t, options{rules: withSessions})
	p := s.pair(t)
	users := auth.Users{Store: s.store, Hasher: s.hasher, Now: time.Now}
	must(t, users.ChangePassword(t.Context(), username, better))
	s.change(t, p, better, plaintext).want(t, http.StatusUnauthorized, tokenRefused("Token is blacklisted"))
	s.wantEnded(t, p)
	s.wantPassword(t, better, plaintext)
}
