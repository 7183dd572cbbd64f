package load_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// state keeps small objects in memory.
type state struct {
	mu      sync.Mutex
	objects map[string]string
	exists  int
	putErr  func(key string) error
}

func (s *state) Exists(_ context.Context, bucket, key string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exists++
	_, ok := s.objects[bucket+"/"+key]
	return ok, nil
}

func (s *state) Get(_ context.Context, bucket, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.objects[bucket+"/"+key]
	if !ok {
		return nil, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
	}
	return []byte(text), nil
}

func (s *state) Put(_ context.Context, bucket, key string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.putErr != nil {
		if err := s.putErr(key); err != nil {
			return err
		}
	}
	s.objects[bucket+"/"+key] = string(body)
	return nil
}

// tables is a fake warehouse with users and tables, whose loads take time.
type tables struct {
	*fake
	provisioned int
	// clock is the time, which a load moves on by takes.
	clock time.Time
	takes time.Duration
	// provisionErr and loadErr make these fail.
	provisionErr error
	loadErr      func() error
}

func (w *tables) Provision(context.Context) error {
	w.provisioned++
	return w.provisionErr
}

func (w *tables) Empty(context.Context) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.status) == 0, nil
}

func (w *tables) Load(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	w.clock = w.clock.Add(w.takes)
	if w.loadErr != nil {
		if err := w.loadErr(); err != nil {
			return warehouse.LoadReport{}, err
		}
	}
	return w.fake.Load(ctx, objects)
}

// listed counts what a bucket lists.
type listed struct {
	bucket
	count int
}

func (l *listed) List(ctx context.Context, kind warehouse.Kind, after string, f func([]warehouse.Object) error) error {
	return l.bucket.List(ctx, kind, after, func(objects []warehouse.Object) error {
		l.count += len(objects)
		return f(objects)
	})
}

type stack struct {
	tables *tables
	state  *state
	queue  *queue
	lister *listed
}

func newStack(raw []warehouse.Object, queued ...warehouse.Object) *stack {
	return &stack{
		tables: &tables{fake: newFake(), clock: time.Now()}, state: &state{objects: map[string]string{}},
		queue: newQueue(queued...), lister: &listed{bucket: bucket(raw)},
	}
}

// deployment is a new process of a deployment.
func (s *stack) deployment(t *testing.T, name string) *load.Deployment {
	now := func() time.Time { return s.tables.clock }
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	return load.NewDeployment(load.DeploymentConfig{
		Name: name, Tables: s.tables, Store: s.state, Bucket: "events", Now: now, Logger: logger,
		Loader: load.New(load.Config{Queue: s.queue, Warehouse: s.tables, Lister: s.lister, Logger: logger, Reserve: 2 * time.Minute, Now: now}),
	})
}

// run is an invocation of 15 minutes.
func (s *stack) run(t *testing.T, d *load.Deployment) (load.Summary, error) {
	ctx, cancel := context.WithDeadline(t.Context(), s.tables.clock.Add(15*time.Minute))
	defer cancel()
	return d.Run(ctx)
}

const marker = "events/state/deployments/d1.json"

func TestTheFirstRunOfADeployment(t *testing.T) {
	all := objects(30)
	s := newStack(all, all[:4]...)
	d := s.deployment(t, "d1")
	summary, err := s.run(t, d)
	if err != nil || summary.Objects != 30 || s.tables.provisioned != 1 || s.state.objects[marker] == "" || len(s.queue.left()) != 0 {
		t.Fatalf("%+v, %v, provisioned %d times, state %v", summary, err, s.tables.provisioned, s.state.objects)
	}
	// From now on an empty queue touches nothing.
	pings, asked := s.tables.pings, s.state.exists
	for range 3 {
		if summary, err := s.run(t, d); err != nil || summary.Objects != 0 {
			t.Errorf("%+v, %v", summary, err)
		}
	}
	if s.tables.pings != pings || s.tables.provisioned != 1 || s.state.exists != asked {
		t.Errorf("%d pings, provisioned %d times, asked for the marker %d times", s.tables.pings-pings, s.tables.provisioned, s.state.exists-asked)
	}
	// Another process asks for the marker once; another deployment provisions,
	// and does not list years of raw data that are loaded.
	s.lister.count = 0
	if _, err := s.run(t, s.deployment(t, "d1")); err != nil || s.tables.provisioned != 1 {
		t.Errorf("%v, provisioned %d times", err, s.tables.provisioned)
	}
	if _, err := s.run(t, s.deployment(t, "d2")); err != nil || s.tables.provisioned != 2 || s.lister.count != 0 {
		t.Errorf("%v, provisioned %d times, listed %d", err, s.tables.provisioned, s.lister.count)
	}
}

