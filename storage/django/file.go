package django

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	driver "modernc.org/sqlite"
	code "modernc.org/sqlite/lib"
)

// A file is a SQLite database, as it was found.
type file struct {
	path string
	info fs.FileInfo
	// immutable says that SQLite shall take no lock and look for no log.
	immutable bool
}

// findFile looks at the file without SQLite, which would make a missing one, and would make the log and its index beside a
// database in write-ahead logging, even when it only reads.
func findFile(path string) (*file, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("make the path absolute: %w", err)
	}
	// The log lies beside the file itself, not beside a link to it.
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, reason(err)
	}
	f := &file{path: resolved}
	if f.info, err = os.Stat(resolved); err != nil {
		return nil, reason(err)
	}
	if f.info.IsDir() {
		return nil, errors.New("it is a directory: give the path of the database file in it")
	}
	if !f.info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file: give the path of the database file")
	}
	logs, err := readHeader(resolved)
	if err != nil {
		return nil, err
	}
	if logs {
		f.immutable, err = isClosed(resolved)
	}
	return f, err
}

// readHeader refuses what is no SQLite database, and reports whether it is in write-ahead logging. It must not be called
// while this process has the file open by other means: closing it drops SQLite's locks.
func readHeader(path string) (logs bool, err error) {
	opened, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("%w: let this program's user read the file", reason(err))
	}
	defer opened.Close()
	// The file format's first bytes: its name, the page size, the versions for writing and for reading.
	header := make([]byte, 20)
	if _, err := io.ReadFull(opened, header); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, reason(err)
	}
	if !strings.HasPrefix(string(header), "SQLite format 3\x00") {
		return false, errors.New("it is not a SQLite database: give the path of the site's database file, or a file that dumpdata has written")
	}
	return header[19] == 2, nil
}

// isClosed reports whether nobody has the database in write-ahead logging open: then there is no log, and whoever opens it
// makes one.
func isClosed(path string) (bool, error) {
	logged, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, reason(err)
	}
	_, err = os.Stat(path + "-shm")
	if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if logged.Size() > 0 {
		return false, errors.New("a log that ends in -wal is beside it, but no index that ends in -shm: start the site once, or copy all three files")
	}
	return true, nil
}

// dsn lets SQLite write nothing but its private temporary file, which has no name and lies in the system's directory.
func (f *file) dsn() string {
	keys := "mode=ro&readonly_shm=1&_pragma=temp_store(file)&_busy_timeout=5000&_dqs=0&_defensive=1"
	if f.immutable {
		keys += "&immutable=1"
	}
	path := filepath.ToSlash(f.path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	address := url.URL{Scheme: "file", Path: path, RawQuery: keys}
	return address.String()
}

// check finds out whether a file without locks was written meanwhile: what was read of it may be of two moments.
func (f *file) check() error {
	if !f.immutable {
		return nil
	}
	now, err := os.Stat(f.path)
	if err != nil {
		return reason(err)
	}
	if !os.SameFile(f.info, now) || now.Size() != f.info.Size() || !now.ModTime().Equal(f.info.ModTime()) {
		return errors.New("the site wrote to its database while it was read: try again")
	}
	return nil
}

// reason leaves out the call and the path, which the caller knows.
func reason(err error) error {
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		return failure.Err
	}
	return err
}

// explain puts SQLite's failures into words for the operator: its own may hold text of the file.
func (f *file) explain(ctx context.Context, err error) error {
	// What fails when a context ends may call itself a finished transaction.
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	cause, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	if cause.Code() == code.SQLITE_FULL || cause.Code() == code.SQLITE_IOERR_GETTEMPPATH {
		return errors.New("there is no room for a temporary file as large as the users and tokens: let TMPDIR name a directory that has it")
	}
	// The low byte is the kind, the rest its variety.
	switch cause.Code() & 0xff {
	case code.SQLITE_BUSY, code.SQLITE_LOCKED:
		return errors.New("the site kept its database locked for too long: try again, or stop the site")
	case code.SQLITE_READONLY:
		return errors.New("it was left in the middle of a change, which must be undone first: start the site once, or restore a backup")
	case code.SQLITE_CANTOPEN, code.SQLITE_PERM, code.SQLITE_AUTH:
		return errors.New("it can not be opened: let this program's user read the file and those beside it that end in -wal, -shm and -journal")
	case code.SQLITE_NOTADB, code.SQLITE_CORRUPT:
		return errors.New("the database is damaged: restore a backup")
	case code.SQLITE_IOERR:
		return fmt.Errorf("the disk failed to read (SQLite code %d): look at the system's log", cause.Code())
	}
	return fmt.Errorf("SQLite can not read it (code %d): check it with PRAGMA integrity_check", cause.Code())
}
