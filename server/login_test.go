package server_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/token"
)

const refused = `{"detail":"No active account found with the given credentials"}`

// userOf returns whose tokens an answer holds, and fails when they are not a pair of one user.
func (s *site) userOf(t testing.TB, got reply) int64 {
	t.Helper()
	got.wantStatus(t, http.StatusOK)
	var pair struct{ Refresh, Access string }
	must(t, json.Unmarshal([]byte(got.body), &pair))
	var ids []int64
	for want, encoded := range map[token.Type]string{token.Refresh: pair.Refresh, token.Access: pair.Access} {
		claims := s.claims(t, encoded, want)
		raw, _ := claims.Get("user_id")
		id, err := strconv.ParseInt(string(raw), 10, 64)
		must(t, err)
		ids = append(ids, id)
	}
	if ids[0] != ids[1] {
		t.Errorf("tokens of %d and %d", ids[0], ids[1])
	}
	return ids[0]
}

// claims are those of a good token of this kind.
func (s *site) claims(t testing.TB, encoded string, kind token.Type) token.Claims {
	t.Helper()
	claims, err := s.issuer.Open(encoded)
	must(t, err)
	must(t, s.issuer.Check(claims, kind))
	return claims
}

func TestLoginAnswersWithAPair(t *testing.T) {
	s := newSite(t, options{})
	got := s.login(t, goodBody)
	if id := s.userOf(t, got); id != 1 {
		t.Errorf("tokens of user %d, want 1", id)
	}
	// Refresh first, nothing between and nothing behind: the bytes are SimpleJWT's.
	shape := regexp.MustCompile(`\A\{"refresh":"[\w-]+\.[\w-]+\.[\w-]+","access":"[\w-]+\.[\w-]+\.[\w-]+"\}\z`)
	if !shape.MatchString(got.body) {
		t.Errorf("body is %q", got.body)
	}
	if got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control is %q", got.header.Get("Cache-Control"))
	}
}

func TestLoginRefusalsAreOneAnswer(t *testing.T) {
	s := newSite(t, options{})
	s.addUser(t, "asleep", plaintext, false)
	s.addUser(t, "inner  space", " outer ", true)
	for name, body := range map[string]string{
		"wrong password":         `{"username":"sampleUser","password":"userpassword124"}`,
		"unknown user":           `{"username":"nobody","password":"userpassword123"}`,
		"inactive":               `{"username":"asleep","password":"userpassword123"}`,
		"inactive and wrong":     `{"username":"asleep","password":"x"}`,
		"case of the name":       `{"username":"sampleuser","password":"userpassword123"}`,
		"case of the password":   `{"username":"sampleUser","password":"Userpassword123"}`,
		"fullwidth name":         `{"username":"ｓampleUser","password":"userpassword123"}`,
		"zero-width space":       `{"username":"sampleUser\u200b","password":"userpassword123"}`,
		"stored in white space":  `{"username":"inner  space","password":" outer "}`,
		"4,097 bytes":            `{"username":"sampleUser","password":"` + strings.Repeat("é", 2048) + `x"}`,
		"a password of one byte": `{"username":"sampleUser","password":"u"}`,
	} {
		t.Run(name, func(t *testing.T) { s.login(t, body).want(t, http.StatusUnauthorized, refused) })
	}
}

func TestLoginReadsText(t *testing.T) {
	s := newSite(t, options{})
	number := s.addUser(t, "12345", "2.5", true)
	for name, body := range map[string]string{
		"white space is cut":    `{"username":"\u3000sampleUser\u001f","password":"\tuserpassword123\u0085\n"}`,
		"unknown names":         `{"username":"sampleUser","password":"userpassword123","otp":[{"username":1}]}`,
		"the last counts":       `{"username":null,"password":7,"username":"sampleUser","password":"userpassword123"}`,
		"escaped":               `{"\u0075sername":"\u0073ampleUser","passwor\u0064":"userpassword123"}`,
		"space around the JSON": " \r\n\t{ \"username\" : \"sampleUser\" , \"password\" : \"userpassword123\" } \n",
	} {
		t.Run(name, func(t *testing.T) {
			if id := s.userOf(t, s.login(t, body)); id != 1 {
				t.Errorf("tokens of user %d, want 1", id)
			}
		})
	}
	if id := s.userOf(t, s.login(t, `{"username":12345,"password":2.50}`)); id != number {
		t.Errorf("numbers: tokens of user %d, want %d", id, number)
	}
}

