package server

import (
	"context"

	"example.com/tokenpair/generated"
)

// ChangePassword is POST /api/me/password.
func (s *Server) ChangePassword(ctx context.Context, request generated.ChangePasswordRequestObject) (generated.ChangePasswordResponseObject, error) {
	account, err := accountOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.auth.ChangePassword(ctx, account, request.Body.CurrentPassword, request.Body.NewPassword); err != nil {
		return nil, err
	}
	return generated.ChangePassword204Response{}, nil
}
