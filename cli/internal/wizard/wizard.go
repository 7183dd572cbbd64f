// Package wizard is `loafctl init`: from nothing to a running stack.
package wizard

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/apply"
	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/cost/model"
	"github.com/dataloaf/dataloaf/cli/internal/deploy"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/preflight"
	"github.com/dataloaf/dataloaf/cli/internal/prompt"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Options of the command.
type Options struct {
	Stack    stack.Flags
	Deploy   deploy.Options
	Prompter prompt.Prompter
	// Given reports whether a flag or its variable was given, and so is not asked
	// for.
	Given func(flag string) bool
	// Profiles lists those of the AWS configuration.
	Profiles func() []string
	// Open opens AWS.
	Open cloud.Opener

	Account         string
	EventsPerSecond float64
	WarehouseSize   string
	LoadInterval    time.Duration
	// IdleLoadInterval is 0 where loads do not wait while nobody asks.
	IdleLoadInterval time.Duration
	AllowedCIDRs     string
	AllowPublic      bool
	AddressURL       string
	Domain, ZoneID   string
	AlarmEmail       string
	LocalState       bool
	Yes, JSON        bool
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	var o Options
	var flags deploy.Flags
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Set DataLoaf up in your AWS account",
		Long: `Set DataLoaf up in your AWS account. It asks what it needs to know, looks whether
the account can have it, shows what would be made and what it costs, asks, and
makes it: ten to twenty minutes.

Terraform is found or installed. Credentials are those of your AWS configuration.
The answers are kept in ` + stack.AnswersFile + `, in a folder with the stack's name; the
state in an S3 bucket of its own, so that others can go on from there. Ctrl-C
stops; running it again, or ` + "`loafctl apply`" + `, goes on.

In a script: --yes, and a flag for each answer.`,
		Example: `  loafctl init
  loafctl init --yes --region eu-central-1 --allowed-cidrs 203.0.113.0/24 \
    --alarm-email ops@example.com --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Deploy = deploy.Standard(flags, streams)
			o.Prompter = prompt.For(streams, o.Yes)
			o.Given = func(flag string) bool { return cmd.Flags().Changed(flag) }
			o.Open = cloud.Open
			o.Profiles = func() []string { return cloud.Profiles(os.LookupEnv, os.ReadFile) }
			return Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.Stack.Register(f)
	flags.Register(f)
	f.StringVar(&o.Account, "account", "", "the AWS `account` that is meant; another one is refused")
	f.Float64Var(&o.EventsPerSecond, "events-per-second", model.Default().EventsPerSecond, "events a second to estimate the cost for")
	f.StringVar(&o.WarehouseSize, "warehouse-size", sizes[0].value, "`size` of the warehouse: "+strings.Join(sizeValues(), ", "))
	f.DurationVar(&o.LoadInterval, "load-interval", 3*time.Minute, "time between loads, in whole minutes")
	f.DurationVar(&o.IdleLoadInterval, "idle-load-interval", 0, "time between loads while nobody uses the insights page or its API, in whole minutes; 0 for no other")
	f.StringVar(&o.AllowedCIDRs, "allowed-cidrs", "", "address `ranges` that may open the insights page, with commas between them, or none")
	f.BoolVar(&o.AllowPublic, "allow-public-insights", false, "allow the whole internet in --allowed-cidrs")
	f.StringVar(&o.AddressURL, "address-url", "https://checkip.amazonaws.com", "`URL` that tells one's own address, to offer it; empty asks nobody")
	f.StringVar(&o.Domain, "domain", "", "`host` name of the insights page, in a hosted zone of Route 53")
	f.StringVar(&o.ZoneID, "zone-id", "", "`id` of the hosted zone (default: the one that --domain lies in)")
	f.StringVar(&o.AlarmEmail, "alarm-email", "", "`address` for alarms, or none")
	f.BoolVar(&o.LocalState, "local-state", false, "keep the state in the stack's folder, not in a bucket")
	f.BoolVar(&o.Yes, "yes", false, "ask nothing")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}

// wizard is one run.
type wizard struct {
	o     Options
	style term.Style
	// before are the answers of a run that did not come to its end.
	before   *stack.Answers
	answers  *stack.Answers
	session  *cloud.Session
	identity cloud.Identity
}

func (w *wizard) say(format string, args ...any) {
	// Nobody is told that standard error is closed.
	_, _ = fmt.Fprintf(w.o.Deploy.Streams.Err, format+"\n", args...)
}

func (w *wizard) reason() string {
	if w.o.Yes {
		return "--yes leaves nobody"
	}
	return "there is no terminal"
}

// Run asks, looks, plans and applies. Nothing is written before all questions but
// the last are answered.
func Run(ctx context.Context, o Options) error {
	w := &wizard{o: o, style: o.Deploy.Streams.StyleOf(o.Deploy.Streams.Err), answers: &stack.Answers{}}
	if !o.Yes && !o.Prompter.Asks() {
		_, err := prompt.None{Reason: w.reason()}.Confirm(ctx, prompt.Confirm{Flag: "yes"})
		return err
	}
	s, err := w.ask(ctx)
	if err != nil {
		if errors.Is(err, prompt.ErrInterrupted) || ctx.Err() != nil {
			return failure.New(nil, "Nothing was written or made. Run `loafctl init` again when you like.", "interrupted")
		}
		return err
	}
	if err := w.write(s); err != nil {
		return err
	}
	return apply.Stack(ctx, s, apply.Options{Deploy: w.o.Deploy, Prompter: w.o.Prompter, EventsPerSecond: w.o.EventsPerSecond, Yes: w.o.Yes, JSON: w.o.JSON})
}

// ask gives the stack that the answers make.
func (w *wizard) ask(ctx context.Context) (*stack.Stack, error) {
	// What would fail at the end anyway fails before the first question.
	if err := w.shipped(); err != nil {
		return nil, err
	}
	if err := w.resume(); err != nil {
		return nil, err
	}
	program, err := w.o.Deploy.FindTerraform(ctx)
	if err != nil {
		return nil, err
	}
	w.o.Deploy.Program = program
	for _, question := range []func(context.Context) error{
		w.account, w.accept, w.region, w.name, w.existing, w.events, w.warehouse, w.visitors, w.domain, w.email,
	} {
		if err := question(ctx); err != nil {
			return nil, err
		}
	}
	s := w.stack()
	return s, w.look(ctx, s)
}

// shipped refuses a loafctl without modules and artifacts.
func (w *wizard) shipped() error {
	if _, err := w.o.Deploy.Shipped.ModulesFS(); err != nil {
		return err
	}
	_, _, err := w.o.Deploy.Shipped.ArtifactsFS()
	return err
}

// resume takes the answers of a run that did not come to its end as defaults.
func (w *wizard) resume() error {
	before, err := stack.ReadAnswers(filepath.Join(w.o.Stack.Folder(), stack.AnswersFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if w.o.Given("name") && w.o.Stack.Name != before.Name || w.o.Stack.Region != "" && w.o.Stack.Region != before.Region {
		return failure.Usage("Give another folder with --dir (LOAF_DIR) for another stack.", "%s has the stack %q in %s already",
			filepath.Join(w.o.Stack.Folder(), stack.AnswersFile), before.Name, before.Region)
	}
	w.before = before
	if info, err := os.Stat(filepath.Join(w.o.Stack.Folder(), stack.StateFolder)); err == nil && info.IsDir() {
		w.o.LocalState = true
	}
	copied := *before
	w.answers = &copied
	// What is asked again is not left over.
	w.answers.Domain, w.answers.ZoneID, w.answers.AlarmEmail, w.answers.AllowPublicInsights = "", "", "", nil
	w.say("Going on with the stack %s in %s; its answers are offered again.", before.Name, before.Region)
	return nil
}

// existing refuses a name whose stack somebody else has begun already.
func (w *wizard) existing(ctx context.Context) error {
	if w.before != nil || w.o.LocalState {
		return nil
	}
	there, err := w.stack().HasState(ctx)
	if err != nil {
		return err
	}
	if there {
		return failure.New(nil, fmt.Sprintf("`loafctl apply --name %s --region %s` goes on with it. For another stack, give another --name (LOAF_NAME).", w.answers.Name, w.answers.Region),
			"there is a stack %q in %s already", w.answers.Name, w.answers.Region)
	}
	return nil
}

// stack is what the answers make so far.
func (w *wizard) stack() *stack.Stack {
	return &stack.Stack{Dir: w.o.Stack.Folder(), Answers: w.answers, Session: w.session, Identity: w.identity, LocalState: w.o.LocalState}
}

// look checks the account, and takes from it the answers that nobody is asked for.
func (w *wizard) look(ctx context.Context, s *stack.Stack) error {
	w.say("Looking at the account.")
	found, err := preflight.Of(ctx, s)
	if err != nil {
		return err
	}
	for _, c := range found.Checks {
		sign := map[preflight.Level]string{preflight.Good: w.style.Good("✔"), preflight.Warn: w.style.Warn("!"), preflight.Bad: w.style.Bad("✘")}[c.Level]
		w.say("  %s %s: %s", sign, c.Name, c.Message)
		if c.Remedy != "" {
			w.say("    %s", w.style.Dim(c.Remedy))
		}
	}
	if bad := found.Bad(); len(bad) > 0 {
		return failure.New(nil, bad[0].Remedy, "the account cannot have the stack: %s: %s", bad[0].Name, bad[0].Message)
	}
	if found.ReserveLoadConcurrency != nil {
		s.Answers.ReserveLoadConcurrency = found.ReserveLoadConcurrency
	}
	if found.ManageAPILoggingRole != nil {
		s.Answers.ManageAPILoggingRole = found.ManageAPILoggingRole
	}
	return nil
}

// write keeps the answers.
func (w *wizard) write(s *stack.Stack) error {
	if err := s.SaveAnswers(); err != nil {
		return err
	}
	w.say("The answers are in %s; change them there and run `loafctl apply --dir %s`.", s.AnswersPath(), s.Dir)
	if s.LocalState {
		w.say("The state is kept in %s: whoever works on the stack needs that folder.", filepath.Dir(s.StatePath()))
	} else {
		w.say("The state is kept in the bucket %s.", s.Bucket())
	}
	return nil
}
