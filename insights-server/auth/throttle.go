package auth

import (
	"sync"
	"time"
)

// DefaultCallsPerMinute is how many calls a caller may make in a minute, and at
// once: a page with many charts is far below it, a program without a pause
// above.
const DefaultCallsPerMinute = 1200

// maxCallers bounds the throttle's memory.
const maxCallers = 20_000

// Throttle limits the calls of each caller, so that one of them does not keep
// the others waiting.
type Throttle struct {
	now       func() time.Time
	perMinute int

	mu      sync.Mutex
	callers map[string]*bucket
}

// NewThrottle makes a throttle on a clock; 0 means DefaultCallsPerMinute.
func NewThrottle(perMinute int, now func() time.Time) *Throttle {
	if perMinute == 0 {
		perMinute = DefaultCallsPerMinute
	}
	return &Throttle{now: now, perMinute: perMinute, callers: map[string]*bucket{}}
}

// Take counts a call, or gives how long to wait when there were too many.
func (t *Throttle) Take(caller string) time.Duration {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.callers) >= maxCallers {
		for name, b := range t.callers {
			if b.settle(now); b.used == 0 {
				delete(t.callers, name)
			}
		}
		for name := range t.callers {
			if len(t.callers) < maxCallers/2 {
				break
			}
			delete(t.callers, name)
		}
	}
	b, known := t.callers[caller]
	if !known {
		b = &bucket{size: t.perMinute, refill: time.Minute / time.Duration(t.perMinute), since: now}
		t.callers[caller] = b
	}
	b.settle(now)
	if wait := b.wait(); wait > 0 {
		return wait
	}
	b.take()
	return 0
}
