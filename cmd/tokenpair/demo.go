package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"example.com/tokenpair/auth"
)

// The demo user, as the contract's example has it. Its password is published: hence the loopback address.
const (
	demoUsername = "sampleUser"
	demoPassword = "userpassword123"
)

// demo is what came of the demo user.
type demo struct {
	added bool // the database was empty
	works bool // it can log in with its published password
}

func prepareDemo(ctx context.Context, users *auth.Users) (demo, error) {
	err := users.CreateFirst(ctx, demoUsername, demoPassword)
	if err != nil && !errors.Is(err, auth.ErrDatabaseInUse) {
		return demo{}, err
	}
	works, loginErr := users.CanLogIn(ctx, demoUsername, demoPassword)
	return demo{added: err == nil, works: works}, loginErr
}

// announce prints what is to be known of the demo user, and a line to paste while its password works.
func (d demo) announce(out io.Writer, base string) {
	if !d.added {
		fmt.Fprintln(out, "the database has users already: no demo user was added, nothing was changed; --database=sqlite:data/demo.db is a new one")
	}
	if d.works {
		url := base + "/api/token"
		if strings.Contains(url, "[") { // some shells take brackets for a pattern
			url = "'" + url + "'"
		}
		fmt.Fprintf(out, "curl -s %s -H 'Content-Type: application/json' -d '{\"username\":\"%s\",\"password\":\"%s\"}'\n",
			url, demoUsername, demoPassword)
	}
}
