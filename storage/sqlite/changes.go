package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
)

const (
	// After mark, ?1 is the time of the end.
	setPassword    = mark + `, password = ?, password_format = ?` + oneUser
	changePassword = setPassword + ` AND active AND (sessions_ended IS NULL OR sessions_ended <= ?)`
	deactivate     = mark + `, active = 0` + oneUser
	activate       = `UPDATE users SET active = 1` + oneUser
	deleteUser     = `DELETE FROM users` + oneUser
	setLastLogin   = `UPDATE users SET last_login = ?` + oneUser

	replacePassword = `UPDATE users SET password = ?, password_format = ?` + oneUser + ` AND password = ?`
	replaceClaims   = `UPDATE users SET claims = nullif(?, '')` + oneUser + ` AND ifnull(claims, '') = ?`
)

// SetPassword replaces the hash and its format and ends the user's sessions, or reports storage.ErrNotFound.
func (s *Store) SetPassword(ctx context.Context, id int64, change storage.PasswordChange) error {
	end := &storage.End{At: change.At, Reason: storage.EndedByPassword}
	return s.changeUser(ctx, "set password", id, end, change.Keep, setPassword, expiry(change.At), change.Encoded, change.Format, id)
}

// ChangePassword does the same if the user is active and has had no end of all sessions after asOf.
func (s *Store) ChangePassword(ctx context.Context, id int64, asOf time.Time, change storage.PasswordChange) error {
	end := &storage.End{At: change.At, Reason: storage.EndedByPassword}
	return s.changeUser(ctx, "change password", id, end, change.Keep, changePassword, expiry(change.At), change.Encoded, change.Format, id,
		microseconds(asOf))
}

// ReplacePassword replaces the hash and its format only where the stored hash still is old.
func (s *Store) ReplacePassword(ctx context.Context, id int64, old, encoded, format string) (replaced bool, err error) {
	return s.replace(ctx, "replace password", replacePassword, encoded, format, id, old)
}

// ReplaceClaims replaces the claims only where they still are old.
func (s *Store) ReplaceClaims(ctx context.Context, id int64, old, claims string) (replaced bool, err error) {
	return s.replace(ctx, "replace claims", replaceClaims, claims, id, old)
}

// SetActive lets the user log in or not, or reports storage.ErrNotFound. Who may not has all sessions ended.
func (s *Store) SetActive(ctx context.Context, id int64, active bool, at time.Time) error {
	if active {
		return s.changeUser(ctx, "set active", id, nil, "", activate, id)
	}
	end := &storage.End{At: at, Reason: storage.EndedInactive}
	return s.changeUser(ctx, "set active", id, end, "", deactivate, expiry(at), id)
}

// SetLastLogin remembers when the user logged in last, or reports storage.ErrNotFound.
func (s *Store) SetLastLogin(ctx context.Context, id int64, at time.Time) error {
	return s.changeUser(ctx, "set last login", id, nil, "", setLastLogin, microseconds(at), id)
}

// DeleteUser forgets the user and ends all sessions, or reports storage.ErrNotFound.
func (s *Store) DeleteUser(ctx context.Context, id int64, at time.Time) error {
	err := s.write(ctx, func(t *transaction) error {
		if count, err := t.change(deleteUser, id); err != nil || count == 0 {
			return cmp.Or(err, storage.ErrNotFound)
		}
		if _, err := t.endSessions(id, "", storage.End{At: at, Reason: storage.EndedDeleted}); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE sessions SET agent = '', address = '' WHERE user = ?`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	return nil
}

// changeUser runs a statement that changes one user, and where there is an end, ends the sessions but one.
func (s *Store) changeUser(ctx context.Context, purpose string, id int64, end *storage.End, except, statement string, arguments ...any) error {
	err := s.write(ctx, func(t *transaction) error {
		count, err := t.change(statement, arguments...)
		if err != nil {
			return err
		}
		if count == 0 {
			return storage.ErrNotFound
		}
		if end != nil {
			_, err = t.endSessions(id, except, *end)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", purpose, err)
	}
	return nil
}

// replace runs a statement that changes one user or nobody.
func (s *Store) replace(ctx context.Context, purpose, statement string, arguments ...any) (replaced bool, err error) {
	err = s.write(ctx, func(t *transaction) error {
		count, err := t.change(statement, arguments...)
		replaced = count != 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("%s: %w", purpose, err)
	}
	return replaced, nil
}
