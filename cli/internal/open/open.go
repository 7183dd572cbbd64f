// Package open is `loafctl open`: it opens the insights page.
package open

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/browser"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/target"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// Options of the command.
type Options struct {
	Streams term.Streams
	target.Flags
	// Print prints the address and opens nothing.
	Print bool
	// Open opens a page in a browser.
	Open func(ctx context.Context, url string) error
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	o := Options{Streams: streams, Open: browser.Open}
	o.Stdin = streams.In
	cmd := &cobra.Command{
		Use:   "open",
		Short: "Open the insights page in a browser",
		Long: `Open the insights page of a stack, or of the loafctl dev that runs here, in a
browser. The address is printed as well; where there is no browser, go there
with one of your own.`,
		Example: `  loafctl open
  loafctl open --name shop --region eu-central-1
  loafctl open --print`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return Run(cmd.Context(), o) },
	}
	f := cmd.Flags()
	o.Register(f)
	f.BoolVar(&o.Print, "print", false, "print the address and open nothing")
	return cmd
}

// Run finds the page and opens it.
func Run(ctx context.Context, o Options) error {
	url, err := o.page(ctx)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(o.Streams.Out, url); err != nil {
		return failure.New(err, "", "write to standard output")
	}
	if o.Print {
		return nil
	}
	if err := o.Open(ctx, url); err != nil {
		// The address is there: a machine without a browser is no failure.
		_, _ = fmt.Fprintf(o.Streams.Err, "No browser could be opened (%v): go to the address above.\n", err)
	}
	return nil
}

func (o *Options) page(ctx context.Context) (string, error) {
	running, local, err := o.Dev()
	if err != nil {
		return "", err
	}
	if local {
		return running.Address, nil
	}
	s, err := o.Stack(ctx)
	if err != nil {
		return "", err
	}
	if s.Outputs.InsightsURL == "" {
		return "", failure.New(nil, "", "the stack %q has no insights page", s.Name)
	}
	return s.Outputs.InsightsURL, nil
}
