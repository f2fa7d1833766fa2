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

func checkFirstUserRace(t *testing.T, store storage.Store) {
	errs := make([]error, 8)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { _, errs[i] = store.AddFirstUser(t.Context(), named(fmt.Sprint("user ", i))) })
	}
	group.Wait()
	added := 0
	for _, err := range errs {
		if err == nil {
			added++
		} else if !errors.Is(err, storage.ErrExists) {
			t.Errorf("AddFirstUser: %v", err)
		}
	}
	if users := mustList(t, store); added != 1 || len(users) != 1 {
		t.Errorf("%d first users were added, %d are there", added, len(users))
	}
}

func checkSettingRace(t *testing.T, store storage.Store) {
	values := make([]string, 8)
	var group sync.WaitGroup
	for i := range values {
		group.Go(func() {
			value, err := store.Setting(t.Context(), "key", fmt.Append(nil, "value ", i))
			if err != nil {
				t.Errorf("Setting: %v", err)
			}
			values[i] = string(value)
		})
	}
	group.Wait()
	for _, value := range values {
		if value != values[0] || value == "" {
			t.Fatalf("callers got different values: %q", values)
		}
	}
}

// checkReadsDuringWrites also looks for a state between two writes: name and hash of a user always belong together.
func checkReadsDuringWrites(t *testing.T, store storage.Store) {
	ctx := t.Context()
	id := mustAdd(t, store, named("anna"))[0]
	done := make(chan struct{})
	var writers, readers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range 40 {
				version := fmt.Sprint(w, " ", i)
				if err := store.SetPassword(ctx, id, newPassword(version, version)); err != nil {
					t.Errorf("SetPassword: %v", err)
				}
				pair := []storage.User{named("left " + version), named("right " + version)}
				if _, err := store.AddUsers(ctx, pair); err != nil {
					t.Errorf("AddUsers: %v", err)
				}
			}
		})
	}
	for range 6 {
		readers.Go(func() {
			last := 0
			for {
				select {
				case <-done:
					return
				default:
				}
				user, err := store.UserByName(ctx, "anna")
				if err != nil || user.Password != user.PasswordFormat && user.Password != named("anna").Password {
					t.Errorf("UserByName: %+v, %v", user, err)
					return
				}
				users, err := store.Users(ctx, 0, 1000)
				if err != nil || len(users)%2 != 1 || len(users) < last {
					t.Errorf("Users: %d after %d, %v", len(users), last, err)
					return
				}
				last = len(users)
				if _, err := store.PasswordFormats(ctx); err != nil {
					t.Errorf("PasswordFormats: %v", err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if users := mustList(t, store); len(users) != 161 {
		t.Errorf("%d users, want 161", len(users))
	}
}

// checkInterrupted ends contexts in the middle of a long write, and of reads: the write is wholly undone, and the Store goes on.
func checkInterrupted(t *testing.T, store storage.Store) {
	users := make([]storage.User, 5000)
	for i := range users {
		users[i] = named(fmt.Sprint("user ", i))
	}
	for _, patience := range []time.Duration{time.Microsecond, time.Millisecond, 10 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, err := store.AddUsers(ctx, users)
		if err != nil {
			wantError(t, "AddUsers", err, context.DeadlineExceeded)
		}
		// A write may also have been faster.
		added := mustList(t, store)
		if err != nil && len(added) != 0 || err == nil && len(added) != len(users) {
			t.Fatalf("%d users after %v", len(added), err)
		}
		for _, user := range added {
			if err := store.DeleteUser(t.Context(), user.ID, now); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
	}

	mustAdd(t, store, users...)
	for i := range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*i)*20*time.Microsecond)
		if got, err := store.Users(ctx, 0, len(users)); err != nil {
			wantError(t, "Users", err, context.DeadlineExceeded)
		} else if len(got) != len(users) {
			t.Errorf("Users returned %d users and no error", len(got))
		}
		cancel()
	}
	if got := mustList(t, store); len(got) != len(users) {
		t.Errorf("%d users at the end", len(got))
	}
	if err := store.SetActive(t.Context(), mustFind(t, store, "user 0").ID, false, now); err != nil {
		t.Error(err)
	}
}
