package storagetest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

// begun returns a session that begins now, everything in it set that is at a beginning.
func begun(id string, user int64) storage.Session {
	return storage.Session{
		ID:      id,
		User:    user,
		Created: now,
		Used:    now,
		Ends:    now.Add(30 * 24 * time.Hour),
		Agent:   "curl/8 \U0001F600",
		Address: "2001:db8::1",
		Current: id + " 1",
		Expires: now.Add(24 * time.Hour),
		Keep:    now.Add(24*time.Hour + 5*time.Minute),
	}
}

// mustLogIn adds a user, and a session of each of the IDs.
func mustLogIn(t *testing.T, store storage.Store, username string, sessions ...string) int64 {
	t.Helper()
	user := mustAdd(t, store, named(username))[0]
	for _, id := range sessions {
		mustBegin(t, store, begun(id, user))
	}
	return user
}

func mustBegin(t *testing.T, store storage.Store, session storage.Session) {
	t.Helper()
	if err := store.AddSession(t.Context(), session, time.Time{}); err != nil {
		t.Fatalf("AddSession(%q): %v", session.ID, err)
	}
}

func mustStand(t *testing.T, store storage.Store, token, session string) storage.Standing {
	t.Helper()
	standing, err := store.Standing(t.Context(), token, session)
	if err != nil {
		t.Fatalf("Standing: %v", err)
	}
	return standing
}

func wantSession(t *testing.T, store storage.Store, want storage.Session) {
	t.Helper()
	if got := mustStand(t, store, "", want.ID).Session; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// wantEnded wants a session as it was, and ended.
func wantEnded(t *testing.T, store storage.Store, session storage.Session, end storage.End) {
	t.Helper()
	session.Ended, session.Reason = end.At, end.Reason
	wantSession(t, store, session)
}

func mustListSessions(t *testing.T, store storage.Store, user int64, alive time.Time) []storage.Session {
	t.Helper()
	sessions, err := store.Sessions(t.Context(), user, alive, 1_000_000)
	if err != nil {
		t.Fatalf("Sessions: %v", err)
	}
	return sessions
}

func checkAddSession(t *testing.T, store storage.Store) {
	anna := mustLogIn(t, store, "anna", "a")
	wantSession(t, store, begun("a", anna))

	// What an adopted token begins with, and times to the microsecond.
	adopted := begun("b", anna)
	adopted.Parent, adopted.Rotated = "b", now
	adopted.Created = time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("", 3600))
	adopted.Used, adopted.Agent, adopted.Address = adopted.Created, "", ""
	mustBegin(t, store, adopted)
	adopted.Created = adopted.Created.UTC().Truncate(time.Microsecond)
	adopted.Used = adopted.Created
	wantSession(t, store, adopted)

	// It is remembered for no less than its token lives.
	short := begun("c", anna)
	short.Keep = time.Time{}
	mustBegin(t, store, short)
	short.Keep = short.Expires
	wantSession(t, store, short)

	// Once there, always there, whatever else is so.
	if _, err := store.EndSession(t.Context(), "b", 0, storage.End{At: now, Reason: storage.EndedByLogout}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b"} {
		other := begun(id, anna)
		other.Agent = "another"
		wantError(t, "AddSession again", store.AddSession(t.Context(), other, time.Time{}), storage.ErrExists)
	}
	wantSession(t, store, begun("a", anna))
	if err := store.SetActive(t.Context(), anna, false, now); err != nil {
		t.Fatal(err)
	}
	wantError(t, "AddSession again, deactivated", store.AddSession(t.Context(), begun("a", anna), now), storage.ErrExists)
	if err := store.AddSession(t.Context(), begun("", anna), now); err == nil {
		t.Error("AddSession took a session without an ID")
	}
}

