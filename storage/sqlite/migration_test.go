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

// TestOlderVersionsAreMigrated opens databases as earlier versions left them: they keep their users, their ids and their key.
func TestOlderVersionsAreMigrated(t *testing.T) {
	t.Run("1", func(t *testing.T) { checkMigration(t, 1, sqlite.UsersMigration) })
	t.Run("2", func(t *testing.T) { checkMigration(t, 2, sqlite.UsersMigration+sqlite.RevokedMigration) })
}

func checkMigration(t *testing.T, version int, script string) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	mustExec(t, path, `PRAGMA journal_mode = WAL;`+script+`
		INSERT INTO users (id, username, password, password_format, active, last_login) VALUES (3, 'anna', 'hash', 'format', 1, 1), (9, 'bert', '', '', 0, NULL);
		DELETE FROM users WHERE id = 9;
		INSERT INTO settings (name, value) VALUES ('key', x'0001');`+
		fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, sqlite.ApplicationID, version))

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
		if a, err := store.Standing(ctx, "a", ""); err != nil || a.Revoked {
			t.Errorf("Standing: %+v, %v", a, err)
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
	session := storage.Session{ID: "sid", User: 3, Created: now, Used: now, Ends: now, Current: "jti", Expires: now, Keep: now}
	if err := store.AddSession(ctx, session, time.Time{}); err != nil {
		t.Error(err)
	}
	if got, err := store.Standing(ctx, "jti", "sid"); err != nil || got.Session != session || got.User.Username != "anna" {
		t.Errorf("Standing: %+v, %v", got, err)
	}
}
