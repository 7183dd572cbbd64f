package invoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Runner loads; load.Deployment is one.
type Runner interface {
	// Run loads what is new.
	Run(ctx context.Context) (load.Summary, error)
	// Prepare does what the first run of a deployment has to, and nothing when
	// that is done.
	Prepare(ctx context.Context) (load.Summary, error)
	// Sweep loads what the ledger does not hold of the raw objects in a window.
	Sweep(ctx context.Context, w load.Window) (load.Summary, error)
	// Replay loads again what was set aside in a range.
	Replay(ctx context.Context, r load.Range) (load.Summary, error)
	// Delete goes on with deletions of users' data, and tells when there is more
	// to do: never, for the zero time.
	Delete(ctx context.Context) (next time.Time, err error)
}

// Keeper hides from other runs what this one has received.
type Keeper interface {
	// Keep does so at each tick, until ctx ends.
	Keep(ctx context.Context, ticks <-chan time.Time)
}

// Load answers what the load function is called with: the schedule's event, and
// the actions that people and tools ask for.
type Load struct {
	Runner Runner
	Keeper Keeper
	// Auditor answers the action audit; nil where nothing can be audited.
	Auditor Auditor
	// KeepEvery is the time between two calls of Keeper's.
	KeepEvery time.Duration
	Now       func() time.Time
	Logger    *slog.Logger
}

// Report is the answer of an invocation.
type Report struct {
	Action      string `json:"action"`
	Objects     int    `json:"objects"`
	Known       int    `json:"known"`
	Missing     int    `json:"missing"`
	Lines       int64  `json:"lines"`
	Inserted    int64  `json:"inserted"`
	Duplicates  int64  `json:"duplicates"`
	Quarantined int    `json:"quarantined"`
	// Expired objects are no longer kept and were passed over; ExpiredRows are
	// events that were deleted because they are not.
	Expired     int   `json:"expired"`
	ExpiredRows int64 `json:"expired_rows"`
	// QuarantinedObjects names the first of them.
	QuarantinedObjects []string `json:"quarantined_objects,omitempty"`
	// Stopped says that the time was up: the same call goes on where it ended.
	Stopped bool `json:"stopped"`
	// Waited says that nobody asks for the data, which a later run loads.
	Waited bool `json:"waited,omitempty"`
}

// maxNamed bounds the quarantined objects that a report names.
const maxNamed = 100

// Invoke does what one event asks. An error counts in the function's Errors
// metric.
func (l *Load) Invoke(ctx context.Context, event json.RawMessage) (any, error) {
	if audited(event) {
		return l.audit(ctx, event)
	}
	if deletes(event) {
		return l.delete(ctx)
	}
	action, do, err := l.action(event)
	if err != nil {
		l.Logger.ErrorContext(ctx, "an event is not known", "error", err)
		return nil, err
	}
	started := l.Now()
	summary, err := l.run(ctx, action, do)
	report := Report{
		Action: action, Objects: summary.Objects, Known: summary.Known, Missing: summary.Missing, Lines: summary.Lines,
		Inserted: summary.Inserted, Duplicates: summary.Duplicates, Quarantined: len(summary.Quarantined), Stopped: summary.Stopped,
		Expired: summary.Expired, ExpiredRows: summary.ExpiredRows, Waited: summary.Waited,
	}
	for _, o := range summary.Quarantined[:min(maxNamed, len(summary.Quarantined))] {
		report.QuarantinedObjects = append(report.QuarantinedObjects, o.ID())
	}
	log := l.Logger.With("action", action, "objects", report.Objects, "known", report.Known, "missing", report.Missing, "lines", report.Lines,
		"inserted", report.Inserted, "duplicates", report.Duplicates, "quarantined", report.Quarantined, "expired", report.Expired, "expired_rows", report.ExpiredRows, "stopped", report.Stopped, "waited", report.Waited,
		"elapsed_ms", l.Now().Sub(started).Milliseconds())
	if err != nil {
		log.ErrorContext(ctx, "a load failed", "error", err)
		return nil, err
	}
	if report.Waited {
		log.InfoContext(ctx, "nobody asks, and the load waits")
		return report, nil
	}
	log.InfoContext(ctx, "loaded")
	return report, nil
}

