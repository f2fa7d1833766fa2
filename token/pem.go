package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// parsePrivateKey reads a private key that fits the method. The errors of crypto/x509 are left out: they may quote what
// they stumble over.
func parsePrivateKey(method jwt.SigningMethod, text []byte) (crypto.Signer, error) {
	refuse := func(reason string) (crypto.Signer, error) {
		return nil, fmt.Errorf("%w: %s", ErrSigningKey, reason)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return refuse("there is none; " + method.Alg() + " needs " + wanted(method) + " in SIGNING_KEY, as PEM")
	}
	block := firstBlock(text)
	if block == nil {
		return refuse("it is not PEM, or cut off; it should begin with -----BEGIN PRIVATE KEY-----, end likewise, and have real line ends")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return refuse("it is encrypted; decrypt it with: openssl pkey -in ENCRYPTED -out PLAIN")
	}
	var parsed any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	case "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE":
		return refuse("it is a public key; SIGNING_KEY takes the private key, VERIFYING_KEY the public one")
	default:
		return refuse("its PEM block is not a private key of PKCS#8, PKCS#1 or SEC1")
	}
	if err != nil {
		return refuse("its PEM block is damaged, or of a kind that no algorithm here uses")
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok || !fits(method, signer.Public()) {
		return refuse(method.Alg() + " needs " + wanted(method) + " and this is " + kindOf(parsed))
	}
	if key, ok := parsed.(*rsa.PrivateKey); ok && key.N.BitLen() < minRSABits {
		return nil, fmt.Errorf("%w: an RSA key of %d bits where %s needs %d (RFC 7518 §3.3); make one with: openssl genrsa",
			ErrShortKey, key.N.BitLen(), method.Alg(), minRSABits)
	}
	return signer, nil
}

// parsePublicKey reads the public key that belongs to derived, or returns derived when text is blank.
func parsePublicKey(text []byte, derived crypto.PublicKey) (crypto.PublicKey, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return derived, nil
	}
	refuse := func(reason string) (crypto.PublicKey, error) {
		return nil, fmt.Errorf("%w: %s; leave VERIFYING_KEY empty to derive it from SIGNING_KEY", ErrVerifyingKey, reason)
	}
	block := firstBlock(text)
	if block == nil {
		return refuse("it is not PEM")
	}
	var parsed any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		parsed, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		parsed, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			parsed = certificate.PublicKey
		}
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		return refuse("it is a private key, where the public one belongs")
	default:
		return refuse("its PEM block is not a public key or a certificate")
	}
	if err != nil {
		return refuse("its PEM block is damaged, or of a kind that no algorithm here uses")
	}
	if own, ok := derived.(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(parsed) {
		return refuse("it is " + kindOf(parsed) + " that does not belong to the signing key, so that every token would be refused")
	}
	return derived, nil
}

// firstBlock returns the first PEM block, or nil. OpenSSL writes the parameters of a curve before the key.
func firstBlock(text []byte) *pem.Block {
	block, rest := pem.Decode(text)
	for block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
	}
	return block
}

func fits(method jwt.SigningMethod, public crypto.PublicKey) bool {
	switch m := method.(type) {
	case *jwt.SigningMethodECDSA:
		key, ok := public.(*ecdsa.PublicKey)
		return ok && key.Curve.Params().BitSize == m.CurveBits
	case *jwt.SigningMethodEd25519:
		_, ok := public.(ed25519.PublicKey)
		return ok
	}
	_, ok := public.(*rsa.PublicKey)
	return ok
}

// wanted describes the keys of a method.
func wanted(method jwt.SigningMethod) string {
	switch m := method.(type) {
	case *jwt.SigningMethodECDSA:
		return fmt.Sprintf("an EC key on the curve P-%d", m.CurveBits)
	case *jwt.SigningMethodEd25519:
		return "an Ed25519 key"
	}
	return "an RSA key"
}

// kindOf describes a private or public key without its value.
func kindOf(key any) string {
	if private, ok := key.(crypto.Signer); ok {
		key = private.Public()
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		return "an RSA key"
	case *ecdsa.PublicKey:
		return "an EC key on the curve " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "an Ed25519 key"
	}
	return "a key of another kind"
}
