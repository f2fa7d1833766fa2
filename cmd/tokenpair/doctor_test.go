package main

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// wantRow wants doctor to show a setting with a value and where it came from.
func wantRow(t *testing.T, out, variable, value, from string) {
	t.Helper()
	row := regexp.MustCompile(`(?m)^  ` + variable + ` +` + regexp.QuoteMeta(value) + ` +` + from + `$`)
	if !row.MatchString(out) {
		t.Errorf("%s is not shown as %s from %s in:\n%s", variable, value, from, out)
	}
}

func TestDoctor(t *testing.T) {
	s := newSite(t)
	r := s.run("", "doctor")
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	if _, err := os.Stat(s.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("doctor made a database: %v", err)
	}
	if !strings.HasPrefix(r.stdout, "Database: "+s.path+", which is not there yet: serve makes it\nSigning key: a random one of 64 bytes, ") {
		t.Errorf("it begins with %.200s", r.stdout)
	}
	shown := 0
	for _, listed := range settings() {
		from, value := "default", listed.Default
		switch {
		case listed.Variable == "TOKENPAIR_DATABASE":
			from, value = "variable", "sqlite:"+s.path
		case listed.Variable == "TOKENPAIR_LISTEN":
			from, value = "variable", "127.0.0.1:0"
		case value == "":
			value = "not set"
		}
		wantRow(t, r.stdout, listed.Variable, value, from)
		shown++
		if !strings.Contains(r.stdout, "\n"+listed.Group+"\n") {
			t.Errorf("there is no group %s", listed.Group)
		}
	}
	if rows := strings.Count(r.stdout, "\n  TOKENPAIR_"); rows != shown {
		t.Errorf("%d rows, want %d", rows, shown)
	}
	s.createUser("anna", "correct horse battery")
	if out := s.must("", "doctor"); !strings.HasPrefix(out, "Database: "+s.path+"\n") {
		t.Errorf("it begins with %.200s", out)
	}
}

// TestDoctorTellsOrigins has a setting of each origin, and values in their plain form.
func TestDoctorTellsOrigins(t *testing.T) {
	s := newSite(t, "TOKENPAIR_COMPAT=simplejwt", "TOKENPAIR_JTI_FORMAT=hex", "TOKENPAIR_REFRESH_TOKEN_LIFETIME=86400",
		"TOKENPAIR_AUTH_HEADER_NAME=HTTP_X_ACCESS_TOKEN", "TOKENPAIR_AUDIENCE= a ,b", "TOKENPAIR_ISSUER=an\u202ena",
		"TOKENPAIR_AUTH_TOKEN_CLASSES=rest_framework_simplejwt.tokens.AccessToken", "TOKENPAIR_CHECK_REVOKE_TOKEN=True", "TOKENPAIR_REFRESH_GRACE=0030")
	out := s.must("", "doctor", "--access-token-lifetime=600", "--no-docs", "--algorithm", "HS512")
	for _, row := range [][3]string{
		{"COMPAT", "simplejwt", "variable"}, {"JTI_FORMAT", "hex", "variable"}, {"USER_ID_TYPE", "string", "compat"},
		{"SLIDING_TOKENS", "true", "compat"}, {"ACCESS_TOKEN_LIFETIME", "10m", "flag"}, {"DOCS", "false", "flag"}, {"ALGORITHM", "HS512", "flag"},
		{"REFRESH_TOKEN_LIFETIME", "1d", "variable"}, {"AUTH_HEADER_NAME", "X-Access-Token", "variable"}, {"AUDIENCE", "a,b", "variable"},
		{"ISSUER", `"an\u202ena"`, "variable"}, {"AUTH_TOKEN_CLASSES", "AccessToken", "variable"}, {"CHECK_REVOKE_TOKEN", "true", "variable"},
		{"SESSIONS", "false", "compat"}, {"ROTATE_REFRESH_TOKENS", "false", "sessions"}, {"REFRESH_GRACE", "30s", "variable"}, {"SESSION_LIFETIME", "30d", "default"},
		{"LOGIN_WAIT", "5s", "default"}, {"VERIFYING_KEY", "not set", "default"},
	} {
		wantRow(t, out, prefix+row[0], row[1], row[2])
	}
}

