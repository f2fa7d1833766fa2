package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.com/tokenpair/storage/sqlite"
)

// TestRotationWritesOnePage looks at the log: however many sessions there are, a rotation adds one page to it.
func TestRotationWritesOnePage(t *testing.T) {
	const frame = 24 + 4096
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	addSessions(t, store, 2000)
	writer, _ := store.Pools()
	if _, err := writer.ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	c := newClient(1234)
	if err := c.rotate(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	for before := size(); c.count < 20; before += frame {
		if err := c.rotate(t.Context(), store); err != nil {
			t.Fatal(err)
		}
		if got := size() - before; got != frame {
			t.Errorf("the log grew by %d bytes, want %d", got, frame)
		}
	}
}

// TestHoldOfSessionsIsKept is TestHoldIsKept for sessions, half of which live on and are only moved.
func TestHoldOfSessionsIsKept(t *testing.T) {
	const rows = 3000
	store := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db"))
	addSessions(t, store, rows)
	writer, _ := store.Pools()
	if _, err := writer.ExecContext(t.Context(), `UPDATE sessions SET keep = keep + 1 WHERE user % 2 = 0`); err != nil {
		t.Fatal(err)
	}
	clock := now
	store.SetNow(func() time.Time { clock = clock.Add(time.Millisecond); return clock })
	left := rows
	for _, test := range []struct{ hold, most int }{{0, 1}, {1, 1}, {30, 11}, {10_000, rows}} {
		count, more, err := store.ForgetSessions(t.Context(), now, time.Duration(test.hold)*time.Millisecond)
		if err != nil || count > test.most*sqlite.ForgetRows || more != (test.most < rows) {
			t.Errorf("%d were forgotten in %d ms, %v, %v", count, test.hold, more, err)
		}
		left -= count
	}
	if left != rows/2 {
		t.Errorf("%d are left, want %d", left, rows/2)
	}
	if count, more, err := store.ForgetSessions(t.Context(), now, 0); count != 0 || more || err != nil {
		t.Errorf("afterwards: %d, %v, %v", count, more, err)
	}
}
