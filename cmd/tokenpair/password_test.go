package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

const shortWarning = "tokenpair: warning: the password has fewer than 15 characters, which are recommended\n"

// TestPasswordStdin wants the first line, without its end and outer white space, to be what logs in.
func TestPasswordStdin(t *testing.T) {
	s := newSite(t)
	v := s.serve()
	for name, c := range map[string]struct{ input, plaintext string }{
		"line":            {"correct horse battery\n", "correct horse battery"},
		"no-line-end":     {"correct horse battery", "correct horse battery"},
		"line-of-windows": {"correct horse battery\r\n", "correct horse battery"},
		"first-of-lines":  {"correct horse battery\nanother horse battery\n", "correct horse battery"},
		"outer-space":     {"\t  correct horse battery \x1c\u00a0\u3000\n", "correct horse battery"},
		"inner-space":     {"correct  horse\tbattery\n", "correct  horse\tbattery"},
		"utf-8":           {"größere Pferde 馬 🐎\n", "größere Pferde 馬 🐎"},
		"quotes":          {`"correct" 'horse' \battery` + "\n", `"correct" 'horse' \battery`},
		"longest":         {strings.Repeat("pq", 2048) + "\n", strings.Repeat("pq", 2048)},
	} {
		if r := s.run(c.input, "createuser", name, "--password-stdin"); r.code != 0 || r.stderr != "" {
			t.Errorf("%s: exit code %d, %q", name, r.code, r.stderr)
		}
		v.wantLogin(http.StatusOK, name, c.plaintext)
		v.wantLogin(http.StatusUnauthorized, name, c.plaintext[1:])
	}
}

// TestShortPasswordWarning wants the warning for what was taken and is short, and for nothing else.
func TestShortPasswordWarning(t *testing.T) {
	s := newSite(t)
	if r := s.run("fourteen chars\n", "createuser", "anna", "--password-stdin"); r.code != 0 || r.stderr != shortWarning {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	if r := s.run("fourteen chärs\n", "changepassword", "anna", "--password-stdin"); r.code != 0 || r.stderr != shortWarning {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
	if r := s.run("fifteen, charss\n", "changepassword", "anna", "--password-stdin"); r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, %q", r.code, r.stderr)
	}
}

// TestNoTerminal has a file and a pipe in the place of a terminal.
func TestNoTerminal(t *testing.T) {
	file, err := os.Open(write(t, "input", "correct horse battery\ncorrect horse battery\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	pipe, _ := io.Pipe()
	for name, input := range map[string]io.Reader{"file": file, "pipe": pipe} {
		s, stderr := newSite(t), newOutput()
		err := run(t.Context(), words("createuser", "anna"), s.environ, input, io.Discard, stderr)
		if exitCode(err) != 2 || !strings.Contains(stderr.String(), "--password-stdin") {
			t.Errorf("%s: %v, %q", name, err, stderr)
		}
		wantUsers(t, s)
	}
}

// TestUnreadablePassword has an input that fails.
func TestUnreadablePassword(t *testing.T) {
	s, stderr := newSite(t), newOutput()
	input, write := io.Pipe()
	write.CloseWithError(errors.New("the disk is on fire"))
	err := run(t.Context(), words("createuser", "anna", "--password-stdin"), s.environ, input, io.Discard, stderr)
	if exitCode(err) != 1 || stderr.String() != "tokenpair: error: read password: the disk is on fire\n" {
		t.Errorf("%v, %q", err, stderr)
	}
	wantUsers(t, s)
}

// TestInterruptedPassword ends while standard input is waited for.
func TestInterruptedPassword(t *testing.T) {
	s, stderr := newSite(t), newOutput()
	input, write := io.Pipe()
	defer write.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		write.Write([]byte("correct horse")) // returns when it was read: the verb waits for the line's end
		interrupt()
	}()
	err := run(ctx, words("createuser", "anna", "--password-stdin"), s.environ, input, io.Discard, stderr)
	if exitCode(err) != 1 || stderr.String() != "tokenpair: error: interrupted; nothing was changed\n" {
		t.Errorf("%v, %q", err, stderr)
	}
	wantUsers(t, s)
}
