package auth_test

import (
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// issuedByDjango is a refresh token of alice's without a session, and the access token beside it.
func (h house) issuedByDjango(t testing.TB, about ...func(*token.Claims)) token.Pair {
	t.Helper()
	var claims token.Claims
	claims.SetText("user_id", "1")
	claims.SetText("team", "blue")
	for _, set := range about {
		set(&claims)
	}
	pair, err := h.Issuer.IssuePair(claims)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func TestSessionAdopts(t *testing.T) {
	h, now := withSessions(t)
	before := h.issuedByDjango(t)
	wantRefused(t, "its access token", second(h.Authenticate(t.Context(), before.Access)), nil)
	*now = now.Add(time.Hour)
	pair := h.refresh(t, before.Refresh)
	id, _ := h.claims(t, before.Refresh, token.Refresh).Text("jti")
	for _, encoded := range []string{pair.Refresh, pair.Access} {
		claims := must(h.Issuer.Open(encoded))
		if sid, _ := claims.Text("sid"); sid != id || names(claims) != "token_type exp iat jti user_id team sid" {
			t.Errorf("the session is %q, of the token %q; claims are %s", sid, id, names(claims))
		}
		if user, _ := claims.Text("user_id"); user != "1" {
			t.Error("the user's id is not as Django wrote it")
		}
	}
	if again := h.refresh(t, before.Refresh); again.Refresh != pair.Refresh {
		t.Error("a retry within the grace is answered with another token")
	}
	kept, err := h.users.Sessions(t.Context(), "alice")
	if err != nil || len(kept) != 1 || kept[0].ID != id || !kept[0].Created.Equal(*now) || kept[0].Agent != "a browser" {
		t.Errorf("kept is %+v, %v", kept, err)
	}
	*now = now.Add(time.Minute)
	wantRefused(t, "replay", second(h.Refresh(t.Context(), before.Refresh, browser)), auth.ErrBlacklisted)
	h.wantOver(t, "after it", pair)
}

// Of many at once, one starts the session, and all are told the same successor.
func TestSessionAdoptsOnce(t *testing.T) {
	h, _ := withSessions(t)
	for range 20 {
		before := h.issuedByDjango(t)
		told := make(chan string, 16)
		if won := winners(t, cap(told), func() error {
			pair, err := h.Refresh(t.Context(), before.Refresh, browser)
			told <- pair.Refresh
			return err
		}); won != cap(told) {
			t.Errorf("%d of %d were answered", won, cap(told))
		}
		first := <-told
		for range cap(told) - 1 {
			if <-told != first {
				t.Error("there are two successors")
			}
		}
	}
	if kept, err := h.users.Sessions(t.Context(), "alice"); err != nil || len(kept) != 20 {
		t.Errorf("%d sessions, %v", len(kept), err)
	}
}

func TestSessionAdoptsWithoutRotation(t *testing.T) {
	h, now := withSessions(t)
	h.Rules.RotateRefreshTokens = false
	before := h.issuedByDjango(t)
	id, _ := h.claims(t, before.Refresh, token.Refresh).Text("jti")
	for range 2 {
		pair := h.refresh(t, before.Refresh)
		if sid, _ := must(h.Issuer.Open(pair.Access)).Text("sid"); pair.Refresh != "" || sid != id {
			t.Errorf("got %+v", pair)
		}
		*now = now.Add(2 * time.Minute)
	}
	pair := h.refresh(t, before.Refresh)
	wantRefused(t, "logout", h.Blacklist(t.Context(), before.Refresh), nil)
	h.wantOver(t, "after it", token.Pair{Refresh: before.Refresh, Access: pair.Access})
}

// What was given back before it was adopted is not adopted, and what was adopted is ended by giving the first token back.
func TestAdoptionAndLogout(t *testing.T) {
	h, now := withSessions(t)
	before := h.issuedByDjango(t)
	wantRefused(t, "logout", h.Blacklist(t.Context(), before.Refresh), nil)
	wantRefused(t, "refresh", second(h.Refresh(t.Context(), before.Refresh, browser)), auth.ErrBlacklisted)
	wantRefused(t, "verify", h.Verify(t.Context(), before.Refresh), auth.ErrBlacklisted)
	wantRefused(t, "logout again", h.Blacklist(t.Context(), before.Refresh), auth.ErrBlacklisted)

	before = h.issuedByDjango(t)
	pair := h.refresh(t, before.Refresh)
	*now = now.Add(time.Minute)
	wantRefused(t, "logout through the first", h.Blacklist(t.Context(), before.Refresh), nil)
	h.wantOver(t, "after it", pair)

	// A token can live longer than its session: it is not adopted again when the session is forgotten.
	config := h.Issuer.Config()
	config.RefreshLifetime = 60 * 24 * time.Hour
	clock := h.Issuer.Now
	h.Issuer = must(token.NewIssuer(must(token.ParseKey("HS256", []byte(secretKey), nil)), config))
	h.Issuer.Now = clock
	before = h.issuedByDjango(t)
	h.refresh(t, before.Refresh)
	*now = now.Add(45 * 24 * time.Hour)
	if _, err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "after its session", second(h.Refresh(t.Context(), before.Refresh, browser)), auth.ErrBlacklisted)
}

// Neither is a token adopted that was issued before all sessions of its user were ended.
func TestAdoptionAfterAnEnd(t *testing.T) {
	h, now := withSessions(t)
	old := h.issuedByDjango(t)
	*now = now.Add(time.Minute)
	if _, err := h.users.EndSessions(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	h.wantOver(t, "after it", old)
	*now = now.Add(time.Second)
	h.refresh(t, h.issuedByDjango(t).Refresh)
}

// With sessions a refresh token names an active user who is there.
func TestRefreshNeedsAUser(t *testing.T) {
	h, _ := withSessions(t)
	h.Rules.IgnoreInactive = true
	for name, set := range map[string]func(*token.Claims){
		"nobody":      func(c *token.Claims) { c.Delete("user_id") },
		"null":        func(c *token.Claims) { c.SetNull("user_id") },
		"empty":       func(c *token.Claims) { c.SetText("user_id", "") },
		"inactive":    func(c *token.Claims) { c.SetInt("user_id", 2) },
		"deleted":     func(c *token.Claims) { c.SetInt("user_id", 99) },
		"no number":   func(c *token.Claims) { c.SetText("user_id", "abc") },
		"other digit": func(c *token.Claims) { c.SetText("user_id", "01") },
	} {
		encoded := h.issuedByDjango(t, set).Refresh
		wantRefused(t, name, second(h.Refresh(t.Context(), encoded, browser)), auth.ErrNoAccount)
	}
	// A session is its user's: a token that names another is none of it, and does nothing to it.
	pair, account := h.session(t)
	foreign := h.issuedByDjango(t, func(c *token.Claims) { c.SetInt("user_id", 2); c.SetText("sid", account.Session) })
	h.wantOver(t, "of another", foreign)
	h.refresh(t, pair.Refresh)
	unknown := h.issuedByDjango(t, func(c *token.Claims) { c.SetText("sid", "unknown") })
	h.wantOver(t, "of a session that is not there", unknown)
	odd := h.issuedByDjango(t, func(c *token.Claims) { c.SetInt("sid", 1) })
	h.wantOver(t, "of a session that is no text", odd)
}

// What was ended stays ended when sessions are switched off.
func TestSessionsSwitchedOff(t *testing.T) {
	h, _ := withSessions(t)
	ended, goesOn := h.logIn(t), h.logIn(t)
	wantRefused(t, "logout", h.Blacklist(t.Context(), ended.Refresh), nil)
	h.Rules = auth.Rules{}
	h.wantOver(t, "switched off", ended)
	wantRefused(t, "one that goes on", second(h.Refresh(t.Context(), goesOn.Refresh, browser)), nil)
	foreign := h.issuedByDjango(t, func(c *token.Claims) { c.SetText("sid", "of somebody else's making") })
	wantRefused(t, "a claim that is not ours", second(h.Refresh(t.Context(), foreign.Refresh, browser)), nil)
	wantRefused(t, "logout of one token", h.Blacklist(t.Context(), goesOn.Refresh), nil)
	h.Rules = auth.Rules{Sessions: true, RotateRefreshTokens: true, RefreshGrace: time.Second, SessionLifetime: time.Hour}
	wantRefused(t, "switched on again", second(h.Refresh(t.Context(), goesOn.Refresh, browser)), auth.ErrBlacklisted)
	if kept, err := h.users.Sessions(t.Context(), "alice"); err != nil || len(kept) != 2 || kept[0].Reason != "" && kept[0].Reason != storage.EndedByLogout {
		t.Errorf("kept is %+v, %v", kept, err)
	}
}
