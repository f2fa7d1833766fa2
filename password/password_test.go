package password_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/password"
)

// cheap is a format for tests that are not about cost.
const cheap password.Format = "pbkdf2_sha256$10"

// Pieces of stored hashes.
const (
	salt22   = "h5Hdvz8Df6rrRFOxtsfV3s"
	digest32 = "C5Pnwpt44rKggr9fJNU2EYLNXj33DBJ9b5GS65zIZ8o="
	digest64 = "8yOyHvkYhv2yVz71m+fL8jcPQTomxN0U8uac3S0kuoFcT7TavGeX4yxpK7UDmQVGk75umxwsQldH6TOqJlAKXg=="
	b64salt  = "S2NpRno0Y21HZDJqRU1kb0QzRDJoZQ"
	b64hash  = "eqb8Q6Worqy1qGP9o62AraBV9y1G8J2ndEiFhyb1VwA"
	bcrypted = "HwV7dCQh7xNama.om/p07encf7VgUQbpSG2VxMb.omtSYdKU7uVeO"
)

func newHasher(tb testing.TB, f password.Format) password.Hasher {
	tb.Helper()
	h, err := password.NewHasher(f)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func mustHash(tb testing.TB, f password.Format, plaintext string) string {
	tb.Helper()
	encoded, err := newHasher(tb, f).Hash(plaintext)
	if err != nil {
		tb.Fatal(err)
	}
	return encoded
}

func TestHashThenCheck(t *testing.T) {
	shapes := map[password.Format]string{
		password.Argon2id: `^argon2\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{30}\$[A-Za-z0-9+/]{43}$`,
		cheap:             `^pbkdf2_sha256\$10\$[A-Za-z0-9]{22}\$[A-Za-z0-9+/]{43}=$`,
	}
	for f, shape := range shapes {
		t.Run(string(f), func(t *testing.T) {
			h := newHasher(t, f)
			for _, plaintext := range []string{"", "correct horse", "pässwörd→✓😀", "a\x00b", strings.Repeat("x", password.MaxLength)} {
				encoded, err := h.Hash(plaintext)
				if err != nil {
					t.Fatal(err)
				}
				if !regexp.MustCompile(shape).MatchString(encoded) {
					t.Errorf("Hash wrote %q, want %s", encoded, shape)
				}
				if !h.Check(plaintext, encoded) || h.Check(plaintext+"x", encoded) {
					t.Errorf("%.20q: Check does not tell it from another", plaintext)
				}
				if h.Outdated(encoded) || password.FormatOf(encoded) != f || h.Format() != f {
					t.Errorf("%q is not of format %q", encoded, f)
				}
			}
		})
	}
}

func TestZeroHasherMakesArgon2id(t *testing.T) {
	var h password.Hasher
	encoded, err := h.Hash("secret")
	if err != nil || password.FormatOf(encoded) != password.Argon2id || h.Format() != password.Argon2id {
		t.Errorf("Hash = %q, %v", encoded, err)
	}
}

func TestTooLong(t *testing.T) {
	h, long := newHasher(t, cheap), strings.Repeat("x", password.MaxLength+1)
	if _, err := h.Hash(long); !errors.Is(err, password.ErrTooLong) {
		t.Errorf("Hash = %v, want ErrTooLong", err)
	}
	// The cut at 72 bytes would make this match, were it hashed.
	yes := "bcrypt$$2b$04$PXNhoI8KcdD.BrcMtWjVPe1hiheO3Tm3nb8JG.HBdgZRkDBUPcp0a"
	if h.Check(strings.Repeat("y", password.MaxLength+1), yes) || !h.Check(strings.Repeat("y", password.MaxLength), yes) {
		t.Error("the limit of a check is not MaxLength")
	}
}

func TestSaltsAreUnbiased(t *testing.T) {
	const hashes = 3000
	h, count := newHasher(t, "pbkdf2_sha256$1"), map[rune]int{}
	seen := map[string]bool{}
	for range hashes {
		encoded, err := h.Hash("")
		if err != nil {
			t.Fatal(err)
		}
		salt := strings.Split(encoded, "$")[2]
		if seen[salt] {
			t.Fatalf("salt %q came twice", salt)
		}
		seen[salt] = true
		for _, c := range salt {
			count[c]++
		}
	}
	// 1065 of each are expected, with a deviation of 32: the bias of a plain remainder would give 1289 to eight of them.
	for c, n := range count {
		if n < 865 || n > 1265 {
			t.Errorf("%q came %d times", c, n)
		}
	}
	if len(count) != 62 {
		t.Errorf("%d characters in salts, want 62", len(count))
	}
}

func TestNewHasher(t *testing.T) {
	for f, ok := range map[password.Format]bool{
		password.Argon2id:                         true,
		password.PBKDF2SHA256:                     true,
		cheap:                                     true,
		"argon2$argon2id$v=19$m=8,t=1,p=1":        true,
		"pbkdf2_sha256$5000000":                   true,
		"pbkdf2_sha256$5000001":                   false,
		"pbkdf2_sha256$0":                         false,
		"pbkdf2_sha256$010":                       false,
		"pbkdf2_sha256$":                          false,
		"pbkdf2_sha256":                           false,
		"pbkdf2_sha256$10$":                       false,
		"pbkdf2_sha1$10":                          false,
		"argon2$argon2i$v=19$m=19456,t=2,p=1":     false,
		"argon2$argon2id$v=16$m=19456,t=2,p=1":    false,
		"argon2$argon2id$v=19$m=19456,t=2,p=1 ":   false,
		"argon2$argon2id$v=19$m=19456,t=2,p=1$":   false,
		"argon2$argon2id$v=19$m=131073,t=2,p=1":   false,
		"argon2$argon2id$v=19$m=19456,t=2":        false,
		"bcrypt$12":                               false,
		"scrypt$16384$8$5":                        false,
		"md5":                                     false,
		"":                                        false,
		"argon2":                                  false,
		password.Format(strings.Repeat("$", 1e6)): false,
	} {
		if _, err := password.NewHasher(f); (err == nil) != ok {
			t.Errorf("NewHasher(%.50q) = %v, want ok %v", f, err, ok)
		}
	}
}

func TestOutdated(t *testing.T) {
	argon2 := func(params, salt, hash string) string {
		return "argon2$argon2id$v=19$" + params + "$" + salt + "$" + hash
	}
	for _, tt := range []struct {
		name    string
		format  password.Format
		encoded string
		want    bool
	}{
		{"same", "pbkdf2_sha256$1000", "pbkdf2_sha256$1000$" + salt22 + "$" + digest32, false},
		{"fewer rounds", "pbkdf2_sha256$1000", "pbkdf2_sha256$999$" + salt22 + "$" + digest32, true},
		{"more rounds", "pbkdf2_sha256$1000", "pbkdf2_sha256$1001$" + salt22 + "$" + digest32, true},
		{"short salt", "pbkdf2_sha256$1000", "pbkdf2_sha256$1000$" + salt22[:21] + "$" + digest32, true},
		{"long salt", "pbkdf2_sha256$1000", "pbkdf2_sha256$1000$" + salt22 + "x$" + digest32, false},
		{"other algorithm", password.Argon2id, "pbkdf2_sha256$1000$" + salt22 + "$" + digest32, true},
		{"argon2id", password.Argon2id, argon2("m=19456,t=2,p=1", b64salt, b64hash), false},
		{"Django's argon2id", password.Argon2id, argon2("m=102400,t=2,p=8", b64salt, b64hash), true},
		{"argon2id, short salt", password.Argon2id, argon2("m=19456,t=2,p=1", "c2hvcnRzYWw", b64hash), true},
		{"argon2id, short digest", password.Argon2id, argon2("m=19456,t=2,p=1", b64salt, "3NJJ6HfMFYb92/piwRz5EA"), true},
		{"bcrypt", password.Argon2id, "bcrypt$$2b$04$" + bcrypted, true},
		{"scrypt", password.Argon2id, "scrypt$16384$" + salt22 + "$8$5$" + digest64, true},
		{"md5", password.Argon2id, "md5$" + salt22 + "$49fe5ec9a389b41d804cc3e2002abf5e", true},
		{"unusable", password.Argon2id, "!aaaa", false},
		{"empty", password.Argon2id, "", false},
		{"unreadable", password.Argon2id, "sha1$abc$9bc34549d565d9505b287de0cd20ac77be1d3f2c", false},
	} {
		if got := newHasher(t, tt.format).Outdated(tt.encoded); got != tt.want {
			t.Errorf("%s: Outdated(%q) = %v", tt.name, tt.encoded, got)
		}
	}
}

// refusedQuickly fails if a hash is read, or if anything is derived from it.
func refusedQuickly(t *testing.T, name, encoded string) {
	t.Helper()
	var h password.Hasher
	start := time.Now()
	if f := password.FormatOf(encoded); f != "" {
		t.Errorf("%s: FormatOf(%.150q) = %q", name, encoded, f)
		return
	}
	if h.Check("", encoded) {
		t.Errorf("%s: Check took %.150q", name, encoded)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("%s: refused after %s", name, took)
	}
}
