package password

import (
	"crypto/md5"
	"encoding/hex"
)

// md5Scheme is the MD5 of salt and plaintext. Django has it for the sake of fast tests and of very old rows.
type md5Scheme struct{}

func readMD5(fields []string) (stored, bool) {
	if len(fields) != 3 {
		return stored{}, false
	}
	digest, err := hex.DecodeString(fields[2])
	return stored{md5Scheme{}, fields[1], digest}, err == nil && len(digest) == md5.Size
}

func (md5Scheme) format() Format { return "md5" }

func (md5Scheme) digestSize() int { return md5.Size }

func (md5Scheme) encode(salt string, digest []byte) string {
	return "md5$" + salt + "$" + hex.EncodeToString(digest)
}

func (md5Scheme) matches(plaintext, salt string, digest []byte) bool {
	sum := md5.Sum([]byte(salt + plaintext))
	return equal(digest, sum[:])
}
