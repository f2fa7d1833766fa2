package conformance

import (
	"net/http"
	"net/url"
	"testing"

	"example.com/tokenpair/server/servertest"
)

// TestProgram holds the program to the mandatory cases of every wanted profile, and each answer to the contract.
func TestProgram(t *testing.T) {
	const total = 594 // so that a slip in what is wanted does not pass for success

	suite, f := publicCases(t), loadFixtures(t)
	settings, unwanted := loadProfiles(t)
	cases := wantedCases(suite, "mandatory", settings, unwanted)
	count := 0
	for profile := range settings {
		count += len(cases[profile])
		if len(cases[profile]) == 0 {
			t.Errorf("profile %s has no case", profile)
		}
	}
	if count != total {
		t.Errorf("%d cases are wanted, it should be %d", count, total)
	}

	binary := build(t)
	for profile, list := range cases {
		t.Run(profile, func(t *testing.T) {
			t.Parallel() // a program each; as many at once as there are processors
			p := startProfile(t, binary, f, settings[profile])
			runner, err := NewRunner(p.base, f.SigningKey, suite.Keys)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list {
				t.Run(c.ID, func(t *testing.T) {
					for _, d := range replay(t, runner, c) {
						t.Errorf("%s: %s", c.ID, d)
					}
				})
			}
			p.stop(t, f)
		})
	}
}

// replay runs a case and returns the differences; each answer is held against the contract.
func replay(t *testing.T, runner *Runner, c *Case) (differences []string) {
	t.Helper()
	answers := 0
	runner.Answered = func(method, target string, answer *http.Response, body []byte) {
		answers++
		wantContract(t, method, target, answer, body)
	}
	differences, _ = runner.Run(c)
	if answers == 0 {
		t.Errorf("%s: no answer was held against the contract", c.ID)
	}
	return differences
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
