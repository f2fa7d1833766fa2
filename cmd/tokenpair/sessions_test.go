package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"example.com/tokenpair/auth"
)

// moment is a time as the verbs print it.
const moment = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`

// wantSessions wants sessions list to list these of a user, each a pattern of what stands behind the times, in which a space
// stands for several. It returns their ids.
func wantSessions(t *testing.T, s *site, username string, want ...string) (ids []string) {
	t.Helper()
	out := s.must("", "sessions", "list", username)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	want = append([]string{`STATE ADDRESS USER AGENT`}, want...)
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), out)
	}
	for i, line := range lines {
		start := strings.Join(words(`(\S+)`, moment, moment, moment, ""), " ")
		if i == 0 {
			start = "(SID) CREATED LAST USED EXPIRES "
		}
		pattern := strings.ReplaceAll(start+want[i], " ", " +")
		match := regexp.MustCompile(`\A` + pattern + `\z`).FindStringSubmatch(line)
		if match == nil {
			t.Fatalf("%q is listed, want %s", line, pattern)
		}
		if i > 0 {
			ids = append(ids, match[1])
		}
	}
	return ids
}

const (
	liveHere  = `live 127\.0\.0\.1 Go-http-client/1\.1`
	endedHere = `ended \(%s\) at ` + moment + ` 127\.0\.0\.1 Go-http-client/1\.1`
)

// ended is the pattern of a session that was ended for a reason.
func ended(reason string) string { return fmt.Sprintf(endedHere, reason) }

// sid is the session of a token.
func sid(t *testing.T, encoded string) (id string) {
	t.Helper()
	if err := json.Unmarshal(claim(t, encoded, "sid"), &id); err != nil {
		t.Fatalf("no session in the token: %v", err)
	}
	return id
}

// wantEnded wants every token of a pair to be refused as a blacklisted one is.
func (v *service) wantEnded(tokens pair) {
	v.t.Helper()
	const refused = `{"detail":"Token is blacklisted","code":"token_not_valid"}`
	for _, path := range words("/api/token/refresh", "/api/token/blacklist") {
		if status, body := v.post(path, map[string]string{"refresh": tokens.Refresh}); status != http.StatusUnauthorized || body != refused {
			v.t.Errorf("%s: %d, %s", path, status, body)
		}
	}
	for _, encoded := range words(tokens.Refresh, tokens.Access) {
		status, body := v.post("/api/token/verify", map[string]string{"token": encoded})
		if status != http.StatusBadRequest || body != `{"non_field_errors":["Token is blacklisted"]}` {
			v.t.Errorf("verify: %d, %s", status, body)
		}
	}
	status, body := v.me("Authorization", "Bearer "+tokens.Access)
	if status != http.StatusUnauthorized || !strings.Contains(body, `"message":"Token is blacklisted"`) {
		v.t.Errorf("GET /api/me: %d, %s", status, body)
	}
}

// wantGood wants the tokens of a pair to be good.
func (v *service) wantGood(tokens pair) {
	v.t.Helper()
	for _, encoded := range words(tokens.Refresh, tokens.Access) {
		if status, body := v.post("/api/token/verify", map[string]string{"token": encoded}); status != http.StatusOK {
			v.t.Errorf("verify: %d, %s", status, body)
		}
	}
	if status, body := v.me("Authorization", "Bearer "+tokens.Access); status != http.StatusOK {
		v.t.Errorf("GET /api/me: %d, %s", status, body)
	}
}

// TestSessionVerbs lists sessions and ends one, those of a user and all, while a service runs.
func TestSessionVerbs(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	s.createUser("otto", "another horse battery")
	if out := s.must("", "sessions", "list", "anna"); out != "user anna has no sessions\n" {
		t.Errorf("sessions list printed %q", out)
	}
	if out := s.must("", "sessions", "end", "--all"); out != "ended 0 sessions\n" {
		t.Errorf("sessions end --all printed %q", out)
	}
	v := s.serve()
	anna := func() pair { return v.wantLogin(http.StatusOK, "anna", "correct horse battery") }
	otto := func() pair { return v.wantLogin(http.StatusOK, "otto", "another horse battery") }
	first, second, his := anna(), anna(), otto()
	if ids := wantSessions(t, s, "anna", liveHere, liveHere); ids[0] != sid(t, second.Access) || ids[1] != sid(t, first.Refresh) {
		t.Errorf("the sessions are %q, want the latest login first", ids)
	}

	if out := s.must("", "sessions", "end", sid(t, first.Access)); out != "ended 1 session\n" {
		t.Errorf("sessions end SID printed %q", out)
	}
	v.wantEnded(first)
	v.wantGood(second)
	wantSessions(t, s, "anna", liveHere, ended("operator"))
	for _, id := range words(sid(t, first.Access), strings.ToUpper(sid(t, second.Access))) {
		again := s.run("", "sessions", "end", id)
		if again.code != 1 || again.stdout != "" || !strings.Contains(again.stderr, "session "+id+": ") || !strings.Contains(again.stderr, "tokenpair sessions list USER") {
			t.Errorf("a session that does not go on: %+v", again)
		}
	}

	third := anna()
	if out := s.must("", "sessions", "end", "--user", "anna"); out != "ended 2 sessions of user anna\n" {
		t.Errorf("sessions end --user printed %q", out)
	}
	v.wantEnded(second)
	v.wantEnded(third)
	v.wantGood(his)
	if out := s.must("", "sessions", "end", "--user=anna"); out != "ended 0 sessions of user anna\n" {
		t.Errorf("sessions end --user printed %q", out)
	}
	wantSessions(t, s, "anna", ended("operator"), ended("operator"), ended("operator"))

	fourth := anna()
	if out := s.must("", "sessions", "end", "--all"); out != "ended 2 sessions\n" {
		t.Errorf("sessions end --all printed %q", out)
	}
	v.wantEnded(fourth)
	v.wantEnded(his)
	wantSessions(t, s, "otto", ended("operator"))
	otto()
	wantSessions(t, s, "otto", liveHere, ended("operator"))
}

// TestExpiredSession has one end by itself.
func TestExpiredSession(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	v := s.serve()
	tokens := v.wantLogin(http.StatusOK, "anna", "correct horse battery")
	execute(t, s.path, fmt.Sprintf(`UPDATE sessions SET expires = %d`, time.Now().Add(-time.Second).UnixMicro()))
	wantSessions(t, s, "anna", `expired 127\.0\.0\.1 Go-http-client/1\.1`)
	if status, _ := v.refresh(tokens.Refresh); status != http.StatusUnauthorized {
		t.Errorf("refresh: %d", status)
	}
}

// TestManySessions says that it does not list all.
func TestManySessions(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	s.serve().wantLogin(http.StatusOK, "anna", "correct horse battery")
	const copied = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO sessions (sid, user, created, used, ends, agent, address, current, expires, parent, rotated, ended, reason, keep, due)
		SELECT sid || i || 'x%[1]d', user, created - i, used, ends, agent, address, current, expires, parent, rotated, ended, reason, keep, due FROM sessions, n`
	execute(t, s.path, fmt.Sprintf(copied, 998))
	if out := s.must("", "sessions", "list", "anna"); strings.Count(out, "\n") != 1000 || strings.Contains(out, "there may be more") {
		t.Errorf("%d lines for 999 sessions", strings.Count(out, "\n"))
	}
	execute(t, s.path, fmt.Sprintf(copied, 1))
	if out := s.must("", "sessions", "list", "anna"); strings.Count(out, "\n") != 1002 || !strings.HasSuffix(out, "\nthese are the latest 1000; there may be more\n") {
		t.Errorf("%d lines for 1998 sessions", strings.Count(out, "\n"))
	}
	if out := s.must("", "sessions", "end", "--all"); out != "ended 1998 sessions\n" {
		t.Errorf("sessions end --all printed %q", out)
	}
}

