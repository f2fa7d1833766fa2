package password

import (
	"slices"
	"sync"
	"testing"
	"time"
)

func schemeOf(t *testing.T, f Format) scheme {
	t.Helper()
	if f == "" {
		return nil
	}
	s, ok := f.scheme()
	if !ok {
		t.Fatalf("no format %q", f)
	}
	return s
}

// djangos is what Django gives to new hashes where Argon2 is preferred: eight lanes.
const djangos Format = "argon2$argon2id$v=19$m=102400,t=2,p=8"

// TestMissing needs no clock: the costs, in rounds, are those of the table.
func TestMissing(t *testing.T) {
	table := map[Format]int{
		Argon2id:                                125_000,
		djangos:                                 550_000,
		"argon2$argon2i$v=19$m=512,t=2,p=2":     5_000,
		"argon2$argon2id$v=19$m=51200,t=2,p=8":  275_000,
		"argon2$argon2id$v=19$m=102400,t=1,p=8": 549_999,
		"bcrypt_sha256$12":                      1_150_000,
		"bcrypt$16":                             18_500_000,
		"scrypt$16384$8$5":                      1_000_000,
		"scrypt$2$1$1":                          10,
		"md5":                                   0,
	}
	cost := func(s scheme) int {
		if p, ok := s.(pbkdf2Scheme); ok {
			if p.digest == "sha1" {
				return p.rounds * 8 / 10
			}
			return p.rounds
		}
		n, ok := table[s.format()]
		if !ok {
			t.Fatalf("the cost of %q was asked for", s.format())
		}
		return n
	}
	type formats = []Format
	const old, sha1, half Format = "pbkdf2_sha256$260000", "pbkdf2_sha1$260000", "argon2$argon2id$v=19$m=51200,t=2,p=8"
	for _, tt := range []struct {
		name          string
		spent         Format
		present, want formats
	}{
		{"nothing hashed", "", formats{PBKDF2SHA256}, formats{PBKDF2SHA256}},
		{"nothing hashed, several", "", formats{Argon2id, PBKDF2SHA256, old}, formats{PBKDF2SHA256}},
		{"nothing hashed, the last is dearest", "", formats{Argon2id, old, "bcrypt_sha256$12"}, formats{"bcrypt_sha256$12"}},
		{"next to nothing hashed", "md5", formats{"md5", "bcrypt_sha256$12"}, formats{"bcrypt_sha256$12"}},
		{"next to nothing, other", "scrypt$2$1$1", formats{"scrypt$2$1$1", Argon2id}, formats{Argon2id}},
		{"the dearest", PBKDF2SHA256, formats{Argon2id, PBKDF2SHA256}, nil},
		{"the only one", "bcrypt_sha256$12", formats{"bcrypt_sha256$12"}, nil},
		{"dearer than any present", "bcrypt_sha256$12", formats{Argon2id}, nil},
		{"missing rounds", old, formats{old, PBKDF2SHA256}, formats{"pbkdf2_sha256$740000"}},
		{"one missing round", "pbkdf2_sha256$999999", formats{PBKDF2SHA256}, formats{"pbkdf2_sha256$1"}},
		{"next to no rounds", "pbkdf2_sha256$10", formats{PBKDF2SHA256}, formats{"pbkdf2_sha256$999990"}},
		{"more rounds than present", PBKDF2SHA256, formats{old}, nil},
		{"missing rounds of SHA-1", "pbkdf2_sha1$1000", formats{sha1, "pbkdf2_sha1$1000"}, formats{"pbkdf2_sha1$259000"}},
		{"SHA-1 to SHA-256", sha1, formats{sha1, old}, formats{"pbkdf2_sha256$26000"}},
		{"SHA-256 to SHA-1", "pbkdf2_sha256$10000", formats{sha1}, formats{"pbkdf2_sha256$148000"}},
		{"argon2id to PBKDF2", Argon2id, formats{Argon2id, PBKDF2SHA256}, formats{"pbkdf2_sha256$825000"}},
		{"PBKDF2 to argon2id", "pbkdf2_sha256$10000", formats{Argon2id}, formats{"pbkdf2_sha256$65000"}},
		{"argon2id to bcrypt", Argon2id, formats{"bcrypt_sha256$12"}, formats{"pbkdf2_sha256$975000"}},
		{"scrypt to bcrypt", "scrypt$16384$8$5", formats{Argon2id, "bcrypt_sha256$12"}, formats{"pbkdf2_sha256$100000"}},
		// The rounds that fill are not bound by what a stored hash may ask for.
		{"many rounds", "scrypt$16384$8$5", formats{"bcrypt$16"}, formats{"pbkdf2_sha256$17450000"}},

		{"lanes alone, nothing hashed", "", formats{djangos}, formats{djangos}},
		{"lanes alone", djangos, formats{djangos}, nil},
		{"both kinds, nothing hashed", "", formats{djangos, Argon2id, old}, formats{old, djangos}},
		{"both kinds, md5", "md5", formats{"md5", djangos, Argon2id}, formats{Argon2id, djangos}},
		{"both kinds, the dearest of one lane", PBKDF2SHA256, formats{djangos, PBKDF2SHA256}, formats{djangos}},
		{"both kinds, less than that", Argon2id, formats{Argon2id, djangos, PBKDF2SHA256}, formats{"pbkdf2_sha256$825000", djangos}},
		{"both kinds, the lanes", djangos, formats{Argon2id, djangos}, formats{Argon2id}},
		{"both kinds, lesser lanes", half, formats{half, Argon2id, djangos}, formats{Argon2id, half}},
		{"few lanes to many", "argon2$argon2i$v=19$m=512,t=2,p=2", formats{djangos}, formats{djangos}},
		{"next to no difference in lanes", "argon2$argon2id$v=19$m=102400,t=1,p=8", formats{djangos}, formats{"argon2$argon2id$v=19$m=64,t=2,p=8"}},
	} {
		var present []scheme
		for _, f := range tt.present {
			present = append(present, schemeOf(t, f))
		}
		var got formats
		spent := schemeOf(t, tt.spent)
		// The check has taken what its scheme usually costs, and the sample is done before the fill.
		have := func(sample int) int { return sample + cost(spent) }
		for _, work := range missing(spent, present, cost, have) {
			got = append(got, work.format())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: missing(%q, %q) = %q, want %q", tt.name, tt.spent, tt.present, got, tt.want)
		}
	}
}

