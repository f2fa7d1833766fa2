package main

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// origin is where the value of a setting came from.
type origin string

const (
	fromDefault  origin = "default"
	fromCompat   origin = "compat"
	fromSessions origin = "sessions" // the default where there are none
	fromVariable origin = "variable"
	fromFlag     origin = "flag"
)

// effective is a setting with the value that counts, as text. That of a secret is empty.
type effective struct {
	setting
	Value string
	From  origin
}

// resolution is what the settings of a verb came to, and what could not be understood.
type resolution struct {
	settings []effective
	faults   findings
}

// from says where the value of a setting came from.
func (r resolution) from(variable string) origin {
	for _, s := range r.settings {
		if s.Variable == variable {
			return s.From
		}
	}
	return fromDefault
}

// isGiven says whether the operator gave the setting a value.
func (r resolution) isGiven(variable string) bool {
	from := r.from(variable)
	return from == fromVariable || from == fromFlag
}

// resolve gives the settings of a verb that have no flag on the command line the values of their variables, or their
// defaults under --compat. Here and not in kong, which stops at the first that it refuses, and repeats it.
func resolve(cli *commandLine, chosen runner, flags []string, env environment) (r resolution) {
	compat := "none"
	var fields []reflect.Value
	collect := func(s setting, field reflect.Value) {
		from := fromDefault
		switch value := env[s.Variable]; {
		case slices.Contains(flags, flagName(s.Variable)):
			from = fromFlag
		case value != "": // an empty variable is an unset one
			from = fromVariable
			if err := assign(field, s, value); err != nil {
				r.faults = append(r.faults, finding{isError, []string{s.Variable}, fmt.Sprintf("%s: %v", s.Variable, err)})
			}
		}
		if s.Variable == prefix+"COMPAT" {
			compat = field.String()
		}
		r.settings, fields = append(r.settings, effective{setting: s, From: from}), append(fields, field)
	}
	eachSetting(reflect.ValueOf(cli).Elem(), false, collect)
	eachSetting(reflect.ValueOf(chosen).Elem(), false, collect)
	for i := range r.settings {
		s := &r.settings[i]
		if s.From == fromDefault && s.Compat != "" && compat == "simplejwt" {
			s.From = fromCompat
			assign(fields[i], s.setting, s.Compat) // the struct's own: a test has it taken
		}
	}
	sessionless := r.has(fields, prefix+"SESSIONS", false) // now that compat has had its say
	for i := range r.settings {
		s := &r.settings[i]
		if s.From == fromDefault && s.Sessionless != "" && sessionless {
			s.From = fromSessions
			assign(fields[i], s.setting, s.Sessionless)
		}
		if !s.IsSecret() {
			s.Value = fmt.Sprint(fields[i].Interface())
		}
	}
	return r
}

// has says whether a switch is among the settings of the verb and stands as asked for.
func (r resolution) has(fields []reflect.Value, variable string, on bool) bool {
	at := slices.IndexFunc(r.settings, func(s effective) bool { return s.Variable == variable })
	return at >= 0 && fields[at].Bool() == on
}

// assign gives a field of the command line a value.
func assign(field reflect.Value, s setting, value string) error {
	if !s.IsSecret() && !utf8.ValidString(value) {
		return errors.New("it is not UTF-8")
	}
	if _, isPath := field.Interface().(keyFile); !isPath && !s.IsSecret() && strings.ContainsFunc(value, unicode.IsControl) {
		return errors.New("it holds control characters, such as line ends") // not repeated: a key has line ends
	}
	switch target := field.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return target.UnmarshalText([]byte(value))
	case *bool:
		on, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("want true or false, got %q", value)
		}
		*target = on
	case *string:
		if s.Enum != nil && !slices.Contains(s.Enum, value) {
			return fmt.Errorf("want one of %s, got %q", strings.Join(s.Enum, ", "), value)
		}
		*target = value
	default:
		return fmt.Errorf("a %T takes no value", target)
	}
	return nil
}
