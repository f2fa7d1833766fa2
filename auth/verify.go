package auth

import (
	"context"

	"example.com/tokenpair/token"
)

// Verify says whether a token of any kind is good: nil, or a reason of package token. Where rotation blacklists, it also
// asks whether the token is blacklisted, and fails with ErrBlacklisted. It does not look at the user.
func (s *Service) Verify(ctx context.Context, encoded string) error {
	claims, err := s.Issuer.Open(encoded)
	if err != nil {
		return err
	}
	if err := s.Issuer.Check(claims, token.Any); err != nil {
		return err
	}
	if !s.Rules.BlacklistAfterRotation {
		return nil
	}
	return s.checkRevoked(ctx, claims)
}
