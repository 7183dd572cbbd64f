package audit_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// days is how long events are kept in these tests.
var days = load.Retention{Days: 30}

// keeping is a loader that keeps events for so many days, and its queue.
func (w *world) keeping(e engine) (*load.Loader, *local.Queue) {
	clock := func() time.Time { return w.now }
	queue := local.NewQueue(clock)
	return load.New(load.Config{
		Queue: queue, Warehouse: e, Lister: w.store, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Now: clock, Retention: days, Expirer: e,
	}), queue
}

func (w *world) auditAll(change func(*audit.Config)) audit.Result {
	w.t.Helper()
	c := audit.Config{
		Lister: w.store, Source: w.store, Retention: days, Now: func() time.Time { return w.now },
		Open: func(context.Context) (audit.Warehouse, error) { return w.engine, nil },
	}
	if change != nil {
		change(&c)
	}
	result, err := audit.New(c).Run(w.t.Context(), audit.Request{Range: load.Range{From: five.Add(-24 * time.Hour), To: w.now.Add(time.Hour)}, Deep: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) count(query string) (n int64) {
	w.t.Helper()
	if err := w.engine.Database().SQL.QueryRowContext(w.t.Context(), query).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestEventsLeaveAfterTheirDays(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		day := 24 * time.Hour
		loader, queue := w.keeping(w.engine)
		put := func(kind warehouse.Kind, after time.Duration, name string, lines ...string) warehouse.Object {
			o := w.put(kind, after, name, pack(lines...))
			queue.Notify(o)
			return o
		}
		run := func() load.Summary {
			t.Helper()
			s, err := loader.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		w.now = five.Add(25 * time.Hour)
		// Two days in one queue, with what never expires and what cannot be loaded.
		second := put(warehouse.Events, day, "b", event(3), event(4))
		first := put(warehouse.Events, 0, "a", event(1), event(2), event(2))
		put(warehouse.Users, 0, "u", user("u1"))
		put(warehouse.Events, time.Hour, "x", "{broken")
		if s := run(); s.Objects != 3 || s.Inserted != 5 || len(s.Quarantined) != 1 || s.ExpiredRows != 0 {
			t.Fatalf("%+v", s)
		}
		if n := w.count(`SELECT COUNT(DISTINCT "load_id") FROM "events"`); n != 2 {
			t.Errorf("events of two days are in %d loads", n)
		}
		// Thirty whole days after the first day nothing has gone yet.
		w.now = time.Date(2026, 4, 3, 23, 59, 0, 0, time.UTC)
		put(warehouse.Events, w.now.Sub(five), "c", event(5))
		if s := run(); s.ExpiredRows != 0 {
			t.Errorf("%+v", s)
		}
		w.now = w.now.Add(2 * time.Minute)
		if s := run(); s.ExpiredRows != 0 {
			t.Errorf("nothing was loaded, and %+v", s)
		}
		put(warehouse.Events, w.now.Sub(five), "d", event(6))
		if s := run(); s.ExpiredRows != 2 || s.Objects != 1 {
			t.Errorf("%+v", s)
		}
		if n := w.count(`SELECT COUNT(*) FROM "events"`); n != 4 {
			t.Errorf("%d events", n)
		}
		if n := w.count(`SELECT CAST(SUM("count") AS BIGINT) FROM "loaf_event_catalog"`); n != 4 {
			t.Errorf("the catalogue counts %d", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM "users"`); n != 1 {
			t.Errorf("%d users", n)
		}
		// The raw objects are there for a while, and then they are gone.
		check := func(what string, expired int64) {
			t.Helper()
			got := w.auditAll(nil)
			events := got.Totals[0]
			if !got.Proven || events.Missing() != 0 || events.Expired != expired || events.ExpiredObjects != 2 || events.Loaded != 4 || events.Quarantined != 0 {
				t.Errorf("%s: %+v, %+v", what, events, got.Mismatches)
			}
		}
		check("raw objects are there", 4)
		// A new warehouse passes them over.
		again := w.reopened()
		rebuild, _ := w.keeping(again)
		s, err := rebuild.Sweep(t.Context())
		if err != nil || s.Expired != 2 || s.Inserted != 5 {
			t.Errorf("%+v, %v", s, err)
		}
		old := w.engine
		w.engine = again
		if got := w.auditAll(nil); !got.Proven || got.Totals[0].Expired != 4 || got.Totals[0].Waiting != 0 || got.Totals[0].Loaded != 4 {
			t.Errorf("rebuilt: %+v, %+v", got.Totals[0], got.Mismatches)
		}
		w.engine = old
		if err := w.store.RemoveBefore(t.Context(), warehouse.Events, days.First(w.now)); err != nil {
			t.Fatal(err)
		}
		check("raw objects are gone", 0)
		var left []string
		if err := w.store.List(t.Context(), warehouse.Events, "", func(objects []warehouse.Object) error {
			for _, o := range objects {
				left = append(left, o.ID())
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(left) != 3 || slices.Contains(left, first.ID()) || !slices.Contains(left, second.ID()) {
			t.Errorf("left are %v", left)
		}
		// A notification that comes again changes nothing.
		queue.Notify(first)
		if s := run(); s.Expired != 1 || s.Objects+s.Missing+len(s.Quarantined) != 0 {
			t.Errorf("%+v", s)
		}
		if n, err := queue.Depth(t.Context()); err != nil || n != 0 {
			t.Errorf("%d wait, %v", n, err)
		}
	})
}

// Raw objects may leave before the events do: what was loaded of them is kept.
func TestRawObjectsThatExpiredAreNotMissing(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	o := w.put(warehouse.Events, 0, "a", pack(event(1), event(2)))
	w.sweep()
	w.remove(o)
	raw := func(c *audit.Config) { c.RawRetention, c.Retention = load.Retention{Days: 30}, load.Retention{} }
	w.now = five.Add(30 * 24 * time.Hour)
	if got := w.auditAll(raw); got.Proven {
		t.Error("an object that went too early is not missed")
	}
	w.now = five.Add(31 * 24 * time.Hour)
	got := w.auditAll(raw)
	if events := got.Totals[0]; !got.Proven || events.Accepted != 2 || events.Loaded != 2 || events.RawExpiredObjects != 1 || events.Missing() != 0 {
		t.Errorf("%+v, %+v", events, got.Mismatches)
	}
}
