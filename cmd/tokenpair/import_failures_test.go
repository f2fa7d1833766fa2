package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestImportFailures(t *testing.T) {
	const (
		bert  = `{"model":"auth.user","pk":7,"fields":{"username":"bert","password":"pbkdf2_sha256$1000$sesame$sesame"}}`
		first = `{"model":"auth.user","pk":1,"fields":{"username":"carl","password":"pbkdf2_sha256$1000$sesame$sesame"}}`
		anna  = `{"model":"auth.user","pk":8,"fields":{"username":"anna","password":"sesame"}}`
	)
	other := filepath.Join(t.TempDir(), "other.db")
	execute(t, other, `CREATE TABLE users (id INTEGER PRIMARY KEY)`)
	for _, f := range []failure{
		{name: "no source", args: words("importdjango", ""), code: 1, words: words("no such file", "nothing was imported")},
		{name: "SQLite file as it is", args: words("importdjango", newDjango(t).path), code: 1, words: words("write sqlite: before its path", "nothing was imported")},
		{name: "database of another program", args: words("importdjango", "sqlite:"+other), code: 1, words: words("auth_user", "nothing was imported")},
		{name: "fixture as a database", args: words("importdjango", "sqlite:"+write(t, "dump.json", "["+bert+"]")), code: 1, words: words("nothing was imported")},
		{name: "missing database", args: words("importdjango", "sqlite:"+other+".not"), code: 1, words: words("nothing was imported")},
		{name: "missing file", args: words("importdjango", filepath.Join(t.TempDir(), "missing.json")), code: 1, words: words("missing.json", "no such file")},
		{name: "directory", args: words("importdjango", t.TempDir()), code: 1, words: words("directory", "nothing was imported")},
		{name: "truncated", args: words("importdjango", write(t, "dump.json", "["+bert+","+first[:len(first)-5])), code: 1, words: words("dump.json", "ends in the middle", "nothing was imported")},
		{name: "truncated, standard input", args: words("importdjango", "-"), input: "[" + bert, code: 1, words: words("nothing was imported")},
		{name: "empty", args: words("importdjango", write(t, "dump.json", "")), code: 1, words: words("empty", "nothing was imported")},
		{name: "no JSON", args: words("importdjango", write(t, "dump.json", "sesame")), code: 1, words: words("dumpdata", "nothing was imported")},
		{name: "another model", args: words("importdjango", write(t, "dump.json", `[{"model":"auth.group","pk":1,"fields":{}}]`)), code: 1, words: words("auth.user", "nothing was imported")},
		{name: "id of an existing user", args: words("importdjango", write(t, "dump.json", "["+bert+","+first+"]")), code: 1, words: words("carl", "id 1", "already", "nothing was imported")},
		{name: "name of an existing user", args: words("importdjango", write(t, "dump.json", "["+bert+","+anna+"]")), code: 1, words: words("anna", "already", "nothing was imported")},
		{name: "id twice", args: words("importdjango", write(t, "dump.json", "["+bert+","+bert+"]")), code: 1, words: words("same pk", "nothing was imported")},
	} {
		t.Run(f.name, func(t *testing.T) {
			s := newSite(t)
			s.createUser("anna", "correct horse battery")
			f.fail(t, s)
			wantUsers(t, s, `1 true \S+ anna`)
			rehearsed := newSite(t)
			rehearsed.createUser("anna", "correct horse battery")
			if r := rehearsed.run(f.input, append(f.args, "--dry-run")...); r.code != 1 || !strings.HasPrefix(r.stderr, "tokenpair: error: ") || strings.Contains(r.stdout+r.stderr, "sesame") {
				t.Errorf("--dry-run: exit code %d, %s%s", r.code, r.stdout, r.stderr)
			}
			if f.input == "" && !strings.Contains(f.name, "existing user") {
				fresh := newSite(t)
				f.fail(t, fresh)
				if _, err := os.Stat(fresh.path); err == nil {
					t.Error("it made a database")
				}
			}
		})
	}
}

// TestInterruptedImport changes nothing, and makes nothing.
func TestInterruptedImport(t *testing.T) {
	d := newDjango(t)
	d.addUser(3, "otto", ottosHash)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s, stderr := newSite(t), newOutput()
	err := run(ctx, words("importdjango", "sqlite:"+d.path), s.environ, strings.NewReader(""), io.Discard, stderr)
	if exitCode(err) != 1 || stderr.String() != "tokenpair: error: interrupted; nothing was imported\n" {
		t.Errorf("%v, %q", err, stderr)
	}
	wantUsers(t, s)
}

// TestImportKeepsToItself what may be a password in a source, and names what it reads.
func TestImportKeepsToItself(t *testing.T) {
	s := newSite(t)
	for _, args := range [][]string{words("importdjango"), words("importdjango", "--dry-run")} {
		r := s.run("", append(args, "postgres://anna:sesame@localhost/site")...)
		if r.code != 1 || strings.Contains(r.stdout+r.stderr, "sesame") || !strings.Contains(r.stderr, "postgres://…: a URL is not read: write sqlite:PATH") {
			t.Errorf("%q: exit code %d, %q", args, r.code, r.stderr)
		}
	}
}

// TestImportIsInterruptedWhileNobodyWrites has a pipe that stays open and silent on standard input.
func TestImportIsInterruptedWhileNobodyWrites(t *testing.T) {
	s := newSite(t)
	pipe, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	silent := readerFunc(func(p []byte) (int, error) { cancel(); return pipe.Read(p) })
	var stderr bytes.Buffer
	if err := run(ctx, words("importdjango", "-"), s.environ, silent, io.Discard, &stderr); exitCode(err) != 1 || !strings.Contains(stderr.String(), "interrupted; nothing was imported") {
		t.Errorf("%v, %s", err, &stderr)
	}
}
