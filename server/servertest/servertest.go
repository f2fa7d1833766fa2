// Package servertest checks that an answer keeps the contract. It does not know who gave the answer, nor whether it was
// the right one to the request.
package servertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"example.com/tokenpair"
)

// Answer is one answer that was read to its end, and what it was given to.
type Answer struct {
	Method string // of the request
	Path   string // of the request, decoded, without the query
	Docs   bool   // the server has the pages of the documentation

	Status int
	Header http.Header
	Body   string
}

// everywhere are the headers that any answer may carry.
var everywhere = []string{"Content-Type", "Content-Length", "Date", "X-Content-Type-Options", "Connection"}

// holdsToken finds a token in an answer, whatever it is called there.
var holdsToken = regexp.MustCompile(`"[\w-]+\.[\w-]+\.[\w-]+"`)

var contract = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData([]byte(tokenpair.Contract))
})

// Breaches says in what the answer breaks the contract, with nothing when it keeps it. An answer to a method that its path
// does not have is held against an operation of the path; one to a path that the document does not have must be the 404.
func (a Answer) Breaches() (breaches []string) {
	doc, err := contract()
	if err != nil {
		return []string{fmt.Sprintf("the contract cannot be read: %v", err)}
	}
	breaches = a.common()
	if a.Docs && isPage(a.Path) {
		return append(breaches, a.page()...)
	}
	switch {
	case a.Status == http.StatusNoContent:
		breaches = append(breaches, a.empty()...)
	case a.Method != http.MethodHead:
		breaches = append(breaches, a.json()...)
	}
	item := find(doc, a.Path)
	switch {
	case item == nil:
		return append(breaches, a.stray()...)
	case a.Method == http.MethodOptions && a.Status == http.StatusOK:
		return append(breaches, a.options()...)
	}
	return append(breaches, a.documented(doc, item)...)
}

// Operations returns the ids of the operations whose documented answer this is: of the one that has the method or, where the
// path does not have it, of all that the path has. It is empty when the answer is nobody's.
func (a Answer) Operations() (ids []string) {
	doc, err := contract()
	if err != nil {
		return nil
	}
	item := find(doc, a.Path)
	if item == nil || a.Method == http.MethodOptions && a.Status == http.StatusOK {
		return nil
	}
	if _, op, owned := owner(item, a.Method); owned {
		return []string{op.OperationID}
	}
	for _, op := range item.Operations() {
		ids = append(ids, op.OperationID)
	}
	slices.Sort(ids)
	return ids
}

// find returns what the document has at a path: one that is written so, or else one whose last segment stands for what is
// there.
func find(doc *openapi3.T, path string) *openapi3.PathItem {
	path = strings.TrimSuffix(path, "/")
	if item := doc.Paths.Value(path); item != nil && !strings.Contains(path, "{") {
		return item
	}
	last := strings.LastIndexByte(path, '/') + 1
	for written, item := range doc.Paths.Map() {
		name, ok := strings.CutPrefix(written, path[:last]+"{")
		if !ok || strings.Contains(name, "/") {
			continue
		}
		for _, op := range item.Operations() {
			parameter := op.Parameters.GetByInAndName(openapi3.ParameterInPath, strings.TrimSuffix(name, "}"))
			if parameter != nil && parameter.Schema.Value.VisitJSON(path[last:]) == nil {
				return item
			}
		}
	}
	return nil
}

// owner returns the operation that answers to a method or, where the path has no such method, the first of the path.
func owner(item *openapi3.PathItem, method string) (string, *openapi3.Operation, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if op := item.GetOperation(method); op != nil {
		return method, op, true
	}
	other := slices.Min(slices.Collect(maps.Keys(item.Operations())))
	return other, item.GetOperation(other), false
}

// common is what holds for every answer.
func (a Answer) common() (breaches []string) {
	if a.Header.Get("X-Content-Type-Options") != "nosniff" {
		breaches = append(breaches, "no X-Content-Type-Options: nosniff")
	}
	for name, values := range a.Header {
		if len(values) != 1 {
			breaches = append(breaches, fmt.Sprintf("%s is there %d times", name, len(values)))
		}
	}
	length := a.Header.Get("Content-Length")
	switch {
	case a.Status == http.StatusNoContent:
	case a.Method == http.MethodHead && (a.Body != "" || length == "" || length == "0"):
		breaches = append(breaches, "a HEAD has a body, or not the length of what GET has")
	case a.Method != http.MethodHead && length != fmt.Sprint(len(a.Body)):
		breaches = append(breaches, "Content-Length is "+length)
	}
	return breaches
}

