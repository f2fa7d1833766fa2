package storagetest

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

func checkRoundTrip(t *testing.T, store storage.Store) {
	full := named("anna")
	full.ID = 7
	never := storage.User{ID: 3, Username: "bert"}
	elsewhere := named("carla")
	elsewhere.ID = 9_007_199_254_740_993 // not exact as a JavaScript number
	elsewhere.Password, elsewhere.PasswordFormat = "", ""
	elsewhere.LastLogin = time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("", -3*3600))
	if ids := mustAdd(t, store, full, never, elsewhere); !slices.Equal(ids, []int64{7, 3, elsewhere.ID}) {
		t.Errorf("AddUsers returned %v", ids)
	}

	elsewhere.LastLogin = time.Date(1970, 1, 1, 2, 59, 59, 999_999_000, time.UTC)
	for _, want := range []storage.User{full, never, elsewhere} {
		if got := mustFind(t, store, want.Username); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if got := mustList(t, store); !slices.Equal(got, []storage.User{never, full, elsewhere}) {
		t.Errorf("Users: %+v", got)
	}
}

func checkUserByID(t *testing.T, store storage.Store) {
	ids := mustAdd(t, store, named("anna"), named("bert"))
	if err := store.DeleteUser(t.Context(), ids[0], now); err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{ids[0], 0, -1, -ids[1], ids[1] + 1, math.MaxInt64, math.MinInt64} {
		user, err := store.UserByID(t.Context(), id)
		wantError(t, "UserByID", err, storage.ErrNotFound)
		if user != (storage.User{}) {
			t.Errorf("UserByID(%d) returned a user with its error", id)
		}
	}
	if user, err := store.UserByID(t.Context(), ids[1]); err != nil || user.Username != "bert" {
		t.Errorf("UserByID: %+v, %v", user, err)
	}
}

