package password_test

import (
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"example.com/tokenpair/password"
)

// TestTiming compares, on the clock, refused logins of known names with those of an unknown name. It takes minutes and a
// quiet machine.
func TestTiming(t *testing.T) {
	if os.Getenv("TOKENPAIR_TIMING") != "1" {
		t.Skip("to run it: TOKENPAIR_TIMING=1 go test -run TestTiming -v -timeout 30m ./password/")
	}
	for _, tt := range []struct {
		name    string
		encoded []string // one hash of each format present
	}{
		{"after an import from Django 5.2", []string{
			mustHash(t, password.PBKDF2SHA256, "secret"),
			mustHash(t, "pbkdf2_sha256$260000", "secret"),
			"pbkdf2_sha1$260000$" + salt22 + "$vBgLnO66pRpwjWy1sC61VXSXFZo=",
			mustHash(t, password.Argon2id, "secret"),
			mustHash(t, "argon2$argon2id$v=19$m=102400,t=2,p=8", "secret"),
			"md5$" + salt22 + "$49fe5ec9a389b41d804cc3e2002abf5e",
		}},
		{"with bcrypt as the dearest", []string{
			"bcrypt_sha256$$2b$12$MTY8tFbUMUHyvUGjA2RdSuZ3zbNHhc9rvKMaJZEOVrxMZqk/M.tiu",
			"scrypt$16384$" + salt22 + "$8$1$" + digest64,
			mustHash(t, password.Argon2id, "secret"),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { compareTimes(t, tt.encoded) })
	}
}

func compareTimes(t *testing.T, encoded []string) {
	const pairs = 100
	var hasher password.Hasher
	var present []password.Format
	for _, e := range encoded {
		present = append(present, password.FormatOf(e))
	}
	costs := password.NewCosts(hasher)
	start := time.Now()
	costs.Measure(present)
	t.Logf("measured in %s", time.Since(start).Round(time.Millisecond))
	refuse := func(encoded string) float64 {
		start := time.Now()
		matches, spent := costs.Check("wrong", encoded)
		if matches {
			t.Fatal("the wrong password matches")
		}
		costs.LevelUp("wrong", spent, present)
		return float64(time.Since(start)) / float64(time.Millisecond)
	}
	for i, e := range encoded {
		var known, unknown []float64
		for n := range pairs {
			// Which of the two comes first alternates, since each leaves its garbage to the next.
			if n%2 == 0 {
				known = append(known, refuse(e))
			}
			unknown = append(unknown, refuse(""))
			if n%2 == 1 {
				known = append(known, refuse(e))
			}
		}
		k, u := median(known), median(unknown)
		off := (k - u) / u * 100
		t.Logf("%-45s known %.2f ms, unknown %.2f ms, off by %+.2f %%", present[i], k, u, off)
		if math.Abs(off) > 5 {
			t.Errorf("%s: off by %+.2f %%, want 5 at most", present[i], off)
		}
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[len(sorted)/2] + sorted[(len(sorted)-1)/2]) / 2
}
