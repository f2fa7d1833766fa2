package server

import (
	"context"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/generated"
)

var healthy = generated.HealthyJSONResponse{Status: generated.Ok}

// Live is GET /livez.
func (s *Server) Live(context.Context, generated.LiveRequestObject) (generated.LiveResponseObject, error) {
	return generated.Live200JSONResponse{HealthyJSONResponse: healthy}, nil
}

// Ready is GET /readyz.
func (s *Server) Ready(ctx context.Context, _ generated.ReadyRequestObject) (generated.ReadyResponseObject, error) {
	if s.draining.Load() {
		return nil, auth.ErrNotReady
	}
	if err := s.auth.Ready(ctx); err != nil {
		s.log.WarnContext(ctx, "not ready", "request_id", requestID(ctx), "error", err.Error())
		return nil, err
	}
	return generated.Ready200JSONResponse{HealthyJSONResponse: healthy}, nil
}
