package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/server"
	"example.com/tokenpair/storage"
)

type createVerb struct {
	newPassword
	Username string `arg:"" help:"Name of the new user."`
}

func (v *createVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	plaintext, err := v.read(ctx, std) // before a database is made
	if err != nil {
		return err
	}
	return withUsers(ctx, cli, v.hashing, func(users *auth.Users) error {
		user, err := users.Create(ctx, v.Username, plaintext)
		if err != nil {
			return about(v.Username, err)
		}
		fmt.Fprintf(std.out, "created user %s with id %d\n", printable(user.Username), user.ID)
		warnIfWeak(std, plaintext)
		return nil
	})
}

type changeVerb struct {
	newPassword
	Username string `arg:"" help:"Name of the user."`
}

func (v *changeVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	return withExisting(ctx, cli, v.hashing, func(users *auth.Users) error {
		plaintext, err := v.read(ctx, std)
		if err != nil {
			return err
		}
		err = users.ChangePassword(ctx, v.Username, plaintext)
		if err == nil {
			warnIfWeak(std, plaintext)
		}
		return told(std, "changed the password of user", v.Username, err)
	})
}

// oneUser is a verb about a user that asks for nothing else.
type oneUser struct {
	Username string `arg:"" help:"Name of the user."`
}

type activateVerb struct{ oneUser }

func (v *activateVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	return withExisting(ctx, cli, hashing{}, func(users *auth.Users) error {
		return told(std, "activated user", v.Username, users.SetActive(ctx, v.Username, true))
	})
}

type deactivateVerb struct{ oneUser }

func (v *deactivateVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	return withExisting(ctx, cli, hashing{}, func(users *auth.Users) error {
		return told(std, "deactivated user", v.Username, users.SetActive(ctx, v.Username, false))
	})
}

type deleteVerb struct{ oneUser }

func (v *deleteVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	return withExisting(ctx, cli, hashing{}, func(users *auth.Users) error {
		return told(std, "deleted user", v.Username, users.Delete(ctx, v.Username))
	})
}

type listVerb struct{}

func (v *listVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	return withExisting(ctx, cli, hashing{}, func(users *auth.Users) error {
		table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tACTIVE\tPASSWORD\tLAST LOGIN\tUSERNAME")
		for user, err := range users.All(ctx) {
			if err != nil {
				return err
			}
			fmt.Fprintf(table, "%d\t%t\t%s\t%s\t%s\n", user.ID, user.Active, kindOfPassword(user), lastLogin(user), printable(user.Username))
		}
		return table.Flush()
	})
}

// lastLogin is when a user logged in last, if ever.
func lastLogin(user storage.User) string {
	if user.LastLogin.IsZero() {
		return "never"
	}
	return second(user.LastLogin)
}

// second is a time to the second (RFC 3339).
func second(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// kindOfPassword is the format of a user's hash, or why there is none.
func kindOfPassword(user storage.User) string {
	switch {
	case user.PasswordFormat != "":
		return user.PasswordFormat
	case user.Password == "" || strings.HasPrefix(user.Password, "!"):
		return "unusable"
	default:
		return "unreadable"
	}
}

type versionVerb struct{}

func (v *versionVerb) run(_ context.Context, _ *commandLine, _ environment, std streams) error {
	doc, err := server.LoadContract()
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "tokenpair %s%s\n", doc.Info.Version, revision())
	return nil
}

// revision is the commit that the program was built from, as far as go build knew it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var commit, changes string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = " " + s.Value
		case "vcs.modified":
			if s.Value == "true" {
				changes = " with changes"
			}
		}
	}
	return commit + changes
}

// told says that something was done to a user, or why not.
func told(std streams, done, username string, err error) error {
	if err != nil {
		return about(username, err)
	}
	fmt.Fprintf(std.out, "%s %s\n", done, printable(username))
	return nil
}

// about puts the user's name into an error, and the way out.
func about(username string, err error) error {
	err = fmt.Errorf("user %s: %w", printable(username), err)
	if errors.Is(err, auth.ErrNoUser) {
		return fmt.Errorf("%w; tokenpair listusers shows all", err)
	}
	return err
}
