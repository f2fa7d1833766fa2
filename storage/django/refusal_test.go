package django_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/tokenpair/storage/django"
)

// checkRefusal expects one line that has want, and nothing secret.
func checkRefusal(t *testing.T, name string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: no %q in: %v", name, want, err)
		return
	}
	if strings.ContainsAny(err.Error(), "\r\n\x00") || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("%s: not one line without a secret: %q", name, err)
	}
}

func TestBadRows(t *testing.T) {
	// Without Django's types, so that every value stays what it is.
	const tables = `CREATE TABLE auth_user (id, username, password DEFAULT 'SECRET', is_active DEFAULT 1, last_login, date_joined);
		CREATE TABLE token_blacklist_outstandingtoken (id, jti, token DEFAULT 'SECRET', expires_at DEFAULT '2026-11-26 00:00:00');
		CREATE TABLE token_blacklist_blacklistedtoken (id, token_id);`
	user := func(set string) string {
		return `INSERT INTO auth_user (id, username) VALUES (4, 'good'), (5, 'anna'); UPDATE auth_user SET ` + set + ` WHERE id = 5`
	}
	token := func(set string) string {
		return `INSERT INTO auth_user (id, username) VALUES (5, 'anna'); INSERT INTO token_blacklist_outstandingtoken (id, jti) VALUES (3, 'jti');
			INSERT INTO token_blacklist_blacklistedtoken VALUES (1, 3); UPDATE ` + set
	}
	tests := []struct{ name, rows, want string }{
		{"text as id", user(`id = 'SECRET'`), "auth_user: its pk is not a positive integer"},
		{"UUID", user(`id = x'4a9f3c1e55f14f389f6e0d3c2a2b8a11'`), "its pk is not a positive integer"},
		{"null id", user(`id = NULL`), "its pk is not a positive integer"},
		{"zero id", user(`id = 0`), "its pk is not a positive integer"},
		{"negative id", user(`id = -1`), "its pk is not a positive integer"},
		{"real id", user(`id = 5.5`), "its pk is not a positive integer"},
		{"null username", user(`username = NULL`), "auth_user (pk 5): its username is missing or not text"},
		{"number as username", user(`username = 12345`), "its username is missing or not text"},
		{"bytes as username", user(`username = x'616263'`), "its username is missing or not text"},
		{"empty username", user(`username = ''`), "its username is empty"},
		{"long username", user(`username = replace(hex(zeroblob(76)), '00', 'xy')||'z'`), "153 characters, more than Django's 150"},
		{"Latin-1 username", user(`username = CAST(x'6a6f73e9' AS TEXT)`), "its username is not UTF-8"},
		{"NUL in username", user(`username = CAST(x'616200' AS TEXT)`), "NUL"},
		{"null password", user(`password = NULL`), `auth_user (pk 5, user "anna"): its password is missing or not text`},
		{"bytes as password", user(`password = x'616263'`), "its password is missing or not text"},
		{"Latin-1 password", user(`password = CAST(x'6a6f73e9' AS TEXT)`), "its password is not UTF-8"},
		{"null is_active", user(`is_active = NULL`), "is_active"},
		{"two as is_active", user(`is_active = 2`), "is_active"},
		{"text as is_active", user(`is_active = '1'`), "is_active"},
		{"real as is_active", user(`is_active = 1.0`), "is_active"},
		{"number as last_login", user(`last_login = 1764000000`), "last_login"},
		{"real as last_login", user(`last_login = 2461003.5`), "last_login"},
		{"words as last_login", user("username = 'anna\n', last_login = 'SECRET'"), `user "anna\n"): its last_login`},
		{"empty date_joined", user(`date_joined = ''`), "date_joined"},
		{"impossible date_joined", user(`date_joined = '2026-02-30 00:00:00'`), "date_joined"},
		{"no users", `SELECT 1`, "auth_user is empty"},

		{"dangling", token(`token_blacklist_blacklistedtoken SET token_id = 4`), "token_blacklist_blacklistedtoken (pk 1): its token is not in token_blacklist_outstandingtoken"},
		{"null token", token(`token_blacklist_blacklistedtoken SET token_id = NULL`), "(pk 1): its token is not in"},
		{"text as token", token(`token_blacklist_blacklistedtoken SET token_id = 'SECRET'`), "(pk 1): its token is not in"},
		{"null jti", token(`token_blacklist_outstandingtoken SET jti = NULL`), "its jti is missing or not text"},
		{"number as jti", token(`token_blacklist_outstandingtoken SET jti = 5`), "its jti is missing or not text"},
		{"empty jti", token(`token_blacklist_outstandingtoken SET jti = ''`), "its jti is empty"},
		{"Latin-1 jti", token(`token_blacklist_outstandingtoken SET jti = CAST(x'e9' AS TEXT)`), "its jti is not UTF-8"},
		{"null expires_at", token(`token_blacklist_outstandingtoken SET expires_at = NULL`), "its expires_at is missing"},
		{"number as expires_at", token(`token_blacklist_outstandingtoken SET expires_at = 1764000000`), "its expires_at is missing or not a time"},
		{"words as expires_at", token(`token_blacklist_outstandingtoken SET expires_at = 'SECRET'`), "its expires_at is missing or not a time"},
	}
	for _, test := range tests {
		_, _, _, err := read(t.Context(), site(t, tables, test.rows))
		checkRefusal(t, test.name, err, test.want)
	}
}

