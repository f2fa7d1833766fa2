package sqlite

import (
	"context"
	"fmt"

	"example.com/tokenpair/storage"
)

const (
	// What was ended stays as it ended: every end looks at ended.
	endSession  = `UPDATE sessions SET ended = ?, reason = ? WHERE sid = ? AND ended IS NULL AND (user = ? OR ? = 0)`
	endSessions = `UPDATE sessions SET ended = ?, reason = ? WHERE user = ? AND ended IS NULL AND sid <> ?`
	endBatch    = `UPDATE sessions SET ended = ?, reason = ? WHERE user > ? AND user <= ? AND ended IS NULL`

	// revokeAlone is insertRevoked for a token that has no session.
	revokeAlone = `INSERT INTO revoked (id, expires) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT * FROM sessions WHERE sid = ?1)` + seenRevoked

	// mark moves the mark of all ends to a time, or by the least step where the clock is behind it. It is the first in its
	// statement.
	mark      = `UPDATE users SET sessions_ended = ifnull(max(?1, sessions_ended + 1), ?1)`
	markUser  = mark + oneUser
	markBatch = mark + ` WHERE id > ? AND id <= ? AND ` + visible

	// lastOfBatch is NULL when there is no user.
	lastOfBatch = `SELECT max(id) FROM (SELECT id FROM users WHERE id > ? AND ` + visible + ` ORDER BY id LIMIT ?)`
)

// EndSession ends a session of the user, or of whoever it is where user is 0, and says whether this call did.
func (s *Store) EndSession(ctx context.Context, id string, user int64, end storage.End) (ended bool, err error) {
	err = s.write(ctx, func(t *transaction) error {
		count, err := t.change(endSession, expiry(end.At), string(end.Reason), id, user, user)
		ended = count != 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("end session: %w", err)
	}
	return ended, nil
}

// EndToken ends the session whose ID is the token's, or revokes the token, and says whether this call did.
func (s *Store) EndToken(ctx context.Context, r storage.Revocation, end storage.End) (fresh bool, err error) {
	err = s.write(ctx, func(t *transaction) error {
		count, err := t.change(endSession, expiry(end.At), string(end.Reason), r.ID, 0, 0)
		if err != nil {
			return err
		}
		if count == 0 {
			count, err = t.change(revokeAlone, r.ID, expiry(r.Expires))
		}
		fresh = count != 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("end token: %w", err)
	}
	return fresh, nil
}

// EndSessions ends the sessions of a user but one, moves the mark of all ends, and returns how many it ended.
func (s *Store) EndSessions(ctx context.Context, user int64, except string, end storage.End) (ended int, err error) {
	err = s.write(ctx, func(t *transaction) error {
		if _, err := t.exec(markUser, expiry(end.At), user); err != nil {
			return err
		}
		ended, err = t.endSessions(user, except, end)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	return ended, nil
}

func (t *transaction) endSessions(user int64, except string, end storage.End) (int, error) {
	count, err := t.change(endSessions, expiry(end.At), string(end.Reason), user, except)
	return int(count), err
}

// EndSessionsAfter ends all sessions of at most limit users, and returns how many it ended and the last user's ID.
func (s *Store) EndSessionsAfter(ctx context.Context, afterID int64, limit int, end storage.End) (ended int, last int64, err error) {
	// To SQLite a negative limit means none, and with 0 the caller would take it for the end.
	if limit <= 0 {
		return 0, 0, fmt.Errorf("end sessions: the limit %d is not positive", limit)
	}
	err = s.write(ctx, func(t *transaction) error {
		if err := t.row(lastOfBatch, afterID, limit).Scan(column[int64]{&last}); err != nil || last == 0 {
			return err
		}
		if _, err := t.exec(markBatch, expiry(end.At), afterID, last); err != nil {
			return err
		}
		count, err := t.change(endBatch, expiry(end.At), string(end.Reason), afterID, last)
		ended = int(count)
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("end sessions: %w", err)
	}
	return ended, last, nil
}
