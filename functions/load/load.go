// Package load brings raw objects into the warehouse. A queue tells it what is
// new; the ledger, written in the load's own transaction, makes each object
// count once; an object whose data cannot be loaded is set aside and the rest
// goes on.
package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Warehouse is where objects go.
type Warehouse interface {
	// Ping tells whether the warehouse answers; an error wraps
	// warehouse.ErrUnavailable.
	Ping(ctx context.Context) error
	// Load stores, in one transaction, what the ledger does not hold yet. A
	// *warehouse.DataError says that the data is at fault and nothing was
	// stored; one wrapping fs.ErrNotExist, that an object is not there; one
	// wrapping warehouse.ErrTooMuch, that fewer objects at once may do.
	Load(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error)
	// Quarantine records in the ledger that an object is set aside, and why.
	Quarantine(ctx context.Context, o warehouse.Object, reason string) error
	// Known tells which objects the ledger holds, by ID.
	Known(ctx context.Context, objects []warehouse.Object) (map[string]bool, error)
	// Quarantined tells which objects are set aside, by ID.
	Quarantined(ctx context.Context, objects []warehouse.Object) (map[string]bool, error)
	// Reload is Load that, in its own transaction, forgets of the objects that
	// they were set aside.
	Reload(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error)
	// Requarantine is Quarantine that replaces what an earlier one recorded.
	Requarantine(ctx context.Context, o warehouse.Object, reason string) error
}

// Message is one notification that an object was created.
type Message struct {
	// ID identifies the delivery, for Delete.
	ID     string
	Object warehouse.Object
}

// Queue holds the notifications. It may deliver one twice, and in any order.
type Queue interface {
	// Depth is about how many notifications wait. It must not be costly: it is
	// what an idle stack asks instead of waking the warehouse.
	Depth(ctx context.Context) (int, error)
	// Receive takes up to most notifications, none when none waits. What is not
	// deleted is delivered again later.
	Receive(ctx context.Context, most int) ([]Message, error)
	// Delete ends notifications.
	Delete(ctx context.Context, messages []Message) error
}

// Lister lists the raw objects that there are.
type Lister interface {
	// List calls f with the objects of a kind whose keys come after one ("" for
	// all), in the order of their keys, in slices of bounded length. It does
	// not look at those before: a bucket holds years of them.
	List(ctx context.Context, kind warehouse.Kind, after string, f func([]warehouse.Object) error) error
}

// The bounds of one load transaction: enough to catch up fast after an outage,
// few enough that a retry of it is cheap.
const (
	// MaxObjects bounds the objects in one transaction.
	MaxObjects = 500
	// MaxBytes bounds their compressed size.
	MaxBytes = 256 << 20
)

// Config is what a Loader needs.
type Config struct {
	Queue     Queue
	Warehouse Warehouse
	Lister    Lister
	Logger    *slog.Logger
	// Reserve is how much of a run's time, by the deadline of its context, must
	// be left for it to begin another transaction; 0 means that it goes on. Now
	// is the clock that tells; it may be nil where Reserve is 0.
	Reserve time.Duration
	Now     func() time.Time
	// Retention is for how long events are kept; it needs Now, and Expirer, which
	// deletes them, where there is one.
	Retention Retention
	Expirer   Expirer
}

// Loader runs loads.
type Loader struct{ config Config }

// New makes a loader.
func New(c Config) *Loader { return &Loader{config: c} }

// Summary says what a run did.
type Summary struct {
	// Objects were loaded; Known had been loaded or set aside before; Missing
	// are not there yet and stay in the queue.
	Objects, Known, Missing int
	// Lines were read, Inserted rows are new, Duplicates were stored before.
	Lines, Inserted, Duplicates int64
	// Expired objects are no longer kept and were passed over; ExpiredRows are
	// events that were deleted because they are not.
	Expired     int
	ExpiredRows int64
	// Quarantined are the objects that were set aside.
	Quarantined []warehouse.Object
	// TooMuch are the objects that each alone need more memory than the warehouse
	// has. They stay in the queue.
	TooMuch []warehouse.Object
	// Stopped says that the run ended for want of time: there may be more to do,
	// for the next one.
	Stopped bool
	// Waited says that nobody asks, and that the run left what there is to a
	// later one: see Patience.
	Waited bool
}

