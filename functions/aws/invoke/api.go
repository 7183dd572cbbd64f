// Package invoke is how Lambda calls the handlers: it turns the events of API
// Gateway, SQS and EventBridge into their calls and their answers into what
// those services expect. No failure and no panic ends the process.
package invoke

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// API answers the events of an API Gateway REST API with proxy integration
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html).
// API Gateway has checked the key.
type API struct {
	Routes gateway.Routes
	Logger *slog.Logger
}

// Invoke answers one event. The error is always nil: for API Gateway a failure
// of the function is a 502 without a word, where the client is owed an answer.
func (a *API) Invoke(ctx context.Context, event json.RawMessage) (any, error) {
	var call events.APIGatewayProxyRequest
	if err := json.Unmarshal(event, &call); err != nil || call.HTTPMethod == "" {
		a.Logger.ErrorContext(ctx, "an event is no call of API Gateway", "error", err)
		return proxy(gateway.Error(http.StatusInternalServerError, "internal", "the function was called with something else than a request of API Gateway")), nil
	}
	return proxy(a.answer(ctx, call)), nil
}

// route is the path as the API defines it. Path would have the stage's name or
// a custom domain's base path before it.
func route(call events.APIGatewayProxyRequest) string { return call.Resource }

func (a *API) answer(ctx context.Context, call events.APIGatewayProxyRequest) (response gateway.Response) {
	defer func() {
		if p := recover(); p != nil {
			response = gateway.Panicked(ctx, a.Logger, route(call), p)
		}
	}()
	handler, refused := a.Routes.Find(call.HTTPMethod, route(call))
	if refused != nil {
		return *refused
	}
	header := headers(call)
	if refused := gateway.CheckHeaders(header); refused != nil {
		return *refused
	}
	body, refused := body(call)
	if refused != nil {
		return *refused
	}
	ctx, cancel := answering(ctx)
	defer cancel()
	return handler.Handle(ctx, gateway.Request{Method: call.HTTPMethod, Path: route(call), Header: header, Body: body})
}

const (
	// patience is how long a handler may take: API Gateway gives up after 29 s
	// (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html).
	patience = 28 * time.Second
	// answerReserve of the invocation's time is kept for the answer.
	answerReserve = 500 * time.Millisecond
)

// answering ends the handler's context while an answer still reaches the client.
func answering(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(patience)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-answerReserve).Before(end) {
		end = deadline.Add(-answerReserve)
	}
	return context.WithDeadline(ctx, end)
}

// headers gives the headers under their canonical names. Those with several
// values stand in a field of their own.
func headers(call events.APIGatewayProxyRequest) http.Header {
	h := http.Header{}
	for name, value := range call.Headers {
		h.Set(name, value)
	}
	for name, values := range call.MultiValueHeaders {
		h[http.CanonicalHeaderKey(name)] = values
	}
	return h
}

// body gives the body as it arrived. API Gateway encodes what it takes for
// bytes: with the binary media type */*, everything
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html).
func body(call events.APIGatewayProxyRequest) ([]byte, *gateway.Response) {
	if !call.IsBase64Encoded {
		if len(call.Body) > gateway.MaxPackedBytes {
			return nil, new(gateway.TooLarge())
		}
		return []byte(call.Body), nil
	}
	if base64.StdEncoding.DecodedLen(len(call.Body)) > gateway.MaxPackedBytes+2 {
		return nil, new(gateway.TooLarge())
	}
	bytes, err := base64.StdEncoding.DecodeString(call.Body)
	switch {
	case err != nil:
		return nil, new(gateway.Error(http.StatusBadRequest, string(wire.CodeInvalidShape), "the body could not be read; send it again"))
	case len(bytes) > gateway.MaxPackedBytes:
		return nil, new(gateway.TooLarge())
	default:
		return bytes, nil
	}
}

func proxy(r gateway.Response) events.APIGatewayProxyResponse {
	return events.APIGatewayProxyResponse{StatusCode: r.Status, MultiValueHeaders: r.Headers(), Body: string(r.Body)}
}

// recovered turns a panic into the error that an invocation ends with.
func recovered(ctx context.Context, logger *slog.Logger, doing string, p any) error {
	logger.ErrorContext(ctx, "a handler panicked", "doing", doing, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return fmt.Errorf("%s: the handler panicked: %v", doing, p)
}
