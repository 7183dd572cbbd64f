// Bench compares the SDK with posthog-go, in one run and against the same server
// on the loopback interface. It is a module of its own, so that the SDK has no
// dependency. scripts/bench sdk runs it; docs/performance.md has its figures.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options is what is measured, and how.
type options struct {
	rounds, calls, events, queued, missed int
	outage                                time.Duration
	// measure, library and url are those of a process that measures one thing.
	measure, library, url string
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 5, "how often a time is measured; the median is told")
	flags.IntVar(&o.calls, "calls", 200_000, "calls of which the cost is measured")
	flags.IntVar(&o.events, "events", 300_000, "events sent from end to end")
	flags.IntVar(&o.queued, "queued", 1_000_000, "events in the queue when its memory is measured")
	flags.IntVar(&o.missed, "missed", 10_000, "events that are enqueued while the server is away")
	flags.DurationVar(&o.outage, "outage", 30*time.Second, "how long the server is away")
	flags.StringVar(&o.measure, "measure", "", "measure one thing in this process: enqueue, throughput, memory or outage")
	flags.StringVar(&o.library, "library", "", "of one library")
	flags.StringVar(&o.url, "url", "", "against the server there")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.measure == "" {
		return compare(ctx, o, out)
	}
	f, err := measure(ctx, o)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", o.measure, o.library, err)
	}
	return json.NewEncoder(out).Encode(f)
}

// compare measures each thing of each library in a process of its own, where
// nothing of another disturbs, in turns.
func compare(ctx context.Context, o options, out io.Writer) error {
	s, err := startServer()
	if err != nil {
		return err
	}
	defer s.stop()
	rounds := func(measure string, n int, libraries ...string) (map[string][]figures, error) {
		all := map[string][]figures{}
		for range n {
			for _, library := range libraries {
				one := o
				one.measure, one.library = measure, library
				s.reset()
				f, err := child(ctx, s, one)
				if err != nil {
					return nil, fmt.Errorf("%s of %s: %w", measure, library, err)
				}
				f.Delivered = s.distinct()
				all[library] = append(all[library], f)
			}
		}
		return all, nil
	}
	print := func(format string, args ...any) {
		_, _ = fmt.Fprintf(out, format+"\n", args...) // nobody reads on when it fails
	}
	libraries := []string{plain, withCallback, withSpool, posthogGo}

	print("enqueue: %d calls, the server takes them meanwhile; median of %d rounds (lowest to highest)", o.calls, o.rounds)
	got, err := rounds("enqueue", o.rounds, libraries...)
	if err != nil {
		return err
	}
	for _, library := range libraries {
		ns := sorted(got[library], func(f figures) float64 { return f.NsPerCall })
		allocs := sorted(got[library], func(f figures) float64 { return f.AllocsPerCall })
		size := sorted(got[library], func(f figures) float64 { return f.BytesPerCall })
		fastest := sorted(got[library], func(f figures) float64 { return f.NsFastest })
		print("  %-22s %7.0f ns/op (%.0f to %.0f), %.0f in the fastest lap  %5.2f allocs/op  %6.0f B/op",
			library, median(ns), ns[0], ns[len(ns)-1], fastest[0], median(allocs), median(size))
	}

	print("throughput: %d events from the first call until the server has the last", o.events)
	if got, err = rounds("throughput", o.rounds, libraries...); err != nil {
		return err
	}
	for _, library := range libraries {
		rate := sorted(got[library], func(f figures) float64 { return float64(f.Delivered) / f.Seconds })
		print("  %-22s %7.0f events/s (%.0f to %.0f)", library, median(rate), rate[0], rate[len(rate)-1])
	}

	print("memory: %d events enqueued, the server takes calls and never answers", o.queued)
	if got, err = rounds("memory", 1, libraries...); err != nil {
		return err
	}
	for _, library := range libraries {
		f := got[library][0]
		print("  %-22s %5d MiB live heap  %5d MiB resident at most  %8d in the queue  %8d refused or dropped", library, f.HeapBytes>>20, f.ResidentBytes>>20, f.Enqueued-f.Failed, f.Failed)
	}

	print("outage: the server is away for %v; %d events are enqueued, and 5 s later the program closes", o.outage, o.missed)
	if got, err = rounds("outage", 1, libraries...); err != nil {
		return err
	}
	for _, library := range libraries {
		f := got[library][0]
		print("  %-22s %6d lost  close took %.1f s", library, f.Enqueued-f.Delivered, f.Seconds)
	}
	return nil
}

// child measures in a new process.
func child(ctx context.Context, s *server, o options) (f figures, err error) {
	program, err := os.Executable()
	if err != nil {
		return f, err
	}
	command := exec.CommandContext(ctx, program,
		"-measure", o.measure, "-library", o.library, "-url", s.url(), "-calls", fmt.Sprint(o.calls), "-events", fmt.Sprint(o.events),
		"-queued", fmt.Sprint(o.queued), "-missed", fmt.Sprint(o.missed), "-outage", o.outage.String())
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(text, &f)
}

func sorted(of []figures, value func(figures) float64) []float64 {
	out := make([]float64, 0, len(of))
	for _, f := range of {
		out = append(out, value(f))
	}
	slices.Sort(out)
	return out
}

func median(sorted []float64) float64 { return sorted[len(sorted)/2] }
