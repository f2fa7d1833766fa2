package crash_test

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Users came from a Django site, and hold refresh tokens of it, which belong to no session: they are adopted at their first
// refresh. A session that begins so is hashed for by nobody, so that the program has more to write in the same time.

// refill has the user hold a token of Django's that was never used. In the second of an end of all sessions none is good.
func (u *user) refill() {
	now := time.Now()
	if u.unused != "" || u.key == nil || now.Unix() <= u.endedAll.Unix() {
		return
	}
	id := make([]byte, 16)
	rand.Read(id)
	encoded, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"token_type": "refresh", "exp": now.Add(24 * time.Hour).Unix(), "iat": now.Unix(), "jti": hex.EncodeToString(id), "user_id": u.id,
	}).SignedString(u.key)
	if err != nil {
		u.fail("sign as Django does: %v", err)
	}
	u.unused = encoded
}

// adopt begins a session with that token.
func (u *user) adopt() {
	if u.unused == "" {
		u.logIn()
		return
	}
	if u.tryUnused() == nil {
		u.fail("a token that was never used is refused, and no end of all sessions was asked for since it was issued")
	}
}

// tryUnused begins a session whose id is the token's, unless that is refused. The token is its first, and is replaced at once.
func (u *user) tryUnused() *session {
	s := &session{sid: claims(u.unused).JTI, refresh: []string{u.unused}, fate: goesOn}
	u.unused = ""
	u.begun.Add(1)
	r := refreshing(s.last())
	r.kind = adoption
	u.note("adopt %s", s.sid)
	a := u.ask(r)
	if a.status == http.StatusUnauthorized && a.isBlacklisted() {
		return nil
	}
	u.sessions = append(u.sessions, s)
	u.refreshed(s, 0, a)
	return s
}

// checkSpent wants tokens that were never used to be refused, when all sessions of the user were ended since.
func (u *user) checkSpent() {
	for _, encoded := range u.spent {
		if a := u.ask(refreshing(encoded)); a.status != http.StatusUnauthorized || !a.isBlacklisted() {
			u.fail("token %s is as old as an end of all sessions, and answered %d %s", claims(encoded).JTI, a.status, a.body)
		}
	}
	u.spent = u.spent[:0]
}
