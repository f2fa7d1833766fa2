package django

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"example.com/tokenpair/storage"
)

// maxUsername is the length of Django's column, in characters.
const maxUsername = 150

// lenient reads as Django does: names are exact and the last of two counts.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// object and fields keep their members raw: only a raw fields member is replaced whole by a second one, and errors about
// the values shall not quote them.
type object struct {
	Model  jsontext.Value `json:"model"`
	PK     jsontext.Value `json:"pk"`
	Fields jsontext.Value `json:"fields"`
}

type fields struct {
	Username   jsontext.Value `json:"username"`
	Password   jsontext.Value `json:"password"`
	IsActive   jsontext.Value `json:"is_active"`
	LastLogin  jsontext.Value `json:"last_login"`
	DateJoined jsontext.Value `json:"date_joined"`
}

// parseObject reports false for an object of another model. With an error it returns what it knows of the user.
func parseObject(value jsontext.Value) (user storage.User, ok bool, err error) {
	if value.Kind() != '{' {
		return user, false, errors.New("it is not an object: write the file with dumpdata --format json")
	}
	var o object
	if err := json.Unmarshal(value, &o, lenient); err != nil {
		return user, false, errors.New("it can not be read")
	}
	model, isText := text(o.Model)
	if !isText {
		return user, false, errors.New("its model is missing or not text")
	}
	if strings.ToLower(model) != userModel {
		return user, false, nil
	}
	// Undone silently, broken text would give the user another name or hash.
	if !value.IsValid(jsontext.AllowDuplicateNames(true)) {
		return user, false, errors.New("its text is not UTF-8: let dumpdata write the file itself, with --output")
	}
	if user.ID, err = parsePK(o.PK); err != nil {
		return user, false, err
	}
	if o.Fields.Kind() != '{' {
		return user, false, errors.New("its fields are missing or not an object")
	}
	var f fields
	if err := json.Unmarshal(o.Fields, &f, lenient); err != nil {
		return user, false, errors.New("its fields can not be read")
	}
	err = f.fill(&user)
	return user, err == nil, err
}

func parsePK(value jsontext.Value) (int64, error) {
	if value == nil || value.Kind() == 'n' {
		return 0, errors.New("it has no pk: dump again without --natural-primary, because tokens name users by their ids")
	}
	// Only digits: dumpdata never writes 1.0, 1e3 or "1" for an integer.
	id, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || id <= 0 {
		return 0, errors.New("its pk is not a positive integer")
	}
	return id, nil
}

func (f fields) fill(user *storage.User) (err error) {
	if user.Username, err = parseUsername(f.Username); err != nil {
		return err
	}
	var ok bool
	if user.Password, ok = text(f.Password); !ok {
		return errors.New("its password is missing or not text: dump the users with all their fields")
	}
	switch f.IsActive.Kind() {
	case 't', jsontext.KindInvalid:
		user.Active = true
	case 'f':
		user.Active = false
	default:
		return errors.New("its is_active is neither true nor false")
	}
	if user.LastLogin, ok = instant(f.LastLogin); !ok {
		return errors.New("its last_login is not a time such as 2026-11-24T03:48:04.914Z")
	}
	if user.Joined, ok = instant(f.DateJoined); !ok {
		return errors.New("its date_joined is not a time such as 2026-11-24T03:48:04.914Z")
	}
	return nil
}

func parseUsername(value jsontext.Value) (string, error) {
	username, ok := text(value)
	if !ok {
		return "", errors.New("its username is missing or not text")
	}
	if username == "" {
		return "", errors.New("its username is empty")
	}
	if n := utf8.RuneCountInString(username); n > maxUsername {
		return "", fmt.Errorf("its username has %d characters, more than Django's %d", n, maxUsername)
	}
	if strings.Contains(username, "\x00") {
		return "", errors.New("its username holds a NUL character")
	}
	return username, nil
}

// text reports false when the value is missing or no string. Broken text is repaired; parseObject refuses it in a user.
func text(value jsontext.Value) (string, bool) {
	if value.Kind() != '"' {
		return "", false
	}
	unquoted, _ := jsontext.AppendUnquote(nil, value)
	return string(unquoted), true
}

// layouts are the forms of Django's parse_datetime and parse_date; Go takes fractions of a second with all of them.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15:04Z0700", "2006-01-02T15:04Z07",
	"2006-01-02",
}

// instant reads a time to the microsecond, in UTC. A missing one and null give the zero time.
func instant(value jsontext.Value) (time.Time, bool) {
	if value == nil || value.Kind() == 'n' {
		return time.Time{}, true
	}
	written, ok := text(value)
	if !ok {
		return time.Time{}, false
	}
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
