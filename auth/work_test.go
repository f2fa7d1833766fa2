package auth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
)

// gone is a Store whose caller goes away at the first question.
type gone struct {
	storage.Store
	leave func()
}

func (g gone) UserByName(ctx context.Context, username string) (storage.User, error) {
	defer g.leave()
	return g.Store.UserByName(ctx, username)
}

// A login that has begun is decided: by closing half of a connection at the right moment a caller would otherwise learn
// how far it had come, and so who exists.
func TestLoginIsDecidedWithoutItsCaller(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.addOld(t)
	for username, want := range map[string]error{
		"alice": auth.ErrNoActiveAccount, "inactive": auth.ErrNoActiveAccount, "unusable": auth.ErrNoActiveAccount,
		"garbage": auth.ErrNoActiveAccount, "nobody": auth.ErrNoActiveAccount, "bob": nil,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		service := *h.Service
		service.Store = gone{h.Store, cancel}
		if _, err := service.ObtainPair(ctx, username, "bob's password", auth.Client{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", username, err, want)
		}
	}
	if got := h.stored(t, "bob").PasswordFormat; got != string(cheap) {
		t.Errorf("the hash was not rewritten: its format is still %s", got)
	}
}

// deadlines is a Store that looks at the circumstances of a rehash.
type deadlines struct {
	house
	storage.Store
	t *testing.T
}

func (d deadlines) ReplacePassword(ctx context.Context, id int64, old, encoded, format string) (bool, error) {
	if at, ok := ctx.Deadline(); !ok || time.Until(at) > time.Second {
		d.t.Errorf("a write may take until %s, %t", at, ok)
	}
	release, err := d.Pool.Acquire(ctx)
	if err != nil {
		d.t.Errorf("the write holds a place in the pool: %v", err)
		return false, err
	}
	release()
	return d.Store.ReplacePassword(ctx, id, old, encoded, format)
}

// A rehash waits for whoever else writes: it must not keep others from hashing, nor its own login for long.
func TestRehashIsNoBurden(t *testing.T) {
	h := open(t)
	h.addOld(t)
	h.Pool = must(password.NewPool(1, 0, 0))
	h.Store = deadlines{h, h.Store, t}
	if _, err := h.ObtainPair(t.Context(), "bob", "bob's password", auth.Client{}); err != nil {
		t.Fatal(err)
	}
	if got := h.stored(t, "bob").PasswordFormat; got != string(cheap) {
		t.Errorf("nothing was written: the format is %s", got)
	}
}

// TestEveryRefusalWorks: whatever the reason, a refusal costs a good part of the dearest hash. A slow machine makes it
// dearer and cannot fail it; how nearly equal the costs are is TestTiming's question.
func TestEveryRefusalWorks(t *testing.T) {
	const dear password.Format = "pbkdf2_sha256$300000"
	h := open(t)
	h.addUsers(t) // of a format that costs nothing
	var hash string
	least := time.Hour
	for range 5 { // a slow moment here would ask too much below
		start := time.Now()
		hash = dearHash(t, dear)
		least = min(least, time.Since(start)/3)
	}
	h.add(t, storage.User{Username: "dear", Password: hash, Active: true}, storage.User{Username: "dear, inactive", Password: hash})
	for _, username := range []string{"nobody", "alice", "inactive", "unusable", "empty", "garbage", "removed", "unbounded", "dear", "dear, inactive"} {
		start := time.Now()
		if _, err := h.ObtainPair(t.Context(), username, "wrong", auth.Client{}); !errors.Is(err, auth.ErrNoActiveAccount) {
			t.Fatal(err)
		}
		if took := time.Since(start); took < least {
			t.Errorf("%s was refused in %s, a third of the dearest hash is %s", username, took, least)
		}
	}
}

func dearHash(t *testing.T, f password.Format) string {
	t.Helper()
	return must(must(password.NewHasher(f)).Hash("another password"))
}