// plus adds what a later part of the same run did.
func (s Summary) plus(t Summary) Summary {
	return Summary{
		Objects: s.Objects + t.Objects, Known: s.Known + t.Known, Missing: s.Missing + t.Missing,
		Lines: s.Lines + t.Lines, Inserted: s.Inserted + t.Inserted, Duplicates: s.Duplicates + t.Duplicates,
		Quarantined: append(s.Quarantined, t.Quarantined...), Stopped: s.Stopped || t.Stopped,
		TooMuch: append(s.TooMuch, t.TooMuch...),
		Expired: s.Expired + t.Expired, ExpiredRows: s.ExpiredRows + t.ExpiredRows,
	}
}

func (s *Summary) add(r warehouse.LoadReport) {
	for _, o := range r.Objects {
		if o.AlreadyLoaded {
			s.Known++
			continue
		}
		s.Objects++
		s.Lines += o.Lines
		s.Inserted += o.Inserted
		s.Duplicates += o.Duplicates
	}
}

// late tells whether too little time is left to begin another transaction. One
// that is cut off is lost work, and what it held comes back only when its
// notifications do.
func (l *Loader) late(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && l.config.Reserve > 0 && deadline.Sub(l.config.Now()) < l.config.Reserve
}

// LeftError says that a run did what it could and left objects that each alone need
// more memory than the warehouse has. It wraps warehouse.ErrTooMuch.
type LeftError struct{ Objects []warehouse.Object }

// Error names the objects, ten at most.
func (e *LeftError) Error() string {
	names := make([]string, min(len(e.Objects), 10))
	for i := range names {
		names[i] = e.Objects[i].ID()
	}
	more := ""
	if len(e.Objects) > len(names) {
		more = fmt.Sprintf(" and %d more", len(e.Objects)-len(names))
	}
	return fmt.Sprintf("%v: %s%s wait until the warehouse has more memory; the others do not wait for them", warehouse.ErrTooMuch, strings.Join(names, ", "), more)
}

// Unwrap gives warehouse.ErrTooMuch.
func (e *LeftError) Unwrap() error { return warehouse.ErrTooMuch }

// tooMuch is the error of a run that left objects for want of memory, nil where it
// left none.
func (s *Summary) tooMuch() error {
	if len(s.TooMuch) == 0 {
		return nil
	}
	return &LeftError{s.TooMuch}
}

// Run loads what the queue names until the queue is empty. An error means that
// something may be left in the queue; what the summary counts is stored all the
// same. A *LeftError means that nothing else failed than to load the summary's
// TooMuch.
func (l *Loader) Run(ctx context.Context) (Summary, error) {
	total, err := l.run(ctx)
	if err == nil {
		err = total.tooMuch()
	}
	return total, err
}

func (l *Loader) run(ctx context.Context) (Summary, error) {
	var total Summary
	// An empty queue ends here: the warehouse bills for being woken.
	depth, err := l.config.Queue.Depth(ctx)
	if err != nil {
		return total, fmt.Errorf("ask the queue: %w", err)
	}
	if depth == 0 {
		return total, nil
	}
	// Receiving counts against a notification's attempts, so an outage of the
	// warehouse must show before: it would drive all of them to the dead-letter
	// queue.
	if err := l.config.Warehouse.Ping(ctx); err != nil {
		return total, fmt.Errorf("reach the warehouse: %w", err)
	}
	for {
		if l.late(ctx) {
			total.Stopped = true
			return total, nil
		}
		messages, err := l.config.Queue.Receive(ctx, MaxObjects)
		if err != nil {
			return total, fmt.Errorf("receive from the queue: %w", err)
		}
		if len(messages) == 0 {
			if total.Objects == 0 {
				return total, nil
			}
			// Only after a load: it wakes nothing by itself.
			return total, l.expire(ctx, &total)
		}
		done, err := l.messages(ctx, messages, &total)
		// What is stored is stored, whatever came after it.
		if len(done) > 0 {
			if err := l.config.Queue.Delete(ctx, done); err != nil {
				return total, fmt.Errorf("delete from the queue: %w", err)
			}
		}
		if err != nil {
			return total, err
		}
		if len(done) == 0 {
			return total, nil // nothing but objects that are not there yet, or no time
		}
	}
}

