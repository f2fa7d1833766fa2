// Package conformance replays recorded HTTP exchanges against a running server and says where it differs.
// It knows nothing of the program's own packages: all it has is a base URL, a signing key and the cases.
package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// Suite is one file of cases, with the public keys (PEM, by name) that they mention.
type Suite struct {
	Meta  json.RawMessage   `json:"meta"`
	Keys  map[string]string `json:"keys"`
	Cases []Case            `json:"cases"`
}

// Case is a recorded exchange: steps in order, against a server that was started with the settings of Profile.
type Case struct {
	ID             string   `json:"id"`
	Title          string   `json:"title"`
	Profile        string   `json:"profile"`
	Tier           string   `json:"tier"` // mandatory or advisory
	Needs          []string `json:"needs"`
	Source         string   `json:"source"`
	ReferenceFault bool     `json:"reference_fault"`
	Steps          []Step   `json:"steps"`
}

// Step is one thing that a case does. Do says which of the groups of fields counts; README.md beside this file says
// what each means.
type Step struct {
	Do string `json:"do"`

	// request
	Method          string   `json:"method"`
	Path            string   `json:"path"`
	Headers         document `json:"headers"`
	Body            document `json:"body"`
	BodyBase64      *string  `json:"body_base64"`
	Chunked         bool     `json:"chunked"`
	NoContentLength bool     `json:"no_content_length"`
	Save            document `json:"save"`
	Expect          *Expect  `json:"expect"`

	// mint, edit, set, claim: the variable that is set
	Var string `json:"var"`

	// mint
	Alg          *string  `json:"alg"` // edit swap_alg, too
	Header       document `json:"header"`
	HeaderRaw    *string  `json:"header_raw"`
	Claims       document `json:"claims"`
	ClaimsRaw    *string  `json:"claims_raw"`
	ClaimsBase64 *string  `json:"claims_base64"`
	Sign         *string  `json:"sign"`
	MAC          *string  `json:"mac"`

	// edit, claim
	From  string   `json:"from"`
	Op    string   `json:"op"`
	Set   document `json:"set"`
	Claim string   `json:"claim"`

	// set, edit concat; differ; sleep
	Value   document `json:"value"`
	Values  []string `json:"values"`
	Seconds float64  `json:"seconds"`
}

// Expect is what the answer to a request must be. Absent parts are not looked at.
type Expect struct {
	Status  document `json:"status"`
	Headers document `json:"headers"`
	Absent  []string `json:"absent"`
	Body    *Body    `json:"body"`
}

// Body is what the body of an answer must be: one of its fields.
type Body struct {
	Empty   bool     `json:"empty"`
	Text    *string  `json:"text"`
	Base64  *string  `json:"base64"`
	Regex   *string  `json:"regex"`
	JSON    document `json:"json"`
	Compact *bool    `json:"compact"`
}

// document is any JSON value of a case file, with its order and number texts kept. present tells null from nothing.
type document struct {
	value   any
	present bool
}

func (d *document) UnmarshalJSON(raw []byte) (err error) {
	d.present = true
	d.value, err = parseJSON(raw)
	return err
}

// Load reads a file of cases. A member that the format does not have, or a pattern that does not compile, is an error:
// a case that is not understood must not pass.
func Load(file string) (*Suite, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	suite, err := parse(raw)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return suite, nil
}

func parse(raw []byte) (*Suite, error) {
	var suite Suite
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&suite); err != nil {
		return nil, err
	}
	for i := range suite.Cases {
		c := &suite.Cases[i]
		if c.Profile == "" {
			c.Profile = "default"
		}
		if c.Tier == "" {
			c.Tier = "mandatory"
		}
		for j := range c.Steps {
			s := &c.Steps[j]
			if s.Do == "" {
				s.Do = "request"
			}
			if err := s.checkPatterns(); err != nil {
				return nil, fmt.Errorf("case %s: step %d: %w", c.ID, j+1, err)
			}
		}
	}
	return &suite, nil
}

func (s *Step) checkPatterns() error {
	if s.Expect == nil {
		return nil
	}
	if err := checkPatterns(s.Expect.Headers.value); err != nil {
		return err
	}
	if s.Expect.Body == nil {
		return nil
	}
	if p := s.Expect.Body.Regex; p != nil {
		if _, err := compile(*p); err != nil {
			return err
		}
	}
	return checkPatterns(s.Expect.Body.JSON.value)
}

func checkPatterns(v any) error {
	switch v := v.(type) {
	case []any:
		for _, member := range v {
			if err := checkPatterns(member); err != nil {
				return err
			}
		}
	case *object:
		for _, name := range v.names {
			if p, ok := v.members[name].(string); ok && name == "$regex" {
				if _, err := compile(p); err != nil {
					return err
				}
			}
			if err := checkPatterns(v.members[name]); err != nil {
				return err
			}
		}
	}
	return nil
}
