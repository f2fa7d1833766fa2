package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/tokenpair/token"
)

// newPEM is a private key in PEM, and its public key.
func newPEM(t *testing.T, private crypto.Signer, err error) (signing, verifying string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	inner, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: inner})), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: outer}))
}

func newEC(t *testing.T, curve elliptic.Curve) (signing, verifying string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	return newPEM(t, key, err)
}

// TestFindings has for each finding the settings that make it, and such that are near and make none.
func TestFindings(t *testing.T) {
	ec, ecPublic := newEC(t, elliptic.P256())
	ec384, otherPublic := newEC(t, elliptic.P384())
	secret := strings.Repeat("sesame", 6)
	wide, err := rsa.GenerateKey(rand.Reader, 4096)
	rsa4096, _ := newPEM(t, wide, err)
	errors := map[string]finds{
		"a word for a duration":       {words("LEEWAY=soon"), words("LEEWAY=1s"), words("LEEWAY: want a duration")},
		"a word for a switch":         {words("DOCS=maybe"), words("DOCS=False"), words("DOCS: want true or false")},
		"an unknown choice":           {words("COMPAT=django"), words("COMPAT=simplejwt"), words("COMPAT: want one of none, simplejwt")},
		"an unknown algorithm":        {words("ALGORITHM=none"), words("ALGORITHM=HS384"), words("ALGORITHM: want one of HS256,")},
		"a hash for a hasher":         {words("PASSWORD_HASHER=md5"), words("PASSWORD_HASHER=argon2id"), words("PASSWORD_HASHER: want one of argon2id, pbkdf2_sha256")},
		"an audience of nobody":       {words("AUDIENCE=a,,b"), words("AUDIENCE=a, b"), words("AUDIENCE: want names")},
		"a scheme of two words":       {words("AUTH_HEADER_TYPES=My Bearer"), words("AUTH_HEADER_TYPES=JWT,Bearer"), words("AUTH_HEADER_TYPES: want words")},
		"a header of the connection":  {words("AUTH_HEADER_NAME=Host"), words("AUTH_HEADER_NAME=HTTP_X_ACCESS_TOKEN"), words("AUTH_HEADER_NAME: the header Host")},
		"a class of no use":           {words("AUTH_TOKEN_CLASSES=RefreshToken"), words("AUTH_TOKEN_CLASSES=AccessToken"), words("AUTH_TOKEN_CLASSES: want AccessToken")},
		"a field of another site":     {words("USER_ID_FIELD=email"), words("USER_ID_FIELD=username"), words("USER_ID_FIELD: want id or username")},
		"text that is none":           {words("ISSUER=\xff"), words("ISSUER=ö"), words("ISSUER: it is not UTF-8")},
		"another database":            {words("DATABASE=postgres://anna:sesame@localhost/x"), nil, words("DATABASE: postgres: is no known store")},
		"an address without a port":   {words("LISTEN=localhost"), words("LISTEN=localhost:80"), words("LISTEN", "HOST:PORT")},
		"no access lifetime":          {words("ACCESS_TOKEN_LIFETIME=0"), words("ACCESS_TOKEN_LIFETIME=1s", "REFRESH_GRACE=900ms"), words("ACCESS_TOKEN_LIFETIME is 0s")},
		"no refresh lifetime":         {words("REFRESH_TOKEN_LIFETIME=999ms"), words("REFRESH_TOKEN_LIFETIME=10m"), words("REFRESH_TOKEN_LIFETIME is 999ms")},
		"no sliding lifetime":         {words("SLIDING_TOKEN_LIFETIME=0"), words("COMPAT=simplejwt", "SLIDING_TOKEN_LIFETIME=1s"), words("SLIDING_TOKEN_LIFETIME is 0s")},
		"no sliding refresh lifetime": {words("SLIDING_TOKEN_REFRESH_LIFETIME=0"), nil, words("SLIDING_TOKEN_REFRESH_LIFETIME is 0s")},
		"a scheme in quotes":          {words("AUTH_HEADER_TYPES='Bearer'"), words("AUTH_HEADER_TYPES=Bearer"), words("TOKENPAIR_AUTH_HEADER_TYPES is")},
		"no port":                     {words("LISTEN=127.0.0.1:"), words("LISTEN=127.0.0.1:0"), words("LISTEN", "HOST:PORT")},
		"a port that is none":         {words("LISTEN=localhost:99999"), words("LISTEN=localhost:9999"), words("LISTEN", "HOST:PORT")},
		"Python's None":               {words("ISSUER=None"), words("ISSUER=Nonesuch"), words("TOKENPAIR_ISSUER is None")},
		"a list of Python's":          {words(`AUDIENCE=["a","b"]`), words("AUDIENCE=a,b"), words("TOKENPAIR_AUDIENCE is", "without quotes and brackets")},
		"a claim of white space":      {words("JTI_CLAIM= "), words("JTI_CLAIM=my id"), words(`TOKENPAIR_JTI_CLAIM is " "`)},
		"a line end":                  {words("ISSUER=a\nb"), words("ISSUER=a b"), words("TOKENPAIR_ISSUER: it holds control characters")},
		"a path for a key":            {words("SIGNING_KEY=" + os.Args[0]), words("SIGNING_KEY=" + os.Args[0] + "x"), words("TOKENPAIR_SIGNING_KEY is the path of a file")},
		"sub that is no text":         {words("USER_ID_CLAIM=sub"), words("USER_ID_CLAIM=sub", "USER_ID_TYPE=string"), words("TOKENPAIR_USER_ID_CLAIM is sub", "TOKENPAIR_USER_ID_TYPE")},
		"one name for two claims":     {words("USER_ID_CLAIM=kind", "TOKEN_TYPE_CLAIM=kind"), words("USER_ID_CLAIM=user", "TOKEN_TYPE_CLAIM=kind"), words("TOKENPAIR_TOKEN_TYPE_CLAIM must differ from TOKENPAIR_USER_ID_CLAIM")},
		"the name of another claim":   {words("JTI_CLAIM=exp"), words("JTI_CLAIM=id"), words("TOKENPAIR_JTI_CLAIM must not be exp")},
		"a short key":                 {words("SIGNING_KEY=sesame"), words("SIGNING_KEY=" + secret), words("SIGNING_KEY: ", "6 bytes")},
		"a key too short for HS512":   {words("ALGORITHM=HS512", "SIGNING_KEY="+secret), words("ALGORITHM=HS512", "SIGNING_KEY="+secret+secret), words("36 bytes", "64")},
		"a private key as secret":     {words("SIGNING_KEY=" + ec), words("ALGORITHM=ES256", "SIGNING_KEY="+ec), words("TOKENPAIR_ALGORITHM", "TOKENPAIR_SIGNING_KEY")},
		"a key and a key file":        {words("SIGNING_KEY="+secret, "SIGNING_KEY_FILE=x"), words("SIGNING_KEY_FILE=" + write(t, "key", secret)), words("are both set")},
		"two verifying keys":          {words("ALGORITHM=ES256", "SIGNING_KEY="+ec, "VERIFYING_KEY="+ecPublic, "VERIFYING_KEY_FILE=x"), words("ALGORITHM=ES256", "SIGNING_KEY="+ec, "VERIFYING_KEY_FILE="+write(t, "public", ecPublic)), words("TOKENPAIR_VERIFYING_KEY and TOKENPAIR_VERIFYING_KEY_FILE are both set")},
		"a key file that is missing":  {words("SIGNING_KEY_FILE=/nowhere/key"), nil, words("SIGNING_KEY_FILE", "no such file")},
		"a key for its file":          {words("SIGNING_KEY_FILE=" + ec), nil, words("SIGNING_KEY_FILE: want the path")},
		"a verifying file missing":    {words("ALGORITHM=ES256", "SIGNING_KEY="+ec, "VERIFYING_KEY_FILE=/nowhere/key"), nil, words("VERIFYING_KEY_FILE", "no such file")},
		"a key of another curve":      {words("ALGORITHM=ES256", "SIGNING_KEY="+ec384), words("ALGORITHM=ES384", "SIGNING_KEY="+ec384), words("SIGNING_KEY: ")},
		"a text as private key":       {words("ALGORITHM=RS256", "SIGNING_KEY="+secret), nil, words("SIGNING_KEY: ")},
		"a key of somebody else":      {words("ALGORITHM=ES256", "SIGNING_KEY="+ec, "VERIFYING_KEY="+otherPublic), words("ALGORITHM=ES256", "SIGNING_KEY="+ec, "VERIFYING_KEY="+ecPublic), words("VERIFYING_KEY: ")},
		"a leeway over half a day":    {words("LEEWAY=12h1m", "ACCESS_TOKEN_LIFETIME=13h"), words("LEEWAY=12h", "ACCESS_TOKEN_LIFETIME=13h"), words("LEEWAY is 12h1m: set 12h at most", "revocations are kept for a day after their token has expired")},
		"no room for a signature":     {words("ALGORITHM=RS512", "SIGNING_KEY="+rsa4096, "ISSUER="+strings.Repeat("i", 3000)), words("ALGORITHM=RS512", "SIGNING_KEY="+rsa4096, "ISSUER="+strings.Repeat("i", 2000)), words("TOKENPAIR_AUDIENCE, TOKENPAIR_ISSUER, ", "10240 bytes")},
		"no room for a name":          {words("USER_ID_FIELD=username", "ISSUER="+strings.Repeat("i", 2000)), words("USER_ID_FIELD=username", "SESSIONS=0", "CHECK_REVOKE_TOKEN=1", "ISSUER="+strings.Repeat("i", 1000)), words("TOKENPAIR_AUDIENCE, TOKENPAIR_ISSUER", "TOKENPAIR_USER_ID_FIELD=username", "10240 bytes")},
		"no room for a sliding name":  {words("COMPAT=simplejwt", "USER_ID_FIELD=username", "SLIDING_TOKEN_REFRESH_EXP_CLAIM="+strings.Repeat("r", 2000)), words("USER_ID_FIELD=username", "USER_ID_CLAIM="+strings.Repeat("u", 1000)), words("TOKENPAIR_USER_ID_FIELD=username")},
		"a secret for a path":         {words("SIGNING_KEY_FILE=" + secret), nil, words("SIGNING_KEY_FILE: no such file")},
		"a long file for a key":       {words("SIGNING_KEY_FILE=" + write(t, "long", strings.Repeat("sesame", 20000))), nil, words("SIGNING_KEY_FILE: the file has more than 65536 bytes")},
		"a directory for a key":       {words("SIGNING_KEY_FILE=" + t.TempDir()), nil, words("SIGNING_KEY_FILE: is a directory")},
		"no private key":              {words("ALGORITHM=PS256"), words("ALGORITHM=HS512"), words("ALGORITHM PS256 needs a private key", "SIGNING_KEY_FILE", "openssl genpkey -algorithm RSA")},
	}
	for name, f := range errors {
		t.Run(name, func(t *testing.T) { f.check(t, isError) })
	}
	warnings := map[string]finds{
		"rotation alone":              {words("SESSIONS=0", "ROTATE_REFRESH_TOKENS=True"), words("SESSIONS=0", "ROTATE_REFRESH_TOKENS=1", "BLACKLIST_AFTER_ROTATION=1"), words("ROTATE_REFRESH_TOKENS without TOKENPAIR_BLACKLIST_AFTER_ROTATION", "set")},
		"rotation alone under compat": {words("COMPAT=simplejwt", "ROTATE_REFRESH_TOKENS=1"), words("COMPAT=simplejwt"), words("ROTATE_REFRESH_TOKENS without")},
		"blacklisting alone":          {words("SESSIONS=0", "BLACKLIST_AFTER_ROTATION=1"), words("SESSIONS=0"), words("BLACKLIST_AFTER_ROTATION without TOKENPAIR_ROTATE_REFRESH_TOKENS", "set")},
		"a long leeway":               {words("LEEWAY=5m"), words("LEEWAY=299s"), words("LEEWAY is not shorter than TOKENPAIR_ACCESS_TOKEN_LIFETIME")},
		"a long leeway for sliding":   {words("COMPAT=simplejwt", "SLIDING_TOKEN_LIFETIME=9", "LEEWAY=9"), words("COMPAT=simplejwt", "SLIDING_TOKEN_LIFETIME=9", "LEEWAY=8"), words("LEEWAY is not shorter than TOKENPAIR_SLIDING_TOKEN_LIFETIME")},
		"a long access lifetime":      {words("ACCESS_TOKEN_LIFETIME=1d"), words("ACCESS_TOKEN_LIFETIME=23h"), words("ACCESS_TOKEN_LIFETIME is not shorter than TOKENPAIR_REFRESH_TOKEN_LIFETIME")},
		"a long sliding lifetime":     {words("COMPAT=simplejwt", "SLIDING_TOKEN_LIFETIME=1d"), words("COMPAT=simplejwt", "SLIDING_TOKEN_LIFETIME=23h"), words("SLIDING_TOKEN_LIFETIME is not shorter than")},
		"a verifying key for HS256":   {words("VERIFYING_KEY=" + ecPublic), words("VERIFYING_KEY="), words("VERIFYING_KEY is not looked at")},
		"a verifying file for HS256":  {words("VERIFYING_KEY_FILE=/nowhere"), nil, words("VERIFYING_KEY_FILE is not looked at")},
		"a sliding lifetime alone":    {words("SLIDING_TOKEN_LIFETIME=5m"), words("COMPAT=simplejwt", "SLIDING_TOKEN_LIFETIME=5m"), words("SLIDING_TOKEN_LIFETIME does nothing without TOKENPAIR_SLIDING_TOKENS")},
		"a sliding refresh alone":     {words("SLIDING_TOKEN_REFRESH_LIFETIME=2d"), words("COMPAT=simplejwt", "SLIDING_TOKEN_REFRESH_LIFETIME=2d"), words("SLIDING_TOKEN_REFRESH_LIFETIME does nothing")},
		"a sliding claim alone":       {words("SLIDING_TOKEN_REFRESH_EXP_CLAIM=x"), words("COMPAT=simplejwt", "SLIDING_TOKEN_REFRESH_EXP_CLAIM=x"), words("SLIDING_TOKEN_REFRESH_EXP_CLAIM does nothing")},
		"sliding tokens of nobody":    {words("AUTH_TOKEN_CLASSES=AccessToken,SlidingToken"), words("SLIDING_TOKENS=1", "AUTH_TOKEN_CLASSES=AccessToken,SlidingToken"), words("has SlidingToken")},
		"access tokens open nothing":  {words("SLIDING_TOKENS=1", "AUTH_TOKEN_CLASSES=SlidingToken"), nil, words("has no AccessToken")},
		"sliding tokens of no use":    {words("SLIDING_TOKENS=1"), words("SLIDING_TOKENS=1", "AUTH_TOKEN_CLASSES=AccessToken,SlidingToken"), words("SLIDING_TOKENS is true and TOKENPAIR_AUTH_TOKEN_CLASSES has no SlidingToken")},
		"a claim alone":               {words("REVOKE_TOKEN_CLAIM=x"), words("SESSIONS=0", "CHECK_REVOKE_TOKEN=1", "REVOKE_TOKEN_CLAIM=x"), words("REVOKE_TOKEN_CLAIM does nothing without TOKENPAIR_CHECK_REVOKE_TOKEN")},
		"inactive users":              {words("SESSIONS=0", "CHECK_USER_IS_ACTIVE=0"), words("SESSIONS=0", "CHECK_USER_IS_ACTIVE=1"), words("CHECK_USER_IS_ACTIVE is false: the tokens")},
		"names as numbers":            {words("USER_ID_FIELD=username", "USER_ID_TYPE=number"), words("USER_ID_FIELD=username", "USER_ID_TYPE=string"), words("USER_ID_TYPE is number")},
	}
	for name, f := range warnings {
		t.Run(name, func(t *testing.T) { f.check(t, isWarning) })
	}
}

