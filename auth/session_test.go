package auth_test

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

var browser = auth.Client{Agent: "a browser", Address: "192.0.2.7"}

// withSessions is a house with users, sessions and a clock that stands still.
func withSessions(t testing.TB) (house, *time.Time) {
	t.Helper()
	h := open(t)
	h.addUsers(t)
	h.Rules = auth.Rules{
		Sessions: true, RotateRefreshTokens: true, RefreshGrace: 10 * time.Second, SessionLifetime: 30 * 24 * time.Hour,
	}
	now := time.Date(2026, 11, 25, 8, 0, 0, 123456000, time.UTC)
	h.Issuer.Now = func() time.Time { return now }
	h.users.Now = h.Issuer.Now
	return h, &now
}

// session logs alice in, with her account.
func (h house) session(t testing.TB) (token.Pair, auth.Account) {
	t.Helper()
	pair := h.logIn(t)
	account, err := h.Authenticate(t.Context(), pair.Access)
	if err != nil {
		t.Fatal(err)
	}
	return pair, account
}

func (h house) refresh(t testing.TB, encoded string) token.Pair {
	t.Helper()
	pair, err := h.Refresh(t.Context(), encoded, browser)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// wantOver holds that every token of the pairs is refused.
func (h house) wantOver(t *testing.T, what string, pairs ...token.Pair) {
	t.Helper()
	for _, pair := range pairs {
		wantRefused(t, what+": refresh", second(h.Refresh(t.Context(), pair.Refresh, browser)), auth.ErrBlacklisted)
		wantRefused(t, what+": blacklist", h.Blacklist(t.Context(), pair.Refresh), auth.ErrBlacklisted)
		for _, encoded := range []string{pair.Refresh, pair.Access} {
			wantRefused(t, what+": verify", h.Verify(t.Context(), encoded), auth.ErrBlacklisted)
		}
		_, err := h.Authenticate(t.Context(), pair.Access)
		var kinds auth.KindsRefused
		if !errors.As(err, &kinds) || len(kinds) != 1 || kinds[0].Reason != auth.ErrBlacklisted {
			t.Errorf("%s: authenticate: %v", what, err)
		}
	}
}

func names(claims token.Claims) string {
	var all []string
	for name := range claims.All() {
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

func TestSessionStarts(t *testing.T) {
	h, now := withSessions(t)
	pair, err := h.ObtainPair(t.Context(), "alice", "alice's password", browser)
	if err != nil {
		t.Fatal(err)
	}
	sids := make(map[string]bool)
	for kind, encoded := range map[token.Type]string{token.Refresh: pair.Refresh, token.Access: pair.Access} {
		claims := h.claims(t, encoded, kind)
		if got := names(claims); got != "token_type exp iat jti user_id sid" {
			t.Errorf("claims are %s", got)
		}
		sid, _ := claims.Text("sid")
		sids[sid] = true
	}
	sid := slices.Collect(maps.Keys(sids))[0]
	if len(sids) != 1 || !regexp.MustCompile(`\A[0-9a-f]{32}\z`).MatchString(sid) {
		t.Errorf("sids are %v", sids)
	}
	kept, err := h.users.Sessions(t.Context(), "alice")
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept is %+v, %v", kept, err)
	}
	id, _ := h.claims(t, pair.Refresh, token.Refresh).Text("jti")
	want := auth.Session{
		ID: sid, User: 1, Created: *now, Used: *now, Ends: now.Add(30 * 24 * time.Hour), Agent: "a browser", Address: "192.0.2.7",
		Current: id, Expires: now.Add(24 * time.Hour), Keep: now.Add(24 * time.Hour),
	}
	if kept[0] != want {
		t.Errorf("kept is %+v, want %+v", kept[0], want)
	}
	other := h.logIn(t)
	if second, _ := h.claims(t, other.Refresh, token.Refresh).Text("sid"); second == sid {
		t.Error("two logins have one session")
	}
	if _, err := h.ObtainPair(t.Context(), "alice", "wrong", browser); !errors.Is(err, auth.ErrNoActiveAccount) {
		t.Error(err)
	}
	if kept, err := h.users.Sessions(t.Context(), "alice"); err != nil || len(kept) != 2 {
		t.Errorf("a refused login left %d sessions, %v", len(kept), err)
	}
}

// The claim stands behind all others, also those that settings and an operator add.
func TestSessionIsTheLastClaim(t *testing.T) {
	h, _ := withSessions(t)
	config := h.Issuer.Config()
	config.Audience, config.Issuer = []string{"us"}, "here"
	now := h.Issuer.Now
	h.Issuer = must(token.NewIssuer(must(token.ParseKey("HS256", []byte(secretKey), nil)), config))
	h.Issuer.Now = now
	h.Rules.CheckRevokeToken = true
	if err := h.users.SetClaims(t.Context(), "alice", `{"role":"editor"}`); err != nil {
		t.Fatal(err)
	}
	pair := h.logIn(t)
	next := h.refresh(t, pair.Refresh)
	for _, encoded := range []string{pair.Refresh, pair.Access, next.Refresh, next.Access} {
		if got := names(must(h.Issuer.Open(encoded))); got != "token_type exp iat jti user_id hash_password aud iss role sid" {
			t.Errorf("claims are %s", got)
		}
	}
}

func TestRotationRepeats(t *testing.T) {
	h, now := withSessions(t)
	first := h.logIn(t)
	*now = now.Add(time.Minute)
	pair := h.refresh(t, first.Refresh)
	*now = now.Add(10 * time.Second)
	again := h.refresh(t, first.Refresh)
	if again.Refresh != pair.Refresh || again.Access == pair.Access {
		t.Error("a retry within the grace is answered with another refresh token, or the same access token")
	}
	for _, encoded := range []string{first.Refresh, pair.Refresh} {
		wantRefused(t, "verify", h.Verify(t.Context(), encoded), nil)
	}
	// One that is older than the parent has no grace.
	third := h.refresh(t, pair.Refresh)
	wantRefused(t, "verify of the grandparent", h.Verify(t.Context(), first.Refresh), auth.ErrBlacklisted)
	wantRefused(t, "verify of the current one", h.Verify(t.Context(), third.Refresh), nil)
	wantRefused(t, "the grandparent", second(h.Refresh(t.Context(), first.Refresh, browser)), auth.ErrBlacklisted)
	h.wantOver(t, "after it", first, pair, third)
}

func TestReplayEndsTheSession(t *testing.T) {
	h, now := withSessions(t)
	first, account := h.session(t)
	pair := h.refresh(t, first.Refresh)
	*now = now.Add(10*time.Second + time.Microsecond)
	wantRefused(t, "verify", h.Verify(t.Context(), first.Refresh), auth.ErrBlacklisted)
	wantRefused(t, "verify ends nothing", h.Verify(t.Context(), pair.Refresh), nil)
	wantRefused(t, "replay", second(h.Refresh(t.Context(), first.Refresh, browser)), auth.ErrBlacklisted)
	h.wantOver(t, "after it", first, pair)
	kept, err := h.users.Sessions(t.Context(), "alice")
	if err != nil || len(kept) != 1 || kept[0].Reason != storage.EndedByReuse || !kept[0].Ended.Equal(*now) {
		t.Errorf("kept is %+v, %v", kept, err)
	}
	log := h.log.String()
	if strings.Count(log, "came back") != 1 || !strings.Contains(log, account.Session) || !strings.Contains(log, "192.0.2.7") {
		t.Errorf("logged is %q", log)
	}
	for _, secret := range []string{first.Refresh, pair.Refresh, pair.Access} {
		if strings.Contains(log, secret) {
			t.Error("a token is in the log")
		}
	}
}

// Of a session that goes on, a logout through any of its refresh tokens is the end.
func TestLogoutThroughAnOldToken(t *testing.T) {
	h, now := withSessions(t)
	first := h.logIn(t)
	pair := h.refresh(t, first.Refresh)
	last := h.refresh(t, pair.Refresh)
	*now = now.Add(time.Hour)
	wantRefused(t, "an access token", h.Blacklist(t.Context(), h.refresh(t, last.Refresh).Access), token.ErrWrongType)
	wantRefused(t, "logout", h.Blacklist(t.Context(), first.Refresh), nil)
	wantRefused(t, "logout again", h.Blacklist(t.Context(), first.Refresh), auth.ErrBlacklisted)
	wantRefused(t, "refresh", second(h.Refresh(t.Context(), last.Refresh, browser)), auth.ErrBlacklisted)
}

func TestSessionEndsByItself(t *testing.T) {
	h, now := withSessions(t)
	h.Rules.SessionLifetime = 36 * time.Hour
	h.Rules.RefreshGrace = 0
	began := *now
	pair := h.logIn(t)
	*now = began.Add(23 * time.Hour)
	pair = h.refresh(t, pair.Refresh)
	claims := h.claims(t, pair.Refresh, token.Refresh)
	if exp, _ := claims.Seconds("exp"); exp != began.Add(36*time.Hour).Unix() {
		t.Errorf("the successor expires at %d, %d after the login", exp, exp-began.Unix())
	}
	*now = began.Add(36*time.Hour - time.Minute)
	pair = h.refresh(t, pair.Refresh)
	for _, encoded := range []string{pair.Refresh, pair.Access} {
		if exp, _ := must(h.Issuer.Open(encoded)).Seconds("exp"); exp != began.Add(36*time.Hour).Unix() {
			t.Errorf("a token of the last minute outlives the session by %d s", exp-began.Add(36*time.Hour).Unix())
		}
	}
	*now = began.Add(36 * time.Hour)
	wantRefused(t, "after it", second(h.Refresh(t.Context(), pair.Refresh, browser)), token.ErrExpired)
	wantRefused(t, "access", h.Verify(t.Context(), pair.Access), token.ErrExpired)
}

// Without rotation a refresh writes nothing, but for the use of the session, once a minute.
func TestSessionWithoutRotation(t *testing.T) {
	h, now := withSessions(t)
	h.Rules.RotateRefreshTokens = false
	first, account := h.session(t)
	store := h.Store
	h.Store = readOnly{store}
	for range 3 {
		pair := h.refresh(t, first.Refresh)
		if pair.Refresh != "" {
			t.Error("there is a new refresh token")
		}
		if sid, _ := h.claims(t, pair.Access, token.Access).Text("sid"); sid != account.Session {
			t.Errorf("the session is %q", sid)
		}
		*now = now.Add(19 * time.Second)
	}
	h.Store = store
	*now = now.Add(4 * time.Second)
	h.refresh(t, first.Refresh)
	if kept, err := h.users.Sessions(t.Context(), "alice"); err != nil || !kept[0].Used.Equal(*now) {
		t.Errorf("last used: %+v, %v", kept, err)
	}
	// A database that cannot note it does not keep the user out.
	h.Store = failing{store, "TouchSession"}
	*now = now.Add(time.Minute)
	h.refresh(t, first.Refresh)
}

// One row per session, however often it is refreshed.
func TestOneRow(t *testing.T) {
	h, now := withSessions(t)
	pair := h.logIn(t)
	for range 500 {
		*now = now.Add(time.Second)
		pair = h.refresh(t, pair.Refresh)
	}
	kept, err := h.users.Sessions(t.Context(), "alice")
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept is %+v, %v", kept, err)
	}
	if revoked, err := h.Store.Revocations(t.Context(), "", 10); err != nil || len(revoked) != 0 {
		t.Errorf("%d tokens are revoked, %v", len(revoked), err)
	}
	*now = now.Add(26 * time.Hour)
	for range 2 {
		if _, err := h.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		*now = now.Add(24 * time.Hour)
	}
	if kept, err = h.users.Sessions(t.Context(), "alice"); err != nil || len(kept) != 0 {
		t.Errorf("after its end %d are kept, %v", len(kept), err)
	}
}
