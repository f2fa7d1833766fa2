package main

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/server"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// sweepEvery is how often expired revocations and sessions are forgotten.
const sweepEvery = 10 * time.Minute

// service wires the rules to the store.
func (s *serving) service(ctx context.Context, p *policy, store storage.Store, log *slog.Logger) (*auth.Service, error) {
	issuer := p.issuer
	if p.isKept {
		key, err := keptKey(ctx, s.Algorithm, store)
		if err != nil {
			return nil, err
		}
		if issuer, err = token.NewIssuer(key, issuer.Config()); err != nil {
			return nil, err
		}
	}
	if s.JTIFormat == "uuid4" {
		issuer.NewID = token.RandomUUID
	}
	hasher, err := s.hasher()
	if err != nil {
		return nil, err
	}
	workers := runtime.GOMAXPROCS(0)
	pool, err := password.NewPool(workers, workers*queuePerWorker, time.Duration(s.LoginWait))
	if err != nil {
		return nil, err
	}
	return &auth.Service{
		Store:  store,
		Hasher: hasher,
		Costs:  password.NewCosts(hasher),
		Pool:   pool,
		Issuer: issuer,
		Rules:  s.rules(),
		Log:    log,
	}, nil
}

func (s *serving) rules() auth.Rules {
	return auth.Rules{
		TextUserID:             s.UserIDType == "string",
		UserIDField:            string(s.UserIDField),
		RotateRefreshTokens:    s.RotateRefreshTokens,
		BlacklistAfterRotation: s.BlacklistAfterRotation,
		UpdateLastLogin:        s.UpdateLastLogin,
		CheckRevokeToken:       s.CheckRevokeToken,
		IgnoreInactive:         !s.CheckUserIsActive,
		Sessions:               s.Sessions,
		RefreshGrace:           time.Duration(s.RefreshGrace),
		SessionLifetime:        time.Duration(s.SessionLifetime),
		AccessTypes:            s.AuthTokenClasses,
	}
}

func (s *serving) options(log *slog.Logger) server.Options {
	return server.Options{
		Log:        log,
		Docs:       s.Docs,
		RetryAfter: time.Duration(s.LoginWait),
		Sliding:    s.SlidingTokens,
		AuthHeader: string(s.AuthHeaderName),
		AuthTypes:  s.AuthHeaderTypes,
	}
}

// sweepMeanwhile calls sweep at once and then every now and then, until what it returns is called, which waits for the
// last to end.
func sweepMeanwhile(ctx context.Context, sweep func(context.Context) (auth.Swept, error), log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		next := time.NewTicker(sweepEvery)
		defer next.Stop()
		for {
			if _, err := sweep(ctx); err != nil && ctx.Err() == nil {
				log.Warn("expired revocations and sessions not forgotten; tried again later", "error", err.Error())
			}
			select {
			case <-ctx.Done():
				return
			case <-next.C:
			}
		}
	}()
	return func() { cancel(); <-ended }
}
