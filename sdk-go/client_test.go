package dataloaf

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// api is a collection API without a network, so that tests run on a fake clock.
type api struct {
	mu sync.Mutex
	// answer decides what to do with a request; nil accepts everything.
	answer func(n int, r *http.Request, items []json.RawMessage) (*http.Response, error)
	calls  []call
}

type call struct {
	at     time.Time
	method string
	path   string
	items  []json.RawMessage
	header http.Header
}

func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	var parsed map[string][]json.RawMessage
	if err := json.Unmarshal(body, &parsed); err != nil {
		return nil, fmt.Errorf("the client sent %s: %w", body, err)
	}
	items := append(parsed["events"], parsed["users"]...)
	a.mu.Lock()
	a.calls = append(a.calls, call{time.Now(), r.Method, r.URL.Path, items, r.Header})
	n, answer := len(a.calls), a.answer
	a.mu.Unlock()
	if answer != nil {
		if response, err := answer(n, r, items); response != nil || err != nil {
			return response, err
		}
	}
	return respond(http.StatusAccepted, fmt.Sprintf(`{"accepted":%d,"rejected":[]}`, len(items))), nil
}

func respond(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// made are the calls so far.
func (a *api) made() []call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]call(nil), a.calls...)
}

func (a *api) received() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.calls {
		n += len(c.items)
	}
	return n
}

// results gathers what the callback says.
type results struct {
	mu  sync.Mutex
	all []Result
}

func (r *results) add(x Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, x)
}

func (r *results) list() []Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Result(nil), r.all...)
}

func (r *results) count(s Status) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.all {
		if x.Status == s {
			n++
		}
	}
	return n
}

// client makes one on a fake API. Within synctest its timers are fake, too.
func client(t *testing.T, a *api, change func(*Config)) (*Client, *results) {
	t.Helper()
	r := &results{}
	c := Config{Endpoint: "http://api.test/prod/", APIKey: "k", Transport: a, Callback: r.add, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	made, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return made, r
}

func track(t *testing.T, c *Client, n int) {
	t.Helper()
	for i := range n {
		if err := c.Track(Event{Event: "e", UserID: "u", Properties: map[string]any{"n": i}}); err != nil {
			t.Fatal(err)
		}
	}
}

func closeIt(t *testing.T, c *Client) {
	t.Helper()
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestBatchesByCountAndInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c, r := client(t, a, nil)
		start := time.Now()
		track(t, c, 250)
		synctest.Wait()
		if len(a.made()) != 2 || len(a.made()[0].items) != 100 {
			t.Fatalf("%d calls at once", len(a.made()))
		}
		time.Sleep(DefaultFlushInterval)
		synctest.Wait()
		if len(a.made()) != 3 || len(a.made()[2].items) != 50 || a.made()[2].at.Sub(start) != DefaultFlushInterval {
			t.Errorf("the rest: %d calls", len(a.made()))
		}
		if r.count(Accepted) != 250 {
			t.Errorf("%d accepted", r.count(Accepted))
		}
		closeIt(t, c)
		if s := c.Stats(); s.Enqueued != 250 || s.Accepted != 250 || s.Pending != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestBatchesByBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c, _ := client(t, a, func(c *Config) { c.MaxBatchBytes = 50 << 10 })
		for range 10 {
			if err := c.Track(Event{Event: "e", Properties: map[string]any{"pad": strings.Repeat("x", 20<<10)}}); err != nil {
				t.Fatal(err)
			}
		}
		closeIt(t, c)
		for _, call := range a.made() {
			if len(call.items) > 2 {
				t.Errorf("%d items of 20 KiB in one request", len(call.items))
			}
		}
		if a.received() != 10 {
			t.Errorf("%d received", a.received())
		}
	})
}

func TestEachKindGoesToItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c, _ := client(t, a, nil)
		at := time.Date(1999, 5, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600))
		for _, err := range []error{
			c.Track(Event{Event: "e", EventID: "BE2A8D1A-0daa-5edc-adf8-c8b34c64d952", Timestamp: at, Properties: json.RawMessage(`{"a": 1.0}`)}),
			c.CreateUser(User{UserID: "u", CreatedAt: at, Attributes: map[string]any{"plan": "pro"}}),
			c.UpdateUser(Update{UserID: "u", UpdatedAt: at, Attributes: struct {
				Plan *string `json:"plan"`
			}{}}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		closeIt(t, c)
		got := map[string]string{}
		for _, call := range a.made() {
			got[call.method+" "+call.path] = string(call.items[0])
			if call.header.Get("x-api-key") != "k" || call.header.Get("Content-Type") != "application/json" {
				t.Errorf("headers %v", call.header)
			}
		}
		for route, want := range map[string]string{
			"POST /prod/v1/events": `{"event_id":"be2a8d1a-0daa-5edc-adf8-c8b34c64d952","event":"e","timestamp":"1999-05-01T11:00:00.123456Z","properties":{"a":1.0}}`,
			"POST /prod/v1/users":  `{"user_id":"u","created_at":"1999-05-01T11:00:00.123456Z","attributes":{"plan":"pro"}}`,
			"PATCH /prod/v1/users": `{"user_id":"u","attributes":{"plan":null},"updated_at":"1999-05-01T11:00:00.123456Z"}`,
		} {
			if got[route] != want {
				t.Errorf("%s:\n got %s\nwant %s", route, got[route], want)
			}
		}
	})
}

func TestRetriesSendTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failures := []func() (*http.Response, error){
			func() (*http.Response, error) { return nil, errors.New("connection reset") },
			func() (*http.Response, error) { return respond(http.StatusRequestTimeout, ""), nil },
			func() (*http.Response, error) { return respond(http.StatusTooManyRequests, ""), nil },
			func() (*http.Response, error) { return respond(http.StatusInternalServerError, "<html>"), nil },
			func() (*http.Response, error) { return respond(http.StatusServiceUnavailable, `{"error":{}}`), nil },
			func() (*http.Response, error) {
				r := respond(http.StatusAccepted, "")
				r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"acc`), cut{}))
				return r, nil
			},
		}
		a := &api{answer: func(n int, _ *http.Request, _ []json.RawMessage) (*http.Response, error) {
			if n <= len(failures) {
				return failures[n-1]()
			}
			return nil, nil
		}}
		c, r := client(t, a, nil)
		track(t, c, 3)
		closeIt(t, c)
		if len(a.made()) != len(failures)+1 {
			t.Fatalf("%d calls", len(a.made()))
		}
		for _, call := range a.made() {
			for i := range call.items {
				if !bytes.Equal(call.items[i], a.made()[0].items[i]) {
					t.Errorf("a retry sent another event: %s", call.items[i])
				}
			}
		}
		if r.count(Accepted) != 3 || len(r.list()) != 3 {
			t.Errorf("%+v", r.list())
		}
		if s := c.Stats(); s.Retries != int64(len(failures)) {
			t.Errorf("%+v", s)
		}
	})
}

// cut is a connection that breaks.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestRetryAfterIsHonoured(t *testing.T) {
	for name, header := range map[string]func() string{
		"seconds": func() string { return "7" },
		"a date":  func() string { return time.Now().Add(7 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{answer: func(n int, _ *http.Request, _ []json.RawMessage) (*http.Response, error) {
					if n == 1 {
						return respond(http.StatusTooManyRequests, "", "Retry-After", header()), nil
					}
					return nil, nil
				}}
				c, _ := client(t, a, nil)
				track(t, c, 1)
				closeIt(t, c)
				if gap := a.made()[1].at.Sub(a.made()[0].at); gap < 6*time.Second || gap > 8*time.Second {
					t.Errorf("waited %s", gap)
				}
			})
		})
	}
}

func TestRejectionsAreReportedAndUnavailableIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: func(n int, _ *http.Request, items []json.RawMessage) (*http.Response, error) {
			if n == 1 {
				return respond(http.StatusAccepted, `{"accepted":1,"rejected":[{"index":0,"code":"event_too_long","message":"m"},{"index":2,"code":"unavailable","message":"later"}]}`), nil
			}
			return nil, nil
		}}
		c, r := client(t, a, nil)
		for i := range 3 {
			if err := c.Track(Event{Event: "e", Tag: i}); err != nil {
				t.Fatal(err)
			}
		}
		closeIt(t, c)
		if len(a.made()) != 2 || len(a.made()[1].items) != 1 || !bytes.Equal(a.made()[1].items[0], a.made()[0].items[2]) {
			t.Errorf("sent again: %+v", a.made()[1:])
		}
		if r.count(Accepted) != 2 || r.count(Rejected) != 1 {
			t.Errorf("%+v", r.list())
		}
		for _, x := range r.list() {
			if x.Status == Rejected && (x.Message.(Event).Tag != 0 || x.Code != "event_too_long" || x.Err == nil) {
				t.Errorf("%+v", x)
			}
		}
	})
}

func TestPermanentRefusals(t *testing.T) {
	for status, hint := range map[int]string{400: "", 401: "APIKey", 403: "APIKey", 404: "Endpoint", 413: "", 301: ""} {
		synctest.Test(t, func(t *testing.T) {
			a := &api{answer: func(int, *http.Request, []json.RawMessage) (*http.Response, error) {
				return respond(status, `{"error":{"code":"x","message":"because"}}`), nil
			}}
			c, r := client(t, a, nil)
			track(t, c, 1)
			closeIt(t, c)
			if len(a.made()) != 1 || r.count(Rejected) != 1 || r.list()[0].Code != fmt.Sprint("http_", status) {
				t.Fatalf("%d: %d calls, %+v", status, len(a.made()), r.list())
			}
			if m := r.list()[0].Err.Error(); !strings.Contains(m, hint) || !strings.Contains(m, "because") {
				t.Errorf("%d: %s", status, m)
			}
		})
	}
}

func TestATooLargeBatchIsSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: func(_ int, _ *http.Request, items []json.RawMessage) (*http.Response, error) {
			if len(items) > 3 {
				return respond(http.StatusRequestEntityTooLarge, ""), nil
			}
			return nil, nil
		}}
		c, r := client(t, a, nil)
		track(t, c, 10)
		closeIt(t, c)
		if r.count(Accepted) != 10 || len(r.list()) != 10 {
			t.Errorf("%+v", c.Stats())
		}
	})
}

func TestNotADataLoafEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: func(int, *http.Request, []json.RawMessage) (*http.Response, error) {
			return respond(http.StatusOK, "<html>hello</html>"), nil
		}}
		c, r := client(t, a, nil)
		track(t, c, 2)
		closeIt(t, c)
		if r.count(Rejected) != 2 || !strings.Contains(r.list()[0].Err.Error(), "Endpoint") {
			t.Errorf("%+v", r.list())
		}
	})
}

func TestAFullQueueSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		a := &api{answer: func(int, *http.Request, []json.RawMessage) (*http.Response, error) {
			<-gate
			return nil, nil
		}}
		c, _ := client(t, a, func(c *Config) { c.MaxQueueItems = 5 })
		track(t, c, 5)
		if err := c.Track(Event{Event: "e"}); !errors.Is(err, ErrQueueFull) {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.EnqueueWait(ctx, Event{Event: "e"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		waited := make(chan error)
		go func() { waited <- c.EnqueueWait(t.Context(), Event{Event: "e"}) }()
		synctest.Wait()
		close(gate)
		if err := <-waited; err != nil {
			t.Error(err)
		}
		closeIt(t, c)
		if s := c.Stats(); s.QueueFull != 1 || s.Accepted != 6 {
			t.Errorf("%+v", s)
		}
		if err := c.Track(Event{Event: "e"}); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestFlushWaitsForWhatCameBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		a := &api{answer: func(n int, _ *http.Request, _ []json.RawMessage) (*http.Response, error) {
			if n == 2 {
				<-gate
			}
			return nil, nil
		}}
		c, r := client(t, a, nil)
		track(t, c, 3)
		if err := c.Flush(t.Context()); err != nil || r.count(Accepted) != 3 {
			t.Errorf("%v, %d accepted", err, r.count(Accepted))
		}
		track(t, c, 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 messages") {
			t.Errorf("got %v", err)
		}
		close(gate)
		closeIt(t, c)
	})
}

func TestCloseGivesUpInTimeAndSaysHowMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: func(_ int, r *http.Request, _ []json.RawMessage) (*http.Response, error) {
			<-r.Context().Done() // a server that never answers
			return nil, r.Context().Err()
		}}
		c, r := client(t, a, nil)
		track(t, c, 730)
		start := time.Now()
		err := c.Close(t.Context())
		if err == nil || !strings.Contains(err.Error(), "730 messages") || time.Since(start) != DefaultCloseTimeout {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		if r.count(Dropped) != 730 {
			t.Errorf("%+v", c.Stats())
		}
		closeIt(t, c) // again does nothing
	})
}

func TestDroppedAfterTheRetryTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: func(int, *http.Request, []json.RawMessage) (*http.Response, error) {
			return nil, errors.New("no route to host")
		}}
		c, r := client(t, a, func(c *Config) { c.MaxRetryTime = time.Minute })
		track(t, c, 3)
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r.count(Dropped) != 3 || !strings.Contains(r.list()[0].Err.Error(), "no route") {
			t.Errorf("%+v", r.list())
		}
		closeIt(t, c)
	})
}

