package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"
)

const maxBody = 128 << 10

// bodyRule is what the contract says of a request body: an object whose fields are text.
type bodyRule struct {
	schema *openapi3.Schema
	fields []string // in the order of the schema's required: field errors stand in it
}

func newBodyRule(operation *openapi3.Operation) (*bodyRule, error) {
	media := operation.RequestBody.Value.Content.Get("application/json")
	if media == nil {
		return nil, errors.New("request body is not application/json")
	}
	schema := media.Schema.Value
	for name, property := range schema.Properties {
		if !property.Value.Type.Is("string") || !slices.Contains(schema.Required, name) {
			return nil, fmt.Errorf("field %s of a request body is not a required text", name)
		}
	}
	return &bodyRule{withoutTextPattern(schema), schema.Required}, nil
}

// withoutTextPattern leaves out of a schema what readText has checked before: looking for it once more would cost more than
// all other validation.
func withoutTextPattern(schema *openapi3.Schema) *openapi3.Schema {
	lighter := *schema
	lighter.Properties = make(openapi3.Schemas, len(schema.Properties))
	for name, property := range schema.Properties {
		value := *property.Value
		if value.Pattern == textPattern {
			value.Pattern = ""
		}
		lighter.Properties[name] = &openapi3.SchemaRef{Value: &value}
	}
	return &lighter
}

// read turns the body of a request into the one value that is validated and then handed on.
func (b *bodyRule) read(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	if r.ContentLength > maxBody {
		return nil, errTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		w.Header().Set("Connection", "close") // the next request would start in the middle of this body
		return nil, errUnreadable
	}
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	if len(body) == 0 {
		body = []byte("{}")
	} else if err := checkMediaType(r.Header); err != nil {
		return nil, err
	}
	raw, err := parseObject(body, b.fields)
	if err != nil {
		return nil, err
	}
	return b.validate(raw)
}

// checkMediaType compares as SimpleJWT's framework does: parameters do not count, and a wildcard takes in JSON.
func checkMediaType(header http.Header) error {
	sent := strings.Join(header.Values("Content-Type"), ",")
	full, _, _ := strings.Cut(sent, ";")
	if len(sent) > 256 || !matchesJSON(full) {
		return aboutError{errMediaType, latin1(sent)}
	}
	return nil
}

// matchesJSON says whether a media type, or a media range with wildcards, takes in application/json.
func matchesJSON(media string) bool {
	kind, sub, _ := strings.Cut(strings.ToLower(strings.TrimSpace(media)), "/")
	return (kind == "application" || kind == "*") && (sub == "json" || sub == "*")
}

// latin1 reads the bytes of a header field as the framework does, so that what is echoed is always text.
func latin1(field string) string {
	runes := make([]rune, len(field))
	for i := range len(field) {
		runes[i] = rune(field[i])
	}
	return string(runes)
}

// parseObject parses a body once and keeps the raw values of the wanted names, compared exactly, in their order; nil where
// there is none. Of a repeated name the last counts. A second reader of the body could understand another name or another
// duplicate: there is none.
func parseObject(body []byte, wanted []string) ([]jsontext.Value, error) {
	if !utf8.Valid(body) {
		return nil, aboutError{errSyntax, "Invalid UTF-8."}
	}
	// Of a bytes.Buffer alone the decoder makes no copy.
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if dec.PeekKind() != '{' {
		raw, err := dec.ReadValue()
		if err == nil {
			raw = raw.Clone() // reading on invalidates it
			err = atEnd(dec)
		}
		if err != nil {
			return nil, syntaxError(body, err)
		}
		return nil, notAnObject(raw)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, syntaxError(body, err)
	}
	values := make([]jsontext.Value, len(wanted))
	for dec.PeekKind() != '}' {
		name, err := dec.ReadValue()
		if err != nil {
			return nil, syntaxError(body, err)
		}
		at := indexName(wanted, name)
		raw, err := dec.ReadValue()
		if err != nil {
			return nil, syntaxError(body, err)
		}
		if at >= 0 {
			values[at] = raw.Clone()
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, syntaxError(body, err)
	}
	if err := atEnd(dec); err != nil {
		return nil, syntaxError(body, err)
	}
	return values, nil
}

// indexName finds a name as it is written in JSON.
func indexName(wanted []string, raw jsontext.Value) int {
	if bytes.IndexByte(raw, '\\') >= 0 {
		return slices.Index(wanted, unquote(raw))
	}
	return slices.IndexFunc(wanted, func(name string) bool { return name == string(raw[1:len(raw)-1]) })
}

func atEnd(dec *jsontext.Decoder) error {
	_, err := dec.ReadToken()
	if err == io.EOF {
		return nil
	}
	if err == nil {
		return errors.New("a second value")
	}
	return err
}

// syntaxError says where the JSON ends to be JSON. The decoder's own words quote the body, so that they are not used.
func syntaxError(body []byte, err error) error {
	at := len(body)
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) && int(syntactic.ByteOffset) < at {
		at = int(syntactic.ByteOffset)
	}
	before := body[:at]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return aboutError{errSyntax, fmt.Sprintf("Invalid JSON: line %d column %d (char %d)", line, column, utf8.RuneCount(before))}
}

