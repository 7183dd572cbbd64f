package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/functions/local"
	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
)

var overload = flag.Duration("overload", 2*time.Second, "how long the pipeline is sent more than it takes")

// The bounds of the overload.
const (
	// roomFor is how many calls are worked on at once, and lineOf how many wait.
	roomFor, lineOf = 8, 16
	// crowd is how many clients send at once, without a pause and deaf to
	// Retry-After.
	crowd = 300
	// sdkQueue bounds what the SDK's client holds.
	sdkQueue = 500
	// memoryBound is what collection, loads, DuckDB (of which 500 MB are the
	// limit) and all clients may take together.
	memoryBound = 1 << 30
)

const overloadKey = "the-key-of-the-overload"

// remote is the collection API over HTTP, and what it answered.
type remote struct {
	url    string
	client *http.Client
	// taken and refused count the answers, 2xx and 429 or 503; rude those that
	// refuse and do not say when to come again.
	taken, refused, rude atomic.Int64
	mu                   sync.Mutex
	odd                  map[string]int
}

func (a *remote) Handle(ctx context.Context, r gateway.Request) gateway.Response {
	note := func(what string) gateway.Response {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.odd[what]++
		return gateway.Response{Status: http.StatusServiceUnavailable}
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, a.url+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return note(err.Error())
	}
	request.Header.Set("X-Api-Key", overloadKey)
	answer, err := a.client.Do(request)
	if err != nil {
		return note(err.Error())
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return note(err.Error())
	}
	switch answer.StatusCode {
	case http.StatusAccepted, http.StatusOK:
		a.taken.Add(1)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		a.refused.Add(1)
		if answer.Header.Get("Retry-After") == "" {
			a.rude.Add(1)
		}
	default:
		note(answer.Status)
	}
	return gateway.Response{Status: answer.StatusCode, Header: answer.Header, Body: body}
}

// send sends new batches until the time is up, each until it is taken.
func (a *remote) send(ctx context.Context, c *client, until <-chan struct{}) error {
	for n := 0; ; n++ {
		route := []string{postEvents, postEvents, postEvents, postUsers, patchUsers}[n%5]
		var batch []*item
		for range 10 {
			batch = append(batch, c.make(route))
		}
		for {
			select {
			case <-until:
				return nil
			default:
			}
			status, err := c.send(ctx, a, route, batch)
			if err != nil {
				return err
			}
			if status/100 == 2 {
				break
			}
		}
	}
}

// memoryTaken gives, in bytes, the most memory that this process has had since.
func memoryTaken(t *testing.T) func() int64 {
	t.Helper()
	debug.FreeOSMemory()
	// 5 resets the peak: https://www.kernel.org/doc/html/latest/filesystems/proc.html
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Logf("memory is not measured: %v", err)
		return func() int64 { return 0 }
	}
	status := func(field string) int64 {
		text, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), field+":")
		kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return kb << 10
	}
	before := status("VmRSS")
	return func() int64 { return status("VmHWM") - before }
}

