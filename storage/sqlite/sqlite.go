// Package sqlite remembers users, sessions, revoked tokens and settings in one SQLite file. It does not know what a password hash
// means, when a token has expired, or who may ask.
//
// One connection writes and a few read, side by side, in write-ahead logging. Every write is on disk when its method
// returns. Another process may use the same file at the same time, on the same machine.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// readers is how many connections read. Reading is bound by the processor: more would only hold more memory.
const readers = 4

// Store is a storage.Store in one file. Open makes it.
type Store struct {
	path     string
	file     os.FileInfo
	writer   *sql.DB
	readers  *sql.DB
	byName   *sql.Stmt
	byID     *sql.Stmt
	formats  *sql.Stmt
	standing *sql.Stmt
	prepared prepared
	queue    queue
	// patience is how long a write waits for another process.
	patience time.Duration
	// pause rests between groups of writes.
	pause func(time.Duration)
	// now only measures: how long the writer is held, and whether an import is still alive.
	now func() time.Time
}

// Open opens the database in the file at path, and makes it, with its directory, when it is missing. The file is
// readable by its owner only (an existing database that others may read is tightened to 0600); a directory that was
// missing is made 0700, one that exists is left alone. A database of an earlier version is brought up to date. A newer
// one, a database of another program and a file that is not a database are refused and left as they are.
//
// Two processes may open the same new database together. No code of this process may open and close the file by other
// means while a Store has it open: on most systems that drops SQLite's locks.
func Open(ctx context.Context, path string) (*Store, error) {
	patience, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	for {
		s, err := open(ctx, path)
		if err == nil {
			return s, nil
		}
		// Of two processes that turn on write-ahead logging together, SQLite refuses one without waiting.
		if !isLocked(err) || patience.Err() != nil {
			return nil, fmt.Errorf("open database %q: %w", path, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func open(ctx context.Context, path string) (*Store, error) {
	if path == "" {
		return nil, errors.New("the path is empty: give the path of a file")
	}
	// Absolute, because a URL needs it and the process may change its directory before a connection is made anew.
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("make the path absolute: %w", err)
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	// Before anything writes: merely opening a connection in WAL mode would change another program's file.
	version, err := inspect(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := tightenFile(path); err != nil {
		return nil, err
	}

	s := &Store{path: path, now: time.Now, patience: busyTimeout, pause: time.Sleep}
	if err := s.connect(ctx, version); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// connect makes the writer first: a read-only connection can not open what the writer has not made.
func (s *Store) connect(ctx context.Context, version int) (err error) {
	if s.file, err = os.Stat(s.path); err != nil {
		return fmt.Errorf("look at the file: %w", err)
	}
	if s.writer, err = openPool(ctx, writerDSN(s.path), 1, writerPragmas); err != nil {
		return err
	}
	if version < len(migrations) {
		if err := migrate(ctx, s.writer); err != nil {
			return err
		}
	}
	// SQLite falls back to reading when the file may not be written, and would say so only at the first write. A
	// statement that changes nothing finds out; where another process is writing, the file can be written.
	const probe = `DELETE FROM settings WHERE FALSE`
	if _, err := s.writer.ExecContext(ctx, probe); err != nil && !isLocked(err) {
		return fmt.Errorf("try to write: %w", translate(ctx, err))
	}
	if s.readers, err = openPool(ctx, readerDSN(s.path), readers, readerPragmas); err != nil {
		return err
	}
	statements := map[string]**sql.Stmt{
		selectByName: &s.byName, selectByID: &s.byID, selectFormats: &s.formats, selectStanding: &s.standing,
	}
	for query, statement := range statements {
		if *statement, err = s.readers.PrepareContext(ctx, query); err != nil {
			return fmt.Errorf("prepare: %w", translate(ctx, err))
		}
	}
	s.prepared = make(prepared)
	for _, query := range writes {
		if s.prepared[query], err = s.writer.PrepareContext(ctx, query); err != nil {
			return fmt.Errorf("prepare: %w", translate(ctx, err))
		}
	}
	return nil
}

// Ping reads from the database, and checks that its file still is the one that was opened: SQLite itself does not notice
// that the file was removed or replaced.
func (s *Store) Ping(ctx context.Context) error {
	var version int
	if err := s.readers.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return fmt.Errorf("ping database: %w", translate(ctx, err))
	}
	now, err := os.Stat(s.path)
	if err != nil {
		return fmt.Errorf("ping database: the file is gone: %w", err)
	}
	if !os.SameFile(s.file, now) {
		return fmt.Errorf("ping database: the file %q was replaced: restart the program", s.path)
	}
	return nil
}

// Close waits for the writes under way. The last Store on a file to close brings everything into the one file.
func (s *Store) Close() error {
	s.queue.close()
	var errs []error
	for _, statement := range append(slices.Collect(maps.Values(s.prepared)), s.byName, s.byID, s.formats, s.standing) {
		if statement != nil {
			errs = append(errs, statement.Close())
		}
	}
	// The writer is last: a reader that closes last may not empty the write-ahead log.
	for _, pool := range []*sql.DB{s.readers, s.writer} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close database: %w", translate(context.Background(), err))
	}
	return nil
}
