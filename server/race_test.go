package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/token"
)

// withSessions are the rules that the program has unless it is told otherwise.
var withSessions = auth.Rules{
	Sessions: true, RotateRefreshTokens: true, RefreshGrace: 10 * time.Second, SessionLifetime: 30 * 24 * time.Hour,
}

// TestRaceOfRefreshes has 64 clients refresh one token at once, over and over: all are answered, with one successor. After the
// grace its parent is a replay, which ends the session, every time.
func TestRaceOfRefreshes(t *testing.T) {
	const clients = 64
	rounds := 1000
	if testing.Short() {
		rounds = 100
	}
	var passed atomic.Int64 // of the clock
	s := newSite(t, options{rules: withSessions, config: func(c *token.Config) { c.AccessLifetime = time.Hour }})
	s.issuer.Now = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
	s.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = clients

	type round struct{ parent, successor pair }
	done := make([]round, rounds)
	for n := range done {
		done[n].parent = s.pair(t)
		answers := make([]pair, clients)
		var start, all sync.WaitGroup
		start.Add(1)
		for i := range answers {
			all.Go(func() {
				start.Wait()
				status, body := s.race(t, "/api/token/refresh", "refresh", done[n].parent.Refresh)
				if status != http.StatusOK || json.Unmarshal(body, &answers[i]) != nil {
					t.Errorf("round %d: answered %d %s", n, status, body)
				}
			})
		}
		start.Done()
		all.Wait()
		accesses := make(map[string]bool)
		for _, answer := range answers {
			if answer.Refresh != answers[0].Refresh || answer.Refresh == done[n].parent.Refresh {
				t.Fatalf("round %d: more than one successor", n)
			}
			accesses[answer.Access] = true
		}
		if len(accesses) != clients {
			t.Errorf("round %d: %d access tokens for %d clients", n, len(accesses), clients)
		}
		done[n].successor = answers[0]
	}

	passed.Store(int64(11 * time.Second))
	for n, r := range done {
		s.post(t, "/api/token/verify", "token", r.successor.Refresh).wantStatus(t, http.StatusOK)
		s.refresh(t, r.parent.Refresh).want(t, http.StatusUnauthorized, blacklisted)
		s.refresh(t, r.successor.Refresh).want(t, http.StatusUnauthorized, blacklisted)
		s.get(t, "Authorization: Bearer "+r.successor.Access).want(t, http.StatusUnauthorized, tokenRefused("Token is blacklisted"))
		if t.Failed() {
			t.Fatalf("round %d", n)
		}
	}
}

// race is post without the check against the contract, which would take longer than the answer.
func (s *site) race(t testing.TB, path, field, value string) (int, []byte) {
	body := bytes.NewBufferString(fmt.Sprintf(`{"%s":"%s"}`, field, value))
	response, err := s.Client().Post(s.URL+path, "application/json", body)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, answer
}
