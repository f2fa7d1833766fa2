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
	user := generated.CurrentUser{Id: account.ID, Username: account.Username}
	if !account.LastLogin.IsZero() {
		at := instant(account.LastLogin)
		user.LastLogin = &at
	}
	return generated.GetCurrentUser200JSONResponse{
		Body:    user,
		Headers: generated.GetCurrentUser200ResponseHeaders{CacheControl: noStore},
	}, nil
}

// instant writes a time as SimpleJWT's framework does: to the microsecond, or to the second when it has no fraction.
func instant(t time.Time) string {
	layout := "2006-01-02T15:04:05Z"
	if t.Nanosecond()/int(time.Microsecond) > 0 {
		layout = "2006-01-02T15:04:05.000000Z"
	}
	return t.UTC().Format(layout)
}
