package password_test

import (
	"testing"

	"example.com/tokenpair/password"
)

// BenchmarkCheck checks a wrong password on a hash of each format that Django writes or wrote.
func BenchmarkCheck(b *testing.B) {
	for _, bb := range []struct{ name, encoded string }{
		{"argon2id", mustHash(b, password.Argon2id, "secret")},
		{"argon2id_django", "argon2$argon2id$v=19$m=102400,t=2,p=8$" + b64salt + "$" + b64hash},
		{"argon2i_django_before_3.2", "argon2$argon2i$v=19$m=512,t=2,p=2$d05XTXhGUUczTjZNY3lmNUZRQUlCdA$3NJJ6HfMFYb92/piwRz5EA"},
		{"pbkdf2_sha256_1000000", "pbkdf2_sha256$1000000$" + salt22 + "$" + digest32},
		{"pbkdf2_sha1_1000000", "pbkdf2_sha1$1000000$eR7ddURIBniwfsduIaZnSG$vBgLnO66pRpwjWy1sC61VXSXFZo="},
		{"bcrypt_12", "bcrypt$$2b$12$" + bcrypted},
		{"bcrypt_sha256_12", "bcrypt_sha256$$2b$12$" + bcrypted},
		{"scrypt_16384_8_5", "scrypt$16384$" + salt22 + "$8$5$" + digest64},
		{"md5", "md5$" + salt22 + "$49fe5ec9a389b41d804cc3e2002abf5e"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var h password.Hasher
			b.ReportAllocs()
			for b.Loop() {
				if h.Check("wrong", bb.encoded) {
					b.Fatal("the wrong password matches")
				}
			}
		})
	}
}

func BenchmarkFormatOf(b *testing.B) {
	for b.Loop() {
		if password.FormatOf("argon2$argon2id$v=19$m=102400,t=2,p=8$"+b64salt+"$"+b64hash) == "" {
			b.Fatal("not read")
		}
	}
}
