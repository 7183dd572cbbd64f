package local

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// visibility is how long a received notification stays hidden. It outlasts a
// load, as the SQS queue's does.
const visibility = 5 * time.Minute

// Queue holds notifications in memory. What it forgets in a crash the loader's
// sweep finds again.
type Queue struct {
	now func() time.Time

	mu       sync.Mutex
	next     int
	waiting  []load.Message
	inFlight map[string]flight
}

type flight struct {
	message load.Message
	until   time.Time
}

// NewQueue makes an empty queue.
func NewQueue(now func() time.Time) *Queue {
	return &Queue{now: now, inFlight: map[string]flight{}}
}

// Notify implements Notifier.
func (q *Queue) Notify(o warehouse.Object) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next++
	q.waiting = append(q.waiting, load.Message{ID: strconv.Itoa(q.next), Object: o})
}

// Enqueue implements update.RetryQueue: the loader merges updates as well.
func (q *Queue) Enqueue(_ context.Context, o warehouse.Object) error {
	q.Notify(o)
	return nil
}

// Depth implements load.Queue: what could be received now.
func (q *Queue) Depth(context.Context) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expire()
	return len(q.waiting), nil
}

// Waiting is the number of objects that are not loaded yet, those in a running
// load included.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) + len(q.inFlight)
}

// Receive implements load.Queue.
func (q *Queue) Receive(_ context.Context, most int) ([]load.Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expire()
	n := min(most, len(q.waiting))
	taken := append([]load.Message(nil), q.waiting[:n]...)
	q.waiting = append([]load.Message(nil), q.waiting[n:]...)
	for _, m := range taken {
		q.inFlight[m.ID] = flight{message: m, until: q.now().Add(visibility)}
	}
	return taken, nil
}

// Delete implements load.Queue.
func (q *Queue) Delete(_ context.Context, messages []load.Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range messages {
		delete(q.inFlight, m.ID)
	}
	return nil
}

// Release makes what is in flight receivable at once: a load that failed in
// this process is known to have ended.
func (q *Queue) Release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, f := range q.inFlight {
		delete(q.inFlight, id)
		q.waiting = append(q.waiting, f.message)
	}
}

// expire returns what was received and not deleted in time.
func (q *Queue) expire() {
	now := q.now()
	for id, f := range q.inFlight {
		if now.After(f.until) {
			delete(q.inFlight, id)
			q.waiting = append(q.waiting, f.message)
		}
	}
}