type work func(ctx context.Context) (load.Summary, error)

func (l *Load) run(ctx context.Context, action string, do work) (summary load.Summary, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(ctx, l.Logger, action, p)
		}
	}()
	ctx, cancel := finishing(ctx)
	defer cancel()
	keeping, stop := context.WithCancel(ctx)
	ticker := time.NewTicker(l.KeepEvery)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Keeper.Keep(keeping, ticker.C)
	}()
	defer func() {
		stop()
		ticker.Stop()
		<-done // nothing may run on while the function is frozen
	}()
	return do(ctx)
}

// action reads an event.
func (l *Load) action(event json.RawMessage) (name string, do work, err error) {
	var e struct {
		Source     string  `json:"source"`
		DetailType string  `json:"detail-type"`
		Action     *string `json:"action"`
		Since      *string `json:"since"`
		From       *string `json:"from"`
		To         *string `json:"to"`
		Kind       *string `json:"kind"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return "", nil, fmt.Errorf("read the event: %w; %s", err, known)
	}
	switch {
	// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
	case e.Action == nil && e.Source == "aws.events" && e.DetailType == "Scheduled Event":
		return "run", l.Runner.Run, nil
	case e.Action != nil && *e.Action == "prepare":
		return "prepare", l.Runner.Prepare, nil
	case e.Action != nil && *e.Action == "sweep":
		var window load.Window
		if e.Since != nil {
			age, err := time.ParseDuration(*e.Since)
			if err != nil || age <= 0 {
				return "", nil, fmt.Errorf("since %.100q is not a duration such as \"72h\"; leave it out to sweep everything", *e.Since)
			}
			window = load.Since(l.Now().Add(-age))
		}
		return "sweep", func(ctx context.Context) (load.Summary, error) { return l.Runner.Sweep(ctx, window) }, nil
	case e.Action != nil && *e.Action == "replay":
		r, err := l.ranged("a replay", "replay", e.From, e.To, e.Kind)
		if err != nil {
			return "", nil, err
		}
		return "replay", func(ctx context.Context) (load.Summary, error) { return l.Runner.Replay(ctx, r) }, nil
	case e.Action != nil:
		return "", nil, fmt.Errorf("there is no action %.100q; %s", *e.Action, known)
	default:
		return "", nil, errors.New("the event is not known; " + known)
	}
}

// ranged is the range of an action: from must be given, to is now without it.
func (l *Load) ranged(what, action string, from, to, kind *string) (load.Range, error) {
	r := load.Range{To: l.Now()}
	if from == nil {
		return r, fmt.Errorf(`%s needs "from", such as {"action":%q,"from":"2026-03-04T05:00:00Z","to":"2026-03-04T07:00:00Z"}`, what, action)
	}
	for _, end := range []struct {
		name string
		text *string
		at   *time.Time
	}{{"from", from, &r.From}, {"to", to, &r.To}} {
		if end.text == nil {
			continue
		}
		at, err := time.Parse(time.RFC3339, *end.text)
		if err != nil {
			return r, fmt.Errorf("%s %.100q is not a time such as \"2026-03-04T05:00:00Z\"", end.name, *end.text)
		}
		*end.at = at
	}
	if kind != nil {
		r.Kinds = []warehouse.Kind{warehouse.Kind(*kind)}
	}
	return r, r.Check()
}

const known = `load knows the event of an EventBridge schedule, {"action":"prepare"}, {"action":"sweep"}, {"action":"sweep","since":"72h"}, {"action":"delete"}, {"action":"replay","from":"2026-03-04T05:00:00Z"} with "to" and "kind" where they are wanted, and the same with {"action":"audit"} and "deep":true`

// finishReserve of an invocation's time is kept from its work: Lambda kills
// what is still at it at the deadline, with the transaction half-way and not a
// word in the log.
const finishReserve = 5 * time.Second

// finishing ends the work's context before the invocation's.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-finishReserve))
	}
	return context.WithCancel(ctx)
}
