package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// verb is what was asked for, ready to run.
type verb func(context.Context, streams) error

// runner is what every verb of the command line implements.
type runner interface {
	run(context.Context, *commandLine, environment, streams) error
}

// helpShown ends the parsing when help was asked for and printed.
type helpShown struct{}

// parse returns the verb of a command line, or nil when help was asked for and has been printed to stdout.
func parse(args []string, env environment, stdout io.Writer) (v verb, err error) {
	var cli commandLine
	parser, err := kong.New(&cli,
		kong.Name("tokenpair"),
		kong.Description("A username and a password go in; a pair of JSON Web Tokens comes out."),
		kong.Writers(stdout, stdout),
		kong.Exit(func(int) { panic(helpShown{}) }),
		kong.ValueFormatter(describe),
		kong.Help(showHelp),
	)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cause := recover(); cause != nil {
			if _, ok := cause.(helpShown); !ok {
				panic(cause)
			}
			v, err = nil, nil
		}
	}()
	if !utf8.ValidString(strings.Join(args, " ")) { // kong would put U+FFFD into a name or a path and go on
		return nil, usageError{errors.New("an argument is not UTF-8; set the locale of the terminal to UTF-8")}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return nil, usageError{errors.New(explain(err) + " (tokenpair --help shows what there is)")}
	}
	chosen := parsed.Selected().Target.Addr().Interface().(runner)
	cli.resolved = resolve(&cli, chosen, givenFlags(parsed), env)
	switch chosen.(type) {
	case *serveVerb, *doctorVerb: // they tell them with what else is wrong
	default:
		if err := cli.resolved.faults.err(); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, std streams) error {
		if _, tells := chosen.(*doctorVerb); !tells {
			for _, text := range env.unknown() {
				std.warn(text)
			}
		}
		return chosen.run(ctx, &cli, env, std)
	}, nil
}

// givenFlags are the names of the flags on the command line.
func givenFlags(parsed *kong.Context) (names []string) {
	for _, path := range parsed.Path {
		if path.Flag != nil {
			names = append(names, path.Flag.Name)
		}
	}
	return names
}

// showHelp prints the help of kong, and where the flags are that it does not show.
func showHelp(options kong.HelpOptions, parsed *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, parsed); err != nil {
		return err
	}
	if selected := parsed.Selected(); selected != nil && slices.ContainsFunc(selected.Flags, func(f *kong.Flag) bool { return f.Hidden }) {
		fmt.Fprintln(parsed.Stdout, "\nThere are more settings: tokenpair settings lists all, and so does docs/settings.md.")
	}
	return nil
}

// explain keeps to itself what may be a password on a command line: kong repeats what it refuses.
func explain(err error) string {
	words := err.Error()
	var refused *kong.ParseError
	var verb *kong.Node
	if errors.As(err, &refused) {
		verb = refused.Context.Selected()
	}
	switch unexpected, ok := strings.CutPrefix(words, "unexpected argument "); {
	case ok && refused != nil && verb == nil:
		return "unknown verb " + unexpected
	case ok && verb != nil && len(verb.Children) > 0:
		return "unknown verb " + verb.Name + " " + unexpected
	case ok && verb != nil && slices.Contains([]string{"createuser", "changepassword"}, verb.Name):
		return "too many arguments; a password is never one, see --password-stdin"
	case ok && verb != nil && verb.Name == "setclaims":
		return "too many arguments; put quotes around the JSON object"
	case ok:
		return "too many arguments"
	case strings.HasPrefix(words, "--password-stdin: "):
		return "--password-stdin takes no value; the password is the first line of standard input"
	}
	return words
}

// describe puts behind the help of a setting what it is without being set, and by which variable it can be.
func describe(value *kong.Value) string {
	variable := value.Tag.Get("setting")
	if variable == "" {
		return value.Help
	}
	if sessionless := value.Tag.Get("sessionless"); sessionless != "" {
		return value.Help + " [" + value.Default + ", without sessions " + sessionless + ", " + variable + "]"
	}
	if value.HasDefault {
		return value.Help + " [" + value.Default + ", " + variable + "]"
	}
	return value.Help + " [" + variable + "]"
}
