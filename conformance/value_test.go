package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A JSON value is nil, bool, number, string, []any or *object.

// number is the text of a JSON number: 1 and 1.0 are not the same type.
type number string

func (n number) isInt() bool { return !strings.ContainsAny(string(n), ".eEIN") }

func (n number) float() float64 {
	f, _ := strconv.ParseFloat(string(n), 64) // out of range is infinite, as wanted
	return f
}

// object is a JSON object that keeps the order of its names and notices repeated ones, of which the last counts.
type object struct {
	names    []string
	members  map[string]any
	repeated bool
}

func newObject() *object { return &object{members: map[string]any{}} }

func (o *object) has(name string) bool { _, ok := o.members[name]; return ok }

func (o *object) set(name string, v any) {
	if !o.has(name) {
		o.names = append(o.names, name)
	}
	o.members[name] = v
}

func (o *object) drop(name string) {
	o.names = slices.DeleteFunc(o.names, func(n string) bool { return n == name })
	delete(o.members, name)
}

func parseJSON(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("not UTF-8")
	}
	// Invalid UTF-8 is allowed for the sake of escaped lone surrogates only; they read as U+FFFD.
	dec := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	v, err := readValue(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return nil, errors.New("data after the JSON value")
	}
	return v, nil
}

func readValue(dec *jsontext.Decoder) (any, error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return tok.Bool(), nil
	case '"':
		return tok.String(), nil
	case '0':
		return number(tok.String()), nil
	case '[':
		list := []any{}
		for dec.PeekKind() != ']' {
			v, err := readValue(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.ReadToken()
		return list, err
	}
	o := newObject()
	for dec.PeekKind() != '}' {
		tok, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name := tok.String()
		v, err := readValue(dec)
		if err != nil {
			return nil, err
		}
		o.repeated = o.repeated || o.has(name)
		o.set(name, v)
	}
	_, err = dec.ReadToken()
	return o, err
}

// kind is the type of a value, where Python would see one.
func kind(v any) string {
	switch v := v.(type) {
	case bool:
		return "bool"
	case number:
		if v.isInt() {
			return "int"
		}
		return "float"
	case string:
		return "string"
	case []any:
		return "list"
	case *object:
		return "object"
	}
	return "null"
}

// equal compares as Python's == does: order of names does not count, and true == 1 == 1.0.
func equal(a, b any) bool {
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, equal)
	case *object:
		y, ok := b.(*object)
		if !ok || len(x.names) != len(y.names) {
			return false
		}
		for name, v := range x.members {
			if !y.has(name) || !equal(v, y.members[name]) {
				return false
			}
		}
		return true
	case bool, number:
		if kind(a) == "int" && kind(b) == "int" {
			return canonical(x.(number)) == canonical(b.(number))
		}
		f, ok := numeric(b)
		g, _ := numeric(a)
		return ok && f == g
	}
	return a == b // nil or string
}

func numeric(v any) (float64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case number:
		return v.float(), true
	}
	return 0, false
}

// canonical is the number as Python would write it.
func canonical(n number) string {
	if n == "-0" {
		return "0"
	}
	if n.isInt() {
		return string(n)
	}
	f := n.float()
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case math.IsNaN(f):
		return "NaN"
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	if exp, _ := strconv.Atoi(s[strings.Index(s, "e")+1:]); exp < -4 || exp >= 16 {
		return s
	}
	s = strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// compact is the value as JSON without white space, non-ASCII characters as they are.
func compact(v any) string { return encode(v, false) }

// compactASCII is the same with every other than a printable ASCII character escaped.
func compactASCII(v any) string { return encode(v, true) }

func encode(v any, ascii bool) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case number:
		return canonical(v)
	case string:
		return quote(v, ascii)
	case []any:
		parts := make([]string, len(v))
		for i, member := range v {
			parts[i] = encode(member, ascii)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case *object:
		parts := make([]string, len(v.names))
		for i, name := range v.names {
			parts[i] = quote(name, ascii) + ":" + encode(v.members[name], ascii)
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return "null"
}

func quote(s string, ascii bool) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch short := strings.IndexRune("\"\\\n\r\t\f\b", c); {
		case short >= 0:
			b.WriteString(`\` + `"\nrtfb`[short:short+1])
		case c < ' ' || ascii && c > '~' && c < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, c)
		case ascii && c > '~':
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// short is the text or the compact JSON, cut to at most limit characters.
func short(v any, limit int) string {
	s, ok := v.(string)
	if !ok {
		s = compact(v)
	}
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-3]) + "..."
	}
	return s
}
