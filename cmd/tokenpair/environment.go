package main

import (
	"fmt"
	"slices"
	"strings"
)

const prefix = "TOKENPAIR_"

// environment are the variables of the process.
type environment map[string]string

func newEnvironment(environ []string) environment {
	env := make(environment, len(environ))
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

// unknown has a warning for each variable that looks like a setting and is none.
func (env environment) unknown() []string {
	var known, warnings []string
	for _, s := range settings() {
		known = append(known, s.Variable)
	}
	for name := range env {
		if !strings.HasPrefix(name, prefix) || slices.Contains(known, name) {
			continue
		}
		nearest := slices.MinFunc(known, func(a, b string) int { return distance(name, a) - distance(name, b) })
		warnings = append(warnings, fmt.Sprintf("%s is no setting; the nearest is %s", printable(name), nearest))
	}
	slices.Sort(warnings)
	return warnings
}

// distance is the number of characters to insert, delete or replace that makes one name the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
