package server_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

func TestFullQueue(t *testing.T) {
	pool := newPool(t, 1, 1, time.Hour)
	s := newSite(t, options{pool: pool, retryAfter: 1500 * time.Millisecond})
	release, err := pool.Acquire(t.Context())
	must(t, err)
	defer release()
	type arrival struct {
		response *http.Response
		err      error
	}
	arrivals := make(chan arrival, 2)
	for range cap(arrivals) {
		r := s.request(t, http.MethodPost, "/api/token", strings.NewReader(goodBody), asJSON)
		go func() {
			response, err := s.Client().Transport.RoundTrip(r)
			arrivals <- arrival{response, err}
		}()
	}
	next := func() reply {
		t.Helper()
		a := <-arrivals
		must(t, a.err)
		return s.receive(t, http.MethodPost, "/api/token", a.response)
	}
	first := next() // whichever came second finds the queue full; the other waits
	first.want(t, http.StatusServiceUnavailable, busy)
	if first.header.Get("Retry-After") != "2" { // whole seconds, rounded up
		t.Errorf("Retry-After is %q", first.header.Get("Retry-After"))
	}
	// What needs no hash is answered meanwhile.
	s.do(t, "GET", "/readyz", "").wantStatus(t, http.StatusOK)
	s.login(t, `{}`).wantStatus(t, http.StatusBadRequest)
	s.login(t, `{"username":"sampleUser","password":"`+strings.Repeat("x", 4097)+`"}`).want(t, http.StatusUnauthorized, refused)
	release()
	s.userOf(t, next())
}

func TestLoginThatCannotStartInTime(t *testing.T) {
	pool := newPool(t, 1, 10, time.Millisecond)
	s := newSite(t, options{pool: pool})
	release, err := pool.Acquire(t.Context())
	must(t, err)
	defer release()
	got := s.login(t, canaries)
	got.want(t, http.StatusServiceUnavailable, busy)
	if got.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q, want at least a second", got.header.Get("Retry-After"))
	}
	lines := s.logged()
	if len(lines) != 1 || strings.Contains(lines[0], "canary") {
		t.Errorf("log is\n%s", strings.Join(lines, "\n"))
	}
}

// A login whose client has gone costs no look-up and no hash, and is no failure of the server.
func TestLoginWhoseClientHasGone(t *testing.T) {
	s := newSite(t, options{
		wrapStore: func(store storage.Store) storage.Store {
			return brokenStore{store, func(string) { t.Error("the user is looked up") }}
		},
		wrapHandler: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ctx, cancel := context.WithCancel(r.Context())
				cancel()
				next.ServeHTTP(w, r.WithContext(ctx))
			})
		},
	})
	s.login(t, goodBody).want(t, http.StatusServiceUnavailable, busy)
	if lines := s.logged(); len(lines) != 1 {
		t.Errorf("log is\n%s", strings.Join(lines, "\n"))
	}
}

// watched is a context that tells when somebody begins to wait for its end.
type watched struct {
	context.Context
	waited func()
}

func (w watched) Done() <-chan struct{} {
	w.waited()
	return w.Context.Done()
}

// lookups is a Store that notes who is looked up.
type lookups struct {
	storage.Store
	note func(name string)
}

func (l lookups) UserByName(ctx context.Context, name string) (storage.User, error) {
	l.note(name)
	return l.Store.UserByName(ctx, name)
}

// The socket is closed while the login waits for its turn: the turn is not taken.
func TestClientLeavesTheQueue(t *testing.T) {
	pool := newPool(t, 1, 1, 2*patience)
	waiting, left := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	var found []string
	note := func(name string) {
		mu.Lock()
		defer mu.Unlock()
		found = append(found, name)
	}
	begun, ended := sync.OnceFunc(func() { close(waiting) }), sync.OnceFunc(func() { close(left) })
	s := newSite(t, options{
		pool:      pool,
		wrapStore: func(store storage.Store) storage.Store { return lookups{store, note} },
		wrapHandler: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer ended()
				next.ServeHTTP(w, r.WithContext(watched{r.Context(), begun}))
			})
		},
	})
	release, err := pool.Acquire(t.Context())
	must(t, err)
	defer release()
	l := s.dial(t)
	l.write(t, loginRequest(`{"username":"leaver","password":"x"}`))
	await(t, waiting, "the login does not wait")
	must(t, l.Close())
	await(t, left, "the login still waits, and its client has gone")
	release()
	s.userOf(t, s.login(t, goodBody))
	mu.Lock()
	defer mu.Unlock()
	if len(found) != 1 || found[0] != username {
		t.Errorf("%q are looked up, want %q alone", found, username)
	}
}

func await(t *testing.T, happened <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-happened:
	case <-time.After(patience):
		t.Fatal(otherwise)
	}
}
