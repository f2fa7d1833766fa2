package main

import (
	"fmt"
	"slices"

	"example.com/tokenpair/token"
)

// warn adds a warning whose text names variables without their prefix, each as %s.
func (p *policy) warn(format string, names ...string) {
	variables, args := make([]string, len(names)), make([]any, len(names))
	for i, name := range names {
		variables[i] = prefix + name
		args[i] = variables[i]
	}
	p.findings.warning(fmt.Sprintf(format, args...), variables...)
}

func (s *serving) warnOfLifetimes(p *policy) {
	if s.AccessTokenLifetime >= s.RefreshTokenLifetime {
		p.warn("%s is not shorter than %s: there is nothing left to refresh; make the access token's shorter",
			"ACCESS_TOKEN_LIFETIME", "REFRESH_TOKEN_LIFETIME")
	}
	if s.Leeway >= s.AccessTokenLifetime {
		p.warn("%s is not shorter than %s: access tokens are good for more than twice as long as that says; set a few seconds",
			"LEEWAY", "ACCESS_TOKEN_LIFETIME")
	}
	if !s.SlidingTokens {
		return
	}
	if s.SlidingTokenLifetime >= s.SlidingTokenRefreshLifetime {
		p.warn("%s is not shorter than %s: there is nothing left to renew; make the first shorter",
			"SLIDING_TOKEN_LIFETIME", "SLIDING_TOKEN_REFRESH_LIFETIME")
	}
	if s.Leeway >= s.SlidingTokenLifetime {
		p.warn("%s is not shorter than %s: sliding tokens are good for more than twice as long as that says; set a few seconds",
			"LEEWAY", "SLIDING_TOKEN_LIFETIME")
	}
}

func (s *serving) warnOfRotation(p *policy) {
	if s.RotateRefreshTokens && !s.BlacklistAfterRotation {
		p.warn("%s without %s: the old refresh token stays good beside the new one; set the second to true too",
			"ROTATE_REFRESH_TOKENS", "BLACKLIST_AFTER_ROTATION")
	}
	if s.BlacklistAfterRotation && !s.RotateRefreshTokens {
		p.warn("%s without %s: nothing is rotated, and all that it does is to let /api/token/verify ask the blacklist; set the second to true too",
			"BLACKLIST_AFTER_ROTATION", "ROTATE_REFRESH_TOKENS")
	}
}

func (s *serving) warnOfSliding(r resolution, p *policy) {
	takesAccess := slices.Contains(s.AuthTokenClasses, token.Access)
	if !takesAccess {
		p.warn("%s has no AccessToken: the tokens of /api/token open nothing here; add AccessToken, unless only sliding tokens are used",
			"AUTH_TOKEN_CLASSES")
	}
	takesSliding := slices.Contains(s.AuthTokenClasses, token.Sliding)
	if s.SlidingTokens {
		if !takesSliding && r.isGiven(prefix+"SLIDING_TOKENS") { // not by compat: there it is so in SimpleJWT too
			p.warn("%s is true and %s has no SlidingToken: sliding tokens open nothing here; add SlidingToken, unless they are for other services",
				"SLIDING_TOKENS", "AUTH_TOKEN_CLASSES")
		}
		return
	}
	for _, name := range []string{"SLIDING_TOKEN_LIFETIME", "SLIDING_TOKEN_REFRESH_LIFETIME", "SLIDING_TOKEN_REFRESH_EXP_CLAIM"} {
		if r.isGiven(prefix + name) {
			p.warn("%s does nothing without %s; set that to true, or unset the first", name, "SLIDING_TOKENS")
		}
	}
	if takesSliding {
		p.warn("%s has SlidingToken, and nobody is given one without %s; set that to true, or leave SlidingToken out",
			"AUTH_TOKEN_CLASSES", "SLIDING_TOKENS")
	}
}

func (s *serving) warnOfUsers(r resolution, p *policy) {
	if !s.CheckRevokeToken && r.isGiven(prefix+"REVOKE_TOKEN_CLAIM") {
		p.warn("%s does nothing without %s; set that to true, or unset the first", "REVOKE_TOKEN_CLAIM", "CHECK_REVOKE_TOKEN")
	}
	if !s.CheckUserIsActive {
		p.warn("%s is false: the tokens of a user who was deactivated stay good, and deactivateuser stops only logins; set it to true",
			"CHECK_USER_IS_ACTIVE")
	}
	if s.UserIDField == "username" && s.UserIDType == "number" && r.isGiven(prefix+"USER_ID_TYPE") {
		p.warn("%s is number and does nothing with %s=username: a name is written as text; set it to string, or unset it",
			"USER_ID_TYPE", "USER_ID_FIELD")
	}
}
