package sqlite

import (
	"context"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
)

const (
	selectRevocations = `SELECT id, expires FROM revoked WHERE id > ? AND ` + visible + ` ORDER BY id LIMIT ?`

	// A row that an import under way has added becomes the caller's own: it is seen from now on, and stays when the import
	// fails.
	insertRevoked = `INSERT INTO revoked (id, expires) VALUES (?, ?)` + seenRevoked
	seenRevoked   = ` ON CONFLICT (id) DO UPDATE SET expires = max(expires, excluded.expires), import = NULL
		WHERE EXISTS (SELECT * FROM pending_imports WHERE pending_imports.id = revoked.import)`
)

// Revoke remembers r and says whether its ID was not revoked before.
func (s *Store) Revoke(ctx context.Context, r storage.Revocation) (fresh bool, err error) {
	err = s.write(ctx, func(t *transaction) error {
		count, err := t.change(insertRevoked, r.ID, expiry(r.Expires))
		fresh = count != 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("revoke: %w", err)
	}
	return fresh, nil
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
