package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/django"
)

type importVerb struct {
	Source string `arg:"" help:"What to read: sqlite:PATH for Django's own SQLite file, a file that manage.py dumpdata has written, or - for one on standard input."`
	DryRun bool   `help:"Show what would be imported, and what stands in the way; change nothing."`
}

func (v *importVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	err := v.carryOut(ctx, cli, std)
	if err != nil && ctx.Err() != nil { // whatever it was that gave up
		return errors.New("interrupted; nothing was imported")
	}
	return err
}

func (v *importVerb) carryOut(ctx context.Context, cli *commandLine, std streams) error {
	path, err := databasePath(cli.Database)
	if err != nil {
		return err
	}
	_, err = os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	if v.DryRun {
		return v.rehearse(ctx, cli, isNew, std)
	}
	// What is broken should not make a database. A pipe can be read but once, and is taken as it comes.
	if isNew && !v.isPipe() {
		if _, _, err := v.read(ctx, std, nil); err != nil {
			return v.failed(err)
		}
	}
	source, closeSource, err := v.open(ctx, std)
	if err != nil {
		return v.failed(err)
	}
	defer closeSource()
	return withUsers(ctx, cli, hashing{}, func(users *auth.Users) error {
		before, err := users.Store.PasswordFormats(ctx)
		if err != nil {
			return err
		}
		seen := newSurvey(std)
		imported, err := users.Import(ctx, seen.ofUsers(source.Users()), seen.ofRevocations(source.Revocations()))
		seen.progress.clear()
		if err != nil {
			return v.failed(err)
		}
		printImported(std, imported, seen, source.Expired())
		if !isNew && hasNew(seen, before) {
			fmt.Fprintln(std.out, "there are new kinds of hashes: restart a server that is running, which measures what they cost at its start")
		}
		seen.warnOfLockedOut(std)
		if imported.Inactive > 0 {
			std.warn(fmt.Sprintf("%d of those who were here already are inactive there and active here, and can still log in: "+
				"--dry-run names them, and tokenpair deactivateuser NAME keeps one out", imported.Inactive))
		}
		return nil
	})
}

// failed says what became of an import.
func (v *importVerb) failed(err error) error {
	if errors.Is(err, auth.ErrTaken) {
		return fmt.Errorf("%s: %w; nothing was imported: --dry-run shows all that are taken, and a new database takes everybody, see --database", v.name(), err)
	}
	return fmt.Errorf("%s: %w; nothing was imported", v.name(), err)
}

func printImported(std streams, imported storage.Imported, seen *survey, expired int) {
	fmt.Fprintf(std.out, "imported %s\n", count(imported.Users, "user"))
	if imported.Present > 0 {
		fmt.Fprintf(std.out, "left %s as they are, who were here already\n", count(imported.Present, "user"))
	}
	fmt.Fprintf(std.out, "blacklisted %s", count(imported.Revocations, "token"))
	if known := seen.alive - imported.Revocations; known > 0 {
		fmt.Fprintf(std.out, ", %d more were so already", known)
	}
	fmt.Fprintf(std.out, "; left out %d that expired more than a day ago\n", expired)
	seen.printHashes(std.out)
}

// hasNew says whether there are kinds of hashes that the database did not have.
func hasNew(seen *survey, before []string) bool {
	for kind := range seen.hashes {
		if kind != "unusable" && kind != "unreadable" && !slices.Contains(before, kind) {
			return true
		}
	}
	return false
}

// open opens what is to be read; it is given back by close.
func (v *importVerb) open(ctx context.Context, std streams) (source *django.Source, close func(), err error) {
	now := time.Now().Add(-auth.KeepRevoked) // a server with a leeway still takes what expired just now
	if path, ok := strings.CutPrefix(v.Source, "sqlite:"); ok {
		source, err = django.OpenSQLite(ctx, path, now)
		if err != nil {
			return nil, nil, err
		}
		return source, func() { source.Close() }, nil // it was only read
	}
	if v.Source == "-" {
		in := interruptible(ctx, std.in)
		return django.OpenFixture(in, now), func() { in.Close() }, nil
	}
	if strings.Contains(v.Source, "://") { // not repeated: it may hold a password
		return nil, nil, errors.New("a URL is not read: write sqlite:PATH, or let dumpdata write a file")
	}
	file, err := os.Open(v.Source)
	if err != nil {
		return nil, nil, err
	}
	if v.isPipe() {
		in := interruptible(ctx, file)
		return django.OpenFixture(in, now), func() { in.Close(); file.Close() }, nil
	}
	magic := make([]byte, 15)
	if n, _ := file.ReadAt(magic, 0); string(magic[:n]) == "SQLite format 3" {
		file.Close()
		return nil, nil, errors.New("it is a SQLite file: write sqlite: before its path")
	}
	return django.OpenFixture(file, now), func() { file.Close() }, nil
}

// isPipe says whether the source is standard input, or a file that gives what it has but once.
func (v *importVerb) isPipe() bool {
	if v.Source == "-" {
		return true
	}
	info, err := os.Stat(v.Source)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// interruptible is a reader that gives up when ctx ends, also while nobody writes.
func interruptible(ctx context.Context, in io.Reader) *io.PipeReader {
	out, writer := io.Pipe()
	stop := context.AfterFunc(ctx, func() { writer.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		_, err := io.Copy(writer, in)
		writer.CloseWithError(err) // nil is the end
	}()
	return out
}

// name is the source as an error shows it.
func (v *importVerb) name() string {
	if scheme, _, ok := strings.Cut(v.Source, "://"); ok && scheme != "sqlite" {
		return printable(scheme) + "://…"
	}
	return printable(v.Source)
}

// read reads all that there is; each, if not nil, is told of every user.
func (v *importVerb) read(ctx context.Context, std streams, each func(storage.User)) (seen *survey, expired int, err error) {
	source, closeSource, err := v.open(ctx, std)
	if err != nil {
		return nil, 0, err
	}
	defer closeSource()
	seen = newSurvey(std)
	defer seen.progress.clear()
	for user, err := range seen.ofUsers(source.Users()) {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return nil, 0, err
		}
		if each != nil {
			each(user)
		}
	}
	for _, err := range seen.ofRevocations(source.Revocations()) {
		if err != nil {
			return nil, 0, err
		}
	}
	seen.good = source.Good()
	return seen, source.Expired(), nil
}
