package load_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// fate is what a warehouse makes of an object.
type fate int

const (
	sound fate = iota
	// named: the engine refuses the object and says which it was.
	named
	// unnamed: the engine refuses the load and does not say for which object.
	unnamed
	// missing: the object is not there yet.
	missing
	// misnamed: the engine blames an object that is not in the load.
	misnamed
	// tooMuch: no load that holds the object has enough memory.
	tooMuch
)

// fake is a warehouse in memory that keeps the contract of load.Warehouse. All
// of a load is stored or nothing.
type fake struct {
	mu     sync.Mutex
	fates  map[string]fate
	status map[string]string // the ledger: "loaded" or the reason
	loads  int
	read   int // objects that loads were given
	pings  int
	down   error
	// downAfter makes the warehouse go away after so many loads, 0 for never.
	downAfter int
	known     int
}

func newFake() *fake { return &fake{fates: map[string]fate{}, status: map[string]string{}} }

func (f *fake) Ping(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pings++
	return f.down
}

func (f *fake) Load(_ context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var report warehouse.LoadReport
	if f.down != nil {
		return report, fmt.Errorf("load %d objects: %w", len(objects), f.down)
	}
	f.loads++
	f.read += len(objects)
	if f.loads == f.downAfter {
		f.down = warehouse.ErrUnavailable
		return report, fmt.Errorf("commit: %w", f.down)
	}
	for _, o := range objects {
		if f.status[o.ID()] != "" {
			report.Objects = append(report.Objects, warehouse.ObjectReport{Object: o, AlreadyLoaded: true})
			continue
		}
		switch f.fates[o.ID()] {
		case named:
			return report, fmt.Errorf("load: %w", &warehouse.DataError{Object: &o, Line: 3, Err: errors.New("no event")})
		case unnamed:
			return report, fmt.Errorf("load: %w", &warehouse.DataError{Err: errors.New("a value is out of range")})
		case misnamed:
			return report, &warehouse.DataError{Object: &warehouse.Object{Bucket: "other", Key: "events/other"}, Err: errors.New("no event")}
		case tooMuch:
			return report, fmt.Errorf("load: %w: no memory", warehouse.ErrTooMuch)
		case missing:
			return report, fmt.Errorf("open %s: %w", o.ID(), fs.ErrNotExist)
		case sound:
			report.Objects = append(report.Objects, warehouse.ObjectReport{Object: o, Lines: 3, Inserted: 2, Duplicates: 1})
		}
	}
	for _, o := range report.Objects {
		if !o.AlreadyLoaded {
			f.status[o.Object.ID()] = "loaded"
		}
	}
	return report, nil
}

func (f *fake) Quarantine(_ context.Context, o warehouse.Object, reason string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.status[o.ID()] == "" {
		f.status[o.ID()] = reason
	}
	return f.down
}

func (f *fake) Known(_ context.Context, objects []warehouse.Object) (map[string]bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known++
	known := map[string]bool{}
	for _, o := range objects {
		if f.status[o.ID()] != "" {
			known[o.ID()] = true
		}
	}
	return known, f.down
}

func (f *fake) quarantined(o warehouse.Object) bool {
	return f.status[o.ID()] != "" && f.status[o.ID()] != "loaded"
}

func (f *fake) Quarantined(_ context.Context, objects []warehouse.Object) (map[string]bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string]bool{}
	for _, o := range objects {
		if f.quarantined(o) {
			out[o.ID()] = true
		}
	}
	return out, f.down
}

func (f *fake) Reload(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	f.mu.Lock()
	before := maps.Clone(f.status)
	for _, o := range objects {
		if f.quarantined(o) {
			delete(f.status, o.ID())
		}
	}
	f.mu.Unlock()
	report, err := f.Load(ctx, objects)
	if err != nil {
		f.mu.Lock()
		f.status = before // nothing of the transaction is kept
		f.mu.Unlock()
	}
	return report, err
}

