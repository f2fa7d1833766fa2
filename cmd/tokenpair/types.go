package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/tokenpair/token"
)

// duration is a time.Duration that knows days and plain seconds too: 90s, 5m, 1d, 30.
type duration time.Duration

// longest is a hundred years: far from where sums of durations overflow.
const longest = 100 * 365 * 24 * time.Hour

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	s := string(text)
	unit := time.Second
	if days, ok := strings.CutSuffix(s, "d"); ok {
		s, unit = days, 24*time.Hour
	}
	parsed, err := time.ParseDuration(string(text))
	if n, plain := strconv.ParseInt(s, 10, 64); plain == nil && n <= int64(longest/unit) {
		parsed, err = time.Duration(n)*unit, nil
	}
	if err != nil || parsed < 0 || parsed > longest {
		return fmt.Errorf("want a duration such as 90s, 5m or 1d, got %q", text)
	}
	*d = duration(parsed)
	return nil
}

func (d duration) String() string {
	const day = 24 * time.Hour
	if d := time.Duration(d); d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := time.Duration(d).String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}

// list is comma-separated, without the space around its members.
type list []string

// UnmarshalText implements encoding.TextUnmarshaler. It refuses an empty member, and one that is there twice.
func (l *list) UnmarshalText(text []byte) error {
	var members list
	for member := range strings.SplitSeq(string(text), ",") {
		member = strings.TrimSpace(member)
		if member == "" {
			return fmt.Errorf("want names with a comma between them, got %q", text)
		}
		if slices.Contains(members, member) {
			return fmt.Errorf("%q is there twice", member)
		}
		members = append(members, member)
	}
	*l = members
	return nil
}

func (l list) String() string { return strings.Join(l, ",") }

// schemes are words that stand before a token, compared exactly.
type schemes list

// UnmarshalText implements encoding.TextUnmarshaler. A scheme is a token of RFC 9110 §5.6.2.
func (s *schemes) UnmarshalText(text []byte) error {
	var members list
	if err := members.UnmarshalText(text); err != nil {
		return err
	}
	for _, member := range members {
		if !isToken(member) {
			return fmt.Errorf("want words such as Bearer with a comma between them, got %q", text)
		}
	}
	*s = schemes(members)
	return nil
}

func (s schemes) String() string { return list(s).String() }

// isToken says whether text is a token of RFC 9110 §5.6.2.
func isToken(text string) bool {
	const special = "!#$%&'*+-.^_`|~"
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(special, r)
	})
}

// headerName is the name of a header in its canonical form.
type headerName string

// takenHeaders mean something else to the server, to a proxy before it, or to a browser, which sends Cookie by itself.
var takenHeaders = []string{
	"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Connection", "Content-Encoding", "Content-Length",
	"Content-Type", "Cookie", "Date", "Expect", "Forwarded", "Host", "Keep-Alive", "Origin", "Proxy-Authorization",
	"Proxy-Connection", "Range", "Referer", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "Via",
}

// UnmarshalText implements encoding.TextUnmarshaler. It takes a field name (RFC 9110 §5.1), or the form HTTP_X_ACCESS_TOKEN
// that Django has for it.
func (h *headerName) UnmarshalText(text []byte) error {
	name := string(text)
	if inner, ok := strings.CutPrefix(name, "HTTP_"); ok {
		name = strings.ReplaceAll(inner, "_", "-")
	}
	// Neither Django nor most proxies let a name with an underscore through: it could pass for one with a dash.
	if !isToken(name) || strings.Contains(name, "_") {
		return fmt.Errorf("want the name of a header such as X-Access-Token or HTTP_X_ACCESS_TOKEN, got %q", text)
	}
	name = textproto.CanonicalMIMEHeaderKey(name)
	if slices.Contains(takenHeaders, name) || strings.HasPrefix(name, "Sec-") {
		return fmt.Errorf("the header %s means something else: want another, such as X-Access-Token", name)
	}
	*h = headerName(name)
	return nil
}

// tokenClasses are kinds of tokens, by the names that SimpleJWT's classes have.
type tokenClasses []token.Type

// UnmarshalText implements encoding.TextUnmarshaler. The module of a class may stand before its name.
func (c *tokenClasses) UnmarshalText(text []byte) error {
	var members list
	if err := members.UnmarshalText(text); err != nil {
		return err
	}
	var classes tokenClasses
	for _, member := range members {
		var class token.Type
		switch strings.TrimPrefix(member, "rest_framework_simplejwt.tokens.") {
		case "AccessToken":
			class = token.Access
		case "SlidingToken":
			class = token.Sliding
		default:
			return fmt.Errorf("want AccessToken, SlidingToken or both, got %q", text)
		}
		if slices.Contains(classes, class) {
			return fmt.Errorf("%q is there twice", member)
		}
		classes = append(classes, class)
	}
	*c = classes
	return nil
}

func (c tokenClasses) String() string {
	names := make(list, len(c))
	for i, class := range c {
		names[i] = "AccessToken"
		if class == token.Sliding {
			names[i] = "SlidingToken"
		}
	}
	return names.String()
}

// algorithm is the name of a signing algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
type algorithm string

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *algorithm) UnmarshalText(text []byte) error {
	if name := string(text); !slices.Contains(token.Algorithms(), name) {
		if name == "ES256K" {
			return errors.New("ES256K is not supported; ES256 is")
		}
		return fmt.Errorf("want one of %s, got %q", strings.Join(token.Algorithms(), ", "), text)
	}
	*a = algorithm(text)
	return nil
}

// isSecret says whether the algorithm has one key for both signing and verifying.
func (a algorithm) isSecret() bool { return strings.HasPrefix(string(a), "HS") }

// userIDField is what a token says of its user.
type userIDField string

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *userIDField) UnmarshalText(text []byte) error {
	switch name := string(text); name {
	case "id", "username":
		*f = userIDField(name)
		return nil
	case "pk":
		return errors.New("say id for pk")
	}
	return fmt.Errorf("want id or username, got %q", text)
}

// keyFile is the path of a file that holds a key.
type keyFile string

// UnmarshalText implements encoding.TextUnmarshaler. It does not repeat what it refuses: that may be the key itself.
func (f *keyFile) UnmarshalText(text []byte) error {
	if len(text) == 0 || bytes.ContainsAny(text, "\r\n") || bytes.Contains(text, []byte("-----BEGIN")) {
		return errors.New("want the path of a file that holds the key")
	}
	*f = keyFile(text)
	return nil
}
