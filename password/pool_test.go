package password_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/tokenpair/password"
)

func newPool(t *testing.T, workers, queue int, wait time.Duration) *password.Pool {
	t.Helper()
	p, err := password.NewPool(workers, queue, wait)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// mustAcquire acquires a place that must be free.
func mustAcquire(t *testing.T, p *password.Pool) (release func()) {
	t.Helper()
	release, err := p.Acquire(t.Context())
	if err != nil {
		t.Fatalf("Acquire = %v", err)
	}
	return release
}

// checkFree checks that exactly n places are free and nobody is in the queue, for a pool in which nobody may wait long.
func checkFree(t *testing.T, p *password.Pool, n int) {
	t.Helper()
	for range n {
		defer mustAcquire(t, p)()
	}
	if _, err := p.Acquire(t.Context()); !errors.Is(err, password.ErrBusy) {
		t.Errorf("more than %d places: %v", n, err)
	}
}

func TestNewPool(t *testing.T) {
	for _, tt := range []struct {
		workers, queue int
		wait           time.Duration
		ok             bool
	}{
		{1, 0, 0, true}, {2, 64, time.Second, true},
		{0, 1, time.Second, false}, {-1, 1, time.Second, false}, {1, -1, time.Second, false}, {1, 1, -1, false},
	} {
		if p, err := password.NewPool(tt.workers, tt.queue, tt.wait); (err == nil) != tt.ok || (p != nil) != tt.ok {
			t.Errorf("NewPool(%d, %d, %s) = %v, %v", tt.workers, tt.queue, tt.wait, p, err)
		}
	}
}

func TestPoolRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, 2, 1, 3*time.Second)
		a, b := mustAcquire(t, p), mustAcquire(t, p)
		waited := make(chan error)
		start := time.Now()
		go func() {
			_, err := p.Acquire(t.Context())
			waited <- err
		}()
		synctest.Wait()
		if _, err := p.Acquire(t.Context()); !errors.Is(err, password.ErrBusy) || time.Since(start) != 0 {
			t.Errorf("full queue: %v after %s, want ErrBusy at once", err, time.Since(start))
		}
		if err := <-waited; !errors.Is(err, password.ErrBusy) || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %s, want ErrBusy after 3s", err, time.Since(start))
		}
		a()
		b()
		checkFree(t, p, 2)
	})
}

func TestPoolWithoutQueue(t *testing.T) {
	p := newPool(t, 1, 0, time.Hour)
	release := mustAcquire(t, p)
	checkFree(t, p, 0)
	release()
	checkFree(t, p, 1)
}

func TestPoolIsFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const waiters = 20
		p := newPool(t, 1, waiters, time.Hour)
		release := mustAcquire(t, p)
		var served []int
		var group sync.WaitGroup
		for n := range waiters {
			group.Go(func() {
				release := mustAcquire(t, p)
				served = append(served, n)
				release()
			})
			synctest.Wait()
		}
		release()
		group.Wait()
		for n, got := range served {
			if got != n {
				t.Fatalf("served in the order %v", served)
			}
		}
		if len(served) != waiters {
			t.Errorf("%d served", len(served))
		}
	})
}

func TestPoolCancelledWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, 1, 2, time.Minute)
		release := mustAcquire(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		gone, next := make(chan error), make(chan error)
		go func() {
			_, err := p.Acquire(ctx)
			gone <- err
		}()
		synctest.Wait()
		go func() {
			release, err := p.Acquire(t.Context())
			if err == nil {
				defer release()
			}
			next <- err
		}()
		synctest.Wait()
		cancel()
		// The place comes before the cancelled waiter can have woken: it must go to the next.
		release()
		if err := <-gone; !errors.Is(err, context.Canceled) || errors.Is(err, password.ErrBusy) {
			t.Errorf("cancelled: %v", err)
		}
		if err := <-next; err != nil {
			t.Errorf("next: %v", err)
		}
		synctest.Wait()
		checkFreeAfterWait(t, p)
	})
}

// checkFreeAfterWait checks that one place is free and that the queue of two is empty: two more can wait their time out.
func checkFreeAfterWait(t *testing.T, p *password.Pool) {
	t.Helper()
	defer mustAcquire(t, p)()
	errs, start := make(chan error), time.Now()
	for range 3 {
		go func() {
			_, err := p.Acquire(t.Context())
			errs <- err
		}()
	}
	for n := range 3 {
		err, took := <-errs, time.Since(start)
		if !errors.Is(err, password.ErrBusy) || (n == 0) != (took == 0) {
			t.Errorf("waiter %d: %v after %s", n, err, took)
		}
	}
}

func TestPoolContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, 1, 2, time.Minute)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Acquire(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("ended before: %v", err)
		}
		release := mustAcquire(t, p)
		brief, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Acquire(brief); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended while waiting: %v", err)
		}
		release()
		checkFreeAfterWait(t, p)
	})
}

func TestPoolReleaseIsIdempotent(t *testing.T) {
	p := newPool(t, 2, 0, 0)
	a, b := mustAcquire(t, p), mustAcquire(t, p)
	for range 3 {
		a()
	}
	checkFree(t, p, 1)
	b()
	checkFree(t, p, 2)
}

// TestPoolUnderRace has everybody come, give up and be served at once, and looks for a lost or an invented place.
func TestPoolUnderRace(t *testing.T) {
	p := newPool(t, 3, 8, 100*time.Microsecond)
	var holding, served, refused atomic.Int64
	var group sync.WaitGroup
	for n := range 32 {
		group.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration((n*i)%7)*50*time.Microsecond)
				release, err := p.Acquire(ctx)
				if err != nil {
					refused.Add(1)
				} else {
					if now := holding.Add(1); now > 3 {
						t.Errorf("%d at once", now)
					}
					served.Add(1)
					runtime.Gosched()
					holding.Add(-1)
					release()
					release()
				}
				cancel()
			}
		})
	}
	group.Wait()
	t.Logf("%d served, %d refused", served.Load(), refused.Load())
	if served.Load() == 0 {
		t.Error("nobody was served")
	}
	held := []func(){mustAcquire(t, p), mustAcquire(t, p), mustAcquire(t, p)}
	if _, err := p.Acquire(t.Context()); !errors.Is(err, password.ErrBusy) {
		t.Errorf("a fourth place: %v", err)
	}
	for _, release := range held {
		release()
	}
}

// TestPoolBoundsMemory has 64 log in at once on argon2id of 19 MiB each, which unbounded is more than a gibibyte.
func TestPoolBoundsMemory(t *testing.T) {
	const logins, workers = 64, 2
	var hasher password.Hasher
	encoded := mustHash(t, "argon2$argon2id$v=19$m=19456,t=1,p=1", "secret")
	p := newPool(t, workers, logins, time.Minute)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var deriving, peak atomic.Int64
	var group sync.WaitGroup
	for range logins {
		group.Go(func() {
			release, err := p.Acquire(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			for now := deriving.Add(1); ; {
				if old := peak.Load(); now <= old || peak.CompareAndSwap(old, now) {
					break
				}
			}
			if !hasher.Check("secret", encoded) {
				t.Error("no match")
			}
			deriving.Add(-1)
		})
	}
	group.Wait()
	runtime.ReadMemStats(&after)
	if n := peak.Load(); n > workers || n < 1 {
		t.Errorf("%d derived at once, want %d at most", n, workers)
	}
	grown := (int64(after.HeapSys) - int64(before.HeapSys)) >> 20
	t.Logf("the heap grew by %d MiB", grown)
	if grown > 400 {
		t.Errorf("the heap grew by %d MiB for %d at once", grown, workers)
	}
}
