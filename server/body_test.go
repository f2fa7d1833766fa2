package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oapi-codegen/runtime"

	"example.com/tokenpair/generated"
)

// credentialsRule is what the document says of the body of a login.
func credentialsRule(t testing.TB) *bodyRule {
	t.Helper()
	doc, err := LoadContract()
	if err != nil {
		t.Fatal(err)
	}
	rule, err := newBodyRule(doc.Paths.Value("/api/token").Post)
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

func jsonRequest(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/api/token", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func bind(value map[string]any) (generated.Credentials, error) {
	var bound generated.Credentials
	err := runtime.BindJSONBody(&http.Request{Body: validatedBody{value}}, &bound)
	return bound, err
}

func TestValidatedValueIsWhatIsBound(t *testing.T) {
	value, err := credentialsRule(t).read(nil, jsonRequest(`{"Username":"victim","password":1,"username":" nobody "}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"username": "nobody", "password": "1"}; !maps.Equal(value, want) {
		t.Errorf("the value is %q, want %q", value, want)
	}
	bound, err := bind(value)
	if want := (generated.Credentials{Username: "nobody", Password: "1"}); err != nil || bound != want {
		t.Errorf("bound is %+v, %v, want %+v", bound, err, want)
	}
}

// HOUSE trap 2: when the value does not fit the generated type, the generated code decodes the body once more, by rules of
// its own. That must fail.
func TestBindingFailsClosed(t *testing.T) {
	for name, value := range map[string]map[string]any{
		"list":   {"username": []any{"a"}, "password": "b"},
		"number": {"username": "a", "password": 1.5},
		"bool":   {"username": true, "password": "b"},
		"object": {"username": map[string]any{"username": "a"}, "password": "b"},
	} {
		if bound, err := bind(value); err == nil || bound != (generated.Credentials{}) {
			t.Errorf("%s: bound is %+v, %v", name, bound, err)
		}
	}
	// So it does when something has wrapped the body, so that the value is not seen any more.
	var bound generated.Credentials
	wrapped := io.NopCloser(validatedBody{map[string]any{"username": "a", "password": "b"}})
	if err := runtime.BindJSONBody(&http.Request{Body: wrapped}, &bound); err == nil || bound != (generated.Credentials{}) {
		t.Errorf("wrapped: bound is %+v, %v", bound, err)
	}
}

func TestValidatedBodyCannotBeRead(t *testing.T) {
	body := validatedBody{map[string]any{"username": "a"}}
	for range 2 {
		if n, err := body.Read(make([]byte, 10)); n != 0 || err == nil || errors.Is(err, io.EOF) {
			t.Errorf("read %d bytes, %v", n, err)
		}
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
}

// A fault of ours between contract and generated code is a 500 that tells nothing of the request, and no login.
func TestBindingFailureIsA500(t *testing.T) {
	var log bytes.Buffer
	s := testServer(t, &log)
	w := httptest.NewRecorder()
	r := jsonRequest(`{"username":"canary","password":"canary"}`) // encoding/json would fit it
	r.Body = validatedBody{map[string]any{"username": []any{"canary"}, "password": "canary"}}
	s.contract.routes["/api/token"].operations[http.MethodPost].serve(w, r)
	if w.Code != http.StatusInternalServerError || w.Body.String() != `{"detail":"A server error occurred."}` {
		t.Errorf("answer is %d %s", w.Code, w.Body)
	}
	if bytes.Contains(log.Bytes(), []byte("canary")) || bytes.Count(log.Bytes(), []byte("\n")) != 1 {
		t.Errorf("log is %s", &log)
	}
	// Nor does the log repeat the words of the generated code, which may quote a parameter.
	log.Reset()
	w = httptest.NewRecorder()
	s.failBinding(w, jsonRequest(""), errors.New("canary"))
	if w.Code != http.StatusInternalServerError || strings.Contains(log.String()+w.Body.String(), "canary") {
		t.Errorf("answer is %d %s, log is %s", w.Code, w.Body, &log)
	}
}

// HOUSE trap 13: an operation that returns neither an answer nor an error would be an empty 200.
func TestNoAnswerIsAFailure(t *testing.T) {
	returns := func(answer any, err error) (any, error) {
		next := func(context.Context, http.ResponseWriter, *http.Request, any) (any, error) { return answer, err }
		return refuseNothing(next, "Live")(t.Context(), nil, nil, nil)
	}
	if answer, err := returns(nil, nil); answer != nil || err == nil {
		t.Errorf("nothing becomes %v, %v", answer, err)
	}
	if answer, err := returns("answer", nil); answer != "answer" || err != nil {
		t.Errorf("an answer becomes %v, %v", answer, err)
	}
	if _, err := returns(nil, io.EOF); err != io.EOF {
		t.Errorf("an error becomes %v", err)
	}
}
