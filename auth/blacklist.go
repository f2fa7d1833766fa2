package auth

import (
	"context"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// Blacklist makes a refresh token good for nothing, and with sessions everything that came of the same login, whoever the user
// is: on disk before it returns. It fails with a reason of package token, or with ErrBlacklisted when that was done before;
// of several callers at once, one succeeds.
func (s *Service) Blacklist(ctx context.Context, encoded string) error {
	claims, _, err := s.open(ctx, encoded, token.Refresh)
	if err != nil {
		return err
	}
	if !s.fitsUser(claims) {
		return token.ErrInvalid
	}
	if !s.Rules.Sessions {
		return s.revoke(ctx, claims)
	}
	return s.end(ctx, claims, storage.EndedByLogout)
}

// end ends the session of a token, and fails with ErrBlacklisted when it was ended already. Like revoke, it is not given up
// with its caller.
func (s *Service) end(ctx context.Context, claims token.Claims, reason storage.EndReason) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	end := storage.End{At: s.Issuer.Now(), Reason: reason}
	var ended bool
	var err error
	if sid, named := sessionOf(claims); named {
		ended, err = s.Store.EndSession(ctx, sid, 0, end)
	} else {
		ended, err = s.Store.EndToken(ctx, storage.Revocation{ID: s.Issuer.ID(claims), Expires: s.Issuer.Expires(claims)}, end)
	}
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	if !ended {
		return ErrBlacklisted
	}
	return nil
}

// KeepRevoked is for how long a blacklisted token is remembered after it has expired: neither a leeway up to MaxLeeway nor
// a clock that is set back by less makes it good again.
const KeepRevoked = 24 * time.Hour

// MaxLeeway is the longest leeway that KeepRevoked bears: a sliding token may be extended within it, and is good for it once
// more after that.
const MaxLeeway = KeepRevoked / 2
