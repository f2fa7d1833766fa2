package auth

import (
	"context"

	"example.com/tokenpair/token"
)

// Verify says whether a token of any kind is good: nil, or a reason of package token. It fails with ErrBlacklisted when the
// token is revoked, its session does not go on, or it was replaced by a rotation and its grace is over; without sessions it
// asks whether a token is revoked only where rotation blacklists. It does not ask whether the user is active, and changes
// nothing.
func (s *Service) Verify(ctx context.Context, encoded string) error {
	claims, err := s.Issuer.Open(encoded)
	if err != nil {
		return err
	}
	if err := s.Issuer.Check(claims, token.Any); err != nil {
		return err
	}
	find := s.look // a session that was ended is over for good
	if s.Rules.Sessions || s.Rules.BlacklistAfterRotation {
		find = s.standing
	}
	standing, err := find(ctx, claims)
	if err != nil {
		return err
	}
	if s.isOver(claims, standing.Session) {
		return ErrBlacklisted
	}
	return nil
}
