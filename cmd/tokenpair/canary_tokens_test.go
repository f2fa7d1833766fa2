package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage/sqlite"
	"example.com/tokenpair/token"
)

// operation is one of the contract.
type operation struct{ method, path string }

// operations are all that the contract has.
func (v *service) operations() (list []operation) {
	v.t.Helper()
	_, body := v.get("/api/openapi.json")
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		v.t.Fatal(err)
	}
	for path, item := range document.Paths {
		for _, method := range words(http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete) {
			if item[strings.ToLower(method)] != nil {
				list = append(list, operation{method, path})
			}
		}
	}
	if len(list) < 13 {
		v.t.Fatalf("the document has the operations %v", list)
	}
	return list
}

// with are requests that have a token in each place that a client may put one.
func (o operation) with(t *testing.T, encoded string) (list []string) {
	t.Helper()
	quoted, err := json.Marshal(encoded)
	if err != nil {
		t.Fatal(err)
	}
	build := func(method, path, header, kind, body string) {
		list = append(list, fmt.Sprintf("%s %s HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
			method, path, header, kind, len(body), body))
	}
	const kind = "application/json"
	o.path = strings.Replace(o.path, "{sid}", sessionIn(encoded), 1)
	filled := func(body string) string { return strings.ReplaceAll(body, "T", string(quoted)) }
	build(o.method, o.path, "Authorization: Bearer "+encoded+"\r\n", kind, filled(`{"refresh":T,"token":T,"username":T,"password":T}`))
	build(o.method, o.path, "Authorization: "+encoded+"\r\n", kind, filled(`{"refresh":[T],"token":{T:T},"username":null,T:T}`))
	build(o.method, o.path, "Authorization: Bearer "+encoded+" "+encoded+"\r\n", kind, filled(`{"refresh":T,"token":T,"username":T`))
	build(o.method, o.path, "Authorization: Bearer "+encoded+"\r\nAuthorization: Bearer "+encoded+"\r\n", kind, filled(`T`))
	build(o.method, o.path, "Authorization: Bearer x"+encoded+"\r\n", kind, encoded)
	build(o.method, o.path, "Authorization: Basic "+encoded+"\r\n", "application/x-www-form-urlencoded", url.Values{"refresh": {encoded}, "token": {encoded}}.Encode())
	build(o.method, o.path+"?format="+url.QueryEscape(encoded), "X-Access-Token: "+encoded+"\r\nCookie: token="+encoded+"\r\n", kind, filled(`{"refresh":T}`))
	build(http.MethodDelete, o.path+"/"+url.PathEscape(encoded), "Accept: "+encoded+"\r\n", kind, "")
	return list
}

// sessionIn is the session that a token names, or could be adopted as, or what is no id at all.
func sessionIn(encoded string) string {
	if parts := strings.Split(encoded, "."); len(parts) == 3 {
		said, _ := base64.RawURLEncoding.DecodeString(parts[1]) // what is broken names none
		var claims struct {
			SID string `json:"sid"`
			JTI string `json:"jti"`
		}
		if json.Unmarshal(said, &claims) == nil && claims.SID+claims.JTI != "" {
			return cmp.Or(claims.SID, claims.JTI)
		}
	}
	return url.PathEscape(encoded)
}

// traceSet are traces of many secrets, each 12 bytes long.
type traceSet struct{ folded, exact map[string]bool }

// add takes a secret, and each part of it where it is a token or a hash.
func (s traceSet) add(secrets ...string) {
	for _, secret := range secrets {
		for _, part := range strings.FieldsFunc(secret, func(r rune) bool { return strings.ContainsRune(".$,= ", r) }) {
			if len(part) < 12 {
				continue
			}
			folded, exact := traces(part)
			for _, trace := range folded {
				s.folded[trace[:12]] = true
			}
			for _, trace := range exact {
				s.exact[trace] = true
			}
		}
	}
}