// finds are settings, without their prefix, that make one finding, such that make none, and words of the finding.
type finds struct{ bad, good, words []string }

func (f finds) check(t *testing.T, s severity) {
	t.Helper()
	environ := func(settings []string) (list []string) {
		for _, entry := range settings {
			list = append(list, prefix+entry)
		}
		return list
	}
	bad := newSite(t, environ(f.bad)...)
	doctor := bad.run("", "doctor")
	_, told, _ := strings.Cut(doctor.stdout, "\nFindings\n")
	if want := map[severity]int{isError: 1, isWarning: 0}[s]; doctor.code != want {
		t.Fatalf("exit code %d, want %d", doctor.code, want)
	}
	if !strings.HasPrefix(told, "  "+string(s)+": ") || strings.Count(told, "\n") != 1 {
		t.Errorf("want one %s, it found:\n%s", s, told)
	}
	for _, word := range f.words {
		if !strings.Contains(told, word) {
			t.Errorf("no %q in: %s", word, told)
		}
	}
	if found := goWords.FindString(told); found != "" || strings.Contains(doctor.stdout+doctor.stderr, "sesame") {
		t.Errorf("%q, or a secret, in: %s", found, told)
	}
	if s == isError {
		line := strings.TrimPrefix(strings.TrimSpace(told), "error: ")
		if r := bad.run("", "serve"); r.code != 2 || r.stderr != "tokenpair: error: "+line+"\n" {
			t.Errorf("serve: exit code %d, %q, want %q", r.code, r.stderr, line)
		}
	}
	if good := newSite(t, environ(f.good)...).run("", "doctor"); good.code != 0 || !strings.HasSuffix(good.stdout, "\nFindings\n  none\n") {
		t.Errorf("%q: exit code %d, %s", f.good, good.code, good.stdout)
	}
}

