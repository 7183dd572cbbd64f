// Package tftest is a Terraform for tests: a program that records how it is
// called, takes no time, and fails, waits or finds drift when it is told to.
package tftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folderVariable names the folder of the scenario to a program that shall be
// Terraform.
const folderVariable = "FAKE_TERRAFORM"

// Resource is one thing that a plan changes.
type Resource struct {
	Address string `json:"address"`
	Type    string `json:"type"`
	// Actions are Terraform's, such as "create", or "delete" and "create".
	Actions []string `json:"actions"`
	// Because is the attribute that makes it be replaced.
	Because string `json:"because,omitempty"`
}

// Scenario is how it behaves.
type Scenario struct {
	Version   string     `json:"version"`
	Resources []Resource `json:"resources"`
	// Drift are addresses that others changed.
	Drift []string `json:"drift"`
	// FailAt is the address at which an apply fails, with Failure.
	FailAt  string `json:"fail_at"`
	Failure string `json:"failure"`
	// FailInit and FailPlan are errors of these.
	FailInit string `json:"fail_init"`
	FailPlan string `json:"fail_plan"`
	// WaitAt is the address at which an apply waits until it is interrupted.
	WaitAt string `json:"wait_at"`
	// Outputs are in the state after an apply.
	Outputs map[string]any `json:"outputs"`
	// Sensitive are those among them that are secret.
	Sensitive []string `json:"sensitive"`
}

// Fake is a fake Terraform that was set up.
type Fake struct {
	// Path is the program.
	Path   string
	folder string
}

