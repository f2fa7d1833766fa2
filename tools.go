//go:build tools

package tokenpair

// The code generator is pinned in go.mod by this import; `go generate tools.go` runs it.
import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config oapi-codegen.yaml openapi.yaml
