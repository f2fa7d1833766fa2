package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
)

// applicationID marks a file as a database of this program ("tkpr" in ASCII), so that another program's is not migrated.
const applicationID = 0x746b7072

//go:embed migrations/0001_users.sql
var usersMigration string

//go:embed migrations/0002_revoked.sql
var revokedMigration string

//go:embed migrations/0003_sessions.sql
var sessionsMigration string

// migrations are run in this order; a database of version n has had the first n. One that was released is never edited.
var migrations = []string{usersMigration, revokedMigration, sessionsMigration}

// inspect returns the version of the database in the file, 0 for an empty one, without changing it.
func inspect(ctx context.Context, path string) (int, error) {
	pool, err := sql.Open("sqlite", inspectorDSN(path))
	if err != nil {
		return 0, fmt.Errorf("read the address: %w", translate(ctx, err))
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("look at the database: %w", translate(ctx, err))
	}
	defer tx.Rollback()
	return readVersion(ctx, tx)
}

// migrate brings the database to the newest version in one transaction. Another process may have done it since inspect.
func migrate(ctx context.Context, writer *sql.DB) error {
	tx, err := begin(ctx, writer, busyTimeout)
	if err != nil {
		return fmt.Errorf("migrate: %w", translate(ctx, err))
	}
	defer tx.Rollback()
	version, err := readVersion(ctx, tx)
	if err != nil {
		return err
	}
	for i, script := range migrations[version:] {
		if _, err := tx.ExecContext(ctx, script); err != nil {
			return fmt.Errorf("migrate to version %d: %w", version+i+1, translate(ctx, err))
		}
	}
	// Both marks are part of the transaction; a pragma takes no parameters.
	marks := fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, applicationID, len(migrations))
	if _, err := tx.ExecContext(ctx, marks); err != nil {
		return fmt.Errorf("mark the version: %w", translate(ctx, err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("migrate: %w", translate(ctx, err))
	}
	return nil
}

// readVersion refuses what is not ours or not known.
func readVersion(ctx context.Context, tx *sql.Tx) (int, error) {
	var mark, version, objects int
	const marks = `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`
	if err := tx.QueryRowContext(ctx, marks).Scan(&mark, &version, &objects); err != nil {
		return 0, fmt.Errorf("read the version: %w", translate(ctx, err))
	}
	if mark == 0 && version == 0 && objects == 0 {
		return 0, nil
	}
	if mark != applicationID {
		return 0, errors.New("it is the database of another program: give the path of this program's own database, or of a new file")
	}
	if version > len(migrations) {
		return 0, fmt.Errorf("it has version %d and this program knows versions up to %d: run the newer program, or restore a backup of the older database",
			version, len(migrations))
	}
	return version, nil
}
