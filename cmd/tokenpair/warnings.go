package main

import (
	"fmt"
	"slices"
	"time"

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

// warnOfSessions tells how long they last, and for how long a token is good that was replaced.
func (s *serving) warnOfSessions(r resolution, p *policy) {
	if !s.Sessions {
		for _, name := range []string{"REFRESH_GRACE", "SESSION_LIFETIME"} {
			if r.isGiven(prefix + name) {
				p.warn("%s does nothing without %s; set that to true, or unset the first", name, "SESSIONS")
			}
		}
		return
	}
	if s.SessionLifetime < s.RefreshTokenLifetime {
		p.warn("%s is shorter than %s: no refresh token outlives its session, and they are cut to it; make the second shorter",
			"SESSION_LIFETIME", "REFRESH_TOKEN_LIFETIME")
	}
	if s.SlidingTokens && s.SessionLifetime < s.SlidingTokenRefreshLifetime {
		p.warn("%s is shorter than %s: no sliding token outlives its session, and none is renewed after it; make the second shorter",
			"SESSION_LIFETIME", "SLIDING_TOKEN_REFRESH_LIFETIME")
	}
	switch {
	case !s.RotateRefreshTokens:
		if r.isGiven(prefix + "REFRESH_GRACE") {
			p.warn("%s does nothing without %s; set that to true, or unset the first", "REFRESH_GRACE", "ROTATE_REFRESH_TOKENS")
		}
	case s.RefreshGrace == 0:
		p.warn("%s is 0: whoever loses an answer, or refreshes in two tabs at once, is taken for a thief and logged out; set a few seconds",
			"REFRESH_GRACE")
	case s.RefreshGrace >= s.AccessTokenLifetime:
		p.warn("%s is not shorter than %s: a stolen refresh token that was replaced can be used for as long as the access token "+
			"that came with its successor, and the theft is not noticed in that time; set a few seconds", "REFRESH_GRACE", "ACCESS_TOKEN_LIFETIME")
	case s.RefreshGrace > duration(time.Minute):
		p.warn("%s is longer than a minute: for so long a stolen refresh token that was replaced is still answered; set a few seconds",
			"REFRESH_GRACE")
	}
}

func (s *serving) warnOfRotation(r resolution, p *policy) {
	if s.Sessions {
		if !s.RotateRefreshTokens {
			p.warn("%s is false: a stolen refresh token can be used beside its owner, unnoticed, until the session ends; set it to true, or unset it",
				"ROTATE_REFRESH_TOKENS")
		}
		if r.isGiven(prefix + "BLACKLIST_AFTER_ROTATION") {
			p.warn("%s does nothing with %s: a refresh token that was replaced ends the session when it comes back; unset the first",
				"BLACKLIST_AFTER_ROTATION", "SESSIONS")
		}
		return
	}
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
	if s.CheckRevokeToken && s.Sessions {
		p.warn("%s with %s: a change of the password ends sessions anyway, and the digest is looked at in tokens without a session only; set it to false",
			"CHECK_REVOKE_TOKEN", "SESSIONS")
	}
	switch {
	case !s.CheckUserIsActive && s.Sessions:
		p.warn("%s is false and does little with %s: a refresh asks anyway, and deactivateuser ends all sessions; set it to true",
			"CHECK_USER_IS_ACTIVE", "SESSIONS")
	case !s.CheckUserIsActive:
		p.warn("%s is false: the tokens of a user who was deactivated stay good, and deactivateuser stops only logins; set it to true",
			"CHECK_USER_IS_ACTIVE")
	}
	if s.UserIDField == "username" && s.UserIDType == "number" && r.isGiven(prefix+"USER_ID_TYPE") {
		p.warn("%s is number and does nothing with %s=username: a name is written as text; set it to string, or unset it",
			"USER_ID_TYPE", "USER_ID_FIELD")
	}
}
