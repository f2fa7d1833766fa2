package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named finds the commands of a page that run tests: what they select, and where.
var named = regexp.MustCompile("go test ([^`]*)`")

// A claim stands beside the test that shows it. One that nobody renamed along would be shown by nothing.
func TestNamedTestsExist(t *testing.T) {
	root := filepath.Join("..", "..")
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "SECURITY.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range named.FindAllStringSubmatch(string(text), -1) {
			found++
			if missing := missingTests(t, root, command[1]); missing != "" {
				t.Errorf("%s: go test %s: there is no such test in %s", page, command[1], missing)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d commands were found: the pages write them in another way", found)
	}
}

// missingTests returns the first package of a command that has no test of the selected name, "" when all have.
func missingTests(t *testing.T, root, command string) string {
	pattern, kind := "", "(?:Test|Fuzz)"
	words := strings.Fields(strings.NewReplacer("'", "").Replace(command))
	for i, word := range words {
		switch {
		case word == "-run" && words[i+1] != "^$":
			pattern = words[i+1]
		case word == "-bench":
			pattern, kind = words[i+1], "Benchmark"
		}
	}
	pattern, _, _ = strings.Cut(pattern, "/")
	selected := regexp.MustCompile(pattern)
	function := regexp.MustCompile(`(?m)^func (` + kind + `\w*)\(`)
	for _, word := range words {
		if !strings.HasPrefix(word, "./") || word == "./..." {
			continue
		}
		files, err := filepath.Glob(filepath.Join(root, strings.TrimSuffix(word, "/..."), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		exists := false
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range function.FindAllStringSubmatch(string(source), -1) {
				exists = exists || selected.MatchString(name[1])
			}
		}
		if !exists {
			return word
		}
	}
	return ""
}
