package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"example.com/tokenpair/token"
)

// longSecret is long enough for HS512.
var longSecret = []byte("a-key-of-sixty-four-bytes-for-all-of-them-which-is-long-enough--")

// privateKeys are made once: one key for each family of algorithms, and others that do not fit.
var privateKeys = sync.OnceValue(func() map[string]crypto.Signer {
	made := make(map[string]crypto.Signer)
	for name, generate := range map[string]func() (crypto.Signer, error){
		"rsa":      func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) },
		"rsa1024":  func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 1024) },
		"rsaOther": func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) },
		"P-224":    func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P224(), rand.Reader) },
		"P-256":    func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
		"P-384":    func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) },
		"P-521":    func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) },
		"ed25519": func() (crypto.Signer, error) {
			_, private, err := ed25519.GenerateKey(rand.Reader)
			return private, err
		},
	} {
		key, err := generate()
		if err != nil {
			panic(err)
		}
		made[name] = key
	}
	return made
})

// keyNames says which of privateKeys an algorithm takes.
var keyNames = map[string]string{
	"RS256": "rsa", "RS384": "rsa", "RS512": "rsa", "PS256": "rsa", "PS384": "rsa", "PS512": "rsa",
	"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "ed25519",
}

func encodePEM(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func privatePEM(name string) []byte {
	return encodePEM("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(privateKeys()[name])))
}

func publicPEM(name string) []byte {
	return encodePEM("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(privateKeys()[name].Public())))
}

func newKey(t testing.TB, algorithm string) token.Key {
	t.Helper()
	signing := longSecret
	if algorithm == "HS256" {
		signing = secret
	}
	if name, ok := keyNames[algorithm]; ok {
		signing = privatePEM(name)
	}
	key, err := token.ParseKey(algorithm, signing, nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Every algorithm signs what it and a stock library verify, and what no other algorithm of ours accepts.
func TestEveryAlgorithm(t *testing.T) {
	issuers := make(map[string]*token.Issuer)
	for _, algorithm := range token.Algorithms() {
		issuers[algorithm] = newIssuerWith(t, newKey(t, algorithm), token.DefaultConfig())
	}
	if len(issuers) != 13 {
		t.Fatalf("%d algorithms", len(issuers))
	}
	for algorithm, issuer := range issuers {
		if got := newKey(t, algorithm).Algorithm(); got != algorithm {
			t.Errorf("the key of %s says %s", algorithm, got)
		}
		pair, err := issuer.IssuePair(user(1))
		if err != nil {
			t.Fatal(algorithm, err)
		}
		want := encode(`{"alg":"` + algorithm + `","typ":"JWT"}`)
		if header, _, _ := strings.Cut(pair.Access, "."); header != want {
			t.Errorf("header of %s is %s, want %s", algorithm, header, want)
		}
		for other, reader := range issuers {
			_, err := read(reader, pair.Access, token.Access)
			if other == algorithm && err != nil || other != algorithm && !errors.Is(err, token.ErrInvalid) {
				t.Errorf("%s reads a token of %s: %v", other, algorithm, err)
			}
		}
		_, err = jwt.Parse(pair.Access, func(*jwt.Token) (any, error) {
			if name, ok := keyNames[algorithm]; ok {
				return privateKeys()[name].Public(), nil
			}
			return map[string][]byte{"HS256": secret, "HS384": longSecret, "HS512": longSecret}[algorithm], nil
		}, jwt.WithValidMethods([]string{algorithm}), jwt.WithTimeFunc(func() time.Time { return issuedAt }))
		if err != nil {
			t.Errorf("a stock library refuses a token of %s: %v", algorithm, err)
		}
	}
}

// Whatever a header claims, the key decides: neither a public key as HMAC secret nor a related algorithm of the same key.
func TestAlgorithmConfusion(t *testing.T) {
	for algorithm, name := range keyNames {
		issuer := newIssuerWith(t, newKey(t, algorithm), token.DefaultConfig())
		ours := `{"alg":"` + algorithm + `"}`
		for what, forged := range map[string]string{
			"public PEM as secret":              hmacToken(jwt.SigningMethodHS256, publicPEM(name), `{"alg":"HS256"}`),
			"public PEM as secret, alg is kept": hmacToken(jwt.SigningMethodHS256, publicPEM(name), ours),
			"no secret":                         hmacToken(jwt.SigningMethodHS256, []byte{}, ours),
			"none":                              encode(`{"alg":"none"}`) + "." + encode(goodClaims) + ".",
			"no signature":                      encode(ours) + "." + encode(goodClaims) + ".",
			"zero signature":                    encode(ours) + "." + encode(goodClaims) + "." + encode(strings.Repeat("\x00", 64)),
		} {
			if _, err := issuer.Open(forged); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("%s: %s: %v", algorithm, what, err)
			}
		}
	}
	message := encode(`{"alg":"PS256"}`) + "." + encode(goodClaims)
	key := privateKeys()["rsa"].(*rsa.PrivateKey)
	hashed := crypto.SHA256.New()
	hashed.Write([]byte(message))
	for name, signature := range map[string][]byte{
		"RS256 that says PS256": must(jwt.SigningMethodRS256.Sign(message, key)),
		"salt of 20 bytes":      must(rsa.SignPSS(rand.Reader, key, crypto.SHA256, hashed.Sum(nil), &rsa.PSSOptions{SaltLength: 20})),
	} {
		issuer := newIssuerWith(t, newKey(t, "PS256"), token.DefaultConfig())
		if _, err := issuer.Open(message + "." + encode(string(signature))); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func hmacToken(method *jwt.SigningMethodHMAC, key []byte, header string) string {
	message := encode(header) + "." + encode(goodClaims)
	return message + "." + encode(string(must(method.Sign(message, key))))
}

// Every bit of a signature counts, and there is one way only to write it.
func TestSignaturesAreExact(t *testing.T) {
	for _, algorithm := range []string{"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"} {
		issuer := newIssuerWith(t, newKey(t, algorithm), token.DefaultConfig())
		pair, err := issuer.IssuePair(user(1))
		if err != nil {
			t.Fatal(err)
		}
		start := strings.LastIndexByte(pair.Access, '.') + 1
		signature := must(base64RawURL.DecodeString(pair.Access[start:]))
		for _, n := range []int{0, 1, len(signature) / 2, len(signature) - 1} {
			for bit := range 8 {
				flipped := slices.Clone(signature)
				flipped[n] ^= 1 << bit
				if _, err := issuer.Open(pair.Access[:start] + encode(string(flipped))); !errors.Is(err, token.ErrInvalid) {
					t.Errorf("%s: bit %d of byte %d flipped: %v", algorithm, bit, n, err)
				}
			}
		}
		for name, changed := range map[string]string{
			"longer": string(signature) + "\x00", "shorter": string(signature[1:]), "led by zero": "\x00" + string(signature),
		} {
			if _, err := issuer.Open(pair.Access[:start] + encode(changed)); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("%s: a signature that is %s: %v", algorithm, name, err)
			}
		}
	}
}
