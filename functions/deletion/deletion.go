// Package deletion deletes the data of users for good: from the warehouse, and
// from the raw objects with their older versions. What is asked for lies in
// documents of the warehouse; a pass over the raw objects serves all that are
// due, goes on where it was cut off, and leaves receipts.
package deletion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Warehouse keeps the deletions and takes users out of the tables.
type Warehouse interface {
	// Deletions gives those that are not done, and the pass that is under way.
	Deletions(ctx context.Context) (warehouse.DeletionWork, error)
	// Erase does one transaction of a pass; an error wrapping
	// warehouse.ErrTakenOver says that another run has gone on with it.
	Erase(ctx context.Context, e warehouse.Erasure) (warehouse.Erased, error)
	// Known and Quarantined tell what the ledger holds, by ID.
	Known(ctx context.Context, objects []warehouse.Object) (map[string]bool, error)
	Quarantined(ctx context.Context, objects []warehouse.Object) (map[string]bool, error)
	// UserEvents gives the events that a user has between two times.
	UserEvents(ctx context.Context, userID string, from, to time.Time) (map[warehouse.EventIdentity]bool, error)
}

// Version is a version of a raw object that is no longer the current one.
type Version struct {
	Object warehouse.Object
	ID     string
}

// Store keeps the raw objects.
type Store interface {
	load.Lister
	warehouse.Source
	// Put replaces an object whole or not at all.
	Put(ctx context.Context, bucket, key string, body []byte) error
	// Older calls f with older versions of objects of a kind whose keys come
	// after one, in the order of their keys, in slices of bounded length. A store
	// without versions has none.
	Older(ctx context.Context, kind warehouse.Kind, after string, f func([]Version) error) error
	// OpenVersion opens one; what is not there gives an error wrapping
	// fs.ErrNotExist.
	OpenVersion(ctx context.Context, v Version) (io.ReadCloser, error)
	// RemoveVersion removes one for good. An error wrapping fs.ErrPermission says
	// that it is kept from that.
	RemoveVersion(ctx context.Context, v Version) error
}

// Config is what a Runner needs.
type Config struct {
	Warehouse Warehouse
	Store     Store
	// Settle is how long after its acceptance an event may still be on its way to
	// the raw objects.
	Settle time.Duration
	// Slice bounds one run, that the loads may have their turn; 0 means that it
	// goes on to the end. Reserve is how much time, by the deadline of the
	// context, must be left to begin another part.
	Slice, Reserve time.Duration
	// Lease is for how long a run that says nothing more keeps others from going
	// on with its pass.
	Lease time.Duration
	// VersionDays is after how many days an older version goes by itself; 0 where
	// there are none.
	VersionDays int
	// Remains is what else is left of a deletion that is done at a time.
	Remains func(done time.Time) []warehouse.Remains
	Now     func() time.Time
	Logger  *slog.Logger
}

// Runner works on deletions.
type Runner struct{ config Config }

// New makes a runner.
func New(c Config) *Runner { return &Runner{config: c} }

// Summary is what a run did.
type Summary struct {
	// Done and Failed are the deletions that ended, Open how many are left, and Late
	// how many of these have been due for longer than
	// load.DeletionsLateAfter.
	Done, Failed, Open, Late int
	// Objects were rewritten, Lines left out, and Rows deleted by this run.
	Objects, Lines, Rows int64
	// Stopped says that there is more to do at once.
	Stopped bool
	// Next is when there is more to do, zero for never.
	Next time.Time
}

// maxFailures is how often in a row a pass may fail before its deletions are
// given up.
const maxFailures = 10

// pass is a walk over the raw objects.
type pass struct {
	Active  bool      `json:"active"`
	Started time.Time `json:"started"`
	// Deletions are the ids of those that it serves.
	Deletions []string `json:"deletions"`
	// From is where it begins: objects of earlier hours were in a pass before.
	From time.Time `json:"from,omitzero"`
	// Phase and Kind are what it is at, and After the key up to and with which it
	// is done with that.
	Phase warehouse.DeletionPhase `json:"phase"`
	Kind  warehouse.Kind          `json:"kind"`
	After string                  `json:"after"`
	// Until is when others may take it over.
	Until time.Time `json:"until,omitzero"`
	// Replacing are the objects that are being replaced, by ID. It is known before
	// they are: an object that no load has met is replaced within a transaction, and
	// where its connection breaks at that moment, and the lock goes with it, a load
	// may have read what the object was. Then it can be told why lines are missing.
	Replacing map[string]replacing `json:"replacing,omitempty"`
}

