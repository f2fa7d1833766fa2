package server

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/generated"
)

func testServer(t testing.TB, log io.Writer) *Server {
	t.Helper()
	s, err := New(&auth.Service{}, Options{Log: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzBody: whatever the body is, the validator, the generated code and a reader of its own kind agree on who logs in.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		``, ` `, `{}`, `[]`, `null`, `"text"`, `1`, `1.5e3`, `true`, `{`, `}`, `{"username"`, `{"username":`, "\ufeff{}", "\xff",
		`{"username":"sampleUser","password":"userpassword123"}`,
		`{"username":"nobody","password":"pw","Username":"victim"}`,
		`{"username":"nobody","password":"pw","uſername":"victim"}`,
		`{"username":"victim","password":"pw","\u0075sername":"nobody"}`,
		`{"username":"victim","username":"nobody","password":"pw","password":"pw2"}`,
		`{"username":null,"password":"pw","username":"a"}`,
		`{"username":"\ud800","password":"\udc00\ud800"}`,
		`{"username":"\ud83d\ude00","password":"\\ud800"}`,
		`{"username":"a\u0000b","password":" \u0000 "}`,
		`{"username":"\u0085\u3000a\u001c","password":"\ufeff"}`,
		`{"username":12345,"password":1e400}`,
		`{"username":-0,"password":2.50,"x":{"username":[1,{"a":"}"}]}}`,
		`{"username":true,"password":["a",{"b":null}]}`,
		`{"username":"a","password":"b"}{"username":"c"}`,
		`{"username":"a","password":"b",}`,
		"{\"username\":\"\xed\xa0\x80\",\"password\":\"b\"}",
		`{"username\ud800":"a","username":"b","password":"c","":{}}`,
	} {
		f.Add([]byte(body))
	}
	rule, s := credentialsRule(f), testServer(f, io.Discard)
	f.Fuzz(func(t *testing.T, body []byte) {
		w := httptest.NewRecorder()
		value, err := rule.read(w, jsonRequest(string(body)))
		if err != nil {
			s.fail(w, jsonRequest(""), err)
			wantRefusal(t, body, w)
			return
		}
		bound, err := bind(value)
		if err != nil {
			t.Fatalf("%q is accepted as %q and not bound: %v", body, value, err)
		}
		if len(value) != 2 || value["username"] != bound.Username || value["password"] != bound.Password {
			t.Fatalf("%q is accepted as %q and bound as %+v", body, value, bound)
		}
		wantSameReading(t, body, bound)
	})
}

// wantRefusal expects an answer that the document has, and no syntax error about what is JSON.
func wantRefusal(t *testing.T, body []byte, w *httptest.ResponseRecorder) {
	t.Helper()
	switch w.Code {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
	default:
		t.Fatalf("%q is answered %d", body, w.Code)
	}
	if !json.Valid(w.Body.Bytes()) {
		t.Fatalf("%q is answered %s", body, w.Body)
	}
	if refused := strings.Contains(w.Body.String(), "JSON parse error"); refused && json.Valid(body) && utf8.Valid(body) {
		t.Fatalf("%q is JSON and answered %s", body, w.Body)
	}
}

// wantSameReading reads the body by encoding/json, whose maps have exact names of which the last counts.
func wantSameReading(t *testing.T, body []byte, bound generated.Credentials) {
	t.Helper()
	if !utf8.Valid(body) {
		t.Fatalf("%q is not UTF-8 and accepted", body)
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil || decoder.Decode(new(any)) != io.EOF {
		t.Fatalf("%q is accepted and another reader says %v", body, err)
	}
	for name, got := range map[string]string{"username": bound.Username, "password": bound.Password} {
		switch want := fields[name].(type) {
		case string:
			if got != auth.TrimSpace(want) || got == "" || strings.ContainsRune(got, 0) {
				t.Fatalf("%q: %s is %q, want %q", body, name, got, want)
			}
		case json.Number:
			a, errA := strconv.ParseFloat(got, 64)
			b, errB := want.Float64()
			if a != b || (errA == nil) != (errB == nil) && !math.IsInf(a, 0) {
				t.Fatalf("%q: %s is %q, want %s", body, name, got, want)
			}
		default:
			t.Fatalf("%q: %s is %q, and another reader finds %v", body, name, got, want)
		}
	}
}
