package main

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// payload is what a token says, as it is written.
func payload(t *testing.T, encoded string) string {
	t.Helper()
	decoded, err := base64.RawURLEncoding.DecodeString(strings.Split(encoded, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(decoded)
}

// wantClaims wants both tokens of a pair to end in these claims and then the session.
func wantClaims(t *testing.T, tokens pair, claims string) {
	t.Helper()
	end := regexp.MustCompile(`"user_id":\d+` + regexp.QuoteMeta(claims) + `,"sid":"[0-9a-f]{32}"}\z`)
	for _, encoded := range words(tokens.Refresh, tokens.Access) {
		if said := payload(t, encoded); !end.MatchString(said) {
			t.Errorf("a token says %s, want it to end in %s", said, end)
		}
	}
}

// TestSetclaims sets them by argument and by standard input, changes them and takes them away. They show at the next login.
func TestSetclaims(t *testing.T) {
	const told = "set the claims of user anna; they show at the next login or refresh\n"
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	s.createUser("otto", "another horse battery")
	v := s.serve()
	for _, c := range []struct{ argument, input, want string }{
		{`{"role":"editor"}`, "", `,"role":"editor"`},
		{" {\"role\" : \"admin\",\n\t\"teams\":[1, 2] } ", "", `,"role":"admin","teams":[1,2]`},
		{"-", `{"role":"ä"}` + "\n", `,"role":"\u00e4"`},
		{"-", "{}", ""},
		{`{"teams":{"a":true}}`, "ignored", `,"teams":{"a":true}`},
		{"{}", "", ""},
	} {
		if out := s.must(c.input, "setclaims", "anna", c.argument); out != told {
			t.Errorf("setclaims printed %q", out)
		}
		wantClaims(t, v.wantLogin(http.StatusOK, "anna", "correct horse battery"), c.want)
	}
	wantClaims(t, v.wantLogin(http.StatusOK, "otto", "another horse battery"), "")
	s.createUser("an “na”", "correct horse battery")
	if out := s.must("", "setclaims", "an “na”", "{}"); out != strings.Replace(told, "anna", "an “na”", 1) {
		t.Errorf("setclaims printed %q", out)
	}
}

// TestInterruptedClaims: nobody writes to the standard input that it waits for.
func TestInterruptedClaims(t *testing.T) {
	s, stderr := newSite(t), newOutput()
	s.createUser("anna", "correct horse battery")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	silent, writer := io.Pipe()
	defer writer.Close()
	err := run(ctx, words("setclaims", "anna", "-"), s.environ, silent, io.Discard, stderr)
	if exitCode(err) != 1 || stderr.String() != "tokenpair: error: interrupted; nothing was changed\n" {
		t.Errorf("%v, %q", err, stderr)
	}
}
