package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/token"
)

const (
	sessionsPath  = "/api/me/sessions"
	verifyRefused = `{"non_field_errors":["Token is blacklisted"]}`
)

func (p pair) bearer() string { return "Authorization: Bearer " + p.Access }

// listed is a session as the list tells of it.
type listed struct {
	Sid       string
	Current   bool
	UserAgent string `json:"user_agent"`
	Address   string
}

// sessions lists those of whoever asks.
func (s *site) sessions(t testing.TB, asks pair) (all []listed) {
	t.Helper()
	got := s.do(t, http.MethodGet, sessionsPath, "", asks.bearer())
	got.wantStatus(t, http.StatusOK)
	must(t, json.Unmarshal([]byte(got.body), &all))
	return all
}

// sidOf is the session of a token.
func (s *site) sidOf(t testing.TB, p pair) string {
	t.Helper()
	sid, ok := s.claims(t, p.Access, token.Access).Text("sid")
	if other, _ := s.claims(t, p.Refresh, token.Refresh).Text("sid"); !ok || sid == "" || other != sid {
		t.Fatalf("the tokens are of the sessions %q and %q", sid, other)
	}
	return sid
}

// end asks for the end of what is at a path, which has no content.
func (s *site) end(t testing.TB, path string, asks pair) {
	t.Helper()
	s.do(t, http.MethodDelete, path, "", asks.bearer()).want(t, http.StatusNoContent, "")
}

// wantEnded expects that no token of a session is good for anything.
func (s *site) wantEnded(t testing.TB, p pair) {
	t.Helper()
	s.get(t, p.bearer()).want(t, http.StatusUnauthorized, tokenRefused("Token is blacklisted"))
	s.refresh(t, p.Refresh).want(t, http.StatusUnauthorized, blacklisted)
	for _, encoded := range []string{p.Access, p.Refresh} {
		s.post(t, "/api/token/verify", "token", encoded).want(t, http.StatusBadRequest, verifyRefused)
	}
	s.post(t, "/api/token/blacklist", "refresh", p.Refresh).want(t, http.StatusUnauthorized, blacklisted)
	for _, op := range protected {
		s.do(t, op.method, op.path, "", p.bearer()).want(t, http.StatusUnauthorized, tokenRefused("Token is blacklisted"))
	}
}

// wantAlive expects that all tokens of a session are good, and refreshes it.
func (s *site) wantAlive(t testing.TB, p pair) {
	t.Helper()
	s.get(t, p.bearer()).wantStatus(t, http.StatusOK)
	for _, encoded := range []string{p.Access, p.Refresh} {
		s.post(t, "/api/token/verify", "token", encoded).want(t, http.StatusOK, `{}`)
	}
	next := s.refresh(t, p.Refresh).tokens(t)
	s.get(t, next.bearer()).wantStatus(t, http.StatusOK)
}