func (f *fake) Requarantine(ctx context.Context, o warehouse.Object, reason string) error {
	f.mu.Lock()
	if f.quarantined(o) {
		delete(f.status, o.ID())
	}
	f.mu.Unlock()
	return f.Quarantine(ctx, o, reason)
}

// queue is an SQS in miniature: what is received and not deleted is in flight.
type queue struct {
	mu        sync.Mutex
	waiting   []load.Message
	inFlight  map[string]load.Message
	received  int
	depthErr  error
	deleteErr error
}

func newQueue(objects ...warehouse.Object) *queue {
	q := &queue{inFlight: map[string]load.Message{}}
	for i, o := range objects {
		q.waiting = append(q.waiting, load.Message{ID: fmt.Sprint(i), Object: o})
	}
	return q
}

func (q *queue) Depth(context.Context) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting), q.depthErr
}

func (q *queue) Receive(_ context.Context, most int) ([]load.Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(most, len(q.waiting))
	taken := q.waiting[:n]
	q.waiting = q.waiting[n:]
	q.received += n
	for _, m := range taken {
		q.inFlight[m.ID] = m
	}
	return taken, nil
}

func (q *queue) Delete(_ context.Context, messages []load.Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.deleteErr != nil {
		return q.deleteErr
	}
	for _, m := range messages {
		delete(q.inFlight, m.ID)
	}
	return nil
}

