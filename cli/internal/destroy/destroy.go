// Package destroy is `loafctl destroy`: removes a stack, and says what is left.
package destroy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/deploy"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/prompt"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Options of the command.
type Options struct {
	Stack    stack.Flags
	Deploy   deploy.Options
	Prompter prompt.Prompter
	// Confirm is the stack's name, typed by whoever means it.
	Confirm string
	// KeepData leaves the buckets of raw objects, and RemoveState removes the
	// state's bucket, too.
	KeepData, RemoveState bool
	// Given are the flags that were given, and so are not asked for.
	Given func(flag string) bool
	JSON  bool
}

// Left is something that still carries the stack's tag.
type Left struct {
	ARN    string `json:"arn"`
	Reason string `json:"reason"`
}

// Result is what --json prints.
type Result struct {
	Stack   string `json:"stack"`
	Removed int    `json:"removed"`
	// Kept are the buckets that were left on request.
	Kept []string `json:"kept"`
	Left []Left   `json:"left"`
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	var o Options
	var flags deploy.Flags
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Remove the stack and its data from AWS",
		Long: `Remove the stack and its data from AWS. It says what will be lost, asks for the
stack's name, and offers to keep the raw data, from which a new stack can load
everything again. At the end it lists what still carries the stack's tag.

In a script, --confirm gives the stack's name, and --keep-data and --remove-state
say what happens to the raw data and to the state.`,
		Example: `  loafctl destroy
  loafctl destroy --confirm dataloaf --keep-data=false --remove-state`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Deploy = deploy.Standard(flags, streams)
			o.Prompter = prompt.For(streams, false)
			o.Given = func(flag string) bool { return cmd.Flags().Changed(flag) }
			return Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.Stack.Register(f)
	flags.Register(f)
	f.StringVar(&o.Confirm, "confirm", "", "the stack's `name`, to show that you mean it")
	f.BoolVar(&o.KeepData, "keep-data", false, "keep the buckets of raw objects")
	f.BoolVar(&o.RemoveState, "remove-state", false, "remove the state and its bucket, too")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}

// Run removes a stack.
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
		return failure.New(nil, "There is nothing to remove. The folder "+s.Dir+" is yours to delete.", "the stack %q has no state in %s", s.Name(), s.Region())
	}
	outputs, err := s.Outputs(ctx)
	if err != nil {
		// One that was never finished has none, and is removed all the same.
		outputs = &stack.Outputs{}
	}
	o.warn(s, outputs)
	if err := o.ask(ctx, s); err != nil {
		return err
	}
	known, err := s.ARNs(ctx)
	if err != nil {
		known = map[string]bool{}
	}
	d, err := deploy.Prepare(ctx, s, o.Deploy)
	if err != nil {
		return err
	}
	defer d.Discard()
	result := Result{Stack: s.Name(), Kept: []string{}, Left: []Left{}}
	if o.KeepData {
		if _, err := d.Forget(ctx, deploy.RawBucketResource); err != nil {
			return err
		}
		for _, bucket := range outputs.Buckets {
			result.Kept = append(result.Kept, bucket)
		}
		slices.Sort(result.Kept)
	} else if err := o.force(ctx, d); err != nil {
		return err
	}
	p, err := d.Plan(ctx, true)
	if err != nil {
		return err
	}
	result.Removed = p.Count(deploy.Remove)
	o.say("Removing %d things.", result.Removed)
	if err := d.Apply(ctx, p); err != nil {
		return err
	}
	if result.Left, err = left(ctx, s, known, result.Kept); err != nil {
		return err
	}
	if err := o.state(ctx, s); err != nil {
		return err
	}
	return o.print(s, result)
}

func (o *Options) say(format string, args ...any) {
	// Nobody is told that standard error is closed.
	_, _ = fmt.Fprintf(o.Deploy.Streams.Err, format+"\n", args...)
}

// warn says what will be lost.
func (o *Options) warn(s *stack.Stack, outputs *stack.Outputs) {
	style := o.Deploy.Streams.StyleOf(o.Deploy.Streams.Err)
	o.say("\n%s", style.Bad(fmt.Sprintf("This removes the stack %s in %s, account %s. Lost for ever are", s.Name(), s.Region(), s.Identity.Account)))
	o.say("  the warehouse with all events and users")
	for _, name := range []string{"events", "users"} {
		if bucket := outputs.Buckets[name]; bucket != "" {
			o.say("  the raw data in the bucket %s, unless you keep it", bucket)
		}
	}
	o.say("  saved insights, dashboards and the users of the page")
	o.say("  the API keys: what still sends with them fails")
	if outputs.InsightsURL != "" {
		o.say("  the page at %s", outputs.InsightsURL)
	}
	o.say("")
}

