package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// verb is what was asked for, ready to run.
type verb func(context.Context, environment, streams) error

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
		kong.Resolvers(compatDefaults(env), variables(env)), // of several the last counts
		kong.ValueFormatter(describe),
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
		return nil, usageError{errors.New(explain(err, env) + " (tokenpair --help shows what there is)")}
	}
	chosen := parsed.Selected().Target.Addr().Interface().(runner)
	return func(ctx context.Context, env environment, std streams) error { return chosen.run(ctx, &cli, env, std) }, nil
}

// explain keeps to itself what may be a password on a command line: kong repeats what it refuses.
func explain(err error, env environment) string {
	words := err.Error()
	var refused *kong.ParseError
	switch unexpected, ok := strings.CutPrefix(words, "unexpected argument "); {
	case ok && errors.As(err, &refused) && refused.Context.Selected() == nil:
		return "unknown verb " + unexpected
	case ok && errors.As(err, &refused) && slices.Contains([]string{"createuser", "changepassword"}, refused.Context.Selected().Name):
		return "too many arguments; a password is never one, see --password-stdin"
	case ok:
		return "too many arguments"
	case strings.HasPrefix(words, "--password-stdin: "):
		return "--password-stdin takes no value; the password is the first line of standard input"
	}
	for _, s := range settings() {
		flag := strings.Replace(s.Flag, "[no-]", "", 1)
		if flag != "" && env[s.Variable] != "" && strings.HasPrefix(words, flag) {
			return words + ", and " + s.Variable + " is set"
		}
	}
	return words
}

// describe puts behind the help of a setting what it is without being set, and by which variable it can be.
func describe(value *kong.Value) string {
	variable := value.Tag.Get("setting")
	if variable == "" {
		return value.Help
	}
	if value.HasDefault {
		return value.Help + " [" + value.Default + ", " + variable + "]"
	}
	return value.Help + " [" + variable + "]"
}

// variables gives settings the values of their variables. An empty variable is an unset one.
func variables(env environment) kong.ResolverFunc {
	return func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		variable := flag.Tag.Get("setting")
		value := env[variable]
		if variable == "" || value == "" {
			return nil, nil
		}
		if !utf8.ValidString(value) {
			return nil, errors.New(variable + " is not UTF-8")
		}
		if flag.IsBool() {
			on, err := strconv.ParseBool(value)
			if err != nil {
				return nil, errors.New(variable + " must be true or false")
			}
			return on, nil
		}
		return value, nil
	}
}

// compatDefaults gives settings the defaults of the program that --compat names.
func compatDefaults(env environment) kong.ResolverFunc {
	return func(parsed *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if !flag.Tag.Has("compat") || compat(parsed, env) != "simplejwt" {
			return nil, nil
		}
		return flag.Tag.Get("compat"), nil
	}
}

// compat looks the switch up by itself, since its own value may be resolved after those that depend on it.
func compat(parsed *kong.Context, env environment) any {
	for _, path := range parsed.Path {
		if path.Flag != nil && path.Flag.Name == "compat" {
			return parsed.FlagValue(path.Flag)
		}
	}
	return env[prefix+"COMPAT"]
}
