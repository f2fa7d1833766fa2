package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"example.com/tokenpair"
)

// LoadContract reads and checks the document that is compiled in. It fails when that is not valid OpenAPI.
func LoadContract() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(tokenpair.Contract))
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("check the contract: %w", err)
	}
	return doc, nil
}

// contract is the document as a table, made once: what is a request?
type contract struct {
	routes    map[string]*route // by path, without a trailing slash
	templates map[string]*route // whose last segment stands for a value, by what is before it
}

type route struct {
	path       string // as it is written in the document
	segment    string // the name of the last segment, "" when it stands for itself
	value      *openapi3.Schema
	allow      string
	about      []byte // the answer to OPTIONS
	protected  bool   // every method wants an access token
	off        bool   // switched off: there is no such path
	tags       []string
	operations map[string]operation
}

type operation struct {
	parameters
	id    string
	body  *bodyRule        // nil: it takes none
	serve http.HandlerFunc // of the generated code
}

func newContract(doc *openapi3.T) (*contract, error) {
	c := &contract{routes: make(map[string]*route), templates: make(map[string]*route)}
	for path, item := range doc.Paths.Map() {
		before, segment, err := template(path)
		if err != nil {
			return nil, fmt.Errorf("path %s: %w", path, err)
		}
		rt, err := newRoute(path, segment, item)
		if err != nil {
			return nil, fmt.Errorf("path %s: %w", path, err)
		}
		if segment == "" {
			c.routes[path] = rt
			continue
		}
		if other, taken := c.templates[before]; taken {
			return nil, fmt.Errorf("path %s: it is the same as %s", path, other.path)
		}
		c.templates[before] = rt
	}
	return c, nil
}

func newRoute(path, segment string, item *openapi3.PathItem) (rt *route, err error) {
	rt = &route{path: path, segment: segment, operations: make(map[string]operation)}
	var allow []string
	operations := item.Operations()
	if len(operations) == 0 {
		return nil, errors.New("it has no operations")
	}
	for _, method := range slices.Sorted(maps.Keys(operations)) {
		op := operations[method]
		entry := operation{id: op.OperationID}
		if entry.parameters, err = newParameters(item.Parameters, op.Parameters); err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		if op.RequestBody != nil {
			if entry.body, err = newBodyRule(op); err != nil {
				return nil, fmt.Errorf("%s: %w", method, err)
			}
		}
		if op.Security != nil && len(*op.Security) > 0 {
			rt.protected = true
		}
		rt.tags = append(rt.tags, op.Tags...)
		rt.operations[method] = entry
		allow = append(allow, method)
		if method == http.MethodGet {
			rt.operations[http.MethodHead] = entry
			allow = append(allow, http.MethodHead)
		}
	}
	for _, method := range []string{http.MethodDelete, http.MethodPost, http.MethodGet} { // the last that there is
		if op := operations[method]; op != nil {
			rt.about = describe(op)
		}
	}
	rt.allow = strings.Join(append(allow, http.MethodOptions), ", ")
	rt.value, err = shared(segment, rt.operations)
	return rt, err
}

// describe is what OPTIONS tells of a path, by one of its operations.
func describe(op *openapi3.Operation) []byte {
	out := appendString([]byte(`{"name":`), op.Summary)
	return append(out, `,"renders":["application/json"],"parses":["application/json"]}`...)
}

// find returns the route of a path and what its last segment stands for, "" where that stands for itself. A trailing slash
// does not count. A slash that is escaped parts nothing where a segment stands for a value; elsewhere it is one, as it is to
// the gateway below SimpleJWT.
func (c *contract) find(at *url.URL) (rt *route, value string, ok bool) {
	path := strings.TrimSuffix(at.Path, "/")
	if rt, ok = c.routes[path]; ok {
		return rt, "", true
	}
	if strings.Contains(at.RawPath, "%2F") || strings.Contains(at.RawPath, "%2f") {
		return nil, "", false
	}
	last := strings.LastIndexByte(path, '/') + 1
	rt, ok = c.templates[path[:last]]
	if !ok || rt.value.VisitJSON(path[last:]) != nil {
		return nil, "", false
	}
	return rt, path[last:], true
}

// all calls visit with each route.
func (c *contract) all(visit func(*route)) {
	for _, table := range []map[string]*route{c.routes, c.templates} {
		for _, rt := range table {
			visit(rt)
		}
	}
}

// switchOff makes a 404 of the paths whose operations have a tag.
func (c *contract) switchOff(tag string) {
	c.all(func(rt *route) { rt.off = rt.off || slices.Contains(rt.tags, tag) })
}

// bind gives each operation the generated code that serves it, and fails when there is none.
func (c *contract) bind(served map[string]http.HandlerFunc) (err error) {
	c.all(func(rt *route) {
		for method, op := range rt.operations {
			written := method
			if method == http.MethodHead { // net/http cuts the body
				written = http.MethodGet
			}
			if op.serve = served[written+" "+rt.path]; op.serve == nil {
				err = fmt.Errorf("nothing was generated for %s %s", written, rt.path)
			}
			rt.operations[method] = op
		}
	})
	return err
}

// check decides whether r is a request to rt, in the order in which SimpleJWT's framework does. It makes of r what the
// generated code is to see: no path but the value in it, the query of checked values, the body validated. Without an
// error and without an operation to serve, OPTIONS was asked.
func (s *Server) check(a *answer, r *http.Request, rt *route, value string) (operation, error) {
	op, known := rt.operations[r.Method]
	if known {
		a.operation = op.id
	}
	if rt.off || !acceptsFormat(r.URL.RawQuery) {
		return operation{}, errNotFound
	}
	if !acceptsJSON(r.Header) {
		return operation{}, errNotAcceptable
	}
	if rt.protected {
		account, err := s.authenticate(r)
		if err != nil {
			if status, _, _ := lookUp(err); status == http.StatusUnauthorized {
				a.Header().Set("Allow", rt.allow)
			}
			return operation{}, err
		}
		a.account = &account
	}
	if !known {
		a.Header().Set("Allow", rt.allow)
		if r.Method == http.MethodOptions {
			return operation{}, nil
		}
		return operation{}, aboutError{errMethod, latin1(r.Method)}
	}
	query, err := op.query(r.URL.RawQuery)
	if err != nil {
		return operation{}, err
	}
	body := io.ReadCloser(http.NoBody)
	if op.body != nil {
		fields, err := op.body.read(a, r)
		if err != nil {
			return operation{}, err
		}
		body = validatedBody{fields}
	}
	r.URL, r.Body = &url.URL{RawQuery: query}, body
	if rt.segment != "" {
		r.SetPathValue(rt.segment, value)
	}
	return op, nil
}
