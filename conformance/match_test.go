package conformance

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	slack = 3   // seconds either side, for claims relative to now
	width = 160 // characters of a value that a difference shows
)

// comparison holds an answer against what a case expects of it, and collects what differs.
type comparison struct {
	*Runner
	vars        variables
	from, to    float64 // the exchange began and ended, in Unix seconds
	differences []string
	notes       []string
	err         error // the case cannot go on
}

func (c *comparison) differ(format string, args ...any) {
	c.differences = append(c.differences, fmt.Sprintf(format, args...))
}

func (c *comparison) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

func (c *comparison) check(want *Expect, got *response) {
	c.checkStatus(want.Status, got.status)
	if headers, ok := want.Headers.value.(*object); ok {
		for _, name := range headers.names {
			c.checkHeader(name, headers.members[name], got.headers)
		}
	}
	for _, name := range want.Absent {
		if values, ok := got.headers[strings.ToLower(name)]; ok {
			c.differ("header %s should be absent, is %s", name, short(values[0], width))
		}
	}
	if want.Body != nil {
		c.checkBody(want.Body, got.body)
	}
}

func (c *comparison) checkStatus(want document, got int) {
	if want.value == nil {
		return
	}
	accepted, ok := want.value.([]any)
	if !ok {
		accepted = []any{want.value}
	}
	if !slices.ContainsFunc(accepted, func(v any) bool { return equal(v, number(fmt.Sprint(got))) }) {
		c.differ("status expected %s got %d", strings.ReplaceAll(compact(want.value), ",", ", "), got)
	}
}

func (c *comparison) checkHeader(name string, want any, headers map[string][]string) {
	values, ok := headers[strings.ToLower(name)]
	if !ok {
		c.differ("header %s expected %s but it is absent", name, short(want, width))
		return
	}
	got := strings.Join(values, ", ")
	if o, ok := want.(*object); ok {
		if p, _ := o.members["$regex"].(string); !matches(`\A(?:`+p+`)\z`, got) {
			c.differ("header %s expected /%s/ got %s", name, p, short(got, width))
		}
		return
	}
	text, _ := want.(string)
	switch {
	case got == text:
	case (name == "Allow" || name == "Vary") && slices.Equal(sortedList(got), sortedList(text)):
		c.note("order: header %s expected %s got %s", name, repr(text), repr(got))
	default:
		c.differ("header %s expected %s got %s", name, short(want, width), short(got, width))
	}
}

func sortedList(s string) []string {
	list := strings.Split(s, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	slices.Sort(list)
	return list
}

func (c *comparison) checkBody(want *Body, raw []byte) {
	text := strings.ToValidUTF8(string(raw), "\uFFFD")
	switch {
	case want.Empty:
		if len(raw) > 0 {
			c.differ("body expected empty got %s", short(text, width))
		}
	case want.Text != nil:
		if string(raw) != *want.Text {
			c.differ("body expected %s got %s", repr(short(*want.Text, width)), repr(short(text, width)))
		}
	case want.Base64 != nil:
		if b, err := base64.StdEncoding.DecodeString(*want.Base64); err != nil || string(b) != string(raw) {
			c.differ("body bytes differ")
		}
	case want.Regex != nil:
		if !matches("(?s)"+*want.Regex, text) {
			c.differ("body expected /%s/ got %s", *want.Regex, short(text, width))
		}
	case want.JSON.present:
		got, err := parseJSON(raw)
		if err != nil {
			c.differ("body is no JSON: %s, expected %s", repr(short(text, width)), short(want.JSON.value, width))
			return
		}
		c.match(want.JSON.value, got, "body")
		if (want.Compact == nil || *want.Compact) && string(raw) != compact(got) {
			c.note("bytes: body is not compact JSON as the reference writes it")
		}
	}
}

func (c *comparison) match(want, got any, path string) {
	switch want := want.(type) {
	case *object:
		if !c.matchSpecial(want, got, path) {
			c.matchObject(want, got, path)
		}
		return
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			c.differ("%s expected %s got %s", path, short(want, width), short(got, width))
			return
		}
		for i := range want {
			c.match(want[i], list[i], fmt.Sprintf("%s[%d]", path, i))
		}
		return
	case string:
		text, err := c.vars.text(want)
		if err != nil {
			c.err = err
			return
		}
		c.matchPlain(text, got, path)
		return
	}
	c.matchPlain(want, got, path)
}

func (c *comparison) matchPlain(want, got any, path string) {
	if kind(want) != kind(got) || !equal(want, got) {
		c.differ("%s expected %s got %s", path, short(compact(want), width), short(compact(got), width))
	}
}

func (c *comparison) matchObject(want *object, got any, path string) {
	o, ok := got.(*object)
	if !ok {
		c.differ("%s expected an object got %s", path, short(got, width))
		return
	}
	if o.repeated {
		c.differ("%s has a repeated key", path)
	}
	same := true
	for _, name := range want.names {
		if !o.has(name) {
			c.differ("%s.%s is missing", path, name)
			same = false
		}
	}
	for _, name := range o.names {
		if !want.has(name) {
			c.differ("%s.%s is not expected (%s)", path, name, short(o.members[name], 60))
			same = false
		}
	}
	if same && !slices.Equal(want.names, o.names) {
		c.note("order: %s keys expected %q got %q", path, want.names, o.names)
	}
	for _, name := range want.names {
		if o.has(name) {
			c.match(want.members[name], o.members[name], path+"."+name)
		}
	}
}

// compile takes a pattern of the case files. What Go's syntax does not have (look-around, back references) is refused.
func compile(pattern string) (*regexp.Regexp, error) { return regexp.Compile("(?s)" + pattern) }

func matches(pattern, s string) bool {
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(s)
}

// repr is a text in Python's quotes, so that white space shows.
func repr(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	return quote + strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, quote, `\`+quote).Replace(s) + quote
}
