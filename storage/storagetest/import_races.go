package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

// stopped starts an import of 2000 users and 2000 revocations that stops before its end, and calls meanwhile; it returns what
// the import did after it went on with then's error.
func stopped(t *testing.T, store storage.Store, failure error, meanwhile func()) (storage.Imported, error) {
	t.Helper()
	reached, proceed := make(chan struct{}), make(chan struct{})
	ids := make([]string, 2000)
	for i := range ids {
		ids[i] = fmt.Sprint("token ", i)
	}
	var imported storage.Imported
	var err error
	var group sync.WaitGroup
	group.Go(func() {
		imported, err = store.Import(t.Context(), numbered(1, 2000), then(revocations(ids...), func() error {
			close(reached)
			<-proceed
			return failure
		}))
	})
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	select {
	case <-reached:
		meanwhile()
	case <-ended:
		t.Errorf("the import ended before its sequences: %v", err)
	}
	close(proceed)
	<-ended
	return imported, err
}

// checkImportHidden does everything with a user and a token of an import under way: they are not there.
func checkImportHidden(t *testing.T, store storage.Store) {
	ctx := t.Context()
	broken := errors.New("the file is cut short")
	for _, failure := range []error{broken, nil} {
		_, err := stopped(t, store, failure, func() {
			wantCounts(t, store, 0, 0)
			wantNotFound(t, store, "number 1")
			_, err := store.UserByID(ctx, 1)
			wantError(t, "UserByID", err, storage.ErrNotFound)
			wantError(t, "SetPassword", store.SetPassword(ctx, 1, newPassword("x", "y")), storage.ErrNotFound)
			wantError(t, "SetActive", store.SetActive(ctx, 1, false, now), storage.ErrNotFound)
			wantError(t, "SetLastLogin", store.SetLastLogin(ctx, 1, expiry), storage.ErrNotFound)
			wantError(t, "DeleteUser", store.DeleteUser(ctx, 1, now), storage.ErrNotFound)
			wantError(t, "ChangePassword", store.ChangePassword(ctx, 1, now, newPassword("x", "y")), storage.ErrNotFound)
			wantError(t, "AddSession", store.AddSession(ctx, begun("a", 1), now), storage.ErrNotFound)
			if replaced, err := store.ReplaceClaims(ctx, 1, "", "{}"); replaced || err != nil {
				t.Errorf("ReplaceClaims: %v, %v", replaced, err)
			}
			if _, err := store.EndSessions(ctx, 1, "", endedBy(storage.EndedByUser)); err != nil {
				t.Errorf("EndSessions: %v", err)
			}
			beside := named("beside")
			beside.ID = 5000
			mustAdd(t, store, beside)
			if ended, last, err := store.EndSessionsAfter(ctx, 0, 10, endedBy(storage.EndedByUser)); ended != 0 || last != 5000 || err != nil {
				t.Errorf("EndSessionsAfter: %d, %d, %v", ended, last, err)
			}
			if err := store.DeleteUser(ctx, 5000, now); err != nil {
				t.Error(err)
			}
			if replaced, err := store.ReplacePassword(ctx, 1, number(1).Password, "x", "y"); replaced || err != nil {
				t.Errorf("ReplacePassword: %v, %v", replaced, err)
			}
			wantRevoked(t, store, "token 1", false)
			// Names and IDs are taken already.
			sameName, sameID := named("number 1"), named("another")
			sameID.ID = 1
			for _, user := range []storage.User{sameName, sameID} {
				_, err := store.AddUsers(ctx, []storage.User{user})
				wantError(t, "AddUsers", err, storage.ErrExists)
			}
			_, err = store.AddFirstUser(ctx, named("another"))
			wantError(t, "AddFirstUser", err, storage.ErrExists)
		})
		if !errors.Is(err, failure) {
			t.Errorf("Import: %v", err)
		}
	}
	wantCounts(t, store, 2000, 2000)
	for _, id := range []int{1, 2000} {
		if got := mustFind(t, store, number(id).Username); got != number(id) {
			t.Errorf("an import under way was changed: %+v", got)
		}
	}
}