// replacing is how many lines an object has, and how many of them go, by the
// deletions of the pass.
type replacing struct {
	Before  int64         `json:"before"`
	Removed map[int]int64 `json:"removed"`
}

func newReplacing(o warehouse.Rewritten) replacing {
	r := replacing{Before: o.Before, Removed: map[int]int64{}}
	for i, n := range o.Removed {
		if n > 0 {
			r.Removed[i] = n
		}
	}
	return r
}

// size is about how long it is in the pass's document.
func (r replacing) size(o warehouse.Rewritten) int {
	return len(o.Object.ID()) + 50 + 15*len(r.Removed)
}

// done tells whether an object is what it was replaced by.
func (r replacing) done(c content) bool {
	after := r.Before
	for _, n := range r.Removed {
		after -= n
	}
	return c.unreadable == nil && c.goes() == 0 && c.lines == after
}

// run is one run of a pass.
type run struct {
	*Runner
	pass      pass
	version   int64
	deletions []warehouse.DeletionDocument
	// failures are those that were given up before.
	failures []warehouse.DeletionDocument
	summary  *Summary
	began    time.Time
	saved    time.Time
}

// Run goes on with what there is to do, for as long as it may.
func (r *Runner) Run(ctx context.Context) (Summary, error) {
	began := r.config.Now()
	var s Summary
	for {
		more, err := r.once(ctx, began, &s)
		if err != nil || !more {
			if s.Late > 0 {
				r.config.Logger.ErrorContext(ctx, "a deletion is late", "deletions", s.Late) // the line for the alarm
			}
			return s, err
		}
	}
}

// Work implements load.Deletions.
func (r *Runner) Work(ctx context.Context) (next time.Time, err error) {
	s, err := r.Run(ctx)
	return s.Next, err
}

// once works on one pass to its end, and tells whether another may begin.
func (r *Runner) once(ctx context.Context, began time.Time, s *Summary) (more bool, err error) {
	work, err := r.config.Warehouse.Deletions(ctx)
	if err != nil {
		return false, err
	}
	now := r.config.Now()
	p, err := r.choose(work, now, s)
	if err != nil || !p.Active {
		return false, err
	}
	if p.Until.After(now) {
		s.Next = p.Until
		return false, nil
	}
	this := &run{Runner: r, pass: p, version: work.PassVersion, summary: s, began: began}
	for _, d := range work.Deletions {
		switch {
		case !d.Unfinished():
			this.failures = append(this.failures, d)
		case slices.Contains(p.Deletions, d.ID):
			this.deletions = append(this.deletions, d)
		}
	}
	err = this.work(ctx)
	switch {
	case errors.Is(err, warehouse.ErrTakenOver):
		r.config.Logger.InfoContext(ctx, "another run works on the deletions")
		s.Next = now.Add(r.config.Lease)
		return false, nil
	case errors.Is(err, errStopped):
		s.Stopped, s.Next = true, r.config.Now()
		return false, nil
	case err != nil:
		return false, errors.Join(err, this.failed(ctx, err))
	}
	return true, nil
}

// choose gives the pass that is under way or, where something is due, a new one.
func (r *Runner) choose(work warehouse.DeletionWork, now time.Time, s *Summary) (p pass, err error) {
	if work.PassVersion > 0 {
		if err := json.Unmarshal(work.Pass, &p); err != nil {
			return p, fmt.Errorf("read the pass of the deletions: %w", err)
		}
	}
	s.Open, s.Late, s.Next = 0, 0, time.Time{}
	var from time.Time
	var due []string
	whole := false
	for _, d := range work.Deletions {
		if !d.Unfinished() {
			continue
		}
		s.Open++
		settling := d.Phase == warehouse.DeletionSettling
		if settling && d.SettlesAt.After(now) {
			if s.Next.IsZero() || d.SettlesAt.Before(s.Next) {
				s.Next = d.SettlesAt
			}
			continue
		}
		since := d.RequestedAt
		if d.SettlesAt.After(since) {
			since = d.SettlesAt // that it settles is no delay
		}
		if now.Sub(since) > load.DeletionsLateAfter {
			s.Late++
		}
		due = append(due, d.ID)
		whole = whole || !settling
		if from.IsZero() || d.RequestedAt.Before(from) {
			from = d.RequestedAt
		}
	}
	if p.Active || len(due) == 0 {
		return p, nil
	}
	p = pass{Active: true, Started: now, Deletions: due, Phase: warehouse.DeletionObjects, Kind: kinds[0]}
	if !whole {
		// What was there before was in the first pass. An object may begin before
		// the request and have lines that were accepted after it.
		p.From = from.Add(-margin)
	}
	p.After = p.beginning(p.Kind)
	return p, nil
}