// New sets one up. The test binary's TestMain must call Main first.
func New(t *testing.T, s Scenario) *Fake {
	t.Helper()
	if s.Version == "" {
		s.Version = "1.11.4"
	}
	folder := t.TempDir()
	f := &Fake{Path: filepath.Join(folder, "terraform"), folder: folder}
	script := fmt.Sprintf("#!/bin/sh\n%s=%s exec %s \"$@\"\n", folderVariable, folder, os.Args[0])
	if err := os.WriteFile(f.Path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	f.Set(t, s)
	return f
}

// Set changes how it behaves.
func (f *Fake) Set(t *testing.T, s Scenario) {
	t.Helper()
	if s.Version == "" {
		s.Version = "1.11.4"
	}
	text, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(filepath.Join(f.folder, "scenario.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Calls are the command lines it was called with.
func (f *Fake) Calls(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(f.folder, "calls"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// Environ is the environment that it was called with, without values.
func (f *Fake) Environ(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(f.folder, "environ"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Main runs the program as Terraform, if it is to be that, and does not return.
func Main() {
	folder := os.Getenv(folderVariable)
	if folder == "" {
		return
	}
	code, err := run(folder, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "the fake Terraform:", err)
		code = 3
	}
	os.Exit(code)
}

type fake struct {
	Scenario
	folder string
}

func run(folder string, args []string) (int, error) {
	f := fake{folder: folder}
	text, err := os.ReadFile(filepath.Join(folder, "scenario.json"))
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(text, &f.Scenario); err != nil {
		return 0, err
	}
	calls, err := os.OpenFile(filepath.Join(folder, "calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintln(calls, strings.Join(args, " ")); err != nil {
		return 0, err
	}
	if err := errors.Join(calls.Close(), os.WriteFile(filepath.Join(folder, "environ"), []byte(strings.Join(os.Environ(), "\n")), 0o600)); err != nil {
		return 0, err
	}
	switch args[0] {
	case "version":
		return 0, write(map[string]any{"terraform_version": f.Version, "platform": "linux_amd64", "provider_selections": map[string]string{}})
	case "init":
		return f.init(args)
	case "plan":
		return f.plan(args)
	case "show":
		return f.show(args)
	case "apply":
		return f.apply(args)
	case "state":
		return f.remove(args)
	}
	return 0, fmt.Errorf("it does not know %s", args[0])
}

func write(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }

func diagnostic(summary string) error {
	return write(map[string]any{
		"@level": "error", "@message": "Error: " + summary, "@timestamp": "2026-01-02T03:04:05Z", "type": "diagnostic",
		"diagnostic": map[string]string{"severity": "error", "summary": summary, "detail": "It is what the test wants."},
	})
}

// option is the value of -name=value.
func option(args []string, name string) string {
	for _, a := range args {
		if value, ok := strings.CutPrefix(a, "-"+name+"="); ok {
			return value
		}
	}
	return ""
}

// init remembers where the state is.
func (f *fake) init(args []string) (int, error) {
	if f.FailInit != "" {
		return 1, diagnostic(f.FailInit)
	}
	settings := map[string]string{}
	for _, a := range args {
		if setting, ok := strings.CutPrefix(a, "-backend-config="); ok {
			name, value, _ := strings.Cut(setting, "=")
			settings[name] = value
		}
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return 0, err
	}
	return 0, os.WriteFile(filepath.Join(f.folder, "backend.json"), text, 0o600)
}

// planned is what the file of a plan holds.
type planned struct {
	Resources []Resource `json:"resources"`
	Destroy   bool       `json:"destroy"`
}

func (f *fake) plan(args []string) (int, error) {
	if f.FailPlan != "" {
		return 1, diagnostic(f.FailPlan)
	}
	state, err := f.state()
	if err != nil {
		return 0, err
	}
	var p planned
	switch {
	case slices.Contains(args, "-destroy") || option(args, "destroy") == "true":
		p.Destroy = true
		for _, r := range state.Fake {
			p.Resources = append(p.Resources, Resource{Address: r.Address, Type: r.Type, Actions: []string{"delete"}})
		}
	case option(args, "target") != "":
		for _, r := range state.Fake {
			if strings.HasPrefix(r.Address, option(args, "target")) {
				p.Resources = append(p.Resources, Resource{Address: r.Address, Type: r.Type, Actions: []string{"update"}})
			}
		}
	default:
		for _, r := range f.Resources {
			there := slices.ContainsFunc(state.Fake, func(s Resource) bool { return s.Address == r.Address })
			if there && slices.Equal(r.Actions, []string{"create"}) {
				continue
			}
			p.Resources = append(p.Resources, r)
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return 0, err
	}
	return 0, os.WriteFile(option(args, "out"), text, 0o600)
}

func (f *fake) show(args []string) (int, error) {
	file := args[len(args)-1]
	if strings.HasPrefix(file, "-") {
		state, err := f.state()
		if err != nil {
			return 0, err
		}
		var resources []map[string]any
		for _, r := range state.Fake {
			resources = append(resources, map[string]any{"address": r.Address, "mode": "managed", "type": r.Type, "name": "x", "provider_name": "aws", "schema_version": 0})
		}
		return 0, write(map[string]any{"format_version": "1.0", "terraform_version": f.Version, "values": map[string]any{
			"root_module": map[string]any{"resources": resources},
		}})
	}
	p, err := readPlan(file)
	if err != nil {
		return 0, err
	}
	changes := []map[string]any{}
	for _, r := range p.Resources {
		change := map[string]any{"actions": r.Actions}
		if r.Because != "" {
			change["replace_paths"] = [][]string{{r.Because}}
		}
		changes = append(changes, map[string]any{"address": r.Address, "mode": "managed", "type": r.Type, "name": "x", "change": change})
	}
	drift := []map[string]any{}
	for _, address := range f.Drift {
		drift = append(drift, map[string]any{"address": address, "mode": "managed", "type": "x", "name": "x", "change": map[string]any{"actions": []string{"update"}}})
	}
	return 0, write(map[string]any{"format_version": "1.2", "terraform_version": f.Version, "resource_changes": changes, "resource_drift": drift})
}

func readPlan(file string) (planned, error) {
	var p planned
	text, err := os.ReadFile(file)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}

func (f *fake) apply(args []string) (int, error) {
	p, err := readPlan(args[len(args)-1])
	if err != nil {
		return 0, err
	}
	state, err := f.state()
	if err != nil {
		return 0, err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	for _, r := range p.Resources {
		action := r.Actions[len(r.Actions)-1]
		hook := map[string]any{"resource": map[string]string{"addr": r.Address, "resource_type": r.Type}, "action": action, "elapsed_seconds": 0}
		event := func(kind string) error {
			return write(map[string]any{"@level": "info", "@message": r.Address, "@timestamp": "2026-01-02T03:04:05Z", "type": kind, "hook": hook})
		}
		if err := event("apply_start"); err != nil {
			return 0, err
		}
		if r.Address == f.WaitAt {
			<-stop
			// What is under way comes to its end; the rest is left.
			state.add(r, action)
			if err := errors.Join(event("apply_complete"), f.save(state)); err != nil {
				return 0, err
			}
			return 1, diagnostic("operation canceled")
		}
		if r.Address == f.FailAt {
			if err := errors.Join(event("apply_errored"), f.save(state)); err != nil {
				return 0, err
			}
			return 1, diagnostic(f.Failure)
		}
		state.add(r, action)
		if err := event("apply_complete"); err != nil {
			return 0, err
		}
	}
	state.Outputs = map[string]map[string]any{}
	if !p.Destroy {
		for name, value := range f.Outputs {
			state.Outputs[name] = map[string]any{"value": value, "type": "x", "sensitive": slices.Contains(f.Sensitive, name)}
		}
	}
	return 0, f.save(state)
}

func (f *fake) remove(args []string) (int, error) {
	state, err := f.state()
	if err != nil {
		return 0, err
	}
	address := args[len(args)-1]
	state.Fake = slices.DeleteFunc(state.Fake, func(r Resource) bool { return r.Address == address })
	return 0, f.save(state)
}

// state is Terraform's, with what the fake itself reads.
type state struct {
	Version int                       `json:"version"`
	Outputs map[string]map[string]any `json:"outputs"`
	// Resources is where loafctl looks for ARNs.
	Resources []any      `json:"resources"`
	Fake      []Resource `json:"fake"`
}

func (s *state) add(r Resource, action string) {
	s.Fake = slices.DeleteFunc(s.Fake, func(o Resource) bool { return o.Address == r.Address })
	if action != "delete" {
		s.Fake = append(s.Fake, r)
	}
}

// place is where the state is: a file, or an address in the bucket.
func (f *fake) place() (file, address string, err error) {
	text, err := os.ReadFile(filepath.Join(f.folder, "backend.json"))
	if err != nil {
		return "", "", fmt.Errorf("it was not initialised: %w", err)
	}
	settings := map[string]string{}
	if err := json.Unmarshal(text, &settings); err != nil {
		return "", "", err
	}
	if settings["bucket"] != "" {
		return "", os.Getenv("AWS_ENDPOINT_URL") + "/" + settings["bucket"] + "/" + settings["key"], nil
	}
	return settings["path"], "", nil
}

func (f *fake) state() (*state, error) {
	s := &state{Version: 4, Outputs: map[string]map[string]any{}, Resources: []any{}}
	file, address, err := f.place()
	if err != nil {
		return nil, err
	}
	var text []byte
	if address == "" {
		text, err = os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return s, nil
		}
	} else {
		var response *http.Response
		if response, err = http.Get(address); err != nil {
			return nil, err
		}
		defer response.Body.Close()
		if response.StatusCode == http.StatusNotFound {
			return s, nil
		}
		text, err = io.ReadAll(response.Body)
	}
	if err != nil {
		return nil, err
	}
	return s, json.Unmarshal(text, s)
}

func (f *fake) save(s *state) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	file, address, err := f.place()
	if err != nil {
		return err
	}
	if address == "" {
		return os.WriteFile(file, text, 0o600)
	}
	request, err := http.NewRequest(http.MethodPut, address, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