func (q *queue) left() (ids []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range append(slices.Collect(maps.Values(q.inFlight)), q.waiting...) {
		ids = append(ids, m.Object.ID())
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// bucket lists objects, a few at once.
type bucket []warehouse.Object

func (b bucket) List(_ context.Context, kind warehouse.Kind, after string, f func([]warehouse.Object) error) error {
	for chunk := range slices.Chunk(b, 7) {
		of := slices.DeleteFunc(slices.Clone(chunk), func(o warehouse.Object) bool { return o.Kind != kind || o.Key <= after })
		if len(of) == 0 {
			continue
		}
		if err := f(of); err != nil {
			return err
		}
	}
	return nil
}

func object(kind warehouse.Kind, name string) warehouse.Object {
	return warehouse.Object{Bucket: string(kind.Bucket()), Key: string(kind) + "/2024/05/01/12/" + name + ".ndjson.gz", Kind: kind, Size: 100}
}

func objects(n int) (out []warehouse.Object) {
	kinds := []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates}
	for i := range n {
		out = append(out, object(kinds[i%len(kinds)], fmt.Sprintf("%04d", i)))
	}
	return out
}

func newLoader(t *testing.T, w load.Warehouse, q load.Queue, l load.Lister) *load.Loader {
	return load.New(load.Config{Queue: q, Warehouse: w, Lister: l, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
}

func TestAnEmptyQueueTouchesNoWarehouse(t *testing.T) {
	w := newFake()
	if _, err := newLoader(t, w, newQueue(), nil).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.pings+w.loads+w.known != 0 {
		t.Errorf("%d pings, %d loads, %d lookups", w.pings, w.loads, w.known)
	}
}

func TestAnOutageReceivesNothing(t *testing.T) {
	w, q := newFake(), newQueue(objects(3)...)
	w.down = warehouse.ErrUnavailable
	if _, err := newLoader(t, w, q, nil).Run(t.Context()); !errors.Is(err, warehouse.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if q.received != 0 || w.loads != 0 {
		t.Errorf("received %d, %d loads", q.received, w.loads)
	}
}

func TestOneTransactionForWhatIsSound(t *testing.T) {
	all := objects(9)
	w, q := newFake(), newQueue(append(all, all[:4]...)...) // a queue delivers at least once
	summary, err := newLoader(t, w, q, nil).Run(t.Context())
	if err != nil || w.loads != 1 || len(q.left()) != 0 {
		t.Errorf("%v, %d loads, left %v", err, w.loads, q.left())
	}
	if summary.Objects+summary.Known != 13 || summary.Lines != 3*int64(summary.Objects) || summary.Inserted != 2*int64(summary.Objects) || summary.Duplicates != int64(summary.Objects) {
		t.Errorf("%+v", summary)
	}
	if again, err := newLoader(t, w, newQueue(all...), nil).Run(t.Context()); err != nil || again.Objects != 0 || again.Known != 9 {
		t.Errorf("again: %+v, %v", again, err)
	}
}

func TestTransactionsAreBounded(t *testing.T) {
	small := objects(2*load.MaxObjects + 1)
	w := newFake()
	if _, err := newLoader(t, w, newQueue(small...), nil).Run(t.Context()); err != nil || w.loads != 3 {
		t.Errorf("%v, %d loads of %d objects", err, w.loads, len(small))
	}
	large := objects(5)
	for i, size := range []int64{load.MaxBytes / 2, load.MaxBytes / 2, load.MaxBytes, 3 * load.MaxBytes, 1} {
		large[i].Size = size
	}
	w = newFake()
	if summary, err := newLoader(t, w, newQueue(large...), nil).Run(t.Context()); err != nil || w.loads != 4 || summary.Objects != 5 {
		t.Errorf("%v, %d loads, %+v", err, w.loads, summary)
	}
}

// TestPoison draws random sets of objects, some of which cannot be loaded: in
// one run those are quarantined, those not there stay in the queue, and all
// others are loaded.
func TestPoison(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 0))
		all := objects(1 + rng.IntN(60))
		w := newFake()
		want := map[fate]int{}
		share := 1 + rng.IntN(20)
		for _, o := range all {
			if rng.IntN(20) < share {
				w.fates[o.ID()] = fate(rng.IntN(5))
			}
			want[w.fates[o.ID()]]++
		}
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		q := newQueue(all...)
		quiet := slog.New(slog.DiscardHandler)
		summary, err := load.New(load.Config{Queue: q, Warehouse: w, Logger: quiet}).Run(t.Context())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		bad := want[named] + want[unnamed] + want[misnamed]
		if summary.Objects != want[sound] || len(summary.Quarantined) != bad || summary.Missing != want[missing] {
			t.Fatalf("seed %d: %+v, want %v", seed, summary, want)
		}
		var absent []string
		for _, o := range all {
			status := w.status[o.ID()]
			switch w.fates[o.ID()] {
			case sound:
				if status != "loaded" {
					t.Errorf("seed %d: sound %s is %q", seed, o.ID(), status)
				}
			case missing:
				absent = append(absent, o.ID())
				if status != "" {
					t.Errorf("seed %d: absent %s is %q", seed, o.ID(), status)
				}
			case named:
				if want := o.ID() + ", line 3: no event"; status != want {
					t.Errorf("seed %d: reason %q, want %q", seed, status, want)
				}
			default:
				if status == "" || status == "loaded" {
					t.Errorf("seed %d: bad %s is %q", seed, o.ID(), status)
				}
			}
		}
		slices.Sort(absent)
		if left := q.left(); !slices.Equal(left, absent) {
			t.Errorf("seed %d: left %v, want %v", seed, left, absent)
		}
	}
}

// TestPoisonCostsLittle bounds the work that bad objects make: the engine that
// names them reads everything about twice, however many they are.
func TestPoisonCostsLittle(t *testing.T) {
	all := objects(load.MaxObjects)
	w := newFake()
	for i, o := range all {
		if i%2 == 0 {
			w.fates[o.ID()] = named
		}
	}
	summary, err := newLoader(t, cutting{w}, newQueue(all...), nil).Run(t.Context())
	if err != nil || len(summary.Quarantined) != load.MaxObjects/2 {
		t.Fatalf("%+v, %v", summary, err)
	}
	if w.read > 2*load.MaxObjects {
		t.Errorf("%d objects were read for %d", w.read, load.MaxObjects)
	}
}

// cutting counts as read only what stands up to the object that a load fails
// for, as an engine that reads in order does.
type cutting struct{ *fake }

func (c cutting) Load(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	before := c.read
	report, err := c.fake.Load(ctx, objects)
	var data *warehouse.DataError
	if errors.As(err, &data) && data.Object != nil {
		c.read = before + 1 + slices.IndexFunc(objects, func(o warehouse.Object) bool { return o.ID() == data.Object.ID() })
	}
	return report, err
}

func TestAReasonIsSoundText(t *testing.T) {
	o := object(warehouse.Events, "bad")
	w := newFake()
	w.fates[o.ID()] = unnamed
	reasons := &reasonKeeper{fake: w}
	if _, err := newLoader(t, reasons, newQueue(o), nil).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := reasons.reason; len(got) > 2010 || !strings.HasPrefix(got, "broken: ?") || strings.Contains(got, "\x00") || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %.40q", len(got), got)
	}
}

