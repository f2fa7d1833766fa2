package auth

import (
	"context"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
)

// sweepHold is for how long a sweep keeps others from writing.
const sweepHold = 10 * time.Millisecond

// Swept counts what a sweep forgot.
type Swept struct {
	Revocations, Sessions int
}

// Sweep forgets what is of no use any more, as the function Sweep does.
func (s *Service) Sweep(ctx context.Context) (Swept, error) {
	return Sweep(ctx, s.Store, s.Issuer.Now())
}

// Sweep forgets blacklisted tokens, and sessions whose last token, expired longer ago than KeepRevoked before now, and returns
// how many. It works in short transactions and rests as long between them, so that whoever else writes gets a turn.
func Sweep(ctx context.Context, store storage.Store, now time.Time) (swept Swept, err error) {
	until := now.Add(-KeepRevoked)
	err = inHolds(ctx, func() (bool, error) {
		n, err := store.ForgetRevoked(ctx, until, sweepHold)
		swept.Revocations += n
		return n > 0, err
	})
	if err != nil {
		return swept, fmt.Errorf("forget expired tokens: %w", err)
	}
	err = inHolds(ctx, func() (bool, error) {
		n, more, err := store.ForgetSessions(ctx, until, sweepHold)
		swept.Sessions += n
		return more, err
	})
	if err != nil {
		return swept, fmt.Errorf("forget expired sessions: %w", err)
	}
	return swept, nil
}

// inHolds calls forget for as long as there is more, and rests between.
func inHolds(ctx context.Context, forget func() (more bool, err error)) error {
	for {
		start := time.Now()
		more, err := forget()
		if err != nil || !more {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Since(start)):
		}
	}
}
