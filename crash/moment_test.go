package crash_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// moment is when the kill comes.
type moment struct {
	// event is what is counted, "" for nothing: the kill comes after latest.
	event event
	// kind is of the requests that are counted. Users do such deeds before others, so that what else is under way is of it too.
	kind kind
	// left is how many more of them there are before the kill.
	left atomic.Int64
	// delay is how long after a request is sent.
	delay  time.Duration
	latest time.Duration
	strike func()
}

type event string

const (
	sent      event = "requests are sent"
	answered  event = "answers begin to come" // a write that is still to come would be lost
	committed event = "transactions are committed"
)

// moment draws when the kill comes: now and then at any time, mostly while something of a kind is written, or when it has just
// been.
func (c *crash) moment() *moment {
	m := &moment{latest: longest}
	events := []event{"", sent, answered, answered, committed, committed}
	kinds := []kind{login, adoption, rotation, rotation, logout, logout, end, end, endAll, endAll, change, change}
	switch m.event = events[c.random.IntN(len(events))]; {
	case m.event == committed:
		kinds = []kind{rotation, end, endAll, endAll, change, change} // mostly of what consists of several writes
	case m.event == "" && c.random.IntN(2) == 0:
		m.latest = c.between(time.Millisecond, 30*time.Millisecond)
	case m.event == "":
		m.latest = c.between(30*time.Millisecond, longest)
	}
	m.kind = kinds[c.random.IntN(len(kinds))]
	many, long := int64(30), 4*time.Millisecond
	switch m.kind {
	case rotation:
		many = 300
	case login, change: // mostly hashing
		many, long = 12, 200*time.Millisecond
	}
	m.left.Store(1 + c.random.Int64N(many))
	m.delay = c.between(0, long)
	return m
}

func (m *moment) String() string {
	switch m.event {
	case "":
		return fmt.Sprintf("after %s", m.latest)
	case sent:
		return fmt.Sprintf("when %d %s, of the kind %q, and %s later", m.left.Load(), m.event, m.kind, m.delay)
	}
	return fmt.Sprintf("when %d %s, mostly of the kind %q", m.left.Load(), m.event, m.kind)
}

// counts says whether the kill comes with this event, of a request of this kind.
func (m *moment) counts(e event, k kind) bool {
	return m != nil && m.event == e && m.kind == k && m.left.Add(-1) == 0
}

// bias is how much more often than otherwise a deed of the kind is done.
func (m *moment) bias() int {
	if m.event == committed {
		return 100 // commits of others would be counted
	}
	return 6
}

// watch strikes when so many transactions are committed, and mostly before they are answered. The index of the write-ahead log
// has a number that grows with each (https://sqlite.org/walformat.html, iChange in the header); without the file the kill comes
// when it comes.
func (s *server) watch() {
	index, err := os.Open(s.database() + "-shm")
	if err != nil {
		return
	}
	defer index.Close()
	read := func() uint32 {
		var number [4]byte
		if _, err := index.ReadAt(number[:], 8); err != nil {
			return 0
		}
		return binary.NativeEndian.Uint32(number[:])
	}
	for first := read(); !s.dead.Load(); time.Sleep(10 * time.Microsecond) {
		if int64(read()-first) >= s.moment.left.Load() {
			s.moment.strike()
		}
	}
}
