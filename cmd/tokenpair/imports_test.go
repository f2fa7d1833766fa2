package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "example.com/tokenpair"

// testModules are what tests may import wherever they stand.
var testModules = []string{
	"github.com/getkin/kin-openapi", "github.com/golang-jwt/jwt/v5", "golang.org/x/crypto", "golang.org/x/sys",
	"github.com/oapi-codegen/runtime", "github.com/go-json-experiment/json", "modernc.org/sqlite",
}

// room is a package as README's table has it: what it may import.
type room struct {
	ours, modules []string
}

// readHouse reads the table of README, so that there is one and it is true.
func readHouse(t *testing.T) map[string]room {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "<!-- house -->")
	table, _, closed := strings.Cut(rest, "<!-- /house -->")
	if !ok || !closed {
		t.Fatal("README.md has no table between <!-- house --> and <!-- /house -->")
	}
	house := make(map[string]room)
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[2:] {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 4 {
			t.Fatalf("not a row of four: %s", line)
		}
		house[names(cells[0])[0]] = room{names(cells[2]), names(cells[3])}
	}
	return house
}

func names(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" `,", r) })
}

type goPackage struct {
	ImportPath                         string
	Standard                           bool
	Module                             *struct{ Path string }
	Imports, TestImports, XTestImports []string
}

// listPackages asks go for every package that ours and their tests are made of, by import path.
func listPackages(t *testing.T) map[string]goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-test", "-json=ImportPath,Standard,Module,Imports,TestImports,XTestImports", "./...")
	list.Dir = filepath.Join("..", "..")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := make(map[string]goPackage)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
}

// TestImports holds the arrows between packages, and the modules they use, against README's table.
func TestImports(t *testing.T) {
	house, packages := readHouse(t), listPackages(t)
	seen := make(map[string]bool)
	for path, p := range packages {
		if strings.Contains(path, " [") || strings.HasSuffix(path, ".test") {
			continue // variants that go makes for tests
		}
		name, ours := roomName(path)
		if !ours {
			continue
		}
		r, ok := house[name]
		if !ok {
			t.Errorf("package %s is not in README's table", name)
			continue
		}
		seen[name] = true
		for _, imported := range p.Imports {
			if target, ours := roomName(imported); ours {
				if !slices.Contains(r.ours, target) && !slices.Contains(r.ours, "all") {
					t.Errorf("%s imports %s: no such arrow in README's table", name, target)
				}
				continue
			}
			if m := packages[imported].Module; m != nil && !slices.Contains(r.modules, m.Path) {
				t.Errorf("%s imports the module %s, which README's table does not have", name, m.Path)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if m := packages[imported].Module; m != nil && m.Path != module &&
				!slices.Contains(r.modules, m.Path) && !slices.Contains(testModules, m.Path) {
				t.Errorf("a test of %s imports the module %s", name, m.Path)
			}
		}
	}
	for name := range house {
		if !seen[name] {
			t.Errorf("README's table has %s, and go has not", name)
		}
	}
}

// roomName is how README names a package of ours; the root is the contract.
func roomName(path string) (name string, ours bool) {
	if path == module {
		return "tokenpair", true
	}
	return strings.CutPrefix(path, module+"/")
}

// SQLite is C translated for one version of its C library, and breaks with another.
func TestLibcIsTheOneOfSQLite(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}} {{.GoMod}}", "modernc.org/libc", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(out)) // version and go.mod of libc, then of sqlite
	required, err := os.ReadFile(fields[3])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(required), "modernc.org/libc "+fields[0]+"\n") {
		t.Errorf("go.mod has libc %s, and sqlite asks for another", fields[0])
	}
}
