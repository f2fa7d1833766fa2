package django_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/django"
)

const (
	anna    = `{"model": "auth.user", "pk": 5, "fields": {"username": "anna", "password": "hash"}}`
	later   = "2026-11-26T00:00:00Z"
	earlier = "2026-11-25T00:00:00Z" // the very moment: such a token is refused by itself
)

func fixtureOf(objects ...string) string { return "[" + strings.Join(objects, ",\n") + "]" }

func outstanding(pk int, jti, expires string) string {
	return fmt.Sprintf(`{"model": "token_blacklist.outstandingtoken", "pk": %d, "fields": {"user": 5, "jti": "%s",
		"token": "SECRET", "created_at": "2026-11-24T00:00:00Z", "expires_at": "%s"}}`, pk, jti, expires)
}

func blacklisted(pk, token int) string {
	return fmt.Sprintf(`{"model": "token_blacklist.blacklistedtoken", "pk": %d, "fields": {"token": %d, "blacklisted_at": "2026-11-24T00:00:00Z"}}`, pk, token)
}

func TestReadTokens(t *testing.T) {
	day := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	objects := []string{
		anna,
		outstanding(1, "dead", earlier), outstanding(2, "dead and blacklisted", earlier), outstanding(3, "live", later),
		outstanding(4, "blacklisted", later), outstanding(1<<60, "j\u00f6rg", "2026-11-25T00:00:00.000001Z"),
		blacklisted(1, 4), blacklisted(2, 2), blacklisted(99, 1<<60),
	}
	want := []storage.Revocation{
		{ID: "blacklisted", Expires: day},
		{ID: "j\u00f6rg", Expires: now.Add(time.Microsecond)},
	}
	backwards := slices.Clone(objects)
	slices.Reverse(backwards)
	capitals := slices.Clone(objects)
	for i := range capitals {
		capitals[i] = strings.NewReplacer("outstandingtoken", "OutstandingToken", "blacklistedtoken", "BlacklistedToken").Replace(capitals[i])
	}
	for name, objects := range map[string][]string{"forwards": objects, "backwards": backwards, "capitals": capitals} {
		source := django.OpenFixture(strings.NewReader(fixtureOf(objects...)), now)
		if users, err := collect(source.Users()); err != nil || len(users) != 1 {
			t.Fatalf("%s: %v, %v", name, users, err)
		}
		got, err := collect(source.Revocations())
		slices.SortFunc(got, func(a, b storage.Revocation) int { return strings.Compare(a.ID, b.ID) })
		if err != nil || !slices.Equal(got, want) || source.Expired() != 1 || source.Good() != 1 {
			t.Errorf("%s: got %v, %v, %d expired, %d good", name, got, err, source.Expired(), source.Good())
		}
	}
}

func TestReadNoTokens(t *testing.T) {
	source := django.OpenFixture(strings.NewReader(fixtureOf(anna, outstanding(1, "live", later))), now)
	if _, err := collect(source.Users()); err != nil {
		t.Fatal(err)
	}
	if got, err := collect(source.Revocations()); err != nil || len(got) != 0 || source.Expired() != 0 {
		t.Errorf("got %v, %v, %d expired", got, err, source.Expired())
	}
}

// Revocations that are not all there would let the others in.
func TestNoRevocationsBeforeTheEnd(t *testing.T) {
	fixture := fixtureOf(outstanding(1, "a", later), blacklisted(1, 1), anna, outstanding(2, "b", later), blacklisted(2, 2))
	source := django.OpenFixture(strings.NewReader(fixture), now)
	for range source.Users() {
		break
	}
	if got, err := collect(source.Revocations()); err == nil {
		t.Errorf("got %v", got)
	}
	cut := django.OpenFixture(strings.NewReader(fixture[:len(fixture)-1]), now)
	if _, err := collect(cut.Users()); err == nil {
		t.Error("read a file that ends in the middle")
	}
	if got, err := collect(cut.Revocations()); err == nil {
		t.Errorf("of a file that ends in the middle: %v", got)
	}
}

