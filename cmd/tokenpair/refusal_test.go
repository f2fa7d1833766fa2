package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyFailures(t *testing.T) {
	good := "sesame" + strings.Repeat("k", 32)
	file := write(t, "key", good)
	failAll(t, []failure{
		{name: "short", args: words("serve"), environ: words("TOKENPAIR_SIGNING_KEY=sesame"), code: 2, words: words("6 bytes", "32", "TOKENPAIR_SIGNING_KEY", "make one with: openssl rand")},
		{name: "no file", args: words("serve", "--signing-key-file="), code: 2, words: words("--signing-key-file", "path of a file")},
		{name: "an endless file", args: words("serve", "--signing-key-file=/dev/zero"), code: 2, words: words("TOKENPAIR_SIGNING_KEY_FILE", "is no key")},
		{name: "a line end alone", args: words("serve"), environ: words("TOKENPAIR_SIGNING_KEY=\n"), code: 2, words: words("0 bytes")},
		{name: "a byte too short", args: words("serve"), environ: words("TOKENPAIR_SIGNING_KEY=" + strings.Repeat("k", 31)), code: 2, words: words("31 bytes")},
		{name: "short file", args: words("serve", "--signing-key-file", write(t, "short", "sesame\n")), code: 2, words: words("6 bytes", "short", "make one with")},
		{name: "empty file", args: words("serve", "--signing-key-file", write(t, "empty", "")), code: 2, words: words("0 bytes", "empty", "make one with")},
		{name: "missing file", args: words("serve", "--signing-key-file", filepath.Join(filepath.Dir(file), "missing")), code: 2, words: words("TOKENPAIR_SIGNING_KEY_FILE: no such file")},
		{name: "directory", args: words("serve", "--signing-key-file", filepath.Dir(file)), code: 2, words: words("TOKENPAIR_SIGNING_KEY_FILE", "directory")},
		{name: "both", args: words("serve"), environ: words("TOKENPAIR_SIGNING_KEY="+good, "TOKENPAIR_SIGNING_KEY_FILE="+file), code: 2, words: words("both set", "unset one")},
		{name: "both, the file by flag", args: words("serve", "--signing-key-file", file), environ: words("TOKENPAIR_SIGNING_KEY=" + good), code: 2, words: words("both set", "unset one")},
	})
}

