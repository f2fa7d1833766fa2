package conformance

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var segment = regexp.MustCompile(`\A[A-Za-z0-9_-]*\z`)

func encodeSegment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decodeSegment takes stray low bits in the last character, which the caller must look for; Go's decoder alone would
// also skip line breaks.
func decodeSegment(s string) ([]byte, error) {
	if !segment.MatchString(s) {
		return nil, errors.New("not base64url")
	}
	return base64.RawURLEncoding.DecodeString(s)
}

func splitToken(encoded string) (header, payload, signature string, err error) {
	part := strings.Split(encoded, ".")
	if len(part) != 3 {
		return "", "", "", fmt.Errorf("%d segments", len(part))
	}
	return part[0], part[1], part[2], nil
}

func orElse(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}

// mint makes a token as a mint step says, good or bad.
func (r *Runner) mint(s *Step, vars variables) (string, error) {
	header, err := mintHeader(s, vars)
	if err != nil {
		return "", err
	}
	claims, err := mintClaims(s, vars)
	if err != nil {
		return "", err
	}
	message := encodeSegment([]byte(header)) + "." + encodeSegment(claims)
	sig, err := r.mintSignature(s, message)
	if err != nil {
		return "", err
	}
	return message + "." + encodeSegment(sig), nil
}

func mintHeader(s *Step, vars variables) (string, error) {
	if s.HeaderRaw != nil {
		return *s.HeaderRaw, nil
	}
	header := newObject()
	header.set("alg", orElse(s.Alg, "HS256"))
	header.set("typ", "JWT")
	extra, ok := s.Header.value.(*object)
	if !ok {
		return compact(header), nil
	}
	for _, name := range extra.names {
		v := extra.members[name]
		if o, ok := v.(*object); ok && len(o.names) == 1 && o.members["$drop"] == true {
			header.drop(name)
			continue
		}
		v, err := vars.fill(v)
		if err != nil {
			return "", err
		}
		header.set(name, v)
	}
	return compact(header), nil
}

var nowInText = regexp.MustCompile(`@now([+-]\d+)@`)

func mintClaims(s *Step, vars variables) ([]byte, error) {
	if s.ClaimsBase64 != nil {
		return base64.StdEncoding.DecodeString(*s.ClaimsBase64)
	}
	if s.ClaimsRaw != nil {
		raw := nowInText.ReplaceAllStringFunc(*s.ClaimsRaw, func(match string) string {
			offset, _ := strconv.ParseInt(match[len("@now"):len(match)-1], 10, 64)
			return strconv.FormatInt(time.Now().Unix()+offset, 10)
		})
		raw, err := vars.text(raw)
		return []byte(raw), err
	}
	if !s.Claims.present {
		return nil, errors.New("no claims")
	}
	claims, err := vars.fill(s.Claims.value)
	return []byte(compactASCII(claims)), err
}

func (r *Runner) mintSignature(s *Step, message string) ([]byte, error) {
	how := orElse(s.Sign, "signing")
	if how == "none" {
		return nil, nil
	}
	if strings.HasPrefix(how, "garbage") {
		sum := sha256.Sum256([]byte("garbage"))
		return sum[:], nil
	}
	key := how
	switch name, isPEM := strings.CutPrefix(how, "pem:"); {
	case how == "signing":
		key = r.signingKey
	case how == "empty":
		key = ""
	case isPEM:
		var ok bool
		if key, ok = r.keys[name]; !ok {
			return nil, fmt.Errorf("no key %q", name)
		}
	}
	mac := orElse(s.MAC, orElse(s.Alg, "HS256"))
	if !strings.HasPrefix(mac, "HS") {
		mac = "HS256"
	}
	return hmacSign(mac, key, message)
}

// edit makes another token of one, as an edit step says.
func (r *Runner) edit(s *Step, vars variables) (string, error) {
	token, err := vars.text(s.From)
	if err != nil {
		return "", err
	}
	switch s.Op {
	case "flip_signature":
		header, payload, sig, err := splitToken(token)
		if err != nil {
			return "", err
		}
		if sig == "" {
			return "", errors.New("no signature to flip")
		}
		flipped, middle := []byte(sig), len(sig)/2
		flipped[middle] = 'A'
		if sig[middle] == 'A' {
			flipped[middle] = 'B'
		}
		return header + "." + payload + "." + string(flipped), nil
	case "noncanonical":
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		if token == "" || strings.IndexByte(alphabet, token[len(token)-1]) < 0 {
			return "", errors.New("the token does not end in base64url")
		}
		last := len(token) - 1
		return token[:last] + string(alphabet[strings.IndexByte(alphabet, token[last])^1]), nil
	case "drop_signature":
		return beforeLastDot(token) + ".", nil
	case "two_segments":
		return beforeLastDot(token), nil
	case "swap_payload", "swap_alg":
		return swap(s, token)
	case "concat":
		text, _ := s.Value.value.(string)
		return vars.text(text)
	case "upper":
		return strings.ToUpper(token), nil
	}
	return "", abort("unknown edit " + s.Op)
}

func beforeLastDot(token string) string {
	if i := strings.LastIndexByte(token, '.'); i >= 0 {
		return token[:i]
	}
	return token
}

// swap replaces members of the payload, or the header's alg, and keeps the signature, which then is wrong.
func swap(s *Step, token string) (string, error) {
	header, payload, sig, err := splitToken(token)
	if err != nil {
		return "", err
	}
	if s.Op == "swap_alg" {
		alg := newObject()
		alg.set("alg", orElse(s.Alg, ""))
		header, err = update(header, alg)
	} else {
		payload, err = update(payload, s.Set.value)
	}
	return header + "." + payload + "." + sig, err
}

func update(encoded string, with any) (string, error) {
	o, err := decodeObject(encoded)
	if err != nil {
		return "", err
	}
	members, ok := with.(*object)
	if !ok {
		return "", errors.New("no members to set")
	}
	for _, name := range members.names {
		o.set(name, members.members[name])
	}
	return encodeSegment([]byte(compact(o))), nil
}

func decodeObject(encoded string) (*object, error) {
	raw, err := decodeSegment(encoded)
	if err != nil {
		return nil, err
	}
	v, err := parseJSON(raw)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("a %s, not an object", kind(v))
	}
	return o, nil
}

// claim is one claim of a token, read without any check.
func claim(s *Step, vars variables) (any, error) {
	token, err := vars.text(s.From)
	if err != nil {
		return nil, err
	}
	part := strings.Split(token, ".")
	if len(part) < 2 {
		return nil, errors.New("no payload")
	}
	o, err := decodeObject(part[1])
	if err != nil {
		return nil, err
	}
	if !o.has(s.Claim) {
		return nil, fmt.Errorf("no claim %q", s.Claim)
	}
	return o.members[s.Claim], nil
}

func randomHex(digits int) string {
	b := make([]byte, max(digits, 0)/2)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
