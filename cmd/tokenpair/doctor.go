package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
)

type doctorVerb struct {
	serving
}

// run shows what serve would do. It opens no database.
func (v *doctorVerb) run(_ context.Context, cli *commandLine, env environment, std streams) error {
	policy := v.policy(cli)
	for _, text := range env.unknown() {
		policy.findings.error(text)
	}
	v.showPlaces(cli, policy, std)
	showSettings(cli.resolved, policy, std)
	fmt.Fprintln(std.out, "\nFindings")
	for _, s := range []severity{isError, isWarning} {
		for _, text := range policy.findings.texts(s) {
			fmt.Fprintf(std.out, "  %s: %s\n", s, oneLine(text))
		}
	}
	if len(policy.findings) == 0 {
		fmt.Fprintln(std.out, "  none")
	}
	if wrong := len(policy.findings.texts(isError)); wrong > 0 {
		return fmt.Errorf("%s in the settings", count(wrong, "error"))
	}
	return nil
}

func (v *doctorVerb) showPlaces(cli *commandLine, p *policy, std streams) {
	fmt.Fprintf(std.out, "Database: %s\n", describeDatabase(cli.Database))
	fmt.Fprintf(std.out, "Signing key: %s\n", v.describeKey(p))
	if p.verifying.variable != "" {
		fmt.Fprintf(std.out, "Verifying key: %s\n", p.verifying.describe())
	}
}

func (v *doctorVerb) describeKey(p *policy) string {
	if p.isKept {
		return fmt.Sprintf("a random one of %d bytes, which serve makes once and keeps in the database", keptBytes)
	}
	return p.signing.describe()
}

// describeDatabase says where users are kept, without what may be a password in a URL, and whether there is anything yet.
func describeDatabase(url string) string {
	path, err := databasePath(url)
	if err != nil {
		return "none that is known"
	}
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return printable(path) + ", which is not there yet: serve makes it"
	case err != nil:
		return printable(path) + ", which can not be looked at"
	}
	return printable(path)
}

// showSettings lists values and where they came from, group by group.
func showSettings(r resolution, p *policy, std streams) {
	byVariable := make(map[string]effective)
	for _, s := range r.settings {
		byVariable[s.Variable] = s
	}
	faulty := make(map[string]bool)
	for _, fault := range r.faults {
		faulty[fault.variables[0]] = true
	}
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	defer table.Flush()
	group := ""
	for _, listed := range settings() {
		s := byVariable[listed.Variable]
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(table, "\n%s\n", group)
		}
		value := printable(s.Value)
		switch {
		case faulty[s.Variable]:
			value = "cannot be understood"
		case s.IsSecret() && s.From == fromDefault, s.Value == "" && s.From == fromDefault:
			value = "not set"
		case s.IsSecret():
			value = "set"
		case s.Variable == prefix+"DATABASE":
			value = shownURL(s.Value)
		case s.Variable == prefix+"SIGNING_KEY_FILE":
			value = p.signing.describeFile(s.Variable)
		case s.Variable == prefix+"VERIFYING_KEY_FILE":
			value = p.verifying.describeFile(s.Variable)
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\n", s.Variable, value, s.From)
	}
}

// shownURL is the URL of a database without what may be a password.
func shownURL(url string) string {
	if _, err := databasePath(url); err == nil {
		return printable(url)
	}
	scheme, _, ok := strings.Cut(url, ":")
	if !ok {
		return "not shown"
	}
	return printable(scheme) + ":… (the rest is not shown)"
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
