package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// Rows of an import under way are forgotten too: to step over them could take long, and nothing would refuse them less.
	deleteExpired = `DELETE FROM revoked WHERE id IN (SELECT id FROM revoked WHERE expires <= ? ORDER BY expires LIMIT ?)`

	// Both look at the first rows that are due. What must be remembered for longer is moved on, and the rest deleted.
	dueSessions    = ` WHERE sid IN (SELECT sid FROM sessions WHERE due <= ?1 ORDER BY due LIMIT ?2)`
	moveSessions   = `UPDATE sessions SET due = keep` + dueSessions + ` AND keep > ?1`
	deleteSessions = `DELETE FROM sessions` + dueSessions + ` AND keep <= ?1`
)

// forgetRows is how many rows are looked at between two looks at the clock.
const forgetRows = 50

// ForgetRevoked forgets revocations that expired at or before until, the oldest first, for about as long as hold, and
// returns how many.
func (s *Store) ForgetRevoked(ctx context.Context, until time.Time, hold time.Duration) (int, error) {
	count := 0
	_, err := s.sweep(ctx, hold, func(tx *sql.Tx) (more bool, err error) {
		deleted, err := changeRows(ctx, tx, deleteExpired, expiry(until), forgetRows)
		count += deleted
		return deleted == forgetRows, err
	})
	if err != nil {
		return 0, fmt.Errorf("forget revocations: %w", translate(ctx, err))
	}
	return count, nil
}

// ForgetSessions forgets sessions whose Keep is at or before until, for about as long as hold. It returns how many, and whether
// it has not come to the end of them.
func (s *Store) ForgetSessions(ctx context.Context, until time.Time, hold time.Duration) (forgotten int, more bool, err error) {
	more, err = s.sweep(ctx, hold, func(tx *sql.Tx) (more bool, err error) {
		moved, err := changeRows(ctx, tx, moveSessions, expiry(until), forgetRows)
		if err != nil {
			return false, err
		}
		deleted, err := changeRows(ctx, tx, deleteSessions, expiry(until), forgetRows)
		forgotten += deleted
		return moved > 0 || deleted == forgetRows, err
	})
	if err != nil {
		return 0, false, fmt.Errorf("forget sessions: %w", translate(ctx, err))
	}
	return forgotten, more, nil
}

// sweep runs step in one transaction until there is no more, or hold is over, and says whether there is more.
func (s *Store) sweep(ctx context.Context, hold time.Duration, step func(tx *sql.Tx) (more bool, err error)) (more bool, err error) {
	tx, err := begin(ctx, s.writer, s.patience)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	start := s.now()
	for {
		if more, err = step(tx); err != nil {
			return false, err
		}
		// IDs are random: nearly every row is in a page of its own, which the commit writes to the log and often from there
		// to the file. That takes about as long again.
		if !more || s.now().Sub(start) >= hold/3 {
			break
		}
	}
	return more, tx.Commit()
}

func changeRows(ctx context.Context, tx *sql.Tx, query string, arguments ...any) (int, error) {
	result, err := tx.ExecContext(ctx, query, arguments...)
	if err != nil {
		return 0, err
	}
	count, err := result.RowsAffected()
	return int(count), err
}
