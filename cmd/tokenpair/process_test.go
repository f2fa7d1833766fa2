package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is the program as a process of its own: the test binary, which TestMain turns into it.
func (s *site) process(args ...string) *exec.Cmd {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	command := exec.CommandContext(s.t.Context(), self, args...)
	command.Env = append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH")}, s.environ...)
	return command
}

// running is a process of serve.
type running struct {
	*service
	command *exec.Cmd
}

func (s *site) serveProcess(args ...string) *running {
	s.t.Helper()
	v := &service{site: s, stdout: newOutput(), stderr: newOutput(), done: make(chan struct{})}
	p := &running{v, s.process(append([]string{"serve"}, args...)...)}
	p.command.Stdout, p.command.Stderr = v.stdout, v.stderr
	if err := p.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(v.done)
		v.err = p.command.Wait()
	}()
	s.t.Cleanup(func() { p.command.Process.Kill(); <-v.done })
	return p
}

// listen waits until the process listens.
func (p *running) listen() *running {
	p.t.Helper()
	p.base = p.stdout.find(p.t, addressLine, p.done)[1]
	return p
}

func (p *running) signal(signal os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
}

func (p *running) wait() *os.ProcessState {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatal("the process does not end")
	}
	return p.command.ProcessState
}

func TestExitCodes(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		args []string
		want int
	}{
		{words("version"), 0},
		{words("--help"), 0},
		{words("deleteuser", "nobody"), 1},
		{words("frobnicate"), 2},
	} {
		process := s.process(c.args...)
		process.Run()
		if got := process.ProcessState.ExitCode(); got != c.want {
			t.Errorf("%q: exit code %d, want %d", c.args, got, c.want)
		}
	}
}

func skipWithoutSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this system has no signals")
	}
}

func TestSignalEnds(t *testing.T) {
	skipWithoutSignals(t)
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			s := newSite(t)
			p := s.serveProcess().listen()
			p.get("/livez")
			p.signal(signal)
			if code := p.wait().ExitCode(); code != 0 {
				t.Errorf("exit code %d, want 0\n%s", code, p.stderr)
			}
			wantClosed(t, s)
		})
	}
}

// TestSecondSignalEndsAtOnce has a request that would be waited for for an hour.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	skipWithoutSignals(t)
	s := newSite(t)
	p := s.serveProcess("--shutdown-timeout=1h").listen()
	stick(p.service)
	p.signal(syscall.SIGTERM)
	p.stderr.find(t, regexp.MustCompile(`"shutting down"`), p.done)
	// The program stops to listen for signals a moment after the first: the second may have to be sent again.
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for late, ended := time.After(patience), false; !ended; {
		p.signal(syscall.SIGTERM)
		select {
		case <-p.done:
			ended = true
		case <-again.C:
		case <-late:
			t.Fatal("the process does not end")
		}
	}
	if status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Errorf("it ended with %s, want by the signal", p.command.ProcessState)
	}
	s.createUser("anna", "correct horse battery") // the database is good
}

// TestProcessesShareADatabase starts three services on a new database together, and changes it by another process.
func TestProcessesShareADatabase(t *testing.T) {
	s := newSite(t)
	services := []*running{s.serveProcess(), s.serveProcess(), s.serveProcess()}
	for _, p := range services {
		p.listen()
	}
	create := s.process("createuser", "anna", "--password-stdin")
	create.Stdin = strings.NewReader("correct horse battery\n")
	if out, err := create.CombinedOutput(); err != nil || string(out) != "created user anna with id 1\n" {
		t.Fatalf("createuser: %v, %q", err, out)
	}
	key := s.setting("signing_key")
	for _, p := range services {
		wantSigned(t, p.wantLogin(http.StatusOK, "anna", "correct horse battery").Access, key)
	}
}
