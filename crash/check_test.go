package crash_test

import (
	"encoding/json"
	"net/http"
	"slices"
)

// check looks, as clients do, at what the kill has left, and takes up again what it left unanswered: that first, while there is
// grace for it.
func (u *user) check() {
	u.note("-- started anew")
	u.resolve()
	for _, s := range u.sessions {
		if s.asked != nil && s.fate == goesOn {
			u.askAgain(s)
		}
	}
	u.tidy()
	if u.wrong {
		return // an adoption may still be without tokens
	}
	for _, s := range u.sessions {
		u.checkLive(s)
	}
	for _, s := range u.past {
		// Those that were looked at before should not come back either, and are many.
		if !s.checked || u.random.IntN(len(u.past)) < 3 {
			u.checkEnded(s)
		}
	}
	u.checkPassword()
	u.checkSpent()
	u.checkList()
	u.tidy()
}

// resolve finds out whether what was not answered has happened: as a whole, or not at all.
func (u *user) resolve() {
	d := u.doubt
	if d == nil {
		return
	}
	var signs []bool
	for _, s := range d.sessions {
		signs = append(signs, u.ask(verifying(s.access[0])).status != http.StatusOK)
	}
	if d.password != "" {
		a := u.ask(u.loggingIn(d.password))
		isChanged := a.status != http.StatusUnauthorized
		if isChanged {
			u.begin(a)
		}
		signs = append(signs, isChanged)
	}
	if d.everyone && u.unused != "" {
		signs = append(signs, u.tryUnused() == nil)
	}
	happened := slices.Contains(signs, true)
	if happened && slices.Contains(signs, false) {
		u.fail("what was not answered has happened in part: %t; these are %d sessions that end, a new password if there is one, "+
			"and a token that was never used if there is one", signs, len(d.sessions))
	}
	u.tallied(d).add(happened)
	u.note("which has happened: %t", happened)
	u.settle(happened)
}

// askAgain is what a client does whose refresh was not answered. It gets the successor that there is, if there is one.
func (u *user) askAgain(s *session) {
	asked, parent := *s.asked, len(s.refresh)-1
	s.asked = nil
	made := u.left[s.sid].current // the successor, where it was made
	wasRotated := made != "" && made != claims(s.last()).JTI
	a := u.ask(refreshing(s.last()))
	inTime, tooLate := a.when.to.Sub(asked.from) < grace-slack, a.when.from.Sub(asked.to) > grace+slack
	u.note("ask again for %s, which was rotated: %t, in time: %t: %d", s.sid, wasRotated, inTime, a.status)
	u.tally.rotations.add(wasRotated)
	switch {
	case a.status == http.StatusUnauthorized && a.isBlacklisted() && wasRotated && !inTime:
		s.fate = ended
		return
	case a.status != http.StatusOK, wasRotated && tooLate:
		u.failAbout(s, "it was asked for again in time: %t, and answered %d %s", inTime, a.status, a.body)
		return
	}
	u.renewed(s, current, a)
	if wasRotated {
		s.rotated = asked
		if got := claims(s.last()).JTI; got != made {
			u.failAbout(s, "there is a successor %s, and the parent is answered with %s", made, got)
		}
	}
	u.refreshed(s, parent, u.ask(refreshing(s.refresh[parent])))
}

// checkLive wants a session to go on and its tokens to be as good as the rules say.
func (u *user) checkLive(s *session) {
	for _, access := range s.access {
		u.wantGood(s, u.ask(verifying(access)), "an access token is verified")
		u.wantGood(s, u.ask(me(access)), "an access token")
	}
	for i, encoded := range s.refresh {
		a := u.ask(verifying(encoded))
		switch v := s.judge(i, a.when); v {
		case current, repeated:
			u.wantGood(s, a, "a token is verified that is "+string(v))
		case replayed:
			u.wantRefused(s, a, http.StatusBadRequest, "a token is verified that is replaced")
		}
	}
	if parent := len(s.refresh) - 2; parent >= 0 && s.judge(parent, soon()) == repeated {
		u.refreshed(s, parent, u.ask(refreshing(s.refresh[parent])))
	}
}

// checkEnded wants every token of a session to be refused wherever it comes.
func (u *user) checkEnded(s *session) {
	for _, access := range s.access {
		u.wantRefused(s, u.ask(verifying(access)), http.StatusBadRequest, "an access token is verified")
		u.wantRefused(s, u.ask(me(access)), http.StatusUnauthorized, "an access token")
	}
	for _, encoded := range s.refresh {
		u.wantRefused(s, u.ask(verifying(encoded)), http.StatusBadRequest, "a refresh token is verified")
	}
	for _, encoded := range []string{s.last(), u.one(s.refresh)} {
		u.wantRefused(s, u.ask(refreshing(encoded)), http.StatusUnauthorized, "a refresh")
		u.wantRefused(s, u.ask(blacklisting(encoded)), http.StatusUnauthorized, "a logout")
	}
	s.checked = true
}

// checkPassword wants a password that was replaced to be refused, and the one in its place to be taken.
func (u *user) checkPassword() {
	if u.outdated == "" {
		return
	}
	if a := u.ask(u.loggingIn(u.outdated)); a.status != http.StatusUnauthorized {
		u.fail("a login with the password %q, which was replaced: %d", u.outdated, a.status)
	}
	u.outdated = ""
	u.logIn()
}

// checkList wants those sessions to be listed that go on, and no other but of logins that were not answered.
func (u *user) checkList() {
	s := u.live()
	if s == nil {
		return
	}
	a := u.ask(request{method: http.MethodGet, path: "/api/me/sessions", access: s.access[0]})
	var listed []struct {
		SID     string
		Current bool
	}
	if err := json.Unmarshal([]byte(a.body), &listed); err != nil || a.status != http.StatusOK {
		u.fail("sessions are listed as %d %s, %v", a.status, a.body, err)
		return
	}
	unknown := make(map[string]bool)
	for _, l := range listed {
		unknown[l.SID] = true
		if l.Current != (l.SID == s.sid) {
			u.failAbout(s, "it asks, and session %s is listed as current: %t", l.SID, l.Current)
		}
	}
	for _, s := range u.sessions {
		if !unknown[s.sid] {
			u.failAbout(s, "it is not listed")
		}
		delete(unknown, s.sid)
	}
	if len(unknown) > u.strangers {
		u.fail("sessions are listed that do not go on: %v, and there can be %d that nobody knows", unknown, u.strangers)
	}
	u.strangers = len(unknown)
}
