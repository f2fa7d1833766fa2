package auth_test

import (
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
)

func TestCreateNames(t *testing.T) {
	long := strings.Repeat("n", 150)
	for name, test := range map[string]struct {
		username, stored string
		err              error
	}{
		"plain":                 {"alice", "alice", nil},
		"case is kept":          {"Alice", "Alice", nil},
		"inner space":           {"alice b", "alice b", nil},
		"composed":              {"jose\u0301", "jos\u00e9", nil},
		"full width":            {"ａlice2", "alice2", nil},
		"ligature":              {"ﬁlip", "filip", nil},
		"150 characters":        {long, long, nil},
		"150 wide characters":   {strings.Repeat("用", 150), strings.Repeat("用", 150), nil},
		"151 characters":        {long + "n", "", auth.ErrBadUsername},
		"151 after normalising": {strings.Repeat("n", 149) + "ﬁ", "", auth.ErrBadUsername},
		"empty":                 {"", "", auth.ErrBadUsername},
		"white space":           {" ", "", auth.ErrBadUsername},
		"leading":               {" alice", "", auth.ErrBadUsername},
		"trailing no-break":     {"alice\u00a0", "", auth.ErrBadUsername},
		"trailing separator":    {"alice\u001f", "", auth.ErrBadUsername},
		"NUL":                   {"a\x00b", "", auth.ErrBadUsername},
		"escape sequence":       {"a\x1b[31m", "", auth.ErrBadUsername},
		"not UTF-8":             {"a\xff", "", auth.ErrBadUsername},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			user, err := h.users.Create(t.Context(), test.username, "a good password")
			if !errors.Is(err, test.err) || user.Username != test.stored {
				t.Fatalf("got %q, %v", user.Username, err)
			}
			if err != nil {
				return
			}
			if _, err := h.ObtainPair(t.Context(), test.stored, "a good password", auth.Client{}); err != nil {
				t.Errorf("login: %v", err)
			}
		})
	}
}

