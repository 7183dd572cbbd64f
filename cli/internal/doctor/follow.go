package doctor

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/insights"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

const (
	inEvent = "event"
	// eventName and markProperty are how the doctor's events are known.
	eventName    = "loafctl doctor"
	markProperty = "check"
	// look is the time between two looks at where the event is; on one machine
	// it is shorter.
	look    = 5 * time.Second
	devLook = 200 * time.Millisecond
	// queryPatience is how long what is loaded may take to be found by a query.
	queryPatience = time.Minute
)

// sent is the event on its way.
type sent struct {
	id string
	at time.Time
	// object is the raw object that holds it, bucket/key, and stored when that
	// was there; both once they are known.
	object string
	stored time.Time
}

// hop is one stretch of the way.
type hop struct {
	name string
	// pass waits until the event has passed, for no longer than patience.
	patience time.Duration
	pass     func(ctx context.Context, e *sent) result
}

// follow sends an event and follows it from hop to hop.
func (d *doctor) follow(ctx context.Context, hops []hop) {
	id, err := wire.NewUUIDv7(d.Now(), d.Random)
	if err != nil {
		d.check(ctx, inEvent, "make an event", func(context.Context) result { return failed(err) })
		return
	}
	e := &sent{id: id, at: d.Now()}
	d.report.EventID = id
	for _, h := range hops {
		d.begin(h.name)
		started := d.Now()
		// A deadline by this process's clock, as a last resort: the hop itself goes
		// by Now.
		bounded, cancel := context.WithTimeout(ctx, h.patience+checkTimeout)
		r := h.pass(bounded, e)
		cancel()
		if !d.found(inEvent, h.name, started, r) {
			d.report.StoppedAt = h.name
			return
		}
	}
}

// until looks again and again until something is found, patience ends, or
// looking fails. It gives nil when patience ended.
func (d *doctor) until(ctx context.Context, patience time.Duration, looking func() (*result, error)) (*result, error) {
	end := d.Now().Add(patience)
	for {
		found, err := looking()
		if err != nil || found != nil {
			return found, err
		}
		if !d.Now().Before(end) {
			return nil, nil //nolint:nilnil // nothing was found, and nothing failed
		}
		if err := d.Pause(ctx, d.look); err != nil {
			return nil, nil //nolint:nilnil // the whole time is up
		}
	}
}

// post sends the event through the collection API.
func (d *doctor) post(endpoint, key string) hop {
	return hop{name: "1. collection API", patience: callTimeout, pass: func(ctx context.Context, e *sent) result {
		body, err := json.Marshal(map[string]any{"events": []any{map[string]any{
			"event_id": e.id, "event": eventName, "timestamp": e.at.UTC().Format(time.RFC3339Nano), "properties": map[string]string{markProperty: e.id},
		}}})
		if err != nil {
			return failed(err)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(endpoint, "/")+"/v1/events", bytes.NewReader(body))
		if err != nil {
			return failed(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("x-api-key", key)
		response, err := d.HTTP.Do(request)
		if err != nil {
			var outer *url.Error
			if errors.As(err, &outer) {
				err = outer.Err // without the method and address, which the message has
			}
			return bad("Check the network on the way to it.", "%s cannot be reached: %v", endpoint, err)
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		if err != nil {
			return failed(fmt.Errorf("read the answer of %s: %w", endpoint, err))
		}
		return answered(response.StatusCode, answer, endpoint)
	}}
}

// answered judges the collection API's answer.
func answered(status int, body []byte, endpoint string) result {
	var answer struct {
		Accepted int
		Rejected []struct{ Code, Message string }
		Error    struct{ Code, Message string }
	}
	_ = json.Unmarshal(body, &answer) // what is no JSON has none of these
	text := strings.TrimSpace(answer.Error.Code + " " + answer.Error.Message)
	switch {
	case status == http.StatusAccepted && answer.Accepted == 1:
		return ok("accepted")
	case status == http.StatusAccepted && len(answer.Rejected) > 0:
		return bad("The log of the function collect says more. Is this machine's clock right?", "the event was rejected: %s (%s)", answer.Rejected[0].Message, answer.Rejected[0].Code)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return bad("Give a valid one with --api-key (LOAF_API_KEY). The stack's keys: `loafctl output api_keys`.", "%s does not take the API key (status %d) %s", endpoint, status, text)
	case status == http.StatusTooManyRequests:
		return bad("Wait, or raise the usage plan's limits. docs/runbooks.md#collect-throttled says more.", "%s takes no more calls for now (status %d) %s", endpoint, status, text)
	case status >= http.StatusInternalServerError:
		return bad("docs/runbooks.md#api-unavailable says what to do.", "%s answered %d %s", endpoint, status, text)
	default:
		return bad("Is it the address of a collection API?", "%s answered %d %s", endpoint, status, text)
	}
}

// query waits until the insights API counts the event.
func (d *doctor) query(client *insights.Client, name string) hop {
	return hop{name: name, patience: queryPatience, pass: func(ctx context.Context, e *sent) result {
		r, err := d.until(ctx, queryPatience, func() (*result, error) {
			n, err := client.CountEvents(ctx, eventName, markProperty, e.id)
			if err != nil || n == 0 {
				return nil, passing(err)
			}
			r := ok("the event counts %d, %v after it was sent", n, d.Now().Sub(e.at).Round(time.Second))
			if n > 1 {
				r = bad("Please report this: an event must count once.", "the event counts %d times", n)
			}
			return &r, nil
		})
		if err != nil {
			return failed(err)
		}
		if r == nil {
			return bad("The event is loaded and a query does not find it. Does the page ask the same warehouse, and does its log tell of errors?", "not found within %v", queryPatience)
		}
		return *r
	}}
}

// passing leaves out errors of the insights server that may pass.
func passing(err error) error {
	var answered *insights.Error
	if errors.As(err, &answered) {
		switch answered.Status {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return nil
		}
	}
	return err
}

// quarantined tells whether the pipeline has set an object aside.
func quarantined(p insights.Pipeline, object string) (reason string, found bool) {
	for _, q := range p.Quarantined {
		if q.Object == object {
			return q.Reason, true
		}
	}
	return "", false
}

// window is how much of an object is searched at once.
const window = 64 << 10

// contains tells whether gzip holds a text.
func contains(packed io.Reader, text string) (bool, error) {
	z, err := gzip.NewReader(packed)
	if err != nil {
		return false, err
	}
	buffer := make([]byte, 0, window+len(text))
	for {
		n, err := io.ReadFull(z, buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if bytes.Contains(buffer, []byte(text)) {
			return true, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		// What may be the beginning of the text stays.
		keep := buffer[max(0, len(buffer)-len(text)+1):]
		buffer = buffer[:copy(buffer[:cap(buffer)], keep)]
	}
}

// hours are the folders of the hours from one time to another.
func hours(from, to time.Time) (out []string) {
	for hour := from.UTC().Truncate(time.Hour); !hour.After(to.UTC()); hour = hour.Add(time.Hour) {
		out = append(out, "events/"+hour.Format("2006/01/02/15")+"/")
	}
	return out
}

// keyOr is the key to send with.
func keyOr(given string, others map[string]string) string {
	best := ""
	for _, name := range sorted(others) {
		best = cmp.Or(best, others[name])
	}
	return cmp.Or(given, best)
}
