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
	SelectRevocations = selectRevocations
	InsertRevoked     = insertRevoked
	SelectPresent     = selectPresent
	DeleteExpired     = deleteExpired
	ClearUsers        = clearUsers
	ClearRevoked      = clearRevoked

	SelectStanding      = selectStanding
	SelectSession       = selectSession
	SelectSessions      = selectSessions
	SelectAliveSessions = selectAliveSessions
	InsertSession       = insertSession
	RotateSession       = rotateSession
	EndReused           = endReused
	TouchSession        = touchSession
	EndSession          = endSession
	EndSessions         = endSessions
	EndBatch            = endBatch
	MarkUser            = markUser
	MarkBatch           = markBatch
	LastOfBatch         = lastOfBatch
	RevokeAlone         = revokeAlone
	MoveSessions        = moveSessions
	DeleteSessions      = deleteSessions

	GroupUnits    = groupUnits
	ForgetRows    = forgetRows
	HeartbeatLost = heartbeatLost
)

var (
	Migrations       = len(migrations)
	UsersMigration   = usersMigration
	RevokedMigration = revokedMigration
	ScanSession      = scanSession
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

// Commits is how many groups were committed.
func (s *Store) Commits() int { return int(s.queue.commits.Load()) }

// Waiting is how many units are queued.
func (s *Store) Waiting() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.waiting)
}

// Write has the queue run work.
func (s *Store) Write(ctx context.Context, work func(exec func(query string, arguments ...any) error) error) error {
	return s.write(ctx, func(t *transaction) error {
		return work(func(query string, arguments ...any) error {
			_, err := t.exec(query, arguments...)
			return err
		})
	})
}

// SetNow replaces the clock. No call may be under way.
func (s *Store) SetNow(now func() time.Time) { s.now = now }

// SetPatience changes how long a write waits for another process. No call may be under way.
func (s *Store) SetPatience(patience time.Duration) { s.patience = patience }

// SetPause replaces the rest between groups. No call may be under way.
func (s *Store) SetPause(pause func(time.Duration)) { s.pause = pause }
