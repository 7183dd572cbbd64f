// Package environment gives every flag of every command an environment
// variable: LOAF_ and the flag's name in capitals. The flag wins.
package environment

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
)

// Lookup reads a variable.
type Lookup func(name string) (value string, set bool)

// Of makes a Lookup of a process's environment, "NAME=value" each.
func Of(environ []string) Lookup {
	values := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			values[name] = value
		}
	}
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

// Variable is the name of the variable of a flag.
func Variable(flag string) string {
	return "LOAF_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Applies reports whether a flag has a variable: all but --help, which asks
// for no value.
func Applies(f *pflag.Flag) bool { return f.Name != "help" }

// Describe names the variable of every flag in the help of the command and of
// those under it.
func Describe(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if note := " [$" + Variable(f.Name) + "]"; Applies(f) && !strings.HasSuffix(f.Usage, note) {
			f.Usage += note
		}
	})
	for _, sub := range cmd.Commands() {
		Describe(sub)
	}
}

// Apply sets the flags of the command that were not given from their
// variables. An empty variable counts as absent.
func Apply(cmd *cobra.Command, lookup Lookup) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || !Applies(f) || failed != nil {
			return
		}
		name := Variable(f.Name)
		value, ok := lookup(name)
		if !ok || value == "" {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			failed = failure.Usage(fmt.Sprintf("Change or unset %s, or give --%s.", name, f.Name),
				"the environment variable %s is not a valid --%s: %v", name, f.Name, reason(err))
		}
	})
	return failed
}

// reason is what is wrong with a value, without pflag's own words around it,
// which speak of a flag that nobody gave. Secrets are strings, and a string is
// never wrong.
func reason(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return invalid.Unwrap()
	}
	return err
}
