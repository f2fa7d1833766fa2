package main

import (
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/tokenpair/storage/sqlite"
)

// failure is a command that has to fail.
type failure struct {
	name    string
	args    []string
	input   string
	environ []string
	code    int
	words   []string // that the message must have
}

// goWords are what a message for an operator does not have: traces, types and structures of Go, and hashes.
var goWords = regexp.MustCompile(`goroutine|\.go:\d|\*?[a-z]+\.[A-Z]\w+\b|map\[|0x[0-9a-f]{6}|%!|<nil>|argon2\$|pbkdf2_sha256\$`)

// fail runs it on a site and wants one line that names the fix, and nothing that was secret.
func (f failure) fail(t *testing.T, s *site) {
	t.Helper()
	s.environ = append(s.environ, f.environ...)
	r := s.run(f.input, f.args...)
	if r.code != f.code {
		t.Errorf("exit code %d, want %d", r.code, f.code)
	}
	if r.stdout != "" {
		t.Errorf("standard output has %q", r.stdout)
	}
	line, rest, ended := strings.Cut(r.stderr, "\n")
	if !strings.HasPrefix(line, "tokenpair: error: ") || !ended || rest != "" {
		t.Errorf("not one line of error: %q", r.stderr)
	}
	for _, word := range f.words {
		if !strings.Contains(line, word) {
			t.Errorf("no %q in: %s", word, line)
		}
	}
	if found := goWords.FindString(line); found != "" {
		t.Errorf("%q in: %s", found, line)
	}
	if strings.Contains(line, "sesame") || len(f.input) > 3 && strings.Contains(line, strings.TrimSpace(f.input)) {
		t.Errorf("a secret in: %s", line)
	}
	if testing.Verbose() {
		t.Log(line)
	}
}

func failAll(t *testing.T, failures []failure) {
	t.Helper()
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) { f.fail(t, newSite(t)) })
	}
}

func words(w ...string) []string { return w }

