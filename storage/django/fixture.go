// Package django reads the users of a Django site from the file that its dumpdata command writes. It does not know how
// they are stored here, what a password hash means, nor which permissions the site gave them.
package django

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"example.com/tokenpair/storage"
)

// userModel is the model that is read, as it compares: Django writes it in lower case and reads it in any.
const userModel = "auth.user"

// ReadUsers returns the users of a fixture in JSON, in its order: a list of objects with the members model, pk and
// fields. Objects of other models are skipped. IDs, names and hashes are taken as they are; PasswordFormat is left empty;
// a time without zone is taken as UTC. As in Django, the last of two members of one name counts, is_active is true when
// it is missing, and other fields do not matter. A byte order mark is skipped.
//
// The first fault ends the reading. Its error is one line, has the number of the object in the file (the first is 1) and
// what is known of the user, and never a hash. The file is read as a stream: only the users are held in memory.
func ReadUsers(r io.Reader) ([]storage.User, error) {
	fixture, err := openFixture(r)
	if err != nil {
		return nil, fmt.Errorf("read fixture: %w", err)
	}
	users, err := fixture.readUsers()
	if err != nil {
		return nil, fmt.Errorf("read fixture: %w", err)
	}
	return users, nil
}

// A fixture is a list of objects that is being read.
type fixture struct {
	source  *source
	decoder *jsontext.Decoder
	read    int // objects, up to now
	ids     map[int64]int
	names   map[string]int
}

// A source keeps the error that ended the reading, other than the end of the file: the decoder may wrap it in one of its
// own, with text of the file.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func openFixture(r io.Reader) (*fixture, error) {
	// A decoder takes no byte order mark.
	file := &source{Reader: r}
	input := bufio.NewReader(file)
	switch start, _ := input.Peek(3); {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		input.Discard(3)
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil, errors.New("the file is UTF-16: let dumpdata write it itself, with --output")
	}
	// Objects of other models may hold any text; that of users is checked later.
	decoder := jsontext.NewDecoder(input, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	f := &fixture{source: file, decoder: decoder, ids: map[int64]int{}, names: map[string]int{}}

	start, err := decoder.ReadToken()
	if err == io.EOF {
		return nil, errors.New("the file is empty")
	}
	if err != nil {
		return nil, f.explain(err)
	}
	switch start.Kind() {
	case '[':
		return f, nil
	case '{':
		return nil, errors.New("it is not a list: write it with dumpdata --format json (jsonl is not read)")
	}
	return nil, errors.New("it is not a list: write it with dumpdata --format json")
}

func (f *fixture) readUsers() ([]storage.User, error) {
	var users []storage.User
	for f.decoder.PeekKind() != ']' {
		value, err := f.decoder.ReadValue()
		if err != nil {
			return nil, f.explain(err)
		}
		f.read++
		user, ok, err := parseObject(value)
		if err == nil && ok {
			err = f.remember(user)
		}
		if err != nil {
			return nil, fmt.Errorf("object %d%s: %w", f.read, describe(user), err)
		}
		if ok {
			users = append(users, user)
		}
	}
	if err := f.finish(); err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return nil, fmt.Errorf("none of its %d objects has the model %s: dump that model (a user model of the site's own is not read)", f.read, userModel)
	}
	return users, nil
}

// finish reads the end of the list and of the file.
func (f *fixture) finish() error {
	if _, err := f.decoder.ReadToken(); err != nil {
		return f.explain(err)
	}
	_, err := f.decoder.ReadToken()
	if err == io.EOF {
		return nil
	}
	if f.source.err != nil {
		return f.source.err
	}
	return fmt.Errorf("there is more after the end of the list, at byte %d: remove what does not belong to it", f.decoder.InputOffset())
}

// remember refuses an ID or a name that an earlier object has.
func (f *fixture) remember(user storage.User) error {
	if earlier, taken := f.ids[user.ID]; taken {
		return fmt.Errorf("the same pk as object %d", earlier)
	}
	if earlier, taken := f.names[user.Username]; taken {
		return fmt.Errorf("the same username as object %d", earlier)
	}
	f.ids[user.ID], f.names[user.Username] = f.read, f.read
	return nil
}

// explain puts a failure to read into words of our own: the decoder's may quote what it read.
func (f *fixture) explain(err error) error {
	if f.source.err != nil {
		return f.source.err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file ends in the middle, after %d whole objects: dump or copy it again", f.read)
	}
	if fault, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("object %d: no JSON at byte %d: write the file with dumpdata --format json --output", f.read+1, fault.ByteOffset)
	}
	return err
}

// describe names the user of an error, as far as known.
func describe(user storage.User) string {
	var known []string
	if user.ID != 0 {
		known = append(known, fmt.Sprint("pk ", user.ID))
	}
	if user.Username != "" {
		known = append(known, fmt.Sprintf("user %q", user.Username))
	}
	if known == nil {
		return ""
	}
	return " (" + strings.Join(known, ", ") + ")"
}
