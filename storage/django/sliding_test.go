package django_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/django"
)

// jwt signs nothing: the import has no key to look at a signature with.
func jwt(payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(payload)) + ".SECRET"
}

// A sliding token of five minutes was issued an hour before now, and expired 55 minutes ago by its row.
var (
	login   = now.Add(-time.Hour)
	written = login.Add(5 * time.Minute)
)

func sliding(members string, values ...any) string {
	head := fmt.Sprintf(`{"token_type":"sliding","exp":%d,"iat":%d,"jti":"jti"`, written.Unix(), login.Unix())
	return jwt(head + fmt.Sprintf(members, values...) + "}")
}

var slidingTests = []struct {
	name, token string
	expires     time.Time // of the row
	want        time.Time // zero: left out
}{
	{"sliding", sliding(`,"refresh_exp":%d,"user_id":5`, login.AddDate(0, 0, 1).Unix()), written, login.AddDate(0, 0, 1).Add(5 * time.Minute)},
	{"name of the site's own", sliding(`,"\u00e9":%d`, login.AddDate(0, 0, 1).Unix()), written, login.AddDate(0, 0, 1).Add(5 * time.Minute)},
	{"latest", sliding(`,"a":%d,"b":%d`, now.Unix(), now.Unix()+7), written, now.Add(5*time.Minute + 7*time.Second)},
	{"alive by its row", sliding(`,"refresh_exp":%d`, now.Unix()), now.Add(time.Second), now.Add(5 * time.Minute)},
	{"longer by its row", sliding(`,"refresh_exp":%d`, now.Unix()), now.Add(time.Hour), now.Add(time.Hour)},
	{"fractions", sliding(`,"refresh_exp":%d.5`, now.Unix()), written, now.Add(5*time.Minute + time.Second)},
	{"just alive", sliding(`,"refresh_exp":%d`, now.Add(-5*time.Minute).Unix()+1), written, now.Add(time.Second)},
	{"just dead", sliding(`,"refresh_exp":%d`, now.Add(-5*time.Minute).Unix()), written, time.Time{}},
	// First recorded when it was blacklisted, after it had been extended: another of its kind may be a minute younger.
	{"past its refresh_exp", jwt(fmt.Sprintf(`{"exp":%d,"iat":%d,"refresh_exp":%d}`, now.Unix()-60, now.Unix()-360, now.Unix()-300+9)), now.Add(-time.Minute), now.Add(9 * time.Second)},
	{"ten years", sliding(`,"refresh_exp":%d`, written.Unix()+315576000), written, written.Add(315576000*time.Second + 5*time.Minute)},
	{"more than ten years", sliding(`,"x":%d`, written.Unix()+315576001), written, time.Time{}},
	{"milliseconds", sliding(`,"x":%d`, now.UnixMilli()), written, time.Time{}},
	{"telephone", sliding(`,"x":491701234567`), written, time.Time{}},
	{"huge", sliding(`,"x":1e400,"y":-1e400,"z":1e300`), written, time.Time{}},
	{"huge beside", sliding(`,"x":1e400,"refresh_exp":%d,"y":5`, now.Unix()), written, now.Add(5 * time.Minute)},
	{"text", sliding(`,"refresh_exp":"%d"`, now.Unix()), written, time.Time{}},
	{"deeper", sliding(`,"x":{"refresh_exp":%d}`, now.Unix()), written, time.Time{}},
	{"before", sliding(`,"auth_time":%d,"user_id":5`, login.Unix()-5), written, time.Time{}},
	{"refresh", jwt(fmt.Sprintf(`{"token_type":"refresh","exp":%d,"iat":%d,"jti":"x","user_id":5}`, now.Unix()+60, now.Unix()-60)), now.Add(time.Minute), now.Add(time.Minute)},
	{"dead refresh", jwt(fmt.Sprintf(`{"token_type":"refresh","exp":%d,"iat":%d,"jti":"x","user_id":5}`, now.Unix(), now.Unix()-60)), now, time.Time{}},
	{"no iat", jwt(fmt.Sprintf(`{"exp":%d,"refresh_exp":%d}`, written.Unix(), now.Unix())), written, time.Time{}},
	{"no exp", jwt(fmt.Sprintf(`{"iat":%d,"refresh_exp":%d}`, login.Unix(), now.Unix())), written, time.Time{}},
	{"backwards", jwt(fmt.Sprintf(`{"iat":%d,"exp":%d,"refresh_exp":%d}`, now.Unix()+99, now.Unix(), now.Unix()+100)), now.Add(time.Hour), now.Add(time.Hour)},
	{"after the years", jwt(`{"iat":0,"exp":253402300799,"refresh_exp":253402300800}`), written, time.Time{}},
	{"huge dates", jwt(`{"iat":1e300,"exp":1e308,"refresh_exp":1.1e308}`), written, time.Time{}},
	{"empty", "", written, time.Time{}},
	{"garbage", "SECRET", written, time.Time{}},
	{"two parts", strings.TrimSuffix(sliding(`,"refresh_exp":%d`, now.Unix()), ".SECRET"), written, time.Time{}},
	{"no base64", "SECRET.{SECRET}.SECRET", written, time.Time{}},
	{"no JSON", jwt(`{"SECRET"`), written, time.Time{}},
	{"no object", jwt(`["SECRET"]`), written, time.Time{}},
	{"null", jwt(`null`), written, time.Time{}},
}

