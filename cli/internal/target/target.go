// Package target finds what a verb is about: a stack in AWS, or the loafctl dev
// that runs on this machine.
package target

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"github.com/dataloaf/dataloaf/cli/internal/cloud"
	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/deployed"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/insights"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
)

// Flags are those of every verb that works on a stack or on a dev.
type Flags struct {
	stack.Flags
	// Outputs is a file with what `terraform output -json` prints, for a stack
	// that was made with the modules alone; "-" is standard input.
	Outputs string
	// Endpoint is the address of a loafctl dev; empty is the one that runs on
	// DataDir.
	Endpoint, DataDir string
	// Token or Password opens the insights API.
	Token, Password string
	// Insecure accepts the page's certificate unseen.
	Insecure bool
	// Stdin is what Outputs "-" reads.
	Stdin io.Reader
}

// Register defines the flags that say which stack, or which dev.
func (f *Flags) Register(set *pflag.FlagSet) {
	f.Flags.Register(set)
	set.StringVar(&f.Outputs, "outputs", "", "`file` with what `terraform output -json` prints, for a stack that init did not make; - is standard input")
	set.StringVar(&f.Endpoint, "endpoint", "", "`URL` of a loafctl dev, in place of a stack in AWS (default: the one that runs on --data-dir, where no stack is named)")
	set.StringVar(&f.DataDir, "data-dir", datadir.Default, "`folder` of a running loafctl dev")
	set.StringVar(&f.Token, "token", "", "bearer `token` of the insights API")
}

// RegisterInsights defines the other flags for the insights API.
func (f *Flags) RegisterInsights(set *pflag.FlagSet) {
	set.StringVar(&f.Password, "password", "", "admin's `password`, in place of a token")
	set.BoolVar(&f.Insecure, "insecure", false, "accept the certificate of the insights page unseen, such as one without a domain has")
}

// namesStack reports whether the flags, or the folder, name a stack.
func (f *Flags) namesStack() bool {
	if f.Outputs != "" || f.Dir != "" || f.Region != "" || f.Profile != "" || (f.Name != "" && f.Name != stack.DefaultName) {
		return true
	}
	_, err := os.Stat(stack.AnswersFile)
	return err == nil
}

// apiGateway is the address of a stack's collection API.
var apiGateway = regexp.MustCompile(`^https://[^/]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com`)

// Dev finds the dev that the flags mean; false where they mean a stack.
func (f *Flags) Dev() (datadir.Running, bool, error) {
	// LOAF_ENDPOINT may be a stack's, for import: that is no dev.
	if f.Endpoint != "" && !apiGateway.MatchString(f.Endpoint) {
		r := datadir.Running{Address: strings.TrimSuffix(f.Endpoint, "/"), Token: f.Token}
		// The dev on the folder knows the rest, where it is the same one.
		if here, ok := datadir.FindRunning(f.DataDir); ok && here.Address == r.Address {
			r.APIKey = here.APIKey
			if r.Token == "" {
				r.Token = here.Token
			}
		}
		return r, true, nil
	}
	if f.namesStack() {
		return datadir.Running{}, false, nil
	}
	r, ok := datadir.FindRunning(f.DataDir)
	if ok && f.Token != "" {
		r.Token = f.Token
	}
	if !ok && f.DataDir != datadir.Default {
		return r, false, failure.Usage("Start it with `loafctl dev --data-dir "+f.DataDir+"`, or leave --data-dir out for a stack in AWS.",
			"no loafctl dev runs on the data folder %s", f.DataDir)
	}
	return r, ok, nil
}

// Idle finds the data folder that the flags mean, where no dev runs on it; false
// where they mean a stack or a dev that runs.
func (f *Flags) Idle() (folder string, ok bool) {
	if f.Endpoint != "" || f.namesStack() {
		return "", false
	}
	if _, running := datadir.FindRunning(f.DataDir); running {
		return "", false
	}
	return f.DataDir, datadir.Exists(f.DataDir)
}

// Stack finds the stack that the flags mean, and reads what it tells about
// itself.
func (f *Flags) Stack(ctx context.Context) (*deployed.Stack, error) {
	if f.Outputs != "" {
		return f.fromOutputs(ctx)
	}
	found, err := stack.Open(ctx, f.Flags)
	if err != nil {
		return nil, err
	}
	outputs, err := found.Outputs(ctx)
	if err != nil {
		return nil, err
	}
	return &deployed.Stack{Name: found.Name(), Session: found.Session, Outputs: outputs}, nil
}

func (f *Flags) fromOutputs(ctx context.Context) (*deployed.Stack, error) {
	text, err := f.readOutputs()
	if err != nil {
		return nil, failure.New(err, "Give a file that `terraform output -json` made.", "read the outputs")
	}
	var raw map[string]stack.Output
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, failure.New(err, "Give a file that `terraform output -json` made.", "read the outputs in %s", f.Outputs)
	}
	values := map[string]json.RawMessage{}
	for name, output := range raw {
		values[name] = output.Value
	}
	text, err = json.Marshal(values)
	if err != nil {
		return nil, failure.New(err, "", "read the outputs in %s", f.Outputs)
	}
	var outputs stack.Outputs
	if err := json.Unmarshal(text, &outputs); err != nil {
		return nil, failure.New(err, "Pass the outputs of the module on as they are.", "read the outputs in %s", f.Outputs)
	}
	if outputs.Region == "" {
		outputs.Region = f.Region
	}
	session, err := cloud.Open(ctx, cloud.Options{Profile: f.Profile, Region: outputs.Region})
	if err != nil {
		return nil, err
	}
	if session.Config.Region == "" {
		return nil, failure.Usage("Give --region (LOAF_REGION).", "the outputs in %s have no region", f.Outputs)
	}
	name := f.Name
	if collect, ok := strings.CutSuffix(outputs.Functions["collect"], "-collect"); ok {
		name = collect // everything is named after the stack
	}
	return &deployed.Stack{Name: name, Session: session, Outputs: &outputs}, nil
}

func (f *Flags) readOutputs() ([]byte, error) {
	if f.Outputs != "-" {
		return os.ReadFile(f.Outputs)
	}
	var text bytes.Buffer
	_, err := text.ReadFrom(f.Stdin)
	return text.Bytes(), err
}

// Insights is a client of the insights API at an address, with the token or
// password that was given.
func (f *Flags) Insights(url string) (*insights.Client, error) {
	return insights.New(insights.Config{URL: url, Token: f.Token, Password: f.Password, Insecure: f.Insecure})
}

// Local is a client of a dev's APIs.
func Local(r datadir.Running) (*insights.Client, error) {
	if r.Token == "" {
		return nil, failure.Usage("Give its --token (LOAF_TOKEN), or run this on its machine with --data-dir.", "the dev at %s wants to know who asks", r.Address)
	}
	return insights.New(insights.Config{URL: r.Address, Token: r.Token})
}