// TestMissingGoesByTheTimeOfThisLogin: a check that took longer than usual is filled by less, and one past all by nothing.
func TestMissingGoesByTheTimeOfThisLogin(t *testing.T) {
	argon, pbkdf2 := schemeOf(t, Argon2id), schemeOf(t, PBKDF2SHA256)
	cost := func(s scheme) int { return map[scheme]int{argon: 125_000, pbkdf2: 1_000_000}[s] }
	for took, want := range map[int]Format{
		125_000: "pbkdf2_sha256$825000",
		100_000: "pbkdf2_sha256$850000",
		300_000: "pbkdf2_sha256$650000",
		950_000: "",
		2e6:     "",
	} {
		asked := 0
		have := func(sample int) int {
			if asked++; sample != sampleRounds {
				t.Errorf("a sample of %d rounds", sample)
			}
			return sample + took
		}
		var got Format
		for _, work := range missing(argon, []scheme{argon, pbkdf2}, cost, have) {
			got += work.format()
		}
		if got != want || asked != 1 {
			t.Errorf("after %d rounds: %q, want %q; asked %d times", took, got, want, asked)
		}
	}
}

func TestMissingAsksForNoCostOfTheOnlyFormat(t *testing.T) {
	cost := func(s scheme) int {
		t.Errorf("the cost of %q was asked for", s.format())
		return 0
	}
	only := []scheme{schemeOf(t, Argon2id), schemeOf(t, Argon2id)}
	if got := missing(nil, only, cost, nil); len(got) != 1 || got[0] != only[0] {
		t.Errorf("missing(nil) = %v", got)
	}
	if got := missing(only[0], only, cost, nil); len(got) != 0 {
		t.Errorf("missing(the only one) = %v", got)
	}
}

