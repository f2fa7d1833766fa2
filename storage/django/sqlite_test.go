package django_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/django"
)

// The tables as Django makes them: those of a new database, and those of one that went through the migrations.
const (
	newUsers = `CREATE TABLE "auth_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL,
		"last_login" datetime NULL, "is_superuser" bool NOT NULL, "username" varchar(150) NOT NULL UNIQUE, "last_name" varchar(150) NOT NULL,
		"email" varchar(254) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL, "date_joined" datetime NOT NULL, "first_name" varchar(150) NOT NULL);`
	newTokens = `CREATE TABLE "token_blacklist_blacklistedtoken" ("blacklisted_at" datetime NOT NULL, "token_id" bigint NOT NULL UNIQUE
			REFERENCES "token_blacklist_outstandingtoken" ("id") DEFERRABLE INITIALLY DEFERRED, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
		CREATE TABLE "token_blacklist_outstandingtoken" ("token" text NOT NULL, "created_at" datetime NULL, "expires_at" datetime NOT NULL,
			"user_id" integer NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED, "jti" varchar(255) NOT NULL UNIQUE,
			"id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);`
	oldUsers = `CREATE TABLE "auth_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "first_name" varchar(150) NOT NULL, "password" varchar(128) NOT NULL,
		"date_joined" datetime NOT NULL, "is_active" bool NOT NULL, "last_login" datetime NULL, "is_superuser" bool NOT NULL,
		"username" varchar(150) NOT NULL UNIQUE, "last_name" varchar(150) NOT NULL, "email" varchar(254) NOT NULL, "is_staff" bool NOT NULL);`
	oldTokens = `CREATE TABLE "token_blacklist_outstandingtoken" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "jti" varchar(255) NOT NULL UNIQUE,
			"token" text NOT NULL, "created_at" datetime NULL, "expires_at" datetime NOT NULL, "user_id" integer NULL REFERENCES "auth_user" ("id"));
		CREATE TABLE "token_blacklist_blacklistedtoken" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "blacklisted_at" datetime NOT NULL,
			"token_id" bigint NOT NULL UNIQUE REFERENCES "token_blacklist_outstandingtoken" ("id"));`

	insertUsers = `INSERT INTO auth_user (id, username, password, is_active, last_login, date_joined, is_superuser, is_staff, first_name, last_name, email) VALUES
		(7, 'jose` + "\u0301" + `', 'hash 7', 1, '2026-11-24 03:48:04.914425', '2019-02-28 23:59:59', 1, 1, 'Jos', 'M', 'j@example.com'),
		(5, 'anna', 'hash 5', 0, NULL, '2026-11-24 03:48:04.9', 0, 0, '', '', ''),
		(1000000000000, '007', '', 1, '2026-11-24 03:48:04', '2026-11-24 03:48:04.000001', 0, 0, '', '', '');`
	insertTokens = `INSERT INTO token_blacklist_outstandingtoken (id, jti, token, expires_at, created_at, user_id) VALUES
			(1, 'dead', 'SECRET', '2026-11-25 00:00:00', NULL, 5), (2, 'dead and blacklisted', 'SECRET', '2026-11-25 00:00:00', NULL, 5),
			(3, 'live', 'SECRET', '2026-11-26 00:00:00', NULL, 5), (4, 'blacklisted', 'SECRET', '2026-11-26 00:00:00', NULL, NULL),
			(5, '00123', 'SECRET', '2026-11-25 00:00:00.000001', NULL, 7);
		INSERT INTO token_blacklist_blacklistedtoken (id, token_id, blacklisted_at) VALUES
			(1, 5, '2026-11-24 00:00:00'), (2, 2, '2026-11-24 00:00:00'), (8, 4, '2026-11-24 00:00:00');`
	others = `CREATE TABLE django_migrations (id integer PRIMARY KEY, app, name); INSERT INTO django_migrations VALUES (1, 'auth', 'auth_user');`
)

