// Package storage says what must be remembered, and under which errors. It does not know how it is remembered, what a
// password hash means, what time it is, or who may ask.
package storage

import (
	"context"
	"errors"
	"iter"
	"time"
)

// ErrNotFound is reported, possibly wrapped, when the record that was asked for is not there.
var ErrNotFound = errors.New("not found")

// ErrExists is reported, possibly wrapped, when a record that must be new is there already.
var ErrExists = errors.New("already exists")

// ErrBusy is reported, possibly wrapped, when somebody else wrote for so long that nothing was done.
var ErrBusy = errors.New("the database is busy")

// User is somebody who may log in. Times are kept to the microsecond, as Django does, and come back in UTC.
type User struct {
	// ID is positive. An ID that the Store chose was never given before, not even to a user deleted since.
	ID int64
	// Username is unique and compared byte by byte: neither case, nor Unicode normalisation, nor white space is folded.
	Username string
	// Password is the hash in Django's encoded form, kept as it was given.
	Password string
	// PasswordFormat says how the hash was made: algorithm and parameters, without salt and digest. It is empty when
	// the hash can not be used. Whoever makes the hash computes it; a Store only remembers and lists it.
	PasswordFormat string
	// Active is Django's is_active.
	Active bool
	// LastLogin is zero when the user never logged in.
	LastLogin time.Time
	// Joined is Django's date_joined, zero when it is not known.
	Joined time.Time
	// Claims is the JSON object of claims that the user's tokens have besides the standard ones, "" for none. A Store does
	// not look into it. AddUsers and Import leave it out.
	Claims string
	// SessionsEnded is when all sessions of the user were last ended, whether there were any or not; zero when that never
	// was. Each time it grows, whatever the clock says. A token that belongs to no session and was issued by then is to be
	// refused. AddUsers and Import leave it out.
	SessionsEnded time.Time
}

// Revocation says that a token is refused although its signature is good and it has not expired.
type Revocation struct {
	// ID is the token's id (jti), compared byte by byte.
	ID string
	// Expires is when the token expires by itself, to the microsecond: after it there is nothing left to refuse.
	Expires time.Time
}

// Imported counts what an import found.
type Imported struct {
	// Users were added.
	Users int
	// Present users were there already, with the same ID and the same name, and were left as they are.
	Present int
	// Inactive are those of them who came as inactive, and are active here.
	Inactive int
	// Revocations are remembered now that were not before.
	Revocations int
}

// Store remembers users, sessions, revoked tokens and settings. Every method is one durable unit of work, done wholly or not
// at all, and on disk when it returns; every method is safe for concurrent use, also with other processes on the same
// database. All stop early when ctx ends, with an error for which errors.Is(err, ctx.Err()) holds, and then nothing was done;
// or, where that is too late, they tell what became of it. A caller whose write must not be lost with its client passes a
// context of its own. An error that names none of ErrNotFound, ErrExists and ErrBusy means that the database itself failed.
// No error text holds a password hash or the value of a setting.
type Store interface {
	UserStore
	SessionStore
	RevocationStore

	// Import adds users and then revocations, all at once or none: nobody sees any of them before it has returned without
	// an error. It takes as long as the sequences take, and keeps others from writing for moments only. IDs are as in
	// AddUsers, but 0 is refused. A user who is there already, with the same ID and the same name, is counted and left
	// alone; where only one of the two is taken, the error wraps ErrExists and names the user. An error that a sequence
	// yields ends the import and is returned, possibly wrapped. One import runs at a time: another meanwhile fails
	// with ErrBusy. What a killed process left behind is nobody's to see, and is cleared away by the next call that adds
	// users.
	Import(ctx context.Context, users iter.Seq2[User, error], revoked iter.Seq2[Revocation, error]) (Imported, error)

	// Setting returns the value remembered under name. When there is none, initial is remembered and returned: two
	// processes that ask together get the same answer. A remembered value never changes.
	Setting(ctx context.Context, name string, initial []byte) ([]byte, error)

	// Ping reads from the database and reports whether it can serve.
	Ping(ctx context.Context) error

	// Close waits for the calls under way and gives the database back. The Store is not used after it.
	Close() error
}

