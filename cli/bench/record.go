package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// benches are those beside queries, by name. Each declares its flags and gives
// what measures with them.
var benches = map[string]func(*flag.FlagSet) measurement{
	"collect":  collectBench,
	"load":     loadBench,
	"updates":  updatesBench,
	"crowd":    crowdBench,
	"handlers": handlersBench,
}

// measurement fills the record of a run.
type measurement func(ctx context.Context, r *run) error

// run is a bench at work.
type run struct {
	// loafctl is the program that is measured.
	loafctl string
	rounds  int
	seed    uint64
	// folder is for what the bench makes; it is removed at the end.
	folder string
	record record
	print  io.Writer
}

// record is what a bench found.
type record struct {
	Bench      string    `json:"bench"`
	Version    string    `json:"version"`
	Go         string    `json:"go"`
	At         time.Time `json:"at"`
	Machine    string    `json:"machine"`
	Processors int       `json:"processors"`
	// LoadAverage is that of the minute before, where the system tells: times are
	// noise on a machine that others use.
	LoadAverage float64 `json:"load_average"`
	// Settings are the flags, those left at their defaults as well.
	Settings map[string]string `json:"settings"`
	Measured []*sample         `json:"measured"`
	Goals    []goal            `json:"goals"`
}

// sample is one thing that was measured, mostly once a round.
type sample struct {
	Name   string    `json:"name"`
	Unit   string    `json:"unit"`
	Values []float64 `json:"values"`
}

// goal is what a figure is held against. A bench that misses one has not failed:
// it has measured.
type goal struct {
	Says string  `json:"says"`
	Is   float64 `json:"is"`
	Met  bool    `json:"met"`
}

// runBench runs a bench that is not queries.
func runBench(ctx context.Context, name string, args []string, out io.Writer) (err error) {
	r := &run{print: out}
	flags := flag.NewFlagSet("bench "+name, flag.ContinueOnError)
	flags.StringVar(&r.loafctl, "loafctl", "", "the loafctl to measure")
	flags.IntVar(&r.rounds, "rounds", 3, "how often each is measured, in turns; the median is told")
	flags.Uint64Var(&r.seed, "seed", 1, "of the data")
	version := flags.String("version", "", "of DataLoaf, for the results")
	folder := flags.String("folder", "", "make what is needed in this folder, on the disk to measure (default: the system's for temporary files)")
	results := flags.String("out", "", "write the results to this file, as JSON")
	benchmarks := flags.String("benchmarks", "", "write every figure to this file, as benchstat reads them")
	measure := benches[name](flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if r.rounds < 1 || flags.NArg() > 0 {
		return fmt.Errorf("%s takes flags alone, and at least a round; bench %s -help lists them", name, name)
	}
	if r.folder, err = os.MkdirTemp(*folder, "loaf-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.folder)) }()
	r.record = record{
		Bench: name, Version: *version, Go: runtime.Version(), At: time.Now().UTC(), Machine: machine(), Processors: runtime.NumCPU(),
		LoadAverage: loadAverage(), Settings: map[string]string{},
	}
	flags.VisitAll(func(f *flag.Flag) {
		if !slices.Contains([]string{"loafctl", "functions", "folder", "out", "benchmarks", "version"}, f.Name) {
			r.record.Settings[f.Name] = f.Value.String()
		}
	})
	if err := measure(ctx, r); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.tell()
	return errors.Join(r.writeJSON(*results), r.writeBenchmarks(*benchmarks))
}

func (r *run) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.print, format+"\n", args...) // nobody reads on when it fails
}

// add keeps a figure of a round.
func (r *run) add(name, unit string, value float64) {
	for _, s := range r.record.Measured {
		if s.Name == name {
			s.Values = append(s.Values, value)
			return
		}
	}
	r.record.Measured = append(r.record.Measured, &sample{name, unit, []float64{value}})
}

// values are the figures of a name, in the order of the rounds.
func (r *run) values(name string) []float64 {
	for _, s := range r.record.Measured {
		if s.Name == name {
			return s.Values
		}
	}
	return nil
}

func (r *run) median(name string) float64 { return median(r.values(name)) }

// times is the median over the rounds of how many times the one is the other.
// What else the machine does falls on both figures of a round.
func (r *run) times(one, other string) float64 {
	ones, others := r.values(one), r.values(other)
	ratios := make([]float64, len(ones))
	for i := range ones {
		ratios[i] = ones[i] / others[i]
	}
	return median(ratios)
}

func (r *run) goal(says string, is float64, met bool) {
	r.record.Goals = append(r.record.Goals, goal{says, is, met})
}

// tell prints the medians and the goals.
func (r *run) tell() {
	for _, s := range r.record.Measured {
		say := fmt.Sprintf("  %-46s %14.2f %s", s.Name, median(s.Values), s.Unit)
		if len(s.Values) > 1 {
			say += fmt.Sprintf(" (%.2f to %.2f)", slices.Min(s.Values), slices.Max(s.Values))
		}
		r.say("%s", say)
	}
	for _, g := range r.record.Goals {
		met := "missed"
		if g.Met {
			met = "met"
		}
		r.say("  goal %-6s %s: %.2f", met, g.Says, g.Is)
	}
}

func (r *run) writeJSON(path string) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(r.record, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// writeBenchmarks writes every figure in benchstat's format
// (https://go.dev/design/14313-benchmark-format).
func (r *run) writeBenchmarks(path string) error {
	if path == "" {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "machine: %s\n", r.record.Machine)
	words := strings.NewReplacer(" ", "-", ",", "")
	for _, s := range r.record.Measured {
		for _, v := range s.Values {
			fmt.Fprintf(&b, "Benchmark%s/%s 1 %g %s\n", strings.ToUpper(r.record.Bench[:1])+r.record.Bench[1:], words.Replace(s.Name), v, words.Replace(s.Unit))
		}
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// needLoafctl gives a dev on a folder of its own, not started yet. Flags are dev's.
func (r *run) needLoafctl(name string, flags ...string) (*dataloaf, error) {
	if r.loafctl == "" {
		return nil, errors.New("-loafctl is missing; scripts/bench gives it")
	}
	return &dataloaf{program: r.loafctl, folder: filepath.Join(r.folder, name), flags: flags}, nil
}
