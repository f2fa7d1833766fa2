package crash_test

import (
	"bytes"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// row is what the file has of a session.
type row struct {
	current, parent string
	ended           bool
}

// inspect looks at the file while nobody works on it: at a copy, for to open it is to change what the next start finds.
func (c *crash) inspect() {
	c.t.Helper()
	dir, err := os.MkdirTemp(c.dir, "copy")
	if err != nil {
		c.t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tokenpair.db")
	for _, suffix := range []string{"", "-wal", "-journal"} {
		content, err := os.ReadFile(c.database() + suffix)
		switch {
		case errors.Is(err, fs.ErrNotExist) && (suffix != "" || len(c.users) == 0):
			continue
		case err != nil:
			c.t.Fatal(err)
		}
		if err := os.WriteFile(path+suffix, content, 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	c.wantRows(db, `PRAGMA integrity_check`, "ok")
	c.wantRows(db, `SELECT "table" FROM pragma_foreign_key_check`)
	if len(c.users) > 0 { // before, there may be no table
		c.readKey(db)
		c.readSessions(db)
		for _, u := range c.users {
			u.compare()
		}
	}
}

// wantRows wants a query to yield these texts and no more.
func (c *crash) wantRows(db *sql.DB, query string, want ...string) {
	c.t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			c.t.Fatalf("%s: %v", query, err)
		}
		got = append(got, text)
	}
	if err := rows.Err(); err != nil || !slices.Equal(got, want) {
		c.t.Errorf("after %d kills, %s: %q, %v", c.killed, query, got, err)
	}
}

// readKey keeps the key that the program has made for itself. There is one for good.
func (c *crash) readKey(db *sql.DB) {
	c.t.Helper()
	var key []byte
	err := db.QueryRow(`SELECT value FROM settings WHERE name = 'signing_key'`).Scan(&key)
	if err != nil && (c.key != nil || !errors.Is(err, sql.ErrNoRows)) {
		c.t.Fatalf("after %d kills there is no key: %v", c.killed, err)
	}
	if c.key != nil && !bytes.Equal(key, c.key) {
		c.t.Errorf("after %d kills there is another key", c.killed)
	}
	c.key = key
}

// readSessions keeps what the file has of every session. It has no more of them than were asked for.
func (c *crash) readSessions(db *sql.DB) {
	c.t.Helper()
	rows, err := db.Query(`SELECT sid, current, parent, ended IS NOT NULL FROM sessions`)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	left := make(map[string]row)
	for rows.Next() {
		var sid string
		var r row
		if err := rows.Scan(&sid, &r.current, &r.parent, &r.ended); err != nil {
			c.t.Fatal(err)
		}
		left[sid] = r
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	if begun := c.begun.Load(); int64(len(left)) > begun {
		c.t.Errorf("after %d kills there are %d sessions, and %d were asked for", c.killed, len(left), begun)
	}
	c.left = left
}

// compare wants the file to have what the user was told, and of what was not answered the whole or nothing.
func (u *user) compare() {
	for _, s := range slices.Concat(u.sessions, u.past) {
		r, ok := u.left[s.sid]
		if !ok && len(s.access) == 0 {
			continue // an adoption that was not answered, and has not happened
		}
		switch {
		case !ok:
			u.failAbout(s, "the file does not have it")
		case s.fate != doubtful && r.ended != (s.fate == ended):
			u.failAbout(s, "in the file it is ended: %t", r.ended)
		case s.fate == doubtful && r.ended != u.left[u.doubt.sessions[0].sid].ended:
			u.failAbout(s, "in the file, of sessions that end together one is ended and one is not")
		}
		now, before := claims(s.last()).JTI, ""
		if len(s.refresh) > 1 {
			before = claims(s.refresh[len(s.refresh)-2]).JTI
		}
		isAsIs, isRotated := r.current == now && r.parent == before, r.parent == now
		// Whether one that is ended was rotated just before its end is nothing to anybody.
		if s.fate != ended && !isAsIs && (s.asked == nil || !isRotated) {
			u.failAbout(s, "in the file %s is current and %s its parent", r.current, r.parent)
		}
	}
}
