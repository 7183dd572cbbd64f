package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// This file is what the edges have in common: each of them answers a call that
// it does not let in the same way.

// Routes are the handlers by path and method.
type Routes map[string]map[string]Handler

// Find gives the handler of a route, or the answer where there is none.
func (r Routes) Find(method, path string) (Handler, *Response) {
	methods, ok := r[path]
	if !ok {
		return nil, new(Error(http.StatusNotFound, "not_found", fmt.Sprintf("there is no %.200q; the collection API has POST /v1/events, POST /v1/users and PATCH /v1/users", path)))
	}
	if handler, ok := methods[method]; ok {
		return handler, nil
	}
	allowed := slices.Sorted(maps.Keys(methods))
	if method == http.MethodOptions {
		return nil, &Response{Status: http.StatusNoContent, Header: http.Header{"Allow": {strings.Join(allowed, ", ")}}}
	}
	response := Error(http.StatusMethodNotAllowed, "method_not_allowed", fmt.Sprintf("%s takes %s", path, strings.Join(allowed, " and ")))
	response.Header.Set("Allow", strings.Join(allowed, ", "))
	return nil, &response
}

// CheckHeaders refuses bodies of a wire version that is not read, and those
// that say they are something else than JSON. What many clients say when nobody
// told them (curl -d among them) is let pass: the body itself decides. It gives
// nil for what is let in.
func CheckHeaders(h http.Header) *Response {
	// Several versions at once are none: Join makes them so.
	if _, err := wire.ParseVersion(strings.Join(h.Values(wire.VersionHeader), ", ")); err != nil {
		return new(BodyError(err))
	}
	if declared := h.Get("Content-Type"); declared != "" {
		mediaType, parameters, err := mime.ParseMediaType(declared)
		charset := strings.ToLower(parameters["charset"])
		if err != nil || (charset != "" && charset != "utf-8") || (mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") && mediaType != "application/x-www-form-urlencoded") {
			return new(Error(http.StatusUnsupportedMediaType, "unsupported_media_type", fmt.Sprintf("the body is declared as %.100q; send JSON in UTF-8 with Content-Type: application/json", declared)))
		}
	}
	switch encoding := strings.ToLower(strings.TrimSpace(h.Get("Content-Encoding"))); encoding {
	case "", "identity", "gzip", "x-gzip":
		return nil
	default:
		return new(Error(http.StatusUnsupportedMediaType, "unsupported_encoding", fmt.Sprintf("Content-Encoding %.100q is not known; send gzip or none", encoding)))
	}
}

// MaxPackedBytes bounds a body as it arrives. A gzip body may be a little
// longer than what it unpacks to.
const MaxPackedBytes = wire.MaxBodyBytes + 64<<10

// TooLarge answers a body that is longer than is read.
func TooLarge() Response {
	return Error(http.StatusRequestEntityTooLarge, string(wire.CodeBodyTooLarge), fmt.Sprintf("the body is larger than %d bytes; send smaller batches", wire.MaxBodyBytes))
}

// Panicked logs a handler's panic, with the stack of the goroutine that calls,
// and gives the answer to the client.
func Panicked(ctx context.Context, logger *slog.Logger, path string, panicked any) Response {
	logger.ErrorContext(ctx, "a handler panicked", "path", path, "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
	return Error(http.StatusInternalServerError, "internal", "the server failed; the call was not stored")
}

// Headers are the headers of an answer: the handler's, and those that every
// answer has, which keep it out of caches and browsers from guessing its type,
// and tell the client the newest wire version that is read here.
func (r Response) Headers() http.Header {
	h := r.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set(wire.VersionHeader, strconv.Itoa(wire.Version))
	return h
}