// ask makes sure that it is meant.
func (o *Options) ask(ctx context.Context, s *stack.Stack) error {
	same := func(text string) error {
		if text != s.Name() {
			return fmt.Errorf("that is not the stack's name, %s", s.Name())
		}
		return nil
	}
	if o.Confirm == "" {
		var err error
		if o.Confirm, err = o.Prompter.Input(ctx, prompt.Input{Label: "Type the stack's name to remove it", Check: same, Flag: "confirm"}); err != nil {
			return stopped(err)
		}
	}
	if err := same(o.Confirm); err != nil {
		return failure.Usage("Give --confirm "+s.Name()+" (LOAF_CONFIRM) if it is this one that you mean.", "--confirm %s: %v", o.Confirm, err)
	}
	if !o.Given("keep-data") {
		keep, err := o.Prompter.Confirm(ctx, prompt.Confirm{Label: "Keep the buckets of raw data, from which a warehouse can be loaded again", Flag: "keep-data"})
		if err != nil {
			return stopped(err)
		}
		o.KeepData = keep
	}
	return nil
}

func stopped(err error) error {
	if errors.Is(err, prompt.ErrInterrupted) {
		return failure.New(nil, "Nothing was removed.", "interrupted")
	}
	return err
}

// force lets Terraform delete buckets that hold something.
func (o *Options) force(ctx context.Context, d *deploy.Deployment) error {
	p, err := d.PlanForceDestroy(ctx)
	if err != nil {
		return err
	}
	if err := p.Guard(); err != nil {
		return err
	}
	// An apply that was cut short may lack buckets; they are not made to be removed.
	if p.Empty() || p.Count(deploy.Update) == 0 {
		return nil
	}
	return d.Apply(ctx, p)
}

// left lists what carries the stack's tag still, and why.
func left(ctx context.Context, s *stack.Stack, known map[string]bool, kept []string) ([]Left, error) {
	arns, err := s.Session.Tagged(ctx, stack.Tag, s.Name())
	if err != nil {
		return nil, err
	}
	all := []Left{}
	for _, arn := range arns {
		bucket, isBucket := strings.CutPrefix(arn, "arn:aws:s3:::")
		switch {
		case isBucket && bucket == s.Bucket():
			all = append(all, Left{arn, "holds the state; --remove-state removes it"})
		case isBucket && slices.Contains(kept, bucket):
			all = append(all, Left{arn, "kept, as you asked"})
		case known[arn]:
			all = append(all, Left{arn, "removed just now; AWS's list of tags is late by some minutes"})
		default:
			all = append(all, Left{arn, "not made by loafctl, or removed earlier: look at it in the console"})
		}
	}
	return all, nil
}

// state removes the state last, if that is wanted.
func (o *Options) state(ctx context.Context, s *stack.Stack) error {
	if !o.Given("remove-state") && o.Prompter.Asks() {
		what := "Remove the bucket " + s.Bucket() + " with the state, too"
		if s.LocalState {
			what = "Remove the state in " + s.StatePath() + ", too"
		}
		remove, err := o.Prompter.Confirm(ctx, prompt.Confirm{Label: what, Flag: "remove-state"})
		if err != nil && !errors.Is(err, prompt.ErrInterrupted) {
			return err
		}
		o.RemoveState = remove
	}
	if !o.RemoveState {
		return nil
	}
	if err := s.RemoveState(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(s.WorkDir()); err != nil {
		return failure.New(err, "Delete it yourself; nothing else is left.", "remove the working folder %s", s.WorkDir())
	}
	return nil
}

func (o *Options) print(s *stack.Stack, r Result) error {
	if o.RemoveState {
		r.Left = slices.DeleteFunc(r.Left, func(l Left) bool { return l.ARN == "arn:aws:s3:::"+s.Bucket() })
	}
	text := fmt.Appendf(nil, "The stack %s is removed: %d things.\n", r.Stack, r.Removed)
	if len(r.Left) == 0 {
		text = append(text, "Nothing carries its tag any more.\n"...)
	} else {
		text = append(text, "What still carries its tag:\n"...)
		for _, l := range r.Left {
			text = fmt.Appendf(text, "  %s\n    %s\n", l.ARN, l.Reason)
		}
	}
	if !o.RemoveState {
		text = fmt.Appendf(text, "Its answers are in %s.\n", s.AnswersPath())
	}
	if o.JSON {
		var err error
		if text, err = json.MarshalIndent(r, "", "  "); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		text = append(text, '\n')
	}
	if _, err := o.Deploy.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}
