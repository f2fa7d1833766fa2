package main

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestSettingsAreFlags wants the list that documentation is made of to be what the command line has.
func TestSettingsAreFlags(t *testing.T) {
	parser, err := kong.New(&commandLine{})
	if err != nil {
		t.Fatal(err)
	}
	flags := make(map[string]*kong.Flag) // by variable
	collect := func(node *kong.Node) {
		for _, f := range node.Flags {
			variable := f.Tag.Get("setting")
			if variable == "" {
				continue
			}
			if earlier := flags[variable]; earlier != nil && earlier.Name != f.Name {
				t.Errorf("%s belongs to --%s and to --%s", variable, earlier.Name, f.Name)
			}
			flags[variable] = f
		}
	}
	collect(parser.Model.Node)
	for _, verb := range parser.Model.Children {
		collect(verb)
		for _, inner := range verb.Children {
			collect(inner)
		}
	}
	listed := make(map[string]bool)
	for _, s := range settings() {
		listed[s.Variable] = true
		if s.Help == "" || s.Group == "" || !strings.HasPrefix(s.Variable, prefix) {
			t.Errorf("%+v lacks help, group or prefix", s)
		}
		f := flags[s.Variable]
		switch {
		case s.Flag == "" && f == nil: // a secret: kong does not know it
		case f == nil:
			t.Errorf("%s has no flag %s", s.Variable, s.Flag)
		case strings.Replace(s.Flag, "[no-]", "", 1) != "--"+f.Name || strings.Contains(s.Flag, "[no-]") != (f.Tag.Negatable != ""):
			t.Errorf("%s is documented as %s, its flag is --%s", s.Variable, s.Flag, f.Name)
		case s.Hidden != f.Hidden:
			t.Errorf("%s is hidden: %t, its flag: %t", s.Variable, s.Hidden, f.Hidden)
		case f.Group == nil || f.Group.Key != s.Group || f.Help != s.Help || f.Default != s.Default:
			t.Errorf("%s is documented otherwise than --%s", s.Variable, f.Name)
		}
	}
	for variable, f := range flags {
		if !listed[variable] {
			t.Errorf("--%s is not among the settings", f.Name)
		}
	}
	for _, secret := range words("TOKENPAIR_SIGNING_KEY", "TOKENPAIR_VERIFYING_KEY") {
		if !listed[secret] || flags[secret] != nil {
			t.Errorf("%s is no setting, or it is a flag, which other users of the machine see", secret)
		}
	}
}

func TestHelp(t *testing.T) {
	s := newSite(t)
	asked := [][]string{words("--help"), words("-h"), words("createuser", "anna", "-h"), words("sessions", "list", "--help"), words("sessions", "end", "--help")}
	for _, verb := range words("serve", "doctor", "settings", "createuser", "changepassword", "activateuser", "deactivateuser", "deleteuser",
		"listusers", "setclaims", "sessions", "importdjango", "exportdjango", "flushexpiredtokens", "version") {
		asked = append(asked, words(verb, "--help"))
	}
	for _, args := range asked {
		r := s.run("", args...)
		if r.code != 0 || r.stderr != "" || !strings.HasPrefix(r.stdout, "Usage: tokenpair") {
			t.Errorf("%q: exit code %d, standard error %q, standard output %.40q", args, r.code, r.stderr, r.stdout)
		}
	}
	flat := strings.Join(strings.Fields(s.must("", "serve", "--help")), " ")
	for _, listed := range settings() {
		if listed.Hidden && (strings.Contains(flat, listed.Flag+"=") || strings.Contains(flat, listed.Flag+" ")) {
			t.Errorf("serve --help has %s, which is not for every day", listed.Flag)
		}
		if listed.Hidden || listed.Flag == "" {
			continue
		}
		initial := listed.Default
		if listed.Sessionless != "" {
			initial += ", without sessions " + listed.Sessionless
		}
		if !strings.Contains(flat, strings.TrimSpace(initial+", "+listed.Variable+"]")) && !strings.Contains(flat, "["+listed.Variable+"]") {
			t.Errorf("serve --help does not name %s with its default", listed.Variable)
		}
		if !strings.Contains(flat, listed.Flag) {
			t.Errorf("serve --help does not name %s", listed.Flag)
		}
	}
	for _, group := range words("Storage", "Server", "Passwords", "Tokens", "Sessions", "Keys", "Claims") {
		if !strings.Contains(flat, " "+group+" --") {
			t.Errorf("serve --help has no group %s", group)
		}
	}
	if !strings.HasSuffix(flat, "tokenpair settings lists all, and so does docs/settings.md.") {
		t.Error("serve --help does not say in the end where all settings are")
	}
	if out := s.must("", "listusers", "--help"); strings.Contains(out, "docs/settings.md") {
		t.Error("listusers --help names settings that it does not have")
	}
	if _, err := os.Stat(s.path); err == nil {
		t.Error("help made a database")
	}
}

func TestVersion(t *testing.T) {
	s := newSite(t)
	if out := s.must("", "version"); !strings.HasPrefix(out, "tokenpair ") || strings.Count(out, "\n") != 1 {
		t.Errorf("version printed %q", out)
	}
	if _, err := os.Stat(s.path); err == nil {
		t.Error("version made a database")
	}
}
