package django_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/storage/django"
)

const (
	logging = `PRAGMA journal_mode = WAL`
	addBert = `INSERT INTO auth_user (id, username, password, is_active, date_joined, is_superuser, is_staff, first_name, last_name, email)
		VALUES (8, 'bert', 'hash 8', 1, '2026-11-24 03:48:04', 0, 0, '', '', '')`
	blacklist3 = `INSERT INTO token_blacklist_blacklistedtoken (id, token_id, blacklisted_at) VALUES (9, 3, '2026-11-24 00:00:00')`
)

// The site writes before, while and after it is read: what is read is one moment.
func TestReadLiveSite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	django5 := open(t, path, logging, newUsers, newTokens, insertUsers, insertTokens)
	run(t, django5, `BEGIN IMMEDIATE`, addBert)
	before := files(t, path)
	source, err := django.OpenSQLite(t.Context(), path, now)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if strings.Count(files(t, path), "\n") != strings.Count(before, "\n") {
		t.Errorf("files were made: %.200s", files(t, path))
	}
	run(t, django5, `COMMIT`)
	if users, err := collect(source.Users()); err != nil || !slices.Equal(users, wantUsers) {
		t.Errorf("got %+v, %v", users, err)
	}
	run(t, django5, blacklist3)
	if revocations, err := collect(source.Revocations()); err != nil || !slices.Equal(revocations, wantRevocations) {
		t.Errorf("got %+v, %v", revocations, err)
	}
	users, revocations, _, err := read(t.Context(), path)
	if err != nil || len(users) != 4 || len(revocations) != 3 {
		t.Errorf("later: got %+v, %+v, %v", users, revocations, err)
	}
}

// Without write-ahead logging a reader keeps the site from writing: only until all is copied, here more than SQLite holds in
// memory.
func TestSiteWritesAfterOpen(t *testing.T) {
	path := site(t, newUsers, newTokens, insertUsers, insertTokens,
		`INSERT INTO auth_user (username, password, is_active, date_joined, is_superuser, is_staff, first_name, last_name, email)
			WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 10000)
			SELECT n, hex(zeroblob(400)), 1, '2026-11-24 03:48:04', 0, 0, '', '', '' FROM n`)
	before := files(t, path)
	source, err := django.OpenSQLite(t.Context(), path, now)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if files(t, path) != before {
		t.Error("something was written")
	}
	django5 := open(t, path, `PRAGMA busy_timeout = 0`, addBert, blacklist3, `BEGIN EXCLUSIVE`, `DELETE FROM auth_user`)
	users := 0
	for user, err := range source.Users() {
		if err != nil || user.ID == 8 {
			t.Fatalf("%+v, %v", user, err)
		}
		if users++; users == 1000 {
			run(t, django5, `COMMIT`, `BEGIN EXCLUSIVE`)
		}
	}
	if users != 10_003 {
		t.Errorf("%d users", users)
	}
	if revocations, err := collect(source.Revocations()); err != nil || !slices.Equal(revocations, wantRevocations) {
		t.Errorf("got %+v, %v", revocations, err)
	}
}

// Without write-ahead logging a transaction that is not committed yet is in nobody's way.
func TestReadBesideTransaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	django5 := open(t, path, newUsers, newTokens, insertUsers, insertTokens)
	run(t, django5, `BEGIN IMMEDIATE`, addBert)
	checkSite(t, path)
	run(t, django5, `COMMIT`)
	if users, _, _, err := read(t.Context(), path); err != nil || len(users) != 4 {
		t.Errorf("got %+v, %v", users, err)
	}
}

// A database in write-ahead logging that nobody has open gets no log and no index from a reader, who may be another user
// than the site's.
func TestReadClosedLoggingSite(t *testing.T) {
	path := site(t, logging, newUsers, newTokens, insertUsers, insertTokens)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Dir(path), 0o700) })
	before := files(t, path)
	checkSite(t, path)
	if files(t, path) != before {
		t.Error("something was written")
	}
}

// A watched context runs a function when somebody first waits for its end.
type watched struct {
	context.Context
	once sync.Once
	do   func()
}

