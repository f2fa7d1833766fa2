package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"example.com/tokenpair/storage"
)

const (
	userColumns = `id, username, password, password_format, active, last_login, joined`

	// visible leaves out what an import under way has added: id is that of pending_imports, import that of the row outside.
	// Where import is NULL, nothing equals it.
	visible = `NOT EXISTS (SELECT * FROM pending_imports WHERE id = import)`
	oneUser = ` WHERE id = ? AND ` + visible

	selectUser   = `SELECT ` + userColumns + ` FROM users`
	selectByName = selectUser + ` WHERE username = ? AND ` + visible
	selectByID   = selectUser + oneUser
	selectPage   = selectUser + ` WHERE id > ? AND ` + visible + ` ORDER BY id LIMIT ?`

	insertUser = `INSERT INTO users (` + userColumns + `) `

	// Each step jumps to the next greater format in the index: SELECT DISTINCT would visit every user. A second condition
	// on the column could take the jump's place in the index, and the users would be visited again. The users of an import
	// under way are not left out: behind a format that only they have, each jump would visit all of them.
	selectFormats = `WITH RECURSIVE formats (format) AS (
			VALUES ('')
			UNION ALL
			SELECT (SELECT min(password_format) FROM users WHERE password_format > format) FROM formats WHERE format IS NOT NULL
		)
		SELECT format FROM formats WHERE format > ''`
)

// UserByName returns the user whose name is exactly username, or storage.ErrNotFound.
func (s *Store) UserByName(ctx context.Context, username string) (storage.User, error) {
	user, err := scanUser(s.byName.QueryRowContext(ctx, username))
	if err != nil {
		return storage.User{}, fmt.Errorf("find user: %w", translate(ctx, err))
	}
	return user, nil
}

// UserByID returns the user with this ID, or storage.ErrNotFound.
func (s *Store) UserByID(ctx context.Context, id int64) (storage.User, error) {
	user, err := scanUser(s.byID.QueryRowContext(ctx, id))
	if err != nil {
		return storage.User{}, fmt.Errorf("find user: %w", translate(ctx, err))
	}
	return user, nil
}

// Users returns at most limit users with IDs greater than afterID, ascending by ID.
func (s *Store) Users(ctx context.Context, afterID int64, limit int) ([]storage.User, error) {
	// To SQLite a negative limit means none.
	if limit <= 0 {
		return nil, fmt.Errorf("list users: the limit %d is not positive", limit)
	}
	rows, err := s.readers.QueryContext(ctx, selectPage, afterID, limit)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", translate(ctx, err))
	}
	defer rows.Close()
	var users []storage.User
	for rows.Next() {
		user, err := scanUser(rows)
		if err != nil {
			return nil, fmt.Errorf("list users: %w", translate(ctx, err))
		}
		users = append(users, user)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list users: %w", translate(ctx, err))
	}
	return users, nil
}

// AddUsers adds all users or none, and returns their IDs. The error for a taken name or ID wraps storage.ErrExists.
func (s *Store) AddUsers(ctx context.Context, users []storage.User) ([]int64, error) {
	var ids []int64
	err := s.pastKilled(ctx, func() (err error) {
		ids, err = s.addUsers(ctx, users)
		return err
	})
	return ids, err
}

