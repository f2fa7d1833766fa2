package password

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrBusy says that too many are hashing already: the queue is full, or no place became free in time.
var ErrBusy = errors.New("password: too many hashes at once")

// Pool bounds how many hash at once, how many wait for a place, and how long. Whoever hashes acquires one place for the
// whole of it: check, levelling up and making anew. A Pool is safe for concurrent use.
type Pool struct {
	queue int
	wait  time.Duration

	mu      sync.Mutex
	free    int
	waiting list.List // of *waiter, the longest waiting first; empty while a place is free
}

type waiter struct {
	ctx    context.Context
	placed chan struct{} // closed, under the lock, when the waiter is given a place
}

// NewPool returns a Pool with workers places, at least one, in which at most queue wait, each for at most wait. A queue
// of 0 lets nobody wait. Since each place may take as much memory as the dearest format, 128 MiB at most, workers bounds
// the memory too.
func NewPool(workers, queue int, wait time.Duration) (*Pool, error) {
	if workers < 1 || queue < 0 || wait < 0 {
		return nil, fmt.Errorf("password: no pool of %d workers, queue %d, wait %s", workers, queue, wait)
	}
	return &Pool{queue: queue, wait: wait, free: workers}, nil
}

// Acquire waits for a place, first come first served, and returns the function that gives it back, which may be called
// more than once. It fails with ErrBusy when the queue is full or no place became free in time, and with ctx.Err() when
// ctx ends first.
func (p *Pool) Acquire(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("wait for a place to hash: %w", err)
	}
	p.mu.Lock()
	if p.free > 0 {
		p.free--
		p.mu.Unlock()
		return sync.OnceFunc(p.release), nil
	}
	if p.waiting.Len() >= p.queue {
		p.mu.Unlock()
		return nil, ErrBusy
	}
	w := &waiter{ctx, make(chan struct{})}
	element := p.waiting.PushBack(w)
	p.mu.Unlock()

	timer := time.NewTimer(p.wait)
	defer timer.Stop()
	select {
	case <-w.placed:
	case <-timer.C:
		err = ErrBusy
	case <-ctx.Done():
		err = fmt.Errorf("wait for a place to hash: %w", ctx.Err())
	}
	if err == nil || !p.leave(element, w) {
		// A place that came together with the end of the wait is as good as any other, unless the caller has gone.
		if ctx.Err() != nil {
			p.release()
			return nil, fmt.Errorf("wait for a place to hash: %w", ctx.Err())
		}
		return sync.OnceFunc(p.release), nil
	}
	return nil, err
}

// leave takes w out of the queue. It reports false when w was given a place before that.
func (p *Pool) leave(element *list.Element, w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-w.placed:
		return false
	default:
		p.waiting.Remove(element)
		return true
	}
}

// release hands the place to the longest waiting whose context lives, so that nobody overtakes the queue.
func (p *Pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for front := p.waiting.Front(); front != nil; front = p.waiting.Front() {
		w := p.waiting.Remove(front).(*waiter)
		if w.ctx.Err() == nil {
			close(w.placed)
			return
		}
	}
	p.free++
}
