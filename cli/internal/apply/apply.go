// Package apply is `loafctl apply`: makes a stack what its answers say.
package apply

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/cost/model"
	"github.com/dataloaf/dataloaf/cli/internal/deploy"
	"github.com/dataloaf/dataloaf/cli/internal/ending"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/prompt"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Options of the command.
type Options struct {
	Stack           stack.Flags
	Deploy          deploy.Options
	Prompter        prompt.Prompter
	EventsPerSecond float64
	// Yes applies without asking.
	Yes, JSON bool
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	var o Options
	var flags deploy.Flags
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Make the stack in AWS what its answers say",
		Long: `Make the stack in AWS what its answers say: after a change of
` + stack.AnswersFile + `, after an upgrade of loafctl, or after an apply that was
interrupted. It shows the plan first and asks.

Ctrl-C once stops when what is under way is done; the next apply goes on. A plan
that would delete or replace the warehouse or a bucket is refused.`,
		Example: `  loafctl apply
  loafctl apply --dir dataloaf --yes --json     # in CI`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Deploy = deploy.Standard(flags, streams)
			o.Prompter = prompt.For(streams, false)
			return Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.Stack.Register(f)
	flags.Register(f)
	f.Float64Var(&o.EventsPerSecond, "events-per-second", model.Default().EventsPerSecond, "events a second to estimate the cost for")
	f.BoolVar(&o.Yes, "yes", false, "apply without asking")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}

// Run applies the answers in the stack's folder.
func Run(ctx context.Context, o Options) error {
	s, err := stack.Open(ctx, o.Stack)
	if err != nil {
		return err
	}
	return Stack(ctx, s, o)
}

// Stack applies the answers of a stack: plan, question, apply, ending.
func Stack(ctx context.Context, s *stack.Stack, o Options) error {
	// Without anyone to ask it would only fail later.
	if !o.Yes && !o.Prompter.Asks() {
		_, err := o.Prompter.Confirm(ctx, prompt.Confirm{Flag: "yes"})
		return err
	}
	differ, err := s.AnswersDiffer(ctx)
	if err != nil {
		return err
	}
	if differ {
		say(o.Deploy.Streams, "The answers in %s are not those that were applied last.", s.AnswersPath())
	}
	if err := s.MakeState(ctx); err != nil {
		return err
	}
	d, err := deploy.Prepare(ctx, s, o.Deploy)
	if err != nil {
		return err
	}
	defer d.Discard()
	fresh := ending.Fresh(ctx, s)
	p, err := d.Plan(ctx, false)
	if err != nil {
		return err
	}
	if err := p.Guard(); err != nil {
		return err
	}
	summary := d.Summarize(ctx, p, o.EventsPerSecond)
	say(o.Deploy.Streams, "%s", summary.Text())
	if !p.Empty() && !o.Yes {
		yes, err := o.Prompter.Confirm(ctx, prompt.Confirm{Label: "Apply this", Flag: "yes"})
		if err != nil || !yes {
			return declined(err)
		}
	}
	// Also where nothing changes: outputs may be new.
	if err := d.Apply(ctx, p); err != nil {
		return err
	}
	// What was applied is what the next person gets.
	if err := s.ShareAnswers(ctx); err != nil {
		return err
	}
	end, err := ending.Of(ctx, s, fresh)
	if err != nil {
		return err
	}
	if !o.JSON {
		return ending.Print(o.Deploy.Streams, end, false)
	}
	text, err := json.MarshalIndent(struct {
		*ending.Stack
		Plan *deploy.Summary `json:"plan"`
	}{end, summary}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if _, err := o.Deploy.Streams.Out.Write(append(text, '\n')); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

func say(streams term.Streams, format string, args ...any) {
	// Nobody is told that standard error is closed.
	_, _ = fmt.Fprintf(streams.Err, format+"\n", args...)
}

// declined ends an apply that was not wanted. Its answers and the place of its
// state stay for the next.
func declined(err error) error {
	return failure.New(err, "Nothing was made or changed in the stack. `loafctl apply` asks again, `loafctl destroy` also removes the place of the state.", "not applied")
}
