package cloud

import (
	"context"
	"time"
)

// Pause waits between two looks at what AWS is doing, or ends with ctx and gives
// its error.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
