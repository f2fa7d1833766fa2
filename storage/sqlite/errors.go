package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	code "modernc.org/sqlite/lib"

	"example.com/tokenpair/storage"
)

var (
	errSameID   = fmt.Errorf("the id %w", storage.ErrExists)
	errSameName = fmt.Errorf("the username %w", storage.ErrExists)
)

// failure is a failure of the database in words for the operator. The driver's own stays within reach of errors.As.
type failure struct {
	words string
	cause error
}

func (f *failure) Error() string { return f.words }
func (f *failure) Unwrap() error { return f.cause }

// Is tells storage.ErrBusy from a database that failed.
func (f *failure) Is(target error) bool { return target == storage.ErrBusy && isLocked(f.cause) }

// translate turns the driver's errors into the storage's, by their codes. An ended context comes before all of them.
func translate(ctx context.Context, err error) error {
	// database/sql rolls back behind the caller when a context ends: what fails then may call itself a closed statement
	// or a finished transaction.
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	if errors.Is(err, sql.ErrNoRows) {
		return storage.ErrNotFound
	}
	cause, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return err
	}
	switch cause.Code() {
	case code.SQLITE_CONSTRAINT_UNIQUE:
		return errSameName
	case code.SQLITE_CONSTRAINT_PRIMARYKEY, code.SQLITE_CONSTRAINT_ROWID:
		return errSameID
	}
	if isLocked(cause) {
		return &failure{"another program kept the database locked for too long: end that program, or try again", cause}
	}
	// The low byte is the kind, the rest its variety.
	switch cause.Code() & 0xff {
	case code.SQLITE_READONLY, code.SQLITE_PERM:
		return &failure{"the database can not be written: let the program's user write the file and its directory", cause}
	case code.SQLITE_CANTOPEN, code.SQLITE_AUTH:
		return &failure{"the database can not be opened: let the program's user read and write the file and its directory", cause}
	case code.SQLITE_NOTADB:
		return &failure{"it is not a SQLite database: give the path of this program's own database, or of a new file", cause}
	case code.SQLITE_CORRUPT:
		return &failure{"the database is damaged: restore a backup", cause}
	case code.SQLITE_FULL:
		return &failure{"the disk is full: make room on it", cause}
	case code.SQLITE_IOERR:
		return &failure{fmt.Sprintf("the disk failed to read or write (SQLite code %d): look at the system's log", cause.Code()), cause}
	}
	return err
}

// isLocked reports whether another connection was in the way.
func isLocked(err error) bool {
	cause, ok := errors.AsType[*driver.Error](err)
	return ok && (cause.Code()&0xff == code.SQLITE_BUSY || cause.Code()&0xff == code.SQLITE_LOCKED)
}
