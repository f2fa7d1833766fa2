package auth

import (
	"context"
	"errors"
	"time"

	"example.com/tokenpair/storage"
)

// ErrNoSession: there is no session of this id that goes on.
var ErrNoSession = errors.New("there is no session with this id that goes on")

// MaxSessions is how many sessions of a user are listed.
const MaxSessions = 1000

// Sessions returns the account's sessions that go on, the latest login first, at most MaxSessions. Without the rule for
// sessions there is none.
func (s *Service) Sessions(ctx context.Context, account Account) ([]Session, error) {
	if !s.Rules.Sessions {
		return nil, nil
	}
	alive := s.Issuer.Now().Add(-s.Issuer.Config().Leeway)
	return s.Store.Sessions(ctx, account.ID, alive, MaxSessions)
}

// EndSession ends one session of the account, on disk before it returns. It fails with ErrNoSession.
func (s *Service) EndSession(ctx context.Context, account Account, id string) error {
	if !s.Rules.Sessions {
		return ErrNoSession
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	ended, err := s.Store.EndSession(ctx, id, account.ID, storage.End{At: s.Issuer.Now(), Reason: storage.EndedByUser})
	if err == nil && !ended {
		err = ErrNoSession
	}
	return err
}

// EndSessions ends the account's sessions, on disk before it returns: all but the current one, or that one too.
func (s *Service) EndSessions(ctx context.Context, account Account, current bool) error {
	if !s.Rules.Sessions {
		return nil
	}
	except := account.Session
	if current {
		except = ""
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	_, err := s.Store.EndSessions(ctx, account.ID, except, storage.End{At: s.Issuer.Now(), Reason: storage.EndedByUser})
	return err
}

// Sessions returns what is remembered of a user's sessions, the latest login first, at most MaxSessions, also those that
// were ended or have expired. It fails with ErrNoUser.
func (u *Users) Sessions(ctx context.Context, username string) ([]Session, error) {
	user, err := u.find(ctx, username)
	if err != nil {
		return nil, err
	}
	return u.Store.Sessions(ctx, user.ID, time.Time{}, MaxSessions)
}

// EndSession ends a session. It fails with ErrNoSession when there is none of this id, or it was ended before.
func (u *Users) EndSession(ctx context.Context, id string) error {
	ended, err := u.Store.EndSession(ctx, id, 0, u.endNow())
	if err == nil && !ended {
		err = ErrNoSession
	}
	return err
}

// EndSessions ends all sessions of a user and returns how many. It fails with ErrNoUser.
func (u *Users) EndSessions(ctx context.Context, username string) (int, error) {
	user, err := u.find(ctx, username)
	if err != nil {
		return 0, err
	}
	return u.Store.EndSessions(ctx, user.ID, "", u.endNow())
}

// EndAllSessions ends the sessions of all users, some hundred users at a time, and returns how many. It tells progress how
// many it has ended so far. After an error those stay ended.
func (u *Users) EndAllSessions(ctx context.Context, progress func(ended int)) (int, error) {
	const users = 500
	total := 0
	for after := int64(0); ; {
		ended, last, err := u.Store.EndSessionsAfter(ctx, after, users, u.endNow())
		if err != nil || last == 0 {
			return total, err
		}
		total, after = total+ended, last
		progress(total)
	}
}

func (u *Users) endNow() storage.End {
	return storage.End{At: u.Now(), Reason: storage.EndedByOperator}
}
