package auth_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
	"example.com/tokenpair/token"
)

// cheap is a format whose hashes cost nothing, and cheaper another, so that a login rewrites it.
const (
	cheap   password.Format = "pbkdf2_sha256$20"
	cheaper password.Format = "pbkdf2_sha256$10"
)

const secretKey = "a-key-of-thirty-two-bytes-for-us"

// house is a Service with everything behind it, on a file of its own.
type house struct {
	*auth.Service
	users *auth.Users
	log   *bytes.Buffer
}

func open(t testing.TB) house {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return over(t, store)
}

func over(t testing.TB, store storage.Store) house {
	t.Helper()
	hasher := must(password.NewHasher(cheap))
	issuer := must(token.NewIssuer(must(token.ParseKey("HS256", []byte(secretKey), nil)), token.DefaultConfig()))
	log := new(bytes.Buffer)
	return house{
		Service: &auth.Service{
			Store:  store,
			Hasher: hasher,
			Costs:  password.NewCosts(hasher),
			Pool:   must(password.NewPool(2, 10, time.Minute)),
			Issuer: issuer,
			Log:    slog.New(slog.NewTextHandler(log, nil)),
		},
		users: &auth.Users{Store: store, Hasher: hasher, Now: time.Now},
		log:   log,
	}
}

// must is for what a test makes of constants.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// addUsers adds alice and users that cannot log in for each reason there is.
func (h house) addUsers(t testing.TB) {
	t.Helper()
	hash := func(plaintext string) string { return must(h.Hasher.Hash(plaintext)) }
	users := []storage.User{
		{Username: "alice", Password: hash("alice's password"), Active: true},
		{Username: "inactive", Password: hash("alice's password"), Active: false},
		{Username: "unusable", Password: "!34DyenNFUvv9S3g1VyAsjN2iwp2AVHqdOnehRWrl", Active: true},
		{Username: "empty", Password: "", Active: true},
		{Username: "garbage", Password: "not-a-hash", Active: true},
		{Username: "removed", Password: "sha1$abcdefghijkl$19ff618b10d174fbc771bab15e5d360b70c1160a", Active: true},
		{Username: "unbounded", Password: "pbkdf2_sha256$5000001$h5Hdvz8Df6rrRFOxtsfV3s$C5Pnwpt44rKggr9fJNU2EYLNXj33DBJ9b5GS65zIZ8o=", Active: true},
		{Username: "trail ", Password: hash("alice's password"), Active: true},
	}
	h.add(t, users...)
}

// add adds users whose names and hashes no rule has to like.
func (h house) add(t testing.TB, users ...storage.User) []int64 {
	t.Helper()
	for i := range users {
		users[i].PasswordFormat = string(password.FormatOf(users[i].Password))
	}
	ids, err := h.users.Store.AddUsers(t.Context(), users)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// claims are those of a good token of this kind.
func (h house) claims(t testing.TB, encoded string, kind token.Type) token.Claims {
	t.Helper()
	claims, err := h.Issuer.Open(encoded)
	if err == nil {
		err = h.Issuer.Check(claims, kind)
	}
	if err != nil {
		t.Fatalf("%s token: %v", kind, err)
	}
	return claims
}

func TestObtainPair(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	long := strings.Repeat("x", password.MaxLength)
	for name, test := range map[string]struct {
		username, plaintext string
		ok                  bool
	}{
		"good":                     {"alice", "alice's password", true},
		"wrong password":           {"alice", "alice's passwore", false},
		"no password":              {"alice", "", false},
		"password and more":        {"alice", "alice's password ", false},
		"other case of the name":   {"Alice", "alice's password", false},
		"full width name":          {"ａlice", "alice's password", false},
		"unknown":                  {"nobody", "alice's password", false},
		"no name":                  {"", "alice's password", false},
		"wildcard":                 {"ali%", "alice's password", false},
		"SQL":                      {"' OR '1'='1", "' OR '1'='1", false},
		"inactive":                 {"inactive", "alice's password", false},
		"inactive, wrong password": {"inactive", "x", false},
		"unusable hash":            {"unusable", "anything", false},
		"empty hash, no password":  {"empty", "", false},
		"unreadable hash":          {"garbage", "not-a-hash", false},
		"format that Django left":  {"removed", "sha1-pass-123", false},
		"parameters out of bounds": {"unbounded", "userpassword123", false},
		"hash as password":         {"garbage", "", false},
		"trimmed name":             {"trail", "alice's password", false},
		"4096 bytes":               {"alice", long, false},
		"4097 bytes":               {"alice", long + "x", false},
	} {
		t.Run(name, func(t *testing.T) {
			pair, err := h.ObtainPair(t.Context(), test.username, test.plaintext, auth.Client{})
			if !test.ok {
				if !errors.Is(err, auth.ErrNoActiveAccount) || pair != (token.Pair{}) {
					t.Errorf("got %v, %v", pair, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for kind, encoded := range map[token.Type]string{token.Refresh: pair.Refresh, token.Access: pair.Access} {
				claims := h.claims(t, encoded, kind)
				if id, ok := claims.Get("user_id"); !ok || string(id) != "1" {
					t.Errorf("%s token is about %s", kind, id)
				}
			}
		})
	}
	if h.log.Len() > 0 {
		t.Errorf("logged: %s", h.log)
	}
}

func TestUserIDAsText(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.Rules.TextUserID = true
	pair, err := h.ObtainPair(t.Context(), "alice", "alice's password", auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	claims := h.claims(t, pair.Access, token.Access)
	if id, ok := claims.Text("user_id"); !ok || id != "1" {
		t.Errorf("user_id is %q, %t", id, ok)
	}
}

// A failure of the database is no refusal, and never a login.
func TestFailingStore(t *testing.T) {
	for _, method := range []string{"UserByName", "PasswordFormats"} {
		h := open(t)
		h.addUsers(t)
		h.Store = failing{h.Store, method}
		pair, err := h.ObtainPair(t.Context(), "alice", "alice's password", auth.Client{})
		if !errors.Is(err, errDisk) || errors.Is(err, auth.ErrNoActiveAccount) || pair != (token.Pair{}) {
			t.Errorf("%s fails: got %v, %v", method, pair, err)
		}
	}
}

func TestReady(t *testing.T) {
	h := open(t)
	if err := h.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	h.Store = failing{h.Store, "Ping"}
	if err := h.Ready(t.Context()); !errors.Is(err, auth.ErrNotReady) || !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
}

func TestBusy(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	h.Pool = must(password.NewPool(1, 0, time.Minute))
	release, err := h.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ObtainPair(t.Context(), "alice", "alice's password", auth.Client{}); !errors.Is(err, auth.ErrBusy) {
		t.Errorf("with a full queue: %v", err)
	}
	release()
	for _, plaintext := range []string{"alice's password", "wrong", "alice's password"} {
		_, err := h.ObtainPair(t.Context(), "alice", plaintext, auth.Client{})
		if errors.Is(err, auth.ErrBusy) {
			t.Errorf("a place was not given back")
		}
	}
}

// A caller who has gone costs no hash.
func TestGone(t *testing.T) {
	h := open(t)
	h.addUsers(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.Store = nil // whatever is asked of it panics
	if _, err := h.ObtainPair(ctx, "alice", "alice's password", auth.Client{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
