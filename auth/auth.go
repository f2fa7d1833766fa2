// Package auth decides who is given a token. It knows nothing of HTTP, of SQL, of how a password is hashed or a token
// signed.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	// ErrStoreBusy: somebody else wrote to the database for so long that nothing was done.
	ErrStoreBusy = storage.ErrBusy
	// ErrNotReady: the service cannot serve now.
	ErrNotReady = errors.New("not ready")
	// ErrBlacklisted: the token was given back, or was used up by its rotation, or its session does not go on.
	ErrBlacklisted = errors.New("token is blacklisted")
	// ErrNoAccount: a token is good, and the user whom it names is deleted or inactive.
	ErrNoAccount = errors.New("no active account for the token")
	// ErrPasswordChanged: a token is good, and the password of its user has changed since.
	ErrPasswordChanged = errors.New("the password has changed since the token was issued")
)

const (
	// sideWriteTimeout bounds the writes that a login can do without: they wait no longer for whoever else writes.
	sideWriteTimeout = time.Second
	// writeTimeout bounds the writes that an answer waits for, whatever becomes of its caller.
	writeTimeout = 10 * time.Second
	// touchEvery is how often the use of a session is noted where it is not rotated.
	touchEvery = time.Minute
)

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
	TextUserID             bool         // an ID is text in a token, as SimpleJWT writes it since 5.5.1, and not a number
	UserIDField            string       // what a token names its user by: "username", or the ID when it is anything else
	RotateRefreshTokens    bool         // a refresh answers with a new refresh token too
	BlacklistAfterRotation bool         // and the old one is good for nothing any more; Verify looks at what is blacklisted
	UpdateLastLogin        bool         // a login notes its time
	CheckRevokeToken       bool         // tokens carry a mark of the password's hash, and end when it changes
	IgnoreInactive         bool         // refresh and access do not ask whether the user is active; a login always does
	AccessTypes            []token.Type // the kinds of tokens that Authenticate takes; none stands for Access

	Sessions        bool          // a login starts a session, and refresh goes by the rules of docs/refresh.md
	RefreshGrace    time.Duration // for how long a refresh token that was replaced is answered with its successor; zero: not at all
	SessionLifetime time.Duration // after it a session ends, however often it was refreshed
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
