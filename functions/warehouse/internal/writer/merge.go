package writer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// together bounds the rows of the calls that share a transaction: their bodies
// are in memory meanwhile, and all of them wait for the last.
const together = 5000

// mostPatience bounds the wait for calls that are about to come.
const mostPatience = 100 * time.Millisecond

// merging is a call of Merge.
type merging struct {
	ctx    context.Context
	object warehouse.Object
	writes []warehouse.UserWrite
	// done has room for what came of it.
	done chan error
}

// Merge applies writes to the users and records the object that holds them, in
// one transaction. An object that the ledger holds already is left alone.
//
// Calls that wait for the same turn share a transaction: most of what one of a
// hundred rows takes is the same for a thousand. Each is recorded, and answered,
// for itself: what makes one fail, or gives it up, is no other's concern.
func (w *Writer) Merge(ctx context.Context, o warehouse.Object, writes []warehouse.UserWrite) error {
	if err := w.merge(&merging{ctx: ctx, object: o, writes: writes, done: make(chan error, 1)}); err != nil {
		return fmt.Errorf("merge %s: %w", o.ID(), err)
	}
	return nil
}

func (w *Writer) merge(m *merging) error {
	w.waitingMu.Lock()
	w.waiting = append(w.waiting, m)
	w.waitingMu.Unlock()
	select {
	case w.arrived <- struct{}{}:
	default: // whoever gathers has yet to look
	}
	select {
	case <-w.turn:
		w.awaitOthers(m)
		switch group := w.takeWaiting(m); len(group) {
		case 0: // another has taken it along
			w.turn <- struct{}{}
		case 1:
			defer func() { w.turn <- struct{}{} }()
			return w.mergeObjects(m.ctx, group)
		default:
			// Not on this call's own time: it may be given up before the others.
			go w.mergeGroup(group)
		}
	case err := <-m.done:
		return err
	case <-m.ctx.Done():
	}
	select {
	case err := <-m.done:
		return err
	case <-m.ctx.Done():
		w.giveUp(m)
		return fmt.Errorf("wait for the writer: %w: %w", warehouse.ErrUnavailable, m.ctx.Err())
	}
}

// awaitOthers waits until as many calls wait as there were when the last
// transaction of Merge ended, those that it answered among them: they are about to
// call again. Without it the first of them has the next transaction to itself, or
// shares it with half of the others, and the rest wait for it to end. It waits for
// no more than half of the time that the last one took nor mostPatience, and not at all after a
// call that was alone.
func (w *Writer) awaitOthers(m *merging) {
	if w.expected < 2 {
		return
	}
	patience := time.NewTimer(min(w.lastTook/2, mostPatience))
	defer patience.Stop()
	for w.awaits(m) {
		select {
		case <-w.arrived:
		case <-patience.C:
			return
		case <-m.ctx.Done():
			return
		}
	}
}

// awaits tells whether m still waits and there is room for more that are expected.
func (w *Writer) awaits(m *merging) bool {
	w.waitingMu.Lock()
	defer w.waitingMu.Unlock()
	rows := 0
	for _, other := range w.waiting {
		rows += len(other.writes)
	}
	return len(w.waiting) < w.expected && rows < together && slices.Contains(w.waiting, m)
}

// takeWaiting takes m and those that wait with it, within together; nothing when m no longer waits.
func (w *Writer) takeWaiting(m *merging) []*merging {
	w.waitingMu.Lock()
	defer w.waitingMu.Unlock()
	if !slices.Contains(w.waiting, m) {
		return nil
	}
	group, rows := []*merging{m}, len(m.writes)
	w.waiting = slices.DeleteFunc(w.waiting, func(other *merging) bool {
		if other == m {
			return true
		}
		if rows+len(other.writes) > together {
			return false
		}
		group, rows = append(group, other), rows+len(other.writes)
		return true
	})
	return group
}

func (w *Writer) giveUp(m *merging) {
	w.waitingMu.Lock()
	defer w.waitingMu.Unlock()
	w.waiting = slices.DeleteFunc(w.waiting, func(other *merging) bool { return other == m })
}

// mergeGroup merges the objects of several calls and ends the turn. Those whose
// common transaction failed, other than for a warehouse that is away, are merged
// one by one: it may be the fault of any of them.
func (w *Writer) mergeGroup(group []*merging) {
	defer func() { w.turn <- struct{}{} }()
	ctx, cancel := whileOneCares(group)
	defer cancel()
	err := w.mergeObjects(ctx, group)
	for _, m := range group {
		if err == nil || errors.Is(err, warehouse.ErrUnavailable) {
			m.done <- err
		} else {
			m.done <- w.mergeObjects(m.ctx, []*merging{m})
		}
	}
}

// whileOneCares is a context that ends when the last of the calls was given up.
func whileOneCares(group []*merging) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(group[0].ctx))
	var left atomic.Int64
	left.Store(int64(len(group)))
	stops := make([]func() bool, len(group))
	for i, m := range group {
		stops[i] = context.AfterFunc(m.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}

// mergeObjects merges the writes of all objects that the ledger does not hold in
// one transaction of this turn, as if one object came after the other.
func (w *Writer) mergeObjects(ctx context.Context, group []*merging) error {
	objects := make([]warehouse.Object, len(group))
	for i, m := range group {
		objects[i] = m.object
	}
	begun := time.Now()
	defer func() {
		w.lastTook = time.Since(begun)
		w.waitingMu.Lock()
		defer w.waitingMu.Unlock()
		w.expected = len(group) + len(w.waiting)
	}()
	return w.inTurn(ctx, func(tx *sql.Tx) error {
		known, err := w.known(ctx, tx, objects)
		if err != nil {
			return err
		}
		merger := newMerger()
		var reports []*warehouse.ObjectReport
		for _, m := range group {
			if known[m.object.ID()] {
				continue
			}
			known[m.object.ID()] = true // the next of the same name comes second
			report := &warehouse.ObjectReport{Object: m.object}
			for _, write := range m.writes {
				if err := merger.add(report, write); err != nil {
					return err
				}
			}
			reports = append(reports, report)
		}
		if len(reports) == 0 {
			return nil
		}
		if err := w.store(ctx, tx, merger, reports); err != nil {
			return err
		}
		return w.record(ctx, tx, nil, values(reports))
	})
}
