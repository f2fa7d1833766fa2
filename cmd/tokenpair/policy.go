package main

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/tokenpair/token"
)

// policy is what the settings of a server say, checked as a whole.
type policy struct {
	config    token.Config
	key       token.Key // the one that was given
	isKept    bool      // none was: a random one is kept in the database
	signing   material
	verifying material
	findings  findings
}

// policy checks the settings. It reads the files of keys, and changes nothing.
func (s *serving) policy(cli *commandLine) *policy {
	p := &policy{config: s.config(), findings: slices.Clone(cli.resolved.faults)}
	s.checkPlaces(cli, p)
	s.checkKeys(p)
	s.checkTokens(cli.resolved, p)
	s.warnOfLifetimes(p)
	s.warnOfRotation(p)
	s.warnOfSliding(cli.resolved, p)
	s.warnOfUsers(cli.resolved, p)
	return p
}

func (s *serving) config() token.Config {
	return token.Config{
		AccessLifetime:         time.Duration(s.AccessTokenLifetime),
		RefreshLifetime:        time.Duration(s.RefreshTokenLifetime),
		SlidingLifetime:        time.Duration(s.SlidingTokenLifetime),
		SlidingRefreshLifetime: time.Duration(s.SlidingTokenRefreshLifetime),
		Leeway:                 time.Duration(s.Leeway),
		Audience:               s.Audience,
		Issuer:                 s.Issuer,
		UserIDClaim:            s.UserIDClaim,
		TypeClaim:              s.TokenTypeClaim,
		IDClaim:                s.JTIClaim,
		SlidingExpClaim:        s.SlidingTokenRefreshExpClaim,
		RevokeClaim:            s.RevokeTokenClaim,
	}
}

func (s *serving) checkPlaces(cli *commandLine, p *policy) {
	if _, err := databasePath(cli.Database); err != nil {
		p.findings.error(err.Error(), prefix+"DATABASE")
	}
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		text := fmt.Sprintf("--listen %s (%sLISTEN): want HOST:PORT, such as 127.0.0.1:8000", printable(s.Listen), prefix)
		p.findings.error(text, prefix+"LISTEN")
	}
}

func (s *serving) checkKeys(p *policy) {
	const algorithmVariable, signing, verifying = prefix + "ALGORITHM", prefix + "SIGNING_KEY", prefix + "VERIFYING_KEY"
	var err error
	if p.signing, err = readMaterial(signing, s.SigningKey, s.SigningKeyFile); err != nil {
		p.findings.error(err.Error(), signing)
	}
	if s.Algorithm.isSecret() {
		if s.VerifyingKey != "" || s.VerifyingKeyFile != "" {
			text := fmt.Sprintf("%s is not looked at: %s verifies with the signing key; unset it, or set %s to that of the key",
				verifying, s.Algorithm, algorithmVariable)
			p.findings.warning(text, verifying, algorithmVariable)
		}
	} else if p.verifying, err = readMaterial(verifying, s.VerifyingKey, s.VerifyingKeyFile); err != nil {
		p.findings.error(err.Error(), verifying)
	}
	if p.isKept = p.signing.variable == "" && s.Algorithm.isSecret(); p.isKept {
		return
	}
	if p.key, err = parseKeys(s.Algorithm, p.signing, p.verifying); errors.Is(err, token.ErrVerifyingKey) {
		p.findings.error(spellOut(err.Error()), algorithmVariable, verifying)
	} else if err != nil {
		p.findings.error(spellOut(err.Error()), algorithmVariable, signing)
	}
}

// checkTokens has the issuer say what it refuses, after what can be said more plainly here.
func (s *serving) checkTokens(r resolution, p *policy) {
	config, usual := s.config(), token.DefaultConfig()
	for _, lifetime := range []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{
		{"ACCESS_TOKEN_LIFETIME", &config.AccessLifetime, usual.AccessLifetime},
		{"REFRESH_TOKEN_LIFETIME", &config.RefreshLifetime, usual.RefreshLifetime},
		{"SLIDING_TOKEN_LIFETIME", &config.SlidingLifetime, usual.SlidingLifetime},
		{"SLIDING_TOKEN_REFRESH_LIFETIME", &config.SlidingRefreshLifetime, usual.SlidingRefreshLifetime},
	} {
		if *lifetime.value < time.Second {
			text := fmt.Sprintf("%s%s is %s: a token must live for a second at least", prefix, lifetime.name, *lifetime.value)
			p.findings.error(text, prefix+lifetime.name)
			*lifetime.value = lifetime.usual // so that it does not hide what else is refused
		}
	}
	if s.UserIDClaim == "sub" && s.UserIDField == "id" && s.UserIDType == "number" {
		text := fmt.Sprintf("%[1]sUSER_ID_CLAIM is sub, which has to be text (RFC 7519 §4.1.2), and %[1]sUSER_ID_TYPE is number: set the second to string", prefix)
		p.findings.error(text, prefix+"USER_ID_CLAIM", prefix+"USER_ID_TYPE")
	}
	key, err := token.ParseKey("HS256", randomSecret(), nil) // what is wrong with the right one was said
	if err == nil {
		_, err = token.NewIssuer(key, config)
	}
	if err != nil {
		for text := range strings.SplitSeq(spellOut(err.Error()), "\n") {
			p.findings.error(text)
		}
	}
}

// spellOut makes variables of the settings that a text has by SimpleJWT's names.
func spellOut(text string) string {
	all := settings()
	return regexp.MustCompile(`\b[A-Z][A-Z_]+\b`).ReplaceAllStringFunc(text, func(name string) string {
		if slices.ContainsFunc(all, func(s setting) bool { return s.Variable == prefix+name }) {
			return prefix + name
		}
		return name
	})
}
