package auth_test

import (
	"context"
	"strings"
	"testing"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
)

func (h house) stored(t *testing.T, username string) storage.User {
	t.Helper()
	user, err := h.users.Store.UserByName(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// addOld adds bob with a hash that is not of today's format.
func (h house) addOld(t *testing.T) storage.User {
	t.Helper()
	old := must(must(password.NewHasher(cheaper)).Hash("bob's password"))
	h.add(t, storage.User{Username: "bob", Password: old, Active: true})
	return h.stored(t, "bob")
}

func TestLoginRewritesAnotherFormat(t *testing.T) {
	h := open(t)
	before := h.addOld(t)
	if before.PasswordFormat != string(cheaper) {
		t.Fatalf("imported with the format %q", before.PasswordFormat)
	}
	if _, err := h.ObtainPair(t.Context(), "bob", "wrong", auth.Client{}); err == nil {
		t.Fatal("logged in")
	}
	if h.stored(t, "bob") != before {
		t.Error("a refused login changed the user")
	}
	for range 2 {
		if _, err := h.ObtainPair(t.Context(), "bob", "bob's password", auth.Client{}); err != nil {
			t.Fatal(err)
		}
	}
	after := h.stored(t, "bob")
	if after.PasswordFormat != string(cheap) || password.FormatOf(after.Password) != cheap {
		t.Errorf("the hash is %s of the format %s", after.Password, after.PasswordFormat)
	}
	if _, err := h.ObtainPair(t.Context(), "bob", "bob's password", auth.Client{}); err != nil {
		t.Fatal(err)
	}
	if h.stored(t, "bob") != after {
		t.Error("a hash of today's format was rewritten")
	}
}

// changing is a Store in which the password is changed between the check of a login and its rehash.
type changing struct {
	storage.Store
	change func()
}

func (c changing) ReplacePassword(ctx context.Context, id int64, old, encoded, format string) (bool, error) {
	c.change()
	return c.Store.ReplacePassword(ctx, id, old, encoded, format)
}

func TestRehashNeverUndoesAChange(t *testing.T) {
	h := open(t)
	h.addOld(t)
	h.Store = changing{h.Store, func() {
		if err := h.users.ChangePassword(t.Context(), "bob", "another password"); err != nil {
			t.Error(err)
		}
	}}
	if _, err := h.ObtainPair(t.Context(), "bob", "bob's password", auth.Client{}); err != nil {
		t.Fatal(err)
	}
	if ok, err := h.users.CanLogIn(t.Context(), "bob", "another password"); !ok || err != nil {
		t.Errorf("the new password: %t, %v", ok, err)
	}
	if ok, err := h.users.CanLogIn(t.Context(), "bob", "bob's password"); ok || err != nil {
		t.Errorf("the old password: %t, %v", ok, err)
	}
}

// A login is good although its rehash failed, and the log tells without telling the hash.
func TestRehashFails(t *testing.T) {
	h := open(t)
	before := h.addOld(t)
	h.Store = failing{h.Store, "ReplacePassword"}
	if _, err := h.ObtainPair(t.Context(), "bob", "bob's password", auth.Client{}); err != nil {
		t.Fatal(err)
	}
	line := h.log.String()
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, "disk on fire") {
		t.Errorf("logged: %s", line)
	}
	if strings.Contains(line, before.Password) || strings.Contains(line, "bob's password") {
		t.Errorf("the log tells: %s", line)
	}
}
