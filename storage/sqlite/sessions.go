package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
)

const (
	sessionColumns = `sid, user, created, used, ends, agent, address, current, expires, parent, rotated, ended, reason, keep`

	// A session comes back with its user, where that one is still there, and with whether the token is revoked: of one moment.
	selectStanding = `SELECT EXISTS (SELECT * FROM revoked WHERE id = ? AND ` + visible + `), ` + sessionColumns + `, ` + userColumns + `
		FROM (SELECT 1) LEFT JOIN sessions ON sid = ? LEFT JOIN users ON users.id = user AND ` + visible

	selectSession = `SELECT ` + sessionColumns + ` FROM sessions WHERE sid = ?`

	// Of those that go on, the ones that have expired are read too and left out: no index has what a rotation changes.
	selectSessions      = `SELECT ` + sessionColumns + ` FROM sessions WHERE user = ? ORDER BY created DESC LIMIT ?`
	selectAliveSessions = `SELECT ` + sessionColumns + ` FROM sessions WHERE user = ? AND ended IS NULL AND expires > ? ORDER BY created DESC LIMIT ?`

	insertSession = `INSERT INTO sessions (sid, user, created, used, ends, agent, address, current, expires, parent, rotated, keep, due)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12
		WHERE EXISTS (SELECT * FROM users WHERE id = ?2 AND active AND (sessions_ended IS NULL OR sessions_ended <= ?13) AND ` + visible + `)
		AND NOT EXISTS (SELECT * FROM revoked WHERE id = ?1 AND ` + visible + `)`

	// Whatever a rotation depends on is in these conditions, so that nothing can come between the look and the write. The parent
	// has its grace also where the clock was set back; without a grace its begin is NULL, and nothing is true.
	rotateSession = `UPDATE sessions SET parent = current, current = ?3, rotated = ?5, used = ?5, expires = min(ends, ?4), keep = max(keep, min(ends, ?4))
		WHERE sid = ?1 AND current = ?2 AND ended IS NULL RETURNING ` + sessionColumns
	endReused = `UPDATE sessions SET ended = ?4, reason = '` + string(storage.EndedByReuse) + `'
		WHERE sid = ?1 AND ended IS NULL AND NOT (?3 = '' AND current = ?2) AND (parent = ?2 AND rotated >= ?5) IS NOT TRUE
		RETURNING ` + sessionColumns

	touchSession = `UPDATE sessions SET used = ? WHERE sid = ? AND ended IS NULL AND used <= ?`
)

// AddSession adds s, or reports storage.ErrNotFound or storage.ErrExists.
func (s *Store) AddSession(ctx context.Context, session storage.Session, asOf time.Time) error {
	keep := max(expiry(session.Keep), expiry(session.Expires))
	err := s.write(ctx, func(t *transaction) error {
		added, err := t.change(insertSession, session.ID, session.User, expiry(session.Created), expiry(session.Used), expiry(session.Ends),
			session.Agent, session.Address, session.Current, expiry(session.Expires), session.Parent, microseconds(session.Rotated), keep,
			microseconds(asOf))
		if err != nil || added != 0 {
			return err
		}
		if _, err := scanSession(t.row(selectSession, session.ID)); err != nil {
			return err // also when there is none
		}
		return errSameID
	})
	if err != nil {
		return fmt.Errorf("add session: %w", err)
	}
	return nil
}

// Standing returns what is remembered about a token.
func (s *Store) Standing(ctx context.Context, tokenID, sessionID string) (storage.Standing, error) {
	var standing storage.Standing
	columns := append([]any{flag{&standing.Revoked}}, sessionDestinations(&standing.Session)...)
	columns = append(columns, userDestinations(&standing.User)...)
	if err := s.standing.QueryRowContext(ctx, tokenID, sessionID).Scan(columns...); err != nil {
		return storage.Standing{}, fmt.Errorf("find session: %w", translate(ctx, err))
	}
	return standing, nil
}

