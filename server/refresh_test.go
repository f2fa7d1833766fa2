package server_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/server"
	"example.com/tokenpair/token"
)

const (
	blacklisted = `{"detail":"Token is blacklisted","code":"token_not_valid"}`
	invalid     = `{"detail":"Token is invalid","code":"token_not_valid"}`
	expired     = `{"detail":"Token is expired","code":"token_not_valid"}`
	wrongType   = `{"detail":"Token has wrong type","code":"token_not_valid"}`
	noAccount   = `{"detail":"No active account found for the given token."}`
	changed     = `{"detail":"The user's password has been changed."}`
)

// rotating are the rules under which a refresh token is good once.
var rotating = auth.Rules{RotateRefreshTokens: true, BlacklistAfterRotation: true}

func withSliding() options {
	return options{server: server.Options{Sliding: true}}
}

type pair struct{ Refresh, Access, Token string }

// tokens are those of an answer.
func (r reply) tokens(t testing.TB) (p pair) {
	t.Helper()
	r.wantStatus(t, http.StatusOK)
	must(t, json.Unmarshal([]byte(r.body), &p))
	return p
}

// pair logs the user in.
func (s *site) pair(t testing.TB) pair {
	t.Helper()
	return s.login(t, goodBody).tokens(t)
}

func (s *site) post(t testing.TB, path, field, value string) reply {
	t.Helper()
	return s.do(t, http.MethodPost, path, `{"`+field+`":`+quoted(t, value)+`}`, asJSON)
}

func (s *site) refresh(t testing.TB, encoded string) reply {
	t.Helper()
	return s.post(t, "/api/token/refresh", "refresh", encoded)
}

// mint signs a pair of tokens with these claims.
func (s *site) mint(t testing.TB, set func(*token.Claims)) pair {
	t.Helper()
	var about token.Claims
	set(&about)
	p, err := s.issuer.IssuePair(about)
	must(t, err)
	return pair{Refresh: p.Refresh, Access: p.Access}
}

func TestRefresh(t *testing.T) {
	s := newSite(t, options{})
	first := s.pair(t)
	got := s.refresh(t, first.Refresh)
	if !regexp.MustCompile(`\A\{"access":"[\w-]+\.[\w-]+\.[\w-]+"\}\z`).MatchString(got.body) {
		t.Errorf("body is %q", got.body)
	}
	s.claims(t, got.tokens(t).Access, token.Access)
	s.refresh(t, first.Access).want(t, http.StatusUnauthorized, wrongType)
	s.refresh(t, "nonsense").want(t, http.StatusUnauthorized, invalid)
	s.post(t, "/api/token/refresh", "token", first.Refresh).want(t, http.StatusBadRequest, `{"refresh":["This field is required."]}`)
	s.do(t, "POST", "/api/token/refresh", `{"refresh":5}`, asJSON).want(t, http.StatusUnauthorized, invalid)
	s.do(t, "POST", "/api/token/refresh", `{"refresh":null}`, asJSON).want(t, http.StatusBadRequest, `{"refresh":["This field may not be null."]}`)

	s.refresh(t, s.mint(t, func(c *token.Claims) { c.SetInt("user_id", 99) }).Refresh).want(t, http.StatusUnauthorized, noAccount)
	s.issuer.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	s.refresh(t, first.Refresh).want(t, http.StatusUnauthorized, expired)
}

// Access first: the bytes are SimpleJWT's.
func TestRotation(t *testing.T) {
	s := newSite(t, options{rules: rotating})
	first := s.pair(t)
	got := s.refresh(t, first.Refresh)
	if !regexp.MustCompile(`\A\{"access":"[\w-]+\.[\w-]+\.[\w-]+","refresh":"[\w-]+\.[\w-]+\.[\w-]+"\}\z`).MatchString(got.body) {
		t.Errorf("body is %q", got.body)
	}
	s.refresh(t, first.Refresh).want(t, http.StatusUnauthorized, blacklisted)
	s.refresh(t, got.tokens(t).Refresh).wantStatus(t, http.StatusOK)
	verify := s.post(t, "/api/token/verify", "token", first.Refresh)
	verify.want(t, http.StatusBadRequest, `{"non_field_errors":["Token is blacklisted"]}`)
}

func TestPasswordChanged(t *testing.T) {
	s := newSite(t, options{rules: auth.Rules{CheckRevokeToken: true}})
	first := s.pair(t)
	s.refresh(t, first.Refresh).wantStatus(t, http.StatusOK)
	users := auth.Users{Store: s.store, Hasher: s.hasher, Now: time.Now}
	must(t, users.ChangePassword(t.Context(), username, "another password"))
	s.get(t, "Authorization: Bearer "+first.Access).want(t, http.StatusUnauthorized,
		`{"detail":"The user's password has been changed.","code":"password_changed"}`)
	s.refresh(t, first.Refresh).want(t, http.StatusUnauthorized, changed)
	s.refresh(t, first.Refresh).want(t, http.StatusUnauthorized, blacklisted)
}

