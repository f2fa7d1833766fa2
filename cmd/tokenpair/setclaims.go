package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"example.com/tokenpair/auth"
)

type claimsVerb struct {
	oneUser
	JSON string `arg:"" name:"json" help:"An object of JSON, such as '{\"role\":\"editor\"}', in the place of the one that the user had; {} takes it away. With - it is read from standard input."`
}

func (v *claimsVerb) run(ctx context.Context, cli *commandLine, env environment, std streams) error {
	object := v.JSON
	if object == "-" {
		var err error
		if object, err = readObject(ctx, std); err != nil {
			return err
		}
	}
	return withExisting(ctx, cli, hashing{}, func(users *auth.Users) error {
		for name := range new(serving).claimNames() {
			users.Reserved = append(users.Reserved, env[prefix+name])
		}
		if err := users.SetClaims(ctx, v.Username, object); err != nil {
			return about(v.Username, err)
		}
		fmt.Fprintf(std.out, "set the claims of user %s; they show at the next login or refresh\n", printable(v.Username))
		return nil
	})
}

// readObject reads standard input, of which more than is taken is enough.
func readObject(ctx context.Context, std streams) (string, error) {
	const enough = 64 << 10
	in := interruptible(ctx, std.in)
	defer in.Close()
	content, err := io.ReadAll(io.LimitReader(in, enough))
	if err != nil && ctx.Err() != nil {
		return "", errors.New("interrupted; nothing was changed")
	}
	if err != nil {
		return "", fmt.Errorf("read claims: %w", err)
	}
	return string(content), nil
}
