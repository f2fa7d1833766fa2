package storage

import (
	"context"
	"time"
)

// Session is one login and what became of it. At any instant one refresh token of it is current; a rotation puts another
// in its place. Times are kept to the microsecond and come back in UTC.
type Session struct {
	// ID is compared byte by byte. It is the claim sid of every token of the session.
	ID string
	// User is the ID of who logged in, also after that user was deleted.
	User int64
	// Created is when the session began.
	Created time.Time
	// Used is when it was last refreshed, or began; see TouchSession.
	Used time.Time
	// Ends is when it ends in any case.
	Ends time.Time
	// Agent and Address say what the login came from, as far as it told.
	Agent, Address string

	// Current is the id (jti) of the refresh token that is current. There is no way from it to the token but the key.
	Current string
	// Expires is when that token expires. The session ends with it by itself, and remembers no reason.
	Expires time.Time
	// Parent is the id of the token whose place Current took, "" before the first rotation.
	Parent string
	// Rotated is when that was, zero before the first rotation.
	Rotated time.Time

	// Ended is when the session was ended, zero when it was not. What was ended stays ended.
	Ended time.Time
	// Reason is why.
	Reason EndReason

	// Keep is until when the session must be remembered, whether ended or not: when the last of its tokens expires. A Store
	// keeps the latest that it was told, and never less than Expires.
	Keep time.Time
}

// EndReason is why a session was ended.
type EndReason string

// The reasons why a session was ended.
const (
	EndedByLogout   EndReason = "logout"      // its refresh token was given back
	EndedByUser     EndReason = "user"        // the user ended it from another session, or all of them
	EndedByOperator EndReason = "operator"    // an operator ended it
	EndedByReuse    EndReason = "reuse"       // a refresh token came back that a rotation had replaced
	EndedByPassword EndReason = "password"    // the password was changed or reset
	EndedInactive   EndReason = "deactivated" // the user was deactivated
	EndedDeleted    EndReason = "deleted"     // the user was deleted
)

// End is an end that a session is to come to.
type End struct {
	At     time.Time
	Reason EndReason
}

// Rotation is a refresh token that came back, and what it is to be replaced by.
type Rotation struct {
	// Token is the id of the refresh token that came back.
	Token string
	// Next is the id of its successor, "" where it is not to be replaced.
	Next string
	// Lifetime is for how long the successor lives; it does not outlive Session.Ends.
	Lifetime time.Duration
	// At is when the token came back.
	At time.Time
	// Grace is for how long after a rotation the replaced token may come back, zero for not at all.
	Grace time.Duration
	// Clock is asked for the time of the rotation, as the write may have waited for its turn: a grace that began before could
	// be over by then. Without it, that is At.
	Clock func() time.Time
}

// Now asks the Clock.
func (r Rotation) Now() time.Time {
	if r.Clock == nil {
		return r.At
	}
	return r.Clock()
}

// Apply returns the session with Next in the place of its current token, at this time.
func (r Rotation) Apply(s Session, at time.Time) Session {
	s.Parent, s.Current, s.Rotated, s.Used = s.Current, r.Next, at, at
	if s.Expires = at.Add(r.Lifetime); s.Expires.After(s.Ends) {
		s.Expires = s.Ends
	}
	if s.Expires.After(s.Keep) {
		s.Keep = s.Expires
	}
	return s
}

// Outcome is what became of a Rotation.
type Outcome int

// The outcomes of a Rotation.
const (
	Rotated  Outcome = iota // Token was current; Next is now, or Token still is where there was no Next
	Repeated                // Token is the parent of the current one, and in its grace: nothing was changed
	Reused                  // Token was neither: the session is ended by this call, for EndedByReuse
	WasEnded                // the session was ended before: nothing was changed
)

// Standing is what is remembered about a token.
type Standing struct {
	// Revoked says that the token itself is revoked, expired or not.
	Revoked bool
	// Session is the token's, or zero when there is none.
	Session Session
	// User is the session's, or zero when there is none.
	User User
}

// PasswordChange is a new password that ends sessions.
type PasswordChange struct {
	Encoded, Format string
	At              time.Time
	// Keep is the ID of a session that goes on, "" for none.
	Keep string
}

// SessionStore is the part of a Store that remembers sessions.
type SessionStore interface {
	// AddSession adds s, which is not ended, if s.User is there and active, and has had no end of all sessions after asOf
	// (User.SessionsEnded), and no token with the ID s.ID is revoked; otherwise ErrNotFound. When there is a session of this
	// ID, ended or not, the error wraps ErrExists. An empty ID is an error too.
	AddSession(ctx context.Context, s Session, asOf time.Time) error

	// Standing returns what is remembered about the token with this ID, of the session with this ID, which may be "".
	Standing(ctx context.Context, tokenID, sessionID string) (Standing, error)

	// RotateSession decides about a refresh token that came back, and returns the session as it is then. Of several callers
	// at once with one current token and different successors, one is told Rotated, and the others, where Grace allows,
	// Repeated. With no session of this ID it reports ErrNotFound. Putting Next in Token's place also sets Used.
	RotateSession(ctx context.Context, id string, r Rotation) (Session, Outcome, error)

	// TouchSession sets Used to at where that is later than Used by apart or more. A session that is ended or not there is
	// left alone.
	TouchSession(ctx context.Context, id string, at time.Time, apart time.Duration) error

	// EndSession ends a session of the user, or of whoever it is where user is 0, and says whether this call did: it is not
	// when the session is ended already, or not there, or somebody else's.
	EndSession(ctx context.Context, id string, user int64, end End) (ended bool, err error)

	// EndToken makes a token without a session good for nothing, whether it was adopted or not: it ends the session whose ID
	// is the token's, or revokes the token where there is none. It says whether this call did; of several callers at once,
	// one is told true.
	EndToken(ctx context.Context, r Revocation, end End) (fresh bool, err error)

	// EndSessions ends the sessions of a user, but for the one with the ID except ("" for none), and returns how many. It
	// sets User.SessionsEnded, also where there is none to end. With no such user there is nothing to do.
	EndSessions(ctx context.Context, user int64, except string, end End) (int, error)

	// EndSessionsAfter does what EndSessions does for at most limit users whose IDs are greater than afterID, ascending by
	// ID. It returns how many sessions it ended and the last of these IDs, 0 when there was no user left. A limit that is
	// not positive is an error.
	EndSessionsAfter(ctx context.Context, afterID int64, limit int, end End) (ended int, last int64, err error)

	// Sessions returns at most limit sessions of a user, the latest Created first: all that are remembered, or only those
	// that are not ended and expire after alive, where that is not zero. A limit that is not positive is an error.
	Sessions(ctx context.Context, user int64, alive time.Time, limit int) ([]Session, error)

	// HasSessions says whether any session is remembered.
	HasSessions(ctx context.Context) (bool, error)

	// ForgetSessions forgets sessions whose Keep is at or before until, for about as long as hold, and returns how many.
	// It is called again while more is true, which it comes to an end of. Nobody else can write for that long.
	ForgetSessions(ctx context.Context, until time.Time, hold time.Duration) (forgotten int, more bool, err error)
}
