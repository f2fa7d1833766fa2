package main

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// keptBytes is how long a random key is: enough for HS512.
const keptBytes = 64

// material is what a key was given as.
type material struct {
	content  []byte
	variable string // that it was given by; "" when none was given
	place    string // as an operator is told it
}

// readMaterial takes a key from its variable or its file. Its errors hold nothing of it.
func readMaterial(variable, text string, file keyFile) (material, error) {
	fileVariable := variable + "_FILE"
	switch {
	case text != "" && file != "":
		return material{}, fmt.Errorf("%s and %s are both set: unset one of them", variable, fileVariable)
	case file != "":
		content, err := readKeyFile(string(file))
		if err != nil {
			return material{}, fmt.Errorf("%s: %w", fileVariable, err)
		}
		return material{[]byte(dropLineEnd(content)), fileVariable, fmt.Sprintf("%s (%s)", fileVariable, printable(string(file)))}, nil
	case text != "":
		return material{[]byte(dropLineEnd(text)), variable, variable}, nil
	}
	return material{}, nil
}

// readKeyFile reads no more than a key can have: the path may be wrong, and endless.
func readKeyFile(path string) (string, error) {
	const most = 64 << 10
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return "", err
	}
	if len(content) > most {
		return "", fmt.Errorf("%s has more than %d bytes and is no key", printable(path), most)
	}
	return string(content), nil
}

// dropLineEnd drops the one line end that editors and echo put behind a key.
func dropLineEnd(secret string) string {
	if line, ok := strings.CutSuffix(secret, "\n"); ok {
		return strings.TrimSuffix(line, "\r")
	}
	return secret
}

// describe tells of a key what may be told: what it is, how long, and where it was given.
func (m material) describe() string {
	if m.variable == "" {
		return "none was given"
	}
	kind := ""
	if block, _ := pem.Decode(m.content); block != nil {
		kind = "PEM, "
		// Another type is a text of whoever made the file.
		switch block.Type {
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE":
			kind = block.Type + " in PEM, "
		}
	}
	return fmt.Sprintf("%s%d bytes, from %s", kind, len(m.content), m.place)
}

// parseKeys makes the key out of what was given: with secrets, verifying is not looked at.
func parseKeys(a algorithm, signing, verifying material) (token.Key, error) {
	if signing.variable == "" {
		return token.Key{}, fmt.Errorf("%[1]sALGORITHM %[2]s needs a private key: set %[1]sSIGNING_KEY_FILE, and make the file with: %[3]s",
			prefix, a, keyCommand(a))
	}
	key, err := token.ParseKey(string(a), signing.content, verifying.content)
	if errors.Is(err, token.ErrVerifyingKey) {
		return token.Key{}, fmt.Errorf("%s: %w", verifying.place, err)
	}
	if err != nil {
		return token.Key{}, fmt.Errorf("%s: %w", signing.place, err)
	}
	return key, nil
}

// keyCommand makes a private key for an algorithm.
func keyCommand(a algorithm) string {
	options := "RSA -pkeyopt rsa_keygen_bits:3072"
	switch a {
	case "ES256":
		options = "EC -pkeyopt ec_paramgen_curve:P-256"
	case "ES384":
		options = "EC -pkeyopt ec_paramgen_curve:P-384"
	case "ES512":
		options = "EC -pkeyopt ec_paramgen_curve:P-521"
	case "EdDSA":
		options = "ED25519"
	}
	return "openssl genpkey -algorithm " + options + " -out signing.pem"
}

// randomSecret is a new secret for HS256, HS384 and HS512.
func randomSecret() []byte {
	fresh := make([]byte, keptBytes)
	rand.Read(fresh) // crypto/rand.Read never fails: it ends the program instead
	return fresh
}

// keptKey is the random key that the database remembers; it is made when there is none.
func keptKey(ctx context.Context, a algorithm, store storage.Store) (token.Key, error) {
	secret, err := store.Setting(ctx, "signing_key", randomSecret())
	if err != nil {
		return token.Key{}, fmt.Errorf("signing key: %w", err)
	}
	key, err := token.ParseKey(string(a), secret, nil)
	if err != nil {
		return token.Key{}, fmt.Errorf("signing key of the database: %w", err)
	}
	return key, nil
}
