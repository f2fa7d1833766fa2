package django_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/django"
)

// sequence yields all and then err, when there is one.
func sequence[T any](err error, all ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
		if err != nil {
			yield(*new(T), err)
		}
	}
}

func write(users []storage.User, revoked []storage.Revocation) (string, django.Written, error) {
	var fixture bytes.Buffer
	written, err := django.WriteFixture(&fixture, sequence(nil, users...), sequence(nil, revoked...), now)
	return fixture.String(), written, err
}

func TestWriteFixture(t *testing.T) {
	got, written, err := write([]storage.User{
		{ID: 5, Username: "anna", Password: "hash", PasswordFormat: "x", Active: true,
			LastLogin: time.Date(2026, 11, 24, 5, 48, 4, 914425e3, time.FixedZone("", 7200)), Joined: time.Date(2019, 2, 28, 23, 59, 59, 0, time.UTC)},
		{ID: 1 << 40, Username: "\"\u00fc\\\n\x00\u2028</\U0001F600"},
	}, []storage.Revocation{
		{ID: "jti", Expires: time.Date(2026, 11, 26, 0, 0, 0, 5e8, time.UTC)},
		{ID: "far", Expires: time.UnixMicro(1 << 62)},
	})
	// The pks are SHA-256 of the jti: printf jti | sha256sum.
	want := `[
{"model":"auth.user","pk":5,"fields":{"password":"hash","last_login":"2026-11-24T03:48:04.914425Z","is_superuser":false,"username":"anna","first_name":"","last_name":"","email":"","is_staff":false,"is_active":true,"date_joined":"2019-02-28T23:59:59Z"}},
{"model":"auth.user","pk":1099511627776,"fields":{"password":"","last_login":null,"is_superuser":false,"username":"\"ü\\\n\u0000\u2028</😀","first_name":"","last_name":"","email":"","is_staff":false,"is_active":false}},
{"model":"token_blacklist.outstandingtoken","pk":3126150253645765094,"fields":{"user":null,"jti":"jti","token":"","created_at":null,"expires_at":"2026-11-26T00:00:00.5Z"}},
{"model":"token_blacklist.blacklistedtoken","pk":3126150253645765094,"fields":{"token":3126150253645765094,"blacklisted_at":"2026-11-25T00:00:00Z"}},
{"model":"token_blacklist.outstandingtoken","pk":3037076828693361219,"fields":{"user":null,"jti":"far","token":"","created_at":null,"expires_at":"9999-12-31T00:00:00Z"}},
{"model":"token_blacklist.blacklistedtoken","pk":3037076828693361219,"fields":{"token":3037076828693361219,"blacklisted_at":"2026-11-25T00:00:00Z"}}
]
`
	if err != nil || got != want || written != (django.Written{Users: 2, Tokens: 2}) {
		t.Errorf("%+v, %v\ngot  %s\nwant %s", written, err, got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	users := []storage.User{
		{ID: 7, Username: "jose\u0301 \u2028 \u00fc \"'\\ \t\r\n\x7f\u0085\U0001F600", Password: "pbkdf2_sha256$1000$salt$x+/=", Active: true,
			LastLogin: time.Date(2026, 11, 24, 3, 48, 4, 914425e3, time.UTC), Joined: time.Date(2019, 2, 28, 23, 59, 59, 1e3, time.UTC)},
		{ID: 1<<63 - 2, Username: " a "},
	}
	var revoked []storage.Revocation
	for i := range 1000 {
		revoked = append(revoked, storage.Revocation{ID: strings.Repeat("\u00fc", i+1), Expires: now.Add(time.Duration(i+1) * time.Microsecond)})
	}
	fixture, written, err := write(users, append(revoked, storage.Revocation{ID: "dead", Expires: now}))
	if err != nil || written != (django.Written{Users: 2, Tokens: 1001}) {
		t.Fatal(written, err)
	}
	if lines := strings.Count(fixture, "\n"); lines != 1+2+2*1001+1 || !json.Valid([]byte(fixture)) {
		t.Errorf("%d lines of JSON", lines)
	}
	source := django.OpenFixture(strings.NewReader(fixture), now)
	if got, err := collect(source.Users()); err != nil || !slices.Equal(got, users) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := collect(source.Revocations()); err != nil || !slices.Equal(got, revoked) || source.Expired() != 1 {
		t.Errorf("got %d revocations, %v, %d expired", len(got), err, source.Expired())
	}
}

// A second fixture, loaded later, must neither move a token to another row nor take a row that the site made meanwhile.
func TestTokensKeepTheirRows(t *testing.T) {
	anna := []storage.User{{ID: 5, Username: "anna"}}
	first, _, err := write(anna, []storage.Revocation{{ID: "a", Expires: now}, {ID: "b", Expires: now}})
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := write(anna, []storage.Revocation{{ID: "c", Expires: now}, {ID: "b", Expires: now}})
	if err != nil {
		t.Fatal(err)
	}
	one, other := strings.Split(first, "\n"), strings.Split(second, "\n")
	if one[4] != other[4] {
		t.Errorf("b moved:\n%s\n%s", one[4], other[4])
	}
	if one[2] == other[2] {
		t.Errorf("c took a's row:\n%s\n%s", one[2], other[2])
	}
}

func TestWriteNothing(t *testing.T) {
	got, written, err := write(nil, nil)
	if err != nil || got != "[]\n" || written != (django.Written{}) {
		t.Errorf("got %q, %+v, %v", got, written, err)
	}
}

func TestWriteBrokenText(t *testing.T) {
	tests := []struct {
		user storage.User
		jti  string
		want string
	}{
		{storage.User{ID: 5, Username: "anna", Password: "SECRET\xff"}, "jti", `user "anna" with the id 5: its text is not UTF-8`},
		{storage.User{ID: 5, Username: "anna\xed\xa0\x80"}, "jti", `user "anna\xed\xa0\x80" with the id 5: its text is not UTF-8`},
		{storage.User{ID: 5, Username: "anna"}, "jti\xff", `revoked token "jti\xff": its text is not UTF-8`},
	}
	for _, test := range tests {
		_, _, err := write([]storage.User{test.user}, []storage.Revocation{{ID: test.jti}})
		checkRefusal(t, test.want, err, test.want)
	}
}

// A fullDisk takes so many bytes.
type fullDisk struct {
	left int
	err  error
}

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.left {
		return 0, d.err
	}
	d.left -= len(p)
	return len(p), nil
}

func TestWritingFails(t *testing.T) {
	broken := errors.New("the disk is on fire")
	users := []storage.User{{ID: 5, Username: "anna"}}
	tokens := slices.Repeat([]storage.Revocation{{ID: "jti"}}, 100)
	if _, err := django.WriteFixture(io.Discard, sequence(broken, users...), sequence(nil, tokens...), now); !errors.Is(err, broken) {
		t.Errorf("users: %v", err)
	}
	if _, err := django.WriteFixture(io.Discard, sequence(nil, users...), sequence(broken, tokens...), now); !errors.Is(err, broken) {
		t.Errorf("revocations: %v", err)
	}
	for _, room := range []int{0, 5000} {
		read := 0
		counted := func(yield func(storage.Revocation, error) bool) {
			for range 1_000_000 {
				if read++; !yield(storage.Revocation{ID: "jti"}, nil) {
					return
				}
			}
		}
		if _, err := django.WriteFixture(&fullDisk{room, broken}, sequence(nil, users...), counted, now); !errors.Is(err, broken) {
			t.Errorf("with room for %d bytes: %v", room, err)
		}
		if read > 100 {
			t.Errorf("with room for %d bytes: went on for %d tokens", room, read)
		}
	}
	if _, err := django.WriteFixture(&fullDisk{0, broken}, sequence[storage.User](nil), sequence[storage.Revocation](nil), now); !errors.Is(err, broken) {
		t.Errorf("an empty fixture: %v", err)
	}
}
