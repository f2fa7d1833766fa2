package server

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// BenchmarkValidate is what the contract's check of a body costs: from bytes to the validated value.
func BenchmarkValidate(b *testing.B) {
	rule := credentialsRule(b)
	body := []byte(`{"username":"sampleUser","password":"userpassword123"}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		raw, err := parseObject(body, rule.fields)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := rule.validate(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefusedRequest is what a request costs that never comes to a hash, through the whole handler: a field is
// missing.
func BenchmarkRefusedRequest(b *testing.B) {
	s := testServer(b, io.Discard)
	body := strings.NewReader("")
	r := httptest.NewRequest(http.MethodPost, "/api/token", body)
	r.Header.Set("Content-Type", "application/json")
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(`{"username":"sampleUser"}`)
		r.ContentLength = int64(body.Len())
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest {
			b.Fatalf("answer is %d %s", w.Code, w.Body)
		}
	}
}

// discard is a ResponseWriter that costs nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// knowsNothing is a Store that has nothing to say of any token.
type knowsNothing struct{ storage.Store }

func (knowsNothing) Standing(context.Context, string, string) (storage.Standing, error) {
	return storage.Standing{}, nil
}

// BenchmarkGoodToken is what a request with a good token costs through the whole handler, without a database: the token
// alone, and then the answer to it.
func BenchmarkGoodToken(b *testing.B) {
	key, err := token.ParseKey("HS256", []byte(strings.Repeat("k", 32)), nil)
	if err != nil {
		b.Fatal(err)
	}
	issuer, err := token.NewIssuer(key, token.DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	var about token.Claims
	about.SetInt("user_id", 1)
	pair, err := issuer.IssuePair(about)
	if err != nil {
		b.Fatal(err)
	}
	service := &auth.Service{Issuer: issuer, Store: knowsNothing{}}
	s, err := New(service, Options{Log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("token", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := service.Verify(b.Context(), pair.Access); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("answer", func(b *testing.B) {
		body := strings.NewReader("")
		r := httptest.NewRequest(http.MethodPost, "/api/token/verify", body)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json")
		sent := `{"token":"` + pair.Access + `"}`
		w := &discard{header: make(http.Header)}
		b.ReportAllocs()
		for b.Loop() {
			body.Reset(sent)
			r.ContentLength = int64(body.Len())
			clear(w.header)
			s.ServeHTTP(w, r)
			if w.status != http.StatusOK {
				b.Fatalf("answer is %d", w.status)
			}
		}
	})
}
