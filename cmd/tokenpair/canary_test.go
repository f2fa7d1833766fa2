package main

import (
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// canary is a text that is nowhere else: where it shows up, something was copied that should not have been.
const canary = "Zq7XwKj9VbNt4RmYpL2sGfHd8CcQe5Ty"

// traces are the forms in which a secret could come out: a part of its begin, its end, its hex and its base64 digits.
// Letters of plain and hex forms count in lower case: names of headers change theirs.
func traces(secret string) (folded, exact []string) {
	folded = words(strings.ToLower(secret[:12]), strings.ToLower(secret[len(secret)-12:]))
	folded = append(folded, hex.EncodeToString([]byte(secret[:12])))
	for shift := range 3 {
		// Within a longer text it begins at any of three places in a group; the first digits depend on what is before.
		digits := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		exact = append(exact, digits[4:16])
	}
	return folded, exact
}

// wantSilence wants none of the traces of a secret in a text.
func wantSilence(t *testing.T, where, text, secret string) {
	t.Helper()
	folded, exact := traces(secret)
	lower := strings.ToLower(text)
	for _, trace := range folded {
		if at := strings.Index(lower, trace); at >= 0 {
			t.Errorf("%s: a secret, near %q", where, text[max(0, at-80):min(len(text), at+80)])
		}
	}
	for _, trace := range exact {
		if at := strings.Index(text, trace); at >= 0 {
			t.Errorf("%s: a secret in base64, near %q", where, text[max(0, at-80):min(len(text), at+80)])
		}
	}
}

func TestTraces(t *testing.T) {
	for _, text := range words(canary, "X"+strings.ToUpper(canary), canary[:12], fmt.Sprintf("%x", canary),
		base64.StdEncoding.EncodeToString([]byte(canary)), base64.URLEncoding.EncodeToString([]byte("user:"+canary)),
		base64.StdEncoding.EncodeToString([]byte("name:"+canary+":more"))) {
		found := false
		folded, exact := traces(canary)
		for _, trace := range folded {
			found = found || strings.Contains(strings.ToLower(text), trace)
		}
		for _, trace := range exact {
			found = found || strings.Contains(text, trace)
		}
		if !found {
			t.Errorf("no trace is found in %q", text)
		}
	}
}

// requestsWith are requests to a path that have the canary in each place that a request has.
func requestsWith(path string) []string {
	const host, json = "Host: localhost\r\n", "Content-Type: application/json\r\n"
	login := fmt.Sprintf(`{"username":"%[1]s","password":"%[1]s"}`, canary)
	build := func(line, header, body string) string {
		if body != "" {
			header += fmt.Sprintf("Content-Length: %d\r\n", len(body))
		}
		return line + " HTTP/1.1\r\nConnection: close\r\n" + header + "\r\n" + body
	}
	post := func(body string) string { return build("POST "+path, host+json, body) }
	list := []string{
		build(canary+" "+path, host, ""),
		build("GET "+path+"/"+canary, host, ""),
		build("GET "+path+"?"+canary+"="+canary+"&format="+canary, host, ""),
		build("GET "+path+"?password="+canary+";"+canary, host, ""),
		build("GET http://"+canary+":"+canary+"@localhost"+path, host, ""),
		build("GET "+path+"%"+canary, host, ""),
		build("GET "+path, "Host: "+canary+"\r\n", ""),
		build("GET "+path, "Host: "+canary+" "+canary+"\r\n", ""),
		build("GET "+path, host+canary+"\r\n", ""),
		build("GET "+path, host+"Upgrade: "+canary+"\r\nExpect: "+canary+"\r\n", ""),
		build("GET "+path, host+"Range: bytes="+canary+"\r\nIf-Range: "+canary+"\r\nIf-Modified-Since: "+canary+"\r\n", ""),
		"GET " + path + " " + canary + "\r\n\r\n",
		"GET " + path + " HTTP/1.1\r\n" + host + "Content-Length: " + canary + "\r\n\r\n",
		"POST " + path + " HTTP/1.1\r\n" + host + json + "Transfer-Encoding: " + canary + "\r\n\r\n",
		"POST " + path + " HTTP/1.1\r\n" + host + json + "Transfer-Encoding: chunked\r\n\r\n" + canary + "\r\n",
		fmt.Sprintf("POST %s HTTP/1.1\r\nConnection: close\r\n%s%sTransfer-Encoding: chunked\r\nTrailer: %s\r\n\r\n%x;%s\r\n%s\r\n0\r\n%s: %s\r\n\r\n",
			path, host, json, canary, len(login), canary, login, canary, canary),
		build("GET "+path, host+"X-Filler: "+strings.Repeat(canary, 1000)+"\r\n", ""),
		post(login), post(fmt.Sprintf(`{"username":"anna","password":"%s"}`, canary+"!")),
		post(fmt.Sprintf(`{"username":"%s","password":null}`, canary)),
		post(fmt.Sprintf(`{"username":["%[1]s"],"password":{"%[1]s":"%[1]s"},"%[1]s":"%[1]s"}`, canary)),
		post(fmt.Sprintf(`{"username":"%[1]s\u0000","password":"\ud800%[1]s"}`, canary)),
		post(fmt.Sprintf(`{"username":"anna","password":"%s"`, canary)),
		post(fmt.Sprintf(`{"username":"anna","password":"%s"}%s`, canary, canary)),
		post(canary), post(`"` + canary + `"`), post("\xff" + canary), post("username=" + canary + "&password=" + canary),
		post(fmt.Sprintf(`{"username":"anna","password":"%s"}`, strings.Repeat(canary, 3000))),
		post(fmt.Sprintf(`{"username":"anna","password":"%s"}`, strings.Repeat(canary, 200))),
		build("POST "+path, host+"Content-Type: multipart/form-data; boundary="+canary+"\r\n",
			"--"+canary+"\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n"+canary+"\r\n--"+canary+"--\r\n"),
		build("POST "+path, host+"Content-Type: application/x-www-form-urlencoded\r\n", url.Values{"password": {canary}}.Encode()),
	}
	for _, name := range words("X-"+canary, "Authorization", "Proxy-Authorization", "Cookie", "User-Agent", "Referer", "Accept",
		"Accept-Language", "Content-Type", "Content-Encoding", "X-Forwarded-For", "X-Request-Id", "Traceparent", "Origin") {
		for _, value := range words(canary, "Bearer "+canary, "Basic "+base64.StdEncoding.EncodeToString([]byte("anna:"+canary)), "application/json, "+canary) {
			list = append(list, build("POST "+path, host+name+": "+value+"\r\n", "{}"))
		}
	}
	return list
}

// TestCanaries sends a canary through every path by every way, and wants the program to keep it to itself.
func TestCanaries(t *testing.T) {
	const plaintext, key = canary + "Password", canary + "SigningKey"
	s := newSite(t, "TOKENPAIR_SIGNING_KEY="+key, "TOKENPAIR_UNKNOWN="+canary)
	users := []string{"anna", canary}
	for _, username := range users {
		created := s.run(plaintext+"\n", "createuser", "--password-stdin", username)
		wantSilence(t, "createuser", created.stderr+strings.ReplaceAll(created.stdout, username, ""), canary)
	}
	for _, username := range users {
		set := s.run("", "setclaims", username, `{"secret":"`+canary+`"}`)
		wantSilence(t, "setclaims", set.stderr+strings.ReplaceAll(set.stdout, username, ""), canary)
	}
	v := s.serve()
	var issued []pair
	for _, username := range users {
		issued = append(issued, v.wantLogin(http.StatusOK, username, plaintext))
	}
	sent := 0
	for _, path := range words("/api/token", "/api/token/", "/livez", "/readyz", "/api/docs/", "/api/openapi.yaml", "/api/openapi.json", "/nowhere", "//",
		"/api/me/password", "/api/me/sessions", "/api/me/sessions/"+canary) {
		for _, request := range requestsWith(path) {
			v.exchange(request)
			sent++
		}
	}
	// From here on the service fails, and tells the log why.
	execute(t, s.path, `DROP TABLE users`)
	failed := 0
	for _, request := range requestsWith("/api/token") {
		if answer, body := v.exchange(request); answer.StatusCode == http.StatusInternalServerError {
			failed++
			wantSilence(t, "the body of a 500", body, canary)
		}
	}
	v.end()
	log := v.stderr.String()
	if failed == 0 || strings.Count(log, `"msg":"request failed"`) != failed {
		t.Errorf("%d answers were a 500, and the log tells of %d", failed, strings.Count(log, `"msg":"request failed"`))
	}
	if lines := strings.Count(log, "\n"); lines < sent/2 {
		t.Errorf("the log has %d lines for %d requests", lines, sent)
	}
	for where, text := range map[string]string{"standard error": log, "standard output": v.stdout.String()} {
		wantSilence(t, where, text, canary)
		for _, tokens := range issued {
			for _, encoded := range words(tokens.Access, tokens.Refresh) {
				for _, part := range strings.Split(encoded, ".")[1:] {
					wantSilence(t, where+", a token", text, part)
				}
			}
		}
	}
}

// TestCanariesOfVerbs has the canary in what the verbs are given as secret, and in what is broken.
func TestCanariesOfVerbs(t *testing.T) {
	s := newSite(t)
	s.createUser("anna", "correct horse battery")
	user := func(pk int, fields string) string {
		return fmt.Sprintf(`[{"model":"auth.user","pk":%d,"fields":{"username":"user%[1]d",%s}}]`, pk, fields)
	}
	for _, hash := range words(canary, "argon2$argon2id$v=19$m=1,t=1,p=1$"+canary+"$"+canary, "pbkdf2_sha256$9999999$"+canary+"$"+canary, "!"+canary, "") {
		for _, dump := range words(
			user(2, `"password":"`+hash+`"`+canary), user(2, `"password":"`+hash+canary)[:80], user(2, `"password":["`+hash+canary+`"]`),
			user(2, `"password":"`+hash+canary+`","is_active":"`+canary+`"`), user(2, `"password":"`+hash+canary+`","last_login":"`+canary+`"`),
			user(1, `"password":"`+hash+canary+`"`), user(-1, `"password":"`+hash+canary+`"`), user(2, `"password":"`+hash+canary+`\ud800"`),
			user(2, `"password":"`+hash+canary+"\xff\""), `{"password":"`+canary+`"}`, canary) {
			r := s.run(dump, "importdjango", "-")
			if r.code == 0 {
				t.Errorf("imported: %s", dump)
			}
			wantSilence(t, "importdjango", r.stdout+r.stderr, canary)
		}
	}
	for _, c := range []struct {
		input string
		args  []string
	}{
		{"", words("createuser", "otto", canary)},
		{"", words("createuser", "otto", "--password="+canary)},
		{"", words("createuser", "otto", "--password-stdin="+canary)},
		{"", words("createuser", "otto", "-p"+canary)},
		{canary + "\n", words("changepassword", "nobody", "--password-stdin")},
		{canary + "\x00\n", words("createuser", "otto", "--password-stdin")},
		{canary + "\xff\n", words("changepassword", "anna", "--password-stdin")},
		{strings.Repeat(canary, 200), words("createuser", "otto", "--password-stdin")},
		{canary + "\n", words("createuser", strings.ToLower(canary), "--password-stdin", "--database=sqlite:"+s.path+"/no")},
		{"", words("setclaims", "anna", canary)},
		{"", words("setclaims", "anna", `{"role":"`+canary+`"`)},
		{"", words("setclaims", "anna", `{"role":"`+canary+`"}`, canary)},
		{"", words("setclaims", "anna", `{"exp":"`+canary+`"}`)},
		{"", words("setclaims", "anna", `["`+canary+`"]`)},
		{"", words("setclaims", "anna", `{"role":"`+canary+"\xff\"}")},
		{"", words("setclaims", "anna", `{"role":"`+strings.Repeat(canary, 200)+`"}`)},
		{"", words("setclaims", "nobody", `{"role":"`+canary+`"}`)},
		{canary, words("setclaims", "anna", "-")},
		{`{"role":"` + canary + `","role":}`, words("setclaims", "anna", "-")},
		{`{"role":"` + canary + `","sid":"` + canary + `"}`, words("setclaims", "anna", "-")},
		{`{"role":"` + strings.Repeat(canary, 5000), words("setclaims", "anna", "-")},
		{"", words("setclaims", "--claims="+canary, "anna")},
		{"", words("serve", "--signing-key="+canary)},
		{"", words("serve", "--signing-key-file="+write(t, "key", canary[:31]))},
		{"", words("serve", "--signing-key-file", canary)},
		{"", words("serve", "--signing-key-file="+strings.Repeat(canary, 200))},
		{"", words("serve", "--algorithm=ES256", "--verifying-key-file="+canary)},
		{"", words("doctor", "--signing-key-file="+canary+"\n"+canary)},
		{"", words("doctor", "--signing-key-file="+canary)},
		{"", words("doctor", "--algorithm=PS256", "--verifying-key-file="+canary)},
		{"", words("listusers", "--signing-key-file="+canary)},
		{"", words("listusers", "--database=postgres://anna:"+canary+"@localhost/tokenpair")},
	} {
		r := s.run(c.input, c.args...)
		if r.code == 0 {
			t.Errorf("%d bytes of input: it succeeded", len(c.input))
		}
		wantSilence(t, c.args[0], r.stdout+r.stderr, canary)
	}
	s.environ = append(s.environ, "TOKENPAIR_SIGNING_KEY="+canary[:31], "TOKENPAIR_UNKNOWN="+canary)
	r := s.run("", "serve")
	wantSilence(t, "serve with a short key", r.stdout+r.stderr, canary)
}

// TestCanariesInSettings has the canary as key, as password in a URL, and in variables that are none.
func TestCanariesInSettings(t *testing.T) {
	ec, _ := newEC(t, elliptic.P256())
	boxed := "-----BEGIN " + canary + "-----\nAAAA\n-----END " + canary + "-----\n"
	file := write(t, "key", canary+canary)
	for _, environ := range [][]string{
		words("SIGNING_KEY=" + canary), words("SIGNING_KEY=" + canary[:31]), words("SIGNING_KEY=" + boxed), words("SIGNING_KEY=" + ec + canary),
		words("ALGORITHM=RS256", "SIGNING_KEY="+canary), words("ALGORITHM=ES256", "SIGNING_KEY="+boxed), words("ALGORITHM=EdDSA", "SIGNING_KEY="+ec+canary),
		words("ALGORITHM=HS512", "SIGNING_KEY="+canary), words("VERIFYING_KEY=" + canary), words("ALGORITHM=ES256", "SIGNING_KEY="+ec, "VERIFYING_KEY="+canary),
		words("ALGORITHM=ES256", "SIGNING_KEY="+ec, "VERIFYING_KEY="+boxed), words("SIGNING_KEY="+canary, "SIGNING_KEY_FILE="+file),
		words("SIGNING_KEY_FILE=" + file), words("SIGNING_KEY_FILE=" + boxed), words("ALGORITHM=PS256", "SIGNING_KEY_FILE="+file),
		words("SIGNING_KEYS=" + canary), words("DATABASE=postgres://anna:" + canary + "@localhost/x"), words("DATABASE=" + canary),
		words("SIGNING_KEY=\xff"+canary, "LEEWAY=soon"), words("SIGNING_KEY_FILE=" + canary), words("SIGNING_KEY_FILE=./" + canary + "/" + canary),
		words("SIGNING_KEY_FILE=" + strings.Repeat(canary, 200)), words("SIGNING_KEY_FILE=" + canary + "\x00"), words("SIGNING_KEY="+canary, "SIGNING_KEY_FILE="+canary),
		words("VERIFYING_KEY_FILE=" + canary), words("ALGORITHM=ES256", "SIGNING_KEY="+ec, "VERIFYING_KEY_FILE="+canary),
		words("ALGORITHM=ES256", "VERIFYING_KEY="+canary, "VERIFYING_KEY_FILE="+canary),
	} {
		s := newSite(t)
		for _, entry := range environ {
			s.environ = append(s.environ, prefix+entry)
		}
		cli := newCommandLine(t, s.environ...)
		starts := cli.Serve.policy(cli).findings.err() == nil
		for _, verb := range words("doctor", "settings", "serve") {
			var r result
			if verb == "serve" && starts {
				v := s.serve()
				v.end()
				r.stdout, r.stderr = v.stdout.String(), v.stderr.String()
			} else {
				r = s.run("", verb)
			}
			wantSilence(t, fmt.Sprintf("%s with %.12q", verb, environ), r.stdout+r.stderr, canary)
		}
		for _, part := range strings.Split(ec, "\n")[1:3] {
			out := s.run("", "doctor")
			wantSilence(t, "doctor", out.stdout+out.stderr, part)
		}
	}
}

// TestCanaryInBrokenHash logs in as a user whose stored hash can not be read.
func TestCanaryInBrokenHash(t *testing.T) {
	s := newSite(t)
	s.must(`[{"model":"auth.user","pk":1,"fields":{"username":"anna","password":"argon2$argon2id$v=19$m=8,t=1,p=1$`+canary+`"}},
		{"model":"auth.user","pk":2,"fields":{"username":"otto","password":"`+canary+`"}}]`, "importdjango", "-")
	listed := s.must("", "listusers")
	wantSilence(t, "listusers", listed, canary)
	v := s.serve()
	v.wantLogin(http.StatusUnauthorized, "anna", canary)
	v.wantLogin(http.StatusUnauthorized, "otto", canary)
	v.end()
	wantSilence(t, "serve", v.stderr.String()+v.stdout.String(), canary)
}

// TestControlCharactersInNames has a name that Django may have taken and no terminal should be sent.
func TestControlCharactersInNames(t *testing.T) {
	s := newSite(t)
	s.must(`[{"model":"auth.user","pk":1,"fields":{"username":"an\u001b[31mna\nroot","password":"!"}}]`, "importdjango", "-")
	wantUsers(t, s, `1 true unusable "an\\x1b\[31mna\\nroot"`)
}
