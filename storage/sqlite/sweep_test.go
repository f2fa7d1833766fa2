package sqlite_test

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// addExpired adds count revocations with random IDs; they expire one microsecond after the other, the last one at end.
func addExpired(t *testing.T, store *sqlite.Store, count int, end time.Time) {
	t.Helper()
	writer, _ := store.Pools()
	const insert = `WITH RECURSIVE number (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?)
		INSERT INTO revoked (id, expires) SELECT lower(hex(randomblob(16))), ? - n FROM number`
	// The rows come in no order of their IDs: with the usual small cache this would take long.
	if _, err := writer.ExecContext(t.Context(), `PRAGMA cache_size = -400000`); err != nil {
		t.Fatal(err)
	}
	if _, err := writer.ExecContext(t.Context(), insert, count, end.UnixMicro()); err != nil {
		t.Fatal(err)
	}
	if _, err := writer.ExecContext(t.Context(), `PRAGMA cache_size = -2000`); err != nil {
		t.Fatal(err)
	}
}

// TestHoldIsKept has a clock that goes on by a millisecond with each look at it: what is forgotten does not depend on the
// machine.
func TestHoldIsKept(t *testing.T) {
	store := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db"))
	now := time.Unix(1_800_000_000, 0)
	addExpired(t, store, 3000, now)
	clock := now
	store.SetNow(func() time.Time { clock = clock.Add(time.Millisecond); return clock })
	for _, test := range []struct{ hold, least, most int }{{0, 1, 1}, {1, 1, 1}, {30, 2, 30}, {1000, 3000/sqlite.ForgetRows - 32, 3000 / sqlite.ForgetRows}} {
		count, err := store.ForgetRevoked(t.Context(), now, time.Duration(test.hold)*time.Millisecond)
		if err != nil || count < test.least*sqlite.ForgetRows || count > test.most*sqlite.ForgetRows {
			t.Errorf("%d were forgotten in %d ms, %v; want %d to %d times %d", count, test.hold, err, test.least, test.most, sqlite.ForgetRows)
		}
	}
	wantRows(t, store, 0, 0, 0)
}

// TestSweep forgets revocations of a million for some seconds, while another Store writes, and wants half of the holds to be
// shorter than 50 ms. With TOKENPAIR_TIMING it forgets all, and wants that of each hold. A hold is measured from the first look at
// the clock, when the writer was just taken, until the method has returned.
func TestSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("a million rows take the race detector two minutes; without it they are there: make test")
	}
	const rows = 1_000_000
	sweepFor := 6 * time.Second
	if os.Getenv("TOKENPAIR_TIMING") != "" {
		sweepFor = time.Hour // all of them
	}
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store, other := mustOpen(t, path), mustOpen(t, path)
	now := time.Now().Truncate(time.Microsecond)
	addExpired(t, store, rows, now)
	if _, err := other.AddUsers(t.Context(), []storage.User{{ID: 1, Username: "anna"}}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var waits []time.Duration
	var writer sync.WaitGroup
	writer.Go(func() { waits = writeUntil(t, other, done) })

	var taken time.Time
	store.SetNow(func() time.Time {
		if taken.IsZero() {
			taken = time.Now()
		}
		return time.Now()
	})
	var holds []time.Duration
	forgotten := 0
	for start := time.Now(); time.Since(start) < sweepFor; time.Sleep(5 * time.Millisecond) {
		taken = time.Time{}
		count, err := store.ForgetRevoked(t.Context(), now, 10*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		holds = append(holds, time.Since(taken))
		forgotten += count
		if count == 0 {
			break
		}
	}
	close(done)
	writer.Wait()

	wantRows(t, store, 1, rows-forgotten, 0)
	oldest := now.Add(-time.Duration(rows-1-forgotten) * time.Microsecond).UnixMicro()
	_, readers := store.Pools()
	var left int64
	if err := readers.QueryRowContext(t.Context(), `SELECT min(expires) FROM revoked`).Scan(&left); forgotten < rows && (err != nil || left != oldest) {
		t.Errorf("the oldest that is left expired at %d, %v; want %d", left, err, oldest)
	}
	t.Logf("%d of %d rows forgotten", forgotten, rows)
	logTimes(t, "waits of another Store's writes", waits)
	logTimes(t, "holds", holds)
	// A machine that is busy with other things can keep any of them waiting, and the clock with it.
	longest := holds[len(holds)/2]
	if os.Getenv("TOKENPAIR_TIMING") != "" {
		longest = holds[len(holds)-1]
	}
	if longest > 50*time.Millisecond {
		t.Errorf("a hold took %v", longest)
	}
}

// writeUntil writes every few milliseconds, and returns how long each write took.
func writeUntil(t *testing.T, store *sqlite.Store, done <-chan struct{}) (times []time.Duration) {
	for {
		select {
		case <-done:
			return times
		case <-time.After(5 * time.Millisecond):
		}
		start := time.Now()
		if err := store.SetLastLogin(t.Context(), 1, start); err != nil {
			t.Errorf("SetLastLogin: %v", err)
			return times
		}
		times = append(times, time.Since(start))
	}
}

// logTimes sorts times and prints their distribution.
func logTimes(t *testing.T, what string, times []time.Duration) {
	t.Helper()
	slices.Sort(times)
	if count := len(times); count > 0 {
		t.Logf("%s: %d, median %v, 99th percentile %v, longest %v", what, count, times[count/2], times[count*99/100], times[count-1])
	}
}