// TestPathsAreNotSpelledOut: a setting's name in the path of a key stays what it is.
func TestPathsAreNotSpelledOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ISSUER")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ALGORITHM")
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := newSite(t, "TOKENPAIR_SIGNING_KEY_FILE="+path).run("", "doctor").stdout
	if !strings.Contains(out, "\n  error: TOKENPAIR_SIGNING_KEY_FILE ("+path+"): ") {
		t.Errorf("the path %s is not told as it is: %s", path, out)
	}
}

// TestUnreadKeyFiles has what may be the key itself in the place of the path of its file.
func TestUnreadKeyFiles(t *testing.T) {
	secret := strings.Repeat("0123456789abcdef", 4)
	for _, c := range []struct {
		environ       []string
		variable, row string
		first         string
	}{
		{words("SIGNING_KEY_FILE=" + secret), "SIGNING_KEY_FILE", "set, but cannot be opened", "none that can be read"},
		{words("ALGORITHM=ES256", "SIGNING_KEY_FILE="+secret), "SIGNING_KEY_FILE", "set, but cannot be opened", "none that can be read"},
		{words("ALGORITHM=ES256", "VERIFYING_KEY_FILE="+secret), "VERIFYING_KEY_FILE", "set, but cannot be opened", "none was given"},
		{words("VERIFYING_KEY_FILE=" + secret), "VERIFYING_KEY_FILE", "set", "a random one"},
		{words("SIGNING_KEY="+secret, "SIGNING_KEY_FILE="+secret), "SIGNING_KEY_FILE", "set", "none that can be read"},
	} {
		s := newSite(t)
		for _, entry := range c.environ {
			s.environ = append(s.environ, prefix+entry)
		}
		r := s.run("", "doctor")
		wantRow(t, r.stdout, prefix+c.variable, c.row, "variable")
		if !strings.Contains(r.stdout, "\nSigning key: "+c.first) || strings.Contains(r.stdout+r.stderr, secret[:16]) {
			t.Errorf("%s: %s%s", c.variable, r.stdout, r.stderr)
		}
	}
}

