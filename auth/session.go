package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// sessionClaim has the session of a token (OpenID Connect Front-Channel Logout 1.0 §3 calls it so too).
const sessionClaim = "sid"

// Client is what a login comes from, as far as it tells.
type Client struct {
	Agent   string // what it calls itself
	Address string // of its network
}

// Session is a login and what became of it.
type Session = storage.Session

// startPair logs the user in: a session, and the first two tokens of it.
func (s *Service) startPair(ctx context.Context, user storage.User, from Client) (token.Pair, error) {
	session := s.newSession(user, from)
	session.Expires = earlier(session.Created.Add(s.Issuer.Config().RefreshLifetime), session.Ends)
	about := s.about(user)
	about.SetText(sessionClaim, session.ID)
	var pair token.Pair
	var err error
	if pair.Refresh, err = s.Issuer.Issue(refreshTerms(session), about); err != nil {
		return token.Pair{}, err
	}
	if pair.Access, err = s.Issuer.Issue(s.accessTerms(session.Created, session), about); err != nil {
		return token.Pair{}, err
	}
	return pair, s.start(ctx, session, user.SessionsEnded)
}

// startSliding logs the user in with a session of one sliding token, whose id stays.
func (s *Service) startSliding(ctx context.Context, user storage.User, from Client) (string, error) {
	session, config := s.newSession(user, from), s.Issuer.Config()
	renewable := earlier(session.Created.Add(config.SlidingRefreshLifetime), session.Ends)
	session.Expires = earlier(renewable.Add(config.SlidingLifetime), session.Ends)
	var about token.Claims
	about.SetInt(config.SlidingExpClaim, renewable.Unix())
	for name, value := range s.about(user).All() {
		about.Set(name, value)
	}
	about.SetText(sessionClaim, session.ID)
	encoded, err := s.Issuer.Issue(token.Terms{
		Type: token.Sliding, ID: session.Current, Issued: session.Created,
		Expires: earlier(session.Created.Add(config.SlidingLifetime), session.Ends),
	}, about)
	if err != nil {
		return "", err
	}
	return encoded, s.start(ctx, session, user.SessionsEnded)
}

func (s *Service) newSession(user storage.User, from Client) Session {
	now := s.Issuer.Now()
	return Session{
		ID: token.RandomID(), User: user.ID, Created: now, Used: now, Ends: now.Add(s.Rules.SessionLifetime),
		Agent: from.Agent, Address: from.Address, Current: s.Issuer.NewID(),
	}
}

// start remembers a session on disk before its tokens are given away, unless all sessions of the user were ended while the
// password was checked: by a change of it, say.
func (s *Service) start(ctx context.Context, session Session, asOf time.Time) error {
	session.Keep = session.Expires
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err := s.Store.AddSession(ctx, session, asOf)
	if errors.Is(err, storage.ErrNotFound) {
		return ErrNoActiveAccount
	}
	if err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	return nil
}

// refreshTerms are those of the refresh token that is current.
func refreshTerms(session Session) token.Terms {
	issued := session.Rotated
	if issued.IsZero() {
		issued = session.Created
	}
	return token.Terms{
		Type: token.Refresh, ID: session.Current,
		Issued: issued.UTC().Truncate(time.Second), Expires: session.Expires.UTC().Truncate(time.Second),
	}
}

