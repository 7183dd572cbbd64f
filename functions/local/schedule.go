package local

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
)

// Arranger is a warehouse that keeps its events in an order of its own on disk,
// which loads disturb.
type Arranger interface {
	// Arrange puts a bounded number of events in order and tells how many; 0 when
	// there is nothing to do.
	Arrange(ctx context.Context) (rows int64, err error)
}

// Schedule runs a loader at every tick, never two runs at once.
type Schedule struct {
	loader    *load.Loader
	queue     *Queue
	deletions load.Deletions
	arranger  Arranger
	logger    *slog.Logger
	mu        sync.Mutex
	// heldUntil is when what a run left for want of memory is tried again.
	heldUntil time.Time
}

// hold is how long that is.
const hold = 5 * time.Minute

// NewSchedule makes a schedule for the loader of a queue. After each load it goes
// on with deletions and with the order of the events; either may be nil.
func NewSchedule(loader *load.Loader, queue *Queue, deletions load.Deletions, arranger Arranger, logger *slog.Logger) *Schedule {
	return &Schedule{loader: loader, queue: queue, deletions: deletions, arranger: arranger, logger: logger}
}

// Run loads at every tick until ctx ends; a tick that comes during a load is
// passed over. A load that fails is logged and tried at the next tick; deletions wait
// for it, unless it has only left what is too much for the warehouse. The last load is
// the caller's, with Load, once nothing more is delivered.
func (s *Schedule) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			// The load is finished even when ctx ends meanwhile: what it has
			// read would only have to be read again.
			if err := s.Load(context.WithoutCancel(ctx)); err != nil {
				s.logger.Error("a load failed and will be tried again", "error", err)
				if left := (*load.LeftError)(nil); !errors.As(err, &left) {
					continue
				}
			}
			if _, err := s.Delete(ctx); err != nil && ctx.Err() == nil {
				s.logger.Error("a deletion failed and will be tried again", "error", err)
			}
			if err := s.arrange(ctx); err != nil && ctx.Err() == nil {
				s.logger.Error("events could not be put in order; questions are answered, but take longer", "error", err)
			}
		}
	}
}

// Load runs the loader once, after a run that is under way.
func (s *Schedule) Load(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Only this schedule receives, so what a run before left in flight, a
	// failed one or one that met an object too early, is its to take again.
	// What needs more memory than there is takes long to fail, and waits longer.
	if time.Now().After(s.heldUntil) {
		s.queue.Release()
	}
	summary, err := s.loader.Run(ctx)
	if left := (*load.LeftError)(nil); errors.As(err, &left) {
		s.heldUntil = time.Now().Add(hold)
	} else if err != nil {
		s.heldUntil = time.Time{}
	}
	if summary.Objects > 0 || len(summary.Quarantined) > 0 {
		s.logger.Info("loaded", "objects", summary.Objects, "lines", summary.Lines, "inserted", summary.Inserted,
			"duplicates", summary.Duplicates, "quarantined", len(summary.Quarantined))
	}
	return err
}

// Delete goes on with deletions, after a load that is under way, and tells when
// there is more to do.
func (s *Schedule) Delete(ctx context.Context) (next time.Time, err error) {
	if s.deletions == nil {
		return time.Time{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deletions.Work(ctx)
}

// arrange puts events in order, after a load that is under way.
func (s *Schedule) arrange(ctx context.Context) error {
	if s.arranger == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.arranger.Arrange(ctx)
	if rows > 0 {
		s.logger.Info("put events in order", "events", rows)
	}
	return err
}
