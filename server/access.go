package server

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"example.com/tokenpair/auth"
)

// The ways in which a request brings no access token.
var (
	errNoCredentials = errors.New("no access token")
	errAuthHeader    = errors.New("the header is not a scheme and a token")
)

// authenticate returns the account whose access token r brings. Several headers are one, joined by commas, as the gateway
// below SimpleJWT joins them: that makes an error of what two readers could read as two tokens.
func (s *Server) authenticate(r *http.Request) (auth.Account, error) {
	parts := strings.FieldsFunc(strings.Join(r.Header.Values(s.authHeader), ","), isASCIISpace)
	if len(parts) == 0 || !slices.Contains(s.authTypes, parts[0]) {
		return auth.Account{}, errNoCredentials
	}
	if len(parts) != 2 {
		return auth.Account{}, errAuthHeader
	}
	return s.auth.Authenticate(r.Context(), parts[1])
}

// isASCIISpace is what Python's bytes.split splits at.
func isASCIISpace(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }
