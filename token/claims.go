// Package token issues and verifies JSON Web Tokens (RFC 7519). It knows nothing of users, passwords, storage or HTTP.
package token

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Claims is a JSON object that keeps the order of its members (RFC 7519 §4). The zero value is the empty object.
// It is safe for concurrent use as long as nobody changes it.
type Claims struct {
	members []member
}

type member struct {
	name string
	raw  jsontext.Value
}

// claimsSyntax: a token may repeat a name (the last counts) and hold lone surrogates in claims that are none of our
// business. Raw bytes are checked to be UTF-8 before the decoder sees them.
var claimsSyntax = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// ParseClaims reads a JSON object. Names are exact; of a repeated name the last value counts, at the place of the
// first. It fails on everything that is not one object in UTF-8 (RFC 7519 §7.2).
func ParseClaims(payload []byte) (Claims, error) {
	if !utf8.Valid(payload) {
		return Claims{}, errors.New("claims are not UTF-8")
	}
	dec := jsontext.NewDecoder(bytes.NewReader(payload), claimsSyntax...)
	if dec.PeekKind() != '{' {
		return Claims{}, errors.New("claims are not a JSON object")
	}
	if _, err := dec.ReadToken(); err != nil {
		return Claims{}, errors.New("claims are not JSON")
	}
	var c Claims
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return Claims{}, errors.New("claims are not JSON")
		}
		key := name.String() // before the next read, which invalidates the token
		raw, err := dec.ReadValue()
		if err != nil {
			return Claims{}, errors.New("claims are not JSON")
		}
		c.set(key, compact(raw))
	}
	if _, err := dec.ReadToken(); err != nil {
		return Claims{}, errors.New("claims are not JSON")
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return Claims{}, errors.New("claims are followed by something else")
	}
	return c, nil
}

// maxDepth bounds the nesting of what ParseStrict takes: others that read a token may give up much earlier than this program.
const maxDepth = 64

// ParseStrict is ParseClaims for what people write: it also refuses repeated names and lone surrogates, wherever they are,
// numbers beyond a double, and deep nesting. The error says which, and quotes nothing.
func ParseStrict(payload []byte) (Claims, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(payload))
	for {
		read, err := dec.ReadToken()
		switch {
		case err == io.EOF:
			return ParseClaims(payload)
		case err == nil && read.Kind() == '0' && isOutOfRange(read.String()):
			return Claims{}, errors.New("a number is too large for most readers")
		case errors.Is(err, jsontext.ErrDuplicateName):
			return Claims{}, errors.New("a name stands twice in one object")
		case err != nil:
			return Claims{}, errors.New("this is not JSON in UTF-8")
		case dec.StackDepth() > maxDepth:
			return Claims{}, fmt.Errorf("this is nested more than %d deep", maxDepth)
		}
	}
}

func isOutOfRange(number string) bool {
	_, err := strconv.ParseFloat(number, 64)
	return err != nil
}

// Get returns the raw JSON value of a claim and whether there is one.
func (c Claims) Get(name string) (jsontext.Value, bool) {
	for _, m := range c.members {
		if m.name == name {
			return m.raw, true
		}
	}
	return nil, false
}

// Text returns the value of a claim that is a JSON string; ok is false when it is absent or something else.
func (c Claims) Text(name string) (text string, ok bool) {
	raw, ok := c.Get(name)
	if !ok {
		return "", false
	}
	return unquote(raw)
}

func unquote(raw jsontext.Value) (text string, ok bool) {
	if raw.Kind() != '"' {
		return "", false
	}
	// A lone surrogate decodes to U+FFFD and an error that says so.
	decoded, err := jsontext.AppendUnquote(nil, raw)
	return string(decoded), err == nil
}

