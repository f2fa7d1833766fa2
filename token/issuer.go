package token

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Type is the kind of a token, as its claim token_type says it.
type Type string

// The kinds of tokens.
const (
	Access  Type = "access"
	Refresh Type = "refresh"
)

// Pair is what a login is answered with: two tokens in compact serialization.
type Pair struct {
	Refresh string
	Access  string
}

// Subject is the value of the claim user_id: whom the token is about. Make it with NumberSubject or TextSubject.
type Subject struct {
	raw jsontext.Value
}

// NumberSubject is a subject that is written as a JSON number.
func NumberSubject(id int64) Subject { return Subject{strconv.AppendInt(nil, id, 10)} }

// TextSubject is a subject that is written as a JSON string.
func TextSubject(id string) Subject { return Subject{quote(id)} }

// Issuer mints tokens and reads them. Its fields may be replaced before its first use; after that it is safe for
// concurrent use.
type Issuer struct {
	Now   func() time.Time // the clock
	NewID func() string    // a new jti, never the same twice

	key             Key
	accessLifetime  time.Duration
	refreshLifetime time.Duration
}

// NewIssuer makes an Issuer that signs and verifies with key, whose tokens live as long as told, in whole seconds. It
// refuses lifetimes under a second.
func NewIssuer(key Key, accessLifetime, refreshLifetime time.Duration) (*Issuer, error) {
	if accessLifetime < time.Second || refreshLifetime < time.Second {
		return nil, errors.New("a token must live for a second at least")
	}
	if key.method == nil {
		return nil, errors.New("an issuer needs a key")
	}
	return &Issuer{
		Now:             time.Now,
		NewID:           RandomID,
		key:             key,
		accessLifetime:  accessLifetime,
		refreshLifetime: refreshLifetime,
	}, nil
}

// IssuePair mints a refresh token and an access token about subject, each with its own jti. Claims stand in the order
// token_type, exp, iat, jti, user_id.
func (i *Issuer) IssuePair(subject Subject) (Pair, error) {
	now := i.Now()
	refresh, err := i.issue(Refresh, subject, now, i.refreshLifetime)
	if err != nil {
		return Pair{}, err
	}
	access, err := i.issue(Access, subject, now, i.accessLifetime)
	if err != nil {
		return Pair{}, err
	}
	return Pair{Refresh: refresh, Access: access}, nil
}

func (i *Issuer) issue(kind Type, subject Subject, now time.Time, lifetime time.Duration) (string, error) {
	claims := Claims{members: make([]member, 0, 5)}
	claims.SetText("token_type", string(kind))
	claims.SetInt("exp", now.Add(lifetime).Unix())
	claims.SetInt("iat", now.Unix())
	claims.SetText("jti", i.NewID())
	claims.set("user_id", subject.raw)
	return i.key.sign(claims)
}

// RandomID returns 128 random bits as 32 hex digits.
func RandomID() string {
	id := randomBytes()
	return hex.EncodeToString(id[:])
}

// RandomUUID returns a random UUID (RFC 9562 §5.4) as 32 hex digits without dashes: 122 random bits, in the form that
// SimpleJWT gives a jti.
func RandomUUID() string {
	id := randomBytes()
	id[6] = id[6]&0x0F | 0x40
	id[8] = id[8]&0x3F | 0x80
	return hex.EncodeToString(id[:])
}

func randomBytes() (b [16]byte) {
	rand.Read(b[:]) // crypto/rand.Read never fails: it ends the program instead
	return b
}
