package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// However all sessions of a user are ended: those of others go on.
func TestSessionsEndWithTheirUser(t *testing.T) {
	for name, test := range map[string]struct {
		reason storage.EndReason
		end    func(t *testing.T, h house, mine auth.Account) error
	}{
		"a new password": {storage.EndedByPassword, func(t *testing.T, h house, _ auth.Account) error {
			return h.users.ChangePassword(t.Context(), "alice", "another password")
		}},
		"deactivation": {storage.EndedInactive, func(t *testing.T, h house, _ auth.Account) error {
			return errors.Join(h.users.SetActive(t.Context(), "alice", false), h.users.SetActive(t.Context(), "alice", true))
		}},
		"deletion": {storage.EndedDeleted, func(t *testing.T, h house, _ auth.Account) error {
			return h.users.Delete(t.Context(), "alice")
		}},
		"an operator": {storage.EndedByOperator, func(t *testing.T, h house, _ auth.Account) error {
			return second(h.users.EndSessions(t.Context(), "alice"))
		}},
		"the user": {storage.EndedByUser, func(t *testing.T, h house, mine auth.Account) error {
			return h.EndSessions(t.Context(), mine, true)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h, now := withSessions(t)
			h.add(t, storage.User{Username: "bob", Password: must(h.Hasher.Hash("bob's password")), Active: true})
			bobs, err := h.ObtainPair(t.Context(), "bob", "bob's password", browser)
			if err != nil {
				t.Fatal(err)
			}
			first, mine := h.session(t)
			rotated := h.refresh(t, first.Refresh)
			other := h.logIn(t)
			if err := test.end(t, h, mine); err != nil {
				t.Fatal(err)
			}
			h.wantOver(t, name, first, rotated, other)
			h.refresh(t, bobs.Refresh)
			kept, err := h.Store.Sessions(t.Context(), mine.ID, time.Time{}, 10)
			if err != nil || len(kept) != 2 || kept[0].Reason != test.reason || !kept[1].Ended.Equal(*now) {
				t.Errorf("kept is %+v, %v", kept, err)
			}
		})
	}
}

func TestSessionsEndButTheCurrent(t *testing.T) {
	h, _ := withSessions(t)
	pair, mine := h.session(t)
	other := h.logIn(t)
	if err := h.EndSessions(t.Context(), mine, false); err != nil {
		t.Fatal(err)
	}
	h.wantOver(t, "the other", other)
	pair = h.refresh(t, pair.Refresh)

	listed, err := h.Service.Sessions(t.Context(), mine)
	if err != nil || len(listed) != 1 || listed[0].ID != mine.Session {
		t.Errorf("listed is %+v, %v", listed, err)
	}
	wantRefused(t, "one that was ended", h.EndSession(t.Context(), mine, "unknown"), auth.ErrNoSession)
	wantRefused(t, "somebody else's", h.EndSession(t.Context(), auth.Account{ID: 2}, mine.Session), auth.ErrNoSession)
	wantRefused(t, "mine", h.EndSession(t.Context(), mine, mine.Session), nil)
	wantRefused(t, "mine again", h.EndSession(t.Context(), mine, mine.Session), auth.ErrNoSession)
	h.wantOver(t, "mine", pair)
	if listed, err := h.Service.Sessions(t.Context(), mine); err != nil || len(listed) != 0 {
		t.Errorf("listed is %+v, %v", listed, err)
	}
}

