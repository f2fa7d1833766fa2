package token_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/token"
)

var base64RawURL = base64.RawURLEncoding

func certificatePEM(name string) []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<31, 0)}
	key := privateKeys()[name]
	return encodePEM("CERTIFICATE", must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)))
}

// Every spelling of a key that is taken signs what the others verify.
func TestParseKeySpellings(t *testing.T) {
	rsaKey := privateKeys()["rsa"].(*rsa.PrivateKey)
	ecKey := privateKeys()["P-256"].(*ecdsa.PrivateKey)
	sec1 := encodePEM("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ecKey)))
	for name, test := range map[string]struct {
		algorithm          string
		signing, verifying []byte
	}{
		"PKCS#1":                 {"RS256", encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), nil},
		"PKCS#1 public":          {"RS256", privatePEM("rsa"), encodePEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey))},
		"RSA certificate":        {"PS384", privatePEM("rsa"), certificatePEM("rsa")},
		"PKIX RSA":               {"RS512", privatePEM("rsa"), publicPEM("rsa")},
		"SEC1":                   {"ES256", sec1, publicPEM("P-256")},
		"SEC1 after parameters":  {"ES256", append(encodePEM("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}), sec1...), nil},
		"EC certificate":         {"ES256", sec1, certificatePEM("P-256")},
		"PKIX P-384":             {"ES384", privatePEM("P-384"), publicPEM("P-384")},
		"PKIX P-521":             {"ES512", privatePEM("P-521"), publicPEM("P-521")},
		"PKIX Ed25519":           {"EdDSA", privatePEM("ed25519"), publicPEM("ed25519")},
		"Windows line ends":      {"EdDSA", bytes.ReplaceAll(privatePEM("ed25519"), []byte("\n"), []byte("\r\n")), nil},
		"words before":           {"EdDSA", append([]byte("Bag Attributes\n"), privatePEM("ed25519")...), []byte(" \n")},
		"HMAC ignores verifying": {"HS384", longSecret, []byte("anything")},
		"HS512 of 64 bytes":      {"HS512", longSecret[:64], nil},
		"HS384 of 48 bytes":      {"HS384", longSecret[:48], nil},
		"JSON that is no JWK":    {"HS256", []byte(`{"this":"is a secret of 32 bytes"}`), nil},
	} {
		key, err := token.ParseKey(test.algorithm, test.signing, test.verifying)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		issuer := newIssuerWith(t, key, token.DefaultConfig())
		pair, err := issuer.IssuePair(user(1))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := read(issuer, pair.Refresh, token.Refresh); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	x25519 := must(ecdh.X25519().GenerateKey(rand.Reader))
	short := privateKeys()["rsa1024"].(*rsa.PrivateKey)
	//lint:ignore SA1019 the old form of encryption is what must be refused
	oldEncrypted := pem.EncodeToMemory(must(x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(short), []byte("x"), x509.PEMCipherAES256)))
	damaged := encodePEM("PRIVATE KEY", []byte("topsecret"))
	oneLine := []byte(strings.ReplaceAll(string(privatePEM("ed25519")), "\n", `\n`))
	type refusal struct {
		algorithm          string
		signing, verifying []byte
		want               error
		says               string
	}
	for name, test := range map[string]refusal{
		"unknown":              {"ES256K", privatePEM("P-256"), nil, token.ErrUnknownAlgorithm, "HS256, HS384"},
		"none":                 {"none", nil, nil, token.ErrUnknownAlgorithm, "EdDSA"},
		"lower case":           {"hs256", secret, nil, token.ErrUnknownAlgorithm, ""},
		"blank":                {"", secret, nil, token.ErrUnknownAlgorithm, ""},
		"no secret":            {"HS256", nil, nil, token.ErrShortKey, "0 bytes"},
		"31 bytes":             {"HS256", longSecret[:31], nil, token.ErrShortKey, "needs 32"},
		"47 bytes":             {"HS384", longSecret[:47], nil, token.ErrShortKey, "needs 48"},
		"63 bytes":             {"HS512", longSecret[:63], nil, token.ErrShortKey, "needs 64"},
		"public PEM as secret": {"HS256", publicPEM("rsa"), nil, token.ErrSigningKey, "ALGORITHM"},
		"private as secret":    {"HS256", privatePEM("rsa"), nil, token.ErrSigningKey, "key file"},
		"certificate":          {"HS256", certificatePEM("P-256"), nil, token.ErrSigningKey, "key file"},
		"SSH key as secret":    {"HS256", []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI user@host"), nil, token.ErrSigningKey, "key file"},
		"SSH2 key as secret":   {"HS256", []byte("---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2"), nil, token.ErrSigningKey, "key file"},
		"SSH certificate":      {"HS256", []byte("rsa-sha2-256-cert-v01@openssh.com AAAAB3NzaC1yc2"), nil, token.ErrSigningKey, "key file"},
		"JWK as secret":        {"HS256", []byte(` {"k":"AAAAAAAAAAAAAAAAAAAA","kty":"oct"} `), nil, token.ErrSigningKey, "JWK"},
		"no signing key":       {"RS256", nil, publicPEM("rsa"), token.ErrSigningKey, "there is none"},
		"blank signing key":    {"ES256", []byte(" \n"), nil, token.ErrSigningKey, "there is none"},
		"not PEM":              {"RS256", longSecret, nil, token.ErrSigningKey, "not PEM"},
		"PEM on one line":      {"EdDSA", oneLine, nil, token.ErrSigningKey, "line ends"},
		"only parameters":      {"ES256", encodePEM("EC PARAMETERS", []byte{5, 0}), nil, token.ErrSigningKey, "not PEM"},
		"encrypted":            {"RS256", encodePEM("ENCRYPTED PRIVATE KEY", []byte("x")), nil, token.ErrSigningKey, "encrypted"},
		"encrypted, old":       {"RS256", oldEncrypted, nil, token.ErrSigningKey, "encrypted"},
		"public as signing":    {"RS256", publicPEM("rsa"), nil, token.ErrSigningKey, "VERIFYING_KEY"},
		"certificate signing":  {"ES256", certificatePEM("P-256"), nil, token.ErrSigningKey, "public key"},
		"OpenSSH":              {"EdDSA", encodePEM("OPENSSH PRIVATE KEY", []byte("x")), nil, token.ErrSigningKey, "PKCS#8"},
		"damaged PKCS#8":       {"RS256", damaged, nil, token.ErrSigningKey, "damaged"},
		"damaged PKCS#1":       {"RS256", encodePEM("RSA PRIVATE KEY", []byte("topsecret")), nil, token.ErrSigningKey, "damaged"},
		"damaged SEC1":         {"ES256", encodePEM("EC PRIVATE KEY", []byte("topsecret")), nil, token.ErrSigningKey, "damaged"},
		"X25519":               {"EdDSA", encodePEM("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(x25519))), nil, token.ErrSigningKey, "another kind"},
		"RSA of 1024 bits":     {"RS256", privatePEM("rsa1024"), nil, token.ErrShortKey, "2048"},
		"EC for RSA":           {"PS256", privatePEM("P-256"), nil, token.ErrSigningKey, "PS256 needs an RSA key and this is an EC key on the curve P-256"},
		"RSA for EC":           {"ES256", privatePEM("rsa"), nil, token.ErrSigningKey, "needs an EC key on the curve P-256 and this is an RSA key"},
		"Ed25519 for EC":       {"ES256", privatePEM("ed25519"), nil, token.ErrSigningKey, "this is an Ed25519 key"},
		"EC for Ed25519":       {"EdDSA", privatePEM("P-256"), nil, token.ErrSigningKey, "needs an Ed25519 key"},
		"P-384 for ES256":      {"ES256", privatePEM("P-384"), nil, token.ErrSigningKey, "P-384"},
		"P-256 for ES384":      {"ES384", privatePEM("P-256"), nil, token.ErrSigningKey, "P-384"},
		"P-384 for ES512":      {"ES512", privatePEM("P-384"), nil, token.ErrSigningKey, "P-521"},
		"P-224":                {"ES256", privatePEM("P-224"), nil, token.ErrSigningKey, "P-224"},
		"another public key":   {"RS256", privatePEM("rsa"), publicPEM("rsaOther"), token.ErrVerifyingKey, "does not belong"},
		"another certificate":  {"RS256", privatePEM("rsa"), certificatePEM("rsaOther"), token.ErrVerifyingKey, "does not belong"},
		"another kind":         {"RS256", privatePEM("rsa"), publicPEM("P-256"), token.ErrVerifyingKey, "an EC key on the curve P-256 that does not belong"},
		"private as verifying": {"RS256", privatePEM("rsa"), privatePEM("rsa"), token.ErrVerifyingKey, "private key"},
		"verifying not PEM":    {"RS256", privatePEM("rsa"), []byte("x"), token.ErrVerifyingKey, "leave VERIFYING_KEY empty"},
		"verifying of ours":    {"RS256", privatePEM("rsa"), encodePEM("EC PARAMETERS", nil), token.ErrVerifyingKey, "not PEM"},
		"verifying is a list":  {"RS256", privatePEM("rsa"), encodePEM("X509 CRL", []byte("x")), token.ErrVerifyingKey, "not a public key"},
		"verifying damaged":    {"RS256", privatePEM("rsa"), encodePEM("PUBLIC KEY", []byte("topsecret")), token.ErrVerifyingKey, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := token.ParseKey(test.algorithm, test.signing, test.verifying)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
			if key.Algorithm() != "" {
				t.Error("a key came with the error")
			}
			for _, material := range [][]byte{test.signing, test.verifying} {
				if holdsPartOf(err.Error(), material) {
					t.Errorf("%q holds a part of the key", err)
				}
			}
		})
	}
}

// holdsPartOf looks for twelve bytes in a row of a key, in its PEM or inside, but for the words that every PEM has.
func holdsPartOf(message string, material []byte) bool {
	if block, _ := pem.Decode(material); block != nil {
		material = append([]byte(base64.StdEncoding.EncodeToString(block.Bytes)), block.Bytes...)
	}
	material = bytes.ReplaceAll(material, []byte(" PRIVATE KEY-----"), nil)
	for n := range max(len(material)-11, 0) {
		if strings.Contains(message, string(material[n:n+12])) {
			return true
		}
	}
	return strings.Contains(message, "topsecret")
}