func TestListSessions(t *testing.T) {
	s := newSite(t, options{rules: withSessions})
	now := time.Date(2026, 11, 25, 8, 0, 0, 914425000, time.UTC)
	s.issuer.Now = func() time.Time { return now }
	const forwarded = "X-Forwarded-For: 203.0.113.1"
	phone := s.do(t, "POST", "/api/token", goodBody, asJSON, "User-Agent: phone \"<\u00e9\xff>\"", forwarded).tokens(t)
	now = now.Add(90 * time.Second)
	desk := s.do(t, "POST", "/api/token", goodBody, asJSON, "User-Agent: "+strings.Repeat("desk", 100)).tokens(t)
	now = now.Add(time.Minute)
	phone = s.refresh(t, phone.Refresh).tokens(t)

	written := func(p pair, current, created, used, expires, ends, agent string) string {
		return `{"sid":"` + s.sidOf(t, p) + `","current":` + current + `,"created":"` + created + `","last_used":"` + used +
			`","expires":"` + expires + `","ends":"` + ends + `","user_agent":` + agent + `,"address":"127.0.0.1"}`
	}
	list := func(phoneAsks, deskAsks string) string {
		return `[` + written(desk, deskAsks, "2026-11-25T08:01:30.914425Z", "2026-11-25T08:01:30.914425Z", "2026-11-26T08:01:30.914425Z",
			"2026-12-25T08:01:30.914425Z", quoted(t, strings.Repeat("desk", 64))) + `,` +
			written(phone, phoneAsks, "2026-11-25T08:00:00.914425Z", "2026-11-25T08:02:30.914425Z", "2026-11-26T08:02:30.914425Z",
				"2026-12-25T08:00:00.914425Z", quoted(t, "phone \"<\u00e9\ufffd>\"")) + `]`
	}
	got := s.do(t, "GET", sessionsPath, "", phone.bearer())
	got.want(t, http.StatusOK, list("true", "false"))
	if got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control is %q", got.header.Get("Cache-Control"))
	}
	s.do(t, "GET", sessionsPath+"/?format=json", "", desk.bearer()).want(t, http.StatusOK, list("false", "true"))
	s.do(t, "HEAD", sessionsPath, "", desk.bearer()).wantStatus(t, http.StatusOK)

	// Nobody sees those of somebody else, nor those that ended.
	s.addUser(t, "other", plaintext, true)
	other := s.login(t, `{"username":"other","password":"userpassword123"}`).tokens(t)
	if all := s.sessions(t, other); len(all) != 1 || all[0].Sid != s.sidOf(t, other) || !all[0].Current {
		t.Errorf("the other's are %+v", all)
	}
	s.post(t, "/api/token/blacklist", "refresh", desk.Refresh).want(t, http.StatusOK, `{}`)
	if all := s.sessions(t, phone); len(all) != 1 || all[0].Sid != s.sidOf(t, phone) || !all[0].Current {
		t.Errorf("after the desk's end they are %+v", all)
	}
}

func TestEndSession(t *testing.T) {
	s := newSite(t, options{rules: withSessions})
	s.addUser(t, "other", plaintext, true)
	here, there, kept := s.pair(t), s.pair(t), s.pair(t)
	other := s.login(t, `{"username":"other","password":"userpassword123"}`).tokens(t)

	// Neither what is somebody else's nor what is not there can be told from the other.
	for _, unknown := range []string{s.sidOf(t, other), sid, "x"} {
		s.do(t, "DELETE", sessionsPath+"/"+unknown, "", here.bearer()).want(t, http.StatusNotFound, notFound)
	}
	s.wantAlive(t, other)

	gone := sessionsPath + "/" + s.sidOf(t, there)
	s.do(t, "DELETE", gone, "", here.bearer(), "Accept: text/html").want(t, http.StatusNotAcceptable, notAcceptable)
	s.do(t, "DELETE", gone+"?format=xml", "", here.bearer()).want(t, http.StatusNotFound, notFound)
	s.wantAlive(t, there)
	s.end(t, gone, here)
	s.wantEnded(t, there)
	s.do(t, "DELETE", gone, "", here.bearer()).want(t, http.StatusNotFound, notFound)

	own := s.sidOf(t, here) // in another spelling of the same path
	s.end(t, sessionsPath+"/%"+hex(own[0])+own[1:]+"/?current=false&x=%zz", here)
	s.wantEnded(t, here)
	s.wantAlive(t, kept)
}

// hex is a byte as an escape has it.
func hex(b byte) string { return string([]byte{"0123456789ABCDEF"[b>>4], "0123456789ABCDEF"[b&15]}) }

func TestEndSessions(t *testing.T) {
	for query, alive := range map[string]bool{
		"": true, "?current=false": true, "?current=": true, "?current=true&current=false": true, "?Current=true": true,
		"?current=true": false, "?current=x&curr%65nt=true&format=": false,
	} {
		t.Run(query, func(t *testing.T) {
			s := newSite(t, options{rules: withSessions})
			s.addUser(t, "other", plaintext, true)
			here, there, more := s.pair(t), s.pair(t), s.pair(t)
			other := s.login(t, `{"username":"other","password":"userpassword123"}`).tokens(t)
			s.do(t, "DELETE", sessionsPath+"?current=maybe", "", here.bearer()).want(t, http.StatusBadRequest,
				`{"current":["Must be a valid boolean."]}`)
			s.wantAlive(t, there)
			s.end(t, sessionsPath+query, here)
			s.wantEnded(t, there)
			s.wantEnded(t, more)
			s.wantAlive(t, other)
			if !alive {
				s.wantEnded(t, here)
			} else if all := s.sessions(t, here); len(all) != 1 || !all[0].Current {
				t.Errorf("what is left is %+v", all)
			} else {
				s.end(t, sessionsPath, here) // also when there is none left
				s.wantAlive(t, here)
			}
			s.wantAlive(t, s.pair(t))
		})
	}
}

