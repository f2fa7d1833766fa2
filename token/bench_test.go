package token_test

import (
	"testing"

	"example.com/tokenpair/token"
)

func BenchmarkIssuePair(b *testing.B) {
	issuer := newIssuer(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := issuer.IssuePair(user(1)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	issuer := newIssuer(b)
	pair, err := issuer.IssuePair(user(1))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := read(issuer, pair.Access, token.Access); err != nil {
			b.Fatal(err)
		}
	}
}
