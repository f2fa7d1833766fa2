// Command tokenpair is the login and token service and the tools of its operator.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	os.Exit(exitCode(err))
}

// usageError is a command line or a setting that cannot be understood.
type usageError struct {
	error
}

func (e usageError) Unwrap() error { return e.error }

// exitCode is 0, 1 for what failed, 2 for what was asked wrongly.
func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return 2
	default:
		return 1
	}
}

// run is the whole program: it parses args and environ ("NAME=value", as os.Environ gives it), runs the verb until it is
// done or ctx ends, and tells an error on stderr in one line before it returns it.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) error {
	env := newEnvironment(environ)
	std := streams{stdin, stdout, stderr}
	verb, err := parse(args, env, stdout)
	if err == nil && verb != nil {
		err = verb(ctx, std)
	}
	if err != nil {
		fmt.Fprintf(stderr, "tokenpair: error: %s\n", oneLine(err.Error()))
	}
	return err
}

// streams are where a verb reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

func (s streams) warn(text string) { fmt.Fprintf(s.err, "tokenpair: warning: %s\n", oneLine(text)) }
