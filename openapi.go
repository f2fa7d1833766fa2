// Package tokenpair is the contract as it is written. It knows nothing of the program that keeps it.
package tokenpair

import _ "embed"

// Contract is openapi.yaml, comments and order included.
//
//go:embed openapi.yaml
var Contract string
