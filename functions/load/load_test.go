package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// model is a warehouse in memory with poisoned and missing objects.
type model struct {
	down        bool
	pings       int
	poison      map[string]bool
	names       bool // whether its errors name the object at fault
	missing     map[string]bool
	failAfter   int // loads until it goes away; negative never
	loaded      map[string]int
	quarantined map[string]string
}

func newModel() *model {
	return &model{poison: map[string]bool{}, missing: map[string]bool{}, failAfter: -1, loaded: map[string]int{}, quarantined: map[string]string{}}
}

func (m *model) Ping(context.Context) error {
	m.pings++
	if m.down {
		return warehouse.ErrUnavailable
	}
	return nil
}

func (m *model) Load(_ context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	if m.failAfter == 0 {
		return warehouse.LoadReport{}, fmt.Errorf("cut: %w", warehouse.ErrUnavailable)
	}
	m.failAfter--
	var report warehouse.LoadReport
	seen := map[string]bool{}
	for _, o := range objects {
		id := o.ID()
		known := seen[id] || m.loaded[id] > 0 || m.quarantined[id] != ""
		seen[id] = true
		switch {
		case known:
		case m.missing[id]:
			return warehouse.LoadReport{}, fmt.Errorf("open %s: %w", id, fs.ErrNotExist)
		case m.poison[id] && m.names:
			return warehouse.LoadReport{}, fmt.Errorf("load: %w", &warehouse.DataError{Object: &o, Line: 3, Err: errors.New("bad")})
		case m.poison[id]:
			return warehouse.LoadReport{}, fmt.Errorf("load: %w", &warehouse.DataError{Err: errors.New("bad \xff\x00 data")})
		}
		report.Objects = append(report.Objects, warehouse.ObjectReport{Object: o, Lines: 2, Inserted: 2, AlreadyLoaded: known})
	}
	for _, o := range report.Objects {
		if !o.AlreadyLoaded {
			m.loaded[o.Object.ID()]++
		}
	}
	return report, nil
}

func (m *model) Quarantine(_ context.Context, o warehouse.Object, reason string) error {
	m.quarantined[o.ID()] = reason
	return nil
}

func (m *model) Known(_ context.Context, objects []warehouse.Object) (map[string]bool, error) {
	known := map[string]bool{}
	for _, o := range objects {
		known[o.ID()] = m.loaded[o.ID()] > 0 || m.quarantined[o.ID()] != ""
	}
	return known, nil
}

// fifo is a queue whose messages stay hidden once received.
type fifo struct {
	waiting  []Message
	received int
	deleted  map[string]bool
}

func (q *fifo) Depth(context.Context) (int, error) { return len(q.waiting), nil }

func (q *fifo) Receive(_ context.Context, most int) ([]Message, error) {
	n := min(most, len(q.waiting))
	taken := q.waiting[:n]
	q.waiting = q.waiting[n:]
	q.received += n
	return taken, nil
}

func (q *fifo) Delete(_ context.Context, messages []Message) error {
	for _, m := range messages {
		q.deleted[m.ID] = true
	}
	return nil
}

func object(i int) warehouse.Object {
	o, _ := warehouse.ParseKey("events", fmt.Sprintf("events/2024/05/01/12/%06d.ndjson.gz", i))
	o.Size = 1000
	return o
}

func queue(n int) *fifo {
	q := &fifo{deleted: map[string]bool{}}
	for i := range n {
		q.waiting = append(q.waiting, Message{ID: fmt.Sprint(i), Object: object(i)})
	}
	return q
}

func loader(q Queue, m *model) *Loader {
	return New(Config{Queue: q, Warehouse: m, Logger: slog.New(slog.DiscardHandler)})
}

func TestAnEmptyQueueDoesNotWakeTheWarehouse(t *testing.T) {
	m := newModel()
	if _, err := loader(queue(0), m).Run(t.Context()); err != nil || m.pings != 0 {
		t.Errorf("%d pings, %v", m.pings, err)
	}
}

func TestAnOutageReceivesNothing(t *testing.T) {
	m, q := newModel(), queue(3)
	m.down = true
	if _, err := loader(q, m).Run(t.Context()); !errors.Is(err, warehouse.ErrUnavailable) || q.received != 0 {
		t.Errorf("%d received, %v", q.received, err)
	}
}

func TestAnOutageDuringTheRunKeepsTheRest(t *testing.T) {
	m, q := newModel(), queue(3*MaxObjects)
	m.failAfter = 1
	summary, err := loader(q, m).Run(t.Context())
	if !errors.Is(err, warehouse.ErrUnavailable) || summary.Objects != MaxObjects || len(q.deleted) != MaxObjects {
		t.Errorf("%+v, %d deleted, %v", summary, len(q.deleted), err)
	}
}

// Whatever is poisoned, missing or delivered twice: the good is loaded once,
// the poison set aside, the missing left in the queue.
func TestTheGoodLoadsWhateverTheBad(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		m := newModel()
		m.names = rng.IntN(2) == 0
		n := 1 + rng.IntN(60)
		q := queue(n)
		for i := range n {
			switch rng.IntN(6) {
			case 0:
				m.poison[object(i).ID()] = true
			case 1:
				m.missing[object(i).ID()] = true
			case 2:
				q.waiting = append(q.waiting, Message{ID: fmt.Sprint(n + i), Object: object(i)})
			}
		}
		rng.Shuffle(len(q.waiting), func(i, j int) { q.waiting[i], q.waiting[j] = q.waiting[j], q.waiting[i] })
		all := append([]Message(nil), q.waiting...)
		summary, err := loader(q, m).Run(t.Context())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i := range n {
			id := object(i).ID()
			want := 1
			if m.poison[id] || m.missing[id] {
				want = 0
			}
			if m.loaded[id] != want || (m.quarantined[id] != "") != (m.poison[id] && !m.missing[id]) {
				t.Fatalf("seed %d: %s loaded %d times, quarantined %q", seed, id, m.loaded[id], m.quarantined[id])
			}
		}
		for _, message := range all {
			if q.deleted[message.ID] == m.missing[message.Object.ID()] {
				t.Fatalf("seed %d: message of %s deleted: %v", seed, message.Object.ID(), q.deleted[message.ID])
			}
		}
		if len(summary.Quarantined) != len(m.quarantined) || summary.Objects != len(m.loaded) {
			t.Fatalf("seed %d: %+v", seed, summary)
		}
	}
}

func TestTheReasonIsSoundText(t *testing.T) {
	m := newModel()
	m.poison[object(0).ID()] = true
	if _, err := loader(queue(1), m).Run(t.Context()); err != nil || m.quarantined[object(0).ID()] != "bad ?? data" {
		t.Errorf("%q, %v", m.quarantined, err)
	}
}

func TestTransactionsAreBounded(t *testing.T) {
	m := newModel()
	l := loader(nil, m)
	var large []warehouse.Object
	for i := range 5 {
		o := object(i)
		o.Size = MaxBytes/2 + 1
		large = append(large, o)
	}
	var total Summary
	m.failAfter = 5 // one transaction each, and no more
	if _, _, err := l.objects(t.Context(), large, &total); err != nil || total.Objects != 5 || m.failAfter != 0 {
		t.Errorf("%+v, %d loads left, %v", total, m.failAfter, err)
	}
}
