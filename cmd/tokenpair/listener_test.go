package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// listens says whether an address can be listened on.
func listens(address string) bool {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	listener.Close()
	return true
}

// dial opens a connection of its own to the service.
func (v *service) dial() net.Conn {
	v.t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(v.base, "http://"))
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { connection.Close() })
	connection.SetDeadline(time.Now().Add(patience))
	return connection
}

// exchange sends a request byte by byte as it is written and reads the answer to it.
func (v *service) exchange(request string) (answer *http.Response, body string) {
	v.t.Helper()
	connection := v.dial()
	defer connection.Close()
	go io.WriteString(connection, request) // the answer may come before the whole request was taken
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		v.t.Fatalf("%.60q: %v", request, err)
	}
	content, err := io.ReadAll(answer.Body)
	switch {
	case err == nil:
		v.checkExchange(request, answer, string(content))
	case answer.StatusCode < 413: // who sends too much may find the connection reset, the rest unread
		v.t.Fatalf("%.60q: %v", request, err)
	}
	return answer, string(content)
}

// headed is a GET whose line and header take size bytes together.
func headed(size int) string {
	const start, end = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Filler: ", "\r\n\r\n"
	return start + strings.Repeat("f", size-len(start)-len(end)) + end
}

func TestHeaderLimit(t *testing.T) {
	v := newSite(t).serve()
	for _, c := range []struct{ size, want int }{
		{16000, http.StatusOK},
		{16 << 10, http.StatusOK},
		{16<<10 + 1, http.StatusRequestHeaderFieldsTooLarge},
		{64 << 10, http.StatusRequestHeaderFieldsTooLarge},
	} {
		if answer, _ := v.exchange(headed(c.size)); answer.StatusCode != c.want {
			t.Errorf("%d bytes: %d, want %d", c.size, answer.StatusCode, c.want)
		}
	}
	many := "GET /livez HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("F: f\r\n", 4000) + "\r\n"
	if answer, _ := v.exchange(many); answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("many headers: %d", answer.StatusCode)
	}
	long := "GET /livez?" + strings.Repeat("q", 16<<10) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
	if answer, _ := v.exchange(long); answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("long URL: %d", answer.StatusCode)
	}
}

func TestBodyLimit(t *testing.T) {
	v := newSite(t).serve()
	const start, end = `{"username":"`, `"}`
	body := func(size int) string { return start + strings.Repeat("u", size-len(start)-len(end)) + end }
	const head = "POST /api/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
	sized := func(size int) string { return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, size, body(size)) }
	chunked := func(size int) string {
		return fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, size, body(size))
	}
	for name, c := range map[string]struct {
		request string
		want    int
	}{
		"as large as allowed":          {sized(128 << 10), http.StatusBadRequest},
		"as large as allowed, chunked": {chunked(128 << 10), http.StatusBadRequest},
		"too large":                    {sized(128<<10 + 1), http.StatusRequestEntityTooLarge},
		"too large, chunked":           {chunked(128<<10 + 1), http.StatusRequestEntityTooLarge},
		"too large, as announced":      {head + "Content-Length: 1000000000000\r\n\r\n{", http.StatusRequestEntityTooLarge},
	} {
		answer, content := v.exchange(c.request)
		if answer.StatusCode != c.want || answer.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d, want %d as JSON", name, answer.StatusCode, c.want)
		}
		if c.want == http.StatusRequestEntityTooLarge && !strings.HasPrefix(content, `{"detail":"`) {
			t.Errorf("%s: %q", name, content)
		}
	}
}

// TestOptionsStar asks what net/http would answer past the handler.
func TestOptionsStar(t *testing.T) {
	answer, body := newSite(t).serve().exchange("OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	if answer.StatusCode != http.StatusNotFound || body != `{"detail":"Not found."}` {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("header %v", answer.Header)
	}
}

// TestTimeouts wants no way for a client to take a connection for good, and a login that waits its turn not to be cut.
func TestTimeouts(t *testing.T) {
	verb := serveVerb{serving: serving{LoginWait: duration(7 * time.Second)}}
	srv := verb.httpServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	for name, limit := range map[string]struct{ is, least, most time.Duration }{
		"header": {srv.ReadHeaderTimeout, time.Second, 10 * time.Second},
		"read":   {srv.ReadTimeout, srv.ReadHeaderTimeout, 30 * time.Second},
		"write":  {srv.WriteTimeout, srv.ReadTimeout + time.Duration(verb.LoginWait), time.Minute},
		"idle":   {srv.IdleTimeout, time.Second, 2 * time.Minute},
	} {
		if limit.is < limit.least || limit.is > limit.most {
			t.Errorf("%s: %s, want %s to %s", name, limit.is, limit.least, limit.most)
		}
	}
	if srv.MaxHeaderBytes+4096 != 16<<10 || !srv.DisableGeneralOptionsHandler || srv.ErrorLog == nil {
		t.Error("the limit of the header, OPTIONS * or the log of net/http is not set")
	}
}

// TestSlowHeader waits for the real limit, which is 5 seconds.
func TestSlowHeader(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for seconds")
	}
	t.Parallel()
	connection := newSite(t).serve().dial()
	start := time.Now()
	if err := connection.SetDeadline(start.Add(8 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(connection, "GET /livez HTTP/1.1\r\nHost: local"); err != nil {
		t.Fatal(err)
	}
	_, err := io.ReadAll(connection)
	took := time.Since(start)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is still open after %s", took)
	}
	if took < 4*time.Second {
		t.Errorf("the connection was closed after %s", took)
	}
}