// reasonKeeper fails with a message that quotes binary data.
type reasonKeeper struct {
	*fake
	reason string
}

func (r *reasonKeeper) Load(context.Context, []warehouse.Object) (warehouse.LoadReport, error) {
	return warehouse.LoadReport{}, fmt.Errorf("load 1 objects: %w", &warehouse.DataError{Err: errors.New("broken: \x00\xff" + strings.Repeat("é", 5000))})
}

func (r *reasonKeeper) Quarantine(_ context.Context, _ warehouse.Object, reason string) error {
	r.reason = reason
	return nil
}

// TestAnOutageInTheMiddle: what was committed before the warehouse went away is
// loaded once, and nothing that was not loaded leaves the queue.
func TestAnOutageInTheMiddle(t *testing.T) {
	all := objects(40)
	for downAfter := 1; ; downAfter++ {
		w := newFake()
		for i, o := range all {
			if i%9 == 4 {
				w.fates[o.ID()] = unnamed
			}
		}
		w.downAfter = downAfter
		q := newQueue(all...)
		summary, err := newLoader(t, w, q, nil).Run(t.Context())
		if w.loads < downAfter {
			if err != nil {
				t.Fatal(err)
			}
			return // the run needs fewer loads than that
		}
		if !errors.Is(err, warehouse.ErrUnavailable) {
			t.Fatalf("after %d loads: %v", downAfter, err)
		}
		loaded := 0
		for _, status := range w.status {
			if status == "loaded" {
				loaded++
			}
		}
		if summary.Objects != loaded {
			t.Errorf("after %d loads: %d reported, %d loaded", downAfter, summary.Objects, loaded)
		}
		left := q.left()
		for _, o := range all {
			if _, kept := slices.BinarySearch(left, o.ID()); !kept && w.status[o.ID()] == "" {
				t.Errorf("after %d loads: %s is lost", downAfter, o.ID())
			}
		}
		w.down, w.downAfter = nil, 0
		rest, err := newLoader(t, w, newQueue(all...), nil).Run(t.Context())
		if err != nil || rest.Objects != 40-4-loaded {
			t.Errorf("after %d loads: the rest: %+v, %v", downAfter, rest, err)
		}
	}
}

func TestAQueueThatFails(t *testing.T) {
	w, q := newFake(), newQueue(objects(3)...)
	q.deleteErr = errors.New("the queue is away")
	summary, err := newLoader(t, w, q, nil).Run(t.Context())
	if !errors.Is(err, q.deleteErr) || summary.Objects != 3 {
		t.Errorf("%+v, %v", summary, err)
	}
	q.depthErr = errors.New("no such queue")
	if _, err := newLoader(t, w, q, nil).Run(t.Context()); !errors.Is(err, q.depthErr) {
		t.Errorf("%v", err)
	}
}

