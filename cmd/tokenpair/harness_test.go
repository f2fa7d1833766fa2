package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"example.com/tokenpair/storage/sqlite"
)

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// asProgram makes the test binary the program itself: for the tests that need a process.
const asProgram = "RUN_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// site is a database of its own and the variables of the processes that use it.
type site struct {
	t        *testing.T
	path     string
	environ  []string
	contacts *http.Client
}

func newSite(t *testing.T, environ ...string) *site {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &site{
		t:        t,
		path:     path,
		environ:  append([]string{"TOKENPAIR_DATABASE=sqlite:" + path, "TOKENPAIR_LISTEN=127.0.0.1:0"}, environ...),
		contacts: &http.Client{Transport: transport, Timeout: patience},
	}
}

// newCommandLine is that of serve, without a flag.
func newCommandLine(t *testing.T, environ ...string) *commandLine {
	t.Helper()
	cli := new(commandLine)
	parser, err := kong.New(cli)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(words("serve")); err != nil {
		t.Fatal(err)
	}
	cli.resolved = resolve(cli, &cli.Serve, nil, newEnvironment(environ))
	return cli
}

// result is what a verb left.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a verb with input on its standard input.
func (s *site) run(input string, args ...string) result {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	err := run(s.t.Context(), args, s.environ, strings.NewReader(input), &stdout, &stderr)
	return result{exitCode(err), stdout.String(), stderr.String()}
}

// must runs a verb that has to succeed, and returns what it printed.
func (s *site) must(input string, args ...string) string {
	s.t.Helper()
	r := s.run(input, args...)
	if r.code != 0 {
		s.t.Fatalf("%q: exit code %d, %s", args, r.code, r.stderr)
	}
	return r.stdout
}

// createUser adds a user whose password draws no warning.
func (s *site) createUser(username, plaintext string) {
	s.t.Helper()
	s.must(plaintext+"\n", "createuser", username, "--password-stdin")
}

// setting reads what the database remembers under a name.
func (s *site) setting(name string) []byte {
	s.t.Helper()
	store, err := sqlite.Open(s.t.Context(), s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	value, err := store.Setting(s.t.Context(), name, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return value
}

// service is a run of serve.
type service struct {
	*site
	base           string // such as http://127.0.0.1:41234
	stdout, stderr *output
	stop           context.CancelFunc // asks it to end
	done           chan struct{}      // closed when it has ended
	err            error              // what it returned
}

var addressLine = regexp.MustCompile(`(?m)^listening on (http://\S+)\n`)

// serve starts the service and waits until it answers. It ends with the test.
func (s *site) serve(args ...string) *service {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	v := &service{site: s, stdout: newOutput(), stderr: newOutput(), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(v.done)
		v.err = run(ctx, append([]string{"serve"}, args...), s.environ, strings.NewReader(""), v.stdout, v.stderr)
	}()
	s.t.Cleanup(func() { stop(); <-v.done })
	v.base = v.stdout.find(s.t, addressLine, v.done)[1]
	if status, _ := v.get("/livez"); status != http.StatusOK {
		s.t.Fatalf("GET /livez: %d", status)
	}
	return v
}

// end stops the service, and wants it to end well.
func (v *service) end() {
	v.t.Helper()
	v.stop()
	select {
	case <-v.done:
	case <-time.After(patience):
		v.t.Fatal("the service does not end")
	}
	if v.err != nil {
		v.t.Errorf("the service ended with: %v", v.err)
	}
}

func (v *service) get(path string) (status int, body string) {
	v.t.Helper()
	answer, err := v.contacts.Get(v.base + path)
	if err != nil {
		v.t.Fatal(err)
	}
	body = readAll(v.t, answer.Body)
	v.check(http.MethodGet, path, answer, body)
	return answer.StatusCode, body
}

// post sends these members as an object of JSON.
func (v *service) post(path string, members map[string]string) (status int, body string) {
	v.t.Helper()
	sent, err := json.Marshal(members)
	if err != nil {
		v.t.Fatal(err)
	}
	answer, err := v.contacts.Post(v.base+path, "application/json", bytes.NewReader(sent))
	if err != nil {
		v.t.Fatal(err)
	}
	body = readAll(v.t, answer.Body)
	v.check(http.MethodPost, path, answer, body)
	return answer.StatusCode, body
}

// pair is the answer to a login, which is empty when it was refused.
type pair struct {
	Refresh string `json:"refresh"`
	Access  string `json:"access"`
}

func (v *service) login(username, plaintext string) (status int, tokens pair) {
	v.t.Helper()
	answer, err := v.contacts.Post(v.base+"/api/token", "application/json", credentials(username, plaintext))
	if err != nil {
		v.t.Fatal(err)
	}
	body := readAll(v.t, answer.Body)
	v.check(http.MethodPost, "/api/token", answer, body)
	if answer.StatusCode == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &tokens); err != nil || tokens.Refresh == "" || tokens.Access == "" {
			v.t.Fatalf("no pair: %v", err)
		}
	}
	return answer.StatusCode, tokens
}

// wantLogin wants a login to be answered with a status, and returns the tokens.
func (v *service) wantLogin(want int, username, plaintext string) pair {
	v.t.Helper()
	status, tokens := v.login(username, plaintext)
	if status != want {
		v.t.Errorf("login of %s: %d, want %d", username, status, want)
	}
	return tokens
}

// refresh asks for what a refresh token is answered with, which is empty when it is refused.
func (v *service) refresh(encoded string) (status int, tokens pair) {
	v.t.Helper()
	status, body := v.post("/api/token/refresh", map[string]string{"refresh": encoded})
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &tokens); err != nil || tokens.Access == "" {
			v.t.Fatalf("no access token: %v", err)
		}
	}
	return status, tokens
}

func credentials(username, plaintext string) *bytes.Reader {
	body, err := json.Marshal(map[string]string{"username": username, "password": plaintext})
	if err != nil {
		panic(err) // a map of text has always a form in JSON
	}
	return bytes.NewReader(body)
}

func readAll(t *testing.T, r io.ReadCloser) string {
	t.Helper()
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// output is what a program prints, readable while it prints.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed at the next write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.text.Write(p)
}

func (o *output) String() string {
	text, _ := o.read()
	return text
}

func (o *output) read() (text string, changed <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.changed
}

// find waits until pattern is printed and returns its first match with its groups; done ends the waiting.
func (o *output) find(t *testing.T, pattern *regexp.Regexp, done <-chan struct{}) []string {
	t.Helper()
	late := time.After(patience)
	for {
		text, changed := o.read()
		if match := pattern.FindStringSubmatch(text); match != nil {
			return match
		}
		select {
		case <-changed:
		case <-done:
			t.Fatalf("it ended without printing %s:\n%s", pattern, o)
		case <-late:
			t.Fatalf("it does not print %s:\n%s", pattern, o)
		}
	}
}
