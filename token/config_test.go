package token_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/token"
)

func TestNewIssuerRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*token.Config)
		says   string // the whole error, "" for none
	}{
		"defaults":        {func(*token.Config) {}, ""},
		"a second":        {func(c *token.Config) { c.AccessLifetime = time.Second }, ""},
		"access":          {func(c *token.Config) { c.AccessLifetime = time.Second - 1 }, "ACCESS_TOKEN_LIFETIME must be at least 1s"},
		"refresh":         {func(c *token.Config) { c.RefreshLifetime = 0 }, "REFRESH_TOKEN_LIFETIME must be at least 1s"},
		"sliding":         {func(c *token.Config) { c.SlidingLifetime = -time.Hour }, "SLIDING_TOKEN_LIFETIME must be at least 1s"},
		"sliding refresh": {func(c *token.Config) { c.SlidingRefreshLifetime = 0 }, "SLIDING_TOKEN_REFRESH_LIFETIME must be at least 1s"},
		"leeway":          {func(c *token.Config) { c.Leeway = -1 }, "LEEWAY must not be negative"},
		"audience": {func(c *token.Config) { c.Audience = []string{"a", ""} },
			"AUDIENCE must not have an empty entry, nor one that is not UTF-8"},
		"audience bytes": {func(c *token.Config) { c.Audience = []string{"\xff"} },
			"AUDIENCE must not have an empty entry, nor one that is not UTF-8"},
		"issuer bytes":   {func(c *token.Config) { c.Issuer = "\xff" }, "ISSUER must be UTF-8"},
		"no name":        {func(c *token.Config) { c.TypeClaim = "" }, "TOKEN_TYPE_CLAIM must be the name of a claim"},
		"name of bytes":  {func(c *token.Config) { c.RevokeClaim = "\xff" }, "REVOKE_TOKEN_CLAIM must be the name of a claim"},
		"sub":            {func(c *token.Config) { c.UserIDClaim = "sub" }, ""},
		"jti as user":    {func(c *token.Config) { c.UserIDClaim, c.IDClaim = "jti", "tid" }, "USER_ID_CLAIM must not be jti, which means something else (RFC 7519 §4.1)"},
		"sub as id":      {func(c *token.Config) { c.IDClaim = "sub" }, "JTI_CLAIM must not be sub, which means something else (RFC 7519 §4.1)"},
		"exp as sliding": {func(c *token.Config) { c.SlidingExpClaim = "exp" }, "SLIDING_TOKEN_REFRESH_EXP_CLAIM must not be exp, which means something else (RFC 7519 §4.1)"},
		"aud as type":    {func(c *token.Config) { c.TypeClaim = "aud" }, "TOKEN_TYPE_CLAIM must not be aud, which means something else (RFC 7519 §4.1)"},
		"iss as revoke":  {func(c *token.Config) { c.RevokeClaim = "iss" }, "REVOKE_TOKEN_CLAIM must not be iss, which means something else (RFC 7519 §4.1)"},
		"same names":     {func(c *token.Config) { c.SlidingExpClaim = "user_id" }, "SLIDING_TOKEN_REFRESH_EXP_CLAIM must differ from USER_ID_CLAIM"},
		"everything at once": {func(c *token.Config) { c.AccessLifetime, c.Leeway, c.IDClaim = 0, -1, "" },
			"ACCESS_TOKEN_LIFETIME must be at least 1s\nLEEWAY must not be negative\nJTI_CLAIM must be the name of a claim"},
		"roomy": {func(c *token.Config) { c.Issuer = strings.Repeat("i", 1000) }, ""},
		"no room": {func(c *token.Config) { c.Issuer = strings.Repeat("i", 4000) },
			"AUDIENCE, ISSUER, the names of claims and the signature leave no room: token would be longer than 10240 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			config := token.DefaultConfig()
			test.change(&config)
			_, err := token.NewIssuer(newKey(t, "HS256"), config)
			if test.says == "" && err != nil || test.says != "" && (err == nil || err.Error() != test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
	if _, err := token.NewIssuer(token.Key{}, token.DefaultConfig()); err == nil {
		t.Error("a key that is none is taken")
	}
}

// What the Issuer was made with does not change under it.
func TestConfigIsItsOwn(t *testing.T) {
	config := token.DefaultConfig()
	config.Audience = []string{"mine"}
	issuer := newIssuerWith(t, newKey(t, "HS256"), config)
	config.Audience[0] = "other"
	issuer.Config().Audience[0] = "other"
	if got := issuer.Config().Audience[0]; got != "mine" {
		t.Errorf("the audience became %s", got)
	}
}

// A user name as long as Django allows fits, and what would not be read again is not minted.
func TestLongestTokens(t *testing.T) {
	issuer := newIssuer(t)
	var about token.Claims
	about.SetText("user_id", strings.Repeat("é", 150))
	pair, err := issuer.IssuePair(about)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(issuer, pair.Refresh, token.Refresh); err != nil {
		t.Error(err)
	}
	about.SetText("user_id", strings.Repeat("x", token.MaxLength))
	if _, err := issuer.IssuePair(about); err == nil {
		t.Error("a token was minted that is too long to be read")
	}
	about = token.Claims{}
	about.SetInt("sub", 1)
	if _, err := issuer.IssuePair(about); err == nil || !strings.Contains(err.Error(), "claim sub must be text") {
		t.Errorf("a token was minted whose sub is refused: %v", err)
	}
}

func TestLeeway(t *testing.T) {
	claims := func(name string, offset int64) string {
		about := map[string]int64{"exp": 1000, name: offset}
		out := `{"token_type":"sliding","jti":"a"`
		for name, offset := range about {
			out += fmt.Sprintf(`,%q:%d`, name, issuedAt.Unix()+offset)
		}
		return out + `}`
	}
	for name, test := range map[string]struct {
		leeway time.Duration
		claim  string
		offset int64
		want   error
	}{
		"exp at the edge":             {30 * time.Second, "exp", -30, token.ErrExpired},
		"exp within":                  {30 * time.Second, "exp", -29, nil},
		"iat at the edge":             {30 * time.Second, "iat", 30, nil},
		"iat beyond":                  {30 * time.Second, "iat", 31, token.ErrInvalid},
		"nbf at the edge":             {30 * time.Second, "nbf", 30, nil},
		"nbf beyond":                  {30 * time.Second, "nbf", 31, token.ErrInvalid},
		"half a second, exp":          {1500 * time.Millisecond, "exp", -1, nil},
		"half a second, exp past":     {1500 * time.Millisecond, "exp", -2, token.ErrExpired},
		"half a second, iat":          {1500 * time.Millisecond, "iat", 2, token.ErrInvalid},
		"refresh expiry at the edge":  {30 * time.Second, "refresh_exp", -30, token.ErrRefreshExpired},
		"refresh expiry within":       {30 * time.Second, "refresh_exp", -29, nil},
		"no leeway, refresh expiry":   {0, "refresh_exp", 0, token.ErrRefreshExpired},
		"no leeway, refresh expiry 1": {0, "refresh_exp", 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			config := token.DefaultConfig()
			config.Leeway = test.leeway
			issuer := newIssuerWith(t, newKey(t, "HS256"), config)
			opened, err := read(issuer, mint(goodHeader, claims(test.claim, test.offset)), token.Sliding)
			if err == nil && test.claim == "refresh_exp" {
				_, err = issuer.ExtendSliding(opened, time.Time{})
			}
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestAudienceAndIssuer(t *testing.T) {
	for name, test := range map[string]struct {
		audience []string
		issuer   string
		claims   string
		ok       bool
	}{
		"nothing asked":         {nil, "", `"aud":{"a":1},"iss":[1]`, true},
		"text":                  {[]string{"a"}, "", `"aud":"a"`, true},
		"escaped text":          {[]string{"é"}, "", `"aud":"\u00e9"`, true},
		"list with":             {[]string{"a"}, "", `"aud":["x","a"]`, true},
		"one of ours":           {[]string{"a", "b"}, "", `"aud":"b"`, true},
		"one in common":         {[]string{"a", "b"}, "", `"aud":["x","b"]`, true},
		"none in common":        {[]string{"a", "b"}, "", `"aud":["x","y"]`, false},
		"missing":               {[]string{"a"}, "", `"x":1`, false},
		"null":                  {[]string{"a"}, "", `"aud":null`, false},
		"empty":                 {[]string{"a"}, "", `"aud":""`, false},
		"empty list":            {[]string{"a"}, "", `"aud":[]`, false},
		"number":                {[]string{"5"}, "", `"aud":5`, false},
		"object":                {[]string{"a"}, "", `"aud":{"a":"a"}`, false},
		"mixed list":            {[]string{"a"}, "", `"aud":["a",5]`, false},
		"nested list":           {[]string{"a"}, "", `"aud":[["a"]]`, false},
		"surrogate in the list": {[]string{"\ufffd"}, "", `"aud":["\ud800"]`, false},
		"other case":            {[]string{"a"}, "", `"aud":"A"`, false},
		"prefix":                {[]string{"ab"}, "", `"aud":"a"`, false},
		"last aud counts":       {[]string{"a"}, "", `"aud":"a","aud":"b"`, false},
		"issuer":                {nil, "i", `"iss":"i"`, true},
		"issuer missing":        {nil, "i", `"x":1`, false},
		"issuer null":           {nil, "i", `"iss":null`, false},
		"issuer other":          {nil, "i", `"iss":"I"`, false},
		"issuer number":         {nil, "1", `"iss":1`, false},
		"issuer in a list":      {nil, "i", `"iss":["i"]`, false},
		"both":                  {[]string{"a"}, "i", `"iss":"i","aud":"a"`, true},
		"one of both":           {[]string{"a"}, "i", `"iss":"x","aud":"a"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			config := token.DefaultConfig()
			config.Audience, config.Issuer = test.audience, test.issuer
			issuer := newIssuerWith(t, newKey(t, "HS256"), config)
			_, err := read(issuer, mint(goodHeader, strings.Replace(goodClaims, `"user_id":1`, test.claims, 1)), token.Refresh)
			if test.ok && err != nil || !test.ok && !errors.Is(err, token.ErrInvalid) {
				t.Errorf("got %v, want ok %t", err, test.ok)
			}
			expired := strings.Replace(goodClaims, `"user_id":1`, test.claims+`,"exp":1`, 1)
			if _, err := issuer.Open(mint(goodHeader, expired)); !errors.Is(err, token.ErrExpired) {
				t.Errorf("an old token is %v", err)
			}
		})
	}
}
