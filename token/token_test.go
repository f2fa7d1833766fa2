package token_test

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"example.com/tokenpair/token"
)

var secret = []byte("a-key-of-thirty-two-bytes-for-us")

// issuedAt is the moment of the contract's example.
var issuedAt = time.Unix(1716527583, 0)

func newIssuer(t testing.TB, ids ...string) *token.Issuer {
	t.Helper()
	return newIssuerWith(t, newKey(t, "HS256"), token.DefaultConfig(), ids...)
}

func newIssuerWith(t testing.TB, key token.Key, config token.Config, ids ...string) *token.Issuer {
	t.Helper()
	issuer, err := token.NewIssuer(key, config)
	if err != nil {
		t.Fatal(err)
	}
	issuer.Now = func() time.Time { return issuedAt }
	if len(ids) > 0 {
		issuer.NewID = func() string {
			id := ids[0]
			ids = ids[1:]
			return id
		}
	}
	return issuer
}

// user returns what a token says about a user by default.
func user(id int64) (about token.Claims) {
	about.SetInt("user_id", id)
	return about
}

// The tokens of the contract's example, up to their signatures.
const (
	exampleRefresh = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6MTcxNjYxMzk4MywiaWF0IjoxNzE2NTI3NTgzLCJqdGkiOiJhYmNkZWZnMTIzNDU2Nzg5IiwidXNlcl9pZCI6MX0."
	exampleAccess  = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzE2NTI3ODYzLCJpYXQiOjE3MTY1Mjc1ODMsImp0aSI6IjEyMzQ1Njc4OWFiY2RlZmciLCJ1c2VyX2lkIjoxfQ."
)

func TestIssuePairWritesTheContractsExample(t *testing.T) {
	pair, err := newIssuer(t, "abcdefg123456789", "123456789abcdefg").IssuePair(user(1))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(pair.Refresh, exampleRefresh) {
		t.Errorf("refresh token %s\ndoes not begin with %s", pair.Refresh, exampleRefresh)
	}
	// The example's access token lives 280 seconds, which no setting gives: its claims are compared by name and order.
	want := strings.Replace(payload(t, exampleAccess), `"exp":1716527863`, `"exp":1716527883`, 1)
	if got := payload(t, pair.Access); got != want {
		t.Errorf("claims of the access token\n got %s\nwant %s", got, want)
	}
}

// A stock library reads what we write.
func TestStockLibraryVerifies(t *testing.T) {
	pair, err := newIssuer(t).IssuePair(user(42))
	if err != nil {
		t.Fatal(err)
	}
	for _, encoded := range []string{pair.Refresh, pair.Access} {
		parsed, err := jwt.Parse(encoded, func(*jwt.Token) (any, error) { return secret, nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(func() time.Time { return issuedAt }))
		if err != nil {
			t.Fatalf("golang-jwt refuses %s: %v", encoded, err)
		}
		if id := parsed.Claims.(jwt.MapClaims)["user_id"]; id != 42.0 {
			t.Errorf("user_id is %v", id)
		}
	}
}

func TestVerifyReturnsTheClaims(t *testing.T) {
	issuer := newIssuer(t)
	pair, err := issuer.IssuePair(user(7))
	if err != nil {
		t.Fatal(err)
	}
	for kind, encoded := range map[token.Type]string{token.Refresh: pair.Refresh, token.Access: pair.Access} {
		claims, err := read(issuer, encoded, kind)
		if err != nil {
			t.Fatalf("%s token: %v", kind, err)
		}
		if id, ok := claims.Seconds("user_id"); !ok || id != 7 {
			t.Errorf("user_id of the %s token is %d, %t", kind, id, ok)
		}
		if got, _ := claims.MarshalJSON(); string(got) != payload(t, encoded) {
			t.Errorf("claims come back as %s, not as %s", got, payload(t, encoded))
		}
	}
	if _, err := read(issuer, pair.Access, token.Refresh); !errors.Is(err, token.ErrWrongType) {
		t.Errorf("an access token as a refresh token: %v", err)
	}
}

func TestRandomIDs(t *testing.T) {
	hex, uuid := regexp.MustCompile(`^[0-9a-f]{32}$`), regexp.MustCompile(`^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$`)
	var ones [2][128]int
	const n = 2000
	seen := make(map[string]bool)
	for range n {
		for kind, id := range []string{token.RandomID(), token.RandomUUID()} {
			if !hex.MatchString(id) || kind == 1 && !uuid.MatchString(id) {
				t.Fatalf("id %q", id)
			}
			if seen[id] {
				t.Fatalf("id %q came twice", id)
			}
			seen[id] = true
			for bit := range 128 {
				digit := strings.IndexByte("0123456789abcdef", id[bit/4])
				ones[kind][bit] += digit >> (3 - bit%4) & 1
			}
		}
	}
	// A random bit is set in half of n draws, give or take; seven standard deviations are 157.
	fixed := [2]int{}
	for kind := range ones {
		for _, count := range ones[kind] {
			if count < n/2-157 || count > n/2+157 {
				fixed[kind]++
			}
		}
	}
	if fixed != [2]int{0, 6} {
		t.Errorf("bits that are not random: %d of a RandomID, %d of a RandomUUID; want 0 and 6", fixed[0], fixed[1])
	}
}

// A key is copied: changing the caller's bytes later changes nothing.
func TestKeyIsItsOwn(t *testing.T) {
	mine := append([]byte(nil), secret...)
	key, err := token.ParseKey("HS256", mine, nil)
	if err != nil {
		t.Fatal(err)
	}
	clear(mine)
	issuer, err := token.NewIssuer(key, token.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	issuer.Now = func() time.Time { return issuedAt }
	pair, err := issuer.IssuePair(user(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(newIssuer(t), pair.Access, token.Access); err != nil {
		t.Error(err)
	}
}

func payload(t *testing.T, encoded string) string {
	t.Helper()
	decoded, err := base64.RawURLEncoding.DecodeString(strings.Split(encoded, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(decoded)
}
