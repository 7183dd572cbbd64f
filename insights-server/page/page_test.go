package page

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func built() http.Handler {
	return New(fstest.MapFS{
		".keep":                 {},
		"index.html":            {Data: []byte("<!doctype html>the page")},
		"favicon.svg":           {Data: []byte("<svg/>")},
		"assets/index-1a2b.js":  {Data: []byte("script")},
		"assets/index-1a2b.css": {Data: []byte("style")},
		"assets/data.unknown9":  {Data: []byte("?")},
	})
}

const forever = "public, max-age=31536000, immutable"

func TestFilesAndViews(t *testing.T) {
	for _, test := range []struct {
		path, kind, cache, body string
		status                  int
	}{
		{"/", "text/html; charset=utf-8", "no-cache", "<!doctype html>the page", 200},
		{"/index.html", "text/html; charset=utf-8", "no-cache", "<!doctype html>the page", 200},
		{"/trends", "text/html; charset=utf-8", "no-cache", "<!doctype html>the page", 200},
		{"/users/ada@example.com", "text/html; charset=utf-8", "no-cache", "<!doctype html>the page", 200},
		{"/users/v1.2", "text/html; charset=utf-8", "no-cache", "<!doctype html>the page", 200},
		{"/favicon.svg", "image/svg+xml", "no-cache", "<svg/>", 200},
		{"/assets/index-1a2b.js", "text/javascript; charset=utf-8", forever, "script", 200},
		{"/assets/index-1a2b.css", "text/css; charset=utf-8", forever, "style", 200},
		{"/assets/data.unknown9", "application/octet-stream", forever, "?", 200},
		{"/a/../assets/index-1a2b.js", "text/javascript; charset=utf-8", forever, "script", 200},
		{"/assets/gone.js", "text/plain; charset=utf-8", "", "there is no such file\n", 404},
		{"/assets", "text/plain; charset=utf-8", "", "there is no such file\n", 404},
		{"/api/v1/events", "text/plain; charset=utf-8", "", "there is no such file\n", 404},
		{"/robots.txt", "text/plain; charset=utf-8", "", "there is no such file\n", 404},
		{"/.keep", "text/html; charset=utf-8", "no-cache", "<!doctype html>the page", 200},
	} {
		w := get(built(), http.MethodGet, test.path)
		h := w.Header()
		if w.Code != test.status || w.Body.String() != test.body || h.Get("Content-Type") != test.kind || h.Get("Cache-Control") != test.cache {
			t.Errorf("%s: %d %q %q %q", test.path, w.Code, h.Get("Content-Type"), h.Get("Cache-Control"), w.Body)
		}
	}
}

func TestUnchangedFilesAreNotSentAgain(t *testing.T) {
	etag := get(built(), http.MethodGet, "/trends").Header().Get("ETag")
	for _, sent := range []string{etag, strings.TrimPrefix(etag, "W/"), `"x", ` + etag, "*"} {
		if w := get(built(), http.MethodGet, "/", "If-None-Match", sent); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
			t.Errorf("If-None-Match %s: %d with %d bytes", sent, w.Code, w.Body.Len())
		}
	}
	if w := get(built(), http.MethodGet, "/favicon.svg", "If-None-Match", etag); w.Code != http.StatusOK {
		t.Errorf("another file's tag: %d", w.Code)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	if w := get(built(), http.MethodPost, "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("%d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestWithoutAFrontEndThePageSaysHowToBuildIt(t *testing.T) {
	w := get(New(fstest.MapFS{".keep": {}}), http.MethodGet, "/trends")
	body := w.Body.String()
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(body, "scripts/build") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %q", w.Code, body)
	}
	if strings.Contains(body, "style") || strings.Contains(body, "<script") {
		t.Error("the page holds what its own policy forbids")
	}
}

// TestEmbedded serves what this program holds, built or not.
func TestEmbedded(t *testing.T) {
	w := get(Handler(), http.MethodGet, "/")
	if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" || w.Body.Len() == 0 {
		t.Errorf("content type %q, %d bytes", got, w.Body.Len())
	}
}