func notAnObject(raw jsontext.Value) error {
	kind := map[jsontext.Kind]string{'[': "list", '"': "str", 't': "bool", 'f': "bool", '0': "int"}[raw.Kind()]
	switch {
	case raw.Kind() == 'n':
		return fieldErrors{{"non_field_errors", []string{"No data provided"}}}
	case kind == "int" && bytes.ContainsAny(raw, ".eE"):
		kind = "float"
	}
	message := "Invalid data. Expected a dictionary, but got " + kind + "."
	return fieldErrors{{"non_field_errors", []string{message}}}
}

// validate reads the fields as text and holds them against the schema. All errors of both come at once, by field.
func (b *bodyRule) validate(raw []jsontext.Value) (map[string]any, error) {
	values := make(map[string]any, len(raw))
	var found map[string][]string
	for i, text := range raw {
		if text == nil {
			continue
		}
		value, messages := readText(text)
		values[b.fields[i]] = value
		if len(messages) > 0 {
			found = note(found, b.fields[i], messages)
		}
	}
	err := b.schema.VisitJSON(values, openapi3.VisitAsRequest(), openapi3.MultiErrors(), openapi3.DisableSchemaErrorDetails())
	if err == nil && len(found) == 0 {
		return values, nil
	}
	for _, name := range b.fields {
		if len(found[name]) == 0 {
			found = note(found, name, schemaMessages(err, name))
		}
	}
	var refused fieldErrors
	for _, name := range b.fields {
		if len(found[name]) > 0 {
			refused = append(refused, fieldError{name, found[name]})
		}
	}
	if len(refused) == 0 { // the validator refused something that is no field: never let it through
		refused = fieldErrors{{"non_field_errors", []string{"Invalid data."}}}
	}
	return nil, refused
}

// note makes the map when there is something to note: most requests are good.
func note(found map[string][]string, field string, messages []string) map[string][]string {
	if found == nil {
		found = make(map[string][]string)
	}
	found[field] = messages
	return found
}

// schemaMessages puts into words what the validator found wrong with a field. Its own words hold the value.
func schemaMessages(err error, field string) []string {
	var all openapi3.MultiError
	if errors.As(err, &all) {
		for _, one := range all {
			if messages := schemaMessages(one, field); messages != nil {
				return messages
			}
		}
		return nil
	}
	var schema *openapi3.SchemaError
	if !errors.As(err, &schema) || !slices.Equal(schema.JSONPointer(), []string{field}) {
		return nil
	}
	switch schema.SchemaField {
	case "required":
		return []string{"This field is required."}
	case "nullable":
		return []string{"This field may not be null."}
	default:
		return []string{"Not a valid string."}
	}
}

// validatedBody hands the validated value on to the generated code. Reading it fails: when the value does not fit, that
// code would decode the body a second time, by other rules.
type validatedBody struct {
	value map[string]any
}

func (v validatedBody) ValidatedValue() any    { return v.value }
func (validatedBody) Read([]byte) (int, error) { return 0, errors.New("the body was read already") }
func (validatedBody) Close() error             { return nil }
