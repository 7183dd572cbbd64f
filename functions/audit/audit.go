// Package audit proves that no accepted event was lost or counted twice. It
// lists and reads the raw objects itself, and holds them against what the ledger
// says of each and against the rows in the tables. It changes none of them, and
// keeps what it found.
package audit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Warehouse is what an audit reads of a warehouse.
type Warehouse interface {
	Database() warehouse.Database
	// Users gives the stored rows of the ids that exist.
	Users(ctx context.Context, ids []string) ([]warehouse.User, error)
}

// Config is what an Auditor needs.
type Config struct {
	Lister load.Lister
	Source warehouse.Source
	// Open gives the warehouse. It is asked once, when an audit begins.
	Open func(ctx context.Context) (Warehouse, error)
	// Workers is how many objects are read at once; 0 is four.
	Workers int
	// MaxBytes bounds what is read of one object once it is unpacked; 0 is 4 GiB.
	MaxBytes int64
	// Reserve is how much of a run's time, by the deadline of its context, must
	// be left to begin another part of the range; 0 means that it goes on.
	Reserve time.Duration
	// Retention is for how long events are kept, and RawRetention for how long raw
	// objects of all kinds are.
	Retention, RawRetention load.Retention
	// Now is the clock.
	Now func() time.Time
}

// Request says what to audit.
type Request struct {
	load.Range
	// Deep looks for every line of a loaded object in the tables, one by one.
	Deep bool
}

// What to do about a finding.
const (
	// Replay loads what was set aside, once it is mended.
	Replay = "replay"
	// Sweep loads what no notification told of.
	Sweep = "sweep"
	// Restore brings back an object, from the bucket's older versions or a backup.
	Restore = "restore"
	// Report says that DataLoaf itself is at fault.
	Report = "report"
)

// Finding is something that does not add up, or that is worth knowing.
type Finding struct {
	// Object or Load is what it is about.
	Object string `json:"object,omitempty"`
	Load   int64  `json:"load,omitempty"`
	What   string `json:"what"`
	// Expected and Found are the two numbers that should be one.
	Expected int64 `json:"expected"`
	Found    int64 `json:"found"`
	// Action is replay, sweep, restore or report.
	Action string `json:"action"`
}

// Totals are those of one kind of objects.
type Totals struct {
	Kind    warehouse.Kind `json:"kind"`
	Objects int            `json:"objects"`
	// Accepted are the lines in the raw objects, as they were counted now. Each of
	// them must be in one of the others: stored as a new row or merged, found to be
	// stored before, set aside with its object, not yet met by a load, or expired.
	Accepted    int64 `json:"accepted"`
	Loaded      int64 `json:"loaded"`
	Duplicates  int64 `json:"duplicates"`
	Quarantined int64 `json:"quarantined"`
	Waiting     int64 `json:"waiting"`
	// QuarantinedObjects and WaitingObjects are how many objects hold those lines.
	QuarantinedObjects int `json:"quarantined_objects"`
	WaitingObjects     int `json:"waiting_objects"`
	// Expired lines are in objects whose events are no longer kept, of which there
	// are ExpiredObjects, those that are gone included. RawExpiredObjects are gone by
	// their age while their rows are kept: of these, Accepted are the lines that were
	// loaded.
	Expired           int64 `json:"expired"`
	ExpiredObjects    int   `json:"expired_objects"`
	RawExpiredObjects int   `json:"raw_expired_objects"`
	// Checked are the lines that a deep audit looked for in the tables.
	Checked int64 `json:"checked"`
}

// Missing is how many accepted lines are nowhere; less than none, how many are
// counted that nobody sent.
func (t Totals) Missing() int64 {
	return t.Accepted - t.Loaded - t.Duplicates - t.Quarantined - t.Waiting - t.Expired
}

// Plus adds the totals of another part of the range.
func (t Totals) Plus(o Totals) Totals {
	return Totals{
		Kind: t.Kind, Objects: t.Objects + o.Objects, Accepted: t.Accepted + o.Accepted, Loaded: t.Loaded + o.Loaded,
		Duplicates: t.Duplicates + o.Duplicates, Quarantined: t.Quarantined + o.Quarantined, Waiting: t.Waiting + o.Waiting,
		QuarantinedObjects: t.QuarantinedObjects + o.QuarantinedObjects, WaitingObjects: t.WaitingObjects + o.WaitingObjects,
		Expired: t.Expired + o.Expired, ExpiredObjects: t.ExpiredObjects + o.ExpiredObjects, RawExpiredObjects: t.RawExpiredObjects + o.RawExpiredObjects,
		Checked: t.Checked + o.Checked,
	}
}

// Result is what an audit found.
type Result struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Deep bool      `json:"deep"`
	// Proven is true when everything adds up: no accepted line is lost and none is
	// counted twice. What is set aside or still waits is accounted for, and noted.
	Proven bool     `json:"proven"`
	Totals []Totals `json:"totals"`
	// Loads are those that loaded the objects; LoadRows the rows that they stored
	// among the events, as the table has them.
	Loads    int   `json:"loads"`
	LoadRows int64 `json:"load_rows"`
	// Mismatches do not add up; Notes are what else to know. Both name the first of
	// them, and how many there are.
	Mismatches      []Finding `json:"mismatches"`
	MismatchesTotal int       `json:"mismatches_total"`
	Notes           []Finding `json:"notes"`
	NotesTotal      int       `json:"notes_total"`
	// Stopped says that the time was up: an audit from Next on does the rest.
	Stopped bool      `json:"stopped"`
	Next    time.Time `json:"next,omitzero"`
	// NotKept is why the result could not be kept for the insights page; empty
	// when it was.
	NotKept string `json:"not_kept,omitempty"`
}