// messages loads the objects of the messages and gives back those that are
// settled.
func (l *Loader) messages(ctx context.Context, messages []Message, total *Summary) (done []Message, err error) {
	objects := make([]warehouse.Object, len(messages))
	for i, m := range messages {
		objects[i] = m.Object
	}
	settled, err := l.objects(ctx, objects, total)
	for _, m := range messages {
		if settled[m.Object.ID()] {
			done = append(done, m)
		}
	}
	return done, err
}

// objects loads the objects in transactions of bounded size. Those that it has
// no time for are not settled, nor those that are not there or too much.
func (l *Loader) objects(ctx context.Context, objects []warehouse.Object, total *Summary) (settled map[string]bool, err error) {
	settled = map[string]bool{}
	left := map[string]bool{}
	objects = l.keep(objects, total, settled)
	for len(objects) > 0 {
		if l.late(ctx) {
			total.Stopped = true
			break
		}
		n, bytes := 0, int64(0)
		for n < len(objects) && n < MaxObjects && (n == 0 || bytes+objects[n].Size <= MaxBytes && l.together(objects[:n], objects[n])) {
			bytes += objects[n].Size
			n++
		}
		if err := l.load(ctx, objects[:n], total, left); err != nil {
			return settled, err
		}
		for _, o := range objects[:n] {
			settled[o.ID()] = !left[o.ID()]
		}
		objects = objects[n:]
	}
	return settled, nil
}

// load loads objects in one transaction. When it fails for data, the object at
// fault is set aside and the rest is loaded in the same call; when the engine
// does not know which one it is, halving finds it. What is too much at once is halved
// as well, down to an object that is too much alone. left is told what stays.
func (l *Loader) load(ctx context.Context, objects []warehouse.Object, total *Summary, left map[string]bool) error {
	if len(objects) == 0 {
		return nil
	}
	report, err := l.config.Warehouse.Load(ctx, objects)
	if err == nil {
		total.add(report)
		return nil
	}
	var data *warehouse.DataError
	isData, isMissing := errors.As(err, &data), errors.Is(err, fs.ErrNotExist)
	tooMuch := errors.Is(err, warehouse.ErrTooMuch)
	if !isData && !isMissing && !tooMuch {
		return err
	}
	// An engine reads in order, so what stands before the object it names is
	// most likely sound: cutting there reads everything about twice, however
	// many objects are bad, where leaving the bad one out and starting over
	// would read the sound ones once for each of them.
	before, after := len(objects)/2, len(objects)/2
	if bad := blamed(data, objects); bad >= 0 || len(objects) == 1 {
		bad = max(bad, 0)
		before, after = bad, bad+1
		if err := l.setAside(ctx, objects[bad], err, isData, total, left); err != nil {
			return err
		}
	}
	if err := l.load(ctx, objects[:before], total, left); err != nil {
		return err
	}
	return l.load(ctx, objects[after:], total, left)
}

// blamed is the index of the object that the engine names, or -1.
func blamed(data *warehouse.DataError, objects []warehouse.Object) int {
	if data == nil || data.Object == nil {
		return -1
	}
	return slices.IndexFunc(objects, func(o warehouse.Object) bool { return o.ID() == data.Object.ID() })
}

