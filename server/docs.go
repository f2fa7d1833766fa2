package server

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/swaggest/swgui/v5/static"

	"example.com/tokenpair"
)

// page is one file of the documentation.
type page struct {
	name        string // in the access log
	contentType string
	body        []byte
}

//go:embed docs/index.html docs/init.js
var ui embed.FS

// docsPolicy lets the pages run what this server sends, and nothing else.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// contentTypes: the system's own table may say otherwise.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".png":  "image/png",
}

// newDocs gathers the document, as written and as JSON, and Swagger UI with a page of ours, by path.
func newDocs(doc *openapi3.T) (map[string]page, error) {
	asJSON, err := doc.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("encode the contract: %w", err)
	}
	docs := map[string]page{
		"/api/openapi.yaml": {"openapi.yaml", "application/yaml", []byte(tokenpair.Contract)},
		"/api/openapi.json": {"openapi.json", "application/json", asJSON},
	}
	for at, file := range map[string]string{"/api/docs": "index.html", "/api/docs/": "index.html", "/api/docs/init.js": "init.js"} {
		body, err := ui.ReadFile("docs/" + file)
		if err != nil {
			return nil, err
		}
		docs[at] = page{"docs", contentTypes[path.Ext(file)], body}
	}
	for _, file := range []string{"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"} {
		body, err := readAsset(file)
		if err != nil {
			return nil, fmt.Errorf("read %s of Swagger UI: %w", file, err)
		}
		docs["/api/docs/"+file] = page{"docs", contentTypes[path.Ext(file)], body}
	}
	return docs, nil
}

// readAsset reads a file of Swagger UI, most of which are kept compressed.
func readAsset(name string) ([]byte, error) {
	if body, err := static.FS.ReadFile(name); err == nil {
		return body, nil
	}
	compressed, err := static.FS.ReadFile(name + ".gz")
	if err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unpacked)
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request, p page) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.fail(w, r, aboutError{errMethod, latin1(r.Method)})
		return
	}
	w.Header().Set("Content-Type", p.contentType)
	if strings.HasPrefix(p.contentType, "text/html") {
		w.Header().Set("Content-Security-Policy", docsPolicy)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.body))
}
