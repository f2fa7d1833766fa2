package auth_test

import (
	"errors"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
)

// TestTiming compares, on the clock, logins that are refused for each reason there is with those of an unknown name, in a
// database in which several formats live side by side. It takes minutes and a quiet machine.
func TestTiming(t *testing.T) {
	if os.Getenv("TOKENPAIR_TIMING") != "1" {
		t.Skip("to run it: TOKENPAIR_TIMING=1 go test -run TestTiming -v -timeout 30m ./auth/")
	}
	const pairs, plaintext = 100, "the right password"
	h := open(t)
	h.Hasher = must(password.NewHasher(password.Argon2id))
	h.Costs = password.NewCosts(h.Hasher)
	hash := func(f password.Format) string { return must(must(password.NewHasher(f)).Hash(plaintext)) }
	users := []storage.User{
		{Username: "argon2id", Password: hash(password.Argon2id), Active: true},
		{Username: "PBKDF2 of Django 5.2", Password: hash(password.PBKDF2SHA256), Active: true},
		{Username: "PBKDF2 of Django 3.2", Password: hash("pbkdf2_sha256$260000"), Active: true},
		{Username: "bcrypt", Password: "bcrypt$$2b$10$/sNFfED41fhaNyP/Qd2joeLUN5a7WoREq3ZzKHo/mVmOaw1D49lIK", Active: true},
		{Username: "inactive", Password: hash(password.Argon2id)},
		{Username: "unusable", Password: "!34DyenNFUvv9S3g1VyAsjN2iwp2AVHqdOnehRWrl", Active: true},
		{Username: "unreadable", Password: "not-a-hash", Active: true},
	}
	h.add(t, users...)
	if err := h.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	refuse := func(username, plaintext string) float64 {
		start := time.Now()
		if _, err := h.ObtainPair(t.Context(), username, plaintext, auth.Client{}); !errors.Is(err, auth.ErrNoActiveAccount) {
			t.Fatal(err)
		}
		return float64(time.Since(start)) / float64(time.Millisecond)
	}
	for _, user := range users {
		sent := "wrong"
		if !user.Active {
			sent = plaintext // the only one whose right password is refused
		}
		var known, unknown []float64
		for range pairs {
			known = append(known, refuse(user.Username, sent))
			unknown = append(unknown, refuse("nobody", sent))
		}
		slices.Sort(known)
		slices.Sort(unknown)
		k, u := known[pairs/2], unknown[pairs/2]
		off := (k - u) / u * 100
		t.Logf("%-22s %.2f ms, unknown name %.2f ms, off by %+.2f %%", user.Username, k, u, off)
		if math.Abs(off) > 5 {
			t.Errorf("%s: off by %+.2f %%, want 5 at most", user.Username, off)
		}
	}
}
