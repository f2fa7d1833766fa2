package server

import (
	"context"
	"errors"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/generated"
)

// noStore keeps tokens and what they open out of caches.
const noStore = "no-store"

// ObtainTokenPair is POST /api/token.
func (s *Server) ObtainTokenPair(ctx context.Context, request generated.ObtainTokenPairRequestObject) (generated.ObtainTokenPairResponseObject, error) {
	pair, err := s.auth.ObtainPair(ctx, request.Body.Username, request.Body.Password, clientOf(ctx))
	if err != nil {
		return nil, err
	}
	return generated.ObtainTokenPair200JSONResponse{
		Body:    generated.TokenPair{Refresh: pair.Refresh, Access: pair.Access},
		Headers: generated.ObtainTokenPair200ResponseHeaders{CacheControl: noStore},
	}, nil
}

// RefreshToken is POST /api/token/refresh.
func (s *Server) RefreshToken(ctx context.Context, request generated.RefreshTokenRequestObject) (generated.RefreshTokenResponseObject, error) {
	pair, err := s.auth.Refresh(ctx, request.Body.Refresh, clientOf(ctx))
	if err != nil {
		return nil, err
	}
	body := generated.RefreshedTokens{Access: pair.Access}
	if pair.Refresh != "" {
		body.Refresh = &pair.Refresh
	}
	return generated.RefreshToken200JSONResponse{
		Body:    body,
		Headers: generated.RefreshToken200ResponseHeaders{CacheControl: noStore},
	}, nil
}

// VerifyToken is POST /api/token/verify. To SimpleJWT a blacklisted token is a fault of the field here.
func (s *Server) VerifyToken(ctx context.Context, request generated.VerifyTokenRequestObject) (generated.VerifyTokenResponseObject, error) {
	err := s.auth.Verify(ctx, request.Body.Token)
	if errors.Is(err, auth.ErrBlacklisted) {
		return nil, fieldErrors{{"non_field_errors", []string{"Token is blacklisted"}}}
	}
	if err != nil {
		return nil, err
	}
	return generated.VerifyToken200JSONResponse{}, nil
}

// BlacklistToken is POST /api/token/blacklist.
func (s *Server) BlacklistToken(ctx context.Context, request generated.BlacklistTokenRequestObject) (generated.BlacklistTokenResponseObject, error) {
	if err := s.auth.Blacklist(ctx, request.Body.Refresh); err != nil {
		return nil, err
	}
	return generated.BlacklistToken200JSONResponse{}, nil
}
