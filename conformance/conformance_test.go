package conformance

import (
	"regexp"
	"strings"
	"testing"
)

var loginPath = regexp.MustCompile(`\A/api/token/?(\?.*)?\z`)

// wanted says whether the program is held to a case yet.
func wanted(c *Case) bool {
	if c.Tier != "mandatory" || c.Profile != "default" {
		return false
	}
	if !strings.HasPrefix(c.ID, "login.") && !strings.HasPrefix(c.ID, "route.") {
		return false
	}
	for _, s := range c.Steps {
		if s.Do == "request" && !loginPath.MatchString(s.Path) {
			return false
		}
	}
	return true
}

func TestProgram(t *testing.T) {
	const fewest = 135 // so that a slip in wanted does not pass for success

	suite, f := publicCases(t), loadFixtures(t)
	var cases []*Case
	for i := range suite.Cases {
		if wanted(&suite.Cases[i]) {
			cases = append(cases, &suite.Cases[i])
		}
	}
	if len(cases) < fewest {
		t.Errorf("%d cases are wanted, at least %d should be", len(cases), fewest)
	}

	p := start(t, build(t), f)
	runner, err := NewRunner(p.base, f.SigningKey, suite.Keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			differences, _ := runner.Run(c)
			for _, d := range differences {
				t.Errorf("%s: %s", c.ID, d)
			}
		})
	}
	p.stop(t, f)
}
