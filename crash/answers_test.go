package crash_test

import (
	"net/http"
	"time"
)

// soon is when a request that is sent now will be answered, if all goes well.
func soon() span {
	now := time.Now()
	return span{now, now.Add(grace / 4)}
}

// refreshed takes in what a refresh of one of a session's tokens was answered with. Where the end of the session was asked
// for at the same time, that was taken in before.
func (u *user) refreshed(s *session, token int, a answer) {
	v := s.judge(token, a.when)
	u.note("refresh token %d of %d of %s, which is %s: %d", token+1, len(s.refresh), s.sid, v, a.status)
	switch {
	case a.status == 0 && v == current:
		s.asked = &a.when
	case a.status == 0 && v != repeated && s.fate == goesOn:
		u.endsOne(a, http.StatusUnauthorized, s)
	case a.status == 0:
	case a.status == http.StatusOK:
		if v == current {
			u.tally.rotations.acknowledged.Add(1)
		}
		u.renewed(s, v, a)
	case a.status != http.StatusUnauthorized || !a.isBlacklisted():
		u.failAbout(s, "refresh: %d %s", a.status, a.body)
	case s.fate == doubtful:
		u.settle(true) // somebody was told so
	case s.fate == goesOn && (v == replayed || v == unsure):
		u.endsOne(a, a.status, s)
	case s.fate == goesOn:
		u.failAbout(s, "token %d of %d, which is %s, is refused", token+1, len(s.refresh), v)
	}
}

// renewed takes in the tokens that a refresh was answered with.
func (u *user) renewed(s *session, v verdict, a answer) {
	pair := a.tokens()
	if claims(pair.Refresh).SID != s.sid || claims(pair.Access).SID != s.sid {
		u.failAbout(s, "a refresh is answered with tokens of another session: %s", a.body)
		return
	}
	switch v {
	case current:
		s.refresh, s.rotated, s.asked = append(s.refresh, pair.Refresh), a.when, nil
	case replayed:
		u.failAbout(s, "a token is answered that the rules refuse, with %s", claims(pair.Refresh).JTI)
	default:
		if pair.Refresh != s.last() {
			u.failAbout(s, "the parent is answered with %s, and not with what took its place", claims(pair.Refresh).JTI)
		}
	}
	s.took(pair.Access)
}

// ends takes in what was answered, want or nothing, to something that ends sessions.
func (u *user) ends(a answer, want int, d doubt) {
	u.note("which is answered %d", a.status)
	if a.status != want && a.status != 0 {
		u.fail("%d %s", a.status, a.body)
		return
	}
	u.doubt = &d
	for _, s := range d.sessions {
		s.fate = doubtful
	}
	if a.status == want {
		u.tallied(&d).acknowledged.Add(1)
		u.settle(true)
	}
}

func (u *user) tallied(d *doubt) *tallied {
	if d.password != "" {
		return &u.tally.changes
	}
	return &u.tally.ends
}

// endsOne is ends for one session.
func (u *user) endsOne(a answer, want int, s *session) {
	u.ends(a, want, doubt{sessions: []*session{s}})
}

// endsAll is ends for all sessions of the user but one, nil for none; next is the password from then on, "" for the same as
// before.
func (u *user) endsAll(a answer, but *session, next string) {
	u.endedAll = a.when.to
	u.ends(a, http.StatusNoContent, doubt{u.others(but), true, next})
}

func (u *user) wantGood(s *session, a answer, what string) {
	if a.status != http.StatusOK && a.status != 0 {
		u.failAbout(s, "%s: %d %s", what, a.status, a.body)
	}
}

func (u *user) wantRefused(s *session, a answer, status int, what string) {
	if a.status != 0 && (a.status != status || !a.isBlacklisted()) {
		u.failAbout(s, "%s: %d %s, want %d and that it is blacklisted", what, a.status, a.body, status)
	}
}