func TestChangePassword(t *testing.T) {
	h, _ := withSessions(t)
	pair, mine := h.session(t)
	other := h.logIn(t)
	const current, next = "alice's password", "a much better one"
	change := func(current, next string) error { return h.Service.ChangePassword(t.Context(), mine, current, next) }
	for name, test := range map[string]struct {
		current, next string
		want          error
	}{
		"wrong":        {"alice's passwore", next, auth.ErrWrongPassword},
		"empty":        {"", next, auth.ErrWrongPassword},
		"endless":      {strings.Repeat("x", 5000), next, auth.ErrWrongPassword},
		"wrong, short": {"wrong", "short", auth.ErrWrongPassword},
		"short":        {current, "1234567", auth.ErrPasswordShort},
		"long":         {current, strings.Repeat("x", 4097), auth.ErrPasswordLong},
		"common":       {current, "password", auth.ErrPasswordCommon},
		"Common":       {current, "Password", auth.ErrPasswordCommon},
		"digits":       {current, "12345678", auth.ErrPasswordCommon},
		"with digits":  {current, "PassWord123!", auth.ErrPasswordCommon},
		"a name":       {current, "Jennifer", auth.ErrPasswordCommon},
		"a word":       {current, "chocolate", auth.ErrPasswordCommon},
		"one, often":   {current, strings.Repeat("ß", 20), auth.ErrPasswordCommon},
		"bytes":        {current, "\xffxxxxxxxxx", auth.ErrBadPassword},
		"null":         {current, "xxxxxxxx\x00", auth.ErrBadPassword},
	} {
		wantRefused(t, name, change(test.current, test.next), test.want)
	}
	h.refresh(t, other.Refresh)
	wantRefused(t, "change", change(current, next), nil)
	h.wantOver(t, "the other session", other)
	pair = h.refresh(t, pair.Refresh)
	wantRefused(t, "the old password", second(h.ObtainPair(t.Context(), "alice", current, browser)), auth.ErrNoActiveAccount)
	wantRefused(t, "the new one", second(h.ObtainPair(t.Context(), "alice", next, browser)), nil)
	// The account was looked up before.
	wantRefused(t, "change with the old one", change(current, "something else"), auth.ErrWrongPassword)
}

// overtaken is a Store before which an operator resets the password at the last moment.
type overtaken struct {
	storage.Store
	reset func()
}

func (o overtaken) AddSession(ctx context.Context, s storage.Session, asOf time.Time) error {
	o.reset()
	return o.Store.AddSession(ctx, s, asOf)
}

func (o overtaken) ChangePassword(ctx context.Context, id int64, asOf time.Time, change storage.PasswordChange) error {
	o.reset()
	return o.Store.ChangePassword(ctx, id, asOf, change)
}

// Whoever showed a password that was reset meanwhile gets nothing for it.
func TestSessionsEndBeforeTheyStart(t *testing.T) {
	h, _ := withSessions(t)
	_, mine := h.session(t)
	h.Store = overtaken{h.Store, func() {
		if err := h.users.ChangePassword(t.Context(), "alice", "set by the operator"); err != nil {
			t.Error(err)
		}
	}}
	login := second(h.ObtainPair(t.Context(), "alice", "alice's password", browser))
	wantRefused(t, "login", login, auth.ErrNoActiveAccount)
	wantRefused(t, "change", h.Service.ChangePassword(t.Context(), mine, "alice's password", "set by a thief"), auth.ErrWrongPassword)
	if ok, err := h.users.CanLogIn(t.Context(), "alice", "set by the operator"); !ok || err != nil {
		t.Errorf("the operator's password: %t, %v", ok, err)
	}
	if listed, err := h.Service.Sessions(t.Context(), mine); err != nil || len(listed) != 0 {
		t.Errorf("listed is %+v, %v", listed, err)
	}
}

// A rehash is no change of password.
func TestRehashEndsNothing(t *testing.T) {
	h, _ := withSessions(t)
	first := h.logIn(t)
	h.Hasher = must(password.NewHasher(cheaper))
	h.logIn(t)
	h.refresh(t, first.Refresh)
}

func TestEndAllSessions(t *testing.T) {
	h, now := withSessions(t)
	var pairs []token.Pair
	for _, name := range []string{"bob", "carol", "dave"} {
		h.add(t, storage.User{Username: name, Password: must(h.Hasher.Hash("a password")), Active: true})
		pairs = append(pairs, must(h.ObtainPair(t.Context(), name, "a password", browser)))
	}
	before := h.issuedByDjango(t)
	told := 0
	ended, err := h.users.EndAllSessions(t.Context(), func(n int) { told = n })
	if err != nil || ended != 3 || told != 3 {
		t.Errorf("ended %d, told %d, %v", ended, told, err)
	}
	h.wantOver(t, "all", pairs...)
	wantRefused(t, "not adopted", second(h.Refresh(t.Context(), before.Refresh, browser)), auth.ErrBlacklisted)
	*now = now.Add(time.Second)
	h.refresh(t, h.logIn(t).Refresh)
}
