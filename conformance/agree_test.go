package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The variable CONFORMANCE_PYTHON names a Python 3.11 (or later) that can run run.py; without it these tests are skipped.
const pythonVariable = "CONFORMANCE_PYTHON"

// runReferee runs run.py and returns the differences by case.
func runReferee(t *testing.T, base string, cases []byte) map[string][]string {
	t.Helper()
	python := os.Getenv(pythonVariable)
	if python == "" {
		t.Skip(pythonVariable + " is not set: the runner is not compared with run.py")
	}
	dir := t.TempDir()
	file, report := filepath.Join(dir, "cases.json"), filepath.Join(dir, "report.json")
	if err := os.WriteFile(file, cases, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "run.py", "--base", base, "--cases", file, "--signing-key", testKey, "--json", report).CombinedOutput()
	raw, readErr := os.ReadFile(report)
	if readErr != nil {
		t.Fatalf("%v, %v: %s", err, readErr, out)
	}
	var parsed struct {
		Results []struct {
			ID          string   `json:"id"`
			Differences []string `json:"differences"`
		} `json:"results"`
	}
	if err := json.Unmarshal(raw, &parsed); err != nil {
		t.Fatal(err)
	}
	byCase := map[string][]string{}
	for _, r := range parsed.Results {
		byCase[r.ID] = r.Differences
	}
	return byCase
}

// compare replays the cases once more with the runner, and wants the same words of it.
func compare(t *testing.T, base string, cases []byte, referee map[string][]string) {
	t.Helper()
	suite, err := parse(cases)
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.Cases) != len(referee) {
		t.Errorf("the referee ran %d of %d cases", len(referee), len(suite.Cases))
	}
	runner, err := NewRunner(base, testKey, suite.Keys)
	if err != nil {
		t.Fatal(err)
	}
	for i := range suite.Cases {
		c := &suite.Cases[i]
		differences, _ := runner.Run(c)
		got, want := stable(strings.Join(differences, " | ")), stable(strings.Join(referee[c.ID], " | "))
		if got != want {
			t.Errorf("%s\nrunner:  %s\nreferee: %s", c.ID, got, want)
		}
	}
}

var (
	tokens  = regexp.MustCompile(`eyJ[\w-]*(\.[\w-]*)*`)
	seconds = regexp.MustCompile(`got now[+-]\d+`)
	reasons = regexp.MustCompile(`(is no readable JWT): [^|;]*`)
)

// stable takes out what differs between two runs, or between two languages' words for a fault.
func stable(s string) string {
	s = tokens.ReplaceAllStringFunc(s, func(token string) string {
		return "TOKEN" + strings.Repeat(".", strings.Count(token, "."))
	})
	s = seconds.ReplaceAllString(s, "got then")
	return reasons.ReplaceAllString(s, "$1")
}

func TestAgreesOnDifferences(t *testing.T) {
	base, cases := serveTrials(t, allTrials())
	compare(t, base, cases, runReferee(t, base, cases))
}

func TestAgreesOnRequests(t *testing.T) {
	raw, err := os.ReadFile("public_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	cases := regexp.MustCompile(`"profile":\s*"\w+"`).ReplaceAll(withoutES256K(t, raw), []byte(`"profile":"default"`))
	// An answer with which each kind of case goes on to its end.
	const token = `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImp0aSI6ImoifQ.c2lnbmF0dXJl`
	recorder := record(t, `{"refresh":"`+token+`","access":"`+token+`","token":"`+token+`"}`)

	referee := runReferee(t, recorder.base, cases)
	fromReferee := recorder.take()
	compare(t, recorder.base, cases, referee)
	fromRunner := recorder.take()

	if len(fromReferee) < 900 || len(fromReferee) != len(fromRunner) {
		t.Fatalf("%d requests of the referee, %d of the runner", len(fromReferee), len(fromRunner))
	}
	for i := range fromReferee {
		if fromRunner[i] != fromReferee[i] {
			t.Errorf("request %d\nrunner:  %.400q\nreferee: %.400q", i, fromRunner[i], fromReferee[i])
		}
	}
}

// withoutES256K leaves out the cases of the one algorithm that the runner does not check, so that it would differ from
// run.py in what it says of them.
func withoutES256K(t *testing.T, raw []byte) []byte {
	t.Helper()
	var suite map[string]json.RawMessage
	if err := json.Unmarshal(raw, &suite); err != nil {
		t.Fatal(err)
	}
	var cases, left []json.RawMessage
	if err := json.Unmarshal(suite["cases"], &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if !bytes.Contains(c, []byte("es256k")) {
			left = append(left, c)
		}
	}
	if len(left) == len(cases) {
		t.Error("no case with ES256K was found")
	}
	var err error
	if suite["cases"], err = json.Marshal(left); err != nil {
		t.Fatal(err)
	}
	raw, err = json.Marshal(suite)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// recorder keeps the bytes of each request, and answers all alike.
type recorder struct {
	base     string
	mu       sync.Mutex
	requests []string
}

func record(t *testing.T, answer string) *recorder {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	r := &recorder{base: "http://" + listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.serve(conn, answer)
		}
	}()
	return r
}

func (r *recorder) serve(conn net.Conn, answer string) {
	defer conn.Close()
	var raw bytes.Buffer
	q, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &raw)))
	if err != nil {
		return
	}
	if _, err := io.Copy(io.Discard, q.Body); err != nil {
		return
	}
	r.mu.Lock()
	r.requests = append(r.requests, stable(raw.String()))
	r.mu.Unlock()
	if q.Method == http.MethodHead {
		answer = ""
	}
	io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"+answer)
}

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := slices.Clone(r.requests)
	r.requests = nil
	return taken
}
