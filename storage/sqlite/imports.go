package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"example.com/tokenpair/storage"
)

// An import writes in many short transactions, so that others can write between them. Its rows are marked with its id and
// left out of every query (visible) for as long as that id is in pending_imports: the last transaction deletes it there.
//
// Only the newest of the pending imports runs; the others are remains, which it clears away first. Each of its transactions
// makes sure that it still is the newest and renews its heartbeat: one that was held up for so long that
// another import began can neither add a row nor show its rows any more.
const (
	newestHeartbeat = `SELECT heartbeat FROM pending_imports ORDER BY id DESC LIMIT 1`
	beginImport     = `INSERT INTO pending_imports (heartbeat) VALUES (?)`
	renewHeartbeat  = `UPDATE pending_imports SET heartbeat = ? WHERE id = ? AND id = (SELECT max(id) FROM pending_imports)`
	endImports      = `DELETE FROM pending_imports WHERE id <= ?`

	importUser    = `INSERT INTO users (` + newUserColumns + `, import) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	importRevoked = `INSERT INTO revoked (id, expires, import) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`

	// A user that this import itself has added is not one who was there already: the sequence has the same user twice.
	selectPresent = `SELECT active FROM users WHERE id = ? AND username = ? AND import IS NOT ?`

	// Only rows that nobody sees can be deleted by these, whatever was shown meanwhile. CROSS JOIN has SQLite look at the
	// imports first: it does not know how few they are.
	clearUsers = `DELETE FROM users WHERE id IN (SELECT users.id FROM pending_imports CROSS JOIN users
		ON users.import = pending_imports.id WHERE pending_imports.id <= ? LIMIT ?)`
	clearRevoked = `DELETE FROM revoked WHERE id IN (SELECT revoked.id FROM pending_imports CROSS JOIN revoked
		ON revoked.import = pending_imports.id WHERE pending_imports.id <= ? LIMIT ?)`
)

const (
	// batchRows and batchTime bound how long an import holds the writer at once.
	batchRows = 500
	batchTime = 20 * time.Millisecond
	clearRows = 50

	// A heartbeat is renewed with each batch, and while none is written.
	heartbeatEvery = 5 * time.Second
	heartbeatLost  = 30 * time.Second

	// What an import that failed has added is removed even when the caller has gone away.
	clearTimeout = 10 * time.Minute
	endTimeout   = 10 * time.Second
)

var errSuperseded = fmt.Errorf("%w: nothing could be written for more than %v, and another import has begun since: run this one again after it",
	storage.ErrBusy, heartbeatLost)

// running is an import under way.
type running struct {
	*Store
	id    int64
	count storage.Imported
}

// Import adds users and then revocations, all at once or none. Also after an import that failed, the next ID that is given
// is greater than all of its IDs.
func (s *Store) Import(ctx context.Context, users iter.Seq2[storage.User, error], revoked iter.Seq2[storage.Revocation, error]) (storage.Imported, error) {
	r, err := s.beginImport(ctx)
	if err != nil {
		return storage.Imported{}, fmt.Errorf("import: %w", err)
	}
	stop := r.keepAlive(ctx)
	err = r.all(ctx, users, revoked)
	stop()
	if err != nil {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearTimeout)
		defer cancel()
		if failed := r.clear(cleanup, r.id); failed != nil && !errors.Is(failed, errSuperseded) {
			err = fmt.Errorf("%w (what it added stays hidden, and the next import removes it, because of: %v)", err, failed)
		}
		return storage.Imported{}, fmt.Errorf("import: %w", err)
	}
	return r.count, nil
}

// beginImport makes a new import the newest one, unless one is running.
func (s *Store) beginImport(ctx context.Context) (*running, error) {
	tx, err := begin(ctx, s.writer, s.patience)
	if err != nil {
		return nil, translate(ctx, err)
	}
	defer tx.Rollback()
	now := s.now()
	state, err := readImportState(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	if state == importRuns {
		return nil, fmt.Errorf("%w: another import is running, or was killed less than %v ago: try again after it", storage.ErrBusy, heartbeatLost)
	}
	result, err := tx.ExecContext(ctx, beginImport, now.UnixMicro())
	if err != nil {
		return nil, translate(ctx, err)
	}
	id, err := result.LastInsertId()
	if err != nil {
		return nil, err
	}
	if err := tx.Commit(); err != nil {
		return nil, translate(ctx, err)
	}
	return &running{Store: s, id: id}, nil
}

// keepAlive renews the heartbeat while nothing is written, until stop is called: a sequence may be read for long before it
// yields.
func (r *running) keepAlive(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(heartbeatEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				// Each transaction renews it. Where it fails, the next batch tells.
				r.inTransaction(ctx, func(*sql.Tx, func() bool) error { return nil })
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// importState is that of the newest pending import.
type importState int

const (
	noImport importState = iota
	importRuns
	importKilled
)

func readImportState(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, now time.Time) (importState, error) {
	var heartbeat int64
	err := q.QueryRowContext(ctx, newestHeartbeat).Scan(&heartbeat)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return noImport, nil
	case err != nil:
		return noImport, translate(ctx, err)
	// A heartbeat from the future is one from before the clock was set back.
	case now.Sub(time.UnixMicro(heartbeat)).Abs() <= heartbeatLost:
		return importRuns, nil
	}
	return importKilled, nil
}

// pastKilled calls add, and once more where what it found taken may be what a killed import left: that is taken by nobody
// who can be seen, and is removed in between.
func (s *Store) pastKilled(ctx context.Context, add func() error) error {
	err := add()
	if !errors.Is(err, storage.ErrExists) {
		return err
	}
	if state, failed := readImportState(ctx, s.readers, s.now()); failed != nil || state != importKilled {
		return err
	}
	if _, failed := s.Import(ctx, func(func(storage.User, error) bool) {}, func(func(storage.Revocation, error) bool) {}); failed != nil {
		return err
	}
	return add()
}

func (r *running) all(ctx context.Context, users iter.Seq2[storage.User, error], revoked iter.Seq2[storage.Revocation, error]) error {
	if err := r.clear(ctx, r.id-1); err != nil {
		return fmt.Errorf("clear away what an earlier one left: %w", err)
	}
	if err := stage(ctx, r, users, importUser, r.addUser); err != nil {
		return err
	}
	if err := stage(ctx, r, revoked, importRevoked, r.addRevocation); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// Were this to be broken off, nobody could say whether the rows are seen.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	return r.inTransaction(ctx, func(tx *sql.Tx, _ func() bool) error {
		_, err := tx.ExecContext(ctx, endImports, r.id)
		return err
	})
}

// stage gathers rows before it takes the writer: a sequence may be slow. add inserts one of them with a statement.
func stage[T any](ctx context.Context, r *running, rows iter.Seq2[T, error], insert string, add adder[T]) error {
	batch := make([]T, 0, batchRows)
	write := func() error {
		for left := batch; len(left) > 0; {
			written, err := addBatch(ctx, r, left, insert, add)
			if err != nil {
				return err
			}
			left = left[written:]
		}
		batch = batch[:0]
		return nil
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if batch = append(batch, row); len(batch) < batchRows {
			continue
		}
		if err := write(); err != nil {
			return err
		}
	}
	return write()
}
