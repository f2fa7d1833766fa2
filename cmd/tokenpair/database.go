package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

// databasePath is the file that a database URL names.
func databasePath(url string) (string, error) {
	scheme, path, ok := strings.Cut(url, ":")
	switch {
	case !ok:
		return "", usageError{fmt.Errorf("%sDATABASE: it is no URL; write sqlite:PATH", prefix)}
	case scheme != "sqlite": // the rest is not repeated: URLs of other stores hold passwords
		return "", usageError{fmt.Errorf("%sDATABASE: %s: is no known store; write sqlite:PATH", prefix, printable(scheme))}
	case strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///"): // it would be a file in the root
		return "", usageError{fmt.Errorf("%sDATABASE: sqlite://HOST names no file; write sqlite:PATH", prefix)}
	case path == "" || path == ":memory:":
		return "", usageError{fmt.Errorf("%sDATABASE: sqlite: needs the path of a file", prefix)}
	}
	return path, nil
}

// openStore opens the database that a URL names.
func openStore(ctx context.Context, url string) (storage.Store, error) {
	path, err := databasePath(url)
	if err != nil {
		return nil, err
	}
	store, err := sqlite.Open(ctx, path)
	if err != nil { // not returned as it is: a nil *sqlite.Store would be a Store
		return nil, err
	}
	return store, nil
}

// closeStore closes a store in the end, and makes what goes wrong the result of a verb that was well until then.
func closeStore(store storage.Store, err *error) {
	if closing := store.Close(); *err == nil && closing != nil {
		*err = fmt.Errorf("close database: %w", closing)
	}
}

// hasher makes new hashes as the setting says.
func (h hashing) hasher() (password.Hasher, error) {
	if h.PasswordHasher == "pbkdf2_sha256" {
		return password.NewHasher(password.PBKDF2SHA256)
	}
	return password.NewHasher(password.Argon2id)
}

// withUsers opens the database for a verb about users and closes it after.
func withUsers(ctx context.Context, cli *commandLine, h hashing, do func(*auth.Users) error) (err error) {
	store, err := openStore(ctx, cli.Database)
	if err != nil {
		return err
	}
	defer closeStore(store, &err)
	hasher, err := h.hasher()
	if err != nil {
		return err
	}
	return do(&auth.Users{Store: store, Hasher: hasher, Now: time.Now})
}

// withExisting is withUsers for a verb that adds nobody: in a database that is not there it would find nobody either.
func withExisting(ctx context.Context, cli *commandLine, h hashing, do func(*auth.Users) error) error {
	path, err := databasePath(cli.Database)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s; see --database, or make one with createuser", printable(path))
	}
	return withUsers(ctx, cli, h, do)
}
