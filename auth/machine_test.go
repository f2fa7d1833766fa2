package auth_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage/sqlite"
	"example.com/tokenpair/token"
)

// machine is the real service beside the model: a random step does the same to both, and after each every token that was
// ever issued has to be as good in the one as in the other.
type machine struct {
	house
	t        *testing.T
	model    model
	path     string
	accounts []*account
	sessions []*running
}

type account struct {
	name, password string
	active         bool
	ended          time.Time // when all sessions were ended last
}

// running is a session in both: tokens[i] is what the model's token i looks like.
type running struct {
	*modelSession
	of      *account
	sid     string
	tokens  []string
	access  []accessToken
	adopted bool // it is a session: a token of Django's that was not refreshed yet is none
}

type accessToken struct {
	encoded string
	expires int64
}

func TestSessionsKeepTheRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t, rt)
		defer m.Store.Close()
		rt.Repeat(map[string]func(*rapid.T){
			"":               m.check,
			"login":          m.login,
			"issuedByDjango": m.issuedByDjango,
			"refresh":        m.refresh,
			"refreshAtOnce":  m.refreshAtOnce,
			"time":           m.pass,
			"logout":         m.logout,
			"endOthers":      m.endOthers,
			"changePassword": m.changePassword,
			"reset":          m.reset,
			"setActive":      m.setActive,
			"restart":        m.restart,
			"sweep":          m.sweep,
		})
	})
}

func newMachine(t *testing.T, rt *rapid.T) *machine {
	m := &machine{t: t, path: filepath.Join(t.TempDir(), "t.db")}
	m.model = model{
		now:      time.Unix(1_800_000_000, 123_456_000).UTC(),
		rotate:   true,
		lifetime: time.Duration(rapid.SampledFrom([]int{60, 3600, 86400}).Draw(rt, "lifetime")) * time.Second,
		grace:    time.Duration(rapid.SampledFrom([]int{0, 1, 10}).Draw(rt, "grace")) * time.Second,
		absolute: time.Duration(rapid.SampledFrom([]int{30, 7200, 30 * 86400}).Draw(rt, "absolute")) * time.Second,
	}
	m.open(t)
	for _, name := range []string{"alice", "bob"} {
		a := &account{name: name, password: "password of " + name, active: true}
		_, err := m.users.Create(context.Background(), a.name, a.password)
		m.must(rt, err)
		m.accounts = append(m.accounts, a)
	}
	return m
}

// open is what a start of the program does.
func (m *machine) open(t *testing.T) {
	store, err := sqlite.Open(context.Background(), m.path)
	if err != nil {
		t.Fatal(err)
	}
	m.house = over(t, store)
	m.Rules = auth.Rules{
		Sessions: true, RotateRefreshTokens: m.model.rotate, RefreshGrace: m.model.grace, SessionLifetime: m.model.absolute,
	}
	config := token.DefaultConfig()
	config.RefreshLifetime = m.model.lifetime
	key := must(token.ParseKey("HS256", []byte(secretKey), nil))
	m.Issuer = must(token.NewIssuer(key, config))
	m.Issuer.Now = func() time.Time { return m.model.now }
	m.users.Now = m.Issuer.Now
}

func (m *machine) must(rt *rapid.T, err error) {
	if err != nil {
		rt.Fatal(err)
	}
}

func (m *machine) account(rt *rapid.T) *account {
	return rapid.SampledFrom(m.accounts).Draw(rt, "user")
}

// any is one of all sessions, and one of all its refresh tokens.
func (m *machine) any(rt *rapid.T) (*running, int) {
	if len(m.sessions) == 0 {
		rt.Skip("nobody has logged in yet")
	}
	// The latest are the likeliest: little is left to be found out about the others.
	s := m.sessions[len(m.sessions)-1-rapid.IntRange(0, len(m.sessions)-1).Draw(rt, "session")]
	return s, len(s.tokens) - 1 - rapid.IntRange(0, len(s.tokens)-1).Draw(rt, "token")
}

func (m *machine) login(rt *rapid.T) {
	a := m.account(rt)
	pair, err := m.ObtainPair(context.Background(), a.name, a.password, auth.Client{Agent: "machine"})
	if !a.active {
		if !errors.Is(err, auth.ErrNoActiveAccount) {
			rt.Fatalf("an inactive user's login: %v", err)
		}
		return
	}
	m.must(rt, err)
	s := &running{modelSession: m.model.start(), of: a, adopted: true}
	s.took(rt, m, pair)
	m.sessions = append(m.sessions, s)
}

