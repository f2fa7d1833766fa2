// Package password hashes and checks passwords in Django's encoded form, and makes every refused check cost the same.
// It knows nothing of users, storage or HTTP.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxLength is the longest plaintext that is hashed, in bytes.
const MaxLength = 4096

// ErrTooLong says that a plaintext has more than MaxLength bytes.
var ErrTooLong = errors.New("password: too long")

// The longest encoded hash that is read, in bytes, and the longest salt in it. Django's column holds 128 characters, its
// hashers write up to 167 when they are given a salt of 64.
const (
	maxEncoded = 512
	maxSalt    = 128
)

// saltLength is how many of saltAlphabet make 128 bits: log2(62) · 22 = 130.9, and 21 are too few.
const (
	saltLength   = 22
	saltAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// Format says how a hash is made: its algorithm and cost parameters, without salt and digest, such as
// "pbkdf2_sha256$1000000", "scrypt$16384$8$5" (n, r, p), "bcrypt_sha256$12" or "md5". Two hashes of one format cost the
// same work. "" is the format of a hash that is unusable or unreadable, so that no work can be done on it.
type Format string

const (
	// Argon2id is the format of new hashes unless another is asked for: 19 MiB, two passes, one lane.
	Argon2id Format = "argon2$argon2id$v=19$m=19456,t=2,p=1"
	// PBKDF2SHA256 is the format that Django 5.2 gives to new hashes.
	PBKDF2SHA256 Format = "pbkdf2_sha256$1000000"
)

// FormatOf returns the format of an encoded hash. It is "" when the hash is unusable ("!…"), empty, of an unknown
// algorithm, not spelled exactly as Django spells it, or when its parameters are out of the bounds that each family of
// formats sets. FormatOf derives nothing.
func FormatOf(encoded string) Format {
	stored, ok := read(encoded)
	if !ok {
		return ""
	}
	return stored.format()
}

// Hasher makes hashes of one format and checks hashes of any. The zero Hasher makes Argon2id. A Hasher is immutable and
// safe for concurrent use; how many derive at once is the business of a Pool.
type Hasher struct{ maker maker }

// NewHasher returns a Hasher that makes hashes of format f, which is argon2id or pbkdf2_sha256 with any parameters in
// bounds; every other format is refused.
func NewHasher(f Format) (Hasher, error) {
	parsed, ok := f.scheme()
	if !ok {
		return Hasher{}, fmt.Errorf("password: format %q is not known or out of bounds", f)
	}
	switch s := parsed.(type) {
	case argon2Scheme:
		if s.variant == "argon2id" {
			return Hasher{s}, nil
		}
	case pbkdf2Scheme:
		if s.digest == "sha256" {
			return Hasher{s}, nil
		}
	}
	return Hasher{}, fmt.Errorf("password: format %q is for old hashes only", f)
}

// Format returns the format of the hashes that h makes.
func (h Hasher) Format() Format { return h.scheme().format() }

func (h Hasher) scheme() maker {
	if h.maker == nil {
		s, _ := Argon2id.scheme() // a constant that is in bounds
		return s.(maker)
	}
	return h.maker
}

// Hash returns the encoded hash of plaintext with a salt of its own. It fails with ErrTooLong when plaintext has more
// than MaxLength bytes.
func (h Hasher) Hash(plaintext string) (string, error) {
	if len(plaintext) > MaxLength {
		return "", ErrTooLong
	}
	s, salt := h.scheme(), newSalt()
	digest, err := s.derive(plaintext, salt, s.digestSize())
	if err != nil {
		return "", fmt.Errorf("password: derive: %w", err)
	}
	return s.encode(salt, digest), nil
}

// Check reports whether plaintext is the password that encoded was made from. Digests are compared in constant time. A
// hash whose FormatOf is "" matches nothing and costs nothing, and neither does a plaintext of more than MaxLength bytes.
func (h Hasher) Check(plaintext, encoded string) bool {
	matches, _ := check(plaintext, encoded)
	return matches
}

// check also returns what it has derived with, nil when it has derived nothing.
func check(plaintext, encoded string) (matches bool, done scheme) {
	if len(plaintext) > MaxLength {
		return false, nil
	}
	stored, ok := read(encoded)
	if !ok {
		return false, nil
	}
	return stored.matches(plaintext, stored.salt, stored.digest), stored.scheme
}

// Outdated reports whether a hash that has just been checked should be made anew: it has another format than h makes, in
// either direction, or a salt of less than 128 bits, or a digest of another length. A hash whose FormatOf is "" is not
// outdated: no password matches it, so there is nothing to make it anew from.
func (h Hasher) Outdated(encoded string) bool {
	stored, ok := read(encoded)
	if !ok {
		return false
	}
	s := h.scheme()
	return stored.format() != s.format() ||
		utf8.RuneCountInString(stored.salt) < saltLength ||
		len(stored.digest) != s.digestSize()
}

// A scheme is one algorithm with its cost parameters, all in bounds. Each family of formats has one type of scheme;
// schemes are comparable.
type scheme interface {
	format() Format
	// digestSize is the length of the digests that Django writes, in bytes.
	digestSize() int
	// encode spells a hash as Django does.
	encode(salt string, digest []byte) string
	// matches does the scheme's whole work, whatever salt and digest are.
	matches(plaintext, salt string, digest []byte) bool
}

// A maker is a scheme that new hashes can be made with.
type maker interface {
	scheme
	derive(plaintext, salt string, size int) ([]byte, error)
}

// stored is an encoded hash, read.
type stored struct {
	scheme
	salt   string
	digest []byte
}

func read(encoded string) (stored, bool) {
	if len(encoded) > maxEncoded || !utf8.ValidString(encoded) {
		return stored{}, false
	}
	var s stored
	var ok bool
	switch fields := strings.Split(encoded, "$"); fields[0] {
	case "argon2":
		s, ok = readArgon2(fields)
	case "pbkdf2_sha256", "pbkdf2_sha1":
		s, ok = readPBKDF2(fields)
	case "bcrypt", "bcrypt_sha256":
		s, ok = readBcrypt(fields)
	case "scrypt":
		s, ok = readScrypt(fields)
	case "md5":
		s, ok = readMD5(fields)
	}
	// Django compares the whole encoded text with what it would have written itself, so a hash has one spelling: a leading
	// zero, a line break in the base64 or unused bits that are set never match there, and are not read here.
	if !ok || s.salt == "" || len(s.salt) > maxSalt || s.encode(s.salt, s.digest) != encoded {
		return stored{}, false
	}
	return s, true
}

// scheme reads the scheme that f names.
func (f Format) scheme() (scheme, bool) {
	if len(f) > maxEncoded {
		return nil, false
	}
	var s scheme
	var ok bool
	switch fields := strings.Split(string(f), "$"); fields[0] {
	case "argon2":
		s, ok = newArgon2(fields[1:])
	case "pbkdf2_sha256", "pbkdf2_sha1":
		s, ok = newPBKDF2(fields)
	case "bcrypt", "bcrypt_sha256":
		s, ok = newBcrypt(fields)
	case "scrypt":
		s, ok = newScrypt(fields[1:])
	case "md5":
		s, ok = md5Scheme{}, true
	}
	if !ok || s.format() != f {
		return nil, false
	}
	return s, true
}

// number reads a decimal number within bounds. Its length is bounded so that no number overflows.
func number(text string, low, high int) (int, bool) {
	if len(text) > 9 {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && low <= n && n <= high
}

func equal(digest, derived []byte) bool {
	return len(digest) > 0 && subtle.ConstantTimeCompare(digest, derived) == 1
}

func newSalt() string {
	salt := make([]byte, 0, saltLength)
	var random [2 * saltLength]byte
	for {
		rand.Read(random[:]) // never fails
		for _, b := range random {
			// 248 is the largest multiple of 62 that a byte can pass: above it the first letters would come more often.
			if b >= 248 {
				continue
			}
			if salt = append(salt, saltAlphabet[int(b)%len(saltAlphabet)]); len(salt) == saltLength {
				return string(salt)
			}
		}
	}
}
