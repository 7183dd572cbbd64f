// Package output is `loafctl output`: what a stack tells about itself.
package output

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/ending"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// passwordName is the one output that is not in the state.
const passwordName = "insights_password"

// hidden stands where a secret is.
const hidden = "(secret: ask for it by its name)"

// Options of the command.
type Options struct {
	Streams term.Streams
	Stack   stack.Flags
	// Name is the one output to print; empty prints all but the secrets.
	Name string
	JSON bool
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams}
	cmd := &cobra.Command{
		Use:   "output [NAME]",
		Short: "Print the stack's addresses and names",
		Long: `Print the stack's addresses and names: endpoint, insights page, buckets, queues,
functions. It reads them from the state, and runs no Terraform.

Secrets are shown only to who asks for them by name: api_keys (or one of them,
api_keys.default) and insights_password. A text is printed as it is, for scripts.`,
		Example: `  loafctl output
  loafctl output endpoint
  export DATALOAF_API_KEY="$(loafctl output api_keys.default)"
  loafctl output --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Name = args[0]
			}
			return Run(cmd.Context(), o)
		},
	}
	o.Stack.Register(cmd.Flags())
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}

// Run prints the outputs.
func Run(ctx context.Context, o Options) error {
	s, err := stack.Open(ctx, o.Stack)
	if err != nil {
		return err
	}
	text, err := o.text(ctx, s)
	if err != nil {
		return err
	}
	if _, err := o.Streams.Out.Write(text); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	return nil
}

func (o Options) text(ctx context.Context, s *stack.Stack) ([]byte, error) {
	if o.Name == passwordName {
		outputs, err := s.Outputs(ctx)
		if err != nil {
			return nil, err
		}
		password, err := ending.Password(ctx, s, outputs)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(password)
		if err != nil {
			return nil, fmt.Errorf("write the password: %w", err)
		}
		return o.one(value)
	}
	outputs, err := s.RawOutputs(ctx)
	if err != nil {
		return nil, err
	}
	if o.Name != "" {
		value, err := find(outputs, o.Name)
		if err != nil {
			return nil, err
		}
		return o.one(value)
	}
	shown := map[string]json.RawMessage{}
	for name, output := range outputs {
		shown[name] = output.Value
		if output.Sensitive {
			shown[name] = json.RawMessage(`"` + hidden + `"`)
		}
	}
	shown[passwordName] = json.RawMessage(`"` + hidden + `"`)
	if o.JSON {
		return indented(shown)
	}
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		flatten(&out, name, shown[name])
	}
	return out.Bytes(), nil
}

// one writes a value: a text as it is.
func (o Options) one(value json.RawMessage) ([]byte, error) {
	var text string
	if !o.JSON && json.Unmarshal(value, &text) == nil {
		return []byte(text + "\n"), nil
	}
	return indented(value)
}

func indented(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the outputs: %w", err)
	}
	return append(text, '\n'), nil
}

// find gives the output of a name, such as endpoint or queues.load.name.
func find(outputs map[string]stack.Output, name string) (json.RawMessage, error) {
	first, rest, deeper := strings.Cut(name, ".")
	output, ok := outputs[first]
	if !ok {
		return nil, failure.Usage("There are "+strings.Join(append(slices.Sorted(maps.Keys(outputs)), passwordName), ", ")+".", "the stack has no output %q", first)
	}
	value := output.Value
	for deeper {
		var fields map[string]json.RawMessage
		if json.Unmarshal(value, &fields) != nil {
			fields = nil
		}
		first, rest, deeper = strings.Cut(rest, ".")
		if value, ok = fields[first]; !ok {
			return nil, failure.Usage("It has "+strings.Join(slices.Sorted(maps.Keys(fields)), ", ")+".", "the output %q has no %q", name, first)
		}
	}
	return value, nil
}

// flatten writes a value a line, with the path to it.
func flatten(out *bytes.Buffer, name string, value json.RawMessage) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(value, &fields) == nil && fields != nil {
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			flatten(out, name+"."+field, fields[field])
		}
		return
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = string(value)
	}
	fmt.Fprintf(out, "%-34s %s\n", name, text)
}
