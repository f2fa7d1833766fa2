package main

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/auth"
)

// TestSweepAtStart has tokens that expired more than a day ago forgotten by a server, by itself, and the others kept.
func TestSweepAtStart(t *testing.T) {
	s := newSite(t)
	s.revoke(strings.Repeat("a", 32), time.Now().Add(-25*time.Hour))
	s.revoke(strings.Repeat("b", 32), time.Now().Add(-23*time.Hour))
	s.revoke(strings.Repeat("c", 32), time.Now().Add(time.Hour))
	v := s.serve()
	for late := time.Now().Add(patience); len(s.revokedIDs()) > 2 && time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
	}
	v.end()
	s.wantRevoked(2)
}

// TestFailedSweep is told to the log, and nothing else comes of it.
func TestFailedSweep(t *testing.T) {
	out := newOutput()
	stop := sweepMeanwhile(t.Context(), func(context.Context) (auth.Swept, error) { return auth.Swept{}, errors.New("the disk is on fire") },
		slog.New(slog.NewTextHandler(out, nil)))
	out.find(t, regexp.MustCompile(`level=WARN msg="expired revocations and sessions not forgotten; tried again later" error="the disk is on fire"`), nil)
	stop()
}

// TestSweepEndsWithTheServer waits for the one under way, whose end is no failure.
func TestSweepEndsWithTheServer(t *testing.T) {
	out, began, ended := newOutput(), make(chan struct{}), false
	stop := sweepMeanwhile(t.Context(), func(ctx context.Context) (auth.Swept, error) {
		close(began)
		<-ctx.Done()
		time.Sleep(time.Millisecond)
		ended = true
		return auth.Swept{}, ctx.Err()
	}, slog.New(slog.NewTextHandler(out, nil)))
	<-began
	stop()
	if !ended || out.String() != "" {
		t.Errorf("ended: %t, log: %s", ended, out)
	}
}
