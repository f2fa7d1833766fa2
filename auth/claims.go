package auth

import (
	"errors"
	"fmt"
	"slices"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// ErrBadClaims: claims for a user are refused. The error's text says what to mend.
var ErrBadClaims = errors.New("claims refused")

// maxRemembered bounds, in bytes, a user's claims with the names of those that were taken away.
const maxRemembered = 2 * token.MaxExtra

// reservedClaims are those that no operator may set: those of RFC 7519 §4.1, SimpleJWT's, and the session.
var reservedClaims = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "token_type", "user_id", "refresh_exp", "hash_password", sessionClaim,
}

// setOwnClaims gives a token the claims of its user, behind all others, as they are now. A claim that the user had once and
// has no more is null there: a token that still has it loses it.
func (s *Service) setOwnClaims(claims *token.Claims, user storage.User) {
	if user.Claims == "" {
		return
	}
	own, err := token.ParseClaims([]byte(user.Claims))
	if err != nil { // nobody but SetClaims writes them
		s.Log.Error("the claims of a user cannot be read; tokens go without", "user_id", user.ID)
		return
	}
	config := s.Issuer.Config()
	names := []string{config.UserIDClaim, config.TypeClaim, config.IDClaim, config.SlidingExpClaim, config.RevokeClaim}
	for name, value := range own.All() {
		if slices.Contains(names, name) || slices.Contains(reservedClaims, name) {
			continue // a setting gave the name away after it was set
		}
		claims.Delete(name)
		if value.Kind() != 'n' {
			claims.Set(name, value)
		}
	}
}

// renewed are the claims of a good token, with those of its user as they are now, and last the session, unless that is "".
func (s *Service) renewed(claims token.Claims, user storage.User, session string) token.Claims {
	claims = claims.Clone()
	s.setOwnClaims(&claims, user)
	if session != "" {
		claims.Delete(sessionClaim)
		claims.SetText(sessionClaim, session)
	}
	return claims
}

// checkClaims returns the claims to remember: object, which an operator wrote, and null for each name of old that it has no
// more, so that those can be taken out of tokens.
func checkClaims(object, old string, reserved []string) (string, error) {
	claims, err := token.ParseStrict([]byte(object))
	if err != nil {
		return "", fmt.Errorf(`%w: %v; write a JSON object, such as {"role":"editor"}`, ErrBadClaims, err)
	}
	for name, value := range claims.All() {
		switch {
		case name == "":
			return "", fmt.Errorf("%w: a claim has no name", ErrBadClaims)
		case slices.Contains(reservedClaims, name), slices.Contains(reserved, name):
			return "", fmt.Errorf("%w: %s is reserved, and set by the server alone: choose another name", ErrBadClaims, name)
		case value.Kind() == 'n':
			return "", fmt.Errorf("%w: %q is null: leave a claim out to take it away", ErrBadClaims, name)
		}
	}
	encoded, _ := claims.MarshalJSON()
	if len(encoded) > token.MaxExtra {
		return "", fmt.Errorf("%w: they are %d bytes long, as they stand in a token, and may be %d", ErrBadClaims, len(encoded), token.MaxExtra)
	}
	var all, before token.Claims
	if old != "" {
		if before, err = token.ParseClaims([]byte(old)); err != nil {
			return "", fmt.Errorf("read the claims that are set: %w", err)
		}
	}
	for name := range before.All() {
		if _, ok := claims.Get(name); !ok {
			all.SetNull(name)
		}
	}
	isNew := false
	for name, value := range claims.All() {
		_, known := before.Get(name)
		isNew = isNew || !known
		all.Set(name, value)
	}
	remembered, _ := all.MarshalJSON()
	if isNew && len(remembered) > maxRemembered { // what takes claims away is always taken
		return "", fmt.Errorf("%w: too many different names were set for this user, who may still have tokens with them: take one that was set before, and put what changes below it", ErrBadClaims)
	}
	if len(remembered) == len("{}") {
		return "", nil
	}
	return string(remembered), nil
}
