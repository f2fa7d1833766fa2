package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMoveOutAndIn exports users and blacklisted tokens and imports them into a new database: a login, a refresh and a
// blacklisted token are there what they were here, although there are sessions there.
func TestMoveOutAndIn(t *testing.T) {
	const key = "TOKENPAIR_SIGNING_KEY=0123456789abcdef0123456789abcdef"
	s := newSite(t, key, "TOKENPAIR_UPDATE_LAST_LOGIN=true", "TOKENPAIR_SESSIONS=false") // where what was given back is blacklisted
	s.createUser("anna", "correct horse battery")
	s.createUser("otto", "another horse battery")
	s.must("", "deactivateuser", "otto")
	v := s.serve()
	alive, dead := v.wantLogin(http.StatusOK, "anna", "correct horse battery"), v.wantLogin(http.StatusOK, "anna", "correct horse battery")
	if status, body := v.post("/api/token/blacklist", map[string]string{"refresh": dead.Refresh}); status != http.StatusOK {
		t.Fatalf("blacklist: %d, %s", status, body)
	}
	v.end()

	path := filepath.Join(t.TempDir(), "site.json")
	r := s.run("", "exportdjango", path)
	if r.code != 0 || r.stdout != "exported 2 users and 1 blacklisted token to "+path+"\n" ||
		!strings.HasPrefix(r.stderr, "tokenpair: warning: loaddata replaces whole rows") ||
		strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("%+v", r)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	piped := s.run("", "exportdjango")
	if piped.code != 0 || !strings.HasPrefix(piped.stdout, "[") || !strings.HasPrefix(piped.stderr, "exported 2 users and 1 blacklisted token to standard output\n") {
		t.Errorf("to standard output: %d, %.40q, %q", piped.code, piped.stdout, piped.stderr)
	}

	there := newSite(t, key)
	if out := there.must("", "importdjango", path); !strings.HasPrefix(out, "imported 2 users\nblacklisted 1 token; left out 0 that expired more than a day ago\n") {
		t.Errorf("importdjango printed %s", out)
	}
	if dash := s.run("", "exportdjango", "-"); dash.code != 0 || !strings.HasPrefix(dash.stdout, "[") || dash.stderr != piped.stderr {
		t.Errorf("to -: %d, %.40q, %q", dash.code, dash.stdout, dash.stderr)
	}
	if out := there.must(piped.stdout, "importdjango", "-"); !strings.HasPrefix(out, "imported 0 users\nleft 2 users as they are") {
		t.Errorf("importdjango printed %s", out)
	}
	if here, moved := s.must("", "listusers"), there.must("", "listusers"); moved != here {
		t.Errorf("the users were\n%sand are\n%s", here, moved)
	}
	w := there.serve()
	w.wantLogin(http.StatusOK, "anna", "correct horse battery")
	w.wantLogin(http.StatusUnauthorized, "otto", "another horse battery")
	if status, body := w.post("/api/token/refresh", map[string]string{"refresh": alive.Refresh}); status != http.StatusOK {
		t.Errorf("refresh: %d, %s", status, body)
	}
	if status, body := w.post("/api/token/refresh", map[string]string{"refresh": dead.Refresh}); status != http.StatusUnauthorized || !strings.Contains(body, "blacklisted") {
		t.Errorf("refresh of a blacklisted token: %d, %s", status, body)
	}
	if r := there.run("", "exportdjango"); r.code != 0 || !strings.Contains(r.stderr, "\ntokenpair: warning: Django knows no sessions, ") {
		t.Errorf("where there are sessions: %d, %q", r.code, r.stderr)
	}
}

func TestExportFailures(t *testing.T) {
	dir := t.TempDir()
	existing := write(t, "existing.json", "precious")
	failAll(t, []failure{{name: "no database", args: words("exportdjango", filepath.Join(dir, "a.json")), code: 1, words: words("there is no database")}})
	for _, f := range []failure{
		{name: "existing file", args: words("exportdjango", existing), code: 1, words: words("existing.json", "exists already", "another file")},
		{name: "directory", args: words("exportdjango", dir), code: 1, words: words("exists already")},
		{name: "no directory", args: words("exportdjango", filepath.Join(dir, "no", "a.json")), code: 1, words: words("no such file or directory")},
		{name: "dangling link", args: words("exportdjango", link(t, dir)), code: 1, words: words("exists already")},
		{name: "too many", args: words("exportdjango", "a", "b"), code: 2, words: words("too many arguments")},
	} {
		t.Run(f.name, func(t *testing.T) {
			s := newSite(t)
			s.createUser("anna", "correct horse battery")
			f.fail(t, s)
		})
	}
	if content, err := os.ReadFile(existing); err != nil || string(content) != "precious" {
		t.Errorf("the existing file has %q, %v", content, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left is %v, %v", left, err)
	}
}

func link(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "target"), path); err != nil {
		t.Skipf("this system has no links: %v", err)
	}
	return path
}

// TestBrokenOffExport leaves no file, neither whole nor half.
func TestBrokenOffExport(t *testing.T) {
	dir := t.TempDir()
	disk := errors.New("the disk is full")
	err := createWhole(filepath.Join(dir, "a.json"), func(out io.Writer) error {
		io.WriteString(out, strings.Repeat("x", 3<<20))
		return disk
	})
	if !errors.Is(err, disk) {
		t.Errorf("it ended with %v", err)
	}
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	stderr := newOutput()
	err = run(ctx, words("exportdjango", filepath.Join(dir, "b.json")), s.environ, strings.NewReader(""), io.Discard, stderr)
	if exitCode(err) != 1 || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("%v, %q", err, stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left is %v, %v", left, err)
	}
}

// TestExportReplacesNothing has somebody else make the file while it is written.
func TestExportReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	err := createWhole(path, func(out io.Writer) error {
		io.WriteString(out, "export")
		return os.WriteFile(path, []byte("precious"), 0o600)
	})
	if err == nil || !strings.Contains(err.Error(), "it exists already") {
		t.Errorf("it ended with %v", err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "precious" {
		t.Errorf("the file has %q, %v", content, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left is %v, %v", left, err)
	}
}

// failingWriter is a pipe whose reader has gone.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestExportIntoABrokenPipe(t *testing.T) {
	s, stderr := newSite(t), newOutput()
	s.createUser("anna", "correct horse battery")
	err := run(t.Context(), words("exportdjango"), s.environ, strings.NewReader(""), failingWriter{}, stderr)
	if exitCode(err) != 1 || !strings.Contains(stderr.String(), "broken pipe") || strings.Contains(stderr.String(), "exported") {
		t.Errorf("%v, %q", err, stderr)
	}
}