// The same rules hold for every way in which a password is set.
func TestNewPasswords(t *testing.T) {
	for name, test := range map[string]struct {
		plaintext, login string
		ok               bool
	}{
		"plain":          {"a good password", "a good password", true},
		"8 characters":   {"12345678", "12345678", true},
		"8 wide ones":    {"пароль12", "пароль12", true},
		"trimmed":        {" \u3000a good password\u001f", "a good password", true},
		"4096 bytes":     {strings.Repeat("x", 4096), strings.Repeat("x", 4096), true},
		"7 characters":   {"1234567", "", false},
		"7 and a space":  {"1234567 ", "", false},
		"empty":          {"", "", false},
		"4097 bytes":     {strings.Repeat("x", 4097), "", false},
		"the name":       {"somebody", "", false},
		"the name, case": {"SomeBody", "", false},
		"NUL":            {"a good\x00password", "", false},
		"not UTF-8":      {"a good passwor\xff", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			set := map[string]func() error{
				"create": func() error {
					_, err := h.users.Create(t.Context(), "somebody", test.plaintext)
					return err
				},
				"create first": func() error { return h.users.CreateFirst(t.Context(), "somebody", test.plaintext) },
				"change": func() error {
					if _, err := h.users.Create(t.Context(), "somebody", "the password before"); err != nil {
						t.Fatal(err)
					}
					return h.users.ChangePassword(t.Context(), "somebody", test.plaintext)
				},
			}
			for _, way := range []string{"create", "create first", "change"} {
				err := set[way]()
				if test.ok && err != nil || !test.ok && !errors.Is(err, auth.ErrBadPassword) {
					t.Fatalf("%s: %v", way, err)
				}
				if err != nil && test.plaintext != "" && strings.Contains(err.Error(), test.plaintext) {
					t.Errorf("%s: the error tells the password", way)
				}
				if test.ok {
					if _, err := h.ObtainPair(t.Context(), "somebody", test.login, auth.Client{}); err != nil {
						t.Errorf("%s: login: %v", way, err)
					}
					if err := h.users.Delete(t.Context(), "somebody"); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func TestIsShort(t *testing.T) {
	for plaintext, short := range map[string]bool{
		"userpassword123":  false,
		"userpassword12":   true,
		"userpassword12  ": true,
		"пароль-из-слов-1": false,
	} {
		if auth.IsShort(plaintext) != short {
			t.Errorf("IsShort(%q) is %t", plaintext, !short)
		}
	}
}

func TestLifeOfAUser(t *testing.T) {
	h, ctx := open(t), t.Context()
	login := func(want error) {
		t.Helper()
		if _, err := h.ObtainPair(ctx, "alice", "alice's password", auth.Client{}); !errors.Is(err, want) {
			t.Errorf("login: got %v, want %v", err, want)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	first, err := h.users.Create(ctx, "alice", "alice's password")
	do(err)
	login(nil)
	if _, err := h.users.Create(ctx, "alice", "another password"); !errors.Is(err, auth.ErrUserExists) {
		t.Errorf("created twice: %v", err)
	}
	login(nil)
	do(h.users.SetActive(ctx, "alice", false))
	login(auth.ErrNoActiveAccount)
	do(h.users.SetActive(ctx, "alice", true))
	login(nil)
	do(h.users.ChangePassword(ctx, "alice", "another password"))
	login(auth.ErrNoActiveAccount)
	do(h.users.Delete(ctx, "alice"))
	login(auth.ErrNoActiveAccount)
	second, err := h.users.Create(ctx, "alice", "alice's password")
	do(err)
	login(nil)
	if second.ID <= first.ID {
		t.Errorf("the id %d was given again: %d", first.ID, second.ID)
	}
	for name, err := range map[string]error{
		"change":     h.users.ChangePassword(ctx, "nobody", "a good password"),
		"deactivate": h.users.SetActive(ctx, "nobody", false),
		"delete":     h.users.Delete(ctx, "nobody"),
	} {
		if !errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%s nobody: %v", name, err)
		}
	}
}

func TestCreateFirst(t *testing.T) {
	h := open(t)
	if err := h.users.CreateFirst(t.Context(), "demo", "a good password"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"demo", "other"} {
		if err := h.users.CreateFirst(t.Context(), name, "a good password"); !errors.Is(err, auth.ErrDatabaseInUse) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAllAndImport(t *testing.T) {
	h, ctx := open(t), t.Context()
	many := make([]storage.User, 2500)
	for i := range many {
		many[i] = storage.User{ID: int64(3 * (i + 1)), Username: "u" + strings.Repeat("x", i%100) + string(rune('a'+i/100)), Password: "md5$a$b", Active: true}
	}
	gone := storage.Revocation{ID: "gone", Expires: time.Now().Add(time.Hour)}
	imported, err := h.users.Import(ctx, each(many...), each(gone))
	if want := (storage.Imported{Users: 2500, Revocations: 1}); err != nil || imported != want {
		t.Fatalf("imported %+v, %v", imported, err)
	}
	var n, last int64
	for user, err := range h.users.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if user.ID <= last || user.PasswordFormat != string(password.FormatOf(user.Password)) {
			t.Fatalf("id %d after %d, format %q", user.ID, last, user.PasswordFormat)
		}
		n, last = n+1, user.ID
	}
	if n != 2500 || last != 7500 {
		t.Errorf("%d users, the last with id %d", n, last)
	}
	if gone, err := h.Store.Standing(ctx, "gone", ""); err != nil || !gone.Revoked {
		t.Errorf("the token is revoked: %t, %v", gone.Revoked, err)
	}
	again := each(storage.User{ID: 8000, Username: "new", Password: "!"}, storage.User{ID: 3, Username: "taken id", Password: "!"})
	if _, err := h.users.Import(ctx, again, each[storage.Revocation]()); !errors.Is(err, auth.ErrTaken) || !strings.Contains(err.Error(), "3") {
		t.Errorf("a taken id: %v", err)
	}
	if err := h.users.SetActive(ctx, "new", false); !errors.Is(err, auth.ErrNoUser) {
		t.Errorf("half an import: %v", err)
	}
}

// each yields values without an error.
func each[T any](values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, value := range values {
			if !yield(value, nil) {
				return
			}
		}
	}
}

func TestTrimSpaceIsPythons(t *testing.T) {
	const python = "\t\n\v\f\r\x1c\x1d\x1e\x1f \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
	for r := rune(0); r <= 0xFFFF; r++ {
		if r >= 0xD800 && r <= 0xDFFF {
			continue
		}
		if cut := auth.TrimSpace(string(r)) == ""; cut != strings.ContainsRune(python, r) {
			t.Errorf("U+%04X is cut: %t", r, cut)
		}
	}
}
