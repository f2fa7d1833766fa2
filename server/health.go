package server

import (
	"context"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/generated"
)

var healthy = generated.HealthyJSONResponse{Status: generated.Ok}

// CheckLiveness is GET /livez.
func (s *Server) CheckLiveness(context.Context, generated.CheckLivenessRequestObject) (generated.CheckLivenessResponseObject, error) {
	return generated.CheckLiveness200JSONResponse{HealthyJSONResponse: healthy}, nil
}

// CheckReadiness is GET /readyz.
func (s *Server) CheckReadiness(ctx context.Context, _ generated.CheckReadinessRequestObject) (generated.CheckReadinessResponseObject, error) {
	if s.draining.Load() {
		return nil, auth.ErrNotReady
	}
	if err := s.auth.Ready(ctx); err != nil {
		s.log.WarnContext(ctx, "not ready", "request_id", requestID(ctx), "error", err.Error())
		return nil, err
	}
	return generated.CheckReadiness200JSONResponse{HealthyJSONResponse: healthy}, nil
}
