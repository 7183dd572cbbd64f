package dataloaf_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
)

func TestEachKindGoesToItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		c, told := open(t, a, nil)
		made := time.Now()
		must(t, c.Track(dataloaf.Event{Event: "bread baked", UserID: "u1", Properties: map[string]any{"kind": "rye"}, Tag: "t1"}))
		must(t, c.CreateUser(dataloaf.User{UserID: "u1", Attributes: map[string]any{"plan": "pro"}}))
		must(t, c.UpdateUser(dataloaf.Update{UserID: "u1", Attributes: map[string]any{"plan": nil}}))
		flush(t, c)

		bodies := map[string]string{}
		for _, r := range a.seen() {
			bodies[r.method+" "+r.path] = string(r.body)
			if r.header.Get("x-api-key") != testKey || r.header.Get("Content-Type") != "application/json" || !strings.HasPrefix(r.header.Get("User-Agent"), "dataloaf-go/") {
				t.Errorf("headers %v", r.header)
			}
		}
		at := made.UTC().Format("2006-01-02T15:04:05.000000Z")
		for call, want := range map[string]string{
			"POST /v1/users":  `{"users":[{"user_id":"u1","created_at":"` + at + `","attributes":{"plan":"pro"}}]}`,
			"PATCH /v1/users": `{"users":[{"user_id":"u1","attributes":{"plan":null},"updated_at":"` + at + `"}]}`,
		} {
			if bodies[call] != want {
				t.Errorf("%s\n got %s\nwant %s", call, bodies[call], want)
			}
		}
		results := told.list()
		if len(results) != 3 {
			t.Fatalf("%d results", len(results))
		}
		for _, r := range results {
			if r.Status != dataloaf.Accepted || r.Err != nil || r.Code != "" {
				t.Errorf("%+v", r)
			}
			if e, ok := r.Message.(dataloaf.Event); ok {
				if e.EventID == "" || e.EventID[14] != '7' || !e.Timestamp.Equal(made) || e.Tag != "t1" {
					t.Errorf("the event comes back as %+v", e)
				}
				want := `{"events":[{"event_id":"` + e.EventID + `","event":"bread baked","user_id":"u1","timestamp":"` + at + `","properties":{"kind":"rye"}}]}`
				if bodies["POST /v1/events"] != want {
					t.Errorf("got %s\nwant %s", bodies["POST /v1/events"], want)
				}
			}
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBatchesByCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		c, told := open(t, a, func(c *dataloaf.Config) { c.MaxBatchItems = 3; c.Senders = 1 })
		track(t, c, 7)
		synctest.Wait()
		if n := len(a.seen()); n != 2 {
			t.Errorf("%d requests before the interval, want the 2 full batches", n)
		}
		flush(t, c)
		var sizes []int
		for _, r := range a.seen() {
			sizes = append(sizes, len(r.ids))
		}
		if !slices.Equal(sizes, []int{3, 3, 1}) {
			t.Errorf("batches of %v", sizes)
		}
		want(t, told, 7, dataloaf.Accepted)
	})
}

func TestBatchesByBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 4 << 10
		a := newAPI()
		c, told := open(t, a, func(c *dataloaf.Config) { c.MaxBatchBytes = most })
		for i := range 20 {
			must(t, c.Track(dataloaf.Event{Event: "e", Tag: i, Properties: map[string]any{"k": strings.Repeat("x", 900)}}))
		}
		// One that is larger than a batch goes alone.
		must(t, c.Track(dataloaf.Event{Event: "e", Tag: 20, Properties: map[string]any{"k": strings.Repeat("x", 2*most)}}))
		flush(t, c)
		want(t, told, 21, dataloaf.Accepted)
		full := 0
		for _, r := range a.seen() {
			if len(r.body) > most && len(r.ids) > 1 {
				t.Errorf("a body of %d bytes with %d events", len(r.body), len(r.ids))
			}
			if len(r.ids) == 3 {
				full++
			}
		}
		if full != 6 {
			t.Errorf("%d full batches, want 6", full)
		}
	})
}

func TestBatchesByInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		c, _ := open(t, a, func(c *dataloaf.Config) { c.FlushInterval = 5 * time.Second })
		start := time.Now()
		track(t, c, 1)
		time.Sleep(2 * time.Second) // the bubble's clock
		track(t, c, 1)
		time.Sleep(time.Minute)
		seen := a.seen()
		if len(seen) != 1 || len(seen[0].ids) != 2 || seen[0].at.Sub(start) != 5*time.Second {
			t.Errorf("got %+v", seen)
		}
	})
}

func TestLargeBodiesAreCompressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		c, _ := open(t, a, nil)
		track(t, c, 1)
		flush(t, c)
		track(t, c, 50)
		flush(t, c)
		seen := a.seen()
		if got := seen[0].header.Get("Content-Encoding"); got != "" {
			t.Errorf("a small body has Content-Encoding %q", got)
		}
		if got := seen[1].header.Get("Content-Encoding"); got != "gzip" {
			t.Errorf("a large body has Content-Encoding %q", got)
		}
	})
}

func TestAFullQueueSaysSo(t *testing.T) {
	for name, limit := range map[string]func(*dataloaf.Config){
		"count": func(c *dataloaf.Config) { c.MaxQueueItems = 5 },
		"bytes": func(c *dataloaf.Config) { c.MaxQueueBytes = 1300 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				a := newAPI()
				a.before = func(int, http.ResponseWriter, *http.Request) bool { <-release; return false }
				c, told := open(t, a, limit)
				taken, refused := 0, 0
				for i := range 20 {
					switch err := c.Track(dataloaf.Event{Event: "e", Tag: i}); {
					case err == nil:
						taken++
					case errors.Is(err, dataloaf.ErrQueueFull):
						refused++
					default:
						t.Fatal(err)
					}
				}
				if taken != 5 || refused != 15 {
					t.Errorf("%d taken, %d refused", taken, refused)
				}
				s := c.Stats()
				if s.QueueFull != 15 || s.Enqueued != 5 || s.Pending != 5 {
					t.Errorf("%+v", s)
				}
				// Messages under way count, too; those that are settled do not.
				time.Sleep(2 * dataloaf.DefaultFlushInterval)
				if err := c.Track(dataloaf.Event{Event: "e"}); !errors.Is(err, dataloaf.ErrQueueFull) {
					t.Errorf("under way: %v", err)
				}
				close(release)
				flush(t, c)
				want(t, told, 5, dataloaf.Accepted)
				must(t, c.Track(dataloaf.Event{Event: "e", Tag: 99}))
				if s := c.Stats(); s.Accepted != 5 || s.Pending != 1 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestEnqueueWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		a := newAPI()
		a.before = func(int, http.ResponseWriter, *http.Request) bool { <-release; return false }
		c, told := open(t, a, func(c *dataloaf.Config) { c.MaxQueueItems = 2; c.FlushInterval = time.Hour })
		track(t, c, 2)

		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := c.EnqueueWait(ctx, dataloaf.Event{Event: "e", Tag: 2}); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		done := make(chan error)
		go func() { done <- c.EnqueueWait(context.Background(), dataloaf.Event{Event: "e", Tag: 3}) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		// A full queue does not wait for the interval of an hour.
		close(release)
		start = time.Now()
		if err := <-done; err != nil || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		flush(t, c)
		want(t, told, 3, dataloaf.Accepted)
	})
}

// A writer that is faster than the API still sends full batches.
func TestAFullQueueSendsFullBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.before = func(int, http.ResponseWriter, *http.Request) bool { time.Sleep(time.Second); return false }
		c, told := open(t, a, func(c *dataloaf.Config) { c.MaxQueueItems = 100; c.MaxBatchItems = 20 })
		for i := range 2000 {
			if err := c.EnqueueWait(context.Background(), dataloaf.Event{Event: "e", Tag: i}); err != nil {
				t.Fatal(err)
			}
		}
		flush(t, c)
		want(t, told, 2000, dataloaf.Accepted)
		a.mu.Lock()
		defer a.mu.Unlock()
		if n := len(a.requests); n > 110 {
			t.Errorf("%d requests for 100 batches", n)
		}
	})
}

