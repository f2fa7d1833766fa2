package password

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"

	"golang.org/x/crypto/bcrypt"
)

// Bounds of the cost of bcrypt, whose work doubles with each step: 12 is Django's, 16 takes some four seconds.
const (
	bcryptMinCost = 4
	bcryptMaxCost = 16
)

const (
	bcryptAlphabet  = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	bcryptSalt      = 22 // characters, for 16 bytes
	bcryptDigest    = 31 // characters, for 23 bytes
	bcryptMaxLength = 72 // bytes of the plaintext that bcrypt reads
)

// bcryptScheme is bcrypt of the plaintext itself, or of the hexadecimal SHA-256 of it. The versions 2a, 2b, 2x and 2y
// differ in bugs that old programs had; Django's check treats them alike, and so does this one.
type bcryptScheme struct {
	algorithm string // "bcrypt" or "bcrypt_sha256"
	version   string
	cost      int
}

// newBcrypt takes the algorithm and the cost: "bcrypt_sha256", "12".
func newBcrypt(fields []string) (scheme, bool) {
	if len(fields) != 2 {
		return nil, false
	}
	cost, ok := number(fields[1], bcryptMinCost, bcryptMaxCost)
	return bcryptScheme{fields[0], "2b", cost}, ok
}

// readBcrypt takes the algorithm, nothing, the version, the cost, and salt and digest in one.
func readBcrypt(fields []string) (stored, bool) {
	if len(fields) != 5 || fields[1] != "" || len(fields[4]) != bcryptSalt+bcryptDigest {
		return stored{}, false
	}
	switch fields[2] {
	case "2a", "2b", "2x", "2y":
	default:
		return stored{}, false
	}
	cost, ok := number(fields[3], bcryptMinCost, bcryptMaxCost)
	if !ok {
		return stored{}, false
	}
	salt := fields[4][:bcryptSalt]
	// Unused bits in the salt: Django fails on them, x/crypto takes them.
	if raw, err := bcryptEncoding().DecodeString(salt); err != nil || bcryptEncoding().EncodeToString(raw) != salt {
		return stored{}, false
	}
	digest, err := bcryptEncoding().DecodeString(fields[4][bcryptSalt:])
	return stored{bcryptScheme{fields[0], fields[2], cost}, salt, digest}, err == nil
}

func bcryptEncoding() *base64.Encoding {
	return base64.NewEncoding(bcryptAlphabet).WithPadding(base64.NoPadding)
}

func (s bcryptScheme) format() Format { return Format(s.algorithm + "$" + strconv.Itoa(s.cost)) }

func (s bcryptScheme) digestSize() int { return 23 }

func (s bcryptScheme) encode(salt string, digest []byte) string {
	return s.algorithm + "$" + s.crypt(salt, digest)
}

// crypt spells a hash as bcrypt itself does.
func (s bcryptScheme) crypt(salt string, digest []byte) string {
	return fmt.Sprintf("$%s$%02d$%s%s", s.version, s.cost, salt, bcryptEncoding().EncodeToString(digest))
}

func (s bcryptScheme) matches(plaintext, salt string, digest []byte) bool {
	key := []byte(plaintext)
	if s.algorithm == "bcrypt_sha256" {
		sum := sha256.Sum256(key)
		key = hex.AppendEncode(nil, sum[:])
	}
	// Django's plain bcrypt cuts here. x/crypto reads no further either, but only because of how Blowfish takes its key.
	key = key[:min(len(key), bcryptMaxLength)]
	return bcrypt.CompareHashAndPassword([]byte(s.crypt(salt, digest)), key) == nil
}
