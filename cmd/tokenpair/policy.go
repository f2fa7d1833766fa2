package main

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/token"
)

// policy is what the settings of a server say, checked as a whole.
type policy struct {
	issuer    *token.Issuer // to be used where no finding is an error
	isKept    bool          // no key was given: a random one is kept in the database, and the issuer has another
	signing   material
	verifying material
	findings  findings
}

// policy checks the settings. It reads the files of keys, and changes nothing.
func (s *serving) policy(cli *commandLine) *policy {
	p := &policy{findings: slices.Clone(cli.resolved.faults)}
	s.checkPlaces(cli, p)
	s.checkTexts(p)
	s.checkTokens(s.checkKeys(p), p)
	s.checkSessions(p)
	s.warnOfLifetimes(p)
	s.warnOfSessions(cli.resolved, p)
	s.warnOfRotation(cli.resolved, p)
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
	_, port, err := net.SplitHostPort(s.Listen)
	if err == nil && port != "" {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" {
		text := fmt.Sprintf("--listen %s (%sLISTEN): want HOST:PORT, such as 127.0.0.1:8000", printable(s.Listen), prefix)
		p.findings.error(text, prefix+"LISTEN")
	}
}

// checkTexts refuses what was copied out of Python, and would stand in tokens as it is, or before them.
func (s *serving) checkTexts(p *policy) {
	for _, setting := range []struct {
		name  string
		texts []string
	}{
		{"AUDIENCE", s.Audience},
		{"ISSUER", []string{s.Issuer}},
		{"AUTH_HEADER_TYPES", s.AuthHeaderTypes},
		{"USER_ID_CLAIM", []string{s.UserIDClaim}},
		{"TOKEN_TYPE_CLAIM", []string{s.TokenTypeClaim}},
		{"JTI_CLAIM", []string{s.JTIClaim}},
		{"REVOKE_TOKEN_CLAIM", []string{s.RevokeTokenClaim}},
		{"SLIDING_TOKEN_REFRESH_EXP_CLAIM", []string{s.SlidingTokenRefreshExpClaim}},
	} {
		for _, text := range setting.texts {
			if text == "None" || text != "" && strings.Contains(`[('"`, text[:1]) || strings.TrimSpace(text) != text {
				wrong := fmt.Sprintf("%s%s is %s: want plain text, without quotes and brackets, and for Python's None nothing at all", prefix, setting.name, printable(text))
				p.findings.error(wrong, prefix+setting.name)
			}
		}
	}
}

// checkKeys returns the key to try tokens with: the one that was given, or a random one in its place.
func (s *serving) checkKeys(p *policy) token.Key {
	const algorithmVariable, signing, verifying = prefix + "ALGORITHM", prefix + "SIGNING_KEY", prefix + "VERIFYING_KEY"
	if p.signing = readMaterial(signing, s.SigningKey, s.SigningKeyFile); p.signing.fault != nil {
		p.findings.error(p.signing.fault.Error(), signing)
	}
	p.signing.warn(p, signing)
	if s.Algorithm.isSecret() {
		given := verifying
		if s.VerifyingKey == "" {
			given += "_FILE"
		}
		if s.VerifyingKey != "" || s.VerifyingKeyFile != "" {
			text := fmt.Sprintf("%s is not looked at: %s verifies with the signing key; unset it, or set %s to that of the key",
				given, s.Algorithm, algorithmVariable)
			p.findings.warning(text, verifying, algorithmVariable)
		}
	} else if p.verifying = readMaterial(verifying, s.VerifyingKey, s.VerifyingKeyFile); p.verifying.fault != nil {
		p.findings.error(p.verifying.fault.Error(), verifying)
	}
	p.isKept = p.signing.variable == "" && s.Algorithm.isSecret()
	if p.signing.variable != "" {
		key, err := token.ParseKey(string(s.Algorithm), p.signing.content, p.verifying.content)
		if err == nil {
			return key
		}
		// The place stays as it is: a path may have the name of a setting in it.
		text := spellOut(err.Error())
		if errors.Is(err, token.ErrVerifyingKey) {
			p.findings.error(p.verifying.place()+": "+text, algorithmVariable, verifying)
		} else {
			p.findings.error(p.signing.place()+": "+text, algorithmVariable, signing)
		}
	} else if !p.isKept {
		text := fmt.Sprintf("%s %s needs a private key: set %s_FILE, and make the file with: %s", algorithmVariable, s.Algorithm, signing, keyCommand(s.Algorithm))
		p.findings.error(text, algorithmVariable, signing)
	}
	key, err := standIn(s.Algorithm)
	if err != nil {
		p.findings.error(err.Error())
	}
	return key
}

