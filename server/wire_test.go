package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

const empty = `{"username":["This field is required."],"password":["This field is required."]}`

// A proxy that goes by Content-Length and a server that goes by Transfer-Encoding see another second request. What
// follows such a request is never answered, so that nothing can be smuggled.
func TestNoSecondRequestBehindATransferEncoding(t *testing.T) {
	s := newSite(t, options{})
	const smuggled = "GET /livez HTTP/1.1\r\nHost: here\r\n\r\n"
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(goodBody), goodBody)
	for name, c := range map[string]struct {
		method, path, request string
		want                  int
	}{
		"both, empty body": {"POST", "/api/token", "POST /api/token HTTP/1.1\r\nHost: here\r\n" +
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"both, other order": {"POST", "/api/token", "POST /api/token HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n" +
			"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" + chunked, 200},
		"both, refused early": {"POST", "/api/token", "POST /api/token HTTP/1.1\r\nHost: here\r\nAccept: text/html\r\n" +
			"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" + chunked, 406},
		"both, GET": {"GET", "/readyz", "GET /readyz HTTP/1.1\r\nHost: here\r\n" +
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200},
		"both, unknown path": {"POST", "/unknown", "POST /unknown HTTP/1.1\r\nHost: here\r\n" +
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 404},
		"both, documentation": {"GET", "/api/docs/", "GET /api/docs/ HTTP/1.1\r\nHost: here\r\n" +
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200},
		"chunked alone": {"POST", "/api/token", "POST /api/token HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n" +
			"Transfer-Encoding: chunked\r\n\r\n" + chunked, 200},
		"HTTP/1.0 that would stay": {"GET", "/livez", "GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200},
		"HTTP/1.0 with a body": {"POST", "/api/token", "POST /api/token HTTP/1.0\r\nConnection: keep-alive\r\n" +
			"Content-Type: application/json\r\nContent-Length: " + fmt.Sprint(len(goodBody)) + "\r\n\r\n" + goodBody, 200},
	} {
		t.Run(name, func(t *testing.T) {
			l := s.dial(t)
			l.write(t, c.request+smuggled)
			l.read(t, c.method, c.path).wantStatus(t, c.want)
			l.wantClosed(t)
		})
	}
}

func TestConnectionIsKept(t *testing.T) {
	s := newSite(t, options{})
	l := s.dial(t)
	for range 3 {
		l.write(t, "POST /api/token HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: "+
			fmt.Sprint(len(goodBody))+"\r\n\r\n"+goodBody)
		got := l.read(t, "POST", "/api/token")
		got.wantStatus(t, http.StatusOK)
		if got.closes {
			t.Error("the connection is said to close")
		}
	}
	// Nor does a refusal cost the connection, whether the body was read or not.
	l.write(t, "POST /api/token HTTP/1.1\r\nHost: here\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}")
	l.read(t, "POST", "/api/token").wantStatus(t, http.StatusUnsupportedMediaType)
	l.write(t, "PUT /api/token HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}")
	l.read(t, "PUT", "/api/token").wantStatus(t, http.StatusMethodNotAllowed)
	l.write(t, "GET /livez HTTP/1.1\r\nHost: here\r\n\r\nHEAD /livez HTTP/1.1\r\nHost: here\r\n\r\n")
	l.read(t, "GET", "/livez").wantStatus(t, http.StatusOK)
	l.read(t, "HEAD", "/livez").wantStatus(t, http.StatusOK)
}

// padded is a good login of exactly size bytes.
func padded(size int) string {
	const head, tail = `{"padding":"`, `",` // and the good body without its brace
	rest := goodBody[1:]
	return head + strings.Repeat("x", size-len(head)-len(tail)-len(rest)) + tail + rest
}

// unsized hides how long a text is, so that it is sent in chunks.
type unsized struct{ io.Reader }

func TestBodyLimit(t *testing.T) {
	s := newSite(t, options{})
	for name, body := range map[string]func(string) io.Reader{
		"by Content-Length": func(text string) io.Reader { return strings.NewReader(text) },
		"in chunks":         func(text string) io.Reader { return unsized{strings.NewReader(text)} },
	} {
		t.Run(name, func(t *testing.T) {
			s.send(t, s.request(t, "POST", "/api/token", body(padded(131072)), asJSON)).wantStatus(t, http.StatusOK)
			for _, size := range []int{131073, 200_000} {
				got := s.send(t, s.request(t, "POST", "/api/token", body(padded(size)), asJSON))
				got.want(t, http.StatusRequestEntityTooLarge, tooLarge)
				if !got.closes {
					t.Errorf("%d bytes: the connection is kept", size)
				}
			}
		})
	}
}

// A length alone is enough: the answer does not wait for the body.
func TestTooLargeBodyIsNotAwaited(t *testing.T) {
	s := newSite(t, options{})
	l := s.dial(t)
	l.write(t, "POST /api/token HTTP/1.1\r\nHost: here\r\nContent-Length: 9000000000\r\n\r\n{")
	l.read(t, "POST", "/api/token").want(t, http.StatusRequestEntityTooLarge, tooLarge)
	l.wantClosed(t)
}

func TestBrokenBodyEndsTheConnection(t *testing.T) {
	s := newSite(t, options{})
	const unreadable = `{"detail":"The request body could not be read."}`
	for name, request := range map[string]string{
		"no chunk size":       "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
		"chunk without end":   "Transfer-Encoding: chunked\r\n\r\n2\r\n{}zz\r\n0\r\n\r\n",
		"negative chunk size": "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
		"cut off in a chunk":  "Transfer-Encoding: chunked\r\n\r\n20\r\n{}",
		"cut off":             "Content-Length: 100\r\n\r\n" + goodBody,
	} {
		t.Run(name, func(t *testing.T) {
			l := s.dial(t)
			l.write(t, "POST /api/token HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"+request)
			must(t, l.Conn.(*net.TCPConn).CloseWrite())
			got := l.read(t, "POST", "/api/token")
			got.want(t, http.StatusBadRequest, unreadable)
			if !got.closes {
				t.Error("the connection is not said to close")
			}
			l.wantClosed(t)
		})
	}
}

func TestExpectContinue(t *testing.T) {
	s := newSite(t, options{})
	l := s.dial(t)
	const head = "POST /api/token HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
	l.write(t, head+"Content-Length: 9000000\r\n\r\n")
	l.read(t, "POST", "/api/token").want(t, http.StatusRequestEntityTooLarge, tooLarge) // and not 100 first
	l.wantClosed(t)

	l = s.dial(t)
	l.write(t, head+"Content-Length: 2\r\n\r\n")
	response, err := http.ReadResponse(l.reader, nil)
	must(t, err)
	if response.StatusCode != http.StatusContinue {
		t.Fatalf("answer is %d, want 100", response.StatusCode)
	}
	l.write(t, "{}")
	l.read(t, "POST", "/api/token").want(t, http.StatusBadRequest, empty)
}
