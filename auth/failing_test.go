package auth_test

import (
	"context"
	"errors"
	"time"

	"example.com/tokenpair/storage"
)

// failing is a Store one of whose methods fails.
type failing struct {
	storage.Store
	method string
}

var errDisk = errors.New("disk on fire")

func (f failing) UserByName(ctx context.Context, name string) (storage.User, error) {
	if f.method == "UserByName" {
		return storage.User{}, errDisk
	}
	return f.Store.UserByName(ctx, name)
}

func (f failing) PasswordFormats(ctx context.Context) ([]string, error) {
	if f.method == "PasswordFormats" {
		return nil, errDisk
	}
	return f.Store.PasswordFormats(ctx)
}

func (f failing) ReplacePassword(ctx context.Context, id int64, old, encoded, format string) (bool, error) {
	if f.method == "ReplacePassword" {
		return false, errDisk
	}
	return f.Store.ReplacePassword(ctx, id, old, encoded, format)
}

func (f failing) SetLastLogin(ctx context.Context, id int64, at time.Time) error {
	if f.method == "SetLastLogin" {
		return errDisk
	}
	return f.Store.SetLastLogin(ctx, id, at)
}

func (f failing) UserByID(ctx context.Context, id int64) (storage.User, error) {
	if f.method == "UserByID" {
		return storage.User{}, errDisk
	}
	return f.Store.UserByID(ctx, id)
}

func (f failing) Standing(ctx context.Context, token, session string) (storage.Standing, error) {
	if f.method == "Standing" {
		return storage.Standing{}, errDisk
	}
	return f.Store.Standing(ctx, token, session)
}

func (f failing) Revoke(ctx context.Context, r storage.Revocation) (bool, error) {
	if f.method == "Revoke" {
		return false, errDisk
	}
	return f.Store.Revoke(ctx, r)
}

func (f failing) TouchSession(ctx context.Context, id string, at time.Time, apart time.Duration) error {
	if f.method == "TouchSession" {
		return errDisk
	}
	return f.Store.TouchSession(ctx, id, at, apart)
}

func (f failing) Ping(ctx context.Context) error {
	if f.method == "Ping" {
		return errDisk
	}
	return f.Store.Ping(ctx)
}
