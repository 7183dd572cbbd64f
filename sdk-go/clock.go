package dataloaf

import "time"

// Clock tells the time and measures it. All that a client does by the clock
// goes through it, so that a test need not wait.
type Clock interface {
	// Now stamps messages and measures attempts.
	Now() time.Time
	// AfterFunc calls f in a goroutine of its own when d has passed, unless stop
	// is called before; stop reports whether it came in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// ClockFunc is a Clock that stamps messages by the function and measures by the
// system's clock. ClockFunc(time.Now) is the default.
type ClockFunc func() time.Time

// Now implements Clock.
func (f ClockFunc) Now() time.Time { return f() }

// AfterFunc implements Clock.
func (f ClockFunc) AfterFunc(d time.Duration, call func()) (stop func() bool) {
	return time.AfterFunc(d, call).Stop
}
