// Package dataloaftest has DataLoaf clients for the tests of an application: one
// that records what it is sent, and one that forgets it.
//
//	recorder := dataloaftest.New(t)
//	shop := NewShop(recorder.Client)
//	shop.Order("rye")
//	if events := recorder.Events("order placed"); len(events) != 1 { … }
package dataloaftest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// TB is what a recorder needs of a *testing.T.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// Recorder is a collection API in memory, and a client that sends to it.
// Messages are checked, encoded, batched and unpacked as they are in earnest,
// without a network. It is safe for use by many goroutines.
type Recorder struct {
	// Client is for the code under test. It is closed when the test ends.
	Client *dataloaf.Client

	tb TB

	mu       sync.Mutex
	events   []dataloaf.Event
	users    []dataloaf.User
	updates  []dataloaf.Update
	status   int
	rejected map[string]wire.Code
}

// Option changes a recorder's client.
type Option func(*dataloaf.Config)

// WithConfig lets a test set what it likes, for example a Clock or BeforeSend.
// Endpoint, APIKey and Transport are the recorder's.
func WithConfig(change func(*dataloaf.Config)) Option { return change }

// New makes a recorder. What is sent to it is kept until the test ends.
func New(tb TB, options ...Option) *Recorder {
	tb.Helper()
	r := &Recorder{tb: tb, rejected: map[string]wire.Code{}}
	// One sender keeps the order. What fails is dropped at once: a test that makes
	// the API fail must not wait for retries.
	config := dataloaf.Config{Logger: slog.New(slog.DiscardHandler), Senders: 1, MaxRetryTime: 1}
	for _, option := range options {
		option(&config)
	}
	config.Endpoint, config.APIKey, config.Transport = "http://recorder.invalid", "recorder", r
	client, err := dataloaf.New(config)
	if err != nil {
		tb.Fatalf("dataloaftest: %v", err)
		return nil
	}
	r.Client = client
	tb.Cleanup(func() {
		// What the API was told to refuse is no failure of the test.
		_ = client.Close(context.Background())
	})
	return r
}

// NewNoop makes a client that checks messages and forgets them. It needs no
// Close.
func NewNoop() *dataloaf.Client { return dataloaf.NewNoop() }

// Events waits until what was enqueued is recorded and gives the events of one
// name, or all where name is empty, in the order in which they arrived.
// Properties are a map[string]any of what encoding/json reads: numbers are
// float64.
func (r *Recorder) Events(name string) []dataloaf.Event {
	r.tb.Helper()
	r.flush()
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []dataloaf.Event
	for _, e := range r.events {
		if name == "" || e.Event == name {
			out = append(out, e)
		}
	}
	return out
}

// Users waits likewise and gives the new users.
func (r *Recorder) Users() []dataloaf.User {
	r.tb.Helper()
	r.flush()
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]dataloaf.User(nil), r.users...)
}

// Updates waits likewise and gives the user updates.
func (r *Recorder) Updates() []dataloaf.Update {
	r.tb.Helper()
	r.flush()
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]dataloaf.Update(nil), r.updates...)
}

// Reset waits likewise and forgets what was recorded.
func (r *Recorder) Reset() {
	r.tb.Helper()
	r.flush()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events, r.users, r.updates = nil, nil, nil
}

// Fail makes the API answer every call with an HTTP status from now on, to test
// what the application does when DataLoaf is away (503) or its key is wrong
// (403). Zero makes it work again. A recorder's client does not retry, unless an
// option sets MaxRetryTime.
func (r *Recorder) Fail(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// Reject makes the API reject the events of a name with a code from now on.
func (r *Recorder) Reject(event string, code wire.Code) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rejected[event] = code
}

func (r *Recorder) flush() {
	r.tb.Helper()
	if err := r.Client.Flush(context.Background()); err != nil {
		r.tb.Fatalf("dataloaftest: %v", err)
	}
}

// RoundTrip implements http.RoundTripper: it is the API.
func (r *Recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	packed, err := io.ReadAll(request.Body)
	_ = request.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("dataloaftest: read the request: %w", err)
	}
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status != 0 {
		return response(request, r.status, map[string]any{"error": map[string]string{"code": "told_to_fail", "message": "the recorder was told to fail"}})
	}
	body, err := wire.Unpack(packed)
	if err == nil {
		var answer wire.Answer
		if answer, err = r.record(request.Method+" "+request.URL.Path, body); err == nil {
			return response(request, http.StatusAccepted, answer)
		}
	}
	return response(request, http.StatusBadRequest, map[string]any{"error": map[string]string{"code": "invalid_shape", "message": err.Error()}})
}

func (r *Recorder) record(call string, body []byte) (wire.Answer, error) {
	// The client has checked the times; here they must only lie in range.
	now := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	var answer wire.Answer
	switch call {
	case "POST /v1/events":
		items, rejected, err := wire.DecodeEvents(body, now, nil)
		if err != nil {
			return answer, err
		}
		answer.Rejected = rejected
		for _, i := range items {
			if code, ok := r.rejected[i.Item.Event]; ok {
				answer.Rejected = append(answer.Rejected, wire.Rejection{Index: i.Index, Code: code, Message: "the recorder was told to reject it"})
				continue
			}
			answer.Accepted++
			e := dataloaf.Event{Event: i.Item.Event, EventID: i.Item.EventID, Timestamp: i.Item.Timestamp, Properties: object(i.Item.Properties)}
			if i.Item.UserID != nil {
				e.UserID = *i.Item.UserID
			}
			r.events = append(r.events, e)
		}
	case "POST /v1/users":
		items, rejected, err := wire.DecodeUsers(body, now)
		if err != nil {
			return answer, err
		}
		answer = wire.Answer{Accepted: len(items), Rejected: rejected}
		for _, i := range items {
			r.users = append(r.users, dataloaf.User{UserID: i.Item.UserID, CreatedAt: i.Item.CreatedAt, Attributes: object(i.Item.Attributes)})
		}
	case "PATCH /v1/users":
		items, rejected, err := wire.DecodeUpdates(body, now)
		if err != nil {
			return answer, err
		}
		answer = wire.Answer{Accepted: len(items), Rejected: rejected}
		for _, i := range items {
			r.updates = append(r.updates, dataloaf.Update{UserID: i.Item.UserID, UpdatedAt: i.Item.UpdatedAt, Attributes: object(i.Item.Attributes)})
		}
	default:
		return answer, fmt.Errorf("there is no call %s", call)
	}
	return answer, nil
}

func object(text json.RawMessage) map[string]any {
	var out map[string]any
	// Package wire has checked that it is an object.
	_ = json.Unmarshal(text, &out)
	return out
}

func response(to *http.Request, status int, body any) (*http.Response, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("dataloaftest: write the answer: %w", err)
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)), Request: to,
	}, nil
}
