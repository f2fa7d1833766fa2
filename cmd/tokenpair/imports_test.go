package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/golang-jwt/jwt/v5", "golang.org/x/crypto", "github.com/oapi-codegen/runtime", "github.com/go-json-experiment/json",
	"pgregory.net/rapid",
}

// keepers are packages of the standard library, with what lies below them, and the only ones of ours that may import them
// outside their tests.
var keepers = map[string][]string{
	"net/http":     {"generated", "server", "server/servertest", "cmd/tokenpair"},
	"database/sql": {"storage/sqlite", "storage/django"},
	"testing":      {"storage/storagetest"},
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
	Module                             *goModule
	Imports, TestImports, XTestImports []string
}

type goModule struct{ Path string }

// listPackages asks go for every package that ours and their tests are made of, by import path.
func listPackages(t *testing.T) map[string]goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-test", "-json=ImportPath,Module,Imports,TestImports,XTestImports", "./...")
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

// TestImports holds the arrows between packages, and what else they use, against README's table and the lists above.
func TestImports(t *testing.T) {
	for _, wrong := range wrongImports(readHouse(t), listPackages(t)) {
		t.Error(wrong)
	}
}

func wrongImports(house map[string]room, packages map[string]goPackage) (wrong []string) {
	seen := make(map[string]bool)
	for path, p := range packages {
		name, ours := roomName(path)
		if !ours || strings.Contains(path, " [") || strings.HasSuffix(path, ".test") {
			continue // of others, or a variant that go makes for tests
		}
		r, ok := house[name]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("package %s is not in README's table", name))
			continue
		}
		seen[name] = true
		for _, imported := range p.Imports {
			if breach := r.breach(name, imported, packages[imported].Module); breach != "" {
				wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", name, imported, breach))
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if m := packages[imported].Module; m != nil && m.Path != module &&
				!slices.Contains(r.modules, m.Path) && !slices.Contains(testModules, m.Path) {
				wrong = append(wrong, fmt.Sprintf("a test of %s imports the module %s", name, m.Path))
			}
		}
	}
	for name := range house {
		if !seen[name] {
			wrong = append(wrong, fmt.Sprintf("README's table has %s, and go has not", name))
		}
	}
	return wrong
}

// breach says why the package called name may not import another, or "".
func (r room) breach(name, imported string, from *goModule) string {
	if target, ours := roomName(imported); ours {
		if !slices.Contains(r.ours, target) && !slices.Contains(r.ours, "all") {
			return "no such arrow in README's table"
		}
		return ""
	}
	if from != nil && !slices.Contains(r.modules, from.Path) {
		return "README's table does not have the module " + from.Path
	}
	for kept, by := range keepers {
		if (imported == kept || strings.HasPrefix(imported, kept+"/")) && !slices.Contains(by, name) {
			return fmt.Sprintf("%s is for %q alone", kept, by)
		}
	}
	return ""
}

func TestWrongImportsAreFound(t *testing.T) {
	house := map[string]room{"auth": {ours: []string{"token"}, modules: []string{"golang.org/x/text"}}, "token": {}}
	imports := func(imported ...string) map[string]goPackage {
		return map[string]goPackage{
			module + "/auth":            {Imports: imported},
			module + "/token":           {},
			"golang.org/x/text/unicode": {Module: &goModule{"golang.org/x/text"}},
			"golang.org/x/term":         {Module: &goModule{"golang.org/x/term"}},
		}
	}
	good := words("context", "net", module+"/token", "golang.org/x/text/unicode")
	if wrong := wrongImports(house, imports(good...)); len(wrong) > 0 {
		t.Errorf("what is allowed is found wrong: %q", wrong)
	}
	for _, bad := range words(module, module+"/server", module+"/storage/sqlite", "golang.org/x/term",
		"net/http", "net/http/httptest", "database/sql", "database/sql/driver", "testing", "testing/fstest") {
		if wrong := wrongImports(house, imports(append(good, bad)...)); len(wrong) != 1 {
			t.Errorf("%s: found is %q", bad, wrong)
		}
	}
	packages := imports()
	packages[module+"/utils"] = goPackage{}
	delete(packages, module+"/token")
	packages[module+"/auth"] = goPackage{TestImports: words("golang.org/x/term"), XTestImports: words("testing", "net/http")}
	if wrong := wrongImports(house, packages); len(wrong) != 3 {
		t.Errorf("found is %q", wrong)
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

// `go generate ./...` skips tools.go because of its build tag, so that the line in it is easily forgotten (HOUSE trap 9).
func TestGenerateLine(t *testing.T) {
	for file, line := range map[string]string{
		"tools.go":          "//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config oapi-codegen.yaml openapi.yaml",
		"oapi-codegen.yaml": "output: generated/api.gen.go",
	} {
		content, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(strings.Split(string(content), "\n"), line) {
			t.Errorf("%s has no line %q", file, line)
		}
	}
}
