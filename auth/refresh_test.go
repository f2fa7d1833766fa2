package auth_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// logIn obtains a pair for alice.
func (h house) logIn(t testing.TB) token.Pair {
	t.Helper()
	pair, err := h.ObtainPair(t.Context(), "alice", "alice's password", auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// mint signs claims as the issuer would.
func (h house) mint(t testing.TB, kind token.Type, about func(*token.Claims)) string {
	t.Helper()
	var claims token.Claims
	about(&claims)
	pair, err := h.Issuer.IssuePair(claims)
	if err != nil {
		t.Fatal(err)
	}
	if kind == token.Refresh {
		return pair.Refresh
	}
	return pair.Access
}

func wantRefused(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRefresh(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	first := h.logIn(t)
	for range 2 {
		pair, err := h.Refresh(t.Context(), first.Refresh, auth.Client{})
		if err != nil || pair.Refresh != "" {
			t.Fatalf("got %+v, %v", pair, err)
		}
		claims := h.claims(t, pair.Access, token.Access)
		if id, _ := claims.Get("user_id"); string(id) != "1" {
			t.Errorf("the new token is about %s", id)
		}
	}
	_, err := h.Refresh(t.Context(), first.Access, auth.Client{})
	wantRefused(t, "an access token", err, token.ErrWrongType)
	_, err = h.Refresh(t.Context(), first.Refresh+"x", auth.Client{})
	wantRefused(t, "a changed token", err, token.ErrInvalid)
	h.Issuer.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	_, err = h.Refresh(t.Context(), first.Refresh, auth.Client{})
	wantRefused(t, "an old token", err, token.ErrExpired)
}

// Who the token names decides, and how: by whatever cannot be the one spelling of an id, nobody is named.
func TestRefreshAsksForTheUser(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	for name, test := range map[string]struct {
		about func(*token.Claims)
		want  error
	}{
		"number":         {func(c *token.Claims) { c.SetInt("user_id", 1) }, nil},
		"text":           {func(c *token.Claims) { c.SetText("user_id", "1") }, nil},
		"nobody":         {func(*token.Claims) {}, nil},
		"empty":          {func(c *token.Claims) { c.SetText("user_id", "") }, nil},
		"zero":           {func(c *token.Claims) { c.SetInt("user_id", 0) }, nil},
		"inactive":       {func(c *token.Claims) { c.SetInt("user_id", 2) }, auth.ErrNoAccount},
		"unknown":        {func(c *token.Claims) { c.SetInt("user_id", 99) }, auth.ErrNoAccount},
		"negative":       {func(c *token.Claims) { c.SetInt("user_id", -1) }, auth.ErrNoAccount},
		"zero as text":   {func(c *token.Claims) { c.SetText("user_id", "0") }, auth.ErrNoAccount},
		"leading zero":   {func(c *token.Claims) { c.SetText("user_id", "01") }, auth.ErrNoAccount},
		"sign":           {func(c *token.Claims) { c.SetText("user_id", "+1") }, auth.ErrNoAccount},
		"white space":    {func(c *token.Claims) { c.SetText("user_id", " 1") }, auth.ErrNoAccount},
		"fraction":       {func(c *token.Claims) { c.SetText("user_id", "1.0") }, auth.ErrNoAccount},
		"other digits":   {func(c *token.Claims) { c.SetText("user_id", "\u0661") }, auth.ErrNoAccount},
		"name":           {func(c *token.Claims) { c.SetText("user_id", "alice") }, auth.ErrNoAccount},
		"beyond numbers": {func(c *token.Claims) { c.SetText("user_id", "18446744073709551617") }, auth.ErrNoAccount},
	} {
		_, err := h.Refresh(t.Context(), h.mint(t, token.Refresh, test.about), auth.Client{})
		wantRefused(t, name, err, test.want)
	}
	h.Rules.IgnoreInactive = true
	_, err := h.Refresh(t.Context(), h.mint(t, token.Refresh, func(c *token.Claims) { c.SetInt("user_id", 2) }), auth.Client{})
	wantRefused(t, "inactive users may", err, nil)
}

func TestRotation(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.Rules.RotateRefreshTokens = true
	first := h.logIn(t)
	var pairs []token.Pair
	for range 2 { // without blacklisting the old one stays good
		pair, err := h.Refresh(t.Context(), first.Refresh, auth.Client{})
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, pair)
	}
	ids := map[string]bool{}
	for _, encoded := range []string{first.Refresh, pairs[0].Refresh, pairs[1].Refresh} {
		ids[h.Issuer.ID(h.claims(t, encoded, token.Refresh))] = true
	}
	if len(ids) != 3 {
		t.Errorf("three refresh tokens have the ids %v", ids)
	}

	empty := h.mint(t, token.Refresh, func(c *token.Claims) { c.SetText("user_id", "") })
	_, err := h.Refresh(t.Context(), empty, auth.Client{})
	wantRefused(t, "rotation for an empty id", err, token.ErrInvalid)

	h.Rules.BlacklistAfterRotation = true
	second, err := h.Refresh(t.Context(), pairs[0].Refresh, auth.Client{})
	wantRefused(t, "rotation", err, nil)
	_, err = h.Refresh(t.Context(), pairs[0].Refresh, auth.Client{})
	wantRefused(t, "used once more", err, auth.ErrBlacklisted)
	_, err = h.Refresh(t.Context(), second.Refresh, auth.Client{})
	wantRefused(t, "its successor", err, nil)
}

// A refusal uses no token up.
func TestRefusedRefreshBlacklistsNothing(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.Rules.RotateRefreshTokens, h.Rules.BlacklistAfterRotation = true, true
	pair := h.logIn(t)
	if err := h.users.SetActive(t.Context(), "alice", false); err != nil {
		t.Fatal(err)
	}
	_, err := h.Refresh(t.Context(), pair.Refresh, auth.Client{})
	wantRefused(t, "inactive", err, auth.ErrNoAccount)
	if err := h.users.SetActive(t.Context(), "alice", true); err != nil {
		t.Fatal(err)
	}
	_, err = h.Refresh(t.Context(), pair.Refresh, auth.Client{})
	wantRefused(t, "active again", err, nil)
}

// Of many refreshes of one token at the same time one wins, where the token is good once.
func TestRotationHasOneWinner(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.Rules.RotateRefreshTokens, h.Rules.BlacklistAfterRotation = true, true
	for range 20 {
		pair := h.logIn(t)
		if won := winners(t, 16, func() error { return second(h.Refresh(t.Context(), pair.Refresh, auth.Client{})) }); won != 1 {
			t.Fatalf("%d of 16 got new tokens", won)
		}
	}
}

// winners runs do so many times at once and counts those that are not told that the token is blacklisted.
func winners(t *testing.T, callers int, do func() error) int {
	t.Helper()
	var won atomic.Int32
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			err := do()
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, auth.ErrBlacklisted) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	return int(won.Load())
}

func TestCheckRevokeToken(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.Rules.CheckRevokeToken = true
	unmarked := h.mint(t, token.Refresh, func(c *token.Claims) { c.SetInt("user_id", 1) })
	_, err := h.Refresh(t.Context(), unmarked, auth.Client{})
	wantRefused(t, "without a mark", err, auth.ErrPasswordChanged)

	old := h.logIn(t)
	_, err = h.Refresh(t.Context(), old.Refresh, auth.Client{})
	wantRefused(t, "same password", err, nil)
	if _, err := h.Authenticate(t.Context(), old.Access); err != nil {
		t.Error(err)
	}
	if err := h.users.ChangePassword(t.Context(), "alice", "another password"); err != nil {
		t.Fatal(err)
	}
	_, err = h.Authenticate(t.Context(), old.Access)
	wantRefused(t, "access", err, auth.ErrAccessPasswordChanged)
	_, err = h.Refresh(t.Context(), old.Refresh, auth.Client{})
	wantRefused(t, "refresh", err, auth.ErrPasswordChanged)
	_, err = h.Refresh(t.Context(), old.Refresh, auth.Client{})
	wantRefused(t, "refresh once more", err, auth.ErrBlacklisted)
}

// The mark is SimpleJWT's: a Django that shares the key reads it.
func TestPasswordMark(t *testing.T) {
	h := open(t)
	h.Rules.CheckRevokeToken = true
	h.add(t, storage.User{Username: "seed", Active: true, Password: must(h.Hasher.Hash("a good password"))})
	pair, err := h.ObtainPair(t.Context(), "seed", "a good password", auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	stored := h.stored(t, "seed").Password
	for kind, encoded := range map[token.Type]string{token.Refresh: pair.Refresh, token.Access: pair.Access} {
		claims := h.claims(t, encoded, kind)
		if mark, _ := claims.Text("hash_password"); mark != upperMD5(stored) {
			t.Errorf("%s: the mark of %s is %s", kind, stored, mark)
		}
	}
}

// The tokens of a login that rewrites the hash carry the mark of the new one, and those from before end.
func TestRehashChangesTheMark(t *testing.T) {
	h := open(t)
	h.Rules.CheckRevokeToken = true
	bob := h.addOld(t)
	before := h.mint(t, token.Refresh, func(c *token.Claims) {
		c.SetInt("user_id", bob.ID)
		c.SetText("hash_password", upperMD5(bob.Password))
	})
	_, err := h.Refresh(t.Context(), before, auth.Client{})
	wantRefused(t, "before the rehash", err, nil)
	pair, err := h.ObtainPair(t.Context(), "bob", "bob's password", auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Refresh(t.Context(), pair.Refresh, auth.Client{})
	wantRefused(t, "the login's own", err, nil)
	_, err = h.Refresh(t.Context(), before, auth.Client{})
	wantRefused(t, "from before", err, auth.ErrPasswordChanged)
}

// A token that leaves no room for its successor is one of those that are too long.
func TestTokensWithoutRoom(t *testing.T) {
	h := open(t)
	h.Rules.RotateRefreshTokens = true
	encoded := h.mint(t, token.Refresh, func(c *token.Claims) { c.SetText("filler", strings.Repeat("x", 7400)) })
	wantRefused(t, "with room", second(h.Refresh(t.Context(), encoded, auth.Client{})), nil)
	h.Issuer.NewID = func() string { return strings.Repeat("i", 200) }
	wantRefused(t, "without", second(h.Refresh(t.Context(), encoded, auth.Client{})), token.ErrInvalid)
}
