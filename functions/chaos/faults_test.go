package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/collect"
	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// fault is one way in which something fails.
type fault int

const (
	diskFull         fault = iota // a write to the store fails
	storedUnsaid                  // a write succeeds, and says that it failed
	storeAway                     // an object cannot be opened
	readCut                       // the store breaks off in the middle of an object
	truncated                     // an object loses its end after it was stored
	listedLate                    // a listing does not show all that is there
	partFails                     // some records of a batch are not delivered
	partUnsaid                    // some records are delivered, and said not to be
	notifiedNever                 // nobody tells of an object
	notifiedTwice                 // or twice
	notifiedEarly                 // or before it is visible
	deliveredTwice                // the queue delivers a notification twice
	deliveredAgain                // or again while a load works on it
	queueAway                     // the queue does not answer
	deleteFails                   // or does not delete
	retryAway                     // the retry queue does not take an object
	warehouseAway                 // the warehouse does not answer
	warehouseCut                  // a transaction is cut off on its way
	warehouseSlow                 // or takes longer than it may
	doneUnsaid                    // or commits, and nobody hears of it
	clockBack                     // the clock steps back
	twoLoaders                    // two loads run at once
	crashed                       // the process ends with what it had in memory
	deleterKilled                 // what deletes users ends between two of its steps
	deletesMeanwhile              // users are deleted while clients send and loads run
	twoDeleters                   // two runs delete users at once
	lostRace                      // another transaction was first (PostgreSQL)
	connectionCut                 // the connection ends between any two messages (PostgreSQL)
	faults
)

// dice are the run's own: they decide everything by its seed.
type dice struct {
	mu   sync.Mutex
	rand *rand.Rand
	// odds are those of each fault in this run. Half of the faults never strike in a
	// run: together they would hide each other.
	odds [faults]float64
	calm bool
	// struck counts.
	struck [faults]int
}

func newDice(seed uint64) *dice {
	d := &dice{rand: rand.New(rand.NewPCG(seed, 20))}
	for f := range d.odds {
		if d.rand.IntN(2) == 0 {
			d.odds[f] = 0.02 + 0.3*d.rand.Float64()
		}
	}
	return d
}

func (d *dice) strikes(f fault) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calm || d.rand.Float64() >= d.odds[f] {
		return false
	}
	d.struck[f]++
	return true
}

func (d *dice) n(below int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.IntN(below)
}

func (d *dice) chance(p float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.Float64() < p
}

func (d *dice) settle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calm = true
}

// clock goes forward with every look, and steps back at times.
type clock struct {
	dice *dice
	// leap is how far it goes, or steps back, at times, at most.
	leap time.Duration
	mu   sync.Mutex
	at   time.Time
	// newest is the latest that it ever showed.
	newest time.Time
}

// noon is when every run begins.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const (
	// most is how far the clock may go from noon.
	most = 10 * time.Hour
	// mostBack is how far it may be behind what it has shown before.
	mostBack = 50 * time.Minute
)

func (c *clock) now() time.Time {
	step := time.Duration(c.dice.n(5000)) * time.Microsecond
	if c.dice.strikes(clockBack) {
		step = -time.Duration(c.dice.n(int(c.leap/time.Second))) * time.Second
	} else if c.dice.n(50) == 0 {
		step = time.Duration(c.dice.n(int(c.leap/time.Second))) * time.Second
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.at.Add(step); at.Sub(noon).Abs() < most && c.newest.Sub(at) < mostBack {
		c.at = at
	}
	if c.at.After(c.newest) {
		c.newest = c.at
	}
	return c.at
}

// latest is the latest that it ever showed. A clock that is set right goes on from
// there.
func (c *clock) latest() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest
}

// forward has time pass.
func (c *clock) forward(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.newest.Add(by); at.Sub(noon) < most {
		c.at, c.newest = c.at.Add(by), at
	}
}

func (c *clock) setRight() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.newest
}

// store is the folder of raw objects, and what goes wrong with it.
type store struct {
	*local.Store
	dice *dice
	// early is told of an object that is about to be stored.
	early func(warehouse.Object)
	// touched is called in the middle of what reads objects.
	touched func()

	mu sync.Mutex
	// whole are the objects that were truncated, as they were.
	whole map[warehouse.Object][]byte
	// older are the versions that were replaced.
	older *versions
}