func TestUsageFailures(t *testing.T) {
	failAll(t, []failure{
		{name: "no verb", code: 2, words: words("expected one of", "serve", "--help")},
		{name: "unknown verb", args: words("frobnicate"), code: 2, words: words("unknown verb frobnicate", "--help")},
		{name: "misspelt verb", args: words("createuse", "anna"), code: 2, words: words(`did you mean "createuser"`)},
		{name: "unknown flag", args: words("listusers", "--nope"), code: 2, words: words("unknown flag --nope", "--help")},
		{name: "unknown flag with a value", args: words("createuser", "--password=sesame", "anna"), code: 2, words: words("--password-stdin")},
		{name: "unknown short flag with a value", args: words("createuser", "-psesame", "anna"), code: 2, words: words("unknown flag -p")},
		{name: "key as a flag", args: words("serve", "--signing-key=sesame"), code: 2, words: words("--signing-key-file")},
		{name: "password as an argument", args: words("createuser", "anna", "sesame"), code: 2, words: words("too many arguments", "--password-stdin")},
		{name: "password behind --", args: words("createuser", "--", "anna", "sesame"), code: 2, words: words("too many arguments")},
		{name: "password as a value", args: words("createuser", "anna", "--password-stdin=sesame"), code: 2, words: words("--password-stdin takes no value")},
		{name: "too many arguments", args: words("serve", "serve"), code: 2, words: words("too many arguments")},
		{name: "no name", args: words("createuser"), code: 2, words: words("<username>")},
		{name: "no file", args: words("importdjango"), code: 2, words: words("<source>")},
		{name: "flag of another verb", args: words("listusers", "--listen=127.0.0.1:0"), code: 2, words: words("unknown flag --listen")},
		{name: "escape sequence", args: words("listusers", "--\x1b[31m\n--nope"), code: 2, words: words("unknown flag --\uFFFD[31m; --nope")},
		{name: "bad duration", args: words("serve", "--login-wait=soon"), code: 2, words: words("--login-wait", "90s, 5m or 1d")},
		{name: "empty duration", args: words("serve", "--login-wait="), code: 2, words: words("--login-wait", "90s, 5m or 1d")},
		{name: "bad duration in a variable", args: words("serve"), environ: words("TOKENPAIR_SHUTDOWN_TIMEOUT=1y"), code: 2, words: words("TOKENPAIR_SHUTDOWN_TIMEOUT", "90s, 5m or 1d")},
		{name: "bad choice", args: words("serve", "--compat=bogus"), code: 2, words: words("--compat", "simplejwt", "bogus")},
		{name: "bad choice in a variable", args: words("serve"), environ: words("TOKENPAIR_USER_ID_TYPE=integer"), code: 2, words: words("TOKENPAIR_USER_ID_TYPE", "number", "string")},
		{name: "bad hasher", args: words("createuser", "anna"), environ: words("TOKENPAIR_PASSWORD_HASHER=md5"), code: 2, words: words("argon2id", "pbkdf2_sha256")},
		{name: "bad switch", args: words("serve", "--docs=maybe"), code: 2, words: words("--docs", "true")},
		{name: "bad switch in a variable", args: words("serve"), environ: words("TOKENPAIR_DOCS=maybe"), code: 2, words: words("TOKENPAIR_DOCS: want true or false")},
		{name: "unknown algorithm", args: words("serve", "--algorithm=none"), code: 2, words: words("--algorithm", "HS256", "EdDSA", "none")},
		{name: "algorithm that is not there", args: words("serve", "--algorithm=ES256K"), code: 2, words: words("ES256K is not supported")},
		{name: "header of the connection", args: words("serve", "--auth-header-name=HTTP_HOST"), code: 2, words: words("--auth-header-name", "Host", "X-Access-Token")},
		{name: "empty list", args: words("serve", "--audience="), code: 2, words: words("--audience", "comma")},
		{name: "bad flag of doctor", args: words("doctor", "--leeway=soon"), code: 2, words: words("--leeway", "90s, 5m or 1d")},
		{name: "verifying key as a flag", args: words("serve", "--verifying-key=sesame"), code: 2, words: words("--verifying-key")},
		{name: "no verb about sessions", args: words("sessions"), code: 2, words: words("expected one of", "list", "end", "--help")},
		{name: "unknown verb about sessions", args: words("sessions", "drop"), code: 2, words: words("unknown verb sessions drop", "--help")},
		{name: "no sessions to end", args: words("sessions", "end"), code: 2, words: words("SID", "--user USER", "--all", "tokenpair sessions list USER")},
		{name: "a session and a user", args: words("sessions", "end", "0123", "--user=anna"), code: 2, words: words("one of SID", "--user USER", "--all")},
		{name: "a session and all", args: words("sessions", "end", "0123", "--all"), code: 2, words: words("one of SID", "--user USER", "--all")},
		{name: "a user and all", args: words("sessions", "end", "--user", "anna", "--all"), code: 2, words: words("one of SID", "--user USER", "--all")},
		{name: "empty ones", args: words("sessions", "end", "", "--user="), code: 2, words: words("one of SID", "--user USER", "--all")},
		{name: "all three", args: words("sessions", "end", "0123", "--user=anna", "--all"), code: 2, words: words("one of SID", "--user USER", "--all")},
		{name: "two sessions", args: words("sessions", "end", "0123", "4567"), code: 2, words: words("too many arguments")},
		{name: "sessions of two", args: words("sessions", "list", "anna", "otto"), code: 2, words: words("too many arguments")},
		{name: "sessions of no name", args: words("sessions", "list"), code: 2, words: words("<username>")},
		{name: "claims without quotes", args: words("setclaims", "anna", "{role:", "sesame}"), code: 2, words: words("too many arguments", "quotes")},
		{name: "no claims", args: words("setclaims", "anna"), code: 2, words: words("<json>")},
		{name: "bad grace", args: words("serve", "--refresh-grace=soon"), code: 2, words: words("--refresh-grace", "90s, 5m or 1d")},
		{name: "negative grace", args: words("serve", "--refresh-grace=-1s"), code: 2, words: words("--refresh-grace", "90s, 5m or 1d")},
		{name: "no terminal", args: words("createuser", "anna"), code: 2, words: words("no terminal", "--password-stdin")},
	})
}

