package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/query"
)

// loads is a warehouse whose loads a test makes.
type loads struct {
	mu     sync.Mutex
	events []query.Event // the n-th came with load n
	asked  int
	failed error
}

func (l *loads) add(ids ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.events = append(l.events, query.Event{ID: id, Name: "e", Time: noon, Properties: json.RawMessage(`{}`)})
	}
}

func (l *loads) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = err
}

func (l *loads) last() (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	return int64(len(l.events)), l.failed
}

func (l *loads) news(r query.NewsRequest) (query.News, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return query.News{}, l.failed
	}
	n := query.News{Load: int64(len(l.events)), Events: []query.Event{}}
	if r.After < n.Load {
		n.Events = slices.Clone(l.events[r.After:])
		slices.Reverse(n.Events)
		n.Count = int64(len(n.Events))
	}
	return n, nil
}

// clockwork gives tickers whose ticks a test makes, by their interval.
type clockwork struct {
	mu     sync.Mutex
	ticks  map[time.Duration]chan time.Time
	active map[time.Duration]int
}

func newClockwork() *clockwork {
	c := &clockwork{ticks: map[time.Duration]chan time.Time{}, active: map[time.Duration]int{}}
	for _, every := range []time.Duration{beatEvery, time.Minute} {
		c.ticks[every] = make(chan time.Time)
	}
	return c
}

func (c *clockwork) ticker(every time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active[every]++
	return c.ticks[every], func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.active[every]--
	}
}

func (c *clockwork) tick(every time.Duration) { c.ticks[every] <- noon }

func (c *clockwork) running(every time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.active[every]
}

// watching is a fixture with loads, whose server listens.
type watching struct {
	*fixture
	loads     *loads
	clockwork *clockwork
	url       string
}

func newWatching(t *testing.T, change ...func(*Config)) *watching {
	t.Helper()
	w := &watching{fixture: newFixture(t, change...), loads: &loads{}, clockwork: newClockwork()}
	w.service.news, w.service.lastLoad = w.loads.news, w.loads.last
	w.server.feed.ticks = w.clockwork.ticker
	listening := httptest.NewUnstartedServer(w.server)
	// Streams must outlast these.
	listening.Config.ReadTimeout, listening.Config.WriteTimeout = 200*time.Millisecond, 200*time.Millisecond
	listening.Config.RegisterOnShutdown(w.server.EndStreams)
	listening.Start()
	t.Cleanup(func() {
		w.server.EndStreams()
		listening.Close()
	})
	w.url = listening.URL
	return w
}

// client is one who watches.
type client struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Reader
	leave    context.CancelFunc
}

func (w *watching) watch(path, lastID string) *client {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.AddCookie(w.cookie)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Accept-Encoding", "gzip")
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = response.Body.Close() })
	return &client{t: w.t, response: response, lines: bufio.NewReader(response.Body), leave: cancel}
}

// message reads up to the next blank line; an error's text at the end.
func (c *client) message() string {
	c.t.Helper()
	var text strings.Builder
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return err.Error()
		}
		if line == "\n" {
			return text.String()
		}
		text.WriteString(line)
	}
}

func (c *client) want(message string) {
	c.t.Helper()
	if got := c.message(); got != message {
		c.t.Fatalf("got the message %q, want %q", got, message)
	}
}

func news(load int, ids ...string) string {
	var events []string
	for _, id := range ids {
		events = append(events, `{"event_id":"`+id+`","event":"e","user_id":null,"timestamp":"2024-05-01T12:00:00.25Z","properties":{}}`)
	}
	return fmt.Sprintf("event: events\nid: %d\ndata: {\"events\":[%s],\"count\":%d}\n", load, strings.Join(events, ","), len(ids))
}

func TestStreamSendsEachLoad(t *testing.T) {
	w := newWatching(t)
	w.loads.add("old")
	c := w.watch("/api/v1/activity/stream", "")
	h := c.response.Header
	if c.response.StatusCode != http.StatusOK || h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" || h.Get("Content-Encoding") != "" || h.Get("X-Accel-Buffering") != "no" {
		t.Errorf("status %d, header %v", c.response.StatusCode, h)
	}
	c.want("retry: 3000\nid: 1\n")
	w.loads.add("a", "b")
	w.server.ObserveLoad(noon)
	c.want(news(3, "b", "a"))
	// A load of users alone brings no event, and no message.
	w.server.ObserveLoad(noon.Add(time.Second))
	w.clockwork.tick(beatEvery)
	c.want(":\n")
	// The server's limits of time for a call are long over now, and the stream
	// goes on.
	for started := time.Now(); time.Since(started) < 450*time.Millisecond; {
		w.clockwork.tick(beatEvery)
		c.want(":\n")
	}
	w.loads.add("c")
	w.server.ObserveLoad(noon.Add(2 * time.Second))
	c.want(news(4, "c"))
}

func TestStreamGoesOnFromWhereItsClientLeftOff(t *testing.T) {
	w := newWatching(t)
	w.loads.add("a", "b", "c")
	c := w.watch("/api/v1/activity/stream", "1")
	c.want("retry: 3000\nid: 1\n")
	c.want(news(3, "c", "b"))
	// A warehouse that was made anew has not come so far yet.
	later := w.watch("/api/v1/activity/stream", "99")
	later.want("retry: 3000\nid: 3\n")
	for _, id := range []string{"x", "-1", "1.5", "99999999999999999999"} {
		if r := w.watch("/api/v1/activity/stream", id).response; r.StatusCode != http.StatusBadRequest {
			t.Errorf("Last-Event-ID %s: status %d", id, r.StatusCode)
		}
	}
}

