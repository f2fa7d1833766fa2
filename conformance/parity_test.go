package conformance

import (
	"bytes"
	"flag"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"example.com/tokenpair"
)

var updating = flag.Bool("update", false, "write docs/parity.md anew")

const parityPage = "../docs/parity.md"

// reason is why cases differ. A case is meant by the first of the reasons whose patterns its id matches.
type reason struct {
	Cases  []string `json:"cases"` // as path.Match has them
	Reason string   `json:"reason"`
}

func (r *reason) means(id string) bool {
	return slices.ContainsFunc(r.Cases, func(pattern string) bool {
		ok, _ := path.Match(pattern, id)
		return ok
	})
}

// parity is what the page is made of.
type parity struct {
	Reference           string
	Mandatory, Advisory int // cases of the wanted profiles
	Advised, Differing  int // advisory ones: those that pass, and those that do not
	BodyLimit           string
	Groups              []group
	Profiles, Features  []omission
}

type group struct {
	Reason string
	Cases  []differing
}

type differing struct{ ID, Difference string }

type omission struct {
	Name, Reason string
	Cases        int
}

// TestParity wants docs/parity.md to tell what differs, and differences.json to tell why: no less and no more.
func TestParity(t *testing.T) {
	suite := publicCases(t)
	found := differingCases(t, suite)
	page := parity{Reference: recordedFrom(t, suite), Differing: len(found), BodyLimit: bodyLimit(t), Groups: explain(t, found)}
	page.count(t, suite)

	tmpl, err := template.ParseFiles("parity.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var made bytes.Buffer
	if err := tmpl.Execute(&made, page); err != nil {
		t.Fatal(err)
	}
	if *updating {
		if err := os.WriteFile(parityPage, made.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(parityPage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, made.Bytes()) {
		t.Errorf("docs/parity.md is out of date: make parity\n%s", firstDifference(string(kept), made.String()))
	}
}

// differingCases are the advisory cases that the program does not pass, in the order of the file.
func differingCases(t *testing.T, suite *Suite) (found []differing) {
	t.Helper()
	f := loadFixtures(t)
	settings, unwanted := loadProfiles(t)
	cases := wantedCases(suite, "advisory", settings, unwanted)
	binary := build(t)
	difference := map[string]string{}
	for profile, list := range cases {
		p := startProfile(t, binary, f, settings[profile])
		runner, err := NewRunner(p.base, f.SigningKey, suite.Keys)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if d := replay(t, runner, c); len(d) > 0 {
				difference[c.ID] = oneLine(d)
			}
		}
		p.stop(t, f)
	}
	for i := range suite.Cases {
		if d, ok := difference[suite.Cases[i].ID]; ok {
			found = append(found, differing{suite.Cases[i].ID, d})
		}
	}
	return found
}

// oneLine is what differs, as a code span that comes out alike each time.
func oneLine(differences []string) string {
	const longest = 240
	text := short(stable(strings.Join(strings.Fields(strings.Join(differences, " | ")), " ")), longest)
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// explain puts what differs under its reasons.
func explain(t *testing.T, found []differing) []group {
	t.Helper()
	var reasons []reason
	readJSON(t, "differences.json", &reasons)
	groups := make([]group, len(reasons))
	for i := range reasons {
		groups[i].Reason = reasons[i].Reason
	}
	for _, d := range found {
		i := slices.IndexFunc(reasons, func(r reason) bool { return r.means(d.ID) })
		if i < 0 {
			t.Errorf("differences.json has no reason for %s: %s", d.ID, d.Difference)
			continue
		}
		groups[i].Cases = append(groups[i].Cases, d)
	}
	for i, r := range reasons {
		for _, pattern := range r.Cases {
			one := reason{Cases: []string{pattern}}
			if !slices.ContainsFunc(groups[i].Cases, func(d differing) bool { return one.means(d.ID) }) {
				t.Errorf("differences.json: no case that differs is meant by %q", pattern)
			}
		}
	}
	return groups
}

// count counts what is wanted, and what is not.
func (page *parity) count(t *testing.T, suite *Suite) {
	t.Helper()
	settings, unwanted := loadProfiles(t)
	for _, list := range wantedCases(suite, "mandatory", settings, unwanted) {
		page.Mandatory += len(list)
	}
	for _, list := range wantedCases(suite, "advisory", settings, unwanted) {
		page.Advisory += len(list)
	}
	page.Advised = page.Advisory - page.Differing
	page.Profiles = omissions(suite, unwanted.Profiles, func(c *Case, name string) bool { return c.Profile == name })
	page.Features = omissions(suite, unwanted.Features, func(c *Case, name string) bool { return slices.Contains(c.Needs, name) })
}

func omissions(suite *Suite, reasons map[string]string, of func(*Case, string) bool) (list []omission) {
	for name, why := range reasons {
		o := omission{Name: name, Reason: why}
		for i := range suite.Cases {
			if of(&suite.Cases[i], name) {
				o.Cases++
			}
		}
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b omission) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// recordedFrom is what the cases were recorded from.
func recordedFrom(t *testing.T, suite *Suite) string {
	t.Helper()
	o, err := parseJSON(suite.Meta)
	if err != nil {
		t.Fatal(err)
	}
	meta, _ := o.(*object)
	text, ok := meta.members["reference"].(string)
	if !ok {
		t.Fatal("the cases do not say what they were recorded from")
	}
	return text
}

// bodyLimit is what the contract says of the size of a body.
func bodyLimit(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`The body is larger than (\d+ \w+)`).FindStringSubmatch(tokenpair.Contract)
	if m == nil {
		t.Fatal("the contract names no limit of a body")
	}
	return m[1]
}

// firstDifference is the first line in which two texts differ.
func firstDifference(kept, made string) string {
	a, b := strings.Split(kept, "\n"), strings.Split(made, "\n")
	for i := range max(len(a), len(b)) {
		var left, right string
		if i < len(a) {
			left = a[i]
		}
		if i < len(b) {
			right = b[i]
		}
		if left != right {
			return "kept: " + left + "\nmade: " + right
		}
	}
	return ""
}
