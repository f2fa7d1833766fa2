package storagetest

import (
	"fmt"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

func checkForgetSessions(t *testing.T, store storage.Store) {
	ctx := t.Context()
	anna := mustLogIn(t, store, "anna")
	add := func(id string, expires, keep time.Time) {
		t.Helper()
		session := begun(id, anna)
		session.Expires, session.Keep = expires, keep
		mustBegin(t, store, session)
	}
	forget := func(until time.Time, hold time.Duration) (total int) {
		t.Helper()
		for calls := 0; ; calls++ {
			count, more, err := store.ForgetSessions(ctx, until, hold)
			if err != nil || calls > 10_000 {
				t.Fatalf("ForgetSessions: %d, %v, %v after %d calls", count, more, err, calls)
			}
			if total += count; !more {
				return total
			}
		}
	}
	if count := forget(now, time.Second); count != 0 {
		t.Errorf("%d were forgotten of none", count)
	}
	add("before", now, now.Add(-time.Hour))
	add("at the time", now.Add(-time.Hour), now)
	add("later", now, now.Add(time.Microsecond))
	add("far", time.Unix(1e18, 0), now)
	add("rotated", now.Add(-time.Hour), now.Add(-time.Hour))
	r := storage.Rotation{Token: "rotated 1", Next: "rotated 2", At: now, Lifetime: time.Hour}
	if _, outcome, err := store.RotateSession(ctx, "rotated", r); outcome != storage.Rotated || err != nil {
		t.Fatal(outcome, err)
	}
	if count := forget(now.Add(-time.Minute), time.Second); count != 0 {
		t.Errorf("%d were forgotten too early", count)
	}
	// Whether it was ended is not what counts.
	if count, err := store.EndSessions(ctx, anna, "before", storage.End{At: now, Reason: storage.EndedByUser}); count != 4 || err != nil {
		t.Fatal(count, err)
	}
	if count := forget(now, time.Second); count != 2 {
		t.Errorf("%d were forgotten, want 2", count)
	}
	for id, want := range map[string]bool{"before": false, "at the time": false, "later": true, "far": true, "rotated": true} {
		if got := mustStand(t, store, "", id).Session.ID == id; got != want {
			t.Errorf("%s is remembered: %v", id, got)
		}
	}
	if count := forget(now.Add(time.Hour), 0); count != 2 {
		t.Errorf("%d were forgotten, want 2", count)
	}

	// Many, of which some live on: hardly any time at once, and it comes to an end.
	anna = mustLogIn(t, store, "anna again")
	for i := range 400 {
		add(fmt.Sprint("many ", i), now.Add(time.Duration(i-300)*time.Second), time.Time{})
	}
	for i := range 50 {
		id := fmt.Sprint("many ", i*3)
		r := storage.Rotation{Token: id + " 1", Next: id + " 2", At: now, Lifetime: 24 * time.Hour}
		if _, outcome, err := store.RotateSession(ctx, id, r); outcome != storage.Rotated || err != nil {
			t.Fatal(outcome, err)
		}
	}
	if count := forget(now, 0); count != 301-50 {
		t.Errorf("%d were forgotten, want 251", count)
	}
	if left := mustListSessions(t, store, anna, time.Time{}); len(left) != 99+50 {
		t.Errorf("%d are left, want 149", len(left))
	}
}
