//go:build !linux

package main

import "testing"

func TestPrompt(t *testing.T) { t.Skip("the test makes its pseudo-terminal with calls of Linux") }