// setAside deals with the one object that kept a load from succeeding.
func (l *Loader) setAside(ctx context.Context, o warehouse.Object, cause error, isData bool, total *Summary, left map[string]bool) error {
	if isData {
		return l.quarantine(ctx, o, cause, total)
	}
	if left[o.ID()] {
		return nil // notified twice
	}
	left[o.ID()] = true
	if errors.Is(cause, warehouse.ErrTooMuch) {
		// Nothing is wrong with it, and what takes the memory may be questions.
		l.config.Logger.ErrorContext(ctx, "an object needs more memory than the warehouse has; give it more", "object", o.ID(), "error", cause)
		total.TooMuch = append(total.TooMuch, o)
		return nil
	}
	// Notified before it is visible: the notification comes again.
	l.config.Logger.WarnContext(ctx, "an object is not there yet", "object", o.ID())
	total.Missing++
	return nil
}

func (l *Loader) quarantine(ctx context.Context, o warehouse.Object, cause error, total *Summary) error {
	reason := warehouse.Reason(cause) // without "load 500 objects: …" before it
	l.config.Logger.ErrorContext(ctx, "an object is quarantined", "object", o.ID(), "reason", reason)
	if err := l.config.Warehouse.Quarantine(ctx, o, reason); err != nil {
		return err
	}
	total.Quarantined = append(total.Quarantined, o)
	return nil
}

// Window says which raw objects a sweep looks at. The zero Window is all.
type Window struct {
	// After is, by kind, the key up to and with which objects are passed over.
	After map[warehouse.Kind]string
	// Done, when it is not nil, is told that all objects of a kind up to and
	// with a key are settled. A sweep that goes on after that key misses none
	// that was there.
	Done func(ctx context.Context, kind warehouse.Kind, key string) error
}

// Since is the window of what arrived at a time or later, in whole hours: that
// is how raw objects are named.
func Since(at time.Time) Window {
	w := Window{After: map[warehouse.Kind]string{}}
	for _, kind := range kinds {
		// The hour's folder itself, which comes before everything in it.
		w.After[kind] = string(kind) + "/" + at.UTC().Format("2006/01/02/15")
	}
	return w
}

var kinds = []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates}

// Sweep loads every raw object that the ledger does not hold: what the queue
// missed, and what a crash left behind.
func (l *Loader) Sweep(ctx context.Context) (Summary, error) { return l.SweepWindow(ctx, Window{}) }

// SweepWindow is Sweep for the objects in a window.
func (l *Loader) SweepWindow(ctx context.Context, w Window) (Summary, error) {
	var total Summary
	for _, kind := range kinds {
		if err := l.sweep(ctx, kind, w, &total); err != nil {
			return total, fmt.Errorf("sweep %s: %w", kind, err)
		}
		if total.Stopped {
			return total, nil
		}
	}
	return total, total.tooMuch()
}

// errStopped ends a listing whose run has no more time.
var errStopped = errors.New("no time is left")

func (l *Loader) sweep(ctx context.Context, kind warehouse.Kind, w Window, total *Summary) error {
	// What is unknown is gathered into whole loads, and loaded as soon as it
	// makes one: a rebuild from raw data must not hold the names of everything.
	var unknown []warehouse.Object
	var last string
	flush := func() error {
		full := unknown
		unknown = nil
		if _, err := l.objects(ctx, full, total); err != nil {
			return err
		}
		if total.Stopped {
			return errStopped
		}
		if w.Done == nil || last == "" || slices.ContainsFunc(total.TooMuch, func(o warehouse.Object) bool { return o.Kind == kind }) {
			return nil
		}
		return w.Done(ctx, kind, last)
	}
	err := l.config.Lister.List(ctx, kind, w.After[kind], func(objects []warehouse.Object) error {
		if l.late(ctx) {
			total.Stopped = true
			return errStopped
		}
		known, err := l.config.Warehouse.Known(ctx, objects)
		if err != nil {
			return err
		}
		for _, o := range objects {
			if !known[o.ID()] {
				unknown = append(unknown, o)
			}
			last = o.Key
		}
		if len(unknown) < MaxObjects {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}
