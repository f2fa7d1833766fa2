package conformance

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fixtures are the users and the key that every case relies on.
type fixtures struct {
	SigningKey string `json:"signing_key"`
	Users      []struct {
		ID          int     `json:"id"`
		Username    string  `json:"username"`
		Password    *string `json:"password"`
		Encoded     string  `json:"encoded"`
		Email       string  `json:"email"`
		IsActive    bool    `json:"is_active"`
		IsStaff     bool    `json:"is_staff"`
		IsSuperuser bool    `json:"is_superuser"`
	} `json:"users"`
}

func loadFixtures(t *testing.T) *fixtures {
	t.Helper()
	var f fixtures
	readJSON(t, "fixtures.json", &f)
	return &f
}

// dumpdata is the users as `manage.py dumpdata auth.user` writes them.
func (f *fixtures) dumpdata() ([]byte, error) {
	type row map[string]any
	rows := []row{}
	for _, u := range f.Users {
		rows = append(rows, row{"model": "auth.user", "pk": u.ID, "fields": row{
			"password":         u.Encoded,
			"last_login":       nil,
			"is_superuser":     u.IsSuperuser,
			"username":         u.Username,
			"first_name":       "",
			"last_name":        "",
			"email":            u.Email,
			"is_staff":         u.IsStaff,
			"is_active":        u.IsActive,
			"date_joined":      "2026-01-01T00:00:00Z",
			"groups":           []int{},
			"user_permissions": []int{},
		}})
	}
	return json.Marshal(rows)
}

// secrets are the passwords that are long enough to be told from other text.
func (f *fixtures) secrets() []string {
	var list []string
	for _, u := range f.Users {
		if u.Password == nil {
			continue
		}
		if p := strings.TrimSpace(*u.Password); len(p) >= 8 {
			list = append(list, p)
		}
	}
	return list
}

// build compiles the program into a temporary directory.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "tokenpair")
	cmd := exec.Command("go", "build", "-o", binary, "example.com/tokenpair/cmd/tokenpair")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
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

// program is a server that runs on a database of its own.
type program struct {
	base   string
	stderr *output
	cmd    *exec.Cmd
	done   chan struct{} // closed when the process has ended
	err    error         // how it ended
}

// start imports the users into an empty database and serves them as SimpleJWT would, with further settings as NAME=value.
func start(t *testing.T, binary string, f *fixtures, settings ...string) *program {
	t.Helper()
	dir := t.TempDir()
	dump, err := f.dumpdata()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "users.json")
	if err := os.WriteFile(file, dump, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TOKENPAIR_DATABASE=sqlite:" + filepath.Join(dir, "t.db")}
	importing := exec.Command(binary, "importdjango", file)
	importing.Env = env
	if out, err := importing.CombinedOutput(); err != nil {
		t.Fatalf("importdjango: %v\n%s", err, out)
	}

	var stdout output
	p := &program{stderr: &output{}, done: make(chan struct{})}
	p.cmd = exec.Command(binary, "serve")
	p.cmd.Env = append(env, "TOKENPAIR_LISTEN=127.0.0.1:0", "TOKENPAIR_COMPAT=simplejwt")
	p.cmd.Env = append(p.cmd.Env, settings...)
	p.cmd.Stdout, p.cmd.Stderr = &stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.end() })
	p.base = p.address(t, &stdout)
	return p
}

var addressLine = regexp.MustCompile(`(?m)^.*(http://127\.0\.0\.1:\d+).*\n`)

func (p *program) address(t *testing.T, stdout *output) string {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		if m := addressLine.FindStringSubmatch(stdout.String()); m != nil {
			return m[1]
		}
		select {
		case <-p.done:
			t.Fatalf("the program ended: %v\n%s%s", p.err, stdout, p.stderr)
		case <-deadline:
			t.Fatalf("the program names no address\n%s%s", stdout, p.stderr)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop asks the program to end, and wants it to do so well and to have kept the passwords to itself.
func (p *program) stop(t *testing.T, f *fixtures) {
	t.Helper()
	if err := p.end(); err != nil {
		t.Errorf("the program did not end well: %v", err)
	}
	log := p.stderr.String()
	for _, secret := range f.secrets() {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds the password %q", secret)
		}
	}
	if t.Failed() {
		t.Logf("log of the program:\n%s", log)
	}
}

func (p *program) end() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err == nil {
		kill := time.AfterFunc(20*time.Second, func() { p.cmd.Process.Kill() })
		defer kill.Stop()
	}
	<-p.done
	return p.err
}

// output is a buffer that can be read while a process writes to it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
