package token

import (
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// MinKeyBytes is the shortest key that HS256 takes: as long as its hash (RFC 7518 §3.2).
const MinKeyBytes = 32

// ErrShortKey: a key is shorter than its algorithm needs.
var ErrShortKey = errors.New("signing key is too short")

// Key signs and verifies with one algorithm. A Key that exists is usable; it is safe for concurrent use.
type Key struct {
	method jwt.SigningMethod
	secret []byte
	header string // base64url of the JOSE header, the same for every token
}

// NewHS256 makes a key for HMAC with SHA-256 (RFC 7518 §3.2) from at least MinKeyBytes bytes, and fails with
// ErrShortKey on fewer.
func NewHS256(secret []byte) (Key, error) {
	if len(secret) < MinKeyBytes {
		return Key{}, fmt.Errorf("%w: %d bytes where HS256 needs %d", ErrShortKey, len(secret), MinKeyBytes)
	}
	var header Claims
	header.SetText("alg", jwt.SigningMethodHS256.Alg())
	header.SetText("typ", "JWT")
	encoded, err := header.MarshalJSON()
	if err != nil {
		return Key{}, fmt.Errorf("encode header: %w", err)
	}
	return Key{jwt.SigningMethodHS256, append([]byte(nil), secret...), base64url.EncodeToString(encoded)}, nil
}

// sign returns the token in compact serialization (RFC 7515 §7.1).
func (k Key) sign(claims Claims) (string, error) {
	payload, err := claims.MarshalJSON()
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	message := k.header + "." + base64url.EncodeToString(payload)
	signature, err := k.method.Sign(message, k.secret)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return message + "." + base64url.EncodeToString(signature), nil
}

// verify says whether the signature of message is this key's, in constant time.
func (k Key) verify(message string, signature []byte) bool {
	return k.method.Verify(message, signature, k.secret) == nil
}