func TestBadMessagesAreRefusedAtOnce(t *testing.T) {
	c, r := client(t, &api{}, nil)
	defer closeIt(t, c)
	for want, m := range map[wire.Code]Message{
		wire.CodeEventRequired:       Event{},
		wire.CodeEventTooLong:        Event{Event: strings.Repeat("x", 201)},
		wire.CodeEventIDInvalid:      Event{Event: "e", EventID: "7"},
		wire.CodeInvalidUTF8:         Event{Event: "\xff"},
		wire.CodePropertiesTooLarge:  Event{Event: "e", Properties: map[string]string{"a": strings.Repeat("x", 33<<10)}},
		wire.CodePropertiesInvalid:   Event{Event: "e", Properties: []int{1}},
		wire.CodeTimestampOutOfRange: Event{Event: "e", Timestamp: time.Now().Add(25 * time.Hour)},
		wire.CodeUserIDRequired:      User{},
		wire.CodeUserIDTooLong:       Update{UserID: strings.Repeat("x", 257)},
	} {
		var bad *wire.ItemError
		if err := c.Enqueue(m); !errors.As(err, &bad) || bad.Code != want || bad.Field == "" {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	if err := c.Track(Event{Event: "e", Properties: map[string]any{"f": func() {}}}); err == nil || !strings.Contains(err.Error(), "properties") {
		t.Errorf("got %v", err)
	}
	if len(r.list()) != 0 || c.Stats().Enqueued != 0 {
		t.Errorf("%+v", c.Stats())
	}
}

func TestConfigIsChecked(t *testing.T) {
	for field, c := range map[string]Config{
		"Endpoint":      {APIKey: "k"},
		"Endpoint \"x":  {Endpoint: "x", APIKey: "k"},
		"APIKey":        {Endpoint: "http://x"},
		"MaxBatchItems": {Endpoint: "http://x", APIKey: "k", MaxBatchItems: 501},
		"Senders":       {Endpoint: "http://x", APIKey: "k", Senders: -1},
		"FlushInterval": {Endpoint: "http://x", APIKey: "k", FlushInterval: -1},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAPanickingCallbackLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := client(t, &api{}, func(c *Config) { c.Callback = func(Result) { panic("application") } })
		track(t, c, 3)
		closeIt(t, c)
		if s := c.Stats(); s.Accepted != 3 {
			t.Errorf("%+v", s)
		}
	})
}

// Whatever the server does, every message has one result, and what was
// accepted is what the server took.
func TestEveryMessageHasOneResult(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex
			stored := map[string]bool{}
			a := &api{answer: func(_ int, _ *http.Request, items []json.RawMessage) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				take := func(items []json.RawMessage) {
					for _, i := range items {
						stored[string(i)] = true
					}
				}
				switch rng.IntN(8) {
				case 0:
					return nil, errors.New("refused")
				case 1: // stored, but the answer is lost
					take(items)
					return nil, errors.New("cut")
				case 2:
					return respond(http.StatusServiceUnavailable, "", "Retry-After", "3"), nil
				case 3:
					take(items[1:])
					return respond(http.StatusAccepted, fmt.Sprintf(`{"accepted":%d,"rejected":[{"index":0,"code":"unavailable","message":"x"}]}`, len(items)-1)), nil
				case 4:
					take(items[1:])
					return respond(http.StatusAccepted, fmt.Sprintf(`{"accepted":%d,"rejected":[{"index":0,"code":"key_invalid","message":"x"}]}`, len(items)-1)), nil
				}
				take(items)
				return nil, nil
			}}
			c, r := client(t, a, func(c *Config) { c.MaxBatchItems = 1 + rng.IntN(10) })
			n := 20 + rng.IntN(100)
			for i := range n {
				if err := c.Track(Event{Event: "e", Tag: i}); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			closeIt(t, c)
			seen := map[any]Status{}
			for _, x := range r.list() {
				tag := x.Message.(Event).Tag
				if _, twice := seen[tag]; twice {
					t.Fatalf("seed %d: two results for %v", seed, tag)
				}
				seen[tag] = x.Status
			}
			if len(seen) != n || r.count(Accepted) > len(stored) || len(stored) > n {
				t.Fatalf("seed %d: %d of %d have a result, %d accepted, %d stored", seed, len(seen), n, r.count(Accepted), len(stored))
			}
		})
	}
}

func TestOverARealConnection(t *testing.T) {
	var mu sync.Mutex
	calls, items := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		if calls%3 == 1 { // cut the connection
			panic(http.ErrAbortHandler)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		unpacked, err := wire.Unpack(body)
		if err != nil {
			t.Error(err)
		}
		events, rejected, err := wire.DecodeEvents(unpacked, time.Now(), nil)
		if err != nil {
			t.Error(err)
		}
		items += len(events)
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(wire.Answer{Accepted: len(events), Rejected: rejected})
	}))
	defer server.Close()
	c, err := New(Config{Endpoint: server.URL, APIKey: "k", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	track(t, c, 1000)
	closeIt(t, c)
	if s := c.Stats(); s.Accepted != 1000 || items != 1000 || s.Retries == 0 {
		t.Errorf("%+v, %d items", s, items)
	}
}

func BenchmarkEnqueue(b *testing.B) {
	c, err := New(Config{Endpoint: "http://api.test", APIKey: "k", Transport: &sink{}, MaxQueueItems: 1 << 30, MaxQueueBytes: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Track(Event{Event: "order", UserID: "u_1", Properties: map[string]any{"amount": 12.5, "country": "DE"}}); err != nil {
			b.Fatal(err)
		}
	}
	if err := c.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// sink accepts without looking.
type sink struct{}

func (*sink) RoundTrip(*http.Request) (*http.Response, error) {
	return respond(http.StatusAccepted, `{"accepted":0,"rejected":[]}`), nil
}
