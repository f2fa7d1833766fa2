package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/token"
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

// tokenNotValid is SimpleJWT's code for a fault of the token itself.
const tokenNotValid = "token_not_valid"

// answers is what each error is answered with. A %s stands for the words of an aboutError, which come from the request or
// from settings.
var answers = []struct {
	err    error
	status int
	detail string
	code   string // "" for none
}{
	{auth.ErrNoActiveAccount, http.StatusUnauthorized, "No active account found with the given credentials", ""},
	{auth.ErrNoAccount, http.StatusUnauthorized, "No active account found for the given token.", ""},
	{auth.ErrPasswordChanged, http.StatusUnauthorized, "The user's password has been changed.", ""},

	{token.ErrInvalid, http.StatusUnauthorized, "Token is invalid", tokenNotValid},
	{token.ErrExpired, http.StatusUnauthorized, "Token is expired", tokenNotValid},
	{auth.ErrBlacklisted, http.StatusUnauthorized, "Token is blacklisted", tokenNotValid},
	{token.ErrNoExpiry, http.StatusUnauthorized, "Token has no 'exp' claim", tokenNotValid},
	{token.ErrNoID, http.StatusUnauthorized, "Token has no id", tokenNotValid},
	{token.ErrNoType, http.StatusUnauthorized, "Token has no type", tokenNotValid},
	{token.ErrWrongType, http.StatusUnauthorized, "Token has wrong type", tokenNotValid},
	{token.ErrNoRefreshExpiry, http.StatusUnauthorized, "Token has no '%s' claim", tokenNotValid},
	{token.ErrRefreshExpired, http.StatusUnauthorized, "Token '%s' claim has expired", tokenNotValid},

	{errNoCredentials, http.StatusUnauthorized, "Authentication credentials were not provided.", ""},
	{errAuthHeader, http.StatusUnauthorized, "Authorization header must contain two space-delimited values", "bad_authorization_header"},
	{auth.ErrUnidentified, http.StatusUnauthorized, "Token contained no recognizable user identification", tokenNotValid},
	{auth.ErrUserNotFound, http.StatusUnauthorized, "User not found", "user_not_found"},
	{auth.ErrUserInactive, http.StatusUnauthorized, "User is inactive", "user_inactive"},
	{auth.ErrAccessPasswordChanged, http.StatusUnauthorized, "The user's password has been changed.", "password_changed"},

	{errNotFound, http.StatusNotFound, "Not found.", ""},
	{auth.ErrNoSession, http.StatusNotFound, "Not found.", ""},
	{errNotAcceptable, http.StatusNotAcceptable, "Could not satisfy the request Accept header.", ""},
	{errMethod, http.StatusMethodNotAllowed, `Method "%s" not allowed.`, ""},
	{errTooLarge, http.StatusRequestEntityTooLarge, "Request body is larger than 131072 bytes.", ""},
	{errMediaType, http.StatusUnsupportedMediaType, `Unsupported media type "%s" in request.`, ""},
	{errSyntax, http.StatusBadRequest, "JSON parse error - %s", ""},
	{errUnreadable, http.StatusBadRequest, "The request body could not be read.", ""},

	{auth.ErrBusy, http.StatusServiceUnavailable, unavailable, ""},
	{auth.ErrStoreBusy, http.StatusServiceUnavailable, unavailable, ""},
	{auth.ErrNotReady, http.StatusServiceUnavailable, unavailable, ""},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, unavailable, ""},
	// The client has gone and reads no answer.
	{context.Canceled, http.StatusServiceUnavailable, unavailable, ""},
}

// fieldAnswers are the errors that are a fault of a field, which is a 400. The first that fits counts.
var fieldAnswers = []struct {
	err            error
	field, message string
}{
	{auth.ErrWrongPassword, "current_password", "Invalid password."},
	{auth.ErrPasswordShort, "new_password", "This password is too short. It must contain at least 8 characters."},
	{auth.ErrPasswordLong, "new_password", "This password is too long. It must be at most 4096 bytes."},
	{auth.ErrPasswordIsName, "new_password", "The password is too similar to the username."},
	{auth.ErrPasswordCommon, "new_password", "This password is too common."},
	{auth.ErrBadPassword, "new_password", "Not a valid string."}, // the contract has refused all such
}

const unavailable = "Service temporarily unavailable, try again later."

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

// fail answers with an error: the one place where a refusal is made. An error that the table does not
// know is a 500 that tells nothing, and is logged once.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if fields := fieldErrorsOf(err); fields != nil {
		writeJSON(w, http.StatusBadRequest, fields.json())
		return
	}
	status, detail, code := lookUp(err)
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", s.authTypes[0]+` realm="api"`)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(s.retryAfter))
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // nobody reads the rest
	case http.StatusInternalServerError:
		s.logFailure(r, err)
	}
	var kinds auth.KindsRefused
	errors.As(err, &kinds)
	writeJSON(w, status, detailJSON(detail, code, kinds))
}

// fieldErrorsOf returns what an error says of the fields of a request, nil when it is about something else.
func fieldErrorsOf(err error) (fields fieldErrors) {
	if errors.As(err, &fields) {
		return fields
	}
	for _, a := range fieldAnswers {
		if errors.Is(err, a.err) {
			return fieldErrors{{a.field, []string{a.message}}}
		}
	}
	return nil
}

// lookUp finds an error in the table.
func lookUp(err error) (status int, detail, code string) {
	if errors.As(err, new(auth.KindsRefused)) {
		return http.StatusUnauthorized, "Given token not valid for any token type", tokenNotValid
	}
	status, detail = http.StatusInternalServerError, "A server error occurred."
	for _, a := range answers {
		if errors.Is(err, a.err) {
			status, detail, code = a.status, a.detail, a.code
			break
		}
	}
	var about aboutError
	if errors.As(err, &about) {
		detail = fmt.Sprintf(detail, about.words)
	}
	return status, detail, code
}

func (s *Server) logFailure(r *http.Request, err error) {
	s.log.ErrorContext(r.Context(), "request failed", "request_id", requestID(r.Context()), "error", err.Error())
}

func detailJSON(detail, code string, kinds auth.KindsRefused) []byte {
	out := appendString([]byte(`{"detail":`), detail)
	if code != "" {
		out = appendString(append(out, `,"code":`...), code)
	}
	if len(kinds) > 0 {
		out = append(appendKinds(append(out, `,"messages":[`...), kinds), ']')
	}
	return append(out, '}')
}

func appendKinds(out []byte, kinds auth.KindsRefused) []byte {
	for i, refused := range kinds {
		if i > 0 {
			out = append(out, ',')
		}
		_, message, _ := lookUp(refused.Reason)
		out = appendString(append(out, `{"token_class":`...), tokenClasses[refused.Kind])
		out = appendString(append(out, `,"token_type":`...), string(refused.Kind))
		out = appendString(append(out, `,"message":`...), message)
		out = append(out, '}')
	}
	return out
}

// tokenClasses are SimpleJWT's names for the kinds of tokens that open protected paths.
var tokenClasses = map[token.Type]string{token.Access: "AccessToken", token.Sliding: "SlidingToken"}

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