// accessTerms are those of a new access token, which does not outlive its session.
func (s *Service) accessTerms(now time.Time, session Session) token.Terms {
	expires := earlier(now.Add(s.Issuer.Config().AccessLifetime), session.Expires)
	return token.Terms{Type: token.Access, ID: s.Issuer.NewID(), Issued: now, Expires: expires}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// goesOn says whether a session was not ended and its refresh token has not expired.
func (s *Service) goesOn(session Session) bool {
	return session.Ended.IsZero() && s.Issuer.Now().Before(session.Expires.Add(s.Issuer.Config().Leeway))
}

// inGrace says whether a token that was replaced is answered with its successor: the parent, for a while.
func (s *Service) inGrace(session Session, id string) bool {
	return session.Parent == id && s.Rules.RefreshGrace > 0 && s.Issuer.Now().Sub(session.Rotated) <= s.Rules.RefreshGrace
}

// standing returns what is remembered of a token and of its session, and its user where it belongs to none. It fails with
// ErrBlacklisted when the token is revoked, its session does not go on, or all sessions of its user were ended after it was
// issued. A token that names no session may have been adopted: then its session has its id.
//
// Without sessions, one that is remembered still refuses its tokens where it was ended: what was ended stays ended. It also
// refuses those that it had replaced, and does nothing else.
func (s *Service) standing(ctx context.Context, claims token.Claims) (storage.Standing, error) {
	standing, err := s.look(ctx, claims)
	if err != nil {
		return storage.Standing{}, err
	}
	_, named := sessionOf(claims)
	known := standing.Session.ID != ""
	var refused bool
	switch {
	case standing.Revoked:
		refused = true
	case !s.Rules.Sessions:
		refused = s.isOver(claims, standing.Session)
	case known:
		refused = !s.goesOn(standing.Session)
	case named:
		refused = true
	default:
		refused, err = s.outdated(ctx, claims, &standing)
	}
	if err == nil && refused {
		err = ErrBlacklisted
	}
	if err != nil {
		return storage.Standing{}, err
	}
	return standing, nil
}

// isOver says whether a session refuses a token where there are no sessions.
func (s *Service) isOver(claims token.Claims, session Session) bool {
	return session.ID != "" && (!session.Ended.IsZero() || s.replaced(claims, session))
}

// look returns what is remembered of a token.
func (s *Service) look(ctx context.Context, claims token.Claims) (storage.Standing, error) {
	id := s.Issuer.ID(claims)
	sid, named := sessionOf(claims)
	if !named {
		sid = id
	}
	standing, err := s.Store.Standing(ctx, id, sid)
	if err != nil {
		return storage.Standing{}, fmt.Errorf("look up a token: %w", err)
	}
	if !s.isOfItsUser(claims, standing) { // its session is somebody else's: it has none that is ours
		standing.Session, standing.User = Session{}, storage.User{}
	}
	return standing, nil
}

// isOfItsUser says whether a token names the user of its session, as far as there are both.
func (s *Service) isOfItsUser(claims token.Claims, standing storage.Standing) bool {
	if standing.User.ID == 0 {
		return true
	}
	name, err := s.nameIn(claims)
	own := strconv.FormatInt(standing.User.ID, 10)
	if s.Rules.UserIDField == "username" {
		own = standing.User.Username
	}
	return err == nil && name == own
}

// replaced says whether a refresh token was replaced by a rotation, and its grace is over.
func (s *Service) replaced(claims token.Claims, session Session) bool {
	id := s.Issuer.ID(claims)
	return s.Issuer.Check(claims, token.Refresh) == nil && session.Current != id && !s.inGrace(session, id)
}

// outdated says whether a token that belongs to no session was issued before all sessions of its user were ended, or before
// there was this user of that name. It notes the user.
func (s *Service) outdated(ctx context.Context, claims token.Claims, standing *storage.Standing) (bool, error) {
	user, err := s.userOf(ctx, claims)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, errUnnamed) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	standing.User = user
	issued := beforeIssue(claims)
	isNewer := s.Rules.UserIDField == "username" && user.Joined.After(issued.Add(time.Second))
	return isNewer || !user.SessionsEnded.IsZero() && user.SessionsEnded.After(issued), nil
}

// beforeIssue is the last moment before the second in which a token was issued. One that does not say is as old as can be.
func beforeIssue(claims token.Claims) time.Time {
	issued, ok := claims.Seconds("iat")
	if !ok {
		return time.Time{}
	}
	return time.Unix(issued, 0).Add(-time.Microsecond).UTC()
}

// sessionOf is the session that a token names. What is no text names one that nobody has.
func sessionOf(claims token.Claims) (id string, named bool) {
	_, named = claims.Get(sessionClaim)
	id, _ = claims.Text(sessionClaim)
	return id, named
}

// touch notes that a session was used, at most once a minute. Nothing hangs on it.
func (s *Service) touch(ctx context.Context, session Session) {
	now := s.Issuer.Now()
	if now.Sub(session.Used) < touchEvery {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sideWriteTimeout)
	defer cancel()
	if err := s.Store.TouchSession(ctx, session.ID, now, touchEvery); err != nil {
		s.Log.WarnContext(ctx, "use of a session not noted", "sid", session.ID, "error", err.Error())
	}
}
