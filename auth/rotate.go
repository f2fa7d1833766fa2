package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// refreshSession is Refresh by the rules of docs/refresh.md.
func (s *Service) refreshSession(ctx context.Context, encoded string, from Client) (token.Pair, error) {
	claims, standing, err := s.open(ctx, encoded, token.Refresh)
	if err != nil {
		return token.Pair{}, err
	}
	user, err := s.holder(ctx, claims, standing)
	if err != nil {
		return token.Pair{}, err
	}
	session := standing.Session
	if session.ID == "" {
		if session, err = s.adopt(ctx, claims, user, from); err != nil {
			return token.Pair{}, err
		}
	}
	r := &refreshing{Service: s, claims: claims, user: user, from: from, id: s.Issuer.ID(claims), now: s.Issuer.Now()}
	switch {
	case s.inGrace(session, r.id):
		return r.pair(session)
	case session.Current == r.id && !s.Rules.RotateRefreshTokens:
		s.touch(ctx, session)
		return r.access(session)
	}
	return r.rotate(ctx, session)
}

// holder is the active user of a token that may be refreshed. The mark of a password only speaks for tokens that belong to no
// session: sessions were ended with the change.
func (s *Service) holder(ctx context.Context, claims token.Claims, standing storage.Standing) (storage.User, error) {
	user, err := s.userFor(ctx, claims, standing)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, errUnnamed):
		return storage.User{}, ErrNoAccount
	case err != nil:
		return storage.User{}, err
	case !user.Active:
		return storage.User{}, ErrNoAccount
	case s.asksForMark(standing) && s.passwordChanged(claims, user):
		if err := s.end(ctx, claims, storage.EndedByPassword); err != nil && !errors.Is(err, ErrBlacklisted) {
			return storage.User{}, err
		}
		return storage.User{}, ErrPasswordChanged
	}
	return user, nil
}

// adopt starts a session for a token that has none, because Django issued it or because there were no sessions then: the
// token is its current one. Of several callers at once, one does; the others find it.
func (s *Service) adopt(ctx context.Context, claims token.Claims, user storage.User, from Client) (Session, error) {
	session := s.newSession(user, from)
	session.ID, session.Current = s.Issuer.ID(claims), s.Issuer.ID(claims)
	session.Keep = s.Issuer.Expires(claims)
	session.Expires = earlier(session.Keep, session.Ends)
	written, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err := s.Store.AddSession(written, session, beforeIssue(claims))
	switch {
	case errors.Is(err, storage.ErrExists):
		standing, err := s.standing(ctx, claims)
		return standing.Session, err
	case errors.Is(err, storage.ErrNotFound): // it was revoked, or the user's sessions ended, a moment ago
		return Session{}, ErrBlacklisted
	case err != nil:
		return Session{}, fmt.Errorf("adopt a token: %w", err)
	}
	return session, nil
}

// refreshing is one refresh token that came back.
type refreshing struct {
	*Service
	claims token.Claims
	user   storage.User
	from   Client
	id     string // of the token
	now    time.Time
}

// rotate puts a new refresh token in the place of the one that came back, by one conditional write, and answers whoever
// comes too late for that as the rules say.
func (r *refreshing) rotate(ctx context.Context, session Session) (token.Pair, error) {
	rotation := storage.Rotation{
		Token: r.id, At: r.now, Lifetime: r.Issuer.Config().RefreshLifetime, Grace: r.Rules.RefreshGrace, Clock: r.Issuer.Now,
	}
	var next Session
	var pair token.Pair
	if r.Rules.RotateRefreshTokens {
		rotation.Next = r.Issuer.NewID()
		next = rotation.Apply(session, r.now)
		var err error
		// Before the write: a token that could not be minted would be lost.
		if pair, err = r.pair(next); err != nil {
			return token.Pair{}, err
		}
	}
	written, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	session, outcome, err := r.Store.RotateSession(written, session.ID, rotation)
	if errors.Is(err, storage.ErrNotFound) {
		return token.Pair{}, ErrBlacklisted
	}
	if err != nil {
		return token.Pair{}, fmt.Errorf("rotate a refresh token: %w", err)
	}
	switch outcome {
	case storage.Rotated:
		if rotation.Next == "" { // it is current after all: somebody else has adopted it a moment ago
			return r.access(session)
		}
		if refreshTerms(session) == refreshTerms(next) {
			return pair, nil
		}
		return r.pair(session) // the write waited for its turn
	case storage.Repeated:
		return r.pair(session)
	case storage.Reused:
		r.Log.WarnContext(ctx, "a refresh token that was replaced came back: its session is ended",
			"sid", session.ID, "user_id", session.User, "address", r.from.Address)
	}
	return token.Pair{}, ErrBlacklisted
}

// pair mints the refresh token that is current in the session, the same whenever it is minted, and a new access token.
func (r *refreshing) pair(session Session) (token.Pair, error) {
	pair, err := r.access(session)
	if err != nil {
		return token.Pair{}, err
	}
	if pair.Refresh, err = r.Issuer.Renew(refreshTerms(session), r.carried(session)); err != nil {
		return token.Pair{}, noRoom("issue a refresh token", err)
	}
	return pair, nil
}

func (r *refreshing) access(session Session) (token.Pair, error) {
	access, err := r.Issuer.Derive(r.accessTerms(r.now, session), r.carried(session))
	if err != nil {
		return token.Pair{}, noRoom("issue an access token", err)
	}
	return token.Pair{Access: access}, nil
}

// carried is what the next tokens take over: the claims of the one that came back, the user's own as they are now, and the
// session.
func (r *refreshing) carried(session Session) token.Claims {
	return r.renewed(r.claims, r.user, session.ID)
}
