// Package storagetest checks that a storage.Store behaves as the interface's comments say. It does not know how the Store
// remembers, nor what happens to what it remembers when it is opened again.
package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

// TestStore runs every check, each as a subtest against a new and empty Store that open returns. open closes it in a
// cleanup of the test that it is given.
func TestStore(t *testing.T, open func(*testing.T) storage.Store) {
	checks := []struct {
		name  string
		check func(*testing.T, storage.Store)
	}{
		{"Empty", checkEmpty},
		{"RoundTrip", checkRoundTrip},
		{"UserByID", checkUserByID},
		{"ExactNames", checkExactNames},
		{"UnreadableNames", checkUnreadableNames},
		{"Pages", checkPages},
		{"AllOrNothing", checkAllOrNothing},
		{"CollidingIDs", checkCollidingIDs},
		{"IDsOutOfRange", checkIDsOutOfRange},
		{"IDsNeverGivenTwice", checkIDs},
		{"FirstUser", checkFirstUser},
		{"FirstUserRace", checkFirstUserRace},
		{"SetPassword", checkSetPassword},
		{"ReplacePassword", checkReplacePassword},
		{"SetActive", checkSetActive},
		{"SetLastLogin", checkSetLastLogin},
		{"DeleteUser", checkDeleteUser},
		{"PasswordFormats", checkPasswordFormats},
		{"Setting", checkSetting},
		{"SettingRace", checkSettingRace},
		{"Revoke", checkRevoke},
		{"ExactIDs", checkExactIDs},
		{"RevokedPages", checkRevokedPages},
		{"FarExpiry", checkFarExpiry},
		{"ForgetRevoked", checkForgetRevoked},
		{"RevokeRace", checkRevokeRace},
		{"Import", checkImport},
		{"ImportPresent", checkImportPresent},
		{"ImportConflicts", checkImportConflicts},
		{"ImportRefused", checkImportRefused},
		{"ImportBroken", checkImportBroken},
		{"ImportHidden", checkImportHidden},
		{"ImportAllAtOnce", checkImportAllAtOnce},
		{"ImportOthersWrite", checkImportOthersWrite},
		{"ImportRevokedMeanwhile", checkImportRevokedMeanwhile},
		{"ImportTwice", checkImportTwice},
		{"ReplaceClaims", checkReplaceClaims},
		{"AddSession", checkAddSession},
		{"AddSessionRefused", checkAddSessionRefused},
		{"Standing", checkStanding},
		{"TouchSession", checkTouchSession},
		{"Sessions", checkSessions},
		{"ForgetSessions", checkForgetSessions},
		{"Rotate", checkRotate},
		{"RotateGrace", checkRotateGrace},
		{"RotateReuse", checkRotateReuse},
		{"RotateNothing", checkRotateNothing},
		{"RotateAdopted", checkRotateAdopted},
		{"EndSession", checkEndSession},
		{"EndToken", checkEndToken},
		{"Mark", checkMark},
		{"EndSessions", checkEndSessions},
		{"EndSessionsAfter", checkEndSessionsAfter},
		{"UserEnds", checkUserEnds},
		{"ChangePassword", checkChangePassword},
		{"RotateRace", checkRotateRace},
		{"ReuseRace", checkReuseRace},
		{"EndRace", checkEndRace},
		{"LoginRace", checkLoginRace},
		{"EndTokenRace", checkEndTokenRace},
		{"AdoptRace", checkAdoptRace},
		{"ReadsDuringWrites", checkReadsDuringWrites},
		{"Canceled", checkCanceled},
		{"Interrupted", checkInterrupted},
		{"Closed", checkClosed},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.check(t, open(t)) })
	}
}

// named returns an active user with everything set but the ID.
func named(username string) storage.User {
	return storage.User{
		Username:       username,
		Password:       "pbkdf2_sha256$1000$salt$digest of " + username,
		PasswordFormat: "pbkdf2_sha256$1000",
		Active:         true,
		LastLogin:      time.Date(2026, 11, 24, 3, 48, 4, 914425000, time.UTC),
		Joined:         time.Date(2019, 2, 28, 23, 59, 59, 0, time.UTC),
	}
}

func mustAdd(t *testing.T, store storage.Store, users ...storage.User) []int64 {
	t.Helper()
	ids, err := store.AddUsers(t.Context(), users)
	if err != nil {
		t.Fatalf("AddUsers: %v", err)
	}
	if len(ids) != len(users) {
		t.Fatalf("AddUsers returned %d ids for %d users", len(ids), len(users))
	}
	return ids
}

