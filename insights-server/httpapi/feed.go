package httpapi

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// feed tells those who watch the activity that something was loaded. It learns
// that from the loader itself, from whoever asks for the pipeline's state, and,
// where the loader is elsewhere, by asking for the number of the last load: but
// only while somebody watches, since asking wakes a warehouse.
type feed struct {
	last   func(context.Context) (int64, error)
	every  time.Duration // 0 never asks
	most   int
	ticks  ticker
	asked  func() // told of each asking: who watches asks; may be nil
	logger *slog.Logger

	mu       sync.Mutex
	watchers map[chan struct{}]bool
	stop     context.CancelFunc // ends the asking; nil while nobody watches
	ended    chan struct{}
	closed   bool
}

// ticker gives ticks until it is stopped.
type ticker func(every time.Duration) (ticks <-chan time.Time, stop func())

func realTicks(every time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(every)
	return t.C, t.Stop
}

// join adds someone who watches; false when there are as many as may be, or the
// feed has ended. One value on news stands for any number of loads.
func (f *feed) join() (news <-chan struct{}, leave func(), ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || len(f.watchers) >= f.most {
		return nil, nil, false
	}
	watcher := make(chan struct{}, 1)
	f.watchers[watcher] = true
	if f.stop == nil && f.every > 0 {
		ctx, cancel := context.WithCancel(context.Background())
		f.stop = cancel
		go f.ask(ctx)
	}
	return watcher, func() { f.leave(watcher) }, true
}

func (f *feed) leave(watcher chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watchers, watcher)
	if len(f.watchers) == 0 && f.stop != nil {
		f.stop()
		f.stop = nil
	}
}

// tell says that something may have been loaded. It waits for nobody.
func (f *feed) tell() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for watcher := range f.watchers {
		select {
		case watcher <- struct{}{}:
		default: // it is told already, and has not looked yet
		}
	}
}

// ask looks for new loads until ctx ends. What was loaded between a watcher's
// coming and the first tick is told at that tick.
func (f *feed) ask(ctx context.Context) {
	ticks, stop := f.ticks(f.every)
	defer stop()
	known := int64(-1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if f.asked != nil {
			f.asked()
		}
		last, err := f.last(ctx)
		if err != nil {
			// The next tick asks again; whoever watches can do nothing about it.
			f.logger.Debug("ask for the last load", "error", err)
			continue
		}
		if last != known {
			known = last
			f.tell()
		}
	}
}

// end ends the streams of all who watch, and lets nobody join.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.ended)
	}
}
