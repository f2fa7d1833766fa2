package conformance

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// variables are what earlier steps of a case left for later ones.
type variables map[string]any

// abort is an error in its own words, after which a case cannot go on.
type abort string

func (a abort) Error() string { return string(a) }

var reference = regexp.MustCompile(`\$\{([\p{L}\p{N}_]+)\}`)

// text puts the variables into a text, in place of ${name}.
func (v variables) text(s string) (string, error) {
	var missing error
	s = reference.ReplaceAllStringFunc(s, func(match string) string {
		name := match[2 : len(match)-1]
		value, ok := v[name]
		if !ok && missing == nil {
			missing = abort(fmt.Sprintf("variable %s was never set", name))
		}
		return plainText(value)
	})
	return s, missing
}

// plainText is a value as Python's str() writes it, for the kinds that a case puts into a text.
func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return strings.ToUpper(strconv.FormatBool(v)[:1]) + strconv.FormatBool(v)[1:]
	case string:
		return v
	}
	return compact(v)
}

// fill puts variables, times and random texts into a value.
func (v variables) fill(x any) (any, error) {
	switch x := x.(type) {
	case string:
		return v.text(x)
	case []any:
		list := make([]any, len(x))
		for i := range x {
			var err error
			if list[i], err = v.fill(x[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	case *object:
		if made, ok := generated(x); ok {
			return made, nil
		}
		o := newObject()
		for _, name := range x.names {
			member, err := v.fill(x.members[name])
			if err != nil {
				return nil, err
			}
			o.set(name, member)
		}
		return o, nil
	}
	return x, nil
}

// generated is what {"$now": n}, {"$hex": n} or {"$float": text} stands for.
func generated(o *object) (any, bool) {
	if len(o.names) != 1 {
		return nil, false
	}
	arg := o.members[o.names[0]]
	offset, _ := numeric(arg)
	switch o.names[0] {
	case "$now":
		if kind(arg) == "float" {
			return floatNumber(now() + offset), true
		}
		return number(strconv.FormatInt(time.Now().Unix()+int64(offset), 10)), true
	case "$hex":
		return randomHex(int(offset)), true
	case "$float":
		f, _ := strconv.ParseFloat(fmt.Sprint(arg), 64)
		return floatNumber(f), true
	}
	return nil, false
}

// floatNumber keeps an exponent or a name in the text, so that it stays a float.
func floatNumber(f float64) number { return number(strconv.FormatFloat(f, 'E', -1, 64)) }

// now is the time in Unix seconds, with its fraction.
func now() float64 { return float64(time.Now().UnixNano()) / 1e9 }