// checkTokens has the issuer say what it refuses, after what can be said more plainly here.
func (s *serving) checkTokens(key token.Key, p *policy) {
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
	if most := duration(auth.MaxLeeway); s.Leeway > most {
		text := fmt.Sprintf("%sLEEWAY is %s: set %s at most, because revocations are kept for a day after their token has expired", prefix, s.Leeway, most)
		p.findings.error(text, prefix+"LEEWAY")
	}
	var err error
	if p.issuer, err = token.NewIssuer(key, config); err != nil {
		for text := range strings.SplitSeq(spellOut(err.Error()), "\n") {
			p.findings.error(text)
		}
		return
	}
	s.checkRoom(p)
}

// checkSessions refuses what sessions cannot live with.
func (s *serving) checkSessions(p *policy) {
	if s.SessionLifetime < duration(time.Second) {
		text := fmt.Sprintf("%sSESSION_LIFETIME is %s: a session must live for a second at least", prefix, s.SessionLifetime)
		p.findings.error(text, prefix+"SESSION_LIFETIME")
	}
	if !s.Sessions {
		return
	}
	for setting, name := range s.claimNames() {
		if name == "sid" {
			text := fmt.Sprintf("%[1]s%[2]s must not be sid, which is the claim for the session: choose another name, or set %[1]sSESSIONS to false", prefix, setting)
			p.findings.error(text, prefix+setting)
		}
	}
}

// claimNames are the settings that name claims, and the names.
func (s *serving) claimNames() map[string]string {
	return map[string]string{
		"USER_ID_CLAIM":                   s.UserIDClaim,
		"TOKEN_TYPE_CLAIM":                s.TokenTypeClaim,
		"JTI_CLAIM":                       s.JTIClaim,
		"REVOKE_TOKEN_CLAIM":              s.RevokeTokenClaim,
		"SLIDING_TOKEN_REFRESH_EXP_CLAIM": s.SlidingTokenRefreshExpClaim,
	}
}

// checkRoom tries the longest name, where tokens hold names: each of its characters is twelve bytes in JSON.
func (s *serving) checkRoom(p *policy) {
	if s.UserIDField != "username" {
		return
	}
	var about token.Claims
	about.SetText(s.UserIDClaim, strings.Repeat("\U00020000", auth.MaxUsername))
	if s.CheckRevokeToken {
		about.SetText(s.RevokeTokenClaim, strings.Repeat("0", 32))
	}
	about.SetText("", strings.Repeat("0", token.MaxExtra+64)) // what an operator may add, and the session's id
	_, err := p.issuer.IssuePair(about)
	if err == nil && s.SlidingTokens {
		_, err = p.issuer.IssueSliding(about)
	}
	if err != nil {
		const text = "%[1]sAUDIENCE, %[1]sISSUER and the signature leave no room for every name that %[1]sUSER_ID_FIELD=username puts into a token: " +
			"shorten the first two, or set the last to id: %[2]v"
		p.findings.error(fmt.Sprintf(text, prefix, err), prefix+"AUDIENCE", prefix+"ISSUER", prefix+"USER_ID_FIELD")
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