func checkAddSessionRefused(t *testing.T, store storage.Store) {
	ctx := t.Context()
	anna := mustLogIn(t, store, "anna")
	inactive := named("bert")
	inactive.Active = false
	bert := mustAdd(t, store, inactive)[0]
	mustRevoke(t, store, "revoked", expiry)
	for what, session := range map[string]storage.Session{
		"nobody": begun("a", bert+1), "somebody inactive": begun("a", bert), "a revoked token": begun("revoked", anna),
	} {
		wantError(t, "AddSession of "+what, store.AddSession(ctx, session, time.Time{}), storage.ErrNotFound)
	}

	// The mark moves: what was read before it begins nothing.
	if _, err := store.EndSessions(ctx, anna, "", storage.End{At: now, Reason: storage.EndedByUser}); err != nil {
		t.Fatal(err)
	}
	for _, asOf := range []time.Time{{}, now.Add(-time.Hour), now.Add(-time.Microsecond)} {
		wantError(t, "AddSession", store.AddSession(ctx, begun("a", anna), asOf), storage.ErrNotFound)
	}
	if sessions := mustListSessions(t, store, anna, time.Time{}); len(sessions) != 0 {
		t.Errorf("sessions: %v", sessions)
	}
	if err := store.AddSession(ctx, begun("a", anna), mustFind(t, store, "anna").SessionsEnded); err != nil {
		t.Errorf("AddSession: %v", err)
	}
	if err := store.AddSession(ctx, begun("b", anna), now.Add(time.Hour)); err != nil {
		t.Errorf("AddSession: %v", err)
	}
	if err := store.DeleteUser(ctx, anna, now); err != nil {
		t.Fatal(err)
	}
	wantError(t, "AddSession of a deleted user", store.AddSession(ctx, begun("c", anna), now.Add(time.Hour)), storage.ErrNotFound)
}

func checkStanding(t *testing.T, store storage.Store) {
	anna := mustLogIn(t, store, "anna", "a", "A", "a ", "jos\u00e9", strings.Repeat("x", 2000))
	mustRevoke(t, store, "revoked", expiry)
	if replaced, err := store.ReplaceClaims(t.Context(), anna, "", `{"role":"admin"}`); !replaced || err != nil {
		t.Fatal(replaced, err)
	}
	user := mustFind(t, store, "anna")
	for _, test := range []struct {
		token, session string
		want           storage.Standing
	}{
		{"", "", storage.Standing{}},
		{"a", "", storage.Standing{}},
		{"revoked", "", storage.Standing{Revoked: true}},
		{"Revoked", "b", storage.Standing{}},
		{"revoked", "b", storage.Standing{Revoked: true}},
		{"revoked", "a", storage.Standing{Revoked: true, Session: begun("a", anna), User: user}},
		{"a", "a", storage.Standing{Session: begun("a", anna), User: user}},
		{"a", "A", storage.Standing{Session: begun("A", anna), User: user}},
		{"a", "a ", storage.Standing{Session: begun("a ", anna), User: user}},
		{"a", " a", storage.Standing{}},
		{"a", "a\x00", storage.Standing{}},
		{"a", "jose\u0301", storage.Standing{}},
		{"a", "jos\u00e9", storage.Standing{Session: begun("jos\u00e9", anna), User: user}},
		{"a", strings.Repeat("x", 2000), storage.Standing{Session: begun(strings.Repeat("x", 2000), anna), User: user}},
	} {
		if got := mustStand(t, store, test.token, test.session); got != test.want {
			t.Errorf("Standing of %.10q, %.10q:\ngot  %+v\nwant %+v", test.token, test.session, got, test.want)
		}
	}
	if err := store.DeleteUser(t.Context(), anna, now); err != nil {
		t.Fatal(err)
	}
	if got := mustStand(t, store, "a", "a"); got.Session.User != anna || got.User != (storage.User{}) {
		t.Errorf("after the user was deleted: %+v", got)
	}
}

