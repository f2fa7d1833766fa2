package conformance

import (
	"encoding/json"
	"testing"
)

func TestRequestBytes(t *testing.T) {
	for step, want := range map[string]string{
		`{"method":"POST","path":"/a"}`:                                     "POST /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		`{"method":"POST","path":"/a","no_content_length":true}`:            "POST /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n",
		`{"method":"GET","path":"/a?b=c"}`:                                  "GET /a?b=c HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n",
		`{"method":"HEAD","path":"/a"}`:                                     "HEAD /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n",
		`{"method":"OPTIONS","path":"/a"}`:                                  "OPTIONS /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n",
		`{"method":"FOO","path":"/a"}`:                                      "FOO /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		`{"method":"GET","path":"/a","body":""}`:                            "GET /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		`{"method":"POST","path":"/a","body":"ü${v}"}`:                      "POST /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nContent-Length: 7\r\n\r\nüvalue",
		`{"method":"POST","path":"/a","body":["x${v}",["yz",3],""]}`:        "POST /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nContent-Length: 11\r\n\r\nx${v}yzyzyz",
		`{"method":"POST","path":"/a","body_base64":"/w=="}`:                "POST /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nContent-Length: 1\r\n\r\n\xff",
		`{"method":"POST","path":"/a","body":"123456789","chunked":true}`:   "POST /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n1234567\r\n2\r\n89\r\n0\r\n\r\n",
		`{"method":"GET","path":"/a","headers":{"content-TYPE":""}}`:        "GET /a HTTP/1.1\r\nHost: h:1\r\ncontent-TYPE: \r\nConnection: close\r\n\r\n",
		`{"method":"GET","path":"/a","headers":{"X":"  y  "}}`:              "GET /a HTTP/1.1\r\nHost: h:1\r\nX:   y  \r\nConnection: close\r\n\r\n",
		`{"method":"GET","path":"/a","headers":{"X":"é${v}"}}`:              "GET /a HTTP/1.1\r\nHost: h:1\r\nX: \xe9value\r\nConnection: close\r\n\r\n",
		`{"method":"GET","path":"/a","headers":[["X","1"],["X","2"]]}`:      "GET /a HTTP/1.1\r\nHost: h:1\r\nX: 1\r\nX: 2\r\nConnection: close\r\n\r\n",
		`{"method":"GET","path":"/a","headers":{"X":{"base64":"w7w="}}}`:    "GET /a HTTP/1.1\r\nHost: h:1\r\nX: ü\r\nConnection: close\r\n\r\n",
		`{"method":"GET","path":"/${v}","headers":{"B":"1","A":"${v}"}}`:    "GET /value HTTP/1.1\r\nHost: h:1\r\nB: 1\r\nA: value\r\nConnection: close\r\n\r\n",
		`{"method":"PUT","path":"/a","body":"x","no_content_length":false}`: "PUT /a HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
	} {
		got, err := requestText(step)
		if err != nil || got != want {
			t.Errorf("%s\ngot  %q, %v\nwant %q", step, got, err, want)
		}
	}
}

func TestRequestRefuses(t *testing.T) {
	for _, step := range []string{
		`{"method":"GET","path":"/a b"}`,
		`{"method":"GET","path":"/ü"}`,
		`{"method":"GET","path":"/${w}"}`,
		`{"method":"GET","path":"/","headers":{"X":"a\r\nY: b"}}`,
		`{"method":"GET","path":"/","headers":{"X:":"a"}}`,
		`{"method":"GET","path":"/","headers":{"X":"用"}}`,
		`{"method":"GET","path":"/","headers":{"X":1}}`,
		`{"method":"POST","path":"/","body":[["x"]]}`,
		`{"method":"POST","path":"/","body":{}}`,
	} {
		if got, err := requestText(step); err == nil {
			t.Errorf("%s became %q", step, got)
		}
	}
}

func requestText(step string) (string, error) {
	var s Step
	if err := json.Unmarshal([]byte(step), &s); err != nil {
		return "", err
	}
	p := play{vars: variables{"v": "value"}}
	q, err := p.build(&s)
	if err != nil {
		return "", err
	}
	head, body, err := q.bytes("h:1")
	return string(head) + string(body), err
}

func TestProtectedPath(t *testing.T) {
	r := Runner{Protected: "/whoami"}
	for path, want := range map[string]string{
		"/api/me":           "/whoami",
		"/api/me/":          "/whoami/",
		"/api/me?x=1":       "/whoami?x=1",
		"/api/me-stateless": "/api/me-stateless",
		"/api/token":        "/api/token",
	} {
		if got := r.protectedPath(path); got != want {
			t.Errorf("%s became %s, want %s", path, got, want)
		}
	}
}
