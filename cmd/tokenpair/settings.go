package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// commandLine is everything that can be said to the program: kong makes flags, help and the parsing out of it, and
// docs and warnings come from the same tags. A field with a `setting` tag is a setting: that variable gives it a value
// when no flag does. `compat` is its default under --compat simplejwt.
type commandLine struct {
	Database string `setting:"TOKENPAIR_DATABASE" default:"sqlite:data/tokenpair.db" placeholder:"URL" group:"Storage" help:"Where users are kept, as a URL whose scheme chooses the store: sqlite:PATH."`

	Serve          serveVerb      `cmd:"" help:"Answer logins over HTTP."`
	Createuser     createVerb     `cmd:"" help:"Add a user."`
	Changepassword changeVerb     `cmd:"" help:"Give a user a new password."`
	Activateuser   activateVerb   `cmd:"" help:"Let a user log in again."`
	Deactivateuser deactivateVerb `cmd:"" help:"Keep a user from logging in."`
	Deleteuser     deleteVerb     `cmd:"" help:"Delete a user for good; deactivateuser can be undone."`
	Listusers      listVerb       `cmd:"" help:"List the users."`
	Importdjango   importVerb     `cmd:"" help:"Add the users of a Django dumpdata file, ids and password hashes as they are."`
	Version        versionVerb    `cmd:"" help:"Print the version."`
}

// hashing is what verbs need that make hashes.
type hashing struct {
	PasswordHasher string `setting:"TOKENPAIR_PASSWORD_HASHER" default:"argon2id" enum:"argon2id,pbkdf2_sha256" placeholder:"NAME" group:"Passwords" help:"How new password hashes are made: argon2id, or pbkdf2_sha256 for those who may go back to a Django without argon2."`
}

type serveVerb struct {
	Listen          string   `setting:"TOKENPAIR_LISTEN" default:"127.0.0.1:8000" placeholder:"HOST:PORT" group:"Server" help:"Address to listen on."`
	Docs            bool     `setting:"TOKENPAIR_DOCS" default:"true" negatable:"" group:"Server" help:"Serve Swagger UI at /api/docs/ and the contract at /api/openapi.yaml and /api/openapi.json."`
	ShutdownTimeout duration `setting:"TOKENPAIR_SHUTDOWN_TIMEOUT" default:"10s" placeholder:"DURATION" group:"Server" help:"How long requests under way may take to finish after SIGTERM."`
	Demo            bool     `group:"Server" help:"Add the user sampleUser with a published password to an empty database. Only on a loopback address."`

	hashing
	LoginWait duration `setting:"TOKENPAIR_LOGIN_WAIT" default:"5s" placeholder:"DURATION" group:"Passwords" help:"How long a login may wait for its turn to be hashed before it is answered 503."`

	SigningKey     string  `kong:"-" setting:"TOKENPAIR_SIGNING_KEY" group:"Tokens" help:"Key that signs and verifies tokens, at least 32 bytes. Without it and without a key file, a random key is made once and kept in the database."`
	SigningKeyFile *string `setting:"TOKENPAIR_SIGNING_KEY_FILE" placeholder:"PATH" group:"Tokens" help:"File that holds the signing key, instead of the variable TOKENPAIR_SIGNING_KEY. One line end behind the key is dropped."`
	UserIDType     string  `setting:"TOKENPAIR_USER_ID_TYPE" default:"number" compat:"string" enum:"number,string" placeholder:"TYPE" group:"Tokens" help:"How the claim user_id is written: number, or string as SimpleJWT does since 5.5.1."`
	JTIFormat      string  `setting:"TOKENPAIR_JTI_FORMAT" default:"hex" compat:"uuid4" enum:"hex,uuid4" placeholder:"FORMAT" group:"Tokens" help:"How the claim jti is made: hex, 32 hex digits of 128 random bits, or uuid4, those of a random UUID as SimpleJWT makes it."`
	Compat         string  `setting:"TOKENPAIR_COMPAT" default:"none" enum:"none,simplejwt" placeholder:"PROGRAM" group:"Tokens" help:"Whose defaults other settings have: none for this program's own, or simplejwt."`
}

// newPassword is what verbs need that set a password.
type newPassword struct {
	hashing
	PasswordStdin bool `help:"Read the password from the first line of standard input instead of asking for it."`
}

// duration is a time.Duration that knows days and plain seconds too: 90s, 5m, 1d, 30.
type duration time.Duration

// longest is a hundred years: far from where sums of durations overflow.
const longest = 100 * 365 * 24 * time.Hour

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	s := string(text)
	unit := time.Second
	if days, ok := strings.CutSuffix(s, "d"); ok {
		s, unit = days, 24*time.Hour
	}
	parsed, err := time.ParseDuration(string(text))
	if n, plain := strconv.ParseInt(s, 10, 64); plain == nil && n <= int64(longest/unit) {
		parsed, err = time.Duration(n)*unit, nil
	}
	if err != nil || parsed < 0 || parsed > longest {
		return fmt.Errorf("want a duration such as 90s, 5m or 1d, got %q", text)
	}
	*d = duration(parsed)
	return nil
}

// setting is one setting as documentation shows it.
type setting struct {
	Variable, Flag, Default, Compat, Group, Help string
}

// settings lists every setting once, in the order of the struct.
func settings() []setting {
	var list []setting
	seen := make(map[string]bool)
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for field := range t.Fields() {
			if field.Type.Kind() == reflect.Struct {
				walk(field.Type)
				continue
			}
			variable, ok := field.Tag.Lookup("setting")
			if !ok || seen[variable] {
				continue
			}
			seen[variable] = true
			s := setting{
				Variable: variable,
				Default:  field.Tag.Get("default"),
				Compat:   field.Tag.Get("compat"),
				Group:    field.Tag.Get("group"),
				Help:     field.Tag.Get("help"),
			}
			if field.Tag.Get("kong") != "-" {
				name := strings.TrimPrefix(variable, prefix)
				s.Flag = "--" + strings.ReplaceAll(strings.ToLower(name), "_", "-")
				if _, ok := field.Tag.Lookup("negatable"); ok {
					s.Flag = strings.Replace(s.Flag, "--", "--[no-]", 1)
				}
			}
			list = append(list, s)
		}
	}
	walk(reflect.TypeFor[commandLine]())
	return list
}