func TestStreamTriesAgainWhatFailed(t *testing.T) {
	w := newWatching(t)
	c := w.watch("/api/v1/activity/stream", "")
	c.want("retry: 3000\nid: 0\n")
	w.loads.add("a")
	w.loads.fail(query.ErrBusy)
	w.server.ObserveLoad(noon)
	w.clockwork.tick(beatEvery)
	c.want(":\n")
	w.loads.fail(nil)
	w.clockwork.tick(beatEvery)
	// Whether the try after the first beat failed too is a matter of chance.
	got := []string{c.message(), c.message()}
	slices.Sort(got)
	if want := []string{":\n", news(1, "a")}; !slices.Equal(got, want) {
		t.Errorf("got the messages %q", got)
	}
}

// TestStreamAsksWhileSomebodyWatches: without a loader in the process the
// warehouse is asked for its last load, by one for all, and by none for nobody.
func TestStreamAsksWhileSomebodyWatches(t *testing.T) {
	w := newWatching(t, func(c *Config) { c.PollLoads = time.Minute })
	if n := w.clockwork.running(time.Minute); n != 0 {
		t.Fatalf("%d ask while nobody watches", n)
	}
	first, second := w.watch("/api/v1/activity/stream", ""), w.watch("/api/v1/activity/stream", "")
	first.want("retry: 3000\nid: 0\n")
	second.want("retry: 3000\nid: 0\n")
	w.clockwork.tick(time.Minute) // nothing yet
	w.loads.add("a")
	w.clockwork.tick(time.Minute)
	first.want(news(1, "a"))
	second.want(news(1, "a"))
	if n := w.clockwork.running(time.Minute); n != 1 {
		t.Errorf("%d ask for two who watch", n)
	}
	first.leave()
	second.leave()
	for w.clockwork.running(time.Minute) > 0 {
		runtime.Gosched() // until the server has noticed
	}
	third := w.watch("/api/v1/activity/stream", "")
	third.want("retry: 3000\nid: 1\n")
	w.loads.add("b")
	w.clockwork.tick(time.Minute)
	third.want(news(2, "b"))
}

func TestStreamLearnsOfLoadsFromThePipeline(t *testing.T) {
	w := newWatching(t)
	c := w.watch("/api/v1/activity/stream", "")
	c.want("retry: 3000\nid: 0\n")
	w.loads.add("a")
	at := noon
	w.service.state = query.PipelineState{LastLoad: &at}
	w.do(call{path: "/api/v1/pipeline"})
	c.want(news(1, "a"))
}

func TestStreamsAreLimitedAndEnd(t *testing.T) {
	w := newWatching(t, func(c *Config) { c.MaxStreams = 2 })
	first := w.watch("/api/v1/activity/stream", "")
	first.want("retry: 3000\nid: 0\n")
	w.watch("/api/v1/activity/stream?event=e", "").want("retry: 3000\nid: 0\n")
	wantError(t, w.do(call{path: "/api/v1/activity/stream"}), http.StatusTooManyRequests, "busy", "")

	w.server.EndStreams()
	w.server.EndStreams() // twice is as once
	first.want("EOF")
	wantError(t, w.do(call{path: "/api/v1/activity/stream"}), http.StatusTooManyRequests, "busy", "")
}

func TestStreamPassesItsSelectionOn(t *testing.T) {
	w := newWatching(t)
	asked := make(chan query.NewsRequest, 1)
	w.service.news = func(r query.NewsRequest) (query.News, error) {
		asked <- r
		return query.News{Load: 7}, nil
	}
	c := w.watch("/api/v1/activity/stream?event=buy&user_id=a%2Fb", "")
	r := <-asked
	if r.Event != "buy" || *r.User != "a/b" || r.After != math.MaxInt64 || r.Limit != streamEvents {
		t.Errorf("asked %+v", r)
	}
	c.want("retry: 3000\nid: 7\n")
}

func TestFeedTellsWithoutWaiting(t *testing.T) {
	f := newFixture(t).server.feed
	news, leave, ok := f.join()
	if !ok {
		t.Fatal("nobody may join")
	}
	for range 3 {
		f.tell()
	}
	<-news
	select {
	case <-news:
		t.Error("three loads are told more than once")
	default:
	}
	leave()
	f.tell()
	select {
	case <-news:
		t.Error("one who left is told")
	default:
	}
}

func TestFeedGoesOnWhenAskingFails(t *testing.T) {
	w := newWatching(t, func(c *Config) { c.PollLoads = time.Minute })
	c := w.watch("/api/v1/activity/stream", "")
	c.want("retry: 3000\nid: 0\n")
	w.loads.fail(errors.New("away"))
	w.clockwork.tick(time.Minute)
	w.loads.add("a")
	w.clockwork.tick(time.Minute)
	w.loads.fail(nil)
	w.clockwork.tick(time.Minute)
	c.want(news(1, "a"))
}
