package password

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// pbkdf2MaxRounds bounds what a stored hash may ask for: five times Django 5.2's own, about a second.
const pbkdf2MaxRounds = 5_000_000

// pbkdf2Scheme is PBKDF2 with HMAC (RFC 8018 §5.2). Its digest is "sha256" or "sha1".
type pbkdf2Scheme struct {
	digest string
	rounds int
}

// newPBKDF2 takes the algorithm and the rounds: "pbkdf2_sha256", "1000000".
func newPBKDF2(fields []string) (scheme, bool) {
	if len(fields) != 2 {
		return nil, false
	}
	rounds, ok := number(fields[1], 1, pbkdf2MaxRounds)
	return pbkdf2Scheme{strings.TrimPrefix(fields[0], "pbkdf2_"), rounds}, ok
}

func readPBKDF2(fields []string) (stored, bool) {
	if len(fields) != 4 {
		return stored{}, false
	}
	s, ok := newPBKDF2(fields[:2])
	if !ok {
		return stored{}, false
	}
	digest, err := base64.StdEncoding.DecodeString(fields[3])
	return stored{s, fields[2], digest}, err == nil && len(digest) == s.digestSize()
}

func (s pbkdf2Scheme) format() Format {
	return Format("pbkdf2_" + s.digest + "$" + strconv.Itoa(s.rounds))
}

func (s pbkdf2Scheme) digestSize() int {
	if s.digest == "sha1" {
		return sha1.Size
	}
	return sha256.Size
}

func (s pbkdf2Scheme) encode(salt string, digest []byte) string {
	return string(s.format()) + "$" + salt + "$" + base64.StdEncoding.EncodeToString(digest)
}

// derive fails only where the process is held to FIPS 140, which takes neither SHA-1 nor a short salt.
func (s pbkdf2Scheme) derive(plaintext, salt string, size int) ([]byte, error) {
	if s.digest == "sha1" {
		return pbkdf2.Key(sha1.New, plaintext, []byte(salt), s.rounds, size)
	}
	return pbkdf2.Key(sha256.New, plaintext, []byte(salt), s.rounds, size)
}

func (s pbkdf2Scheme) matches(plaintext, salt string, digest []byte) bool {
	derived, err := s.derive(plaintext, salt, len(digest))
	return err == nil && equal(digest, derived)
}
