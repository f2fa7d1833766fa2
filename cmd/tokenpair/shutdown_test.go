package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/server"
	"example.com/tokenpair/storage/sqlite"
)

// TestShutdownFinishesLogins ends the service while logins wait for their turn to be hashed.
func TestShutdownFinishesLogins(t *testing.T) {
	const logins = 8
	// The slowest hash there is, and time for it also under the race detector: no login is answered 503.
	s := newSite(t, "TOKENPAIR_PASSWORD_HASHER=pbkdf2_sha256", "TOKENPAIR_LOGIN_WAIT=1m", "TOKENPAIR_SHUTDOWN_TIMEOUT=1m")
	s.createUser("anna", "correct horse battery")
	v := s.serve()
	reached, answers := make(chan struct{}, logins), make(chan int, logins)
	for i := range logins {
		plaintext := []string{"correct horse battery", "another horse battery"}[i%2]
		go func() {
			status, err := v.patientLogin("anna", plaintext, func() { reached <- struct{}{} })
			if err != nil {
				t.Errorf("a login under way was cut off: %v", err)
			}
			answers <- status
		}()
	}
	for range logins {
		<-reached
	}
	v.stop()
	v.stderr.find(t, regexp.MustCompile(`"shutting down"`), v.done)
	// Most often nobody listens any more, which a load balancer understands as well.
	if answer, err := v.contacts.Get(v.base + "/readyz"); err == nil {
		v.check(http.MethodGet, "/readyz", answer, readAll(t, answer.Body))
		if answer.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("/readyz: %d while it shuts down", answer.StatusCode)
		}
	}
	count := map[int]int{}
	for range logins {
		count[<-answers]++
	}
	v.end()
	if count[http.StatusOK] != logins/2 || count[http.StatusUnauthorized] != logins/2 {
		t.Errorf("statuses and how often: %v", count)
	}
	if _, err := v.contacts.Get(v.base + "/livez"); err == nil {
		t.Error("it still answers")
	}
	wantClosed(t, s)
}

// patientLogin sends its body only when the handler asks for it, and tells that it did.
func (v *service) patientLogin(username, plaintext string, reached func()) (status int, err error) {
	request, err := http.NewRequest(http.MethodPost, v.base+"/api/token", credentials(username, plaintext))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Expect", "100-continue")
	trace := &httptrace.ClientTrace{Got100Continue: reached}
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), trace))
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: patience, DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil {
		v.check(http.MethodPost, "/api/token", answer, string(body))
	}
	return answer.StatusCode, err
}

// wantClosed wants the database to be one whole file that can be opened.
func wantClosed(t *testing.T, s *site) {
	t.Helper()
	for _, suffix := range words("-wal", "-shm") {
		if _, err := os.Stat(s.path + suffix); !os.IsNotExist(err) {
			t.Errorf("the file %s is left: %v", suffix, err)
		}
	}
	store, err := sqlite.Open(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

// stick opens a connection whose request never ends, and returns when the handler reads its body.
func stick(v *service) {
	v.t.Helper()
	connection := v.dial()
	const head = "POST /api/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n"
	if _, err := io.WriteString(connection, head); err != nil {
		v.t.Fatal(err)
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		v.t.Fatalf("%q, %v", line, err)
	}
	if _, err := io.WriteString(connection, `{"username":"an`); err != nil {
		v.t.Fatal(err)
	}
}

func TestShutdownCutsOff(t *testing.T) {
	for _, timeout := range words("0", "20ms") {
		t.Run(timeout, func(t *testing.T) {
			s := newSite(t)
			v := s.serve("--shutdown-timeout=" + timeout)
			stick(v)
			start := time.Now()
			v.stop()
			<-v.done
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			if exitCode(v.err) != 1 || !strings.Contains(v.err.Error(), "were cut off") {
				t.Errorf("it ended with %v", v.err)
			}
			if told := regexp.MustCompile(`(?m)^tokenpair: error: .*$`).FindAllString(v.stderr.String(), -1); len(told) != 1 {
				t.Errorf("it told %q", told)
			}
			wantClosed(t, s)
		})
	}
}

// TestTheSignalFailsReadiness asks the handler itself: by then nobody can connect any more.
func TestTheSignalFailsReadiness(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	handler, err := server.New(&auth.Service{Log: log}, server.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := new(serveVerb).serve(ctx, listener, handler, log); err != nil {
		t.Error(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if answer.Code != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d", answer.Code)
	}
	answer.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len())) // as net/http does
	checkAnswer(t, false, http.MethodGet, "/readyz", &http.Response{StatusCode: answer.Code, Header: answer.Header()}, answer.Body.String())
}

// TestEndBeforeListening ends the service before it has begun.
func TestEndBeforeListening(t *testing.T) {
	s := newSite(t)
	s.must("a good password\n", "createuser", "alice", "--password-stdin")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	stdout, stderr := newOutput(), newOutput()
	err := run(ctx, words("serve"), s.environ, strings.NewReader(""), stdout, stderr)
	if exitCode(err) > 1 || stdout.String() != "" || strings.Count(stderr.String(), "\n") > 1 {
		t.Errorf("%v, %q, %q", err, stdout, stderr)
	}
	wantClosed(t, s)
}