func TestUserRefusals(t *testing.T) {
	const good = "correct horse battery\n"
	create := func(name string) []string { return words("createuser", "--password-stdin", "--", name) }
	change := words("changepassword", "--password-stdin", "annamaria")
	for _, f := range []failure{
		{name: "existing name", args: create("annamaria"), input: good, code: 1, words: words("annamaria", "already")},
		{name: "existing name, composed otherwise", args: create("ａnnamaria"), input: good, code: 1, words: words("already")},
		{name: "empty name", args: create(""), input: good, code: 1, words: words("name refused", "empty")},
		{name: "name with outer space", args: create("otto "), input: good, code: 1, words: words("name refused", "white space")},
		{name: "name with a line end", args: create("ot\nto"), input: good, code: 1, words: words("name refused", "control characters")},
		{name: "name that is no text", args: create("ot\xffto"), input: good, code: 2, words: words("not UTF-8")},
		{name: "long name", args: create(strings.Repeat("ö", 151)), input: good, code: 1, words: words("name refused", "150")},
		{name: "name like a flag", args: words("createuser", "--password-stdin", "--anna"), input: good, code: 2, words: words("unknown flag")},
		{name: "short password", args: create("otto"), input: "sesame7\n", code: 1, words: words("password refused", "8 characters")},
		{name: "short password in many bytes", args: create("otto"), input: "ööööööö\n", code: 1, words: words("8 characters")},
		{name: "short password between spaces", args: create("otto"), input: "  sesame7  \n", code: 1, words: words("8 characters")},
		{name: "empty password", args: create("otto"), input: "", code: 1, words: words("password refused", "8 characters")},
		{name: "empty line", args: create("otto"), input: "\n" + good, code: 1, words: words("password refused", "8 characters")},
		{name: "password is the name", args: create("open the door"), input: "Open The Door\n", code: 1, words: words("password refused", "the name")},
		{name: "long password", args: create("otto"), input: strings.Repeat("p", 4097) + "\n", code: 1, words: words("password refused", "4096 bytes")},
		{name: "endless password", args: create("otto"), input: strings.Repeat("p", 1<<20), code: 1, words: words("password refused", "4096 bytes")},
		{name: "password with NUL", args: create("otto"), input: "correct\x00horse battery\n", code: 1, words: words("password refused", "null")},
		{name: "password that is no text", args: create("otto"), input: "correct\xffhorse battery\n", code: 1, words: words("password refused", "UTF-8")},
		{name: "change, nobody", args: words("changepassword", "--password-stdin", "nobody"), input: good, code: 1, words: words("nobody", "no user", "tokenpair listusers")},
		{name: "change, short password", args: change, input: "sesame7\n", code: 1, words: words("password refused", "8 characters")},
		{name: "change, password is the name", args: change, input: "AnnaMaria\n", code: 1, words: words("password refused", "the name")},
		{name: "change, long password", args: change, input: strings.Repeat("p", 4097), code: 1, words: words("4096 bytes")},
		{name: "activate nobody", args: words("activateuser", "nobody"), code: 1, words: words("no user", "tokenpair listusers")},
		{name: "deactivate nobody", args: words("deactivateuser", "nobody"), code: 1, words: words("no user", "tokenpair listusers")},
		{name: "delete nobody", args: words("deleteuser", "nobody"), code: 1, words: words("no user", "tokenpair listusers")},
		{name: "sessions of nobody", args: words("sessions", "list", "nobody"), code: 1, words: words("nobody", "no user", "tokenpair listusers")},
		{name: "end those of nobody", args: words("sessions", "end", "--user=nobody"), code: 1, words: words("nobody", "no user", "tokenpair listusers")},
		{name: "end those of an empty name", args: words("sessions", "end", "--user="), code: 1, words: words(`user ""`, "no user")},
		{name: "end a session that is not there", args: words("sessions", "end", "0123456789abcdef"), code: 1, words: words("session 0123456789abcdef", "no session", "tokenpair sessions list USER")},
		{name: "end a session without a name", args: words("sessions", "end", ""), code: 1, words: words(`session ""`, "no session", "tokenpair sessions list USER")},
		{name: "end, escape sequence", args: words("sessions", "end", "\x1b[31m"), code: 1, words: words(`session "\x1b[31m"`)},
		{name: "claims of nobody", args: words("setclaims", "nobody", `{"a":"sesame"}`), code: 1, words: words("nobody", "no user", "tokenpair listusers")},
		{name: "claims that are no JSON", args: words("setclaims", "annamaria", "role=sesame"), code: 1, words: words("annamaria", "claims refused", "JSON object")},
		{name: "claims in a list", args: words("setclaims", "annamaria", `["sesame"]`), code: 1, words: words("claims refused", "JSON object")},
		{name: "claims without an end", args: words("setclaims", "annamaria", `{"role":"sesame"`), code: 1, words: words("claims refused", "JSON object")},
		{name: "claims with something behind", args: words("setclaims", "annamaria", `{"role":"sesame"}{}`), code: 1, words: words("claims refused", "JSON object")},
		{name: "no claims", args: words("setclaims", "annamaria", ""), code: 1, words: words("claims refused", "JSON object")},
		{name: "no claims on standard input", args: words("setclaims", "annamaria", "-"), code: 1, words: words("claims refused", "JSON object")},
		{name: "no JSON on standard input", args: words("setclaims", "annamaria", "-"), input: "role=sesame\n", code: 1, words: words("claims refused", "JSON object")},
		{name: "a reserved claim", args: words("setclaims", "annamaria", `{"exp":"sesame"}`), code: 1, words: words("claims refused", "exp", "another name")},
		{name: "the claim of the session", args: words("setclaims", "annamaria", `{"role":1,"sid":"sesame"}`), code: 1, words: words("claims refused", "sid", "another name")},
		{name: "long claims", args: words("setclaims", "annamaria", `{"a":"`+strings.Repeat("sesame", 700)+`"}`), code: 1, words: words("claims refused", "4096")},
		{name: "endless claims", args: words("setclaims", "annamaria", "-"), input: `{"a":"` + strings.Repeat("sesame", 20000) + `"}`, code: 1, words: words("claims refused")},
		{name: "delete, escape sequence", args: words("deleteuser", "no\x1b[31mbody"), code: 1, words: words(`no\x1b[31mbody`)},
	} {
		t.Run(f.name, func(t *testing.T) {
			s := newSite(t)
			s.createUser("annamaria", "correct horse battery")
			before := s.must("", "listusers")
			f.fail(t, s)
			if after := s.must("", "listusers"); after != before {
				t.Errorf("the users were changed:\n%s%s", before, after)
			}
		})
	}
}
