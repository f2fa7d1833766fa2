package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/token"
)

const goodHeader = `{"alg":"HS256","typ":"JWT"}`

// goodClaims are those of a refresh token that is alive at issuedAt.
const goodClaims = `{"token_type":"refresh","exp":1716613983,"iat":1716527583,"jti":"a1","user_id":1}`

func sign(newHash func() hash.Hash, key []byte, header, claims string) string {
	message := encode(header) + "." + encode(claims)
	mac := hmac.New(newHash, key)
	mac.Write([]byte(message))
	return message + "." + encode(string(mac.Sum(nil)))
}

func mint(header, claims string) string { return sign(sha256.New, secret, header, claims) }

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// read is what auth does with a token that no list of revoked ones names.
func read(issuer *token.Issuer, encoded string, want token.Type) (token.Claims, error) {
	claims, err := issuer.Open(encoded)
	if err != nil {
		return token.Claims{}, err
	}
	return claims, issuer.Check(claims, want)
}

func TestVerifyClaims(t *testing.T) {
	with := func(old, new string) string {
		if !strings.Contains(goodClaims, old) {
			t.Fatalf("%s is not in the claims", old)
		}
		return strings.Replace(goodClaims, old, new, 1)
	}
	for name, test := range map[string]struct {
		claims string
		want   error
	}{
		"good":                       {goodClaims, nil},
		"float exp":                  {with("1716613983", "1716613983.9"), nil},
		"exp in scientific notation": {with("1716613983", "1.8e9"), nil},
		"no iat":                     {with(`"iat":1716527583,`, ``), nil},
		"unknown claims":             {with(`"user_id":1`, `"user_id":[1,{"a":null}],"x":"é😀"`), nil},
		"lone surrogate elsewhere":   {with(`"user_id":1`, `"x":"\ud800"`), nil},
		"repeated name, last counts": {with(`"token_type":"refresh"`, `"token_type":"access","token_type":"refresh"`), nil},
		"escaped type":               {with(`"refresh"`, `"refr\u0065sh"`), nil},
		"white space":                {" " + with(",", " ,\n\t") + " ", nil},
		"exp now":                    {with("1716613983", "1716527583"), token.ErrExpired},
		"exp in a second":            {with("1716613983", "1716527584"), nil},
		"exp long ago":               {with("1716613983", "-5"), token.ErrExpired},
		"expired comes before type":  {`{"exp":1}`, token.ErrExpired},
		"exp text":                   {with("1716613983", `"1716613983"`), token.ErrInvalid},
		"exp null":                   {with("1716613983", `null`), token.ErrInvalid},
		"exp true":                   {with("1716613983", `true`), token.ErrExpired},
		"exp text, past":             {with("1716613983", `"1"`), token.ErrExpired},
		"exp beyond":                 {with("1716613983", `1e300`), token.ErrInvalid},
		"exp in the year 9999":       {with("1716613983", `253402300799`), nil},
		"exp in the year 10000":      {with("1716613983", `253402300800`), token.ErrInvalid},
		"exp 1e18":                   {with("1716613983", `1000000000000000000`), token.ErrInvalid},
		"exp 1e18 as a float":        {with("1716613983", `1e18`), token.ErrInvalid},
		"exp infinite":               {with("1716613983", `1e999`), token.ErrInvalid},
		"Exp is not exp":             {with(`"exp"`, `"Exp"`), token.ErrNoExpiry},
		"no exp":                     {`{"token_type":"refresh","jti":"a"}`, token.ErrNoExpiry},
		"iat in a second":            {with("1716527583", "1716527584"), token.ErrInvalid},
		"iat text":                   {with("1716527583", `"x"`), token.ErrInvalid},
		"iat number in text":         {with("1716527583", `"1716527583"`), nil},
		"iat in text, ahead":         {with("1716527583", `"9716527583"`), token.ErrInvalid},
		"iat true":                   {with("1716527583", `true`), nil},
		"nbf now":                    {with(`"iat"`, `"nbf"`), nil},
		"nbf in a second":            {with(`"iat":1716527583`, `"nbf":1716527584`), token.ErrInvalid},
		"no jti":                     {with(`"jti":"a1",`, ``), token.ErrNoID},
		"jti empty":                  {with(`"a1"`, `""`), nil},
		"jti null":                   {with(`"a1"`, `null`), token.ErrInvalid},
		"jti number":                 {with(`"a1"`, `1`), token.ErrInvalid},
		"sub number":                 {with(`"user_id"`, `"sub"`), token.ErrInvalid},
		"sub null":                   {with(`"user_id":1`, `"sub":null`), token.ErrInvalid},
		"expired comes before sub":   {`{"exp":1,"sub":1}`, token.ErrExpired},
		"iat comes before expired":   {`{"exp":1,"iat":1e12}`, token.ErrInvalid},
		"aud and iss are not asked":  {with(`"user_id":1`, `"aud":5,"iss":null`), nil},
		"no type":                    {with(`"token_type":"refresh",`, ``), token.ErrNoType},
		"other type":                 {with(`"refresh"`, `"access"`), token.ErrWrongType},
		"type null":                  {with(`"refresh"`, `null`), token.ErrWrongType},
		"repeated type, last is bad": {with(`"refresh"`, `"refresh","token_type":"access"`), token.ErrWrongType},
		"not an object":              {`[1]`, token.ErrInvalid},
		"null":                       {`null`, token.ErrInvalid},
		"empty":                      {``, token.ErrInvalid},
		"two objects":                {goodClaims + `{}`, token.ErrInvalid},
		"trailing text":              {goodClaims + `x`, token.ErrInvalid},
		"not JSON":                   {`{"exp":}`, token.ErrInvalid},
		"truncated":                  {goodClaims[:len(goodClaims)-1], token.ErrInvalid},
		"not UTF-8":                  {with(`a1`, "\xff"), token.ErrInvalid},
		"byte order mark":            {"\ufeff" + goodClaims, token.ErrInvalid},
		"jti with a lone surrogate":  {with(`a1`, `\ud800`), nil},
		"nested deeply":              {with(`1}`, strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+"}"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(newIssuer(t), mint(goodHeader, test.claims), token.Refresh)
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestVerifyHeader(t *testing.T) {
	for name, test := range map[string]struct {
		header string
		ok     bool
	}{
		"good":             {goodHeader, true},
		"other order":      {`{"typ":"JWT","alg":"HS256"}`, true},
		"no typ":           {`{"alg":"HS256"}`, true},
		"any typ":          {`{"alg":"HS256","typ":1}`, true},
		"kid text":         {`{"alg":"HS256","kid":"x"}`, true},
		"kid number":       {`{"alg":"HS256","kid":1}`, false},
		"kid null":         {`{"alg":"HS256","kid":null}`, false},
		"none":             {`{"alg":"none"}`, false},
		"None":             {`{"alg":"None"}`, false},
		"lower case":       {`{"alg":"hs256"}`, false},
		"HS512":            {`{"alg":"HS512"}`, false},
		"RS256":            {`{"alg":"RS256"}`, false},
		"no alg":           {`{"typ":"JWT"}`, false},
		"Alg is not alg":   {`{"Alg":"HS256"}`, false},
		"alg null":         {`{"alg":null}`, false},
		"alg list":         {`{"alg":["HS256"]}`, false},
		"last alg counts":  {`{"alg":"HS256","alg":"none"}`, false},
		"crit":             {`{"alg":"HS256","crit":["exp"],"exp":1}`, false},
		"crit empty":       {`{"alg":"HS256","crit":[]}`, false},
		"crit null":        {`{"alg":"HS256","crit":null}`, false},
		"crit b64":         {`{"alg":"HS256","crit":["b64"],"b64":true}`, true},
		"crit b64 missing": {`{"alg":"HS256","crit":["b64"]}`, false},
		"crit b64 twice":   {`{"alg":"HS256","crit":["b64","b64"],"b64":true}`, true},
		"crit b64 and exp": {`{"alg":"HS256","crit":["b64","exp"],"b64":true,"exp":1}`, false},
		"b64 number":       {`{"alg":"HS256","b64":0}`, true},
		"b64 false":        {`{"alg":"HS256","b64":false}`, false},
		"b64 false, crit":  {`{"alg":"HS256","crit":["b64"],"b64":false}`, false},
		"embedded key":     {`{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}`, true}, // never looked at
		"a list":           {`["HS256"]`, false},
		"empty":            {``, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(newIssuer(t), mint(test.header, goodClaims), token.Refresh)
			if test.ok && err != nil || !test.ok && !errors.Is(err, token.ErrInvalid) {
				t.Errorf("got %v, want ok %t", err, test.ok)
			}
		})
	}
}

func TestVerifyShapeAndSignature(t *testing.T) {
	good := mint(goodHeader, goodClaims)
	parts := strings.Split(good, ".")
	other := sign(sha256.New, []byte("another-key-of-thirty-two-bytes-"), goodHeader, goodClaims)
	for name, bad := range map[string]string{
		"empty":                 "",
		"dots":                  "..",
		"one part":              parts[0],
		"two parts":             parts[0] + "." + parts[1],
		"four parts":            good + ".",
		"no signature":          parts[0] + "." + parts[1] + ".",
		"another key":           other,
		"signature of another":  parts[0] + "." + parts[1] + "." + strings.Split(other, ".")[2],
		"short signature":       good[:len(good)-4],
		"other claims":          parts[0] + "." + encode(strings.Replace(goodClaims, `"user_id":1`, `"user_id":2`, 1)) + "." + parts[2],
		"other header":          encode(`{"alg":"HS256"}`) + "." + parts[1] + "." + parts[2],
		"SHA-512":               sign(sha512.New, secret, goodHeader, goodClaims),
		"stray bits":            good[:len(good)-1] + string(strayBits(good[len(good)-1])),
		"padding":               good + "=",
		"standard alphabet":     parts[0] + "." + parts[1] + "+/",
		"line end":              good + "\n",
		"line end inside":       parts[0] + "\r\n." + parts[1] + "." + parts[2],
		"space":                 " " + good,
		"full width":            parts[0] + "．" + parts[1] + "." + parts[2],
		"over 10240 bytes":      mint(goodHeader, strings.Replace(goodClaims, "a1", strings.Repeat("a", 10240), 1)),
		"upper case":            strings.ToUpper(good),
		"not base64, many dots": strings.Repeat(".", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := read(newIssuer(t), bad, token.Refresh); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
	// Every single character counts.
	for i := range len(good) {
		changed := []byte(good)
		if changed[i] ^= 1; changed[i] == good[i] {
			t.Fatal("nothing changed")
		}
		if _, err := read(newIssuer(t), string(changed), token.Refresh); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("character %d changed: %v", i, err)
		}
	}
}

// strayBits returns the character that decodes to the same bits as c at the end of 32 bytes, but for two unused ones.
func strayBits(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

func TestVerifyUsesTheClock(t *testing.T) {
	issuer := newIssuer(t)
	pair, err := issuer.IssuePair(user(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		after time.Duration
		want  error
	}{
		{0, nil},
		{5*time.Minute - time.Second, nil},
		{5 * time.Minute, token.ErrExpired},
		{-time.Second, token.ErrInvalid}, // minted in the future
	} {
		issuer.Now = func() time.Time { return issuedAt.Add(test.after) }
		if _, err := read(issuer, pair.Access, token.Access); !errors.Is(err, test.want) {
			t.Errorf("after %s: got %v, want %v", test.after, err, test.want)
		}
	}
}
