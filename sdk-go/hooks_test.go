package dataloaf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

func TestBeforeSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, d := newAPI(), dataloaf.NewMemDisk(never)
		c, told := open(t, a, onDisk(d, func(c *dataloaf.Config) {
			c.BeforeSend = func(m dataloaf.Message) dataloaf.Message {
				switch m := m.(type) {
				case dataloaf.Event:
					switch m.Event {
					case "internal":
						return nil
					case "panics":
						panic("a defect")
					}
					m.Properties = map[string]any{"email": "[redacted]"}
					return m
				case dataloaf.User:
					m.Attributes = nil
					return m
				}
				return m
			}
		}))
		must(t, c.Track(dataloaf.Event{Event: "sign in", Properties: map[string]any{"email": "ada@example.com"}}))
		must(t, c.Enqueue(dataloaf.Event{Event: "internal"}))
		must(t, c.CreateUser(dataloaf.User{UserID: "u", Attributes: map[string]any{"email": "ada@example.com"}}))
		must(t, c.UpdateUser(dataloaf.Update{UserID: "u"}))
		if err := c.Track(dataloaf.Event{Event: "panics", Properties: map[string]any{"email": "ada@example.com"}}); err == nil || !strings.Contains(err.Error(), "BeforeSend panicked") {
			t.Error(err)
		}
		flush(t, c)
		for _, r := range a.seen() {
			if bytes.Contains(r.body, []byte("ada@")) {
				t.Errorf("sent %s", r.body)
			}
		}
		if s := c.Stats(); s.Filtered != 1 || s.Invalid != 1 || s.Enqueued != 3 || s.Accepted != 3 {
			t.Errorf("%+v", s)
		}
		if n := len(told.list()); n != 3 {
			t.Errorf("%d results", n)
		}
	})
}

// hand is a clock that stands until a test moves it.
type hand struct {
	mu     sync.Mutex
	now    time.Time
	timers []*handTimer
	// set tells of each timer.
	set chan time.Duration
}

type handTimer struct {
	at   time.Time
	call func()
}

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) AfterFunc(d time.Duration, call func()) func() bool {
	h.mu.Lock()
	one := &handTimer{h.now.Add(d), call}
	h.timers = append(h.timers, one)
	h.mu.Unlock()
	select {
	case h.set <- d:
	default:
	}
	return func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		was := one.call != nil
		one.call = nil
		return was
	}
}

func (h *hand) move(d time.Duration) {
	h.mu.Lock()
	h.now = h.now.Add(d)
	var due []func()
	for _, one := range h.timers {
		if one.call != nil && !one.at.After(h.now) {
			due = append(due, one.call)
			one.call = nil
		}
	}
	h.mu.Unlock()
	for _, call := range due {
		go call()
	}
}

func TestAClockStampsAndMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &hand{now: time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)}
		a := newAPI()
		a.now = clock.Now
		c, told := open(t, a, func(c *dataloaf.Config) { c.Clock = clock; c.FlushInterval = time.Minute })
		track(t, c, 1)
		clock.move(time.Minute - 1)
		synctest.Wait()
		if n := len(a.seen()); n != 0 {
			t.Errorf("%d requests before the interval", n)
		}
		clock.move(1)
		synctest.Wait()
		if n := len(a.seen()); n != 1 {
			t.Errorf("%d requests after the interval", n)
		}
		want(t, told, 1, dataloaf.Accepted)
		if e := told.list()[0].Message.(dataloaf.Event); !e.Timestamp.Equal(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", e)
		}
	})
}

// A server that takes the connection and the request and then says nothing.
func TestAHalfOpenConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	a := newAPI()
	first := make(chan net.Conn, 1)
	server := &http.Server{Handler: a}
	served := make(chan struct{})
	go func() {
		defer close(served)
		// The first connection is accepted and left alone.
		silent, err := listener.Accept()
		if err != nil {
			return
		}
		first <- silent
		_ = server.Serve(listener) // it ends with Close
	}()
	defer func() { _ = server.Close(); <-served }()

	clock := &hand{now: time.Now(), set: make(chan time.Duration, 64)}
	told := &results{}
	c, err := dataloaf.New(dataloaf.Config{Endpoint: "http://" + listener.Addr().String(), APIKey: testKey, Callback: told.add, Clock: clock, RequestTimeout: time.Hour, Random: &steady{}, Logger: slog.New(slog.DiscardHandler), MaxRetryTime: 2 * time.Hour})
	must(t, err)
	track(t, c, 1)
	done := make(chan error)
	go func() { done <- c.Flush(context.Background()) }()
	silent := <-first
	defer func() { _ = silent.Close() }()
	// The request is under way on it: a connection on which none is yet would serve
	// the next attempt, too.
	_, err = silent.Read(make([]byte, 1))
	must(t, err)
	for d := range clock.set {
		if d == time.Hour {
			break
		}
	}
	clock.move(time.Hour) // the attempt's time is over
	// The pause, of no length here, is the next timer.
	go func() {
		for range clock.set {
			clock.move(0)
		}
	}()
	must(t, <-done)
	must(t, c.Close(context.Background()))
	close(clock.set)
	want(t, told, 1, dataloaf.Accepted)
	if s := c.Stats(); s.Retries != 1 {
		t.Errorf("%+v", s)
	}
}