var (
	wantUsers = []storage.User{
		{ID: 5, Username: "anna", Password: "hash 5", Joined: time.Date(2026, 11, 24, 3, 48, 4, 900e6, time.UTC)},
		{ID: 7, Username: "jose\u0301", Password: "hash 7", Active: true,
			LastLogin: time.Date(2026, 11, 24, 3, 48, 4, 914425e3, time.UTC), Joined: time.Date(2019, 2, 28, 23, 59, 59, 0, time.UTC)},
		{ID: 1e12, Username: "007", Active: true,
			LastLogin: time.Date(2026, 11, 24, 3, 48, 4, 0, time.UTC), Joined: time.Date(2026, 11, 24, 3, 48, 4, 1e3, time.UTC)},
	}
	wantRevocations = []storage.Revocation{
		{ID: "00123", Expires: now.Add(time.Microsecond)},
		{ID: "blacklisted", Expires: now.Add(24 * time.Hour)},
	}
)

// open opens the file at path for writing and runs the statements.
func open(t *testing.T, path string, statements ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	run(t, db, `PRAGMA synchronous = OFF`) // the tests pull no plug
	run(t, db, statements...)
	return db
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%v: %s", err, statement)
		}
	}
}

// site makes the closed database of a site.
func site(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	if err := open(t, path, statements...).Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// files returns what lies beside path, with everything in it.
func files(t *testing.T, path string) string {
	t.Helper()
	var all strings.Builder
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(path), entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %q\n", entry.Name(), content)
	}
	return all.String()
}

// read reads everything from the database, and closes it.
func read(ctx context.Context, path string) (users []storage.User, revocations []storage.Revocation, expired int, err error) {
	source, err := django.OpenSQLite(ctx, path, now)
	if err != nil {
		return nil, nil, 0, err
	}
	defer source.Close()
	if users, err = collect(source.Users()); err != nil {
		return nil, nil, 0, err
	}
	if revocations, err = collect(source.Revocations()); err != nil {
		return nil, nil, 0, err
	}
	return users, revocations, source.Expired(), source.Close()
}

// checkSite reads the database of insertUsers and insertTokens.
func checkSite(t *testing.T, path string) {
	t.Helper()
	users, revocations, expired, err := read(t.Context(), path)
	if err != nil || !slices.Equal(users, wantUsers) || !slices.Equal(revocations, wantRevocations) || expired != 1 {
		t.Errorf("got  %+v, %v, %d expired, %v\nwant %+v, %v", users, revocations, expired, err, wantUsers, wantRevocations)
	}
}

func TestReadDatabase(t *testing.T) {
	for name, tables := range map[string]string{"new": newUsers + newTokens, "old": oldTokens + oldUsers, "capitals": strings.ToUpper(newUsers + newTokens)} {
		path := site(t, others, tables, insertUsers, insertTokens)
		before := files(t, path)
		checkSite(t, path)
		if t.Failed() {
			t.Fatal(name)
		}
		if files(t, path) != before {
			t.Errorf("%s: something was written", name)
		}
		source, err := django.OpenSQLite(t.Context(), path, now)
		if err != nil {
			t.Fatal(err)
		}
		if source.Good() != 1 {
			t.Errorf("%s: %d tokens are good", name, source.Good())
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReadOddPaths(t *testing.T) {
	path := site(t, newUsers, newTokens, insertUsers, insertTokens)
	directory := t.TempDir()
	odd := filepath.Join(directory, "a?mode=rwc#b %41\u00fc.db")
	if err := os.Rename(path, odd); err != nil {
		t.Fatal(err)
	}
	checkSite(t, odd)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(odd, link); err != nil {
		t.Fatal(err)
	}
	checkSite(t, link)
	t.Chdir(directory)
	checkSite(t, filepath.Base(odd))
}

func TestReadDatabaseWithoutTokens(t *testing.T) {
	users, revocations, expired, err := read(t.Context(), site(t, newUsers, insertUsers))
	if err != nil || !slices.Equal(users, wantUsers) || len(revocations) != 0 || expired != 0 {
		t.Errorf("got %+v, %v, %d expired, %v", users, revocations, expired, err)
	}
}

func TestReadingDatabaseEnds(t *testing.T) {
	path := site(t, newUsers, newTokens, insertUsers, insertTokens)
	ended, end := context.WithCancel(t.Context())
	source, err := django.OpenSQLite(ended, path, now)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	end()
	if users, err := collect(source.Users()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", users, err)
	}
	if revocations, err := collect(source.Revocations()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", revocations, err)
	}
	if _, err := django.OpenSQLite(ended, path, now); !errors.Is(err, context.Canceled) {
		t.Errorf("opened: %v", err)
	}
}