func (s *store) Put(ctx context.Context, bucket, key string, body []byte) error {
	o, raw := warehouse.ParseKey(bucket, key)
	if raw && s.dice.strikes(notifiedEarly) {
		s.early(o)
	}
	if s.dice.strikes(diskFull) {
		return fmt.Errorf("put %s: %w", o.ID(), syscall.ENOSPC)
	}
	stored := body
	if raw && s.dice.strikes(truncated) {
		s.mu.Lock()
		s.whole[o] = bytes.Clone(body)
		s.mu.Unlock()
		stored = body[:s.dice.n(len(body))]
	}
	if err := s.replace(ctx, o, stored); err != nil {
		return err
	}
	if s.dice.strikes(storedUnsaid) {
		return fmt.Errorf("put %s: %w", o.ID(), syscall.EIO)
	}
	return nil
}

// mend gives truncated objects their end back.
func (s *store) mend(ctx context.Context) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o, body := range s.whole {
		if err := s.replace(ctx, o, body); err != nil {
			return n, err
		}
		delete(s.whole, o)
		n++
	}
	return n, nil
}

var errReset = errors.New("connection reset by peer")

func (s *store) Open(ctx context.Context, o warehouse.Object) (io.ReadCloser, error) {
	s.touched()
	if s.dice.strikes(storeAway) {
		return nil, fmt.Errorf("open %s: %w: %w", o.ID(), warehouse.ErrUnavailable, errReset)
	}
	body, err := s.Store.Open(ctx, o)
	if err != nil || !s.dice.strikes(readCut) {
		return body, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, int64(s.dice.n(200))), resetting{}), body}, nil
}

type resetting struct{}

func (resetting) Read([]byte) (int, error) { return 0, errReset }

// path is what DuckDB reads by.
func (s *store) path(o warehouse.Object) string {
	s.touched()
	return s.Path(o)
}

func (s *store) List(ctx context.Context, kind warehouse.Kind, after string, f func([]warehouse.Object) error) error {
	late := s.dice.strikes(listedLate)
	return s.Store.List(ctx, kind, after, func(objects []warehouse.Object) error {
		if late {
			objects = slices.DeleteFunc(objects, func(warehouse.Object) bool { return s.dice.n(2) == 0 })
		}
		return f(objects)
	})
}

// publisher is a delivery of which parts fail.
type publisher struct {
	collect.Publisher
	dice *dice
}

func (p publisher) Publish(ctx context.Context, records [][]byte) ([]int, error) {
	var failed []int
	var sent [][]byte
	fails, unsaid := p.dice.strikes(partFails), p.dice.strikes(partUnsaid)
	for i, r := range records {
		lost := fails && p.dice.n(2) == 0
		if lost || unsaid && p.dice.n(2) == 0 {
			failed = append(failed, i)
		}
		if !lost {
			sent = append(sent, r)
		}
	}
	if len(sent) == 0 {
		return failed, nil
	}
	if _, err := p.Publisher.Publish(ctx, sent); err != nil {
		return nil, err
	}
	return failed, nil
}

// queue delivers at least once, in any order.
type queue struct {
	dice *dice
	mu   sync.Mutex
	next int
	// waiting can be received; flying were, and were not deleted.
	waiting []load.Message
	flying  map[string]load.Message
}

func newQueue(d *dice) *queue { return &queue{dice: d, flying: map[string]load.Message{}} }

func (q *queue) add(o warehouse.Object) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next++
	q.waiting = append(q.waiting, load.Message{ID: fmt.Sprint(q.next), Object: o})
}

// Notify implements local.Notifier.
func (q *queue) Notify(o warehouse.Object) {
	if q.dice.strikes(notifiedNever) {
		return
	}
	q.add(o)
	if q.dice.strikes(notifiedTwice) {
		q.add(o)
	}
}

// Enqueue implements update.RetryQueue.
func (q *queue) Enqueue(_ context.Context, o warehouse.Object) error {
	if q.dice.strikes(retryAway) {
		return errReset
	}
	q.add(o)
	return nil
}

// expire makes what is in flight receivable again.
func (q *queue) expire() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, m := range q.flying {
		delete(q.flying, id)
		q.waiting = append(q.waiting, m)
	}
	slices.SortFunc(q.waiting, func(a, b load.Message) int { return len(a.ID) - len(b.ID) })
}

func (q *queue) Depth(context.Context) (int, error) {
	if q.dice.strikes(queueAway) {
		return 0, errReset
	}
	if q.dice.strikes(deliveredAgain) {
		q.expire()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting), nil
}

func (q *queue) Receive(_ context.Context, most int) (out []load.Message, err error) {
	if q.dice.strikes(queueAway) {
		return nil, errReset
	}
	twice := q.dice.strikes(deliveredTwice)
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) > 0 && len(out) < most {
		i := q.dice.n(len(q.waiting))
		m := q.waiting[i]
		q.waiting = slices.Delete(q.waiting, i, i+1)
		out = append(out, m)
		if twice && len(out) < most {
			out = append(out, m)
		}
		q.flying[m.ID] = m
		if q.dice.n(20) == 0 {
			break // SQS gives fewer than there are
		}
	}
	return out, nil
}

