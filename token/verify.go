package token

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"
)

// MaxLength is the length in bytes over which a token is not looked at.
const MaxLength = 4096

// The reasons for which a token is refused.
var (
	ErrInvalid   = errors.New("token is invalid")
	ErrExpired   = errors.New("token is expired")
	ErrNoExpiry  = errors.New("token has no exp claim")
	ErrNoID      = errors.New("token has no id")
	ErrNoType    = errors.New("token has no type")
	ErrWrongType = errors.New("token has wrong type")
)

// base64url refuses bits that a shorter text would not have, so that a token has one spelling only (RFC 7515 §2).
var base64url = base64.RawURLEncoding.Strict()

// Verify reads a token of the wanted type, checks its signature and that it is alive, and returns its claims. It fails
// with ErrInvalid, ErrExpired, ErrNoExpiry, ErrNoID, ErrNoType or ErrWrongType: the first that applies, in this order.
// Nothing of a token is believed before its signature is checked (RFC 8725 §3).
func (i *Issuer) Verify(encoded string, want Type) (Claims, error) {
	claims, err := i.open(encoded)
	if err != nil {
		return Claims{}, err
	}
	if err := checkTime(claims, i.Now()); err != nil {
		return Claims{}, err
	}
	if err := checkKind(claims, want); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// open checks shape, header and signature (RFC 7515 §5.2) and returns the claims.
func (i *Issuer) open(encoded string) (Claims, error) {
	if len(encoded) > MaxLength {
		return Claims{}, ErrInvalid
	}
	parts := strings.Split(encoded, ".")
	if len(parts) != 3 {
		return Claims{}, ErrInvalid
	}
	var decoded [3][]byte
	for n, part := range parts {
		// Go's base64 skips line ends even in strict mode.
		if strings.ContainsAny(part, "\r\n") {
			return Claims{}, ErrInvalid
		}
		var err error
		if decoded[n], err = base64url.DecodeString(part); err != nil {
			return Claims{}, ErrInvalid
		}
	}
	header, err := ParseClaims(decoded[0])
	if err != nil || !i.acceptsHeader(header) {
		return Claims{}, ErrInvalid
	}
	if !i.key.verify(encoded[:len(parts[0])+1+len(parts[1])], decoded[2]) {
		return Claims{}, ErrInvalid
	}
	claims, err := ParseClaims(decoded[1])
	if err != nil {
		return Claims{}, ErrInvalid
	}
	return claims, nil
}

// acceptsHeader: the algorithm is ours and never the token's choice (RFC 8725 §3.1), and what the header calls critical
// must be understood (RFC 7515 §4.1.11). The one extension known here is b64 (RFC 7797), in its default.
func (i *Issuer) acceptsHeader(header Claims) bool {
	if alg, ok := header.Text("alg"); !ok || alg != i.key.method.Alg() {
		return false
	}
	if raw, ok := header.Get("kid"); ok && raw.Kind() != '"' {
		return false
	}
	b64, hasB64 := header.Get("b64")
	if hasB64 && string(b64) != "true" {
		return false
	}
	crit, hasCrit := header.Get("crit")
	return !hasCrit || hasB64 && string(crit) == `["b64"]`
}

// checkTime looks at iat, nbf and exp (RFC 7519 §4.1.4 to 4.1.6), in whole seconds.
func checkTime(claims Claims, now time.Time) error {
	for _, name := range []string{"iat", "nbf"} {
		if _, ok := claims.Get(name); !ok {
			continue
		}
		if at, ok := claims.Seconds(name); !ok || at > now.Unix() {
			return ErrInvalid
		}
	}
	if _, ok := claims.Get("exp"); !ok {
		return nil
	}
	exp, ok := claims.Seconds("exp")
	if !ok {
		return ErrInvalid
	}
	if exp <= now.Unix() {
		return ErrExpired
	}
	return nil
}

func checkKind(claims Claims, want Type) error {
	for _, name := range []string{"sub", "jti"} {
		if raw, ok := claims.Get(name); ok && raw.Kind() != '"' {
			return ErrInvalid
		}
	}
	if _, ok := claims.Get("exp"); !ok {
		return ErrNoExpiry
	}
	if _, ok := claims.Get("jti"); !ok {
		return ErrNoID
	}
	if _, ok := claims.Get("token_type"); !ok {
		return ErrNoType
	}
	if kind, ok := claims.Text("token_type"); !ok || kind != string(want) {
		return ErrWrongType
	}
	return nil
}
