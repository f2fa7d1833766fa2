package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
)

const (
	failed = `{"detail":"A server error occurred."}`
	busy   = `{"detail":"Service temporarily unavailable, try again later."}`
)

// brokenStore is a Store whose look-ups and pings end in a panic.
type brokenStore struct {
	storage.Store
	panics func(about string)
}

func (b brokenStore) UserByName(ctx context.Context, name string) (storage.User, error) {
	b.panics(name)
	return b.Store.UserByName(ctx, name)
}

func (b brokenStore) Ping(ctx context.Context) error {
	b.panics("ping")
	return b.Store.Ping(ctx)
}

// brokenWriter fails once, when the answer's headers are about to be set.
type brokenWriter struct {
	http.ResponseWriter
	calls int
}

func (b *brokenWriter) Header() http.Header {
	if b.calls++; b.calls == 2 {
		panic("no headers")
	}
	return b.ResponseWriter.Header()
}

// cutWriter fails when half of the answer's body is out.
type cutWriter struct{ http.ResponseWriter }

func (c cutWriter) Write(p []byte) (int, error) {
	c.ResponseWriter.Write(p[:len(p)/2]) // what follows is worse
	panic("half an answer with a canary")
}

func linesWith(lines []string, part string) (found []string) {
	for _, line := range lines {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return found
}

// wantFailureLogged expects one line about what failed, one about the request, with the same id, and no canary.
func wantFailureLogged(t *testing.T, lines []string) {
	t.Helper()
	failures, requests := linesWith(lines, `"msg":"request failed"`), linesWith(lines, `"msg":"request"`)
	if len(failures) != 1 || len(requests) != 1 || len(lines) != 2 {
		t.Fatalf("log is\n%s", strings.Join(lines, "\n"))
	}
	_, id, _ := strings.Cut(requests[0], `"request_id":`)
	if id, _, _ = strings.Cut(id, ","); len(id) < 10 || !strings.Contains(failures[0], id) {
		t.Errorf("the lines do not belong together:\n%s", strings.Join(lines, "\n"))
	}
	if strings.Contains(strings.Join(lines, ""), "canary") {
		t.Errorf("the log tells a secret:\n%s", strings.Join(lines, "\n"))
	}
}

const canaries = `{"username":"canary-name","password":"canary-password"}`

func TestClosedDatabase(t *testing.T) {
	s := newSite(t, options{retryAfter: 7 * time.Second})
	must(t, s.store.Close())
	s.login(t, canaries).want(t, http.StatusInternalServerError, failed)
	wantFailureLogged(t, s.logged())
}

func TestClosedDatabaseIsNotReady(t *testing.T) {
	s := newSite(t, options{retryAfter: 7 * time.Second})
	must(t, s.store.Close())
	got := s.do(t, "GET", "/readyz", "")
	got.want(t, http.StatusServiceUnavailable, busy)
	if got.header.Get("Retry-After") != "7" {
		t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
	s.do(t, "GET", "/livez", "").wantStatus(t, http.StatusOK)
	lines := s.logged()
	if len(linesWith(lines, `"msg":"not ready","request_id":"`)) != 1 || len(linesWith(lines, "request failed")) != 0 {
		t.Errorf("log is\n%s", strings.Join(lines, "\n"))
	}
}

func TestPanicIsA500AndToldOnce(t *testing.T) {
	for name, panics := range map[string]func(string){
		"text":    func(about string) { panic("canary " + about) },
		"error":   func(about string) { panic(fmt.Errorf("canary %s", about)) },
		"index":   func(about string) { _ = []byte(about)[len(about):][0] },
		"nothing": func(string) { panic(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			broken := func(store storage.Store) storage.Store { return brokenStore{store, panics} }
			s := newSite(t, options{wrapStore: broken, pool: newPool(t, 1, 0, 0)})
			s.login(t, canaries).want(t, http.StatusInternalServerError, failed)
			lines := s.logged()
			wantFailureLogged(t, lines)
			if !strings.Contains(linesWith(lines, "request failed")[0], "UserByName") {
				t.Error("the log does not tell where it happened")
			}
			// Neither the place in the pool nor the server is lost.
			s = newSite(t, options{wrapStore: broken, pool: newPool(t, 1, 0, 0)})
			for range 2 {
				s.login(t, canaries).want(t, http.StatusInternalServerError, failed)
			}
			s.do(t, "GET", "/readyz", "").want(t, http.StatusInternalServerError, failed)
			s.do(t, "GET", "/livez", "").wantStatus(t, http.StatusOK)
		})
	}
}

func TestPanicWhileAnswering(t *testing.T) {
	s := newSite(t, options{wrapHandler: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&brokenWriter{ResponseWriter: w}, r)
		})
	}})
	s.do(t, "GET", "/livez", "").want(t, http.StatusInternalServerError, failed)
	wantFailureLogged(t, s.logged())
}

// When half of an answer is out, nothing but the end of the connection tells the client; the log still tells both.
func TestPanicAfterHalfAnAnswer(t *testing.T) {
	s := newSite(t, options{wrapHandler: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(cutWriter{w}, r) })
	}})
	l := s.dial(t)
	l.write(t, "GET /livez HTTP/1.1\r\nHost: here\r\n\r\n")
	if response, err := http.ReadResponse(l.reader, nil); err == nil {
		defer response.Body.Close()
		if _, err = response.Body.Read(make([]byte, 1<<10)); err == nil {
			t.Errorf("a whole answer: %v", response)
		}
	}
	wantFailureLogged(t, s.logged())
}

// failingStore is a Store whose rehash fails: the login is good without it.
type failingStore struct{ storage.Store }

func (failingStore) ReplacePassword(context.Context, int64, string, string, string) (bool, error) {
	return false, errors.New("disk full")
}

func TestLoginSurvivesAFailedRehash(t *testing.T) {
	s := newSite(t, options{wrapStore: func(store storage.Store) storage.Store { return failingStore{store} }})
	older, err := password.NewHasher("pbkdf2_sha256$11")
	must(t, err)
	s.hasher = older
	id := s.addUser(t, "old", plaintext, true)
	if got := s.userOf(t, s.login(t, `{"username":"old","password":"userpassword123"}`)); got != id {
		t.Errorf("tokens of user %d, want %d", got, id)
	}
	lines := s.logged()
	if warnings := linesWith(lines, "disk full"); len(warnings) != 1 || strings.Contains(warnings[0], "pbkdf2") {
		t.Errorf("log is\n%s", strings.Join(lines, "\n"))
	}
}

func TestDrain(t *testing.T) {
	s := newSite(t, options{})
	s.do(t, "GET", "/readyz", "").wantStatus(t, http.StatusOK)
	s.handler.Drain()
	s.do(t, "GET", "/readyz", "").want(t, http.StatusServiceUnavailable, busy)
	s.do(t, "GET", "/livez", "").wantStatus(t, http.StatusOK)
	s.userOf(t, s.login(t, goodBody)) // what is under way, or comes all the same, is served
}
