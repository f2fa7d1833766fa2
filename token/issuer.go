package token

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Type is the kind of a token, as its type claim says it.
type Type string

// The kinds of tokens. Any stands for all of them where a token is checked.
const (
	Access  Type = "access"
	Refresh Type = "refresh"
	Sliding Type = "sliding"
	Any     Type = ""
)

// Pair is what a login is answered with: two tokens in compact serialization.
type Pair struct {
	Refresh string
	Access  string
}

// ErrTooLong: a token would be longer than MaxLength, so that nobody here could read it.
var ErrTooLong = fmt.Errorf("token would be longer than %d bytes", MaxLength)

// Issuer mints tokens and reads them. Its fields may be replaced before its first use; after that it is safe for
// concurrent use. Every method reads the clock once at most.
type Issuer struct {
	Now   func() time.Time // the clock
	NewID func() string    // a new id, never the same twice

	key      Key
	config   Config
	audience jsontext.Value // the claim aud, nil when there is none
}

// NewIssuer makes an Issuer that signs and verifies with key. It refuses a config that cannot work; the error names
// everything that is wrong, under SimpleJWT's names of the settings.
func NewIssuer(key Key, config Config) (*Issuer, error) {
	if key.method == nil {
		return nil, errors.New("an issuer needs a key")
	}
	if err := config.check(); err != nil {
		return nil, err
	}
	config.Audience = slices.Clone(config.Audience)
	i := &Issuer{Now: time.Now, NewID: RandomID, key: key, config: config, audience: audienceClaim(config.Audience)}

	// What is minted here must be read here.
	var about Claims
	about.SetText(config.UserIDClaim, strconv.FormatInt(math.MaxInt64, 10))
	about.SetText(config.RevokeClaim, strings.Repeat("0", 32))
	about.SetText("", strings.Repeat("0", MaxExtra+64)) // the session's id too
	_, err := i.IssueSliding(about)
	if errors.Is(err, ErrTooLong) {
		return nil, fmt.Errorf("AUDIENCE, ISSUER, the names of claims and the signature leave no room: %w", err)
	}
	return i, err
}

func audienceClaim(audience []string) jsontext.Value {
	if len(audience) == 0 {
		return nil
	}
	if len(audience) == 1 {
		return quote(audience[0])
	}
	list := jsontext.Value{'['}
	for n, one := range audience {
		if n > 0 {
			list = append(list, ',')
		}
		list = append(list, quote(one)...)
	}
	return append(list, ']')
}

// Config returns the settings that the Issuer was made with.
func (i *Issuer) Config() Config {
	config := i.config
	config.Audience = slices.Clone(config.Audience)
	return config
}

// Terms are what makes one token out of the claims of a login: its kind, its id and its time. Of times, whole seconds count.
type Terms struct {
	Type            Type
	ID              string
	Issued, Expires time.Time
}

// terms are those of a new token that lives as long as the config says.
func (i *Issuer) terms(kind Type, now time.Time, lifetime time.Duration) Terms {
	return Terms{kind, i.NewID(), now, now.Add(lifetime)}
}

// Issue mints a token. Its claims are type, exp, iat and id, then those of about, then aud and iss if configured and not in
// about. It fails when a sub in about is not text (RFC 7519 §4.1.2), and with ErrTooLong.
func (i *Issuer) Issue(t Terms, about Claims) (string, error) {
	claims := i.newClaims(t)
	claims.merge(about)
	return i.mint(claims)
}

// IssuePair mints a refresh token and an access token, each with its own id, as Issue does.
func (i *Issuer) IssuePair(about Claims) (Pair, error) {
	now := i.Now()
	var pair Pair
	var err error
	if pair.Refresh, err = i.Issue(i.terms(Refresh, now, i.config.RefreshLifetime), about); err != nil {
		return Pair{}, err
	}
	if pair.Access, err = i.Issue(i.terms(Access, now, i.config.AccessLifetime), about); err != nil {
		return Pair{}, err
	}
	return pair, nil
}

// IssueSliding mints a sliding token. Its claims and errors are those of Issue, with the refresh expiry after the id.
func (i *Issuer) IssueSliding(about Claims) (string, error) {
	now := i.Now()
	claims := i.newClaims(i.terms(Sliding, now, i.config.SlidingLifetime))
	claims.SetInt(i.config.SlidingExpClaim, now.Add(i.config.SlidingRefreshLifetime).Unix())
	claims.merge(about)
	return i.mint(claims)
}

