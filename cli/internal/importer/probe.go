package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// probePatience bounds the first call.
const probePatience = 15 * time.Second

// probe sends nothing, literally, to learn before the first line whether there
// is a collection API that takes the key.
func probe(ctx context.Context, endpoint, key string) error {
	waiting, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	request, err := http.NewRequestWithContext(waiting, http.MethodPost, endpoint+"/v1/events", strings.NewReader(`{"events":[]}`))
	if err != nil {
		return fmt.Errorf("ask %s: %w", endpoint, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-api-key", key)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return unreachable(ctx, endpoint, err)
	}
	defer response.Body.Close()
	// The answer is read so that the connection ends well; its words do not
	// matter.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return failure.New(nil, "Give the right one with --api-key (LOAF_API_KEY).", "%s does not take this API key", endpoint)
	case status == http.StatusTooManyRequests, status >= 500:
		return nil // busy for now; the SDK tries again
	case status >= 300:
		return failure.New(nil, "Is --endpoint (LOAF_ENDPOINT) the address of a collection API?", "%s answers POST /v1/events with %d %s", endpoint, status, http.StatusText(status))
	default:
		return nil
	}
}

func unreachable(ctx context.Context, endpoint string, err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // without the method and address, which the message has
	}
	switch {
	case ctx.Err() != nil:
		return failure.New(nil, "", "stopped before anything was sent")
	case errors.Is(err, context.DeadlineExceeded):
		return failure.New(nil, "Check --endpoint (LOAF_ENDPOINT) and the network on the way to it.", "%s did not answer within %v", endpoint, probePatience)
	default:
		return failure.New(err, "Check --endpoint (LOAF_ENDPOINT), or start one on this machine with `loafctl dev`.", "cannot reach %s", endpoint)
	}
}