// Prepare is a first run, and after it nothing at all.
func TestPrepare(t *testing.T) {
	all := objects(6)
	s := newStack(all)
	d := s.deployment(t, "d1")
	if summary, err := d.Prepare(t.Context()); err != nil || summary.Objects != 6 || s.tables.provisioned != 1 || s.state.objects[marker] == "" {
		t.Fatalf("%+v, %v, provisioned %d times, state %v", summary, err, s.tables.provisioned, s.state.objects)
	}
	pings := s.tables.pings
	s.queue = newQueue(objects(7)[6])
	for _, d := range []*load.Deployment{d, s.deployment(t, "d1")} {
		if summary, err := d.Prepare(t.Context()); err != nil || summary.Objects != 0 {
			t.Errorf("%+v, %v", summary, err)
		}
	}
	if s.tables.pings != pings || s.tables.provisioned != 1 || len(s.queue.left()) != 1 {
		t.Errorf("%d pings, provisioned %d times, %d left in the queue", s.tables.pings-pings, s.tables.provisioned, len(s.queue.left()))
	}
	s.tables.provisionErr = warehouse.ErrUnavailable
	if _, err := s.deployment(t, "d2").Prepare(t.Context()); !errors.Is(err, warehouse.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// Whatever fails before the end leaves the first run to the next.
func TestAFirstRunThatFailsIsDoneAgain(t *testing.T) {
	all := objects(5)
	away := fmt.Errorf("no route: %w", warehouse.ErrUnavailable)
	for name, breaks := range map[string]func(*stack) (repair func()){
		"provisioning": func(s *stack) func() {
			s.tables.provisionErr = away
			return func() { s.tables.provisionErr = nil }
		},
		"a load": func(s *stack) func() {
			s.tables.loadErr = func() error { return away }
			return func() { s.tables.loadErr = nil }
		},
		"the rebuild's state": func(s *stack) func() {
			s.state.putErr = func(string) error { return away }
			return func() { s.state.putErr = nil }
		},
		"the marker": func(s *stack) func() {
			s.state.putErr = func(key string) error {
				if strings.Contains(key, "deployments") {
					return away
				}
				return nil
			}
			return func() { s.state.putErr = nil }
		},
	} {
		s := newStack(all)
		d := s.deployment(t, "d1")
		repair := breaks(s)
		if _, err := s.run(t, d); !errors.Is(err, warehouse.ErrUnavailable) || s.state.objects[marker] != "" {
			t.Errorf("%s: %v, state %v", name, err, s.state.objects)
		}
		repair()
		if _, err := s.run(t, d); err != nil || s.state.objects[marker] == "" || len(s.tables.status) != 5 {
			t.Errorf("%s, again: %v, state %v", name, err, s.state.objects)
		}
	}
}

// A rebuild goes over many invocations, crashes and deployments, loads
// everything, and does not list again what it has settled.
func TestARebuildGoesOnWhereItEnded(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 4))
		all := objects(20*load.MaxObjects + r.IntN(500))
		slices.SortFunc(all, func(a, b warehouse.Object) int { return strings.Compare(a.Key, b.Key) })
		s := newStack(all, all[len(all)-3:]...)
		s.tables.takes = 3 * time.Minute
		s.tables.loadErr = func() error {
			if r.IntN(8) == 0 {
				return warehouse.ErrUnavailable
			}
			return nil
		}
		runs, name := 0, "d1"
		d := s.deployment(t, name)
		for s.state.objects["events/state/deployments/"+name+".json"] == "" {
			if runs++; runs > 100 {
				t.Fatalf("seed %d: no end, %d of %d loaded", seed, len(s.tables.status), len(all))
			}
			summary, err := s.run(t, d)
			if err != nil && !errors.Is(err, warehouse.ErrUnavailable) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if err == nil && !summary.Stopped {
				break
			}
			switch r.IntN(4) {
			case 0:
				d = s.deployment(t, name) // a new process
			case 1:
				name = fmt.Sprintf("d%d", runs+1)
				d = s.deployment(t, name)
			}
		}
		for _, o := range all {
			if s.tables.status[o.ID()] != "loaded" {
				t.Fatalf("seed %d: %s is missing", seed, o.ID())
			}
		}
		// At most what was under way at each end is listed twice.
		if most := len(all) + runs*3*load.MaxObjects; s.lister.count > most {
			t.Errorf("seed %d: listed %d objects of %d in %d runs", seed, s.lister.count, len(all), runs)
		}
		if text := s.state.objects["events/state/rebuild.json"]; !strings.Contains(text, `"finished":true`) {
			t.Errorf("seed %d: %s", seed, text)
		}
	}
}

