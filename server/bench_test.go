package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkValidate is what the contract's check of a body costs: from bytes to the validated value.
func BenchmarkValidate(b *testing.B) {
	rule := credentialsRule(b)
	body := []byte(`{"username":"sampleUser","password":"userpassword123"}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		raw, err := parseObject(body, rule.fields)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := rule.validate(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefusedRequest is what a request costs that never comes to a hash, through the whole handler: a field is
// missing.
func BenchmarkRefusedRequest(b *testing.B) {
	s := testServer(b, io.Discard)
	body := strings.NewReader("")
	r := httptest.NewRequest(http.MethodPost, "/api/token", body)
	r.Header.Set("Content-Type", "application/json")
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(`{"username":"sampleUser"}`)
		r.ContentLength = int64(body.Len())
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest {
			b.Fatalf("answer is %d %s", w.Code, w.Body)
		}
	}
}
