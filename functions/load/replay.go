package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Range says which raw objects a replay looks at: those of the hours, by which
// raw objects are named, that the time from From up to To touches.
type Range struct {
	From, To time.Time
	// Kinds are all when there is none.
	Kinds []warehouse.Kind
}

// Check tells what is wrong with a range.
func (r Range) Check() error {
	if r.From.IsZero() {
		return errors.New("the range has no beginning")
	}
	if !r.From.Before(r.To) {
		return fmt.Errorf("the range ends at %s and begins at %s: the end must come after the beginning", r.To.Format(time.RFC3339), r.From.Format(time.RFC3339))
	}
	for _, kind := range r.Kinds {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("there is no kind %.20q of raw objects; there are events, users and updates", string(kind))
		}
	}
	return nil
}

// Bounds are keys between which all objects of a kind in the range lie.
func (r Range) Bounds(kind warehouse.Kind) (after, before string) {
	last := r.To.UTC().Add(-1).Truncate(time.Hour)
	folder := func(hour time.Time) string { return string(kind) + "/" + hour.Format("2006/01/02/15") }
	return folder(r.From.UTC()), folder(last.Add(time.Hour))
}

// again is a warehouse that loads what it has set aside.
type again struct{ Warehouse }

func (a again) Load(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	return a.Reload(ctx, objects)
}

func (a again) Quarantine(ctx context.Context, o warehouse.Object, reason string) error {
	return a.Requarantine(ctx, o, reason)
}

// Replay loads the raw objects of a range that were set aside, and those that
// the ledger does not hold at all. What is loaded is not loaded again; what
// still cannot be loaded is set aside once more, with the newer reason. Each
// transaction forgets and loads together, so that a replay may be repeated, and
// be cut off anywhere.
func (l *Loader) Replay(ctx context.Context, r Range) (Summary, error) {
	var total Summary
	if err := r.Check(); err != nil {
		return total, fmt.Errorf("replay: %w", err)
	}
	config := l.config
	config.Warehouse = again{l.config.Warehouse}
	loader := &Loader{config: config}
	for _, kind := range kinds {
		if len(r.Kinds) > 0 && !slices.Contains(r.Kinds, kind) {
			continue
		}
		if err := loader.replay(ctx, kind, r, &total); err != nil {
			return total, fmt.Errorf("replay %s: %w", kind, err)
		}
		if total.Stopped {
			break
		}
	}
	return total, total.tooMuch()
}

// errPast ends a listing behind the range.
var errPast = errors.New("the range ends here")

func (l *Loader) replay(ctx context.Context, kind warehouse.Kind, r Range, total *Summary) error {
	after, before := r.Bounds(kind)
	var due []warehouse.Object
	flush := func() error {
		full := due
		due = nil
		_, err := l.objects(ctx, full, total)
		if err == nil && total.Stopped {
			return errStopped
		}
		return err
	}
	err := l.config.Lister.List(ctx, kind, after, func(objects []warehouse.Object) error {
		if l.late(ctx) {
			total.Stopped = true
			return errStopped
		}
		within := objects
		if end := slices.IndexFunc(objects, func(o warehouse.Object) bool { return o.Key >= before }); end >= 0 {
			within = objects[:end]
		}
		if err := l.add(ctx, within, &due, total); err != nil {
			return err
		}
		if len(due) >= MaxObjects {
			if err := flush(); err != nil {
				return err
			}
		}
		if len(within) < len(objects) {
			return errPast
		}
		return nil
	})
	if err == nil || errors.Is(err, errPast) {
		err = flush()
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// add adds to due the objects that a replay has to load.
func (l *Loader) add(ctx context.Context, objects []warehouse.Object, due *[]warehouse.Object, total *Summary) error {
	if len(objects) == 0 {
		return nil
	}
	known, err := l.config.Warehouse.Known(ctx, objects)
	if err != nil {
		return err
	}
	quarantined, err := l.config.Warehouse.Quarantined(ctx, objects)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if known[o.ID()] && !quarantined[o.ID()] {
			total.Known++
			continue
		}
		*due = append(*due, o)
	}
	return nil
}
