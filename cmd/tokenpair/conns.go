package main

import (
	"net"
	"net/http"
	"sync"
)

// silentConns are the connections that have not sent a byte yet, such as a browser opens ahead: nothing is under way on
// them, but Shutdown would wait five seconds for them.
type silentConns struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// track is a ConnState hook of http.Server.
func (s *silentConns) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state != http.StateNew {
		delete(s.conns, conn)
		return
	}
	if s.conns == nil {
		s.conns = make(map[net.Conn]struct{})
	}
	s.conns[conn] = struct{}{}
}

func (s *silentConns) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Close()
	}
}
