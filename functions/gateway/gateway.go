// Package gateway is the edge between the collection handlers and whatever
// carries HTTP to them: API Gateway in AWS, net/http on one machine. The
// handlers know only these types, so the same code runs behind both.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
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

// JSON is a response whose body is v.
func JSON(status int, v any) Response {
	body, err := json.Marshal(v)
	if err != nil {
		// Only our own plain structs are passed here; they encode.
		return Response{Status: http.StatusInternalServerError, Header: jsonHeader(), Body: []byte(`{"error":{"code":"internal","message":"the answer could not be written"}}`)}
	}
	return Response{Status: status, Header: jsonHeader(), Body: body}
}

func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// Error is a response in the shape of all errors: a code for programs and a
// message that says what to do.
func Error(status int, code, message string) Response {
	type detail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	return JSON(status, struct {
		Error detail `json:"error"`
	}{detail{code, message}})
}

// retryAfter is how many seconds a client is asked to wait: long enough for a
// throttle or a restart to pass, short enough for its queue not to fill.
const retryAfter = "2"

// Unavailable answers that nothing of the call was stored and that the same
// call may be sent again.
func Unavailable(message string) Response {
	r := Error(http.StatusServiceUnavailable, "unavailable", message)
	r.Header.Set("Retry-After", retryAfter)
	return r
}

// TooMany answers that the client sends faster than is allowed.
func TooMany(message string) Response {
	r := Error(http.StatusTooManyRequests, "too_many_requests", message)
	r.Header.Set("Retry-After", retryAfter)
	return r
}

// BodyError answers a body that was refused as a whole.
func BodyError(err error) Response {
	var refused *wire.BodyError
	if errors.As(err, &refused) {
		return Error(refused.Status, string(refused.Code), refused.Message)
	}
	return Error(http.StatusBadRequest, string(wire.CodeInvalidShape), err.Error())
}
