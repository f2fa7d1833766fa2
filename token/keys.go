package token

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// The reasons for which ParseKey refuses. No error holds anything of a key.
var (
	ErrUnknownAlgorithm = errors.New("algorithm is not known")
	ErrShortKey         = errors.New("signing key is too short")
	ErrSigningKey       = errors.New("signing key cannot be used")
	ErrVerifyingKey     = errors.New("verifying key cannot be used")
)

// minRSABits is the shortest modulus of an RSA key (RFC 7518 §3.3 and §3.5).
const minRSABits = 2048

// Key signs and verifies with one algorithm. A Key that ParseKey made is usable; it is safe for concurrent use.
type Key struct {
	method    jwt.SigningMethod
	signing   any    // as the method wants it: secret or private key
	verifying any    // the same secret, or the public key
	header    string // base64url of the JOSE header, the same for every token
}

// Algorithms lists the algorithms that ParseKey knows, as a token's header names them (RFC 7518 §3.1, RFC 8037 §3.1).
func Algorithms() []string {
	return []string{
		"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
	}
}

func signingMethod(algorithm string) jwt.SigningMethod {
	switch algorithm {
	case "HS256":
		return jwt.SigningMethodHS256
	case "HS384":
		return jwt.SigningMethodHS384
	case "HS512":
		return jwt.SigningMethodHS512
	case "RS256":
		return jwt.SigningMethodRS256
	case "RS384":
		return jwt.SigningMethodRS384
	case "RS512":
		return jwt.SigningMethodRS512
	case "PS256":
		return strictPSS(jwt.SigningMethodPS256)
	case "PS384":
		return strictPSS(jwt.SigningMethodPS384)
	case "PS512":
		return strictPSS(jwt.SigningMethodPS512)
	case "ES256":
		return jwt.SigningMethodES256
	case "ES384":
		return jwt.SigningMethodES384
	case "ES512":
		return jwt.SigningMethodES512
	case "EdDSA":
		return jwt.SigningMethodEdDSA
	}
	return nil
}

// strictPSS verifies a salt as long as the hash only (RFC 7518 §3.5); the library's own method takes any length.
func strictPSS(lax *jwt.SigningMethodRSAPSS) jwt.SigningMethod {
	return &jwt.SigningMethodRSAPSS{SigningMethodRSA: lax.SigningMethodRSA, Options: lax.Options}
}

// ParseKey makes the key of an algorithm. HS256, HS384 and HS512 take the bytes of signing as their secret, at least
// 32, 48 or 64 of them (RFC 7518 §3.2), and ignore verifying. The others take a private key in PEM: PKCS#8, for RSA also
// PKCS#1, for ES256, ES384 and ES512 also SEC1; EdDSA is Ed25519. Their verifying is the public key of signing in PEM
// (PKIX, PKCS#1 or an X.509 certificate), or blank to derive it. It fails with ErrUnknownAlgorithm, ErrShortKey,
// ErrSigningKey or ErrVerifyingKey and says what would help.
func ParseKey(algorithm string, signing, verifying []byte) (Key, error) {
	method := signingMethod(algorithm)
	if method == nil {
		return Key{}, fmt.Errorf("%w: use one of %s", ErrUnknownAlgorithm, strings.Join(Algorithms(), ", "))
	}
	if mac, ok := method.(*jwt.SigningMethodHMAC); ok {
		if err := checkSecret(mac, signing); err != nil {
			return Key{}, err
		}
		secret := bytes.Clone(signing)
		return newKey(method, secret, secret), nil
	}
	private, err := parsePrivateKey(method, signing)
	if err != nil {
		return Key{}, err
	}
	public, err := parsePublicKey(verifying, private.Public())
	if err != nil {
		return Key{}, err
	}
	return newKey(method, private, public), nil
}

func newKey(method jwt.SigningMethod, signing, verifying any) Key {
	var header Claims
	header.SetText("alg", method.Alg())
	header.SetText("typ", "JWT")
	encoded, _ := header.MarshalJSON() // it never fails
	return Key{method, signing, verifying, base64url.EncodeToString(encoded)}
}

// checkSecret: a public key as HMAC secret would let everybody sign (RFC 8725 §2.1), and a private one is there by
// mistake.
func checkSecret(method *jwt.SigningMethodHMAC, secret []byte) error {
	if least := method.Hash.Size(); len(secret) < least {
		return fmt.Errorf("%w: %d bytes where %s needs %d (RFC 7518 §3.2); make one with: openssl rand -hex %d",
			ErrShortKey, len(secret), method.Name, least, least)
	}
	if looksLikeKeyFile(secret) {
		return fmt.Errorf("%w: it is a key file (PEM, SSH or JWK) and %s needs a random secret; "+
			"set ALGORITHM to that of the key, or another SIGNING_KEY", ErrSigningKey, method.Name)
	}
	return nil
}

func looksLikeKeyFile(secret []byte) bool {
	marks := []string{
		"-----BEGIN ", "---- BEGIN ", "ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-nistp", "-cert-v01@openssh.com",
	}
	if slices.ContainsFunc(marks, func(mark string) bool { return bytes.Contains(secret, []byte(mark)) }) {
		return true
	}
	jwk, err := ParseClaims(secret)
	_, ok := jwk.Get("kty")
	return err == nil && ok
}

// Algorithm returns the name of the key's algorithm, as a token's header has it; of a Key that is none it is empty.
func (k Key) Algorithm() string {
	if k.method == nil {
		return ""
	}
	return k.method.Alg()
}

// sign returns the token in compact serialization (RFC 7515 §7.1).
func (k Key) sign(claims Claims) (string, error) {
	payload, _ := claims.MarshalJSON() // it never fails
	message := k.header + "." + base64url.EncodeToString(payload)
	signature, err := k.method.Sign(message, k.signing)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return message + "." + base64url.EncodeToString(signature), nil
}

// verify says whether the signature of message is this key's, in constant time where that matters.
func (k Key) verify(message string, signature []byte) bool {
	return k.method.Verify(message, signature, k.verifying) == nil
}
