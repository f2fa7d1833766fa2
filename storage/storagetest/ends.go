package storagetest

import (
	"fmt"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

func endedBy(reason storage.EndReason) storage.End {
	return storage.End{At: now.Add(time.Minute), Reason: reason}
}

func checkEndSession(t *testing.T, store storage.Store) {
	ctx := t.Context()
	anna, bert := mustLogIn(t, store, "anna", "a", "b"), mustLogIn(t, store, "bert", "c")
	logout := endedBy(storage.EndedByLogout)
	for _, test := range []struct {
		id    string
		user  int64
		ended bool
	}{
		{"a", bert, false}, {"a", -1, false}, {"A", anna, false}, {"", anna, false}, {"", 0, false}, {"d", 0, false},
		{"a", anna, true}, {"a", anna, false}, {"a", 0, false}, {"c", anna, false}, {"c", 0, true}, {"c", bert, false},
	} {
		if ended, err := store.EndSession(ctx, test.id, test.user, logout); ended != test.ended || err != nil {
			t.Errorf("EndSession(%q) of %d: %v, %v", test.id, test.user, ended, err)
		}
	}
	// What was ended stays as it was ended.
	later := storage.End{At: now.Add(time.Hour), Reason: storage.EndedByOperator}
	if ended, err := store.EndSession(ctx, "a", 0, later); ended || err != nil {
		t.Errorf("EndSession again: %v, %v", ended, err)
	}
	wantEnded(t, store, begun("a", anna), logout)
	wantEnded(t, store, begun("c", bert), logout)
	wantSession(t, store, begun("b", anna))
	wantRotation(t, store, "a", step("a", 1, 0), storage.WasEnded)
	if got := mustFind(t, store, "anna").SessionsEnded; !got.IsZero() {
		t.Errorf("one end moved the mark of all ends to %v", got)
	}
}

func checkEndToken(t *testing.T, store storage.Store) {
	ctx := t.Context()
	anna := mustLogIn(t, store, "anna", "adopted")
	logout := endedBy(storage.EndedByLogout)
	for _, test := range []struct {
		id    string
		fresh bool
	}{{"adopted", true}, {"adopted", false}, {"alone", true}, {"alone", false}, {"", true}, {"", false}} {
		fresh, err := store.EndToken(ctx, storage.Revocation{ID: test.id, Expires: expiry}, logout)
		if fresh != test.fresh || err != nil {
			t.Errorf("EndToken(%q): %v, %v", test.id, fresh, err)
		}
	}
	wantEnded(t, store, begun("adopted", anna), logout)
	wantRevoked(t, store, "adopted", false)
	wantRevoked(t, store, "alone", true)
	if fresh, err := store.Revoke(ctx, storage.Revocation{ID: "alone", Expires: expiry}); fresh || err != nil {
		t.Errorf("Revoke: %v, %v", fresh, err)
	}
	mustRevoke(t, store, "revoked", expiry)
	if fresh, err := store.EndToken(ctx, storage.Revocation{ID: "revoked", Expires: expiry}, logout); fresh || err != nil {
		t.Errorf("EndToken: %v, %v", fresh, err)
	}
	wantError(t, "AddSession", store.AddSession(ctx, begun("alone", anna), time.Time{}), storage.ErrNotFound)
}

// checkMark wants that the mark of all ends grows each time, and is what the clock says where it can be.
func checkMark(t *testing.T, store storage.Store) {
	ctx := t.Context()
	anna, bert := mustLogIn(t, store, "anna"), mustLogIn(t, store, "bert")
	last := time.Time{}
	for i, at := range []time.Time{now, now, now.Add(-time.Hour), now.Add(time.Hour), now.Add(time.Hour + 999*time.Nanosecond)} {
		end := storage.End{At: at, Reason: storage.EndedByUser}
		calls := map[string]func() error{
			"EndSessions":      func() error { _, err := store.EndSessions(ctx, anna, "", end); return err },
			"EndSessionsAfter": func() error { _, _, err := store.EndSessionsAfter(ctx, 0, 1, end); return err },
			"SetPassword": func() error {
				return store.SetPassword(ctx, anna, storage.PasswordChange{Encoded: "x", Format: "y", At: at})
			},
			"ChangePassword": func() error {
				return store.ChangePassword(ctx, anna, last, storage.PasswordChange{Encoded: "x", Format: "y", At: at})
			},
			"SetActive": func() error { return store.SetActive(ctx, anna, false, at) },
		}
		for _, name := range []string{"EndSessions", "EndSessionsAfter", "SetPassword", "ChangePassword", "SetActive"} {
			if err := calls[name](); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got := mustFind(t, store, "anna").SessionsEnded
			want := at.Truncate(time.Microsecond)
			if !want.After(last) {
				want = last.Add(time.Microsecond)
			}
			if !got.Equal(want) {
				t.Errorf("%d: %s moved the mark from %v to %v, want %v", i, name, last, got, want)
			}
			last = got
		}
		if err := store.SetActive(ctx, anna, true, at.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := mustFind(t, store, "anna"); !got.SessionsEnded.Equal(last) || !got.Active {
			t.Errorf("SetActive moved the mark: %+v", got)
		}
	}
	if got := mustFind(t, store, "bert"); got.ID != bert || !got.SessionsEnded.IsZero() {
		t.Errorf("another user changed: %+v", got)
	}
}

func checkEndSessions(t *testing.T, store storage.Store) {
	ctx := t.Context()
	anna, bert := mustLogIn(t, store, "anna", "a", "b", "c", "d"), mustLogIn(t, store, "bert", "e")
	logout, all := endedBy(storage.EndedByLogout), storage.End{At: now.Add(time.Hour), Reason: storage.EndedByUser}
	if ended, err := store.EndSession(ctx, "a", 0, logout); !ended || err != nil {
		t.Fatal(ended, err)
	}
	for _, test := range []struct {
		user   int64
		except string
		count  int
	}{{anna, "b", 2}, {anna, "b", 0}, {anna, "e", 1}, {anna, "", 0}, {bert, "", 1}, {bert + 1, "", 0}, {0, "", 0}} {
		if count, err := store.EndSessions(ctx, test.user, test.except, all); count != test.count || err != nil {
			t.Errorf("EndSessions of %d except %q: %d, %v; want %d", test.user, test.except, count, err, test.count)
		}
		if test.except == "b" {
			wantSession(t, store, begun("b", anna))
			wantSession(t, store, begun("e", bert))
		}
	}
	wantEnded(t, store, begun("a", anna), logout)
	for _, id := range []string{"b", "c", "d"} {
		wantEnded(t, store, begun(id, anna), all)
	}
	wantEnded(t, store, begun("e", bert), all)
}

func checkEndSessionsAfter(t *testing.T, store storage.Store) {
	ctx := t.Context()
	var users []int64
	for i := range 5 {
		users = append(users, mustLogIn(t, store, fmt.Sprint("user ", i), fmt.Sprint("a", i), fmt.Sprint("b", i)))
	}
	end := endedBy(storage.EndedByOperator)
	if err := store.DeleteUser(ctx, users[2], now); err != nil {
		t.Fatal(err)
	}
	if err := store.SetActive(ctx, users[3], false, now); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		after int64
		limit int
		ended int
		last  int64
	}{{-5, 1, 2, users[0]}, {users[0], 2, 2, users[3]}, {users[3], 2, 2, users[4]}, {users[4], 2, 0, 0}, {0, 100, 0, users[4]}} {
		ended, last, err := store.EndSessionsAfter(ctx, test.after, test.limit, end)
		if ended != test.ended || last != test.last || err != nil {
			t.Errorf("EndSessionsAfter %d, %d: %d, %d, %v; want %d, %d", test.after, test.limit, ended, last, err, test.ended, test.last)
		}
	}
	for i, want := range []storage.End{end, end, {At: now, Reason: storage.EndedDeleted}, {At: now, Reason: storage.EndedInactive}, end} {
		for _, name := range []string{"a", "b"} {
			session := begun(fmt.Sprint(name, i), users[i])
			if want.Reason == storage.EndedDeleted {
				session.Agent, session.Address = "", ""
			}
			wantEnded(t, store, session, want)
		}
	}
	for _, i := range []int{0, 1, 3, 4} {
		if got := mustFind(t, store, fmt.Sprint("user ", i)).SessionsEnded; got.Before(end.At) {
			t.Errorf("the mark of user %d is %v", i, got)
		}
	}
	for _, limit := range []int{0, -1} {
		if _, _, err := store.EndSessionsAfter(ctx, 0, limit, end); err == nil {
			t.Errorf("EndSessionsAfter took the limit %d", limit)
		}
	}
}

// checkUserEnds has the changes to a user that end sessions: all but those that end already, and those of nobody else.
func checkUserEnds(t *testing.T, store storage.Store) {
	ctx := t.Context()
	change := storage.PasswordChange{Encoded: "x", Format: "y", At: now.Add(time.Hour)}
	keep := change
	keep.Keep = "a"
	at := change.At
	for i, test := range []struct {
		reason storage.EndReason
		kept   bool
		call   func(user int64) error
	}{
		{storage.EndedByPassword, false, func(user int64) error { return store.SetPassword(ctx, user, change) }},
		{storage.EndedByPassword, false, func(user int64) error { return store.ChangePassword(ctx, user, time.Time{}, change) }},
		{storage.EndedByPassword, true, func(user int64) error {
			keep.Keep = fmt.Sprint("kept ", user)
			return store.SetPassword(ctx, user, keep)
		}},
		{storage.EndedByPassword, true, func(user int64) error {
			keep.Keep = fmt.Sprint("kept ", user)
			return store.ChangePassword(ctx, user, time.Time{}, keep)
		}},
		{storage.EndedInactive, false, func(user int64) error { return store.SetActive(ctx, user, false, at) }},
		{storage.EndedDeleted, false, func(user int64) error { return store.DeleteUser(ctx, user, at) }},
		{"", true, func(user int64) error { return store.SetActive(ctx, user, true, at) }},
	} {
		user := mustLogIn(t, store, fmt.Sprint("user ", i))
		kept, other, ended := begun(fmt.Sprint("kept ", user), user), begun(fmt.Sprint("other ", user), user), begun(fmt.Sprint("ended ", user), user)
		bystander := begun(fmt.Sprint("bystander ", user), mustLogIn(t, store, fmt.Sprint("bystander ", i)))
		for _, session := range []storage.Session{kept, other, ended, bystander} {
			mustBegin(t, store, session)
		}
		logout := endedBy(storage.EndedByLogout)
		if done, err := store.EndSession(ctx, ended.ID, 0, logout); !done || err != nil {
			t.Fatal(done, err)
		}
		if err := test.call(user); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if test.reason == storage.EndedDeleted {
			for _, session := range []*storage.Session{&kept, &other, &ended} {
				session.Agent, session.Address = "", ""
			}
		}
		wantEnded(t, store, ended, logout)
		wantSession(t, store, bystander)
		end := storage.End{At: at, Reason: test.reason}
		if test.reason == "" {
			end.At = time.Time{}
		}
		wantEnded(t, store, other, end)
		if test.kept {
			end = storage.End{}
		}
		wantEnded(t, store, kept, end)
	}
}

func checkChangePassword(t *testing.T, store storage.Store) {
	ctx := t.Context()
	anna := mustLogIn(t, store, "anna", "a")
	change := func(asOf time.Time, encoded string) error {
		return store.ChangePassword(ctx, anna, asOf, newPassword(encoded, "format of "+encoded))
	}
	if err := change(time.Time{}, "first"); err != nil {
		t.Fatal(err)
	}
	want := mustFind(t, store, "anna")
	if want.Password != "first" || want.PasswordFormat != "format of first" {
		t.Errorf("got %+v", want)
	}
	mustAddSession := func(id string) {
		t.Helper()
		if err := store.AddSession(ctx, begun(id, anna), want.SessionsEnded); err != nil {
			t.Fatal(err)
		}
	}
	mustAddSession("b")
	// Whoever showed the password before it was changed changes nothing, and ends nothing.
	for _, asOf := range []time.Time{{}, now.Add(-time.Microsecond), want.SessionsEnded.Add(-time.Microsecond)} {
		wantError(t, "ChangePassword", change(asOf, "late"), storage.ErrNotFound)
	}
	if got := mustFind(t, store, "anna"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	wantSession(t, store, begun("b", anna))
	if err := change(want.SessionsEnded, "second"); err != nil {
		t.Error(err)
	}
	want = mustFind(t, store, "anna")
	if err := store.SetActive(ctx, anna, false, now); err != nil {
		t.Fatal(err)
	}
	wantError(t, "ChangePassword of somebody inactive", change(now.Add(time.Hour), "third"), storage.ErrNotFound)
	if got := mustFind(t, store, "anna").Password; got != "second" {
		t.Errorf("the password is %q", got)
	}
	wantError(t, "ChangePassword of nobody", store.ChangePassword(ctx, anna+1, now, newPassword("x", "y")), storage.ErrNotFound)
}
