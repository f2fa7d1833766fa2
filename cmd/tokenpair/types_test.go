package main

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "5m": 5 * time.Minute, "1d": day, "30": 30 * time.Second, "0": 0, "0s": 0, "1.5h": 90 * time.Minute,
		"1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond, "365d": 365 * day, "36500d": 36500 * day, "3153600000": 36500 * day,
	} {
		var got duration
		if err := got.UnmarshalText([]byte(text)); err != nil || time.Duration(got) != want {
			t.Errorf("%q is %s, %v; want %s", text, time.Duration(got), err, want)
		}
	}
	for _, text := range []string{
		"36501d", "3153600001", "876001h", "106751d", "9223372036", "", " ", "-1", "-1s", "-1d", "1e9d", "1.5d", "d", "s", "1 d", "1D", "1w", "soon", "NaN", "Inf", "١", "0x10", "1_000",
		"9223372037", "106752d", "200000d", "99999999999", "99999999999d", "18446744073709551616", "9999999999h",
	} {
		var got duration
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %s, want an error", text, time.Duration(got))
		}
	}
}

func TestDurationIsShown(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0s", "30": "30s", "90s": "1m30s", "5m": "5m", "60m": "1h", "1h30m": "1h30m", "24h": "1d", "7d": "7d", "25h": "25h", "250ms": "250ms",
	} {
		var got, again duration
		if err := got.UnmarshalText([]byte(text)); err != nil || got.String() != want {
			t.Errorf("%s is shown as %s, %v; want %s", text, got, err, want)
		}
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%s is read as %s, %v", got, again, err)
		}
	}
}

// TestTypes has what values are shown as, which for a refused one is its error.
func TestTypes(t *testing.T) {
	const (
		empty   = `want names with a comma between them, got %q`
		scheme  = `want words such as Bearer with a comma between them, got %q`
		header  = `want the name of a header such as X-Access-Token or HTTP_X_ACCESS_TOKEN, got %q`
		class   = `want AccessToken, SlidingToken or both, got %q`
		keyPath = `want the path of a file that holds the key`
	)
	taken := func(name string) string {
		return "the header " + name + " means something else: want another, such as X-Access-Token"
	}
	for _, c := range []struct {
		target     encoding.TextUnmarshaler
		text, want string
	}{
		{new(list), "a", "a"}, {new(list), " a , b c ", "a,b c"}, {new(list), "A,a", "A,a"},
		{new(list), "", empty}, {new(list), ",", empty}, {new(list), "a,", empty}, {new(list), ",a", empty}, {new(list), "a,,b", empty}, {new(list), "a, ", empty},
		{new(list), "a,b, a", `"a" is there twice`},

		{new(schemes), "Bearer", "Bearer"}, {new(schemes), "JWT, Bearer", "JWT,Bearer"}, {new(schemes), "bearer,Bearer", "bearer,Bearer"},
		{new(schemes), "", empty}, {new(schemes), "JWT,JWT", `"JWT" is there twice`},
		{new(schemes), "('Bearer',)", scheme}, {new(schemes), "('Bearer')", scheme}, {new(schemes), `"Bearer"`, scheme}, {new(schemes), "Bearer JWT", scheme},
		{new(schemes), "Träger", scheme}, {new(schemes), "Be\x00arer", scheme}, {new(schemes), "Bearer:", scheme},

		{new(headerName), "Authorization", "Authorization"}, {new(headerName), "authorization", "Authorization"},
		{new(headerName), "HTTP_AUTHORIZATION", "Authorization"}, {new(headerName), "HTTP_X_ACCESS_TOKEN", "X-Access-Token"},
		{new(headerName), "X-Access-Token", "X-Access-Token"}, {new(headerName), "x-access-token", "X-Access-Token"},
		{new(headerName), "", header}, {new(headerName), "HTTP_", header}, {new(headerName), "X Access", header}, {new(headerName), "X-Access:", header},
		{new(headerName), "X_Access_Token", header}, {new(headerName), "http_x_access_token", header}, {new(headerName), "X-Zugriff-ö", header},
		{new(headerName), "X-A\r\nX-B", header}, {new(headerName), "A,B", header},
		{new(headerName), "HTTP_HOST", taken("Host")}, {new(headerName), "content-length", taken("Content-Length")},
		{new(headerName), "TRANSFER-ENCODING", taken("Transfer-Encoding")}, {new(headerName), "Content-Type", taken("Content-Type")},
		{new(headerName), "Cookie", taken("Cookie")}, {new(headerName), "HTTP_TE", taken("Te")}, {new(headerName), "Sec-Fetch-Site", taken("Sec-Fetch-Site")},
		{new(headerName), "Accept", taken("Accept")}, {new(headerName), "Connection", taken("Connection")}, {new(headerName), "Trailer", taken("Trailer")},

		{new(tokenClasses), "AccessToken", "AccessToken"}, {new(tokenClasses), "SlidingToken, AccessToken", "SlidingToken,AccessToken"},
		{new(tokenClasses), "rest_framework_simplejwt.tokens.AccessToken,rest_framework_simplejwt.tokens.SlidingToken", "AccessToken,SlidingToken"},
		{new(tokenClasses), "RefreshToken", class}, {new(tokenClasses), "access", class}, {new(tokenClasses), "accesstoken", class}, {new(tokenClasses), "", empty},
		{new(tokenClasses), "AccessToken,rest_framework_simplejwt.tokens.AccessToken", `"rest_framework_simplejwt.tokens.AccessToken" is there twice`},

		{new(algorithm), "HS256", "HS256"}, {new(algorithm), "EdDSA", "EdDSA"}, {new(algorithm), "ES256K", "ES256K is not supported; ES256 is"},
		{new(algorithm), "none", "want one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, got %q"},
		{new(algorithm), "hs256", "want one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, got %q"},
		{new(algorithm), "", "want one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, got %q"},

		{new(userIDField), "id", "id"}, {new(userIDField), "username", "username"}, {new(userIDField), "pk", "say id for pk"},
		{new(userIDField), "email", "want id or username, got %q"}, {new(userIDField), "", "want id or username, got %q"},

		{new(keyFile), "signing.pem", "signing.pem"}, {new(keyFile), "", keyPath}, {new(keyFile), "-----BEGIN PRIVATE KEY-----", keyPath}, {new(keyFile), "a\nb", keyPath},
	} {
		var got string
		if err := c.target.UnmarshalText([]byte(c.text)); err != nil {
			got = err.Error()
		} else {
			got = fmt.Sprint(reflect.ValueOf(c.target).Elem())
		}
		want := c.want
		if strings.Contains(want, "%q") {
			want = fmt.Sprintf(want, c.text)
		}
		if got != want {
			t.Errorf("%T %q: %s; want %s", c.target, c.text, got, want)
		}
	}
}
