package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// addSessions adds a thousand users and count sessions of theirs, whose ids are in no order.
func addSessions(tb testing.TB, store *sqlite.Store, count int) {
	tb.Helper()
	addMany(tb, store, 1000)
	writer, _ := store.Pools()
	const insert = `WITH RECURSIVE number (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1)
		INSERT INTO sessions (sid, user, created, used, ends, agent, address, current, expires, parent, keep, due)
		SELECT printf('%08x%024x', n * 2654435761 % 4294967296, n), n % 1000 + 1, ?2, ?2, ?2, ?3, '192.0.2.1',
			printf('%032x', n), ?2, printf('%032x', n), ?2, ?2 FROM number ORDER BY 1`
	const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
	if _, err := writer.ExecContext(tb.Context(), insert, count, now.UnixMicro(), agent); err != nil {
		tb.Fatal(err)
	}
}

func sessionID(n int) string { return fmt.Sprintf("%08x%024x", uint32(n)*2654435761, n) }

// client refreshes one session again and again.
type client struct {
	id, token string
	count     int
}

func newClient(n int) *client { return &client{id: sessionID(n), token: fmt.Sprintf("%032x", n)} }

func (c *client) rotate(ctx context.Context, store *sqlite.Store) error {
	c.count++
	next := fmt.Sprintf("%.16s%016x", c.id, c.count)
	r := storage.Rotation{Token: c.token, Next: next, At: now.Add(time.Duration(c.count) * time.Second), Lifetime: 24 * time.Hour, Grace: time.Second}
	_, outcome, err := store.RotateSession(ctx, c.id, r)
	if err == nil && outcome != storage.Rotated {
		err = fmt.Errorf("the outcome is %d", outcome)
	}
	c.token = next
	return err
}

// run has so many goroutines call do b.N times together, each with its number.
func run(b *testing.B, goroutines int, do func(goroutine int) error) {
	b.ReportAllocs()
	b.ResetTimer()
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			for range (b.N + goroutines - 1 - g) / goroutines {
				if err := do(g); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

func BenchmarkSessions(b *testing.B) {
	for _, count := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprint("Rows=", count), func(b *testing.B) {
			store := mustOpen(b, filepath.Join(b.TempDir(), "tokenpair.db"))
			addSessions(b, store, count)
			// Nobody else ever makes the log so long.
			writer, _ := store.Pools()
			if _, err := writer.ExecContext(b.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			clients := map[string]*client{}
			for _, goroutines := range []int{1, 8, 64} {
				// Each goroutine has a session of its own, or goes through all of them.
				name := fmt.Sprint("/Clients=", goroutines)
				b.Run("Standing"+name, func(b *testing.B) {
					run(b, goroutines, func(g int) error {
						standing, err := store.Standing(ctx, "token", sessionID(g))
						if err == nil && standing.User.ID == 0 {
							err = fmt.Errorf("got %+v", standing)
						}
						return err
					})
				})
				b.Run("StandingOfAny"+name, func(b *testing.B) {
					numbers := make([]int, goroutines)
					run(b, goroutines, func(g int) error {
						numbers[g] += 7919
						standing, err := store.Standing(ctx, "token", sessionID((numbers[g]+g)%count))
						if err == nil && standing.User.ID == 0 {
							err = fmt.Errorf("got %+v", standing)
						}
						return err
					})
				})
				own := func(n int) *client {
					id := sessionID(n)
					if clients[id] == nil {
						clients[id] = newClient(n)
					}
					return clients[id]
				}
				b.Run("Rotate"+name, func(b *testing.B) {
					mine := make([]*client, goroutines)
					for g := range mine {
						mine[g] = own(g)
					}
					commits := store.Commits()
					run(b, goroutines, func(g int) error { return mine[g].rotate(ctx, store) })
					b.ReportMetric(float64(b.N)/float64(store.Commits()-commits), "calls/commit")
				})
				b.Run("RotateAny"+name, func(b *testing.B) {
					// Far more than the page cache holds, where there are many.
					const each = 15
					mine := make([][]*client, goroutines)
					for g := range mine {
						for i := range each {
							mine[g] = append(mine[g], own((g*each+i)*(count/1000)))
						}
					}
					turns := make([]int, goroutines)
					run(b, goroutines, func(g int) error {
						turns[g]++
						return mine[g][turns[g]%each].rotate(ctx, store)
					})
				})
			}
		})
	}
}

// BenchmarkOneClient takes turns between a write of one client and the same statement, prepared, in a transaction that nobody
// shares: whatever else the machine does hits both.
func BenchmarkOneClient(b *testing.B) {
	store := mustOpen(b, filepath.Join(b.TempDir(), "tokenpair.db"))
	addSessions(b, store, 1000)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	writer, _ := store.Pools()
	update, err := writer.PrepareContext(ctx, sqlite.RotateSession)
	if err != nil {
		b.Fatal(err)
	}
	defer update.Close()
	queued, bare := newClient(1), newClient(2)
	var times [2][]time.Duration
	for b.Loop() {
		start := time.Now()
		if err := queued.rotate(ctx, store); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if err := bare.rotateBare(ctx, writer, update); err != nil {
			b.Fatal(err)
		}
		times[0] = append(times[0], middle.Sub(start))
		times[1] = append(times[1], time.Since(middle))
	}
	for i, name := range []string{"µs-queued", "µs-bare"} {
		slices.Sort(times[i])
		b.ReportMetric(float64(times[i][len(times[i])/2].Nanoseconds())/1000, name)
	}
}

// rotateBare does what rotate does by one prepared statement.
func (c *client) rotateBare(ctx context.Context, writer *sql.DB, update *sql.Stmt) error {
	c.count++
	next := fmt.Sprintf("%.16s%016x", c.id, c.count)
	at := now.Add(time.Duration(c.count) * time.Second)
	tx, err := writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	row := tx.StmtContext(ctx, update).QueryRowContext(ctx, c.id, c.token, next, now.AddDate(0, 0, 1).UnixMicro(), at.UnixMicro())
	if _, err := sqlite.ScanSession(row); err != nil {
		return err
	}
	c.token = next
	return tx.Commit()
}
