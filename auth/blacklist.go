package auth

import (
	"context"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// Blacklist makes a refresh token good for nothing, whoever its user is: on disk before it returns. It fails with a reason
// of package token, or with ErrBlacklisted when that was done before; of several callers at once, one succeeds.
func (s *Service) Blacklist(ctx context.Context, encoded string) error {
	claims, err := s.open(ctx, encoded, token.Refresh)
	if err != nil {
		return err
	}
	if !s.fitsUser(claims) {
		return token.ErrInvalid
	}
	return s.revoke(ctx, claims)
}

// KeepRevoked is for how long a blacklisted token is remembered after it has expired: neither a leeway up to MaxLeeway nor
// a clock that is set back by less makes it good again.
const KeepRevoked = 24 * time.Hour

// MaxLeeway is the longest leeway that KeepRevoked bears: a sliding token may be extended within it, and is good for it once
// more after that.
const MaxLeeway = KeepRevoked / 2

// sweepHold is for how long a sweep keeps others from writing.
const sweepHold = 10 * time.Millisecond

// Sweep forgets the blacklisted tokens that expired longer ago than KeepRevoked, and returns how many.
func (s *Service) Sweep(ctx context.Context) (int, error) { return Sweep(ctx, s.Store, s.Issuer.Now()) }

// Sweep forgets the blacklisted tokens that expired longer ago than KeepRevoked before now, and returns how many. It works
// in short transactions and rests as long between them, so that whoever else writes gets a turn.
func Sweep(ctx context.Context, store storage.Store, now time.Time) (forgotten int, err error) {
	for {
		start := time.Now()
		n, err := store.ForgetRevoked(ctx, now.Add(-KeepRevoked), sweepHold)
		if err != nil {
			return forgotten, fmt.Errorf("forget expired tokens: %w", err)
		}
		if n == 0 {
			return forgotten, nil
		}
		forgotten += n
		select {
		case <-ctx.Done():
			return forgotten, ctx.Err()
		case <-time.After(time.Since(start)):
		}
	}
}
