package sqlite

import (
	"context"
	"fmt"
	"math"
	"time"

	"example.com/tokenpair/storage"
)

const (
	// Rows of an import under way are left out here too. It costs nothing: most tokens are not revoked, and for these the
	// imports are not looked at.
	selectRevoked     = `SELECT EXISTS (SELECT * FROM revoked WHERE id = ? AND ` + visible + `)`
	selectRevocations = `SELECT id, expires FROM revoked WHERE id > ? AND ` + visible + ` ORDER BY id LIMIT ?`

	// A row that an import under way has added becomes the caller's own: it is seen from now on, and stays when the import
	// fails.
	insertRevoked = `INSERT INTO revoked (id, expires) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET expires = max(expires, excluded.expires), import = NULL
		WHERE EXISTS (SELECT * FROM pending_imports WHERE pending_imports.id = revoked.import)`

	// Rows of an import under way are forgotten too: to step over them could take long, and nothing would refuse them less.
	deleteExpired = `DELETE FROM revoked WHERE id IN (SELECT id FROM revoked WHERE expires <= ? ORDER BY expires LIMIT ?)`
)

// forgetRows is how many revocations are forgotten between two looks at the clock.
const forgetRows = 50

// Revoke remembers r and says whether its ID was not revoked before.
func (s *Store) Revoke(ctx context.Context, r storage.Revocation) (fresh bool, err error) {
	result, err := s.writer.ExecContext(ctx, insertRevoked, r.ID, expiry(r.Expires))
	if err != nil {
		return false, fmt.Errorf("revoke: %w", translate(ctx, err))
	}
	return !unchanged(result), nil
}

// Revoked says whether the token with this ID is revoked, expired or not.
func (s *Store) Revoked(ctx context.Context, id string) (bool, error) {
	var revoked bool
	if err := s.revoked.QueryRowContext(ctx, id).Scan(&revoked); err != nil {
		return false, fmt.Errorf("find revocation: %w", translate(ctx, err))
	}
	return revoked, nil
}

// Revocations returns at most limit revocations with IDs greater than afterID, ascending by ID.
func (s *Store) Revocations(ctx context.Context, afterID string, limit int) ([]storage.Revocation, error) {
	// To SQLite a negative limit means none.
	if limit <= 0 {
		return nil, fmt.Errorf("list revocations: the limit %d is not positive", limit)
	}
	rows, err := s.readers.QueryContext(ctx, selectRevocations, afterID, limit)
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", translate(ctx, err))
	}
	defer rows.Close()
	var revocations []storage.Revocation
	for rows.Next() {
		var r storage.Revocation
		var expires int64
		if err := rows.Scan(&r.ID, &expires); err != nil {
			return nil, fmt.Errorf("list revocations: %w", translate(ctx, err))
		}
		r.Expires = time.UnixMicro(expires).UTC()
		revocations = append(revocations, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list revocations: %w", translate(ctx, err))
	}
	return revocations, nil
}

// ForgetRevoked forgets revocations that expired at or before until, the oldest first, for about as long as hold, and
// returns how many.
func (s *Store) ForgetRevoked(ctx context.Context, until time.Time, hold time.Duration) (int, error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("forget revocations: %w", translate(ctx, err))
	}
	defer tx.Rollback()
	start := s.now()
	count := 0
	for {
		result, err := tx.ExecContext(ctx, deleteExpired, expiry(until), forgetRows)
		if err != nil {
			return 0, fmt.Errorf("forget revocations: %w", translate(ctx, err))
		}
		deleted, err := result.RowsAffected()
		if err != nil {
			return 0, fmt.Errorf("forget revocations: %w", err)
		}
		count += int(deleted)
		// IDs are random: nearly every row is in a page of its own, which the commit writes to the log and often from there
		// to the file. That takes about as long again.
		if deleted < forgetRows || s.now().Sub(start) >= hold/3 {
			break
		}
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("forget revocations: %w", translate(ctx, err))
	}
	return count, nil
}

// expiry is t in microseconds. Far times become the last that there is: were they to wrap around into the past, the
// revocation would be forgotten while its token lives.
func expiry(t time.Time) int64 {
	if last := time.UnixMicro(math.MaxInt64); t.After(last) {
		return math.MaxInt64
	}
	if first := time.UnixMicro(math.MinInt64); t.Before(first) {
		return math.MinInt64
	}
	return t.UnixMicro()
}
