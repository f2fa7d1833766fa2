package server_test

import (
	"net/http"
	"testing"
)

// HOUSE trap 1: a decoder that folds names sees another user than the validator did, and the login is somebody else's.
// The decoy's password is the victim's, so that a confused server would let it in.
func TestUsernameConfusion(t *testing.T) {
	s := newSite(t, options{})
	victim := s.addUser(t, "victim", "pw", true)
	other := s.addUser(t, "other", "pw", true)

	for name, body := range map[string]string{
		"capital behind":      `{"username":"nobody","password":"pw","Username":"victim"}`,
		"capital before":      `{"Username":"victim","username":"nobody","password":"pw"}`,
		"all capitals":        `{"username":"nobody","password":"pw","USERNAME":"victim"}`,
		"long s behind":       `{"username":"nobody","password":"pw","uſername":"victim"}`,
		"long s before":       `{"uſername":"victim","username":"nobody","password":"pw"}`,
		"long s, escaped":     `{"username":"nobody","password":"pw","u\u017Fername":"victim"}`,
		"capital, escaped":    `{"username":"nobody","password":"pw","\u0055sername":"victim"}`,
		"last of two":         `{"username":"victim","username":"nobody","password":"pw"}`,
		"last, escaped":       `{"username":"victim","\u0075sername":"nobody","password":"pw"}`,
		"last around":         `{"username":"victim","password":"pw","username":"nobody"}`,
		"last of all":         `{"Username":"victim","username":"victim","uſername":"victim","username":"nobody","password":"pw"}`,
		"password, capital":   `{"username":"victim","password":"no","Password":"pw"}`,
		"password, long s":    `{"username":"victim","password":"no","paſſword":"pw"}`,
		"password, last":      `{"username":"victim","password":"pw","password":"no"}`,
		"password, escaped":   `{"username":"victim","password":"pw","passw\u006Frd":"no"}`,
		"nested":              `{"username":"nobody","password":"pw","a":{"username":"victim","password":"pw"}}`,
		"nested in the field": `{"username":"nobody","password":"pw","":[{"username":"victim"}]}`,
	} {
		t.Run(name, func(t *testing.T) { s.login(t, body).want(t, http.StatusUnauthorized, refused) })
	}
	for name, body := range map[string]string{
		"only a capital":   `{"Username":"victim","password":"pw"}`,
		"only a long s":    `{"uſername":"victim","password":"pw"}`,
		"null at last":     `{"username":"victim","password":"pw","username":null}`,
		"list at last":     `{"username":"victim","password":"pw","username":["victim"]}`,
		"null byte behind": `{"username\u0000":"victim","password":"pw"}`,
		"surrogate behind": `{"username\ud800":"victim","password":"pw"}`,
		"second value":     `{"username":"nobody","password":"pw"}{"username":"victim","password":"pw"}`,
		"second list":      `[] {"username":"victim","password":"pw"}`,
	} {
		t.Run(name, func(t *testing.T) { s.login(t, body).wantStatus(t, http.StatusBadRequest) })
	}
	// The same bodies with two users who could both log in: the exact name is who it is.
	for name, body := range map[string]string{
		"capital":         `{"username":"other","password":"pw","Username":"victim"}`,
		"long s":          `{"uſername":"victim","username":"other","password":"pw"}`,
		"last of two":     `{"username":"victim","username":"other","password":"pw"}`,
		"escaped is last": `{"username":"victim","\u0075sername":"other","password":"pw"}`,
	} {
		t.Run("both, "+name, func(t *testing.T) {
			if id := s.userOf(t, s.login(t, body)); id != other {
				t.Errorf("logged in as %d, want %d (the victim is %d)", id, other, victim)
			}
		})
	}
}

func TestCredentialsComeFromTheBodyAlone(t *testing.T) {
	s := newSite(t, options{})
	const (
		form  = "username=sampleUser&password=userpassword123"
		basic = "Authorization: Basic c2FtcGxlVXNlcjp1c2VycGFzc3dvcmQxMjM="
	)
	for name, c := range map[string]struct {
		target, body string
		headers      []string
		want         int
	}{
		"query":             {"/api/token?" + form, "", nil, 400},
		"query, empty JSON": {"/api/token?" + form, "{}", []string{asJSON}, 400},
		"query beats body":  {"/api/token?" + form, `{"username":"sampleUser","password":"x"}`, []string{asJSON}, 401},
		"form":              {"/api/token", form, []string{"Content-Type: application/x-www-form-urlencoded"}, 415},
		"form called JSON":  {"/api/token", form, []string{asJSON}, 400},
		"basic":             {"/api/token", "", []string{basic}, 400},
		"basic beats body":  {"/api/token", `{"username":"sampleUser","password":"x"}`, []string{asJSON, basic}, 401},
		"cookies":           {"/api/token", "{}", []string{asJSON, "Cookie: username=sampleUser; password=userpassword123"}, 400},
		"headers":           {"/api/token", "{}", []string{asJSON, "Username: sampleUser", "Password: userpassword123"}, 400},
		"user of the URL":   {"/api/token?u=http://sampleUser:userpassword123@here/", "{}", []string{asJSON}, 400},
	} {
		t.Run(name, func(t *testing.T) { s.do(t, "POST", c.target, c.body, c.headers...).wantStatus(t, c.want) })
	}
}

func TestAuthorizationIsNotLookedAt(t *testing.T) {
	s := newSite(t, options{})
	for _, header := range []string{
		"Authorization: ", "Authorization: Bearer", "Authorization: Bearer a b c", "Authorization: Bearer e30.e30.x",
		"Authorization: Basic %%%", "Authorization: \xff", "X-CSRFToken: wrong",
	} {
		s.do(t, "POST", "/api/token", goodBody, asJSON, header).wantStatus(t, http.StatusOK)
		s.do(t, "POST", "/api/token", `{"username":"a","password":"b"}`, asJSON, header).want(t, 401, refused)
		s.do(t, "GET", "/livez", "", header).wantStatus(t, http.StatusOK)
	}
	s.do(t, "POST", "/api/token", goodBody, asJSON, "Authorization: a", "Authorization: b").wantStatus(t, http.StatusOK)
}
