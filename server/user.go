package server

import (
	"context"
	"time"

	"example.com/tokenpair/generated"
)

// GetCurrentUser is GET /api/me.
func (s *Server) GetCurrentUser(ctx context.Context, _ generated.GetCurrentUserRequestObject) (generated.GetCurrentUserResponseObject, error) {
	account, err := accountOf(ctx)
	if err != nil {
		return nil, err
	}
	return generated.GetCurrentUser200JSONResponse{
		Body:    generated.CurrentUser{Id: account.ID, Username: account.Username, LastLogin: instant(account.LastLogin)},
		Headers: generated.GetCurrentUser200ResponseHeaders{CacheControl: noStore},
	}, nil
}

// instant writes a time as SimpleJWT's framework does: to the microsecond, or to the second when it has no fraction. The
// zero time is none.
func instant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	layout := "2006-01-02T15:04:05Z"
	if t.Nanosecond()/int(time.Microsecond) > 0 {
		layout = "2006-01-02T15:04:05.000000Z"
	}
	written := t.UTC().Format(layout)
	return &written
}
