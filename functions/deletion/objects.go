package deletion

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

const (
	// batch is how many objects are looked into before the next transaction.
	batch = 200
	// maxBytes bounds what one transaction rewrites, compressed: it is held in
	// memory.
	maxBytes = 32 << 20
	// maxNoted bounds what is noted of them before: a document of Redshift has 64 KiB.
	maxNoted = 32 << 10
	// workers is how many objects are read at once.
	workers = 8
)

// objects rewrites the current objects of a kind.
func (r *run) objects(ctx context.Context) error {
	kind := r.pass.Kind
	return r.config.Store.List(ctx, kind, r.pass.After, func(listed []warehouse.Object) error {
		for some := range slices.Chunk(listed, batch) {
			if err := r.batch(ctx, some); err != nil {
				return err
			}
			if err := r.reached(ctx, some[len(some)-1].Key); err != nil {
				return err
			}
		}
		return nil
	})
}

// batch looks into objects and rewrites those that have lines that go.
func (r *run) batch(ctx context.Context, objects []warehouse.Object) error {
	m := newMatcher(r.deletions)
	contents := make([]content, len(objects))
	err := parallel(ctx, len(objects), func(i int) error {
		body, err := r.config.Store.Open(ctx, objects[i])
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it has expired since it was listed
		}
		if err != nil {
			return err
		}
		defer body.Close()
		contents[i], err = m.look(objects[i].Kind, body)
		if err != nil {
			return fmt.Errorf("look into %s: %w", objects[i].ID(), err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var due []warehouse.Rewritten
	size, noted := 0, 0
	flush := func() error {
		full := due
		due, size, noted = nil, 0, 0
		if len(full) == 0 {
			return nil
		}
		return r.replace(ctx, full)
	}
	for i, c := range contents {
		r.each(func(d *warehouse.Deletion) { d.ObjectsSeen++ })
		if c.unreadable != nil {
			r.unreadable(objects[i])
			continue
		}
		if was, ok := r.pass.Replacing[objects[i].ID()]; ok && was.done(c) {
			// It was replaced before, and the ledger may not know.
			c.lines = was.Before
			for d, n := range was.Removed {
				c.removed[d] = n
			}
		}
		too, err := r.resent(ctx, objects[i], &c)
		if err != nil {
			return err
		}
		if c.goes() == 0 {
			continue
		}
		o, err := r.rewritten(ctx, m, objects[i], c, too)
		if err != nil {
			return fmt.Errorf("rewrite %s: %w", objects[i].ID(), err)
		}
		due, size, noted = append(due, o), size+len(o.Body), noted+newReplacing(o).size(o)
		if size >= maxBytes || noted >= maxNoted {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// replace replaces objects, and says before that it does.
func (r *run) replace(ctx context.Context, objects []warehouse.Rewritten) error {
	noted := maps.Clone(r.pass.Replacing)
	if noted == nil {
		noted = map[string]replacing{}
	}
	left := maps.Clone(noted)
	for _, o := range objects {
		noted[o.Object.ID()] = newReplacing(o)
		delete(left, o.Object.ID())
	}
	r.pass.Replacing = noted
	if err := r.erase(ctx, warehouse.Erasure{}); err != nil {
		return err
	}
	version := r.version
	r.pass.Replacing = left
	err := r.erase(ctx, warehouse.Erasure{Rows: true, Objects: objects})
	if r.version == version {
		r.pass.Replacing = noted // it did not come to pass
	}
	return err
}

func (r *run) rewritten(ctx context.Context, m *matcher, o warehouse.Object, c content, too map[int64]bool) (warehouse.Rewritten, error) {
	out := warehouse.Rewritten{Object: o, Before: c.lines, Removed: c.removed}
	body, err := r.config.Store.Open(ctx, o)
	if err != nil {
		return out, err
	}
	defer body.Close()
	out.Body, err = m.rewrite(o.Kind, body, too)
	return out, err
}

// resent finds the lines by which an event that is deleted was sent again after
// the deletion was asked for: it is the same event, and while its row was there
// the load took the line for a duplicate. Now that the row is gone the line must
// go, too, or a rebuild would bring the event back.
func (r *run) resent(ctx context.Context, o warehouse.Object, c *content) (map[int64]bool, error) {
	if len(c.later) == 0 {
		return nil, nil
	}
	one := []warehouse.Object{o}
	known, err := r.config.Warehouse.Known(ctx, one)
	if err != nil {
		return nil, err
	}
	quarantined, err := r.config.Warehouse.Quarantined(ctx, one)
	if err != nil {
		return nil, err
	}
	if !known[o.ID()] || quarantined[o.ID()] {
		return nil, nil // no load has met it: its events will be rows
	}
	type bounds struct{ first, last time.Time }
	users := map[*target]bounds{}
	for _, v := range c.later {
		b, ok := users[v.target]
		if !ok || v.at.Before(b.first) {
			b.first = v.at
		}
		if !ok || v.at.After(b.last) {
			b.last = v.at
		}
		users[v.target] = b
	}
	too := map[int64]bool{}
	for t, b := range users {
		stored, err := r.config.Warehouse.UserEvents(ctx, t.id, b.first, b.last)
		if err != nil {
			return nil, err
		}
		for number, v := range c.later {
			if v.target == t && !stored[v.event] {
				too[number] = true
				c.removed[t.deletion]++
			}
		}
	}
	return too, nil
}

// unreadable notes an object that cannot be looked into.
func (r *run) unreadable(o warehouse.Object) {
	r.each(func(d *warehouse.Deletion) {
		if slices.Contains(d.Unreadable, o.ID()) {
			return // a pass before has noted it
		}
		d.UnreadableTotal++
		if len(d.Unreadable) < warehouse.MaxUnreadable {
			d.Unreadable = append(slices.Clip(d.Unreadable), o.ID())
		}
	})
}

// versions removes older versions of objects of a kind that have lines that go.
// They are looked into themselves: an older version may hold what the current
// one does not.
func (r *run) versions(ctx context.Context) error {
	kind := r.pass.Kind
	return r.config.Store.Older(ctx, kind, r.pass.After, func(listed []Version) error {
		m := newMatcher(r.deletions)
		contents := make([]content, len(listed))
		err := parallel(ctx, len(listed), func(i int) error {
			body, err := r.config.Store.OpenVersion(ctx, listed[i])
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			defer body.Close()
			contents[i], err = m.look(kind, body)
			if err != nil {
				return fmt.Errorf("look into version %s of %s: %w", listed[i].ID, listed[i].Object.ID(), err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, c := range contents {
			// One that breaks off goes as well when what can be read of it names the
			// user: the current version is what counts.
			if c.goes() == 0 {
				continue
			}
			if err := r.remove(ctx, listed[i], c); err != nil {
				return err
			}
		}
		return r.reached(ctx, listed[len(listed)-1].Object.Key)
	})
}

func (r *run) remove(ctx context.Context, v Version, c content) error {
	err := r.config.Store.RemoveVersion(ctx, v)
	kept := errors.Is(err, fs.ErrPermission)
	if err != nil && !kept {
		return fmt.Errorf("remove version %s of %s: %w", v.ID, v.Object.ID(), err)
	}
	if kept {
		r.config.Logger.WarnContext(ctx, "an older version with data that is deleted cannot be removed", "object", v.Object.ID(), "version", v.ID, "error", err)
	}
	for i, n := range c.removed {
		switch {
		case n == 0:
		case kept:
			r.deletions[i].KeptVersions++
		default:
			r.deletions[i].Versions++
		}
	}
	return nil
}

// parallel calls f with 0 to n-1, some at once, and gives the first error.
func parallel(ctx context.Context, n int, f func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var running sync.WaitGroup
	for range min(workers, n) {
		running.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	running.Wait()
	return context.Cause(ctx)
}
