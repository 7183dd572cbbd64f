package local

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// HTTPConfig is what the edge needs.
type HTTPConfig struct {
	// Keys are the API keys that are let in; without any, nobody is.
	Keys *Keyring
	// Collect answers the POST routes, Update the PATCH route.
	Collect, Update gateway.Handler
	// InFlight bounds the calls worked on at once, 64 by default; more of them
	// wait for Patience and are then sent away with 429. It bounds the memory,
	// for a call holds its body several times over.
	InFlight int
	// Patience is how long a call waits for room.
	Patience time.Duration
	// Waiting bounds the calls that wait for room, 256 by default; what comes
	// beyond is sent away at once: each of them holds a connection.
	Waiting int
	// BodyTimeout is how long a body may take to arrive, 30 seconds by default:
	// a client that trickles holds its room no longer than that.
	BodyTimeout time.Duration
	Logger      *slog.Logger
}

// NewHTTP is the collection API as an http.Handler: what API Gateway does in
// AWS (key, routes, size) and then the handlers.
func NewHTTP(c HTTPConfig) http.Handler {
	c.InFlight = cmp.Or(c.InFlight, 64)
	c.Waiting = cmp.Or(c.Waiting, 256)
	c.BodyTimeout = cmp.Or(c.BodyTimeout, 30*time.Second)
	if c.Keys == nil {
		c.Keys = NewKeyring()
	}
	e := &edge{config: c, room: make(chan struct{}, c.InFlight), line: make(chan struct{}, c.Waiting), routes: gateway.Routes{
		"/v1/events": {http.MethodPost: c.Collect},
		"/v1/users":  {http.MethodPost: c.Collect, http.MethodPatch: c.Update},
	}}
	return e
}

type edge struct {
	config HTTPConfig
	routes gateway.Routes
	// room holds a token for each call that is worked on, line for each that waits.
	room, line chan struct{}
}

func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			e.write(w, gateway.Panicked(r.Context(), e.config.Logger, r.URL.Path, p))
		}
	}()
	e.write(w, e.answer(w, r))
}

func (e *edge) write(w http.ResponseWriter, response gateway.Response) {
	maps.Copy(w.Header(), response.Headers())
	w.WriteHeader(response.Status)
	// A client that is gone gets no answer; it will send again.
	_, _ = w.Write(response.Body)
}

func (e *edge) answer(w http.ResponseWriter, r *http.Request) gateway.Response {
	handler, refused := e.routes.Find(r.Method, r.URL.Path)
	if refused != nil {
		return *refused
	}
	if refused := e.authorize(r.Header.Get("x-api-key")); refused != nil {
		return *refused
	}
	if refused := gateway.CheckHeaders(r.Header); refused != nil {
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

func (e *edge) authorize(key string) *gateway.Response {
	if key == "" {
		r := gateway.Error(http.StatusUnauthorized, "key_required", "the header x-api-key is missing")
		return &r
	}
	if !e.config.Keys.admit(key) {
		r := gateway.Error(http.StatusForbidden, "key_wrong", "the x-api-key is not one of this stack's keys")
		return &r
	}
	return nil
}

func (e *edge) enter(r *http.Request) bool {
	select {
	case e.room <- struct{}{}:
		return true
	default:
	}
	select {
	case e.line <- struct{}{}:
		defer func() { <-e.line }()
	default:
		return false
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

func (e *edge) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *gateway.Response) {
	// A writer that knows no deadlines is not a network connection.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(e.config.BodyTimeout))
	// The deadline is the body's alone: left on, it would end the call's
	// context while the handler works.
	defer func() { _ = connection.SetReadDeadline(time.Time{}) }()
	limited := http.MaxBytesReader(w, r.Body, gateway.MaxPackedBytes)
	var body bytes.Buffer
	if r.ContentLength > 0 && r.ContentLength <= gateway.MaxPackedBytes {
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
		refused = gateway.TooLarge()
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
