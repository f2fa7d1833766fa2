package server_test

import (
	"net/http"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/server"
	"example.com/tokenpair/token"
)

const (
	noCredentials = `{"detail":"Authentication credentials were not provided."}`
	badHeader     = `{"detail":"Authorization header must contain two space-delimited values","code":"bad_authorization_header"}`
)

// tokenRefused is the answer to an access token that is none, for a reason.
func tokenRefused(message string) string {
	return `{"detail":"Given token not valid for any token type","code":"token_not_valid",` +
		`"messages":[{"token_class":"AccessToken","token_type":"access","message":"` + message + `"}]}`
}

// get asks for the current user.
func (s *site) get(t testing.TB, headers ...string) reply {
	t.Helper()
	return s.do(t, http.MethodGet, "/api/me", "", headers...)
}

func TestCurrentUser(t *testing.T) {
	s := newSite(t, options{})
	bearer := "Authorization: Bearer " + s.pair(t).Access
	s.get(t, bearer).want(t, http.StatusOK, `{"id":1,"username":"sampleUser","last_login":null}`)
	for at, want := range map[time.Time]string{
		time.Date(2026, 11, 24, 3, 48, 4, 914400999, time.UTC):                   "2026-11-24T03:48:04.914400Z",
		time.Date(2026, 11, 24, 3, 48, 4, 0, time.UTC):                           "2026-11-24T03:48:04Z",
		time.Date(2026, 11, 24, 3, 48, 4, 1000, time.FixedZone("east", 2*60*60)): "2026-11-24T01:48:04.000001Z",
	} {
		must(t, s.store.SetLastLogin(t.Context(), 1, at))
		s.get(t, bearer).want(t, http.StatusOK, `{"id":1,"username":"sampleUser","last_login":"`+want+`"}`)
	}
	name := "j\u00f6\"<\u2028"
	id := s.addUser(t, name, plaintext, true)
	got := s.get(t, "Authorization: Bearer "+s.mint(t, func(c *token.Claims) { c.SetInt("user_id", id) }).Access)
	got.want(t, http.StatusOK, `{"id":2,"username":`+quoted(t, name)+`,"last_login":null}`)
}

func TestAuthorizationHeader(t *testing.T) {
	s := newSite(t, options{})
	access := s.pair(t).Access
	for _, c := range []struct {
		name    string
		headers []string
		want    string // "" for access
	}{
		{"nothing", nil, noCredentials},
		{"empty", []string{"Authorization: "}, noCredentials},
		{"bare token", []string{"Authorization: " + access}, noCredentials},
		{"lower case", []string{"Authorization: bearer " + access}, noCredentials},
		{"other scheme", []string{"Authorization: JWT " + access}, noCredentials},
		{"other header", []string{"X-Access-Token: Bearer " + access}, noCredentials},
		{"cookie", []string{"Cookie: access=" + access}, noCredentials},
		{"scheme alone", []string{"Authorization: Bearer"}, badHeader},
		{"three words", []string{"Authorization: Bearer a b"}, badHeader},
		{"twice", []string{"Authorization: Bearer " + access, "Authorization: Bearer " + access}, badHeader},
		{"token in a second header", []string{"Authorization: Bearer", "Authorization: " + access}, noCredentials},
		{"joined into one token", []string{"Authorization: Bearer " + access, "Authorization: x"}, tokenRefused("Token is invalid")},
		{"one space", []string{"Authorization: Bearer " + access}, ""},
		{"white space", []string{"Authorization: Bearer \t  " + access + " "}, ""},
		{"not ASCII", []string{"Authorization: Bearer \u00a0" + access}, tokenRefused("Token is invalid")},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.get(t, c.headers...)
			if c.want == "" {
				got.wantStatus(t, http.StatusOK)
				return
			}
			got.want(t, http.StatusUnauthorized, c.want)
			if got.header.Get("WWW-Authenticate") != `Bearer realm="api"` || got.header.Get("Allow") != "GET, HEAD, OPTIONS" {
				t.Errorf("headers are %v", got.header)
			}
		})
	}
	s.do(t, "GET", "/api/me?access="+access, "").want(t, http.StatusUnauthorized, noCredentials)
}

