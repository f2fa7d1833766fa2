package auth

import (
	"context"
	"errors"
	"fmt"

	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// ObtainPair answers a login with a pair of tokens, of a new session where there are sessions. It fails with
// ErrNoActiveAccount, after the same work whatever the reason, with ErrBusy, or with an error of ctx when the caller has gone
// before the work began. The name is compared exactly, and both are taken as they are: whoever reads them from a caller has
// trimmed them.
//
// A password longer than password.MaxLength bytes is refused at once: its length says nothing about the user.
func (s *Service) ObtainPair(ctx context.Context, username, plaintext string, from Client) (token.Pair, error) {
	user, err := s.logIn(ctx, username, plaintext)
	if err != nil {
		return token.Pair{}, err
	}
	var pair token.Pair
	if s.Rules.Sessions {
		pair, err = s.startPair(ctx, user, from)
	} else {
		pair, err = s.Issuer.IssuePair(s.about(user))
	}
	if err != nil {
		return token.Pair{}, fmt.Errorf("issue a pair: %w", err)
	}
	return pair, nil
}

// ObtainSliding answers a login with a sliding token. It fails as ObtainPair does.
func (s *Service) ObtainSliding(ctx context.Context, username, plaintext string, from Client) (string, error) {
	user, err := s.logIn(ctx, username, plaintext)
	if err != nil {
		return "", err
	}
	var encoded string
	if s.Rules.Sessions {
		encoded, err = s.startSliding(ctx, user, from)
	} else {
		encoded, err = s.Issuer.IssueSliding(s.about(user))
	}
	if err != nil {
		return "", fmt.Errorf("issue a sliding token: %w", err)
	}
	return encoded, nil
}

// logIn returns the user who has this name and this password, with the hash that is stored when it returns.
func (s *Service) logIn(ctx context.Context, username, plaintext string) (storage.User, error) {
	if len(plaintext) > password.MaxLength {
		return storage.User{}, ErrNoActiveAccount
	}
	release, err := s.Pool.Acquire(ctx)
	if err != nil {
		return storage.User{}, err
	}
	defer release()
	// A login that has begun is decided, whatever its caller does: one that could be given up halfway would tell by its
	// answer how far it had come, and so who exists.
	ctx = context.WithoutCancel(ctx)
	user, err := s.checkCredentials(ctx, username, plaintext)
	if err != nil {
		return storage.User{}, err
	}
	if s.Hasher.Outdated(user.Password) {
		encoded, err := s.Hasher.Hash(plaintext)
		release() // whoever writes to the database meanwhile would otherwise keep others from hashing
		user.Password = s.rehash(ctx, user, encoded, err)
	}
	if s.Rules.UpdateLastLogin {
		release()
		s.noteLogin(ctx, user)
	}
	return user, nil
}

// checkCredentials hashes: it needs a place in the pool.
func (s *Service) checkCredentials(ctx context.Context, username, plaintext string) (storage.User, error) {
	user, err := s.Store.UserByName(ctx, username)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return storage.User{}, fmt.Errorf("find user: %w", err)
	}
	// Asked for before the hash is checked: a failure after it would tell that there was one.
	present, err := s.formats(ctx)
	if err != nil {
		return storage.User{}, err
	}
	// Of nobody the hash is "", which matches nothing.
	matches, spent := s.Costs.Check(plaintext, user.Password)
	if !matches || !user.Active {
		s.Costs.LevelUp(plaintext, spent, present)
		return storage.User{}, ErrNoActiveAccount
	}
	return user, nil
}

// rehash stores the hash of a password that has just been checked, in today's format, and returns the one that is stored
// then, as far as known. The login is good without it: the next one tries again.
func (s *Service) rehash(ctx context.Context, user storage.User, encoded string, err error) string {
	replaced := false
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, sideWriteTimeout)
		defer cancel()
		replaced, err = s.Store.ReplacePassword(ctx, user.ID, user.Password, encoded, string(s.Hasher.Format()))
	}
	if err != nil {
		s.Log.WarnContext(ctx, "password not rehashed; its next login tries again", "user_id", user.ID, "error", err.Error())
	}
	if !replaced {
		return user.Password
	}
	return encoded
}

// noteLogin stores when the user logged in. The login is good without it.
func (s *Service) noteLogin(ctx context.Context, user storage.User) {
	ctx, cancel := context.WithTimeout(ctx, sideWriteTimeout)
	defer cancel()
	// A user who was deleted meanwhile has nothing to note.
	err := s.Store.SetLastLogin(ctx, user.ID, s.Issuer.Now())
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		s.Log.WarnContext(ctx, "last login not noted", "user_id", user.ID, "error", err.Error())
	}
}