func TestFieldErrorsComeAllAtOnceInFieldOrder(t *testing.T) {
	s := newSite(t, options{})
	const (
		required = `["This field is required."]`
		null     = `["This field may not be null."]`
		blank    = `["This field may not be blank."]`
		noText   = `["Not a valid string."]`
		nul      = `["Null characters are not allowed."]`
	)
	both := func(username, password string) string {
		return `{"username":` + username + `,"password":` + password + `}`
	}
	for _, c := range []struct{ name, body, want string }{
		{"empty body", ``, both(required, required)},
		{"empty object", `{}`, both(required, required)},
		{"other names", `{"Username":"a","PASSWORD":"b"," username":"c"}`, both(required, required)},
		{"one is missing", `{"username":"a"}`, `{"password":` + required + `}`},
		{"sent in the other order", `{"password":null,"username":""}`, both(blank, null)},
		{"white space only", `{"username":" \t\u001c\u0085\u3000","password":"\u2028"}`, both(blank, blank)},
		{"booleans", `{"username":true,"password":false}`, both(noText, noText)},
		{"list and object", `{"username":["a"],"password":{"a":"b"}}`, both(noText, noText)},
		{"null character", `{"username":"a\u0000b","password":"\u0000"}`, both(nul, nul)},
		{"null character in white space", `{"username":"a","password":" \u0000 "}`, `{"password":` + nul + `}`},
		{"surrogate", `{"username":"a","password":"\udfff\ud800"}`,
			`{"password":["Surrogate characters are not allowed: U+DFFF."]}`},
		{"null character and surrogate", `{"username":"\ud83d\u0000","password":1}`,
			`{"username":["Null characters are not allowed.","Surrogate characters are not allowed: U+D83D."]}`},
		{"a bad last of two", `{"username":"sampleUser","username":[],"password":"x"}`, `{"username":` + noText + `}`},
	} {
		t.Run(c.name, func(t *testing.T) { s.login(t, c.body).want(t, http.StatusBadRequest, c.want) })
	}
}

func TestBodyThatIsNoObject(t *testing.T) {
	s := newSite(t, options{})
	for body, kind := range map[string]string{
		`[]`: "list", `[{"username":"a"}]`: "list", `"text"`: "str", `12`: "int", `-0`: "int", `1.0`: "float",
		`1e5`: "float", `true`: "bool", ` false `: "bool",
	} {
		want := `{"non_field_errors":["Invalid data. Expected a dictionary, but got ` + kind + `."]}`
		s.login(t, body).want(t, http.StatusBadRequest, want)
	}
	s.login(t, `null`).want(t, http.StatusBadRequest, `{"non_field_errors":["No data provided"]}`)
}

func TestBodyThatIsNoJSON(t *testing.T) {
	s := newSite(t, options{})
	for name, body := range map[string]string{
		"white space only":        " \n",
		"half":                    `{"username":"sampleUser","password":"userpassword123"`,
		"trailing value":          goodBody + `{}`,
		"trailing garbage":        goodBody + `x`,
		"trailing comma":          `{"username":"sampleUser","password":"userpassword123",}`,
		"second comma":            `{"username":"sampleUser",,"password":"userpassword123"}`,
		"no colon":                `{"username" "sampleUser"}`,
		"single quotes":           `{'username':'sampleUser','password':'userpassword123'}`,
		"byte order mark":         "\ufeff" + goodBody,
		"NaN":                     `{"username":NaN,"password":1}`,
		"infinity":                `{"username":-Infinity,"password":1}`,
		"leading zero":            `{"username":01,"password":1}`,
		"control character":       "{\"username\":\"a\nb\",\"password\":\"x\"}",
		"bad escape":              `{"username":"\x","password":"x"}`,
		"invalid UTF-8 in value":  "{\"username\":\"sample\xffUser\",\"password\":\"x\"}",
		"invalid UTF-8 in name":   "{\"\xc3\x28\":1,\"username\":\"sampleUser\",\"password\":\"userpassword123\"}",
		"surrogate as bytes":      "{\"username\":\"\xed\xa0\x80\",\"password\":\"x\"}",
		"after a good list":       `[] []`,
		"nested beyond all sense": strings.Repeat("[", 60000),
		"name is no string":       `{1:2}`,
		"form":                    `username=sampleUser&password=userpassword123`,
	} {
		t.Run(name, func(t *testing.T) {
			got := s.login(t, body)
			got.wantStatus(t, http.StatusBadRequest)
			if !strings.HasPrefix(got.body, `{"detail":"JSON parse error - `) {
				t.Errorf("body is %s", got.body)
			}
		})
	}
	s.login(t, "{\"username\":\n \"é\" x").want(t, http.StatusBadRequest,
		`{"detail":"JSON parse error - Invalid JSON: line 2 column 6 (char 18)"}`)
}

func TestTokensLiveAsLongAsTheDocumentSays(t *testing.T) {
	s := newSite(t, options{})
	now := time.Now().Truncate(time.Second)
	s.issuer.Now = func() time.Time { return now }
	var pair struct{ Refresh, Access string }
	must(t, json.Unmarshal([]byte(s.login(t, goodBody).body), &pair))
	for _, c := range []struct {
		kind    token.Type
		encoded string
		want    time.Duration
	}{{token.Refresh, pair.Refresh, 24 * time.Hour}, {token.Access, pair.Access, 5 * time.Minute}} {
		claims := s.claims(t, c.encoded, c.kind)
		if exp, _ := claims.Seconds("exp"); exp != now.Add(c.want).Unix() {
			t.Errorf("%s token ends at %d, want %d", c.kind, exp, now.Add(c.want).Unix())
		}
	}
}
