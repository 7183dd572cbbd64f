// Package page serves the built front end, which is embedded in the program.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// dist holds what `scripts/build` puts there, and nothing before that.
//
//go:embed all:dist
var dist embed.FS

// Handler serves the embedded front end.
func Handler() http.Handler {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(fmt.Sprintf("page: open the embedded folder: %v", err)) // the folder's name is a valid one
	}
	return New(built)
}

// file is one file of the front end, ready to be sent.
type file struct {
	body  []byte
	kind  string
	cache string
	etag  string
}

type handler struct {
	files map[string]file
}

// New serves a built front end: files by their name, and index.html for every
// path that is a view of the page.
func New(built fs.FS) http.Handler {
	h := &handler{files: map[string]file{}}
	err := fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		body, err := fs.ReadFile(built, name)
		if err != nil {
			return err
		}
		h.files[name] = newFile(name, body)
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("page: read the front end: %v", err)) // it is part of the program
	}
	return h
}

func newFile(name string, body []byte) file {
	sum := sha256.Sum256(body)
	// A weak tag, because the answer may be compressed on its way.
	f := file{body: body, etag: `W/"` + hex.EncodeToString(sum[:8]) + `"`, cache: "no-cache"}
	// The bundler puts a hash into the names under assets: what a name stands
	// for never changes.
	if strings.HasPrefix(name, "assets/") {
		f.cache = "public, max-age=31536000, immutable"
	}
	if f.kind = kinds[path.Ext(name)]; f.kind == "" {
		f.kind = mime.TypeByExtension(path.Ext(name))
	}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	return f
}

// kinds are fixed for what pages are made of: the machine's own table may say
// otherwise, and browsers refuse a script that is not declared as one.
var kinds = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".ico":         "image/x-icon",
	".woff2":       "font/woff2",
	".txt":         "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
}

const index = "index.html"

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "this path takes GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	f, found := h.files[name]
	switch {
	case found:
	case isFile(name):
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	default:
		if f, found = h.files[index]; !found {
			writeNotBuilt(w)
			return
		}
	}
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("Cache-Control", f.cache)
	header.Set("ETag", f.etag)
	if matches(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	send(w, http.StatusOK, f.body)
}

// isFile tells files from views: views lie neither in the API nor among the
// assets, and their last part has none of a file's endings.
func isFile(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	if first == "api" || first == "assets" {
		return true
	}
	_, known := kinds[path.Ext(name)]
	return known
}

// matches reports that the browser has the file already.
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == etag || "W/"+tag == etag {
			return true
		}
	}
	return false
}

// notBuilt has no style: the policy for the page forbids inline ones.
const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>DataLoaf</title>
<h1>DataLoaf is running, without its page</h1>
<p>This program was built before the front end was. In the project's folder, run</p>
<pre>scripts/build</pre>
<p>and start the program that it makes. The API under <code>/api/v1</code> works meanwhile.</p>
</html>
`

func writeNotBuilt(w http.ResponseWriter) {
	w.Header().Set("Content-Type", kinds[".html"])
	w.Header().Set("Cache-Control", "no-store")
	send(w, http.StatusServiceUnavailable, []byte(notBuilt))
}

// send writes the answer. A failure means that the browser went away, and there
// is nobody left to tell.
func send(w http.ResponseWriter, status int, body []byte) {
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
