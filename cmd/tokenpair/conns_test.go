package main

import (
	"net"
	"strings"
	"testing"
)

// TestSilentConnections: one that never sent a byte is no request under way.
func TestSilentConnections(t *testing.T) {
	v := newSite(t).serve("--shutdown-timeout=2s")
	for range 3 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(v.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	v.get("/livez") // connections are accepted in turn: by now they all are
	v.stop()
	<-v.done
	if v.err != nil {
		t.Error(v.err)
	}
}
