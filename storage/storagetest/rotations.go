package storagetest

import (
	"fmt"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

const grace = 10 * time.Second

// wantRotation asks for a rotation and wants its outcome, and the session that it returns as the one that is remembered.
func wantRotation(t *testing.T, store storage.Store, id string, r storage.Rotation, want storage.Outcome) storage.Session {
	t.Helper()
	session, outcome, err := store.RotateSession(t.Context(), id, r)
	if err != nil {
		t.Fatalf("RotateSession: %v", err)
	}
	if outcome != want {
		t.Errorf("the outcome is %d, want %d", outcome, want)
	}
	if got := mustStand(t, store, "", id).Session; got != session {
		t.Errorf("remembered %+v\nreturned   %+v", got, session)
	}
	return session
}

// step is the rotation of a session's token with a number to the next, some time after now.
func step(session string, number int, later time.Duration) storage.Rotation {
	return storage.Rotation{
		Token: fmt.Sprint(session, " ", number), Next: fmt.Sprint(session, " ", number+1),
		At: now.Add(later), Lifetime: 24 * time.Hour, Grace: grace,
	}
}

func checkRotate(t *testing.T, store storage.Store) {
	want := begun("a", mustLogIn(t, store, "anna", "a", "b"))
	for i := 1; i < 5; i++ {
		later := time.Duration(i) * time.Hour
		want.Parent, want.Current = want.Current, fmt.Sprint("a ", i+1)
		want.Rotated, want.Used, want.Expires = now.Add(later), now.Add(later), now.Add(later+24*time.Hour)
		want.Keep = now.Add(later + 24*time.Hour)
		if got := wantRotation(t, store, "a", step("a", i, later), storage.Rotated); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	wantSession(t, store, begun("b", want.User))

	// The session may end before its token would have: it is remembered for as long as it was to be before.
	short := step("a", 5, 5*time.Hour)
	short.Lifetime = time.Hour + 999*time.Nanosecond
	got := wantRotation(t, store, "a", short, storage.Rotated)
	if !got.Expires.Equal(now.Add(6*time.Hour)) || got.Keep != want.Keep {
		t.Errorf("got %+v", got)
	}
	_, _, err := store.RotateSession(t.Context(), "c", step("c", 1, 0))
	wantError(t, "RotateSession", err, storage.ErrNotFound)
	_, _, err = store.RotateSession(t.Context(), "", step("a", 6, 0))
	wantError(t, "RotateSession", err, storage.ErrNotFound)
}

func checkRotateGrace(t *testing.T, store storage.Store) {
	mustLogIn(t, store, "anna", "a", "b", "c")
	first := wantRotation(t, store, "a", step("a", 1, 0), storage.Rotated)
	// Whatever successor it asks for, it is told of the one there is; also where the clock was set back.
	for i, later := range []time.Duration{0, 0, time.Second, grace, -time.Hour, grace - time.Microsecond} {
		r := step("a", 1, later)
		r.Next = fmt.Sprint("another ", i)
		if got := wantRotation(t, store, "a", r, storage.Repeated); got != first {
			t.Errorf("after %v: got %+v\nwant %+v", later, got, first)
		}
		r.Next = ""
		if got := wantRotation(t, store, "a", r, storage.Repeated); got != first {
			t.Errorf("after %v: got %+v\nwant %+v", later, got, first)
		}
	}
	second := wantRotation(t, store, "a", step("a", 2, time.Second), storage.Rotated)
	if got := wantRotation(t, store, "a", step("a", 2, grace), storage.Repeated); got != second {
		t.Errorf("got %+v\nwant %+v", got, second)
	}

	// Without a grace the parent is as any other, also at once and where the clock was set back.
	for id, later := range map[string]time.Duration{"b": 0, "c": -time.Hour} {
		wantRotation(t, store, id, step(id, 1, 0), storage.Rotated)
		r := step(id, 1, later)
		r.Grace = 0
		wantRotation(t, store, id, r, storage.Reused)
	}
}

func checkRotateReuse(t *testing.T, store storage.Store) {
	cases := map[string]storage.Rotation{
		"parent after its grace": step("parent after its grace", 3, 3*time.Second+grace+time.Microsecond),
		"older within the grace": step("older within the grace", 2, 3*time.Second),
		"the first":              step("the first", 1, 3*time.Second),
		"of another":             step("the first", 4, 3*time.Second),
		"empty":                  {Next: "x", At: now.Add(3 * time.Second), Lifetime: time.Hour, Grace: grace},
		"not to be replaced":     {Token: "not to be replaced 2", At: now.Add(3 * time.Second), Grace: grace},
		"from the future":        step("from the future", 5, 3*time.Second),
	}
	user := mustLogIn(t, store, "anna", "bystander")
	for id, r := range cases {
		mustBegin(t, store, begun(id, user))
		var want storage.Session
		for i := 1; i < 4; i++ {
			want = wantRotation(t, store, id, step(id, i, time.Duration(i)*time.Second), storage.Rotated)
		}
		want.Ended, want.Reason = r.At, storage.EndedByReuse
		if got := wantRotation(t, store, id, r, storage.Reused); got != want {
			t.Errorf("%s: got %+v\nwant %+v", id, got, want)
		}
		// Now nothing of it is good, and what it ended for stays.
		for number := 1; number < 6; number++ {
			for _, next := range []string{"", "next"} {
				again := step(id, number, 4*time.Second)
				again.Next = next
				if got := wantRotation(t, store, id, again, storage.WasEnded); got != want {
					t.Errorf("%s: got %+v\nwant %+v", id, got, want)
				}
			}
		}
	}
	// The first token was never rotated: no other can be its parent.
	mustBegin(t, store, begun("new", user))
	wantRotation(t, store, "new", storage.Rotation{Token: "", Next: "next", At: now, Lifetime: time.Hour, Grace: time.Hour}, storage.Reused)
	wantSession(t, store, begun("bystander", user))
}

// checkRotateNothing has tokens that are not to be replaced: the current one changes nothing.
func checkRotateNothing(t *testing.T, store storage.Store) {
	want := begun("a", mustLogIn(t, store, "anna", "a"))
	for range 2 {
		r := storage.Rotation{Token: "a 1", At: now.Add(time.Hour), Grace: grace}
		if got := wantRotation(t, store, "a", r, storage.Rotated); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	wantRotation(t, store, "a", storage.Rotation{Token: "a 0", At: now.Add(time.Hour), Grace: grace}, storage.Reused)
}

// checkRotateAdopted has a token from elsewhere, whose session begins with its own successor.
func checkRotateAdopted(t *testing.T, store storage.Store) {
	session := begun("jti", mustLogIn(t, store, "anna"))
	session.Parent, session.Rotated = "jti", now
	mustBegin(t, store, session)
	if got := wantRotation(t, store, "jti", storage.Rotation{Token: "jti", Next: "x", At: now.Add(grace), Grace: grace}, storage.Repeated); got != session {
		t.Errorf("got  %+v\nwant %+v", got, session)
	}
	wantRotation(t, store, "jti", storage.Rotation{Token: "jti", Next: "x", At: now.Add(2 * grace), Grace: grace}, storage.Reused)
}