func TestVerify(t *testing.T) {
	s := newSite(t, withSliding())
	p := s.pair(t)
	sliding := s.do(t, "POST", "/api/token/sliding", goodBody, asJSON).tokens(t).Token
	for _, encoded := range []string{p.Access, p.Refresh, sliding, " " + p.Access + "\n"} {
		s.post(t, "/api/token/verify", "token", encoded).want(t, http.StatusOK, `{}`)
	}
	s.post(t, "/api/token/verify", "token", p.Access+"x").want(t, http.StatusUnauthorized, invalid)
	s.post(t, "/api/token/verify", "token", " ").want(t, http.StatusBadRequest, `{"token":["This field may not be blank."]}`)
	s.issuer.Now = func() time.Time { return time.Now().Add(6 * time.Minute) }
	s.post(t, "/api/token/verify", "token", p.Access).want(t, http.StatusUnauthorized, expired)
}

func TestBlacklist(t *testing.T) {
	s := newSite(t, options{})
	p := s.pair(t)
	s.post(t, "/api/token/blacklist", "refresh", p.Access).want(t, http.StatusUnauthorized, wrongType)
	s.post(t, "/api/token/blacklist/", "refresh", p.Refresh).want(t, http.StatusOK, `{}`)
	s.post(t, "/api/token/blacklist", "refresh", p.Refresh).want(t, http.StatusUnauthorized, blacklisted)
	s.refresh(t, p.Refresh).want(t, http.StatusUnauthorized, blacklisted)
	s.get(t, "Authorization: Bearer "+p.Access).wantStatus(t, http.StatusOK)
	s.post(t, "/api/token/verify", "token", p.Refresh).want(t, http.StatusOK, `{}`)
	s.post(t, "/api/token/blacklist", "token", p.Refresh).want(t, http.StatusBadRequest, `{"refresh":["This field is required."]}`)
}

func TestSliding(t *testing.T) {
	opts := withSliding()
	opts.rules.AccessTypes = []token.Type{token.Access, token.Sliding}
	opts.config = func(c *token.Config) { c.SlidingExpClaim = "slide_until" }
	s := newSite(t, opts)
	now := time.Now()
	s.issuer.Now = func() time.Time { return now }
	got := s.do(t, "POST", "/api/token/sliding", goodBody, asJSON)
	if !regexp.MustCompile(`\A\{"token":"[\w-]+\.[\w-]+\.[\w-]+"\}\z`).MatchString(got.body) {
		t.Errorf("body is %q", got.body)
	}
	encoded := got.tokens(t).Token
	s.get(t, "Authorization: Bearer "+encoded).wantStatus(t, http.StatusOK)
	s.do(t, "POST", "/api/token/sliding", `{"username":"sampleUser","password":"x"}`, asJSON).want(t, http.StatusUnauthorized, refused)
	s.do(t, "POST", "/api/token/sliding", `{}`, asJSON).want(t, http.StatusBadRequest, empty)

	renew := func(encoded string) reply { return s.post(t, "/api/token/sliding/refresh", "token", encoded) }
	s.claims(t, renew(encoded).tokens(t).Token, token.Sliding)
	renew("x").want(t, http.StatusUnauthorized, invalid)
	renew("").want(t, http.StatusBadRequest, `{"token":["This field may not be blank."]}`)
	for now.Before(time.Now().Add(24 * time.Hour)) {
		now = now.Add(4 * time.Minute)
		next := renew(encoded)
		if next.status != http.StatusOK {
			next.want(t, http.StatusUnauthorized, `{"detail":"Token 'slide_until' claim has expired","code":"token_not_valid"}`)
			return
		}
		encoded = next.tokens(t).Token
	}
	t.Error("it is renewed for longer than a day")
}

// Switched off, the paths are none, whatever is asked of them.
func TestSlidingIsOffUnlessAskedFor(t *testing.T) {
	s := newSite(t, options{})
	for _, path := range []string{"/api/token/sliding", "/api/token/sliding/", "/api/token/sliding/refresh"} {
		for _, method := range []string{"POST", "GET", "OPTIONS", "PUT"} {
			s.do(t, method, path, goodBody, asJSON).want(t, http.StatusNotFound, notFound)
			s.do(t, method, path, "", "Accept: text/html").want(t, http.StatusNotFound, notFound)
		}
	}
}
