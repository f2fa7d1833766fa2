package server

import (
	"context"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/generated"
)

// ListSessions is GET /api/me/sessions.
func (s *Server) ListSessions(ctx context.Context, _ generated.ListSessionsRequestObject) (generated.ListSessionsResponseObject, error) {
	account, err := accountOf(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := s.auth.Sessions(ctx, account)
	if err != nil {
		return nil, err
	}
	list := make([]generated.Session, len(sessions)) // of none it is [], and not null
	for i, session := range sessions {
		list[i] = describeSession(session, account)
	}
	return generated.ListSessions200JSONResponse{
		Body:    list,
		Headers: generated.ListSessions200ResponseHeaders{CacheControl: noStore},
	}, nil
}

func describeSession(session auth.Session, asks auth.Account) generated.Session {
	return generated.Session{
		Sid:       session.ID,
		Current:   session.ID == asks.Session,
		Created:   instant(session.Created),
		LastUsed:  instant(session.Used),
		Expires:   instant(session.Expires),
		Ends:      instant(session.Ends),
		UserAgent: session.Agent,
		Address:   session.Address,
	}
}

// EndSession is DELETE /api/me/sessions/{sid}.
func (s *Server) EndSession(ctx context.Context, request generated.EndSessionRequestObject) (generated.EndSessionResponseObject, error) {
	account, err := accountOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.auth.EndSession(ctx, account, request.Sid); err != nil {
		return nil, err
	}
	return generated.EndSession204Response{}, nil
}

// EndSessions is DELETE /api/me/sessions.
func (s *Server) EndSessions(ctx context.Context, request generated.EndSessionsRequestObject) (generated.EndSessionsResponseObject, error) {
	account, err := accountOf(ctx)
	if err != nil {
		return nil, err
	}
	current := request.Params.Current != nil && *request.Params.Current
	if err := s.auth.EndSessions(ctx, account, current); err != nil {
		return nil, err
	}
	return generated.EndSessions204Response{}, nil
}
