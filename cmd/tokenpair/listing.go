package main

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// setting is one setting as documentation shows it.
type setting struct {
	Variable, Flag, Default, Group, Help string
	Compat, Sessionless                  string   // the default under --compat simplejwt, and without sessions; "" for the same
	Hidden                               bool     // help does not show its flag
	Enum                                 []string // all that it may be, if that is written here
}

// IsSecret says that the value must not be shown.
func (s setting) IsSecret() bool { return s.Flag == "" }

// settings lists every setting once, group by group, in the order of the struct.
func settings() []setting {
	var all []setting
	var groups []string
	eachSetting(reflect.ValueOf(&commandLine{}).Elem(), true, func(s setting, _ reflect.Value) {
		if slices.ContainsFunc(all, func(known setting) bool { return known.Variable == s.Variable }) {
			return // several verbs have it
		}
		all = append(all, s)
		if !slices.Contains(groups, s.Group) {
			groups = append(groups, s.Group)
		}
	})
	slices.SortStableFunc(all, func(a, b setting) int {
		return slices.Index(groups, a.Group) - slices.Index(groups, b.Group)
	})
	return all
}

// eachSetting calls do for the settings of a struct and of those that it embeds, with their fields; with verbs, also for
// those of each verb.
func eachSetting(v reflect.Value, verbs bool, do func(setting, reflect.Value)) {
	for field, value := range v.Fields() {
		_, isVerb := field.Tag.Lookup("cmd")
		if field.Anonymous || isVerb && verbs {
			eachSetting(value, verbs, do)
		} else if variable, ok := field.Tag.Lookup("setting"); ok {
			do(describeField(variable, field), value)
		}
	}
}

func describeField(variable string, field reflect.StructField) setting {
	s := setting{
		Variable:    variable,
		Default:     field.Tag.Get("default"),
		Compat:      field.Tag.Get("compat"),
		Sessionless: field.Tag.Get("sessionless"),
		Group:       field.Tag.Get("group"),
		Help:        field.Tag.Get("help"),
	}
	_, s.Hidden = field.Tag.Lookup("hidden")
	if choices, ok := field.Tag.Lookup("enum"); ok {
		s.Enum = strings.Split(choices, ",")
	}
	if field.Tag.Get("kong") != "-" {
		s.Flag = "--" + flagName(variable)
		if _, ok := field.Tag.Lookup("negatable"); ok {
			s.Flag = strings.Replace(s.Flag, "--", "--[no-]", 1)
		}
	}
	return s
}

// flagName is the name of the flag that goes with a variable.
func flagName(variable string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, prefix)), "_", "-")
}

type settingsVerb struct{}

func (v *settingsVerb) run(_ context.Context, _ *commandLine, _ environment, std streams) error {
	fmt.Fprintln(std.out, "A flag of serve wins over its variable, and that over the default. An empty variable is an unset one.")
	group := ""
	for _, s := range settings() {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(std.out, "\n%s\n", group)
		}
		fmt.Fprintf(std.out, "\n  %s\n", strings.TrimSpace(s.Variable+"  "+s.Flag))
		switch {
		case s.Compat != "":
			fmt.Fprintf(std.out, "      default: %s; with --compat simplejwt: %s\n", s.Default, s.Compat)
		case s.Sessionless != "":
			fmt.Fprintf(std.out, "      default: %s; without sessions: %s\n", s.Default, s.Sessionless)
		case s.Default != "":
			fmt.Fprintf(std.out, "      default: %s\n", s.Default)
		}
		indent(std.out, s.Help)
	}
	return nil
}

// indent prints a text in lines that a terminal of 80 columns shows.
func indent(out io.Writer, text string) {
	const width, margin = 79, "      "
	line := margin
	for _, word := range strings.Fields(text) {
		if line != margin && len(line)+1+len(word) > width {
			fmt.Fprintln(out, line)
			line = margin
		}
		if line != margin {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(out, line)
}
