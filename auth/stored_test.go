package auth_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage/sqlite"
)

// In the file of the database is neither a token, nor its signature, nor a digest of either.
func TestNothingOfATokenIsStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	h := over(t, store)
	h.addUsers(t)
	h.Rules = auth.Rules{Sessions: true, RotateRefreshTokens: true, RefreshGrace: 1e9, SessionLifetime: 1e12}
	pair := h.logIn(t)
	tokens := []string{pair.Refresh, pair.Access}
	for range 3 {
		pair = h.refresh(t, pair.Refresh)
		tokens = append(tokens, pair.Refresh, pair.Access)
	}
	adopted := h.issuedByDjango(t)
	tokens = append(tokens, adopted.Refresh, h.refresh(t, adopted.Refresh).Refresh)
	wantRefused(t, "logout", h.Blacklist(t.Context(), pair.Refresh), nil)

	if err := store.Close(); err != nil { // which brings everything into the one file
		t.Fatal(err)
	}
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := must(h.Issuer.Open(pair.Refresh)).Text("jti")
	if !bytes.Contains(stored, []byte(id)) {
		t.Error("the id of the current token is not found: the test looks in the wrong place")
	}
	for _, encoded := range tokens {
		signature := encoded[strings.LastIndexByte(encoded, '.')+1:]
		raw, err := base64.RawURLEncoding.DecodeString(signature)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range [][]byte{[]byte(encoded), []byte(signature), raw} {
			sum := sha256.Sum256(secret)
			for _, form := range [][]byte{secret, sum[:], []byte(hex.EncodeToString(sum[:])), []byte(base64.StdEncoding.EncodeToString(sum[:]))} {
				if bytes.Contains(stored, form) {
					t.Errorf("%.20q is stored", form)
				}
			}
		}
	}
}
