package token

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// Config holds those of SimpleJWT's settings that show in a token.
type Config struct {
	// How long tokens live, in whole seconds, at least one. A sliding token can be extended until
	// SlidingRefreshLifetime after it was first issued.
	AccessLifetime, RefreshLifetime, SlidingLifetime, SlidingRefreshLifetime time.Duration

	// Leeway is how far the clocks of issuer and reader may differ; reading allows for it in exp, iat, nbf and the
	// refresh expiry of a sliding token. It is not negative.
	Leeway time.Duration

	// Audience is the claim aud (RFC 7519 §4.1.3): nil for none, one is written as text, several as a list. A token is
	// accepted when it has one of them.
	Audience []string

	// Issuer is the claim iss (RFC 7519 §4.1.1), or empty for none.
	Issuer string

	// The names of claims. All differ, and no claim that RFC 7519 defines may be named, but for sub as UserIDClaim and
	// jti as IDClaim.
	UserIDClaim, TypeClaim, IDClaim, SlidingExpClaim, RevokeClaim string
}

// DefaultConfig returns SimpleJWT's defaults.
func DefaultConfig() Config {
	return Config{
		AccessLifetime:         5 * time.Minute,
		RefreshLifetime:        24 * time.Hour,
		SlidingLifetime:        5 * time.Minute,
		SlidingRefreshLifetime: 24 * time.Hour,
		UserIDClaim:            "user_id",
		TypeClaim:              "token_type",
		IDClaim:                "jti",
		SlidingExpClaim:        "refresh_exp",
		RevokeClaim:            "hash_password",
	}
}

// check returns everything that is wrong, each under SimpleJWT's name of the setting.
func (c Config) check() error {
	return errors.Join(c.checkTimes(), c.checkParties(), c.checkNames())
}

func (c Config) checkTimes() error {
	var errs []error
	for _, setting := range []struct {
		name  string
		value time.Duration
	}{
		{"ACCESS_TOKEN_LIFETIME", c.AccessLifetime},
		{"REFRESH_TOKEN_LIFETIME", c.RefreshLifetime},
		{"SLIDING_TOKEN_LIFETIME", c.SlidingLifetime},
		{"SLIDING_TOKEN_REFRESH_LIFETIME", c.SlidingRefreshLifetime},
	} {
		if setting.value < time.Second {
			errs = append(errs, fmt.Errorf("%s must be at least 1s", setting.name))
		}
	}
	if c.Leeway < 0 {
		errs = append(errs, errors.New("LEEWAY must not be negative"))
	}
	return errors.Join(errs...)
}

func (c Config) checkParties() error {
	var errs []error
	if slices.ContainsFunc(c.Audience, func(audience string) bool { return audience == "" || !utf8.ValidString(audience) }) {
		errs = append(errs, errors.New("AUDIENCE must not have an empty entry, nor one that is not UTF-8"))
	}
	if !utf8.ValidString(c.Issuer) {
		errs = append(errs, errors.New("ISSUER must be UTF-8"))
	}
	return errors.Join(errs...)
}

// checkNames: sub and jti must be text to be read again, and an access token does not take over a refresh token's jti.
func (c Config) checkNames() error {
	var errs []error
	settingOf := make(map[string]string)
	for _, setting := range []struct{ name, value, registered string }{
		{"USER_ID_CLAIM", c.UserIDClaim, "sub"},
		{"TOKEN_TYPE_CLAIM", c.TypeClaim, ""},
		{"JTI_CLAIM", c.IDClaim, "jti"},
		{"SLIDING_TOKEN_REFRESH_EXP_CLAIM", c.SlidingExpClaim, ""},
		{"REVOKE_TOKEN_CLAIM", c.RevokeClaim, ""},
	} {
		if setting.value == "" || !utf8.ValidString(setting.value) {
			errs = append(errs, fmt.Errorf("%s must be the name of a claim", setting.name))
			continue
		}
		registered := slices.Contains([]string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}, setting.value)
		if registered && setting.value != setting.registered {
			errs = append(errs, fmt.Errorf("%s must not be %s, which means something else (RFC 7519 §4.1)", setting.name, setting.value))
		}
		if other, taken := settingOf[setting.value]; taken {
			errs = append(errs, fmt.Errorf("%s must differ from %s", setting.name, other))
		}
		settingOf[setting.value] = setting.name
	}
	return errors.Join(errs...)
}
