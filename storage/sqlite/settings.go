package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Setting returns the value remembered under name; when there is none, initial is remembered and returned.
func (s *Store) Setting(ctx context.Context, name string, initial []byte) ([]byte, error) {
	const query = `SELECT value FROM settings WHERE name = ?`
	var value []byte
	err := s.readers.QueryRowContext(ctx, query, name).Scan(&value)
	if err == nil {
		return value, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read setting %q: %w", name, translate(ctx, err))
	}
	const insert = `INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`
	err = s.write(ctx, func(t *transaction) error {
		// A nil slice would be bound as NULL.
		if _, err := t.exec(insert, name, append([]byte{}, initial...)); err != nil {
			return err
		}
		return t.row(query, name).Scan(&value)
	})
	if err != nil {
		return nil, fmt.Errorf("remember setting %q: %w", name, err)
	}
	return value, nil
}