func checkExactNames(t *testing.T, store storage.Store) {
	names := []string{
		"anna", "Anna", "ANNA", "anna ", " anna", "anna\t", "anna\n",
		"jos\u00e9", "jose\u0301", "JOS\u00c9", "jose",
		"stra\u00dfe", "strasse", "filip", "\ufb01lip", "admin", "\u0430dmin", "ad\u200bmin",
		`'; DROP TABLE users; --`, `" OR "1"="1`, `%`, `_`, `\`, `?`, `:1`, `null`, `0`, `12345`, `12345.0`, `1e3`,
		strings.Repeat("x", 149), strings.Repeat("x", 150), strings.Repeat("\U0001F600", 150),
		"\U0001F468\u200d\U0001F469\u200d\U0001F467", "\u7528\u6237",
	}
	var users []storage.User
	for _, name := range names {
		users = append(users, named(name))
	}
	ids := mustAdd(t, store, users...)
	for i, name := range names {
		if got := mustFind(t, store, name); got.ID != ids[i] || got.Username != name {
			t.Errorf("UserByName(%q) found %d %q, want %d", name, got.ID, got.Username, ids[i])
		}
	}
	for _, name := range []string{"", "aNNa", "anna  ", "ann", "ann%", "ann_", "josE\u0301", "012345", strings.Repeat("x", 151)} {
		wantNotFound(t, store, name)
	}
}

// checkUnreadableNames asks for names that no user has but that a careless Store cuts short or repairs into one.
func checkUnreadableNames(t *testing.T, store storage.Store) {
	mustAdd(t, store, named("anna"), named("b\ufffd"))
	for _, name := range []string{"anna\x00", "anna\x00x", "\x00anna", "anna\xff", "\xffanna", "b\xff", "\xed\xa0\x80"} {
		wantNotFound(t, store, name)
	}
}

func checkPages(t *testing.T, store storage.Store) {
	var all []storage.User
	for _, id := range []int64{1, 2, 5, 10, 11} {
		user := named(strings.Repeat("u", int(id)))
		user.ID = id
		all = append(all, user)
	}
	mustAdd(t, store, all...)
	tests := []struct {
		after int64
		limit int
		want  []storage.User
	}{
		{0, 5, all}, {0, 6, all}, {0, 4, all[:4]}, {-1, 1, all[:1]}, {math.MinInt64, 1, all[:1]},
		{1, 2, all[1:3]}, {2, 2, all[2:4]}, {3, 2, all[2:4]}, {10, 2, all[4:]}, {11, 2, nil}, {math.MaxInt64, 2, nil},
	}
	for _, test := range tests {
		got, err := store.Users(t.Context(), test.after, test.limit)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("Users after %d, limit %d: %v, %v", test.after, test.limit, got, err)
		}
	}
	for _, limit := range []int{0, -1} {
		if _, err := store.Users(t.Context(), 0, limit); err == nil {
			t.Errorf("Users took the limit %d", limit)
		}
	}
}

func checkAllOrNothing(t *testing.T, store storage.Store) {
	mustAdd(t, store, named("anna"))
	batches := []struct {
		colliding string
		users     []storage.User
	}{
		{"anna", []storage.User{named("bert"), named("anna"), named("carla")}},
		{"bert", []storage.User{named("bert"), named("carla"), named("bert")}},
	}
	for _, batch := range batches {
		ids, err := store.AddUsers(t.Context(), batch.users)
		wantError(t, "AddUsers", err, storage.ErrExists)
		if ids != nil {
			t.Errorf("AddUsers returned %v with its error", ids)
		}
		if err != nil && !strings.Contains(err.Error(), batch.colliding) {
			t.Errorf("the error does not name the user %q: %v", batch.colliding, err)
		}
		if err != nil && strings.Contains(err.Error(), "digest of") {
			t.Errorf("the error holds a hash: %v", err)
		}
		wantNotFound(t, store, "bert")
		wantNotFound(t, store, "carla")
	}
	if users := mustList(t, store); len(users) != 1 {
		t.Errorf("%d users after two failures, want 1", len(users))
	}
	mustAdd(t, store, named("bert"), named("carla"))
}

func checkCollidingIDs(t *testing.T, store storage.Store) {
	anna := mustAdd(t, store, named("anna"))[0]
	same := named("bert")
	same.ID = anna
	_, err := store.AddUsers(t.Context(), []storage.User{named("carla"), same})
	wantError(t, "AddUsers", err, storage.ErrExists)
	if err != nil && !strings.Contains(err.Error(), `"bert"`) {
		t.Errorf("the error does not name the user: %v", err)
	}
	if users := mustList(t, store); len(users) != 1 || users[0].Username != "anna" {
		t.Errorf("users after the failure: %v", users)
	}
}

func checkIDsOutOfRange(t *testing.T, store storage.Store) {
	for _, id := range []int64{-1, math.MinInt64, math.MaxInt64} {
		user := named("anna")
		user.ID = id
		if _, err := store.AddUsers(t.Context(), []storage.User{user}); err == nil {
			t.Errorf("AddUsers took the id %d", id)
		}
		if _, err := store.AddFirstUser(t.Context(), user); err == nil {
			t.Errorf("AddFirstUser took the id %d", id)
		}
	}
	if users := mustList(t, store); len(users) != 0 {
		t.Errorf("users: %v", users)
	}
}

func checkIDs(t *testing.T, store storage.Store) {
	ctx := t.Context()
	greatest := int64(0)
	next := func(name string) {
		t.Helper()
		id := mustAdd(t, store, named(name))[0]
		if id <= greatest {
			t.Errorf("%s got the id %d after %d", name, id, greatest)
		}
		greatest = id
	}
	next("anna")
	if err := store.DeleteUser(ctx, greatest, now); err != nil {
		t.Fatal(err)
	}
	next("after the only user was deleted")

	explicit := named("explicit")
	explicit.ID, greatest = 1000, 1000
	mustAdd(t, store, explicit, named("in the same batch"))
	if got := mustFind(t, store, "in the same batch").ID; got <= 1000 {
		t.Errorf("the id %d was given after 1000", got)
	} else {
		greatest = got
	}
	for _, user := range mustList(t, store) {
		if err := store.DeleteUser(ctx, user.ID, now); err != nil {
			t.Fatal(err)
		}
	}
	next("after explicit ids were deleted")

	lower := named("a lower id")
	lower.ID = 500
	mustAdd(t, store, lower)
	next("after a lower id")
}
