package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

// The cases hold tokens that the reference signed with the keys of keys.json, in each asymmetric algorithm, and tokens
// that it signed with other keys.
func TestVerifySignature(t *testing.T) {
	suite := publicCases(t)
	seen := map[string]map[string]int{"accepts": {}, "other_key": {}}
	for _, c := range suite.Cases {
		alg, kind, _ := strings.Cut(c.ID, ".")
		key := publicKeyOf(c.Profile)
		if seen[kind] == nil || key == "" || len(c.Steps) == 0 || c.Steps[0].Do != "set" {
			continue
		}
		token, _ := c.Steps[0].Value.value.(string)
		message, encoded := token[:strings.LastIndex(token, ".")], token[strings.LastIndex(token, ".")+1:]
		sig, err := decodeSegment(encoded)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Replace(strings.ToUpper(alg), "EDDSA", "EdDSA", 1)
		seen[kind][name]++
		verify := func(name, key, message string, sig []byte) bool {
			return verifySignature(name, testKey, suite.Keys[key], message, sig)
		}
		if verify(name, key, message, sig) != (kind == "accepts") {
			t.Errorf("%s: wrong about the token", c.ID)
		}
		sig[len(sig)/2] ^= 1
		if verify(name, key, message, sig) {
			t.Errorf("%s: verifies with another signature", c.ID)
		}
		sig[len(sig)/2] ^= 1
		if verify(name, key, message+"A", sig) {
			t.Errorf("%s: verifies another message", c.ID)
		}
		if verify(name, key, message, sig[1:]) || verify(name, key, message, nil) {
			t.Errorf("%s: verifies with a shorter signature", c.ID)
		}
		if verify("none", key, message, nil) || verify(name, "", message, sig) || verify("HS256", key, message, sig) ||
			verify(name+"K", key, message, sig) {
			t.Errorf("%s: verifies with another algorithm or without a key", c.ID)
		}
	}
	if len(seen["accepts"]) < 6 || len(seen["other_key"]) < 6 {
		t.Errorf("too few tokens were looked at: %v", seen)
	}
}

// No case has a token of these two.
func TestVerifySignatureOfLongCurves(t *testing.T) {
	for alg, curve := range map[string]elliptic.Curve{"ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
		h, err := hashOf(alg)
		if err != nil {
			t.Fatal(err)
		}
		r, s, err := ecdsa.Sign(rand.Reader, key, digest(h, "message"))
		if err != nil {
			t.Fatal(err)
		}
		sig := make([]byte, 2*((curve.Params().BitSize+7)/8))
		r.FillBytes(sig[:len(sig)/2])
		s.FillBytes(sig[len(sig)/2:])
		if !verifySignature(alg, "", public, "message", sig) {
			t.Errorf("%s: a good signature does not verify", alg)
		}
		if verifySignature(alg, "", public, "other", sig) {
			t.Errorf("%s: verifies another message", alg)
		}
	}
}

func publicKeyOf(profile string) string {
	switch profile {
	case "rs256", "rs384", "rs512", "ps256", "ps384", "ps512":
		return "rsa2048.pub.pem"
	case "es256":
		return "p256.pub.pem"
	case "es384":
		return "p384.pub.pem"
	case "es512":
		return "p521.pub.pem"
	case "eddsa":
		return "ed25519.pub.pem"
	}
	return ""
}

func publicCases(t *testing.T) *Suite {
	t.Helper()
	suite, err := Load("public_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	return suite
}
