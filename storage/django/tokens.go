package django

import (
	"errors"
	"fmt"
	"time"

	"example.com/tokenpair/storage"
)

// tokens collects the two models of the token_blacklist app, in any order. A site that never flushes has millions of
// tokens that expired: of those only the pks are held.
type tokens struct {
	now         time.Time
	alive       []outstanding
	jtis        map[string]struct{} // of alive
	outstanding idSet               // pks
	rows        idSet               // pks of blacklisted tokens
	blacklisted idSet               // pks of the outstanding tokens that they name
	missing     map[int64]int       // of those, the ones that did not come yet, with the object that names them
	expired     int                 // blacklisted, and at the end not alive
	good        int                 // at the end, alive and not blacklisted
}

type outstanding struct {
	pk      int64
	jti     string
	expires time.Time // of the last token with the jti
}

func newTokens(now time.Time) tokens {
	return tokens{now: now, jtis: map[string]struct{}{}, outstanding: idSet{}, rows: idSet{}, blacklisted: idSet{}, missing: map[int64]int{}}
}

func (t *tokens) addOutstanding(o object) error {
	token, err := parseOutstanding(o)
	if err != nil {
		return err
	}
	if !t.outstanding.add(token.pk) {
		return errors.New("the same pk as an outstanding token before it")
	}
	delete(t.missing, token.pk)
	if !token.expires.After(t.now) {
		return nil
	}
	if _, taken := t.jtis[token.jti]; taken {
		return errors.New("the same jti as an outstanding token before it")
	}
	t.jtis[token.jti] = struct{}{}
	t.alive = append(t.alive, token)
	return nil
}

func parseOutstanding(o object) (token outstanding, err error) {
	if token.pk, err = o.pk(); err != nil {
		return token, err
	}
	var f outstandingFields
	if err := o.unmarshalFields(&f); err != nil {
		return token, err
	}
	var ok bool
	if token.jti, ok = text(f.JTI); !ok {
		return token, errJTI
	}
	if err := checkJTI(token.jti); err != nil {
		return token, err
	}
	if token.expires, ok = instant(f.ExpiresAt); !ok || token.expires.IsZero() {
		return token, errExpires
	}
	encoded, _ := text(f.Token)
	token.expires = lastExpiry(encoded, token.expires)
	return token, nil
}

// addBlacklisted reads a blacklisted token from the object of that number.
func (t *tokens) addBlacklisted(o object, number int) error {
	pk, err := o.pk()
	if err != nil {
		return err
	}
	var f blacklistedFields
	if err := o.unmarshalFields(&f); err != nil {
		return err
	}
	token, ok := positive(f.Token)
	if !ok {
		return errors.New("its token is not the pk of an outstanding token")
	}
	if !t.rows.add(pk) {
		return errors.New("the same pk as a blacklisted token before it")
	}
	if !t.blacklisted.add(token) {
		return errors.New("the same token as a blacklisted token before it")
	}
	if !t.outstanding.has(token) {
		t.missing[token] = number
	}
	t.expired++
	return nil
}

// finish checks that every blacklisted token is there, and keeps those that are alive.
func (t *tokens) finish() error {
	first, missing := 0, int64(0)
	for pk, number := range t.missing {
		if first == 0 || number < first {
			first, missing = number, pk
		}
	}
	if first != 0 {
		return fmt.Errorf("object %d: its token %d is not in the file: dump both models of token_blacklist", first, missing)
	}
	blacklisted := t.alive[:0]
	for _, token := range t.alive {
		if t.blacklisted.has(token.pk) {
			blacklisted = append(blacklisted, token)
		}
	}
	t.expired -= len(blacklisted)
	*t = tokens{alive: blacklisted, expired: t.expired, good: len(t.alive) - len(blacklisted)}
	return nil
}

func (t *tokens) revocations(yield func(storage.Revocation, error) bool) {
	for _, token := range t.alive {
		if !yield(storage.Revocation{ID: token.jti, Expires: token.expires}, nil) {
			return
		}
	}
}

// idSet is a set of IDs. Those of a table lie close together: it takes a few bits for each.
type idSet map[int64]uint64

// add reports whether id was not there.
func (s idSet) add(id int64) bool {
	if s.has(id) {
		return false
	}
	s[id>>6] |= 1 << (id & 63)
	return true
}

func (s idSet) has(id int64) bool { return s[id>>6]>>(id&63)&1 == 1 }
