package main

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

const demoInUse = "the database has users already: no demo user was added, nothing was changed; --database=sqlite:data/demo.db is a new one\n"

// curlLine is the line as it is printed: an address, a header and a body in single quotes.
var curlLine = regexp.MustCompile(`(?m)^curl -s '?(http://[^\s']+)'? -H '([A-Za-z-]+): ([^']+)' -d '([^']+)'\n`)

// serveDemo starts the demo, wants it to print these lines besides the addresses, and returns the curl line, if any.
func serveDemo(t *testing.T, s *site, inUse, works bool) (v *service, curl []string) {
	t.Helper()
	v = s.serve("--demo")
	out := v.stdout.String()
	if got := strings.Contains(out, demoInUse); got != inUse {
		t.Errorf("it says that nothing was changed: %t, want %t", got, inUse)
	}
	curl = curlLine.FindStringSubmatch(out)
	if got := strings.Count(out, "\ncurl "); got > 1 || (got == 1) != works || (curl != nil) != works {
		t.Errorf("%d lines of curl, want one: %t\n%s", got, works, out)
	}
	return v, curl
}

func TestDemo(t *testing.T) {
	s := newSite(t)
	v, curl := serveDemo(t, s, false, true)
	if curl == nil {
		t.FailNow()
	}
	wantPair(t, v.send(curl))
	if shell, err := exec.LookPath("sh"); err == nil {
		if _, err := exec.LookPath("curl"); err == nil {
			out, err := exec.CommandContext(t.Context(), shell, "-c", curl[0]).Output()
			if err != nil {
				t.Errorf("curl: %v", err)
			}
			wantPair(t, string(out))
		}
	}
	v.end()
	wantUsers(t, s, `1 true argon2\S+ sampleUser`)

	v, _ = serveDemo(t, s, true, true)
	v.wantLogin(http.StatusOK, "sampleUser", "userpassword123")
	v.end()
	wantUsers(t, s, `1 true argon2\S+ sampleUser`)

	s.must("correct horse battery\n", "changepassword", "sampleUser", "--password-stdin")
	v, _ = serveDemo(t, s, true, false)
	v.wantLogin(http.StatusUnauthorized, "sampleUser", "userpassword123")
	v.wantLogin(http.StatusOK, "sampleUser", "correct horse battery")
	v.end()
}

func TestDemoAmongOthers(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	v, _ := serveDemo(t, s, true, false)
	v.wantLogin(http.StatusUnauthorized, "sampleUser", "userpassword123")
	wantUsers(t, s, `1 true argon2\S+ anna`)
}

func TestInactiveDemo(t *testing.T) {
	s := newSite(t)
	s.must("userpassword123\n", "createuser", "sampleUser", "--password-stdin")
	s.must("", "deactivateuser", "sampleUser")
	serveDemo(t, s, true, false)
}

func TestDemoOnIPv6(t *testing.T) {
	if !listens("[::1]:0") {
		t.Skip("this system has no IPv6")
	}
	s := newSite(t, "TOKENPAIR_LISTEN=[::1]:0")
	v, curl := serveDemo(t, s, false, true)
	if curl == nil || !strings.HasPrefix(curl[1], "http://[::1]:") {
		t.Fatalf("the line of curl is %q", curl)
	}
	wantPair(t, v.send(curl))
}

func TestNoDemoWithoutTheFlag(t *testing.T) {
	s := newSite(t)
	v := s.serve()
	v.wantLogin(http.StatusUnauthorized, "sampleUser", "userpassword123")
	wantUsers(t, s)
	if strings.Contains(v.stdout.String(), "curl") {
		t.Error("a line of curl without a demo user")
	}
}

// send sends what the line of curl says, and returns the body of the answer.
func (v *service) send(curl []string) string {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, curl[1], strings.NewReader(curl[4]))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set(curl[2], curl[3])
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	body := readAll(v.t, answer.Body)
	v.check(request.Method, request.URL.Path, answer, body)
	if answer.StatusCode != http.StatusOK {
		v.t.Errorf("the line of curl is answered %d", answer.StatusCode)
	}
	return body
}

func wantPair(t *testing.T, body string) {
	t.Helper()
	var tokens pair
	if err := json.Unmarshal([]byte(body), &tokens); err != nil || tokens.Refresh == "" || tokens.Access == "" {
		t.Errorf("no pair: %q", body)
	}
}
