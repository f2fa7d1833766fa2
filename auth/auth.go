// Package auth decides who is given a token. It knows nothing of HTTP, of SQL, of how a password is hashed or a token
// signed.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// The reasons a caller is refused.
var (
	// ErrNoActiveAccount: no active user has this name and this password. It does not tell which of them is wrong.
	ErrNoActiveAccount = errors.New("no active account with these credentials")
	// ErrBusy: too many logins wait already, or this one could not start in time. Nothing was decided.
	ErrBusy = password.ErrBusy
	// ErrNotReady: the service cannot serve now.
	ErrNotReady = errors.New("not ready")
)

// rehashTimeout bounds the write that a login can do without: it waits no longer for whoever else writes.
const rehashTimeout = time.Second

// Service gives tokens to users. Its fields are set before its first use and not changed after; it is safe for
// concurrent use.
type Service struct {
	Store  storage.Store
	Hasher password.Hasher
	Costs  *password.Costs // what refused logins are brought up to
	Pool   *password.Pool  // who may hash
	Issuer *token.Issuer
	Rules  Rules
	Log    *slog.Logger // is told of what failed without failing the caller
}

// Rules are the policy that settings can change.
type Rules struct {
	TextUserID bool // user_id is text in a token, as SimpleJWT writes it since 5.5.1, and not a number
}

// Warm measures what refused logins will need, so that none of them has to wait for it. It takes up to half a
// second for each format that is present beside the first.
func (s *Service) Warm(ctx context.Context) error {
	present, err := s.formats(ctx)
	if err != nil {
		return err
	}
	s.Costs.Measure(present)
	return nil
}

// Ready reports with ErrNotReady, and the cause, that the database does not answer.
func (s *Service) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := s.Store.Ping(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNotReady, err)
	}
	return nil
}

func (s *Service) formats(ctx context.Context) ([]password.Format, error) {
	names, err := s.Store.PasswordFormats(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the formats of passwords: %w", err)
	}
	present := make([]password.Format, len(names))
	for i, name := range names {
		present[i] = password.Format(name)
	}
	return present, nil
}

func (s *Service) subject(user storage.User) token.Subject {
	if s.Rules.TextUserID {
		return token.TextSubject(strconv.FormatInt(user.ID, 10))
	}
	return token.NumberSubject(user.ID)
}
