package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

// answer is the ResponseWriter of one request; it remembers what the access log tells.
type answer struct {
	http.ResponseWriter
	caller
	status    int
	operation string
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// unterminated cuts the line end that the generated code puts behind its JSON: SimpleJWT's framework sends none.
type unterminated struct {
	*answer
}

func (u unterminated) Write(p []byte) (int, error) {
	n, err := u.answer.Write(bytes.TrimSuffix(p, []byte("\n")))
	if err != nil {
		return n, err
	}
	return len(p), nil
}

// observe gives each request an id, what every answer carries, and a line in the access log; it turns a panic into a
// 500. What the request says goes into no log: neither its URL nor its headers nor a method that is not a known one.
func (s *Server) observe(serve func(*answer, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		a := &answer{ResponseWriter: w, caller: caller{requestID: rand.Text(), request: r}}
		r = r.WithContext(context.WithValue(r.Context(), callerKey{}, &a.caller)) // a copy, which check may change
		a.Header().Set("X-Content-Type-Options", "nosniff")
		// net/http has dropped Content-Length by now when Transfer-Encoding came with it, and the two together are how
		// a second request is smuggled past a proxy; HTTP/1.0 does not know Transfer-Encoding at all (RFC 9112 §6.1).
		if len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1) {
			a.Header().Set("Connection", "close")
		}
		defer func() {
			s.logRequest(a, r, time.Since(start))
		}()
		defer s.recovered(a, r)
		serve(a, r)
	})
}

// logRequest hands the handler a record of its own making: a Logger would look up which line of code logs, each time.
func (s *Server) logRequest(a *answer, r *http.Request, took time.Duration) {
	handler := s.log.Handler()
	if !handler.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	record := slog.NewRecord(time.Now(), slog.LevelInfo, "request", 0)
	record.AddAttrs(
		slog.String("request_id", a.requestID),
		slog.String("method", knownMethod(r.Method)),
		slog.String("operation", a.operation),
		slog.Int("status", a.status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("remote", r.RemoteAddr))
	handler.Handle(r.Context(), record) // as with a Logger, there is nobody to tell
}

// recovered turns a panic into a 500. It tells the log where the panic came from and of what kind it was; the value
// itself may hold anything.
func (s *Server) recovered(a *answer, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	kind := fmt.Sprintf("%T", cause)
	if err, ok := cause.(runtime.Error); ok {
		kind = err.Error()
	}
	err := fmt.Errorf("panic: %s\n%s", kind, debug.Stack())
	if a.status != 0 {
		s.logFailure(r, err)
		panic(http.ErrAbortHandler) // half an answer is out: only the end of the connection can tell
	}
	s.fail(a, r, err)
}

func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return method
	}
	return "other"
}