// empty: an answer without content says nothing about it.
func (a Answer) empty() (breaches []string) {
	for _, name := range []string{"Content-Type", "Content-Length"} {
		if a.Header.Get(name) != "" {
			breaches = append(breaches, name+" of nothing is "+a.Header.Get(name))
		}
	}
	if a.Body != "" {
		breaches = append(breaches, "the body is "+a.Body)
	}
	return breaches
}

// json: every answer with content, but for a page of the documentation, is compact JSON under the bare media type.
func (a Answer) json() (breaches []string) {
	if kind := a.Header.Get("Content-Type"); kind != "application/json" {
		breaches = append(breaches, "Content-Type is "+kind)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(a.Body)); err != nil || compact.String() != a.Body {
		breaches = append(breaches, "the body is not compact JSON: "+a.Body)
	}
	return breaches
}

// documented holds the answer against the operation that owns it.
func (a Answer) documented(doc *openapi3.T, item *openapi3.PathItem) (breaches []string) {
	method, op, owned := owner(item, a.Method)
	anybody := []int{404, 405, 406}
	if security := op.Security; security != nil && len(*security) > 0 {
		anybody = append(anybody, 401) // the token comes before the method
	}
	if !owned && !slices.Contains(anybody, a.Status) {
		breaches = append(breaches, "no operation owns this status")
	}
	request := &http.Request{Method: method, URL: &url.URL{Path: a.Path}, Header: http.Header{}}
	opts := &openapi3filter.Options{
		IncludeResponseStatus: true,
		MultiError:            true,
		ExcludeResponseBody:   a.Method == http.MethodHead,
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: request,
			Route:   &routers.Route{Spec: doc, Path: a.Path, PathItem: item, Method: method, Operation: op},
			Options: opts,
		},
		Status:  a.Status,
		Header:  a.Header,
		Options: opts,
	}
	input.SetBodyBytes([]byte(a.Body))
	if err := openapi3filter.ValidateResponse(request.Context(), input); err != nil {
		breaches = append(breaches, err.Error())
	}
	var declared []string
	if response := op.Responses.Status(a.Status); response != nil {
		for name := range response.Value.Headers {
			declared = append(declared, http.CanonicalHeaderKey(name))
		}
	}
	breaches = append(breaches, a.headers(declared...)...)
	if holdsToken.MatchString(a.Body) && a.Header.Get("Cache-Control") != "no-store" {
		breaches = append(breaches, "tokens without Cache-Control: no-store")
	}
	return breaches
}

func (a Answer) headers(declared ...string) (breaches []string) {
	for name := range a.Header {
		if !slices.Contains(everywhere, name) && !slices.Contains(declared, name) {
			breaches = append(breaches, "header "+name+" is not declared")
		}
	}
	return breaches
}

// stray: what lies on no path of the document is not found.
func (a Answer) stray() []string {
	breaches := a.headers()
	if a.Status != http.StatusNotFound {
		breaches = append(breaches, "a path that the document does not know")
	}
	if a.Method != http.MethodHead && a.Body != `{"detail":"Not found."}` {
		breaches = append(breaches, "the body is "+a.Body)
	}
	return breaches
}

func (a Answer) options() []string {
	breaches := a.headers("Allow")
	if allow := strings.Split(a.Header.Get("Allow"), ", "); allow[len(allow)-1] != http.MethodOptions {
		breaches = append(breaches, "Allow is "+a.Header.Get("Allow"))
	}
	var about struct {
		Name            string
		Renders, Parses []string
	}
	decoder := json.NewDecoder(strings.NewReader(a.Body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&about); err != nil || about.Name == "" || len(about.Renders) == 0 || len(about.Parses) == 0 {
		breaches = append(breaches, "the body is "+a.Body)
	}
	return breaches
}

func isPage(path string) bool {
	return path == "/api/docs" || strings.HasPrefix(path, "/api/docs/") || strings.HasPrefix(path, "/api/openapi.")
}

// page: the document has no operation for the pages of the documentation.
func (a Answer) page() []string {
	switch a.Status {
	case http.StatusOK:
		return a.headers("Accept-Ranges", "Content-Security-Policy")
	case http.StatusMethodNotAllowed:
		breaches := append(a.headers("Allow"), a.json()...)
		if a.Header.Get("Allow") != "GET, HEAD" || a.Body != fmt.Sprintf(`{"detail":"Method \"%s\" not allowed."}`, a.Method) {
			breaches = append(breaches, "the body is "+a.Body)
		}
		return breaches
	}
	return a.stray()
}
