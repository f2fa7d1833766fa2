package auth_test

import (
	"context"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// withConfig gives the house an issuer with other settings and the same clock.
func (h house) withConfig(change func(*token.Config)) {
	config, clock := h.Issuer.Config(), h.Issuer.Now
	change(&config)
	h.Service.Issuer = must(token.NewIssuer(must(token.ParseKey("HS256", []byte(secretKey), nil)), config))
	h.Service.Issuer.Now = clock
}

// Sessions are switched off, and on again: what was ended or replaced stays so, and an honest client goes on through both.
func TestSessionsSwitched(t *testing.T) {
	h, now := withSessions(t)
	on, off := h.Rules, auth.Rules{RotateRefreshTokens: true, BlacklistAfterRotation: true}
	adopted := h.issuedByDjango(t)
	h.refresh(t, adopted.Refresh)
	wantRefused(t, "logout of an adopted token", h.Blacklist(t.Context(), adopted.Refresh), nil)
	replaced := h.logIn(t)
	h.refresh(t, replaced.Refresh)
	honest := h.logIn(t)
	*now = now.Add(time.Hour)

	h.Rules = off
	wantRefused(t, "an adopted token that was given back", second(h.Refresh(t.Context(), adopted.Refresh, browser)), auth.ErrBlacklisted)
	wantRefused(t, "one that was replaced", second(h.Refresh(t.Context(), replaced.Refresh, browser)), auth.ErrBlacklisted)
	wantRefused(t, "to verify it", h.Verify(t.Context(), replaced.Refresh), auth.ErrBlacklisted)
	for range 5 { // beyond what its session would have lived for
		*now = now.Add(12 * time.Hour)
		honest = h.refresh(t, honest.Refresh)
		for _, encoded := range []string{honest.Refresh, honest.Access} {
			if got := names(must(h.Issuer.Open(encoded))); got != "token_type exp iat jti user_id" {
				t.Errorf("claims are %s", got)
			}
		}
	}
	h.Rules = on
	*now = now.Add(time.Hour)
	honest = h.refresh(t, honest.Refresh)
	h.refresh(t, honest.Refresh)
	for _, session := range must(h.users.Sessions(t.Context(), "alice")) {
		if session.Reason == storage.EndedByReuse {
			t.Errorf("a replay was found where there was none: %+v", session)
		}
	}
}

// The mark of a password ends tokens without a session. Sessions end with the change itself, but for the one that made it.
func TestMarkAndSessions(t *testing.T) {
	h, _ := withSessions(t)
	h.Rules.CheckRevokeToken = true
	pair, mine := h.session(t)
	unmarked := h.issuedByDjango(t)
	wantRefused(t, "change", h.Service.ChangePassword(t.Context(), mine, "alice's password", "a much better one"), nil)
	wantRefused(t, "its access token", second(h.Authenticate(t.Context(), pair.Access)), nil)
	pair = h.refresh(t, pair.Refresh)
	wantRefused(t, "a token of before", second(h.Refresh(t.Context(), unmarked.Refresh, browser)), auth.ErrBlacklisted)

	h.Hasher = must(password.NewHasher(cheaper))
	if _, err := h.ObtainPair(t.Context(), "alice", "a much better one", browser); err != nil { // which rehashes
		t.Fatal(err)
	}
	h.refresh(t, pair.Refresh)
}

// during is a Store that something happens to before it writes.
type during struct {
	storage.Store
	do func()
}

func (d during) SetPassword(ctx context.Context, id int64, change storage.PasswordChange) error {
	d.do()
	return d.Store.SetPassword(ctx, id, change)
}

func (d during) RotateSession(ctx context.Context, id string, r storage.Rotation) (storage.Session, storage.Outcome, error) {
	d.do()
	return d.Store.RotateSession(ctx, id, r)
}

func (d during) AddSession(ctx context.Context, s storage.Session, asOf time.Time) error {
	d.do()
	return d.Store.AddSession(ctx, s, asOf)
}

// The grace begins when the rotation is done, however long it waited for its turn, and whoever came before that is in time.
func TestGraceBeginsWithTheRotation(t *testing.T) {
	h, now := withSessions(t)
	h.Rules.RefreshGrace = 2 * time.Second
	first := h.logIn(t)
	store := h.Store
	h.Store = during{store, func() { *now = now.Add(3 * time.Second) }}
	pair := h.refresh(t, first.Refresh)
	rotated := *now
	if iat, _ := h.claims(t, pair.Refresh, token.Refresh).Seconds("iat"); iat != rotated.Unix() {
		t.Errorf("the successor was issued %d s before its rotation", rotated.Unix()-iat)
	}
	h.Store = store
	*now = now.Add(2 * time.Second)
	if again := h.refresh(t, first.Refresh); again.Refresh != pair.Refresh {
		t.Error("a retry within the grace is answered with another token")
	}
	// One that comes together with the first waits until the grace is over.
	next := pair
	h.Store = during{store, func() {
		h.Store = store
		next = h.refresh(t, pair.Refresh)
		*now = now.Add(3 * time.Second)
	}}
	if late := h.refresh(t, pair.Refresh); late.Refresh != next.Refresh {
		t.Error("who waited is answered with another token")
	}
}

// Of two that adopt one token under other settings, the second goes by the session of the first.
func TestAdoptionGoesByTheSession(t *testing.T) {
	h, now := withSessions(t)
	before := h.issuedByDjango(t)
	other := *h.Service
	other.Rules.RotateRefreshTokens, other.Rules.SessionLifetime = false, time.Minute
	h.Store = during{h.Store, func() {
		if _, err := other.Refresh(t.Context(), before.Refresh, browser); err != nil {
			t.Error(err)
		}
	}}
	pair := h.refresh(t, before.Refresh)
	if exp, _ := h.claims(t, pair.Refresh, token.Refresh).Seconds("exp"); exp != now.Add(time.Minute).Unix() {
		t.Errorf("the successor expires %v after the login", time.Unix(exp, 0).Sub(*now))
	}
}

func TestSlidingSessions(t *testing.T) {
	h, now := withSessions(t)
	h.Rules.AccessTypes = []token.Type{token.Sliding}
	encoded, err := h.ObtainSliding(t.Context(), "alice", "alice's password", browser)
	if err != nil {
		t.Fatal(err)
	}
	h.setClaims(t, `{"role":"reader"}`)
	*now = now.Add(4 * time.Minute)
	if encoded, err = h.RefreshSliding(t.Context(), encoded, browser); err != nil {
		t.Fatal(err)
	}
	if got := names(must(h.Issuer.Open(encoded))); got != "token_type exp iat jti refresh_exp user_id role sid" {
		t.Errorf("claims are %s", got)
	}
	account, err := h.Authenticate(t.Context(), encoded)
	if err != nil || account.Session == "" {
		t.Fatalf("got %+v, %v", account, err)
	}
	// A lifetime that grows later does not outlive the session.
	h.withConfig(func(c *token.Config) { c.SlidingLifetime = 48 * time.Hour })
	if encoded, err = h.RefreshSliding(t.Context(), encoded, browser); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(24*time.Hour - time.Second)
	wantRefused(t, "verify", h.Verify(t.Context(), encoded), nil)
	wantRefused(t, "the session", h.EndSession(t.Context(), account, account.Session), nil)
	wantRefused(t, "verify", h.Verify(t.Context(), encoded), auth.ErrBlacklisted)
	wantRefused(t, "renew", second(h.RefreshSliding(t.Context(), encoded, browser)), auth.ErrBlacklisted)
}

// A sliding token of Django's is adopted when it is renewed: also one that is renewed while the password changes ends with it.
func TestSlidingTokensAreAdopted(t *testing.T) {
	h, now := withSessions(t)
	var about token.Claims
	about.SetInt("user_id", 1)
	encoded := must(h.Issuer.IssueSliding(about))
	h.users.Store = during{h.Store, func() {
		*now = now.Add(2 * time.Second)
		encoded = must(h.RefreshSliding(t.Context(), encoded, browser))
	}}
	if err := h.users.ChangePassword(t.Context(), "alice", "another password"); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(time.Minute)
	wantRefused(t, "after it", second(h.RefreshSliding(t.Context(), encoded, browser)), auth.ErrBlacklisted)
	kept, err := h.users.Sessions(t.Context(), "alice")
	if err != nil || len(kept) != 1 || kept[0].Reason != storage.EndedByPassword {
		t.Errorf("kept is %+v, %v", kept, err)
	}
}

// A name that is given to somebody else does not take the tokens of the one before with it.
func TestNamesAreNotTokens(t *testing.T) {
	h, now := withSessions(t)
	h.Rules.UserIDField = "username"
	before := h.issuedByDjango(t, func(c *token.Claims) { c.SetText("user_id", "alice") })
	pair := h.logIn(t)
	*now = now.Add(time.Minute)
	if err := h.users.Delete(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.users.Create(t.Context(), "alice", "of somebody else"); err != nil {
		t.Fatal(err)
	}
	h.wantOver(t, "the old alice", before, pair)
}
