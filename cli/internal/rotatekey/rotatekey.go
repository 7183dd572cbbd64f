// Package rotatekey is `loafctl rotate-key`: it replaces an API key without a
// moment in which clients have none that is valid.
package rotatekey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/deploy"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/prompt"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	target.Flags
	Deploy   deploy.Options
	Prompter prompt.Prompter
	// Key names the key to replace, where a stack has several.
	Key string
	// Start makes the second key and leaves the first.
	Start bool
	// Yes takes the first away without asking, once it was not used for Quiet.
	Yes, JSON      bool
	Quiet, Timeout time.Duration
	// Now is the clock, and Pause waits.
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration) error
	// prepare lets Terraform prepare itself.
	prepare func(ctx context.Context, s *stack.Stack, o deploy.Options) (deployment, error)
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams, Now: time.Now, Pause: cloud.Pause, prepare: prepare}
	o.Stdin = streams.In
	var flags deploy.Flags
	cmd := &cobra.Command{
		Use:   "rotate-key",
		Short: "Replace an API key: a second one first, then the old one goes",
		Long: `Replace an API key without an outage. A second key is made and shown, once;
both are valid. You give the new one to your clients, and see here how much each
is used. When the old one is used no more, it is taken away.

Run it again after an interruption: it goes on where it was. With --yes nobody
is asked, and the old key goes once the new one was used and the old one was not
for --quiet. API Gateway counts calls with some minutes' delay.

The successor of a key x is named x-2, that of x-2 x-3; by these names a later run
finds what was begun. Two keys of a stack that are not to replace each other need
other names.

The change is made through Terraform's variable api_keys, so that the state and
` + "`dataloaf.tfvars.json`" + ` stay true.`,
		Example: `  loafctl rotate-key
  loafctl rotate-key --start --json              # in CI: make the key ...
  loafctl rotate-key --yes --quiet 24h           # ... and later take the old one away
  loafctl rotate-key --endpoint http://127.0.0.1:8080`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Deploy = deploy.Standard(flags, streams)
			o.Prompter = prompt.For(streams, o.Yes)
			return Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.Register(f)
	flags.Register(f)
	f.StringVar(&o.Key, "key", "", "`name` of the key to replace (default: the only one)")
	f.BoolVar(&o.Start, "start", false, "make the second key, and leave the old one for another run")
	f.BoolVar(&o.Yes, "yes", false, "ask nothing: take the old key away once it is used no more")
	f.BoolVar(&o.JSON, "json", false, "print JSON, a line for each step")
	f.DurationVar(&o.Quiet, "quiet", time.Hour, "how long the old key must not have been used, with --yes")
	f.DurationVar(&o.Timeout, "timeout", 48*time.Hour, "how long to wait for that")
	return cmd
}

// state is how far the replacement of a key has come.
type state struct {
	// Old and New are names of keys. New is there already when Made.
	Old, New string
	Made     bool
}

// use is how often keys were used.
type use struct{ Old, New int64 }

// keys are the API keys of a stack or of a dev.
type keys interface {
	// State tells which key replaces which.
	State(ctx context.Context) (state, error)
	// Make makes the new key and gives its value.
	Make(ctx context.Context, s state) (string, error)
	// Use tells how often each was used lately.
	Use(ctx context.Context, s state) (use, error)
	// Remove takes the old key away.
	Remove(ctx context.Context, s state) error
}

// step is a line of the JSON output.
type step struct {
	Step string `json:"step"` // made or removed
	Name string `json:"name"`
	// Key is the value of a key that was made.
	Key string `json:"key,omitempty"`
}

// Run replaces a key.
func Run(ctx context.Context, o Options) error {
	if o.Quiet < 0 || o.Timeout <= 0 {
		return failure.Usage("Use durations such as --quiet 1h and --timeout 48h.", "--quiet or --timeout is not a time to wait")
	}
	if o.Start && o.Yes {
		return failure.Usage("Give --start to make the second key, and later --yes to take the old one away.", "both --start and --yes are given")
	}
	if !o.Start && !o.Yes && !o.Prompter.Asks() {
		// Without anyone to ask it would only fail later.
		_, err := o.Prompter.Confirm(ctx, prompt.Confirm{Flag: "yes"})
		return err
	}
	k, err := o.keys(ctx)
	if err != nil {
		return err
	}
	s, err := k.State(ctx)
	if err != nil {
		return err
	}
	if s.Made {
		o.tell("%s is being replaced by %s already. Its value was shown when it was made.", s.Old, s.New)
	} else if err := o.make(ctx, k, s); err != nil {
		return err
	}
	if o.Start {
		o.tell("Both keys are valid. Run `loafctl rotate-key` again when your clients use the new one.")
		return nil
	}
	remove, err := o.wait(ctx, k, s)
	if err != nil || !remove {
		return err
	}
	if err := k.Remove(ctx, s); err != nil {
		return err
	}
	o.tell("%s is gone; %s is the key.", s.Old, s.New)
	return o.print(step{Step: "removed", Name: s.Old}, "")
}

