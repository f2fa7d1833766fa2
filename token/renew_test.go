package token_test

import (
	"errors"
	"testing"
	"time"

	"example.com/tokenpair/token"
)

// later is when tokens of goodClaims' time are renewed: 1716527600.
var later = issuedAt.Add(17 * time.Second)

// claimsOf reads claims as written here, the way a token holds them.
func claimsOf(t *testing.T, written string) token.Claims {
	t.Helper()
	claims, err := token.ParseClaims([]byte(written))
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// parties has an audience and an issuer; renamed has other names for every claim.
func parties() token.Config {
	config := token.DefaultConfig()
	config.Audience, config.Issuer = []string{"one", "two"}, "https://issuer.example"
	return config
}

func renamed() token.Config {
	config := token.DefaultConfig()
	config.UserIDClaim, config.TypeClaim, config.IDClaim = "sub", "kind", "tid"
	config.SlidingExpClaim, config.RevokeClaim = "slide_until", "pwh"
	config.Audience = []string{"å"}
	return config
}

func TestClaimsOfNewTokens(t *testing.T) {
	for name, test := range map[string]struct {
		config                   token.Config
		about                    string
		refresh, access, sliding string
	}{
		"defaults": {token.DefaultConfig(), `{"user_id":"1"}`,
			`{"token_type":"refresh","exp":1716614000,"iat":1716527600,"jti":"new1","user_id":"1"}`,
			`{"token_type":"access","exp":1716527900,"iat":1716527600,"jti":"new2","user_id":"1"}`,
			`{"token_type":"sliding","exp":1716527900,"iat":1716527600,"jti":"new3","refresh_exp":1716614000,"user_id":"1"}`},
		"parties": {parties(), `{"user_id":1,"hash_password":"AB"}`,
			`{"token_type":"refresh","exp":1716614000,"iat":1716527600,"jti":"new1","user_id":1,"hash_password":"AB","aud":["one","two"],"iss":"https://issuer.example"}`,
			`{"token_type":"access","exp":1716527900,"iat":1716527600,"jti":"new2","user_id":1,"hash_password":"AB","aud":["one","two"],"iss":"https://issuer.example"}`,
			`{"token_type":"sliding","exp":1716527900,"iat":1716527600,"jti":"new3","refresh_exp":1716614000,"user_id":1,"hash_password":"AB","aud":["one","two"],"iss":"https://issuer.example"}`},
		"renamed": {renamed(), `{"sub":"é","pwh":"AB"}`,
			`{"kind":"refresh","exp":1716614000,"iat":1716527600,"tid":"new1","sub":"\u00e9","pwh":"AB","aud":"\u00e5"}`,
			`{"kind":"access","exp":1716527900,"iat":1716527600,"tid":"new2","sub":"\u00e9","pwh":"AB","aud":"\u00e5"}`,
			`{"kind":"sliding","exp":1716527900,"iat":1716527600,"tid":"new3","slide_until":1716614000,"sub":"\u00e9","pwh":"AB","aud":"\u00e5"}`},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newIssuerWith(t, newKey(t, "HS256"), test.config, "new1", "new2", "new3")
			readings := 0
			issuer.Now = func() time.Time { readings++; return later.Add(999 * time.Millisecond) }
			about := claimsOf(t, test.about)
			pair, err := issuer.IssuePair(about)
			if err != nil {
				t.Fatal(err)
			}
			sliding, err := issuer.IssueSliding(about)
			if err != nil {
				t.Fatal(err)
			}
			if readings != 2 {
				t.Errorf("the clock was read %d times for two logins", readings)
			}
			for _, one := range []struct {
				kind          token.Type
				encoded, want string
			}{{token.Refresh, pair.Refresh, test.refresh}, {token.Access, pair.Access, test.access}, {token.Sliding, sliding, test.sliding}} {
				if got := payload(t, one.encoded); got != one.want {
					t.Errorf("claims of the %s token\n got %s\nwant %s", one.kind, got, one.want)
				}
				if _, err := read(issuer, one.encoded, one.kind); err != nil {
					t.Errorf("%s token: %v", one.kind, err)
				}
			}
		})
	}
}

