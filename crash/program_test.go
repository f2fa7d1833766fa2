package crash_test

import (
	"bufio"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// build compiles the program into a temporary directory.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "tokenpair")
	command := exec.Command("go", "build", "-o", binary, "example.com/tokenpair/cmd/tokenpair")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	lookAtSources(t)
	return binary
}

// lookAtSources opens what the program is compiled from: go test keeps a result while what this process has opened is the same.
func lookAtSources(t *testing.T) {
	t.Helper()
	const ours = `{{with .Module}}{{if .Main}}{{$.Dir}}{{range $.EmbedFiles}}{{"\n"}}{{$.Dir}}/{{.}}{{end}}{{end}}{{end}}`
	out, err := exec.Command("go", "list", "-deps", "-f", ours, "example.com/tokenpair/cmd/tokenpair").Output()
	if err != nil {
		t.Fatalf("list the sources: %v", err)
	}
	for path := range strings.FieldsFuncSeq(string(out), func(r rune) bool { return r == '\n' }) {
		source, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		source.Close()
	}
}

// command is a verb of the program.
func (c *crash) command(args ...string) *exec.Cmd {
	command := exec.Command(c.binary, args...)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir,
		"TOKENPAIR_DATABASE=sqlite:" + c.database(),
		"TOKENPAIR_LISTEN=127.0.0.1:0",
		"TOKENPAIR_REFRESH_GRACE=" + grace.String(),
		"TOKENPAIR_ACCESS_TOKEN_LIFETIME=12h", // no token expires while the test runs
		"TOKENPAIR_LOGIN_WAIT=1m",             // nor is anybody sent away on a busy machine
	}
	return command
}

// importUsers adds a user for each client. The password hashes cost next to nothing, until the first login.
func (c *crash) importUsers(from uint64) {
	c.t.Helper()
	type row map[string]any
	var fixture []row
	for i := range clients {
		u := &user{crash: c, id: i + 1, name: fmt.Sprintf("client%d", i), random: rand.New(rand.NewPCG(from, uint64(i)))}
		u.password = u.newPassword()
		key, err := pbkdf2.Key(sha256.New, u.password, []byte("salt"), 1, sha256.Size)
		if err != nil {
			c.t.Fatal(err)
		}
		encoded := "pbkdf2_sha256$1$salt$" + base64.StdEncoding.EncodeToString(key)
		fixture = append(fixture, row{"model": "auth.user", "pk": u.id, "fields": row{"username": u.name, "password": encoded}})
		c.users = append(c.users, u)
	}
	content, err := json.Marshal(fixture)
	if err != nil {
		c.t.Fatal(err)
	}
	file := filepath.Join(c.dir, "users.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		c.t.Fatal(err)
	}
	if out, err := c.command("importdjango", file).CombinedOutput(); err != nil {
		c.t.Fatalf("importdjango: %v\n%s", err, out)
	}
}

// server is the program while it serves.
type server struct {
	*crash
	command  *exec.Cmd
	began    time.Time
	printed  chan string   // the address that it printed
	drained  chan struct{} // closed when it has closed its output
	base     string        // such as http://127.0.0.1:41234
	contacts *http.Client
	// moment is when it is killed, nil for not yet.
	moment *moment
	// dead is set just before the kill: no answer that is missing before is one that the kill took.
	dead atomic.Bool
}

var addressLine = regexp.MustCompile(`^listening on (http://\S+)$`)

// start starts the program and does not wait for it.
func (c *crash) start() *server {
	c.t.Helper()
	s := &server{crash: c, command: c.command("serve"), began: time.Now(), printed: make(chan string, 1), drained: make(chan struct{})}
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close() // the process has its own
	s.command.Stderr = log
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { s.command.Process.Kill() }) // where the test gave up
	go func() {
		defer close(s.drained)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if match := addressLine.FindStringSubmatch(lines.Text()); match != nil {
				s.printed <- match[1]
			}
		}
	}()
	return s
}

// listen waits until the program listens.
func (s *server) listen() {
	s.t.Helper()
	select {
	case s.base = <-s.printed:
	case <-s.drained:
		s.t.Fatalf("it does not start any more:\n%s", s.log())
	case <-time.After(patience):
		s.t.Fatalf("it does not listen:\n%s", s.log())
	}
	s.took = time.Since(s.began)
	s.contacts = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * clients}, Timeout: patience}
	s.t.Cleanup(s.contacts.CloseIdleConnections)
}

// kill is kill -9 of this process alone.
func (s *server) kill() {
	s.dead.Store(true)
	if err := s.command.Process.Kill(); err != nil {
		s.t.Errorf("kill: %v", err)
	}
}

// wait waits for a process that was killed, and wants it to have ended by that.
func (s *server) wait() {
	s.t.Helper()
	<-s.drained
	s.command.Wait() // that it was killed is an error to it
	status, ok := s.command.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		s.t.Errorf("it ended with %s, want by the kill:\n%s", s.command.ProcessState, s.log())
	}
	s.killed++
}

// terminate wants the process to end well by itself.
func (s *server) terminate() {
	s.t.Helper()
	s.contacts.CloseIdleConnections()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	<-s.drained
	if err := s.command.Wait(); err != nil {
		s.t.Errorf("it ended with %v:\n%s", err, s.log())
	}
}

func (c *crash) logFile() string { return filepath.Join(c.dir, "log") }

// log is the end of what the program told the operator.
func (c *crash) log() string {
	content, err := os.ReadFile(c.logFile())
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-4096):])
}

// wantNoErrors: being killed is no reason to find an error afterwards.
func (c *crash) wantNoErrors() {
	c.t.Helper()
	content, err := os.ReadFile(c.logFile())
	if err != nil {
		c.t.Fatal(err)
	}
	if found := regexp.MustCompile(`(?m)^.*("level":"ERROR"|panic: |tokenpair: error).*$`).Find(content); found != nil {
		c.t.Errorf("it logged an error: %s", found)
	}
}
