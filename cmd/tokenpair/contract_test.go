package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"example.com/tokenpair/server/servertest"
)

// checkAnswer fails the test when an answer is not one that the contract documents. Any goroutine of the test may call it.
func checkAnswer(t *testing.T, docs bool, method, path string, answer *http.Response, body string) {
	t.Helper()
	got := servertest.Answer{
		Method: method, Path: path, Docs: docs, Status: answer.StatusCode, Header: answer.Header, Body: body,
	}
	for _, breach := range got.Breaches() {
		t.Errorf("%s %s answers %d: %s", method, path, answer.StatusCode, breach)
	}
}

// check does so for an answer of the service, which prints where the documentation is if there is any.
func (v *service) check(method, path string, answer *http.Response, body string) {
	v.t.Helper()
	checkAnswer(v.t, strings.Contains(v.stdout.String(), "/api/docs/"), method, path, answer, body)
}

// checkExchange does so for a request as it was written, unless net/http answered it before any handler saw it.
func (v *service) checkExchange(request string, answer *http.Response, body string) {
	v.t.Helper()
	if isRefusedUnread(answer) {
		return
	}
	line, _, _ := strings.Cut(request, "\r\n")
	method, rest, _ := strings.Cut(line, " ")
	target, _, _ := strings.Cut(rest, " ")
	u, err := url.ParseRequestURI(target)
	if err != nil {
		v.t.Errorf("%.60q was answered %d, want it refused by net/http", request, answer.StatusCode)
		return
	}
	v.check(method, u.Path, answer, body)
}

// isRefusedUnread says whether net/http refused a request that is none of HTTP (its answer has no Date, which all others
// have), or an expectation that it does not know.
func isRefusedUnread(answer *http.Response) bool {
	if answer.StatusCode == http.StatusExpectationFailed {
		return answer.Header.Get("Content-Length") == "0" && answer.Close
	}
	return answer.Header.Get("Date") == "" && answer.Header.Get("Content-Type") == "text/plain; charset=utf-8" && answer.Close
}

// What the checks above let through: only what no handler has answered.
func TestRefusedUnread(t *testing.T) {
	v := newSite(t).serve()
	const get, end = "GET /livez HTTP/1.1\r\nConnection: close\r\n", "\r\n\r\n"
	for request, unread := range map[string]bool{
		get + "Host: localhost" + end:                         false,
		get + "Host: localhost\r\nExpect: 100-continue" + end: false,
		get + "Host: localhost\r\nExpect: something" + end:    true,
		get + "Host: a b" + end:                               true,
		get + "X-A: no host" + end:                            true,
		"GET /livez HTTP/9.9" + end:                           true,
		"GET /%zz HTTP/1.1\r\nHost: localhost" + end:          true,
		"POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\nConnection: close" + end: true,
		"POST /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close" + end:                         false,
		"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close" + end:                        false,
	} {
		answer, body := v.exchange(request)
		if isRefusedUnread(answer) != unread {
			t.Errorf("%q: refused unread: %t; the answer is %d %v %s", request, !unread, answer.StatusCode, answer.Header, body)
		}
	}
}
