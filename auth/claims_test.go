package auth_test

import (
	"errors"
	"strings"
	"testing"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/token"
)

func (h house) setClaims(t testing.TB, object string) {
	t.Helper()
	if err := h.users.SetClaims(t.Context(), "alice", object); err != nil {
		t.Fatal(err)
	}
}

// A change shows at the next refresh, with and without sessions: also that a claim is gone.
func TestClaimsAreReadAnew(t *testing.T) {
	for name, off := range map[string]bool{"sessions": false, "none": true} {
		h, _ := withSessions(t)
		end := " sid"
		if off {
			h.Rules, end = auth.Rules{RotateRefreshTokens: true}, ""
		}
		pair := h.logIn(t)
		for _, step := range []struct{ object, want string }{
			{`{"role":"admin","team":{"id":7,"name":"grün"}}`, " role team"},
			{`{"team":[1,2.50,true],"role":"reader"}`, " team role"},
			{`{"team":[]}`, " team"},
			{` { } `, ""},
			{`{"role":"admin"}`, " role"},
			{`{"other":"x"}`, " other"},
		} {
			h.setClaims(t, step.object)
			pair = h.refresh(t, pair.Refresh)
			for _, encoded := range []string{pair.Refresh, pair.Access, h.logIn(t).Access} {
				claims := must(h.Issuer.Open(encoded))
				if got := names(claims); got != "token_type exp iat jti user_id"+step.want+end {
					t.Errorf("%s: with %s claims are %s", name, step.object, got)
				}
			}
		}
	}
}

func TestClaimsOverrideForeignOnes(t *testing.T) {
	h, _ := withSessions(t)
	before := h.issuedByDjango(t) // with team
	h.setClaims(t, `{"team":"red"}`)
	pair := h.refresh(t, before.Refresh)
	if team, _ := must(h.Issuer.Open(pair.Access)).Text("team"); team != "red" {
		t.Errorf("the team is %s", team)
	}
	h.setClaims(t, `{}`)
	pair = h.refresh(t, pair.Refresh)
	if got := names(must(h.Issuer.Open(pair.Refresh))); got != "token_type exp iat jti user_id sid" {
		t.Errorf("claims are %s", got)
	}
}

func TestClaimsRefused(t *testing.T) {
	h, _ := withSessions(t)
	h.users.Reserved = []string{"", "uid"}
	h.setClaims(t, `{"role":"reader"}`)
	for object, says := range map[string]string{
		``: "write a JSON object", `null`: "write a JSON object", `[]`: "write a JSON object", `{"a":1`: "write a JSON object",
		`{"a":1} x`: "write a JSON object", "{\"a\":\"\xff\"}": "write a JSON object", `{'a':1}`: "write a JSON object",
		`{"exp":1}`: "exp is reserved", `{"sid":"x"}`: "sid is reserved", `{"a":1,"user_id":2}`: "user_id is reserved",
		`{"token_type":"access"}`: "token_type is reserved", `{"iss":"x"}`: "iss is reserved", `{"hash_password":"x"}`: "reserved",
		`{"a":null}`: "leave a claim out", `{"":1}`: "no name", `{"uid":1}`: "uid is reserved",
		`{"a":1,"a":2}`: "stands twice", `{"a":[{"b":1,"b":2}]}`: "stands twice",
		`{"\ud800":1}`: "not JSON in UTF-8", `{"a":"\udc00"}`: "not JSON in UTF-8",
		`{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`: "nested",
		`{"a":[1e400]}`: "too large",
		`{"a":"` + strings.Repeat("x", token.MaxExtra) + `"}`:   "4104 bytes",
		`{"a":"` + strings.Repeat("ü", token.MaxExtra/6) + `"}`: "4100 bytes",
	} {
		err := h.users.SetClaims(t.Context(), "alice", object)
		if !errors.Is(err, auth.ErrBadClaims) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40s: %v", object, err)
		}
	}
	wantRefused(t, "nobody", h.users.SetClaims(t.Context(), "nobody", `{}`), auth.ErrNoUser)
	if got := names(must(h.Issuer.Open(h.logIn(t).Access))); got != "token_type exp iat jti user_id role sid" {
		t.Errorf("after refusals claims are %s", got)
	}
	var refused error
	for n := 0; n < 3000 && refused == nil; n++ {
		refused = h.users.SetClaims(t.Context(), "alice", `{"a_name_like_no_other_`+strings.Repeat("x", n)+`":1}`)
	}
	if !errors.Is(refused, auth.ErrBadClaims) || !strings.Contains(refused.Error(), "too many different names") {
		t.Errorf("endless names: %v", refused)
	}
	h.setClaims(t, `{}`) // to take claims away is always possible
	h.setClaims(t, `{"role":"admin"}`)
}

// The largest claims fit into every token, through all of its refreshes.
func TestClaimsFit(t *testing.T) {
	h, _ := withSessions(t)
	h.setClaims(t, `{"a":"`+strings.Repeat("x", token.MaxExtra-8)+`"}`)
	pair := h.logIn(t)
	for range 3 {
		pair = h.refresh(t, pair.Refresh)
	}
	wantRefused(t, "verify", h.Verify(t.Context(), pair.Access), nil)
}

// A setting that takes the name of such a claim wins.
func TestClaimsDoNotReplaceConfiguredOnes(t *testing.T) {
	h, _ := withSessions(t)
	h.setClaims(t, `{"uid":2,"kind":"refresh","role":"reader"}`)
	config := h.Issuer.Config()
	config.UserIDClaim, config.TypeClaim = "uid", "kind"
	h.Issuer = must(token.NewIssuer(must(token.ParseKey("HS256", []byte(secretKey), nil)), config))
	pair := h.logIn(t)
	pair = h.refresh(t, pair.Refresh)
	if got := names(h.claims(t, pair.Access, token.Access)); got != "kind exp iat jti uid role sid" {
		t.Errorf("claims are %s", got)
	}
	account, err := h.Authenticate(t.Context(), pair.Access)
	if err != nil || account.ID != 1 {
		t.Errorf("the account is %+v, %v", account, err)
	}
}
