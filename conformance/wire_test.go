package conformance

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// header is one header field of a request, as it goes over the wire.
type header struct{ name, value string }

// request is what is sent: nothing is added to it but Host, Connection and the body's length.
type request struct {
	method, path    string
	headers         []header
	body            []byte // nil: none
	chunked         bool
	noContentLength bool
}

// response is an answer, with its header names in lower case and the times between which it came.
type response struct {
	status   int
	headers  map[string][]string
	body     []byte
	from, to float64
}

// bytes is the request in two parts, the head and the body. net/http's own client would tidy the headers up, add some,
// and refuse others, so the text is made here.
func (q *request) bytes(host string) (head, body []byte, err error) {
	if strings.ContainsFunc(q.method+q.path, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return nil, nil, fmt.Errorf("%q %q is no request line", q.method, q.path)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", q.method, q.path, host)
	for _, h := range q.headers {
		if h.name == "" || strings.ContainsAny(h.name, ": \t\r\n") || strings.ContainsAny(h.value, "\r\n") {
			return nil, nil, fmt.Errorf("%q: %q is no header", h.name, h.value)
		}
		fmt.Fprintf(&b, "%s: %s\r\n", h.name, h.value)
	}
	b.WriteString("Connection: close\r\n")
	bodyless := q.method == "GET" || q.method == "HEAD" || q.method == "OPTIONS"
	switch {
	case q.chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n")
		body = chunks(q.body)
	case q.body != nil || !bodyless && !q.noContentLength:
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(q.body))
		body = q.body
	}
	b.WriteString("\r\n")
	return b.Bytes(), body, nil
}

func chunks(body []byte) []byte {
	const size = 7
	var b bytes.Buffer
	for len(body) > 0 {
		part := body[:min(size, len(body))]
		body = body[len(part):]
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}

// send makes one exchange on a connection of its own.
func (r *Runner) send(q *request) (*response, error) {
	q.path = r.prefix + r.protectedPath(q.path)
	head, body, err := q.bytes(r.host)
	if err != nil {
		return nil, err
	}
	return r.exchange(q, head, body)
}

func (r *Runner) exchange(q *request, head, body []byte) (*response, error) {
	from := now()
	conn, err := net.DialTimeout("tcp", r.address, r.Timeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(r.Timeout)); err != nil {
		return nil, err
	}
	// A server may answer, and close, before it has read a body that it does not want.
	wrote := make(chan error, 1)
	go func() {
		_, err := (&net.Buffers{head, body}).WriteTo(conn)
		wrote <- err
	}()
	answer, raw, err := read(q, conn)
	if err != nil {
		select {
		case writeErr := <-wrote:
			return nil, cmp.Or(writeErr, err)
		default:
			return nil, err
		}
	}
	if r.Answered != nil {
		r.Answered(q.method, q.path, answer, raw)
	}
	return &response{answer.StatusCode, headersOf(answer), raw, from, now()}, nil
}

// read is the answer to a request, with its body.
func read(q *request, conn io.Reader) (*http.Response, []byte, error) {
	reader := bufio.NewReader(conn)
	for {
		answer, err := http.ReadResponse(reader, &http.Request{Method: q.method})
		if err != nil {
			return nil, nil, err
		}
		if answer.StatusCode == http.StatusContinue {
			continue
		}
		raw, err := io.ReadAll(answer.Body)
		return answer, raw, err
	}
}

func headersOf(answer *http.Response) map[string][]string {
	headers := map[string][]string{}
	for name, values := range answer.Header {
		for _, value := range values {
			headers[strings.ToLower(name)] = append(headers[strings.ToLower(name)], fromLatin1(value))
		}
	}
	// net/http takes this one out of the header.
	if len(answer.TransferEncoding) > 0 {
		headers["transfer-encoding"] = answer.TransferEncoding
	}
	return headers
}

func fromLatin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

func toLatin1(s string) (string, error) {
	var b strings.Builder
	for _, c := range s {
		if c > 0xff {
			return "", fmt.Errorf("%q has no Latin-1 form", s)
		}
		b.WriteByte(byte(c))
	}
	return b.String(), nil
}

// protectedPath puts the server's own protected route where the cases say /api/me.
func (r *Runner) protectedPath(path string) string {
	const placeholder = "/api/me"
	rest, ok := strings.CutPrefix(path, placeholder)
	if ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
		return r.Protected + rest
	}
	return path
}
