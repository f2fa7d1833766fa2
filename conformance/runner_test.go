package conformance

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Runner replays cases against one server.
type Runner struct {
	Protected string        // the server's route behind the access-token check; /api/me
	Timeout   time.Duration // of one exchange; 30 seconds

	// Answered, if not nil, is called with each answer, its body read, and what it answers: target is the path, with
	// the query if any, as it was sent.
	Answered func(method, target string, answer *http.Response, body []byte)

	host, address, prefix string
	signingKey            string
	keys                  map[string]string
}

// NewRunner makes a runner for the server at base, such as http://127.0.0.1:8000. signingKey is the server's HMAC
// secret, keys the public keys (PEM) that the cases name.
func NewRunner(base, signingKey string, keys map[string]string) (*Runner, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is no http:// address", base)
	}
	return &Runner{
		Protected:  "/api/me",
		Timeout:    30 * time.Second,
		host:       strings.TrimSuffix(u.Host, ":80"),
		address:    net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")),
		prefix:     strings.TrimRight(u.Path, "/"),
		signingKey: signingKey,
		keys:       keys,
	}, nil
}

// Run replays one case. It passes when there are no differences; notes are about the order of names and about white
// space, which clients do not see.
func (r *Runner) Run(c *Case) (differences, notes []string) {
	p := play{Runner: r, vars: variables{}}
	for i := range c.Steps {
		s := &c.Steps[i]
		err := p.step(i+1, s)
		if err == nil {
			continue
		}
		if !errors.As(err, new(abort)) {
			err = fmt.Errorf("%s step could not be done: %w", s.Do, err)
		}
		p.differences = append(p.differences, fmt.Sprintf("[%d] %v", i+1, err))
		break
	}
	return p.differences, p.notes
}

// play is one case on its way.
type play struct {
	*Runner
	vars               variables
	differences, notes []string
}

func (p *play) step(i int, s *Step) (err error) {
	switch s.Do {
	case "request":
		return p.request(i, s)
	case "mint":
		p.vars[s.Var], err = p.mint(s, p.vars)
		return err
	case "edit":
		p.vars[s.Var], err = p.edit(s, p.vars)
		return err
	case "set":
		if !s.Value.present {
			return errors.New("no value")
		}
		p.vars[s.Var], err = p.vars.fill(s.Value.value)
		return err
	case "claim":
		p.vars[s.Var], err = claim(s, p.vars)
		return err
	case "differ":
		return p.allDiffer(i, s.Values)
	case "sleep":
		time.Sleep(time.Duration(s.Seconds * float64(time.Second)))
		return nil
	}
	return abort("unknown step " + s.Do)
}

func (p *play) allDiffer(i int, values []string) error {
	seen := map[string]bool{}
	for _, v := range values {
		text, err := p.vars.text(v)
		if err != nil {
			return err
		}
		seen[text] = true
	}
	if len(seen) < len(values) {
		p.differences = append(p.differences, fmt.Sprintf("[%d] these should all differ: ['%s']", i, strings.Join(values, "', '")))
	}
	return nil
}

func (p *play) request(i int, s *Step) error {
	q, err := p.build(s)
	if err != nil {
		return err
	}
	answer, err := p.send(q)
	if err != nil {
		return abort(fmt.Sprintf("%s %s: %v", s.Method, s.Path, err))
	}
	if s.Expect != nil {
		c := comparison{Runner: p.Runner, vars: p.vars, from: answer.from, to: answer.to}
		c.check(s.Expect, answer)
		if c.err != nil {
			return c.err
		}
		where := fmt.Sprintf("[%d] %s %s: ", i, s.Method, s.Path)
		if len(c.differences) > 0 {
			p.differences = append(p.differences, where+strings.Join(c.differences, "; "))
		}
		for _, note := range c.notes {
			p.notes = append(p.notes, where+note)
		}
	}
	return p.save(s.Save, answer)
}

func (p *play) build(s *Step) (*request, error) {
	q := &request{method: s.Method, chunked: s.Chunked, noContentLength: s.NoContentLength}
	var err error
	if q.path, err = p.vars.text(s.Path); err != nil {
		return nil, err
	}
	if q.body, err = p.body(s); err != nil {
		return nil, err
	}
	if q.headers, err = p.headers(s.Headers.value); err != nil {
		return nil, err
	}
	return q, nil
}

func (p *play) body(s *Step) ([]byte, error) {
	if s.BodyBase64 != nil {
		return base64.StdEncoding.DecodeString(*s.BodyBase64)
	}
	switch body := s.Body.value.(type) {
	case nil:
		return nil, nil
	case string:
		text, err := p.vars.text(body)
		return []byte(text), err
	case []any:
		raw := []byte{}
		for _, part := range body {
			text, err := repeated(part)
			if err != nil {
				return nil, err
			}
			raw = append(raw, text...)
		}
		return raw, nil
	}
	return nil, errors.New("the body is neither text nor list")
}

// repeated is a text, or [text, times].
func repeated(part any) (string, error) {
	if text, ok := part.(string); ok {
		return text, nil
	}
	if pair, ok := part.([]any); ok && len(pair) == 2 {
		text, ok := pair[0].(string)
		times, isNumber := pair[1].(number)
		if ok && isNumber && times.isInt() {
			return strings.Repeat(text, int(max(times.float(), 0))), nil
		}
	}
	return "", fmt.Errorf("%s is no part of a body", compact(part))
}

// headers takes an object, or a list of pairs.
func (p *play) headers(v any) ([]header, error) {
	var list []header
	add := func(name, value any) error {
		text, err := p.headerValue(value)
		if err != nil {
			return err
		}
		list = append(list, header{fmt.Sprint(name), text})
		return nil
	}
	switch v := v.(type) {
	case nil:
	case *object:
		for _, name := range v.names {
			if err := add(name, v.members[name]); err != nil {
				return nil, err
			}
		}
	case []any:
		for _, member := range v {
			pair, ok := member.([]any)
			if !ok || len(pair) != 2 {
				return nil, fmt.Errorf("%s is no header", compact(member))
			}
			if err := add(pair[0], pair[1]); err != nil {
				return nil, err
			}
		}
	default:
		return nil, errors.New("headers are neither object nor list")
	}
	return list, nil
}

func (p *play) headerValue(v any) (string, error) {
	if o, ok := v.(*object); ok {
		text, _ := o.members["base64"].(string)
		raw, err := base64.StdEncoding.DecodeString(text)
		return string(raw), err
	}
	text, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%s is no header value", compact(v))
	}
	text, err := p.vars.text(text)
	if err != nil {
		return "", err
	}
	return toLatin1(text)
}

func (p *play) save(what document, answer *response) error {
	o, ok := what.value.(*object)
	if !ok {
		return nil
	}
	body, err := parseJSON(answer.body)
	for _, name := range o.names {
		v := body
		key, _ := o.members[name].(string)
		for part := range strings.SplitSeq(key, ".") {
			member, isObject := v.(*object)
			if err != nil || !isObject || !member.has(part) {
				text := short(strings.ToValidUTF8(string(answer.body), "\uFFFD"), 80)
				return abort(fmt.Sprintf("could not save ['%s'] from the answer %d %s", strings.Join(o.names, "', '"), answer.status, text))
			}
			v = member.members[part]
		}
		p.vars[name] = v
	}
	return nil
}
