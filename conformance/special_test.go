package conformance

import (
	"fmt"
	"strings"
)

// matchSpecial handles an object that stands for a matcher, such as {"$now": 300}. False: it is an ordinary object.
func (c *comparison) matchSpecial(want *object, got any, path string) bool {
	if len(want.names) > 2 {
		return false
	}
	// The order of the names here decides, as in run.py, when an object has two.
	for _, name := range []string{"$jwt", "$regex", "$any", "$now", "$var", "$not_var", "$subset", "$alt"} {
		if want.has(name) {
			c.matchOne(name, want.members[name], got, path)
			return true
		}
	}
	return false
}

func (c *comparison) matchOne(name string, arg, got any, path string) {
	switch name {
	case "$jwt":
		c.matchJWT(arg, got, path)
	case "$regex":
		p, _ := arg.(string)
		if s, ok := got.(string); !ok || !matches(`(?s)\A(?:`+p+`)\z`, s) {
			c.differ("%s expected /%s/ got %s", path, p, short(got, width))
		}
	case "$any":
		if arg != true && !isA(arg, got) {
			c.differ("%s expected a %s got %s", path, short(arg, width), short(got, width))
		}
	case "$now":
		c.matchNow(arg, got, path)
	case "$var":
		v, ok := c.vars[fmt.Sprint(arg)]
		switch {
		case !ok:
			c.differ("%s: variable %v was never set", path, arg)
		case !equal(got, v):
			c.differ("%s expected the value of %v got %s", path, arg, short(got, width))
		}
	case "$not_var":
		if equal(got, c.vars[fmt.Sprint(arg)]) {
			c.differ("%s should differ from %v", path, arg)
		} else if kind(got) != "string" {
			c.differ("%s expected a string got %s", path, short(got, width))
		}
	case "$subset":
		c.matchSubset(arg, got, path)
	case "$alt":
		c.matchAlternatives(arg, got, path)
	}
}

func isA(what, v any) bool {
	switch what {
	case "string", "object", "list", "null":
		return kind(v) == what
	case "number":
		_, ok := numeric(v) // a bool is a number to run.py
		return ok
	}
	return false
}

func (c *comparison) matchNow(arg, got any, path string) {
	offset, _ := numeric(arg)
	n, ok := got.(number)
	if !ok || !n.isInt() {
		c.differ("%s expected whole seconds got %s", path, short(got, width))
		return
	}
	if f := n.float(); f < c.from+offset-slack || f > c.to+offset+slack {
		c.differ("%s expected now%+.0f got now%+.0f", path, offset, f-c.to)
	}
}

func (c *comparison) matchSubset(arg, got any, path string) {
	want, ok := arg.(*object)
	if !ok {
		c.differ("%s: $subset takes an object", path)
		return
	}
	o, ok := got.(*object)
	if !ok {
		c.differ("%s expected an object got %s", path, short(got, width))
		return
	}
	for _, name := range want.names {
		if !o.has(name) {
			c.differ("%s.%s is missing", path, name)
			continue
		}
		c.match(want.members[name], o.members[name], path+"."+name)
	}
}

func (c *comparison) matchAlternatives(arg, got any, path string) {
	list, _ := arg.([]any)
	for _, want := range list {
		try := comparison{Runner: c.Runner, vars: c.vars, from: c.from, to: c.to}
		try.match(want, got, path)
		if c.err = try.err; c.err != nil {
			return
		}
		if len(try.differences) == 0 {
			return
		}
	}
	c.differ("%s expected one of %s got %s", path, short(arg, width), short(got, width))
}

func (c *comparison) matchJWT(arg, got any, path string) {
	spec, ok := arg.(*object)
	if !ok {
		c.differ("%s: $jwt takes an object", path)
		return
	}
	encoded, ok := got.(string)
	if !ok || strings.Count(encoded, ".") != 2 {
		c.differ("%s expected a JWT got %s", path, short(got, width))
		return
	}
	part := strings.Split(encoded, ".")
	var raw [3][]byte
	for i := range part {
		var err error
		if raw[i], err = decodeSegment(part[i]); err != nil {
			c.differ("%s is no readable JWT: %v", path, err)
			return
		}
	}
	var parsed [2]any
	for i := range parsed {
		var err error
		if parsed[i], err = parseJSON(raw[i]); err != nil {
			c.differ("%s is no readable JWT: %v", path, err)
			return
		}
		if string(raw[i]) != compactASCII(parsed[i]) {
			c.note("bytes: %s %s is not compact ASCII JSON", path, [...]string{"header", "payload"}[i])
		}
	}
	if encodeSegment(raw[2]) != part[2] {
		c.differ("%s signature is not canonical base64url", path)
	}
	differs, _ := spec.members["differs"].([]any)
	for _, name := range differs {
		if equal(got, c.vars[fmt.Sprint(name)]) {
			c.differ("%s should differ from %v", path, name)
		}
	}
	c.match(spec.members["header"], parsed[0], path+".header")
	c.match(spec.members["claims"], parsed[1], path+".claims")

	var alg string
	if header, ok := spec.members["header"].(*object); ok {
		alg, _ = header.members["alg"].(string)
	}
	pem, _ := spec.members["pem"].(string)
	if !verifySignature(alg, c.signingKey, c.keys[pem], part[0]+"."+part[1], raw[2]) {
		c.differ("%s %s signature does not verify", path, alg)
	}
}
