package root_test

import (
	"context"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dataloaf/dataloaf/cli/internal/environment"
	"github.com/dataloaf/dataloaf/cli/internal/root"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// streams are buffers in place of a terminal.
func streams() (s term.Streams, out, errs *strings.Builder) {
	out, errs = &strings.Builder{}, &strings.Builder{}
	return term.Streams{In: strings.NewReader(""), Out: out, Err: errs}, out, errs
}

func none(string) (string, bool) { return "", false }

func walk(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, f)
	}
}

func TestEveryFlagHasAVariableThatTheFlagOverrides(t *testing.T) {
	s, _, _ := streams()
	flags := 0
	walk(root.Command(s, none), func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			flags++
			t.Run(cmd.CommandPath()+" --"+f.Name, func(t *testing.T) {
				variable := "LOAF_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
				if !strings.Contains(cmd.UsageString(), "[$"+variable+"]") {
					t.Errorf("--help does not name %s", variable)
				}
				fromVariable, fromFlag := sample(f, 0), sample(f, 1)
				lookup := func(name string) (string, bool) {
					if name == variable {
						return fromVariable, true
					}
					return "", false
				}
				if got := resolve(t, cmd.CommandPath(), lookup, nil, f.Name); got != fromVariable {
					t.Errorf("with %s=%s it is %q", variable, fromVariable, got)
				}
				if got := resolve(t, cmd.CommandPath(), lookup, []string{"--" + f.Name + "=" + fromFlag}, f.Name); got != fromFlag {
					t.Errorf("with %s=%s and --%s=%s it is %q", variable, fromVariable, f.Name, fromFlag, got)
				}
				empty := func(string) (string, bool) { return "", true }
				if got := resolve(t, cmd.CommandPath(), empty, nil, f.Name); got != f.DefValue {
					t.Errorf("with an empty %s it is %q, not the default %q", variable, got, f.DefValue)
				}
			})
		})
	})
	if flags < 20 {
		t.Errorf("only %d flags were found", flags)
	}
}

// sample is one of two values that a flag takes.
func sample(f *pflag.Flag, n int) string {
	switch f.Value.Type() {
	case "bool":
		return []string{"true", "false"}[n]
	case "duration":
		return []string{"7s", "9s"}[n]
	case "int", "float64":
		return []string{"7", "9"}[n]
	default:
		return []string{"one", "two"}[n]
	}
}

