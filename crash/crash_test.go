// Package crash kills the program in the middle of its work, over and over, and looks whether what is left keeps the rules of
// docs/refresh.md: what was acknowledged is there, what was ended stays ended, and what was not answered happened as a whole
// or not at all. It knows the program as clients do, and of its file a few columns of the table sessions.
//
// SIGKILL takes the process and leaves the kernel with what was written: it shows that nothing is acknowledged before it is
// written, and not that the disk has it.
package crash_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	kills = flag.Int("kills", 3, "how often the program is killed")
	seed  = flag.Uint64("seed", 0, "what the choices are drawn from, 0 for a new one: the same choices, but not the same timing")
)

const (
	// clients work at once, each for a user of its own: what one of them knows to be so, nobody else has changed.
	clients = 12
	// grace is short enough for replays to come after it, and longer than a start takes.
	grace = 2 * time.Second
	// patience is how long the test waits for what should come at once.
	patience = time.Minute
	// longest is how long the program works before it is killed.
	longest = time.Second
)

// crash is a database, the program that works on it while it lives, and what its users know.
type crash struct {
	t      *testing.T
	random *rand.Rand
	dir    string
	binary string
	users  []*user
	killed int
	// took is how long the last start took.
	took time.Duration
	// begun is how many sessions were asked for, answered or not.
	begun atomic.Int64
	// key is what tokens are signed with, from when the program has made it.
	key []byte
	// left is what the last kill left in the file, by the session's id.
	left  map[string]row
	tally tally
}

// tally counts what was acknowledged, and of what was not, how much had happened.
type tally struct {
	rotations, ends, changes tallied
}

type tallied struct{ acknowledged, done, undone atomic.Int64 }

func (t *tallied) add(isDone bool) {
	if isDone {
		t.done.Add(1)
	} else {
		t.undone.Add(1)
	}
}

func (t *tallied) String() string {
	return fmt.Sprintf("%d acknowledged, %d not and yet done, %d not done", t.acknowledged.Load(), t.done.Load(), t.undone.Load())
}

func TestCrash(t *testing.T) {
	from := *seed
	if from == 0 {
		from = rand.Uint64()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("go test ./crash -kills %d -seed %d", *kills, from)
		}
	})
	c := &crash{t: t, random: rand.New(rand.NewPCG(from, clients)), dir: t.TempDir(), took: 200 * time.Millisecond}
	c.binary = build(t)
	for range 1 + *kills/10 {
		c.killAtStart() // while it makes its database
	}
	c.importUsers(from)
	for c.killed < *kills && !t.Failed() {
		c.round()
	}
	if !t.Failed() {
		c.end()
	}
	if *kills >= 30 && min(c.tally.rotations.acknowledged.Load(), c.tally.ends.acknowledged.Load()) == 0 {
		t.Error("nothing was acknowledged that a kill could have taken")
	}
	t.Logf("%d kills, %d sessions; rotations: %s; ends: %s; changes of a password: %s",
		c.killed, c.begun.Load(), &c.tally.rotations, &c.tally.ends, &c.tally.changes)
}

// round starts the program, looks at what the last kill left, has it work and kills it, sometimes again while it starts.
func (c *crash) round() {
	s := c.start()
	s.listen()
	c.atOnce(s, (*user).check)
	if c.t.Failed() {
		return
	}
	c.work(s)
	c.inspect()
	for c.killed < *kills && c.random.IntN(4) == 0 {
		c.killAtStart()
	}
}

// killAtStart does not wait until the program listens.
func (c *crash) killAtStart() {
	s := c.start()
	time.Sleep(time.Duration(c.random.Int64N(int64(c.took) * 5 / 4)))
	s.kill()
	s.wait()
	c.inspect()
}

// end looks at everything once more, and has the program end as it should.
func (c *crash) end() {
	s := c.start()
	s.listen()
	for _, u := range c.users {
		for _, past := range u.past {
			past.checked = false
		}
	}
	c.atOnce(s, (*user).check)
	s.terminate()
	c.inspect()
	c.wantNoErrors()
}

// atOnce does the same for every user.
func (c *crash) atOnce(s *server, do func(*user)) {
	var all sync.WaitGroup
	for _, u := range c.users {
		u.server = s
		all.Go(func() { do(u) })
	}
	all.Wait()
}

// work has every user work until the program is killed.
func (c *crash) work(s *server) {
	m := c.moment()
	m.strike = sync.OnceFunc(s.kill)
	s.moment = m
	over := time.AfterFunc(m.latest, m.strike)
	defer over.Stop()
	if m.event == committed {
		go s.watch()
	}
	c.atOnce(s, func(u *user) {
		u.note("-- a kill is to come %s", m)
		for !s.dead.Load() && !u.wrong {
			u.step(m)
		}
		m.strike() // also where the user gave up, for the others would work on
	})
	s.wait()
}

func (c *crash) between(least, most time.Duration) time.Duration {
	return least + time.Duration(c.random.Int64N(int64(most-least)))
}

func (c *crash) database() string { return filepath.Join(c.dir, "tokenpair.db") }
