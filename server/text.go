package server

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"

	"example.com/tokenpair/auth"
)

// textPattern is how the contract says what readText refuses: null characters, and nothing but white space.
const textPattern = `^[^\u0000]*[^\u0000\u0009-\u000D\u001C-\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000][^\u0000]*$`

// readText reads the value of a text field as SimpleJWT's framework does: a number becomes its text, outer white space
// is cut. messages says what is wrong with the characters; of a value that is no text at all the schema says it.
func readText(raw jsontext.Value) (value any, messages []string) {
	switch raw.Kind() {
	case '0':
		return pythonNumber(string(raw)), nil
	case '"':
		text := auth.TrimSpace(unquote(raw))
		return text, checkText(text, raw)
	case 'n':
		return nil, nil
	case '[':
		return []any{}, nil
	case '{':
		return map[string]any{}, nil
	default:
		return raw.Kind() == 't', nil
	}
}

// unquote reads a JSON string that the decoder has accepted. Lone surrogates become U+FFFD.
func unquote(raw jsontext.Value) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	decoded, _ := jsontext.AppendUnquote(nil, raw)
	return string(decoded)
}

func checkText(text string, raw jsontext.Value) (messages []string) {
	if text == "" {
		return []string{"This field may not be blank."}
	}
	if strings.IndexByte(text, 0) >= 0 {
		messages = append(messages, "Null characters are not allowed.")
	}
	if lone, found := loneSurrogate(raw); found {
		messages = append(messages, fmt.Sprintf("Surrogate characters are not allowed: U+%04X.", lone))
	}
	return messages
}

// loneSurrogate finds the first \uHHHH in a JSON string that is half of a pair without the other half.
func loneSurrogate(raw jsontext.Value) (unit rune, found bool) {
	for i := bytes.IndexByte(raw, '\\'); i >= 0 && i < len(raw)-1; i++ {
		if raw[i] != '\\' {
			continue
		}
		i++ // the escaped character, so that \\u is not taken for an escape
		if raw[i] != 'u' {
			continue
		}
		unit := hexUnit(raw[i+1:])
		i += 4
		if !utf16.IsSurrogate(unit) {
			continue
		}
		rest := raw[i+1:]
		if len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' && utf16.DecodeRune(unit, hexUnit(rest[2:])) != 0xFFFD {
			i += 6
			continue
		}
		return unit, true
	}
	return 0, false
}

// hexUnit reads the four hex digits of an escape that the decoder has accepted.
func hexUnit(digits jsontext.Value) rune {
	n, _ := strconv.ParseUint(string(digits[:4]), 16, 16)
	return rune(n)
}

// pythonNumber is str() of a JSON number as Python reads it: whole numbers as they are, others as the shortest decimal
// of a double, with an exponent below 1e-4 and from 1e16.
func pythonNumber(raw string) string {
	if !strings.ContainsAny(raw, ".eE") {
		if raw == "-0" {
			return "0"
		}
		return raw
	}
	f, _ := strconv.ParseFloat(raw, 64) // out of range gives an infinity, as in Python
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
