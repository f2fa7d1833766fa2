package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// ottosHash is that of "correct horse battery", as Django makes it in few rounds.
const ottosHash = "pbkdf2_sha256$1000$salt$hHq2CwjSpsUCltVF/ZDe25M5jA5hBHN9+inXRaOGbjU="

// djangoSite is the SQLite file of a Django site.
type djangoSite struct {
	t    *testing.T
	path string
}

func newDjango(t *testing.T) djangoSite {
	t.Helper()
	d := djangoSite{t, filepath.Join(t.TempDir(), "db.sqlite3")}
	execute(t, d.path, `CREATE TABLE auth_user (id integer PRIMARY KEY AUTOINCREMENT, password varchar(128) NOT NULL, last_login datetime,
			is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, last_name varchar(150) NOT NULL, email varchar(254) NOT NULL,
			is_staff bool NOT NULL, is_active bool NOT NULL, date_joined datetime NOT NULL, first_name varchar(150) NOT NULL);
		CREATE TABLE token_blacklist_outstandingtoken (id integer PRIMARY KEY AUTOINCREMENT, token text NOT NULL, created_at datetime,
			expires_at datetime NOT NULL, user_id integer, jti varchar(255) NOT NULL UNIQUE);
		CREATE TABLE token_blacklist_blacklistedtoken (id integer PRIMARY KEY AUTOINCREMENT, blacklisted_at datetime NOT NULL, token_id bigint NOT NULL UNIQUE)`)
	return d
}

func (d djangoSite) addUser(id int, username, password string) {
	d.t.Helper()
	execute(d.t, d.path, fmt.Sprintf(`INSERT INTO auth_user VALUES (%d, '%s', '2026-01-02 03:04:05.678901', 0, '%s', '', '', 0, 1, '2025-01-02 03:04:05', '')`,
		id, password, username))
}

func (d djangoSite) blacklist(id int, jti string, expires time.Time) {
	d.t.Helper()
	execute(d.t, d.path, fmt.Sprintf(`INSERT INTO token_blacklist_outstandingtoken VALUES (%d, 'x', NULL, '%s', NULL, '%s');
		INSERT INTO token_blacklist_blacklistedtoken VALUES (%[1]d, '2026-01-02 03:04:05', %[1]d)`, id, expires.UTC().Format(time.DateTime), jti))
}

