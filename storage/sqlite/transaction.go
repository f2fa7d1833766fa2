package sqlite

import (
	"context"
	"database/sql"
)

const (
	savepoint  = `SAVEPOINT unit`
	release    = `RELEASE unit`
	rollbackTo = `ROLLBACK TO unit`
)

// writes are the statements that the writer keeps ready: those of every login and refresh, and of many users at once.
var writes = []string{savepoint, release, rollbackTo, insertSession, rotateSession, endReused, selectSession, touchSession, endSession,
	endSessions, insertRevoked, revokeAlone, setLastLogin, replacePassword, insertUser}

// prepared has kept statements by their text.
type prepared map[string]*sql.Stmt

// transaction is that of a group of units. One goroutine uses it.
type transaction struct {
	tx       *sql.Tx
	prepared prepared
	bound    prepared
}

func newTransaction(tx *sql.Tx, statements prepared) *transaction {
	return &transaction{tx: tx, prepared: statements, bound: make(prepared, len(statements))}
}

// run runs a unit in a savepoint. An error of the unit's own is kept for its caller; one that is returned has ended the
// transaction.
func (t *transaction) run(u *unit) error {
	if _, err := t.exec(savepoint); err != nil {
		return err
	}
	u.attempt(t)
	if u.err != nil || u.panicked != nil {
		// There is nothing to go back to where SQLite has dropped the whole transaction.
		if _, err := t.exec(rollbackTo); err != nil {
			if u.err != nil {
				return u.err
			}
			return err
		}
	}
	_, err := t.exec(release)
	return err
}

// attempt keeps a panic for the caller, whose fault it is.
func (u *unit) attempt(t *transaction) {
	defer func() { u.panicked = recover() }()
	u.err = u.work(t)
}

// statement returns a kept statement, or nil.
func (t *transaction) statement(query string) *sql.Stmt {
	if bound, ok := t.bound[query]; ok {
		return bound
	}
	kept, ok := t.prepared[query]
	if !ok {
		return nil
	}
	bound := t.tx.StmtContext(context.Background(), kept)
	t.bound[query] = bound
	return bound
}

func (t *transaction) exec(query string, arguments ...any) (sql.Result, error) {
	if statement := t.statement(query); statement != nil {
		return statement.ExecContext(context.Background(), arguments...)
	}
	return t.tx.ExecContext(context.Background(), query, arguments...)
}

// change runs a statement and says how many rows it changed.
func (t *transaction) change(query string, arguments ...any) (int64, error) {
	result, err := t.exec(query, arguments...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t *transaction) row(query string, arguments ...any) *sql.Row {
	if statement := t.statement(query); statement != nil {
		return statement.QueryRowContext(context.Background(), arguments...)
	}
	return t.tx.QueryRowContext(context.Background(), query, arguments...)
}