func (q *queue) Delete(_ context.Context, messages []load.Message) error {
	fails := q.dice.strikes(deleteFails)
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, m := range messages {
		if fails && i == len(messages)/2 {
			return errReset
		}
		delete(q.flying, m.ID)
	}
	return nil
}

// engine is a warehouse that is open.
type engine interface {
	load.Warehouse
	update.Merger
	update.Reader
	audit.Warehouse
	deletion.Warehouse
	Migrate(ctx context.Context) error
	Close() error
}

// faulty is a warehouse that is away, is cut off, is slow, or is not heard.
type faulty struct {
	engine
	dice *dice
	cut  *cutter
	// meanwhile is what others do just before it stores something, of a user or of
	// anybody.
	meanwhile func(ctx context.Context, user string)
}

// cutter cuts off what runs when something was touched so often.
type cutter struct {
	mu   sync.Mutex
	left int
	cut  context.CancelFunc
}

func (c *cutter) touched() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 && c.cut != nil {
		c.cut()
	}
}

func (c *cutter) arm(after int, cut context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.cut = after, cut
}

func (f faulty) around(ctx context.Context, do func(ctx context.Context) error) error {
	if f.dice.strikes(warehouseAway) {
		return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, errReset)
	}
	if f.dice.strikes(warehouseCut) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		f.cut.arm(1+f.dice.n(3), cancel)
		defer f.cut.arm(0, nil)
	}
	if f.dice.strikes(warehouseSlow) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(f.dice.n(20000))*time.Microsecond)
		defer cancel()
	}
	if err := do(ctx); err != nil {
		return err
	}
	if f.dice.strikes(doneUnsaid) {
		return fmt.Errorf("%w: %w", warehouse.ErrUnavailable, errReset)
	}
	return nil
}

func (f faulty) Ping(ctx context.Context) error { return f.around(ctx, f.engine.Ping) }

func (f faulty) Load(ctx context.Context, objects []warehouse.Object) (r warehouse.LoadReport, err error) {
	f.meanwhile(ctx, "")
	err = f.around(ctx, func(ctx context.Context) error { r, err = f.engine.Load(ctx, objects); return err })
	return r, err
}

func (f faulty) Reload(ctx context.Context, objects []warehouse.Object) (r warehouse.LoadReport, err error) {
	err = f.around(ctx, func(ctx context.Context) error { r, err = f.engine.Reload(ctx, objects); return err })
	return r, err
}

func (f faulty) Merge(ctx context.Context, o warehouse.Object, writes []warehouse.UserWrite) error {
	f.meanwhile(ctx, writes[f.dice.n(len(writes))].UserID)
	return f.around(ctx, func(ctx context.Context) error { return f.engine.Merge(ctx, o, writes) })
}

func (f faulty) MergeObject(ctx context.Context, o warehouse.Object) error {
	return f.around(ctx, func(ctx context.Context) error { return f.engine.MergeObject(ctx, o) })
}

func (f faulty) Quarantine(ctx context.Context, o warehouse.Object, reason string) error {
	return f.around(ctx, func(ctx context.Context) error { return f.engine.Quarantine(ctx, o, reason) })
}

func (f faulty) Requarantine(ctx context.Context, o warehouse.Object, reason string) error {
	return f.around(ctx, func(ctx context.Context) error { return f.engine.Requarantine(ctx, o, reason) })
}

func (f faulty) Known(ctx context.Context, objects []warehouse.Object) (known map[string]bool, err error) {
	err = f.around(ctx, func(ctx context.Context) error { known, err = f.engine.Known(ctx, objects); return err })
	return known, err
}

func (f faulty) Quarantined(ctx context.Context, objects []warehouse.Object) (set map[string]bool, err error) {
	err = f.around(ctx, func(ctx context.Context) error { set, err = f.engine.Quarantined(ctx, objects); return err })
	return set, err
}

func (f faulty) Deletions(ctx context.Context) (work warehouse.DeletionWork, err error) {
	err = f.around(ctx, func(ctx context.Context) error { work, err = f.engine.Deletions(ctx); return err })
	return work, err
}

func (f faulty) Erase(ctx context.Context, e warehouse.Erasure) (erased warehouse.Erased, err error) {
	f.meanwhile(ctx, "")
	err = f.around(ctx, func(ctx context.Context) error { erased, err = f.engine.Erase(ctx, e); return err })
	return erased, err
}

func (f faulty) UserEvents(ctx context.Context, user string, from, to time.Time) (events map[warehouse.EventIdentity]bool, err error) {
	err = f.around(ctx, func(ctx context.Context) error { events, err = f.engine.UserEvents(ctx, user, from, to); return err })
	return events, err
}
