package auth

import (
	"context"

	"example.com/tokenpair/token"
)

// Verify says whether a token of any kind is good: nil, or a reason of package token. It fails with ErrBlacklisted when the
// token is revoked, its session does not go on, or it was replaced by a rotation and its grace is over; without sessions it
// asks whether a token is revoked only where rotation blacklists. It does not look at the user, and changes nothing.
func (s *Service) Verify(ctx context.Context, encoded string) error {
	claims, err := s.Issuer.Open(encoded)
	if err != nil {
		return err
	}
	if err := s.Issuer.Check(claims, token.Any); err != nil {
		return err
	}
	if _, named := sessionOf(claims); !named && !s.Rules.Sessions && !s.Rules.BlacklistAfterRotation {
		return nil
	}
	standing, err := s.standing(ctx, claims)
	if err != nil {
		return err
	}
	session, id := standing.Session, s.Issuer.ID(claims)
	isRefresh := s.Issuer.Check(claims, token.Refresh) == nil
	if s.Rules.Sessions && isRefresh && session.ID != "" && session.Current != id && !s.inGrace(session, id) {
		return ErrBlacklisted
	}
	return nil
}
