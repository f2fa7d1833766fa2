package django

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"example.com/tokenpair/storage"
)

// The models that are read, as they compare: Django writes them in lower case and reads them in any.
const (
	userModel        = "auth.user"
	outstandingModel = "token_blacklist.outstandingtoken"
	blacklistedModel = "token_blacklist.blacklistedtoken"
)

// lenient reads as Django does: names are exact and the last of two counts.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// object and the fields keep their members raw: only a raw fields member is replaced whole by a second one, and errors
// about the values shall not quote them.
type object struct {
	Model  jsontext.Value `json:"model"`
	PK     jsontext.Value `json:"pk"`
	Fields jsontext.Value `json:"fields"`

	model string
}

type userFields struct {
	Username   jsontext.Value `json:"username"`
	Password   jsontext.Value `json:"password"`
	IsActive   jsontext.Value `json:"is_active"`
	LastLogin  jsontext.Value `json:"last_login"`
	DateJoined jsontext.Value `json:"date_joined"`
}

type outstandingFields struct {
	JTI       jsontext.Value `json:"jti"`
	Token     jsontext.Value `json:"token"`
	ExpiresAt jsontext.Value `json:"expires_at"`
}

type blacklistedFields struct {
	Token jsontext.Value `json:"token"`
}

// parseObject reads what all models have. The text of an object whose model is read is sound.
func parseObject(value jsontext.Value) (o object, err error) {
	if value.Kind() != '{' {
		return o, errors.New("it is not an object: write the file with dumpdata --format json")
	}
	if err := json.Unmarshal(value, &o, lenient); err != nil {
		return o, errors.New("it can not be read")
	}
	model, isText := text(o.Model)
	if !isText {
		return o, errors.New("its model is missing or not text")
	}
	o.model = strings.ToLower(model)
	switch o.model {
	case userModel, outstandingModel, blacklistedModel:
		// Undone silently, broken text would give a user another name or hash, or a token another jti.
		if !value.IsValid(jsontext.AllowDuplicateNames(true)) {
			return o, errors.New("its text is not UTF-8: let dumpdata write the file itself, with --output")
		}
	}
	return o, nil
}

// parseUser returns with an error what it knows of the user.
func parseUser(o object) (user storage.User, err error) {
	if user.ID, err = o.pk(); err != nil {
		return user, err
	}
	var f userFields
	if err := o.unmarshalFields(&f); err != nil {
		return user, err
	}
	err = f.fill(&user)
	return user, err
}

func (o object) pk() (int64, error) {
	if o.PK == nil || o.PK.Kind() == 'n' {
		return 0, errors.New("it has no pk: dump again without --natural-primary, because tokens name users by their ids")
	}
	pk, ok := positive(o.PK)
	if !ok || !isID(pk) {
		return 0, errID
	}
	return pk, nil
}

func (o object) unmarshalFields(fields any) error {
	if o.Fields.Kind() != '{' {
		return errors.New("its fields are missing or not an object")
	}
	if err := json.Unmarshal(o.Fields, fields, lenient); err != nil {
		return errors.New("its fields can not be read")
	}
	return nil
}

func (f userFields) fill(user *storage.User) error {
	username, ok := text(f.Username)
	if !ok {
		return errUsername
	}
	if err := checkUsername(username); err != nil {
		return err
	}
	user.Username = username
	if user.Password, ok = text(f.Password); !ok {
		return fmt.Errorf("%w: dump the users with all their fields", errPassword)
	}
	switch f.IsActive.Kind() {
	case 't', jsontext.KindInvalid:
		user.Active = true
	case 'f':
		user.Active = false
	default:
		return errActive
	}
	if user.LastLogin, ok = instant(f.LastLogin); !ok {
		return errLastLogin
	}
	if user.Joined, ok = instant(f.DateJoined); !ok {
		return errJoined
	}
	return nil
}

// positive takes only digits: dumpdata never writes 1.0, 1e3 or "1" for an integer.
func positive(value jsontext.Value) (int64, bool) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	return n, err == nil && n > 0
}

// text reports false when the value is missing or no string. Broken text is repaired; parseObject refuses it.
func text(value jsontext.Value) (string, bool) {
	if value.Kind() != '"' {
		return "", false
	}
	unquoted, _ := jsontext.AppendUnquote(nil, value)
	return string(unquoted), true
}

// instant reads a time. A missing one and null give the zero time.
func instant(value jsontext.Value) (time.Time, bool) {
	if value == nil || value.Kind() == 'n' {
		return time.Time{}, true
	}
	written, ok := text(value)
	if !ok {
		return time.Time{}, false
	}
	return parseTime(written)
}
