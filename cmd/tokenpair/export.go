package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/django"
)

type exportVerb struct {
	File string `arg:"" optional:"" help:"File to write, which must not exist yet. Without it, or with -, standard output."`
}

func (v *exportVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	if v.File == "-" {
		v.File = ""
	}
	if v.File == "" && terminalOf(std.out) != nil {
		return usageError{errors.New("a terminal would show everybody's password hash: name a file, tokenpair exportdjango FILE, or send the output elsewhere")}
	}
	return withExisting(ctx, cli, hashing{}, func(users *auth.Users) error {
		write := func(out io.Writer) (django.Written, error) {
			return django.WriteFixture(out, users.All(ctx), revocations(ctx, users.Store), users.Now())
		}
		var written django.Written
		var err error
		told, place := std.out, v.File
		if v.File == "" {
			told, place = std.err, "standard output"
			written, err = write(std.out)
		} else {
			err = createWhole(v.File, func(out io.Writer) (err error) {
				written, err = write(out)
				return err
			})
		}
		if err != nil && ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		if err != nil {
			return fmt.Errorf("export to %s: %w", printable(place), err)
		}
		fmt.Fprintf(told, "exported %s and %s to %s\n", count(written.Users, "user"), count(written.Tokens, "blacklisted token"), printable(place))
		std.warn("loaddata replaces whole rows, also e-mail addresses, names and staff flags: " +
			"where the site still has its users, bring hashes back with the script in docs/django.md instead")
		has, err := users.Store.HasSessions(ctx)
		if err != nil || !has {
			return err
		}
		std.warn("Django knows no sessions, and takes what is not blacklisted: refresh tokens that a rotation replaced, and tokens of sessions that were ended. " +
			"Give the site another SIGNING_KEY, or let it serve no earlier than REFRESH_TOKEN_LIFETIME after the last login and refresh here")
		return nil
	})
}

// createWhole makes a file that only its owner may read. It is there when all is written, or not at all, and none that
// exists is replaced.
func createWhole(path string, write func(io.Writer) error) error {
	exists := errors.New("it exists already: name another file, or remove it")
	if _, err := os.Lstat(path); err == nil {
		return exists
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	if err := write(buffered); err != nil {
		return err
	}
	if err := errors.Join(buffered.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	// Somebody may have made the file meanwhile, which a link finds out and a renaming would replace.
	err = os.Link(file.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return exists
	}
	if err != nil { // a file system without links
		return os.Rename(file.Name(), path)
	}
	return nil
}

// revocations walks over the revoked tokens. After an error it ends.
func revocations(ctx context.Context, store storage.RevocationStore) iter.Seq2[storage.Revocation, error] {
	const page = 1000
	return func(yield func(storage.Revocation, error) bool) {
		for last := ""; ; {
			revoked, err := store.Revocations(ctx, last, page)
			if err != nil {
				yield(storage.Revocation{}, fmt.Errorf("list revoked tokens: %w", err))
				return
			}
			for _, r := range revoked {
				if !yield(r, nil) {
					return
				}
				last = r.ID
			}
			if len(revoked) < page {
				return
			}
		}
	}
}

type flushVerb struct{}

func (v *flushVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	return withExisting(ctx, cli, hashing{}, func(users *auth.Users) error {
		forgotten, err := auth.Sweep(ctx, users.Store, users.Now())
		told := count(forgotten.Revocations, "expired blacklisted token") + " and " + count(forgotten.Sessions, "expired session")
		if err != nil {
			return fmt.Errorf("%w; %s were forgotten before", err, told)
		}
		fmt.Fprintf(std.out, "forgot %s\n", told)
		return nil
	})
}
