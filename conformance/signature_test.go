package conformance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
)

// hashOf is the hash of an algorithm such as HS256 or PS512. There is none of ES256K: the standard library lacks its curve,
// and no case with it is wanted.
func hashOf(alg string) (crypto.Hash, error) {
	if len(alg) > 2 {
		switch alg[2:] {
		case "256":
			return crypto.SHA256, nil
		case "384":
			return crypto.SHA384, nil
		case "512":
			return crypto.SHA512, nil
		}
	}
	return 0, fmt.Errorf("no hash for algorithm %q", alg)
}

func digest(h crypto.Hash, message string) []byte {
	w := h.New()
	w.Write([]byte(message))
	return w.Sum(nil)
}

func hmacSign(alg, key, message string) ([]byte, error) {
	h, err := hashOf(alg)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(h.New, []byte(key))
	mac.Write([]byte(message))
	return mac.Sum(nil), nil
}

// verifySignature says whether sig is the alg signature of message, by secret (HS) or by the public key in PEM (others).
func verifySignature(alg, secret, publicPEM, message string, sig []byte) bool {
	if strings.HasPrefix(alg, "HS") {
		want, err := hmacSign(alg, secret, message)
		return err == nil && hmac.Equal(want, sig)
	}
	block, _ := pem.Decode([]byte(publicPEM))
	if block == nil {
		return false
	}
	if alg == "EdDSA" {
		key, _ := x509.ParsePKIXPublicKey(block.Bytes)
		public, ok := key.(ed25519.PublicKey)
		return ok && ed25519.Verify(public, []byte(message), sig)
	}
	h, err := hashOf(alg)
	if err != nil {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return false
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if strings.HasPrefix(alg, "RS") {
			return rsa.VerifyPKCS1v15(key, h, digest(h, message), sig) == nil
		}
		return strings.HasPrefix(alg, "PS") && rsa.VerifyPSS(key, h, digest(h, message), sig, nil) == nil
	case *ecdsa.PublicKey:
		size := (key.Params().BitSize + 7) / 8
		if !strings.HasPrefix(alg, "ES") || len(sig) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:])
		return ecdsa.Verify(key, digest(h, message), r, s)
	}
	return false
}
