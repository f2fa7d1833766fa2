package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// statement runs a statement of a unit.
type statement = func(query string, arguments ...any) error

// A gathering keeps the writer to itself, so that the units that are queued meanwhile are one group.
type gathering struct {
	t     *testing.T
	store *sqlite.Store
	held  *sql.Conn
	count int
	calls sync.WaitGroup
}

func gather(t *testing.T, store *sqlite.Store) *gathering {
	t.Helper()
	// To a clock that stands still no group is too old.
	store.SetNow(func() time.Time { return now })
	writer, _ := store.Pools()
	held, err := writer.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &gathering{t: t, store: store, held: held}
}

// add calls, and returns when one more unit is queued. The error is there after commit.
func (g *gathering) add(call func() error) *error {
	g.t.Helper()
	failure := new(error)
	ended := make(chan struct{})
	g.calls.Go(func() {
		defer close(ended)
		*failure = call()
	})
	for g.count++; g.store.Waiting() < g.count; runtime.Gosched() {
		select {
		case <-ended:
			g.t.Fatalf("the call ended before it was queued: %v", *failure)
		default:
		}
	}
	return failure
}

// commit lets the group go, waits for all calls, and wants so many commits.
func (g *gathering) commit(want int) {
	g.t.Helper()
	before := g.store.Commits()
	if err := g.held.Close(); err != nil {
		g.t.Fatal(err)
	}
	g.calls.Wait()
	if got := g.store.Commits() - before; got != want {
		g.t.Errorf("%d commits, want %d", got, want)
	}
}

func addUser(store *sqlite.Store, names ...string) func() error {
	return func() error {
		var users []storage.User
		for _, name := range names {
			users = append(users, storage.User{Username: name})
		}
		_, err := store.AddUsers(context.Background(), users)
		return err
	}
}

// wantNames wants these users and no others, as another connection sees them.
func wantNames(t *testing.T, path string, want ...string) {
	t.Helper()
	users, err := mustOpen(t, path).Users(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, user := range users {
		got = append(got, user.Username)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("users are %q, want %q", got, want)
	}
}

const insertAnyUser = `INSERT INTO users (username, password, password_format, active) VALUES (?, '', '', 1)`

// TestFailingUnitFailsAlone has units of one group fail in each way that there is.
func TestFailingUnitFailsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	broken := errors.New("broken")
	g := gather(t, store)
	first := g.add(addUser(store, "anna"))
	taken := g.add(addUser(store, "bert", "anna"))
	missing := g.add(func() error { return store.SetActive(t.Context(), 77, true, now) })
	failing := g.add(func() error {
		return store.Write(t.Context(), func(run statement) error {
			return errors.Join(run(insertAnyUser, "carla"), broken)
		})
	})
	panicking := g.add(func() (err error) {
		defer func() { err = fmt.Errorf("panic: %v", recover()) }()
		return store.Write(t.Context(), func(run statement) error {
			if err := run(insertAnyUser, "doris"); err != nil {
				return err
			}
			panic("out of order")
		})
	})
	last := g.add(addUser(store, "emil"))
	g.commit(1)
	if *first != nil || *last != nil {
		t.Errorf("the others: %v, %v", *first, *last)
	}
	if !errors.Is(*taken, storage.ErrExists) || !errors.Is(*missing, storage.ErrNotFound) || !errors.Is(*failing, broken) {
		t.Errorf("the failing ones: %v, %v, %v", *taken, *missing, *failing)
	}
	if *panicking == nil || (*panicking).Error() != "panic: out of order" {
		t.Errorf("the panicking one: %v", *panicking)
	}
	wantNames(t, path, "anna", "emil")
	// An id that was undone may come again: it was given to nobody.
	if ids, err := store.AddUsers(t.Context(), []storage.User{{Username: "fritz"}}); err != nil || ids[0] != 3 {
		t.Errorf("the next id is %v, %v", ids, err)
	}
}