// UserStore is the part of a Store that remembers users.
type UserStore interface {
	// UserByName returns the user whose name is exactly username, or ErrNotFound.
	UserByName(ctx context.Context, username string) (User, error)

	// UserByID returns the user with this ID, or ErrNotFound.
	UserByID(ctx context.Context, id int64) (User, error)

	// Users returns at most limit users whose IDs are greater than afterID, ascending by ID. A page shorter than limit
	// is the last one. A limit that is not positive is an error.
	Users(ctx context.Context, afterID int64, limit int) ([]User, error)

	// AddUsers adds all users or none and returns their IDs in the same order. An ID of 0 asks for the next one: greater
	// than every ID that was ever given, also those of deleted users. Any other ID is taken as it is; it must be positive
	// and less than 1<<63-1. When a username or an ID is taken, in the database or earlier in users, the error wraps
	// ErrExists and names that user.
	AddUsers(ctx context.Context, users []User) ([]int64, error)

	// AddFirstUser adds user as AddUsers does, but only to a database without any user: otherwise ErrExists. Of two
	// callers at once, one succeeds.
	AddFirstUser(ctx context.Context, user User) (int64, error)

	// SetPassword replaces the hash and its format and ends the user's sessions (EndedByPassword), or reports ErrNotFound.
	SetPassword(ctx context.Context, id int64, change PasswordChange) error

	// ChangePassword does the same if the user is active and has had no end of all sessions after asOf
	// (User.SessionsEnded), or reports ErrNotFound: whoever showed a password that was reset meanwhile changes nothing.
	ChangePassword(ctx context.Context, id int64, asOf time.Time, change PasswordChange) error

	// ReplacePassword replaces the hash and its format only where the stored hash still is old, and says whether it did:
	// a rehash after a login never undoes a password change that happened meanwhile. A user who is not there any more is
	// no error: nothing was replaced.
	ReplacePassword(ctx context.Context, id int64, old, encoded, format string) (replaced bool, err error)

	// SetActive lets the user log in or not, or reports ErrNotFound. One who may not has all sessions ended
	// (EndedInactive) at this time.
	SetActive(ctx context.Context, id int64, active bool, at time.Time) error

	// ReplaceClaims replaces User.Claims only where they still are old, and says whether it did. A user who is not there is
	// no error: nothing was replaced.
	ReplaceClaims(ctx context.Context, id int64, old, claims string) (replaced bool, err error)

	// SetLastLogin remembers when the user logged in last, or reports ErrNotFound.
	SetLastLogin(ctx context.Context, id int64, at time.Time) error

	// DeleteUser forgets the user, or reports ErrNotFound. The user's sessions are ended (EndedDeleted) at this time and
	// remembered, without Agent and Address.
	DeleteUser(ctx context.Context, id int64, at time.Time) error

	// PasswordFormats returns the distinct formats of all users, each once, ascending; the empty one is left out. It is
	// cheap however many users there are: its work grows with the number of formats.
	PasswordFormats(ctx context.Context) ([]string, error)
}

// RevocationStore is the part of a Store that remembers which single tokens are refused.
type RevocationStore interface {
	// Revoke remembers r and says whether its ID was not revoked before: of several callers at once, one is told true.
	// An ID that is known keeps the expiry that it has.
	Revoke(ctx context.Context, r Revocation) (fresh bool, err error)

	// Revocations returns at most limit revocations whose IDs are greater than afterID, byte by byte, ascending by ID. A page
	// shorter than limit is the last one. A limit that is not positive is an error.
	Revocations(ctx context.Context, afterID string, limit int) ([]Revocation, error)

	// ForgetRevoked forgets revocations that expired at or before until, the oldest first, for about as long as hold, and
	// returns how many. It forgets at least one when there is one: with 0 there is none left. Nobody else can write for
	// that long.
	ForgetRevoked(ctx context.Context, until time.Time, hold time.Duration) (int, error)
}
