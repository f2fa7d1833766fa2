package token

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxLength is the length in bytes over which a token is not looked at.
const MaxLength = 10 << 10

// MaxExtra is for how many bytes of claims, as JSON in ASCII, every token has room beside those that are needed.
const MaxExtra = 4 << 10

// lastSecond is the end of the year 9999. SimpleJWT cannot read a later date, and no token of ours needs one.
const lastSecond = 253402300799

// The reasons for which a token is refused.
var (
	ErrInvalid         = errors.New("token is invalid")
	ErrExpired         = errors.New("token is expired")
	ErrNoExpiry        = errors.New("token has no exp claim")
	ErrNoID            = errors.New("token has no id")
	ErrNoType          = errors.New("token has no type")
	ErrWrongType       = errors.New("token has wrong type")
	ErrNoRefreshExpiry = errors.New("token has no refresh expiry")
	ErrRefreshExpired  = errors.New("token's refresh expiry has passed")
)

// base64url refuses bits that a shorter text would not have, so that a token has one spelling only (RFC 7515 §2).
var base64url = base64.RawURLEncoding.Strict()

// Open reads a token that was signed with the Issuer's key and is alive, and returns its claims. It fails with ErrInvalid
// or ErrExpired. Nothing of a token is believed before its signature is checked (RFC 8725 §3). What kind of token it is
// remains open: see Check, and ask whether its ID is revoked before.
func (i *Issuer) Open(encoded string) (Claims, error) {
	claims, err := i.decode(encoded)
	if err != nil {
		return Claims{}, err
	}
	if err := i.checkTime(claims, i.Now()); err != nil {
		return Claims{}, err
	}
	// After the expiry, so that a client learns first that its token is old.
	if !i.acceptsIssuer(claims) || !i.acceptsAudience(claims) {
		return Claims{}, ErrInvalid
	}
	if _, ok := textOnly(claims); !ok {
		return Claims{}, ErrInvalid
	}
	return claims, nil
}

// Check looks whether claims that Open returned are those of a token of the wanted type; Any takes every type, and none.
// It fails with ErrNoExpiry, ErrNoID, ErrNoType or ErrWrongType: the first that applies, in this order.
func (i *Issuer) Check(claims Claims, want Type) error {
	if _, ok := claims.Get("exp"); !ok {
		return ErrNoExpiry
	}
	if i.ID(claims) == "" {
		return ErrNoID
	}
	if want == Any {
		return nil
	}
	if _, ok := claims.Get(i.config.TypeClaim); !ok {
		return ErrNoType
	}
	if kind, ok := claims.Text(i.config.TypeClaim); !ok || kind != string(want) {
		return ErrWrongType
	}
	return nil
}

// ID returns what a token is revoked under: the text of its id claim, or where that is an empty text or no text its raw
// JSON, so that every token that Check lets through can be revoked. It is empty when the claim is missing or null.
func (i *Issuer) ID(claims Claims) string {
	raw, ok := claims.Get(i.config.IDClaim)
	if !ok || raw.Kind() == 'n' {
		return ""
	}
	if text, ok := claims.Text(i.config.IDClaim); ok && text != "" {
		return text
	}
	return string(raw)
}

// Expires returns the moment at which the last token of this id dies, leeway not counted; the zero time when its claims do
// not say. A sliding token lives on under its id: extended at the last moment, it dies a lifetime later, that of today or the
// one that it was issued with.
func (i *Issuer) Expires(claims Claims) time.Time {
	exp, ok := date(claims, "exp")
	if !ok {
		return time.Time{}
	}
	last := time.Unix(exp, 0).UTC()
	end, ok := date(claims, i.config.SlidingExpClaim)
	if !ok {
		return last
	}
	lifetime := i.config.SlidingLifetime
	if issued, ok := date(claims, "iat"); ok {
		const century = lastSecond / 100 // of seconds, give or take: a Duration holds three
		lifetime = max(lifetime, time.Duration(min(exp-max(issued, 0), century))*time.Second)
	}
	if extended := time.Unix(end, 0).UTC().Add(lifetime); extended.After(last) {
		return extended
	}
	return last
}

// decode checks shape, header and signature (RFC 7515 §5.2) and returns the claims.
func (i *Issuer) decode(encoded string) (Claims, error) {
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
// must be understood (RFC 7515 §4.1.11). The one extension known here is b64 (RFC 7797), in its default: whatever is not
// false, as PyJWT reads it.
func (i *Issuer) acceptsHeader(header Claims) bool {
	if alg, ok := header.Text("alg"); !ok || alg != i.key.method.Alg() {
		return false
	}
	if raw, ok := header.Get("kid"); ok && raw.Kind() != '"' {
		return false
	}
	b64, hasB64 := header.Get("b64")
	if hasB64 && b64.Kind() == 'f' {
		return false
	}
	if _, ok := header.Get("crit"); !ok {
		return true
	}
	crit, ok := header.texts("crit")
	return ok && hasB64 && len(crit) > 0 && !slices.ContainsFunc(crit, func(name string) bool { return name != "b64" })
}

// checkTime looks at iat, nbf and exp (RFC 7519 §4.1.4 to 4.1.6), in whole seconds.
func (i *Issuer) checkTime(claims Claims, now time.Time) error {
	for _, name := range []string{"iat", "nbf"} {
		if _, ok := claims.Get(name); !ok {
			continue
		}
		if at, ok := pythonInt(claims, name); !ok || at > now.Add(i.config.Leeway).Unix() {
			return ErrInvalid
		}
	}
	if _, ok := claims.Get("exp"); !ok {
		return nil
	}
	if exp, ok := pythonInt(claims, "exp"); ok && exp <= now.Add(-i.config.Leeway).Unix() {
		return ErrExpired
	}
	if _, ok := date(claims, "exp"); !ok {
		return ErrInvalid
	}
	return nil
}

// pythonInt reads a claim as Python's int does, and so SimpleJWT: a switch is 0 or 1, and a text of digits their number.
func pythonInt(claims Claims, name string) (int64, bool) {
	raw, _ := claims.Get(name)
	switch raw.Kind() {
	case 't':
		return 1, true
	case 'f':
		return 0, true
	case '"':
		text, ok := claims.Text(name)
		n, err := strconv.ParseInt(text, 10, 64)
		return n, ok && err == nil
	}
	return claims.Seconds(name)
}

// date returns a NumericDate that a calendar has.
func date(claims Claims, name string) (seconds int64, ok bool) {
	seconds, ok = claims.Seconds(name)
	return seconds, ok && seconds <= lastSecond
}

func (i *Issuer) acceptsIssuer(claims Claims) bool {
	if i.config.Issuer == "" {
		return true
	}
	issuer, ok := claims.Text("iss")
	return ok && issuer == i.config.Issuer
}

// acceptsAudience: aud is a text or a list of nothing but text, and has one of ours (RFC 7519 §4.1.3).
func (i *Issuer) acceptsAudience(claims Claims) bool {
	if len(i.config.Audience) == 0 {
		return true
	}
	if one, ok := claims.Text("aud"); ok {
		return slices.Contains(i.config.Audience, one)
	}
	several, ok := claims.texts("aud")
	return ok && slices.ContainsFunc(several, func(one string) bool { return slices.Contains(i.config.Audience, one) })
}

// textOnly says whether sub and jti are text where they are there (RFC 7519 §4.1.2 and 4.1.7), or names the one that is
// not.
func textOnly(claims Claims) (name string, ok bool) {
	for _, name := range []string{"sub", "jti"} {
		if raw, ok := claims.Get(name); ok && raw.Kind() != '"' {
			return name, false
		}
	}
	return "", true
}
