package password_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"example.com/tokenpair/password"
)

type vector struct {
	Note, Encoded, Password string
	OK                      bool
}

// vectors returns the hashes that Django's own hashers made and checked.
func vectors(tb testing.TB) []vector {
	tb.Helper()
	data, err := os.ReadFile("../conformance/hash_vectors.json")
	if err != nil {
		tb.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(data, &file); err != nil {
		tb.Fatal(err)
	}
	return file.Vectors
}

func TestVectors(t *testing.T) {
	all := vectors(t)
	if len(all) != 271 {
		t.Fatalf("%d vectors, want 271", len(all))
	}
	var hasher password.Hasher
	var refused []vector
	for _, v := range all {
		got := hasher.Check(v.Password, v.Encoded)
		if got == v.OK {
			continue
		}
		if v.Note == "argon2d" && !got {
			refused = append(refused, v)
			continue
		}
		t.Errorf("%s: Check(%.20q, %q) = %v", v.Note, v.Password, v.Encoded, got)
	}
	// golang.org/x/crypto has no argon2d, and Django never wrote it: one vector that Django accepts is refused here.
	if len(refused) != 1 || !strings.HasPrefix(refused[0].Encoded, "argon2$argon2d$") {
		t.Errorf("refused but good in Django: %+v, want the one argon2d", refused)
	}
}

func TestVectorsHaveFormats(t *testing.T) {
	for _, v := range vectors(t) {
		if v.OK && v.Note != "argon2d" && password.FormatOf(v.Encoded) == "" {
			t.Errorf("%s: no format: %q", v.Note, v.Encoded)
		}
	}
}
