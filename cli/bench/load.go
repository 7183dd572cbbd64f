package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// loadBench measures a load into DuckDB beside read_json into a table, and loads
// of the same size into tables of two sizes.
func loadBench(flags *flag.FlagSet) measurement {
	events := flags.Int("events", 3_000_000, "how many events are loaded at once")
	small := flags.Int("small", 10_000_000, "the smaller of the tables that are loaded into, in events")
	large := flags.Int("large", 50_000_000, "the larger")
	added := flags.Int("added", 10_000, "how many events a load adds to them")
	loads := flags.Int("loads", 21, "how many loads they get; the median is told")
	return func(ctx context.Context, r *run) error {
		if *events < 1000 || *added < 1000 || *small < *added || *large < *small || *loads < 1 {
			return errors.New("-events and -added must be at least 1000, -small at least -added, -large at least -small, and -loads at least 1")
		}
		if err := r.loadAtOnce(ctx, *events); err != nil {
			return fmt.Errorf("load at once: %w", err)
		}
		if err := r.loadInto(ctx, *small, *large, *added, *loads); err != nil {
			return fmt.Errorf("load into tables of two sizes: %w", err)
		}
		return nil
	}
}

// warehouseFile is where dev keeps its tables, rawFolder its raw objects.
func (d *dataloaf) warehouseFile() string {
	return filepath.Join(d.folder, "warehouse", "warehouse.duckdb")
}
func (d *dataloaf) rawFolder() string { return filepath.Join(d.folder, "raw") }

// The columns that read_json is told of: those of an event, with the properties as
// one JSON value.
const eventColumns = `, columns = {'event_id': 'UUID', 'event': 'VARCHAR', 'user_id': 'VARCHAR', 'timestamp': 'TIMESTAMP', 'properties': 'JSON', 'received_at': 'TIMESTAMP'}`

func (r *run) loadAtOnce(ctx context.Context, events int) error {
	raw := filepath.Join(r.folder, "objects")
	if err := writeEvents(raw, events, r.seed); err != nil {
		return err
	}
	r.say("%d events of 8 properties, %d objects of gzip NDJSON", events, (events+eventsPerObject-1)/eventsPerObject)
	for round := range r.rounds {
		if err := r.loadRound(ctx, raw, events, round); err != nil {
			return err
		}
		for _, bare := range []struct{ name, columns string }{{"bare, types found out", ""}, {"bare, columns given", eventColumns}} {
			path := filepath.Join(r.folder, "bare.duckdb")
			before, begun := cpuTime(os.Getpid()), time.Now()
			rows, err := bareLoad(ctx, path, raw, bare.columns)
			took, cpu := time.Since(begun), cpuTime(os.Getpid())-before
			if err := errors.Join(err, os.Remove(path)); err != nil {
				return err
			}
			if rows != events {
				return fmt.Errorf("%s: read_json made %d rows of %d events", bare.name, rows, events)
			}
			r.add(bare.name, "events/s", float64(events)/took.Seconds())
			r.add("CPU of "+bare.name, "us/event", microseconds(cpu)/float64(events))
		}
	}
	for _, bare := range []struct{ name, makes string }{
		{"bare, types found out", "which gives the properties types, too"},
		{"bare, columns given", "which leaves the properties JSON"},
	} {
		share := r.times("dataloaf", bare.name)
		r.goal(fmt.Sprintf("at least half as fast as read_json (%s), %s", bare.name, bare.makes), share, share >= 0.5)
	}
	return nil
}

// loadRound loads everything in a warehouse of its own.
func (r *run) loadRound(ctx context.Context, raw string, events, round int) (err error) {
	d, err := r.needLoafctl(fmt.Sprintf("load-%d", round), "--load-every", "24h")
	if err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop(), os.RemoveAll(d.folder)) }()
	if err := linkAll(raw, d.rawFolder()); err != nil {
		return err
	}
	before := d.cpu()
	inserted, took, err := d.sweep(ctx, sweepAll)
	if err != nil {
		return err
	}
	if inserted != events {
		return fmt.Errorf("%d of %d events were loaded", inserted, events)
	}
	r.add("dataloaf", "events/s", float64(events)/took.Seconds())
	r.add("CPU of dataloaf", "us/event", microseconds(d.cpu()-before)/float64(events))
	if round == r.rounds-1 {
		r.add("most memory of dev while it loads", "MiB", float64(d.memory()>>20))
	}
	return nil
}

