// Package audit is `loafctl audit`: it proves that no accepted event was lost or
// counted twice.
package audit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/dev"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/loadfunction"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/aws/invoke"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	target.Flags
	target.Range
	// Deep looks for every line.
	Deep bool
	// Warehouse is that of a data folder on which no dev runs.
	Warehouse string
	JSON      bool
	Timeout   time.Duration
	// Now is the clock, Pause waits, and NewSecret makes a random text.
	Now       func() time.Time
	Pause     func(ctx context.Context, d time.Duration) error
	NewSecret func() string
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams, Now: time.Now, Pause: cloud.Pause, NewSecret: rand.Text}
	o.Stdin = streams.In
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove that no accepted event was lost or counted twice",
		Long: `Prove that no accepted event was lost or counted twice. It lists and reads the
raw objects of a time range, counts their lines, and holds them against what the
ledger says of each object and against the rows that each load stored:

  accepted = loaded + duplicates + set aside + waiting + expired

for every object and in total. With --deep it also looks for every single line of
a loaded object in the tables: an event must be there exactly once, and a user's
row must have what the line says. It changes no data, and keeps what it found for
the Pipeline page to show.

Exit code 0: proven. What is set aside or still waits for its load is accounted
for, and named. Exit code 1: something does not add up, and is named with what to
do: replay (loafctl replay), sweep (invoke the load function with
{"action":"sweep"}, or start dev again), restore (an object from the bucket's
older versions), or report (a defect of DataLoaf).

The range is of the hours in which data arrived (UTC), as raw objects are named.
In AWS the stack's own load function does the work, and no load runs meanwhile.
A dev that runs is asked; where none does, the data folder is opened.`,
		Example: `  loafctl audit --from 24h
  loafctl audit --from 2026-03-04T05:00:00Z --to 2026-03-04T07:00:00Z --kind events --deep
  loafctl audit --from 720h --data-dir .dataloaf --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return Run(cmd.Context(), o) },
	}
	f := cmd.Flags()
	o.Flags.Register(f)
	o.Range.Register(f)
	f.BoolVar(&o.Deep, "deep", false, "look for every line in the tables, one by one")
	f.StringVar(&o.Warehouse, "warehouse", dev.DuckDB, "that of a data folder on which no dev runs: duckdb, or the `URL` of a PostgreSQL database")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	f.DurationVar(&o.Timeout, "timeout", time.Hour, "how long it may take")
	return cmd
}

// Report is what an audit found, over all its invocations.
type Report struct {
	// Target is the stack's name, the address of a dev, or a data folder.
	Target string `json:"target"`
	audit.Result
	Invocations int `json:"invocations"`
}

// Run audits and prints.
func Run(ctx context.Context, o Options) error {
	request, err := o.request()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	report, err := o.audit(ctx, request)
	if errors.Is(err, context.DeadlineExceeded) {
		return failure.New(err, "Give a shorter range with --from and --to, or longer with --timeout.", "the audit took longer than %v", o.Timeout)
	}
	if err != nil {
		return err
	}
	if err := o.print(report); err != nil {
		return err
	}
	if !report.Proven {
		return failure.New(nil, "Each is named above with what to do; docs/reliability.md has more.", "not proven: %s", plural(report.MismatchesTotal, "mismatch", "mismatches"))
	}
	return nil
}

// request reads what is to be audited.
func (o *Options) request() (audit.Request, error) {
	r := audit.Request{Deep: o.Deep}
	if o.Timeout <= 0 {
		return r, failure.Usage("Use a duration such as --timeout 1h.", "--timeout must be above zero")
	}
	var err error
	if r.Range, err = o.Read(o.Now()); err != nil {
		return r, err
	}
	if err := r.Check(); err != nil {
		return r, failure.Usage("`loafctl audit --help` has examples.", "%v", err)
	}
	return r, nil
}

// audit finds the target and audits it.
func (o *Options) audit(ctx context.Context, r audit.Request) (Report, error) {
	if folder, ok := o.Idle(); ok {
		result, err := dev.Audit(ctx, dev.Options{DataDir: folder, Warehouse: o.Warehouse, Now: o.Now, NewSecret: o.NewSecret}, r)
		return Report{Target: folder, Result: result, Invocations: 1}, err
	}
	running, local, err := o.Dev()
	if err != nil {
		return Report{}, err
	}
	if local {
		call, err := loadfunction.OfDev(running, o.Timeout)
		if err != nil {
			return Report{}, err
		}
		return o.invoke(ctx, running.Address, call, r)
	}
	s, err := o.Stack(ctx)
	if err != nil {
		return Report{}, err
	}
	if !s.Loads() {
		return Report{}, failure.New(nil, "", "the stack %q has no warehouse and loads nothing", s.Name)
	}
	return o.invoke(ctx, s.Name, loadfunction.Stack{Action: "audit", Doing: "an audit", Tell: o.tell, Pause: o.Pause}.Of(s), r)
}

// invoke asks until all of the range is done: one invocation may run out of time.
func (o *Options) invoke(ctx context.Context, name string, call loadfunction.Call, r audit.Request) (Report, error) {
	total := Report{Target: name, Result: audit.NewResult(r)}
	for {
		event := map[string]any{"action": "audit", "from": r.From.UTC().Format(time.RFC3339Nano), "to": r.To.UTC().Format(time.RFC3339Nano), "deep": r.Deep}
		if o.Kind != "" {
			event["kind"] = o.Kind
		}
		text, err := json.Marshal(event)
		if err != nil {
			return total, fmt.Errorf("write the event: %w", err)
		}
		var part invoke.AuditReport
		if err := call(ctx, text, &part); err != nil {
			return total, err
		}
		total.Add(part.Result)
		total.Invocations++
		if !part.Stopped {
			return total, nil
		}
		if !part.Next.After(r.From) {
			return total, failure.New(nil, "Give a shorter range with --from and --to.", "an invocation of the load function ended for want of time before it audited anything")
		}
		r.From = part.Next
		o.tell("Audited up to %s.", r.From.Format(time.RFC3339))
	}
}

// tell says how it goes to the person who waits.
func (o *Options) tell(format string, args ...any) {
	// A closed standard error has no reader.
	_, _ = fmt.Fprintf(o.Streams.Err, format+"\n", args...)
}
