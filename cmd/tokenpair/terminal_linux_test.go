package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal is a pseudo-terminal: the program has the one end, the person at the keyboard the other.
type terminal struct {
	t        *testing.T
	keyboard *os.File
	device   *os.File
	screen   *output
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this system has no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	var number, unlocked uint32
	control(t, keyboard, syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	control(t, keyboard, syscall.TIOCGPTN, unsafe.Pointer(&number))
	device, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this system has no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { device.Close() })
	screen := newOutput()
	go func() {
		part := make([]byte, 4096)
		for {
			n, err := keyboard.Read(part)
			screen.Write(part[:n])
			if err != nil {
				return
			}
		}
	}()
	return &terminal{t, keyboard, device, screen}
}

func control(t *testing.T, file *os.File, request uintptr, argument unsafe.Pointer) {
	t.Helper()
	raw, err := file.SyscallConn() // Fd would make the reads of the screen block its Close
	if err != nil {
		t.Fatal(err)
	}
	var failed syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, failed = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(argument))
	})
	if err != nil || failed != 0 {
		t.Fatalf("control the terminal: %v, %v", err, failed)
	}
}

func (m *terminal) echoes() bool {
	m.t.Helper()
	var state syscall.Termios
	control(m.t, m.keyboard, syscall.TCGETS, unsafe.Pointer(&state))
	return state.Lflag&syscall.ECHO != 0
}

// answer waits for a question, and until the terminal does not echo, and types.
func (m *terminal) answer(question, typed string, done <-chan struct{}) {
	m.t.Helper()
	m.screen.find(m.t, regexp.MustCompile(regexp.QuoteMeta(question)+`\z`), done)
	m.await(func() bool { return !m.echoes() })
	if _, err := m.keyboard.WriteString(typed); err != nil {
		m.t.Fatal(err)
	}
}

func (m *terminal) await(ready func() bool) {
	m.t.Helper()
	for late := time.Now().Add(patience); !ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			m.t.Fatal("the terminal does not change its state")
		}
	}
}

// start runs a verb at the terminal; code is valid when done is closed.
func (m *terminal) start(s *site, args ...string) (code *int, done chan struct{}) {
	code, done = new(int), make(chan struct{})
	go func() {
		defer close(done)
		*code = exitCode(run(m.t.Context(), args, s.environ, m.device, m.device, m.device))
	}()
	return code, done
}

func TestPrompt(t *testing.T) {
	const plaintext, other = "correct horse battery", "another horse battery"
	for _, c := range []struct {
		name          string
		verb          string
		first, second string
		code          int
		shown         string
		works         string
	}{
		{"create", "createuser", plaintext, plaintext, 0, "created user otto with id 2", ""},
		{"change", "changepassword", other, other, 0, "changed the password of user anna", other},
		{"mismatch", "changepassword", other, plaintext, 1, "the two passwords are not the same; nothing was changed", plaintext},
		{"empty", "changepassword", "", "", 1, "password refused", plaintext},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m := newSite(t), newTerminal(t)
			s.createUser("anna", plaintext)
			username := "anna"
			if c.verb == "createuser" {
				username = "otto"
			}
			code, done := m.start(s, c.verb, username)
			m.answer("Password: ", c.first+"\n", done)
			m.answer("Password (again): ", c.second+"\n", done)
			<-done
			m.screen.find(t, regexp.MustCompile(regexp.QuoteMeta(c.shown)), nil)
			if *code != c.code {
				t.Errorf("exit code %d, want %d", *code, c.code)
			}
			if shown := m.screen.String(); strings.Contains(shown, "horse") {
				t.Errorf("the password is shown: %q", shown)
			}
			if !m.echoes() {
				t.Error("the terminal does not echo any more")
			}
			if c.works != "" {
				s.serve().wantLogin(http.StatusOK, "anna", c.works)
			}
		})
	}
}

// TestPromptIsInterrupted presses ^C at a process whose terminal this is.
func TestPromptIsInterrupted(t *testing.T) {
	s, m := newSite(t), newTerminal(t)
	process := s.process("createuser", "anna")
	process.Stdin, process.Stdout, process.Stderr = m.device, m.device, m.device
	process.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	m.answer("Password: ", "\x03", nil)
	err := process.Wait()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
		t.Errorf("it ended with %v", err)
	}
	m.screen.find(t, regexp.MustCompile("tokenpair: error: interrupted; nothing was changed"), nil)
	if !m.echoes() {
		t.Error("the terminal does not echo any more")
	}
	wantUsers(t, s)
}

// TestExportToATerminal would show everybody's hash.
func TestExportToATerminal(t *testing.T) {
	s, m := newSite(t), newTerminal(t)
	s.createUser("anna", "correct horse battery")
	code, done := m.start(s, "exportdjango")
	<-done
	m.screen.find(t, regexp.MustCompile("tokenpair exportdjango FILE"), nil)
	if shown := m.screen.String(); *code != 2 || strings.Contains(shown, "argon2") {
		t.Errorf("exit code %d, %q", *code, shown)
	}
}

// TestProgress is for terminals: one line, gone before what the verb prints.
func TestProgress(t *testing.T) {
	s, m := newSite(t), newTerminal(t)
	d := newDjango(t)
	d.addUser(3, "otto", ottosHash)
	code, done := m.start(s, "importdjango", "sqlite:"+d.path)
	<-done
	m.screen.find(t, regexp.MustCompile(`\rread 1 users …\r\x1b\[Kimported 1 user\r?\n`), nil)
	if *code != 0 {
		t.Errorf("exit code %d", *code)
	}
}

// TestProgressOfEnds does so while sessions are ended.
func TestProgressOfEnds(t *testing.T) {
	s, m := newSite(t), newTerminal(t)
	s.createUser("anna", "correct horse battery")
	s.serve().wantLogin(http.StatusOK, "anna", "correct horse battery")
	code, done := m.start(s, "sessions", "end", "--all")
	<-done
	m.screen.find(t, regexp.MustCompile(`\rended 1 sessions …\r\x1b\[Kended 1 session\r?\n`), nil)
	if *code != 0 {
		t.Errorf("exit code %d", *code)
	}
}
