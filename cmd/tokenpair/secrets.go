package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"example.com/tokenpair/auth"
)

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

// warnIfWeak warns of a password that was taken.
func warnIfWeak(std streams, plaintext string) {
	switch {
	case auth.IsCommon(plaintext):
		std.warn("the password is easily guessed: it is common, or one character over and over")
	case auth.IsShort(plaintext):
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