// TestLostTransaction has SQLite drop the whole transaction in the middle of a group: nobody is told success.
func TestLostTransaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	writer, _ := store.Pools()
	// No page more: the disk is full.
	if _, err := writer.ExecContext(t.Context(), `PRAGMA max_page_count = 1`); err != nil {
		t.Fatal(err)
	}
	g := gather(t, store)
	before := g.add(func() error {
		_, err := store.Setting(t.Context(), "key", []byte("small"))
		return err
	})
	full := g.add(addUser(store, strings.Repeat("x", 100_000)))
	after := g.add(func() error { return store.SetLastLogin(t.Context(), 77, now) })
	g.commit(1)
	for i, err := range []error{*before, *full} {
		if err == nil || !strings.Contains(err.Error(), "disk is full") {
			t.Errorf("%d: %v", i, err)
		}
	}
	// This one came after the transaction was lost, and had one of its own.
	if !errors.Is(*after, storage.ErrNotFound) {
		t.Errorf("the one after: %v", *after)
	}
	if _, err := writer.ExecContext(t.Context(), `PRAGMA max_page_count = 100000`); err != nil {
		t.Fatal(err)
	}
	if err := addUser(store, "anna")(); err != nil {
		t.Error(err)
	}
	wantNames(t, path, "anna")
	if value, err := store.Setting(t.Context(), "key", []byte("another")); err != nil || string(value) != "another" {
		t.Errorf("the setting is %q, %v", value, err)
	}
}

// TestFailedCommit has the commit of a group fail, by a foreign key that is looked at then: nobody is told success, nor anything
// that was so in this transaction only.
func TestFailedCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	if err := addUser(store, "anna")(); err != nil {
		t.Fatal(err)
	}
	mustExec(t, path, `CREATE TABLE child (parent INTEGER REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)`)
	g := gather(t, store)
	deleted := g.add(func() error { return store.DeleteUser(t.Context(), 1, now) })
	missing := g.add(func() error { return store.SetActive(t.Context(), 1, true, now) })
	orphan := g.add(func() error {
		return store.Write(t.Context(), func(run statement) error { return run(`INSERT INTO child VALUES (77)`) })
	})
	added := g.add(addUser(store, "bert"))
	g.commit(0)
	for i, err := range []error{*deleted, *missing, *orphan, *added} {
		if err == nil || errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%d: %v", i, err)
		}
	}
	wantNames(t, path, "anna")
	if err := addUser(store, "bert")(); err != nil {
		t.Error(err)
	}
	wantNames(t, path, "anna", "bert")
}

// TestWithdrawn ends contexts of units that are queued, while another use of the one connection keeps them waiting, and while another
// program keeps the file: they are told at once, and are never done.
func TestWithdrawn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store, other := mustOpen(t, path), mustOpen(t, path)
	for name, hold := range map[string]*sqlite.Store{"connection": store, "file": other} {
		writer, _ := hold.Pools()
		tx, err := writer.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		var withdrawn, kept error
		told := make(chan struct{})
		calls.Go(func() {
			kept = store.Write(t.Context(), func(run statement) error { return run(insertAnyUser, name+" kept") })
		})
		calls.Go(func() {
			withdrawn = store.Write(ctx, func(run statement) error {
				t.Error("a withdrawn unit was begun")
				return run(insertAnyUser, name+" withdrawn")
			})
			close(told)
		})
		for store.Waiting() < 2 {
			runtime.Gosched()
		}
		cancel()
		<-told
		if !errors.Is(withdrawn, context.Canceled) {
			t.Errorf("the withdrawn unit: %v", withdrawn)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		calls.Wait()
		if kept != nil {
			t.Errorf("the other unit: %v", kept)
		}
		if _, err := store.UserByName(t.Context(), name+" kept"); err != nil {
			t.Error(err)
		}
	}
	if users, err := store.Users(t.Context(), 0, 10); err != nil || len(users) != 2 {
		t.Errorf("%d users, %v", len(users), err)
	}
}

// TestBegunIsToldTheTruth ends the context of a unit that was begun: it is done, and its caller is told so.
func TestBegunIsToldTheTruth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	broken := errors.New("broken")
	for i, outcome := range []error{nil, broken} {
		ctx, cancel := context.WithCancel(t.Context())
		err := store.Write(ctx, func(run statement) error {
			cancel()
			return errors.Join(run(insertAnyUser, fmt.Sprint("user ", i)), outcome)
		})
		if !errors.Is(err, outcome) || errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, outcome)
		}
	}
	wantNames(t, path, "user 0")
}
