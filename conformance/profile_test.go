package conformance

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// profiles are the settings of each wanted profile, as variables of the program. ${keys} in a value is the directory in
// which the key files are.
type profiles map[string]map[string]string

// unwanted are profiles, and features of cases, that the program is not held to, each with the reason.
type unwanted struct {
	Profiles map[string]string `json:"profiles"`
	Features map[string]string `json:"features"`
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
}

func loadProfiles(t *testing.T) (profiles, unwanted) {
	t.Helper()
	var p profiles
	readJSON(t, "settings.json", &p)
	var u unwanted
	readJSON(t, "unwanted.json", &u)
	return p, u
}

// wantedCases are the cases of a tier by profile: those of the wanted profiles that need nothing unwanted.
func wantedCases(suite *Suite, tier string, p profiles, u unwanted) map[string][]*Case {
	cases := map[string][]*Case{}
	for i := range suite.Cases {
		c := &suite.Cases[i]
		_, wanted := p[c.Profile]
		needless := !slices.ContainsFunc(c.Needs, func(need string) bool { return u.Features[need] != "" })
		if wanted && needless && c.Tier == tier {
			cases[c.Profile] = append(cases[c.Profile], c)
		}
	}
	return cases
}

// startProfile starts the program with the settings of a profile.
func startProfile(t *testing.T, binary string, f *fixtures, settings map[string]string) *program {
	t.Helper()
	var list []string
	if _, ok := settings["TOKENPAIR_SIGNING_KEY_FILE"]; !ok {
		list = append(list, "TOKENPAIR_SIGNING_KEY="+f.SigningKey)
	}
	keys := t.TempDir()
	unpackKeys(t, keys)
	for name, value := range settings {
		list = append(list, name+"="+strings.ReplaceAll(value, "${keys}", keys))
	}
	return start(t, binary, f, list...)
}

// unpackKeys writes the keys of keys.json as PEM files, as unpack_keys.py does.
func unpackKeys(t *testing.T, dir string) {
	t.Helper()
	var keys map[string]json.RawMessage
	readJSON(t, "keys.json", &keys)
	for name, raw := range keys {
		if strings.HasPrefix(name, "_") {
			continue
		}
		var key struct {
			Label string `json:"label"`
			DER   []byte `json:"der"`
		}
		if err := json.Unmarshal(raw, &key); err != nil {
			t.Fatal(err)
		}
		block := pem.EncodeToMemory(&pem.Block{Type: key.Label, Bytes: key.DER})
		if err := os.WriteFile(filepath.Join(dir, name), block, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestProfiles wants each profile of profiles.json to be wanted, with the same settings, or else unwanted, and no other.
func TestProfiles(t *testing.T) {
	p, u := loadProfiles(t)
	var recorded map[string]json.RawMessage
	readJSON(t, "profiles.json", &recorded)
	delete(recorded, "_about")
	for name, raw := range recorded {
		settings, wanted := p[name]
		if wanted == (u.Profiles[name] != "") {
			t.Errorf("profile %s: it should be in either settings.json or, with a reason, unwanted.json", name)
		}
		if !wanted {
			continue
		}
		want, err := translate(raw)
		if err != nil {
			t.Errorf("profile %s: %v", name, err)
		}
		if !maps.Equal(settings, want) {
			t.Errorf("profile %s\ngot  %q\nwant %q", name, settings, want)
		}
	}
	if len(p)+len(u.Profiles) != len(recorded) {
		t.Errorf("%d profiles are wanted and %d not, of %d", len(p), len(u.Profiles), len(recorded))
	}
}

// TestUnwantedFeatures wants each of them to be one that a case needs.
func TestUnwantedFeatures(t *testing.T) {
	_, u := loadProfiles(t)
	suite := publicCases(t)
	for feature, reason := range u.Features {
		needed := slices.ContainsFunc(suite.Cases, func(c Case) bool { return slices.Contains(c.Needs, feature) })
		if !needed || reason == "" {
			t.Errorf("feature %s: no case needs it, or there is no reason not to have it", feature)
		}
	}
}

// translate makes variables of a profile of profiles.json.
func translate(raw []byte) (map[string]string, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	for name := range members {
		if name != "about" && name != "simple_jwt" {
			return nil, fmt.Errorf("%s is more than settings of SimpleJWT", name)
		}
	}
	var simpleJWT map[string]any
	if err := json.Unmarshal(members["simple_jwt"], &simpleJWT); err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for name, value := range simpleJWT {
		if file, ok := member(value, "file").(string); ok {
			settings["TOKENPAIR_"+name+"_FILE"] = "${keys}/" + filepath.Base(file)
			continue
		}
		text, err := variable(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		settings["TOKENPAIR_"+name] = text
	}
	return settings, nil
}

func member(value any, name string) any {
	o, _ := value.(map[string]any)
	return o[name]
}

// variable is a value of profiles.json as a variable has it.
func variable(value any) (string, error) {
	switch value := value.(type) {
	case bool, float64:
		return fmt.Sprint(value), nil
	case string:
		return strings.TrimPrefix(value, "rest_framework_simplejwt.tokens."), nil
	case []any:
		texts := make([]string, len(value))
		for i := range value {
			var err error
			if texts[i], err = variable(value[i]); err != nil {
				return "", err
			}
		}
		return strings.Join(texts, ","), nil
	}
	if seconds, ok := member(value, "seconds").(float64); ok {
		return fmt.Sprintf("%.0fs", seconds), nil
	}
	return "", fmt.Errorf("%v has no form as a variable", value)
}
