package server

import (
	"context"
	"fmt"
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
	routes map[string]*route // by path, without a trailing slash
}

type route struct {
	path       string
	allow      string
	about      []byte // the answer to OPTIONS
	protected  bool   // every method wants an access token
	off        bool   // switched off: there is no such path
	tags       []string
	operations map[string]operation
}

type operation struct {
	id   string
	body *bodyRule // nil: it takes none
}

func newContract(doc *openapi3.T) (*contract, error) {
	c := &contract{routes: make(map[string]*route)}
	for path, item := range doc.Paths.Map() {
		if strings.ContainsAny(path, "{}") {
			return nil, fmt.Errorf("path %s: templates are not served yet", path)
		}
		rt := &route{path: path, operations: make(map[string]operation)}
		var allow []string
		operations := item.Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			op := operations[method]
			entry := operation{id: op.OperationID}
			if op.RequestBody != nil {
				rule, err := newBodyRule(op)
				if err != nil {
					return nil, fmt.Errorf("%s %s: %w", method, path, err)
				}
				entry.body = rule
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
			if rt.about == nil {
				rt.about = describe(op)
			}
		}
		rt.allow = strings.Join(append(allow, http.MethodOptions), ", ")
		c.routes[path] = rt
	}
	return c, nil
}

// describe is what OPTIONS tells of a path, by its first operation.
func describe(op *openapi3.Operation) []byte {
	out := appendString([]byte(`{"name":`), op.Summary)
	return append(out, `,"renders":["application/json"],"parses":["application/json"]}`...)
}

// find returns the route of a path; a trailing slash does not count.
func (c *contract) find(path string) (*route, bool) {
	rt, ok := c.routes[strings.TrimSuffix(path, "/")]
	return rt, ok
}

// switchOff makes a 404 of the paths whose operations have a tag.
func (c *contract) switchOff(tag string) {
	for _, rt := range c.routes {
		rt.off = rt.off || slices.Contains(rt.tags, tag)
	}
}

// check decides whether r is a request to rt, in the order in which SimpleJWT's framework does, and returns it as the
// generated code is to see it: the path as in the document, and the body validated.
func (s *Server) check(w http.ResponseWriter, r *http.Request, rt *route) (*http.Request, operation, error) {
	op, known := rt.operations[r.Method]
	if rt.off || !acceptsFormat(r.URL.RawQuery) {
		return nil, op, errNotFound
	}
	if !acceptsJSON(r.Header) {
		return nil, op, errNotAcceptable
	}
	ctx := r.Context()
	if rt.protected {
		account, err := s.authenticate(r)
		if err != nil {
			if status, _, _ := lookUp(err); status == http.StatusUnauthorized {
				w.Header().Set("Allow", rt.allow)
			}
			return nil, op, err
		}
		ctx = withAccount(ctx, account)
	}
	if !known {
		w.Header().Set("Allow", rt.allow)
		if r.Method == http.MethodOptions {
			return nil, op, nil
		}
		return nil, op, aboutError{errMethod, latin1(r.Method)}
	}
	checked := r.WithContext(ctx)
	checked.URL = &url.URL{Path: rt.path}
	checked.Body = http.NoBody
	if op.body != nil {
		value, err := op.body.read(w, r)
		if err != nil {
			return nil, op, err
		}
		checked.Body = validatedBody{value}
	}
	return checked, op, nil
}

// acceptsFormat looks at the query's format, as the document describes it. The rest of the query is nobody's business.
func acceptsFormat(query string) bool {
	if query == "" {
		return true
	}
	values, _ := url.ParseQuery(query) // it returns what it could read
	formats := values["format"]
	return len(formats) == 0 || formats[len(formats)-1] == "" || formats[len(formats)-1] == "json"
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
