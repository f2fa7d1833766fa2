package crash_test

import "net/http"

// deed is something that a user does while the program works.
type deed struct {
	often int // how often among the others
	kind  kind
	do    func()
}

func (u *user) deeds() []deed {
	return []deed{
		{30, rotation, u.rotate},
		{6, rotation, u.rotateTwice},
		{6, rotation, u.repeat},
		{4, rotation, u.replay},
		{1, login, u.logIn},
		{4, adoption, u.adopt},
		{4, logout, u.logOut},
		{4, end, u.endOne},
		{2, endAll, u.endOthers},
		{1, endAll, u.endEverything},
		{2, change, u.changePassword},
		{1, change, u.changeDuringLogin},
		{2, logout, u.rotateDuringLogout},
		{1, endAll, u.rotateDuringEnd},
		{8, "", u.look},
	}
}

// step does one of them, most likely one of the kind that the kill waits for.
func (u *user) step(m *moment) {
	const few, many = 2, 6
	u.refill()
	switch {
	case len(u.sessions) < few && u.random.IntN(4) > 0:
		u.adopt()
	case len(u.sessions) == 0:
		u.logIn()
	case len(u.sessions) > many:
		u.logOut()
	default:
		u.draw(m).do()
	}
	u.tidy()
}

func (u *user) draw(m *moment) deed {
	deeds, sum := u.deeds(), 0
	for i := range deeds {
		if deeds[i].kind == m.kind {
			deeds[i].often *= m.bias()
		}
		sum += deeds[i].often
	}
	at := u.random.IntN(sum)
	for _, d := range deeds {
		if at -= d.often; at < 0 {
			return d
		}
	}
	return deeds[0]
}

func (u *user) logIn() {
	u.begin(u.ask(u.loggingIn(u.password)))
}

// begin takes in what a login was answered with, and returns the session that begins, or nil.
func (u *user) begin(a answer) *session {
	switch a.status {
	case 0:
		u.note("a login is not answered")
		u.strangers++
		return nil
	case http.StatusOK:
		pair := a.tokens()
		names := claims(pair.Refresh)
		if names.SID == "" || names.SID != claims(pair.Access).SID {
			u.fail("the tokens of a login name no session: %s", a.body)
			return nil
		}
		s := &session{sid: names.SID, refresh: []string{pair.Refresh}, fate: goesOn}
		s.took(pair.Access)
		u.sessions = append(u.sessions, s)
		u.note("session %s begins", s.sid)
		return s
	}
	u.fail("a login with the password %q: %d %s", u.password, a.status, a.body)
	return nil
}

func (u *user) rotate() {
	s := u.live()
	token := len(s.refresh) - 1
	u.refreshed(s, token, u.ask(refreshing(s.refresh[token])))
}

// rotateTwice is two tabs, who both get the same token.
func (u *user) rotateTwice() {
	s := u.live()
	token := len(s.refresh) - 1
	answers := u.askAtOnce(refreshing(s.refresh[token]), refreshing(s.refresh[token]))
	if isFirst := answers[0].status == http.StatusOK; !isFirst {
		answers[0], answers[1] = answers[1], answers[0] // the one that has rotated tells what the other was to be told
	}
	both := span{answers[0].when.from, answers[0].when.to}
	if answers[1].when.from.Before(both.from) {
		both.from = answers[1].when.from
	}
	answers[0].when, answers[1].when.from = both, both.from
	for _, a := range answers {
		u.refreshed(s, token, a)
	}
}

// repeat is a client that has lost an answer: it asks again with the parent, if that is in its grace.
func (u *user) repeat() {
	s := u.live()
	parent := len(s.refresh) - 2
	if parent < 0 || s.judge(parent, soon()) != repeated {
		u.rotate()
		return
	}
	u.refreshed(s, parent, u.ask(refreshing(s.refresh[parent])))
}

// replay is a thief, who comes with a token that was replaced long ago.
func (u *user) replay() {
	s := u.live()
	token := u.random.IntN(len(s.refresh))
	if s.judge(token, soon()) != replayed {
		u.rotate()
		return
	}
	u.refreshed(s, token, u.ask(refreshing(s.refresh[token])))
}

func (u *user) logOut() {
	s := u.live()
	u.note("log out of %s", s.sid)
	u.endsOne(u.ask(blacklisting(u.one(s.refresh))), http.StatusOK, s)
}

func (u *user) endOne() {
	s, by := u.live(), u.live()
	u.note("end %s", s.sid)
	u.endsOne(u.ask(ending(u.one(by.access), s)), http.StatusNoContent, s)
}

func (u *user) endOthers() {
	s := u.live()
	u.note("end all but %s", s.sid)
	u.endsAll(u.ask(endingAll(u.one(s.access), "")), s, "")
}

func (u *user) endEverything() {
	u.note("end all")
	u.endsAll(u.ask(endingAll(u.one(u.live().access), "?current=true")), nil, "")
}

func (u *user) changePassword() {
	s, next := u.live(), u.newPassword()
	u.note("change the password to %q, keep %s", next, s.sid)
	u.endsAll(u.ask(u.changing(s, next)), s, next)
}

// changeDuringLogin changes the password while somebody who knows the old one logs in: no session is left of that.
func (u *user) changeDuringLogin() {
	s, next := u.live(), u.newPassword()
	u.note("change the password to %q while somebody logs in, keep %s", next, s.sid)
	answers := u.askAtOnce(u.changing(s, next), u.loggingIn(u.password))
	u.endsAll(answers[0], s, next)
	switch in := answers[1]; {
	case in.status == http.StatusUnauthorized:
		u.settle(true) // the old password is refused already
	case in.status == 0 && u.doubt == nil: // it was before the change, or comes to nothing
	default:
		s := u.begin(in)
		if s == nil {
			return
		}
		s.fate = ended
		if u.doubt != nil {
			s.fate = doubtful
			u.doubt.sessions = append(u.doubt.sessions, s)
		}
	}
}

func (u *user) rotateDuringLogout() {
	s := u.live()
	token := len(s.refresh) - 1
	u.note("log out of %s while it is refreshed", s.sid)
	answers := u.askAtOnce(blacklisting(u.one(s.refresh)), refreshing(s.refresh[token]))
	u.endsOne(answers[0], http.StatusOK, s)
	u.refreshed(s, token, answers[1])
}

func (u *user) rotateDuringEnd() {
	s := u.live()
	token := len(s.refresh) - 1
	u.note("end all while %s is refreshed", s.sid)
	answers := u.askAtOnce(endingAll(u.one(u.live().access), "?current=true"), refreshing(s.refresh[token]))
	u.endsAll(answers[0], nil, "")
	u.refreshed(s, token, answers[1])
}

// look asks about tokens, which changes nothing: of a session that goes on, and of one that does not.
func (u *user) look() {
	s := u.live()
	u.wantGood(s, u.ask(verifying(s.last())), "its current token is verified")
	u.wantGood(s, u.ask(me(u.one(s.access))), "an access token")
	if len(u.past) > 0 {
		s := u.past[u.random.IntN(len(u.past))]
		if len(s.access) == 0 {
			return
		}
		u.wantRefused(s, u.ask(verifying(u.one(s.refresh))), http.StatusBadRequest, "a refresh token is verified")
		u.wantRefused(s, u.ask(me(u.one(s.access))), http.StatusUnauthorized, "an access token")
	}
}
