package aws

import (
	"context"
	"time"
)

// SetPause replaces the waits between tries.
func (q *Queue) SetPause(f func(ctx context.Context, d time.Duration) error) { q.pause = f }
