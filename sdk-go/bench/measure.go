package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	dataloaf "github.com/dataloaf/dataloaf/sdk-go"
	"github.com/posthog/posthog-go"
)

// figures is what a process measured.
type figures struct {
	// NsPerCall is the median of the laps, NsFastest the fastest of them: what a
	// call costs where nothing else wants the processor.
	NsPerCall, NsFastest, AllocsPerCall, BytesPerCall float64
	// Enqueued are the calls that were made, Failed those that were refused and
	// the events of which the library said that it gave them up. Delivered is
	// filled in by the process with the server.
	Enqueued, Failed, Delivered int
	HeapBytes, ResidentBytes    uint64
	Seconds                     float64
}

const (
	plain        = "dataloaf"
	withCallback = "dataloaf, callback"
	withSpool    = "dataloaf, spool"
	posthogGo    = "posthog-go"
)

// library is what both can do.
type library struct {
	track func(properties map[string]any) error
	// wait is track where the caller would rather wait than be refused.
	wait  func(properties map[string]any) error
	close func() error
	// leave is how a program closes that must end soon.
	leave  func() error
	failed *atomic.Int64
}

// room is what a dataloaf client's queue may hold, where it is not the default.
type room struct{ items, bytes int }

func open(o options, spool string, queue room) (library, error) {
	failed := new(atomic.Int64)
	if o.library == posthogGo {
		return openPosthog(o, failed)
	}
	config := dataloaf.Config{Endpoint: o.url, APIKey: "key", MaxQueueItems: queue.items, MaxQueueBytes: queue.bytes, Logger: slog.New(slog.DiscardHandler)}
	switch o.library {
	case withCallback:
		config.Callback = func(r dataloaf.Result) {
			if r.Status != dataloaf.Accepted {
				failed.Add(1)
			}
		}
	case withSpool:
		config.Spool = dataloaf.Spool{Dir: spool, MaxBytes: 2 << 30}
	case plain:
	default:
		return library{}, fmt.Errorf("there is no library %q", o.library)
	}
	client, err := dataloaf.New(config)
	if err != nil {
		return library{}, err
	}
	event := func(properties map[string]any) dataloaf.Event {
		return dataloaf.Event{Event: "page_viewed", UserID: "user-12345", Properties: properties}
	}
	closeAll := func() error { return client.Close(context.Background()) }
	leave := closeAll
	if o.library == withSpool {
		leave = func() error {
			soon, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return client.Close(soon)
		}
	}
	return library{
		track: func(p map[string]any) error { return client.Track(event(p)) },
		wait: func(p map[string]any) error {
			return client.EnqueueWait(context.Background(), event(p))
		},
		close:  closeAll,
		leave:  leave,
		failed: failed,
	}, nil
}

// quiet is posthog-go's logger: printing would cost it time.
type quiet struct{}

func (quiet) Logf(string, ...any)   {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}

type failures struct{ n *atomic.Int64 }

func (failures) Success(posthog.APIMessage)          {}
func (f failures) Failure(posthog.APIMessage, error) { f.n.Add(1) }

func openPosthog(o options, failed *atomic.Int64) (library, error) {
	client, err := posthog.NewWithConfig("key", posthog.Config{Endpoint: o.url, Logger: quiet{}, Callback: failures{failed}})
	if err != nil {
		return library{}, err
	}
	track := func(p map[string]any) error {
		return client.Enqueue(posthog.Capture{Event: "page_viewed", DistinctId: "user-12345", Properties: p})
	}
	return library{track: track, wait: track, close: client.Close, leave: client.Close, failed: failed}, nil
}

// measure runs in a process of its own.
func measure(ctx context.Context, o options) (f figures, err error) {
	spool, err := os.MkdirTemp("", "dataloaf-bench-")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(spool)) }()
	switch o.measure {
	case "enqueue":
		return measureEnqueue(o, spool)
	case "throughput":
		return measureThroughput(o, spool)
	case "memory":
		return measureMemory(o, spool)
	case "outage":
		return measureOutage(ctx, o, spool)
	default:
		return f, fmt.Errorf("there is no such measure")
	}
}

// properties are those of an event, but for its number.
func properties() map[string]any {
	return map[string]any{"path": "/bread/rye", "plan": "pro", "seconds": 12.5, "first": true, "number": 0}
}