func TestRenewals(t *testing.T) {
	for name, test := range map[string]struct {
		config                          token.Config
		old, access, refresh, extension string // no extension: ErrNoRefreshExpiry
	}{
		"as issued": {token.DefaultConfig(),
			`{"token_type":"refresh","exp":1,"iat":2,"jti":"old","user_id":"1"}`,
			`{"token_type":"access","exp":1716527900,"iat":1716527600,"jti":"new","user_id":"1"}`,
			`{"token_type":"refresh","exp":1716614000,"iat":1716527600,"jti":"new","user_id":"1"}`,
			``},
		"odd order, no iat": {token.DefaultConfig(),
			`{"x":[1.50,"é"],"jti":"old","user_id":7,"token_type":"sliding","refresh_exp":1716527601,"exp":1}`,
			`{"token_type":"access","exp":1716527900,"iat":1716527600,"jti":"new","x":[1.50,"\u00e9"],"user_id":7,"refresh_exp":1716527601}`,
			`{"x":[1.50,"\u00e9"],"jti":"new","user_id":7,"token_type":"sliding","refresh_exp":1716527601,"exp":1716614000,"iat":1716527600}`,
			`{"x":[1.50,"\u00e9"],"jti":"old","user_id":7,"token_type":"sliding","refresh_exp":1716527601,"exp":1716527900,"iat":1716527600}`},
		"aud and iss without settings": {token.DefaultConfig(),
			`{"aud":5,"iss":null,"refresh_exp":1716527601.9,"exp":1}`,
			`{"token_type":"access","exp":1716527900,"iat":1716527600,"jti":"new","aud":5,"iss":null,"refresh_exp":1716527601.9}`,
			`{"aud":5,"iss":null,"refresh_exp":1716527601.9,"exp":1716614000,"jti":"new","iat":1716527600}`,
			`{"aud":5,"iss":null,"refresh_exp":1716527601.9,"exp":1716527900,"iat":1716527600}`},
		"aud in the middle": {parties(),
			`{"token_type":"refresh","exp":1,"aud":"two","iat":2,"jti":"old","user_id":"1"}`,
			`{"token_type":"access","exp":1716527900,"iat":1716527600,"jti":"new","aud":["one","two"],"user_id":"1","iss":"https://issuer.example"}`,
			`{"token_type":"refresh","exp":1716614000,"aud":["one","two"],"iat":1716527600,"jti":"new","user_id":"1","iss":"https://issuer.example"}`,
			``},
		"renamed": {renamed(),
			`{"kind":"refresh","exp":1,"iat":2,"tid":"old","sub":"a","jti":"left","token_type":"data","user_id":"5","aud":"å","slide_until":1716527601}`,
			`{"kind":"access","exp":1716527900,"iat":1716527600,"tid":"new","sub":"a","token_type":"data","user_id":"5","aud":"\u00e5","slide_until":1716527601}`,
			`{"kind":"refresh","exp":1716614000,"iat":1716527600,"tid":"new","sub":"a","jti":"left","token_type":"data","user_id":"5","aud":"\u00e5","slide_until":1716527601}`,
			`{"kind":"refresh","exp":1716527900,"iat":1716527600,"tid":"old","sub":"a","jti":"left","token_type":"data","user_id":"5","aud":"\u00e5","slide_until":1716527601}`},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newIssuerWith(t, newKey(t, "HS256"), test.config, "new", "new")
			readings := 0
			issuer.Now = func() time.Time { readings++; return later }
			old := claimsOf(t, test.old)
			before := string(must(old.MarshalJSON()))
			access, err := issuer.DeriveAccess(old)
			if err != nil {
				t.Fatal(err)
			}
			refresh, err := issuer.Rotate(old)
			if err != nil {
				t.Fatal(err)
			}
			if got := payload(t, access); got != test.access {
				t.Errorf("access token\n got %s\nwant %s", got, test.access)
			}
			if got := payload(t, refresh); got != test.refresh {
				t.Errorf("refresh token\n got %s\nwant %s", got, test.refresh)
			}
			sliding, err := issuer.ExtendSliding(old, time.Time{})
			if test.extension == "" {
				if !errors.Is(err, token.ErrNoRefreshExpiry) {
					t.Errorf("extended: %v", err)
				}
			} else if err != nil {
				t.Error(err)
			} else if got := payload(t, sliding); got != test.extension {
				t.Errorf("sliding token\n got %s\nwant %s", got, test.extension)
			}
			if readings != 3 {
				t.Errorf("the clock was read %d times", readings)
			}
			if got := string(must(old.MarshalJSON())); got != before {
				t.Errorf("the old claims became %s", got)
			}
		})
	}
}

