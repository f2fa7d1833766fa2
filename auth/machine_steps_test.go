package auth_test

import (
	"context"
	"slices"
	"time"

	"pgregory.net/rapid"

	"example.com/tokenpair/auth"
)

func (m *machine) pass(rt *rapid.T) {
	d := m.model
	m.model.now = d.now.Add(rapid.SampledFrom([]time.Duration{
		time.Second, 300 * time.Millisecond, 777 * time.Microsecond, d.grace, d.grace + time.Second, 5 * time.Minute, d.lifetime / 2, d.lifetime - time.Second, d.lifetime,
		d.absolute - time.Second, 25 * time.Hour,
	}).Draw(rt, "passed"))
}

func (m *machine) logout(rt *rapid.T) {
	s, i := m.any(rt)
	got := verdictOf(rt, m.Blacklist(context.Background(), s.tokens[i]))
	want := plain(m.model.judge(s.modelSession, i))
	if want == current || m.model.judge(s.modelSession, i) == replayed { // also through a token that is not current any more
		want = current
		m.model.end(s.modelSession)
	}
	if got != want {
		rt.Fatalf("logout: %s, want %s", got, want)
	}
}

// caller is an account with a good access token, and its session.
func (m *machine) caller(rt *rapid.T) (*running, auth.Account) {
	for _, s := range slices.Backward(m.sessions) {
		for _, access := range s.access {
			if account, err := m.Authenticate(context.Background(), access.encoded); err == nil {
				return s, account
			}
		}
	}
	rt.Skip("nobody is logged in")
	return nil, auth.Account{}
}

// endAll is rule 7.
func (m *machine) endAll(a *account, but *running) {
	a.ended = m.model.now
	for _, s := range m.sessions {
		if s.of == a && s != but {
			m.model.end(s.modelSession)
		}
	}
}

func (m *machine) endOthers(rt *rapid.T) {
	s, account := m.caller(rt)
	too := rapid.Bool().Draw(rt, "current")
	m.must(rt, m.EndSessions(context.Background(), account, too))
	if too {
		s = &running{of: s.of}
	}
	m.endAll(s.of, s)
}

func (m *machine) changePassword(rt *rapid.T) {
	s, account := m.caller(rt)
	next := s.of.password + "!"
	m.must(rt, m.ChangePassword(context.Background(), account, s.of.password, next))
	s.of.password = next
	m.endAll(s.of, s)
}

func (m *machine) reset(rt *rapid.T) {
	a := m.account(rt)
	a.password += "?"
	m.must(rt, m.users.ChangePassword(context.Background(), a.name, a.password))
	m.endAll(a, nil)
}

func (m *machine) setActive(rt *rapid.T) {
	a := m.account(rt)
	a.active = !a.active
	m.must(rt, m.users.SetActive(context.Background(), a.name, a.active))
	if !a.active {
		m.endAll(a, nil)
	}
}

func (m *machine) restart(rt *rapid.T) {
	m.must(rt, m.Store.Close())
	m.model.rotate = rapid.Bool().Draw(rt, "rotate")
	if rapid.Bool().Draw(rt, "settings") {
		m.model.grace = time.Duration(rapid.SampledFrom([]int{0, 1, 10}).Draw(rt, "grace")) * time.Second
		m.model.lifetime = time.Duration(rapid.SampledFrom([]int{60, 3600, 86400}).Draw(rt, "lifetime")) * time.Second
		m.model.absolute = time.Duration(rapid.SampledFrom([]int{30, 7200, 30 * 86400}).Draw(rt, "absolute")) * time.Second
	}
	m.open(m.t)
}

func (m *machine) sweep(rt *rapid.T) {
	_, err := m.Sweep(context.Background())
	m.must(rt, err)
}

// check asks about every token that was ever issued, which changes nothing, and about what is remembered.
func (m *machine) check(rt *rapid.T) {
	for _, s := range m.sessions {
		for i, encoded := range s.tokens {
			got, want := verdictOf(rt, m.Verify(context.Background(), encoded)), plain(m.model.judge(s.modelSession, i))
			if got != want {
				rt.Fatalf("refresh token %d of %d is %s, want %s", i, len(s.tokens), got, want)
			}
		}
		for _, access := range s.access {
			_, err := m.Authenticate(context.Background(), access.encoded)
			if want := m.model.goesOn(s.modelSession) && m.model.now.Unix() < access.expires; want != (err == nil) {
				rt.Fatalf("an access token is good: %t, and it opens: %v", want, err)
			}
		}
	}
	for _, a := range m.accounts {
		user, err := m.Store.UserByName(context.Background(), a.name)
		m.must(rt, err)
		listed, err := m.Sessions(context.Background(), auth.Account{ID: user.ID})
		m.must(rt, err)
		kept, err := m.users.Sessions(context.Background(), a.name)
		m.must(rt, err)
		want, begun := 0, 0
		for _, s := range m.sessions {
			if s.of != a || !s.adopted {
				continue
			}
			begun++
			if m.model.goesOn(s.modelSession) {
				want++
				if !slices.ContainsFunc(listed, func(l auth.Session) bool { return l.ID == s.sid }) {
					rt.Fatalf("session %s goes on and is not listed", s.sid)
				}
			}
		}
		if len(listed) != want || len(kept) > begun { // rule 8
			rt.Fatalf("%d sessions are listed, and %d rows kept, of %d and %d", len(listed), len(kept), want, begun)
		}
	}
}
