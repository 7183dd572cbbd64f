// Package gateway is the edge between the collection handlers and whatever
// carries HTTP to them: API Gateway in AWS, net/http on one machine. The
// handlers know only these types, so the same code runs behind both.
package gateway

import (
	"context"
	"net/http"
)

// Request is one HTTP call as a handler sees it. The API key has already been
// checked by the edge.
type Request struct {
	Method string
	// Path is the route with a leading slash, for example "/v1/events".
	Path   string
	Header http.Header
	// Body is what arrived, still compressed when the client compressed it.
	Body []byte
}

// Response is a handler's answer.
type Response struct {
	Status int
	Header http.Header
	// Body is JSON.
	Body []byte
}

// Handler answers one call. It never panics for bad input and never exits; a
// failure is a Response too.
type Handler interface {
	Handle(ctx context.Context, r Request) Response
}
