package auth

import (
	"context"
	"errors"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// The reasons why a good access token opens nothing.
var (
	ErrUnidentified          = errors.New("the access token names no user")
	ErrUserNotFound          = errors.New("the user of the access token is not there")
	ErrUserInactive          = errors.New("the user of the access token is inactive")
	ErrAccessPasswordChanged = errors.New("the password has changed since the access token was issued")
)

// Account is a user as a request of that user sees it.
type Account struct {
	ID        int64
	Username  string
	LastLogin time.Time // zero: never
}

// KindsRefused is the error for a token that is none of the kinds that would do.
type KindsRefused []KindRefused

// KindRefused is why a token is none of one kind: a reason of package token, or ErrBlacklisted.
type KindRefused struct {
	Kind   token.Type
	Reason error
}

func (KindsRefused) Error() string { return "the token is of no kind that would do" }

// Authenticate returns the user of an access token, or of what the rules take for one. It fails with KindsRefused,
// ErrUnidentified, ErrUserNotFound, ErrUserInactive or ErrAccessPasswordChanged.
func (s *Service) Authenticate(ctx context.Context, encoded string) (Account, error) {
	claims, err := s.openAccess(ctx, encoded)
	if err != nil {
		return Account{}, err
	}
	user, err := s.userOf(ctx, claims)
	switch {
	case errors.Is(err, errUnnamed):
		return Account{}, ErrUnidentified
	case errors.Is(err, storage.ErrNotFound):
		return Account{}, ErrUserNotFound
	case err != nil:
		return Account{}, err
	case !user.Active && !s.Rules.IgnoreInactive:
		return Account{}, ErrUserInactive
	case s.Rules.CheckRevokeToken && s.passwordChanged(claims, user):
		return Account{}, ErrAccessPasswordChanged
	}
	return Account{ID: user.ID, Username: user.Username, LastLogin: user.LastLogin}, nil
}

// openAccess reads a token of the first kind that it is of.
func (s *Service) openAccess(ctx context.Context, encoded string) (token.Claims, error) {
	kinds := s.Rules.AccessTypes
	if len(kinds) == 0 {
		kinds = []token.Type{token.Access}
	}
	claims, openErr := s.Issuer.Open(encoded)
	var refused KindsRefused
	for _, kind := range kinds {
		err := openErr
		if err == nil {
			err = s.checkKind(ctx, claims, kind)
		}
		if err == nil {
			return claims, nil
		}
		if !isReason(err) {
			return token.Claims{}, err
		}
		refused = append(refused, KindRefused{kind, err})
	}
	return token.Claims{}, refused
}

// checkKind: access tokens live too shortly to be blacklisted, the others are looked up.
func (s *Service) checkKind(ctx context.Context, claims token.Claims, kind token.Type) error {
	if kind != token.Access {
		if err := s.checkRevoked(ctx, claims); err != nil {
			return err
		}
	}
	return s.Issuer.Check(claims, kind)
}

// isReason tells what is wrong with a token from what is wrong with the database.
func isReason(err error) bool {
	for _, reason := range []error{
		ErrBlacklisted, token.ErrInvalid, token.ErrExpired, token.ErrNoExpiry, token.ErrNoID, token.ErrNoType, token.ErrWrongType,
	} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}
