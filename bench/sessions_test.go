package bench_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
	"example.com/tokenpair/token"
)

// BenchmarkSessions: requests a second over HTTP, with 1, 8 and 64 clients that have a session each, against a net/http handler
// of the same run that does the same signature work with the stock library and the same work in a database of its own.
// Aims: a ratio of 0.7 for "rotate", of 0.77 for "refresh" (without rotation) and "verify".
func BenchmarkSessions(b *testing.B) {
	for _, op := range []operation{rotate, refresh, verify} {
		for _, sessions := range []int{1_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s-of-%d", op, sessions), func(b *testing.B) { benchmarkSessions(b, op, sessions) })
		}
	}
}

func benchmarkSessions(b *testing.B, op operation, sessions int) {
	ours := newPeers(b, sessions, program(b, op))
	bare := newPeers(b, sessions, func(store storage.Store) http.Handler { return &bareSessions{store, op == rotate} })
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			oursRate, bareRate, ratio := compare(b,
				func() float64 { return ours.rate(b, clients, op) },
				func() float64 { return bare.rate(b, clients, op) })
			b.ReportMetric(oursRate, "requests/s")
			b.ReportMetric(bareRate, "bare/s")
			b.ReportMetric(ratio, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkSessionsGrow: the program with 1,000,000 sessions against the program with 1,000, in turn. Aim: a ratio of 1/1.2.
func BenchmarkSessionsGrow(b *testing.B) {
	for _, op := range []operation{rotate, refresh, verify} {
		b.Run(string(op), func(b *testing.B) {
			many, few := newPeers(b, 1_000_000, program(b, op)), newPeers(b, 1_000, program(b, op))
			for _, clients := range []int{1, 8, 64} {
				b.Run(fmt.Sprint(clients), func(b *testing.B) {
					manyRate, fewRate, ratio := compare(b,
						func() float64 { return many.rate(b, clients, op) },
						func() float64 { return few.rate(b, clients, op) })
					b.ReportMetric(manyRate, "of-1000000/s")
					b.ReportMetric(fewRate, "of-1000/s")
					b.ReportMetric(ratio, "ratio")
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}

// program is the program's own handler, with sessions.
func program(b *testing.B, op operation) func(storage.Store) http.Handler {
	rules := auth.Rules{
		Sessions: true, RotateRefreshTokens: op == rotate, RefreshGrace: 10 * time.Second, SessionLifetime: 30 * 24 * time.Hour,
	}
	return func(store storage.Store) http.Handler {
		return newHandlerOver(b, "pbkdf2_sha256$1", database, store, rules)
	}
}

type operation string

const (
	rotate  operation = "rotate"
	refresh operation = "refresh"
	verify  operation = "verify"
)

// peers are clients of one server, each with a session of its own.
type peers struct {
	srv   *httptest.Server
	pairs []token.Pair
}

// newPeers serves a handler over a database with so many sessions, of which 64 are theirs.
func newPeers(b *testing.B, sessions int, handler func(storage.Store) http.Handler) *peers {
	b.Helper()
	path := filepath.Join(b.TempDir(), "t.db")
	store := must(sqlite.Open(b.Context(), path))
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	fill(b, path, sessions)
	store = must(sqlite.Open(b.Context(), path))
	b.Cleanup(func() { store.Close() })
	p := &peers{srv: httptest.NewServer(handler(store)), pairs: make([]token.Pair, 64)}
	b.Cleanup(p.srv.Close)
	p.srv.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = len(p.pairs)
	for i := range p.pairs {
		p.pairs[i] = p.ask(b, "/api/token", []byte(login))
	}
	return p
}

// fill puts sessions of other users into a database that nobody has open.
func fill(b *testing.B, path string, sessions int) {
	db := must(sql.Open("sqlite", "file:"+path+"?_synchronous=OFF"))
	defer db.Close()
	must(db.Exec(`WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
		INSERT INTO sessions (sid, user, created, used, ends, agent, address, current, expires, parent, keep, due)
		SELECT lower(hex(randomblob(16))), 1000 + i % 100000, ?2, ?2, ?3,
			'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', '192.0.2.7',
			lower(hex(randomblob(16))), ?3, '', ?3, ?3 FROM n`,
		sessions, time.Now().UnixMicro(), time.Now().Add(24*time.Hour).UnixMicro()))
}

// rate has clients send requests for a while, each one after the other, and returns how many are answered in a second.
func (p *peers) rate(b *testing.B, clients int, op operation) float64 {
	const window = 400 * time.Millisecond
	var done atomic.Int64
	var running sync.WaitGroup
	start := time.Now()
	for i := range clients {
		running.Go(func() {
			for time.Since(start) < window {
				p.request(b, i, op)
				done.Add(1)
			}
		})
	}
	running.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}

func (p *peers) request(b *testing.B, client int, op operation) {
	pair := &p.pairs[client]
	switch op {
	case verify:
		p.ask(b, "/api/token/verify", slices.Concat([]byte(`{"token":"`), []byte(pair.Access), []byte(`"}`)))
	default:
		answer := p.ask(b, "/api/token/refresh", slices.Concat([]byte(`{"refresh":"`), []byte(pair.Refresh), []byte(`"}`)))
		if op == rotate {
			*pair = answer
		}
	}
}

func (p *peers) ask(b *testing.B, path string, body []byte) (pair token.Pair) {
	answer := send(b, p.srv, must(http.NewRequest(http.MethodPost, p.srv.URL+path, bytes.NewReader(body))))
	if err := json.Unmarshal(answer, &pair); err != nil {
		b.Error(err)
	}
	return pair
}

// bareSessions does what the program does, with what everybody has at hand and the same database.
type bareSessions struct {
	store   storage.Store
	rotates bool
}

func (h *bareSessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct{ Username, Refresh, Token string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	answer, err := h.answer(r.Context(), body.Username, body.Refresh, body.Token)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

func (h *bareSessions) answer(ctx context.Context, username, refresh, other string) (map[string]string, error) {
	now := time.Now()
	if username != "" {
		sid, id := token.RandomID(), token.RandomID()
		user := must(h.store.AddUsers(ctx, []storage.User{{Username: sid, Active: true}}))[0]
		session := storage.Session{
			ID: sid, User: user, Created: now, Used: now, Ends: now.Add(30 * 24 * time.Hour), Current: id, Expires: now.Add(24 * time.Hour),
		}
		err := h.store.AddSession(ctx, session, time.Time{})
		return map[string]string{
			"refresh": bareToken("refresh", id, sid, now, 24*time.Hour), "access": bareToken("access", token.RandomID(), sid, now, time.Hour),
		}, err
	}
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(refresh+other, claims, func(*jwt.Token) (any, error) { return secret, nil }); err != nil {
		return nil, err
	}
	sid, id := claims["sid"].(string), claims["jti"].(string)
	standing, err := h.store.Standing(ctx, id, sid)
	if err != nil || !standing.Session.Ended.IsZero() {
		return nil, fmt.Errorf("no such session: %v", err)
	}
	if other != "" {
		return map[string]string{}, nil
	}
	answer := map[string]string{"access": bareToken("access", token.RandomID(), sid, now, time.Hour)}
	if !h.rotates {
		return answer, nil
	}
	next := token.RandomID()
	_, outcome, err := h.store.RotateSession(ctx, sid, storage.Rotation{
		Token: id, Next: next, At: now, Lifetime: 24 * time.Hour, Grace: 10 * time.Second,
	})
	if err == nil && outcome != storage.Rotated {
		err = fmt.Errorf("outcome %d", outcome)
	}
	answer["refresh"] = bareToken("refresh", next, sid, now, 24*time.Hour)
	return answer, err
}

func bareToken(kind, id, sid string, now time.Time, lifetime time.Duration) string {
	return must(jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"token_type": kind, "exp": now.Add(lifetime).Unix(), "iat": now.Unix(), "jti": id, "user_id": 1, "sid": sid,
	}).SignedString(secret))
}
