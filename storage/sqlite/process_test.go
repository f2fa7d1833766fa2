package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// childPath and childName make the test binary a process that starts on a database: see TestProcessesStartTogether. With
// the name importName it is the one of TestKilledImport.
const (
	childPath  = "TOKENPAIR_TEST_CHILD_PATH"
	childName  = "TOKENPAIR_TEST_CHILD_NAME"
	importName = "import"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		if err := startChild(path, os.Getenv(childName)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// startChild does what a program does at its start, and prints the key that it got.
func startChild(path, name string) error {
	if name == importName {
		return startImport(path)
	}
	ctx := context.Background()
	// All processes wait for their first input byte, so that they start at the same moment.
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		return err
	}
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	key, err := store.Setting(ctx, "key", []byte(name))
	if err != nil {
		return err
	}
	if _, err := store.AddUsers(ctx, []storage.User{{Username: name}}); err != nil {
		return err
	}
	fmt.Printf("%s\n", key)
	return store.Close()
}

func TestProcessesStartTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	const rounds, processes = 6, 4
	for range rounds {
		path := filepath.Join(t.TempDir(), "new", "tokenpair.db")
		var commands []*exec.Cmd
		var gates []*os.File
		outputs := make([]bytes.Buffer, processes)
		for i := range processes {
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), os.Args[0])
			command.Env = append(os.Environ(), childPath+"="+path, fmt.Sprint(childName, "=process ", i))
			command.Stdin, command.Stdout, command.Stderr = read, &outputs[i], &outputs[i]
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			read.Close()
			commands, gates = append(commands, command), append(gates, write)
		}
		for _, gate := range gates {
			if _, err := gate.Write([]byte{'\n'}); err != nil {
				t.Error(err)
			}
			gate.Close()
		}
		keys := map[string]bool{}
		for i, command := range commands {
			if err := command.Wait(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, &outputs[i])
				continue
			}
			keys[strings.TrimSpace(outputs[i].String())] = true
		}
		if len(keys) != 1 {
			t.Errorf("the processes got different keys: %v", keys)
		}
		if users, err := mustOpen(t, path).Users(t.Context(), 0, 10); err != nil || len(users) != processes {
			t.Errorf("%d users, %v; want %d", len(users), err, processes)
		}
		wantMode(t, path, 0o600)
	}
}
