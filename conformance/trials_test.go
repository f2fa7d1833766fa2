package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const testKey = "a-signing-key-of-at-least-thirty-two-bytes"

// trial is one answer and what a case expects of it. want is the difference that must be reported, or "" if none.
type trial struct {
	name   string
	steps  string // JSON, before the request
	status int    // 0: 200
	header http.Header
	body   string // "ECHO": the request's own
	expect string // JSON
	want   string
}

// jsonTrials hold one JSON answer against one matcher.
func jsonTrials() []trial {
	const set = `{"do":"set","var":"v","value":"one"},{"do":"set","var":"n","value":7}`
	var list []trial
	for _, row := range [][4]string{
		{"string", `"a"`, `"a"`, ``},
		{"other string", `"b"`, `"a"`, `body expected "a" got "b"`},
		{"string with variable", `"is one 7"`, `"is ${v} ${n}"`, ``},
		{"string without variable", `"is two"`, `"is ${v}"`, `body expected "is one" got "is two"`},
		{"unset variable", `"x"`, `"${w}"`, `[3] variable w was never set`},
		{"int", `1`, `1`, ``},
		{"int for float", `1.0`, `1`, `body expected 1 got 1.0`},
		{"float for int", `1`, `1.0`, `body expected 1.0 got 1`},
		{"same float otherwise written", `1e0`, `1.0`, ``},
		{"bool for int", `true`, `1`, `body expected 1 got true`},
		{"text for int", `"1"`, `1`, `body expected 1 got "1"`},
		{"int for text", `1`, `"1"`, `body expected "1" got 1`},
		{"big int", `123456789012345678901234567890`, `123456789012345678901234567891`, `got 123456789012345678901234567890`},
		{"null", `null`, `null`, ``},
		{"null for false", `null`, `false`, `body expected false got null`},
		{"list", `[1,"a"]`, `[1,"a"]`, ``},
		{"longer list", `[1,2]`, `[1]`, `body expected [1] got [1,2]`},
		{"other member", `[1,2]`, `[1,3]`, `body[1] expected 3 got 2`},
		{"object for list", `{}`, `[]`, `body expected [] got {}`},
		{"object", `{"a":1,"b":{"c":2}}`, `{"a":1,"b":{"c":2}}`, ``},
		{"list for object", `[]`, `{"a":1}`, `body expected an object got []`},
		{"missing key", `{"a":1}`, `{"a":1,"b":2}`, `body.b is missing`},
		{"key too many", `{"a":1,"b":2}`, `{"a":1}`, `body.b is not expected (2)`},
		{"other case of key", `{"A":1}`, `{"a":1}`, `body.a is missing; body.A is not expected (1)`},
		{"repeated key", `{"a":2,"a":1}`, `{"a":1}`, `body has a repeated key`},
		{"deep difference", `{"a":[{"b":1}]}`, `{"a":[{"b":2}]}`, `body.a[0].b expected 2 got 1`},
		{"regex", `"abc"`, `{"$regex":"[a-c]+"}`, ``},
		{"regex with line break", `"a\nb"`, `{"$regex":"a.b"}`, ``},
		{"regex takes all", `"abcd"`, `{"$regex":"[a-c]+"}`, `body expected /[a-c]+/ got abcd`},
		{"regex takes all alternatives", `"ab"`, `{"$regex":"a|ab"}`, ``},
		{"regex on number", `12`, `{"$regex":"[0-9]+"}`, `body expected /[0-9]+/ got 12`},
		{"any string", `"x"`, `{"$any":"string"}`, ``},
		{"any", `[1]`, `{"$any":true}`, ``},
		{"any string not", `1`, `{"$any":"string"}`, `body expected a string got 1`},
		{"any number not", `"1"`, `{"$any":"number"}`, `body expected a number got 1`},
		{"any object not", `[]`, `{"$any":"object"}`, `body expected a object got []`},
		{"any list not", `{}`, `{"$any":"list"}`, `body expected a list got {}`},
		{"any null not", `0`, `{"$any":"null"}`, `body expected a null got 0`},
		{"now as text", `"1"`, `{"$now":0}`, `body expected whole seconds got 1`},
		{"now as float", `1.5`, `{"$now":0}`, `body expected whole seconds got 1.5`},
		{"now as bool", `true`, `{"$now":0}`, `body expected whole seconds got true`},
		{"not now", `1`, `{"$now":300}`, `body expected now+300 got now-`},
		{"var", `"one"`, `{"$var":"v"}`, ``},
		{"var number", `7`, `{"$var":"n"}`, ``},
		{"var not", `"two"`, `{"$var":"v"}`, `body expected the value of v got two`},
		{"var unset", `"two"`, `{"$var":"w"}`, `body: variable w was never set`},
		{"not_var", `"two"`, `{"$not_var":"v"}`, ``},
		{"not_var same", `"one"`, `{"$not_var":"v"}`, `body should differ from v`},
		{"not_var no string", `2`, `{"$not_var":"v"}`, `body expected a string got 2`},
		{"subset", `{"a":1,"b":2}`, `{"$subset":{"b":2}}`, ``},
		{"subset missing", `{"a":1}`, `{"$subset":{"a":2,"b":2}}`, `body.a expected 2 got 1; body.b is missing`},
		{"subset of no object", `3`, `{"$subset":{"b":2}}`, `body expected an object got 3`},
		{"alternative", `2`, `{"$alt":[1,{"$any":"number"}]}`, ``},
		{"no alternative", `3`, `{"$alt":[1,2]}`, `body expected one of [1,2] got 3`},
		{"dollar without meaning", `{"$x":1}`, `{"$x":1}`, ``},
		{"cut short", `{"a":1`, `{"a":1}`, `body is no JSON: '{"a":1', expected {"a":1}`},
		{"data after", `{"a":1} x`, `{"a":1}`, `body is no JSON`},
		{"invalid UTF-8", "\"\xff\"", `"x"`, `body is no JSON`},
	} {
		list = append(list, trial{name: row[0], steps: set, body: row[1], expect: `{"body":{"json":` + row[2] + `}}`, want: row[3]})
	}
	return list
}

