package django

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"example.com/tokenpair/storage"
)

// Written counts what a fixture holds.
type Written struct {
	// Users are the objects of the model auth.user.
	Users int
	// Tokens are the revocations, with two objects each.
	Tokens int
}

// WriteFixture writes a fixture that loaddata takes, in JSON with an object a line: first the users, then for each
// revocation an outstanding and a blacklisted token. What is not known here is left as Django makes it: a user belongs to
// no group and is no member of the staff, and a token names no user. now is when the tokens were blacklisted.
//
// Loaded into a database that has them, users are replaced: Django writes all columns of a row, also those that are not
// known here. Only the groups and permissions stay, because they are left out. A revoked token that the database has
// already, from Django itself, makes loaddata refuse the whole file.
//
// Nothing is collected: the fixture is as long as the sequences. An error that a sequence yields, or that w returns, ends the
// writing; what was written until then is no whole fixture.
func WriteFixture(w io.Writer, users iter.Seq2[storage.User, error], revoked iter.Seq2[storage.Revocation, error], now time.Time) (Written, error) {
	f := &writer{buffer: bufio.NewWriter(w), separator: "[\n"}
	if err := f.writeAll(users, revoked, djangoTime(now)); err != nil {
		return f.written, fmt.Errorf("write fixture: %w", err)
	}
	return f.written, nil
}

type writer struct {
	buffer    *bufio.Writer
	separator string // before the next object
	written   Written
}

func (w *writer) writeAll(users iter.Seq2[storage.User, error], revoked iter.Seq2[storage.Revocation, error], now string) error {
	for user, err := range users {
		if err != nil {
			return err
		}
		if err := w.writeUser(user); err != nil {
			return err
		}
	}
	for revocation, err := range revoked {
		if err != nil {
			return err
		}
		if err := w.writeToken(revocation, now); err != nil {
			return err
		}
	}
	end := "\n]\n"
	if w.written == (Written{}) {
		end = "[]\n"
	}
	w.buffer.WriteString(end) // an error stays for Flush
	return w.buffer.Flush()
}

type writtenObject struct {
	Model  string `json:"model"`
	PK     int64  `json:"pk"`
	Fields any    `json:"fields"`
}

// writtenUser has no groups and no user_permissions: an empty list would take away those that a user has there.
type writtenUser struct {
	Password    string  `json:"password"`
	LastLogin   *string `json:"last_login"`
	IsSuperuser bool    `json:"is_superuser"`
	Username    string  `json:"username"`
	FirstName   string  `json:"first_name"`
	LastName    string  `json:"last_name"`
	Email       string  `json:"email"`
	IsStaff     bool    `json:"is_staff"`
	IsActive    bool    `json:"is_active"`
	DateJoined  string  `json:"date_joined,omitzero"`
}

type writtenOutstanding struct {
	User      *int64  `json:"user"`
	JTI       string  `json:"jti"`
	Token     string  `json:"token"`
	CreatedAt *string `json:"created_at"`
	ExpiresAt string  `json:"expires_at"`
}

type writtenBlacklisted struct {
	Token         int64  `json:"token"`
	BlacklistedAt string `json:"blacklisted_at"`
}

func (w *writer) writeUser(user storage.User) error {
	fields := writtenUser{Password: user.Password, Username: user.Username, IsActive: user.Active}
	if !user.LastLogin.IsZero() {
		at := djangoTime(user.LastLogin)
		fields.LastLogin = &at
	}
	if !user.Joined.IsZero() {
		fields.DateJoined = djangoTime(user.Joined)
	}
	if err := w.writeObject(userModel, user.ID, fields); err != nil {
		return fmt.Errorf("user %q with the id %d: %w", user.Username, user.ID, err)
	}
	w.written.Users++
	return nil
}

// writeToken takes a jti of any length: SQLite does too, and another database refuses the whole fixture with a word about
// it. To leave the token out would make it valid again.
func (w *writer) writeToken(revocation storage.Revocation, now string) error {
	pk := tokenPK(revocation.ID)
	err := w.writeObject(outstandingModel, pk, writtenOutstanding{JTI: revocation.ID, ExpiresAt: djangoTime(revocation.Expires)})
	if err == nil {
		err = w.writeObject(blacklistedModel, pk, writtenBlacklisted{Token: pk, BlacklistedAt: now})
	}
	if err != nil {
		return fmt.Errorf("revoked token %q: %w", revocation.ID, err)
	}
	w.written.Tokens++
	return nil
}

// tokenPK keeps clear of the rows that the site has or makes itself, because loaddata overwrites a row with the same pk:
// another token would be valid again. A database counts on from the greatest pk it ever had, so that a second fixture that
// merely counted from a high number would meet the site's own rows. The same token always has the same pk: what was loaded
// once can be loaded again.
func tokenPK(jti string) int64 {
	sum := sha256.Sum256([]byte(jti))
	// 61 bits, above 1<<61 and with as much room after them.
	return 1<<61 | int64(binary.BigEndian.Uint64(sum[:])>>3)
}

func (w *writer) writeObject(model string, pk int64, fields any) error {
	// A line ends at U+2028 for some programs, and a fixture has an object a line.
	line, err := json.Marshal(writtenObject{model, pk, fields}, jsontext.EscapeForJS(true))
	if err != nil {
		return errors.New("its text is not UTF-8") // nothing else can be wrong with it
	}
	w.buffer.WriteString(w.separator)
	w.separator = ",\n"
	_, err = w.buffer.Write(line) // also an earlier one
	return err
}

// djangoTime writes a time to the microsecond in UTC. Python knows no year after 9999.
func djangoTime(t time.Time) string {
	latest := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	if t.After(latest) {
		t = latest
	}
	return t.UTC().Truncate(time.Microsecond).Format("2006-01-02T15:04:05.999999Z07:00")
}