// margin is how long before its first line an object's name may begin.
const margin = 2 * time.Hour

var kinds = []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates}

// beginning is the key after which a pass begins with a kind.
func (p pass) beginning(kind warehouse.Kind) string {
	if p.From.IsZero() {
		return ""
	}
	return load.Since(p.From).After[kind]
}

// errStopped ends a run for want of time.
var errStopped = errors.New("no time is left")

// late tells whether the run must end.
func (r *run) late(ctx context.Context) bool {
	now := r.config.Now()
	if r.config.Slice > 0 && now.Sub(r.began) >= r.config.Slice {
		return true
	}
	deadline, ok := ctx.Deadline()
	return ok && r.config.Reserve > 0 && deadline.Sub(now) < r.config.Reserve
}

// work does the pass to its end. The rows go first, so that nobody sees them any
// more, then the objects and versions, and then whatever of the rows was loaded
// from the objects in between.
func (r *run) work(ctx context.Context) error {
	r.each(func(d *warehouse.Deletion) {
		if d.StartedAt.IsZero() {
			d.StartedAt = r.config.Now().UTC()
		}
		d.State, d.Phase = warehouse.DeletionRunning, r.pass.Phase
	})
	if err := r.erase(ctx, warehouse.Erasure{Rows: true, Users: true}); err != nil {
		return err
	}
	for _, phase := range []warehouse.DeletionPhase{warehouse.DeletionObjects, warehouse.DeletionVersions} {
		if r.pass.Phase != phase {
			continue // it is behind us
		}
		for i, kind := range kinds {
			if r.pass.Kind != kind {
				continue
			}
			if err := r.walk(ctx); err != nil {
				return fmt.Errorf("delete from the %s: %w", kind, err)
			}
			if i+1 < len(kinds) {
				r.pass.Kind = kinds[i+1]
				r.pass.After = r.pass.beginning(r.pass.Kind)
			}
		}
		if phase == warehouse.DeletionObjects {
			r.pass.Phase, r.pass.Kind = warehouse.DeletionVersions, kinds[0]
			r.pass.After = r.pass.beginning(kinds[0])
			r.each(func(d *warehouse.Deletion) { d.Phase = warehouse.DeletionVersions })
		}
	}
	return r.finish(ctx)
}

func (r *run) walk(ctx context.Context) error {
	if r.pass.Phase == warehouse.DeletionVersions {
		return r.versions(ctx)
	}
	return r.objects(ctx)
}

// finish ends the pass: what is settled is done.
func (r *run) finish(ctx context.Context) error {
	now := r.config.Now().UTC()
	// Once more with the ids, and then the receipts without them.
	if err := r.erase(ctx, warehouse.Erasure{Rows: true, Users: true}); err != nil {
		return err
	}
	done := 0
	var gone []string
	r.each(func(d *warehouse.Deletion) {
		d.Error, d.Failures = "", 0
		settles := d.RequestedAt.Add(r.config.Settle)
		if r.pass.Started.Before(settles) {
			d.Phase, d.SettlesAt = warehouse.DeletionSettling, settles
			return
		}
		done++
		gone = append(gone, d.UserID)
		d.State, d.Phase, d.UserID, d.FinishedAt, d.SettlesAt = warehouse.DeletionDone, "", "", now, time.Time{}
		d.Remains = r.remains(*d, now)
	})
	for _, d := range r.failures {
		// What could not be done then is done now.
		if slices.Contains(gone, d.UserID) {
			d.UserID = ""
			r.deletions = append(r.deletions, d)
		}
	}
	r.pass = pass{}
	if err := r.erase(ctx, warehouse.Erasure{}); err != nil {
		return err
	}
	r.summary.Done += done
	for _, d := range r.deletions {
		r.config.Logger.InfoContext(ctx, "a pass of a deletion is done", "deletion", d.ID, "state", d.State, "event_rows", d.EventRows,
			"user_rows", d.UserRows, "objects", d.Objects, "lines", d.Lines, "versions", d.Versions)
	}
	return nil
}

