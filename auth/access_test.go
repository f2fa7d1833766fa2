package auth_test

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

func upperMD5(text string) string { return fmt.Sprintf("%X", md5.Sum([]byte(text))) }

func TestAuthenticate(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	pair := h.logIn(t)
	account, err := h.Authenticate(t.Context(), pair.Access)
	if err != nil || account.ID != 1 || account.Username != "alice" || !account.LastLogin.IsZero() || account.Session != "" {
		t.Errorf("got %+v, %v", account, err)
	}
	for name, test := range map[string]struct {
		about func(*token.Claims)
		want  error
	}{
		"text":         {func(c *token.Claims) { c.SetText("user_id", "1") }, nil},
		"no claim":     {func(*token.Claims) {}, auth.ErrUnidentified},
		"empty":        {func(c *token.Claims) { c.SetText("user_id", "") }, auth.ErrUserNotFound},
		"zero":         {func(c *token.Claims) { c.SetInt("user_id", 0) }, auth.ErrUserNotFound},
		"unknown":      {func(c *token.Claims) { c.SetInt("user_id", 99) }, auth.ErrUserNotFound},
		"leading zero": {func(c *token.Claims) { c.SetText("user_id", "01") }, auth.ErrUserNotFound},
		"inactive":     {func(c *token.Claims) { c.SetInt("user_id", 2) }, auth.ErrUserInactive},
	} {
		_, err := h.Authenticate(t.Context(), h.mint(t, token.Access, test.about))
		wantRefused(t, name, err, test.want)
	}
	h.Rules.IgnoreInactive = true
	if _, err := h.Authenticate(t.Context(), h.mint(t, token.Access, func(c *token.Claims) { c.SetInt("user_id", 2) })); err != nil {
		t.Error(err)
	}
}

