package local_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

func keys(messages []load.Message) (out []string) {
	for _, m := range messages {
		out = append(out, m.Object.Key)
	}
	return out
}

func TestQueue(t *testing.T) {
	now := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	q := local.NewQueue(func() time.Time { return now })
	var all []string
	for i := range 12 {
		all = append(all, fmt.Sprintf("events/%d", i))
		q.Notify(warehouse.Object{Key: all[i]})
	}
	expect := func(what string, depth, waiting int) {
		t.Helper()
		if d, err := q.Depth(t.Context()); err != nil || d != depth || q.Waiting() != waiting {
			t.Errorf("%s: depth %d, %d wait, %v; want %d and %d", what, d, q.Waiting(), err, depth, waiting)
		}
	}
	receive := func(most int) []load.Message {
		t.Helper()
		messages, err := q.Receive(t.Context(), most)
		if err != nil {
			t.Fatal(err)
		}
		return messages
	}
	expect("new", 12, 12)
	first := receive(11)
	if !reflect.DeepEqual(keys(first), all[:11]) {
		t.Errorf("received %v", keys(first))
	}
	expect("received", 1, 12)
	if err := q.Delete(t.Context(), first[:3]); err != nil {
		t.Fatal(err)
	}
	expect("deleted", 1, 9)

	// What was not deleted comes back when its time is over, at its old place.
	now = now.Add(time.Hour)
	expect("expired", 9, 9)
	if again := keys(receive(100)); !reflect.DeepEqual(again, all[3:]) {
		t.Errorf("received %v", again)
	}
	q.Release()
	if again := keys(receive(100)); !reflect.DeepEqual(again, all[3:]) {
		t.Errorf("released %v", again)
	}
	// Deleting a message that came back meanwhile does no harm.
	q.Release()
	if err := q.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	expect("after all", 9, 9)
	if err := q.Enqueue(t.Context(), warehouse.Object{Key: "updates/a"}); err != nil {
		t.Fatal(err)
	}
	expect("a retry", 10, 10)
}

// slow is a warehouse whose loads wait for a word.
type slow struct {
	load.Warehouse // what a schedule does not ask for
	mu             sync.Mutex
	running, max   int
	loads          int
	err            error
	entered        chan struct{}
	release        chan struct{}
}

func (s *slow) Ping(context.Context) error { return nil }

func (s *slow) Load(_ context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	s.mu.Lock()
	s.running++
	s.loads++
	s.max = max(s.max, s.running)
	err := s.err
	s.mu.Unlock()
	s.entered <- struct{}{}
	<-s.release
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
	var report warehouse.LoadReport
	for _, o := range objects {
		report.Objects = append(report.Objects, warehouse.ObjectReport{Object: o})
	}
	return report, err
}

func (s *slow) Quarantine(context.Context, warehouse.Object, string) error { return nil }

func (s *slow) Known(context.Context, []warehouse.Object) (map[string]bool, error) { return nil, nil }

func TestSchedule(t *testing.T) {
	w := &slow{entered: make(chan struct{}), release: make(chan struct{})}
	q := local.NewQueue(time.Now)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	s := local.NewSchedule(load.New(load.Config{Queue: q, Warehouse: w, Logger: logger}), q, nil, nil, logger)
	ticks := make(chan time.Time)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		s.Run(ctx, ticks)
		close(ended)
	}()

	q.Notify(warehouse.Object{Bucket: "events", Key: "events/a", Kind: warehouse.Events})
	w.mu.Lock()
	w.err = errors.New("the warehouse is away")
	w.mu.Unlock()
	ticks <- time.Now()
	<-w.entered
	w.release <- struct{}{} // the load fails; the object stays
	w.mu.Lock()
	w.err = nil
	w.mu.Unlock()
	ticks <- time.Now()
	<-w.entered

	// A load by hand while one runs, and the end of the schedule: both wait for
	// it, and it is finished.
	q.Notify(warehouse.Object{Bucket: "events", Key: "events/b", Kind: warehouse.Events})
	last := make(chan error)
	go func() { last <- s.Load(t.Context()) }()
	stop()
	w.release <- struct{}{}
	<-w.entered
	w.release <- struct{}{}
	if err := <-last; err != nil {
		t.Error(err)
	}
	<-ended
	if w.max != 1 || w.loads != 3 || q.Waiting() != 0 {
		t.Errorf("%d at once, %d loads, %d wait", w.max, w.loads, q.Waiting())
	}
	if err := s.Load(t.Context()); err != nil || w.loads != 3 {
		t.Errorf("an empty queue: %d loads, %v", w.loads, err)
	}
}

// worked tells that deletions were gone on with.
type worked chan struct{}

func (w worked) Work(context.Context) (time.Time, error) {
	w <- struct{}{}
	return time.Time{}, nil
}

// Arrange tells that events were put in order.
func (w worked) Arrange(context.Context) (int64, error) {
	w <- struct{}{}
	return 1, nil
}

// An object that the warehouse has too little memory for waits, for minutes, and
// deletions and the order of the events do not wait for it.
func TestWorkGoesOnBesideWhatIsTooMuch(t *testing.T) {
	w := &slow{entered: make(chan struct{}, 1), release: make(chan struct{}, 1), err: fmt.Errorf("load: %w", warehouse.ErrTooMuch)}
	w.release <- struct{}{}
	q, deletions, order := local.NewQueue(time.Now), make(worked), make(worked)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	s := local.NewSchedule(load.New(load.Config{Queue: q, Warehouse: w, Logger: logger}), q, deletions, order, logger)
	q.Notify(warehouse.Object{Bucket: "events", Key: "events/a", Kind: warehouse.Events})
	ticks, ended := make(chan time.Time), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		s.Run(ctx, ticks)
		close(ended)
	}()
	for range 2 {
		ticks <- time.Now()
		for _, work := range []worked{deletions, order} {
			select {
			case <-work:
			case ticks <- time.Now():
				t.Error("the schedule waits for the next tick without having worked")
			}
		}
	}
	stop()
	<-ended
	if q.Waiting() != 1 || w.loads != 1 {
		t.Errorf("%d wait after %d attempts, want 1 after 1", q.Waiting(), w.loads)
	}
}
