package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

func TestBlacklist(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	pair := h.logIn(t)
	wantRefused(t, "an access token", h.Blacklist(t.Context(), pair.Access), token.ErrWrongType)
	wantRefused(t, "the first time", h.Blacklist(t.Context(), pair.Refresh), nil)
	wantRefused(t, "the second time", h.Blacklist(t.Context(), pair.Refresh), auth.ErrBlacklisted)
	wantRefused(t, "refresh", second(h.Refresh(t.Context(), pair.Refresh, auth.Client{})), auth.ErrBlacklisted)
	wantRefused(t, "its access token", second(h.Authenticate(t.Context(), pair.Access)), nil)

	wantRefused(t, "verify", h.Verify(t.Context(), pair.Refresh), nil)
	h.Rules.BlacklistAfterRotation = true
	wantRefused(t, "verify, which asks now", h.Verify(t.Context(), pair.Refresh), auth.ErrBlacklisted)
	wantRefused(t, "verify of its access token", h.Verify(t.Context(), pair.Access), nil)

	// Where SimpleJWT fails, there is nothing to succeed with.
	for _, id := range []string{"abc", "1.5", "", " ", "1_", "\x00"} {
		encoded := h.mint(t, token.Refresh, func(c *token.Claims) { c.SetText("user_id", id) })
		wantRefused(t, "of "+id, h.Blacklist(t.Context(), encoded), token.ErrInvalid)
	}
	for _, id := range []string{"99", " 01 ", "+7", "1_000", "\u0661"} {
		encoded := h.mint(t, token.Refresh, func(c *token.Claims) { c.SetText("user_id", id) })
		wantRefused(t, "of "+id, h.Blacklist(t.Context(), encoded), nil)
	}
	// Whoever its user is: a token of nobody can be given back too.
	nobody := h.mint(t, token.Refresh, func(c *token.Claims) { c.SetInt("user_id", 99) })
	wantRefused(t, "of nobody", h.Blacklist(t.Context(), nobody), nil)
}

func TestBlacklistHasOneWinner(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	pair := h.logIn(t)
	if won := winners(t, 32, func() error { return h.Blacklist(t.Context(), pair.Refresh) }); won != 1 {
		t.Errorf("%d of 32 were told that they did it", won)
	}
}

// leaving is a Store whose caller goes when it is asked whether a token is blacklisted.
type leaving struct {
	storage.Store
	leave context.CancelFunc
}

func (l leaving) Standing(ctx context.Context, token, session string) (storage.Standing, error) {
	standing, err := l.Store.Standing(ctx, token, session)
	l.leave()
	return standing, err
}

// A caller who goes halfway does not keep a token alive that it gave back.
func TestBlacklistIsFinished(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	pair := h.logIn(t)
	ctx, cancel := context.WithCancel(t.Context())
	store := h.Store
	h.Store = leaving{store, cancel}
	wantRefused(t, "the caller has gone", h.Blacklist(ctx, pair.Refresh), nil)
	h.Store = store
	wantRefused(t, "refresh", second(h.Refresh(t.Context(), pair.Refresh, auth.Client{})), auth.ErrBlacklisted)
}

// What the database cannot tell is no token that is good, and what it cannot keep is none that is blacklisted.
func TestBlacklistFailsClosed(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.Rules = auth.Rules{RotateRefreshTokens: true, BlacklistAfterRotation: true, AccessTypes: []token.Type{token.Sliding}}
	pair := h.logIn(t)
	sliding, err := h.ObtainSliding(t.Context(), "alice", "alice's password", auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	store := h.Store
	for _, method := range []string{"Standing", "Revoke", "UserByID"} {
		h.Store = failing{store, method}
		calls := map[string]error{
			"refresh":         second(h.Refresh(t.Context(), pair.Refresh, auth.Client{})),
			"blacklist":       h.Blacklist(t.Context(), pair.Refresh),
			"verify":          h.Verify(t.Context(), pair.Refresh),
			"sliding refresh": second(h.RefreshSliding(t.Context(), sliding, auth.Client{})),
			"access":          second(h.Authenticate(t.Context(), sliding)),
		}
		asked := map[string][]string{
			"Standing": {"refresh", "blacklist", "verify", "sliding refresh", "access"},
			"Revoke":   {"refresh", "blacklist"},
			"UserByID": {"refresh", "sliding refresh", "access"},
		}
		for call, err := range calls {
			if !slices.Contains(asked[method], call) {
				continue
			}
			if !errors.Is(err, errDisk) || errors.As(err, new(auth.KindsRefused)) || errors.Is(err, auth.ErrBlacklisted) {
				t.Errorf("%s fails, %s: %v", method, call, err)
			}
		}
		for _, call := range asked[method] {
			if calls[call] == nil {
				t.Errorf("%s fails, and %s does not", method, call)
			}
		}
	}
}

func TestRefreshSliding(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	now := time.Now().Truncate(time.Second)
	h.Issuer.Now = func() time.Time { return now }
	encoded, err := h.ObtainSliding(t.Context(), "alice", "alice's password", auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	first := h.claims(t, encoded, token.Sliding)
	now = now.Add(4 * time.Minute)
	renewed, err := h.RefreshSliding(t.Context(), encoded, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	claims := h.claims(t, renewed, token.Sliding)
	if exp, _ := claims.Seconds("exp"); h.Issuer.ID(claims) != h.Issuer.ID(first) || exp != now.Add(5*time.Minute).Unix() {
		t.Errorf("renewed to %s until %d", h.Issuer.ID(claims), exp)
	}
	wantRefused(t, "a refresh token", second(h.RefreshSliding(t.Context(), h.logIn(t).Refresh, auth.Client{})), token.ErrWrongType)
	if err := h.users.SetActive(t.Context(), "alice", false); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "inactive", second(h.RefreshSliding(t.Context(), renewed, auth.Client{})), auth.ErrNoAccount)
	if err := h.users.SetActive(t.Context(), "alice", true); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	wantRefused(t, "the first, when it has expired", second(h.RefreshSliding(t.Context(), encoded, auth.Client{})), token.ErrExpired)
	for now.Before(time.Now().Add(24 * time.Hour)) {
		now = now.Add(3 * time.Minute)
		next, err := h.RefreshSliding(t.Context(), renewed, auth.Client{})
		if err != nil {
			wantRefused(t, "at its end", err, token.ErrRefreshExpired)
			return
		}
		renewed = next
	}
	t.Error("it is renewed for longer than a day")
}

func TestSweep(t *testing.T) {
	h := open(t)
	now := time.Now()
	h.Issuer.Now = func() time.Time { return now }
	for i := range 1000 {
		if _, err := h.Store.Revoke(t.Context(), storage.Revocation{ID: fmt.Sprint("dead", i), Expires: now.Add(-auth.KeepRevoked)}); err != nil {
			t.Fatal(err)
		}
	}
	// With a clock that is set back, the token itself is good once more.
	if _, err := h.Store.Revoke(t.Context(), storage.Revocation{ID: "late", Expires: now.Add(time.Second - auth.KeepRevoked)}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1000, 0} {
		if swept, err := h.Sweep(t.Context()); err != nil || swept != (auth.Swept{Revocations: want}) {
			t.Errorf("forgot %+v, %v; want %d", swept, err, want)
		}
	}
	if late, err := h.Store.Standing(t.Context(), "late", ""); err != nil || !late.Revoked {
		t.Errorf("a token that expired within the day is blacklisted: %t, %v", late.Revoked, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantRefused(t, "ended", second(h.Sweep(ctx)), context.Canceled)
}
