package auth

import (
	"context"
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// errUnnamed: a token names nobody.
var errUnnamed = errors.New("the token names no user")

// about is what tokens say of a user.
func (s *Service) about(user storage.User) (about token.Claims) {
	names := s.Issuer.Config()
	switch {
	case s.Rules.UserIDField == "username":
		about.SetText(names.UserIDClaim, user.Username)
	case s.Rules.TextUserID:
		about.SetText(names.UserIDClaim, strconv.FormatInt(user.ID, 10))
	default:
		about.SetInt(names.UserIDClaim, user.ID)
	}
	if s.Rules.CheckRevokeToken {
		about.SetText(names.RevokeClaim, passwordMark(user.Password))
	}
	s.Issuer.SetParties(&about)
	s.setOwnClaims(&about, user)
	return about
}

// userFor finds the user whom a token names: that of its session where there is one. It fails as userOf does.
func (s *Service) userFor(ctx context.Context, claims token.Claims, standing storage.Standing) (storage.User, error) {
	switch {
	case standing.User.ID != 0:
		return standing.User, nil
	case standing.Session.ID != "":
		return storage.User{}, storage.ErrNotFound
	}
	return s.userOf(ctx, claims)
}

// userOf finds the user whom a token names. It fails with errUnnamed when the token has no such claim, and with
// storage.ErrNotFound when there is no such user, or could be none by that name or number.
func (s *Service) userOf(ctx context.Context, claims token.Claims) (storage.User, error) {
	name, err := s.nameIn(claims)
	if errors.Is(err, errUnnamed) {
		return storage.User{}, err
	}
	var user storage.User
	switch {
	case err != nil:
	case s.Rules.UserIDField == "username":
		user, err = s.Store.UserByName(ctx, name)
	default:
		user, err = s.userByNumber(ctx, name)
	}
	if err != nil {
		return storage.User{}, fmt.Errorf("find the user of a token: %w", err)
	}
	return user, nil
}

// nameIn is what a token names its user by: a number names the user of its digits, and what is neither that nor text names
// nobody, which is storage.ErrNotFound.
func (s *Service) nameIn(claims token.Claims) (string, error) {
	claim := s.Issuer.Config().UserIDClaim
	raw, ok := claims.Get(claim)
	if !ok {
		return "", errUnnamed
	}
	switch raw.Kind() {
	case '"':
		if name, isText := claims.Text(claim); isText {
			return name, nil
		}
		return string(raw), nil
	case '0':
		return string(raw), nil
	}
	return "", storage.ErrNotFound
}

// userByNumber takes one spelling of each number, so that no two texts name one user.
func (s *Service) userByNumber(ctx context.Context, digits string) (storage.User, error) {
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(id, 10) != digits {
		return storage.User{}, storage.ErrNotFound
	}
	return s.Store.UserByID(ctx, id)
}

// namesNobody says whether a token leaves its user open: SimpleJWT then asks for none when it refreshes. To it a claim with
// an empty value is no better than a missing one.
func (s *Service) namesNobody(claims token.Claims) bool {
	raw, ok := claims.Get(s.Issuer.Config().UserIDClaim)
	if !ok {
		return true
	}
	switch text := string(raw); raw.Kind() {
	case 'n', 'f':
		return true
	case '"':
		return text == `""`
	case '[':
		return text == "[]"
	case '{':
		return text == "{}"
	case '0':
		f, err := strconv.ParseFloat(text, 64)
		return err == nil && f == 0
	}
	return false
}

// fitsUser says whether a database could look an ID up by the claim: it is no list, no object, and no text but a number.
// Where SimpleJWT looks it up, it fails on any other.
func (s *Service) fitsUser(claims token.Claims) bool {
	claim := s.Issuer.Config().UserIDClaim
	raw, ok := claims.Get(claim)
	if !ok || s.Rules.UserIDField == "username" {
		return true
	}
	switch raw.Kind() {
	case '[', '{':
		return false
	case '"':
		text, isText := claims.Text(claim)
		return isText && pythonInteger.MatchString(TrimSpace(text))
	}
	return true
}

// pythonInteger is a text that Python's int reads.
var pythonInteger = regexp.MustCompile(`\A[+-]?\p{Nd}+(_\p{Nd}+)*\z`)

// passwordMark is what SimpleJWT puts into tokens so that they end when the hash of the password changes. It tells nothing
// that could be used: the hash is salted.
func passwordMark(encoded string) string {
	sum := md5.Sum([]byte(encoded))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// asksForMark says whether the mark of the password counts: sessions were ended with a change of it, and may be kept.
func (s *Service) asksForMark(standing storage.Standing) bool {
	return s.Rules.CheckRevokeToken && (!s.Rules.Sessions || standing.Session.ID == "")
}

// passwordChanged says whether the user's hash is another than when the token was issued.
func (s *Service) passwordChanged(claims token.Claims, user storage.User) bool {
	mark, _ := claims.Text(s.Issuer.Config().RevokeClaim) // none is no mark of any hash
	return subtle.ConstantTimeCompare([]byte(mark), []byte(passwordMark(user.Password))) != 1
}
