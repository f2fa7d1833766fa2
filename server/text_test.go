package server

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// A number becomes what str() makes of it in Python.
func TestPythonNumber(t *testing.T) {
	for raw, want := range map[string]string{
		"0": "0", "-0": "0", "7": "7", "-12": "-12",
		"123456789012345678901234567890":  "123456789012345678901234567890",
		"-123456789012345678901234567890": "-123456789012345678901234567890",
		"1.5":                             "1.5",
		"2.50":                            "2.5",
		"1.0":                             "1.0",
		"0.0":                             "0.0",
		"-0.0":                            "-0.0",
		"-0e0":                            "-0.0",
		"0e9":                             "0.0",
		"1E5":                             "100000.0",
		"1e+5":                            "100000.0",
		"1e15":                            "1000000000000000.0",
		"9999999999999998.0":              "9999999999999998.0",
		"1e16":                            "1e+16",
		"-1e16":                           "-1e+16",
		"12345678901234567890.0":          "1.2345678901234567e+19",
		"1e22":                            "1e+22",
		"1e23":                            "1e+23",
		"1.7976931348623157e308":          "1.7976931348623157e+308",
		"0.0001":                          "0.0001",
		"0.00012":                         "0.00012",
		"0.00001":                         "1e-05",
		"1e-5":                            "1e-05",
		"1.25e-7":                         "1.25e-07",
		"5e-324":                          "5e-324",
		"1e-400":                          "0.0",
		"-1e-400":                         "-0.0",
		"1e400":                           "inf",
		"-1e400":                          "-inf",
		"0.1":                             "0.1",
		"0.30000000000000004":             "0.30000000000000004",
		"0.1000000000000000055511151231":  "0.1",
		"123456.789e3":                    "123456789.0",
		"1" + strings.Repeat("0", 400):    "1" + strings.Repeat("0", 400),
	} {
		if got := pythonNumber(raw); got != want {
			t.Errorf("%s is %q, want %q", raw, got, want)
		}
	}
}

func TestLoneSurrogate(t *testing.T) {
	for raw, want := range map[string]rune{
		`""`: 0, `"a"`: 0, `"\u0041"`: 0, `"\n\\\"\/"`: 0,
		`"\ud83d\ude00"`:       0,
		`"\uD83D\uDE00"`:       0,
		`"\ud83d\ude00\ud83d"`: 0xD83D,
		`"\ud800"`:             0xD800,
		`"\udfff"`:             0xDFFF,
		`"\uDBFF"`:             0xDBFF,
		`"\udc00x"`:            0xDC00,
		`"\ud7ff\ue000"`:       0,
		`"\ud800\ud801\udc00"`: 0xD800, // high, high, low: the first is alone
		`"\ud800\udc00\udc01"`: 0xDC01,
		`"\udc00\ud800"`:       0xDC00, // the wrong way round: the first of two
		`"\ud800a\udc00"`:      0xD800,
		`"\ud800\n\udc00"`:     0xD800,
		`"\ud800\u0041"`:       0xD800,
		`"\ud800\\udc00"`:      0xD800, // an escaped backslash, and then letters
		`"\\ud800"`:            0,      // the same
		`"\\\ud800"`:           0xD800,
		`"\\\\ud800"`:          0,
		`"\"\ud800"`:           0xD800,
		`"ud800"`:              0,
		`"\u005cud800"`:        0, // an escaped backslash of the other kind
		`"\ufffd"`:             0,
		`"😀"`:                  0,
	} {
		got, found := loneSurrogate(jsontext.Value(raw))
		if got != want || found != (want != 0) {
			t.Errorf("%s: found %t, U+%04X, want U+%04X", raw, found, got, want)
		}
	}
}

func TestReadText(t *testing.T) {
	const (
		blank = "This field may not be blank."
		nul   = "Null characters are not allowed."
	)
	lone := func(unit string) string { return "Surrogate characters are not allowed: U+" + unit + "." }
	for _, c := range []struct {
		raw      string
		value    any
		messages []string
	}{
		{`"a"`, "a", nil},
		{`"  a b\t"`, "a b", nil},
		{`"\u00e9\u00C9é"`, "éÉé", nil},
		{`"\ud83d\ude00"`, "😀", nil},
		{`"\ufeffa\u200b"`, "\ufeffa\u200b", nil},
		{`"\\u0000"`, `\u0000`, nil},
		{`"\ufffd"`, "\ufffd", nil},
		{`""`, "", []string{blank}},
		{`" \u2003\u001e"`, "", []string{blank}},
		{`"\u0000"`, "\x00", []string{nul}},
		{`" a\u0000 "`, "a\x00", []string{nul}},
		{`"\udead"`, "\ufffd", []string{lone("DEAD")}},
		{`"\udead\u0000\ud800"`, "\ufffd\x00\ufffd", []string{nul, lone("DEAD")}},
		{`0`, "0", nil},
		{`2.50`, "2.5", nil},
		{`-1e400`, "-inf", nil},
		{`null`, nil, nil},
		{`true`, true, nil},
		{`false`, false, nil},
		{`["a"]`, []any{}, nil},
		{`{"a":"b"}`, map[string]any{}, nil},
	} {
		value, messages := readText(jsontext.Value(c.raw))
		if !reflect.DeepEqual(value, c.value) || !slices.Equal(messages, c.messages) {
			t.Errorf("%s is %#v, %q, want %#v, %q", c.raw, value, messages, c.value, c.messages)
		}
	}
}

// White space is Python's: str.strip cuts these and no others, and text of these alone is blank.
func TestWhiteSpaceIsPythons(t *testing.T) {
	doc, err := LoadContract()
	if err != nil {
		t.Fatal(err)
	}
	written := doc.Components.Schemas["Credentials"].Value.Properties["username"].Value
	if written.Pattern != textPattern || credentialsRule(t).schema.Properties["username"].Value.Pattern != "" {
		t.Error("what readText has refused is looked for once more")
	}
	space := func(r rune) bool {
		switch {
		case r >= 0x09 && r <= 0x0D, r >= 0x1C && r <= 0x1F, r >= 0x2000 && r <= 0x200A:
			return true
		}
		return slices.Contains([]rune{0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}, r)
	}
	for r := range rune(0x10000) {
		if r >= 0xD800 && r < 0xE000 {
			continue
		}
		for _, form := range []string{string(r), fmt.Sprintf(`\u%04x`, r)} {
			if (r < 0x20 || r == '"' || r == '\\') && form == string(r) {
				continue // JSON does not take it as it is
			}
			want := string(r) + "a" + string(r)
			if space(r) {
				want = "a"
			}
			if got, _ := readText(jsontext.Value(`"` + form + `a` + form + `"`)); got != want {
				t.Errorf("U+%04X around a: %q, want %q", r, got, want)
			}
		}
		// Alone: the document's pattern and the message must say the same.
		text := string(r)
		_, messages := readText(jsontext.Value(fmt.Sprintf(`"\u%04x"`, r)))
		refuses := written.VisitJSON(text) != nil
		if refuses != (len(messages) > 0) || refuses != (space(r) || r == 0) {
			t.Errorf("U+%04X alone: the document refuses it: %t, messages %q", r, refuses, messages)
		}
	}
}
