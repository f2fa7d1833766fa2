package password_test

import (
	"strings"
	"testing"

	"example.com/tokenpair/password"
)

func TestFormats(t *testing.T) {
	argon2 := func(params string) string { return "argon2$argon2" + params + "$" + b64salt + "$" + b64hash }
	for want, encoded := range map[password.Format]string{
		"argon2$argon2id$v=19$m=102400,t=2,p=8":   argon2("id$v=19$m=102400,t=2,p=8"),
		"argon2$argon2id$v=19$m=131072,t=10,p=16": argon2("id$v=19$m=131072,t=10,p=16"),
		"argon2$argon2id$v=19$m=8,t=1,p=1":        argon2("id$v=19$m=8,t=1,p=1"),
		"argon2$argon2i$v=19$m=512,t=2,p=2":       argon2("i$v=19$m=512,t=2,p=2"),
		"pbkdf2_sha256$1":                         "pbkdf2_sha256$1$a$" + digest32,
		"pbkdf2_sha256$5000000":                   "pbkdf2_sha256$5000000$" + strings.Repeat("s", 128) + "$" + digest32,
		"pbkdf2_sha1$1000":                        "pbkdf2_sha1$1000$eR7ddURIBniwfsduIaZnSG$vBgLnO66pRpwjWy1sC61VXSXFZo=",
		"bcrypt$4":                                "bcrypt$$2y$04$" + bcrypted,
		"bcrypt$16":                               "bcrypt$$2x$16$" + bcrypted,
		"bcrypt_sha256$12":                        "bcrypt_sha256$$2a$12$" + bcrypted,
		"scrypt$16384$8$5":                        "scrypt$16384$" + salt22 + "$8$5$" + digest64,
		"scrypt$131072$8$4":                       "scrypt$131072$" + salt22 + "$8$4$" + digest64,
		"scrypt$2$1$1":                            "scrypt$2$a$1$1$" + digest64,
		"md5":                                     "md5$a$49fe5ec9a389b41d804cc3e2002abf5e",
	} {
		if got := password.FormatOf(encoded); got != want {
			t.Errorf("FormatOf(%q) = %q, want %q", encoded, got, want)
		}
	}
}