// TestAllErrorsAtOnce: none hides another, and a default that stands for what cannot be understood is not found wrong.
func TestAllErrorsAtOnce(t *testing.T) {
	s := newSite(t, "TOKENPAIR_LEEWAY=soon", "TOKENPAIR_DOCS=maybe", "TOKENPAIR_ACCESS_TOKEN_LIFETIME=0", "TOKENPAIR_SIGNING_KEY=short",
		"TOKENPAIR_JTI_CLAIM=iss", "TOKENPAIR_TOKEN_TYPE_CLAIM=user_id", "TOKENPAIR_REFRESH_TOKEN_LIFETIME=1s", "TOKENPAIR_LISTEN=x", "TOKENPAIR_DATABASE=x")
	r := s.run("", "serve")
	for _, word := range words("LEEWAY:", "DOCS:", "ACCESS_TOKEN_LIFETIME is", "SIGNING_KEY:", "JTI_CLAIM must", "TOKEN_TYPE_CLAIM must", "--listen x", "DATABASE:") {
		if !strings.Contains(r.stderr, word) {
			t.Errorf("no %q in %s", word, r.stderr)
		}
	}
	if r.code != 2 || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("exit code %d, %s", r.code, r.stderr)
	}
}

// TestKeyCommands runs the line that an operator is told, for each algorithm that needs it.
func TestKeyCommands(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl to try its lines with")
	}
	made := make(map[string]string) // by line
	for _, name := range token.Algorithms() {
		a := algorithm(name)
		if a.isSecret() {
			continue
		}
		line := keyCommand(a)
		if made[line] == "" {
			path := write(t, "signing.pem", "")
			args := append(strings.Fields(line)[1:], "-out", path)
			if out, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v, %s", line, err, out)
			}
			made[line] = path
		}
		s := newSite(t, "TOKENPAIR_ALGORITHM="+name, "TOKENPAIR_SIGNING_KEY_FILE="+made[line])
		if out := s.must("", "doctor"); !strings.HasSuffix(out, "\n  none\n") || !strings.Contains(out, "Signing key: PRIVATE KEY in PEM, ") {
			t.Errorf("%s: %s", name, out)
		}
	}
	if len(made) != 5 {
		t.Errorf("the lines are %q", slices.Sorted(maps.Keys(made)))
	}
}

