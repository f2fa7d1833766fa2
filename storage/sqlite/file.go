package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// createFile makes the file and its directory when they are missing. SQLite would make the file readable by all; the
// write-ahead log and its index take their mode from it.
func createFile(path string) error {
	directory := filepath.Dir(path)
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return fmt.Errorf("make the directory: %w: make it yourself, or give another path", reason(err))
	}
	// Exclusive: an existing file is never opened here, because closing it would drop the locks that a Store of this
	// process holds.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return file.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the file: %w: let the program's user write in %q, or give another path", reason(err), directory)
	}
	return checkFile(path)
}

func checkFile(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("it is a link to a file that does not exist: make or remove the link's target, or give another path")
	}
	if err != nil {
		return fmt.Errorf("look at the file: %w", reason(err))
	}
	if info.IsDir() {
		return errors.New("it is a directory: give the path of a file in it")
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file: give another path")
	}
	return nil
}

// tightenFile takes an existing database away from everybody but its owner: it holds password hashes and the key.
func tightenFile(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at the file: %w", reason(err))
		}
		// The log and its index keep the mode that the file had once: it may have been read-only then.
		if mode := info.Mode().Perm(); mode == 0o600 || name == path && mode&0o077 == 0 {
			continue
		}
		err = os.Chmod(name, 0o600)
		// Another process that closes the database removes its log.
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("others may read the file, and it can not be changed: %w: run chmod 600 on %q", reason(err), name)
		}
	}
	return nil
}

// reason leaves out the call and the path, which the message already has, but keeps a path that it does not have.
func reason(err error) error {
	if failure, ok := errors.AsType[*fs.PathError](err); ok && failure.Op != "mkdir" {
		return failure.Err
	}
	return err
}
