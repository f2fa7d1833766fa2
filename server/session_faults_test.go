package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

// failing is a Store that fails at what the operations on sessions ask of it, and at nothing before.
type failing struct {
	storage.Store
	err *error
}

func (f failing) Sessions(context.Context, int64, time.Time, int) ([]storage.Session, error) {
	return nil, *f.err
}

func (f failing) EndSession(context.Context, string, int64, storage.End) (bool, error) {
	return false, *f.err
}

func (f failing) EndSessions(context.Context, int64, string, storage.End) (int, error) {
	return 0, *f.err
}

func (f failing) ChangePassword(context.Context, int64, time.Time, storage.PasswordChange) error {
	return *f.err
}

// A write that is not on disk is not acknowledged, whatever kept it from there.
func TestSessionsThatCannotBeEnded(t *testing.T) {
	var fault error
	s := newSite(t, options{
		rules: withSessions, retryAfter: 3 * time.Second,
		wrapStore: func(store storage.Store) storage.Store { return failing{store, &fault} },
	})
	p := s.pair(t)
	for _, c := range []struct {
		fault  error
		status int
		want   string
	}{
		{errors.New("canary: disk full"), http.StatusInternalServerError, failed},
		{storage.ErrBusy, http.StatusServiceUnavailable, busy},
		{context.DeadlineExceeded, http.StatusServiceUnavailable, busy},
	} {
		fault = c.fault
		for _, op := range []struct{ method, path string }{
			{"GET", sessionsPath}, {"DELETE", sessionsPath}, {"DELETE", sessionsPath + "?current=true"}, {"DELETE", sessionsPath + "/" + s.sidOf(t, p)},
		} {
			s.do(t, op.method, op.path, "", p.bearer()).want(t, c.status, c.want)
		}
		s.change(t, p, plaintext, better).want(t, c.status, c.want)
	}
	s.wantAlive(t, p)
	lines := s.logged()
	if told := linesWith(lines, "disk full"); len(told) != 5 || len(linesWith(told, `"msg":"request failed"`)) != 5 {
		t.Errorf("log is\n%s", strings.Join(lines, "\n"))
	}
}
