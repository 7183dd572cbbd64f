// Package replay is `loafctl replay`: it loads raw objects of a time range
// again, after what kept them from loading was mended.
package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/loadfunction"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/load"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	target.Flags
	target.Range
	JSON    bool
	Timeout time.Duration
	// Now is the clock, and Pause waits.
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration) error
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams, Now: time.Now, Pause: cloud.Pause}
	o.Stdin = streams.In
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Load again what was set aside, after it was mended",
		Long: `Load again the raw objects of a time range that were set aside (quarantined)
because their data could not be loaded: after the object was mended in its
bucket, or after an upgrade to a DataLoaf that can load it. Raw objects that no
load has met are loaded as well.

An object that is loaded is never loaded twice, and an event counts once
wherever it stands, so this may be run as often as you like, and be cut off
anywhere. What still cannot be loaded stays set aside; the exit code is then 1.

The range is of the hours in which data arrived (UTC), as raw objects are named.
The stack's own load function does the work. For a dev, it must be running.`,
		Example: `  loafctl replay --from 24h
  loafctl replay --from 2026-03-04T05:00:00Z --to 2026-03-04T07:00:00Z --kind events
  loafctl replay --from 2h --endpoint http://127.0.0.1:8080`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return Run(cmd.Context(), o) },
	}
	f := cmd.Flags()
	o.Flags.Register(f)
	o.Range.Register(f)
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	f.DurationVar(&o.Timeout, "timeout", time.Hour, "how long it may take")
	return cmd
}

// Report is what a replay did, over all its invocations.
type Report struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Kind string    `json:"kind,omitempty"`
	// Objects were loaded now; Known had been loaded before; Missing are gone.
	Objects int `json:"objects"`
	Known   int `json:"known"`
	Missing int `json:"missing"`
	// Inserted rows are new, Duplicates were stored before.
	Lines      int64 `json:"lines"`
	Inserted   int64 `json:"inserted"`
	Duplicates int64 `json:"duplicates"`
	// Quarantined still cannot be loaded.
	Quarantined        int      `json:"quarantined"`
	QuarantinedObjects []string `json:"quarantined_objects"`
	Invocations        int      `json:"invocations"`
}

// Run replays and prints.
func Run(ctx context.Context, o Options) error {
	r, err := o.ranged()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	work, err := o.loader(ctx)
	if err != nil {
		return err
	}
	report, err := o.replay(ctx, work, r)
	if err != nil {
		if report.Objects > 0 {
			o.tell("Loaded before that: %s. Running this again goes on from there.", objects(report.Objects))
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return failure.New(err, "Run it again: it goes on where it ended. --timeout gives it longer.", "the replay took longer than %v", o.Timeout)
		}
		return err
	}
	if err := o.print(report); err != nil {
		return err
	}
	if report.Quarantined > 0 {
		return failure.New(nil, "`loafctl status --token` and the page's pipeline view say why. Mend them and run this again.",
			"still not to be loaded, and set aside: %s", objects(report.Quarantined))
	}
	return nil
}

// ranged reads the range.
func (o *Options) ranged() (load.Range, error) {
	if o.Timeout <= 0 {
		return load.Range{}, failure.Usage("Use a duration such as --timeout 1h.", "--timeout must be above zero")
	}
	r, err := o.Read(o.Now())
	if err != nil {
		return r, err
	}
	if err := r.Check(); err != nil {
		return r, failure.Usage("`loafctl replay --help` has examples.", "%v", err)
	}
	return r, nil
}

func (o *Options) loader(ctx context.Context) (loadfunction.Call, error) {
	running, local, err := o.Dev()
	if err != nil {
		return nil, err
	}
	if local {
		return loadfunction.OfDev(running, o.Timeout)
	}
	s, err := o.Stack(ctx)
	if err != nil {
		return nil, err
	}
	if !s.Loads() {
		return nil, failure.New(nil, "", "the stack %q has no warehouse and loads nothing", s.Name)
	}
	return loadfunction.Stack{Action: "replay", Doing: "a replay", Tell: o.tell, Pause: o.Pause}.Of(s), nil
}

// replay invokes until all is done: one invocation may run out of time.
func (o *Options) replay(ctx context.Context, work loadfunction.Call, r load.Range) (Report, error) {
	total := Report{From: r.From.UTC(), To: r.To.UTC(), Kind: o.Kind, QuarantinedObjects: []string{}}
	event := map[string]string{"action": "replay", "from": r.From.UTC().Format(time.RFC3339Nano), "to": r.To.UTC().Format(time.RFC3339Nano)}
	if o.Kind != "" {
		event["kind"] = o.Kind
	}
	text, err := json.Marshal(event)
	if err != nil {
		return total, fmt.Errorf("write the event: %w", err)
	}
	for {
		var part invoke.Report
		if err := work(ctx, text, &part); err != nil {
			return total, err
		}
		// What this one found loaded, the ones before may have loaded.
		total.Known = max(0, part.Known-total.Objects)
		total.Objects += part.Objects
		total.Missing = part.Missing
		total.Lines += part.Lines
		total.Inserted += part.Inserted
		total.Duplicates += part.Duplicates
		total.Quarantined = part.Quarantined
		total.QuarantinedObjects = append([]string{}, part.QuarantinedObjects...)
		total.Invocations++
		if !part.Stopped {
			return total, nil
		}
		if part.Objects == 0 {
			return total, failure.New(nil, "Give a shorter range with --from and --to.", "an invocation of the load function ended for want of time before it loaded anything")
		}
		o.tell("Loaded so far: %s.", objects(total.Objects))
	}
}

func (o *Options) print(r Report) error {
	var text []byte
	if o.JSON {
		var err error
		if text, err = json.MarshalIndent(r, "", "  "); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		text = append(text, '\n')
	} else {
		var b strings.Builder
		fmt.Fprintf(&b, "Replayed %s to %s\n", r.From.Format(time.RFC3339), r.To.Format(time.RFC3339))
		fmt.Fprintf(&b, "loaded now             %s, %d lines: %d new rows, %d stored before\n", objects(r.Objects), r.Lines, r.Inserted, r.Duplicates)
		fmt.Fprintf(&b, "loaded before          %s\n", objects(r.Known))
		fmt.Fprintf(&b, "still set aside        %s\n", objects(r.Quarantined))
		for _, name := range r.QuarantinedObjects {
			fmt.Fprintf(&b, "  %s\n", name)
		}
		text = []byte(b.String())
	}
	if _, err := o.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}

// tell says how it goes to the person who waits.
func (o *Options) tell(format string, args ...any) {
	// A closed standard error has no reader.
	_, _ = fmt.Fprintf(o.Streams.Err, format+"\n", args...)
}