func TestBadTokens(t *testing.T) {
	change := func(object, old, new string) string {
		if !strings.Contains(object, old) {
			t.Fatalf("no %s in %s", old, object)
		}
		return strings.Replace(object, old, new, 1)
	}
	good, black := outstanding(3, "jti", later), blacklisted(1, 3)
	tests := []struct {
		name    string
		objects []string
		want    string
	}{
		{"no outstanding token", []string{black}, "object 2: its token 3 is not in the file: dump both models"},
		{"no outstanding tokens", []string{outstanding(4, "x", earlier), blacklisted(8, 9), good, black, blacklisted(7, 6)}, "object 3: its token 9 is not in the file"},
		{"same pk", []string{good, outstanding(3, "x", later)}, "object 3: the same pk as an outstanding token"},
		{"same pk, dead", []string{outstanding(3, "x", earlier), good}, "object 3: the same pk as an outstanding token"},
		{"same jti", []string{good, outstanding(4, "jti", later)}, "object 3: the same jti as an outstanding token"},
		{"same blacklisted pk", []string{good, outstanding(4, "x", later), black, blacklisted(1, 4)}, "object 5: the same pk as a blacklisted token"},
		{"blacklisted twice", []string{good, black, blacklisted(2, 3)}, "object 4: the same token as a blacklisted token"},
		{"no pk", []string{change(good, `"pk": 3`, `"x": 3`)}, "object 2: it has no pk"},
		{"text as pk", []string{change(good, `"pk": 3`, `"pk": "3"`)}, "object 2: its pk is not a positive integer"},
		{"negative pk", []string{change(good, `"pk": 3`, `"pk": -3`)}, "object 2: its pk is not a positive integer"},
		{"no fields", []string{change(good, `"fields"`, `"x"`)}, "object 2: its fields"},
		{"no jti", []string{change(good, `"jti"`, `"x"`)}, "object 2: its jti is missing or not text"},
		{"number as jti", []string{change(good, `"jti": "jti"`, `"jti": 5`)}, "object 2: its jti is missing or not text"},
		{"empty jti", []string{outstanding(3, "", later)}, "object 2: its jti is empty"},
		{"surrogate as jti", []string{outstanding(3, `\ud800`, later)}, "object 2: its text is not UTF-8"},
		{"Latin-1 jti", []string{outstanding(3, "\xe9", later)}, "object 2: its text is not UTF-8"},
		{"no expiry", []string{change(good, `"expires_at"`, `"x"`)}, "object 2: its expires_at is missing or not a time"},
		{"null as expiry", []string{change(good, `"`+later+`"`, `null`)}, "object 2: its expires_at is missing or not a time"},
		{"words as expiry", []string{outstanding(3, "jti", "tomorrow")}, "object 2: its expires_at is missing or not a time"},
		{"blacklisted without pk", []string{good, change(black, `"pk"`, `"x"`)}, "object 3: it has no pk"},
		{"blacklisted without fields", []string{good, change(black, `"fields"`, `"x"`)}, "object 3: its fields"},
		{"blacklisted without token", []string{good, change(black, `"token"`, `"x"`)}, "object 3: its token is not the pk"},
		{"natural key as token", []string{good, change(black, `"token": 3`, `"token": ["SECRET"]`)}, "object 3: its token is not the pk"},
	}
	for _, test := range tests {
		source := django.OpenFixture(strings.NewReader(fixtureOf(append([]string{anna}, test.objects...)...)), now)
		_, err := collect(source.Users())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: no %q in: %v", test.name, test.want, err)
			continue
		}
		if strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: not one line without the token: %q", test.name, err)
		}
		if got, err := collect(source.Revocations()); err == nil {
			t.Errorf("%s: then read %v", test.name, got)
		}
	}
}