// texts returns the values of a claim that is a list of JSON strings; ok is false when it is absent or something else.
func (c Claims) texts(name string) (texts []string, ok bool) {
	raw, ok := c.Get(name)
	if !ok || raw.Kind() != '[' {
		return nil, false
	}
	dec := jsontext.NewDecoder(bytes.NewReader(raw), claimsSyntax...)
	dec.ReadToken() // the bracket: raw came out of a decoder, and cannot fail in this one
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return nil, false
		}
		text, ok := unquote(value)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}

// Seconds returns the value of a claim that is a NumericDate (RFC 7519 §2), cut to whole seconds since 1970; ok is
// false when the claim is absent, not a number, or beyond an int64.
func (c Claims) Seconds(name string) (seconds int64, ok bool) {
	raw, ok := c.Get(name)
	if !ok || raw.Kind() != '0' {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.Abs(f) >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// SetText gives a claim a text, at its place if it is there and at the end if not.
func (c *Claims) SetText(name, text string) { c.set(name, quote(text)) }

// SetInt gives a claim a whole number, at its place if it is there and at the end if not.
func (c *Claims) SetInt(name string, n int64) { c.set(name, strconv.AppendInt(nil, n, 10)) }

// Set gives a claim a value, at its place if it is there and at the end if not. The value is that of another Claims.
func (c *Claims) Set(name string, raw jsontext.Value) { c.set(name, raw) }

// SetNull gives a claim the value null, at its place if it is there and at the end if not.
func (c *Claims) SetNull(name string) { c.set(name, jsontext.Value("null")) }

// Delete takes a claim out; it need not be there.
func (c *Claims) Delete(name string) {
	c.members = slices.DeleteFunc(c.members, func(m member) bool { return m.name == name })
}

// All yields the claims in their order.
func (c Claims) All() iter.Seq2[string, jsontext.Value] {
	return func(yield func(string, jsontext.Value) bool) {
		for _, m := range c.members {
			if !yield(m.name, m.raw) {
				return
			}
		}
	}
}

// Clone returns a copy: to change it does not change c.
func (c Claims) Clone() Claims { return Claims{slices.Clone(c.members)} }

func (c *Claims) set(name string, raw jsontext.Value) {
	for i := range c.members {
		if c.members[i].name == name {
			c.members[i].raw = raw
			return
		}
	}
	c.members = append(c.members, member{name, raw})
}

// MarshalJSON writes the object compactly and in ASCII: everything else stands as \uHHHH, as Python's json writes it.
// It never fails.
func (c Claims) MarshalJSON() ([]byte, error) {
	size := 2
	for _, m := range c.members {
		size += len(m.name) + len(m.raw) + 4
	}
	out := append(make([]byte, 0, size), '{')
	for i, m := range c.members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, quote(m.name)...)
		out = append(out, ':')
		out = append(out, m.raw...)
	}
	return append(out, '}'), nil
}

// quote returns a text as a JSON string in ASCII.
func quote(text string) jsontext.Value {
	quoted := make([]byte, 0, len(text)+2)
	quoted, _ = jsontext.AppendQuote(quoted, text) // its only error reports invalid UTF-8, which it replaces by U+FFFD
	return escape(quoted)
}

// compact returns a copy of a valid JSON value in ASCII, without white space between its tokens.
func compact(raw jsontext.Value) jsontext.Value {
	v := raw.Clone()
	v.Compact(claimsSyntax...) // raw came out of the decoder
	return escape(v)
}

// escape puts what is not ASCII as \uHHHH. In valid JSON that occurs in strings only, so that nothing has to be read.
func escape(v jsontext.Value) jsontext.Value {
	if !slices.ContainsFunc(v, func(b byte) bool { return b >= utf8.RuneSelf }) {
		return v
	}
	out := make([]byte, 0, 2*len(v))
	for _, r := range string(v) {
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = appendEscape(appendEscape(out, high), low)
		default:
			out = appendEscape(out, r)
		}
	}
	return out
}

func appendEscape(out []byte, unit rune) []byte {
	const hex = "0123456789abcdef"
	return append(out, '\\', 'u', hex[unit>>12&15], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
}