// A run begins no transaction that it may have no time to end.
func TestARunStopsInTime(t *testing.T) {
	all := objects(10 * load.MaxObjects)
	s := newStack(nil, all...)
	s.state.objects[marker] = "{}"
	s.tables.takes = 4 * time.Minute
	summary, err := s.run(t, s.deployment(t, "d1"))
	// After 4, 8 and 12 minutes there is time for another; after 16 not.
	if err != nil || !summary.Stopped || summary.Objects != 4*load.MaxObjects || s.queue.received != 4*load.MaxObjects {
		t.Errorf("%v: %d objects, received %d", err, summary.Objects, s.queue.received)
	}
	summary, err = s.run(t, s.deployment(t, "d1"))
	if err != nil || summary.Objects != 4*load.MaxObjects {
		t.Errorf("again: %d, %v", summary.Objects, err)
	}
}

func TestASweepOfAWindow(t *testing.T) {
	var all []warehouse.Object
	at := time.Date(2026, 3, 4, 5, 30, 0, 0, time.UTC)
	for h := range 200 {
		for _, kind := range []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates} {
			key := warehouse.NewKey(kind, at.Add(-time.Duration(h)*time.Hour), "x")
			all = append(all, warehouse.Object{Bucket: string(kind.Bucket()), Key: key, Kind: kind})
		}
	}
	slices.SortFunc(all, func(a, b warehouse.Object) int { return strings.Compare(a.Key, b.Key) })
	s := newStack(all)
	d := s.deployment(t, "d1")
	if _, err := d.Sweep(t.Context(), load.Window{}); err == nil || !strings.Contains(err.Error(), "d1") {
		t.Errorf("a sweep into no tables: %v", err)
	}
	s.state.objects[marker] = "{}"
	summary, err := d.Sweep(t.Context(), load.Since(at.Add(-72*time.Hour)))
	if err != nil || summary.Objects != 3*73 || s.lister.count != 3*73 {
		t.Errorf("%d objects of %d listed, %v", summary.Objects, s.lister.count, err)
	}
	if summary, err := d.Sweep(t.Context(), load.Window{}); err != nil || summary.Objects != 3*(200-73) {
		t.Errorf("the rest: %d, %v", summary.Objects, err)
	}
}

// Whoever waits for new data learns of it from the mark, and of nothing else.
func TestTheMarkOfALoad(t *testing.T) {
	const mark = "events/" + load.LoadedKey
	all := objects(4)
	s := newStack(nil, all[0])
	s.state.objects[marker] = "{}"
	d := s.deployment(t, "d1")
	at := func() string { return fmt.Sprintf(`{"at":%q}`, s.tables.clock.UTC().Format(time.RFC3339Nano)) }
	if _, err := s.run(t, d); err != nil || s.state.objects[mark] != at() {
		t.Fatalf("%v, state %v", err, s.state.objects)
	}
	before := at()
	s.tables.clock = s.tables.clock.Add(time.Minute)
	if _, err := s.run(t, d); err != nil || s.state.objects[mark] != before {
		t.Errorf("a run with nothing to load: %v, state %v", err, s.state.objects)
	}
	// A run that ended after its commit left the message: loaded, and not marked.
	s.queue = newQueue(all[0])
	d = s.deployment(t, "d1")
	if _, err := s.run(t, d); err != nil || s.state.objects[mark] != at() {
		t.Errorf("what is loaded already: %v, state %v", err, s.state.objects)
	}
	// What a run stored before it failed is marked, and a mark that fails spoils
	// no load.
	s.tables.clock = s.tables.clock.Add(time.Minute)
	s.queue = newQueue(all[1])
	s.state.putErr = func(string) error { return errors.New("no") }
	d = s.deployment(t, "d1")
	if summary, err := s.run(t, d); err != nil || summary.Objects != 1 || s.state.objects[mark] == at() {
		t.Errorf("a mark that fails: %+v, %v", summary, err)
	}
	s.state.putErr = nil
	s.lister.bucket = bucket(all)
	if _, err := d.Sweep(t.Context(), load.Window{}); err != nil || s.state.objects[mark] != at() {
		t.Errorf("a sweep: %v, state %v", err, s.state.objects)
	}
}

