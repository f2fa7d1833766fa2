package storagetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"example.com/tokenpair/storage"
)

// numbered yields count users with the IDs from first on.
func numbered(first, count int) iter.Seq2[storage.User, error] {
	return func(yield func(storage.User, error) bool) {
		for id := first; id < first+count; id++ {
			if user := number(id); !yield(user, nil) {
				return
			}
		}
	}
}

func number(id int) storage.User {
	user := named(fmt.Sprint("number ", id))
	user.ID = int64(id)
	return user
}

func listed(users ...storage.User) iter.Seq2[storage.User, error] {
	return func(yield func(storage.User, error) bool) {
		for _, user := range users {
			if !yield(user, nil) {
				return
			}
		}
	}
}

func revocations(ids ...string) iter.Seq2[storage.Revocation, error] {
	return func(yield func(storage.Revocation, error) bool) {
		for _, id := range ids {
			if !yield(storage.Revocation{ID: id, Expires: expiry}, nil) {
				return
			}
		}
	}
}

// then goes on after rows with what do returns: nothing or an error.
func then[T any](rows iter.Seq2[T, error], do func() error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range rows {
			if !yield(row, err) {
				return
			}
		}
		if err := do(); err != nil {
			yield(*new(T), err)
		}
	}
}

func mustImport(t *testing.T, store storage.Store, users iter.Seq2[storage.User, error], revoked iter.Seq2[storage.Revocation, error], want storage.Imported) {
	t.Helper()
	if got, err := store.Import(t.Context(), users, revoked); err != nil || got != want {
		t.Fatalf("Import: %+v, %v; want %+v", got, err, want)
	}
}

func wantImportError(t *testing.T, store storage.Store, users iter.Seq2[storage.User, error], revoked iter.Seq2[storage.Revocation, error], want error) error {
	t.Helper()
	got, err := store.Import(t.Context(), users, revoked)
	if err == nil || want != nil && !errors.Is(err, want) {
		t.Fatalf("Import: got %v, want %v", err, want)
	}
	if got != (storage.Imported{}) {
		t.Errorf("Import returned %+v with its error", got)
	}
	if strings.Contains(err.Error(), "digest of") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error holds a hash or more than a line: %v", err)
	}
	return err
}

// wantCounts wants so many users and revocations, and no more.
func wantCounts(t *testing.T, store storage.Store, users, revoked int) {
	t.Helper()
	if got := len(mustList(t, store)); got != users {
		t.Errorf("%d users, want %d", got, users)
	}
	if got := len(mustListRevoked(t, store)); got != revoked {
		t.Errorf("%d revocations, want %d", got, revoked)
	}
}

func checkImport(t *testing.T, store storage.Store) {
	mustImport(t, store, listed(), revocations(), storage.Imported{})
	full := named("anna")
	full.ID = 1 << 53
	bare := storage.User{ID: 3, Username: "bert"}
	mustImport(t, store, listed(full, bare), revocations("b", "a", "b"), storage.Imported{Users: 2, Revocations: 2})
	if got := mustList(t, store); !slices.Equal(got, []storage.User{bare, full}) {
		t.Errorf("Users: %+v", got)
	}
	want := []storage.Revocation{{ID: "a", Expires: expiry}, {ID: "b", Expires: expiry}}
	if got := mustListRevoked(t, store); !slices.Equal(got, want) {
		t.Errorf("Revocations: %v", got)
	}
	mustFind(t, store, "anna")
	if id := mustAdd(t, store, named("carla"))[0]; id <= full.ID {
		t.Errorf("the id %d was given after %d", id, full.ID)
	}

	// Many, each kind alone, and everything that can be done with a user works with an imported one.
	mustImport(t, store, numbered(1000, 1501), revocations(), storage.Imported{Users: 1501})
	ids := make([]string, 1501)
	for i := range ids {
		ids[i] = fmt.Sprint("token ", i)
	}
	mustImport(t, store, listed(), revocations(ids...), storage.Imported{Revocations: 1501})
	wantCounts(t, store, 1504, 1503)
	ctx := t.Context()
	replaced, err := store.ReplacePassword(ctx, 1000, number(1000).Password, "x", "y")
	if err := errors.Join(err, store.SetPassword(ctx, 1001, newPassword("x", "y")), store.SetActive(ctx, 1001, false, now),
		store.SetLastLogin(ctx, 1001, expiry), store.DeleteUser(ctx, 1001, now)); err != nil || !replaced {
		t.Error(replaced, err)
	}
	if count := mustForget(t, store, expiry); count != 1503 {
		t.Errorf("%d revocations were forgotten", count)
	}
}

