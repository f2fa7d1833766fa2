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
	Session   string    // the access token's, "" when it has none

	user storage.User
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
	claims, standing, err := s.openAccess(ctx, encoded)
	if err != nil {
		return Account{}, err
	}
	user, err := s.userFor(ctx, claims, standing)
	switch {
	case errors.Is(err, errUnnamed):
		return Account{}, ErrUnidentified
	case errors.Is(err, storage.ErrNotFound):
		return Account{}, ErrUserNotFound
	case err != nil:
		return Account{}, err
	case !user.Active && !s.Rules.IgnoreInactive:
		return Account{}, ErrUserInactive
	case s.asksForMark(standing) && s.passwordChanged(claims, user):
		return Account{}, ErrAccessPasswordChanged
	}
	return Account{user.ID, user.Username, user.LastLogin, standing.Session.ID, user}, nil
}

// kinds are the kinds of tokens that open protected paths.
func (s *Service) kinds() []token.Type {
	if len(s.Rules.AccessTypes) == 0 {
		return []token.Type{token.Access}
	}
	return s.Rules.AccessTypes
}

// refused is one reason for every kind.
func (s *Service) refused(reason error) (refused KindsRefused) {
	for _, kind := range s.kinds() {
		refused = append(refused, KindRefused{kind, reason})
	}
	return refused
}

// openAccess reads a token of the first kind that it is of.
func (s *Service) openAccess(ctx context.Context, encoded string) (token.Claims, storage.Standing, error) {
	claims, err := s.Issuer.Open(encoded)
	if err != nil {
		return token.Claims{}, storage.Standing{}, s.refused(err)
	}
	var refused KindsRefused
	for _, kind := range s.kinds() {
		standing, err := s.checkKind(ctx, claims, kind)
		if err == nil {
			return claims, standing, nil
		}
		if !isReason(err) {
			return token.Claims{}, storage.Standing{}, err
		}
		refused = append(refused, KindRefused{kind, err})
	}
	return token.Claims{}, storage.Standing{}, refused
}

// checkKind: without sessions, access tokens live too shortly to be blacklisted. All others are looked up.
func (s *Service) checkKind(ctx context.Context, claims token.Claims, kind token.Type) (standing storage.Standing, err error) {
	if _, named := sessionOf(claims); named || kind != token.Access || s.Rules.Sessions {
		if standing, err = s.standing(ctx, claims); err != nil {
			return storage.Standing{}, err
		}
	}
	return standing, s.Issuer.Check(claims, kind)
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
