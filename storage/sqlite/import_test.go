package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// manyUsers yields count users with the IDs from 1 on, in an order of names that has nothing to do with the IDs.
func manyUsers(count int) iter.Seq2[storage.User, error] {
	return func(yield func(storage.User, error) bool) {
		for i := range count {
			user := storage.User{
				ID:             int64(i + 1),
				Username:       fmt.Sprintf("user-%08x", uint32(i)*2654435761),
				Password:       "pbkdf2_sha256$1000000$HQs3kxOC1CQtOgC3VFb0j9$spJb5MqtN2XVRz2N/NnKHPp1FNoX6PAnwYJja9tJl30=",
				PasswordFormat: "pbkdf2_sha256$1000000",
				Active:         true,
			}
			if !yield(user, nil) {
				return
			}
		}
	}
}

func manyRevocations(count int) iter.Seq2[storage.Revocation, error] {
	return func(yield func(storage.Revocation, error) bool) {
		for i := range count {
			if !yield(storage.Revocation{ID: fmt.Sprintf("token-%08x", uint32(i)*2654435761), Expires: time.Unix(1e10, 0)}, nil) {
				return
			}
		}
	}
}

// later lets the Store's clock go before or after the real one.
func later(store *sqlite.Store, by time.Duration) {
	store.SetNow(func() time.Time { return time.Now().Add(by) })
}

// wantRows counts what is in the tables, seen or not.
func wantRows(t *testing.T, store *sqlite.Store, users, revoked, imports int) {
	t.Helper()
	_, readers := store.Pools()
	for table, want := range map[string]int{"users": users, "revoked": revoked, "pending_imports": imports} {
		var got int
		if err := readers.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&got); err != nil || got != want {
			t.Errorf("%d rows in %s, %v; want %d", got, table, err, want)
		}
	}
}

// startImport is the process that TestKilledImport kills: it stops before the end of its import.
func startImport(path string) error {
	store, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return err
	}
	stop := func(yield func(storage.Revocation, error) bool) {
		for revocation := range manyRevocations(2000) {
			if !yield(revocation, nil) {
				return
			}
		}
		fmt.Println("stopped")
		select {}
	}
	_, err = store.Import(context.Background(), manyUsers(2000), stop)
	return err
}

func TestKilledImport(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	if _, err := store.AddUsers(ctx, []storage.User{{ID: 1_000_000, Username: "anna"}}); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(ctx, os.Args[0])
	command.Env = append(os.Environ(), childPath+"="+path, childName+"="+importName)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil || strings.TrimSpace(line) != "stopped" {
		t.Errorf("the process wrote %q, %v", line, err)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil {
		t.Fatal("the process ended by itself")
	}

	if users, err := store.Users(ctx, 0, 10); err != nil || len(users) != 1 {
		t.Errorf("%d users are seen after the kill, %v", len(users), err)
	}
	_, readers := store.Pools()
	var left int
	if err := readers.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&left); err != nil || left < 1000 {
		t.Fatalf("%d users are left behind, %v: the process was killed too early", left, err)
	}

	for _, by := range []time.Duration{0, sqlite.HeartbeatLost / 2} {
		later(store, by)
		if _, err := store.Import(ctx, manyUsers(1), manyRevocations(1)); !errors.Is(err, storage.ErrBusy) || strings.Contains(err.Error(), "\n") {
			t.Errorf("another import at once: %v", err)
		}
	}
	later(store, 10*sqlite.HeartbeatLost)
	imported, err := store.Import(ctx, manyUsers(3), manyRevocations(2))
	if err != nil || imported != (storage.Imported{Users: 3, Revocations: 2}) {
		t.Errorf("another import later: %+v, %v", imported, err)
	}
	wantRows(t, store, 4, 2, 0)
}

// TestKilledImportIsInNobodysWay: the names that it took are nobody's who can be seen.
func TestKilledImportIsInNobodysWay(t *testing.T) {
	for name, add := range map[string]func(*sqlite.Store) error{
		"AddUsers": func(store *sqlite.Store) error {
			_, err := store.AddUsers(t.Context(), []storage.User{{Username: "anna"}})
			return err
		},
		"AddFirstUser": func(store *sqlite.Store) error {
			_, err := store.AddFirstUser(t.Context(), storage.User{Username: "anna"})
			return err
		},
	} {
		path := filepath.Join(t.TempDir(), "tokenpair.db")
		store := mustOpen(t, path)
		mustExec(t, path, fmt.Sprintf(`INSERT INTO pending_imports (id, heartbeat) VALUES (7, %d);
			INSERT INTO users (id, username, password, password_format, active, import) VALUES (1, 'anna', '', '', 1, 7)`, time.Now().UnixMicro()))
		if err := add(store); !errors.Is(err, storage.ErrExists) {
			t.Errorf("%s while it may run: %v", name, err)
		}
		later(store, 2*sqlite.HeartbeatLost)
		if err := add(store); err != nil {
			t.Errorf("%s after it: %v", name, err)
		}
		wantRows(t, store, 1, 0, 0)
	}
}