// revokedIDs are the tokens that are remembered as blacklisted.
func (s *site) revokedIDs() (ids []string) {
	s.t.Helper()
	store, err := sqlite.Open(s.t.Context(), s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	revoked, err := store.Revocations(s.t.Context(), "", 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range revoked {
		ids = append(ids, r.ID)
	}
	return ids
}

// revoke remembers a token as blacklisted.
func (s *site) revoke(id string, expires time.Time) {
	s.t.Helper()
	store, err := sqlite.Open(s.t.Context(), s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Revoke(s.t.Context(), storage.Revocation{ID: id, Expires: expires}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) wantRevoked(want int) {
	s.t.Helper()
	if ids := s.revokedIDs(); len(ids) != want {
		s.t.Errorf("blacklisted are %q, want %d", ids, want)
	}
}

func TestImport(t *testing.T) {
	d := newDjango(t)
	d.addUser(3, "otto", ottosHash)
	d.addUser(5, "mute", "!x")
	d.addUser(9, " padded", "sha1$a$b")
	d.blacklist(1, strings.Repeat("a", 32), time.Now().Add(time.Hour))
	d.blacklist(2, strings.Repeat("b", 32), time.Now().Add(-25*time.Hour))
	const hashes = "password hashes:\n       1 pbkdf2_sha256$1000\n" +
		"       1 unreadable: not known here, no login until changepassword\n       1 unusable: there is no password to log in with\n"
	const warnings = "tokenpair: warning: 1 of them have a password hash that is not known here, and cannot log in until changepassword\n" +
		"tokenpair: warning: 1 of them have a name in outer white space, which a login cuts, and cannot log in\n"
	s := newSite(t)

	rehearsal := s.run("", "importdjango", "sqlite:"+d.path, "--dry-run")
	want := "would import 3 users\nwould blacklist 1 token; 1 expired more than a day ago and would be left out\n" +
		"0 tokens that were issued there are not blacklisted, and stay good until they expire; those of the last day are counted with them\n" + hashes +
		"names in outer white space, which a login cuts, so that they cannot log in:\n  \" padded\"\n"
	if rehearsal != (result{0, want, ""}) {
		t.Errorf("--dry-run: %+v", rehearsal)
	}
	if _, err := os.Stat(s.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("--dry-run made a database: %v", err)
	}

	first := s.run("", "importdjango", "sqlite:"+d.path)
	if first != (result{0, "imported 3 users\nblacklisted 1 token; left out 1 that expired more than a day ago\n" + hashes, warnings}) {
		t.Errorf("first: %+v", first)
	}
	wantUsers(t, s, `3 true pbkdf2_sha256\$1000 otto`, `5 true unusable mute`, `9 true unreadable " padded"`)
	if out := s.must("", "listusers"); !strings.Contains(out, " 2026-01-02T03:04:05Z ") {
		t.Errorf("listusers does not tell the last login: %s", out)
	}
	s.wantRevoked(1)

	d.addUser(11, "new", "md5$a$49fe5ec9a389b41d804cc3e2002abf5e")
	again := s.run("", "importdjango", "sqlite:"+d.path)
	if again.code != 0 || !strings.HasPrefix(again.stdout, "imported 1 user\nleft 3 users as they are, who were here already\n"+
		"blacklisted 0 tokens, 1 more were so already; left out 1 that expired more than a day ago\n") || !strings.Contains(again.stdout, "\nthere are new kinds of hashes: restart ") {
		t.Errorf("again: %+v", again)
	}
	if third := s.must("", "importdjango", "sqlite:"+d.path); strings.Contains(third, "restart") {
		t.Errorf("without new kinds of hashes: %s", third)
	}
	if out := s.must("", "importdjango", "sqlite:"+d.path, "--dry-run"); !strings.HasPrefix(out, "would import 0 users\nwould leave 4 users as they are, who are here already\n") {
		t.Errorf("--dry-run of all: %s", out)
	}
	v := s.serve()
	v.wantLogin(http.StatusOK, "otto", "correct horse battery")
	v.wantLogin(http.StatusUnauthorized, "mute", "!x")
}

// TestImportKeepsWhatALeewayNeeds: a token that expired just now is good to a server with a leeway, if it is not refused.
func TestImportKeepsWhatALeewayNeeds(t *testing.T) {
	d := newDjango(t)
	d.addUser(3, "otto", ottosHash)
	d.blacklist(1, strings.Repeat("a", 32), time.Now().Add(-23*time.Hour))
	s := newSite(t)
	if out := s.must("", "importdjango", "sqlite:"+d.path); !strings.Contains(out, "blacklisted 1 token; left out 0") {
		t.Errorf("it printed %s", out)
	}
	s.revoke(strings.Repeat("b", 32), time.Now().Add(-25*time.Hour))
	if out := s.must("", "flushexpiredtokens"); out != "forgot 1 expired blacklisted token and 0 expired sessions\n" {
		t.Errorf("flushexpiredtokens printed %q", out)
	}
	s.wantRevoked(1)
}

// TestImportTellsWhoIsInactiveElsewhere: who was deactivated at Django after an earlier import can still log in here.
func TestImportTellsWhoIsInactiveElsewhere(t *testing.T) {
	const headline = "inactive there and active here, and the import leaves them so: tokenpair deactivateuser NAME keeps one out:\n"
	const warning = "tokenpair: warning: 12 of those who were here already are inactive there and active here, and can still log in: " +
		"--dry-run names them, and tokenpair deactivateuser NAME keeps one out\n"
	d, s := newDjango(t), newSite(t)
	for id := range 13 {
		d.addUser(id+1, fmt.Sprintf("user%d", id), ottosHash)
	}
	execute(t, d.path, `UPDATE auth_user SET is_active = 0 WHERE username = 'user0'`) // before, and so it was never active here
	if r := s.run("", "importdjango", "sqlite:"+d.path); r.code != 0 || r.stderr != "" {
		t.Errorf("first: %+v", r)
	}
	execute(t, d.path, `UPDATE auth_user SET is_active = 0`)
	if out := s.must("", "importdjango", "sqlite:"+d.path, "--dry-run"); !strings.HasSuffix(out, headline+"  user1\n  user2\n  user3\n"+
		"  user4\n  user5\n  user6\n  user7\n  user8\n  user9\n  user10\n  … and 2 more\n") {
		t.Errorf("--dry-run: %s", out)
	}
	if r := s.run("", "importdjango", "sqlite:"+d.path); r.code != 0 || r.stderr != warning {
		t.Errorf("again: %+v", r)
	}
	for id := range 13 {
		s.must("", "deactivateuser", fmt.Sprintf("user%d", id))
	}
	execute(t, d.path, `UPDATE auth_user SET is_active = 1 WHERE username = 'user3'`) // inactive here is what the operator wanted
	if r := s.run("", "importdjango", "sqlite:"+d.path); r.code != 0 || r.stderr != "" {
		t.Errorf("after deactivateuser: %+v", r)
	}
}

// TestRehearsalTellsWhoCollides: some of them by name, the rest by number, and nothing is changed.
func TestRehearsalTellsWhoCollides(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	s.createUser("bert", "correct horse battery")
	d := newDjango(t)
	d.addUser(1, "anna", ottosHash) // the same
	d.addUser(7, "bert", ottosHash)
	d.addUser(2, "an\x1bna", ottosHash)
	r := s.run("", "importdjango", "sqlite:"+d.path, "--dry-run")
	if r.code != 1 || !strings.HasPrefix(r.stdout, "would import 0 users\nwould leave 1 user as they are") ||
		!strings.HasSuffix(r.stdout, "names and ids that somebody else has here:\n"+
			`  user "an\x1bna" with id 2: that id has user bert here`+"\n  user bert with id 7: that name has id 2 here\n") ||
		!strings.Contains(r.stderr, "would fail: the name or the id of 2 users is taken") {
		t.Errorf("%+v", r)
	}
	if real := s.run("", "importdjango", "sqlite:"+d.path); real.code != 1 || !strings.Contains(real.stderr, "nothing was imported: --dry-run shows all") {
		t.Errorf("%+v", real)
	}
	wantUsers(t, s, `1 true \S+ anna`, `2 true \S+ bert`)

	crowd := newSite(t)
	var dump []string
	for i := range 13 {
		crowd.must(fmt.Sprintf(`[{"model":"auth.user","pk":%d,"fields":{"username":"user%d","password":"!"}}]`, i+1, i), "importdjango", "-")
		dump = append(dump, fmt.Sprintf(`{"model":"auth.user","pk":%d,"fields":{"username":" new%d","password":"!"}}`, i+1, i))
	}
	r = crowd.run("["+strings.Join(dump, ",")+"]", "importdjango", "-", "--dry-run")
	if r.code != 1 || strings.Count(r.stdout, "\n  … and 3 more\n") != 2 || strings.Count(r.stdout, "that id has user") != 10 {
		t.Errorf("%+v", r)
	}
}
