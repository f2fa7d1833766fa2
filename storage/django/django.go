// Package django reads the users and the blacklisted tokens of a Django site, from the file that its dumpdata command
// writes or from its SQLite database, and writes a file for its loaddata command. It does not know how they are stored
// here, what a password hash means, nor which permissions the site gave.
package django

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"example.com/tokenpair/storage"
)

// Source is what one Django site remembers: its users, and the tokens that its token_blacklist app refuses. It is read
// once, first Users and then Revocations, and is not for concurrent use.
//
// IDs, names and hashes are taken as they are; PasswordFormat is left empty. The first fault ends the reading. Its error
// is one line, says where the fault is and what is known of the user, and never holds a hash or a token.
type Source struct{ site site }

// A site is one form in which a site is kept.
type site interface {
	users(yield func(storage.User, error) bool)
	revocations(yield func(storage.Revocation, error) bool)
	expired() int
	good() int
	close() error
}

// OpenFixture reads a fixture in JSON, as dumpdata writes it: a list of objects with the members model, pk and fields.
// Objects of other models are skipped. A time without zone is taken as UTC. As in Django, the last of two members of one
// name counts, is_active is true when it is missing, and other fields do not matter. A byte order mark is skipped.
//
// The file is read as a stream while Users is read, and a fault of any object comes out there. Users come in the order of
// the file. Only their IDs and names are held in memory, to find what is there twice, and the tokens alive at now. The
// caller closes r.
func OpenFixture(r io.Reader, now time.Time) *Source {
	return &Source{newFixture(r, now)}
}

// OpenSQLite reads the database file of a site, by the names of Django's columns. The file is opened for reading only, and
// nothing is written beside it. Everything is read as it was at one moment, also while the site writes. Times are taken as
// UTC. A site without the token_blacklist app has no blacklisted tokens.
//
// What is needed of all users and blacklisted tokens, also hashes and tokens, is copied to a temporary file first, which has
// no name and is gone after Close. Where the site's database is not in write-ahead logging, Django's default, the site can
// not write meanwhile: a second or two for a million users. When OpenSQLite has returned, it can.
//
// Users come ascending by ID, and only one is held in memory. The reading ends with an error when ctx ends.
func OpenSQLite(ctx context.Context, path string, now time.Time) (*Source, error) {
	database, err := openDatabase(ctx, path, now)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := database.copy(); err != nil {
		database.close()
		return nil, fmt.Errorf("read database: %w", err)
	}
	return &Source{database}, nil
}

// Users yields the users, each as it is read. A site without users is an error.
func (s *Source) Users() iter.Seq2[storage.User, error] { return s.site.users }

// Revocations yields the blacklisted tokens that are alive, after Users was read to its end. Expires is the moment at which
// the last token with that ID dies: a sliding token may have been extended after the site wrote down its expiry.
func (s *Source) Revocations() iter.Seq2[storage.Revocation, error] { return s.site.revocations }

// Good returns how many tokens are outstanding at now, and not blacklisted: they stay good where the key moves too. It is
// known after Users was read to its end.
func (s *Source) Good() int { return s.site.good() }

// Expired returns how many blacklisted tokens were left out because they had expired, after Revocations was read to its end.
func (s *Source) Expired() int { return s.site.expired() }

// Close ends the reading, and gives a database back.
func (s *Source) Close() error { return s.site.close() }