func (s *Store) addUsers(ctx context.Context, users []storage.User) ([]int64, error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("add users: %w", translate(ctx, err))
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(ctx, insertUser+`VALUES (?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return nil, fmt.Errorf("add users: %w", translate(ctx, err))
	}
	defer insert.Close()

	ids := make([]int64, 0, len(users))
	for _, user := range users {
		id, err := addUser(ctx, insert.ExecContext, user)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("add users: %w", translate(ctx, err))
	}
	return ids, nil
}

// AddFirstUser adds user to a database without any user, and reports storage.ErrExists otherwise. The users of an import
// under way count: after it, this one would not be the first.
func (s *Store) AddFirstUser(ctx context.Context, user storage.User) (int64, error) {
	insert := func(ctx context.Context, columns ...any) (sql.Result, error) {
		result, err := s.writer.ExecContext(ctx, insertUser+`SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT * FROM users)`, columns...)
		if err == nil && unchanged(result) {
			err = fmt.Errorf("a user %w", storage.ErrExists)
		}
		return result, err
	}
	var id int64
	err := s.pastKilled(ctx, func() (err error) {
		id, err = addUser(ctx, insert, user)
		return err
	})
	return id, err
}

// addUser passes the columns of insertUser to insert.
func addUser(ctx context.Context, insert func(context.Context, ...any) (sql.Result, error), user storage.User) (int64, error) {
	// After the greatest integer there is no next ID: nobody could be added any more.
	if user.ID < 0 || user.ID == math.MaxInt64 {
		return 0, fmt.Errorf("add user %q: the id %d is out of range", user.Username, user.ID)
	}
	result, err := insert(ctx, sql.Null[int64]{V: user.ID, Valid: user.ID != 0}, user.Username, user.Password,
		user.PasswordFormat, user.Active, microseconds(user.LastLogin), microseconds(user.Joined))
	if err != nil {
		if user.ID == 0 {
			return 0, fmt.Errorf("add user %q: %w", user.Username, translate(ctx, err))
		}
		return 0, fmt.Errorf("add user %q with the id %d: %w", user.Username, user.ID, translate(ctx, err))
	}
	return result.LastInsertId()
}

// SetPassword replaces the hash and its format, or reports storage.ErrNotFound.
func (s *Store) SetPassword(ctx context.Context, id int64, encoded, format string) error {
	return s.changeUser(ctx, "set password", `UPDATE users SET password = ?, password_format = ?`+oneUser, encoded, format, id)
}

// ReplacePassword replaces the hash and its format only where the stored hash still is old.
func (s *Store) ReplacePassword(ctx context.Context, id int64, old, encoded, format string) (replaced bool, err error) {
	const update = `UPDATE users SET password = ?, password_format = ?` + oneUser + ` AND password = ?`
	result, err := s.writer.ExecContext(ctx, update, encoded, format, id, old)
	if err != nil {
		return false, fmt.Errorf("replace password: %w", translate(ctx, err))
	}
	return !unchanged(result), nil
}

// SetActive lets the user log in or not, or reports storage.ErrNotFound.
func (s *Store) SetActive(ctx context.Context, id int64, active bool) error {
	return s.changeUser(ctx, "set active", `UPDATE users SET active = ?`+oneUser, active, id)
}

// SetLastLogin remembers when the user logged in last, or reports storage.ErrNotFound.
func (s *Store) SetLastLogin(ctx context.Context, id int64, at time.Time) error {
	return s.changeUser(ctx, "set last login", `UPDATE users SET last_login = ?`+oneUser, microseconds(at), id)
}

// DeleteUser forgets the user, or reports storage.ErrNotFound.
func (s *Store) DeleteUser(ctx context.Context, id int64) error {
	return s.changeUser(ctx, "delete user", `DELETE FROM users`+oneUser, id)
}

// changeUser runs a statement that changes one user.
func (s *Store) changeUser(ctx context.Context, purpose, statement string, arguments ...any) error {
	result, err := s.writer.ExecContext(ctx, statement, arguments...)
	if err != nil {
		return fmt.Errorf("%s: %w", purpose, translate(ctx, err))
	}
	if unchanged(result) {
		return fmt.Errorf("%s: %w", purpose, storage.ErrNotFound)
	}
	return nil
}

// PasswordFormats returns the distinct formats that are not empty, ascending.
func (s *Store) PasswordFormats(ctx context.Context) ([]string, error) {
	rows, err := s.formats.QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list password formats: %w", translate(ctx, err))
	}
	defer rows.Close()
	var formats []string
	for rows.Next() {
		var format string
		if err := rows.Scan(&format); err != nil {
			return nil, fmt.Errorf("list password formats: %w", translate(ctx, err))
		}
		formats = append(formats, format)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list password formats: %w", translate(ctx, err))
	}
	return formats, nil
}

// scanUser reads the columns of selectUser from a row.
func scanUser(row interface{ Scan(...any) error }) (user storage.User, err error) {
	var lastLogin, joined sql.Null[int64]
	err = row.Scan(&user.ID, &user.Username, &user.Password, &user.PasswordFormat, &user.Active, &lastLogin, &joined)
	user.LastLogin, user.Joined = instant(lastLogin), instant(joined)
	return user, err
}

// microseconds binds a time as an integer: the driver would write text.
func microseconds(t time.Time) sql.Null[int64] {
	return sql.Null[int64]{V: t.UnixMicro(), Valid: !t.IsZero()}
}

func instant(column sql.Null[int64]) time.Time {
	if !column.Valid {
		return time.Time{}
	}
	return time.UnixMicro(column.V).UTC()
}

// unchanged reports whether a statement found nothing to change. This driver always knows the count.
func unchanged(result sql.Result) bool {
	count, err := result.RowsAffected()
	return err == nil && count == 0
}
