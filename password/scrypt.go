package password

import (
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/scrypt"
)

// Bounds of a scrypt hash (RFC 7914 §2). n·r is 1 KiB of memory for each eight, n·r·p is the time: the first allows 128
// MiB, the second six times what Django's 16384·8·5 takes, which is about as long as the dearest Argon2 and PBKDF2 that
// are read. r and p alone are bounded because the buffers beside the memory grow with r·p.
const (
	scryptMaxMemory   = 1 << 20 // n·r, in blocks of 128 bytes
	scryptMaxWork     = 1 << 22 // n·r·p
	scryptMaxR        = 32
	scryptMaxP        = 32
	scryptMinN        = 2
	scryptDigest      = 64
	scryptMaxNForOneR = 1<<16 - 1
)

type scryptScheme struct{ n, r, p int }

// newScrypt takes n, r and p: "16384", "8", "5".
func newScrypt(fields []string) (scheme, bool) {
	if len(fields) != 3 {
		return nil, false
	}
	n, okN := number(fields[0], scryptMinN, scryptMaxMemory)
	r, okR := number(fields[1], 1, scryptMaxR)
	p, okP := number(fields[2], 1, scryptMaxP)
	ok := okN && okR && okP && n&(n-1) == 0 && n*r <= scryptMaxMemory && n*r*p <= scryptMaxWork &&
		(r > 1 || n <= scryptMaxNForOneR) // n < 2^(16·r)
	return scryptScheme{n, r, p}, ok
}

func readScrypt(fields []string) (stored, bool) {
	if len(fields) != 6 {
		return stored{}, false
	}
	s, ok := newScrypt([]string{fields[1], fields[3], fields[4]})
	if !ok {
		return stored{}, false
	}
	digest, err := base64.StdEncoding.DecodeString(fields[5])
	return stored{s, fields[2], digest}, err == nil && len(digest) == scryptDigest
}

func (s scryptScheme) format() Format { return Format(fmt.Sprintf("scrypt$%d$%d$%d", s.n, s.r, s.p)) }

func (s scryptScheme) digestSize() int { return scryptDigest }

func (s scryptScheme) encode(salt string, digest []byte) string {
	return fmt.Sprintf("scrypt$%d$%s$%d$%d$%s", s.n, salt, s.r, s.p, base64.StdEncoding.EncodeToString(digest))
}

func (s scryptScheme) matches(plaintext, salt string, digest []byte) bool {
	derived, err := scrypt.Key([]byte(plaintext), []byte(salt), s.n, s.r, s.p, scryptDigest)
	return err == nil && equal(digest, derived)
}
