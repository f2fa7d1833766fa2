package server

import (
	"maps"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A document that asks for what this package does not do is refused at the start, not at the first request.
func TestContractsThatCannotBeKept(t *testing.T) {
	credentials := func(doc *openapi3.T) *openapi3.Schema { return doc.Components.Schemas["Credentials"].Value }
	const written = "/api/me/sessions/{sid}"
	segmentOf := func(doc *openapi3.T) *openapi3.Parameter {
		return doc.Paths.Value(written).Delete.Parameters.GetByInAndName("path", "sid")
	}
	move := func(path string) func(*openapi3.T) {
		return func(doc *openapi3.T) { doc.Paths.Set(path, doc.Paths.Value(written)) }
	}
	pattern := func(text string) func(*openapi3.T) {
		return func(doc *openapi3.T) { segmentOf(doc).Schema.Value.Pattern = text }
	}
	add := func(parameter *openapi3.Parameter) func(*openapi3.T) {
		return func(doc *openapi3.T) {
			op := doc.Paths.Value("/api/me/sessions").Delete
			op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Value: parameter})
		}
	}
	for name, change := range map[string]func(*openapi3.T){
		"optional field": func(doc *openapi3.T) { credentials(doc).Required = []string{"username"} },
		"number field": func(doc *openapi3.T) {
			credentials(doc).Properties["password"].Value.Type = &openapi3.Types{openapi3.TypeInteger}
		},
		"nothing at a path":               func(doc *openapi3.T) { doc.Paths.Set("/api/users", &openapi3.PathItem{}) },
		"a path that is not looked up so": func(doc *openapi3.T) { doc.Paths.Set("/api/users/", doc.Paths.Value("/livez")) },
		"the root":                        func(doc *openapi3.T) { doc.Paths.Set("/", doc.Paths.Value("/livez")) },
		"an escaped path":                 func(doc *openapi3.T) { doc.Paths.Set("/api/%75sers", doc.Paths.Value("/livez")) },
		"a template in the middle":        move("/api/me/{sid}/sessions"),
		"half a segment":                  move("/api/me/sessions/s-{sid}"),
		"a segment and more":              move("/api/me/sessions/{sid}.json"),
		"two templates":                   move("/api/{me}/sessions/{sid}"),
		"a template without a name":       move("/api/me/sessions/{}"),
		"a brace":                         move("/api/me/sessions/sid}"),
		"another name":                    move("/api/me/sessions/{id}"),
		"no template":                     move("/api/me/session"),
		"the same template twice": func(doc *openapi3.T) {
			again := *segmentOf(doc)
			again.Name = "id"
			format := doc.Components.Parameters["Format"]
			doc.Paths.Set("/api/me/sessions/{id}", &openapi3.PathItem{Put: &openapi3.Operation{
				Parameters: openapi3.Parameters{{Value: &again}, format},
			}})
		},
		"operations that differ": func(doc *openapi3.T) {
			other := *segmentOf(doc)
			other.Schema = &openapi3.SchemaRef{Value: openapi3.NewStringSchema().WithPattern("^[a-z]{1,9}$")}
			format := doc.Components.Parameters["Format"]
			doc.Paths.Value(written).Put = &openapi3.Operation{Parameters: openapi3.Parameters{{Value: &other}, format}}
		},
		"no pattern":                    pattern(""),
		"a pattern without an end":      pattern("^[0-9a-f]{1,255}"),
		"a pattern without a begin":     pattern("[0-9a-f]{1,255}$"),
		"a pattern for nothing":         pattern("^[0-9a-f]{0,255}$"),
		"a pattern for dots":            pattern("^[.0-9a-f]{1,255}$"),
		"a pattern for slashes":         pattern("^[/a-z]{1,255}$"),
		"a pattern for escapes":         pattern("^[%2a-zA-Z]{1,255}$"),
		"a pattern for null":            pattern(`^[\u0000a-z]{1,255}$`),
		"a pattern for lines":           pattern(`^[a-z\n]{1,255}$`),
		"a pattern without a limit":     pattern("^[a-z]+$"),
		"a pattern for what is no text": pattern(`^[a-z\uFFFD]{1,255}$`),
		"a number in a path": func(doc *openapi3.T) {
			segmentOf(doc).Schema.Value.Type = &openapi3.Types{openapi3.TypeInteger}
		},
		"a header":                    add(openapi3.NewHeaderParameter("x").WithSchema(openapi3.NewBoolSchema())),
		"a cookie":                    add(openapi3.NewCookieParameter("x").WithSchema(openapi3.NewBoolSchema())),
		"text in the query":           add(openapi3.NewQueryParameter("x").WithSchema(openapi3.NewStringSchema())),
		"a number in the query":       add(openapi3.NewQueryParameter("x").WithSchema(openapi3.NewIntegerSchema())),
		"no schema in the query":      add(openapi3.NewQueryParameter("x")),
		"a must in the query":         add(openapi3.NewQueryParameter("x").WithSchema(openapi3.NewBoolSchema()).WithRequired(true)),
		"the same twice in the query": add(openapi3.NewQueryParameter("current").WithSchema(openapi3.NewBoolSchema())),
		"another format": func(doc *openapi3.T) {
			doc.Components.Schemas["Format"].Value.Enum = []any{"json", "xml"}
		},
		"no format": func(doc *openapi3.T) { doc.Paths.Value("/livez").Get.Parameters = nil },
		"no JSON": func(doc *openapi3.T) {
			body := doc.Paths.Value("/api/token").Post.RequestBody.Value
			body.Content = openapi3.Content{"text/plain": body.Content["application/json"]}
		},
	} {
		doc, err := LoadContract()
		if err != nil {
			t.Fatal(err)
		}
		change(doc)
		if _, err := newContract(doc); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

// What the document has and nobody has generated would be a path without an answer.
func TestContractIsServedWholly(t *testing.T) {
	doc, err := LoadContract()
	if err != nil {
		t.Fatal(err)
	}
	table, err := newContract(doc)
	if err != nil {
		t.Fatal(err)
	}
	served := new(Server).generated()
	if err := table.bind(served); err != nil {
		t.Error(err)
	}
	for name := range served {
		less := maps.Clone(served)
		delete(less, name)
		if err := table.bind(less); err == nil {
			t.Errorf("%s is missed by nobody", name)
		}
	}
}
