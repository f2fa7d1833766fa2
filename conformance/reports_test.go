package conformance

import (
	"io"
	"net"
	"strings"
	"testing"
)

func TestRunnerReports(t *testing.T) {
	trials := allTrials()
	base, raw := serveTrials(t, trials)
	suite, err := parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	runner, err := NewRunner(base, testKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, trial := range trials {
		t.Run(trial.name, func(t *testing.T) {
			differences, _ := runner.Run(&suite.Cases[i])
			got := strings.Join(differences, " | ")
			if trial.want == "" && got != "" {
				t.Errorf("differences where there are none: %s", got)
			}
			if trial.want != "" && !strings.Contains(got, trial.want) {
				t.Errorf("got  %q\nwant %q", got, trial.want)
			}
		})
	}
}

func TestNotes(t *testing.T) {
	base, raw := serveTrials(t, []trial{
		{name: "order of keys", body: `{"b":1,"a":2}`, expect: `{"body":{"json":{"a":2,"b":1}}}`},
		{name: "white space", body: `{"a": 2}`, expect: `{"body":{"json":{"a":2}}}`},
		{name: "neither", body: `{"a":2,"b":1}`, expect: `{"body":{"json":{"a":2,"b":1}}}`},
	})
	suite, err := parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	runner, err := NewRunner(base, testKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 1, 0} {
		differences, notes := runner.Run(&suite.Cases[i])
		if len(differences) != 0 || len(notes) != want {
			t.Errorf("%s: differences %q, notes %q", suite.Cases[i].ID, differences, notes)
		}
	}
}

func TestSave(t *testing.T) {
	base, _ := serveTrials(t, []trial{
		{name: "first", body: `{"a":{"b":"x"}}`, expect: `{}`},
		{name: "second", body: `"x"`, expect: `{}`},
	})
	const from = `{"cases":[{"id":"c","steps":[{"method":"POST","path":"/0","save":{"v":"KEY"}},{"method":"POST","path":"/1","expect":{"body":{"json":{"$var":"v"}}}}]}]}`
	for key, want := range map[string]string{
		"a.b": "",
		"a":   "[2] POST /1: body expected the value of v got x",
		"b":   `[1] could not save ['v'] from the answer 200 {"a":{"b":"x"}}`,
	} {
		suite, err := parse([]byte(strings.Replace(from, "KEY", key, 1)))
		if err != nil {
			t.Fatal(err)
		}
		runner, err := NewRunner(base, testKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		differences, _ := runner.Run(&suite.Cases[0])
		if got := strings.Join(differences, " | "); got != want {
			t.Errorf("save %s: got %q, want %q", key, got, want)
		}
	}
}

func TestNoServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	runner, err := NewRunner("http://"+listener.Addr().String(), testKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	differences, _ := runner.Run(&Case{Steps: []Step{{Do: "request", Method: "GET", Path: "/"}}})
	if len(differences) != 1 || !strings.HasPrefix(differences[0], "[1] GET /: ") {
		t.Errorf("differences %q", differences)
	}
}

// A server may answer, and read no further, as soon as it knows that the body is too large.
func TestAnswerBeforeTheBody(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan struct{})
	defer close(done)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.Read(make([]byte, 1))
		io.WriteString(conn, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
		<-done
	}()
	suite, err := parse([]byte(`{"cases":[{"id":"c","steps":[{"method":"POST","path":"/","body":[["x",50000000]],"expect":{"status":413}}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	runner, err := NewRunner("http://"+listener.Addr().String(), testKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	if differences, _ := runner.Run(&suite.Cases[0]); len(differences) != 0 {
		t.Errorf("differences %q", differences)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"a step with an unknown member":     `{"cases":[{"id":"c","steps":[{"do":"request","colour":"red"}]}]}`,
		"an expectation of something else":  `{"cases":[{"id":"c","steps":[{"expect":{"taste":"sweet"}}]}]}`,
		"a pattern that does not compile":   `{"cases":[{"id":"c","steps":[{"expect":{"body":{"json":[{"$regex":"("}]}}}]}]}`,
		"a pattern that Go does not have":   `{"cases":[{"id":"c","steps":[{"expect":{"body":{"regex":"(?=a)"}}}]}]}`,
		"a header pattern that has a fault": `{"cases":[{"id":"c","steps":[{"expect":{"headers":{"A":{"$regex":"["}}}}]}]}`,
	} {
		if _, err := parse([]byte(raw)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestNewRunnerRefuses(t *testing.T) {
	for _, base := range []string{"", "127.0.0.1:8000", "https://127.0.0.1", "http://"} {
		if _, err := NewRunner(base, testKey, nil); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
}
