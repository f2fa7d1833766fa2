package main

import (
	"errors"
	"slices"
	"strings"
)

// severity says what becomes of a finding: an error keeps the server from starting.
type severity string

const (
	isError   severity = "error"
	isWarning severity = "warning"
)

// finding is what is wrong with settings, in one line that names them and the fix.
type finding struct {
	severity  severity
	variables []string // that it is about
	text      string
}

// findings are collected one by one.
type findings []finding

// add keeps a finding, unless it is about a setting that has an error already: what would be said of its default then is
// not what the operator has to know.
func (f *findings) add(s severity, variables []string, text string) {
	for _, known := range *f {
		if known.severity == isError && slices.ContainsFunc(known.variables, func(v string) bool { return slices.Contains(variables, v) }) {
			return
		}
	}
	*f = append(*f, finding{s, variables, text})
}

func (f *findings) error(text string, variables ...string)   { f.add(isError, variables, text) }
func (f *findings) warning(text string, variables ...string) { f.add(isWarning, variables, text) }

// texts are those of one severity.
func (f findings) texts(s severity) (texts []string) {
	for _, found := range f {
		if found.severity == s {
			texts = append(texts, found.text)
		}
	}
	return texts
}

// err is all errors in one, or nil.
func (f findings) err() error {
	if wrong := f.texts(isError); len(wrong) > 0 {
		return usageError{errors.New(strings.Join(wrong, "; "))}
	}
	return nil
}
