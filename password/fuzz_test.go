package password

import (
	"encoding/json"
	"os"
	"testing"
)

func addVectors(f *testing.F) {
	data, err := os.ReadFile("../conformance/hash_vectors.json")
	if err != nil {
		f.Fatal(err)
	}
	var file struct {
		Vectors []struct{ Encoded, Password string }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		f.Fatal(err)
	}
	for _, v := range file.Vectors {
		f.Add(v.Password, v.Encoded)
	}
}

// inBounds says again, in other words, what may be read.
func inBounds(s scheme) bool {
	switch s := s.(type) {
	case argon2Scheme:
		return s.memory >= 8*s.lanes && s.memory <= 131072 && s.passes >= 1 && s.passes <= 10 && s.lanes >= 1 && s.lanes <= 16
	case pbkdf2Scheme:
		return s.rounds >= 1 && s.rounds <= 5_000_000
	case bcryptScheme:
		return s.cost >= 4 && s.cost <= 16
	case scryptScheme:
		return s.n > 1 && 128*s.n*s.r <= 128<<20 && s.n*s.r*s.p <= 4<<20 && s.r*s.p <= 1024
	case md5Scheme:
		return true
	}
	return false
}

// isCheap says that a check takes a few milliseconds at most, so that fuzzing goes on.
func isCheap(s scheme) bool {
	switch s := s.(type) {
	case argon2Scheme:
		return s.memory*s.passes <= 1024
	case pbkdf2Scheme:
		return s.rounds <= 1000
	case bcryptScheme:
		return s.cost == 4
	case scryptScheme:
		return s.n*s.r*s.p <= 4096
	}
	return true
}

func FuzzFormatOf(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, _, encoded string) {
		format := FormatOf(encoded)
		if format != FormatOf(encoded) {
			t.Fatal("not stable")
		}
		s, ok := read(encoded)
		if ok != (format != "") {
			t.Fatalf("read says %v, FormatOf %q", ok, format)
		}
		if !ok {
			return
		}
		if !inBounds(s.scheme) {
			t.Errorf("%q is out of bounds", format)
		}
		if s.encode(s.salt, s.digest) != encoded {
			t.Errorf("%q has a second spelling", encoded)
		}
		if again, ok := format.scheme(); !ok || again.format() != format {
			t.Errorf("%q does not name a scheme", format)
		}
	})
}

func FuzzCheck(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, plaintext, encoded string) {
		s, ok := read(encoded)
		if ok && !isCheap(s.scheme) {
			return
		}
		var h Hasher
		if matched := h.Check(plaintext, encoded); matched && !ok {
			t.Errorf("%q matches and is unreadable", encoded)
		}
		h.Outdated(encoded)
	})
}