func (s traceSet) wantSilence(t *testing.T, where, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for at := range max(0, len(text)-11) {
		if at+12 <= len(lower) && s.folded[lower[at:at+12]] || s.exact[text[at:at+12]] {
			t.Fatalf("%s: a secret, near %q", where, text[max(0, at-80):min(len(text), at+80)])
		}
	}
}

// holder is a service and the tokens that were given by it.
type holder struct {
	*service
	secrets   traceSet
	plaintext string
}

var compact = regexp.MustCompile(`[\w-]{12,}\.[\w-]{12,}\.[\w-]{12,}`)

// fresh are a refresh, an access and a sliding token of a user.
func (h *holder) fresh(username string) []string {
	h.t.Helper()
	tokens := h.wantLogin(http.StatusOK, username, h.plaintext)
	_, body := h.post("/api/token/sliding", map[string]string{"username": username, "password": h.plaintext})
	issued := append(words(tokens.Refresh, tokens.Access), compact.FindAllString(body, -1)...)
	if len(issued) != 3 {
		h.t.Fatalf("%d tokens", len(issued))
	}
	h.secrets.add(issued...)
	return issued
}

// refused are tokens that are not good, or not any more.
func (h *holder) refused(key []byte) []string {
	h.t.Helper()
	var list []string
	for range 2 { // one each for what gives one back, and what uses one up
		tokens := h.fresh("anna")
		list = append(list, tokens[0])
		path := words("/api/token/blacklist", "/api/token/refresh")[len(list)-1]
		status, body := h.post(path, map[string]string{"refresh": tokens[0]})
		if status != http.StatusOK {
			h.t.Fatalf("%s: %d, %s", path, status, body)
		}
		h.secrets.add(compact.FindAllString(body, -1)...)
	}
	list = append(list, h.fresh("otto")...)
	h.must(h.plaintext+"Another\n", "changepassword", "otto", "--password-stdin")
	list = append(list, h.fresh("gone")...)
	h.must("", "deleteuser", "gone")
	for _, secret := range [][]byte{key, []byte(strings.Repeat("somebody else ", 5))} {
		signing, err := token.ParseKey("HS256", secret, nil)
		if err != nil {
			h.t.Fatal(err)
		}
		issuer, err := token.NewIssuer(signing, token.DefaultConfig())
		if err != nil {
			h.t.Fatal(err)
		}
		issuer.Now = func() time.Time { return time.Now().Add(-48 * time.Hour) }
		var about token.Claims
		about.SetInt("user_id", 1)
		expired, err := issuer.IssuePair(about)
		if err != nil {
			h.t.Fatal(err)
		}
		sliding, err := issuer.IssueSliding(about)
		if err != nil {
			h.t.Fatal(err)
		}
		list = append(list, expired.Refresh, expired.Access, sliding)
	}
	good := h.fresh("anna")[0]
	parts := strings.Split(good, ".")
	list = append(list, good[:len(good)-1], good[:len(good)/2], good+"A", good+"=", "."+good, good+".", good+"."+good, strings.ToUpper(good), parts[1],
		parts[0]+"."+parts[1]+".", "eyJhbGciOiJub25lIn0."+parts[1]+".", strings.Join(words(parts[1], parts[0], parts[2]), "."), good+","+good, strings.Repeat(good, 9))
	h.secrets.add(list...)
	return list
}

// try sends tokens to operations, the good ones each to one operation, and counts the statuses of each.
func (h *holder) try(operations []operation, good map[operation][]string, refused []string) map[operation]map[int]int {
	h.t.Helper()
	statuses := make(map[operation]map[int]int)
	for _, o := range operations {
		statuses[o] = make(map[int]int)
		for _, encoded := range append(good[o], refused...) {
			for _, request := range o.with(h.t, encoded) {
				answer, body := h.exchange(request)
				statuses[o][answer.StatusCode]++
				if answer.StatusCode == http.StatusOK {
					given := compact.FindAllString(body, -1)
					h.secrets.add(given...)
					body = compact.ReplaceAllString(body, "")
				}
				h.secrets.wantSilence(h.t, fmt.Sprintf("the body of a %d of %s", answer.StatusCode, o.path), body)
			}
		}
	}
	return statuses
}

