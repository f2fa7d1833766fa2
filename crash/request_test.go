package crash_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"
)

// kind is what a request writes, "" for nothing.
type kind string

const (
	login    kind = "login"
	adoption kind = "adoption"
	rotation kind = "rotation"
	logout   kind = "logout"
	end      kind = "end of a session"
	endAll   kind = "end of all sessions"
	change   kind = "change of a password"
)

type request struct {
	kind         kind
	method, path string
	access       string            // the access token that comes with it
	body         map[string]string // sent as JSON, nil for nothing
}

// answer is what came back. Without one, because the program was killed, its status is 0.
type answer struct {
	status int
	body   string
	when   span
}

// isBlacklisted says whether a token was refused for the reason that docs/refresh.md has.
func (a answer) isBlacklisted() bool { return strings.Contains(a.body, "Token is blacklisted") }

// tokens are those of a pair.
func (a answer) tokens() (pair struct{ Refresh, Access string }) {
	if err := json.Unmarshal([]byte(a.body), &pair); err != nil {
		return struct{ Refresh, Access string }{}
	}
	return pair
}

func post(k kind, path string, body map[string]string) request {
	return request{kind: k, method: http.MethodPost, path: path, body: body}
}

func refreshing(encoded string) request {
	return post(rotation, "/api/token/refresh", map[string]string{"refresh": encoded})
}

func blacklisting(encoded string) request {
	return post(logout, "/api/token/blacklist", map[string]string{"refresh": encoded})
}

func verifying(encoded string) request {
	return post("", "/api/token/verify", map[string]string{"token": encoded})
}

func me(access string) request {
	return request{method: http.MethodGet, path: "/api/me", access: access}
}

func (u *user) loggingIn(plaintext string) request {
	return post(login, "/api/token", map[string]string{"username": u.name, "password": plaintext})
}

func (u *user) changing(s *session, next string) request {
	r := post(change, "/api/me/password", map[string]string{"current_password": u.password, "new_password": next})
	r.access = u.one(s.access)
	return r
}

func ending(access string, s *session) request {
	return request{kind: end, method: http.MethodDelete, path: "/api/me/sessions/" + s.sid, access: access}
}

func endingAll(access, query string) request {
	return request{kind: endAll, method: http.MethodDelete, path: "/api/me/sessions" + query, access: access}
}

// one draws one of several tokens.
func (u *user) one(tokens []string) string { return tokens[u.random.IntN(len(tokens))] }

// ask sends a request and waits for its answer.
func (u *user) ask(r request) answer { return u.askAtOnce(r)[0] }

// askAtOnce sends requests at the same time. That one is not answered is as it should be where the program was killed, and
// only there.
func (u *user) askAtOnce(requests ...request) []answer {
	answers, errs := make([]answer, len(requests)), make([]error, len(requests))
	var all sync.WaitGroup
	for i, r := range requests {
		all.Go(func() { answers[i], errs[i] = u.server.answer(r) })
	}
	all.Wait()
	for i, r := range requests {
		switch {
		case errs[i] != nil:
			u.fail("%s %s is not answered, and nobody has killed it: %v", r.method, r.path, errs[i])
		case answers[i].status >= http.StatusInternalServerError:
			u.fail("%s %s: %d %s", r.method, r.path, answers[i].status, answers[i].body)
		}
	}
	return answers
}

// answer fails only where the program was not killed.
func (s *server) answer(r request) (answer, error) {
	if r.kind == login {
		s.begun.Add(1)
	}
	if s.moment.counts(sent, r.kind) {
		time.AfterFunc(s.moment.delay, s.moment.strike)
	}
	a := answer{when: span{from: time.Now()}}
	var err error
	a.status, a.body, err = s.send(r)
	a.when.to = time.Now()
	if s.dead.Load() {
		err = nil
	}
	return a, err
}

// send returns an error also where the answer has come in part.
func (s *server) send(r request) (status int, body string, err error) {
	var content io.Reader = http.NoBody
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return 0, "", err
		}
		content = bytes.NewReader(encoded)
	}
	prepared, err := http.NewRequest(r.method, s.base+r.path, content)
	if err != nil {
		return 0, "", err
	}
	if r.body != nil {
		prepared.Header.Set("Content-Type", "application/json")
	}
	if r.access != "" {
		prepared.Header.Set("Authorization", "Bearer "+r.access)
	}
	// At the first byte: of an answer that has begun to come, the rest is here, and what the program leaves for later is not done.
	trace := &httptrace.ClientTrace{GotFirstResponseByte: func() {
		if s.moment.counts(answered, r.kind) {
			s.moment.strike()
		}
	}}
	received, err := s.contacts.Do(prepared.WithContext(httptrace.WithClientTrace(prepared.Context(), trace)))
	if err != nil {
		return 0, "", err
	}
	defer received.Body.Close()
	read, err := io.ReadAll(received.Body)
	if err != nil {
		return 0, "", err
	}
	return received.StatusCode, string(read), nil
}