// TestForgottenSessions: those whose last token expired more than a day ago are forgotten, by the verb and by a server itself.
func TestForgottenSessions(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	v := s.serve()
	age := func(tokens pair, by time.Duration) {
		t.Helper()
		then := time.Now().Add(-by).UnixMicro()
		execute(t, s.path, fmt.Sprintf(`UPDATE sessions SET expires = %d, keep = %[1]d, due = %[1]d WHERE sid = '%s'`, then, sid(t, tokens.Access)))
	}
	login := func() pair { return v.wantLogin(http.StatusOK, "anna", "correct horse battery") }
	login()
	young, old := login(), login()
	v.end() // which would forget them itself
	age(young, 23*time.Hour)
	age(old, 25*time.Hour)
	s.revoke(strings.Repeat("a", 32), time.Now().Add(-25*time.Hour))
	if out := s.must("", "flushexpiredtokens"); out != "forgot 1 expired blacklisted token and 1 expired session\n" {
		t.Errorf("flushexpiredtokens printed %q", out)
	}
	wantSessions(t, s, "anna", `expired \S+ \S+`, liveHere)

	v = s.serve()
	old = login()
	v.end()
	age(old, 25*time.Hour)
	v = s.serve()
	for late := time.Now().Add(patience); strings.Count(s.must("", "sessions", "list", "anna"), "\n") > 3 && time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
	}
	v.end()
	wantSessions(t, s, "anna", `expired \S+ \S+`, liveHere)
}

