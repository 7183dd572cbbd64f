// Package deploy runs Terraform on a stack: what plan, apply, destroy, init and
// rotate-key have in common.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/spf13/pflag"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/shipped"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/cli/internal/tf"
)

// Flags are those of every verb that runs Terraform.
type Flags struct {
	Terraform tf.Flags
	Shipped   shipped.Flags
}

// Register defines the flags.
func (f *Flags) Register(set *pflag.FlagSet) {
	f.Terraform.Register(set)
	f.Shipped.Register(set)
}

// Options of a Deployment.
type Options struct {
	Flags
	Streams term.Streams
	// Environ is the process's environment, "NAME=value" each.
	Environ []string
	// Now is the clock.
	Now func() time.Time
	// Ticks are when progress is drawn anew; nil for every second.
	Ticks <-chan time.Time
	// Program is the Terraform to use; nil finds or installs one.
	Program *tf.Program
}

// Standard are the options of this process.
func Standard(f Flags, streams term.Streams) Options {
	return Options{Flags: f, Streams: streams, Environ: os.Environ(), Now: time.Now}
}

// say tells the person what happens.
func (o *Options) say(format string, args ...any) {
	// Nobody is told that standard error is closed.
	_, _ = fmt.Fprintf(o.Streams.Err, format+"\n", args...)
}

// FindTerraform finds or installs Terraform, and says which it is.
func (o *Options) FindTerraform(ctx context.Context) (*tf.Program, error) {
	if o.Program != nil {
		return o.Program, nil
	}
	cache, err := tf.CacheDir()
	if err != nil {
		return nil, err
	}
	finder := tf.Finder{Flags: o.Terraform, Cache: cache, Note: o.say}
	program, err := finder.FindOrInstall(ctx)
	if err != nil {
		return nil, err
	}
	o.say("Terraform %s: %s (%s).", program.Version, program.Path, program.From)
	o.Program = program
	return program, nil
}

// Deployment is a stack with Terraform ready to work on it.
type Deployment struct {
	Stack     *stack.Stack
	Manifest  *shipped.Manifest
	terraform tf.Terraform
	options   Options
}

// Prepare writes the modules into the stack's folder and lets Terraform prepare
// itself. The place of the state must be there.
func Prepare(ctx context.Context, s *stack.Stack, o Options) (*Deployment, error) {
	// First what needs no network.
	manifest, err := materialise(s, o.Shipped)
	if err != nil {
		return nil, err
	}
	program, err := o.FindTerraform(ctx)
	if err != nil {
		return nil, err
	}
	cache, err := tf.CacheDir()
	if err != nil {
		return nil, err
	}
	set := map[string]string{"AWS_REGION": s.Region()}
	if profile := s.Session.Options.Profile; profile != "" {
		set["AWS_PROFILE"] = profile
	}
	run, err := tf.New(tf.Options{Program: *program, Dir: s.WorkDir(), Environ: o.Environ, Set: set, Cache: cache, BackendConfig: backendConfig(s)})
	if err != nil {
		return nil, err
	}
	d := &Deployment{Stack: s, Manifest: manifest, terraform: run, options: o}
	o.say("Preparing Terraform; the first time it downloads the AWS provider, some 100 MB.")
	if err := d.terraform.Init(ctx, nil); err != nil {
		return nil, interruption(err, false)
	}
	return d, nil
}

// Version is that of Terraform.
func (d *Deployment) Version() string { return d.options.Program.Version }

// Plan plans what the answers ask for, or with destroy to remove everything.
func (d *Deployment) Plan(ctx context.Context, destroy bool) (*Plan, error) {
	return d.plan(ctx, tf.PlanOptions{Destroy: destroy})
}

// PlanForceDestroy plans to let a destroy delete the buckets of raw objects, and
// nothing else.
func (d *Deployment) PlanForceDestroy(ctx context.Context) (*Plan, error) {
	return d.plan(ctx, tf.PlanOptions{Vars: []string{forceDestroy + "=true"}, Targets: []string{rawBuckets}})
}

const rawBuckets = "module.dataloaf.module.collection.aws_s3_bucket.raw"

// RawBucketResource reports whether an address is one of the buckets of raw
// objects, or what protects it.
func RawBucketResource(address string) bool {
	return strings.HasPrefix(address, "module.dataloaf.module.collection.aws_s3_bucket") && strings.Contains(address, ".raw[") &&
		// What tells the loader goes with the loader.
		!strings.Contains(address, "aws_s3_bucket_notification.")
}

func (d *Deployment) plan(ctx context.Context, o tf.PlanOptions) (*Plan, error) {
	o.File = filepath.Join(d.absolute(), planName)
	o.VarFile = filepath.Join("..", stack.AnswersFile)
	d.options.say("Planning.")
	var found *tfjson.Plan
	found, err := d.terraform.Plan(ctx, o, nil)
	if err != nil {
		d.Discard()
		return nil, interruption(err, false)
	}
	return newPlan(found, o.File), nil
}

func (d *Deployment) absolute() string {
	dir, err := filepath.Abs(d.Stack.WorkDir())
	if err != nil {
		return d.Stack.WorkDir()
	}
	return dir
}

// Discard removes the plan's file, which holds secrets.
func (d *Deployment) Discard() {
	// One that cannot be removed lies in a folder that is its owner's alone.
	_ = os.Remove(filepath.Join(d.absolute(), planName))
}

// Apply does what was planned, and shows how it goes.
func (d *Deployment) Apply(ctx context.Context, p *Plan) error {
	defer d.Discard()
	shown := newProgress(d.options.Streams, len(p.Changes)+p.Count(Replace), d.options.Now)
	ticks := d.options.Ticks
	if ticks == nil {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		ticks = ticker.C
	}
	done := make(chan struct{})
	drawn := make(chan struct{})
	go func() {
		defer close(drawn)
		stop := ctx.Done()
		for {
			select {
			case <-done:
				return
			case <-stop:
				shown.stop()
				stop = nil
			case <-ticks:
				shown.tick()
			}
		}
	}()
	err := d.terraform.Apply(ctx, p.file, shown.event)
	close(done)
	<-drawn
	shown.finish()
	return interruption(err, true)
}

// Forget makes Terraform forget the resources whose addresses are wanted, and
// leave them where they are. It gives their addresses.
func (d *Deployment) Forget(ctx context.Context, wanted func(address string) bool) ([]string, error) {
	all, err := d.terraform.StateList(ctx)
	if err != nil {
		return nil, interruption(err, true)
	}
	var forgotten []string
	for _, address := range all {
		if !wanted(address) {
			continue
		}
		if err := d.terraform.StateRemove(ctx, address); err != nil {
			return forgotten, interruption(err, true)
		}
		forgotten = append(forgotten, address)
	}
	return forgotten, nil
}

// interruption says how to go on after Ctrl-C.
func interruption(err error, applied bool) error {
	if !errors.Is(err, tf.ErrInterrupted) && !errors.Is(err, context.Canceled) {
		return err
	}
	if !applied {
		return failure.New(nil, "Nothing was changed. Run it again when you like.", "interrupted")
	}
	return failure.New(nil, "The state is kept. Run the same command again: it goes on where it stopped.", "interrupted")
}
