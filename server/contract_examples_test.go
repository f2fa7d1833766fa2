package server_test

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// exampleChecker holds the examples of a document against their schemas.
type exampleChecker struct {
	wrong []string
}

// examplesGate: an example that does not fit teaches what is not so. It looks at the components too, used or not.
func examplesGate(doc *openapi3.T) []string {
	var c exampleChecker
	eachOperation(doc, func(name string, op *openapi3.Operation) {
		for _, parameter := range op.Parameters {
			c.parameter(name, parameter.Value)
		}
		if op.RequestBody != nil {
			c.content(name, op.RequestBody.Value.Content, openapi3.VisitAsRequest())
		}
		for status, response := range op.Responses.Map() {
			c.response(name+" "+status, response.Value)
		}
	})
	for name, ref := range doc.Components.Parameters {
		c.parameter(name, ref.Value)
	}
	for name, ref := range doc.Components.Headers {
		c.parameter(name, &ref.Value.Parameter)
	}
	for name, ref := range doc.Components.Responses {
		c.response(name, ref.Value)
	}
	for name, ref := range doc.Components.RequestBodies {
		c.content(name, ref.Value.Content, openapi3.VisitAsRequest())
	}
	for name, ref := range doc.Components.Schemas {
		c.schema(name, ref)
	}
	return c.wrong
}

func (c *exampleChecker) response(at string, response *openapi3.Response) {
	c.content(at, response.Content, openapi3.VisitAsResponse())
	for name, header := range response.Headers {
		c.parameter(at+" "+name, &header.Value.Parameter)
	}
}

func (c *exampleChecker) parameter(at string, parameter *openapi3.Parameter) {
	c.schema(at, parameter.Schema)
	c.values(at, parameter.Schema, parameter.Example, parameter.Examples)
	c.content(at, parameter.Content)
}

func (c *exampleChecker) content(at string, content openapi3.Content, opts ...openapi3.SchemaValidationOption) {
	for kind, media := range content {
		c.schema(at, media.Schema)
		c.values(at+" "+kind, media.Schema, media.Example, media.Examples, opts...)
	}
}

func (c *exampleChecker) schema(at string, ref *openapi3.SchemaRef) {
	eachSchema(ref, func(schema *openapi3.Schema) {
		own := &openapi3.SchemaRef{Value: schema}
		c.values(at, own, schema.Example, nil)
		c.values(at, own, schema.Default, nil)
	})
}

func (c *exampleChecker) values(at string, ref *openapi3.SchemaRef, one any, more openapi3.Examples, opts ...openapi3.SchemaValidationOption) {
	all := map[string]any{"": one}
	for name, example := range more {
		all[name] = example.Value.Value
	}
	for name, value := range all {
		if value == nil && name == "" {
			continue
		}
		if ref == nil {
			c.wrong = append(c.wrong, fmt.Sprintf("%s: the example %s has no schema", at, name))
		} else if err := ref.Value.VisitJSON(value, opts...); err != nil {
			c.wrong = append(c.wrong, fmt.Sprintf("%s: the example %s: %v", at, name, err))
		}
	}
}
