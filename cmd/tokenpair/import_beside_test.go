package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fixture is a dump of users with cheap hashes, called prefix and a number, and of blacklisted tokens.
func fixture(prefix string, firstID, users, tokens int) string {
	var dump strings.Builder
	dump.WriteString("[")
	for n := range users {
		fmt.Fprintf(&dump, `{"model":"auth.user","pk":%d,"fields":{"username":"%s%d","password":"%s"}},`, firstID+n, prefix, n, ottosHash)
	}
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for n := range tokens {
		fmt.Fprintf(&dump, `{"model":"token_blacklist.outstandingtoken","pk":%d,"fields":{"user":null,"jti":"%s%032d","token":"x","created_at":null,"expires_at":"%s"}},`,
			n+1, prefix, n, expires)
		fmt.Fprintf(&dump, `{"model":"token_blacklist.blacklistedtoken","pk":%d,"fields":{"token":%[1]d,"blacklisted_at":"%s"}},`, n+1, expires)
	}
	return strings.TrimSuffix(dump.String(), ",") + "]"
}

// obtain posts JSON and wants a 200 with a refresh token, which it returns. Any goroutine of the test may call it.
func (v *service) obtain(path, body string) (refresh string, ok bool) {
	answer, err := v.contacts.Post(v.base+path, "application/json", strings.NewReader(body))
	if err != nil {
		v.t.Error(err)
		return "", false
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Error(err)
		return "", false
	}
	v.check(http.MethodPost, path, answer, string(content))
	var tokens pair
	if err := json.Unmarshal(content, &tokens); err != nil || answer.StatusCode != http.StatusOK || tokens.Refresh == "" {
		v.t.Errorf("POST %s: %d, %v", path, answer.StatusCode, err)
		return "", false
	}
	return tokens.Refresh, true
}

// TestImportBesideAServer: no login and no refresh may fail because of an import, nor lose what it writes besides.
func TestImportBesideAServer(t *testing.T) {
	const callers, seeded, users, tokens = 4, 400, 20_000, 4_000
	s := newSite(t, "TOKENPAIR_UPDATE_LAST_LOGIN=1", "TOKENPAIR_LOGIN_WAIT=1m")
	s.must(fixture("old", 1, seeded, 0), "importdjango", "-") // whose first login gives them a new hash
	path := write(t, "dump.json", fixture("new", seeded+1, users, tokens))
	// One with sessions, which each refresh writes to, and one that writes each old token down as blacklisted.
	services := []*service{s.serve(), s.serve("--no-sessions", "--rotate-refresh-tokens", "--blacklist-after-rotation")}

	var answered atomic.Int64
	var all sync.WaitGroup
	ended := make(chan struct{})
	for caller := range callers {
		v := services[caller%len(services)]
		all.Go(func() {
			for n := caller; ; n += callers {
				select {
				case <-ended:
					return
				default:
				}
				refresh, ok := v.obtain("/api/token", fmt.Sprintf(`{"username":"old%d","password":"correct horse battery"}`, n%seeded))
				for range 3 {
					if !ok {
						return
					}
					answered.Add(1)
					refresh, ok = v.obtain("/api/token/refresh", fmt.Sprintf(`{"refresh":"%s"}`, refresh))
				}
			}
		})
	}
	for late := time.Now().Add(patience); answered.Load() < callers && time.Now().Before(late); time.Sleep(time.Millisecond) {
	}
	before := answered.Load()
	out, err := s.process("importdjango", path).CombinedOutput() // another process, as an operator has it
	during := answered.Load() - before
	close(ended)
	all.Wait()
	if want := fmt.Sprintf("imported %d users\nblacklisted %d tokens; left out 0 ", users, tokens); err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("importdjango: %v, %s", err, out)
	}
	if before == 0 || during == 0 {
		t.Errorf("%d were answered before the import and %d during it", before, during)
	}
	services[0].wantLogin(http.StatusOK, fmt.Sprintf("new%d", users-1), "correct horse battery")
	if out := s.must("", "listusers"); strings.Count(out, " argon2") < 2 {
		t.Error("nobody was given a new hash")
	}
	for _, v := range services {
		v.end()
		for line := range strings.Lines(v.stderr.String()) {
			if !strings.Contains(line, `"level":"INFO"`) {
				t.Errorf("the log tells of what failed: %s", line)
			}
		}
	}
}
