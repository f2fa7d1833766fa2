package server_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"example.com/tokenpair/generated"
)

// gates are what the document must keep. Each returns what is wrong.
var gates = map[string]func(*openapi3.T) []string{
	"valid":      validGate,
	"examples":   examplesGate,
	"operations": operationsGate,
	"routes":     routesGate,
	"text":       textGate,
	"statuses":   statusesGate,
	"closed":     closedGate,
	"security":   securityGate,
}

func validGate(doc *openapi3.T) []string {
	if err := doc.Validate(context.Background()); err != nil {
		return []string{err.Error()}
	}
	return nil
}

// eachOperation calls visit with "METHOD /path".
func eachOperation(doc *openapi3.T, visit func(name string, op *openapi3.Operation)) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			visit(method+" "+path, op)
		}
	}
}

// operationsGate: the document reads as documentation.
func operationsGate(doc *openapi3.T) (wrong []string) {
	seen := make(map[string]string)
	eachOperation(doc, func(name string, op *openapi3.Operation) {
		if op.OperationID == "" || op.Summary == "" || op.Description == "" || len(op.Tags) == 0 {
			wrong = append(wrong, name+" lacks an operationId, a summary, a description or tags")
		}
		if other := seen[op.OperationID]; other != "" {
			wrong = append(wrong, name+" has the operationId of "+other)
		}
		seen[op.OperationID] = name
		for _, tag := range op.Tags {
			if about := doc.Tags.Get(tag); about == nil || about.Description == "" {
				wrong = append(wrong, name+": nothing is said of the tag "+tag)
			}
		}
	})
	return wrong
}

// recorder notes the routes that the generated code registers.
type recorder struct {
	http.Handler
	patterns []string
}

func (r *recorder) HandleFunc(pattern string, _ func(http.ResponseWriter, *http.Request)) {
	r.patterns = append(r.patterns, pattern)
}

// routesGate: what is served is documented, and the other way round.
func routesGate(doc *openapi3.T) (wrong []string) {
	served := new(recorder)
	generated.HandlerWithOptions(nil, generated.StdHTTPServerOptions{BaseRouter: served})
	var written []string
	eachOperation(doc, func(name string, _ *openapi3.Operation) { written = append(written, name) })
	slices.Sort(served.patterns)
	slices.Sort(written)
	if len(served.patterns) == 0 || !slices.Equal(served.patterns, written) {
		return []string{fmt.Sprintf("served are %q, documented are %q", served.patterns, written)}
	}
	return nil
}

// textGate: the pattern of a text field refuses what the server must refuse, and nothing that it takes.
func textGate(doc *openapi3.T) (wrong []string) {
	eachOperation(doc, func(name string, op *openapi3.Operation) {
		if op.RequestBody == nil {
			return
		}
		for kind, media := range op.RequestBody.Value.Content {
			for field, ref := range media.Schema.Value.Properties {
				property := ref.Value
				if !property.Type.Is("string") {
					continue
				}
				for _, text := range []string{"", " ", "\t\u001c\u0085", "\u3000", "\x00", "a\x00", "\x00a", "a\nb\x00", " \x00 "} {
					if property.VisitJSON(text) == nil {
						wrong = append(wrong, fmt.Sprintf("%s, %s: %s may be %q", name, kind, field, text))
					}
				}
				for _, text := range []string{"a", " a ", "a\n", "\u200b", "\ufeff", "😀", "a b", "\x01", strings.Repeat("a", 5000)} {
					if property.VisitJSON(text) != nil {
						wrong = append(wrong, fmt.Sprintf("%s, %s: %s may not be %q", name, kind, field, text))
					}
				}
			}
		}
	})
	return wrong
}

// statusesGate: each status is written down, also those that every path can answer. A default response would make the
// validator accept anything.
func statusesGate(doc *openapi3.T) (wrong []string) {
	eachOperation(doc, func(name string, op *openapi3.Operation) {
		if op.Responses.Default() != nil {
			wrong = append(wrong, name+" has a default response")
		}
		for status := range op.Responses.Map() {
			if strings.Contains(strings.ToUpper(status), "X") {
				wrong = append(wrong, name+" has a range of responses, "+status)
			}
		}
		for _, status := range []int{404, 405, 406, 500} {
			if op.Responses.Status(status) == nil {
				wrong = append(wrong, fmt.Sprintf("%s has no %d", name, status))
			}
		}
	})
	return wrong
}

// securityGate: it is written down whether an operation wants a token, and how it refuses whoever has none.
func securityGate(doc *openapi3.T) (wrong []string) {
	eachOperation(doc, func(name string, op *openapi3.Operation) {
		if op.Security == nil {
			wrong = append(wrong, name+" does not say whether it wants a token")
			return
		}
		if len(*op.Security) == 0 {
			return
		}
		refusal := op.Responses.Status(http.StatusUnauthorized)
		if refusal == nil || refusal.Value.Headers["WWW-Authenticate"] == nil || refusal.Value.Headers["Allow"] == nil {
			wrong = append(wrong, name+" wants a token, and has no 401 with WWW-Authenticate and Allow")
		}
	})
	return wrong
}

// closedGate: an object of an answer has no members but those that are written down.
func closedGate(doc *openapi3.T) (wrong []string) {
	eachOperation(doc, func(name string, op *openapi3.Operation) {
		for status, response := range op.Responses.Map() {
			for _, media := range response.Value.Content {
				eachSchema(media.Schema, func(schema *openapi3.Schema) {
					if extra := schema.AdditionalProperties.Has; schema.Type.Is("object") && (extra == nil || *extra) {
						wrong = append(wrong, fmt.Sprintf("%s, %s: an object is open", name, status))
					}
				})
			}
		}
	})
	return wrong
}

// eachSchema calls visit with a schema and all that it is made of. No schema of the document is part of itself.
func eachSchema(ref *openapi3.SchemaRef, visit func(*openapi3.Schema)) {
	if ref == nil {
		return
	}
	schema := ref.Value
	visit(schema)
	parts := slices.Concat(schema.OneOf, schema.AnyOf, schema.AllOf, openapi3.SchemaRefs{schema.Not, schema.Items},
		slices.Collect(maps.Values(schema.Properties)), openapi3.SchemaRefs{schema.AdditionalProperties.Schema})
	for _, part := range parts {
		eachSchema(part, visit)
	}
}
