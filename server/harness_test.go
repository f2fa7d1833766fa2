package server_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/server"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
	"example.com/tokenpair/token"
)

const (
	username  = "sampleUser"
	plaintext = "userpassword123"
	goodBody  = `{"username":"sampleUser","password":"userpassword123"}`
	asJSON    = "Content-Type: application/json"
	patience  = 10 * time.Second // for what should happen at once
)

// options change what a site is made of.
type options struct {
	wrapStore   func(storage.Store) storage.Store
	wrapHandler func(http.Handler) http.Handler
	pool        *password.Pool // nil: two places and a long queue
	noDocs      bool
	retryAfter  time.Duration
	rules       auth.Rules
	server      server.Options // what is not said above
	config      func(*token.Config)
}

// site is the whole service on a port and a database file of its own, with one user.
type site struct {
	*httptest.Server
	handler *server.Server
	store   storage.Store // not wrapped
	hasher  password.Hasher
	issuer  *token.Issuer
	log     *logbook
	docs    bool
}

// logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func newSite(t testing.TB, opts options) *site {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "tokenpair.db"))
	must(t, err)
	t.Cleanup(func() { store.Close() })
	hasher, err := password.NewHasher("pbkdf2_sha256$10")
	must(t, err)
	key, err := token.ParseKey("HS256", []byte(strings.Repeat("k", 32)), nil)
	must(t, err)
	config := token.DefaultConfig()
	if opts.config != nil {
		opts.config(&config)
	}
	issuer, err := token.NewIssuer(key, config)
	must(t, err)
	if opts.pool == nil {
		opts.pool = newPool(t, 2, 100, patience)
	}
	s := &site{store: store, hasher: hasher, issuer: issuer, log: &logbook{}, docs: !opts.noDocs}
	users := auth.Users{Store: store, Hasher: hasher, Now: time.Now}
	_, err = users.Create(ctx, username, plaintext)
	must(t, err)

	var used storage.Store = store
	if opts.wrapStore != nil {
		used = opts.wrapStore(store)
	}
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	service := &auth.Service{
		Store: used, Hasher: hasher, Costs: password.NewCosts(hasher), Pool: opts.pool, Issuer: issuer, Log: log,
		Rules: opts.rules,
	}
	opts.server.Log, opts.server.Docs, opts.server.RetryAfter = log, s.docs, opts.retryAfter
	s.handler, err = server.New(service, opts.server)
	must(t, err)
	var handler http.Handler = s.handler
	if opts.wrapHandler != nil {
		handler = opts.wrapHandler(handler)
	}
	s.Server = httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelError)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func newPool(t testing.TB, workers, queue int, wait time.Duration) *password.Pool {
	t.Helper()
	pool, err := password.NewPool(workers, queue, wait)
	must(t, err)
	return pool
}

// addUser adds a user whose name and password no rule has to like.
func (s *site) addUser(t testing.TB, name, plain string, active bool) int64 {
	t.Helper()
	encoded, err := s.hasher.Hash(plain)
	must(t, err)
	ids, err := s.store.AddUsers(t.Context(), []storage.User{{
		Username: name, Password: encoded, PasswordFormat: string(s.hasher.Format()), Active: active,
	}})
	must(t, err)
	return ids[0]
}

// logged ends the server, so that every request has been logged, and returns all lines.
func (s *site) logged() []string {
	s.Close()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return strings.Split(strings.TrimSpace(s.log.text.String()), "\n")
}

// reply is an answer that was read to its end and holds to the contract.
type reply struct {
	status int
	header http.Header
	body   string
	closes bool // the connection
}

// do sends a request, with headers written as "Name: value", and checks the answer against the contract.
func (s *site) do(t testing.TB, method, target, body string, headers ...string) reply {
	t.Helper()
	return s.send(t, s.request(t, method, target, strings.NewReader(body), headers...))
}

// request makes a request whose body is sent in chunks unless its length can be seen.
func (s *site) request(t testing.TB, method, target string, body io.Reader, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+target, body)
	must(t, err)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func (s *site) send(t testing.TB, r *http.Request) reply {
	t.Helper()
	response, err := s.Client().Transport.RoundTrip(r) // a Client would follow redirects
	must(t, err)
	return s.receive(t, r.Method, r.URL.Path, response)
}

func (s *site) receive(t testing.TB, method, path string, response *http.Response) reply {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	if len(response.TransferEncoding) > 0 {
		t.Errorf("%s %s: the answer's length is not told beforehand", method, path)
	}
	got := reply{response.StatusCode, response.Header, string(body), response.Close}
	s.check(t, method, path, got)
	return got
}

// sid is a session that nobody has.
const sid = "0f8fad5bd9cb469fa16570867728950e"

// filled is a path of the document as a request has it.
func filled(path string) string { return strings.ReplaceAll(path, "{sid}", sid) }

func (s *site) login(t testing.TB, body string) reply {
	t.Helper()
	return s.do(t, http.MethodPost, "/api/token", body, asJSON)
}

func (r reply) want(t testing.TB, status int, body string) {
	t.Helper()
	if r.status != status || r.body != body {
		t.Errorf("answer is %d %s, want %d %s", r.status, r.body, status, body)
	}
}

func (r reply) wantStatus(t testing.TB, status int) {
	t.Helper()
	if r.status != status {
		t.Errorf("answer is %d %s, want %d", r.status, r.body, status)
	}
}

// line is one TCP connection, on which bytes are sent as they are.
type line struct {
	net.Conn
	site   *site
	reader *bufio.Reader
}

func (s *site) dial(t testing.TB) *line {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	return &line{conn, s, bufio.NewReader(conn)}
}

func (l *line) write(t testing.TB, text string) {
	t.Helper()
	_, err := io.WriteString(l, text)
	must(t, err)
}

// read reads one answer to a request for path.
func (l *line) read(t testing.TB, method, path string) reply {
	t.Helper()
	response, err := http.ReadResponse(l.reader, &http.Request{Method: method})
	must(t, err)
	return l.site.receive(t, method, path, response)
}

// wantClosed fails when the server says anything more or keeps the connection.
func (l *line) wantClosed(t testing.TB) {
	t.Helper()
	rest, err := io.ReadAll(l.reader)
	if wait, ok := err.(net.Error); ok && wait.Timeout() {
		t.Error("the connection is kept")
	}
	if len(rest) > 0 {
		t.Errorf("after the answer comes %q", rest)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
