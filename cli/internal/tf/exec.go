package tf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// stopPatience is how long Terraform may take to stop after Ctrl-C, until it is
// killed: what is under way in AWS is waited for, so that the state knows of it.
const stopPatience = 30 * time.Minute

// Run is Terraform as a program.
type Run struct {
	terraform *tfexec.Terraform
	program   Program
	options   Options
}

var _ Terraform = (*Run)(nil)

// Options of a Run.
type Options struct {
	Program Program
	// Dir is the working folder.
	Dir string
	// Environ is the process's environment, from which Terraform gets what is not
	// Terraform's own.
	Environ []string
	// Set are variables beside it, such as AWS_PROFILE.
	Set map[string]string
	// Cache is where providers are kept.
	Cache string
	// BackendConfig are the settings of the backend, "name=value" each.
	BackendConfig []string
}

// New makes a Run.
func New(o Options) (*Run, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("find the folder of Terraform: %w", err)
	}
	t, err := tfexec.NewTerraform(dir, o.Program.Path)
	if err != nil {
		return nil, fmt.Errorf("run Terraform in %s: %w", dir, err)
	}
	env, err := environment(o)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(t.SetEnv(env), t.SetWaitDelay(stopPatience)); err != nil {
		return nil, fmt.Errorf("run Terraform in %s: %w", dir, err)
	}
	return &Run{terraform: t, program: o.Program, options: o}, nil
}

// environment is the caller's without Terraform's own variables, which would
// change what loafctl asks for. Where providers come from stays the caller's.
func environment(o Options) (map[string]string, error) {
	env := map[string]string{}
	for _, entry := range o.Environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			continue
		}
		if strings.HasPrefix(name, "TF_") && name != "TF_CLI_CONFIG_FILE" && name != "TF_PLUGIN_CACHE_DIR" {
			continue
		}
		// Passwords and keys of loafctl's own flags are not for Terraform.
		if strings.HasPrefix(name, "LOAF_") {
			continue
		}
		env[name] = value
	}
	env["CHECKPOINT_DISABLE"] = "1"
	if env["TF_PLUGIN_CACHE_DIR"] == "" && env["TF_CLI_CONFIG_FILE"] == "" && o.Cache != "" {
		cache := filepath.Join(o.Cache, "providers")
		if err := os.MkdirAll(cache, 0o700); err != nil {
			return nil, failure.New(err, "Set XDG_CACHE_HOME to a folder that you may write to.", "make the folder for Terraform's providers")
		}
		env["TF_PLUGIN_CACHE_DIR"] = cache
	}
	// The root pins the provider's exact version, and keeps no lock file.
	env["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "true"
	maps.Copy(env, o.Set)
	return env, nil
}

// Version is that of the program.
func (r *Run) Version(context.Context) (string, error) { return r.program.Version, nil }

// Init prepares the folder.
func (r *Run) Init(ctx context.Context, report func(Event)) error {
	out := newReader(report)
	options := []tfexec.InitOption{tfexec.Reconfigure(true), tfexec.Upgrade(false)}
	for _, setting := range r.options.BackendConfig {
		options = append(options, tfexec.BackendConfig(setting))
	}
	return out.result(ctx, "prepare Terraform", r.terraform.InitJSON(ctx, out, options...))
}

// Plan computes what would change.
func (r *Run) Plan(ctx context.Context, o PlanOptions, report func(Event)) (*tfjson.Plan, error) {
	out := newReader(report)
	// Terraform makes the file for everyone to read; it holds secrets.
	if err := os.WriteFile(o.File, nil, 0o600); err != nil {
		return nil, failure.New(err, "", "keep the plan")
	}
	options := []tfexec.PlanOption{tfexec.Out(o.File), tfexec.LockTimeout("30s")}
	if o.VarFile != "" {
		options = append(options, tfexec.VarFile(o.VarFile))
	}
	if o.Destroy {
		options = append(options, tfexec.Destroy(true))
	}
	for _, v := range o.Vars {
		options = append(options, tfexec.Var(v))
	}
	for _, target := range o.Targets {
		options = append(options, tfexec.Target(target))
	}
	_, err := r.terraform.PlanJSON(ctx, out, options...)
	if err := out.result(ctx, "plan", err); err != nil {
		return nil, err
	}
	plan, err := r.terraform.ShowPlanFile(ctx, o.File)
	if err != nil {
		return nil, interrupted(ctx, fmt.Errorf("read the plan: %w", err))
	}
	return plan, nil
}

// Apply does what was planned.
func (r *Run) Apply(ctx context.Context, planFile string, report func(Event)) error {
	out := newReader(report)
	err := r.terraform.ApplyJSON(ctx, out, tfexec.DirOrPlan(planFile), tfexec.LockTimeout("30s"))
	return out.result(ctx, "apply", err)
}

