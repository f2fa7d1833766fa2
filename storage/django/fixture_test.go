package django_test

import (
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/django"
)

// now is after the tokens of the tests that are dead, and before those that are alive.
var now = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

// collect reads a sequence to its end or its first error.
func collect[T any](sequence iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for one, err := range sequence {
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func readUsers(r io.Reader) ([]storage.User, error) {
	return collect(django.OpenFixture(r, now).Users())
}

func TestReadSite(t *testing.T) {
	site, err := os.ReadFile("testdata/site.json")
	if err != nil {
		t.Fatal(err)
	}
	want := []storage.User{
		{
			ID: 1, Username: "sampleUser", Active: true,
			Password:  "pbkdf2_sha256$1000$h5Hdvz8Df6rrRFOxtsfV3s$C5Pnwpt44rKggr9fJNU2EYLNXj33DBJ9b5GS65zIZ8o=",
			LastLogin: time.Date(2026, 11, 24, 3, 48, 4, 914e6, time.UTC),
			Joined:    time.Date(2019, 2, 28, 23, 59, 59, 0, time.UTC),
		},
		{
			ID: 34, Username: "\u00fcn\u00efc\u00f6d\u00e9-\u7528\u6237",
			Password: "!34DyenNFUvv9S3g1VyAsjN2iwp2AVHqdOnehRWrl",
			Joined:   time.Date(2026, 11, 23, 22, 18, 4, 914e6, time.UTC),
		},
		{
			ID: 7, Username: "jose\u0301 \U0001F600", Active: true,
			Password:  "argon2$argon2id$v=19$m=102400,t=2,p=8$S2NpRno0Y21HZDJqRU1kb0QzRDJoZQ$eqb8Q6Worqy1qGP9o62AraBV9y1G8J2ndEiFhyb1VwA",
			LastLogin: time.Date(2026, 11, 24, 3, 48, 4, 914e6, time.UTC),
			Joined:    time.Date(2026, 11, 24, 3, 48, 4, 914425e3, time.UTC),
		},
	}
	readers := map[string]io.Reader{
		"whole":        strings.NewReader(string(site)),
		"byte by byte": iotest.OneByteReader(strings.NewReader(string(site))),
		"marked":       strings.NewReader("\ufeff" + string(site)),
		"CRLF":         strings.NewReader(strings.ReplaceAll(string(site), "\n", "\r\n")),
	}
	for name, reader := range readers {
		got, err := readUsers(reader)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", name, got, err, want)
		}
	}
}

// user returns a fixture of one user with the given members of its fields.
func user(members string) string {
	return `[{"model": "auth.user", "pk": 5, "fields": {` + members + `}}]`
}

func TestReadOddUsers(t *testing.T) {
	plain := storage.User{ID: 5, Username: "anna", Password: "hash", Active: true}
	inactive, noHash, long := plain, plain, plain
	inactive.Active = false
	noHash.Password = ""
	long.Username = strings.Repeat("\U0001F600", 150)
	tests := []struct {
		name, fixture string
		want          storage.User
	}{
		{"few fields", user(`"username": "anna", "password": "hash"`), plain},
		{"null times", user(`"username": "anna", "password": "hash", "last_login": null, "date_joined": null`), plain},
		{"empty hash", user(`"username": "anna", "password": ""`), noHash},
		{"long name", user(`"password": "hash", "username": "` + long.Username + `"`), long},
		{"model in capitals", `[{"model": "auth.User", "pk": 5, "fields": {"username": "anna", "password": "hash"}}]`, plain},
		{"model last", `[{"fields": {"username": "anna", "password": "hash"}, "pk": 5, "model": "auth.user"}]`, plain},
		{"last field counts", user(`"username": "bert", "password": "x", "is_active": true, "username": "anna", "password": "hash", "is_active": false`), inactive},
		{"last member counts", `[{"model": "auth.group", "pk": "x", "fields": {"is_active": false, "last_login": "2026-11-24T03:48:04Z"},
			"model": "auth.user", "pk": 5, "fields": {"username": "anna", "password": "hash"}}]`, plain},
		{"names are exact", user(`"username": "anna", "Username": "bert", "PASSWORD": "x", "password": "hash", "Is_Active": false`), plain},
		{"broken text elsewhere", `[{"model": "blog.article", "fields": {"text": "\ud800` + "\xff" + `"}}, ` + user(`"username": "anna", "password": "hash"`)[1:], plain},
	}
	for _, test := range tests {
		got, err := readUsers(strings.NewReader(test.fixture))
		if err != nil || !slices.Equal(got, []storage.User{test.want}) {
			t.Errorf("%s: got %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
}

func TestReadTimes(t *testing.T) {
	want := time.Date(2026, 11, 24, 3, 48, 4, 0, time.UTC)
	times := map[string]time.Time{
		"2026-11-24T03:48:04Z":             want,
		"2026-11-24T03:48:04":              want,
		"2026-11-24 03:48:04":              want,
		"2026-11-24T03:48:04+00:00":        want,
		"2026-11-24T05:48:04+02:00":        want,
		"2026-11-24 05:48:04+0200":         want,
		"2026-11-24T05:48:04+02":           want,
		"2026-11-23T22:18:04-05:30":        want,
		"2026-11-24T03:48:04.914425Z":      want.Add(914425 * time.Microsecond),
		"2026-11-24T03:48:04.914425999":    want.Add(914425 * time.Microsecond),
		"2026-11-24T03:48:04.9":            want.Add(900 * time.Millisecond),
		"2026-11-24T03:48Z":                want.Add(-4 * time.Second),
		"2026-11-24 03:48":                 want.Add(-4 * time.Second),
		"2026-11-24":                       want.Truncate(24 * time.Hour),
		"1969-12-31T23:59:59.999999+00:00": time.UnixMicro(-1),
	}
	for written, want := range times {
		fixture := user(`"username": "anna", "password": "hash", "last_login": "` + written + `"`)
		got, err := readUsers(strings.NewReader(fixture))
		if err != nil || !got[0].LastLogin.Equal(want) || got[0].LastLogin.Location() != time.UTC {
			t.Errorf("%s: got %v, %v; want %v", written, got, err, want)
		}
	}
}

const secret = "pbkdf2_sha256$1000$SECRETSALT$SECRETDIGEST="

func TestBadFixtures(t *testing.T) {
	const good = `{"model": "auth.user", "pk": 5, "fields": {"username": "anna", "password": "` + secret + `"}}`
	hash := `"password": "` + secret + `", `
	withPK := func(pk string) string { return strings.Replace("["+good+"]", `"pk": 5`, pk, 1) }
	tests := []struct{ name, fixture, want string }{
		{"empty", "", "the file is empty"},
		{"white space", " \n", "the file is empty"},
		{"mark only", "\ufeff", "the file is empty"},
		{"UTF-16", "\xff\xfe[\x00]\x00", "--output"},
		{"XML", "<?xml version=\"1.0\"?>", "object 1: no JSON at byte 0: write the file with dumpdata --format json"},
		{"YAML", "- model: auth.user\n", "--format json"},
		{"gzip", "\x1f\x8b\x08\x00", "--format json"},
		{"object", good, "not a list"},
		{"lines", good + "\n" + good, "jsonl"},
		{"text", `"` + secret + `"`, "not a list"},
		{"null", "null", "not a list"},
		{"no objects", "[]", "none of its 0 objects has the model auth.user"},
		{"no users", `[{"model": "accounts.user", "pk": 1, "fields": {}}]`, "none of its 1 objects has the model auth.user"},
		{"not an object", `[` + good + `, 1]`, "object 2: it is not an object"},
		{"a list", `[[` + good + `]]`, "object 1: it is not an object"},
		{"no model", `[{"pk": 1, "fields": {}}]`, "object 1: its model"},
		{"number as model", `[{"model": 1, "pk": 1, "fields": {}}]`, "object 1: its model"},
		{"cut in the list", `[` + good + `,`, "ends in the middle, after 1 whole objects"},
		{"cut after an object", `[` + good, "ends in the middle, after 1 whole objects"},
		{"cut in a hash", `[` + good + `, ` + good[:len(good)-10], "ends in the middle, after 1 whole objects"},
		{"cut at once", `[`, "ends in the middle, after 0 whole objects"},
		{"no comma", `[` + good + good + `]`, "object 2: no JSON at byte"},
		{"comma at the end", `[` + good + `,]`, "object 2: no JSON at byte"},
		{"hash as a name", `[{"` + secret + `" 1}]`, "object 1: no JSON at byte"},
		{"single quotes", `[{'model': '` + secret + `'}]`, "object 1: no JSON at byte"},
		{"control character", strings.Replace("["+good+"]", "SECRETSALT", "SECRET\nSALT", 1), "object 1: no JSON at byte"},
		{"more after the list", `[` + good + `] Done.`, "more after the end"},
		{"two lists", `[` + good + `][` + good + `]`, "more after the end"},
		{"natural keys", withPK(`"natural": true`), "without --natural-primary"},
		{"null pk", withPK(`"pk": null`), "without --natural-primary"},
		{"text pk", withPK(`"pk": "5"`), "pk is not a positive integer"},
		{"UUID", withPK(`"pk": "4a9f3c1e-55f1-4f38-9f6e-0d3c2a2b8a11"`), "pk is not a positive integer"},
		{"zero pk", withPK(`"pk": 0`), "pk is not a positive integer"},
		{"negative pk", withPK(`"pk": -5`), "pk is not a positive integer"},
		{"fraction", withPK(`"pk": 5.0`), "pk is not a positive integer"},
		{"exponent", withPK(`"pk": 5e1`), "pk is not a positive integer"},
		{"great pk", withPK(`"pk": 9223372036854775808`), "pk is not a positive integer"},
		{"greatest pk", withPK(`"pk": 9223372036854775807`), "too great"},
		{"true pk", withPK(`"pk": true`), "pk is not a positive integer"},
		{"same pk", `[` + good + `, {"model": "x.y"}, ` + strings.Replace(good, "anna", "bert", 1) + `]`, `object 3 (pk 5, user "bert"): the same pk as object 1`},
		{"same username", `[` + good + `, ` + strings.Replace(good, "5", "6", 1) + `]`, `object 2 (pk 6, user "anna"): the same username as object 1`},
		{"no fields", `[{"model": "auth.user", "pk": 5}]`, "object 1 (pk 5): its fields"},
		{"list of fields", `[{"model": "auth.user", "pk": 5, "fields": ["` + secret + `"]}]`, "object 1 (pk 5): its fields"},
		{"no username", user(hash + `"x": 1`), "object 1 (pk 5): its username is missing"},
		{"null username", user(hash + `"username": null`), "username is missing or not text"},
		{"number as username", user(hash + `"username": 12345`), "username is missing or not text"},
		{"empty username", user(hash + `"username": ""`), "username is empty"},
		{"long username", user(hash + `"username": "` + strings.Repeat("\u00e9", 151) + `"`), "151 characters, more than Django's 150"},
		{"NUL in username", user(hash + `"username": "anna\u0000"`), "NUL"},
		{"surrogate in username", user(hash + `"username": "anna\ud800"`), "not UTF-8"},
		{"Latin-1 username", user(hash + "\"username\": \"jos\xe9\""), "not UTF-8"},
		{"Latin-1 hash", user("\"username\": \"anna\", \"password\": \"SECRET\xe9\""), "not UTF-8"},
		{"no password", user(`"username": "anna"`), `object 1 (pk 5, user "anna"): its password is missing`},
		{"null password", user(`"username": "anna", "password": null`), "password is missing or not text"},
		{"number as password", user(`"username": "anna", "password": 5`), "password is missing or not text"},
		{"text as is_active", user(hash + `"username": "anna", "is_active": "true"`), "is_active"},
		{"number as is_active", user(hash + `"username": "anna", "is_active": 1`), "is_active"},
		{"null is_active", user(hash + `"username": "anna", "is_active": null`), "is_active"},
		{"words as last_login", user(hash + `"username": "anna\n", "last_login": "yesterday"`), `(pk 5, user "anna\n"): its last_login`},
		{"number as last_login", user(hash + `"username": "anna", "last_login": 1764000000`), "last_login"},
		{"impossible last_login", user(hash + `"username": "anna", "last_login": "2026-02-30T00:00:00Z"`), "last_login"},
		{"empty last_login", user(hash + `"username": "anna", "last_login": ""`), "last_login"},
		{"long last_login", user(hash + `"username": "anna", "last_login": "2026-11-24T03:48:04Z and more"`), "last_login"},
		{"number as date_joined", user(hash + `"username": "anna", "date_joined": 1764000000`), "date_joined"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			users, err := readUsers(strings.NewReader(test.fixture))
			if err == nil || users != nil {
				t.Fatalf("got %v, %v", users, err)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("no %q in: %v", test.want, err)
			}
			if strings.ContainsAny(err.Error(), "\r\n\x00") || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("not one line without the hash: %q", err)
			}
		})
	}
}

func TestReadingFails(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for _, start := range []string{"", "[", `[{"model": "auth`, user(`"username": "anna", "password": "x"`)} {
		_, err := readUsers(io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("after %q: %v", start, err)
		}
	}
}