// deletions is what there is to delete: next is when there will be more.
type deletions struct {
	next time.Time
	err  error
	runs int
}

func (d *deletions) Work(context.Context) (time.Time, error) {
	d.runs++
	return d.next, d.err
}

func TestDeletionsGoOnAfterLoads(t *testing.T) {
	s := newStack(nil)
	d := &deletions{}
	var log bytes.Buffer
	ready := func() *load.Deployment {
		now := func() time.Time { return s.tables.clock }
		log.Reset()
		logger := slog.New(slog.NewTextHandler(&log, nil))
		return load.NewDeployment(load.DeploymentConfig{
			Name: "d1", Tables: s.tables, Store: s.state, Bucket: "events", Now: now, Logger: logger, Deletions: d,
			Loader: load.New(load.Config{Queue: s.queue, Warehouse: s.tables, Lister: s.lister, Logger: logger, Now: now}),
		})
	}
	runs := func(what string, want int, do func(*load.Deployment) error) {
		t.Helper()
		// A new process knows what the one before has kept.
		if err := do(ready()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if d.runs != want {
			t.Errorf("%s: %d runs, want %d", what, d.runs, want)
		}
		d.runs = 0
	}
	run := func(d *load.Deployment) error {
		_, err := s.run(t, d)
		return err
	}
	runs("the first run of a deployment", 0, run)
	runs("nothing was loaded, and nothing is known to be due", 0, run)
	if s.tables.pings != 0 {
		t.Errorf("%d pings", s.tables.pings)
	}
	s.queue.waiting = append(s.queue.waiting, load.Message{ID: "x", Object: objects(1)[0]})
	d.next = s.tables.clock.Add(time.Hour)
	runs("something was loaded", 1, run)
	runs("it is not due yet", 0, run)
	s.tables.clock = s.tables.clock.Add(time.Hour)
	d.err = errors.New("the store is away")
	runs("it is due, and fails", 1, run)
	// While the warehouse is away, this alone can tell that it has been for long.
	for _, c := range []struct {
		after time.Duration
		late  bool
	}{{load.DeletionsLateAfter, false}, {time.Second, true}} {
		s.tables.clock = s.tables.clock.Add(c.after)
		runs("it fails still", 1, run)
		if late := strings.Contains(log.String(), `msg="a deletion is late" due_since=`); late != c.late {
			t.Errorf("late %v, want %v:\n%s", late, c.late, &log)
		}
	}
	d.err, d.next = nil, time.Time{}
	runs("it is tried again", 1, run)
	runs("it is done", 0, run)
	runs("once a day it is looked", 1, func(d *load.Deployment) error {
		_, err := d.Sweep(t.Context(), load.Window{})
		return err
	})
	d.next = s.tables.clock.Add(time.Minute)
	runs("somebody asks", 1, func(of *load.Deployment) error {
		next, err := of.Delete(t.Context())
		if !next.Equal(d.next) {
			t.Errorf("%v", next)
		}
		return err
	})
	d.err = errors.New("the store is away")
	if _, err := ready().Delete(t.Context()); !errors.Is(err, d.err) {
		t.Errorf("%v", err)
	}
	if _, err := s.deployment(t, "d2").Delete(t.Context()); err == nil || !strings.Contains(err.Error(), "first run of deployment d2 is not done") {
		t.Errorf("%v", err)
	}
	if _, err := s.deployment(t, "d1").Delete(t.Context()); err == nil || !strings.Contains(err.Error(), "no warehouse") {
		t.Errorf("%v", err)
	}
}