// answerTrials look at the other parts of an answer.
func answerTrials() []trial {
	field := func(name string, values ...string) http.Header { return http.Header{name: values} }
	return []trial{
		{name: "status", status: 201, expect: `{"status":201}`},
		{name: "other status", status: 201, expect: `{"status":200}`, want: `status expected 200 got 201`},
		{name: "one of the status", status: 500, expect: `{"status":[401,500]}`},
		{name: "none of the status", status: 200, expect: `{"status":[401,500]}`, want: `status expected [401, 500] got 200`},
		{name: "header", header: field("X-A", "b"), expect: `{"headers":{"x-a":"b"}}`},
		{name: "other header", header: field("X-A", "b"), expect: `{"headers":{"X-A":"c"}}`, want: `header X-A expected c got b`},
		{name: "missing header", expect: `{"headers":{"X-A":"c"}}`, want: `header X-A expected c but it is absent`},
		{name: "two headers", header: field("X-A", "b", "c"), expect: `{"headers":{"X-A":"b, c"}}`},
		{name: "Latin-1 header", header: field("X-A", "\xe9"), expect: `{"headers":{"X-A":"é"}}`},
		{name: "header regex", header: field("X-A", "12"), expect: `{"headers":{"X-A":{"$regex":"[0-9]+"}}}`},
		{name: "header regex not", header: field("X-A", "12 s"), expect: `{"headers":{"X-A":{"$regex":"[0-9]+"}}}`, want: `header X-A expected /[0-9]+/ got 12 s`},
		{name: "order of Allow", header: field("Allow", "OPTIONS, POST"), expect: `{"headers":{"Allow":"POST, OPTIONS"}}`},
		{name: "other Allow", header: field("Allow", "POST"), expect: `{"headers":{"Allow":"POST, OPTIONS"}}`, want: `header Allow expected POST, OPTIONS got POST`},
		{name: "absent", expect: `{"absent":["Set-Cookie"]}`},
		{name: "not absent", header: field("Set-Cookie", "a=b"), expect: `{"absent":["set-cookie"]}`, want: `header set-cookie should be absent, is a=b`},
		{name: "empty", expect: `{"body":{"empty":true}}`},
		{name: "not empty", body: "x", expect: `{"body":{"empty":true}}`, want: `body expected empty got x`},
		{name: "text", body: "a\n", expect: `{"body":{"text":"a\n"}}`},
		{name: "other text", body: "a", expect: `{"body":{"text":"a\n"}}`, want: `body expected 'a\n' got 'a'`},
		{name: "bytes", body: "\xff", expect: `{"body":{"base64":"/w=="}}`},
		{name: "other bytes", body: "\xfe", expect: `{"body":{"base64":"/w=="}}`, want: `body bytes differ`},
		{name: "regex anywhere", body: "a b\nc", expect: `{"body":{"regex":"b.c"}}`},
		{name: "regex nowhere", body: "a b", expect: `{"body":{"regex":"c"}}`, want: `body expected /c/ got a b`},
		{name: "two differences", status: 500, body: "1", expect: `{"status":200,"body":{"json":2}}`, want: `status expected 200 got 500; body expected 2 got 1`},
	}
}

