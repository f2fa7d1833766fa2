package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestFindingsAboutSessions has for each finding the settings that make it, and such that are near and make none.
func TestFindingsAboutSessions(t *testing.T) {
	for name, f := range map[string]finds{
		"no session lifetime":           {words("SESSION_LIFETIME=999ms"), nil, words("SESSION_LIFETIME is 999ms: a session must live for a second")},
		"no session lifetime, none":     {words("SESSIONS=0", "SESSION_LIFETIME=0"), words("SESSIONS=0"), words("SESSION_LIFETIME is 0s")},
		"a grace before the refresh":    {words("REFRESH_GRACE=-1s"), words("REFRESH_GRACE=1s"), words("REFRESH_GRACE: want a duration")},
		"a word for a grace":            {words("REFRESH_GRACE=some"), nil, words("REFRESH_GRACE: want a duration")},
		"a word for sessions":           {words("SESSIONS=maybe"), words("SESSIONS=True"), words("SESSIONS: want true or false")},
		"a word for sessions' lifetime": {words("SESSION_LIFETIME=1w"), words("SESSION_LIFETIME=7d"), words("SESSION_LIFETIME: want a duration")},
		"sid for the user":              {words("USER_ID_CLAIM=sid"), words("SESSIONS=0", "USER_ID_CLAIM=sid"), words("USER_ID_CLAIM must not be sid", "TOKENPAIR_SESSIONS to false")},
		"sid for the id":                {words("JTI_CLAIM=sid"), words("JTI_CLAIM=Sid"), words("JTI_CLAIM must not be sid")},
		"sid for the kind":              {words("TOKEN_TYPE_CLAIM=sid"), words("COMPAT=simplejwt", "TOKEN_TYPE_CLAIM=sid"), words("TOKEN_TYPE_CLAIM must not be sid")},
		"sid for the mark":              {words("REVOKE_TOKEN_CLAIM=sid"), nil, words("REVOKE_TOKEN_CLAIM must not be sid")},
		"sid for the sliding end":       {words("SLIDING_TOKENS=1", "AUTH_TOKEN_CLASSES=AccessToken,SlidingToken", "SLIDING_TOKEN_REFRESH_EXP_CLAIM=sid"), nil, words("SLIDING_TOKEN_REFRESH_EXP_CLAIM must not be sid")},
	} {
		t.Run(name, func(t *testing.T) { f.check(t, isError) })
	}
	const sliding, takesSliding = "SLIDING_TOKENS=1", "AUTH_TOKEN_CLASSES=AccessToken,SlidingToken"
	for name, f := range map[string]finds{
		"a short session":               {words("SESSION_LIFETIME=86399s"), words("SESSION_LIFETIME=1d"), words("SESSION_LIFETIME is shorter than TOKENPAIR_REFRESH_TOKEN_LIFETIME", "are cut to it", "make")},
		"a long refresh lifetime":       {words("REFRESH_TOKEN_LIFETIME=31d"), words("REFRESH_TOKEN_LIFETIME=30d"), words("SESSION_LIFETIME is shorter than TOKENPAIR_REFRESH_TOKEN_LIFETIME")},
		"a long sliding lifetime":       {words(sliding, takesSliding, "SLIDING_TOKEN_REFRESH_LIFETIME=31d"), words(sliding, takesSliding, "SLIDING_TOKEN_REFRESH_LIFETIME=30d"), words("SESSION_LIFETIME is shorter than TOKENPAIR_SLIDING_TOKEN_REFRESH_LIFETIME")},
		"no grace":                      {words("REFRESH_GRACE=0"), words("REFRESH_GRACE=1"), words("REFRESH_GRACE is 0", "loses an answer", "two tabs", "logged out", "set a few seconds")},
		"a long grace":                  {words("REFRESH_GRACE=61s"), words("REFRESH_GRACE=1m"), words("REFRESH_GRACE is longer than a minute", "stolen", "still answered")},
		"a grace of an access lifetime": {words("REFRESH_GRACE=5m"), nil, words("REFRESH_GRACE is not shorter than TOKENPAIR_ACCESS_TOKEN_LIFETIME", "stolen", "not noticed")},
		"a short access lifetime":       {words("ACCESS_TOKEN_LIFETIME=10s"), words("ACCESS_TOKEN_LIFETIME=11s"), words("REFRESH_GRACE is not shorter than TOKENPAIR_ACCESS_TOKEN_LIFETIME")},
		"blacklisting":                  {words("BLACKLIST_AFTER_ROTATION=1"), words("BLACKLIST_AFTER_ROTATION="), words("BLACKLIST_AFTER_ROTATION does nothing with TOKENPAIR_SESSIONS", "unset the first")},
		"no blacklisting":               {words("BLACKLIST_AFTER_ROTATION=0"), words("SESSIONS=0", "BLACKLIST_AFTER_ROTATION=0"), words("BLACKLIST_AFTER_ROTATION does nothing with")},
		"tokens with a mark":            {words("CHECK_REVOKE_TOKEN=1"), words("SESSIONS=0", "CHECK_REVOKE_TOKEN=1"), words("CHECK_REVOKE_TOKEN with TOKENPAIR_SESSIONS", "in tokens without a session only")},
		"inactive users":                {words("CHECK_USER_IS_ACTIVE=0"), words("CHECK_USER_IS_ACTIVE=1"), words("CHECK_USER_IS_ACTIVE is false and does little with TOKENPAIR_SESSIONS", "a refresh asks anyway", "deactivateuser ends all sessions")},
		"no rotation":                   {words("ROTATE_REFRESH_TOKENS=0"), words("SESSIONS=0", "ROTATE_REFRESH_TOKENS=0"), words("ROTATE_REFRESH_TOKENS is false", "stolen", "beside its owner", "until the session ends")},
		"a grace alone":                 {words("SESSIONS=0", "REFRESH_GRACE=10s"), words("SESSIONS=0"), words("REFRESH_GRACE does nothing without TOKENPAIR_SESSIONS")},
		"a lifetime alone":              {words("SESSIONS=0", "SESSION_LIFETIME=30d"), nil, words("SESSION_LIFETIME does nothing without TOKENPAIR_SESSIONS")},
		"a lifetime under compat":       {words("COMPAT=simplejwt", "SESSION_LIFETIME=30d"), words("COMPAT=simplejwt", "SESSIONS=1", "SESSION_LIFETIME=30d"), words("SESSION_LIFETIME does nothing without")},
	} {
		t.Run(name, func(t *testing.T) { f.check(t, isWarning) })
	}
}

