package server_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"example.com/tokenpair/server"
)

// document is the contract that every answer is held against.
var document = sync.OnceValue(func() *openapi3.T {
	doc, err := server.LoadContract()
	if err != nil {
		panic(err)
	}
	return doc
})

// produced notes which documented answers the tests have seen: "operationId status".
var produced sync.Map

// TestMain fails a run of all tests in which an answer of the document was never given.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && runsAll() {
		for _, answer := range documented(document()) {
			if _, ok := produced.Load(answer); !ok {
				fmt.Printf("FAIL: no test makes the server answer %s\n", answer)
				code = 1
			}
		}
	}
	os.Exit(code)
}

func runsAll() bool {
	for _, name := range []string{"run", "skip", "list", "fuzz"} {
		if f := flag.Lookup("test." + name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
}

func documented(doc *openapi3.T) (answers []string) {
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for status := range op.Responses.Map() {
				answers = append(answers, op.OperationID+" "+status)
			}
		}
	}
	slices.Sort(answers)
	return answers
}

// everywhere are the headers that any answer may carry.
var everywhere = []string{"Content-Type", "Content-Length", "Date", "X-Content-Type-Options", "Connection"}

// check fails the test when an answer does not hold to the contract.
func (s *site) check(t testing.TB, method, path string, got reply) {
	t.Helper()
	for _, problem := range s.problems(method, path, got) {
		t.Errorf("%s %s answers %d: %s", method, path, got.status, problem)
	}
	if item := document().Paths.Value(strings.TrimSuffix(path, "/")); item != nil {
		_, op, _ := owner(item, method)
		produced.Store(fmt.Sprintf("%s %d", op.OperationID, got.status), true)
	}
}

// owner returns the operation that answers to a method or, where the path has no such method, any of the path.
func owner(item *openapi3.PathItem, method string) (string, *openapi3.Operation, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if op := item.GetOperation(method); op != nil {
		return method, op, true
	}
	for other, op := range item.Operations() {
		return other, op, false
	}
	return "", nil, false
}

func (s *site) problems(method, path string, got reply) (problems []string) {
	if got.header.Get("X-Content-Type-Options") != "nosniff" {
		problems = append(problems, "no X-Content-Type-Options: nosniff")
	}
	for name, values := range got.header {
		if len(values) != 1 {
			problems = append(problems, fmt.Sprintf("%s is there %d times", name, len(values)))
		}
	}
	length := got.header.Get("Content-Length")
	switch {
	case method == http.MethodHead && (got.body != "" || length == "" || length == "0"):
		problems = append(problems, "a HEAD has a body, or not the length of what GET has")
	case method != http.MethodHead && length != fmt.Sprint(len(got.body)):
		problems = append(problems, "Content-Length is "+length)
	}
	if s.docs && isPage(path) {
		return append(problems, pageProblems(method, got)...)
	}
	if method != http.MethodHead {
		problems = append(problems, jsonProblems(got)...)
	}
	item := document().Paths.Value(strings.TrimSuffix(path, "/"))
	switch {
	case item == nil:
		return append(problems, strayProblems(method, got)...)
	case method == http.MethodOptions && got.status == http.StatusOK:
		return append(problems, optionsProblems(got)...)
	}
	return append(problems, contractProblems(item, method, path, got)...)
}

// jsonProblems: every answer but a page of the documentation is compact JSON under the bare media type.
func jsonProblems(got reply) (problems []string) {
	if kind := got.header.Get("Content-Type"); kind != "application/json" {
		problems = append(problems, "Content-Type is "+kind)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(got.body)); err != nil || compact.String() != got.body {
		problems = append(problems, "the body is not compact JSON: "+got.body)
	}
	return problems
}

// contractProblems holds an answer against the operation that owns it.
func contractProblems(item *openapi3.PathItem, method, path string, got reply) (problems []string) {
	asked := method
	method, op, owned := owner(item, method)
	if !owned && !slices.Contains([]int{404, 405, 406}, got.status) {
		problems = append(problems, "no operation owns this status")
	}
	request := &http.Request{Method: method, URL: &url.URL{Path: path}, Header: http.Header{}}
	opts := &openapi3filter.Options{
		IncludeResponseStatus: true,
		MultiError:            true,
		ExcludeResponseBody:   asked == http.MethodHead,
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: request,
			Route:   &routers.Route{Spec: document(), Path: path, PathItem: item, Method: method, Operation: op},
			Options: opts,
		},
		Status:  got.status,
		Header:  got.header,
		Options: opts,
	}
	input.SetBodyBytes([]byte(got.body))
	if err := openapi3filter.ValidateResponse(request.Context(), input); err != nil {
		problems = append(problems, err.Error())
	}
	var declared []string
	if response := op.Responses.Status(got.status); response != nil {
		for name := range response.Value.Headers {
			declared = append(declared, http.CanonicalHeaderKey(name))
		}
	}
	problems = append(problems, headerProblems(got, declared...)...)
	if got.status == http.StatusUnauthorized && got.header.Get("WWW-Authenticate") != `Bearer realm="api"` {
		problems = append(problems, "WWW-Authenticate is "+got.header.Get("WWW-Authenticate"))
	}
	if strings.Contains(got.body, `"access":`) && got.header.Get("Cache-Control") != "no-store" {
		problems = append(problems, "tokens without Cache-Control: no-store")
	}
	return problems
}

func headerProblems(got reply, declared ...string) (problems []string) {
	for name := range got.header {
		if !slices.Contains(everywhere, name) && !slices.Contains(declared, name) {
			problems = append(problems, "header "+name+" is not declared")
		}
	}
	return problems
}

// strayProblems: what lies on no path of the document is not found.
func strayProblems(method string, got reply) []string {
	problems := headerProblems(got)
	if got.status != http.StatusNotFound {
		problems = append(problems, "a path that the document does not know")
	}
	if method != http.MethodHead && got.body != `{"detail":"Not found."}` {
		problems = append(problems, "the body is "+got.body)
	}
	return problems
}

func optionsProblems(got reply) []string {
	problems := headerProblems(got, "Allow")
	if allow := strings.Split(got.header.Get("Allow"), ", "); allow[len(allow)-1] != http.MethodOptions {
		problems = append(problems, "Allow is "+got.header.Get("Allow"))
	}
	var about struct {
		Name            string
		Renders, Parses []string
	}
	decoder := json.NewDecoder(strings.NewReader(got.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&about); err != nil || about.Name == "" || len(about.Renders) == 0 || len(about.Parses) == 0 {
		problems = append(problems, "the body is "+got.body)
	}
	return problems
}

func isPage(path string) bool {
	return path == "/api/docs" || strings.HasPrefix(path, "/api/docs/") || strings.HasPrefix(path, "/api/openapi.")
}

func pageProblems(method string, got reply) []string {
	switch got.status {
	case http.StatusOK:
		return headerProblems(got, "Accept-Ranges", "Content-Security-Policy")
	case http.StatusMethodNotAllowed:
		problems := append(headerProblems(got, "Allow"), jsonProblems(got)...)
		if got.header.Get("Allow") != "GET, HEAD" || got.body != fmt.Sprintf(`{"detail":"Method \"%s\" not allowed."}`, method) {
			problems = append(problems, "the body is "+got.body)
		}
		return problems
	}
	return strayProblems(method, got)
}
