package token

import (
	"crypto/rand"
	"encoding/hex"
)

// RandomID returns 128 random bits as 32 hex digits.
func RandomID() string {
	id := randomBytes()
	return hex.EncodeToString(id[:])
}

// RandomUUID returns a random UUID (RFC 9562 §5.4) as 32 hex digits without dashes: 122 random bits, in the form that
// SimpleJWT gives a jti.
func RandomUUID() string {
	id := randomBytes()
	id[6] = id[6]&0x0F | 0x40
	id[8] = id[8]&0x3F | 0x80
	return hex.EncodeToString(id[:])
}

func randomBytes() (b [16]byte) {
	rand.Read(b[:]) // crypto/rand.Read never fails: it ends the program instead
	return b
}
