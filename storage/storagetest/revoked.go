package storagetest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

var expiry = time.Date(2026, 11, 24, 3, 48, 4, 914425000, time.UTC)

func mustRevoke(t *testing.T, store storage.Store, id string, expires time.Time) {
	t.Helper()
	fresh, err := store.Revoke(t.Context(), storage.Revocation{ID: id, Expires: expires})
	if err != nil || !fresh {
		t.Fatalf("Revoke(%q): %v, %v", id, fresh, err)
	}
}

func wantRevoked(t *testing.T, store storage.Store, id string, want bool) {
	t.Helper()
	got, err := store.Standing(t.Context(), id, "")
	if err != nil || got.Revoked != want {
		t.Errorf("Standing(%q): %v, %v; want %v", id, got.Revoked, err, want)
	}
}

func mustListRevoked(t *testing.T, store storage.Store) []storage.Revocation {
	t.Helper()
	revoked, err := store.Revocations(t.Context(), "", 1_000_000)
	if err != nil {
		t.Fatalf("Revocations: %v", err)
	}
	return revoked
}

func checkRevoke(t *testing.T, store storage.Store) {
	mustRevoke(t, store, "b", expiry)
	mustRevoke(t, store, "a", expiry.Add(999*time.Nanosecond).In(time.FixedZone("", 3*3600)))
	mustRevoke(t, store, "c", time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC))
	for _, later := range []time.Duration{0, time.Hour, -time.Hour} {
		fresh, err := store.Revoke(t.Context(), storage.Revocation{ID: "b", Expires: expiry.Add(later)})
		if fresh || err != nil {
			t.Errorf("Revoke again: %v, %v", fresh, err)
		}
	}
	want := []storage.Revocation{{ID: "a", Expires: expiry}, {ID: "b", Expires: expiry}, {ID: "c", Expires: time.UnixMicro(-1).UTC()}}
	if got := mustListRevoked(t, store); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	// Expired or not: what the time is, the Store does not know.
	for _, r := range want {
		wantRevoked(t, store, r.ID, true)
	}
	wantRevoked(t, store, "d", false)
}

func checkExactIDs(t *testing.T, store storage.Store) {
	ids := []string{
		"0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdef ",
		" 0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcde", "", " ", "\x00", "a\x00b", "a\x00", "a",
		"jos\u00e9", "jose\u0301", "JOS\u00c9", "\ufb01", "fi", "%", "_", "'; DROP TABLE revoked; --", "0", "00", "1", "1.0", "1e0",
		strings.Repeat("x", 254), strings.Repeat("x", 255), strings.Repeat("\U0001F600", 1000), "\uffff", "\U00010000",
	}
	for _, id := range ids {
		wantRevoked(t, store, id, false)
		mustRevoke(t, store, id, expiry)
		wantRevoked(t, store, id, true)
	}
	for _, id := range []string{"A", "a ", "a\x00c", "\x00\x00", "jose", "josE\u0301", "01", "2", strings.Repeat("x", 256), "\U0001F600", "a\xff"} {
		wantRevoked(t, store, id, false)
	}
	// Byte by byte, and the empty ID is not greater than itself.
	slices.Sort(ids)
	var listed []string
	for _, r := range mustListRevoked(t, store) {
		listed = append(listed, r.ID)
	}
	if !slices.Equal(listed, ids[1:]) {
		t.Errorf("Revocations: %q\nwant %q", listed, ids[1:])
	}
}

func checkRevokedPages(t *testing.T, store storage.Store) {
	var all []storage.Revocation
	for i, id := range []string{"B", "a", "aa", "b", "b "} {
		all = append(all, storage.Revocation{ID: id, Expires: expiry.Add(time.Duration(-i) * time.Hour)})
		mustRevoke(t, store, id, all[i].Expires)
	}
	tests := []struct {
		after string
		limit int
		want  []storage.Revocation
	}{
		{"", 5, all}, {"", 6, all}, {"", 4, all[:4]}, {"A", 1, all[:1]}, {"B", 2, all[1:3]}, {"a", 2, all[2:4]}, {"a\x00", 2, all[2:4]},
		{"b", 2, all[4:]}, {"b ", 2, nil}, {"c", 2, nil}, {"b", math.MaxInt, all[4:]},
	}
	for _, test := range tests {
		got, err := store.Revocations(t.Context(), test.after, test.limit)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("Revocations after %q, limit %d: %v, %v", test.after, test.limit, got, err)
		}
	}
	for _, limit := range []int{0, -1} {
		if _, err := store.Revocations(t.Context(), "", limit); err == nil {
			t.Errorf("Revocations took the limit %d", limit)
		}
	}
}

// checkFarExpiry has expiries that no count of microseconds holds: they may not turn into the past.
func checkFarExpiry(t *testing.T, store storage.Store) {
	mustRevoke(t, store, "far", time.Unix(1e18, 0))
	mustRevoke(t, store, "farther", time.Unix(1<<62, 0))
	mustRevoke(t, store, "never", time.Time{})
	mustRevoke(t, store, "long ago", time.Unix(-1e18, 0))
	if count := mustForget(t, store, expiry); count != 2 {
		t.Errorf("%d were forgotten, want 2", count)
	}
	wantRevoked(t, store, "far", true)
	wantRevoked(t, store, "farther", true)
	wantRevoked(t, store, "never", false)
	wantRevoked(t, store, "long ago", false)
}

// mustForget forgets all that expired at or before until.
func mustForget(t *testing.T, store storage.Store, until time.Time) int {
	t.Helper()
	total := 0
	for {
		count, err := store.ForgetRevoked(t.Context(), until, time.Millisecond)
		if err != nil {
			t.Fatalf("ForgetRevoked: %v", err)
		}
		if count == 0 {
			return total
		}
		total += count
	}
}

func checkForgetRevoked(t *testing.T, store storage.Store) {
	if count := mustForget(t, store, expiry); count != 0 {
		t.Errorf("%d were forgotten of none", count)
	}
	mustRevoke(t, store, "a microsecond later", expiry.Add(time.Microsecond))
	mustRevoke(t, store, "at the time", expiry)
	mustRevoke(t, store, "a microsecond before", expiry.Add(-time.Microsecond))
	if count := mustForget(t, store, expiry.Add(-2*time.Microsecond)); count != 0 {
		t.Errorf("%d were forgotten that are alive", count)
	}
	if count := mustForget(t, store, expiry.In(time.FixedZone("", -8*3600))); count != 2 {
		t.Errorf("%d were forgotten, want 2", count)
	}
	wantRevoked(t, store, "a microsecond later", true)
	wantRevoked(t, store, "at the time", false)
	wantRevoked(t, store, "a microsecond before", false)
	mustRevoke(t, store, "at the time", expiry)

	// Many: the oldest go first, a call with hardly any time forgets some, and the rest is there.
	for i := range 1000 {
		mustRevoke(t, store, fmt.Sprint(i*7919%1000), expiry.Add(time.Duration(i-1000)*time.Second))
	}
	for _, hold := range []time.Duration{-time.Second, 0, time.Nanosecond} {
		before := mustListRevoked(t, store)
		slices.SortFunc(before, func(a, b storage.Revocation) int { return a.Expires.Compare(b.Expires) })
		count, err := store.ForgetRevoked(t.Context(), expiry.Add(-time.Second), hold)
		if err != nil || count < 1 || count > 1000 {
			t.Fatalf("ForgetRevoked: %d, %v", count, err)
		}
		after := mustListRevoked(t, store)
		slices.SortFunc(after, func(a, b storage.Revocation) int { return a.Expires.Compare(b.Expires) })
		if !slices.Equal(after, before[count:]) {
			t.Fatalf("%d of %d are left after %d were forgotten, or not the youngest", len(after), len(before), count)
		}
	}
	if count, err := store.ForgetRevoked(t.Context(), expiry.Add(-time.Second), time.Hour); err != nil || count == 0 {
		t.Errorf("ForgetRevoked: %d, %v", count, err)
	}
	if left := mustListRevoked(t, store); len(left) != 2 {
		t.Errorf("%d are left, want 2", len(left))
	}
}

func checkRevokeRace(t *testing.T, store storage.Store) {
	for round := range 5 {
		id := fmt.Sprint("token ", round)
		fresh := make([]bool, 32)
		var group sync.WaitGroup
		for i := range fresh {
			group.Go(func() {
				var err error
				if fresh[i], err = store.Revoke(t.Context(), storage.Revocation{ID: id, Expires: expiry}); err != nil {
					t.Errorf("Revoke: %v", err)
				}
				wantRevoked(t, store, id, true)
			})
		}
		group.Wait()
		if count := len(slices.DeleteFunc(fresh, func(f bool) bool { return !f })); count != 1 {
			t.Errorf("%d callers revoked the token first", count)
		}
	}
}
