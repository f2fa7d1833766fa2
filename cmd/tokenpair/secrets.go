package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
	"example.com/tokenpair/token"
)

// signingKey takes the key from its variable or its file, which kong never sees since it repeats what it refuses, or
// from the database, where a random one is made when there is none.
func signingKey(ctx context.Context, env environment, file *string, store storage.Store) (token.Key, error) {
	given, source := env[prefix+"SIGNING_KEY"], prefix+"SIGNING_KEY"
	secret := []byte(dropLineEnd(given))
	switch {
	case given != "" && file != nil:
		return token.Key{}, fmt.Errorf("%[1]sSIGNING_KEY and %[1]sSIGNING_KEY_FILE are both set: unset one of them", prefix)
	case file != nil:
		content, err := readKeyFile(*file)
		if err != nil {
			return token.Key{}, fmt.Errorf("%sSIGNING_KEY_FILE: %w", prefix, err)
		}
		secret, source = []byte(dropLineEnd(content)), *file
	case given == "":
		fresh := make([]byte, 64)
		rand.Read(fresh) // crypto/rand.Read never fails: it ends the program instead
		var err error
		if secret, err = store.Setting(ctx, "signing_key", fresh); err != nil {
			return token.Key{}, fmt.Errorf("signing key: %w", err)
		}
		source = "the database"
	}
	key, err := token.NewHS256(secret)
	if errors.Is(err, token.ErrShortKey) {
		return token.Key{}, fmt.Errorf("%w, from %s; make one with: head -c 48 /dev/urandom | base64", err, source)
	}
	return key, err
}

// readKeyFile reads no more than a key can have: the path may be wrong, and endless.
func readKeyFile(path string) (string, error) {
	const most = 64 << 10
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return "", err
	}
	if len(content) > most {
		return "", fmt.Errorf("%s has more than %d bytes and is no key", printable(path), most)
	}
	return string(content), nil
}

// dropLineEnd drops the one line end that editors and echo put behind a key.
func dropLineEnd(secret string) string {
	if line, ok := strings.CutSuffix(secret, "\n"); ok {
		return strings.TrimSuffix(line, "\r")
	}
	return secret
}

// read gets a new password: from standard input, or asked for twice without echo. It gives up when ctx ends, and then
// lets the terminal echo again.
func (p newPassword) read(ctx context.Context, std streams) (string, error) {
	restore := func() {}
	if terminal, ok := std.in.(*os.File); ok {
		if state, err := term.GetState(int(terminal.Fd())); err == nil {
			restore = func() { term.Restore(int(terminal.Fd()), state) } // the terminal has gone
		}
	}
	answered := make(chan struct{})
	var answer string
	var failure error
	go func() {
		defer close(answered)
		answer, failure = p.ask(std)
	}()
	select {
	case <-answered:
		return answer, failure
	case <-ctx.Done():
		restore()
		return "", errors.New("interrupted; nothing was changed")
	}
}

// warnIfShort warns of a password that was taken.
func warnIfShort(std streams, plaintext string) {
	if auth.IsShort(plaintext) {
		std.warn(fmt.Sprintf("the password has fewer than %d characters, which are recommended", auth.RecommendedPassword))
	}
}

func (p newPassword) ask(std streams) (string, error) {
	if p.PasswordStdin {
		line, err := bufio.NewReader(io.LimitReader(std.in, 64<<10)).ReadString('\n')
		if err != nil && err != io.EOF {
			return "", fmt.Errorf("read password: %w", err)
		}
		return dropLineEnd(line), nil
	}
	terminal, ok := std.in.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return "", usageError{errors.New("standard input is no terminal to ask for a password: use --password-stdin")}
	}
	first, err := prompt(std, terminal, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := prompt(std, terminal, "Password (again): ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords are not the same; nothing was changed")
	}
	return first, nil
}

func prompt(std streams, terminal *os.File, question string) (string, error) {
	fmt.Fprint(std.err, question)
	answer, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(std.err)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return string(answer), nil
}
