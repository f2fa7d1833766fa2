package django

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/tokenpair/storage"
)

// notRead is what a site may have instead.
const notRead = "(a user model of the site's own is not read)"

// maxUsername is the length of Django's column, in characters.
const maxUsername = 150

// What is refused in every form in which a site is kept.
var (
	errID        = errors.New("its pk is not a positive integer, or too great")
	errUsername  = errors.New("its username is missing or not text")
	errPassword  = errors.New("its password is missing or not text")
	errActive    = errors.New("its is_active is neither true nor false")
	errLastLogin = errors.New("its last_login is not a time such as 2026-11-24T03:48:04.914Z")
	errJoined    = errors.New("its date_joined is not a time such as 2026-11-24T03:48:04.914Z")
	errJTI       = errors.New("its jti is missing or not text")
	errExpires   = errors.New("its expires_at is missing or not a time such as 2026-11-24T03:48:04Z")
)

// isID leaves out the last integer: a Store could give nobody a greater one.
func isID(id int64) bool { return id > 0 && id < math.MaxInt64 }

func checkUsername(username string) error {
	if username == "" {
		return errors.New("its username is empty")
	}
	if !utf8.ValidString(username) {
		return errors.New("its username is not UTF-8")
	}
	if n := utf8.RuneCountInString(username); n > maxUsername {
		return fmt.Errorf("its username has %d characters, more than Django's %d", n, maxUsername)
	}
	if strings.Contains(username, "\x00") {
		return errors.New("its username holds a NUL character")
	}
	return nil
}

func checkPassword(encoded string) error {
	if !utf8.ValidString(encoded) {
		return errors.New("its password is not UTF-8")
	}
	return nil
}

// checkJTI takes any length: SQLite does not hold the site to Django's column, and a token that was blacklisted there is
// refused whatever its jti.
func checkJTI(jti string) error {
	if jti == "" {
		return errors.New("its jti is empty")
	}
	if !utf8.ValidString(jti) {
		return errors.New("its jti is not UTF-8")
	}
	return nil
}

// layouts are the forms of Django's parse_datetime and parse_date; Go takes fractions of a second with all of them.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15:04Z0700", "2006-01-02T15:04Z07",
	"2006-01-02",
}

// parseTime reads a time to the microsecond, in UTC.
func parseTime(written string) (time.Time, bool) {
	if len(written) > 10 && written[10] == ' ' {
		written = written[:10] + "T" + written[11:]
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, written); err == nil {
			return t.UTC().Truncate(time.Microsecond), true
		}
	}
	return time.Time{}, false
}

// describe names the user of an error, as far as known.
func describe(user storage.User) string {
	var known []string
	if user.ID != 0 {
		known = append(known, fmt.Sprint("pk ", user.ID))
	}
	if user.Username != "" {
		known = append(known, fmt.Sprintf("user %q", user.Username))
	}
	if known == nil {
		return ""
	}
	return " (" + strings.Join(known, ", ") + ")"
}
