package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/password"
	"example.com/tokenpair/storage/sqlite"
)

// newPool is the pool of a service that is told how long a login may wait.
func newPool(t *testing.T, wait time.Duration) *password.Pool {
	t.Helper()
	store, err := sqlite.Open(t.Context(), newSite(t).path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	cli := newCommandLine(t)
	cli.Serve.LoginWait = duration(wait)
	service, err := cli.Serve.service(t.Context(), cli.Serve.policy(cli), store, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return service.Pool
}

// fill takes every place.
func fill(t *testing.T, pool *password.Pool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i := range runtime.GOMAXPROCS(0) {
		release, err := pool.Acquire(ctx)
		if err != nil {
			t.Fatalf("place %d of %d: %v", i+1, runtime.GOMAXPROCS(0), err)
		}
		t.Cleanup(release)
	}
}

func TestPoolHasAPlaceForEachProcessor(t *testing.T) {
	pool := newPool(t, time.Millisecond)
	fill(t, pool)
	start := time.Now()
	if _, err := pool.Acquire(t.Context()); !errors.Is(err, password.ErrBusy) {
		t.Errorf("one more: %v, want %v", err, password.ErrBusy)
	}
	if took := time.Since(start); took < time.Millisecond {
		t.Errorf("it was refused after %s, without its wait", took)
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

func TestPoolBoundsItsQueue(t *testing.T) {
	pool := newPool(t, time.Hour)
	fill(t, pool)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for i := range runtime.GOMAXPROCS(0) * queuePerWorker {
		waits, ended := make(chan struct{}), make(chan error, 1)
		all.Go(func() {
			_, err := pool.Acquire(watched{ctx, sync.OnceFunc(func() { close(waits) })})
			ended <- err
		})
		select {
		case <-waits:
		case err := <-ended:
			t.Fatalf("number %d does not wait: %v", i+1, err)
		}
	}
	if _, err := pool.Acquire(ctx); !errors.Is(err, password.ErrBusy) {
		t.Errorf("one more than the queue holds: %v, want %v at once", err, password.ErrBusy)
	}
}

// TestBusyService has a user whose hash takes long, and more logins at once than there are places.
func TestBusyService(t *testing.T) {
	s := newSite(t)
	s.must(`[{"model":"auth.user","pk":1,"fields":{"username":"otto",
		"password":"pbkdf2_sha256$1000000$salt$hHq2CwjSpsUCltVF/ZDe25M5jA5hBHN9+inXRaOGbjU="}}]`, "importdjango", "-")
	v := s.serve("--login-wait=1ms")
	type arrival struct {
		answer *http.Response
		body   string
		err    error
	}
	logins := 4 * runtime.GOMAXPROCS(0)
	arrivals := make(chan arrival, logins)
	for range logins {
		go func() {
			var a arrival
			if a.answer, a.err = v.contacts.Post(v.base+"/api/token", "application/json", credentials("otto", "wrong")); a.err == nil {
				defer a.answer.Body.Close()
				var content []byte
				content, a.err = io.ReadAll(a.answer.Body)
				a.body = string(content)
			}
			arrivals <- a
		}()
	}
	count := map[int]int{}
	for range logins {
		a := <-arrivals
		if a.err != nil {
			t.Error(a.err)
			continue
		}
		v.check(http.MethodPost, "/api/token", a.answer, a.body)
		count[a.answer.StatusCode]++
		if after := a.answer.Header.Get("Retry-After"); a.answer.StatusCode == http.StatusServiceUnavailable && after != "1" {
			t.Errorf("Retry-After is %q, want 1", after)
		}
	}
	if count[401] == 0 || count[503] == 0 || count[401]+count[503] != logins {
		t.Errorf("statuses and how often: %v", count)
	}
}
