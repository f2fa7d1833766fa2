package main

import (
	"strconv"
	"strings"
	"unicode"
)

// oneLine makes one line of a text that may hold several, and that a terminal shows as it is.
func oneLine(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(lines, "; "))
}

// printable is a text as it is when a terminal shows it as it is, and quoted when not.
func printable(text string) string {
	if quoted := strconv.Quote(text); text == "" || strings.TrimSpace(text) != text || quoted != `"`+text+`"` {
		return quoted
	}
	return text
}
