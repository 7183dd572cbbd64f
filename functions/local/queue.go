package local

import (
	"context"
	"slices"
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

	mu      sync.Mutex
	next    int
	waiting []notification
	// inFlight goes by message ID.
	inFlight map[string]flight
}

type notification struct {
	number int
	object warehouse.Object
}

type flight struct {
	notification
	until time.Time
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
	q.waiting = append(q.waiting, notification{number: q.next, object: o})
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
	taken := q.waiting[:min(most, len(q.waiting))]
	messages := make([]load.Message, len(taken))
	until := q.now().Add(visibility)
	for i, n := range taken {
		id := strconv.Itoa(n.number)
		messages[i] = load.Message{ID: id, Object: n.object}
		q.inFlight[id] = flight{notification: n, until: until}
	}
	q.waiting = slices.Clone(q.waiting[len(taken):])
	return messages, nil
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
	q.giveBack(func(flight) bool { return true })
}

// expire makes receivable again what was received and not deleted in time.
func (q *Queue) expire() {
	now := q.now()
	q.giveBack(func(f flight) bool { return now.After(f.until) })
}

// giveBack returns notifications to the head of the queue, where they came
// from, oldest first: the order of a load decides which of two equal events was
// the first, and must not hang on the order of a map.
func (q *Queue) giveBack(which func(flight) bool) {
	var back []notification
	for id, f := range q.inFlight {
		if which(f) {
			delete(q.inFlight, id)
			back = append(back, f.notification)
		}
	}
	if len(back) > 0 {
		slices.SortFunc(back, func(a, b notification) int { return a.number - b.number })
		q.waiting = append(back, q.waiting...)
	}
}
