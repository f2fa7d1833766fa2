package django

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"example.com/tokenpair/storage"
)

// A fixture is a list of objects that is being read.
type fixture struct {
	source  *source
	decoder *jsontext.Decoder
	read    int             // objects, up to now
	ids     map[int64]int32 // the object that has it; narrow, because there are millions
	names   map[string]int32
	tokens  tokens
	whole   bool // read to its end
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

func newFixture(r io.Reader, now time.Time) *fixture {
	return &fixture{source: &source{Reader: r}, ids: map[int64]int32{}, names: map[string]int32{}, tokens: newTokens(now)}
}

func (f *fixture) users(yield func(storage.User, error) bool) {
	if err := f.readObjects(yield); err != nil {
		yield(storage.User{}, fmt.Errorf("read fixture: %w", err))
	}
}

func (f *fixture) revocations(yield func(storage.Revocation, error) bool) {
	// Without its end it would be a part of the tokens, and the rest would be valid again.
	if !f.whole {
		yield(storage.Revocation{}, errors.New("read fixture: its users were not read to their end"))
		return
	}
	f.tokens.revocations(yield)
}

func (f *fixture) good() int    { return f.tokens.good }
func (f *fixture) expired() int { return f.tokens.expired }

func (f *fixture) close() error { return nil }

// readObjects reads to the end of the file, or until yield wants no more.
func (f *fixture) readObjects(yield func(storage.User, error) bool) error {
	if err := f.start(); err != nil {
		return err
	}
	for f.decoder.PeekKind() != ']' {
		value, err := f.decoder.ReadValue()
		if err != nil {
			return f.explain(err)
		}
		f.read++
		user, ok, err := f.readObject(value)
		if err != nil {
			return fmt.Errorf("object %d%s: %w", f.read, describe(user), err)
		}
		if ok && !yield(user, nil) {
			return nil
		}
	}
	return f.finish()
}

// start reads to the first object.
func (f *fixture) start() error {
	// A decoder takes no byte order mark.
	input := bufio.NewReader(f.source)
	switch start, _ := input.Peek(3); {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		input.Discard(3)
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return errors.New("the file is UTF-16: let dumpdata write it itself, with --output")
	}
	// Objects of other models may hold any text; that of those that are read is checked later.
	f.decoder = jsontext.NewDecoder(input, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	start, err := f.decoder.ReadToken()
	if err == io.EOF {
		return errors.New("the file is empty")
	}
	if err != nil {
		return f.explain(err)
	}
	switch start.Kind() {
	case '[':
		return nil
	case '{':
		return errors.New("it is not a list: write it with dumpdata --format json (jsonl is not read)")
	}
	return errors.New("it is not a list: write it with dumpdata --format json")
}

// readObject reports false for an object that is no user. With an error it returns what it knows of the user.
func (f *fixture) readObject(value jsontext.Value) (user storage.User, ok bool, err error) {
	o, err := parseObject(value)
	if err != nil {
		return user, false, err
	}
	switch o.model {
	case userModel:
		if user, err = parseUser(o); err == nil {
			err = f.remember(user)
		}
		return user, err == nil, err
	case outstandingModel:
		return user, false, f.tokens.addOutstanding(o)
	case blacklistedModel:
		return user, false, f.tokens.addBlacklisted(o, f.read)
	}
	return user, false, nil
}

// remember refuses an ID or a name that an earlier object has.
func (f *fixture) remember(user storage.User) error {
	if earlier, taken := f.ids[user.ID]; taken {
		return fmt.Errorf("the same pk as object %d", earlier)
	}
	if earlier, taken := f.names[user.Username]; taken {
		return fmt.Errorf("the same username as object %d", earlier)
	}
	f.ids[user.ID], f.names[user.Username] = int32(f.read), int32(f.read)
	return nil
}

// finish reads the end of the list and of the file.
func (f *fixture) finish() error {
	if _, err := f.decoder.ReadToken(); err != nil {
		return f.explain(err)
	}
	_, err := f.decoder.ReadToken()
	if f.source.err != nil {
		return f.source.err
	}
	if err != io.EOF {
		return fmt.Errorf("there is more after the end of the list, at byte %d: remove what does not belong to it", f.decoder.InputOffset())
	}
	if len(f.ids) == 0 {
		return fmt.Errorf("none of its %d objects has the model %s: dump that model %s", f.read, userModel, notRead)
	}
	f.ids, f.names = nil, nil
	if err := f.tokens.finish(); err != nil {
		return err
	}
	f.whole = true
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
