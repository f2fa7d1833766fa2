package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
)

// adder inserts a row with a statement of a transaction.
type adder[T any] func(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, row T) error

// addBatch adds as many rows as time allows, at least one, and returns how many.
func addBatch[T any](ctx context.Context, r *running, rows []T, insert string, add adder[T]) (written int, err error) {
	err = r.briefly(ctx, func(tx *sql.Tx, over func() bool) error {
		statement, err := tx.PrepareContext(ctx, insert)
		if err != nil {
			return err
		}
		defer statement.Close()
		for _, row := range rows {
			if err := add(ctx, tx, statement, row); err != nil {
				return err
			}
			written++
			if over() {
				return nil
			}
		}
		return nil
	})
	return written, err
}

func (r *running) addUser(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, user storage.User) error {
	if user.ID == 0 {
		return fmt.Errorf("add user %q: the id 0 is out of range", user.Username)
	}
	_, err := addUser(func(columns ...any) (sql.Result, error) {
		return insert.ExecContext(ctx, append(columns, r.id)...)
	}, user)
	if err == nil {
		r.count.Users++
		return nil
	}
	if !errors.Is(err, storage.ErrExists) {
		return err
	}
	var active bool
	switch found := tx.QueryRowContext(ctx, selectPresent, user.ID, user.Username, r.id).Scan(&active); {
	case errors.Is(found, sql.ErrNoRows):
		return err
	case found != nil:
		return found
	}
	r.count.Present++
	if active && !user.Active {
		r.count.Inactive++
	}
	return nil
}

func (r *running) addRevocation(ctx context.Context, _ *sql.Tx, insert *sql.Stmt, revocation storage.Revocation) error {
	result, err := insert.ExecContext(ctx, revocation.ID, expiry(revocation.Expires), r.id)
	if err != nil {
		return err
	}
	if !unchanged(result) {
		r.count.Revocations++
	}
	return nil
}

// clear deletes what the imports up to an id have added, and then those imports. Where a newer import has begun, that one
// does it.
func (r *running) clear(ctx context.Context, upTo int64) error {
	for left := true; left; {
		err := r.briefly(ctx, func(tx *sql.Tx, over func() bool) error {
			for left && !over() {
				left = false
				for _, statement := range []string{clearUsers, clearRevoked} {
					result, err := tx.ExecContext(ctx, statement, upTo, clearRows)
					if err != nil {
						return err
					}
					left = left || !unchanged(result)
				}
			}
			if left {
				return nil
			}
			_, err := tx.ExecContext(ctx, endImports, upTo)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// briefly is inTransaction with a rest after it, for as long as it held the writer: another process looks only now and
// then whether the writer is free, and would hardly ever find it so.
func (r *running) briefly(ctx context.Context, work func(tx *sql.Tx, over func() bool) error) error {
	var taken time.Time
	err := r.inTransaction(ctx, func(tx *sql.Tx, over func() bool) error {
		taken = r.now()
		return work(tx, over)
	})
	if err != nil {
		return err
	}
	select {
	case <-time.After(r.now().Sub(taken)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// inTransaction runs work in a transaction of the newest import; over tells work to come to its end.
func (r *running) inTransaction(ctx context.Context, work func(tx *sql.Tx, over func() bool) error) error {
	tx, err := begin(ctx, r.writer, r.patience)
	if err != nil {
		return translate(ctx, err)
	}
	defer tx.Rollback()
	start := r.now()
	result, err := tx.ExecContext(ctx, renewHeartbeat, start.UnixMicro(), r.id)
	if err != nil {
		return translate(ctx, err)
	}
	if unchanged(result) {
		return errSuperseded
	}
	if err := work(tx, func() bool { return r.now().Sub(start) >= batchTime }); err != nil {
		return translate(ctx, err)
	}
	if err := tx.Commit(); err != nil {
		return translate(ctx, err)
	}
	return nil
}
