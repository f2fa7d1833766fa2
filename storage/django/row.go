package django

import (
	"errors"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
)

// A userRow holds what is there: a column of SQLite takes a value of any type, whatever the table says.
type userRow struct{ id, username, password, active, lastLogin, joined any }

// user returns with an error what it knows of the user.
func (r userRow) user() (user storage.User, err error) {
	id, ok := r.id.(int64)
	if !ok || !isID(id) {
		return user, errID
	}
	user.ID = id
	username, ok := r.username.(string)
	if !ok {
		return user, errUsername
	}
	if err := checkUsername(username); err != nil {
		return user, err
	}
	user.Username = username
	if user.Password, ok = r.password.(string); !ok {
		return user, errPassword
	}
	if err := checkPassword(user.Password); err != nil {
		return user, err
	}
	active, ok := r.active.(int64)
	if !ok || active != 0 && active != 1 {
		return user, errActive
	}
	user.Active = active == 1
	if user.LastLogin, ok = columnTime(r.lastLogin); !ok {
		return user, errLastLogin
	}
	if user.Joined, ok = columnTime(r.joined); !ok {
		return user, errJoined
	}
	return user, nil
}

// columnTime takes NULL and text only: Django writes nothing else.
func columnTime(column any) (time.Time, bool) {
	if column == nil {
		return time.Time{}, true
	}
	written, ok := column.(string)
	if !ok {
		return time.Time{}, false
	}
	return parseTime(written)
}

type tokenRow struct{ id, outstanding, jti, token, expires any }

func (r tokenRow) revocation() (revocation storage.Revocation, err error) {
	if r.outstanding == nil {
		return revocation, errors.New("its token is not in token_blacklist_outstandingtoken: remove the row")
	}
	jti, ok := r.jti.(string)
	if !ok {
		return revocation, errJTI
	}
	if err := checkJTI(jti); err != nil {
		return revocation, err
	}
	expires, ok := columnTime(r.expires)
	if !ok || expires.IsZero() {
		return revocation, errExpires
	}
	encoded, _ := r.token.(string)
	return storage.Revocation{ID: jti, Expires: lastExpiry(encoded, expires)}, nil
}

func (r tokenRow) describe() string {
	id, ok := r.id.(int64)
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (pk %d)", id)
}