// TestGraceWithoutRotation is told besides that nothing is rotated.
func TestGraceWithoutRotation(t *testing.T) {
	out := newSite(t, "TOKENPAIR_ROTATE_REFRESH_TOKENS=0", "TOKENPAIR_REFRESH_GRACE=0").must("", "doctor")
	if strings.Count(out, "\n  warning: ") != 2 || !strings.Contains(out, "TOKENPAIR_REFRESH_GRACE does nothing without TOKENPAIR_ROTATE_REFRESH_TOKENS") {
		t.Errorf("doctor printed %s", out)
	}
}

// TestDefaultsAreGood: a configuration that only chooses whose defaults it has is told nothing.
func TestDefaultsAreGood(t *testing.T) {
	for _, environ := range [][]string{
		nil, words("TOKENPAIR_COMPAT=simplejwt"), words("TOKENPAIR_SESSIONS=false"), words("TOKENPAIR_SESSIONS=true", "TOKENPAIR_COMPAT=simplejwt"),
		words("TOKENPAIR_ROTATE_REFRESH_TOKENS=true"),
	} {
		s := newSite(t, environ...)
		if out := s.must("", "doctor"); !strings.HasSuffix(out, "\nFindings\n  none\n") {
			t.Errorf("%q: %s", environ, out)
		}
		v := s.serve()
		v.end()
		if strings.Contains(v.stderr.String(), "warning") {
			t.Errorf("%q: %s", environ, v.stderr)
		}
	}
}

// TestRotationByDefault: with sessions, and without them only where somebody asks for it. Each way that a setting is
// given wins over the default, in both cases.
func TestRotationByDefault(t *testing.T) {
	const on, off, compat = "TOKENPAIR_SESSIONS=true", "TOKENPAIR_SESSIONS=false", "TOKENPAIR_COMPAT=simplejwt"
	const rotate, keep = "TOKENPAIR_ROTATE_REFRESH_TOKENS=true", "TOKENPAIR_ROTATE_REFRESH_TOKENS=false"
	type rotation struct {
		sessions, rotates bool
		from              string
	}
	for _, c := range []struct {
		name    string
		environ []string
		args    []string
		want    rotation
	}{
		{"nothing", nil, nil, rotation{true, true, "default"}},
		{"sessions", words(on), nil, rotation{true, true, "default"}},
		{"no sessions", words(off), nil, rotation{false, false, "sessions"}},
		{"no sessions by flag", nil, words("--no-sessions"), rotation{false, false, "sessions"}},
		{"sessions by flag over the variable", words(off), words("--sessions"), rotation{true, true, "default"}},
		{"compat", words(compat), nil, rotation{false, false, "sessions"}},
		{"compat by flag", nil, words("--compat=simplejwt"), rotation{false, false, "sessions"}},
		{"sessions under compat", words(compat, on), nil, rotation{true, true, "default"}},
		{"sessions by flag under compat", words(compat), words("--sessions"), rotation{true, true, "default"}},
		{"rotation without sessions", words(off, rotate), nil, rotation{false, true, "variable"}},
		{"rotation by flag without sessions", words(off), words("--rotate-refresh-tokens"), rotation{false, true, "flag"}},
		{"rotation under compat", words(compat, rotate), nil, rotation{false, true, "variable"}},
		{"no rotation with sessions", words(keep), nil, rotation{true, false, "variable"}},
		{"no rotation by flag with sessions", nil, words("--no-rotate-refresh-tokens"), rotation{true, false, "flag"}},
		{"an empty variable", words("TOKENPAIR_ROTATE_REFRESH_TOKENS=", off), nil, rotation{false, false, "sessions"}},
		{"an empty variable for sessions", words("TOKENPAIR_SESSIONS="), nil, rotation{true, true, "default"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, c.environ...)
			s.createUser("anna", "correct horse battery")
			out := s.must("", append(words("doctor"), c.args...)...)
			shown := map[bool]string{true: "true", false: "false"}
			wantRow(t, out, "TOKENPAIR_ROTATE_REFRESH_TOKENS", shown[c.want.rotates], c.want.from)
			v := s.serve(c.args...)
			tokens := v.wantLogin(http.StatusOK, "anna", "correct horse battery")
			if got := claim(t, tokens.Refresh, "sid") != nil; got != c.want.sessions {
				t.Errorf("there is a session: %t", got)
			}
			status, answer := v.refresh(tokens.Refresh)
			if status != http.StatusOK || (answer.Refresh != "") != c.want.rotates {
				t.Errorf("refresh: %d, with a new refresh token: %t", status, answer.Refresh != "")
			}
			v.end()
		})
	}
}
