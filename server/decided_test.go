package server_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"example.com/tokenpair/storage"
)

// loginRequest is a login as it goes over the wire.
func loginRequest(body string) string {
	return fmt.Sprintf("POST /api/token HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(body), body)
}

// halting is a Store whose look-up of a user stops before and behind it, as it is told.
type halting struct {
	storage.Store
	before, behind func()
}

func (h halting) UserByName(ctx context.Context, name string) (storage.User, error) {
	h.before()
	defer h.behind()
	return h.Store.UserByName(ctx, name)
}

// A login that has begun is decided whatever its client does: one that could be called off while the hash is computed
// would tell by its answer who exists, and one that is called off costs no attempt. Half of the connection is closed,
// which net/http takes for a client that has gone, and the other half reads the answer.
func TestLoginIsDecidedWhenItsClientHasGone(t *testing.T) {
	for _, moment := range []string{"before the look-up", "behind the look-up"} {
		t.Run(moment, func(t *testing.T) {
			begun, contexts := make(chan struct{}, 1), make(chan context.Context, 1)
			// halt lets the client know that its login has begun, and goes on when the server knows that it has gone.
			halt := func(here string) func() {
				return func() {
					if here != moment {
						return
					}
					request := <-contexts
					begun <- struct{}{}
					select {
					case <-request.Done():
					case <-time.After(patience):
						t.Error("the server does not see that its client has gone")
					}
				}
			}
			s := newSite(t, options{
				wrapStore: func(store storage.Store) storage.Store {
					return halting{store, halt("before the look-up"), halt("behind the look-up")}
				},
				wrapHandler: func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						contexts <- r.Context()
						next.ServeHTTP(w, r)
					})
				},
			})
			s.addUser(t, "asleep", plaintext, false)
			_, err := s.store.AddUsers(t.Context(), []storage.User{{Username: "unusable", Password: "!x", Active: true}})
			must(t, err)
			for _, c := range []struct {
				name, password string
				want           int
			}{
				{username, "wrong", http.StatusUnauthorized},
				{"unusable", plaintext, http.StatusUnauthorized},
				{"asleep", plaintext, http.StatusUnauthorized},
				{"nobody", plaintext, http.StatusUnauthorized},
				{username, plaintext, http.StatusOK},
			} {
				l := s.dial(t)
				l.write(t, loginRequest(fmt.Sprintf(`{"username":"%s","password":"%s"}`, c.name, c.password)))
				await(t, begun, "the login does not begin")
				must(t, l.Conn.(*net.TCPConn).CloseWrite())
				if got := l.read(t, http.MethodPost, "/api/token"); got.status != c.want {
					t.Errorf("%s, %s: answer is %d %s, want %d", c.name, c.password, got.status, got.body, c.want)
				}
			}
		})
	}
}