// measureEnqueue is what a call costs its caller. Calls come in laps as fast as
// they can; between laps the queue drains, with the clock stopped, so that no
// library is refused for want of room. Allocations are those of the whole
// process while the laps last.
func measureEnqueue(o options, spool string) (f figures, err error) {
	const lap = 5_000
	l, err := open(o, spool, room{})
	if err != nil {
		return f, err
	}
	made := 0
	run := func() (err error) {
		for range lap {
			if err = l.track(maps[made]); err != nil {
				return err
			}
			made++
		}
		return nil
	}
	prepare(o.calls + lap)
	if err := run(); err != nil { // pays for what is made once
		return f, err
	}
	if err := await(o, made); err != nil {
		return f, err
	}
	var laps []float64
	var allocs, size uint64
	var before, after runtime.MemStats
	for range o.calls / lap {
		runtime.GC()
		runtime.ReadMemStats(&before)
		started := time.Now()
		if err := run(); err != nil {
			return f, err
		}
		laps = append(laps, float64(time.Since(started).Nanoseconds())/lap)
		runtime.ReadMemStats(&after)
		allocs += after.Mallocs - before.Mallocs
		size += after.TotalAlloc - before.TotalAlloc
		if err := await(o, made); err != nil {
			return f, err
		}
	}
	calls := float64(made - lap)
	slices.Sort(laps)
	f.NsPerCall, f.NsFastest = median(laps), laps[0]
	f.AllocsPerCall, f.BytesPerCall = float64(allocs)/calls, float64(size)/calls
	f.Enqueued = made
	return f, l.close()
}

// maps are the events' properties, made beforehand, so that making them is not
// measured. Each event has its own: posthog-go reads them later.
var maps []map[string]any

func prepare(n int) {
	maps = make([]map[string]any, n)
	for i := range maps {
		maps[i] = properties()
		maps[i]["number"] = i
	}
}

func measureThroughput(o options, spool string) (f figures, err error) {
	l, err := open(o, spool, room{})
	if err != nil {
		return f, err
	}
	prepare(o.events)
	started := time.Now()
	for _, p := range maps {
		if err := l.wait(p); err != nil {
			return f, err
		}
	}
	// Both wait for all that is under way when they close.
	if err := l.close(); err != nil {
		return f, err
	}
	f.Seconds, f.Enqueued = time.Since(started).Seconds(), o.events
	return f, nil
}

// measureMemory fills the queue while nothing leaves it. The caller's maps are
// made one by one, so that what is measured is what the library keeps.
func measureMemory(o options, spool string) (f figures, err error) {
	if _, err := ask(o.url + "/control/hang"); err != nil {
		return f, err
	}
	queue := room{o.queued + 1, 4 << 30}
	if o.library == withSpool {
		queue = room{} // what is beyond the default lies on disk
	}
	l, err := open(o, spool, queue)
	if err != nil {
		return f, err
	}
	for i := range o.queued {
		p := properties()
		p["number"] = i
		if err := l.track(p); err != nil {
			f.Failed++
		}
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	f.HeapBytes, f.ResidentBytes = memory.HeapAlloc, resident()
	f.Enqueued = o.queued
	f.Failed += int(l.failed.Load())
	runtime.KeepAlive(l)
	return f, nil // the process ends without closing
}

// resident is the largest resident set so far, where the system tells it as
// Linux does, else 0.
func resident() uint64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseUint(strings.Fields(rest)[0], 10, 64) // 0 for what is no number
			return kb << 10
		}
	}
	return 0
}

// measureOutage lets the server go, enqueues, and closes five seconds later as
// each library closes by itself. With a spool the program does not wait for the
// server: it closes within a second, and is started again when that is back.
func measureOutage(ctx context.Context, o options, spool string) (f figures, err error) {
	l, err := open(o, spool, room{})
	if err != nil {
		return f, err
	}
	if _, err := ask(o.url + "/control/away?for=" + o.outage.String()); err != nil {
		return f, err
	}
	away := time.Now()
	time.Sleep(300 * time.Millisecond) // now it is gone
	prepare(o.missed)
	for _, p := range maps {
		if err := l.track(p); err != nil {
			f.Failed++
		}
	}
	time.Sleep(5 * time.Second)
	started := time.Now()
	// Its error says how many were lost; the server's count is what is told.
	_ = l.leave()
	f.Seconds, f.Enqueued = time.Since(started).Seconds(), o.missed
	if left := o.outage + 2*time.Second - time.Since(away); left > 0 {
		time.Sleep(left)
	}
	if o.library == withSpool {
		next, err := open(o, spool, room{})
		if err != nil {
			return f, err
		}
		return f, next.close()
	}
	return f, ctx.Err()
}

// await waits until the server has n events.
func await(o options, n int) error {
	end := time.Now().Add(time.Minute)
	for {
		got, err := ask(o.url + "/control/count")
		if err != nil || got >= n {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("the server has only %d of %d events", got, n)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
