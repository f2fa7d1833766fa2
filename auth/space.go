package auth

import "strings"

// TrimSpace cuts outer white space as Python's str.strip does: from names and passwords, where a caller sends them and
// where they are set. strings.TrimSpace leaves the four separators U+001C to U+001F.
func TrimSpace(text string) string { return strings.TrimFunc(text, isSpace) }

func isSpace(r rune) bool {
	switch {
	case r >= '\t' && r <= '\r', r >= 0x1C && r <= ' ', r == 0x85, r == 0xA0, r == 0x1680,
		r >= 0x2000 && r <= 0x200A, r == 0x2028, r == 0x2029, r == 0x202F, r == 0x205F, r == 0x3000:
		return true
	}
	return false
}
