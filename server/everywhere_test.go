package server_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"example.com/tokenpair/storage"
)

// posts are the operations that take a body, with one that they would go on with.
func (s *site) posts(t testing.TB) map[string]string {
	t.Helper()
	p := s.pair(t)
	sliding := s.do(t, "POST", "/api/token/sliding", goodBody, asJSON).tokens(t).Token
	return map[string]string{
		"/api/token":                 goodBody,
		"/api/token/refresh":         `{"refresh":"` + p.Refresh + `"}`,
		"/api/token/verify":          `{"token":"` + p.Refresh + `"}`,
		"/api/token/blacklist":       `{"refresh":"` + p.Refresh + `"}`,
		"/api/token/sliding":         goodBody,
		"/api/token/sliding/refresh": `{"token":"` + sliding + `"}`,
		"/api/me/password":           `{"current_password":"userpassword123","new_password":"violet anvil seven lakes"}`,
	}
}

// protected are the operations that want a token and take no body.
var protected = []struct{ method, path string }{
	{"GET", "/api/me"}, {"GET", "/api/me/sessions"}, {"DELETE", "/api/me/sessions"}, {"DELETE", "/api/me/sessions/" + sid},
}

func TestProtectedPathsAreThese(t *testing.T) {
	var written []string
	eachOperation(document(), func(name string, op *openapi3.Operation) {
		if len(*op.Security) > 0 {
			written = append(written, filled(name))
		}
	})
	tried := []string{"POST /api/me/password"}
	for _, op := range protected {
		tried = append(tried, op.method+" "+op.path)
	}
	slices.Sort(written)
	slices.Sort(tried)
	if !slices.Equal(written, tried) {
		t.Errorf("tried are %q, and the document has %q", tried, written)
	}
	s := newSite(t, options{})
	for _, name := range tried {
		method, path, _ := strings.Cut(name, " ")
		s.do(t, method, path, "").want(t, http.StatusUnauthorized, noCredentials)
		s.do(t, method, path, "", "Accept: text/html").want(t, http.StatusNotAcceptable, notAcceptable)
		s.do(t, method, path+"?format=xml", "").want(t, http.StatusNotFound, notFound)
	}
}

// What every operation with a body refuses in the same words.
func TestBodiesOnEveryPath(t *testing.T) {
	s := newSite(t, withSliding())
	posts, bearer := s.posts(t), "Authorization: Bearer "+s.pair(t).Access // which the others do not look at
	for path, item := range document().Paths.Map() {
		if _, ok := posts[path]; item.Post != nil && !ok {
			t.Errorf("%s is not tried", path)
		}
	}
	for path, body := range posts {
		s.do(t, "POST", path, strings.Repeat(" ", 131073), asJSON, bearer).want(t, http.StatusRequestEntityTooLarge, tooLarge)
		s.do(t, "POST", path, body, "Content-Type: text/plain", bearer).want(t, http.StatusUnsupportedMediaType,
			`{"detail":"Unsupported media type \"text/plain\" in request."}`)
		s.do(t, "POST", path, `[]`, asJSON, bearer).want(t, http.StatusBadRequest,
			`{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}`)
		got := s.do(t, "POST", path, `{`, asJSON, bearer)
		if got.status != http.StatusBadRequest || !strings.HasPrefix(got.body, `{"detail":"JSON parse error - `) {
			t.Errorf("%s: answer is %d %s", path, got.status, got.body)
		}
		s.do(t, "GET", path, "", bearer).wantStatus(t, http.StatusMethodNotAllowed)
	}
}

// locked is a Store that somebody else keeps from everything.
type locked struct{ storage.Store }

func (locked) UserByName(context.Context, string) (storage.User, error) {
	return storage.User{}, storage.ErrBusy
}
func (locked) UserByID(context.Context, int64) (storage.User, error) {
	return storage.User{}, storage.ErrBusy
}
func (locked) Standing(context.Context, string, string) (storage.Standing, error) {
	return storage.Standing{}, storage.ErrBusy
}

func TestLockedDatabaseIsBusy(t *testing.T) {
	opts := withSliding()
	opts.rules, opts.retryAfter = rotating, 3*time.Second
	lock := false
	opts.wrapStore = func(store storage.Store) storage.Store { return switching{store, locked{store}, &lock} }
	s := newSite(t, opts)
	posts, bearer := s.posts(t), "Authorization: Bearer "+s.pair(t).Access
	lock = true
	for path, body := range posts {
		got := s.do(t, "POST", path, body, asJSON, bearer)
		got.want(t, http.StatusServiceUnavailable, busy)
		if got.header.Get("Retry-After") != "3" {
			t.Errorf("%s: Retry-After is %q", path, got.header.Get("Retry-After"))
		}
	}
	for _, op := range protected {
		s.do(t, op.method, op.path, "", bearer).want(t, http.StatusServiceUnavailable, busy)
	}
	lock = false
	s.get(t, bearer).wantStatus(t, http.StatusOK)
}

// switching is one Store or another.
type switching struct {
	storage.Store
	other storage.Store
	turn  *bool
}

func (s switching) now() storage.Store {
	if *s.turn {
		return s.other
	}
	return s.Store
}

func (s switching) UserByName(ctx context.Context, name string) (storage.User, error) {
	return s.now().UserByName(ctx, name)
}

func (s switching) UserByID(ctx context.Context, id int64) (storage.User, error) {
	return s.now().UserByID(ctx, id)
}

func (s switching) Standing(ctx context.Context, token, session string) (storage.Standing, error) {
	return s.now().Standing(ctx, token, session)
}

func TestClosedDatabaseOnEveryPath(t *testing.T) {
	opts := withSliding()
	opts.rules = rotating
	s := newSite(t, opts)
	posts, bearer := s.posts(t), "Authorization: Bearer "+s.pair(t).Access
	must(t, s.store.Close())
	for path, body := range posts {
		s.do(t, "POST", path, body, asJSON, bearer).want(t, http.StatusInternalServerError, failed)
	}
	for _, op := range protected {
		s.do(t, op.method, op.path, "", bearer).want(t, http.StatusInternalServerError, failed)
	}
}
