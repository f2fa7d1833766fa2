package main

import (
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// compatSettings are the settings that --compat has another default for, and how a claim shows which value counts, or
// where none does, the status of a login for a sliding token.
var compatSettings = map[string]struct {
	claim string
	looks map[string]*regexp.Regexp // by value of the setting
}{
	"TOKENPAIR_USER_ID_TYPE": {"user_id", map[string]*regexp.Regexp{
		"number": regexp.MustCompile(`\A1\z`),
		"string": regexp.MustCompile(`\A"1"\z`),
	}},
	"TOKENPAIR_JTI_FORMAT": {"jti", map[string]*regexp.Regexp{
		"hex":   regexp.MustCompile(`\A"[0-9a-f]{32}"\z`),
		"uuid4": uuid4,
	}},
	"TOKENPAIR_SESSIONS": {"sid", map[string]*regexp.Regexp{
		"true":  regexp.MustCompile(`\A"[0-9a-f]{32}"\z`),
		"false": regexp.MustCompile(`\A\z`), // there is no such claim
	}},
	"TOKENPAIR_SLIDING_TOKENS": {"", map[string]*regexp.Regexp{
		"false": regexp.MustCompile(`\A404\z`),
		"true":  regexp.MustCompile(`\A200\z`),
	}},
}

// uuid4 is a random UUID without its dashes: version 4, variant 10 (RFC 9562 §5.4). One in 64 random texts looks like it.
var uuid4 = regexp.MustCompile(`\A"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}"\z`)

// TestPrecedence wants a flag to win over a variable, a variable over the default of --compat, and that over the default.
// It sets all settings that --compat knows at once.
func TestPrecedence(t *testing.T) {
	defaults, compats := make(map[string]string), make(map[string]string)
	for _, s := range settings() {
		if s.Compat == "" {
			continue
		}
		defaults[s.Variable], compats[s.Variable] = s.Default, s.Compat
		if looks := compatSettings[s.Variable].looks; looks[s.Default] == nil || looks[s.Compat] == nil {
			t.Errorf("%s has a default under --compat: add above how a token shows it", s.Variable)
		}
	}
	if len(defaults) != len(compatSettings) || t.Failed() {
		t.Fatalf("%d settings have a default under --compat, want %d", len(defaults), len(compatSettings))
	}
	variables := func(values map[string]string, more ...string) (environ []string) {
		for variable, value := range values {
			environ = append(environ, variable+"="+value)
		}
		return append(environ, more...)
	}
	flags := func(values map[string]string, more ...string) (args []string) {
		for _, s := range settings() {
			value, ok := values[s.Variable]
			switch flag, negatable := strings.CutPrefix(s.Flag, "--[no-]"); {
			case ok && negatable:
				args = append(args, "--"+flag+"="+value)
			case ok:
				args = append(args, s.Flag, value)
			}
		}
		return append(args, more...)
	}
	const compat = "TOKENPAIR_COMPAT=simplejwt"
	empty := map[string]string{"TOKENPAIR_USER_ID_TYPE": "", "TOKENPAIR_JTI_FORMAT": "", "TOKENPAIR_SESSIONS": "", "TOKENPAIR_SLIDING_TOKENS": ""}
	one := map[string]string{"TOKENPAIR_USER_ID_TYPE": "number"}
	for _, c := range []struct {
		name    string
		environ []string
		args    []string
		want    map[string]string
	}{
		{"nothing", nil, nil, defaults},
		{"compat none", nil, words("--compat=none"), defaults},
		{"compat by flag", nil, words("--compat=simplejwt"), compats},
		{"compat by flag in two words", nil, words("--compat", "simplejwt"), compats},
		{"compat by variable", words(compat), nil, compats},
		{"compat by an empty variable", words("TOKENPAIR_COMPAT="), nil, defaults},
		{"compat by flag over variable", words(compat), words("--compat=none"), defaults},
		{"variable", variables(compats), nil, compats},
		{"variable over compat by flag", variables(defaults), words("--compat=simplejwt"), defaults},
		{"variable over compat by variable", variables(defaults, compat), nil, defaults},
		{"empty variable under compat", variables(empty, compat), nil, compats},
		{"flag before compat", nil, flags(defaults, "--compat=simplejwt"), defaults},
		{"flag behind compat", nil, append(words("--compat=simplejwt"), flags(defaults)...), defaults},
		{"flag over variable", variables(defaults), flags(compats), compats},
		{"flag over all", variables(compats, compat), flags(defaults), defaults},
		{"one of several by flag", nil, flags(one, "--compat=simplejwt"), merged(compats, one)},
		{"one of several by variable", variables(one, compat), nil, merged(compats, one)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, c.environ...)
			s.createUser("anna", "correct horse battery")
			wantShown(t, s.serve(c.args...), c.want)
		})
	}
}

func merged(values, over map[string]string) map[string]string {
	all := maps.Clone(values)
	maps.Copy(all, over)
	return all
}

// wantShown wants the tokens of a service to show these values of the settings.
func wantShown(t *testing.T, v *service, want map[string]string) {
	t.Helper()
	sliding, _ := v.post("/api/token/sliding", map[string]string{"username": "anna", "password": "correct horse battery"})
	likeUUID := 0
	for range 2 {
		tokens := v.wantLogin(http.StatusOK, "anna", "correct horse battery")
		for _, encoded := range words(tokens.Access, tokens.Refresh) {
			for variable, value := range want {
				shown := compatSettings[variable]
				written := []byte(strconv.Itoa(sliding))
				if shown.claim != "" {
					written = claim(t, encoded, shown.claim)
				}
				if !shown.looks[value].Match(written) {
					t.Errorf("%q is %s, want that of %s=%s", shown.claim, written, variable, value)
				}
			}
			if uuid4.Match(claim(t, encoded, "jti")) {
				likeUUID++
			}
		}
	}
	if want["TOKENPAIR_JTI_FORMAT"] == "hex" && likeUUID == 4 {
		t.Error("each jti is a UUID, want random digits")
	}
}

