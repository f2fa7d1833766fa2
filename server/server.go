// Package server speaks the contract over HTTP. It decides nothing: what is a request stands in the contract, who is
// given a token in package auth.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/generated"
)

// Options are what a Server can be told.
type Options struct {
	Log        *slog.Logger  // where requests and failures are told; required
	Docs       bool          // serve Swagger UI and the document
	RetryAfter time.Duration // what a 503 asks for, rounded up to whole seconds, at least one
	Sliding    bool          // serve the operations for sliding tokens, which are a 404 otherwise
	AuthHeader string        // the header with the access token, "" for Authorization
	AuthTypes  []string      // the schemes before the access token, the first named in WWW-Authenticate; none stands for Bearer
}

// Server is the handler of every path. It is safe for concurrent use.
type Server struct {
	auth       *auth.Service
	log        *slog.Logger
	authHeader string
	authTypes  []string
	retryAfter int
	contract   *contract
	docs       map[string]page
	handler    http.Handler
	draining   atomic.Bool
}

// New makes the handler out of the contract that is compiled in, and fails when that is not one that it can keep.
func New(svc *auth.Service, opts Options) (*Server, error) {
	doc, err := LoadContract()
	if err != nil {
		return nil, err
	}
	table, err := newContract(doc)
	if err != nil {
		return nil, fmt.Errorf("serve the contract: %w", err)
	}
	if !opts.Sliding {
		table.switchOff("sliding")
	}
	if len(opts.AuthTypes) == 0 {
		opts.AuthTypes = []string{"Bearer"}
	}
	s := &Server{
		auth:       svc,
		log:        opts.Log,
		authHeader: cmp.Or(opts.AuthHeader, "Authorization"),
		authTypes:  opts.AuthTypes,
		retryAfter: max(1, int(math.Ceil(opts.RetryAfter.Seconds()))),
		contract:   table,
	}
	if opts.Docs {
		if s.docs, err = newDocs(doc); err != nil {
			return nil, fmt.Errorf("prepare the documentation: %w", err)
		}
	}
	if err := table.bind(s.generated()); err != nil {
		return nil, fmt.Errorf("serve the contract: %w", err)
	}
	s.handler = s.observe(s.serve)
	return s, nil
}

// Drain makes /readyz answer 503 from now on, so that a load balancer sends requests elsewhere.
func (s *Server) Drain() { s.draining.Store(true) }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// serve is the way of a request: the documentation's pages, or the contract and then the operation.
func (s *Server) serve(a *answer, r *http.Request) {
	if page, ok := s.docs[r.URL.Path]; ok {
		a.operation = page.name
		s.servePage(a, r, page)
		return
	}
	rt, value, ok := s.contract.find(r.URL)
	if !ok {
		a.operation = "unknown"
		s.fail(a, r, errNotFound)
		return
	}
	a.operation = rt.path
	op, err := s.check(a, r, rt, value)
	switch {
	case err != nil:
		s.fail(a, r, err)
	case op.serve == nil:
		writeJSON(a, http.StatusOK, rt.about)
	default:
		op.serve(unterminated{a}, r)
	}
}

// registry notes what the generated code would have a ServeMux serve, by method and path. The contract has found the path
// already, and a ServeMux would look for it once more, by rules of its own: it cleans paths, by a redirect.
type registry struct {
	http.Handler // none: nothing is served by it
	served       map[string]http.HandlerFunc
}

func (r registry) HandleFunc(pattern string, serve func(http.ResponseWriter, *http.Request)) {
	r.served[pattern] = serve
}

// generated binds the generated code to this server. The three hooks make the one renderer write every error.
func (s *Server) generated() map[string]http.HandlerFunc {
	strict := generated.NewStrictHandlerWithOptions(s, []generated.StrictMiddlewareFunc{refuseNothing},
		generated.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  s.failBinding,
			ResponseErrorHandlerFunc: s.fail,
		})
	routes := registry{served: make(map[string]http.HandlerFunc)}
	generated.HandlerWithOptions(strict, generated.StdHTTPServerOptions{BaseRouter: routes, ErrorHandlerFunc: s.failBinding})
	return routes.served
}

// failBinding answers when the generated code could not bind what the contract had accepted: a fault of ours, and its
// error may quote the request.
func (s *Server) failBinding(w http.ResponseWriter, r *http.Request, err error) {
	s.fail(w, r, fmt.Errorf("bind request: %T", err))
}

// refuseNothing makes a failure of an operation that returns neither an answer nor an error: the generated code would
// send an empty 200.
func refuseNothing(next generated.StrictHandlerFunc, operation string) generated.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		response, err := next(ctx, w, r, request)
		if err == nil && response == nil {
			return nil, errors.New(operation + " gave no answer")
		}
		return response, err
	}
}
