package server

import (
	"maps"
	"slices"
)

// Pages are the paths of the documentation, all that are served, in alphabetical order.
func (s *Server) Pages() []string { return slices.Sorted(maps.Keys(s.docs)) }
