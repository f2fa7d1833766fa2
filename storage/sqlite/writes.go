package sqlite

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Writes share commits. Nearly all of the time that a write takes, its commit waits for the disk. So a write is a unit of work that
// is queued; one goroutine, while there is anything to do, takes the writer, runs the units that wait, each in a savepoint of its
// own, commits once, and only then answers. It never waits for company: a unit that comes alone is run at once, and others
// gather while its commit waits for the disk.
//
// What takes long by design (the batches of an import, a sweep) has transactions of its own on the same connection, and gets it
// between two groups.

// A group takes in units that come meanwhile until it has so many, or has gone on for so long: whoever is in it waits for all of it.
const (
	groupUnits = 256
	groupTime  = 5 * time.Millisecond
)

// Between groups that follow each other without an end there is a rest now and then, in which another process finds the file
// free. A client that comes alone leaves it free between its writes.
const (
	restEvery = 100 * time.Millisecond
	rest      = 2 * beginEvery
)

var errClosed = errors.New("the database is closed")

// queue holds the units that wait for the writer, the first to come first. One that was withdrawn stays until it is come to.
type queue struct {
	mu      sync.Mutex
	waiting []*unit
	running bool
	closed  bool
	runner  sync.WaitGroup
	// commits counts the groups that were committed.
	commits atomic.Int64
}

// A unit is queued until its caller withdraws it or the runner begins it.
type unit struct {
	work     func(*transaction) error
	state    atomic.Int32
	err      error
	panicked any
	done     chan struct{}
}

const (
	queued int32 = iota
	begun
	withdrawn
)

func (u *unit) begin() bool    { return u.state.CompareAndSwap(queued, begun) }
func (u *unit) withdraw() bool { return u.state.CompareAndSwap(queued, withdrawn) }

// answer tells the caller what became of the unit: failure, if there is one, became of its whole group.
func (u *unit) answer(failure error) {
	if failure != nil {
		u.err = failure
	}
	close(u.done)
}

// write runs work as a unit of work that is on disk when it returns nil. Its error is translated, and nothing was done. When
// ctx ends before the unit was begun, it never is; after that, write waits for what becomes of it.
//
// work returns the first error that a statement gives: after some of them SQLite has dropped the whole transaction, and what
// followed would stand alone. It uses the writer through t only: by other means it would wait for itself.
func (s *Store) write(ctx context.Context, work func(t *transaction) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u := &unit{work: work, done: make(chan struct{})}
	if err := s.enqueue(u); err != nil {
		return err
	}
	select {
	case <-u.done:
	case <-ctx.Done():
		if u.withdraw() {
			return ctx.Err()
		}
		<-u.done
	}
	if u.panicked != nil {
		panic(u.panicked)
	}
	// The truth is told also to one whose context has ended since.
	return translate(context.Background(), u.err)
}

func (s *Store) enqueue(u *unit) error {
	q := &s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed
	}
	q.waiting = append(q.waiting, u)
	if !q.running {
		q.running = true
		q.runner.Go(s.runGroups)
	}
	return nil
}

// close refuses further units, and returns when those that there are were answered.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.runner.Wait()
}

// count says how many units wait, and lets the runner end when none does.
func (q *queue) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running = len(q.waiting) > 0
	return len(q.waiting)
}

// next takes the first unit, nil when none waits.
func (q *queue) next() *unit {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	u := q.waiting[0]
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	return u
}

// runGroups is the runner.
func (s *Store) runGroups() {
	rested := s.now()
	for count := s.queue.count(); count > 0; count = s.queue.count() {
		units := s.runGroup(count)
		// Who was answered runs first, and is in the next group when it comes again. Alone, this waits for nobody.
		runtime.Gosched()
		if units > 1 && s.now().Sub(rested) >= restEvery {
			s.pause(rest)
			rested = s.now()
		}
	}
}

// runGroup runs a group of units in one transaction. So many units wait when it is called: when there can be no transaction, they
// are told. Who came meanwhile has waited for less long, and is in the next group. It returns how many were run.
func (s *Store) runGroup(waiting int) (units int) {
	// No unit's own context may end a statement: the units of others would be undone with it.
	tx, err := begin(context.Background(), s.writer, s.patience)
	if err != nil {
		for range waiting {
			if u := s.queue.next(); u.begin() {
				u.answer(err)
			}
		}
		return 0
	}
	t := newTransaction(tx, s.prepared)
	var group []*unit
	for start := s.now(); err == nil; {
		u := s.queue.next()
		if u == nil {
			break
		}
		if !u.begin() {
			continue
		}
		group = append(group, u)
		err = t.run(u)
		if len(group) == groupUnits || s.now().Sub(start) >= groupTime {
			break
		}
	}
	if err != nil || len(group) == 0 {
		tx.Rollback()
	} else if err = tx.Commit(); err == nil {
		s.queue.commits.Add(1)
	}
	for _, u := range group {
		u.answer(err)
	}
	return len(group)
}
