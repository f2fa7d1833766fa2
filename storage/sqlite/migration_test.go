package sqlite_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// TestFirstVersionIsMigrated opens a database as the first version left it: it keeps its users, its ids and its key.
func TestFirstVersionIsMigrated(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	mustExec(t, path, `PRAGMA journal_mode = WAL;`+sqlite.UsersMigration+`
		INSERT INTO users (id, username, password, password_format, active, last_login) VALUES (3, 'anna', 'hash', 'format', 1, 1), (9, 'bert', '', '', 0, NULL);
		DELETE FROM users WHERE id = 9;
		INSERT INTO settings (name, value) VALUES ('key', x'0001');`+
		fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = 1`, sqlite.ApplicationID))

	for range 2 {
		store := mustOpen(t, path)
		want := []storage.User{{ID: 3, Username: "anna", Password: "hash", PasswordFormat: "format", Active: true, LastLogin: time.UnixMicro(1).UTC()}}
		if got, err := store.Users(ctx, 0, 10); err != nil || !slices.Equal(got, want) {
			t.Errorf("users: %+v, %v", got, err)
		}
		if got, err := store.UserByID(ctx, 3); err != nil || got != want[0] {
			t.Errorf("user: %+v, %v", got, err)
		}
		if value, err := store.Setting(ctx, "key", nil); err != nil || !slices.Equal(value, []byte{0, 1}) {
			t.Errorf("setting: %q, %v", value, err)
		}
		if revoked, err := store.Revoked(ctx, "a"); err != nil || revoked {
			t.Errorf("Revoked: %v, %v", revoked, err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}

	store := mustOpen(t, path)
	if ids, err := store.AddUsers(ctx, []storage.User{{Username: "carla"}}); err != nil || ids[0] != 10 {
		t.Errorf("the next id is %v, %v; want 10", ids, err)
	}
	if imported, err := store.Import(ctx, manyUsers(2), manyRevocations(1)); err != nil || imported != (storage.Imported{Users: 2, Revocations: 1}) {
		t.Errorf("Import: %+v, %v", imported, err)
	}
}