// tokenTrials mint a token, have it echoed and look at it.
func tokenTrials() []trial {
	const claims = `{"exp":{"$now":300},"jti":"j","user_id":"1"}`
	const good = `{"do":"mint","var":"t","claims":` + claims + `}`
	edit := func(op string) string { return good + `,{"do":"edit","var":"t","from":"${t}",` + op + `}` }
	jwt := func(spec string) string { return `{"body":{"json":{"t":{"$jwt":` + spec + `}}}}` }
	const header = `{"alg":"HS256","typ":"JWT"}`
	whole := jwt(`{"header":` + header + `,"claims":` + claims + `}`)
	list := []trial{
		{name: "good", steps: good, expect: whole},
		{name: "other claim", steps: good, expect: jwt(`{"header":` + header + `,"claims":{"exp":{"$now":300},"jti":"j","user_id":1}}`), want: `body.t.claims.user_id expected 1 got "1"`},
		{name: "other lifetime", steps: good, expect: jwt(`{"header":` + header + `,"claims":{"exp":{"$now":310},"jti":"j","user_id":"1"}}`), want: `body.t.claims.exp expected now+310 got now+`},
		{name: "other token header", steps: good, expect: jwt(`{"header":{"alg":"HS256"},"claims":` + claims + `}`), want: `body.t.header.typ is not expected (JWT)`},
		{name: "other algorithm", steps: good, expect: jwt(`{"header":{"alg":"HS512","typ":"JWT"},"claims":` + claims + `}`), want: `body.t.header.alg expected "HS512" got "HS256"; body.t HS512 signature does not verify`},
		{name: "same as before", steps: good, expect: jwt(`{"header":` + header + `,"claims":` + claims + `,"differs":["t"]}`), want: `body.t should differ from t`},
		{name: "HS384", steps: `{"do":"mint","var":"t","alg":"HS384","claims":` + claims + `}`, expect: jwt(`{"header":{"alg":"HS384","typ":"JWT"},"claims":` + claims + `}`)},
		{name: "drop and add", steps: `{"do":"mint","var":"t","header":{"typ":{"$drop":true},"kid":"k"},"claims":` + claims + `}`, expect: jwt(`{"header":{"alg":"HS256","kid":"k"},"claims":` + claims + `}`)},
		{name: "raw claims", steps: `{"do":"mint","var":"t","claims_raw":"{\"exp\":@now+300@,\"jti\":\"j\",\"user_id\":\"1\"}"}`, expect: whole},
		{name: "repeated claim", steps: `{"do":"mint","var":"t","claims_raw":"{\"exp\":1,\"exp\":@now+300@,\"jti\":\"j\",\"user_id\":\"1\"}"}`, expect: whole, want: `body.t.claims has a repeated key`},
		{name: "claims in base64", steps: `{"do":"mint","var":"t","claims_base64":"W10="}`, expect: whole, want: `body.t.claims expected an object got []`},
		{name: "raw header", steps: `{"do":"mint","var":"t","header_raw":"x","claims":{}}`, expect: whole, want: `body.t is no readable JWT`},
		{name: "no token", steps: `{"do":"set","var":"t","value":"a.b"}`, expect: whole, want: `body.t expected a JWT got a.b`},
		{name: "no base64url", steps: `{"do":"set","var":"t","value":"e30=.e30.e30"}`, expect: whole, want: `body.t is no readable JWT`},
		{name: "swapped payload", steps: edit(`"op":"swap_payload","set":{"user_id":"2"}`), expect: whole, want: `body.t.claims.user_id expected "1" got "2"; body.t HS256 signature does not verify`},
		{name: "swapped algorithm", steps: edit(`"op":"swap_alg","alg":"none"`), expect: whole, want: `body.t.header.alg expected "HS256" got "none"; body.t HS256 signature does not verify`},
		{name: "upper case", steps: edit(`"op":"upper"`), expect: whole, want: `body.t is no readable JWT`},
		{name: "two segments", steps: edit(`"op":"two_segments"`), expect: whole, want: `body.t expected a JWT got `},
		{name: "concatenation", steps: edit(`"op":"concat","value":"${t}"`), expect: whole},
		{name: "unknown edit", steps: edit(`"op":"x"`), expect: whole, want: `[2] unknown edit x`},
		{name: "stray bits", steps: edit(`"op":"noncanonical"`), expect: whole, want: `body.t signature is not canonical base64url`},
		{name: "claims", steps: good + `,{"do":"claim","var":"t","from":"${t}","claim":"user_id"}`, expect: `{"body":{"json":{"t":"1"}}}`},
		{name: "different texts", steps: good + `,{"do":"differ","values":["a","${t}"]}`, expect: whole},
		{name: "equal texts", steps: good + `,{"do":"differ","values":["${t}","a","${t}"]}`, expect: whole, want: `[2] these should all differ: ['${t}', 'a', '${t}']`},
		{name: "unknown step", steps: `{"do":"dance"}`, expect: whole, want: `[1] unknown step dance`},
		{name: "unset in token", steps: `{"do":"mint","var":"t","claims":{"a":"${b}"}}`, expect: whole, want: `[1] variable b was never set`},
	}
	for _, how := range []string{`"sign":"none"`, `"sign":"garbage"`, `"sign":"empty"`, `"sign":"another key"`, `"mac":"HS512"`} {
		steps := `{"do":"mint","var":"t",` + how + `,"claims":` + claims + `}`
		list = append(list, trial{name: "signed with " + how, steps: steps, expect: whole, want: `body.t HS256 signature does not verify`})
	}
	for _, op := range []string{"flip_signature", "drop_signature"} {
		list = append(list, trial{name: op, steps: edit(`"op":"` + op + `"`), expect: whole, want: `body.t HS256 signature does not verify`})
	}
	for i := range list {
		list[i].body = "ECHO"
	}
	return list
}