// A server that comes back while the program closes is asked in time.
func TestCloseMeetsAServerThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAway()
		c, told := open(t, a.fakeAPI, func(c *dataloaf.Config) { c.Random = longest{}; c.MaxBatchItems = 5 })
		track(t, c, 50)
		time.Sleep(2 * time.Minute) // pauses are long by now
		time.AfterFunc(28*time.Second, a.comeBack)
		must(t, c.Close(context.Background()))
		want(t, told, 50, dataloaf.Accepted)
	})
}

// What a server asks for is kept to, also while the program closes.
func TestCloseKeepsToRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n == 0 {
				w.Header().Set("Retry-After", "20")
				w.WriteHeader(http.StatusTooManyRequests)
			}
			return n == 0
		}
		c, told := open(t, a, nil)
		track(t, c, 1)
		start := time.Now()
		must(t, c.Close(context.Background()))
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("took %v", took)
		}
		want(t, told, 1, dataloaf.Accepted)
	})
}

func TestRequestsSayTheirWireVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.before = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get(wire.VersionHeader) != "1" {
				t.Errorf("headers %v", r.Header)
			}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":{"code":"wire_version_unsupported","message":"wire version 1 is no longer read"}}`)
			return true
		}
		c, told := open(t, a, nil)
		track(t, c, 1)
		flush(t, c)
		want(t, told, 1, dataloaf.Rejected)
		if r := told.list()[0]; r.Code != string(wire.CodeVersionUnsupported) {
			t.Errorf("%+v", r)
		}
	})
}

func TestNoop(t *testing.T) {
	c := dataloaf.NewNoop()
	must(t, c.Track(dataloaf.Event{Event: "e"}))
	must(t, c.EnqueueWait(context.Background(), dataloaf.User{UserID: "u"}))
	var refused *wire.ItemError
	if err := c.Track(dataloaf.Event{}); !errors.As(err, &refused) {
		t.Errorf("it takes what is wrong: %v", err)
	}
	must(t, c.Flush(context.Background()))
	must(t, c.Close(context.Background()))
	if err := c.Track(dataloaf.Event{Event: "e"}); !errors.Is(err, dataloaf.ErrClosed) {
		t.Error(err)
	}
	if s := c.Stats(); s.Enqueued != 2 || s.Invalid != 1 || s.Pending != 0 {
		t.Errorf("%+v", s)
	}
}

func TestContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		c, _ := open(t, a, func(c *dataloaf.Config) { c.Senders = 1; c.MaxBatchItems = 1 })
		given := map[string]any{"request": "r1", "plan": "free"}
		outer := dataloaf.WithProperties(dataloaf.WithUserID(context.Background(), "ada"), given)
		given["request"] = "changed"
		inner := dataloaf.WithProperties(outer, map[string]any{"plan": "pro"})
		for _, test := range []struct {
			ctx   context.Context
			event dataloaf.Event
			want  string
			user  string
		}{
			{context.Background(), dataloaf.Event{}, `{}`, ""},
			{outer, dataloaf.Event{}, `{"plan":"free","request":"r1"}`, "ada"},
			{inner, dataloaf.Event{UserID: "eve"}, `{"plan":"pro","request":"r1"}`, "eve"},
			{inner, dataloaf.Event{Properties: map[string]any{"plan": nil, "n": 1}}, `{"n":1,"plan":null,"request":"r1"}`, "ada"},
			{inner, dataloaf.Event{Properties: map[string]string{"plan": "team"}}, `{"plan":"team","request":"r1"}`, "ada"},
			{inner, dataloaf.Event{Properties: order{Total: 2}}, `{"plan":"pro","request":"r1","total":2}`, "ada"},
			{inner, dataloaf.Event{Properties: json.RawMessage(`{"plan":[1]}`)}, `{"plan":[1],"request":"r1"}`, "ada"},
		} {
			test.event.Event = "e"
			must(t, c.TrackContext(test.ctx, test.event))
			flush(t, c)
			seen := a.seen()
			var body struct {
				Events []struct {
					UserID     string `json:"user_id"`
					Properties json.RawMessage
				}
			}
			must(t, json.Unmarshal(seen[len(seen)-1].body, &body))
			got, err := wire.Canonical(body.Events[0].Properties)
			must(t, err)
			if string(got) != test.want || body.Events[0].UserID != test.user {
				t.Errorf("got %s of %q, want %s of %q", got, body.Events[0].UserID, test.want, test.user)
			}
		}
		for _, bad := range []any{7, []any{1}, json.RawMessage(`"x"`), make(chan int)} {
			var refused *wire.ItemError
			if err := c.TrackContext(outer, dataloaf.Event{Event: "e", Properties: bad}); !errors.As(err, &refused) || refused.Field != "properties" {
				t.Errorf("%T: %v", bad, err)
			}
		}
		if p := dataloaf.ContextProperties(outer); p["plan"] != "free" || dataloaf.ContextUserID(inner) != "ada" || dataloaf.ContextUserID(context.Background()) != "" {
			t.Errorf("%v", p)
		}
	})
}
