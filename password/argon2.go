package password

import (
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// Bounds of an Argon2 hash (RFC 9106 §3.1). A hash may ask for 128 MiB, a quarter more than Django's own 100, and for the
// time of a few PBKDF2SHA256. Like the reference implementation, it takes 8 KiB a lane or more and salts of 8 bytes or
// more; unlike it, no digest shorter than the 16 bytes that Django wrote before 3.2.
const (
	argon2MaxMemory = 128 << 10 // KiB
	argon2MaxPasses = 10
	argon2MaxLanes  = 16
	argon2MinSalt   = 8
	argon2MinDigest = 16
	argon2MaxDigest = 64
)

// argon2Scheme is argon2id or argon2i, version 19. argon2d is in no library that this package may use.
type argon2Scheme struct {
	variant               string
	memory, passes, lanes int // KiB, times, threads
}

// newArgon2 takes the variant, the version and the parameters: "argon2id", "v=19", "m=19456,t=2,p=1".
func newArgon2(fields []string) (scheme, bool) {
	if len(fields) != 3 || fields[0] != "argon2id" && fields[0] != "argon2i" || fields[1] != "v=19" {
		return nil, false
	}
	s := argon2Scheme{variant: fields[0]}
	// Sscanf is lenient about signs and zeros; the one spelling that format writes is checked by the caller.
	if _, err := fmt.Sscanf(fields[2], "m=%d,t=%d,p=%d", &s.memory, &s.passes, &s.lanes); err != nil {
		return nil, false
	}
	ok := 1 <= s.lanes && s.lanes <= argon2MaxLanes &&
		8*s.lanes <= s.memory && s.memory <= argon2MaxMemory &&
		1 <= s.passes && s.passes <= argon2MaxPasses
	return s, ok
}

func readArgon2(fields []string) (stored, bool) {
	if len(fields) != 6 {
		return stored{}, false
	}
	s, ok := newArgon2(fields[1:4])
	if !ok {
		return stored{}, false
	}
	salt, err := base64.RawStdEncoding.DecodeString(fields[4])
	if err != nil || len(salt) < argon2MinSalt {
		return stored{}, false
	}
	digest, err := base64.RawStdEncoding.DecodeString(fields[5])
	if err != nil || len(digest) < argon2MinDigest || len(digest) > argon2MaxDigest {
		return stored{}, false
	}
	return stored{s, string(salt), digest}, true
}

func (s argon2Scheme) format() Format {
	return Format(fmt.Sprintf("argon2$%s$v=%d$m=%d,t=%d,p=%d", s.variant, argon2.Version, s.memory, s.passes, s.lanes))
}

func (s argon2Scheme) digestSize() int { return 32 }

func (s argon2Scheme) encode(salt string, digest []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return string(s.format()) + "$" + b64([]byte(salt)) + "$" + b64(digest)
}

func (s argon2Scheme) derive(plaintext, salt string, size int) ([]byte, error) {
	key := argon2.IDKey
	if s.variant == "argon2i" {
		key = argon2.Key
	}
	return key([]byte(plaintext), []byte(salt), uint32(s.passes), uint32(s.memory), uint8(s.lanes), uint32(size)), nil
}

func (s argon2Scheme) matches(plaintext, salt string, digest []byte) bool {
	derived, err := s.derive(plaintext, salt, len(digest))
	return err == nil && equal(digest, derived)
}
