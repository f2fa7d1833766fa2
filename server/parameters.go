package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// formatName is the query parameter that every path has.
const formatName = "format"

// parameters are what the contract says of an operation's path and query, beside the format.
type parameters struct {
	segment string           // the name of the path's last segment, "" where it has none
	value   *openapi3.Schema // what that segment must be
	flags   []string         // names in the query whose values are true and false
}

// newParameters refuses what nobody here would check.
func newParameters(ofPath, ofOperation openapi3.Parameters) (found parameters, err error) {
	format := false
	for _, ref := range slices.Concat(ofPath, ofOperation) {
		p := ref.Value
		if p.Schema == nil || p.Schema.Value == nil {
			return parameters{}, fmt.Errorf("parameter %s has no schema", p.Name)
		}
		schema := p.Schema.Value
		switch {
		case p.In == openapi3.ParameterInPath && found.segment == "":
			if err := checkSegment(schema); err != nil {
				return parameters{}, fmt.Errorf("parameter %s: %w", p.Name, err)
			}
			found.segment, found.value = p.Name, schema
		case p.In == openapi3.ParameterInQuery && !p.Required && p.Name == formatName && slices.Equal(schema.Enum, []any{"json"}):
			format = true
		case p.In == openapi3.ParameterInQuery && !p.Required && schema.Type.Is("boolean") && !slices.Contains(found.flags, p.Name):
			found.flags = append(found.flags, p.Name)
		default:
			return parameters{}, fmt.Errorf("parameter %s is of a kind that is not checked", p.Name)
		}
	}
	if !format {
		return parameters{}, errors.New("the parameter format is missing, and it counts everywhere")
	}
	return found, nil
}

// checkSegment: the pattern alone decides what a segment may be, so that it must leave out what is none or means another.
func checkSegment(schema *openapi3.Schema) error {
	if !schema.Type.Is("string") || schema.Pattern == "" {
		return errors.New("a segment is text with a pattern")
	}
	long := strings.Repeat("a", 1024)
	for _, never := range []string{"", ".", "..", "/", "a/b", "a%2Fb", "a\x00", "\x00a", "a\nb", "a\n", "\xff", long} {
		if schema.VisitJSON(never) == nil {
			return fmt.Errorf("its pattern takes %.10q", never)
		}
	}
	return nil
}

// template splits a path of the document before its last segment, when that stands for a value. Every other use of braces
// is refused, and so is a path that no request could have.
func template(written string) (before, segment string, err error) {
	if path.Clean(written) != written || written == "/" || strings.Contains(written, "%") {
		return "", "", errors.New("it is not in the form in which it is looked up")
	}
	if !strings.ContainsAny(written, "{}") {
		return "", "", nil
	}
	before, last := path.Split(written)
	segment, opened := strings.CutPrefix(last, "{")
	segment, closed := strings.CutSuffix(segment, "}")
	if !opened || !closed || segment == "" || strings.ContainsAny(before+segment, "{}") {
		return "", "", errors.New("only the whole last segment can stand for a value")
	}
	return before, segment, nil
}

// query returns the query that the generated code is to bind: the checked values, and nothing else of what was sent.
func (p parameters) query(sent string) (string, error) {
	if sent == "" || len(p.flags) == 0 {
		return "", nil
	}
	values := make(url.Values, len(p.flags))
	var refused fieldErrors
	for _, name := range p.flags {
		switch value := lastValue(sent, name); value {
		case "":
		case "true", "false":
			values.Set(name, value)
		default:
			refused = append(refused, fieldError{name, []string{"Must be a valid boolean."}})
		}
	}
	if len(refused) > 0 {
		return "", refused
	}
	return values.Encode(), nil
}

// lastValue returns the last value of a name in a query, "" for none. As in SimpleJWT's framework an escape that is none
// stands for itself, and nothing but & parts two names: what is not understood is not taken for absent.
func lastValue(query, name string) (value string) {
	for pair := range strings.SplitSeq(query, "&") {
		key, sent, _ := strings.Cut(pair, "=")
		if unescape(key) == name {
			value = unescape(sent)
		}
	}
	return value
}

func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// acceptsFormat looks at the query's format, as the document describes it. The names that the document does not have are
// nobody's business.
func acceptsFormat(query string) bool {
	if query == "" {
		return true
	}
	format := lastValue(query, formatName)
	return format == "" || format == "json"
}

// acceptsJSON reads Accept as SimpleJWT's framework does: neither q nor any other parameter counts.
func acceptsJSON(header http.Header) bool {
	fields := header.Values("Accept")
	if len(fields) == 0 {
		return true
	}
	for media := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		full, _, _ := strings.Cut(media, ";")
		if matchesJSON(full) {
			return true
		}
	}
	return false
}

// shared joins what the operations of a path say of its last segment: they must not differ.
func shared(segment string, operations map[string]operation) (value *openapi3.Schema, err error) {
	for method, op := range operations {
		if op.segment != segment {
			return nil, fmt.Errorf("%s has a parameter %q in its path, and the path has %q", method, op.segment, segment)
		}
		if value != nil && !reflect.DeepEqual(value, op.value) {
			return nil, errors.New("the operations differ in what the last segment may be")
		}
		value = op.value
	}
	return value, nil
}