func (o *Options) keys(ctx context.Context) (keys, error) {
	running, local, err := o.Dev()
	if err != nil {
		return nil, err
	}
	if local {
		client, err := target.Local(running)
		return &devKeys{client}, err
	}
	return o.stackKeys(ctx)
}

func (o *Options) make(ctx context.Context, k keys, s state) error {
	if o.Prompter.Asks() && !o.Start {
		yes, err := o.Prompter.Confirm(ctx, prompt.Confirm{Label: fmt.Sprintf("Make a second key, %s, beside %s", s.New, s.Old), Default: true, Flag: "yes"})
		if err != nil || !yes {
			return failure.New(err, "", "nothing was changed")
		}
	}
	value, err := k.Make(ctx, s)
	if err != nil {
		return err
	}
	o.tell("%s is made, and valid beside %s. This is the one time that it is shown:", s.New, s.Old)
	return o.print(step{Step: "made", Name: s.New, Key: value}, value)
}

// print writes a step as JSON, or else its value alone.
func (o *Options) print(s step, value string) error {
	text := []byte(value)
	if o.JSON {
		var err error
		if text, err = json.Marshal(s); err != nil {
			return fmt.Errorf("write the step: %w", err)
		}
	}
	if len(text) == 0 {
		return nil
	}
	if _, err := o.Streams.Out.Write(append(text, '\n')); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

// poll is how long to wait before usage is asked for again, and minPoll the
// least.
const (
	poll    = time.Minute
	minPoll = 100 * time.Millisecond
)

// wait tells whether the old key may go: the person says so, or the keys' use.
func (o *Options) wait(ctx context.Context, k keys, s state) (bool, error) {
	var before *use
	end := o.Now().Add(o.Timeout)
	quietSince := o.Now()
	for {
		now, err := k.Use(ctx, s)
		if err != nil {
			return false, o.later(ctx, err)
		}
		if before == nil || now.Old != before.Old {
			quietSince = o.Now()
		}
		o.show(s, before, now)
		before = &now
		if o.Prompter.Asks() {
			answer, err := o.Prompter.Select(ctx, prompt.Select{
				Label: "Do your clients use the new key", Flag: "yes", Default: look,
				Choices: []prompt.Choice{
					{Label: "Look again", Value: look, Detail: "counts come some minutes late"},
					{Label: "Yes: take " + s.Old + " away", Value: take, Detail: "whoever still sends with it is refused"},
					{Label: "Later", Value: later, Detail: "both stay valid; run rotate-key again"},
				},
			})
			if err != nil {
				return false, o.later(ctx, err)
			}
			if answer != look {
				if answer == later {
					o.tell("Both keys are valid. Run `loafctl rotate-key` again to go on.")
				}
				return answer == take, nil
			}
			continue
		}
		if now.New > 0 && o.Now().Sub(quietSince) >= o.Quiet {
			return true, nil
		}
		if !o.Now().Before(end) {
			return false, o.timedOut(s, now)
		}
		if err := o.Pause(ctx, min(poll, max(o.Quiet, minPoll))); err != nil {
			return false, o.later(ctx, err)
		}
	}
}

// The answers of the person who is asked.
const (
	look  = "look"
	take  = "take"
	later = "later"
)

func (o *Options) show(s state, before *use, now use) {
	if before != nil && *before == now && !o.Prompter.Asks() {
		return // nothing new to say
	}
	o.tell("%s  Calls counted: %s %d, %s %d.", o.Now().Format(time.TimeOnly), s.Old, now.Old, s.New, now.New)
}

// later says how to go on after an interruption.
func (o *Options) later(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, prompt.ErrInterrupted) {
		return failure.New(nil, "Both keys are valid. Run `loafctl rotate-key` again to go on.", "interrupted")
	}
	return err
}

func (o *Options) timedOut(s state, u use) error {
	if u.New == 0 {
		return failure.New(nil, "Give the new key to your clients, then run this again. Both keys are valid.", "%s was not used at all within %v", s.New, o.Timeout)
	}
	return failure.New(nil, "Find the client that has the old key: the API's log names it as apiKeyId. Both keys are valid.", "%s is still in use after %v", s.Old, o.Timeout)
}

// tell says how it goes to the person who waits.
func (o *Options) tell(format string, args ...any) {
	// A closed standard error has no reader.
	_, _ = fmt.Fprintf(o.Streams.Err, format+"\n", args...)
}
