package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"example.com/tokenpair/auth"
)

// sessionsVerb has the verbs about sessions.
type sessionsVerb struct {
	List listSessionsVerb `cmd:"" help:"List the sessions of a user, those that are over too, the latest login first."`
	End  endSessionsVerb  `cmd:"" help:"End one session, those of a user, or all. Whoever has its tokens must log in again."`
}

type listSessionsVerb struct{ oneUser }

func (v *listSessionsVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	return withExisting(ctx, cli, hashing{}, func(users *auth.Users) error {
		found, err := users.Sessions(ctx, v.Username)
		if err != nil {
			return about(v.Username, err)
		}
		if len(found) == 0 {
			fmt.Fprintf(std.out, "user %s has no sessions\n", printable(v.Username))
			return nil
		}
		now := users.Now()
		table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "SID\tCREATED\tLAST USED\tEXPIRES\tSTATE\tADDRESS\tUSER AGENT")
		for _, s := range found {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(s.ID), second(s.Created), second(s.Used), second(s.Expires),
				stateOf(s, now), printable(s.Address), printable(s.Agent))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if len(found) == auth.MaxSessions {
			fmt.Fprintf(std.out, "these are the latest %d; there may be more\n", auth.MaxSessions)
		}
		return nil
	})
}

// stateOf says whether a session goes on, or what became of it.
func stateOf(s auth.Session, now time.Time) string {
	switch {
	case !s.Ended.IsZero():
		return fmt.Sprintf("ended (%s) at %s", s.Reason, second(s.Ended))
	case !now.Before(s.Expires):
		return "expired"
	}
	return "live"
}

// endSessionsVerb has pointers for what may be given and be empty.
type endSessionsVerb struct {
	SID  *string `arg:"" optional:"" name:"sid" help:"The session, as sessions list shows it."`
	User *string `placeholder:"USER" help:"End all sessions of this user."`
	All  bool    `help:"End all sessions of all users."`
}

func (v *endSessionsVerb) run(ctx context.Context, cli *commandLine, _ environment, std streams) error {
	given := 0
	for _, isGiven := range []bool{v.SID != nil, v.User != nil, v.All} {
		if isGiven {
			given++
		}
	}
	if given != 1 {
		return usageError{errors.New("want one of SID, --user USER and --all, which say which sessions to end; tokenpair sessions list USER shows those of a user")}
	}
	return withExisting(ctx, cli, hashing{}, func(users *auth.Users) error {
		switch {
		case v.SID != nil:
			return endOne(ctx, users, *v.SID, std)
		case v.User != nil:
			return endThoseOf(ctx, users, *v.User, std)
		}
		return endAll(ctx, users, std)
	})
}

func endOne(ctx context.Context, users *auth.Users, id string, std streams) error {
	err := users.EndSession(ctx, id)
	if errors.Is(err, auth.ErrNoSession) {
		return fmt.Errorf("session %s: %w; tokenpair sessions list USER shows those of a user and what became of them", printable(id), err)
	}
	if err != nil {
		return fmt.Errorf("session %s: %w", printable(id), err)
	}
	fmt.Fprintln(std.out, "ended 1 session")
	return nil
}

func endThoseOf(ctx context.Context, users *auth.Users, username string, std streams) error {
	ended, err := users.EndSessions(ctx, username)
	if err != nil {
		return about(username, err)
	}
	fmt.Fprintf(std.out, "ended %s of user %s\n", count(ended, "session"), printable(username))
	return nil
}

// endAll ends them user by user: what was ended before something went wrong stays ended.
func endAll(ctx context.Context, users *auth.Users, std streams) error {
	progress := progress{out: terminalOf(std.err), format: "ended %d sessions …"}
	ended, err := users.EndAllSessions(ctx, progress.show)
	progress.clear()
	if err != nil && ctx.Err() != nil { // whatever it was that gave up
		err = errors.New("interrupted")
	}
	if err != nil {
		return fmt.Errorf("%w; %s ended before, and others may go on: run it again", err, count(ended, "session"))
	}
	fmt.Fprintf(std.out, "ended %s\n", count(ended, "session"))
	return nil
}
