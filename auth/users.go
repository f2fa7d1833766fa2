package auth

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
)

// MaxUsername is the length of the longest name, in characters.
const MaxUsername = 150

// The reasons a change to a user is refused. The error's text says what to mend, and never holds a password.
var (
	ErrNoUser        = errors.New("there is no user with this name")
	ErrTaken         = errors.New("a name or an id is taken already")
	ErrUserExists    = errors.New("there is a user with this name already")
	ErrBadUsername   = errors.New("name refused")
	ErrDatabaseInUse = errors.New("the database has users already")
)

// Users are the accounts, as an operator sees them. Its fields are set before its first use and not changed after; it is
// safe for concurrent use.
type Users struct {
	Store    storage.Store
	Hasher   password.Hasher
	Now      func() time.Time
	Reserved []string // claims that settings give a meaning, and SetClaims refuses besides the usual ones
}

// Create adds an active user. The name is normalised to NFKC, as Django does. It fails with ErrBadUsername,
// ErrBadPassword or ErrUserExists.
func (u *Users) Create(ctx context.Context, username, plaintext string) (storage.User, error) {
	user, err := u.newUser(username, plaintext)
	if err != nil {
		return storage.User{}, err
	}
	ids, err := u.Store.AddUsers(ctx, []storage.User{user})
	if errors.Is(err, storage.ErrExists) {
		return storage.User{}, ErrUserExists
	}
	if err != nil {
		return storage.User{}, fmt.Errorf("add user: %w", err)
	}
	user.ID = ids[0]
	return user, nil
}

// CreateFirst adds an active user to a database that has none, and fails with ErrDatabaseInUse when it has.
func (u *Users) CreateFirst(ctx context.Context, username, plaintext string) error {
	user, err := u.newUser(username, plaintext)
	if err != nil {
		return err
	}
	_, err = u.Store.AddFirstUser(ctx, user)
	if errors.Is(err, storage.ErrExists) {
		return ErrDatabaseInUse
	}
	if err != nil {
		return fmt.Errorf("add user: %w", err)
	}
	return nil
}

// CanLogIn says whether this name and this password would be given tokens. It hashes outside every pool.
func (u *Users) CanLogIn(ctx context.Context, username, plaintext string) (bool, error) {
	user, err := u.find(ctx, username)
	if errors.Is(err, ErrNoUser) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return user.Active && u.Hasher.Check(plaintext, user.Password), nil
}

// ChangePassword gives a user a new password and ends all sessions of the user. It fails with ErrNoUser or ErrBadPassword.
func (u *Users) ChangePassword(ctx context.Context, username, plaintext string) error {
	user, err := u.find(ctx, username)
	if err != nil {
		return err
	}
	encoded, err := u.hash(user.Username, plaintext)
	if err != nil {
		return err
	}
	return noUser(u.Store.SetPassword(ctx, user.ID, storage.PasswordChange{
		Encoded: encoded, Format: string(u.Hasher.Format()), At: u.Now(),
	}))
}

// SetActive lets a user log in, or not, which also ends all sessions of the user. It fails with ErrNoUser.
func (u *Users) SetActive(ctx context.Context, username string, active bool) error {
	user, err := u.find(ctx, username)
	if err != nil {
		return err
	}
	return noUser(u.Store.SetActive(ctx, user.ID, active, u.Now()))
}

// Delete forgets a user, whose id is never given again, and ends all sessions of the user. It fails with ErrNoUser.
func (u *Users) Delete(ctx context.Context, username string) error {
	user, err := u.find(ctx, username)
	if err != nil {
		return err
	}
	return noUser(u.Store.DeleteUser(ctx, user.ID, u.Now()))
}