// resolve gives the value with which a command would run.
func resolve(t *testing.T, path string, lookup environment.Lookup, args []string, flag string) string {
	t.Helper()
	s, _, _ := streams()
	tree := root.Command(s, lookup)
	words := strings.Fields(path)[1:]
	cmd, _, err := tree.Find(words)
	if err != nil {
		t.Fatal(err)
	}
	value := ""
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		value = cmd.Flags().Lookup(flag).Value.String()
		return nil
	}
	tree.SetArgs(append(words, args...))
	if err := tree.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestWrongUse(t *testing.T) {
	cases := map[string]struct {
		args      string
		variables map[string]string
		// wants are parts of what is said.
		wants []string
	}{
		"a command that is not there":    {"imprt", nil, []string{`"imprt"`, "Did you mean import?", "--help"}},
		"a flag that is not there":       {"dev --adr x", nil, []string{"--adr", "loafctl dev --help"}},
		"an argument too many":           {"dev x", nil, []string{"loafctl dev"}},
		"no argument":                    {"import", nil, []string{"loafctl import", "at least 1 arg"}},
		"not a duration":                 {"dev --load-every often", nil, []string{"--load-every"}},
		"an address without a port":      {"dev --addr localhost", nil, []string{"HOST:PORT", "--addr 127.0.0.1:8080"}},
		"no pause between loads":         {"dev --load-every 0s", nil, []string{"--load-every", "2s"}},
		"a warehouse that is not there":  {"dev --warehouse mysql://u:topsecret@h/d", nil, []string{"duckdb", "postgres://"}},
		"a memory limit without a unit":  {"dev --memory-limit 4", nil, []string{"4GB"}},
		"a cache below nothing":          {"dev --cache-mb -1", nil, []string{"--cache-mb"}},
		"events kept for too few days":   {"dev --event-retention 29", nil, []string{"--event-retention 29", "from 30"}},
		"nobody to delete":               {"delete-user", nil, []string{"delete-user --help"}},
		"a variable that is no duration": {"dev", map[string]string{"LOAF_LOAD_EVERY": "often"}, []string{"LOAF_LOAD_EVERY", "--load-every"}},
		"a variable that is no boolean":  {"dev", map[string]string{"LOAF_DEMO": "perhaps"}, []string{"LOAF_DEMO"}},
		"import without an endpoint":     {"import --data-dir nowhere x.ndjson", nil, []string{"--endpoint", "LOAF_ENDPOINT", "loafctl dev"}},
		"import without a key":           {"import --endpoint http://h x.ndjson", nil, []string{"--api-key", "LOAF_API_KEY"}},
		"import to no address":           {"import --endpoint h:1 --api-key k x.ndjson", nil, []string{"h:1", "--endpoint http"}},
		"import of an unknown kind":      {"import --kind cats x.ndjson", nil, []string{"cats", "events"}},
		"import without patience":        {"import --retry-for 0s x.ndjson", nil, []string{"--retry-for"}},
		"import of one file twice":       {"import --endpoint http://h --api-key k - -", nil, []string{"twice"}},
		"import of a folder":             {"import --endpoint http://h --api-key k .", nil, []string{"folder"}},
		"query without a server":         {"query --data-dir nowhere", nil, []string{"--server", "LOAF_SERVER", "loafctl dev"}},
		"query without a secret":         {"query --server http://h", nil, []string{"--token", "LOAF_PASSWORD"}},
		"query with two secrets":         {"query --server http://h --token a --password b", nil, []string{"--token", "--password"}},
		"query in an unknown format":     {"query --format xml", nil, []string{"xml", "csv"}},
		"query without patience":         {"query --timeout 0s", nil, []string{"--timeout"}},
		"query of two files":             {"query a b", nil, []string{"loafctl query"}},
		"cost of fewer than no events":   {"cost --events-per-second -1", nil, []string{"--events-per-second", "-1"}},
		"cost of no number":              {"cost --events-per-second many", nil, []string{"--events-per-second", "loafctl cost --help"}},
		"cost of a variable's no number": {"cost", map[string]string{"LOAF_EVENT_BYTES": "big"}, []string{"LOAF_EVENT_BYTES", "--event-bytes"}},
		"completion of no shell":         {"completion", nil, []string{"loafctl completion"}},
		"completion of another shell":    {"completion tcsh", nil, []string{"tcsh", "zsh"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, out, errs := streams()
			lookup := func(name string) (string, bool) { v, ok := c.variables[name]; return v, ok }
			if code := root.Run(t.Context(), strings.Fields(c.args), s, lookup); code != 2 {
				t.Errorf("exit code %d", code)
			}
			for _, want := range c.wants {
				if !strings.Contains(errs.String(), want) {
					t.Errorf("%q is not said in\n%s", want, errs)
				}
			}
			if strings.Contains(errs.String(), "topsecret") || out.String() != "" {
				t.Errorf("said %q and %q", out, errs)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, args := range []string{"", "--help", "help", "dev --help", "help import"} {
		s, out, errs := streams()
		if code := root.Run(context.Background(), strings.Fields(args), s, none); code != 0 || errs.String() != "" {
			t.Errorf("%q: exit code %d, %s", args, code, errs)
		}
		if !strings.Contains(out.String(), "loafctl") || !strings.Contains(out.String(), "Usage:") {
			t.Errorf("%q: %s", args, out)
		}
	}
}
