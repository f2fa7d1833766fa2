package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestStory is the life of a user, told by the verbs while the service runs.
func TestStory(t *testing.T) {
	s := newSite(t)
	if out := s.must("correct horse battery\n", "createuser", "anna", "--password-stdin"); out != "created user anna with id 1\n" {
		t.Errorf("createuser printed %q", out)
	}
	v := s.serve()
	v.wantLogin(http.StatusOK, "anna", "correct horse battery")
	v.wantLogin(http.StatusUnauthorized, "anna", "correct horse batterz")
	v.wantLogin(http.StatusUnauthorized, "Anna", "correct horse battery")
	wantUsers(t, s, `1 true argon2\$argon2id\$v=19\$m=19456,t=2,p=1 anna`)

	if out := s.must("another horse battery\n", "changepassword", "anna", "--password-stdin"); out != "changed the password of user anna\n" {
		t.Errorf("changepassword printed %q", out)
	}
	v.wantLogin(http.StatusUnauthorized, "anna", "correct horse battery")
	v.wantLogin(http.StatusOK, "anna", "another horse battery")

	s.must("", "deactivateuser", "anna")
	v.wantLogin(http.StatusUnauthorized, "anna", "another horse battery")
	wantUsers(t, s, `1 false \S+ anna`)
	s.must("", "activateuser", "anna")
	v.wantLogin(http.StatusOK, "anna", "another horse battery")

	s.must("", "deleteuser", "anna")
	v.wantLogin(http.StatusUnauthorized, "anna", "another horse battery")
	wantUsers(t, s)
	s.createUser("anna", "another horse battery")
	wantUsers(t, s, `2 true \S+ anna`)
	if got := string(claim(t, v.wantLogin(http.StatusOK, "anna", "another horse battery").Access, "user_id")); got != "2" {
		t.Errorf("the id of a deleted user was given again: %s", got)
	}
	v.end()
}

// wantUsers wants listusers to list these, each a pattern in which a space stands for several.
func wantUsers(t *testing.T, s *site, want ...string) {
	t.Helper()
	if _, err := os.Stat(s.path); len(want) == 0 && errors.Is(err, fs.ErrNotExist) {
		return // nobody made a database
	}
	lines := strings.Split(strings.TrimSuffix(s.must("", "listusers"), "\n"), "\n")
	want = append([]string{"ID ACTIVE PASSWORD LAST LOGIN USERNAME"}, want...)
	if len(lines) != len(want) {
		t.Fatalf("listusers printed %q, want %q", lines, want)
	}
	for i, line := range lines {
		if cells := strings.SplitN(want[i], " ", 4); i > 0 { // the time is what differs between runs
			want[i] = strings.Join(slices.Insert(cells, 3, `(never|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)`), " ")
		}
		if !regexp.MustCompile(`\A` + strings.ReplaceAll(want[i], " ", " +") + `\z`).MatchString(line) {
			t.Errorf("listusers printed %q, want %q", line, want[i])
		}
	}
}

func TestPasswordHasher(t *testing.T) {
	s := newSite(t)
	s.must("correct horse battery", "createuser", "anna", "--password-stdin", "--password-hasher=pbkdf2_sha256")
	wantUsers(t, s, `1 true pbkdf2_sha256\$1000000 anna`)
}

// TestGeneratedKeyOutlivesRestart wants both runs to sign with the one key that the database remembers.
func TestGeneratedKeyOutlivesRestart(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	var issued []pair
	for range 2 {
		v := s.serve()
		issued = append(issued, v.wantLogin(http.StatusOK, "anna", "correct horse battery"))
		v.end()
	}
	key := s.setting("signing_key")
	if len(key) != 64 {
		t.Errorf("the key has %d bytes, want 64", len(key))
	}
	for _, tokens := range issued {
		wantSigned(t, tokens.Refresh, key)
		wantSigned(t, tokens.Access, key)
	}
}

// TestGivenKey wants one line end behind the key to be dropped, and nothing else.
func TestGivenKey(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	file := func(content string) string { return "TOKENPAIR_SIGNING_KEY_FILE=" + write(t, "key", content) }
	for _, c := range []struct{ name, variable, want string }{
		{"variable", "TOKENPAIR_SIGNING_KEY=" + key, key},
		{"variable with a line end", "TOKENPAIR_SIGNING_KEY=" + key + "\n", key},
		{"file", file(key), key},
		{"file with a line end", file(key + "\n"), key},
		{"file with a line end of Windows", file(key + "\r\n"), key},
		{"file with two line ends", file(key + "\n\n"), key + "\n"},
		{"file of bytes that end in a carriage return", file(key + "\r"), key + "\r"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, c.variable)
			s.createUser("anna", "correct horse battery")
			wantSigned(t, s.serve().wantLogin(http.StatusOK, "anna", "correct horse battery").Access, []byte(c.want))
			if kept := s.setting("signing_key"); len(kept) != 0 {
				t.Error("a key was kept in the database too")
			}
		})
	}
}

// wantSigned wants a token that this key signed with HMAC-SHA-256, computed here by other means than the program's.
func wantSigned(t *testing.T, encoded string, key []byte) {
	t.Helper()
	at := strings.LastIndexByte(encoded, '.')
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(encoded[:at]))
	if want := base64.RawURLEncoding.EncodeToString(mac.Sum(nil)); encoded[at+1:] != want {
		t.Error("the token is not signed with the key")
	}
}

// claim returns a claim of a token as it is written.
func claim(t *testing.T, encoded, name string) json.RawMessage {
	t.Helper()
	parts := strings.Split(encoded, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims[name]
}

// header returns the header of a token.
func header(t *testing.T, encoded string) (members map[string]string) {
	t.Helper()
	first, _, _ := strings.Cut(encoded, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(decoded, &members); err != nil {
		t.Fatal(err)
	}
	return members
}
