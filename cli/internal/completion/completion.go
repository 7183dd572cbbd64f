// Package completion is `loafctl completion`: scripts by which a shell
// completes loafctl's commands and flags.
package completion

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

// Options of the command.
type Options struct {
	Streams term.Streams
	// Root is the command to complete.
	Root  *cobra.Command
	Shell string
}

// Command is the cobra command.
func Command(streams term.Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "Print a script by which your shell completes loafctl's commands",
		Long: `Print a script by which your shell completes loafctl's commands and flags.

  bash        loafctl completion bash > /etc/bash_completion.d/loafctl
  zsh         loafctl completion zsh > "${fpath[1]}/_loafctl"
  fish        loafctl completion fish > ~/.config/fish/completions/loafctl.fish
  powershell  loafctl completion powershell | Out-String | Invoke-Expression

To try it in the running bash alone: source <(loafctl completion bash)`,
		ValidArgs: shells,
		Args:      cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return Run(Options{Streams: streams, Root: cmd.Root(), Shell: args[0]})
		},
	}
}

// Run prints the script.
func Run(o Options) error {
	var err error
	switch o.Shell {
	case "bash":
		err = o.Root.GenBashCompletionV2(o.Streams.Out, true)
	case "zsh":
		err = o.Root.GenZshCompletion(o.Streams.Out)
	case "fish":
		err = o.Root.GenFishCompletion(o.Streams.Out, true)
	case "powershell":
		err = o.Root.GenPowerShellCompletionWithDesc(o.Streams.Out)
	default:
		return failure.Usage("Use one of "+strings.Join(shells, ", ")+".", "loafctl cannot complete in the shell %q", o.Shell)
	}
	if err != nil {
		return fmt.Errorf("write the completion script for %s: %w", o.Shell, err)
	}
	return nil
}
