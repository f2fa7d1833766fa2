package sqlite_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/tokenpair/storage/sqlite"
)

// wantRefusal opens path and wants an error of one line with all words and without the driver's.
func wantRefusal(t *testing.T, path string, words ...string) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path)
	if err == nil {
		store.Close()
		t.Fatalf("%q was opened", path)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no %q in: %v", word, err)
		}
	}
	for _, word := range []string{"\n", "SQL logic", "sqlite3", "SQLITE_", "(26)", "(14)"} {
		if strings.Contains(err.Error(), word) {
			t.Errorf("%q in: %v", word, err)
		}
	}
	if testing.Verbose() {
		t.Log(err)
	}
}

// wantUntouched refuses path, and wants its bytes, its mode and its directory as they were.
func wantUntouched(t *testing.T, path string, words ...string) {
	t.Helper()
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, path, words...)
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
	wantMode(t, path, 0o644)
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("files were left beside it: %v, %v", entries, err)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	if err := mustOpen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	mustExec(t, path, `PRAGMA user_version = 77`)
	wantUntouched(t, path, "version 77", fmt.Sprintf("up to %d", sqlite.Migrations), "newer program")
}

func TestForeignDatabaseIsRefused(t *testing.T) {
	const table = `CREATE TABLE auth_user (id integer PRIMARY KEY, username varchar(150)); INSERT INTO auth_user VALUES (1, 'anna');`
	scripts := map[string]string{
		"Django":                  table,
		"Django with the log":     `PRAGMA journal_mode = WAL;` + table,
		"a version and no tables": `PRAGMA user_version = 1`,
		"a mark and no tables":    `PRAGMA application_id = 1`,
		"our tables":              `CREATE TABLE users (id INTEGER PRIMARY KEY); PRAGMA user_version = 1`,
		"a view only":             `CREATE VIEW one AS SELECT 1`,
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "site.db")
			mustExec(t, path, script)
			wantUntouched(t, path, "another program", "give the path")
		})
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	contents := map[string]string{
		"text":        "[database]\npath = x\n",
		"long text":   strings.Repeat("INSERT INTO auth_user VALUES (1);\n", 1000),
		"half a mark": "SQLite format 3",
	}
	for name, content := range contents {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tokenpair.db")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			wantUntouched(t, path, "not a SQLite database", "give the path")
		})
	}
}

func TestDamagedDatabaseIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	if err := mustOpen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The header stays; the list of tables behind it is destroyed.
	for i := 100; i < 4096; i++ {
		content[i] = 0xff
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, path, "damaged", "backup")
}

func TestBadPathsAreRefused(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "", "the path is empty")
	wantRefusal(t, directory, "directory", "give the path of a file")
	wantRefusal(t, filepath.Join(file, "tokenpair.db"), "make the directory", "give another path")
	wantRefusal(t, filepath.Join(file, "deeper", "tokenpair.db"), "make the directory", "give another path")

	dangling := filepath.Join(directory, "dangling")
	if err := os.Symlink(filepath.Join(directory, "nothing"), dangling); err == nil {
		wantRefusal(t, dangling, "link")
	}
}

func TestPermissionsAreReported(t *testing.T) {
	if os.Geteuid() <= 0 {
		t.Skip("nothing is forbidden to this user: permissions can not be tested")
	}
	directory := filepath.Join(t.TempDir(), "closed")
	path := filepath.Join(directory, "tokenpair.db")
	if err := mustOpen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	modes := []struct {
		file, directory os.FileMode
		words           string
	}{{0o600, 0o500, "directory"}, {0o400, 0o700, "written"}, {0o000, 0o700, "opened"}, {0o600, 0o000, "permission"}}
	for _, mode := range modes {
		if err := os.Chmod(path, mode.file); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(directory, mode.directory); err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, path, mode.words)
		if err := os.Chmod(directory, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSettingsAreReadBack(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	writer, readers := mustOpen(t, path).Pools()
	settings := []struct {
		pool       *sql.DB
		name, want string
	}{
		{writer, "journal_mode", "wal"}, {writer, "synchronous", "2"}, {writer, "foreign_keys", "1"},
		{writer, "busy_timeout", "0"}, {writer, "query_only", "0"}, {writer, "application_id", fmt.Sprint(sqlite.ApplicationID)},
		{writer, "user_version", fmt.Sprint(sqlite.Migrations)},
		{readers, "journal_mode", "wal"}, {readers, "foreign_keys", "1"}, {readers, "busy_timeout", "5000"}, {readers, "query_only", "1"},
	}
	for _, setting := range settings {
		var got string
		if err := setting.pool.QueryRowContext(ctx, `PRAGMA `+setting.name).Scan(&got); err != nil || got != setting.want {
			t.Errorf("%s is %q, %v; want %q", setting.name, got, err, setting.want)
		}
	}
	if _, err := readers.ExecContext(ctx, `PRAGMA query_only = 0; DELETE FROM settings`); err == nil {
		t.Error("a reader writes")
	}
	if got := writer.Stats().MaxOpenConnections; got != 1 {
		t.Errorf("%d connections write", got)
	}

	good := sqlite.WriterDSN(path)
	if err := sqlite.CheckWriter(ctx, good); err != nil {
		t.Error(err)
	}
	for _, change := range [][2]string{{"FULL", "NORMAL"}, {"_busy_timeout=0", "_busy_timeout=50"}, {"_foreign_keys=on", "_foreign_keys=off"}, {"_synchronous=FULL", "_pragma=synchronous(FUL)"}} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if err := sqlite.CheckWriter(ctx, bad); bad == good || err == nil || !strings.Contains(err.Error(), "instead of") {
			t.Errorf("%s was taken: %v", change[1], err)
		}
	}
}