func TestPresentFormats(t *testing.T) {
	h, err := NewHasher("pbkdf2_sha256$10")
	if err != nil {
		t.Fatal(err)
	}
	c := NewCosts(h)
	own := schemeOf(t, "pbkdf2_sha256$10")
	for name, present := range map[string][]Format{"no users": nil, "unusable only": {""}, "unreadable only": {"", "argon2d", "md5$"}} {
		if got := c.schemes(present); len(got) != 1 || got[0] != own {
			t.Errorf("%s: %v, want the hasher's own", name, got)
		}
	}
	if got := c.schemes([]Format{"", "md5"}); len(got) != 1 || got[0] != schemeOf(t, "md5") {
		t.Errorf("%v, want md5 only", got)
	}
}

func TestCostsMeasureOnce(t *testing.T) {
	c := NewCosts(Hasher{})
	formats := []Format{"pbkdf2_sha256$10", "pbkdf2_sha256$20", "pbkdf2_sha1$10", "bcrypt$4", "bcrypt_sha256$5", "md5", ""}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { c.Measure(formats) })
	}
	group.Wait()
	cost := func(f Format) int { return c.cost(schemeOf(t, f)) }
	// PBKDF2-SHA1, bcrypt, md5 and the hasher's own; SHA-256 is the measure.
	if len(c.measured) != 4 {
		t.Errorf("%d measured, want 4", len(c.measured))
	}
	for _, f := range formats[:5] {
		if a, b := cost(f), cost(f); a != b || a <= 0 {
			t.Errorf("Cost(%q) = %d and then %d", f, a, b)
		}
	}
	if a, b := cost("bcrypt$10"), cost("bcrypt_sha256$11"); (b-2*a)/2 != 0 {
		t.Errorf("bcrypt of cost 11 is %d, of cost 10 %d, want twice that", b, a)
	}
	if n := cost(PBKDF2SHA256); n != 1_000_000 {
		t.Errorf("a million rounds cost %d", n)
	}
}

// TestLabourIsWork checks that labour derives, for each family: a scheme that refused the salt would be free.
func TestLabourIsWork(t *testing.T) {
	for _, f := range []Format{"argon2$argon2id$v=19$m=8192,t=4,p=2", "argon2$argon2i$v=19$m=8192,t=4,p=2",
		"pbkdf2_sha256$40000", "pbkdf2_sha1$40000", "bcrypt$9", "bcrypt_sha256$9", "scrypt$4096$8$1"} {
		start := time.Now()
		labour(schemeOf(t, f), "plaintext")
		if took := time.Since(start); took < time.Millisecond {
			t.Errorf("%q took %s", f, took)
		}
	}
}

func TestLevelUpTakesAnything(t *testing.T) {
	h, err := NewHasher("pbkdf2_sha256$10")
	if err != nil {
		t.Fatal(err)
	}
	c := NewCosts(h)
	for _, encoded := range []string{"", "!", "md5$a$49fe5ec9a389b41d804cc3e2002abf5e", "garbage"} {
		for _, plaintext := range []string{"", "\xff\x00", string(make([]byte, 2*MaxLength))} {
			_, spent := c.Check(plaintext, encoded)
			c.LevelUp(plaintext, spent, nil)
			c.LevelUp(plaintext, spent, []Format{"", "bcrypt$4", "md5", "pbkdf2_sha1$1", "argon2$argon2id$v=19$m=8,t=1,p=1"})
		}
	}
}