func TestAccessRefusals(t *testing.T) {
	s := newSite(t, options{})
	asleep := s.addUser(t, "asleep", plaintext, false)
	minted := func(set func(*token.Claims)) string { return s.mint(t, set).Access }
	p := s.pair(t)
	for encoded, want := range map[string]string{
		"e30.e30.x":                    tokenRefused("Token is invalid"),
		p.Refresh:                      tokenRefused("Token has wrong type"),
		minted(func(*token.Claims) {}): `{"detail":"Token contained no recognizable user identification","code":"token_not_valid"}`,
		minted(func(c *token.Claims) { c.SetInt("user_id", 99) }):     `{"detail":"User not found","code":"user_not_found"}`,
		minted(func(c *token.Claims) { c.SetInt("user_id", asleep) }): `{"detail":"User is inactive","code":"user_inactive"}`,
	} {
		s.get(t, "Authorization: Bearer "+encoded).want(t, http.StatusUnauthorized, want)
	}
	s.issuer.Now = func() time.Time { return time.Now().Add(6 * time.Minute) }
	s.get(t, "Authorization: Bearer "+p.Access).want(t, http.StatusUnauthorized, tokenRefused("Token is expired"))
}

// The token is looked at after the format and the Accept header, and before the method.
func TestAccessInTheOrderOfDecisions(t *testing.T) {
	s := newSite(t, options{})
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"} {
		got := s.do(t, method, "/api/me", "")
		got.wantStatus(t, http.StatusUnauthorized)
		if method != "HEAD" {
			got.want(t, http.StatusUnauthorized, noCredentials)
		}
	}
	s.do(t, "PUT", "/api/me", "", "Accept: text/html").want(t, http.StatusNotAcceptable, notAcceptable)
	s.do(t, "PUT", "/api/me?format=xml", "").want(t, http.StatusNotFound, notFound)
	bearer := "Authorization: Bearer " + s.pair(t).Access
	s.do(t, "PUT", "/api/me", "", bearer).want(t, http.StatusMethodNotAllowed, notAllowed("PUT"))
	s.do(t, "OPTIONS", "/api/me", "", bearer).wantStatus(t, http.StatusOK)
}

func TestSchemesAndHeaderOfSettings(t *testing.T) {
	s := newSite(t, options{server: server.Options{AuthTypes: []string{"JWT", "Bearer"}}})
	access := s.pair(t).Access
	for _, scheme := range []string{"JWT", "Bearer"} {
		s.get(t, "Authorization: "+scheme+" "+access).wantStatus(t, http.StatusOK)
	}
	got := s.get(t, "Authorization: Token "+access)
	got.want(t, http.StatusUnauthorized, noCredentials)
	for _, got := range []reply{got, s.login(t, `{"username":"a","password":"b"}`)} {
		if got.header.Get("WWW-Authenticate") != `JWT realm="api"` {
			t.Errorf("WWW-Authenticate is %s", got.header.Get("WWW-Authenticate"))
		}
	}

	s = newSite(t, options{server: server.Options{AuthHeader: "X-Access-Token"}})
	access = s.pair(t).Access
	s.get(t, "X-Access-Token: Bearer "+access).wantStatus(t, http.StatusOK)
	s.get(t, "Authorization: Bearer "+access).want(t, http.StatusUnauthorized, noCredentials)
}

func TestBothKinds(t *testing.T) {
	opts := withSliding()
	opts.rules = auth.Rules{AccessTypes: []token.Type{token.Access, token.Sliding}}
	s := newSite(t, opts)
	s.get(t, "Authorization: Bearer "+s.pair(t).Refresh).want(t, http.StatusUnauthorized,
		`{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[`+
			`{"token_class":"AccessToken","token_type":"access","message":"Token has wrong type"},`+
			`{"token_class":"SlidingToken","token_type":"sliding","message":"Token has wrong type"}]}`)
}
