package conformance

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"example.com/tokenpair/server/servertest"
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

// TestProgram holds the program to the cases, and each answer to the contract.
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
			answers := 0
			runner.Answered = func(method, target string, answer *http.Response, body []byte) {
				answers++
				wantContract(t, method, target, answer, body)
			}
			differences, _ := runner.Run(c)
			for _, d := range differences {
				t.Errorf("%s: %s", c.ID, d)
			}
			if answers == 0 {
				t.Error("no answer was held against the contract")
			}
		})
	}
	p.stop(t, f)
}

// wantContract wants an answer to be one that the contract documents.
func wantContract(t *testing.T, method, target string, answer *http.Response, body []byte) {
	t.Helper()
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	got := servertest.Answer{
		Method: method, Path: u.Path, Docs: true,
		Status: answer.StatusCode, Header: answer.Header, Body: string(body),
	}
	for _, breach := range got.Breaches() {
		t.Errorf("%s %s answers %d: %s", method, target, answer.StatusCode, breach)
	}
}
