// Package doctor is `loafctl doctor`: what is wrong on this machine, in this
// account and in this stack, and where an event stops on its way.
package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/cli/internal/tf"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	target.Flags
	Terraform tf.Flags
	// APIKey sends the event; empty is one of the stack's own.
	APIKey string
	// NoSend follows no event.
	NoSend, JSON bool
	// Timeout bounds everything.
	Timeout time.Duration
	// Now is the clock, Pause waits, and Random makes the event's id.
	Now    func() time.Time
	Pause  func(ctx context.Context, d time.Duration) error
	Random io.Reader
	// HTTP calls the collection API.
	HTTP *http.Client
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Standard(streams)
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find what is wrong, and where an event stops on its way",
		Long: `Find what is wrong on this machine (Terraform, credentials, clock), in this
account (quotas, roles, permissions) and in this stack (functions, schedules,
queues, buckets, streams, page, secrets). Then send a marked event and follow it
hop by hop: API, Firehose, S3, load, query. It says where the event stopped and
what to do. The exit code is 1 when something is wrong.

The event is called "` + eventName + `" and has no user; it stays in your data.
--no-send sends none. With the default stack it takes three to six minutes.

The last hop asks the insights page: with --token, --password, or the stack's own
password where you may read that secret. Where no stack is named and loafctl dev
runs on --data-dir, it is about that.`,
		Example: `  loafctl doctor
  loafctl doctor --no-send --json
  loafctl doctor --insecure                      # for a page without a domain
  loafctl doctor --endpoint http://127.0.0.1:8080 --api-key "$KEY" --token "$TOKEN"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return Run(cmd.Context(), o) },
	}
	f := cmd.Flags()
	o.Register(f)
	o.RegisterInsights(f)
	f.StringVar(&o.Terraform.Path, "terraform", "", "`path` of Terraform (default: the one in PATH, or one that loafctl installed)")
	f.StringVar(&o.APIKey, "api-key", "", "API `key` to send the event with (default: one of the stack's)")
	f.BoolVar(&o.NoSend, "no-send", false, "send no event")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	f.DurationVar(&o.Timeout, "timeout", 15*time.Minute, "how long all of it may take")
	return cmd
}

// The states of a check.
const (
	OK      = "ok"
	Warning = "warning"
	Failed  = "failed"
	Skipped = "skipped"
)

// Check is one thing that was looked at.
type Check struct {
	// Group is machine, account, stack or event.
	Group  string `json:"group"`
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail"`
	// Remedy says what to do, where something is wrong.
	Remedy    string `json:"remedy,omitempty"`
	ElapsedMS int64  `json:"elapsed_ms"`
}

// Report is all that was looked at.
type Report struct {
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
	// EventID is the event that was sent, and StoppedAt the hop that it did not
	// pass; empty where it passed all.
	EventID   string `json:"event_id,omitempty"`
	StoppedAt string `json:"stopped_at,omitempty"`
}

// result is what a check found.
type result struct{ state, detail, remedy string }

func ok(format string, args ...any) result { return result{OK, fmt.Sprintf(format, args...), ""} }

func warn(remedy, format string, args ...any) result {
	return result{Warning, fmt.Sprintf(format, args...), remedy}
}

func bad(remedy, format string, args ...any) result {
	return result{Failed, fmt.Sprintf(format, args...), remedy}
}

func skip(format string, args ...any) result {
	return result{Skipped, fmt.Sprintf(format, args...), ""}
}

// failed is an error as a result.
func failed(err error) result {
	var known *failure.Error
	if errors.As(err, &known) {
		return result{Failed, err.Error(), known.Remedy}
	}
	return result{Failed, err.Error(), ""}
}

// doctor looks at one thing after the other.
type doctor struct {
	*Options
	report Report
	// look is the time between two looks at where the event is.
	look time.Duration
}

// checkTimeout bounds one check that follows no event.
const checkTimeout = 30 * time.Second

// check looks at one thing, says what it found, and reports whether one can go
// on from there.
func (d *doctor) check(ctx context.Context, group, name string, look func(ctx context.Context) result) bool {
	d.begin(name)
	started := d.Now()
	bounded, cancel := context.WithTimeout(ctx, checkTimeout)
	r := look(bounded)
	cancel()
	return d.found(group, name, started, r)
}

// found keeps what was found.
func (d *doctor) found(group, name string, started time.Time, r result) bool {
	c := Check{Group: group, Name: name, State: r.state, Detail: strings.TrimSpace(r.detail), Remedy: r.remedy, ElapsedMS: d.Now().Sub(started).Milliseconds()}
	d.report.Checks = append(d.report.Checks, c)
	d.show(c)
	return r.state != Failed
}

// Run looks at everything.
func Run(ctx context.Context, o Options) error {
	if o.Timeout <= 0 {
		return failure.Usage("Use a duration such as --timeout 15m.", "--timeout must be above zero")
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	d := &doctor{Options: &o, report: Report{Checks: []Check{}}, look: look}
	running, local, err := o.Dev()
	switch {
	case err != nil:
		return err
	case local:
		d.dev(ctx, running)
	default:
		d.stack(ctx)
	}
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return failure.New(nil, "", "interrupted")
	}
	var wrong []string
	for _, c := range d.report.Checks {
		if c.State == Failed {
			wrong = append(wrong, c.Name)
		}
	}
	d.report.OK = len(wrong) == 0
	if err := d.finish(); err != nil {
		return err
	}
	switch {
	case d.report.OK:
		return nil
	case d.report.StoppedAt != "":
		return failure.New(nil, "What was found there says what to do.", "the event stopped at: %s", d.report.StoppedAt)
	default:
		return failure.New(nil, "Each of them says what to do.", "something is wrong: %s", strings.Join(wrong, ", "))
	}
}

// finish writes the report.
func (d *doctor) finish() error {
	if !d.JSON {
		if d.report.OK {
			return d.write([]byte("\nNothing is wrong.\n"))
		}
		return nil
	}
	text, err := json.MarshalIndent(d.report, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return d.write(append(text, '\n'))
}

func (d *doctor) write(text []byte) error {
	if _, err := d.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

// begin tells a person at a terminal what is being looked at.
func (d *doctor) begin(name string) {
	if !d.JSON && term.IsTerminal(d.Streams.Out) {
		_ = d.write([]byte("… " + name)) // what cannot be written shows at the end
	}
}

// show tells a person what was found.
func (d *doctor) show(c Check) {
	if d.JSON {
		return
	}
	style := d.Streams.StyleOf(d.Streams.Out)
	sign := map[string]string{OK: style.Good("ok"), Warning: style.Warn("warning"), Failed: style.Bad("FAILED"), Skipped: style.Dim("skipped")}[c.State]
	var b strings.Builder
	if term.IsTerminal(d.Streams.Out) {
		b.WriteString("\r\x1b[K")
	}
	fmt.Fprintf(&b, "%s  %s: %s\n", sign, style.Bold(c.Name), c.Detail)
	if c.Remedy != "" {
		fmt.Fprintf(&b, "    %s\n", c.Remedy)
	}
	_ = d.write([]byte(b.String())) // what cannot be written shows at the end
}
