package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

const (
	// defaultStreams is how many may watch the activity at once.
	defaultStreams = 64
	// streamTime is how long one stream lasts. Its client comes back, and must
	// be signed in then.
	streamTime = 15 * time.Minute
	// beatEvery is the time between signs of life, shorter than what any proxy
	// on the way waits for.
	beatEvery = 25 * time.Second
	// streamEvents is how many events one message holds at most.
	streamEvents = 100
	// reconnect is how long a client waits before it comes back.
	reconnect = 3 * time.Second
	// sendTime is how long a client may take to receive what is sent.
	sendTime = 20 * time.Second
)

var errStreams = &apiError{
	Status: http.StatusTooManyRequests, Code: "busy", RetryAfter: 30 * time.Second,
	Message: "Too many are watching the activity, or the server is stopping. Try again in a while.",
}

// newsBody is the data of one message.
type newsBody struct {
	Events []query.Event `json:"events"`
	// Count is the number of events that were loaded; Events may be fewer.
	Count int64 `json:"count"`
}

// activityStream sends the events of each load as Server-Sent Events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). The id of a
// message is the number of the load that it reaches to.
func (s *Server) activityStream(c echo.Context) error {
	p, err := parametersOf(c.Request(), "event", "user_id", "filters")
	if err != nil {
		return err
	}
	var r query.NewsRequest
	if r.EventSelection, err = p.selection(); err != nil {
		return err
	}
	r.Limit = streamEvents
	resumed, err := lastEventID(c.Request())
	if err != nil {
		return err
	}
	told, leave, ok := s.feed.join()
	if !ok {
		return errStreams
	}
	defer leave()
	ctx, cancel := context.WithTimeout(c.Request().Context(), streamTime)
	defer cancel()

	// From the end of all loads there is nothing to read but where that is.
	// Asking tells also whether the selection can be asked for.
	r.After = math.MaxInt64
	first, err := s.config.Service.News(ctx, r)
	if s.readiness.observe(err); err != nil {
		return err
	}
	r.After = first.Load
	behind := resumed != nil && *resumed < first.Load
	if behind {
		r.After = *resumed
	}
	out, err := beginStream(c)
	if err != nil || c.Request().Method == http.MethodHead {
		return err
	}
	if err := out.send(fmt.Sprintf("retry: %d\nid: %d\n\n", reconnect.Milliseconds(), r.After)); err != nil {
		return err
	}
	return s.stream(ctx, out, r, told, behind)
}

// lastEventID is where a client that comes back left off; nil for a new one.
func lastEventID(r *http.Request) (*int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		return nil, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return nil, badRequest(insight.CodeInvalidValue, "Last-Event-ID", "This is the id of no message. Leave the header out to begin with what is loaded next.")
	}
	return &id, nil
}

// stream sends until the client is gone, the time is up or the server stops.
func (s *Server) stream(ctx context.Context, out *stream, r query.NewsRequest, told <-chan struct{}, behind bool) error {
	beats, stop := s.feed.ticks(beatEvery)
	defer stop()
	for {
		if behind {
			news, err := s.config.Service.News(ctx, r)
			s.readiness.observe(err)
			switch {
			case err == nil:
				if err := out.news(news); err != nil {
					return err
				}
				r.After, behind = news.Load, false
			case ctx.Err() == nil: // a warehouse that is busy or away: at the next beat
				s.config.Logger.Debug("read what was loaded", "error", err)
			}
		}
		select {
		case <-told:
			behind = true
		case <-beats:
			if err := out.send(":\n\n"); err != nil {
				return err
			}
		case <-s.feed.ended:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// stream is an answer that goes on.
type stream struct {
	response   *echo.Response
	connection *http.ResponseController
}

// beginStream sends the header. The limits of time that the server has for a
// call are lifted; each message has one of its own.
func beginStream(c echo.Context) (*stream, error) {
	out := &stream{response: c.Response(), connection: http.NewResponseController(c.Response())}
	if err := out.connection.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("lift the limit of time for a stream: %w", err)
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx hands on what comes at once
	c.Response().WriteHeader(http.StatusOK)
	return out, nil
}

func (o *stream) send(text string) error {
	if err := o.connection.SetWriteDeadline(time.Now().Add(sendTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("limit the time for a message: %w", err)
	}
	if _, err := o.response.Write([]byte(text)); err != nil {
		return fmt.Errorf("send to a stream: %w", err)
	}
	o.response.Flush()
	return nil
}

func (o *stream) news(n query.News) error {
	if n.Count == 0 {
		return nil
	}
	data, err := json.Marshal(newsBody{Events: n.Events, Count: n.Count})
	if err != nil {
		return fmt.Errorf("write what was loaded: %w", err)
	}
	return o.send(fmt.Sprintf("event: events\nid: %d\ndata: %s\n\n", n.Load, data))
}