// TestAlgorithms signs with a key of each family, given as text, file and under compat.
func TestAlgorithms(t *testing.T) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	ed, _ := newPEM(t, edwards, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	rs, rsPublic := newPEM(t, rsaKey, err)
	ec, _ := newEC(t, elliptic.P521())
	for name, environ := range map[string][]string{
		"HS256": nil, "HS384": nil, "HS512": nil,
		"RS256": words("TOKENPAIR_SIGNING_KEY=" + rs),
		"PS512": words("TOKENPAIR_SIGNING_KEY="+rs, "TOKENPAIR_VERIFYING_KEY="+rsPublic),
		"ES512": words("TOKENPAIR_SIGNING_KEY_FILE=" + write(t, "key", ec)),
		"EdDSA": words("TOKENPAIR_SIGNING_KEY_FILE=" + write(t, "key", strings.ReplaceAll(ed, "\n", "\r\n"))),
	} {
		s := newSite(t, append(environ, "TOKENPAIR_ALGORITHM="+name)...)
		s.createUser("anna", "correct horse battery")
		v := s.serve()
		tokens := v.wantLogin(200, "anna", "correct horse battery")
		if got := header(t, tokens.Access)["alg"]; got != name {
			t.Errorf("signed with %s, want %s", got, name)
		}
		if status, body := v.post("/api/token/verify", map[string]string{"token": tokens.Access}); status != 200 || body != "{}" {
			t.Errorf("%s: verify answers %d, %s", name, status, body)
		}
		v.end()
		if kept := s.setting("signing_key"); (len(kept) == 64) != (environ == nil) {
			t.Errorf("%s: the database keeps a key of %d bytes", name, len(kept))
		}
	}
}
