package django

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	_ "modernc.org/sqlite" // the driver named "sqlite"

	"example.com/tokenpair/storage"
)

// The temporary tables have what was in the site's at one moment. The plus takes the declared type away from a column: the
// driver would make something else of a datetime.
const (
	copyUsers = `CREATE TEMP TABLE copied_users AS
		SELECT +id AS id, +username AS username, +password AS password, +is_active AS is_active, +last_login AS last_login, +date_joined AS date_joined
		FROM main.auth_user ORDER BY id`
	selectUsers = `SELECT id, username, password, is_active, last_login, date_joined FROM temp.copied_users ORDER BY rowid`

	copyBlacklisted = `CREATE TEMP TABLE copied_tokens AS
		SELECT +b.id AS id, +o.id AS outstanding, +o.jti AS jti, +o.token AS token, +o.expires_at AS expires_at
		FROM main.token_blacklist_blacklistedtoken AS b
		LEFT JOIN main.token_blacklist_outstandingtoken AS o ON o.id = b.token_id
		ORDER BY b.id`
	countGood = `SELECT count(*) FROM main.token_blacklist_outstandingtoken AS o WHERE o.expires_at > ?
		AND NOT EXISTS (SELECT * FROM main.token_blacklist_blacklistedtoken AS b WHERE b.token_id = o.id)`
	selectBlacklisted = `SELECT id, outstanding, jti, token, expires_at FROM temp.copied_tokens ORDER BY rowid`
)

// A database is copied in one transaction, and read from the copy.
type database struct {
	ctx       context.Context // a field, because an iterator takes none
	file      *file
	pool      *sql.DB
	conn      *sql.Conn // the one that has the temporary tables
	tx        *sql.Tx   // of the site's tables, until they are copied
	now       time.Time
	hasTokens bool
	dead      int
	alive     int // neither blacklisted nor expired
}

func openDatabase(ctx context.Context, path string, now time.Time) (*database, error) {
	file, err := findFile(path)
	if err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", file.dsn())
	if err != nil {
		return nil, file.explain(ctx, err)
	}
	d := &database{ctx: ctx, file: file, pool: pool, now: now}
	if err := d.begin(); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// begin takes the snapshot and looks for the tables.
func (d *database) begin() (err error) {
	if d.conn, err = d.pool.Conn(d.ctx); err != nil {
		return d.file.explain(d.ctx, err)
	}
	if d.tx, err = d.conn.BeginTx(d.ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return d.file.explain(d.ctx, err)
	}
	found, err := d.findTable("auth_user", "id", "username", "password", "is_active", "last_login", "date_joined")
	if err != nil {
		return err
	}
	if !found {
		return errors.New("it has no table auth_user: give the path of a Django site's database " + notRead)
	}
	if d.hasTokens, err = d.findTable("token_blacklist_blacklistedtoken", "id", "token_id"); err != nil || !d.hasTokens {
		return err
	}
	found, err = d.findTable("token_blacklist_outstandingtoken", "id", "jti", "token", "expires_at")
	if err == nil && !found {
		err = errors.New("it has no table token_blacklist_outstandingtoken: run the site's migrations")
	}
	return err
}

// findTable reports whether the table is there. One that lacks a column is an error.
func (d *database) findTable(table string, columns ...string) (bool, error) {
	// Not a view: it would run what another program wrote.
	const query = `SELECT count(*), count(DISTINCT lower(c.name)) FILTER (WHERE lower(c.name) = ?2)
		FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' AND lower(t.name) = ?1`
	for _, column := range columns {
		var all, named int
		if err := d.tx.QueryRowContext(d.ctx, query, table, column).Scan(&all, &named); err != nil {
			return false, d.file.explain(d.ctx, err)
		}
		if all == 0 {
			return false, nil
		}
		if named == 0 {
			return false, fmt.Errorf("its table %s has no column %s: it is not Django's, or of another version", table, column)
		}
	}
	return true, nil
}

// copy ends the snapshot, and with it the site's waiting.
func (d *database) copy() error {
	statements := []string{copyUsers}
	if d.hasTokens {
		statements = append(statements, copyBlacklisted)
	}
	for _, statement := range statements {
		if _, err := d.tx.ExecContext(d.ctx, statement); err != nil {
			return d.file.explain(d.ctx, err)
		}
	}
	if d.hasTokens {
		now := d.now.UTC().Format("2006-01-02 15:04:05.000000") // as Django writes it, so that texts compare as times
		if err := d.tx.QueryRowContext(d.ctx, countGood, now).Scan(&d.alive); err != nil {
			return d.file.explain(d.ctx, err)
		}
	}
	if err := d.tx.Commit(); err != nil {
		return d.file.explain(d.ctx, err)
	}
	return d.file.check()
}

func (d *database) users(yield func(storage.User, error) bool) {
	if err := d.readUsers(yield); err != nil {
		yield(storage.User{}, fmt.Errorf("read database: %w", err))
	}
}

func (d *database) readUsers(yield func(storage.User, error) bool) error {
	rows, err := d.conn.QueryContext(d.ctx, selectUsers)
	if err != nil {
		return d.file.explain(d.ctx, err)
	}
	defer rows.Close()
	some := false
	for rows.Next() {
		some = true
		var row userRow
		if err := rows.Scan(&row.id, &row.username, &row.password, &row.active, &row.lastLogin, &row.joined); err != nil {
			return d.file.explain(d.ctx, err)
		}
		user, err := row.user()
		if err != nil {
			return fmt.Errorf("a row of auth_user%s: %w", describe(user), err)
		}
		if !yield(user, nil) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return d.file.explain(d.ctx, err)
	}
	if !some {
		return errors.New("its table auth_user is empty: there is nobody to read " + notRead)
	}
	return nil
}

func (d *database) revocations(yield func(storage.Revocation, error) bool) {
	if !d.hasTokens {
		return
	}
	if err := d.readRevocations(yield); err != nil {
		yield(storage.Revocation{}, fmt.Errorf("read database: %w", err))
	}
}

func (d *database) readRevocations(yield func(storage.Revocation, error) bool) error {
	rows, err := d.conn.QueryContext(d.ctx, selectBlacklisted)
	if err != nil {
		return d.file.explain(d.ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var row tokenRow
		if err := rows.Scan(&row.id, &row.outstanding, &row.jti, &row.token, &row.expires); err != nil {
			return d.file.explain(d.ctx, err)
		}
		revocation, err := row.revocation()
		if err != nil {
			return fmt.Errorf("a row of token_blacklist_blacklistedtoken%s: %w", row.describe(), err)
		}
		if !revocation.Expires.After(d.now) {
			d.dead++
		} else if !yield(revocation, nil) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return d.file.explain(d.ctx, err)
	}
	return nil
}

func (d *database) good() int    { return d.alive }
func (d *database) expired() int { return d.dead }

func (d *database) close() error {
	if d.tx != nil {
		d.tx.Rollback() // nothing was changed
	}
	if d.conn != nil {
		d.conn.Close() // to the pool
	}
	if err := d.pool.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