// TestDoctorOnBrokenSettings wants everything that is wrong, with what could be understood, and exit code 1.
func TestDoctorOnBrokenSettings(t *testing.T) {
	s := newSite(t, "TOKENPAIR_LEEWAY=soon", "TOKENPAIR_COMPAT=django", "TOKENPAIR_ALGORITHM=ES256K", "TOKENPAIR_ROTATE_REFRESH_TOKENS=yes please",
		"TOKENPAIR_SESSIONS=0", "TOKENPAIR_BLACKLIST_AFTER_ROTATION=1", "TOKENPAIR_DATABASE=mysql://anna@localhost", "TOKENPAIR_ACCES_TOKEN_LIFETIME=1", "TOKENPAIR_SIGNING_KEY=\xff")
	r := s.run("", "doctor")
	if r.code != 1 || r.stderr != "tokenpair: error: 6 errors in the settings\n" {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	for _, name := range words("LEEWAY", "COMPAT", "ALGORITHM", "ROTATE_REFRESH_TOKENS") {
		wantRow(t, r.stdout, prefix+name, "cannot be understood", "variable")
		if !strings.Contains(r.stdout, "\n  error: "+prefix+name+": ") {
			t.Errorf("there is no error for %s:\n%s", name, r.stdout)
		}
	}
	wantRow(t, r.stdout, "TOKENPAIR_BLACKLIST_AFTER_ROTATION", "true", "variable")
	wantRow(t, r.stdout, "TOKENPAIR_DATABASE", "mysql:… (the rest is not shown)", "variable")
	for _, word := range words("error: TOKENPAIR_ACCES_TOKEN_LIFETIME is no setting; the nearest is TOKENPAIR_ACCESS_TOKEN_LIFETIME\n", "error: TOKENPAIR_DATABASE: ") {
		if !strings.Contains(r.stdout, word) {
			t.Errorf("no %q in:\n%s", word, r.stdout)
		}
	}
	if strings.Contains(r.stdout, "warning") {
		t.Errorf("a warning of what could not be understood:\n%s", r.stdout)
	}
}

// TestDoctorCountsUnknownVariables: an error to doctor, a warning to all others.
func TestDoctorCountsUnknownVariables(t *testing.T) {
	r := newSite(t, "TOKENPAIR_LEWAY=sesame").run("", "doctor")
	if r.code != 1 || !strings.HasSuffix(r.stdout, "\nFindings\n  error: TOKENPAIR_LEWAY is no setting; the nearest is TOKENPAIR_LEEWAY\n") ||
		r.stderr != "tokenpair: error: 1 error in the settings\n" || strings.Contains(r.stdout, "sesame") {
		t.Errorf("exit code %d, %s%s", r.code, r.stdout, r.stderr)
	}
}

// TestWarningsDoNotStop: serve tells them and serves.
func TestWarningsDoNotStop(t *testing.T) {
	s := newSite(t, "TOKENPAIR_ROTATE_REFRESH_TOKENS=false", "TOKENPAIR_CHECK_USER_IS_ACTIVE=false")
	v := s.serve()
	v.end()
	for _, word := range words("ROTATE_REFRESH_TOKENS is false", "CHECK_USER_IS_ACTIVE is false") {
		if !strings.Contains(v.stderr.String(), "tokenpair: warning: TOKENPAIR_"+word) {
			t.Errorf("no warning of %s in %s", word, v.stderr)
		}
	}
	out := s.must("", "doctor")
	if strings.Count(out, "\n  warning: ") != 2 {
		t.Errorf("doctor printed %s", out)
	}
}

// TestFaultsOfOtherVerbs: a verb looks at the settings that it has.
func TestFaultsOfOtherVerbs(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	s.environ = append(s.environ, "TOKENPAIR_LEEWAY=soon", "TOKENPAIR_ALGORITHM=none", "TOKENPAIR_PASSWORD_HASHER=md5")
	s.must("", "listusers")
	s.must("", "flushexpiredtokens")
	r := s.run("", "createuser", "otto")
	if r.code != 2 || !strings.HasPrefix(r.stderr, "tokenpair: error: TOKENPAIR_PASSWORD_HASHER: ") || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("createuser: exit code %d, %q", r.code, r.stderr)
	}
}

// TestSettingsVerb wants every setting with its defaults, without a database, in lines that a terminal shows.
func TestSettingsVerb(t *testing.T) {
	s := newSite(t, "TOKENPAIR_DATABASE=nowhere")
	out := s.must("", "settings")
	flat := strings.Join(strings.Fields(out), " ")
	for _, listed := range settings() {
		want := strings.TrimSpace(listed.Variable + " " + listed.Flag)
		switch {
		case listed.Compat != "":
			want += " default: " + listed.Default + "; with --compat simplejwt: " + listed.Compat
		case listed.Sessionless != "":
			want += " default: " + listed.Default + "; without sessions: " + listed.Sessionless
		case listed.Default != "":
			want += " default: " + listed.Default
		}
		if want += " " + listed.Help; !strings.Contains(flat, want) {
			t.Errorf("there is no %q", want)
		}
	}
	for _, line := range strings.Split(out, "\n") {
		if len(line) > 110 || len(line) > 79 && strings.HasPrefix(line, "      ") {
			t.Errorf("%d bytes: %s", len(line), line)
		}
	}
}
