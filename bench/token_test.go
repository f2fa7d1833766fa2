package bench_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/token"
)

// newServer serves a handler on a real port and logs in.
func newServer(b *testing.B, handler http.Handler) (*httptest.Server, token.Pair) {
	b.Helper()
	srv := httptest.NewServer(handler)
	b.Cleanup(srv.Close)
	var pair token.Pair
	answer := send(b, srv, must(http.NewRequest(http.MethodPost, srv.URL+"/api/token", strings.NewReader(login))))
	if err := json.Unmarshal(answer, &pair); err != nil {
		b.Fatal(err)
	}
	return srv, pair
}

// BenchmarkTokenCost: a request with a token over a real connection, with the look-ups in the database that it needs,
// against a net/http handler that does the same with the stock library and without a database.
func BenchmarkTokenCost(b *testing.B) {
	ours, pair := newServer(b, newHandler(b, "pbkdf2_sha256$1", database))
	bare, _ := newServer(b, http.HandlerFunc(bareTokens))
	refresh := func(srv *httptest.Server) func() {
		body := fmt.Sprintf(`{"refresh":"%s"}`, pair.Refresh)
		return func() {
			send(b, srv, must(http.NewRequest(http.MethodPost, srv.URL+"/api/token/refresh", strings.NewReader(body))))
		}
	}
	access := func(srv *httptest.Server) func() {
		return func() {
			request := must(http.NewRequest(http.MethodGet, srv.URL+"/api/me", nil))
			request.Header.Set("Authorization", "Bearer "+pair.Access)
			send(b, srv, request)
		}
	}
	for name, request := range map[string]func(*httptest.Server) func(){"refresh": refresh, "access": access} {
		b.Run(name, func(b *testing.B) {
			oursCost, bareCost, ratio := compare(b,
				func() float64 { return 1 / rate(1, 300*time.Millisecond, request(ours)) },
				func() float64 { return 1 / rate(1, 300*time.Millisecond, request(bare)) })
			b.ReportMetric(oursCost*1e6, "µs/request")
			b.ReportMetric(bareCost*1e6, "µs/bare")
			b.ReportMetric(ratio, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// bareTokens answers what the program does, with what everybody has at hand.
func bareTokens(w http.ResponseWriter, r *http.Request) {
	var body struct{ Refresh string }
	encoded := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch r.URL.Path {
	case "/api/token":
		bareHandler(w, r)
		return
	case "/api/token/refresh":
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		encoded = body.Refresh
	}
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(encoded, claims, func(*jwt.Token) (any, error) { return secret, nil }); err != nil {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/api/me" {
		json.NewEncoder(w).Encode(map[string]any{"id": claims["user_id"], "username": username, "last_login": nil})
		return
	}
	now := time.Now()
	claims["token_type"], claims["exp"], claims["iat"], claims["jti"] = "access", now.Add(5*time.Minute).Unix(), now.Unix(), token.RandomID()
	access := must(jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret))
	json.NewEncoder(w).Encode(map[string]string{"access": access})
}

// BenchmarkRotation: a refresh whose old token is blacklisted on disk before the answer, over a real connection, against
// nothing but such a write.
func BenchmarkRotation(b *testing.B) {
	rules := auth.Rules{RotateRefreshTokens: true, BlacklistAfterRotation: true}
	srv, pair := newServer(b, newHandlerUnder(b, "pbkdf2_sha256$1", database, rules))
	ours := func() {
		body := fmt.Sprintf(`{"refresh":"%s"}`, pair.Refresh)
		answer := send(b, srv, must(http.NewRequest(http.MethodPost, srv.URL+"/api/token/refresh", strings.NewReader(body))))
		if err := json.Unmarshal(answer, &pair); err != nil {
			b.Error(err)
		}
	}
	address := "file:" + filepath.Join(b.TempDir(), "bare.db") + "?_journal_mode=WAL&_synchronous=FULL"
	bare := must(sql.Open("sqlite", address))
	defer bare.Close()
	bare.SetMaxOpenConns(1)
	must(bare.Exec(`CREATE TABLE revoked (id TEXT PRIMARY KEY, expires INTEGER) WITHOUT ROWID`))
	insert := must(bare.Prepare(`INSERT INTO revoked VALUES (?, ?)`))
	oursCost, bareCost, ratio := compare(b,
		func() float64 { return 1 / rate(1, 300*time.Millisecond, ours) },
		func() float64 {
			return 1 / rate(1, 300*time.Millisecond, func() {
				must(insert.ExecContext(context.Background(), token.RandomID(), time.Now().Add(24*time.Hour).UnixMicro()))
			})
		})
	b.ReportMetric(oursCost*1e6, "µs/request")
	b.ReportMetric(bareCost*1e6, "µs/bare")
	b.ReportMetric(ratio, "ratio")
	b.ReportMetric(0, "ns/op")
}
