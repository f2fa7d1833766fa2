package main

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	path     string // of the file that it was read from; one that cannot be read may be the key itself, put there by mistake
	fault    error  // why there is no content
}

// readMaterial takes a key from its variable or its file. A fault holds nothing of it.
func readMaterial(variable, text string, file keyFile) material {
	fileVariable := variable + "_FILE"
	switch {
	case text != "" && file != "":
		return material{variable: variable, fault: fmt.Errorf("%s and %s are both set: unset one of them", variable, fileVariable)}
	case file != "":
		content, err := readKeyFile(string(file))
		if err != nil {
			return material{variable: fileVariable, fault: fmt.Errorf("%s: %w", fileVariable, err)}
		}
		return material{content: []byte(dropLineEnd(content)), variable: fileVariable, path: string(file)}
	case text != "":
		return material{content: []byte(dropLineEnd(text)), variable: variable}
	}
	return material{}
}

// readKeyFile reads no more than a key can have: the path may be wrong, and endless. Its errors do not hold the path.
func readKeyFile(path string) (string, error) {
	const most = 64 << 10
	file, err := os.Open(path)
	if err != nil {
		return "", withoutPath(err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return "", withoutPath(err)
	}
	if len(content) > most {
		return "", fmt.Errorf("the file has more than %d bytes and is no key", most)
	}
	return string(content), nil
}

func withoutPath(err error) error {
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		return failure.Err
	}
	return errors.New("the file cannot be read")
}

// warn tells of a signing key that somebody else may change, and of a path in its place.
func (m material) warn(p *policy, variable string) {
	if m.path != "" {
		info, err := os.Stat(m.path)
		if err == nil && info.Mode().Perm()&0o022 != 0 {
			p.findings.warning(fmt.Sprintf("%s: others may change the file; run chmod go-w on it", m.variable), variable)
		}
		return
	}
	if m.fault != nil || len(m.content) == 0 {
		return
	}
	if _, err := os.Stat(string(m.content)); err == nil {
		p.findings.error(fmt.Sprintf("%[1]s is the path of a file, which is no secret: set %[1]s_FILE instead", variable), variable)
	}
}

// place is where the key was given, as an operator is told it.
func (m material) place() string {
	if m.path == "" {
		return m.variable
	}
	return fmt.Sprintf("%s (%s)", m.variable, printable(m.path))
}

// describeFile is what is told of the setting of a key file.
func (m material) describeFile(variable string) string {
	switch {
	case m.path != "":
		return printable(m.path)
	case m.variable == variable:
		return "set, but cannot be opened"
	}
	return "set"
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
	switch {
	case m.variable == "":
		return "none was given"
	case m.fault != nil:
		return "none that can be read"
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
	return fmt.Sprintf("%s%d bytes, from %s", kind, len(m.content), m.place())
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

// standIn is a random key in the place of one that the database keeps, with which tokens are as long, or of one that is
// not good.
func standIn(a algorithm) (token.Key, error) {
	if !a.isSecret() {
		a = "HS256"
	}
	return token.ParseKey(string(a), randomSecret(), nil)
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