// checkImportAllAtOnce reads during whole imports, one that fails and one that does not.
func checkImportAllAtOnce(t *testing.T, store storage.Store) {
	done := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			users, err := store.Users(t.Context(), 0, 5000)
			if err != nil || len(users) != 0 && len(users) != 3000 {
				t.Errorf("Users: %d, %v", len(users), err)
				return
			}
			a, err := store.Standing(t.Context(), "a", "")
			if err != nil || len(users) != 0 && !a.Revoked {
				t.Errorf("Standing: %+v, %v", a, err)
				return
			}
			if !a.Revoked {
				continue
			}
			if user, err := store.UserByID(t.Context(), 3000); err != nil || user != number(3000) {
				t.Errorf("UserByID: %+v, %v", user, err)
				return
			}
		}
	})
	broken := errors.New("the file is cut short")
	wantImportError(t, store, numbered(1, 3000), then(revocations("a"), func() error { return broken }), broken)
	mustImport(t, store, numbered(1, 3000), revocations("a", "b"), storage.Imported{Users: 3000, Revocations: 2})
	close(done)
	readers.Wait()
	wantCounts(t, store, 3000, 2)
}

// checkImportOthersWrite writes while an import stands still, and expects that nothing of it is lost.
func checkImportOthersWrite(t *testing.T, store storage.Store) {
	ctx := t.Context()
	for i, failure := range []error{errors.New("the file is cut short"), nil} {
		_, err := stopped(t, store, failure, func() {
			for n := range 50 {
				name := fmt.Sprint("other ", i, " ", n)
				id := mustAdd(t, store, named(name))[0]
				if err := errors.Join(store.SetLastLogin(ctx, id, expiry), store.SetPassword(ctx, id, newPassword("x", "y"))); err != nil {
					t.Error(err)
				}
				mustRevoke(t, store, name, expiry)
			}
			if _, err := store.Setting(ctx, "key", []byte("value")); err != nil {
				t.Error(err)
			}
		})
		if !errors.Is(err, failure) {
			t.Errorf("Import: %v", err)
		}
		mustFind(t, store, fmt.Sprint("other ", i, " 49"))
	}
	wantCounts(t, store, 2100, 2100)
}

// checkImportRevokedMeanwhile revokes tokens of an import under way: that counts at once, and whatever becomes of the import.
func checkImportRevokedMeanwhile(t *testing.T, store storage.Store) {
	later := expiry.Add(time.Hour)
	_, err := stopped(t, store, errors.New("the file is cut short"), func() {
		mustRevoke(t, store, "token 1", later)
		wantRevoked(t, store, "token 1", true)
	})
	if err == nil {
		t.Error("the import did not fail")
	}
	if got := mustListRevoked(t, store); len(got) != 1 || got[0] != (storage.Revocation{ID: "token 1", Expires: later}) {
		t.Errorf("Revocations: %v", got)
	}
	_, err = stopped(t, store, nil, func() {
		mustRevoke(t, store, "token 2", later)
		if fresh, err := store.Revoke(t.Context(), storage.Revocation{ID: "token 2", Expires: later}); fresh || err != nil {
			t.Errorf("Revoke again: %v, %v", fresh, err)
		}
		if count := mustForget(t, store, expiry.Add(-time.Second)); count != 0 {
			t.Errorf("%d revocations were forgotten that are alive", count)
		}
	})
	if err != nil {
		t.Error(err)
	}
	wantCounts(t, store, 2000, 2000)
}

func checkImportTwice(t *testing.T, store storage.Store) {
	imported, err := stopped(t, store, nil, func() {
		wantImportError(t, store, numbered(5000, 1), revocations(), storage.ErrBusy)
		wantCounts(t, store, 0, 0)
	})
	if err != nil || imported != (storage.Imported{Users: 2000, Revocations: 2000}) {
		t.Errorf("Import: %+v, %v", imported, err)
	}
	wantCounts(t, store, 2000, 2000)

	errs := make([]error, 4)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			_, errs[i] = store.Import(context.WithoutCancel(t.Context()), numbered(3000, 1000), revocations())
		})
	}
	group.Wait()
	succeeded := 0
	for _, err := range errs {
		if err == nil {
			succeeded++
		} else if !errors.Is(err, storage.ErrBusy) {
			t.Errorf("Import: %v", err)
		}
	}
	if succeeded == 0 {
		t.Error("no import succeeded")
	}
	wantCounts(t, store, 3000, 2000)
}
