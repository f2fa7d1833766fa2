package crash_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// user is a client and all that it was told. One goroutine at a time is it, so that all of it is certain, but for what the
// kill left unanswered.
type user struct {
	*crash
	server *server
	random *rand.Rand
	id     int
	name   string

	password  string
	changes   int    // of the password, so that each is another
	outdated  string // a password that was replaced since it was last tried, "" for none
	sessions  []*session
	past      []*session // those that are ended
	unused    string     // a refresh token of Django's, "" for none
	spent     []string   // such tokens that ended before they were used, since they were last tried
	endedAll  time.Time  // when an end of all sessions was asked for last
	doubt     *doubt
	strangers int // logins that were not answered: each may have begun a session that nobody knows

	trail []string // what was done of late, for whoever has to find out why a test failed
	wrong bool
}

// session is a login and every token that came of it.
type session struct {
	sid     string
	refresh []string // in the order of their issue: the last is current, the one before it its parent
	access  []string // none where an adoption was not answered
	rotated span     // when the last rotation was
	fate    fate
	asked   *span // when a rotation of the current token was asked for that was not answered
	checked bool  // all its tokens were looked at since it ended
}

type fate string

const (
	goesOn   fate = "going on"
	ended    fate = "ended"
	doubtful fate = "doubtful" // its end was asked for and not answered
)

// span is when something happened: it was asked for and then answered, or the program was killed.
type span struct{ from, to time.Time }

// doubt is an end that was asked for and not answered. It came to all of the sessions or to none.
type doubt struct {
	sessions []*session
	everyone bool   // those that nobody knows are among them
	password string // is the user's where it did, "" for the same as before
}

// verdict is what the rules say of a refresh token of a session that goes on.
type verdict string

const (
	current  verdict = "current"
	repeated verdict = "replaced, and in its grace"
	replayed verdict = "replaced"
	unsure   verdict = "replaced, and perhaps in its grace" // the clocks of two processes are not looked at together
)

// slack is for what times lose when they are rounded.
const slack = 2 * time.Millisecond

// judge is rules 2 to 4 for a token that is looked at somewhen in when.
func (s *session) judge(token int, when span) verdict {
	last := len(s.refresh) - 1
	switch {
	case token == last:
		return current
	case token < last-1:
		return replayed
	case when.to.Sub(s.rotated.from) < grace-slack:
		return repeated
	case when.from.Sub(s.rotated.to) > grace+slack:
		return replayed
	}
	return unsure
}

func (s *session) last() string { return s.refresh[len(s.refresh)-1] }

// took notes an access token. Some of them are enough: the first, which is as old as the session, and the latest.
func (s *session) took(access string) {
	s.access = append(s.access, access)
	if len(s.access) > 5 {
		s.access = slices.Delete(s.access, 1, 2)
	}
}

// claims are those of a token that name it and its session.
func claims(encoded string) (names struct{ JTI, SID string }) {
	_, rest, _ := strings.Cut(encoded, ".")
	payload, _, _ := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err == nil {
		err = json.Unmarshal(raw, &names)
	}
	if err != nil {
		return struct{ JTI, SID string }{}
	}
	return names
}

// newPassword is one that nobody had before.
func (u *user) newPassword() string {
	u.changes++
	return fmt.Sprintf("violet anvil %d of %s", u.changes, u.name)
}

// live is one of the sessions that go on, nil when there is none.
func (u *user) live() *session {
	if len(u.sessions) == 0 {
		return nil
	}
	return u.sessions[u.random.IntN(len(u.sessions))]
}

// others are the sessions that go on, but for one.
func (u *user) others(but *session) []*session {
	return slices.DeleteFunc(slices.Clone(u.sessions), func(s *session) bool { return s == but })
}

// tidy puts what is ended with what is past.
func (u *user) tidy() {
	isEnded := func(s *session) bool { return s.fate == ended }
	for _, s := range u.sessions {
		if isEnded(s) {
			s.asked = nil // whether there was a successor is nothing to anybody any more
			u.past = append(u.past, s)
		}
	}
	u.sessions = slices.DeleteFunc(u.sessions, isEnded)
}

// settle says what became of the doubt.
func (u *user) settle(happened bool) {
	d := u.doubt
	if d == nil {
		return
	}
	u.doubt = nil
	for _, s := range d.sessions {
		s.fate = goesOn
		if happened {
			s.fate = ended
		}
	}
	if happened && d.everyone {
		u.strangers = 0
		if u.unused != "" {
			u.spent, u.unused = append(u.spent, u.unused), ""
		}
	}
	if happened && d.password != "" {
		u.outdated, u.password = u.password, d.password
	}
}

// note keeps what was done.
func (u *user) note(format string, arguments ...any) {
	line := time.Now().Format("05.000000 ") + fmt.Sprintf(format, arguments...)
	u.trail = append(u.trail, line)
	if len(u.trail) > 60 {
		u.trail = u.trail[1:]
	}
}

// fail says what is wrong, once: what follows would follow from it.
func (u *user) fail(format string, arguments ...any) {
	if u.wrong {
		return
	}
	u.wrong = true
	u.t.Errorf("after %d kills, %s: %s\nwhat was done:\n%s", u.killed, u.name, fmt.Sprintf(format, arguments...), strings.Join(u.trail, "\n"))
}

// failAbout is fail with what is known of a session.
func (u *user) failAbout(s *session, format string, arguments ...any) {
	ids := make([]string, len(s.refresh))
	for i, encoded := range s.refresh {
		ids[i] = claims(encoded).JTI[:8]
	}
	u.fail("session %s, %s, tokens %s, asked for another: %t: %s", s.sid, s.fate, ids, s.asked != nil, fmt.Sprintf(format, arguments...))
}