// StateRemove forgets a resource.
func (r *Run) StateRemove(ctx context.Context, address string) error {
	if err := r.terraform.StateRm(ctx, address); err != nil {
		return interrupted(ctx, fmt.Errorf("forget %s: %w", address, err))
	}
	return nil
}

// StateList lists the addresses of all resources.
func (r *Run) StateList(ctx context.Context) ([]string, error) {
	state, err := r.terraform.Show(ctx)
	if err != nil {
		return nil, interrupted(ctx, fmt.Errorf("read the state: %w", err))
	}
	var addresses []string
	var walk func(*tfjson.StateModule)
	walk = func(m *tfjson.StateModule) {
		if m == nil {
			return
		}
		for _, resource := range m.Resources {
			if resource.Mode == tfjson.ManagedResourceMode {
				addresses = append(addresses, resource.Address)
			}
		}
		for _, child := range m.ChildModules {
			walk(child)
		}
	}
	if state.Values != nil {
		walk(state.Values.RootModule)
	}
	return addresses, nil
}

// ErrInterrupted is that Terraform was told to stop, and did.
var ErrInterrupted = errors.New("interrupted")

func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrInterrupted, err)
	}
	return err
}

// reader takes Terraform's JSON lines as they come.
type reader struct {
	report  func(Event)
	rest    []byte
	errors  []Diagnostic
	strange []string
}

var _ io.Writer = (*reader)(nil)

func newReader(report func(Event)) *reader {
	if report == nil {
		report = func(Event) {}
	}
	return &reader{report: report}
}

// Write takes what Terraform prints, in pieces of any size.
func (r *reader) Write(text []byte) (int, error) {
	r.rest = append(r.rest, text...)
	for {
		line, rest, ok := bytes.Cut(r.rest, []byte("\n"))
		if !ok {
			return len(text), nil
		}
		r.take(line)
		r.rest = rest
	}
}

func (r *reader) take(line []byte) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	var e Event
	if json.Unmarshal(line, &e) != nil {
		// Before it understands -json, Terraform speaks plainly.
		r.strange = append(r.strange, string(line))
		return
	}
	if e.Diagnostic != nil && e.Diagnostic.Severity == "error" {
		r.errors = append(r.errors, *e.Diagnostic)
	}
	r.report(e)
}

// Failed is what Terraform said when it failed.
type Failed struct {
	// Diagnostics are its errors.
	Diagnostics []Diagnostic
	err         error
}

func (f *Failed) Error() string {
	parts := make([]string, 0, len(f.Diagnostics))
	for _, d := range f.Diagnostics {
		text := d.Summary
		if d.Address != "" {
			text = d.Address + ": " + text
		}
		if detail := strings.TrimSpace(d.Detail); detail != "" {
			text += "\n  " + strings.ReplaceAll(detail, "\n", "\n  ")
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return f.err.Error()
	}
	return strings.Join(parts, "\n")
}

func (f *Failed) Unwrap() error { return f.err }

// result is how a command of Terraform's ended.
func (r *reader) result(ctx context.Context, what string, err error) error {
	if len(r.rest) > 0 {
		r.take(r.rest)
		r.rest = nil
	}
	if err == nil {
		return nil
	}
	if len(r.errors) == 0 && len(r.strange) > 0 {
		err = fmt.Errorf("%w: %s", err, strings.Join(r.strange, "\n"))
	}
	return interrupted(ctx, failure.New(&Failed{r.errors, err}, r.remedy(), "Terraform could not %s", what))
}

// remedy is what to do about the errors that happen to everyone.
func (r *reader) remedy() string {
	var all strings.Builder
	for _, d := range r.errors {
		all.WriteString(d.Summary + " " + d.Detail + "\n")
	}
	text := all.String()
	switch {
	case strings.Contains(text, "Error acquiring the state lock"):
		return "Somebody else works on this stack now. Wait; if nobody does, the lock of a run that was killed is left: delete the object terraform.tfstate.tflock from the stack's state bucket (or the file .terraform.tfstate.lock.info)."
	case strings.Contains(text, "ExpiredToken") || strings.Contains(text, "token has expired"):
		return "Your credentials have expired. Sign in again, for example with `aws sso login`, and run this again: it goes on where it stopped."
	case strings.Contains(text, "AccessDenied") || strings.Contains(text, "UnauthorizedOperation") || strings.Contains(text, "is not authorized to perform"):
		return "Ask whoever runs the account for this permission, and run this again: it goes on where it stopped."
	case strings.Contains(text, "Failed to query available provider packages") || strings.Contains(text, "Failed to install provider"):
		return "Terraform gets the AWS provider from registry.terraform.io: check the network and the proxy (HTTPS_PROXY)."
	default:
		return "Mend what it says and run this again: it goes on where it stopped."
	}
}