// linkAll gives the files of a folder a second place.
func linkAll(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, below), 0o700)
		}
		return os.Link(path, filepath.Join(to, below))
	})
}

// loadInto loads into the two tables in turns, so that what else the machine does
// falls on both.
func (r *run) loadInto(ctx context.Context, small, large, added, loads int) (err error) {
	tables := make([]*table, 2)
	for i, size := range []int{small, large} {
		begun := time.Now()
		tables[i], err = r.makeTable(ctx, size, added)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, tables[i].stop()) }()
		r.say("a table of %d events, made in %.0f s", size, time.Since(begun).Seconds())
	}
	// The first loads read what the others find in memory.
	for load := range loads + 2 {
		for _, kind := range []string{"a load", "a load with a late event"} {
			for _, t := range tables {
				before := t.cpu()
				took, err := t.load(ctx, added, kind != "a load")
				if err != nil {
					return err
				}
				if load < 2 {
					continue
				}
				name := fmt.Sprintf("%s into %s events", kind, millions(t.size))
				r.add(name, "ms", float64(took)/float64(time.Millisecond))
				r.add("CPU of "+name, "ms", float64(t.cpu()-before)/float64(time.Millisecond))
			}
		}
	}
	for _, kind := range []string{"a load", "a load with a late event"} {
		longer := r.times(kind+" into "+millions(large)+" events", kind+" into "+millions(small)+" events")
		r.goal(fmt.Sprintf("%s of %d events takes at most 1.2 times as long into the larger table", kind, added), longer, longer <= 1.2)
	}
	return nil
}

func millions(n int) string { return fmt.Sprintf("%g million", float64(n)/1e6) }

// table is a dev whose table of events has a size.
type table struct {
	*dataloaf
	size   int
	random *rand.Rand
	// objects counts those that were made; again are lines of the last.
	objects int
	again   []byte
}

func (r *run) makeTable(ctx context.Context, size, added int) (*table, error) {
	d, err := r.needLoafctl(fmt.Sprintf("table-%d", size), "--load-every", "24h")
	if err != nil {
		return nil, err
	}
	t := &table{dataloaf: d, size: size, random: rand.New(rand.NewPCG(r.seed, 4))}
	if err := d.start(ctx); err != nil {
		return nil, err
	}
	// The first load makes the columns.
	if _, err := t.load(ctx, added, false); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	if err := d.stop(); err != nil {
		return nil, err
	}
	if err := grow(ctx, d.warehouseFile(), size); err != nil {
		return nil, err
	}
	return t, d.start(ctx)
}

// repeated of the events of a load were in the one before: a client has sent them
// again.
const repeated = 100

// load writes an object as if it had just been collected and loads it. With late
// its first event is one that a client has kept for half a year.
func (t *table) load(ctx context.Context, events int, late bool) (time.Duration, error) {
	now := time.Now().UTC()
	t.objects++
	want := events
	err := writeObject(t.rawFolder(), "events", now, t.objects, func(w io.Writer) error {
		if len(t.again) > 0 {
			want -= repeated
			if _, err := w.Write(t.again); err != nil {
				return err
			}
		}
		t.again = t.again[:0]
		var line []byte
		for i := range want {
			at := now.Add(time.Duration(i-events) * time.Microsecond).Truncate(time.Microsecond)
			if late && i == want-1 {
				at = at.AddDate(0, -6, 0)
			}
			line = appendEvent(line[:0], t.random, at, eventNames[t.random.IntN(len(eventNames))], t.random.IntN(users))
			if i < repeated {
				t.again = append(t.again, line...)
			}
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	inserted, took, err := t.sweep(ctx, sweepHour)
	if err == nil && inserted != want {
		err = fmt.Errorf("%d events were new, and %d were stored", want, inserted)
	}
	return took, err
}