func TestDocsSwitch(t *testing.T) {
	for _, c := range []struct {
		name    string
		environ []string
		args    []string
		want    int
	}{
		{"default", nil, nil, http.StatusOK},
		{"variable off", words("TOKENPAIR_DOCS=false"), nil, http.StatusNotFound},
		{"variable 0", words("TOKENPAIR_DOCS=0"), nil, http.StatusNotFound},
		{"variable on", words("TOKENPAIR_DOCS=true"), nil, http.StatusOK},
		{"variable empty", words("TOKENPAIR_DOCS="), nil, http.StatusOK},
		{"flag off", nil, words("--no-docs"), http.StatusNotFound},
		{"flag with a value", nil, words("--docs=false"), http.StatusNotFound},
		{"flag over variable", words("TOKENPAIR_DOCS=false"), words("--docs"), http.StatusOK},
		{"flag off over variable", words("TOKENPAIR_DOCS=true"), words("--no-docs"), http.StatusNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newSite(t, c.environ...).serve(c.args...)
			for _, path := range words("/api/docs/", "/api/docs/init.js", "/api/openapi.yaml", "/api/openapi.json") {
				if status, _ := v.get(path); status != c.want {
					t.Errorf("GET %s: %d, want %d", path, status, c.want)
				}
			}
			if named := strings.Contains(v.stdout.String(), v.base+"/api/docs/"); named != (c.want == http.StatusOK) {
				t.Errorf("the address of the documentation is printed: %t", named)
			}
		})
	}
}

// TestUnknownVariables wants a warning with the nearest name, no value, and nothing else to change.
func TestUnknownVariables(t *testing.T) {
	for _, c := range []struct{ name, nearest string }{
		{"TOKENPAIR_USERID_TYPE", "TOKENPAIR_USER_ID_TYPE"},
		{"TOKENPAIR_SIGNING_KEYFILE", "TOKENPAIR_SIGNING_KEY_FILE"},
		{"TOKENPAIR_SIGNINGKEY", "TOKENPAIR_SIGNING_KEY"},
		{"TOKENPAIR_DATABSE", "TOKENPAIR_DATABASE"},
		{"TOKENPAIR_DEMO", "TOKENPAIR_DOCS"},
		{"TOKENPAIR_listen", "TOKENPAIR_LISTEN"},
		{"TOKENPAIR_", "TOKENPAIR_DOCS"},
		{`TOKENPAIR_"`, "TOKENPAIR_DOCS"},
	} {
		want := "tokenpair: warning: " + printable(c.name) + " is no setting; the nearest is " + c.nearest + "\n"
		r := newSite(t, c.name+"=sesame").run("", "version")
		if r.code != 0 || !strings.HasPrefix(r.stdout, "tokenpair ") || r.stderr != want {
			t.Errorf("%s: exit code %d, %q, %q; want the warning %q", c.name, r.code, r.stdout, r.stderr, want)
		}
	}
	if r := newSite(t, "TOKENPAIR=sesame", "TOKEN_PAIR_LISTEN=sesame", "tokenpair_docs=sesame", "PATH=/sesame", "=C:=sesame").run("", "version"); r.code != 0 || r.stderr != "" {
		t.Errorf("variables of others: exit code %d, %q", r.code, r.stderr)
	}
	s := newSite(t)
	for _, known := range settings() {
		s.environ = append(s.environ, known.Variable+"=")
	}
	s.environ = append(s.environ, "TOKENPAIR_DATABASE=sqlite:"+s.path)
	if r := s.run("", "version"); r.code != 0 || r.stderr != "" {
		t.Errorf("empty variables: exit code %d, %q", r.code, r.stderr)
	}
}

// TestEmptyVariablesAreUnset has the key's variables, which are read outside the command line, with the others.
func TestEmptyVariablesAreUnset(t *testing.T) {
	s := newSite(t)
	for _, known := range settings() {
		if known.Variable != "TOKENPAIR_DATABASE" && known.Variable != "TOKENPAIR_LISTEN" {
			s.environ = append(s.environ, known.Variable+"=")
		}
	}
	s.createUser("anna", "correct horse battery")
	wantSigned(t, s.serve().wantLogin(http.StatusOK, "anna", "correct horse battery").Access, s.setting("signing_key"))
}

// TestEnvironmentOfTheProcess has the list that run is given count, and nothing that the process itself has: kong would
// read that (HOUSE trap 23).
func TestEnvironmentOfTheProcess(t *testing.T) {
	for _, known := range settings() {
		t.Setenv(known.Variable, "bogus")
	}
	t.Setenv("TOKENPAIR_BOGUS", "bogus")
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	if r := s.run("", "listusers"); r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, %s", r.code, r.stderr)
	}
	v := s.serve()
	wantSigned(t, v.wantLogin(http.StatusOK, "anna", "correct horse battery").Access, s.setting("signing_key"))
	if status, _ := v.get("/api/docs/"); status != http.StatusOK {
		t.Errorf("GET /api/docs/: %d", status)
	}
	v.end()
	if told := v.stderr.String(); strings.Contains(told, "warning") || strings.Contains(told, "bogus") {
		t.Errorf("it told: %s", told)
	}
}