func allTrials() []trial {
	return append(append(jsonTrials(), answerTrials()...), tokenTrials()...)
}

// serveTrials answers /N as trial N says, and returns the cases that ask for it.
func serveTrials(t *testing.T, trials []trial) (base string, suite []byte) {
	mux := http.NewServeMux()
	var cases []string
	for i, trial := range trials {
		mux.HandleFunc(fmt.Sprintf("/%d", i), func(w http.ResponseWriter, r *http.Request) {
			body := trial.body
			if body == "ECHO" {
				raw, _ := io.ReadAll(r.Body)
				body = string(raw)
			}
			for name, values := range trial.header {
				w.Header()[name] = values
			}
			w.WriteHeader(max(trial.status, 200))
			io.WriteString(w, body)
		})
		steps := strings.TrimPrefix(trial.steps+fmt.Sprintf(`,{"method":"POST","path":"/%d"`, i), ",")
		if trial.body == "ECHO" {
			steps += `,"body":"{\"t\":\"${t}\"}"`
		}
		id, _ := json.Marshal(trial.name)
		cases = append(cases, fmt.Sprintf(`{"id":%s,"steps":[%s,"expect":%s}]}`, id, steps, trial.expect))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, []byte(`{"cases":[` + strings.Join(cases, ",\n") + `]}`)
}