func TestSweepFindsWhatTheQueueMissed(t *testing.T) {
	all := objects(3*load.MaxObjects + 10)
	w := newFake()
	w.fates[all[5].ID()] = unnamed
	w.fates[all[6].ID()] = named
	if _, err := newLoader(t, w, newQueue(all[:300]...), nil).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.loads = 0
	summary, err := newLoader(t, w, nil, bucket(all)).Sweep(t.Context())
	if err != nil || summary.Objects != len(all)-300 || len(summary.Quarantined) != 0 {
		t.Errorf("%+v, %v", summary, err)
	}
	if w.loads > 3 {
		t.Errorf("%d loads", w.loads)
	}
	for _, o := range all {
		if w.status[o.ID()] == "" {
			t.Errorf("%s was missed", o.ID())
		}
	}
	w.loads = 0
	if again, err := newLoader(t, w, nil, bucket(all)).Sweep(t.Context()); err != nil || again.Objects != 0 || w.loads != 0 {
		t.Errorf("again: %+v, %d loads, %v", again, w.loads, err)
	}
	w.down = warehouse.ErrUnavailable
	if _, err := newLoader(t, w, nil, bucket(all)).Sweep(t.Context()); !errors.Is(err, warehouse.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// TestTwoLoadersAtOnce share a queue that delivers everything to both.
func TestTwoLoadersAtOnce(t *testing.T) {
	all := objects(200)
	w := newFake()
	for i, o := range all {
		w.fates[o.ID()] = []fate{sound, sound, sound, named, unnamed}[i%5]
	}
	var wg sync.WaitGroup
	summaries := make([]load.Summary, 3)
	errs := make([]error, 3)
	for i := range 2 {
		wg.Go(func() { summaries[i], errs[i] = newLoader(t, w, newQueue(all...), nil).Run(t.Context()) })
	}
	wg.Go(func() { summaries[2], errs[2] = newLoader(t, w, nil, bucket(all)).Sweep(t.Context()) })
	wg.Wait()
	if err := cmp.Or(errs...); err != nil {
		t.Fatal(err)
	}
	if n := summaries[0].Objects + summaries[1].Objects + summaries[2].Objects; n != 120 {
		t.Errorf("%d objects were loaded, want 120: %+v", n, summaries)
	}
}

// An object that alone is more than the warehouse has memory for keeps nothing else
// from being loaded, is named, and waits; no sweep that is to go on later passes it.
func TestWhatIsTooMuchAloneWaits(t *testing.T) {
	all := objects(40)
	large := all[21].ID()
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, run := range map[string]func(l *load.Loader) (load.Summary, error){
		"queue": func(l *load.Loader) (load.Summary, error) { return l.Run(t.Context()) },
		"replay": func(l *load.Loader) (load.Summary, error) {
			return l.Replay(t.Context(), load.Range{From: noon, To: noon.Add(time.Hour)})
		},
		"sweep": func(l *load.Loader) (load.Summary, error) {
			return l.SweepWindow(t.Context(), load.Window{Done: func(_ context.Context, kind warehouse.Kind, key string) error {
				if kind == all[21].Kind {
					t.Errorf("%s is passed", key)
				}
				return nil
			}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, q := newFake(), newQueue(append(all, all[21])...)
			w.fates[large] = tooMuch
			l := newLoader(t, w, q, bucket(all))
			summary, err := run(l)
			if !errors.Is(err, warehouse.ErrTooMuch) || !strings.Contains(err.Error(), large) {
				t.Errorf("want ErrTooMuch with the name, got %v", err)
			}
			if summary.Objects != len(all)-1 || len(summary.TooMuch) != 1 || summary.Missing > 0 || len(summary.Quarantined) > 0 || w.status[large] != "" {
				t.Errorf("%+v", summary)
			}
			if left := q.left(); name == "queue" && !slices.Equal(left, []string{large}) {
				t.Errorf("left in the queue: %v", left)
			}
			delete(w.fates, large) // there is more memory
			if _, err := l.Sweep(t.Context()); err != nil || w.status[large] != "loaded" {
				t.Errorf("with more memory: %q, %v", w.status[large], err)
			}
		})
	}
}