// A token that Django issued has no session before its first refresh here, and its id is the session's then.
func TestSessionOfATokenFromDjango(t *testing.T) {
	s := newSite(t, options{rules: withSessions})
	django := func() pair { return s.mint(t, func(c *token.Claims) { c.SetInt("user_id", 1) }) }
	here, first, second := s.pair(t), django(), django()
	if all := s.sessions(t, first); len(all) != 1 || all[0].Current {
		t.Errorf("the sessions are %+v, and the token that asks has none", all)
	}
	next := s.refresh(t, first.Refresh).tokens(t)
	all := s.sessions(t, next)
	if len(all) != 2 || !all[0].Current || all[0].Sid != s.issuer.ID(s.claims(t, first.Refresh, token.Refresh)) {
		t.Fatalf("the sessions are %+v", all)
	}
	s.end(t, sessionsPath+"/"+all[0].Sid, here)
	s.wantEnded(t, next)
	s.refresh(t, first.Refresh).want(t, http.StatusUnauthorized, blacklisted)
	s.end(t, sessionsPath, here)
	s.refresh(t, second.Refresh).want(t, http.StatusUnauthorized, blacklisted)
}

func TestSlidingTokenIsASession(t *testing.T) {
	opts := withSliding()
	opts.rules = withSessions
	opts.rules.AccessTypes = []token.Type{token.Access, token.Sliding}
	s := newSite(t, opts)
	here := s.pair(t)
	sliding := pair{Access: s.do(t, "POST", "/api/token/sliding", goodBody, asJSON, "User-Agent: slider").tokens(t).Token}
	all := s.sessions(t, sliding)
	if len(all) != 2 || !all[0].Current || all[0].UserAgent != "slider" || all[1].Current {
		t.Fatalf("the sessions are %+v", all)
	}
	s.end(t, sessionsPath, here)
	s.post(t, "/api/token/sliding/refresh", "token", sliding.Access).want(t, http.StatusUnauthorized, blacklisted)
	s.post(t, "/api/token/verify", "token", sliding.Access).want(t, http.StatusBadRequest, verifyRefused)
	s.get(t, sliding.bearer()).want(t, http.StatusUnauthorized,
		`{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[`+
			`{"token_class":"AccessToken","token_type":"access","message":"Token is blacklisted"},`+
			`{"token_class":"SlidingToken","token_type":"sliding","message":"Token is blacklisted"}]}`)
}

// Without sessions there is nothing to list and nothing to end.
func TestSessionsOff(t *testing.T) {
	s := newSite(t, options{})
	p := s.pair(t)
	for range 2 {
		s.do(t, "GET", sessionsPath, "", p.bearer()).want(t, http.StatusOK, `[]`)
		s.end(t, sessionsPath, p)
		s.end(t, sessionsPath+"?current=true", p)
		s.do(t, "DELETE", sessionsPath+"/"+sid, "", p.bearer()).want(t, http.StatusNotFound, notFound)
		id := s.issuer.ID(s.claims(t, p.Refresh, token.Refresh))
		s.do(t, "DELETE", sessionsPath+"/"+id, "", p.bearer()).want(t, http.StatusNotFound, notFound)
		s.do(t, "DELETE", sessionsPath+"?current=1", "", p.bearer()).want(t, http.StatusBadRequest, `{"current":["Must be a valid boolean."]}`)
	}
	s.refresh(t, p.Refresh).wantStatus(t, http.StatusOK)
	s.get(t, p.bearer()).wantStatus(t, http.StatusOK)
}
