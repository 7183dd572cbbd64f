// Package root puts loafctl's commands together and runs the one that is
// asked for.
package root

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/apply"
	"github.com/dataloaf/dataloaf/cli/internal/artifacts"
	"github.com/dataloaf/dataloaf/cli/internal/audit"
	"github.com/dataloaf/dataloaf/cli/internal/completion"
	"github.com/dataloaf/dataloaf/cli/internal/cost"
	"github.com/dataloaf/dataloaf/cli/internal/deleteuser"
	"github.com/dataloaf/dataloaf/cli/internal/destroy"
	"github.com/dataloaf/dataloaf/cli/internal/dev"
	"github.com/dataloaf/dataloaf/cli/internal/doctor"
	"github.com/dataloaf/dataloaf/cli/internal/environment"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/importer"
	"github.com/dataloaf/dataloaf/cli/internal/manual"
	"github.com/dataloaf/dataloaf/cli/internal/open"
	"github.com/dataloaf/dataloaf/cli/internal/output"
	"github.com/dataloaf/dataloaf/cli/internal/plan"
	"github.com/dataloaf/dataloaf/cli/internal/query"
	"github.com/dataloaf/dataloaf/cli/internal/replay"
	"github.com/dataloaf/dataloaf/cli/internal/rotatekey"
	"github.com/dataloaf/dataloaf/cli/internal/status"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/cli/internal/version"
	"github.com/dataloaf/dataloaf/cli/internal/wizard"
)

const about = `loafctl runs DataLoaf, product analytics that you own: an SDK sends events,
a pipeline loads them into a warehouse, a page shows them.

Try it on this machine, with the data of a made-up shop:

  loafctl dev --demo

Set it up in your AWS account; it asks what it needs to know, and says what it
would make and what that costs before it makes anything:

  loafctl init

Every flag can be given as an environment variable instead, named in brackets
beside it; the flag wins. Exit codes: 0 done, 1 failed, 2 wrong use.`

// Command is the tree of commands.
func Command(streams term.Streams, lookup environment.Lookup) *cobra.Command {
	// The order is that in which one needs them.
	cobra.EnableCommandSorting = false
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
	for _, g := range []struct {
		group    cobra.Group
		commands []*cobra.Command
	}{
		{cobra.Group{ID: "try", Title: "On this machine:"}, []*cobra.Command{
			dev.Command(streams),
		}},
		{cobra.Group{ID: "deploy", Title: "In your AWS account, in the order in which one needs them:"}, []*cobra.Command{
			cost.Command(streams),
			wizard.Command(streams),
			plan.Command(streams),
			apply.Command(streams),
			output.Command(streams),
			destroy.Command(streams),
		}},
		{cobra.Group{ID: "operate", Title: "While it runs, there or here:"}, []*cobra.Command{
			status.Command(streams),
			doctor.Command(streams),
			open.Command(streams),
			replay.Command(streams),
			audit.Command(streams),
			rotatekey.Command(streams),
			deleteuser.Command(streams),
		}},
		{cobra.Group{ID: "data", Title: "With data:"}, []*cobra.Command{
			importer.Command(streams),
			query.Command(streams),
		}},
		{cobra.Group{ID: "rest", Title: "About loafctl:"}, []*cobra.Command{
			artifacts.Command(streams),
			version.Command(streams, dev.Engines()),
			completion.Command(streams),
			manual.Command(streams),
		}},
	} {
		root.AddGroup(&g.group)
		for _, cmd := range g.commands {
			cmd.GroupID = g.group.ID
		}
		root.AddCommand(g.commands...)
	}
	root.SetHelpCommandGroupID("rest")
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
