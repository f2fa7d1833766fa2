package sqlite_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"example.com/tokenpair/storage"
)

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Error(err)
	} else if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has the mode %o, want %o", filepath.Base(path), got, want)
	}
}

func skipWithoutModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this system has no file modes")
	}
}

func TestFileModes(t *testing.T) {
	skipWithoutModes(t)
	parent := filepath.Join(t.TempDir(), "new")
	path := filepath.Join(parent, "deeper", "tokenpair.db")
	store := mustOpen(t, path)
	if _, err := store.AddUsers(t.Context(), []storage.User{{Username: "anna"}}); err != nil {
		t.Fatal(err)
	}
	wantMode(t, parent, 0o700)
	wantMode(t, filepath.Dir(path), 0o700)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		wantMode(t, path+suffix, 0o600)
	}
}

func TestExistingDirectoryIsLeftAlone(t *testing.T) {
	skipWithoutModes(t)
	directory := t.TempDir()
	if err := os.Chmod(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, filepath.Join(directory, "tokenpair.db"))
	wantMode(t, directory, 0o755)
}

// TestExistingFileIsTightened also has a Store open on the file: its log was made under the old mode.
func TestExistingFileIsTightened(t *testing.T) {
	skipWithoutModes(t)
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	store := mustOpen(t, path)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+suffix, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mustOpen(t, path)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		wantMode(t, path+suffix, 0o600)
	}
	if _, err := store.AddUsers(t.Context(), []storage.User{{Username: "anna"}}); err != nil {
		t.Error(err)
	}
}

func TestPaths(t *testing.T) {
	names := []string{"a b.db", "a?mode=memory", "a#b", "a%3Fb", "100%", "a&b=c", "a;b", "a+b", "a:b", ":memory:", "file:x?cache=shared",
		"'quoted'", `"`, `back\slash`, "n\u00e4me \u7528\u6237.db", "-dash", "a\nb"}
	if runtime.GOOS == "windows" {
		names = []string{"a b.db", "a#b", "a%3Fb", "100%", "a&b=c", "a;b", "a+b", "'quoted'", "n\u00e4me \u7528\u6237.db", "-dash"}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "in "+name)
			path := filepath.Join(directory, name)
			if _, err := mustOpen(t, path).AddUsers(t.Context(), []storage.User{{Username: "anna"}}); err != nil {
				t.Fatal(err)
			}
			if _, err := mustOpen(t, path).UserByName(t.Context(), "anna"); err != nil {
				t.Errorf("a second Store does not see the same file: %v", err)
			}
			entries, err := os.ReadDir(directory)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if got := entry.Name(); got != name && got != name+"-wal" && got != name+"-shm" {
					t.Errorf("a file %q appeared", got)
				}
			}
		})
	}
}

func TestRelativePath(t *testing.T) {
	directory := t.TempDir()
	t.Chdir(directory)
	mustOpen(t, "tokenpair.db")
	if _, err := os.Stat(filepath.Join(directory, "tokenpair.db")); err != nil {
		t.Error(err)
	}
}

func TestLinkedFile(t *testing.T) {
	directory := t.TempDir()
	target, link := filepath.Join(directory, "target.db"), filepath.Join(directory, "link.db")
	mustOpen(t, target)
	if err := os.Symlink(target, link); err != nil {
		t.Skip("this system makes no links:", err)
	}
	if err := mustOpen(t, link).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestReadOnlyLogIsOpened: the log and its index keep the mode of a file that was read-only once, and that has been mended.
func TestReadOnlyLogIsOpened(t *testing.T) {
	skipWithoutModes(t)
	path := filepath.Join(t.TempDir(), "tokenpair.db")
	mustOpen(t, path)
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Chmod(path+suffix, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	mustOpen(t, path)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		wantMode(t, path+suffix, 0o600)
	}
}
