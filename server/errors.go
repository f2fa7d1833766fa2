package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"example.com/tokenpair/auth"
)

// The ways in which something is no request.
var (
	errNotFound      = errors.New("no such path or format")
	errNotAcceptable = errors.New("not acceptable")
	errMethod        = errors.New("method not allowed")
	errTooLarge      = errors.New("body too large")
	errMediaType     = errors.New("unsupported media type")
	errSyntax        = errors.New("body is not JSON")
	errUnreadable    = errors.New("body could not be read")
)

// answers is what each error is answered with. A %s stands for the words of an aboutError, which come from the request.
var answers = []struct {
	err    error
	status int
	detail string
}{
	{auth.ErrNoActiveAccount, http.StatusUnauthorized, "No active account found with the given credentials"},
	{errNotFound, http.StatusNotFound, "Not found."},
	{errNotAcceptable, http.StatusNotAcceptable, "Could not satisfy the request Accept header."},
	{errMethod, http.StatusMethodNotAllowed, `Method "%s" not allowed.`},
	{errTooLarge, http.StatusRequestEntityTooLarge, "Request body is larger than 65536 bytes."},
	{errMediaType, http.StatusUnsupportedMediaType, `Unsupported media type "%s" in request.`},
	{errSyntax, http.StatusBadRequest, "JSON parse error - %s"},
	{errUnreadable, http.StatusBadRequest, "The request body could not be read."},
	{auth.ErrBusy, http.StatusServiceUnavailable, "Service temporarily unavailable, try again later."},
	{auth.ErrNotReady, http.StatusServiceUnavailable, "Service temporarily unavailable, try again later."},
	// The client has gone and reads no answer.
	{context.Canceled, http.StatusServiceUnavailable, "Service temporarily unavailable, try again later."},
}

// aboutError is an error of the table with the words that its sentence lacks.
type aboutError struct {
	error
	words string
}

func (e aboutError) Unwrap() error { return e.error }

// fieldErrors is a 400 by field, in the order in which the fields are declared.
type fieldErrors []fieldError

type fieldError struct {
	field    string
	messages []string
}

func (fieldErrors) Error() string { return "fields are refused" }

// fail answers with an error: the one place where an answer other than 200 is made. An error that the table does not
// know is a 500 that tells nothing, and is logged once.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var fields fieldErrors
	if errors.As(err, &fields) {
		writeJSON(w, http.StatusBadRequest, fields.json())
		return
	}
	status, detail := http.StatusInternalServerError, "A server error occurred."
	for _, a := range answers {
		if errors.Is(err, a.err) {
			status, detail = a.status, a.detail
			break
		}
	}
	var about aboutError
	if errors.As(err, &about) {
		detail = fmt.Sprintf(detail, about.words)
	}
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="api"`)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(s.retryAfter))
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // nobody reads the rest
	case http.StatusInternalServerError:
		s.logFailure(r, err)
	}
	writeJSON(w, status, detailJSON(detail))
}

func (s *Server) logFailure(r *http.Request, err error) {
	s.log.ErrorContext(r.Context(), "request failed", "request_id", requestID(r.Context()), "error", err.Error())
}

func detailJSON(detail string) []byte {
	out := appendString([]byte(`{"detail":`), detail)
	return append(out, '}')
}

func (f fieldErrors) json() []byte {
	out := []byte{'{'}
	for i, e := range f {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, e.field), ':')
		out = appendStrings(out, e.messages)
	}
	return append(out, '}')
}

func appendStrings(out []byte, texts []string) []byte {
	out = append(out, '[')
	for i, text := range texts {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(out, text)
	}
	return append(out, ']')
}

func appendString(out []byte, text string) []byte {
	out, _ = jsontext.AppendQuote(out, text) // its only error reports invalid UTF-8, which it replaces by U+FFFD
	return out
}

// writeJSON sends an answer as SimpleJWT's framework does: compact, no charset, no line end.
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body) // the client has gone
}
