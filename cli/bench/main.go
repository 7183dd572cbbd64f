// Bench measures DataLoaf on one machine through its public interfaces, beside what
// else one would use, in one run and on the same data. It is a module of its own, so
// that what it compares with is no dependency of loafctl. scripts/bench runs it;
// docs/performance.md has its figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := start(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// start runs the bench that the first argument names, queries without one.
func start(ctx context.Context, args []string) error {
	if len(args) > 0 {
		if _, ok := benches[args[0]]; ok {
			return runBench(ctx, args[0], args[1:], os.Stdout)
		}
		if args[0] == "queries" {
			args = args[1:]
		}
	}
	return runQueries(ctx, args)
}

// options is what queries measures, and how.
type options struct {
	// loafctl is the program that is measured; peers the folder with ClickHouse.
	loafctl, peers string
	// folder keeps the data between runs; empty makes one and removes it.
	folder string
	events int
	rounds int
	seed   uint64
	// against are the names of what is measured beside DataLoaf.
	against []string
	// out takes the results as JSON, benchmarks as lines that benchstat reads.
	out, benchmarks string
	version         string
}

func runQueries(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("bench queries", flag.ContinueOnError)
	flags.StringVar(&o.loafctl, "loafctl", "", "the loafctl to measure")
	flags.StringVar(&o.peers, "peers", "", "folder in which npm has installed chdb")
	flags.StringVar(&o.folder, "folder", "", "keep the data here, and use what is there (default: a temporary folder)")
	flags.IntVar(&o.events, "events", 10_000_000, "how many events")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each question is asked; the median is told")
	flags.Uint64Var(&o.seed, "seed", 1, "of the data")
	against := flags.String("against", "clickhouse,clickhouse-json,postgres", "what is measured beside DataLoaf")
	flags.StringVar(&o.out, "out", "", "write the results to this file, as JSON")
	flags.StringVar(&o.benchmarks, "benchmarks", "", "write every time to this file, as benchstat reads them")
	flags.StringVar(&o.version, "version", "", "of DataLoaf, for the results")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.loafctl == "" || o.events < 1000 || o.rounds < 1 || flags.NArg() > 0 {
		return errors.New("-loafctl is needed, at least 1000 -events and a round; scripts/bench queries gives the first")
	}
	for _, name := range strings.Split(*against, ",") {
		if name == "" {
			continue
		}
		if !slices.Contains([]string{typedClickHouse, jsonClickHouse, postgres}, name) {
			return fmt.Errorf("-against %s is none of %s, %s, %s", name, typedClickHouse, jsonClickHouse, postgres)
		}
		o.against = append(o.against, name)
	}
	if o.folder == "" {
		folder, err := os.MkdirTemp("", "loaf-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		o.folder = folder
	}
	return compare(ctx, o, os.Stdout)
}