func TestKindsThatWouldDo(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	pair := h.logIn(t)
	sliding, err := h.ObtainSliding(t.Context(), "alice", "alice's password", auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	kind := func(kind token.Type, reason error) auth.KindRefused {
		return auth.KindRefused{Kind: kind, Reason: reason}
	}
	both := []token.Type{token.Access, token.Sliding}
	for _, test := range []struct {
		name    string
		types   []token.Type
		encoded string
		want    auth.KindsRefused
	}{
		{"access", nil, pair.Access, nil},
		{"access, both", both, pair.Access, nil},
		{"sliding, both", both, sliding, nil},
		{"sliding", both[1:], sliding, nil},
		{"refresh", nil, pair.Refresh, auth.KindsRefused{kind(token.Access, token.ErrWrongType)}},
		{"sliding, access wanted", nil, sliding, auth.KindsRefused{kind(token.Access, token.ErrWrongType)}},
		{"access, sliding wanted", both[1:], pair.Access, auth.KindsRefused{kind(token.Sliding, token.ErrWrongType)}},
		{"refresh, both", both, pair.Refresh, auth.KindsRefused{kind(token.Access, token.ErrWrongType), kind(token.Sliding, token.ErrWrongType)}},
		{"nonsense, both", both, "nonsense", auth.KindsRefused{kind(token.Access, token.ErrInvalid), kind(token.Sliding, token.ErrInvalid)}},
	} {
		h.Rules.AccessTypes = test.types
		_, err := h.Authenticate(t.Context(), test.encoded)
		var refused auth.KindsRefused
		if errors.As(err, &refused); (err == nil) != (test.want == nil) || !slices.Equal(refused, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, refused, test.want)
		}
	}

	// A sliding token can be blacklisted, which an access token is never looked up for.
	h.Rules.AccessTypes = both
	for _, encoded := range []string{sliding, pair.Access} {
		claims, err := h.Issuer.Open(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Store.Revoke(t.Context(), storage.Revocation{ID: h.Issuer.ID(claims), Expires: h.Issuer.Expires(claims)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Authenticate(t.Context(), pair.Access); err != nil {
		t.Errorf("access: %v", err)
	}
	_, err = h.Authenticate(t.Context(), sliding)
	var refused auth.KindsRefused
	if want := (auth.KindsRefused{kind(token.Access, token.ErrWrongType), kind(token.Sliding, auth.ErrBlacklisted)}); !errors.As(err, &refused) || !slices.Equal(refused, want) {
		t.Errorf("sliding: got %v", err)
	}
}

func TestUserIDFieldIsUsername(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.add(t, storage.User{Username: "5", Active: true})
	h.Rules.UserIDField = "username"
	pair := h.logIn(t)
	claims := h.claims(t, pair.Refresh, token.Refresh)
	if name, _ := claims.Text("user_id"); name != "alice" {
		t.Errorf("user_id is %q", name)
	}
	if _, err := h.Refresh(t.Context(), pair.Refresh, auth.Client{}); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]error{"alice": nil, "Alice": auth.ErrUserNotFound, "1": auth.ErrUserNotFound, "5": nil} {
		_, err := h.Authenticate(t.Context(), h.mint(t, token.Access, func(c *token.Claims) { c.SetText("user_id", name) }))
		wantRefused(t, name, err, want)
	}
	account, err := h.Authenticate(t.Context(), h.mint(t, token.Access, func(c *token.Claims) { c.SetInt("user_id", 5) }))
	if err != nil || account.Username != "5" {
		t.Errorf("a number: got %+v, %v", account, err)
	}
}

func TestUpdateLastLogin(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	now := time.Date(2026, 11, 24, 3, 48, 4, 914425000, time.UTC)
	h.Issuer.Now = func() time.Time { return now }
	h.logIn(t)
	if at := h.stored(t, "alice").LastLogin; !at.IsZero() {
		t.Errorf("noted without the rule: %s", at)
	}
	h.Rules.UpdateLastLogin = true
	pair := h.logIn(t)
	account, err := h.Authenticate(t.Context(), pair.Access)
	if err != nil || !account.LastLogin.Equal(now) {
		t.Errorf("last login is %s, %v", account.LastLogin, err)
	}
	now = now.Add(time.Hour)
	if _, err := h.ObtainPair(t.Context(), "alice", "wrong", auth.Client{}); err == nil {
		t.Fatal("logged in")
	}
	if at := h.stored(t, "alice").LastLogin; at.Equal(now) {
		t.Error("a refused login is noted")
	}
	if _, err := h.ObtainSliding(t.Context(), "alice", "alice's password", auth.Client{}); err != nil {
		t.Fatal(err)
	}
	if at := h.stored(t, "alice").LastLogin; !at.Equal(now) {
		t.Errorf("after a sliding login: %s", at)
	}
	h.Store = failing{h.Store, "SetLastLogin"}
	h.logIn(t) // good without it
	if h.log.Len() == 0 {
		t.Error("nothing is logged")
	}
}

// A login as the default has it writes nothing.
func TestLoginWritesNothing(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.Store = readOnly{h.Store}
	pair := h.logIn(t)
	for _, err := range []error{second(h.Refresh(t.Context(), pair.Refresh, auth.Client{})), second(h.Authenticate(t.Context(), pair.Access)), h.Verify(t.Context(), pair.Access)} {
		if err != nil {
			t.Error(err)
		}
	}
	if h.log.Len() > 0 {
		t.Errorf("logged: %s", h.log)
	}
}

func second[T any](_ T, err error) error { return err }

// readOnly is a Store of which only reads are asked.
type readOnly struct{ storage.Store }

func (r readOnly) ReplacePassword(context.Context, int64, string, string, string) (bool, error) {
	panic("a write")
}
func (r readOnly) SetLastLogin(context.Context, int64, time.Time) error         { panic("a write") }
func (r readOnly) Revoke(context.Context, storage.Revocation) (bool, error)     { panic("a write") }
func (r readOnly) AddSession(context.Context, storage.Session, time.Time) error { panic("a write") }
func (r readOnly) EndSession(context.Context, string, int64, storage.End) (bool, error) {
	panic("a write")
}
func (r readOnly) RotateSession(context.Context, string, storage.Rotation) (storage.Session, storage.Outcome, error) {
	panic("a write")
}
func (r readOnly) TouchSession(context.Context, string, time.Time, time.Duration) error {
	panic("a write")
}