// maxNamed bounds the findings that a result names: it must fit an answer of
// AWS Lambda, of 6 MB.
const maxNamed = 200

// NewResult is a result without any finding.
func NewResult(r Request) Result {
	out := Result{From: r.From.UTC(), To: r.To.UTC(), Deep: r.Deep, Proven: true, Mismatches: []Finding{}, Notes: []Finding{}}
	for _, kind := range Kinds(r.Range) {
		out.Totals = append(out.Totals, Totals{Kind: kind})
	}
	return out
}

// Kinds are the kinds of objects that a range is about.
func Kinds(r load.Range) []warehouse.Kind {
	if len(r.Kinds) > 0 {
		return r.Kinds
	}
	return []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates}
}

// Add adds what was found in a later part of the same range.
func (r *Result) Add(part Result) {
	for i := range r.Totals {
		for _, t := range part.Totals {
			if t.Kind == r.Totals[i].Kind {
				r.Totals[i] = r.Totals[i].Plus(t)
			}
		}
	}
	r.Loads += part.Loads
	r.LoadRows += part.LoadRows
	r.Mismatches = atMost(append(r.Mismatches, part.Mismatches...))
	r.MismatchesTotal += part.MismatchesTotal
	r.Notes = atMost(append(r.Notes, part.Notes...))
	r.NotesTotal += part.NotesTotal
	r.Proven = r.Proven && part.Proven
	r.Stopped, r.Next = part.Stopped, part.Next
	if part.NotKept != "" {
		r.NotKept = part.NotKept
	}
}

func atMost(findings []Finding) []Finding { return findings[:min(len(findings), maxNamed)] }

func (r *Result) mismatch(f Finding) {
	r.Proven = false
	r.MismatchesTotal++
	r.Mismatches = atMost(append(r.Mismatches, f))
}

func (r *Result) note(f Finding) {
	r.NotesTotal++
	r.Notes = atMost(append(r.Notes, f))
}

// Auditor audits.
type Auditor struct{ config Config }

// The defaults of a Config.
const (
	defaultWorkers  = 4
	defaultMaxBytes = 4 << 30
)

// New makes an auditor.
func New(c Config) *Auditor {
	if c.Workers == 0 {
		c.Workers = defaultWorkers
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
	}
	return &Auditor{config: c}
}

// span is the part of a range that is audited at once: its ledger is held in
// memory, and a run that has no more time ends between two of them.
const span = 6 * time.Hour

// audit is one run.
type audit struct {
	*Auditor
	warehouse Warehouse
	request   Request

	mu sync.Mutex
	// result is what was found, and totals where its counts go.
	result Result
	totals map[warehouse.Kind]*Totals
	// loads are those that the ledger names.
	loads map[int64]bool
}

// Run audits. An error says that it could not be done: that something does not
// add up is in the result.
func (a *Auditor) Run(ctx context.Context, r Request) (Result, error) {
	if err := r.Check(); err != nil {
		return Result{}, fmt.Errorf("audit: %w", err)
	}
	w, err := a.config.Open(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("audit: %w", err)
	}
	run := &audit{Auditor: a, warehouse: w, request: r, result: NewResult(r), totals: map[warehouse.Kind]*Totals{}, loads: map[int64]bool{}}
	for i := range run.result.Totals {
		run.totals[run.result.Totals[i].Kind] = &run.result.Totals[i]
	}
	begin, end := hours(r.Range)
	for at := begin; at.Before(end); at = at.Add(span) {
		if at.After(begin) && a.late(ctx) {
			run.result.Stopped, run.result.Next = true, at
			break
		}
		part := load.Range{From: at, To: at.Add(span)}
		if part.To.After(end) {
			part.To = end
		}
		for _, kind := range Kinds(r.Range) {
			if err := run.part(ctx, kind, part); err != nil {
				return Result{}, fmt.Errorf("audit %s from %s: %w", kind, at.Format(time.RFC3339), err)
			}
		}
	}
	if err := run.checkLoads(ctx); err != nil {
		return Result{}, fmt.Errorf("audit the loads: %w", err)
	}
	run.sort()
	if err := a.keep(ctx, w.Database().SQL, r, run.result); err != nil {
		// What was found is worth more than the record of it.
		run.result.NotKept = brief(err.Error())
	}
	return run.result, nil
}

// hours are the whole hours that a range touches.
func hours(r load.Range) (begin, end time.Time) {
	return r.From.UTC().Truncate(time.Hour), r.To.UTC().Add(-1).Truncate(time.Hour).Add(time.Hour)
}

func (a *Auditor) late(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && a.config.Reserve > 0 && deadline.Sub(a.config.Now()) < a.config.Reserve
}

// sort brings the findings into the order of their objects: workers find them in
// any.
func (a *audit) sort() {
	for _, findings := range [][]Finding{a.result.Mismatches, a.result.Notes} {
		slices.SortStableFunc(findings, func(x, y Finding) int {
			switch {
			case x.Object < y.Object:
				return -1
			case x.Object > y.Object:
				return 1
			default:
				return int(x.Load - y.Load)
			}
		})
	}
}

func (a *audit) mismatch(f Finding) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.result.mismatch(f)
}