// checkExpiry compares the only revocation of a source; without one it must have expired.
func checkExpiry(t *testing.T, name string, got []storage.Revocation, expired int, err error, want time.Time) {
	t.Helper()
	wanted, dead := []storage.Revocation{{ID: "jti", Expires: want}}, 0
	if want.IsZero() {
		wanted, dead = nil, 1
	}
	if err != nil || !slices.Equal(got, wanted) || expired != dead {
		t.Errorf("%s: got %v, %d expired, %v, want %v", name, got, expired, err, wanted)
	}
}

func TestSlidingTokensOfDatabase(t *testing.T) {
	const row = `INSERT INTO token_blacklist_outstandingtoken (id, jti, token, expires_at) VALUES (3, 'jti', '%s', '%s');
		INSERT INTO token_blacklist_blacklistedtoken (id, token_id, blacklisted_at) VALUES (1, 3, '2026-11-24 00:00:00')`
	for _, test := range slidingTests {
		path := site(t, newUsers, newTokens, insertUsers, fmt.Sprintf(row, test.token, test.expires.Format("2006-01-02 15:04:05")))
		_, got, expired, err := read(t.Context(), path)
		checkExpiry(t, test.name, got, expired, err, test.want)
	}
	// A column takes a value of any type.
	for _, value := range []string{`x'00ff'`, `5`, `CAST(x'ff2eff2eff' AS TEXT)`} {
		path := site(t, newUsers, newTokens, insertUsers, fmt.Sprintf(row, "", "2026-11-26 00:00:00"), `UPDATE token_blacklist_outstandingtoken SET token = `+value)
		_, got, expired, err := read(t.Context(), path)
		checkExpiry(t, value, got, expired, err, now.AddDate(0, 0, 1))
	}
}

func readFixture(fixture string) (revocations []storage.Revocation, expired int, err error) {
	source := django.OpenFixture(strings.NewReader(fixture), now)
	if _, err := collect(source.Users()); err != nil {
		return nil, 0, err
	}
	revocations, err = collect(source.Revocations())
	return revocations, source.Expired(), err
}

func TestSlidingTokensOfFixture(t *testing.T) {
	for _, test := range slidingTests {
		token := strings.Replace(outstanding(3, "jti", test.expires.Format(time.RFC3339)), "SECRET", test.token, 1)
		for _, objects := range [][]string{{anna, token, blacklisted(1, 3)}, {blacklisted(1, 3), token, anna}} {
			got, expired, err := readFixture(fixtureOf(objects...))
			checkExpiry(t, test.name, got, expired, err, test.want)
		}
	}
	for _, value := range []string{`null`, `5`, `["SECRET"]`} {
		token := strings.Replace(outstanding(3, "jti", later), `"SECRET"`, value, 1)
		got, expired, err := readFixture(fixtureOf(anna, token, blacklisted(1, 3)))
		checkExpiry(t, value, got, expired, err, now.AddDate(0, 0, 1))
	}
	alive := strings.Replace(outstanding(3, "jti", earlier), "SECRET", slidingTests[0].token, 1)
	if got, expired, err := readFixture(fixtureOf(anna, alive)); err != nil || len(got) != 0 || expired != 0 {
		t.Errorf("not blacklisted: %v, %d expired, %v", got, expired, err)
	}
}

// What was read once keeps its longer expiry, without the token that told it.
func TestSlidingRoundTrip(t *testing.T) {
	token := strings.Replace(outstanding(3, "jti", written.Format(time.RFC3339)), "SECRET", slidingTests[0].token, 1)
	revoked, _, err := readFixture(fixtureOf(anna, token, blacklisted(1, 3)))
	if err != nil {
		t.Fatal(err)
	}
	fixture, _, err := write([]storage.User{{ID: 5, Username: "anna"}}, revoked)
	if err != nil {
		t.Fatal(err)
	}
	got, expired, err := readFixture(fixture)
	checkExpiry(t, "round trip", got, expired, err, slidingTests[0].want)
}

func BenchmarkReadSlidingTokens(b *testing.B) {
	token := strings.Replace(outstanding(3, "jti", written.Format(time.RFC3339)), "SECRET", sliding(`,"refresh_exp":%d,"user_id":5`, written.Unix()), 1)
	const count = 10_000
	objects := []string{anna}
	for i := range count {
		objects = append(objects, strings.Replace(token, `"pk": 3`, fmt.Sprintf(`"pk": %d`, i+1), 1))
	}
	fixture := fixtureOf(objects...)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := readFixture(fixture); err != nil {
			b.Fatal(err)
		}
	}
}
