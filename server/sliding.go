package server

import (
	"context"
	"errors"

	"example.com/tokenpair/generated"
	"example.com/tokenpair/token"
)

// ObtainSlidingToken is POST /api/token/sliding.
func (s *Server) ObtainSlidingToken(ctx context.Context, request generated.ObtainSlidingTokenRequestObject) (generated.ObtainSlidingTokenResponseObject, error) {
	encoded, err := s.auth.ObtainSliding(ctx, request.Body.Username, request.Body.Password, clientOf(ctx))
	if err != nil {
		return nil, err
	}
	return generated.ObtainSlidingToken200JSONResponse{
		Body:    generated.SlidingToken{Token: encoded},
		Headers: generated.ObtainSlidingToken200ResponseHeaders{CacheControl: noStore},
	}, nil
}

// RefreshSlidingToken is POST /api/token/sliding/refresh.
func (s *Server) RefreshSlidingToken(ctx context.Context, request generated.RefreshSlidingTokenRequestObject) (generated.RefreshSlidingTokenResponseObject, error) {
	encoded, err := s.auth.RefreshSliding(ctx, request.Body.Token, clientOf(ctx))
	if errors.Is(err, token.ErrNoRefreshExpiry) || errors.Is(err, token.ErrRefreshExpired) {
		return nil, aboutError{err, s.auth.Issuer.Config().SlidingExpClaim}
	}
	if err != nil {
		return nil, err
	}
	return generated.RefreshSlidingToken200JSONResponse{
		Body:    generated.SlidingToken{Token: encoded},
		Headers: generated.RefreshSlidingToken200ResponseHeaders{CacheControl: noStore},
	}, nil
}