func checkImportPresent(t *testing.T, store storage.Store) {
	mustAdd(t, store, number(5), number(7))
	if err := store.SetPassword(t.Context(), 5, newPassword("changed", "format")); err != nil {
		t.Fatal(err)
	}
	mustRevoke(t, store, "a", expiry.AddDate(1, 0, 0))
	mustImport(t, store, numbered(1, 10), revocations("a", "b"), storage.Imported{Users: 8, Present: 2, Revocations: 1})
	if got := mustFind(t, store, "number 5"); got.Password != "changed" {
		t.Errorf("a user who was there was changed: %+v", got)
	}
	if got := mustListRevoked(t, store)[0]; !got.Expires.Equal(expiry.AddDate(1, 0, 0)) {
		t.Errorf("a revocation that was there was changed: %v", got)
	}
	mustImport(t, store, numbered(1, 10), revocations("a", "b"), storage.Imported{Present: 10})
	wantCounts(t, store, 10, 2)

	// Who is active here and not there is told of, and left alone; the other way round there is nothing to tell.
	there, both, here := number(1), number(2), number(3)
	there.Active, both.Active = false, false
	for _, id := range []int64{2, 3} {
		if err := store.SetActive(t.Context(), id, false, now); err != nil {
			t.Fatal(err)
		}
	}
	mustImport(t, store, listed(there, both, here), revocations(), storage.Imported{Present: 3, Inactive: 1})
	if !mustFind(t, store, "number 1").Active || mustFind(t, store, "number 3").Active {
		t.Error("an import changed who is active")
	}
}

func checkImportConflicts(t *testing.T, store storage.Store) {
	mustAdd(t, store, number(700))
	sameName, sameID := number(701), number(700)
	sameName.Username, sameID.Username = "number 700", "bert"
	upper := number(700)
	upper.Username = "NUMBER 700"
	for _, test := range []struct {
		named string
		users []storage.User
	}{
		{`"number 700"`, []storage.User{sameName}}, {`"bert"`, []storage.User{sameID}}, {`"NUMBER 700"`, []storage.User{upper}},
		{`"number 1"`, []storage.User{number(1), number(2), number(1)}},
		{`"number 700"`, []storage.User{number(700), sameName}},
	} {
		err := wantImportError(t, store, listed(test.users...), revocations("a"), storage.ErrExists)
		if !strings.Contains(err.Error(), test.named) {
			t.Errorf("the error does not name the user %s: %v", test.named, err)
		}
		wantCounts(t, store, 1, 0)
	}
	// After many that were fine.
	var many []storage.User
	for user := range numbered(1, 1200) {
		many = append(many, user)
	}
	wantImportError(t, store, listed(append(many, sameName)...), revocations("a"), storage.ErrExists)
	wantCounts(t, store, 1, 0)
	mustAdd(t, store, number(1), number(699))
}

func checkImportRefused(t *testing.T, store storage.Store) {
	for _, id := range []int64{0, -1, math.MinInt64, math.MaxInt64} {
		bad := named("bad")
		bad.ID = id
		err := wantImportError(t, store, listed(number(1), bad), revocations("a"), nil)
		if !strings.Contains(err.Error(), `"bad"`) || errors.Is(err, storage.ErrExists) {
			t.Errorf("the error does not name the user: %v", err)
		}
		wantCounts(t, store, 0, 0)
	}
}

// checkImportBroken ends imports in the middle of either sequence, by an error of it and by the context.
func checkImportBroken(t *testing.T, store storage.Store) {
	broken := errors.New("the file is cut short")
	fail := func() error { return broken }
	ids := make([]string, 1200)
	for i := range ids {
		ids[i] = fmt.Sprint("token ", i)
	}
	for _, count := range []int{0, 1, 1200} {
		wantImportError(t, store, then(numbered(1, count), fail), revocations("a"), broken)
		wantImportError(t, store, numbered(1, count), then(revocations(ids[:count]...), fail), broken)
		wantCounts(t, store, 0, 0)

		ctx, cancel := context.WithCancel(t.Context())
		_, err := store.Import(ctx, then(numbered(1, count), func() error { cancel(); return nil }), revocations("a"))
		wantError(t, "Import", err, context.Canceled)
		ctx, cancelToo := context.WithCancel(t.Context())
		_, err = store.Import(ctx, numbered(1, count), then(revocations(ids[:count]...), func() error { cancelToo(); return nil }))
		wantError(t, "Import", err, context.Canceled)
		wantCounts(t, store, 0, 0)
	}
	// Nothing is in the way afterwards.
	if _, err := store.AddFirstUser(t.Context(), number(1200)); err != nil {
		t.Error(err)
	}
	mustRevoke(t, store, ids[0], expiry)
	mustImport(t, store, numbered(1, 1200), revocations(ids...), storage.Imported{Users: 1199, Present: 1, Revocations: 1199})
	wantCounts(t, store, 1200, 1200)
}
