// Package tokenpair is the contract as it is written. It knows nothing of the program that keeps it.
package tokenpair

import _ "embed"

// Contract is openapi.yaml, comments and order included. Nobody may change it.
//
//go:embed openapi.yaml
var Contract []byte