// TestCanariesInTokens sends tokens of every kind through every operation, and wants the program to keep them to itself,
// also when the database fails.
func TestCanariesInTokens(t *testing.T) {
	for name, environ := range map[string][]string{
		"sessions": words("TOKENPAIR_SLIDING_TOKENS=1", "TOKENPAIR_AUTH_TOKEN_CLASSES=AccessToken,SlidingToken"),
		"rotation": words("TOKENPAIR_SESSIONS=0", "TOKENPAIR_ROTATE_REFRESH_TOKENS=1", "TOKENPAIR_BLACKLIST_AFTER_ROTATION=1", "TOKENPAIR_CHECK_REVOKE_TOKEN=1",
			"TOKENPAIR_UPDATE_LAST_LOGIN=1", "TOKENPAIR_SLIDING_TOKENS=1", "TOKENPAIR_AUTH_TOKEN_CLASSES=AccessToken,SlidingToken"),
		"compat": words("TOKENPAIR_COMPAT=simplejwt", "TOKENPAIR_CHECK_REVOKE_TOKEN=1", "TOKENPAIR_USER_ID_FIELD=username",
			"TOKENPAIR_BLACKLIST_AFTER_ROTATION=1"),
	} {
		t.Run(name, func(t *testing.T) {
			const key = canary + "SigningKey"
			s := newSite(t, append(environ, "TOKENPAIR_SIGNING_KEY="+key)...)
			h := &holder{nil, traceSet{make(map[string]bool), make(map[string]bool)}, canary + "Password"}
			for _, username := range words("anna", "otto", "gone") {
				s.createUser(username, h.plaintext)
			}
			h.secrets.add(canary, key, h.plaintext)
			h.service = s.serve()
			operations := h.operations()
			for n := range operations { // each with a user of its own: one of them ends all sessions
				s.createUser(fmt.Sprintf("user%d", n), h.plaintext)
			}
			h.secrets.add(hashes(t, s)...)
			refused := h.refused([]byte(key))
			good := func() map[operation][]string {
				tokens := make(map[operation][]string)
				for n, o := range operations {
					tokens[o] = h.fresh(fmt.Sprintf("user%d", n))
				}
				return tokens
			}
			whole, half, none := good(), good(), good()
			h.secrets.add(strings.Trim(string(claim(t, refused[0], "hash_password")), `"`))

			statuses := h.try(operations, whole, refused)
			for _, o := range operations {
				wants := o.path == "/api/token" || o.path == "/api/token/sliding" || o.path == "/api/me/password" // what no token is
				if name != "sessions" {
					wants = wants || strings.Contains(o.path, "{sid}")
				}
				if n := statuses[o]; n[200]+n[204] == 0 && !wants || n[500]+n[503] > 0 {
					t.Errorf("%s %s: statuses and how often: %v", o.method, o.path, n)
				}
			}
			execute(t, s.path, `DROP TABLE users`)
			withoutUsers := h.try(operations, half, refused)
			execute(t, s.path, `DROP TABLE revoked; DROP TABLE sessions`)
			withoutAny := h.try(operations, none, refused)
			failed := 0
			for _, o := range operations {
				n := withoutUsers[o][500] + withoutAny[o][500]
				failed += n
				if n == 0 && strings.HasPrefix(o.path, "/api/") {
					t.Errorf("%s %s does not fail without a database", o.method, o.path)
				}
			}
			h.end()
			log := h.stderr.String()
			if told := strings.Count(log, `"msg":"request failed"`); told != failed {
				t.Errorf("%d answers were a 500, and the log tells of %d", failed, told)
			}
			h.secrets.wantSilence(t, "standard error", log)
			h.secrets.wantSilence(t, "standard output", h.stdout.String())
		})
	}
}

// hashes are those of all users.
func hashes(t *testing.T, s *site) (list []string) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	users, err := store.Users(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range users {
		list = append(list, user.Password)
	}
	return list
}
