// Command pages writes docs/loafctl, a page for each command, from the program:
// see scripts/loafctl-docs.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/cli/internal/manual"
	"github.com/dataloaf/dataloaf/cli/internal/root"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
}

func run(args []string, errs io.Writer) error {
	flags := flag.NewFlagSet("pages", flag.ContinueOnError)
	flags.SetOutput(errs)
	check := flags.Bool("check", false, "change nothing; fail when a page is not what the program says")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("it takes one folder")
	}
	dir := flags.Arg(0)
	tree := root.Command(term.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}, func(string) (string, bool) { return "", false })
	if *check {
		differ, err := manual.Differ(tree, dir)
		if err != nil {
			return err
		}
		if len(differ) > 0 {
			slices.Sort(differ)
			return fmt.Errorf("not what the program says: %s; scripts/loafctl-docs writes them anew", strings.Join(differ, ", "))
		}
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range manual.Pages(tree) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