// RotateSession decides about a refresh token that came back, and returns the session as it is then.
func (s *Store) RotateSession(ctx context.Context, id string, r storage.Rotation) (session storage.Session, outcome storage.Outcome, err error) {
	err = s.write(ctx, func(t *transaction) (err error) {
		session, outcome, err = t.rotate(id, r)
		return err
	})
	if err != nil {
		return storage.Session{}, 0, fmt.Errorf("rotate session: %w", err)
	}
	return session, outcome, nil
}

func (t *transaction) rotate(id string, r storage.Rotation) (storage.Session, storage.Outcome, error) {
	now := r.Now()
	at := expiry(now)
	if r.Next != "" {
		session, err := scanSession(t.row(rotateSession, id, r.Token, r.Next, expiry(now.Add(r.Lifetime)), at))
		if !errors.Is(err, sql.ErrNoRows) {
			return session, storage.Rotated, err
		}
	}
	grace := sql.Null[int64]{V: expiry(r.At.Add(-r.Grace)), Valid: r.Grace > 0}
	session, err := scanSession(t.row(endReused, id, r.Token, r.Next, at, grace))
	if !errors.Is(err, sql.ErrNoRows) {
		return session, storage.Reused, err
	}
	session, err = scanSession(t.row(selectSession, id))
	switch {
	case err != nil:
		return storage.Session{}, 0, err
	case !session.Ended.IsZero():
		return session, storage.WasEnded, nil
	case session.Current == r.Token:
		return session, storage.Rotated, nil
	}
	return session, storage.Repeated, nil
}

// TouchSession sets Used to at where that is later by apart or more.
func (s *Store) TouchSession(ctx context.Context, id string, at time.Time, apart time.Duration) error {
	err := s.write(ctx, func(t *transaction) error {
		_, err := t.exec(touchSession, expiry(at), id, expiry(at.Add(-apart)))
		return err
	})
	if err != nil {
		return fmt.Errorf("touch session: %w", err)
	}
	return nil
}

// Sessions returns at most limit sessions of a user, the latest first.
func (s *Store) Sessions(ctx context.Context, user int64, alive time.Time, limit int) ([]storage.Session, error) {
	// To SQLite a negative limit means none.
	if limit <= 0 {
		return nil, fmt.Errorf("list sessions: the limit %d is not positive", limit)
	}
	query, arguments := selectSessions, []any{user, limit}
	if !alive.IsZero() {
		query, arguments = selectAliveSessions, []any{user, expiry(alive), limit}
	}
	rows, err := s.readers.QueryContext(ctx, query, arguments...)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", translate(ctx, err))
	}
	defer rows.Close()
	var sessions []storage.Session
	for rows.Next() {
		session, err := scanSession(rows)
		if err != nil {
			return nil, fmt.Errorf("list sessions: %w", translate(ctx, err))
		}
		sessions = append(sessions, session)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list sessions: %w", translate(ctx, err))
	}
	return sessions, nil
}

// HasSessions says whether any session is remembered.
func (s *Store) HasSessions(ctx context.Context) (has bool, err error) {
	if err := s.readers.QueryRowContext(ctx, `SELECT EXISTS (SELECT * FROM sessions)`).Scan(&has); err != nil {
		return false, fmt.Errorf("look for sessions: %w", translate(ctx, err))
	}
	return has, nil
}

// scanSession reads sessionColumns from a row.
func scanSession(row interface{ Scan(...any) error }) (session storage.Session, err error) {
	if err := row.Scan(sessionDestinations(&session)...); err != nil {
		return storage.Session{}, err
	}
	return session, nil
}

// sessionDestinations are those of sessionColumns.
func sessionDestinations(s *storage.Session) []any {
	return []any{column[string]{&s.ID}, column[int64]{&s.User}, moment{&s.Created}, moment{&s.Used}, moment{&s.Ends},
		column[string]{&s.Agent}, column[string]{&s.Address}, column[string]{&s.Current}, moment{&s.Expires}, column[string]{&s.Parent},
		moment{&s.Rotated}, moment{&s.Ended}, column[string]{(*string)(&s.Reason)}, moment{&s.Keep}}
}
