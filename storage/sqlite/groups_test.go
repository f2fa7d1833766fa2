package sqlite_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// TestAnswersComeAfterTheCommit holds a group up in its middle: who was before is not answered yet, and nobody sees anything.
func TestAnswersComeAfterTheCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store, other := mustOpen(t, path), mustOpen(t, path)
	reached, proceed := make(chan struct{}), make(chan struct{})
	answered := make(chan struct{})
	g := gather(t, store)
	g.add(func() error {
		err := addUser(store, "anna")()
		close(answered)
		return err
	})
	g.add(func() error {
		return store.Write(t.Context(), func(statement) error {
			close(reached)
			<-proceed
			return nil
		})
	})
	g.calls.Go(func() {
		<-reached
		for range 100 {
			select {
			case <-answered:
				t.Error("a unit was answered before the commit")
			case <-time.After(time.Millisecond):
			}
			if users, err := other.Users(t.Context(), 0, 10); err != nil || len(users) != 0 {
				t.Errorf("%d users are seen before the commit, %v", len(users), err)
			}
		}
		close(proceed)
	})
	g.commit(1)
	wantNames(t, path, "anna")
}

// TestAnsweredIsSeen has 64 clients write at once: another connection sees each write as soon as it was answered.
func TestAnsweredIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store, other := mustOpen(t, path), mustOpen(t, path)
	addSessions(t, store, 64)
	rotateTogether(t, store, 64, 20, func(c *client) {
		standing, err := other.Standing(t.Context(), "", c.id)
		if err != nil || standing.Session.Current != c.token || standing.User.ID != standing.Session.User {
			t.Errorf("another connection sees %+v, %v", standing, err)
		}
	})
}

// TestGroupsShareCommits has 64 clients write at once, and counts the syncs: those of the commits, and those of the checkpoints.
// Where nobody reads, each checkpoint has the log begin anew, which its header counts, and syncs the log, the file and that header.
func TestGroupsShareCommits(t *testing.T) {
	const clients, each = 64, 50
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	addSessions(t, store, clients)
	commits, checkpoints := store.Commits(), countCheckpoints(t, path)
	rotateTogether(t, store, clients, each, func(*client) {})
	commits = store.Commits() - commits
	syncs := commits + 3*(countCheckpoints(t, path)-checkpoints+1)
	t.Logf("%d writes, %d commits, at most %d syncs", clients*each, commits, syncs)
	if syncs*5 > clients*each {
		t.Errorf("%d syncs for %d writes", syncs, clients*each)
	}
}

// rotateTogether has clients rotate each its own session at once.
func rotateTogether(t *testing.T, store *sqlite.Store, clients, each int, after func(*client)) {
	t.Helper()
	var group sync.WaitGroup
	for n := range clients {
		group.Go(func() {
			c := newClient(n)
			for range each {
				if err := c.rotate(t.Context(), store); err != nil {
					t.Error(err)
					return
				}
				after(c)
			}
		})
	}
	group.Wait()
}

// countCheckpoints reads how often the log was begun anew. No lock is on the log: it may be opened and closed.
func countCheckpoints(t *testing.T, path string) int {
	t.Helper()
	log, err := os.ReadFile(path + "-wal")
	if err != nil || len(log) < 32 {
		t.Fatalf("%d bytes of the log, %v", len(log), err)
	}
	return int(binary.BigEndian.Uint32(log[12:]))
}

// TestOneClientHasCommitsOfItsOwn: nobody waits for company.
func TestOneClientHasCommitsOfItsOwn(t *testing.T) {
	store := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db"))
	addSessions(t, store, 1)
	c := newClient(0)
	before := store.Commits()
	for range 100 {
		if err := c.rotate(t.Context(), store); err != nil {
			t.Fatal(err)
		}
	}
	if got := store.Commits() - before; got != 100 {
		t.Errorf("%d commits, want 100", got)
	}
}

// TestNobodyWaitsAlone has the clock run so fast that a rest is due after each group: a client that is alone has none.
func TestNobodyWaitsAlone(t *testing.T) {
	store := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db"))
	addSessions(t, store, 64)
	var clock, rests atomic.Int64
	store.SetNow(func() time.Time { return now.Add(time.Duration(clock.Add(1)) * time.Second) })
	store.SetPause(func(time.Duration) { rests.Add(1) })
	rotateTogether(t, store, 1, 100, func(*client) {})
	if n := rests.Load(); n != 0 {
		t.Errorf("one client had %d rests", n)
	}
	store.SetNow(time.Now)
	g := gather(t, store)
	for n := range 64 {
		g.add(addUser(store, fmt.Sprint("user ", n)))
	}
	g.commit(1)
}

// TestGroupsAreBounded: a group has an end, by its size and by the clock, however many wait.
func TestGroupsAreBounded(t *testing.T) {
	store := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db"))
	write := func() error { return store.Write(t.Context(), func(statement) error { return nil }) }
	g := gather(t, store)
	for range 2*sqlite.GroupUnits + 1 {
		g.add(write)
	}
	g.commit(3)

	g = gather(t, store)
	clock := now
	store.SetNow(func() time.Time { clock = clock.Add(time.Second); return clock })
	for range 5 {
		g.add(write)
	}
	g.commit(5)
}

// TestBusyGroup has another program keep the file for longer than SQLite waits: who waited all that time is told, and who came
// meanwhile has a time of its own, and succeeds.
func TestBusyGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store, other := mustOpen(t, path), mustOpen(t, path)
	store.SetPatience(2 * time.Second)
	writer, _ := store.Pools()
	lock, _ := other.Pools()
	tx, err := lock.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	g := gather(t, store)
	waits := writer.Stats().WaitCount
	told := make(chan struct{})
	first := g.add(func() error {
		defer close(told)
		return addUser(store, "anna")()
	})
	// From here on the group waits for the connection.
	for writer.Stats().WaitCount == waits {
		runtime.Gosched()
	}
	second := g.add(addUser(store, "bert"))
	g.calls.Go(func() {
		<-told
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
	g.commit(1)
	if !errors.Is(*first, storage.ErrBusy) || *second != nil {
		t.Errorf("got %v and %v", *first, *second)
	}
	wantNames(t, path, "bert")
}

// TestOthersGetATurn has another process write while 64 clients keep the queue full.
func TestOthersGetATurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store, other := mustOpen(t, path), mustOpen(t, path)
	addSessions(t, store, 64)
	var over atomic.Bool
	var group sync.WaitGroup
	for n := range 64 {
		group.Go(func() {
			for c := newClient(n); !over.Load(); {
				if err := c.rotate(t.Context(), store); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 20 {
		if _, err := other.EndSession(t.Context(), "none", 0, storage.End{At: now, Reason: storage.EndedByOperator}); err != nil {
			t.Errorf("a write of another process: %v", err)
		}
	}
	over.Store(true)
	group.Wait()
}

// TestCloseAnswersAll closes a Store with units under way.
func TestCloseAnswersAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	g := gather(t, store)
	var failures []*error
	var names []string
	for i := range 10 {
		names = append(names, fmt.Sprint("user ", i))
		failures = append(failures, g.add(addUser(store, names[i])))
	}
	closed := make(chan error)
	go func() { closed <- store.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("Close did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	g.commit(1)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for _, failure := range failures {
		if *failure != nil {
			t.Error(*failure)
		}
	}
	if err := addUser(store, "late")(); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("a write after Close: %v", err)
	}
	wantNames(t, path, names...)
}
