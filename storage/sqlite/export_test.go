package sqlite

import (
	"context"
	"database/sql"
	"time"
)

// What the tests look at from outside.
const (
	ApplicationID     = applicationID
	SelectFormats     = selectFormats
	SelectByName      = selectByName
	SelectByID        = selectByID
	SelectPage        = selectPage
	SelectRevoked     = selectRevoked
	SelectRevocations = selectRevocations
	InsertRevoked     = insertRevoked
	SelectPresent     = selectPresent
	DeleteExpired     = deleteExpired
	ClearUsers        = clearUsers
	ClearRevoked      = clearRevoked

	ForgetRows    = forgetRows
	HeartbeatLost = heartbeatLost
)

var (
	Migrations     = len(migrations)
	UsersMigration = usersMigration
)

// CheckWriter opens a connection by dsn and checks the writer's settings on it.
func CheckWriter(ctx context.Context, dsn string) error {
	pool, err := openPool(ctx, dsn, 1, writerPragmas)
	if err != nil {
		return err
	}
	return pool.Close()
}

func WriterDSN(path string) string { return writerDSN(path) }

func (s *Store) Pools() (writer, readers *sql.DB) { return s.writer, s.readers }

func (s *Store) Commits() int64 { return s.queue.commits.Load() }

// SetNow replaces the clock. No call may be under way.
func (s *Store) SetNow(now func() time.Time) { s.now = now }
