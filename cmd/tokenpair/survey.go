package main

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/term"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/password"
	"example.com/tokenpair/storage"
)

// survey is what was seen of a site while it was read.
type survey struct {
	users  int
	hashes map[string]int // by kindOfPassword
	padded sample         // names in outer white space
	alive  int            // blacklisted tokens
	good   int            // tokens that are not

	progress progress
}

func newSurvey(std streams) *survey {
	return &survey{hashes: make(map[string]int), progress: progress{out: terminalOf(std.err), format: "read %d users …"}}
}

// ofUsers passes users on and takes note of them.
func (s *survey) ofUsers(users iter.Seq2[storage.User, error]) iter.Seq2[storage.User, error] {
	return func(yield func(storage.User, error) bool) {
		for user, err := range users {
			if err == nil {
				s.note(user)
			}
			if !yield(user, err) {
				return
			}
		}
	}
}

func (s *survey) note(user storage.User) {
	s.users++
	user.PasswordFormat = string(password.FormatOf(user.Password))
	s.hashes[kindOfPassword(user)]++
	if auth.TrimSpace(user.Username) != user.Username {
		s.padded.add(printable(user.Username))
	}
	s.progress.show(s.users)
}

// ofRevocations passes revocations on and counts them.
func (s *survey) ofRevocations(revoked iter.Seq2[storage.Revocation, error]) iter.Seq2[storage.Revocation, error] {
	return func(yield func(storage.Revocation, error) bool) {
		for revocation, err := range revoked {
			if err == nil {
				s.alive++
			}
			if !yield(revocation, err) {
				return
			}
		}
	}
}

// printHashes lists how many users have which kind of hash.
func (s *survey) printHashes(out io.Writer) {
	fmt.Fprintln(out, "password hashes:")
	for _, kind := range slices.Sorted(maps.Keys(s.hashes)) {
		meaning := ""
		switch kind {
		case "unusable":
			meaning = ": there is no password to log in with"
		case "unreadable":
			meaning = ": not known here, no login until changepassword"
		}
		fmt.Fprintf(out, "%8d %s%s\n", s.hashes[kind], kind, meaning)
	}
}

// warnOfLockedOut counts the users who cannot log in here although Django may have let them.
func (s *survey) warnOfLockedOut(std streams) {
	if unreadable := s.hashes["unreadable"]; unreadable > 0 {
		std.warn(fmt.Sprintf("%d of them have a password hash that is not known here, and cannot log in until changepassword", unreadable))
	}
	if s.padded.count > 0 {
		std.warn(fmt.Sprintf("%d of them have a name in outer white space, which a login cuts, and cannot log in", s.padded.count))
	}
}

// sample is the first few of many, and how many there are.
type sample struct {
	shown []string
	count int
}

func (s *sample) add(text string) {
	const most = 10
	if s.count++; s.count <= most {
		s.shown = append(s.shown, text)
	}
}

func (s *sample) print(out io.Writer, headline string) {
	if s.count == 0 {
		return
	}
	fmt.Fprintf(out, "%s:\n", headline)
	for _, text := range s.shown {
		fmt.Fprintf(out, "  %s\n", text)
	}
	if more := s.count - len(s.shown); more > 0 {
		fmt.Fprintf(out, "  … and %d more\n", more)
	}
}

// progress tells a terminal, in one line that it rewrites every second, how far a verb is.
type progress struct {
	out    io.Writer // nil: nobody watches
	format string    // of the line, with a verb for the number
	next   time.Time
	shown  bool
}

func (p *progress) show(n int) {
	if p.out == nil {
		return
	}
	if now := time.Now(); now.After(p.next) {
		p.next, p.shown = now.Add(time.Second), true
		fmt.Fprintf(p.out, "\r"+p.format, n)
	}
}

// clear makes room for what is printed next.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// terminalOf is a stream when it is a terminal, and nil when not.
func terminalOf(stream any) io.Writer {
	if file, ok := stream.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return file
	}
	return nil
}
