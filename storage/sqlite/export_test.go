package sqlite

import (
	"context"
	"database/sql"
)

// What the tests look at from outside.
const (
	ApplicationID = applicationID
	SelectFormats = selectFormats
	SelectByName  = selectByName
	SelectPage    = selectPage
)

var Migrations = len(migrations)

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
