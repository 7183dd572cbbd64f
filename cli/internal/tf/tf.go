// Package tf runs Terraform: finds or installs it, and reads its JSON output as
// it goes.
package tf

import (
	"context"
	"encoding/json"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
)

// Terraform is one working folder, and the program to run in it.
type Terraform interface {
	// Version is that of the program.
	Version(ctx context.Context) (string, error)
	// Init prepares the folder: its providers, its modules, its backend. Lines of
	// what happens go to report, which may be nil.
	Init(ctx context.Context, report func(Event)) error
	// Plan computes what would change, and keeps it in a file for Apply.
	Plan(ctx context.Context, o PlanOptions, report func(Event)) (*tfjson.Plan, error)
	// Apply does what was planned into the file.
	Apply(ctx context.Context, planFile string, report func(Event)) error
	// StateRemove forgets a resource and leaves it where it is.
	StateRemove(ctx context.Context, address string) error
	// StateList lists the addresses of all resources.
	StateList(ctx context.Context) ([]string, error)
}

// PlanOptions of a plan.
type PlanOptions struct {
	// File is where the plan is kept; it holds secrets.
	File string
	// VarFile has the variables.
	VarFile string
	// Destroy plans to remove everything.
	Destroy bool
	// Vars are variables beside the file, "name=value" each.
	Vars []string
	// Targets are the addresses to plan; empty is all.
	Targets []string
}

// Event is one line of Terraform's JSON output.
// https://developer.hashicorp.com/terraform/internals/machine-readable-ui
type Event struct {
	Level   string    `json:"@level"`
	Message string    `json:"@message"`
	Time    time.Time `json:"@timestamp"`
	Type    string    `json:"type"`
	Hook    *struct {
		Resource struct {
			Address string `json:"addr"`
			Type    string `json:"resource_type"`
		} `json:"resource"`
		Action  string `json:"action"`
		Elapsed int    `json:"elapsed_seconds"`
	} `json:"hook"`
	Changes *struct {
		Add       int    `json:"add"`
		Change    int    `json:"change"`
		Remove    int    `json:"remove"`
		Operation string `json:"operation"`
	} `json:"changes"`
	Diagnostic *Diagnostic     `json:"diagnostic"`
	Raw        json.RawMessage `json:"-"`
}

// Diagnostic is an error or a warning of Terraform's.
type Diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
}
