package local

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// HTTPConfig is what the edge needs.
type HTTPConfig struct {
	// Keys are the API keys that are let in.
	Keys []string
	// Collect answers the POST routes, Update the PATCH route.
	Collect, Update gateway.Handler
	// InFlight bounds the calls worked on at once, 64 by default; more of them
	// wait for Patience and are then sent away with 429. It bounds the memory,
	// for a call holds its body several times over.
	InFlight int
	// Patience is how long a call waits for room.
	Patience time.Duration
	// BodyTimeout is how long a body may take to arrive, 30 seconds by default:
	// a client that trickles holds its room no longer than that.
	BodyTimeout time.Duration
	Logger      *slog.Logger
}

// NewHTTP is the collection API as an http.Handler: what API Gateway does in
// AWS (key, routes, size) and then the handlers.
func NewHTTP(c HTTPConfig) http.Handler {
	c.InFlight = cmp.Or(c.InFlight, 64)
	c.BodyTimeout = cmp.Or(c.BodyTimeout, 30*time.Second)
	e := &edge{config: c, room: make(chan struct{}, c.InFlight), routes: map[string]map[string]gateway.Handler{
		"/v1/events": {http.MethodPost: c.Collect},
		"/v1/users":  {http.MethodPost: c.Collect, http.MethodPatch: c.Update},
	}}
	for _, key := range c.Keys {
		e.keys = append(e.keys, sha256.Sum256([]byte(key)))
	}
	return e
}

type edge struct {
	config HTTPConfig
	keys   [][sha256.Size]byte
	routes map[string]map[string]gateway.Handler
	room   chan struct{}
}

func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			e.config.Logger.Error("a handler panicked", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			e.write(w, gateway.Error(http.StatusInternalServerError, "internal", "the server failed; the call was not stored"))
		}
	}()
	e.write(w, e.answer(w, r))
}

func (e *edge) write(w http.ResponseWriter, response gateway.Response) {
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(response.Status)
	// A client that is gone gets no answer; it will send again.
	_, _ = w.Write(response.Body)
}

func (e *edge) answer(w http.ResponseWriter, r *http.Request) gateway.Response {
	methods, ok := e.routes[r.URL.Path]
	if !ok {
		return gateway.Error(http.StatusNotFound, "not_found", fmt.Sprintf("there is no %q; the collection API has POST /v1/events, POST /v1/users and PATCH /v1/users", r.URL.Path))
	}
	handler, ok := methods[r.Method]
	if !ok {
		allowed := make([]string, 0, len(methods))
		for m := range methods {
			allowed = append(allowed, m)
		}
		slices.Sort(allowed)
		if r.Method == http.MethodOptions {
			return gateway.Response{Status: http.StatusNoContent, Header: http.Header{"Allow": {strings.Join(allowed, ", ")}}}
		}
		response := gateway.Error(http.StatusMethodNotAllowed, "method_not_allowed", fmt.Sprintf("%s takes %s", r.URL.Path, strings.Join(allowed, " and ")))
		response.Header.Set("Allow", strings.Join(allowed, ", "))
		return response
	}
	if refused := e.authorize(r.Header.Get("x-api-key")); refused != nil {
		return *refused
	}
	if refused := checkHeaders(r.Header); refused != nil {
		return *refused
	}
	if !e.enter(r) {
		return gateway.TooMany("the server is busy; send the call again later")
	}
	defer func() { <-e.room }()
	body, refused := e.readBody(w, r)
	if refused != nil {
		return *refused
	}
	return handler.Handle(r.Context(), gateway.Request{Method: r.Method, Path: r.URL.Path, Header: r.Header, Body: body})
}

// authorize compares hashes, so that the time it takes tells nothing about how
// much of a key was right.
func (e *edge) authorize(key string) *gateway.Response {
	if key == "" {
		r := gateway.Error(http.StatusUnauthorized, "key_required", "the header x-api-key is missing")
		return &r
	}
	hash := sha256.Sum256([]byte(key))
	found := 0
	for _, k := range e.keys {
		found |= subtle.ConstantTimeCompare(hash[:], k[:])
	}
	if found == 0 {
		r := gateway.Error(http.StatusForbidden, "key_wrong", "the x-api-key is not one of this stack's keys")
		return &r
	}
	return nil
}

// checkHeaders refuses bodies that say they are something else than JSON. What
// many clients say when nobody told them (curl -d among them) is let pass: the
// body itself decides.
func checkHeaders(h http.Header) *gateway.Response {
	if declared := h.Get("Content-Type"); declared != "" {
		mediaType, parameters, err := mime.ParseMediaType(declared)
		charset := strings.ToLower(parameters["charset"])
		if err != nil || (charset != "" && charset != "utf-8") || (mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") && mediaType != "application/x-www-form-urlencoded") {
			r := gateway.Error(http.StatusUnsupportedMediaType, "unsupported_media_type", fmt.Sprintf("the body is declared as %.100q; send JSON in UTF-8 with Content-Type: application/json", declared))
			return &r
		}
	}
	switch encoding := strings.ToLower(strings.TrimSpace(h.Get("Content-Encoding"))); encoding {
	case "", "identity", "gzip", "x-gzip":
		return nil
	default:
		r := gateway.Error(http.StatusUnsupportedMediaType, "unsupported_encoding", fmt.Sprintf("Content-Encoding %.100q is not known; send gzip or none", encoding))
		return &r
	}
}

func (e *edge) enter(r *http.Request) bool {
	select {
	case e.room <- struct{}{}:
		return true
	default:
	}
	patience := time.NewTimer(e.config.Patience)
	defer patience.Stop()
	select {
	case e.room <- struct{}{}:
		return true
	case <-patience.C:
		return false
	case <-r.Context().Done():
		return false
	}
}

// packedSlack lets a gzip body be a little longer than what it unpacks to.
const packedSlack = 64 << 10

func (e *edge) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *gateway.Response) {
	// A writer that knows no deadlines is not a network connection.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(e.config.BodyTimeout))
	// The deadline is the body's alone: left on, it would end the call's
	// context while the handler works.
	defer func() { _ = connection.SetReadDeadline(time.Time{}) }()
	limited := http.MaxBytesReader(w, r.Body, wire.MaxBodyBytes+packedSlack)
	var body bytes.Buffer
	if r.ContentLength > 0 && r.ContentLength <= wire.MaxBodyBytes+packedSlack {
		body.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := body.ReadFrom(limited)
	if err == nil {
		return body.Bytes(), nil
	}
	var tooLarge *http.MaxBytesError
	var refused gateway.Response
	switch {
	case errors.As(err, &tooLarge):
		refused = gateway.Error(http.StatusRequestEntityTooLarge, string(wire.CodeBodyTooLarge), fmt.Sprintf("the body is larger than %d bytes; send smaller batches", wire.MaxBodyBytes))
	case errors.Is(err, os.ErrDeadlineExceeded):
		refused = gateway.Error(http.StatusRequestTimeout, "timeout", fmt.Sprintf("the body did not arrive within %s; send it again", e.config.BodyTimeout))
		// What is left of the body must not be taken for the next call.
		refused.Header.Set("Connection", "close")
	case errors.Is(err, io.ErrUnexpectedEOF):
		refused = gateway.Error(http.StatusBadRequest, string(wire.CodeInvalidShape), "the body ends before its Content-Length; send it whole")
	default:
		refused = gateway.Error(http.StatusBadRequest, string(wire.CodeInvalidShape), "the body could not be read; send it again")
	}
	return nil, &refused
}
