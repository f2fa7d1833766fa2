package token_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/token"
)

// FuzzOpen: nothing that was not minted with the key is ever believed, and nothing panics.
func FuzzOpen(f *testing.F) {
	minted := mint(goodHeader, goodClaims)
	for _, seed := range []string{
		minted, minted + "=", minted + "\n", "..", "a.b.c", strings.ToLower(minted), mint(`{"alg":"none"}`, goodClaims),
		encode(`{"alg":"none"}`) + "." + encode(goodClaims) + ".",
	} {
		f.Add(seed)
	}
	issuer := newIssuer(f)
	f.Fuzz(func(t *testing.T, encoded string) {
		_, err := issuer.Open(encoded)
		if err == nil && encoded != minted {
			t.Fatalf("%q is believed", encoded)
		}
		if err != nil && !errors.Is(err, token.ErrInvalid) && !errors.Is(err, token.ErrExpired) {
			t.Fatalf("%q: %v", encoded, err)
		}
	})
}

// FuzzRenew: of whatever claims with a good signature, the successors of an accepted token are accepted.
func FuzzRenew(f *testing.F) {
	for _, seed := range []string{
		goodClaims, `{}`, `[]`, `{"exp":1e18}`, `{"token_type":"sliding","exp":1716613983,"jti":"","refresh_exp":1716613983}`,
		`{"exp":1716613983,"jti":"\ud800","aud":["a",1],"iss":null,"token_type":"refresh"}`, `{"exp":1716613983,"jti":"a","jti":null}`,
	} {
		f.Add(seed)
	}
	issuer := newIssuer(f)
	f.Fuzz(func(t *testing.T, payload string) {
		claims, err := issuer.Open(mint(goodHeader, payload))
		if err != nil || issuer.Check(claims, token.Any) != nil {
			return
		}
		if issuer.ID(claims) == "" || issuer.Expires(claims).Before(issuedAt) {
			t.Fatalf("%q is accepted without an id or after its end", payload)
		}
		for name, renew := range map[string]func(token.Claims) (string, error){
			"access": issuer.DeriveAccess, "refresh": issuer.Rotate,
			"sliding": func(c token.Claims) (string, error) { return issuer.ExtendSliding(c, time.Time{}) },
		} {
			renewed, err := renew(claims)
			if errors.Is(err, token.ErrNoRefreshExpiry) || errors.Is(err, token.ErrRefreshExpired) || len(payload) > 2500 {
				continue
			}
			if err != nil {
				t.Fatalf("%q: %s: %v", payload, name, err)
			}
			if _, err := read(issuer, renewed, token.Any); err != nil {
				t.Fatalf("%q: the %s token is refused: %v", payload, name, err)
			}
		}
	})
}
