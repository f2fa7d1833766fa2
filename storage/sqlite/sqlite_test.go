package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
	"example.com/tokenpair/storage/storagetest"
)

var _ storage.Store = (*sqlite.Store)(nil)

func TestStore(t *testing.T) {
	storagetest.TestStore(t, func(t *testing.T) storage.Store {
		return mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db"))
	})
}

// now is what the time is where it does not matter.
var now = time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)

func mustOpen(tb testing.TB, path string) *sqlite.Store {
	tb.Helper()
	store, err := sqlite.Open(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

// mustExec changes a file by other means than the Store's.
func mustExec(t *testing.T, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), script); err != nil {
		t.Fatal(err)
	}
}

func TestReopen(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	users := []storage.User{
		{ID: 5, Username: "anna", Password: "hash", PasswordFormat: "format", Active: true, LastLogin: time.UnixMicro(1).UTC()},
		{ID: 6, Username: "bert", Joined: time.UnixMicro(-1).UTC()},
	}
	if _, err := store.AddUsers(ctx, users); err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteUser(ctx, 6, now); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Setting(ctx, "key", []byte{0, 1}); err != nil {
		t.Fatal(err)
	}
	session := storage.Session{ID: "sid", User: 5, Created: now, Used: now, Ends: now, Current: "jti", Expires: now, Keep: now}
	if err := store.AddSession(ctx, session, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if ended, err := store.EndSession(ctx, "sid", 5, storage.End{At: now, Reason: storage.EndedByUser}); err != nil || !ended {
		t.Fatal(ended, err)
	}
	session.Ended, session.Reason = now, storage.EndedByUser
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(path + "*"); err != nil || !slices.Equal(left, []string{path}) {
		t.Errorf("files after Close: %q, %v", left, err)
	}

	store = mustOpen(t, path)
	if got, err := store.Users(ctx, 0, 10); err != nil || !slices.Equal(got, users[:1]) {
		t.Errorf("users: %+v, %v", got, err)
	}
	if value, err := store.Setting(ctx, "key", nil); err != nil || !slices.Equal(value, []byte{0, 1}) {
		t.Errorf("setting: %q, %v", value, err)
	}
	if got, err := store.Standing(ctx, "jti", "sid"); err != nil || got != (storage.Standing{Session: session, User: users[0]}) {
		t.Errorf("session: %+v, %v", got, err)
	}
	if ids, err := store.AddUsers(ctx, []storage.User{{Username: "carla"}}); err != nil || ids[0] != 7 {
		t.Errorf("the next id is %v, %v; want 7", ids, err)
	}
}

// TestTwoStores has two Stores of one process on one file, as two processes would.
func TestTwoStores(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	first, second := mustOpen(t, path), mustOpen(t, path)
	if _, err := first.AddUsers(ctx, []storage.User{{Username: "anna"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := second.UserByName(ctx, "anna"); err != nil {
		t.Error(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := first.AddUsers(ctx, []storage.User{{Username: "bert"}}); err != nil {
		t.Error(err)
	}
}

// TestLocked has another program hold the write lock: a write waits, no longer than its context, and reads go on.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	if _, err := store.AddUsers(t.Context(), []storage.User{{Username: "anna"}}); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := store.SetActive(ctx, 1, false, now); err == nil || ctx.Err() == nil {
		t.Errorf("a write on a locked database: %v", err)
	} else if !strings.Contains(err.Error(), ctx.Err().Error()) {
		t.Errorf("a write on a locked database: %v, want %v", err, ctx.Err())
	}
	if user, err := store.UserByName(t.Context(), "anna"); err != nil || user.Active {
		t.Errorf("a read on a locked database: %+v, %v", user, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := store.SetActive(t.Context(), 1, true, now); err != nil {
		t.Errorf("a write after the lock: %v", err)
	}
}

// TestBusy has another program hold the write lock for longer than SQLite waits.
func TestBusy(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store, other := mustOpen(t, path), mustOpen(t, path)
	store.SetPatience(10 * time.Millisecond)
	lock, _ := other.Pools()
	tx, err := lock.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	calls := map[string]func() error{
		"AddUsers": func() error { _, err := store.AddUsers(ctx, []storage.User{{Username: "anna"}}); return err },
		"Revoke":   func() error { _, err := store.Revoke(ctx, storage.Revocation{ID: "a"}); return err },
		"ForgetRevoked": func() error {
			_, err := store.ForgetRevoked(ctx, time.Now(), time.Second)
			return err
		},
		"RotateSession": func() error {
			_, _, err := store.RotateSession(ctx, "a", storage.Rotation{Token: "b", Next: "c", At: now})
			return err
		},
		"ForgetSessions": func() error {
			_, _, err := store.ForgetSessions(ctx, time.Now(), time.Second)
			return err
		},
		"SetLastLogin": func() error { return store.SetLastLogin(ctx, 1, time.Now()) },
		"Import":       func() error { _, err := store.Import(ctx, manyUsers(1), manyRevocations(1)); return err },
		"Setting":      func() error { _, err := store.Setting(ctx, "key", nil); return err },
	}
	for name, call := range calls {
		err := call()
		if !errors.Is(err, storage.ErrBusy) || errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: got %v, want %v", name, err, storage.ErrBusy)
		}
	}
	if _, err := store.Standing(ctx, "a", "b"); err != nil {
		t.Errorf("a read: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for name, call := range calls {
		if err := call(); errors.Is(err, storage.ErrBusy) {
			t.Errorf("%s afterwards: %v", name, err)
		}
	}
}

func TestPingNoticesLostFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := store.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("the file was moved away: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("the file was replaced: %v", err)
	}
	if err := os.Rename(path+".moved", path); err != nil {
		t.Fatal(err)
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("the file is back: %v", err)
	}
}