func TestExtendSlidingRefuses(t *testing.T) {
	issuer := newIssuer(t)
	for raw, want := range map[string]error{
		`null`: token.ErrNoRefreshExpiry, `"soon"`: token.ErrNoRefreshExpiry, `"1816613983"`: token.ErrNoRefreshExpiry,
		`true`: token.ErrRefreshExpired, `false`: token.ErrRefreshExpired, `[1816613983]`: token.ErrNoRefreshExpiry, `1e18`: token.ErrNoRefreshExpiry,
		`1e999`: token.ErrNoRefreshExpiry, `253402300800`: token.ErrNoRefreshExpiry, `253402300799`: nil,
		`1716527583`: token.ErrRefreshExpired, `1716527583.9`: token.ErrRefreshExpired, `0`: token.ErrRefreshExpired,
		`-1`: token.ErrRefreshExpired, `1716527584`: nil,
	} {
		_, err := issuer.ExtendSliding(claimsOf(t, `{"token_type":"sliding","exp":1716613983,"jti":"a","refresh_exp":`+raw+`}`), time.Time{})
		if !errors.Is(err, want) {
			t.Errorf("refresh_exp %s: got %v, want %v", raw, err, want)
		}
	}
}

// Whatever Check lets through can be revoked, under an ID that two tokens share only when their claim is the same.
func TestID(t *testing.T) {
	config := token.DefaultConfig()
	config.IDClaim = "tid"
	issuer := newIssuerWith(t, newKey(t, "HS256"), config)
	for raw, want := range map[string]string{
		`"a1"`: `a1`, `"\u0061"`: `a`, `"é"`: `é`, `""`: `""`, `" "`: ` `, `5`: `5`, `5.0`: `5.0`, `true`: `true`,
		`[ 1, "é" ]`: `[1,"\u00e9"]`, `"\ud800"`: `"\ud800"`, `"\udfff"`: `"\udfff"`, `null`: ``,
	} {
		claims, err := issuer.Open(mint(goodHeader, `{"token_type":"refresh","exp":1716613983,"tid":`+raw+`}`))
		if err != nil {
			t.Errorf("id %s: %v", raw, err)
			continue
		}
		if got := issuer.ID(claims); got != want {
			t.Errorf("id %s is revoked as %q, want %q", raw, got, want)
		}
		var refusal error
		if want == "" {
			refusal = token.ErrNoID
		}
		if err := issuer.Check(claims, token.Any); !errors.Is(err, refusal) {
			t.Errorf("id %s: %v, want %v", raw, err, refusal)
		}
	}
	if _, err := issuer.Open(mint(goodHeader, `{"exp":1716613983,"tid":"a","jti":5}`)); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a jti that is no text: %v", err)
	}
	if got := issuer.ID(token.Claims{}); got != "" {
		t.Errorf("no claims are revoked as %q", got)
	}
}

func TestCheckAny(t *testing.T) {
	issuer := newIssuer(t)
	for claims, want := range map[string]error{
		`{"exp":1,"jti":"a"}`:                       nil,
		`{"exp":1,"jti":"a","token_type":null}`:     nil,
		`{"exp":1,"jti":"a","token_type":"fake"}`:   nil,
		`{"jti":"a","token_type":"access"}`:         token.ErrNoExpiry,
		`{"exp":1,"token_type":"access"}`:           token.ErrNoID,
		`{"exp":1,"jti":null,"token_type":"fake"}`:  token.ErrNoID,
		`{"exp":1,"JTI":"a","token_type":"access"}`: token.ErrNoID,
	} {
		if err := issuer.Check(claimsOf(t, claims), token.Any); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", claims, err, want)
		}
	}
}

func TestExpires(t *testing.T) {
	issuer := newIssuer(t)
	for claims, want := range map[string]time.Time{
		`{"exp":1716613983}`:   time.Unix(1716613983, 0),
		`{"exp":1716613983.9}`: time.Unix(1716613983, 0),
		`{"exp":"1716613983"}`: {},
		`{}`:                   {},

		// A sliding token can be extended until then, and lives five minutes after it.
		`{"exp":1716613983,"refresh_exp":1716700000}`:   time.Unix(1716700300, 0),
		`{"exp":1716613983,"refresh_exp":1716613000}`:   time.Unix(1716613983, 0),
		`{"exp":1716613983,"refresh_exp":"1716700000"}`: time.Unix(1716613983, 0),
		`{"refresh_exp":1716700000}`:                    {},

		// It was issued with a lifetime of a day.
		`{"exp":1716613983,"iat":1716527583,"refresh_exp":1716700000}`: time.Unix(1716786400, 0),
		`{"exp":1716613983,"iat":-1e18,"refresh_exp":1716700000}`:      time.Unix(1716700000+1716613983, 0),
	} {
		if got := issuer.Expires(claimsOf(t, claims)); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", claims, got, want)
		}
	}
}
