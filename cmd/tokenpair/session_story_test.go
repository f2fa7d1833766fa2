package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSessionStory is the life of a user's sessions, told by the verbs while the service runs.
func TestSessionStory(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	v := s.serve("--refresh-grace=1m")
	login := func(plaintext string) pair { return v.wantLogin(http.StatusOK, "anna", plaintext) }
	renew := func(encoded string) pair {
		t.Helper()
		status, tokens := v.refresh(encoded)
		if status != http.StatusOK || tokens.Refresh == "" || tokens.Refresh == encoded {
			t.Fatalf("refresh: %d, with a new refresh token: %t", status, tokens.Refresh != "" && tokens.Refresh != encoded)
		}
		return tokens
	}

	// An answer is lost, and asked for again: the same successor, which is the one that goes on.
	phone := login("correct horse battery")
	second := renew(phone.Refresh)
	for range 3 {
		again := renew(phone.Refresh)
		if again.Refresh != second.Refresh || again.Access == second.Access {
			t.Errorf("the same refresh token: %t, another access token: %t", again.Refresh == second.Refresh, again.Access != second.Access)
		}
		v.wantGood(again)
	}
	third := renew(second.Refresh)
	laptop := login("correct horse battery")
	wantSessions(t, s, "anna", liveHere, liveHere)
	v.end()

	// A thief has a copy, and comes after the grace: the session ends, with all that came of that login, and no other does.
	v = s.serve("--refresh-grace=1s")
	v.wantGood(third)
	fourth := renew(third.Refresh)
	time.Sleep(1100 * time.Millisecond)
	v.wantGood(pair{fourth.Refresh, third.Access}) // nobody has come yet
	if status, _ := v.refresh(third.Refresh); status != http.StatusUnauthorized {
		t.Errorf("a replay after the grace: %d", status)
	}
	for _, tokens := range []pair{phone, second, third, fourth} {
		v.wantEnded(tokens)
	}
	v.wantGood(laptop)
	wantSessions(t, s, "anna", liveHere, ended("reuse"))
	log := v.stderr.String()
	if !strings.Contains(log, "a refresh token that was replaced came back") || !strings.Contains(log, sid(t, phone.Access)) {
		t.Errorf("the log does not tell of the replay: %s", log)
	}

	// What was ended stays ended, whatever happens to the server.
	v.end()
	v = s.serve()
	v.wantEnded(fourth)
	v.wantGood(laptop)

	// An operator ends a session, and the user logs out of another.
	if out := s.must("", "sessions", "end", sid(t, laptop.Access)); out != "ended 1 session\n" {
		t.Errorf("sessions end printed %q", out)
	}
	v.wantEnded(laptop)
	tablet := login("correct horse battery")
	if status, body := v.post("/api/token/blacklist", map[string]string{"refresh": tablet.Refresh}); status != http.StatusOK {
		t.Errorf("blacklist: %d, %s", status, body)
	}
	v.wantEnded(tablet)
	wantSessions(t, s, "anna", ended("logout"), ended("operator"), ended("reuse"))

	// A new password ends what the old one began.
	old := login("correct horse battery")
	s.must("another horse battery\n", "changepassword", "anna", "--password-stdin")
	v.wantEnded(old)
	wantSessions(t, s, "anna", ended("password"), ended("logout"), ended("operator"), ended("reuse"))

	// A new role shows at the next refresh, and the session stays what it was.
	tokens := login("another horse battery")
	wantClaims(t, tokens, "")
	for _, role := range words("editor", "admin") {
		s.must("", "setclaims", "anna", `{"role":"`+role+`"}`)
		v.wantGood(tokens)
		before := sid(t, tokens.Access)
		tokens = renew(tokens.Refresh)
		wantClaims(t, tokens, `,"role":"`+role+`"`)
		if after := sid(t, tokens.Refresh); after != before {
			t.Errorf("the session was %s and is %s", before, after)
		}
	}

	// Who may not log in has no session, nor has who is gone.
	s.must("", "deactivateuser", "anna")
	s.must("", "activateuser", "anna")
	v.wantEnded(tokens)
	last := login("another horse battery")
	v.wantGood(last)
	wantSessions(t, s, "anna", liveHere, ended("deactivated"), ended("password"), ended("logout"), ended("operator"), ended("reuse"))
	s.must("", "deleteuser", "anna")
	if status, _ := v.refresh(last.Refresh); status != http.StatusUnauthorized {
		t.Errorf("refresh of a user who is gone: %d", status)
	}
	if r := s.run("", "sessions", "list", "anna"); r.code != 1 || !strings.Contains(r.stderr, "no user") {
		t.Errorf("sessions list: %+v", r)
	}
	s.createUser("anna", "another horse battery")
	if out := s.must("", "sessions", "list", "anna"); out != "user anna has no sessions\n" {
		t.Errorf("a new user of the same name: %s", out)
	}
}

// seconds is a claim that is a time.
func seconds(t *testing.T, encoded, name string) (n int64) {
	t.Helper()
	if err := json.Unmarshal(claim(t, encoded, name), &n); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestSessionSettingsReachTheWire has a session that is shorter than its refresh token would be, and no grace.
func TestSessionSettingsReachTheWire(t *testing.T) {
	s := newSite(t, "TOKENPAIR_SESSION_LIFETIME=1h", "TOKENPAIR_REFRESH_GRACE=0")
	s.createUser("anna", "correct horse battery")
	v := s.serve()
	tokens := v.wantLogin(http.StatusOK, "anna", "correct horse battery")
	end := seconds(t, tokens.Refresh, "exp")
	if lifetime := end - seconds(t, tokens.Refresh, "iat"); lifetime != 3600 {
		t.Errorf("the refresh token lives for %d s, want 3600", lifetime)
	}
	_, next := v.refresh(tokens.Refresh)
	if got := seconds(t, next.Refresh, "exp"); got != end {
		t.Errorf("the next refresh token expires at %d, and the session at %d", got, end)
	}
	if status, _ := v.refresh(tokens.Refresh); status != http.StatusUnauthorized {
		t.Errorf("a replay without a grace: %d", status)
	}
	v.wantEnded(next)
	wantSessions(t, s, "anna", ended("reuse"))
}

// TestSessionWithoutRotation is refreshed by one token for as long as it goes on.
func TestSessionWithoutRotation(t *testing.T) {
	s := newSite(t, "TOKENPAIR_ROTATE_REFRESH_TOKENS=false")
	s.createUser("anna", "correct horse battery")
	v := s.serve()
	tokens := v.wantLogin(http.StatusOK, "anna", "correct horse battery")
	for range 3 {
		status, answer := v.refresh(tokens.Refresh)
		if status != http.StatusOK || answer.Refresh != "" {
			t.Errorf("refresh: %d, with a new refresh token: %t", status, answer.Refresh != "")
		}
		v.wantGood(pair{tokens.Refresh, answer.Access})
	}
	wantSessions(t, s, "anna", liveHere)
	s.must("", "sessions", "end", "--user=anna")
	v.wantEnded(tokens)
}