// DeriveAccess mints an access token from the claims of a good refresh token, as Derive does.
func (i *Issuer) DeriveAccess(refresh Claims) (string, error) {
	return i.Derive(i.terms(Access, i.Now(), i.config.AccessLifetime), refresh)
}

// Derive mints a token from the claims of another: a type, exp, iat and id of its own, then everything else in the other's
// order. Neither the id claim nor a claim jti is taken over.
func (i *Issuer) Derive(t Terms, from Claims) (string, error) {
	claims := i.newClaims(t)
	own := []string{i.config.TypeClaim, "exp", "iat", i.config.IDClaim, "jti"}
	for _, m := range from.members {
		if !slices.Contains(own, m.name) {
			claims.set(m.name, m.raw)
		}
	}
	return i.mint(claims)
}

// Rotate mints the successor of a good refresh token, as Renew does.
func (i *Issuer) Rotate(refresh Claims) (string, error) {
	return i.Renew(i.terms(Refresh, i.Now(), i.config.RefreshLifetime), refresh)
}

// Renew mints a token with the claims of another at the same places, but for id, exp and iat. The type stays, whatever the
// terms say.
func (i *Issuer) Renew(t Terms, from Claims) (string, error) {
	claims := from.Clone()
	claims.SetText(i.config.IDClaim, t.ID)
	claims.setTimes(t)
	return i.mint(claims)
}

// ExtendSliding mints the successor of a good sliding token: the same claims at the same places, its id and refresh
// expiry among them, with a new iat and exp, which is not after latest unless that is zero. It fails with ErrNoRefreshExpiry
// when the refresh expiry is missing or no NumericDate, and with ErrRefreshExpired when it has passed.
func (i *Issuer) ExtendSliding(sliding Claims, latest time.Time) (string, error) {
	now := i.Now()
	raw, _ := sliding.Get(i.config.SlidingExpClaim)
	end, ok := date(sliding, i.config.SlidingExpClaim)
	isSwitch := raw.Kind() == 't' || raw.Kind() == 'f' // to Python 0 and 1, the first seconds of 1970
	if !ok && !isSwitch {
		return "", ErrNoRefreshExpiry
	}
	if isSwitch || end <= now.Add(-i.config.Leeway).Unix() {
		return "", ErrRefreshExpired
	}
	expires := now.Add(i.config.SlidingLifetime)
	if !latest.IsZero() && expires.After(latest) {
		expires = latest
	}
	claims := sliding.Clone()
	claims.setTimes(Terms{Issued: now, Expires: expires})
	return i.mint(claims)
}

// newClaims returns the claims that every new token begins with.
func (i *Issuer) newClaims(t Terms) Claims {
	claims := Claims{members: make([]member, 0, 10)}
	claims.SetText(i.config.TypeClaim, string(t.Type))
	claims.setTimes(t)
	claims.SetText(i.config.IDClaim, t.ID)
	return claims
}

func (c *Claims) setTimes(t Terms) {
	c.SetInt("exp", t.Expires.Unix())
	c.SetInt("iat", t.Issued.Unix())
}

func (c *Claims) merge(others Claims) {
	for _, m := range others.members {
		c.set(m.name, m.raw)
	}
}

// SetParties sets the claims aud and iss where they are configured, so that others can stand behind them.
func (i *Issuer) SetParties(claims *Claims) {
	if i.audience != nil {
		claims.set("aud", i.audience)
	}
	if i.config.Issuer != "" {
		claims.SetText("iss", i.config.Issuer)
	}
}

// mint signs the claims. Like SimpleJWT it sets aud and iss at the last moment: at their place if a claim of the name is
// there, else at the end.
func (i *Issuer) mint(claims Claims) (string, error) {
	i.SetParties(&claims)
	if name, ok := textOnly(claims); !ok {
		return "", fmt.Errorf("claim %s must be text (RFC 7519 §4.1)", name)
	}
	encoded, err := i.key.sign(claims)
	if err != nil {
		return "", err
	}
	if len(encoded) > MaxLength {
		return "", ErrTooLong
	}
	return encoded, nil
}
