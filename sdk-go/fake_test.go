package dataloaf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// fakeAPI answers as the collection API does: it decodes bodies by the rules
// of package wire and keeps what it accepts.
type fakeAPI struct {
	// before, when set, may answer in the API's place: it gets the number of
	// the request, from 0, and reports whether it did.
	before func(n int, w http.ResponseWriter, r *http.Request) bool
	// refuse, when set, gives the code by which an item is rejected.
	refuse func(id string) wire.Code
	// lose, when set, may break the connection once the items are stored.
	lose func(w http.ResponseWriter) bool
	now  func() time.Time

	mu       sync.Mutex
	requests []received
	// stored counts how often each event or user was accepted.
	stored map[string]int
}

// received is one request.
type received struct {
	method, path string
	header       http.Header
	body         []byte // unpacked
	at           time.Time
	ids          []string
}

func newAPI() *fakeAPI { return &fakeAPI{now: time.Now, stored: map[string]int{}} }

func (a *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	packed, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	body, err := wire.Unpack(packed)
	if err != nil {
		answerError(w, err)
		return
	}
	ids, rejected, err := decodeIDs(r, body, a.now())
	a.mu.Lock()
	n := len(a.requests)
	a.requests = append(a.requests, received{r.Method, r.URL.Path, r.Header.Clone(), body, a.now(), ids})
	a.mu.Unlock()
	if a.before != nil && a.before(n, w, r) {
		return
	}
	if err != nil {
		answerError(w, err)
		return
	}
	answer := a.store(ids, rejected)
	if a.lose != nil && a.lose(w) {
		return
	}
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(answer)
}

func (a *fakeAPI) store(ids []string, rejected []wire.Rejection) wire.Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer := wire.Answer{Rejected: rejected}
	for index, id := range ids {
		if a.refuse != nil {
			if code := a.refuse(id); code != "" {
				answer.Rejected = append(answer.Rejected, wire.Rejection{Index: index, Code: code, Message: "refused " + id})
				continue
			}
		}
		a.stored[id]++
		answer.Accepted++
	}
	return answer
}

// copies gives how often an event or a user was stored.
func (a *fakeAPI) copies(id string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stored[id]
}

// decodeIDs gives the event ids or user ids of a body; for one without
// rejections the place in ids is the index.
func decodeIDs(r *http.Request, body []byte, now time.Time) (ids []string, rejected []wire.Rejection, err error) {
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/events":
		var items []wire.Indexed[wire.Event]
		items, rejected, err = wire.DecodeEvents(body, now, nil)
		for _, i := range items {
			ids = append(ids, i.Item.EventID)
		}
	case "POST /v1/users":
		var items []wire.Indexed[wire.NewUser]
		items, rejected, err = wire.DecodeUsers(body, now)
		for _, i := range items {
			ids = append(ids, i.Item.UserID)
		}
	case "PATCH /v1/users":
		var items []wire.Indexed[wire.UserUpdate]
		items, rejected, err = wire.DecodeUpdates(body, now)
		for _, i := range items {
			ids = append(ids, i.Item.UserID)
		}
	default:
		err = fmt.Errorf("no such call: %s %s", r.Method, r.URL.Path)
	}
	return ids, rejected, err
}

func answerError(w http.ResponseWriter, err error) {
	w.WriteHeader(http.StatusBadRequest)
	_, _ = fmt.Fprintf(w, `{"error":{"code":"invalid_shape","message":%q}}`, err)
}

func (a *fakeAPI) seen() []received {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]received(nil), a.requests...)
}

// RoundTrip lets the API answer in the client's own goroutine, with no network
// between: so tests can run on synctest's clock.
func (a *fakeAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if w.Code == statusBroken {
		return nil, io.ErrUnexpectedEOF
	}
	return w.Result(), nil
}

// statusBroken is a fake status: the connection breaks instead of an answer.
const statusBroken = 599

// answer is a before that gives the first requests these statuses.
func answer(statuses ...int) func(int, http.ResponseWriter, *http.Request) bool {
	return func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n >= len(statuses) {
			return false
		}
		w.WriteHeader(statuses[n])
		return true
	}
}

// results collects what the callback is told.
type results struct {
	mu  sync.Mutex
	all []dataloaf.Result
}

func (r *results) add(one dataloaf.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
}

func (r *results) list() []dataloaf.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]dataloaf.Result(nil), r.all...)
}

// byTag gives the results by the events' tags and fails when a message has
// more than one.
func (r *results) byTag(t *testing.T) map[int]dataloaf.Result {
	t.Helper()
	out := map[int]dataloaf.Result{}
	for _, one := range r.list() {
		tag, ok := one.Message.(dataloaf.Event).Tag.(int)
		if !ok {
			t.Fatalf("a result without its tag: %+v", one)
		}
		if _, twice := out[tag]; twice {
			t.Fatalf("message %d has two results", tag)
		}
		out[tag] = one
	}
	return out
}

// steady is randomness without chance: ids count up, and pauses are short,
// since eight bytes are read for a pause and ten for an id.
type steady struct {
	mu sync.Mutex
	n  uint64
}

func (s *steady) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(p)
	if len(p) == 10 {
		s.n++
		for i, n := 9, s.n; n > 0; i, n = i-1, n>>8 {
			p[i] = byte(n)
		}
	}
	return len(p), nil
}

// longest is randomness that draws the longest pauses.
type longest struct{}

func (longest) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte{0xff}, len(p)))
	return len(p), nil
}

const testKey = "key-1"

// open makes a client on the fake API without a network and closes it at the
// test's end.
func open(t *testing.T, a *fakeAPI, change func(*dataloaf.Config)) (*dataloaf.Client, *results) {
	t.Helper()
	told := &results{}
	config := dataloaf.Config{
		Endpoint: "https://api.example.com/prod/", APIKey: testKey, Callback: told.add,
		Transport: stripPrefix{a}, Random: &steady{}, Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&config)
	}
	c, err := dataloaf.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		_ = c.Close(gone) // what a test leaves behind is not delivered
	})
	return c, told
}

// stripPrefix takes the stage off the path, as API Gateway does.
type stripPrefix struct{ next http.RoundTripper }

func (s stripPrefix) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Path = r.URL.Path[len("/prod"):]
	return s.next.RoundTrip(r)
}

// track enqueues n events with tags from 0 on.
func track(t *testing.T, c *dataloaf.Client, n int) {
	t.Helper()
	for i := range n {
		if err := c.Track(dataloaf.Event{Event: "e", Tag: i}); err != nil {
			t.Fatal(err)
		}
	}
}

func flush(t *testing.T, c *dataloaf.Client) {
	t.Helper()
	if err := c.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// want fails unless every one of n messages has the status.
func want(t *testing.T, told *results, n int, status dataloaf.Status) {
	t.Helper()
	got := told.byTag(t)
	if len(got) != n {
		t.Errorf("%d results, want %d", len(got), n)
	}
	for tag, r := range got {
		if r.Status != status {
			t.Errorf("message %d: %s %s %v, want %s", tag, r.Status, r.Code, r.Err, status)
		}
		if (r.Err == nil) != (status == dataloaf.Accepted) {
			t.Errorf("message %d: %s with error %v", tag, r.Status, r.Err)
		}
	}
}
