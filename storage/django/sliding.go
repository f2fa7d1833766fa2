package django

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// farthest is how long after its expiry a token may be extended. What names a later moment is no moment: a telephone
	// number, or a time in milliseconds.
	farthest = 10 * 365.25 * 24 * 60 * 60 // seconds

	latestUnix = 253402300799 // the last second of Django's last year
)

// lastExpiry returns when the last of the tokens with one jti expires: a sliding token keeps its jti when it is extended,
// while the site keeps the expiry that it wrote at the login. It may be extended until another of its claims, and lives for
// one more lifetime then. The name of that claim is a setting of the site, so that any that may be it counts.
//
// encoded is not verified: it can only make the expiry later. One that can not be read leaves it as it is.
func lastExpiry(encoded string, expires time.Time) time.Time {
	claims := readClaims(encoded)
	exp, hasExp := number(claims["exp"])
	iat, hasIAT := number(claims["iat"])
	if !hasExp || !hasIAT {
		return expires
	}
	until := math.Inf(-1)
	for name, value := range claims {
		// Later than iat is enough: what was extended last may outlive the claim, and another a little longer.
		if n, ok := number(value); ok && name != "exp" && n > iat && n <= exp+farthest {
			until = max(until, n)
		}
	}
	last := math.Ceil(until + exp - iat)
	if !(last > 0 && last <= latestUnix) {
		return expires
	}
	if extended := time.Unix(int64(last), 0).UTC(); extended.After(expires) {
		return extended
	}
	return expires
}

// readClaims returns the claims of a JSON Web Token; none when it is no such thing.
func readClaims(encoded string) map[string]jsontext.Value {
	_, rest, _ := strings.Cut(encoded, ".")
	payload, _, isSigned := strings.Cut(rest, ".")
	if !isSigned {
		return nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return nil
	}
	var claims map[string]jsontext.Value
	if err := json.Unmarshal(decoded, &claims, lenient); err != nil {
		return nil
	}
	return claims
}

// number reports false when the value is missing or no number.
func number(value jsontext.Value) (float64, bool) {
	if value.Kind() != '0' {
		return 0, false
	}
	n, _ := strconv.ParseFloat(string(value), 64) // out of range is infinite
	return n, !math.IsInf(n, 0)
}