// TestControlCharactersInAgents has what a client calls itself, and what may stand in a database, reach a terminal in quotes.
func TestControlCharactersInAgents(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	v := s.serve()
	const login = `{"username":"anna","password":"correct horse battery"}`
	agents := words("\u009b31m\u202eagent", "\xc3\x28\x9b31m", "tab\tagent", "  ", "", "Mozilla/5.0 (X11; ä) "+strings.Repeat("long ", 500))
	for _, agent := range agents {
		answer, body := v.exchange(fmt.Sprintf("POST /api/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"+
			"User-Agent: %s\r\nContent-Length: %d\r\n\r\n%s", agent, len(login), login))
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%.20q: %d, %s", agent, answer.StatusCode, body)
		}
	}
	v.end()
	wantPlain := func(sessions int) {
		t.Helper()
		out := s.must("", "sessions", "list", "anna")
		if lines := strings.Count(out, "\n"); lines != sessions+1 {
			t.Errorf("%d lines for %d sessions:\n%q", lines, sessions, out)
		}
		if at := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); at >= 0 || !utf8.ValidString(out) {
			t.Errorf("a terminal is sent %q", out)
		}
	}
	wantPlain(len(agents))
	if log := v.stderr.String(); strings.Contains(log, "31m") || strings.Contains(log, "Mozilla") {
		t.Errorf("what a client calls itself is in the log: %s", log)
	}

	execute(t, s.path, `UPDATE sessions SET agent = 'a' || char(27) || '[31m' || char(10) || 'root' || char(9) || char(8238), address = char(27) || ']0;' || char(7)`)
	execute(t, s.path, `UPDATE sessions SET sid = char(27) || substr(sid, 2)`)
	wantPlain(len(agents))
	if out := s.must("", "sessions", "list", "anna"); !strings.Contains(out, `  "\x1b]0;\a"  "a\x1b[31m\nroot\t\u202e"`+"\n") {
		t.Errorf("it printed %q", out)
	}
}

// TestInterruptedEnds says what was done before.
func TestInterruptedEnds(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	err := withUsers(t.Context(), newCommandLine(t, s.environ...), hashing{}, func(users *auth.Users) error {
		return endAll(ctx, users, streams{out: newOutput(), err: newOutput()})
	})
	if err == nil || err.Error() != "interrupted; 0 sessions ended before, and others may go on: run it again" {
		t.Errorf("it ended with %v", err)
	}
}
