package server

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"unicode"

	"example.com/tokenpair/auth"
)

// maxAgent is how much of what a client calls itself is kept, in characters.
const maxAgent = 256

// caller is who sent a request, as far as it is known. It goes with the request's context.
type caller struct {
	requestID string
	request   *http.Request // as it came
	account   *auth.Account // that check found, for a protected path
}

type callerKey struct{}

// callerOf returns an empty one for a context that is no request's.
func callerOf(ctx context.Context) *caller {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		return c
	}
	return new(caller)
}

func requestID(ctx context.Context) string { return callerOf(ctx).requestID }

// accountOf returns the account that check found for a protected path.
func accountOf(ctx context.Context) (auth.Account, error) {
	account := callerOf(ctx).account
	if account == nil {
		return auth.Account{}, errors.New("a protected operation without an account")
	}
	return *account, nil
}

// clientOf returns what a login comes from. X-Forwarded-For is not believed: anybody can send it.
func clientOf(ctx context.Context) auth.Client {
	r := callerOf(ctx).request
	if r == nil {
		return auth.Client{}
	}
	return auth.Client{Agent: agentText(r.UserAgent()), Address: addressText(r.RemoteAddr)}
}

// agentText makes text of what a client calls itself: UTF-8 without control characters, cut to maxAgent characters.
func agentText(sent string) string {
	if len(sent) <= maxAgent && isPrintableASCII(sent) {
		return sent
	}
	var out strings.Builder
	kept := 0
	for _, r := range sent { // what is not UTF-8 comes as U+FFFD
		if unicode.IsControl(r) {
			continue
		}
		if kept == maxAgent {
			break
		}
		out.WriteRune(r)
		kept++
	}
	return out.String()
}

func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// addressText returns the address of a peer without its port and zone, "" when it has none, as on a Unix socket.
func addressText(remote string) string {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	return peer.Addr().Unmap().WithZone("").String()
}
