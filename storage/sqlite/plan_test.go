package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// TestPlans checks that no query visits every user: SQLite's plan has a SEARCH of users and never a SCAN.
func TestPlans(t *testing.T) {
	_, readers := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db")).Pools()
	plans := []struct {
		name, query, want string
		arguments         []any
	}{
		{"by name", sqlite.SelectByName, "SEARCH users USING INDEX sqlite_autoindex_users_1 (username=?)", []any{"anna"}},
		{"page", sqlite.SelectPage, "SEARCH users USING INTEGER PRIMARY KEY (rowid>?)", []any{1, 2}},
		{"formats", sqlite.SelectFormats, "SEARCH users USING COVERING INDEX users_password_format (password_format>?)", nil},
	}
	for _, p := range plans {
		rows, err := readers.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+p.query, p.arguments...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var plan strings.Builder
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&plan, detail)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if got := plan.String(); !strings.Contains(got, p.want) || strings.Contains(got, "SCAN users") {
			t.Errorf("%s: want %q in the plan\n%s", p.name, p.want, got)
		}
	}
}

// TestFormatsDoNotGrow measures what a plan can not show: two hundred times the users, about the same time.
func TestFormatsDoNotGrow(t *testing.T) {
	fastest := func(count int) time.Duration {
		store := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db"))
		addMany(t, store, count)
		best := time.Hour
		for range 20 {
			start := time.Now()
			if formats, err := store.PasswordFormats(t.Context()); err != nil || len(formats) != 5 {
				t.Fatal(formats, err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	few, many := fastest(100), fastest(20_000)
	if many > 10*few {
		t.Errorf("%v with 100 users, %v with 20,000", few, many)
	}
}

// addMany adds count users with five formats.
func addMany(tb testing.TB, store *sqlite.Store, count int) {
	tb.Helper()
	users := make([]storage.User, count)
	for i := range users {
		users[i] = storage.User{
			Username:       fmt.Sprint("user-", i),
			Password:       "pbkdf2_sha256$1000000$HQs3kxOC1CQtOgC3VFb0j9$spJb5MqtN2XVRz2N/NnKHPp1FNoX6PAnwYJja9tJl30=",
			PasswordFormat: fmt.Sprint("pbkdf2_sha256$", i%5*100000),
			Active:         true,
			Joined:         time.Unix(int64(i), 0),
		}
	}
	if _, err := store.AddUsers(tb.Context(), users); err != nil {
		tb.Fatal(err)
	}
}
