package server_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"example.com/tokenpair/server"
	"example.com/tokenpair/server/servertest"
)

// document is the contract.
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

// check fails the test when an answer does not hold to the contract.
func (s *site) check(t testing.TB, method, path string, got reply) {
	t.Helper()
	answer := s.answer(method, path, got)
	for _, breach := range answer.Breaches() {
		t.Errorf("%s %s answers %d: %s", method, path, got.status, breach)
	}
	for _, id := range answer.Operations() {
		produced.Store(fmt.Sprintf("%s %d", id, got.status), true)
	}
}

func (s *site) answer(method, path string, got reply) servertest.Answer {
	return servertest.Answer{Method: method, Path: path, Docs: s.docs, Status: got.status, Header: got.header, Body: got.body}
}
