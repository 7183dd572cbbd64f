// Package plan is `loafctl plan`: what an apply would change.
package plan

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/cost/model"
	"github.com/dataloaf/dataloaf/cli/internal/deploy"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Options of the command.
type Options struct {
	Stack  stack.Flags
	Deploy deploy.Options
	// EventsPerSecond is what the cost is estimated for.
	EventsPerSecond float64
	JSON            bool
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	var o Options
	var flags deploy.Flags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what an apply would change in AWS",
		Long: `Show what an apply would change in AWS, what is open to the internet, and what
it costs. It changes nothing.

A plan that would delete or replace the warehouse or a bucket fails: no upgrade
and no changed answer may do that, only destroy.`,
		Example: `  loafctl plan
  loafctl plan --dir dataloaf --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Deploy = deploy.Standard(flags, streams)
			return Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.Stack.Register(f)
	flags.Register(f)
	f.Float64Var(&o.EventsPerSecond, "events-per-second", model.Default().EventsPerSecond, "events a second to estimate the cost for")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}

// Run prints the plan.
func Run(ctx context.Context, o Options) error {
	s, err := stack.Open(ctx, o.Stack)
	if err != nil {
		return err
	}
	there, err := s.HasState(ctx)
	if err != nil {
		return err
	}
	if !there {
		return failure.New(nil, "`loafctl apply` makes it, plans, and asks before it goes on.", "the stack %q has no place for its state yet", s.Name())
	}
	d, err := deploy.Prepare(ctx, s, o.Deploy)
	if err != nil {
		return err
	}
	defer d.Discard()
	p, err := d.Plan(ctx, false)
	if err != nil {
		return err
	}
	summary := d.Summarize(ctx, p, o.EventsPerSecond)
	if err := Print(o.Deploy.Streams, summary, o.JSON); err != nil {
		return err
	}
	return p.Guard()
}

// Print writes a summary.
func Print(streams term.Streams, summary *deploy.Summary, asJSON bool) error {
	text := []byte(summary.Text())
	if asJSON {
		var err error
		if text, err = json.MarshalIndent(summary, "", "  "); err != nil {
			return fmt.Errorf("write the plan: %w", err)
		}
		text = append(text, '\n')
	}
	if _, err := streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}
