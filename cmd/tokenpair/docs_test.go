package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the tables of settings in README.md and docs/settings.md")

const (
	tableStart = "<!-- settings -->"
	tableEnd   = "<!-- /settings -->"
)

// settingsTable is settings as the documentation lists them.
func settingsTable(list []setting) string {
	var table strings.Builder
	table.WriteString("| Variable | Flag | Default | Help |\n|---|---|---|---|\n")
	code := func(text string) string {
		if text == "" {
			return ""
		}
		return "`" + text + "`"
	}
	for _, s := range list {
		initial := code(s.Default)
		if s.Compat != "" {
			initial += ", with `--compat simplejwt` " + code(s.Compat)
		}
		if s.Sessionless != "" {
			initial += ", without sessions " + code(s.Sessionless)
		}
		cells := []string{code(s.Variable), code(s.Flag), initial, strings.ReplaceAll(s.Help, "|", `\|`)}
		fmt.Fprintf(&table, "| %s |\n", strings.Join(cells, " | "))
	}
	return table.String()
}

// keepTable keeps what a page has between two lines true; -update rewrites it.
func keepTable(t *testing.T, path, want string) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, started := strings.Cut(string(page), tableStart+"\n")
	table, after, ended := strings.Cut(rest, tableEnd)
	if !started || !ended {
		t.Fatalf("%s should have the table of settings between the lines %s and %s", path, tableStart, tableEnd)
	}
	want = "\n" + want + "\n"
	if table == want {
		return
	}
	if !*update {
		t.Fatalf("the table of settings in %s is not the program's: go test ./cmd/tokenpair -run %s -update", path, t.Name())
	}
	if err := os.WriteFile(path, []byte(before+tableStart+"\n"+want+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// README has the settings of every day.
func TestReadmeSettings(t *testing.T) {
	var everyday []setting
	for _, s := range settings() {
		if !s.Hidden {
			everyday = append(everyday, s)
		}
	}
	keepTable(t, "../../README.md", settingsTable(everyday))
}

// docs/settings.md has all of them, by group.
func TestSettingsDocs(t *testing.T) {
	var page strings.Builder
	for all := settings(); len(all) > 0; {
		end := 0
		for end < len(all) && all[end].Group == all[0].Group {
			end++
		}
		if page.Len() > 0 {
			page.WriteString("\n")
		}
		fmt.Fprintf(&page, "## %s\n\n%s", all[0].Group, settingsTable(all[:end]))
		all = all[end:]
	}
	keepTable(t, "../../docs/settings.md", page.String())
}
