package auth

import (
	"context"
	"errors"
	"fmt"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// Refresh answers a refresh token with a new access token and, where the rules rotate, a new refresh token, else "". It
// fails with a reason of package token, ErrBlacklisted, ErrNoAccount or ErrPasswordChanged. With sessions, docs/refresh.md has
// the rules, and from is whom a session is said to belong to that starts here.
//
// Without, where the old token is blacklisted, that is on disk before the new ones are given away, and of several callers at once
// with one token, one gets new ones.
func (s *Service) Refresh(ctx context.Context, encoded string, from Client) (token.Pair, error) {
	if s.Rules.Sessions {
		return s.refreshSession(ctx, encoded, from)
	}
	claims, standing, err := s.open(ctx, encoded, token.Refresh)
	if err != nil {
		return token.Pair{}, err
	}
	if claims, err = s.checkUser(ctx, claims, standing); err != nil {
		return token.Pair{}, err
	}
	var pair token.Pair
	if pair.Access, err = s.Issuer.DeriveAccess(claims); err != nil {
		return token.Pair{}, noRoom("issue an access token", err)
	}
	if !s.Rules.RotateRefreshTokens {
		return pair, nil
	}
	if !s.fitsUser(claims) {
		return token.Pair{}, token.ErrInvalid
	}
	if pair.Refresh, err = s.Issuer.Rotate(claims); err != nil {
		return token.Pair{}, noRoom("issue a refresh token", err)
	}
	if s.Rules.BlacklistAfterRotation {
		if err := s.revoke(ctx, claims); err != nil {
			return token.Pair{}, err
		}
	}
	return pair, nil
}

// RefreshSliding answers a sliding token with one of the same id that expires later. It fails as Refresh does, and with
// token.ErrNoRefreshExpiry or token.ErrRefreshExpired.
func (s *Service) RefreshSliding(ctx context.Context, encoded string, from Client) (string, error) {
	claims, standing, err := s.open(ctx, encoded, token.Sliding)
	if err != nil {
		return "", err
	}
	session := standing.Session
	if s.Rules.Sessions {
		user, err := s.holder(ctx, claims, standing)
		if err != nil {
			return "", err
		}
		if session.ID == "" {
			if session, err = s.adopt(ctx, claims, user, from); err != nil {
				return "", err
			}
		}
		claims = s.renewed(claims, user, session.ID)
	} else {
		session = Session{}
		if claims, err = s.checkUser(ctx, claims, standing); err != nil {
			return "", err
		}
	}
	extended, err := s.Issuer.ExtendSliding(claims, session.Expires)
	if err != nil {
		return "", noRoom("extend a sliding token", err)
	}
	if session.ID != "" {
		s.touch(ctx, session)
	}
	return extended, nil
}

// noRoom refuses a token whose claims leave no room for a new one: it is too long for this server, by its successor if not
// by itself.
func noRoom(doing string, err error) error {
	if errors.Is(err, token.ErrTooLong) {
		return token.ErrInvalid
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// open reads a token of a kind that can be blacklisted.
func (s *Service) open(ctx context.Context, encoded string, want token.Type) (token.Claims, storage.Standing, error) {
	claims, err := s.Issuer.Open(encoded)
	if err != nil {
		return token.Claims{}, storage.Standing{}, err
	}
	standing, err := s.standing(ctx, claims)
	if err != nil {
		return token.Claims{}, storage.Standing{}, err
	}
	if err := s.Issuer.Check(claims, want); err != nil {
		return token.Claims{}, storage.Standing{}, err
	}
	// It would have to be written into the successor, and is text there (RFC 7519 §4.1.1).
	if issuer, ok := claims.Get("iss"); ok && issuer.Kind() != '"' {
		return token.Claims{}, storage.Standing{}, token.ErrInvalid
	}
	return claims, standing, nil
}

// revoke makes a token good for nothing, and fails with ErrBlacklisted when it was so already. It is not given up with its
// caller: a token that somebody believes to be ended has to be.
func (s *Service) revoke(ctx context.Context, claims token.Claims) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	fresh, err := s.Store.Revoke(ctx, storage.Revocation{ID: s.Issuer.ID(claims), Expires: s.Issuer.Expires(claims)})
	if err != nil {
		return fmt.Errorf("blacklist a token: %w", err)
	}
	if !fresh {
		return ErrBlacklisted
	}
	return nil
}

// checkUser asks whether the user whom a token names may go on, and returns the claims that go on: without a session, which
// the token leaves, so that it can be adopted when there are sessions again. A token that names nobody is not asked.
func (s *Service) checkUser(ctx context.Context, claims token.Claims, standing storage.Standing) (token.Claims, error) {
	if standing.Session.ID != "" {
		claims = claims.Clone()
		claims.Delete(sessionClaim)
	}
	if s.namesNobody(claims) {
		return claims, nil
	}
	user, err := s.userOf(ctx, claims)
	if errors.Is(err, storage.ErrNotFound) {
		return token.Claims{}, ErrNoAccount
	}
	if err != nil {
		return token.Claims{}, err
	}
	if !user.Active && !s.Rules.IgnoreInactive {
		return token.Claims{}, ErrNoAccount
	}
	if !s.Rules.CheckRevokeToken || !s.passwordChanged(claims, user) {
		return s.renewed(claims, user, ""), nil
	}
	if err := s.revoke(ctx, claims); err != nil && !errors.Is(err, ErrBlacklisted) {
		return token.Claims{}, err
	}
	return token.Claims{}, ErrPasswordChanged
}
