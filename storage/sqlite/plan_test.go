package sqlite_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// TestPlans checks that no query visits every row: SQLite's plan has a SEARCH of the table and never a SCAN. The imports
// under way are one or none.
func TestPlans(t *testing.T) {
	_, readers := mustOpen(t, filepath.Join(t.TempDir(), "tokenpair.db")).Pools()
	const (
		noImport = "SEARCH pending_imports USING INTEGER PRIMARY KEY (rowid=?)"
		bySid    = "SEARCH sessions USING PRIMARY KEY (sid=?)"
		due      = "SEARCH sessions USING COVERING INDEX sessions_due (due<?)"
	)
	plans := []struct {
		name, query string
		arguments   []any
		want        []string
	}{
		{"by name", sqlite.SelectByName, []any{"anna"}, []string{"SEARCH users USING INDEX sqlite_autoindex_users_1 (username=?)", noImport}},
		{"by id", sqlite.SelectByID, []any{1}, []string{"SEARCH users USING INTEGER PRIMARY KEY (rowid=?)", noImport}},
		{"page", sqlite.SelectPage, []any{1, 2}, []string{"SEARCH users USING INTEGER PRIMARY KEY (rowid>?)", noImport}},
		{"formats", sqlite.SelectFormats, nil, []string{"SEARCH users USING COVERING INDEX users_password_format (password_format>?)"}},
		{"page of revoked", sqlite.SelectRevocations, []any{"a", 2}, []string{"SEARCH revoked USING PRIMARY KEY (id>?)", noImport}},
		{"expired", sqlite.DeleteExpired, []any{1, 2}, []string{"SEARCH revoked USING PRIMARY KEY (id=?)",
			"SEARCH revoked USING COVERING INDEX revoked_expires (expires<?)"}},
		{"revoke", sqlite.InsertRevoked, []any{"a", 2}, nil},
		{"present", sqlite.SelectPresent, []any{1, "anna", 2}, []string{"SEARCH users USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"clear users", sqlite.ClearUsers, []any{1, 2}, []string{"SEARCH users USING INTEGER PRIMARY KEY (rowid=?)",
			"SEARCH users USING COVERING INDEX users_import (import=?)"}},
		{"clear revoked", sqlite.ClearRevoked, []any{1, 2}, []string{"SEARCH revoked USING PRIMARY KEY (id=?)",
			"SEARCH revoked USING COVERING INDEX revoked_import (import=?)"}},
		{"standing", sqlite.SelectStanding, []any{"a", "b"}, []string{"SEARCH revoked USING PRIMARY KEY (id=?)", bySid,
			"SEARCH users USING INTEGER PRIMARY KEY (rowid=?)", noImport}},
		{"session", sqlite.SelectSession, []any{"a"}, []string{bySid}},
		{"sessions", sqlite.SelectSessions, []any{1, 2}, []string{"SEARCH sessions USING INDEX sessions_user (user=?)"}},
		{"alive sessions", sqlite.SelectAliveSessions, []any{1, 2, 3}, []string{"SEARCH sessions USING INDEX sessions_alive (user=?)"}},
		{"add session", sqlite.InsertSession, slices.Repeat([]any{1}, 13), []string{"SEARCH users EXISTS USING INTEGER PRIMARY KEY (rowid=?)",
			"SEARCH revoked USING PRIMARY KEY (id=?)"}},
		{"rotate", sqlite.RotateSession, []any{"a", "b", "c", 1, 2}, []string{bySid}},
		{"reuse", sqlite.EndReused, []any{"a", "b", "c", 1, 2}, []string{bySid}},
		{"touch", sqlite.TouchSession, []any{1, "a", 2}, []string{bySid}},
		{"end session", sqlite.EndSession, []any{1, "user", "a", 1, 1}, []string{bySid}},
		{"end sessions", sqlite.EndSessions, []any{1, "user", 1, "a"}, []string{"SEARCH sessions USING INDEX sessions_alive (user=?)"}},
		{"end of many users", sqlite.EndBatch, []any{1, "user", 1, 2}, []string{"SEARCH sessions USING INDEX sessions_alive (user>? AND user<?)"}},
		{"mark", sqlite.MarkUser, []any{1, 2}, []string{"SEARCH users USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"mark many", sqlite.MarkBatch, []any{1, 2, 3}, []string{"SEARCH users USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"}},
		{"last of many", sqlite.LastOfBatch, []any{1, 2}, []string{"SEARCH users USING INTEGER PRIMARY KEY (rowid>?)"}},
		{"revoke without a session", sqlite.RevokeAlone, []any{"a", 1}, []string{bySid}},
		{"move sessions", sqlite.MoveSessions, []any{1, 2}, []string{bySid, due}},
		{"delete sessions", sqlite.DeleteSessions, []any{1, 2}, []string{bySid, due}},
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
		got := plan.String()
		for _, want := range p.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: want %q in the plan\n%s", p.name, want, got)
			}
		}
		if strings.Contains(got, "SCAN users") || strings.Contains(got, "SCAN revoked") || strings.Contains(got, "SCAN sessions") ||
			strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%s: every row is visited\n%s", p.name, got)
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