// took notes a pair, whose refresh token says of itself what the model says, as its access token does of the session.
func (s *running) took(rt *rapid.T, m *machine, pair token.Pair) {
	refresh, access := must(m.Issuer.Open(pair.Refresh)), must(m.Issuer.Open(pair.Access))
	last := s.modelSession.tokens[len(s.modelSession.tokens)-1]
	iat, _ := refresh.Seconds("iat")
	exp, _ := refresh.Seconds("exp")
	if iat != last.issued.Unix() || exp != last.expires.Unix() {
		rt.Fatalf("iat %d and exp %d, want %d and %d", iat, exp, last.issued.Unix(), last.expires.Unix())
	}
	for _, claims := range []token.Claims{refresh, access} {
		sid, _ := claims.Text("sid")
		if s.sid == "" {
			s.sid = sid
		}
		if sid != s.sid || sid == "" {
			rt.Fatalf("the session is %q, was %q", sid, s.sid)
		}
	}
	if exp, _ = access.Seconds("exp"); exp > last.expires.Unix() {
		rt.Fatal("an access token outlives its session")
	}
	s.tokens = append(s.tokens, pair.Refresh)
	s.access = append(s.access, accessToken{pair.Access, exp})
}

func (m *machine) issuedByDjango(rt *rapid.T) {
	a := m.account(rt)
	if !a.active {
		rt.Skip("Django would not")
	}
	user, err := m.Store.UserByName(context.Background(), a.name)
	m.must(rt, err)
	var about token.Claims
	about.SetInt("user_id", user.ID)
	expires := m.model.now.Add(m.model.lifetime * 2).Truncate(time.Second)
	id := m.Issuer.NewID()
	encoded, err := m.Issuer.Issue(token.Terms{Type: token.Refresh, ID: id, Issued: m.model.now, Expires: expires}, about)
	m.must(rt, err)
	s := &running{modelSession: m.model.adopt(expires), of: a, sid: id, tokens: []string{encoded}}
	s.ended = !a.ended.Before(m.model.now.Truncate(time.Second)) // it may have been there before the end
	m.sessions = append(m.sessions, s)
}

func (m *machine) refresh(rt *rapid.T) {
	s, i := m.any(rt)
	m.refreshed(rt, s, i, 1)
}

func (m *machine) refreshAtOnce(rt *rapid.T) {
	s, i := m.any(rt)
	m.refreshed(rt, s, i, rapid.IntRange(2, 8).Draw(rt, "callers"))
}

// refreshed has callers come with one token at once. What they are told is what the model tells them one after the other,
// and whoever is told a token is told the same one.
func (m *machine) refreshed(rt *rapid.T, s *running, i, callers int) {
	pairs, errs := make([]token.Pair, callers), make([]error, callers)
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			pairs[n], errs[n] = m.Refresh(context.Background(), s.tokens[i], auth.Client{Agent: "machine"})
		})
	}
	all.Wait()
	if !s.adopted && m.model.judge(s.modelSession, i) == current { // its session begins here
		s.adopted, s.capped, s.ends = true, true, m.model.now.Add(m.model.absolute)
	}
	told, want := make(map[verdict]int), make(map[verdict]int)
	for range callers {
		want[plain(m.model.refresh(s.modelSession, i))]++
	}
	for n, err := range errs {
		told[verdictOf(rt, err)]++
		if err != nil {
			continue
		}
		if len(s.tokens) < len(s.modelSession.tokens) {
			s.took(rt, m, pairs[n])
		}
		if !m.model.rotate && pairs[n].Refresh == "" {
			if i != len(s.tokens)-1 {
				rt.Fatal("no token for a parent")
			}
			continue
		}
		if pairs[n].Refresh != s.tokens[len(s.tokens)-1] {
			rt.Fatal("it is answered with another token than the current one")
		}
	}
	if !maps.Equal(told, want) {
		rt.Fatalf("refresh of token %d of %d: %v, want %v", i, len(s.tokens), told, want)
	}
}

// plain is what a caller sees of a verdict.
func plain(v verdict) verdict {
	switch v {
	case repeated:
		return current
	case replayed:
		return dead
	}
	return v
}

func verdictOf(rt *rapid.T, err error) verdict {
	switch {
	case err == nil:
		return current
	case errors.Is(err, token.ErrExpired):
		return tooOld
	case errors.Is(err, auth.ErrBlacklisted), errors.Is(err, auth.ErrNoAccount):
		return dead
	}
	rt.Fatalf("no verdict: %v", err)
	return ""
}