func TestOtherDatabases(t *testing.T) {
	tests := []struct{ name, tables, want string }{
		{"empty", `PRAGMA user_version = 1`, "no table auth_user"},
		{"another program's", others, "no table auth_user: give the path of a Django site's database (a user model of the site's own is not read)"},
		{"user model of the site's own", `CREATE TABLE accounts_user (id INTEGER PRIMARY KEY, username, password)`, "a user model of the site's own is not read"},
		{"another auth_user", `CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username, passwd)`, "auth_user has no column password"},
		{"view", `CREATE VIEW auth_user AS SELECT 5 AS id, 'a' AS username, 'b' AS password, 1 AS is_active, NULL AS last_login, NULL AS date_joined`, "no table auth_user"},
		{"old tokens", newUsers + `CREATE TABLE token_blacklist_blacklistedtoken (id, token)`, "token_blacklist_blacklistedtoken has no column token_id"},
		{"half the tokens", newUsers + `CREATE TABLE token_blacklist_blacklistedtoken (id, token_id)`, "no table token_blacklist_outstandingtoken: run the site's migrations"},
		{"other tokens", newUsers + `CREATE TABLE token_blacklist_blacklistedtoken (id, token_id); CREATE TABLE token_blacklist_outstandingtoken (id, expires_at)`, "no column jti"},
		{"tokens without text", newUsers + `CREATE TABLE token_blacklist_blacklistedtoken (id, token_id); CREATE TABLE token_blacklist_outstandingtoken (id, jti, expires_at)`, "no column token"},
	}
	for _, test := range tests {
		path := site(t, test.tables)
		before := files(t, path)
		_, err := django.OpenSQLite(t.Context(), path, now)
		checkRefusal(t, test.name, err, test.want)
		if files(t, path) != before {
			t.Errorf("%s: something was written", test.name)
		}
	}
}

func TestNoDatabases(t *testing.T) {
	whole, err := os.ReadFile(site(t, newUsers, newTokens, insertUsers, insertTokens))
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte{}, whole...)
	for i := 200; i < len(damaged); i++ {
		damaged[i] = 0xff
	}
	tests := []struct{ name, content, want string }{
		{"empty", "", "not a SQLite database"},
		{"fixture", fixtureOf(anna), "not a SQLite database"},
		{"header only", string(whole[:16]), "damaged"},
		{"cut", string(whole[:4096*3]), "damaged"},
		{"damaged", string(damaged), "damaged"},
	}
	for _, test := range tests {
		path := filepath.Join(t.TempDir(), "db.sqlite3")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		before := files(t, path)
		_, _, _, err := read(t.Context(), path)
		checkRefusal(t, test.name, err, test.want)
		if files(t, path) != before {
			t.Errorf("%s: something was written", test.name)
		}
	}
	_, err = django.OpenSQLite(t.Context(), t.TempDir(), now)
	checkRefusal(t, "directory", err, "it is a directory")
	_, err = django.OpenSQLite(t.Context(), os.DevNull, now)
	checkRefusal(t, "device", err, "not a regular file")
	_, err = django.OpenSQLite(t.Context(), "", now)
	checkRefusal(t, "no path", err, "directory")
}
