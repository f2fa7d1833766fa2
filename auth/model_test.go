package auth_test

import "time"

// model is docs/refresh.md as a program: which refresh tokens are good, and what refreshing one of them does. It has neither
// a database nor concurrency, and it remembers every token.
type model struct {
	now                       time.Time
	lifetime, grace, absolute time.Duration
	rotate                    bool
}

// modelSession is a login. Its tokens stand in the order of their issue: the last is current, the one before it its parent.
type modelSession struct {
	tokens  []modelToken
	rotated time.Time
	ends    time.Time
	ended   bool
	capped  bool // a token of Django's may live longer than its session
}

type modelToken struct{ issued, expires time.Time }

type verdict string

const (
	current  verdict = "current"  // it is rotated
	repeated verdict = "repeated" // it is answered with the current one
	replayed verdict = "replayed" // it ends the session
	dead     verdict = "dead"     // the session has ended, by itself or not
	tooOld   verdict = "expired"  // the token has expired
)

func (m *model) start() *modelSession { // rule 1
	s := &modelSession{ends: m.now.Add(m.absolute)}
	s.issue(m)
	return s
}

func (m *model) adopt(expires time.Time) *modelSession { // rule 1: a token of Django's
	return &modelSession{tokens: []modelToken{{m.now, expires}}, ends: m.now.Add(m.absolute)}
}

func (s *modelSession) issue(m *model) { // rule 5
	expires := m.now.Add(m.lifetime)
	if expires.After(s.ends) {
		expires = s.ends
	}
	s.tokens = append(s.tokens, modelToken{m.now, expires})
}

func (m *model) goesOn(s *modelSession) bool { // rules 5 and 6
	return !s.ended && m.now.Before(s.tokens[len(s.tokens)-1].expires) && (!s.capped || m.now.Before(s.ends))
}

func (m *model) judge(s *modelSession, token int) verdict { // rules 2 to 4
	last := len(s.tokens) - 1
	switch {
	case !m.now.Before(s.tokens[token].expires.Truncate(time.Second)):
		return tooOld
	case !m.goesOn(s):
		return dead
	case token == last:
		return current
	case token == last-1 && m.grace > 0 && m.now.Sub(s.rotated) <= m.grace:
		return repeated
	}
	return replayed
}

func (m *model) refresh(s *modelSession, token int) verdict {
	v := m.judge(s, token)
	switch v {
	case current:
		if m.rotate {
			s.issue(m)
			s.rotated = m.now
		}
	case replayed:
		s.ended = true
	}
	return v
}

// end is rule 6 and, called for every session of a user, rule 7.
func (m *model) end(s *modelSession) { s.ended = true }
