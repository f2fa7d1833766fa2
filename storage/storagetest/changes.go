package storagetest

import (
	"slices"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

// now is what the time is where the checks do not say otherwise. A Store does not know it.
var now = time.Date(2026, 11, 24, 4, 0, 0, 123456000, time.UTC)

func newPassword(encoded, format string) storage.PasswordChange {
	return storage.PasswordChange{Encoded: encoded, Format: format, At: now}
}

func checkFirstUser(t *testing.T, store storage.Store) {
	ctx := t.Context()
	anna := named("anna")
	id, err := store.AddFirstUser(ctx, anna)
	if err != nil || id <= 0 {
		t.Fatalf("AddFirstUser: %d, %v", id, err)
	}
	anna.ID = id
	if got := mustFind(t, store, "anna"); got != anna {
		t.Errorf("got %+v, want %+v", got, anna)
	}
	for _, name := range []string{"anna", "bert"} {
		_, err := store.AddFirstUser(ctx, named(name))
		wantError(t, "AddFirstUser again", err, storage.ErrExists)
	}
	if err := store.DeleteUser(ctx, id, now); err != nil {
		t.Fatal(err)
	}
	again, err := store.AddFirstUser(ctx, named("bert"))
	if err != nil || again <= id {
		t.Errorf("AddFirstUser to an emptied database: id %d after %d, %v", again, id, err)
	}
}

func checkSetPassword(t *testing.T, store storage.Store) {
	ids := mustAdd(t, store, named("anna"), named("bert"))
	anna, bert := mustFind(t, store, "anna"), mustFind(t, store, "bert")
	if err := store.SetPassword(t.Context(), ids[0], newPassword("new hash", "new format")); err != nil {
		t.Fatal(err)
	}
	anna.Password, anna.PasswordFormat, anna.SessionsEnded = "new hash", "new format", now
	if got := mustFind(t, store, "anna"); got != anna {
		t.Errorf("got %+v, want %+v", got, anna)
	}
	if got := mustFind(t, store, "bert"); got != bert {
		t.Errorf("another user changed: %+v", got)
	}
	// The same again changes nothing and still finds the user.
	if err := store.SetPassword(t.Context(), ids[0], newPassword("new hash", "new format")); err != nil {
		t.Error(err)
	}
	wantError(t, "SetPassword", store.SetPassword(t.Context(), ids[1]+1, newPassword("x", "y")), storage.ErrNotFound)
}

func checkReplacePassword(t *testing.T, store storage.Store) {
	ctx := t.Context()
	id := mustAdd(t, store, named("anna"))[0]
	anna := mustFind(t, store, "anna")

	replaced, err := store.ReplacePassword(ctx, id, anna.Password, "rehashed", "better")
	if !replaced || err != nil {
		t.Fatalf("ReplacePassword: %v, %v", replaced, err)
	}
	if got := mustFind(t, store, "anna"); got.Password != "rehashed" || got.PasswordFormat != "better" {
		t.Errorf("got %+v", got)
	}

	// The password changes while another login still holds the hash that it checked.
	if err := store.SetPassword(ctx, id, newPassword("changed", "other")); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{"rehashed", anna.Password, "", "CHANGED", "changed "} {
		replaced, err := store.ReplacePassword(ctx, id, old, "rehashed again", "better")
		if replaced || err != nil {
			t.Errorf("ReplacePassword of %q: %v, %v", old, replaced, err)
		}
	}
	if got := mustFind(t, store, "anna"); got.Password != "changed" || got.PasswordFormat != "other" {
		t.Errorf("a rehash undid a change: %+v", got)
	}
	if replaced, err := store.ReplacePassword(ctx, id+1, "changed", "x", "y"); replaced || err != nil {
		t.Errorf("ReplacePassword of nobody's: %v, %v", replaced, err)
	}
}

func checkReplaceClaims(t *testing.T, store storage.Store) {
	ctx := t.Context()
	ids := mustAdd(t, store, named("anna"), named("bert"))
	anna, bert := mustFind(t, store, "anna"), mustFind(t, store, "bert")
	last := ""
	for _, claims := range []string{`{"role":"admin"}`, `not looked into \x00`, "", "", "{}"} {
		for _, old := range []string{"another", last + " ", "null"} {
			if replaced, err := store.ReplaceClaims(ctx, ids[0], old, "wrong"); replaced || err != nil {
				t.Errorf("ReplaceClaims of %q: %v, %v", old, replaced, err)
			}
		}
		if replaced, err := store.ReplaceClaims(ctx, ids[0], last, claims); !replaced || err != nil {
			t.Errorf("ReplaceClaims: %v, %v", replaced, err)
		}
		anna.Claims, last = claims, claims
		if got := mustFind(t, store, "anna"); got != anna {
			t.Errorf("got %+v, want %+v", got, anna)
		}
	}
	if got := mustFind(t, store, "bert"); got != bert {
		t.Errorf("another user changed: %+v", got)
	}
	if replaced, err := store.ReplaceClaims(ctx, ids[1]+1, "", "{}"); replaced || err != nil {
		t.Errorf("ReplaceClaims of nobody's: %v, %v", replaced, err)
	}
}

func checkSetActive(t *testing.T, store storage.Store) {
	ids := mustAdd(t, store, named("anna"), named("bert"))
	for _, active := range []bool{false, false, true} {
		if err := store.SetActive(t.Context(), ids[0], active, now); err != nil {
			t.Fatal(err)
		}
		if got := mustFind(t, store, "anna"); got.Active != active {
			t.Errorf("Active is %v, want %v", got.Active, active)
		}
	}
	if err := store.SetActive(t.Context(), ids[0], false, now); err != nil {
		t.Fatal(err)
	}
	if !mustFind(t, store, "bert").Active {
		t.Error("another user changed")
	}
	wantError(t, "SetActive", store.SetActive(t.Context(), ids[1]+1, true, now), storage.ErrNotFound)
}

func checkSetLastLogin(t *testing.T, store storage.Store) {
	ids := mustAdd(t, store, storage.User{Username: "anna"}, named("bert"))
	anna, bert := mustFind(t, store, "anna"), mustFind(t, store, "bert")
	for _, at := range []time.Time{
		time.Date(2026, 11, 24, 3, 48, 4, 914425999, time.FixedZone("", 3600)), time.UnixMicro(0), time.UnixMicro(-1), {},
	} {
		if err := store.SetLastLogin(t.Context(), ids[0], at); err != nil {
			t.Fatal(err)
		}
		if anna.LastLogin = at.UTC().Truncate(time.Microsecond); mustFind(t, store, "anna") != anna {
			t.Errorf("got %+v, want %+v", mustFind(t, store, "anna"), anna)
		}
	}
	if got := mustFind(t, store, "bert"); got != bert {
		t.Errorf("another user changed: %+v", got)
	}
	wantError(t, "SetLastLogin", store.SetLastLogin(t.Context(), ids[1]+1, time.Now()), storage.ErrNotFound)
}

func checkDeleteUser(t *testing.T, store storage.Store) {
	ids := mustAdd(t, store, named("anna"), named("bert"))
	if err := store.DeleteUser(t.Context(), ids[0], now); err != nil {
		t.Fatal(err)
	}
	wantNotFound(t, store, "anna")
	mustFind(t, store, "bert")
	wantError(t, "DeleteUser", store.DeleteUser(t.Context(), ids[0], now), storage.ErrNotFound)
	mustAdd(t, store, named("anna"))
}

func checkPasswordFormats(t *testing.T, store storage.Store) {
	ctx := t.Context()
	var users []storage.User
	for i, format := range []string{"b", "a", "b", "", "argon2$argon2id$v=19$m=19456,t=2,p=1", "B", "a", "a ", "\U0001F600"} {
		user := named(string(rune('A' + i)))
		user.PasswordFormat = format
		users = append(users, user)
	}
	ids := mustAdd(t, store, users...)
	want := func(want ...string) {
		t.Helper()
		got, err := store.PasswordFormats(ctx)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("PasswordFormats: %q, %v; want %q", got, err, want)
		}
	}
	want("B", "a", "a ", "argon2$argon2id$v=19$m=19456,t=2,p=1", "b", "\U0001F600")

	if err := store.SetPassword(ctx, ids[0], newPassword("x", "z")); err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteUser(ctx, ids[5], now); err != nil {
		t.Fatal(err)
	}
	if replaced, err := store.ReplacePassword(ctx, ids[2], users[2].Password, "x", ""); !replaced || err != nil {
		t.Fatal(replaced, err)
	}
	want("a", "a ", "argon2$argon2id$v=19$m=19456,t=2,p=1", "z", "\U0001F600")
}

func checkSetting(t *testing.T, store storage.Store) {
	ctx := t.Context()
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	values := map[string][]byte{"key": binary, "KEY": []byte("another"), "": []byte("no name"), "empty": {}, "nil": nil, "'; --": {0}}
	for name, initial := range values {
		got, err := store.Setting(ctx, name, initial)
		if err != nil || !slices.Equal(got, initial) {
			t.Errorf("Setting(%q): %q, %v", name, got, err)
		}
	}
	for name, initial := range values {
		got, err := store.Setting(ctx, name, []byte("too late"))
		if err != nil || !slices.Equal(got, initial) {
			t.Errorf("Setting(%q) again: %q, %v", name, got, err)
		}
	}

	// What was given and what was returned belong to the caller.
	binary[0] = 'x'
	got, err := store.Setting(ctx, "key", nil)
	if err != nil || len(got) != 256 || got[0] != 0 {
		t.Fatalf("Setting: %q, %v", got, err)
	}
	got[1] = 'x'
	if again, err := store.Setting(ctx, "key", nil); err != nil || again[1] != 1 {
		t.Errorf("Setting: %q, %v", again, err)
	}
}
