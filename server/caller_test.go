package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/tokenpair/auth"
)

func TestAgentText(t *testing.T) {
	long := strings.Repeat("x", 255)
	for sent, want := range map[string]string{
		"":                                "",
		"curl/8.5.0":                      "curl/8.5.0",
		long + "y":                        long + "y",
		long + "yz":                       long + "y",
		long + "\x7fyz":                   long + "y",
		"a\tb\x00c\x1b[31md\x7f":          "abc[31md",
		"a\u0085b\u009bc":                 "abc",
		"caf\u00e9 \u4e16 \U0001f600":     "caf\u00e9 \u4e16 \U0001f600",
		"caf\xe9":                         "caf\ufffd",
		strings.Repeat("\u4e16", 300):     strings.Repeat("\u4e16", 256),
		long + "\U0001f600\U0001f600":     long + "\U0001f600",
		strings.Repeat("\xff", 300):       strings.Repeat("\ufffd", 256),
		strings.Repeat("\x01", 300) + "a": "a",
	} {
		if got := agentText(sent); got != want || !utf8.ValidString(got) {
			t.Errorf("%q becomes %q, want %q", sent, got, want)
		}
	}
}

func TestAddressText(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:4711":             "192.0.2.7",
		"[2001:db8::7]:4711":         "2001:db8::7",
		"[fe80::7%eth0]:4711":        "fe80::7",
		"[::ffff:192.0.2.7]:4711":    "192.0.2.7",
		"@":                          "",
		"":                           "",
		"/run/tokenpair.sock":        "",
		"192.0.2.7":                  "",
		"somewhere:80":               "",
		"192.0.2.7:80, 192.0.2.8:80": "",
	} {
		if got := addressText(remote); got != want {
			t.Errorf("%s becomes %q, want %q", remote, got, want)
		}
	}
}

// Only the connection and the one header count.
func TestClientOf(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/livez", nil)
	r.RemoteAddr = "192.0.2.7:4711"
	for name, value := range map[string]string{
		"User-Agent": "a", "X-Forwarded-For": "203.0.113.1", "Forwarded": "for=203.0.113.1", "X-Real-Ip": "203.0.113.1", "X-Client-Ip": "203.0.113.1",
	} {
		r.Header.Set(name, value)
	}
	var got auth.Client
	s := testServer(t, new(strings.Builder))
	s.observe(func(_ *answer, r *http.Request) { got = clientOf(r.Context()) }).ServeHTTP(httptest.NewRecorder(), r)
	if want := (auth.Client{Agent: "a", Address: "192.0.2.7"}); got != want {
		t.Errorf("it is %+v, want %+v", got, want)
	}
	if got := clientOf(t.Context()); got != (auth.Client{}) {
		t.Errorf("of nobody it is %+v", got)
	}
}