// TestSlowEndIsNoFailure: the last transaction is not followed by a rest, which a deadline could cut off when everything
// is seen already.
func TestSlowEndIsNoFailure(t *testing.T) {
	store := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db"))
	clock := time.Now()
	slow := func(func(storage.Revocation, error) bool) { // from here on, each look at the clock is 11 seconds later
		store.SetNow(func() time.Time { clock = clock.Add(11 * time.Second); return clock })
	}
	if imported, err := store.Import(t.Context(), manyUsers(3), slow); err != nil || imported.Users != 3 {
		t.Errorf("%+v, %v", imported, err)
	}
}

// TestSetBackClock: a heartbeat far in the future would otherwise refuse imports until then.
func TestSetBackClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	mustExec(t, path, fmt.Sprintf(`INSERT INTO pending_imports (heartbeat) VALUES (%d)`, time.Now().Add(time.Hour).UnixMicro()))
	if _, err := store.Import(t.Context(), manyUsers(1), manyRevocations(1)); err != nil {
		t.Error(err)
	}
	wantRows(t, store, 1, 1, 0)
}

// TestSupersededImport has an import stand still for so long that another takes it for dead. Whatever the first one does
// then, it shows none of its rows, and takes none from the other.
func TestSupersededImport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	first, second := mustOpen(t, path), mustOpen(t, path)
	later(second, 2*sqlite.HeartbeatLost)
	for _, more := range []int{0, 1, 1000} {
		revoked := func(yield func(storage.Revocation, error) bool) {
			if _, err := second.Import(t.Context(), manyUsers(700), manyRevocations(1)); err != nil {
				t.Errorf("the second import: %v", err)
			}
			for revocation := range manyRevocations(more) {
				if !yield(revocation, nil) {
					return
				}
			}
		}
		if _, err := first.Import(t.Context(), manyUsers(1500), revoked); !errors.Is(err, storage.ErrBusy) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the first import: %v", err)
		}
		wantRows(t, first, 700, 1, 0)
		mustExec(t, path, `DELETE FROM users; DELETE FROM revoked`)
	}
}

// TestSupersededBeforeItIsCleared has the first import come back when the second has just begun, and has deleted nothing yet: were
// the first to go on, it would show the rows that the second leaves of it.
func TestSupersededBeforeItIsCleared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	begin := func(func(storage.Revocation, error) bool) {
		mustExec(t, path, fmt.Sprintf(`INSERT INTO pending_imports (heartbeat) VALUES (%d)`, time.Now().UnixMicro()))
	}
	if _, err := store.Import(t.Context(), manyUsers(1500), begin); !errors.Is(err, storage.ErrBusy) {
		t.Errorf("Import: %v", err)
	}
	if users, err := store.Users(t.Context(), 0, 10); err != nil || len(users) != 0 {
		t.Errorf("%d users are seen, %v", len(users), err)
	}
	wantRows(t, store, 1500, 0, 2)
	later(store, 2*sqlite.HeartbeatLost)
	if _, err := store.Import(t.Context(), manyUsers(1), manyRevocations(1)); err != nil {
		t.Error(err)
	}
	wantRows(t, store, 1, 1, 0)
}

// TestSupersededWhileAnotherRuns has the first import come back while the second is in the middle of its own.
func TestSupersededWhileAnotherRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	first, second := mustOpen(t, path), mustOpen(t, path)
	later(second, 2*sqlite.HeartbeatLost)
	reached, proceed, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	stop := func(func(storage.Revocation, error) bool) {
		close(reached)
		<-proceed
	}
	start := func(func(storage.Revocation, error) bool) {
		go func() {
			_, err := second.Import(t.Context(), manyUsers(700), stop)
			ended <- err
		}()
		select {
		case <-reached:
		case err := <-ended:
			t.Errorf("the second import did not wait: %v", err)
		}
	}
	if _, err := first.Import(t.Context(), manyUsers(1500), start); !errors.Is(err, storage.ErrBusy) {
		t.Errorf("the first import: %v", err)
	}
	if users, err := first.Users(t.Context(), 0, 10); err != nil || len(users) != 0 {
		t.Errorf("%d users are seen, %v", len(users), err)
	}
	close(proceed)
	if err := <-ended; err != nil {
		t.Errorf("the second import: %v", err)
	}
	wantRows(t, first, 700, 0, 0)
}

// TestImportsAreNotMixedUp: were the id of an import given again, the users of the earlier one would vanish for a while.
func TestImportsAreNotMixedUp(t *testing.T) {
	store := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db"))
	if _, err := store.Import(t.Context(), manyUsers(10), manyRevocations(10)); err != nil {
		t.Fatal(err)
	}
	look := func(yield func(storage.Revocation, error) bool) {
		if users, err := store.Users(t.Context(), 0, 100); err != nil || len(users) != 10 {
			t.Errorf("%d users, %v", len(users), err)
		}
		yield(storage.Revocation{}, errors.New("the file is cut short"))
	}
	if _, err := store.Import(t.Context(), manyUsers(600), look); err == nil {
		t.Error("the import did not fail")
	}
	wantRows(t, store, 10, 10, 0)
}