func TestAddressFailures(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	failAll(t, []failure{
		{name: "no port", args: words("serve", "--listen=localhost"), code: 2, words: words("--listen localhost", "127.0.0.1:8000")},
		{name: "no port in a variable", args: words("serve"), environ: words("TOKENPAIR_LISTEN=\x07"), code: 2, words: words("TOKENPAIR_LISTEN", "control characters")},
		{name: "no such port", args: words("serve", "--listen=127.0.0.1:99999"), code: 2, words: words("--listen", "TOKENPAIR_LISTEN")},
		{name: "port taken", args: words("serve", "--listen", taken.Addr().String()), code: 1, words: words("in use", "--listen", "TOKENPAIR_LISTEN")},
		{name: "demo for all", args: words("serve", "--demo", "--listen=0.0.0.0:0"), code: 2, words: words("--demo", "loopback", "127.0.0.1:8000")},
		{name: "demo for all, IPv6", args: words("serve", "--demo", "--listen=[::]:0"), code: 2, words: words("loopback")},
		{name: "demo for all, no host", args: words("serve", "--demo", "--listen=:0"), code: 2, words: words("loopback")},
		{name: "demo on a name", args: words("serve", "--demo", "--listen=localhost.example.com:0"), code: 2, words: words("loopback")},
		{name: "demo on a name that begins like an address", args: words("serve", "--demo", "--listen=127.0.0.1.example.com:0"), code: 2, words: words("loopback")},
		{name: "demo without a port", args: words("serve", "--demo", "--listen=localhost"), code: 2, words: words("127.0.0.1:8000")},
	})
}

func TestDatabaseFailures(t *testing.T) {
	text := write(t, "text", strings.Repeat("This is no database. ", 100))
	newer := filepath.Join(t.TempDir(), "newer.db")
	raiseVersion(t, newer)
	database := func(url string) []string { return words("listusers", "--database="+url) }
	failAll(t, []failure{
		{name: "no scheme", args: database("tokenpair.db"), code: 2, words: words("TOKENPAIR_DATABASE", "sqlite:PATH")},
		{name: "empty", args: database(""), code: 2, words: words("TOKENPAIR_DATABASE", "sqlite:PATH")},
		{name: "unknown scheme", args: database("postgres://anna:sesame@localhost/db"), code: 2, words: words("postgres", "sqlite:PATH")},
		{name: "no path", args: database("sqlite:"), code: 2, words: words("path of a file")},
		{name: "host", args: database("sqlite://tokenpair.db"), code: 2, words: words("sqlite:PATH")},
		{name: "memory", args: database("sqlite::memory:"), code: 2, words: words("path of a file")},
		{name: "no database", args: database("sqlite:" + text), code: 1, words: words(text, "not a SQLite database")},
		{name: "missing", args: database("sqlite:" + newer + ".not"), code: 1, words: words("no database", "createuser")},
		{name: "missing, sessions", args: words("sessions", "end", "--all", "--database=sqlite:"+newer+".not"), code: 1, words: words("no database", "createuser")},
		{name: "missing, claims", args: words("setclaims", "anna", "{}", "--database=sqlite:"+newer+".not"), code: 1, words: words("no database", "createuser")},
		{name: "newer", args: database("sqlite:" + newer), code: 1, words: words(newer, "run the newer program")},
		{name: "newer, serve", args: words("serve", "--database=sqlite:"+newer), code: 1, words: words("run the newer program")},
		{name: "directory", args: database("sqlite:" + filepath.Dir(text)), code: 1, words: words("it is a directory", "path of a file")},
		{name: "parent is a file", args: database("sqlite:" + text + "/tokenpair.db"), code: 1, words: words(text, "another path")},
		{name: "not UTF-8", args: words("listusers"), environ: words("TOKENPAIR_DATABASE=sqlite:\xff"), code: 2, words: words("TOKENPAIR_DATABASE", "UTF-8")},
		{name: "in the environment", args: words("listusers"), environ: words("TOKENPAIR_DATABASE=mysql:"), code: 2, words: words("TOKENPAIR_DATABASE", "sqlite:PATH")},
	})
	if content, err := os.ReadFile(text); err != nil || !strings.HasPrefix(string(content), "This is no database.") {
		t.Errorf("the file that is no database was changed: %v", err)
	}
}

// raiseVersion makes a database as a later version of this program would leave it.
func raiseVersion(t *testing.T, path string) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, path, `PRAGMA user_version = 1000`)
}

// execute runs a statement on the database past the program, as another process would.
func execute(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// write makes a file with this content in a directory of its own.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
