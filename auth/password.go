package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go/data"

	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
)

// The bounds of new passwords, in characters. RecommendedPassword is what OWASP ASVS 5.0 (6.2.1) recommends.
const (
	MinPassword         = 8
	RecommendedPassword = 15
)

// ErrWrongPassword: the current password is another, or is not the current one any more.
var ErrWrongPassword = errors.New("the current password is wrong")

// ErrBadPassword: a new password is refused. The error's text says what to mend, and never holds the password. Some reasons
// have an error of their own, beside this one.
var (
	ErrBadPassword    = errors.New("password refused")
	ErrPasswordShort  = fmt.Errorf("it is shorter than %d characters", MinPassword)
	ErrPasswordLong   = fmt.Errorf("it is longer than %d bytes", password.MaxLength)
	ErrPasswordIsName = errors.New("it is the name")
	ErrPasswordCommon = errors.New("it is a common password or word, or one with digits or signs behind it")
)

// commonPasswords are in lower case. They are unpacked when they are asked for first: most verbs never do.
var commonPasswords = sync.OnceValue(func() map[string]bool { return unpack("Passwords") })

// commonWords are what the lists of passwords, names and English words share out among themselves: a password that is a name is
// in the list of names.
var commonWords = sync.OnceValue(func() map[string]bool {
	return unpack("Passwords", "FemaleNames", "MaleNames", "Surnames", "English")
})

func unpack(lists ...string) map[string]bool {
	all := make(map[string]bool)
	for _, name := range lists {
		var list struct{ List []string }
		if err := json.Unmarshal(data.MustAsset("data/"+name+".json"), &list); err != nil {
			panic(err) // it is compiled in
		}
		for _, word := range list.List {
			all[word] = true
		}
	}
	return all
}

// ChangePassword gives the account a new password and ends its other sessions, on disk before it returns. It fails with
// ErrWrongPassword, ErrBadPassword, ErrBusy, or with an error of ctx when the caller has gone before the work began.
func (s *Service) ChangePassword(ctx context.Context, account Account, current, next string) error {
	if len(current) > password.MaxLength {
		return ErrWrongPassword
	}
	release, err := s.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	user := account.user
	if !s.Hasher.Check(current, user.Password) {
		return ErrWrongPassword
	}
	if err := checkNew(user.Username, next); err != nil {
		return err
	}
	if IsCommon(next) {
		return fmt.Errorf("%w: %w", ErrBadPassword, ErrPasswordCommon)
	}
	encoded, err := s.Hasher.Hash(TrimSpace(next))
	release()
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err = s.Store.ChangePassword(ctx, user.ID, user.SessionsEnded, storage.PasswordChange{
		Encoded: encoded, Format: string(s.Hasher.Format()), At: s.Issuer.Now(), Keep: account.Session,
	})
	if errors.Is(err, storage.ErrNotFound) { // the account's sessions were ended meanwhile, by another change of it, say
		return ErrWrongPassword
	}
	return err
}

// IsShort says that a password is good enough to be taken and shorter than recommended.
func IsShort(plaintext string) bool {
	return utf8.RuneCountInString(TrimSpace(plaintext)) < RecommendedPassword
}

// checkNew fails with ErrBadPassword where nobody may set this password.
func checkNew(username, plaintext string) error {
	plaintext = TrimSpace(plaintext)
	var reason error
	switch {
	case !utf8.ValidString(plaintext):
		reason = errors.New("it is not UTF-8")
	case strings.ContainsRune(plaintext, 0):
		reason = errors.New("it holds a null character")
	case utf8.RuneCountInString(plaintext) < MinPassword:
		reason = ErrPasswordShort
	case len(plaintext) > password.MaxLength:
		reason = ErrPasswordLong
	case strings.EqualFold(plaintext, username):
		reason = ErrPasswordIsName
	}
	if reason != nil {
		return fmt.Errorf("%w: %w", ErrBadPassword, reason)
	}
	return nil
}

// IsCommon says that a password is easily guessed, whatever its case: it is a common password, name or English word, or it is
// short and would be a common password without the digits and signs at its end, or one character is all there is to it. A
// user cannot choose it; an operator is warned.
func IsCommon(plaintext string) bool {
	lower := strings.ToLower(TrimSpace(plaintext))
	word := strings.TrimRightFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })
	first, _ := utf8.DecodeRuneInString(lower)
	isOne := strings.TrimLeft(lower, string(first)) == ""
	return isOne || commonWords()[lower] || IsShort(lower) && commonPasswords()[word]
}
