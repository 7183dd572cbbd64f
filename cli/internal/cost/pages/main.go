// Command pages writes the tables of docs/costs.md, between their markers, from
// the cost model. scripts/costs runs it.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "costs:", err)
		os.Exit(1)
	}
}

// errDrift is a file whose tables are not those of the model.
var errDrift = errors.New("its tables are not those of the cost model; run scripts/costs")

func run(args []string, errs io.Writer) error {
	set := flag.NewFlagSet("pages", flag.ContinueOnError)
	set.SetOutput(errs)
	check := set.Bool("check", false, "fail when the file would change, and leave it")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 1 {
		return fmt.Errorf("want one file, have %d", set.NArg())
	}
	name := set.Arg(0)
	before, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	after, err := replace(string(before), tables())
	if err != nil {
		return fmt.Errorf("write the tables of %s: %w", name, err)
	}
	if bytes.Equal(before, []byte(after)) {
		return nil
	}
	if *check {
		return fmt.Errorf("check %s: %w", name, errDrift)
	}
	if err := os.WriteFile(name, []byte(after), 0o644); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// replace puts each table between its markers, <!-- costs: NAME --> and
// <!-- costs: end -->. Every table needs its place, and every place its table.
func replace(page string, tables map[string]string) (string, error) {
	const begin, close, end = "<!-- costs: ", " -->\n", "<!-- costs: end -->"
	var out strings.Builder
	placed := map[string]bool{}
	for {
		before, rest, found := strings.Cut(page, begin)
		out.WriteString(before)
		if !found {
			break
		}
		name, rest, found := strings.Cut(rest, close)
		if !found || strings.Contains(name, "\n") {
			return "", errors.New("a marker is not closed")
		}
		table, known := tables[name]
		if !known {
			return "", fmt.Errorf("there is no table %q", name)
		}
		old, rest, found := strings.Cut(rest, end)
		if !found || strings.Contains(old, begin) {
			return "", fmt.Errorf("the table %q has no end", name)
		}
		placed[name] = true
		out.WriteString(begin + name + close + table + end)
		page = rest
	}
	for name := range tables {
		if !placed[name] {
			return "", fmt.Errorf("the page has no place for the table %q", name)
		}
	}
	return out.String(), nil
}
