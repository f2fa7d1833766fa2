package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "rewrite the table of settings in README.md")

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
		case f.Group == nil || f.Group.Key != s.Group || f.Help != s.Help || f.Default != s.Default:
			t.Errorf("%s is documented otherwise than --%s", s.Variable, f.Name)
		}
	}
	for variable, f := range flags {
		if !listed[variable] {
			t.Errorf("--%s is not among the settings", f.Name)
		}
	}
	if flags["TOKENPAIR_SIGNING_KEY"] != nil {
		t.Error("the signing key is a flag: other users of the machine see it")
	}
}

func TestHelp(t *testing.T) {
	s := newSite(t)
	for _, args := range [][]string{words("--help"), words("-h"), words("serve", "--help"), words("createuser", "anna", "-h")} {
		r := s.run("", args...)
		if r.code != 0 || r.stderr != "" || !strings.HasPrefix(r.stdout, "Usage: tokenpair") {
			t.Errorf("%q: exit code %d, standard error %q, standard output %.40q", args, r.code, r.stderr, r.stdout)
		}
	}
	flat := strings.Join(strings.Fields(s.must("", "serve", "--help")), " ")
	for _, listed := range settings() {
		if listed.Flag == "" {
			continue
		}
		if !strings.Contains(flat, strings.TrimSpace(listed.Default+", "+listed.Variable+"]")) && !strings.Contains(flat, "["+listed.Variable+"]") {
			t.Errorf("serve --help does not name %s with its default", listed.Variable)
		}
		if !strings.Contains(flat, listed.Flag) {
			t.Errorf("serve --help does not name %s", listed.Flag)
		}
	}
	for _, group := range words("Storage", "Server", "Passwords", "Tokens") {
		if !strings.Contains(flat, " "+group+" --") {
			t.Errorf("serve --help has no group %s", group)
		}
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

func TestDuration(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "5m": 5 * time.Minute, "1d": day, "30": 30 * time.Second, "0": 0, "0s": 0, "1.5h": 90 * time.Minute,
		"1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond, "365d": 365 * day, "36500d": 36500 * day, "3153600000": 36500 * day,
	} {
		var got duration
		if err := got.UnmarshalText([]byte(text)); err != nil || time.Duration(got) != want {
			t.Errorf("%q is %s, %v; want %s", text, time.Duration(got), err, want)
		}
	}
	for _, text := range []string{
		"36501d", "3153600001", "876001h", "106751d", "9223372036", "", " ", "-1", "-1s", "-1d", "1e9d", "1.5d", "d", "s", "1 d", "1D", "1w", "soon", "NaN", "Inf", "١", "0x10", "1_000",
		"9223372037", "106752d", "200000d", "99999999999", "99999999999d", "18446744073709551616", "9999999999h",
	} {
		var got duration
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %s, want an error", text, time.Duration(got))
		}
	}
}

const (
	tableStart = "<!-- settings -->"
	tableEnd   = "<!-- /settings -->"
)

// settingsTable is the settings as README.md lists them.
func settingsTable() string {
	var table strings.Builder
	table.WriteString("| Variable | Flag | Default | Help |\n|---|---|---|---|\n")
	code := func(text string) string {
		if text == "" {
			return ""
		}
		return "`" + text + "`"
	}
	for _, s := range settings() {
		initial := code(s.Default)
		if s.Compat != "" {
			initial += ", with `--compat simplejwt` " + code(s.Compat)
		}
		cells := []string{code(s.Variable), code(s.Flag), initial, strings.ReplaceAll(s.Help, "|", `\|`)}
		fmt.Fprintf(&table, "| %s |\n", strings.Join(cells, " | "))
	}
	return table.String()
}

// TestReadmeSettings keeps the table of README.md true; -update rewrites it.
func TestReadmeSettings(t *testing.T) {
	const path = "../../README.md"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("README.md should have the table of settings between the lines %s and %s: %v", tableStart, tableEnd, err)
	}
	before, rest, started := strings.Cut(string(readme), tableStart+"\n")
	table, after, ended := strings.Cut(rest, tableEnd)
	if !started || !ended {
		t.Fatalf("README.md should have the table of settings between the lines %s and %s", tableStart, tableEnd)
	}
	want := "\n" + settingsTable() + "\n"
	if table == want {
		return
	}
	if !*update {
		t.Fatal("the table of settings in README.md is not the program's: go test ./cmd/tokenpair -run TestReadmeSettings -update")
	}
	if err := os.WriteFile(path, []byte(before+tableStart+"\n"+want+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
