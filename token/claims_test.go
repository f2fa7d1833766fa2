package token_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"example.com/tokenpair/token"
)

func TestClaimsKeepOrderAndSpelling(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"order":           {`{"b":1,"a":2}`, `{"b":1,"a":2}`},
		"empty":           {`{}`, `{}`},
		"white space":     {" { \"a\" : [ 1 , 2 ] }\n", `{"a":[1,2]}`},
		"last duplicate":  {`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		"exact names":     {`{"a":1,"A":2}`, `{"a":1,"A":2}`},
		"numbers as sent": {`{"a":1.50,"b":1e2,"c":-0}`, `{"a":1.50,"b":1e2,"c":-0}`},
		"non-ASCII":       {`{"ü":"é→😀"}`, `{"\u00fc":"\u00e9\u2192\ud83d\ude00"}`},
		"escapes stay":    {`{"a":"\u00e9\n\"\\"}`, `{"a":"\u00e9\n\"\\"}`},
		"escaped name":    {`{"\u0061":1}`, `{"a":1}`},
		"markup":          {`{"a":"<&>\u2028"}`, `{"a":"<&>\u2028"}`},
		"lone surrogate":  {`{"a":"\ud800"}`, `{"a":"\ud800"}`},
	} {
		t.Run(name, func(t *testing.T) {
			claims, err := token.ParseClaims([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			got, err := claims.MarshalJSON()
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestClaimsSetAndGet(t *testing.T) {
	var claims token.Claims
	claims.SetText("name", `"é"`)
	claims.SetInt("n", -5)
	claims.SetText("name", "x")
	if got, _ := claims.MarshalJSON(); string(got) != `{"name":"x","n":-5}` {
		t.Errorf("got %s", got)
	}
	if text, ok := claims.Text("name"); !ok || text != "x" {
		t.Errorf("Text: %q, %t", text, ok)
	}
	if n, ok := claims.Seconds("n"); !ok || n != -5 {
		t.Errorf("Seconds: %d, %t", n, ok)
	}
	for _, name := range []string{"Name", "absent"} {
		if _, ok := claims.Get(name); ok {
			t.Errorf("there is a claim %s", name)
		}
	}
	if _, ok := claims.Text("n"); ok {
		t.Error("a number is no text")
	}
	if _, ok := claims.Seconds("name"); ok {
		t.Error("a text is no number")
	}
}

// FuzzParseClaims: what is read and written again is ASCII, means the same, and reads the same.
func FuzzParseClaims(f *testing.F) {
	for _, seed := range []string{
		goodClaims, goodHeader, `{}`, `[]`, `null`, `{"a":1,"a":2}`, `{"\ud800":"\udc00"}`, `{"a":{"b":[1,2,{"c":"é"}]}}`, "{\"a\":\"\xff\"}", `{"a":1}x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		claims, err := token.ParseClaims(payload)
		if err != nil {
			return
		}
		written, err := claims.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range written {
			if b >= 0x80 {
				t.Fatalf("%q is not ASCII", written)
			}
		}
		again, err := token.ParseClaims(written)
		if err != nil {
			t.Fatalf("%q does not read again: %v", written, err)
		}
		if rewritten, _ := again.MarshalJSON(); string(rewritten) != string(written) {
			t.Fatalf("%q was written again as %q", written, rewritten)
		}
		if want, got := meaning(t, payload), meaning(t, written); want != got {
			t.Fatalf("%q means %s, and was written as %s", payload, want, got)
		}
	})
}

// meaning is a JSON value as the standard library understands it.
func meaning(t *testing.T, data []byte) string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%q is no JSON to the standard library: %v", data, err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