// TestOverload: sent far more than it can take, the pipeline takes what it can,
// refuses the rest with the time to come again, keeps within its memory, loses
// nothing that it took, and is itself again as soon as it is over. The SDK's client
// bounds its queue, says so, and loses nothing that it took either.
func TestOverload(t *testing.T) {
	r := newRun(place{dir: t.TempDir()}, 6)
	r.dice.settle()
	if err := r.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	}()
	if err := r.process.engines[0].Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(local.NewHTTP(local.HTTPConfig{
		Keys: local.NewKeyring(overloadKey), Collect: r.process.collect, Update: r.process.update,
		InFlight: roomFor, Waiting: lineOf, Patience: 50 * time.Millisecond, Logger: quiet,
	}))
	defer server.Close()
	newRemote := func() *remote {
		transport := &http.Transport{MaxIdleConnsPerHost: crowd}
		t.Cleanup(transport.CloseIdleConnections)
		return &remote{url: server.URL, client: &http.Client{Transport: transport}, odd: map[string]int{}}
	}
	taken := memoryTaken(t)

	// Loads run all the while.
	loading, stopLoading := context.WithCancel(t.Context())
	var loads sync.WaitGroup
	loads.Go(func() {
		ticks := time.NewTicker(200 * time.Millisecond)
		defer ticks.Stop()
		for {
			select {
			case <-loading.Done():
				return
			case <-ticks.C:
				if _, err := r.process.loaders[0].Run(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	})

	// phase sends with so many clients at once.
	var clients []*client
	phase := func(a *remote, many int, length time.Duration) {
		until := make(chan struct{})
		timer := time.AfterFunc(length, func() { close(until) })
		defer timer.Stop()
		var running sync.WaitGroup
		for range many {
			c := &client{dice: r.dice, name: len(clients) + 1}
			clients = append(clients, c)
			running.Go(func() {
				if err := a.send(t.Context(), c, until); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
	}
	// As many as there is room for are what it can take.
	fit := newRemote()
	phase(fit, roomFor, *overload/4)
	can := float64(fit.taken.Load()) / (*overload / 4).Seconds()

	// The SDK's client among the crowd.
	var mu sync.Mutex
	var settled []dataloaf.Result
	sdk, err := dataloaf.New(dataloaf.Config{
		Endpoint: server.URL, APIKey: overloadKey, MaxQueueItems: sdkQueue, FlushInterval: 10 * time.Millisecond, Logger: quiet,
		Callback: func(result dataloaf.Result) {
			mu.Lock()
			defer mu.Unlock()
			settled = append(settled, result)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	tracking, stopTracking := context.WithCancel(t.Context())
	var tracker sync.WaitGroup
	var full int64
	tracker.Go(func() {
		ticks := time.NewTicker(time.Millisecond)
		defer ticks.Stop()
		for n := 0; ; n++ {
			select {
			case <-tracking.Done():
				return
			case <-ticks.C:
			}
			for range 3 {
				switch err := sdk.Track(dataloaf.Event{Event: "tracked", UserID: "user-1", Timestamp: noon.Add(time.Duration(n) * time.Millisecond), Properties: map[string]any{"n": n}}); {
				case errors.Is(err, dataloaf.ErrQueueFull):
					full++
				case err != nil:
					t.Error(err)
				}
			}
			if pending := sdk.Stats().Pending; pending > sdkQueue {
				t.Errorf("the SDK's client holds %d messages", pending)
			}
		}
	})
	over := newRemote()
	phase(over, crowd, *overload)
	stopTracking()
	tracker.Wait()

	// It is over, and the next call is taken.
	after := newRemote()
	c := &client{dice: r.dice, name: len(clients) + 1}
	clients = append(clients, c)
	if status, err := c.send(t.Context(), after, postEvents, []*item{c.make(postEvents)}); status != http.StatusAccepted || err != nil {
		t.Errorf("the first call after the overload: %d, %v", status, err)
	}
	if err := sdk.Close(t.Context()); err != nil {
		t.Error(err)
	}
	stopLoading()
	loads.Wait()
	used := taken()

	took, refused := over.taken.Load(), over.refused.Load()
	t.Logf("it can take %.0f calls a second; in %s of overload it was sent %.0f a second, took %.0f and refused %.0f; at most %d MB of memory",
		can, *overload, float64(took+refused)/overload.Seconds(), float64(took)/overload.Seconds(), float64(refused)/overload.Seconds(), used>>20)
	if took == 0 || refused == 0 || over.rude.Load() > 0 || len(over.odd)+len(fit.odd)+len(after.odd) > 0 {
		t.Errorf("%d calls taken, %d refused, %d of them without Retry-After; others: %v %v %v", took, refused, over.rude.Load(), fit.odd, over.odd, after.odd)
	}
	if used > memoryBound {
		t.Errorf("%d bytes of memory, want at most %d", used, memoryBound)
	}
	stats := sdk.Stats()
	t.Logf("the SDK's client: %+v", stats)
	if stats.QueueFull != full || full == 0 || stats.Accepted != stats.Enqueued || stats.Accepted != int64(len(settled)) || stats.Accepted == 0 {
		t.Errorf("%d times the queue was full, %d messages have a result: %+v", full, len(settled), stats)
	}
	for _, s := range settled {
		e, ok := s.Message.(dataloaf.Event)
		properties, isMap := e.Properties.(map[string]any)
		if !ok || !isMap {
			t.Fatalf("%#v", s.Message)
		}
		r.client.items = append(r.client.items, &item{
			route: postEvents, acked: s.Status == dataloaf.Accepted, tries: []try{{to: forever, acked: s.Status == dataloaf.Accepted}},
			body: event{ID: e.EventID, Event: e.Event, UserID: e.UserID, Timestamp: e.Timestamp, Properties: properties},
		})
	}
	for _, c := range clients {
		r.client.items = append(r.client.items, c.items...)
	}
	if err := r.finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	wrong, err := r.judge(t.Context())
	if err != nil || len(wrong) > 0 {
		t.Errorf("%v\n%s", err, strings.Join(wrong[:min(len(wrong), 20)], "\n"))
	}
	t.Log(fmt.Sprint(len(r.client.items), " items, each of those that were taken in the warehouse once, by a deep audit, too"))
}