func checkTouchSession(t *testing.T, store storage.Store) {
	ctx := t.Context()
	session := begun("a", mustLogIn(t, store, "anna", "a", "b"))
	for _, test := range []struct{ later, apart, used time.Duration }{
		{59 * time.Second, time.Minute, 0},
		{time.Minute - time.Microsecond, time.Minute, 0},
		{time.Minute, time.Minute, time.Minute},
		{time.Minute + time.Second, time.Minute, time.Minute},
		{time.Minute + time.Second, 0, time.Minute + time.Second},
		{0, 0, time.Minute + time.Second},
		{time.Hour, time.Minute, time.Hour},
	} {
		if err := store.TouchSession(ctx, "a", now.Add(test.later), test.apart); err != nil {
			t.Fatal(err)
		}
		session.Used = now.Add(test.used)
		wantSession(t, store, session)
	}
	other := begun("b", session.User)
	wantSession(t, store, other)
	end := storage.End{At: now, Reason: storage.EndedByUser}
	if ended, err := store.EndSession(ctx, "b", 0, end); !ended || err != nil {
		t.Fatal(ended, err)
	}
	for _, id := range []string{"b", "c", ""} {
		if err := store.TouchSession(ctx, id, now.Add(time.Hour), 0); err != nil {
			t.Errorf("TouchSession(%q): %v", id, err)
		}
	}
	wantEnded(t, store, other, end)
}

func checkSessions(t *testing.T, store storage.Store) {
	ctx := t.Context()
	if has, err := store.HasSessions(ctx); has || err != nil {
		t.Errorf("HasSessions of a new Store: %t, %v", has, err)
	}
	defer func() {
		if has, err := store.HasSessions(ctx); !has || err != nil {
			t.Errorf("HasSessions: %t, %v", has, err)
		}
	}()
	anna, bert := mustLogIn(t, store, "anna"), mustLogIn(t, store, "bert", "of another")
	var all []storage.Session
	for i := range 6 {
		session := begun(fmt.Sprint("session ", i*7919%6), anna)
		session.Created = now.Add(time.Duration(-i) * time.Minute)
		session.Expires = now.Add(time.Duration(i) * time.Minute)
		all = append(all, session)
	}
	for _, i := range []int{3, 0, 5, 1, 4, 2} {
		mustBegin(t, store, all[i])
	}
	end := storage.End{At: now, Reason: storage.EndedByUser}
	if ended, err := store.EndSession(ctx, all[4].ID, anna, end); !ended || err != nil {
		t.Fatal(ended, err)
	}
	all[4].Ended, all[4].Reason = end.At, end.Reason
	for _, test := range []struct {
		user  int64
		alive time.Time
		limit int
		want  []storage.Session
	}{
		{anna, time.Time{}, 6, all}, {anna, time.Time{}, math.MaxInt, all}, {anna, time.Time{}, 5, all[:5]}, {anna, time.Time{}, 1, all[:1]},
		{anna, now, 10, []storage.Session{all[1], all[2], all[3], all[5]}},
		{anna, now.Add(2*time.Minute - time.Microsecond), 10, []storage.Session{all[2], all[3], all[5]}},
		{anna, now.Add(2 * time.Minute), 10, []storage.Session{all[3], all[5]}},
		{anna, now, 3, []storage.Session{all[1], all[2], all[3]}},
		{anna, now.Add(time.Hour), 10, nil},
		{bert, now, 10, []storage.Session{begun("of another", bert)}},
		{bert + 1, now, 10, nil}, {0, time.Time{}, 10, nil}, {-anna, time.Time{}, 10, nil},
	} {
		got, err := store.Sessions(ctx, test.user, test.alive, test.limit)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("Sessions of %d alive %v, limit %d: %v\ngot  %v\nwant %v", test.user, test.alive, test.limit, err, got, test.want)
		}
	}
	for _, limit := range []int{0, -1} {
		if _, err := store.Sessions(ctx, anna, time.Time{}, limit); err == nil {
			t.Errorf("Sessions took the limit %d", limit)
		}
	}
}
