package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"example.com/tokenpair/storage"
)

const (
	newUserColumns = `id, username, password, password_format, active, last_login, joined`
	userColumns    = newUserColumns + `, claims, sessions_ended`

	// visible leaves out what an import under way has added: id is that of pending_imports, import that of the row outside.
	// Where import is NULL, nothing equals it.
	visible = `NOT EXISTS (SELECT * FROM pending_imports WHERE id = import)`
	oneUser = ` WHERE id = ? AND ` + visible

	selectUser   = `SELECT ` + userColumns + ` FROM users`
	selectByName = selectUser + ` WHERE username = ? AND ` + visible
	selectByID   = selectUser + oneUser
	selectPage   = selectUser + ` WHERE id > ? AND ` + visible + ` ORDER BY id LIMIT ?`

	insertUser      = `INSERT INTO users (` + newUserColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?)`
	insertFirstUser = `INSERT INTO users (` + newUserColumns + `) SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT * FROM users)`

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
	ids := make([]int64, 0, len(users))
	err := s.write(ctx, func(t *transaction) error {
		for _, user := range users {
			// Many take long, and who asked may be gone.
			if err := ctx.Err(); err != nil {
				return err
			}
			id, err := addUser(func(columns ...any) (sql.Result, error) { return t.exec(insertUser, columns...) }, user)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("add users: %w", err)
	}
	return ids, nil
}

// AddFirstUser adds user to a database without any user, and reports storage.ErrExists otherwise. The users of an import
// under way count: after it, this one would not be the first.
func (s *Store) AddFirstUser(ctx context.Context, user storage.User) (int64, error) {
	var id int64
	err := s.pastKilled(ctx, func() error {
		return s.write(ctx, func(t *transaction) (err error) {
			id, err = addUser(func(columns ...any) (sql.Result, error) {
				result, err := t.exec(insertFirstUser, columns...)
				if err == nil && unchanged(result) {
					err = fmt.Errorf("a user %w", storage.ErrExists)
				}
				return result, err
			}, user)
			return err
		})
	})
	return id, err
}

// addUser passes newUserColumns to insert.
func addUser(insert func(columns ...any) (sql.Result, error), user storage.User) (int64, error) {
	// After the greatest integer there is no next ID: nobody could be added any more.
	if user.ID < 0 || user.ID == math.MaxInt64 {
		return 0, fmt.Errorf("add user %q: the id %d is out of range", user.Username, user.ID)
	}
	result, err := insert(sql.Null[int64]{V: user.ID, Valid: user.ID != 0}, user.Username, user.Password,
		user.PasswordFormat, user.Active, microseconds(user.LastLogin), microseconds(user.Joined))
	if err != nil {
		if user.ID == 0 {
			return 0, fmt.Errorf("add user %q: %w", user.Username, translate(context.Background(), err))
		}
		return 0, fmt.Errorf("add user %q with the id %d: %w", user.Username, user.ID, translate(context.Background(), err))
	}
	return result.LastInsertId()
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

// scanUser reads userColumns from a row.
func scanUser(row interface{ Scan(...any) error }) (user storage.User, err error) {
	if err := row.Scan(userDestinations(&user)...); err != nil {
		return storage.User{}, err
	}
	return user, nil
}

// userDestinations are those of userColumns.
func userDestinations(u *storage.User) []any {
	return []any{column[int64]{&u.ID}, column[string]{&u.Username}, column[string]{&u.Password}, column[string]{&u.PasswordFormat},
		flag{&u.Active}, moment{&u.LastLogin}, moment{&u.Joined}, column[string]{&u.Claims}, moment{&u.SessionsEnded}}
}