func TestMalformedIsRefused(t *testing.T) {
	// Each good hash is read as it is, and no longer once a piece of it is replaced by any of the others.
	for _, tt := range []struct {
		name, good string
		bad        map[string][]string
	}{
		{"argon2", "argon2$argon2id$v=19$m=64,t=1,p=1$" + b64salt + "$" + b64hash, map[string][]string{
			"argon2id": {"argon2d", "argon2ID", "argon2", ""},
			"v=19":     {"v=16", "v=13", "v=019", "v=+19", "v=19 ", "19", ""},
			"$v=19":    {""},
			"m=64": {"m=7", "m=0", "m=-64", "m=+64", "m=064", "m= 64", "m=6_4", "m=0x40", "m=٦٤", "m=131073", "m=4294967360",
				"m=18446744073709551680", "m=", "M=64"},
			"t=1":         {"t=0", "t=11", "t=4294967297", "t=-1", "t=01"},
			"p=1":         {"p=0", "p=17", "p=257", "p=9", "p=-1", "p=1,x=1", "p=1,", "p=1,keyid=AAAA", "p=1 "},
			"m=64,t=1":    {"t=1,m=64", "m=64", "m=64, t=1", "m=64,m=64,t=1"},
			b64salt:       {"", "c2hvcnRzYQ", b64salt + "==", b64salt + "\n", b64salt[:29] + "R", b64salt[:10] + "-_" + b64salt[12:], strings.Repeat("YWFh", 43)},
			b64hash:       {"", "AAAA", b64hash + "=", b64hash + "\n", b64hash[:20] + "\r\n" + b64hash[20:], b64hash[:42] + "B", b64hash + "$", strings.Repeat("AAAA", 22)},
			"argon2$argo": {"argon2$$argo", "argon2$ argo", "Argon2$argo"},
		}},
		{"pbkdf2_sha256", "pbkdf2_sha256$1000$" + salt22 + "$" + digest32, map[string][]string{
			"$1000$": {"$0$", "$-1$", "$+1000$", "$01000$", "$ 1000$", "$1000 $", "$1_000$", "$1e3$", "$0x3e8$", "$١٠٠٠$", "$1000.0$", "$5000001$", "$99999999999999999999$", "$$"},
			salt22:   {"", "a$b", strings.Repeat("s", 129), "\xff", "a\x80b"},
			digest32: {"", digest32[:43], digest32 + "\n", digest32[:22] + "\n" + digest32[22:], digest32 + "$", digest32 + "$x", digest32[:42] + "p=", digest32[:40] + "====", "vBgLnO66pRpwjWy1sC61VXSXFZo=", digest64, strings.Repeat("A", 400)},
			"sha256": {"sha512", "SHA256", "sha1", ""},
		}},
		{"bcrypt", "bcrypt$$2b$04$" + bcrypted, map[string][]string{
			"$04$":                  {"$4$", "$004$", "$03$", "$17$", "$31$", "$-4$", "$+4$", "$ 4$", "$4 $", "$4.$", "$$"},
			"2b":                    {"2", "2c", "3b", "2bb", ""},
			"bcrypt$$":              {"bcrypt$", "bcrypt$x$", "bcrypt$$$", "bcrypt_sha512$$"},
			bcrypted:                {"", bcrypted[:52], bcrypted + "x", bcrypted + "$", bcrypted[:52] + "\n", bcrypted[:52] + "+"},
			"HwV7dCQh7xNama.om/p07": {"HwV7dCQh7xNama.om/p0\n"},
			"p07e":                  {"p07f", "p07/"},
			"VeO":                   {"VeP"},
		}},
		{"scrypt", "scrypt$16$" + salt22 + "$8$1$" + digest64, map[string][]string{
			"$16$":   {"$0$", "$1$", "$15$", "$-16$", "$+16$", "$016$", "$262144$", "$1048576$", "$9223372036854775808$", "$16.0$", "$$"},
			"$8$":    {"$0$", "$33$", "$08$", "$-8$", "$1073741824$", "$$"},
			"$1$":    {"$0$", "$33$", "$01$", "$-1$", "$1073741824$", "$$"},
			salt22:   {"", "a$b", strings.Repeat("s", 129), "\xff"},
			digest64: {"", digest32, digest64 + "\n", digest64[:87], digest64 + "$", digest64[:85] + "h=="},
		}},
		{"md5", "md5$" + salt22 + "$49fe5ec9a389b41d804cc3e2002abf5e", map[string][]string{
			salt22: {"", "a$b", strings.Repeat("s", 129), "\xff"},
			"49fe": {"49FE", "49f", "49fe0", "49fg", "49fe$", " 49fe"},
			"bf5e": {"bf5e\n", "bf5e$"},
			"md5$": {"MD5$", "md5", " md5$", "md5$$"},
		}},
	} {
		if password.FormatOf(tt.good) == "" {
			t.Errorf("%s: the good one is not read: %q", tt.name, tt.good)
		}
		for piece, others := range tt.bad {
			if strings.Count(tt.good, piece) == 0 {
				t.Errorf("%s: no %q to replace", tt.name, piece)
			}
			for _, other := range others {
				refusedQuickly(t, tt.name, strings.Replace(tt.good, piece, other, 1))
			}
		}
		refusedQuickly(t, tt.name, tt.good+"\n")
		refusedQuickly(t, tt.name, " "+tt.good)
		refusedQuickly(t, tt.name, "!"+tt.good)
		// Where nothing but a short digest remains, and only argon2 has digests of several lengths: 16 bytes or more.
		for n := range strings.LastIndex(tt.good, "$") + 21 {
			refusedQuickly(t, tt.name, tt.good[:n])
		}
	}
}

func TestTogetherTooDear(t *testing.T) {
	for name, encoded := range map[string]string{
		"scrypt over 128 MiB":          "scrypt$65536$a$32$1$" + digest64,
		"scrypt too long":              "scrypt$131072$a$8$5$" + digest64,
		"scrypt n over 2^(16 r)":       "scrypt$65536$a$1$1$" + digest64,
		"argon2 under 8 KiB a lane":    "argon2$argon2id$v=19$m=64,t=1,p=9$" + b64salt + "$" + b64hash,
		"a long text":                  "md5$" + strings.Repeat("$", 1<<20),
		"a long salt with a good form": "md5$" + strings.Repeat("s", 1<<20) + "$49fe5ec9a389b41d804cc3e2002abf5e",
	} {
		refusedQuickly(t, name, encoded)
	}
}
