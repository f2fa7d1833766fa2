package django_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/tokenpair/storage/django"
)

func FuzzReadUsers(f *testing.F) {
	site, err := os.ReadFile("testdata/site.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(site)
	for _, seed := range []string{"", "[]", "\ufeff[", user(`"username": "anna", "password": "x", "last_login": "2026-11-24"`), "[{\"model\":\"auth.user\"\xff}]",
		fixtureOf(anna, outstanding(3, "live", later), blacklisted(1, 3)), fixtureOf(anna, blacklisted(1, 4), outstanding(4, "dead", earlier)),
		strings.Replace(fixtureOf(anna, outstanding(3, "jti", earlier), blacklisted(1, 3)), "SECRET", slidingTests[0].token, 1)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, fixture []byte) {
		source := django.OpenFixture(strings.NewReader(string(fixture)), now)
		users, err := collect(source.Users())
		if err != nil {
			if users != nil || strings.ContainsAny(err.Error(), "\r\n\x00") {
				t.Errorf("%d users, %q", len(users), err)
			}
			return
		}
		ids, names := map[int64]bool{}, map[string]bool{}
		for _, u := range users {
			if u.ID <= 0 || u.Username == "" || len(u.Username) > 4*150 || strings.ToValidUTF8(u.Username+u.Password, "") != u.Username+u.Password {
				t.Errorf("a user that can not be: %+v", u)
			}
			ids[u.ID], names[u.Username] = true, true
		}
		if len(users) == 0 || len(ids) != len(users) || len(names) != len(users) {
			t.Errorf("%d users, %d ids, %d names", len(users), len(ids), len(names))
		}
		revocations, err := collect(source.Revocations())
		if err != nil || source.Expired() < 0 {
			t.Errorf("%d expired, %v", source.Expired(), err)
		}
		for _, r := range revocations {
			if r.ID == "" || !r.Expires.After(now) || !utf8.ValidString(r.ID) {
				t.Errorf("a revocation that can not be: %+v", r)
			}
		}
	})
}

func BenchmarkReadUsers(b *testing.B) {
	const count = 10_000
	var fixture strings.Builder
	for i := range count {
		separator := ",\n"
		if i == 0 {
			separator = "["
		}
		fmt.Fprintf(&fixture, `%s{"model": "auth.user", "pk": %d, "fields": {"password": "%s", "last_login": "2026-11-24T03:48:04.914Z",
			"is_superuser": false, "username": "user-%d", "first_name": "", "last_name": "", "email": "user-%d@example.com", "is_staff": false,
			"is_active": true, "date_joined": "2019-02-28T23:59:59Z", "groups": [], "user_permissions": []}}`, separator, i+1, secret, i, i)
	}
	fixture.WriteString("]")
	b.SetBytes(int64(fixture.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if users, err := readUsers(strings.NewReader(fixture.String())); err != nil || len(users) != count {
			b.Fatal(len(users), err)
		}
	}
}
