package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

// together calls do at once, count times, and waits.
func together(count int, do func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range count {
		group.Go(func() { <-start; do(i) })
	}
	close(start)
	group.Wait()
}

// checkRotateRace has many callers rotate one token at once, each to a successor of its own.
func checkRotateRace(t *testing.T, store storage.Store) {
	mustLogIn(t, store, "anna", "a")
	token := "a 1"
	for round := range 20 {
		outcomes := make([]storage.Outcome, 16)
		sessions := make([]storage.Session, 16)
		together(16, func(i int) {
			r := storage.Rotation{Token: token, Next: fmt.Sprint("a ", round, " ", i), At: now, Lifetime: time.Hour, Grace: grace}
			var err error
			if sessions[i], outcomes[i], err = store.RotateSession(t.Context(), "a", r); err != nil {
				t.Errorf("RotateSession: %v", err)
			}
		})
		winner := slices.Index(outcomes, storage.Rotated)
		if winner < 0 {
			t.Fatal("nobody rotated the token")
		}
		for i, outcome := range outcomes {
			if i != winner && outcome != storage.Repeated {
				t.Errorf("the outcome is %d", outcome)
			}
			if sessions[i] != sessions[winner] || sessions[i].Parent != token {
				t.Errorf("callers got different successors: %+v\n%+v", sessions[i], sessions[winner])
			}
		}
		if token = sessions[winner].Current; token != fmt.Sprint("a ", round, " ", winner) {
			t.Errorf("the successor is %q", token)
		}
	}
}

// checkReuseRace has no grace: one caller rotates the token, one ends the session, and the others are told that it was.
func checkReuseRace(t *testing.T, store storage.Store) {
	user := mustLogIn(t, store, "anna")
	for round := range 20 {
		id := fmt.Sprint("session ", round)
		mustBegin(t, store, begun(id, user))
		outcomes := make([]storage.Outcome, 8)
		together(8, func(i int) {
			var err error
			r := storage.Rotation{Token: id + " 1", Next: fmt.Sprint(id, " ", 2+i), At: now, Lifetime: time.Hour}
			if _, outcomes[i], err = store.RotateSession(t.Context(), id, r); err != nil {
				t.Errorf("RotateSession: %v", err)
			}
		})
		slices.Sort(outcomes)
		want := slices.Repeat([]storage.Outcome{storage.WasEnded}, 8)
		want[0], want[1] = storage.Rotated, storage.Reused
		if !slices.Equal(outcomes, want) {
			t.Errorf("the outcomes are %v", outcomes)
		}
	}
}

// checkEndRace ends sessions while they are rotated: after an end was told, nothing rotates.
func checkEndRace(t *testing.T, store storage.Store) {
	ctx := t.Context()
	user := mustLogIn(t, store, "anna")
	ends := []func(id string) error{
		func(id string) error {
			ended, err := store.EndSession(ctx, id, user, endedBy(storage.EndedByUser))
			if !ended && err == nil {
				err = errors.New("the session was not ended by this call")
			}
			return err
		},
		func(string) error {
			_, err := store.EndSessions(ctx, user, "", endedBy(storage.EndedByUser))
			return err
		},
		func(string) error { return store.SetPassword(ctx, user, newPassword("x", "y")) },
		func(id string) error {
			fresh, err := store.EndToken(ctx, storage.Revocation{ID: id, Expires: expiry}, endedBy(storage.EndedByLogout))
			if !fresh && err == nil {
				err = errors.New("the session was not ended by this call")
			}
			return err
		},
	}
	for round := range 20 {
		id := fmt.Sprint("session ", round)
		if err := store.AddSession(ctx, begun(id, user), now.AddDate(1, 0, 0)); err != nil {
			t.Fatal(err)
		}
		told := make(chan struct{})
		together(2, func(i int) {
			if i == 0 {
				if err := ends[round%len(ends)](id); err != nil {
					t.Errorf("%d: %v", round, err)
				}
				close(told)
				return
			}
			for number := 1; ; number++ {
				over := false
				select {
				case <-told:
					over = true
				default:
				}
				_, outcome, err := store.RotateSession(ctx, id, step(id, number, 0))
				if err != nil || over && outcome != storage.WasEnded || outcome != storage.Rotated && outcome != storage.WasEnded {
					t.Errorf("the outcome is %d, %v; the end was told: %v", outcome, err, over)
					return
				}
				if outcome == storage.WasEnded {
					return
				}
			}
		})
	}
}

// checkLoginRace begins sessions while all are ended: one that began before was ended, and none begins after what it read.
func checkLoginRace(t *testing.T, store storage.Store) {
	ctx := t.Context()
	for round := range 20 {
		user := mustLogIn(t, store, fmt.Sprint("user ", round))
		together(9, func(i int) {
			if i == 0 {
				if err := store.SetPassword(ctx, user, newPassword("x", "y")); err != nil {
					t.Errorf("SetPassword: %v", err)
				}
				return
			}
			err := store.AddSession(ctx, begun(fmt.Sprint("session ", round, " ", i), user), time.Time{})
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("AddSession: %v", err)
			}
		})
		for _, session := range mustListSessions(t, store, user, time.Time{}) {
			if session.Reason != storage.EndedByPassword {
				t.Errorf("a session goes on: %+v", session)
			}
		}
	}
}

// checkEndTokenRace makes a token good for nothing twice, while it is adopted.
func checkEndTokenRace(t *testing.T, store storage.Store) {
	ctx := t.Context()
	user := mustLogIn(t, store, "anna")
	for round := range 20 {
		id := fmt.Sprint("token ", round)
		fresh := make([]bool, 5)
		together(5, func(i int) {
			if i == 0 {
				err := store.AddSession(ctx, begun(id, user), time.Time{})
				if err != nil && !errors.Is(err, storage.ErrNotFound) {
					t.Errorf("AddSession: %v", err)
				}
				return
			}
			var err error
			if fresh[i], err = store.EndToken(ctx, storage.Revocation{ID: id, Expires: expiry}, endedBy(storage.EndedByLogout)); err != nil {
				t.Errorf("EndToken: %v", err)
			}
		})
		if count := len(slices.DeleteFunc(fresh, func(f bool) bool { return !f })); count != 1 {
			t.Errorf("%d callers ended the token first", count)
		}
		standing := mustStand(t, store, id, id)
		if standing.Revoked == (standing.Session.Reason == storage.EndedByLogout) {
			t.Errorf("the token was not ended, or twice: %+v", standing)
		}
	}
}

// checkAdoptRace begins one session many times at once.
func checkAdoptRace(t *testing.T, store storage.Store) {
	user := mustLogIn(t, store, "anna")
	for round := range 10 {
		errs := make([]error, 8)
		id := fmt.Sprint("token ", round)
		together(8, func(i int) {
			session := begun(id, user)
			session.Current = fmt.Sprint("successor ", i)
			errs[i] = store.AddSession(t.Context(), session, time.Time{})
		})
		added := slices.Index(errs, nil)
		if added < 0 {
			t.Fatal(errs)
		}
		for i, err := range errs {
			if i != added && !errors.Is(err, storage.ErrExists) {
				t.Errorf("AddSession: %v", err)
			}
		}
		if got := mustStand(t, store, "", id).Session.Current; got != fmt.Sprint("successor ", added) {
			t.Errorf("the successor is %q, and %d was told so", got, added)
		}
	}
}
