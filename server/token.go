package server

import (
	"context"

	"example.com/tokenpair/generated"
)

// ObtainTokenPair is POST /api/token.
func (s *Server) ObtainTokenPair(ctx context.Context, request generated.ObtainTokenPairRequestObject) (generated.ObtainTokenPairResponseObject, error) {
	pair, err := s.auth.ObtainPair(ctx, request.Body.Username, request.Body.Password)
	if err != nil {
		return nil, err
	}
	return generated.ObtainTokenPair200JSONResponse{
		Body:    generated.TokenPair{Refresh: pair.Refresh, Access: pair.Access},
		Headers: generated.ObtainTokenPair200ResponseHeaders{CacheControl: "no-store"},
	}, nil
}
