// Package root puts loafctl's commands together and runs the one that is
// asked for.
package root

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/completion"
	"github.com/dataloaf/dataloaf/cli/internal/cost"
	"github.com/dataloaf/dataloaf/cli/internal/dev"
	"github.com/dataloaf/dataloaf/cli/internal/environment"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/importer"
	"github.com/dataloaf/dataloaf/cli/internal/query"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/cli/internal/version"
)

const about = `loafctl runs DataLoaf, product analytics that you own: an SDK sends events,
a pipeline loads them into a warehouse, a page shows them.

Try it on this machine, with the data of a made-up shop:

  loafctl dev --demo

Every flag can be given as an environment variable instead, named in brackets
beside it; the flag wins. Exit codes: 0 done, 1 failed, 2 wrong use.`

// Command is the tree of commands.
func Command(streams term.Streams, lookup environment.Lookup) *cobra.Command {
	root := &cobra.Command{
		Use:               "loafctl",
		Short:             "Product analytics that you own",
		Long:              about,
		Args:              noSuchCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return environment.Apply(cmd, lookup) },
	}
	root.AddCommand(
		dev.Command(streams),
		importer.Command(streams),
		query.Command(streams),
		cost.Command(streams),
		version.Command(streams, dev.Engines()),
		completion.Command(streams),
	)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return failure.Usage(seeHelp(cmd), "%v", err)
	})
	for _, cmd := range root.Commands() {
		cmd.Args = usage(cmd.Args)
	}
	root.InitDefaultHelpCmd()
	refuseUnknownHelp(root)
	environment.Describe(root)
	return root
}

// Run runs loafctl and gives its exit code.
func Run(ctx context.Context, args []string, streams term.Streams, lookup environment.Lookup) int {
	root := Command(streams, lookup)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		failure.Print(streams.Err, err)
	}
	return failure.Code(err)
}

func seeHelp(cmd *cobra.Command) string {
	return fmt.Sprintf("See `%s --help`.", cmd.CommandPath())
}

// usage makes what a command says of its arguments an error of use.
func usage(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		err := args(cmd, given)
		var known *failure.Error
		if err == nil || errors.As(err, &known) {
			return err
		}
		return failure.Usage(seeHelp(cmd), "%s: %v", cmd.CommandPath(), err)
	}
}

// refuseUnknownHelp makes help on a command that does not exist wrong use;
// cobra prints the general help and calls it done.
func refuseUnknownHelp(root *cobra.Command) {
	help, _, err := root.Find([]string{"help"})
	if err != nil {
		return // cobra has none: there is nothing to refuse
	}
	help.Run = nil
	help.RunE = func(_ *cobra.Command, args []string) error {
		of, left, err := root.Find(args)
		if err != nil || len(left) > 0 {
			return noSuchCommand(root, args)
		}
		return of.Help()
	}
}

// noSuchCommand is reached with arguments when none of the commands is named.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	remedy := "`loafctl --help` lists the commands."
	// Names within this many typing mistakes are suggested.
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		remedy = fmt.Sprintf("Did you mean %s? %s", strings.Join(near, " or "), remedy)
	}
	return failure.Usage(remedy, "loafctl has no command %q", args[0])
}