func (w *watched) Done() <-chan struct{} {
	w.once.Do(w.do)
	return w.Context.Done()
}

// A database in write-ahead logging that nobody has open is read without a lock.
func TestClosedSiteComesUp(t *testing.T) {
	path := site(t, logging, newUsers, newTokens, insertUsers, insertTokens)
	if err := os.Chtimes(path, now, now); err != nil {
		t.Fatal(err)
	}
	comesUp := func() {
		if err := open(t, path, addBert).Close(); err != nil {
			t.Fatal(err)
		}
	}
	// The file was looked at, but nothing of it was read yet.
	_, err := django.OpenSQLite(&watched{Context: t.Context(), do: comesUp}, path, now)
	if err == nil || err.Error() != "read database: the site wrote to its database while it was read: try again" {
		t.Errorf("got %v", err)
	}
	source, err := django.OpenSQLite(t.Context(), path, now)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if err := open(t, path, blacklist3).Close(); err != nil {
		t.Fatal(err)
	}
	if users, err := collect(source.Users()); err != nil || len(users) != 4 {
		t.Errorf("got %+v, %v", users, err)
	}
	if revocations, err := collect(source.Revocations()); err != nil || !slices.Equal(revocations, wantRevocations) {
		t.Errorf("got %+v, %v", revocations, err)
	}
}

// copyFiles copies the database and the named files beside it, as a crash would leave them.
func copyFiles(t *testing.T, path string, endings ...string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "db.sqlite3")
	for _, ending := range append(endings, "") {
		content, err := os.ReadFile(path + ending)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+ending, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

func TestReadKilledLoggingSite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	django5 := open(t, path, logging, newUsers, newTokens, insertUsers, insertTokens)
	run(t, django5, `PRAGMA cache_size = 1`, `BEGIN IMMEDIATE`, addBert)
	killed := copyFiles(t, path, "-wal", "-shm")
	before := files(t, killed)
	checkSite(t, killed)
	if files(t, killed) != before {
		t.Error("something was written")
	}
	withoutIndex := copyFiles(t, path, "-wal")
	before = files(t, withoutIndex)
	if users, _, _, err := read(t.Context(), withoutIndex); err == nil || !strings.Contains(err.Error(), "copy all three files") {
		t.Errorf("without the index: %v, %v", users, err)
	}
	if files(t, withoutIndex) != before {
		t.Error("without the index: something was written")
	}
}

// The journal of a site that was killed while it wrote must be rolled back before anything of the file is true.
func TestReadKilledSite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	django5 := open(t, path, newUsers, newTokens, insertUsers, insertTokens)
	run(t, django5, `PRAGMA cache_size = 1`, `BEGIN IMMEDIATE`, `CREATE TABLE other (x)`,
		`INSERT INTO other WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 1000) SELECT hex(zeroblob(1000)) FROM n`, addBert)
	killed := copyFiles(t, path, "-journal")
	before := files(t, killed)
	if users, _, _, err := read(t.Context(), killed); err == nil || !strings.Contains(err.Error(), "start the site once") {
		t.Errorf("got %v, %v", users, err)
	}
	if files(t, killed) != before {
		t.Error("something was written")
	}
}

func TestUnreadableDatabase(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every file")
	}
	path := site(t, newUsers, insertUsers)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := django.OpenSQLite(t.Context(), path, time.Time{}); err == nil || !strings.Contains(err.Error(), "let this program's user read") {
		t.Errorf("got %v", err)
	}
}

func TestMissingDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing.sqlite3")
	if _, err := django.OpenSQLite(t.Context(), path, now); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it was made: %v", err)
	}
	if err := os.Symlink(path, path+"-link"); err != nil {
		t.Fatal(err)
	}
	if _, err := django.OpenSQLite(t.Context(), path+"-link", now); err == nil {
		t.Error("opened a link to nothing")
	}
	if found, _ := fs.Glob(os.DirFS(filepath.Dir(path)), "*"); len(found) != 1 {
		t.Errorf("found %q", found)
	}
}
