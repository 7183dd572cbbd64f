// Package status is `loafctl status`: is data flowing.
package status

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/deployed"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/insights"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/cli/internal/version"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	target.Flags
	JSON    bool
	Timeout time.Duration
	// Now is the clock.
	Now func() time.Time
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams, Now: time.Now}
	o.Stdin = streams.In
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Is data flowing: last load, lag, queues, alarms",
		Long: `Is data flowing? Asks AWS about a stack's queues, functions, streams, alarms
and log, and says what keeps data from flowing. The exit code is 1 when
something does. A quarantined file is named and keeps the rest from nothing.

The warehouse is asked only where --token or --password is given: asking wakes
it, and Redshift Serverless bills a minute for that.

Where no stack is named and loafctl dev runs on --data-dir, it is about that.`,
		Example: `  loafctl status
  loafctl status --name shop --region eu-central-1 --json
  loafctl status --endpoint http://127.0.0.1:8080 --token "$TOKEN"
  terraform output -json | loafctl status --outputs -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return Run(cmd.Context(), o) },
	}
	f := cmd.Flags()
	o.Register(f)
	o.RegisterInsights(f)
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	f.DurationVar(&o.Timeout, "timeout", time.Minute, "how long all questions may take")
	return cmd
}

// Report is what status found.
type Report struct {
	// Target is the stack's name, or the address of a dev.
	Target string `json:"target"`
	Region string `json:"region,omitempty"`
	// Flowing is whether data flows; Problems say what keeps it from flowing, and
	// Notes what is worth knowing besides.
	Flowing  bool      `json:"flowing"`
	Problems []Problem `json:"problems"`
	Notes    []Problem `json:"notes"`
	// LastLoad is the newest load that stored something.
	LastLoad *LastLoad `json:"last_load"`
	// LagSeconds is how long the oldest record of the last load had waited for
	// it; OldestWaitingSeconds how long the oldest object waits now.
	LagSeconds           *float64 `json:"lag_seconds"`
	OldestWaitingSeconds *float64 `json:"oldest_waiting_seconds"`
	// RowsLoaded and FilesQuarantined are the warehouse's own; null where it was
	// not asked.
	RowsLoaded       *int64                 `json:"rows_loaded"`
	FilesWaiting     *int64                 `json:"files_waiting"`
	FilesQuarantined *int64                 `json:"files_quarantined"`
	Quarantined      []insights.Quarantined `json:"quarantined"`
	// The rest is a stack's.
	Calls     *Calls              `json:"calls,omitempty"`
	Queues    []deployed.Queue    `json:"queues,omitempty"`
	Alarms    []deployed.Alarm    `json:"alarms,omitempty"`
	Functions []deployed.Function `json:"functions,omitempty"`
	Streams   []deployed.Stream   `json:"streams,omitempty"`
	Schedules []deployed.Rule     `json:"schedules,omitempty"`
	Versions  Versions            `json:"versions"`
}

// Problem is what is wrong and what to do.
type Problem struct {
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

// LastLoad is when something was loaded, and how much.
type LastLoad struct {
	At time.Time `json:"at"`
	// Objects and Inserted are null where only the time is known.
	Objects  *int64 `json:"objects"`
	Inserted *int64 `json:"inserted"`
}

// Calls are the last hour's of the collection API.
type Calls struct {
	Total        float64 `json:"total"`
	ClientErrors float64 `json:"client_errors"`
	ServerErrors float64 `json:"server_errors"`
}

// Versions are those of DataLoaf.
type Versions struct {
	Loafctl string `json:"loafctl"`
	// Deployed is the one that applied the stack last; empty when that is not
	// known.
	Deployed string `json:"deployed,omitempty"`
}

func (r *Report) problem(remedy, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{fmt.Sprintf(format, args...), remedy})
}

func (r *Report) note(remedy, format string, args ...any) {
	r.Notes = append(r.Notes, Problem{fmt.Sprintf(format, args...), remedy})
}

// Run asks and prints.
func Run(ctx context.Context, o Options) error {
	if o.Timeout <= 0 {
		return failure.Usage("Use a duration such as --timeout 1m.", "--timeout must be above zero")
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	report := &Report{Versions: Versions{Loafctl: version.Number}, Problems: []Problem{}, Notes: []Problem{}, Quarantined: []insights.Quarantined{}}
	running, local, err := o.Dev()
	if err != nil {
		return err
	}
	if local {
		report.Target = running.Address
		client, err := target.Local(running)
		if err != nil {
			return err
		}
		if err := o.dev(ctx, report, client); err != nil {
			return err
		}
	} else {
		s, err := o.Stack(ctx)
		if err != nil {
			return err
		}
		report.Target, report.Region = s.Name, s.Session.Config.Region
		if err := o.stack(ctx, report, s); err != nil {
			return err
		}
	}
	report.Flowing = len(report.Problems) == 0
	if err := o.print(report); err != nil {
		return err
	}
	if report.Flowing {
		return nil
	}
	return failure.New(nil, "`loafctl doctor` looks for the cause; docs/runbooks.md has a section for each alarm.", "data is not flowing: %s", join(report.Problems))
}

func join(problems []Problem) string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.What
	}
	return strings.Join(texts, "; ")
}

// devPatience is how long files may wait on one machine, where a load comes
// every few seconds.
const devPatience = time.Minute

func (o *Options) dev(ctx context.Context, r *Report, client *insights.Client) error {
	p, err := client.Pipeline(ctx)
	if err != nil {
		return err
	}
	r.pipeline(p)
	if p.FilesWaiting > 0 && (p.LastLoad == nil || o.Now().Sub(*p.LastLoad) > devPatience) {
		r.problem("The dev's own messages say why; `loafctl dev --verbose` says more.", "%d files wait, and nothing was loaded in the last minute", p.FilesWaiting)
	}
	return nil
}

// pipeline takes what the warehouse knows.
func (r *Report) pipeline(p insights.Pipeline) {
	if p.LastLoad != nil && (r.LastLoad == nil || p.LastLoad.After(r.LastLoad.At)) {
		r.LastLoad = &LastLoad{At: *p.LastLoad}
	}
	r.LagSeconds, r.RowsLoaded, r.FilesWaiting = p.LagSeconds, &p.RowsLoaded, &p.FilesWaiting
	r.FilesQuarantined, r.Quarantined = &p.FilesQuarantined, p.Quarantined
	if p.FilesQuarantined > 0 {
		r.note("Mend them, or upgrade to a DataLoaf that can load them, and run `loafctl replay`.", "%s set aside because their data could not be loaded", plural(p.FilesQuarantined, "file is", "files are"))
	}
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (o *Options) print(r *Report) error {
	var text []byte
	if o.JSON {
		var err error
		if text, err = json.MarshalIndent(r, "", "  "); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		text = append(text, '\n')
	} else {
		text = []byte(r.text(o.Now()))
	}
	if _, err := o.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}
