package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestDirectoryWithoutPermission is about the modes of files, which bind the superuser only without his privileges.
func TestDirectoryWithoutPermission(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	locked := filepath.Join(t.TempDir(), "locked")
	if err := os.Mkdir(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.path, 0o400); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url   string
		words []string
	}{
		"directory for the file":      {locked + "/tokenpair.db", words("permission denied", "let the program's user write")},
		"directory for the directory": {locked + "/data/tokenpair.db", words("permission denied", "another path")},
		"file":                        {s.path, words("can not be written", "let the program's user write")},
	} {
		t.Run(name, func(t *testing.T) {
			process := s.process("createuser", "bert", "--password-stdin", "--database=sqlite:"+c.url)
			process.Stdin = strings.NewReader("correct horse battery\n")
			var stdout, stderr bytes.Buffer
			process.Stdout, process.Stderr = &stdout, &stderr
			if err := runUnprivileged(process); err != nil && os.Getenv("CI") == "true" {
				t.Fatal(err)
			} else if err != nil {
				t.Skipf("modes do not bind these tests: %v", err)
			}
			told := stderr.String()
			if process.ProcessState.ExitCode() != 1 || stdout.Len() > 0 || strings.Count(told, "\n") != 1 {
				t.Errorf("exit code %d, %q, %q", process.ProcessState.ExitCode(), &stdout, told)
			}
			for _, word := range c.words {
				if !strings.Contains(told, word) {
					t.Errorf("no %q in: %s", word, told)
				}
			}
		})
	}
}

// runUnprivileged runs a process that is bound by the modes of files, whoever runs the tests. It fails, and runs nothing,
// for a superuser who may not give privileges up.
func runUnprivileged(process *exec.Cmd) error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread()                                    // and never unlocked: the thread goes, with what it has lost
		const dropBounding, dacOverride, dacReadSearch = 24, 1, 2 // prctl(2), capabilities(7)
		for _, capability := range []uintptr{dacOverride, dacReadSearch} {
			_, _, err := syscall.RawSyscall(syscall.SYS_PRCTL, dropBounding, capability, 0)
			if err != 0 && os.Geteuid() == 0 {
				failed <- fmt.Errorf("the superuser lacks CAP_SETPCAP to give up others: %w", err)
				return
			}
		}
		process.Run() // the exit code tells
		failed <- nil
	}()
	return <-failed
}