// Writers that fill the queue again and again never wait for the interval.
func TestManyWaitForASmallQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, told := open(t, newAPI(), func(c *dataloaf.Config) { c.MaxQueueItems = 3; c.FlushInterval = time.Hour })
		start := time.Now()
		var writers sync.WaitGroup
		for w := range 10 {
			writers.Go(func() {
				for i := range 20 {
					if err := c.EnqueueWait(context.Background(), dataloaf.Event{Event: "e", Tag: 20*w + i}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		flush(t, c)
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
		want(t, told, 200, dataloaf.Accepted)
	})
}

func TestCloseEndsEnqueueWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.before = func(_ int, _ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
		c, _ := open(t, a, func(c *dataloaf.Config) { c.MaxQueueItems = 1 })
		track(t, c, 1)
		done := make(chan error)
		go func() { done <- c.EnqueueWait(context.Background(), dataloaf.Event{Event: "e"}) }()
		synctest.Wait()
		go func() { _ = c.Close(context.Background()) }()
		if err := <-done; !errors.Is(err, dataloaf.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestFlushWaitsForWhatWasBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := make(chan struct{})
		a := newAPI()
		a.before = func(n int, _ http.ResponseWriter, _ *http.Request) bool {
			if n > 0 {
				<-second
			}
			return false
		}
		c, _ := open(t, a, nil)
		track(t, c, 1)
		flushed := make(chan error)
		go func() { flushed <- c.Flush(context.Background()) }()
		synctest.Wait()
		track(t, c, 1) // after the flush: it may wait for ever
		time.Sleep(time.Minute)
		must(t, <-flushed)

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := c.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 messages") {
			t.Errorf("flush of a message that hangs: %v", err)
		}
		close(second)
		flush(t, c) // it was not given up
		if s := c.Stats(); s.Accepted != 2 || s.Pending != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestCloseDeliversAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose end fails for goroutines left
		a := newAPI()
		c, told := open(t, a, func(c *dataloaf.Config) { c.FlushInterval = time.Hour; c.MaxBatchItems = 7 })
		track(t, c, 100)
		must(t, c.Close(context.Background()))
		want(t, told, 100, dataloaf.Accepted)
		if err := c.Track(dataloaf.Event{Event: "e"}); !errors.Is(err, dataloaf.ErrClosed) {
			t.Errorf("track after close: %v", err)
		}
		if err := c.EnqueueWait(context.Background(), dataloaf.User{UserID: "u"}); !errors.Is(err, dataloaf.ErrClosed) {
			t.Errorf("enqueue after close: %v", err)
		}
		must(t, c.Flush(context.Background()))
		must(t, c.Close(context.Background()))
	})
}

func TestCloseThatRunsOutOfTime(t *testing.T) {
	hang := func(_ int, _ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
	away := func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	for name, before := range map[string]func(int, http.ResponseWriter, *http.Request) bool{"hangs": hang, "is away": away} {
		for _, c := range []struct {
			name     string
			deadline time.Duration
		}{{"its deadline", 3 * time.Second}, {"the default", 0}} {
			t.Run("server "+name+", "+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := newAPI()
					a.before = before
					client, told := open(t, a, func(c *dataloaf.Config) { c.MaxBatchItems = 4; c.RequestTimeout = time.Hour; c.Random = longest{} })
					track(t, client, 50)
					ctx, takes := context.Background(), dataloaf.DefaultCloseTimeout
					if c.deadline > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, c.deadline)
						defer cancel()
						takes = c.deadline
					}
					start := time.Now()
					err := client.Close(ctx)
					if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "50 messages") {
						t.Errorf("close: %v", err)
					}
					if took := time.Since(start); took != takes {
						t.Errorf("close took %v, want %v", took, takes)
					}
					want(t, told, 50, dataloaf.Dropped)
					for _, r := range told.list() {
						if r.Code != dataloaf.CodeClosed || !errors.Is(r.Err, dataloaf.ErrClosed) {
							t.Errorf("%s, %v", r.Code, r.Err)
						}
					}
					if s := client.Stats(); s.Dropped != 50 || s.Pending != 0 {
						t.Errorf("%+v", s)
					}
				})
			})
		}
	}
}

func TestAPanicInTheCallbackStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		calls := 0
		c, _ := open(t, newAPI(), func(c *dataloaf.Config) {
			c.Callback = func(dataloaf.Result) {
				mu.Lock()
				calls++
				mu.Unlock()
				panic("the application's fault")
			}
		})
		track(t, c, 10)
		flush(t, c)
		if s := c.Stats(); calls != 10 || s.Accepted != 10 {
			t.Errorf("%d calls, %+v", calls, s)
		}
	})
}

func TestTheCallbackMayEnqueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *dataloaf.Client
		c, _ = open(t, newAPI(), func(config *dataloaf.Config) {
			config.Callback = func(r dataloaf.Result) {
				if e := r.Message.(dataloaf.Event); e.Event == "first" {
					if err := c.Track(dataloaf.Event{Event: "second"}); err != nil {
						t.Error(err)
					}
				}
			}
		})
		must(t, c.Track(dataloaf.Event{Event: "first"}))
		flush(t, c)
		flush(t, c)
		if s := c.Stats(); s.Accepted != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestWhatIsEnqueuedMayBeChangedAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		c, _ := open(t, a, nil)
		properties := map[string]any{"n": 1}
		must(t, c.Track(dataloaf.Event{Event: "e", Properties: properties}))
		properties["n"] = 2
		flush(t, c)
		var body struct {
			Events []struct{ Properties map[string]int }
		}
		must(t, json.Unmarshal(a.seen()[0].body, &body))
		if got := body.Events[0].Properties["n"]; got != 1 {
			t.Errorf("n is %d", got)
		}
	})
}

func TestConfigs(t *testing.T) {
	sound := dataloaf.Config{Endpoint: "http://localhost:8080", APIKey: "k"}
	c, err := dataloaf.New(sound)
	if err != nil {
		t.Fatalf("endpoint and key are not enough: %v", err)
	}
	must(t, c.Close(context.Background()))
	for field, change := range map[string]func(*dataloaf.Config){
		"Endpoint is empty":        func(c *dataloaf.Config) { c.Endpoint = "" },
		"Endpoint \"localhost\"":   func(c *dataloaf.Config) { c.Endpoint = "localhost" },
		"Endpoint \"ftp://x\"":     func(c *dataloaf.Config) { c.Endpoint = "ftp://x" },
		"Endpoint \"http://x?a\"":  func(c *dataloaf.Config) { c.Endpoint = "http://x?a" },
		"APIKey is empty":          func(c *dataloaf.Config) { c.APIKey = "" },
		"APIKey holds":             func(c *dataloaf.Config) { c.APIKey = "k\n" },
		"MaxBatchItems is 501":     func(c *dataloaf.Config) { c.MaxBatchItems = 501 },
		"MaxBatchItems is -1":      func(c *dataloaf.Config) { c.MaxBatchItems = -1 },
		"MaxBatchBytes is 4194305": func(c *dataloaf.Config) { c.MaxBatchBytes = 4<<20 + 1 },
		"MaxQueueItems is -1":      func(c *dataloaf.Config) { c.MaxQueueItems = -1 },
		"MaxQueueBytes is -1":      func(c *dataloaf.Config) { c.MaxQueueBytes = -1 },
		"Senders is -1":            func(c *dataloaf.Config) { c.Senders = -1 },
		"FlushInterval is -1s":     func(c *dataloaf.Config) { c.FlushInterval = -time.Second },
		"RequestTimeout is -1s":    func(c *dataloaf.Config) { c.RequestTimeout = -time.Second },
		"MaxRetryTime is -1s":      func(c *dataloaf.Config) { c.MaxRetryTime = -time.Second },
	} {
		config := sound
		change(&config)
		if _, err := dataloaf.New(config); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestIDsAreOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		c, told := open(t, a, nil)
		own := "018F3A5C-7B1E-7CC0-8D5A-2F1E9B6C4D3A"
		at := time.Date(1996, 2, 29, 23, 59, 59, 123456789, time.FixedZone("", 19800))
		must(t, c.Track(dataloaf.Event{Event: "e", EventID: own, Timestamp: at}))
		flush(t, c)
		if e := told.list()[0].Message.(dataloaf.Event); e.EventID != own || !e.Timestamp.Equal(at) {
			t.Errorf("%+v", e)
		}
		want := fmt.Sprintf(`{"events":[{"event_id":%q,"event":"e","timestamp":"1996-02-29T18:29:59.123456Z","properties":{}}]}`, strings.ToLower(own))
		if got := string(a.seen()[0].body); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
}

func TestWithoutRandomnessNoID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := open(t, newAPI(), func(c *dataloaf.Config) { c.Random = strings.NewReader("") })
		if err := c.Track(dataloaf.Event{Event: "e"}); err == nil || !strings.Contains(err.Error(), "event id") {
			t.Error(err)
		}
	})
}

func TestIDsOfManyGoroutinesAreDistinct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		c, told := open(t, a, func(c *dataloaf.Config) { c.Random = nil })
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := range 200 {
					if err := c.Track(dataloaf.Event{Event: "e", Tag: 200*w + i}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		flush(t, c)
		want(t, told, 800, dataloaf.Accepted)
		if n := len(a.stored); n != 800 {
			t.Errorf("%d ids", n)
		}
	})
}
