package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// busyTimeout is how long a connection waits for another process that writes, and beginEvery how often the writer looks
// meanwhile whether it is done. Left to SQLite, that would be every tenth of a second in the end: a process that writes one group
// after the other leaves the file free for moments only, and an operator's verb would hardly ever get a turn.
const (
	busyTimeout = 5 * time.Second
	beginEvery  = time.Millisecond
)

// A pragma and the value that it must have on a connection.
type pragma struct{ name, want string }

var (
	writerPragmas = []pragma{{"journal_mode", "wal"}, {"wal_autocheckpoint", "250"}, {"synchronous", "2"}, {"foreign_keys", "1"}, {"busy_timeout", "0"}}
	readerPragmas = []pragma{{"journal_mode", "wal"}, {"query_only", "1"}, {"foreign_keys", "1"}, {"busy_timeout", "5000"}}
)

// The underscored keys are applied by the driver to every connection that it opens, and it refuses a value that it does
// not know. mode is SQLite's own and counts only because the name begins with file:.

func inspectorDSN(path string) string {
	return fileURL(path, "mode=rw", "_busy_timeout=5000", "_dqs=0", "_defensive=1")
}

// writerDSN: the commit that fills the log writes it into the file, while the writer waits. A quarter of SQLite's usual
// length keeps that wait short, and costs nothing that could be measured.
func writerDSN(path string) string {
	return fileURL(path, "mode=rw", "_txlock=immediate", "_journal_mode=WAL", "_synchronous=FULL", "_foreign_keys=on",
		"_busy_timeout=0", "_dqs=0", "_defensive=1", "_pragma=wal_autocheckpoint(250)")
}

func readerDSN(path string) string {
	return fileURL(path, "mode=ro", "_query_only=on", "_foreign_keys=on", "_busy_timeout=5000", "_dqs=0", "_defensive=1")
}

// fileURL escapes what would end or change the path: question mark, hash, per cent.
func fileURL(path string, keys ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	address := url.URL{Scheme: "file", Path: path, RawQuery: strings.Join(keys, "&")}
	return address.String()
}

// openPool opens a pool of up to size connections that stay open, and reads the settings back from the first.
func openPool(ctx context.Context, dsn string, size int, pragmas []pragma) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("read the address: %w", translate(ctx, err))
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	if err := checkPragmas(ctx, pool, pragmas); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// begin takes the writer for a transaction. It waits for another process no longer than patience.
func begin(ctx context.Context, writer *sql.DB, patience time.Duration) (*sql.Tx, error) {
	for start := time.Now(); ; {
		tx, err := writer.BeginTx(ctx, nil)
		if err == nil || !isLocked(err) || time.Since(start) >= patience {
			return tx, err
		}
		select {
		case <-time.After(beginEvery):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// checkPragmas catches a setting that SQLite did not take: it says so nowhere else.
func checkPragmas(ctx context.Context, pool *sql.DB, pragmas []pragma) error {
	for _, p := range pragmas {
		var got string
		if err := pool.QueryRowContext(ctx, `PRAGMA `+p.name).Scan(&got); err != nil {
			return fmt.Errorf("read the setting %s: %w", p.name, translate(ctx, err))
		}
		if got != p.want {
			return fmt.Errorf("the setting %s is %q instead of %q: put the database on a local disk", p.name, got, p.want)
		}
	}
	return nil
}