func (r *Runner) remains(d warehouse.Deletion, now time.Time) []warehouse.Remains {
	var left []warehouse.Remains
	if d.KeptVersions > 0 {
		left = append(left, warehouse.Remains{
			What:  fmt.Sprintf("%d older versions of raw objects that the bucket keeps from being removed", d.KeptVersions),
			Until: now.AddDate(0, 0, r.config.VersionDays),
		})
	}
	if d.UnreadableTotal > 0 {
		left = append(left, warehouse.Remains{What: fmt.Sprintf("whatever stands in %d raw objects that cannot be read to their end: mend them and ask again, or delete them", d.UnreadableTotal)})
	}
	if r.config.Remains != nil {
		left = append(left, r.config.Remains(now)...)
	}
	return left
}

// each changes all deletions of the pass.
func (r *run) each(f func(*warehouse.Deletion)) {
	for i := range r.deletions {
		f(&r.deletions[i].Deletion)
	}
}

// erase does one transaction, and stores the objects that the ledger now has as
// they will be.
func (r *run) erase(ctx context.Context, e warehouse.Erasure) error {
	now := r.config.Now()
	r.pass.Until = time.Time{}
	if r.pass.Active {
		r.pass.Until = now.Add(r.config.Lease).UTC()
	}
	return r.commit(ctx, e)
}

func (r *run) commit(ctx context.Context, e warehouse.Erasure) error {
	text, err := json.Marshal(r.pass)
	if err != nil {
		return fmt.Errorf("write the pass of the deletions: %w", err)
	}
	e.PassVersion, e.Pass, e.Deletions = r.version, text, r.deletions
	e.Put = r.put
	before := r.totals()
	erased, err := r.config.Warehouse.Erase(ctx, e)
	if err != nil {
		return err
	}
	r.version, r.deletions, r.saved = erased.PassVersion, erased.Deletions, r.config.Now()
	after := r.totals()
	r.summary.Objects += after.Objects - before.Objects
	r.summary.Lines += after.Lines - before.Lines
	r.summary.Rows += after.Rows - before.Rows
	for _, o := range erased.Put {
		if err := r.put(ctx, o); err != nil {
			return fmt.Errorf("rewrite %s: %w", o.Object.ID(), err)
		}
	}
	return nil
}

func (r *run) put(ctx context.Context, o warehouse.Rewritten) error {
	return r.config.Store.Put(ctx, o.Object.Bucket, o.Object.Key, o.Body)
}

func (r *run) totals() (s Summary) {
	for _, d := range r.deletions {
		s.Objects += d.Objects
		s.Lines += d.Lines
		s.Rows += d.EventRows + d.UserRows
	}
	return s
}

// saveEvery is how often a run says how far it is.
const saveEvery = 10 * time.Second

// reached says that all up to and with a key is done. It ends the run when its
// time is up.
func (r *run) reached(ctx context.Context, key string) error {
	r.pass.After = key
	if r.late(ctx) {
		r.pass.Until = time.Time{}
		if err := r.commit(ctx, warehouse.Erasure{}); err != nil {
			return err
		}
		return errStopped
	}
	if r.config.Now().Sub(r.saved) < min(saveEvery, r.config.Lease/2) {
		return nil
	}
	return r.erase(ctx, warehouse.Erasure{})
}

// failed notes that a pass failed, and gives it up after many times.
func (r *run) failed(ctx context.Context, cause error) error {
	if errors.Is(cause, warehouse.ErrUnavailable) || ctx.Err() != nil {
		return nil // it passes, and nothing could be noted
	}
	given := 0
	r.each(func(d *warehouse.Deletion) {
		d.Failures++
		d.Error = cause.Error()
		if d.UserID != "" {
			d.Error = strings.ReplaceAll(d.Error, d.UserID, "…")
		}
		if d.Failures >= maxFailures {
			d.State, d.Phase = warehouse.DeletionFailed, ""
			given++
		}
	})
	r.pass.Until = time.Time{}
	if given == len(r.deletions) {
		r.pass = pass{}
	}
	if err := r.commit(ctx, warehouse.Erasure{}); err != nil {
		return fmt.Errorf("note that the deletions failed: %w", err)
	}
	r.summary.Failed += given
	for _, d := range r.deletions {
		if d.State == warehouse.DeletionFailed {
			r.config.Logger.ErrorContext(ctx, "a deletion is given up", "deletion", d.ID, "error", d.Error) // the line for the alarm
		}
	}
	return nil
}