// SetClaims replaces the claims that a user's tokens have besides the standard ones by those of object, a JSON object in text:
// at the next login or refresh. It fails with ErrNoUser or ErrBadClaims.
func (u *Users) SetClaims(ctx context.Context, username, object string) error {
	for {
		user, err := u.find(ctx, username)
		if err != nil {
			return err
		}
		claims, err := checkClaims(object, user.Claims, u.Reserved)
		if err != nil {
			return err
		}
		replaced, err := u.Store.ReplaceClaims(ctx, user.ID, user.Claims, claims)
		if err != nil || replaced {
			return err
		}
	}
}

// All walks over the users by ascending id. After an error it ends.
func (u *Users) All(ctx context.Context) iter.Seq2[storage.User, error] {
	const page = 1000
	return func(yield func(storage.User, error) bool) {
		for last := int64(0); ; {
			users, err := u.Store.Users(ctx, last, page)
			if err != nil {
				yield(storage.User{}, fmt.Errorf("list users: %w", err))
				return
			}
			for _, user := range users {
				if !yield(user, nil) {
					return
				}
				last = user.ID
			}
			if len(users) < page {
				return
			}
		}
	}
}

// Import adds users and revoked tokens that come from elsewhere, ids, names and hashes as they are: all or none, as
// storage.Store tells. It fails with ErrTaken and the user whose name or id it is, with ErrStoreBusy while another import
// runs, or with what users or revoked yield.
func (u *Users) Import(ctx context.Context, users iter.Seq2[storage.User, error], revoked iter.Seq2[storage.Revocation, error]) (storage.Imported, error) {
	imported, err := u.Store.Import(ctx, withFormats(users), revoked)
	if errors.Is(err, storage.ErrExists) {
		return storage.Imported{}, fmt.Errorf("%w: %w", ErrTaken, err)
	}
	return imported, err
}

// withFormats says of each user how the hash was made.
func withFormats(users iter.Seq2[storage.User, error]) iter.Seq2[storage.User, error] {
	return func(yield func(storage.User, error) bool) {
		for user, err := range users {
			user.PasswordFormat = string(password.FormatOf(user.Password))
			if !yield(user, err) {
				return
			}
		}
	}
}

func (u *Users) newUser(username, plaintext string) (storage.User, error) {
	name, err := checkUsername(username)
	if err != nil {
		return storage.User{}, err
	}
	encoded, err := u.hash(name, plaintext)
	if err != nil {
		return storage.User{}, err
	}
	return storage.User{
		Username:       name,
		Password:       encoded,
		PasswordFormat: string(u.Hasher.Format()),
		Active:         true,
		Joined:         u.Now(),
	}, nil
}

func (u *Users) find(ctx context.Context, username string) (storage.User, error) {
	user, err := u.Store.UserByName(ctx, username)
	if err != nil {
		return storage.User{}, noUser(err)
	}
	return user, nil
}

func noUser(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return ErrNoUser
	}
	return err
}

// checkUsername returns the name as it is stored. It refuses what a login would not find, and what a terminal would obey.
func checkUsername(username string) (string, error) {
	name := norm.NFKC.String(username)
	switch {
	case !utf8.ValidString(name):
		return "", fmt.Errorf("%w: it is not UTF-8", ErrBadUsername)
	case name == "":
		return "", fmt.Errorf("%w: it is empty", ErrBadUsername)
	case TrimSpace(name) != name:
		return "", fmt.Errorf("%w: it begins or ends with white space, which a login would cut", ErrBadUsername)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", fmt.Errorf("%w: it holds control characters", ErrBadUsername)
	case utf8.RuneCountInString(name) > MaxUsername:
		return "", fmt.Errorf("%w: it is longer than %d characters", ErrBadUsername, MaxUsername)
	}
	return name, nil
}

// hash checks a new password and hashes it, trimmed like at a login.
func (u *Users) hash(username, plaintext string) (string, error) {
	if err := checkNew(username, plaintext); err != nil {
		return "", err
	}
	encoded, err := u.Hasher.Hash(TrimSpace(plaintext))
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return encoded, nil
}