func mustFind(t *testing.T, store storage.Store, username string) storage.User {
	t.Helper()
	user, err := store.UserByName(t.Context(), username)
	if err != nil {
		t.Fatalf("UserByName(%q): %v", username, err)
	}
	if byID, err := store.UserByID(t.Context(), user.ID); err != nil || byID != user {
		t.Errorf("UserByID(%d): %+v, %v; UserByName: %+v", user.ID, byID, err, user)
	}
	return user
}

func mustList(t *testing.T, store storage.Store) []storage.User {
	t.Helper()
	users, err := store.Users(t.Context(), 0, 1_000_000)
	if err != nil {
		t.Fatalf("Users: %v", err)
	}
	return users
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func wantNotFound(t *testing.T, store storage.Store, username string) {
	t.Helper()
	user, err := store.UserByName(t.Context(), username)
	wantError(t, fmt.Sprintf("UserByName(%q)", username), err, storage.ErrNotFound)
	if user != (storage.User{}) {
		t.Errorf("UserByName(%q) returned a user with its error", username)
	}
}

func checkEmpty(t *testing.T, store storage.Store) {
	ctx := t.Context()
	if err := store.Ping(ctx); err != nil {
		t.Errorf("Ping: %v", err)
	}
	wantNotFound(t, store, "anna")
	wantNotFound(t, store, "")
	if users := mustList(t, store); len(users) != 0 {
		t.Errorf("Users returned %d users", len(users))
	}
	if ids := mustAdd(t, store); len(ids) != 0 {
		t.Errorf("AddUsers returned %v for no users", ids)
	}
	formats, err := store.PasswordFormats(ctx)
	if err != nil || len(formats) != 0 {
		t.Errorf("PasswordFormats: %q, %v", formats, err)
	}
	wantError(t, "SetPassword", store.SetPassword(ctx, 1, newPassword("x", "y")), storage.ErrNotFound)
	wantError(t, "SetActive", store.SetActive(ctx, 1, true, now), storage.ErrNotFound)
	wantError(t, "SetLastLogin", store.SetLastLogin(ctx, 1, time.Now()), storage.ErrNotFound)
	wantError(t, "DeleteUser", store.DeleteUser(ctx, 1, now), storage.ErrNotFound)
	replaced, err := store.ReplacePassword(ctx, 1, "x", "y", "z")
	if replaced || err != nil {
		t.Errorf("ReplacePassword: %v, %v", replaced, err)
	}
	wantError(t, "ChangePassword", store.ChangePassword(ctx, 1, now, newPassword("x", "y")), storage.ErrNotFound)
	wantError(t, "AddSession", store.AddSession(ctx, begun("a", 1), now), storage.ErrNotFound)
	if sessions := mustListSessions(t, store, 1, time.Time{}); len(sessions) != 0 {
		t.Errorf("Sessions returned %v", sessions)
	}
	wantRevoked(t, store, "", false)
	if revoked := mustListRevoked(t, store); len(revoked) != 0 {
		t.Errorf("Revocations returned %v", revoked)
	}
}

func checkCanceled(t *testing.T, store storage.Store) {
	anna := mustAdd(t, store, named("anna"))[0]
	before := mustFind(t, store, "anna")
	mustRevoke(t, store, "revoked", expiry)
	mustBegin(t, store, begun("session", anna))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	calls := map[string]func() error{
		"UserByName":      func() error { _, err := store.UserByName(ctx, "anna"); return err },
		"UserByID":        func() error { _, err := store.UserByID(ctx, anna); return err },
		"Users":           func() error { _, err := store.Users(ctx, 0, 1); return err },
		"AddUsers":        func() error { _, err := store.AddUsers(ctx, []storage.User{named("bert")}); return err },
		"AddFirstUser":    func() error { _, err := store.AddFirstUser(ctx, named("bert")); return err },
		"SetPassword":     func() error { return store.SetPassword(ctx, anna, newPassword("new", "new")) },
		"ReplacePassword": func() error { _, err := store.ReplacePassword(ctx, anna, before.Password, "new", "new"); return err },
		"SetActive":       func() error { return store.SetActive(ctx, anna, false, now) },
		"SetLastLogin":    func() error { return store.SetLastLogin(ctx, anna, time.Now()) },
		"DeleteUser":      func() error { return store.DeleteUser(ctx, anna, now) },
		"PasswordFormats": func() error { _, err := store.PasswordFormats(ctx); return err },
		"ChangePassword":  func() error { return store.ChangePassword(ctx, anna, now, newPassword("new", "new")) },
		"ReplaceClaims":   func() error { _, err := store.ReplaceClaims(ctx, anna, "", "{}"); return err },
		"AddSession":      func() error { return store.AddSession(ctx, begun("another", anna), now) },
		"Standing":        func() error { _, err := store.Standing(ctx, "a", "session"); return err },
		"RotateSession":   func() error { _, _, err := store.RotateSession(ctx, "session", step("session", 1, 0)); return err },
		"TouchSession":    func() error { return store.TouchSession(ctx, "session", now.Add(time.Hour), 0) },
		"EndSession": func() error {
			_, err := store.EndSession(ctx, "session", anna, endedBy(storage.EndedByUser))
			return err
		},
		"EndToken": func() error {
			_, err := store.EndToken(ctx, storage.Revocation{ID: "session", Expires: expiry}, endedBy(storage.EndedByLogout))
			return err
		},
		"EndSessions": func() error {
			_, err := store.EndSessions(ctx, anna, "", endedBy(storage.EndedByUser))
			return err
		},
		"EndSessionsAfter": func() error {
			_, _, err := store.EndSessionsAfter(ctx, 0, 1, endedBy(storage.EndedByUser))
			return err
		},
		"HasSessions":    func() error { _, err := store.HasSessions(ctx); return err },
		"Sessions":       func() error { _, err := store.Sessions(ctx, anna, now, 1); return err },
		"ForgetSessions": func() error { _, _, err := store.ForgetSessions(ctx, now.AddDate(1, 0, 0), time.Second); return err },
		"Revoke": func() error {
			_, err := store.Revoke(ctx, storage.Revocation{ID: "another", Expires: expiry})
			return err
		},
		"Revocations":   func() error { _, err := store.Revocations(ctx, "", 1); return err },
		"ForgetRevoked": func() error { _, err := store.ForgetRevoked(ctx, expiry, time.Second); return err },
		"Import": func() error {
			_, err := store.Import(ctx, numbered(10, 3), revocations("another"))
			return err
		},
		"Setting": func() error { _, err := store.Setting(ctx, "key", []byte("late")); return err },
		"Ping":    func() error { return store.Ping(ctx) },
	}
	for name, call := range calls {
		wantError(t, name, call(), context.Canceled)
	}

	if after := mustList(t, store); len(after) != 1 || after[0] != before {
		t.Errorf("canceled calls changed the users to %v", after)
	}
	if revoked := mustListRevoked(t, store); len(revoked) != 1 {
		t.Errorf("canceled calls changed the revocations to %v", revoked)
	}
	if sessions := mustListSessions(t, store, anna, time.Time{}); len(sessions) != 1 || sessions[0] != begun("session", anna) {
		t.Errorf("canceled calls changed the sessions to %v", sessions)
	}
	value, err := store.Setting(t.Context(), "key", []byte("first"))
	if err != nil || string(value) != "first" {
		t.Errorf("Setting after a canceled one: %q, %v", value, err)
	}
}

func checkClosed(t *testing.T, store storage.Store) {
	if err := store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := store.Ping(t.Context()); err == nil {
		t.Error("Ping answers after Close")
	}
	if _, err := store.UserByID(t.Context(), 1); err == nil || errors.Is(err, storage.ErrNotFound) {
		t.Errorf("UserByID after Close: %v", err)
	}
	if _, err := store.Standing(t.Context(), "a", ""); err == nil {
		t.Error("Standing answers after Close")
	}
	if _, err := store.Revoke(t.Context(), storage.Revocation{ID: "a"}); err == nil {
		t.Error("Revoke answers after Close")
	}
	if _, _, err := store.RotateSession(t.Context(), "a", step("a", 1, 0)); err == nil || errors.Is(err, storage.ErrNotFound) {
		t.Errorf("RotateSession after Close: %v", err)
	}
	if _, err := store.Standing(t.Context(), "a", "a"); err == nil {
		t.Error("Standing answers after Close")
	}
	if _, err := store.Import(t.Context(), numbered(1, 1), revocations()); err == nil {
		t.Error("Import answers after Close")
	}
	if err := store.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}
