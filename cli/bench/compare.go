package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The names of what is measured.
const (
	ours            = "dataloaf"
	typedClickHouse = "clickhouse"
	jsonClickHouse  = "clickhouse-json"
	postgres        = "postgres"
)

// answer is how long one took, and the sum of its figures: equal sums show that
// everybody did the same work.
type answer struct {
	took time.Duration
	sum  float64
}

// results is what a run found.
type results struct {
	Version    string    `json:"version"`
	At         time.Time `json:"at"`
	Machine    string    `json:"machine"`
	Processors int       `json:"processors"`
	Events     int       `json:"events"`
	Users      int       `json:"users"`
	Rounds     int       `json:"rounds"`
	Seed       uint64    `json:"seed"`
	// RawBytes is what the gzip NDJSON takes.
	RawBytes int64    `json:"raw_bytes"`
	Peers    []figure `json:"measured"`
}

// figure is what one of them did.
type figure struct {
	Name         string               `json:"name"`
	Version      string               `json:"version,omitempty"`
	LoadSeconds  float64              `json:"load_seconds"`
	StoredBytes  int64                `json:"stored_bytes"`
	PeakBytes    int64                `json:"peak_bytes,omitempty"`
	FirstAnswer  float64              `json:"first_answer_seconds,omitempty"`
	Milliseconds map[string][]float64 `json:"milliseconds"`
	sums         map[string][]float64
}

func compare(ctx context.Context, o options, out io.Writer) error {
	say := func(format string, args ...any) {
		_, _ = fmt.Fprintf(out, format+"\n", args...) // nobody reads on when it fails
	}
	r := results{Version: o.version, At: time.Now().UTC(), Machine: machine(), Processors: runtime.NumCPU(), Events: o.events, Users: users, Rounds: o.rounds, Seed: o.seed}
	raw := filepath.Join(o.folder, ours, "raw")
	begun := time.Now()
	var err error
	if r.RawBytes, err = generate(raw, o.events, o.seed); err != nil {
		return fmt.Errorf("make the data: %w", err)
	}
	say("%d events of %d users, %d MiB of gzip NDJSON, made in %.0f s", o.events, users, r.RawBytes>>20, time.Since(begun).Seconds())
	for _, name := range append([]string{ours}, o.against...) {
		f, err := measure(ctx, o, name, raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.Peers = append(r.Peers, f)
		say("%-16s loaded in %5.0f s, %6d MiB stored", name, f.LoadSeconds, f.StoredBytes>>20)
	}
	report(r, say)
	return errors.Join(check(r), write(o, r))
}

// asker is whoever can be asked a question.
type asker interface {
	ask(ctx context.Context, q question, round int) (answer, error)
}

// measure loads one and asks it everything. Each has the machine for itself.
func measure(ctx context.Context, o options, name, raw string) (f figure, err error) {
	f.Name = name
	if name == ours {
		d := &dataloaf{program: o.loafctl, folder: filepath.Join(o.folder, ours)}
		begun := time.Now()
		if err := d.start(ctx); err != nil {
			return f, err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
		if err := d.load(ctx, o.events+users); err != nil {
			return f, err
		}
		f.LoadSeconds = time.Since(begun).Seconds()
		// Again, so that nothing of the load is left in memory.
		if err := d.stop(); err != nil {
			return f, err
		}
		if f.StoredBytes, err = sizeOf(filepath.Join(d.folder, "warehouse")); err != nil {
			return f, err
		}
		begun = time.Now()
		if err := d.start(ctx); err != nil {
			return f, err
		}
		if _, err := d.ask(ctx, questions[0], 0); err != nil {
			return f, err
		}
		f.FirstAnswer = time.Since(begun).Seconds()
		if err := f.askAll(ctx, o, d); err != nil {
			return f, err
		}
		f.PeakBytes = d.memory()
		return f, nil
	}
	// Not below a folder that is root's alone: PostgreSQL has a user of its own.
	folder, err := os.MkdirTemp("", "loaf-bench-"+name+"-")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if name == postgres {
		s, err := startPostgres(ctx, folder)
		if err != nil {
			return f, err
		}
		defer func() { err = errors.Join(err, s.close()) }()
		took, err := s.load(ctx, raw)
		if err != nil {
			return f, err
		}
		f.LoadSeconds = took.Seconds()
		if f.StoredBytes, err = s.size(ctx); err != nil {
			return f, err
		}
		return f, f.askAll(ctx, o, s)
	}
	c, err := startClickHouse(ctx, o.peers, folder)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	took, err := c.load(name, raw)
	if err != nil {
		return f, err
	}
	f.LoadSeconds = took.Seconds()
	if f.StoredBytes, err = c.size(); err != nil {
		return f, err
	}
	return f, f.askAll(ctx, o, c)
}

// askAll asks every question once to warm up and then in rounds.
func (f *figure) askAll(ctx context.Context, o options, a asker) error {
	f.Milliseconds, f.sums = map[string][]float64{}, map[string][]float64{}
	for round := range o.rounds + 1 {
		for _, q := range questions {
			got, err := a.ask(ctx, q, round)
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			if round == 0 {
				continue
			}
			f.Milliseconds[q.name] = append(f.Milliseconds[q.name], float64(got.took)/float64(time.Millisecond))
			f.sums[q.name] = append(f.sums[q.name], got.sum)
		}
	}
	return nil
}

// check finds who answered something else.
func check(r results) error {
	var problems []error
	for _, f := range r.Peers[1:] {
		for _, q := range questions {
			for i, sum := range f.sums[q.name] {
				want := r.Peers[0].sums[q.name][i]
				if math.Abs(sum-want) > 1e-6*math.Abs(want) {
					problems = append(problems, fmt.Errorf("%s, round %d: %s has %v and DataLoaf %v: they do not answer the same question", q.name, i+1, f.Name, sum, want))
				}
			}
		}
	}
	return errors.Join(problems...)
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func report(r results, say func(string, ...any)) {
	head := []string{fmt.Sprintf("%-70s", "ms, median of "+fmt.Sprint(r.Rounds))}
	for _, f := range r.Peers {
		head = append(head, fmt.Sprintf("%16s", f.Name))
	}
	say("%s", strings.Join(head, ""))
	logs := make([]float64, len(r.Peers))
	for _, q := range questions {
		line := []string{fmt.Sprintf("%-70s", q.name+" "+q.asks)}
		for i, f := range r.Peers {
			ms := median(f.Milliseconds[q.name])
			logs[i] += math.Log(ms)
			line = append(line, fmt.Sprintf("%16.1f", ms))
		}
		say("%s", strings.Join(line, ""))
	}
	line := []string{fmt.Sprintf("%-70s", "geometric mean, times DataLoaf's")}
	for i := range r.Peers {
		line = append(line, fmt.Sprintf("%16.2f", math.Exp((logs[i]-logs[0])/float64(len(questions)))))
	}
	say("%s", strings.Join(line, ""))
	say("bytes an event: gzip NDJSON %.1f", float64(r.RawBytes)/float64(r.Events))
	for _, f := range r.Peers {
		say("  %-16s %.1f", f.Name, float64(f.StoredBytes)/float64(r.Events))
	}
	say("DataLoaf: first answer %.2f s after the start of the process; %d MiB resident at most while it was asked", r.Peers[0].FirstAnswer, r.Peers[0].PeakBytes>>20)
}

// write keeps the results for machines.
func write(o options, r results) error {
	if o.out != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.out, append(text, '\n'), 0o600); err != nil {
			return err
		}
	}
	if o.benchmarks == "" {
		return nil
	}
	// https://go.dev/design/14313-benchmark-format
	var b bytes.Buffer
	fmt.Fprintf(&b, "events: %d\nmachine: %s\n", r.Events, r.Machine)
	for _, f := range r.Peers {
		for _, q := range questions {
			for _, ms := range f.Milliseconds[q.name] {
				fmt.Fprintf(&b, "Benchmark%s/%s 1 %.0f ns/op\n", q.name, f.Name, ms*1e6)
			}
		}
	}
	return os.WriteFile(o.benchmarks, b.Bytes(), 0o600)
}

// machine names the processor.
func machine() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return runtime.GOOS + "/" + runtime.GOARCH
}

// eachLine reads all raw objects of a folder. Nested values come as JSON text.
func eachLine(folder string, do func(map[string]any) error) error {
	return eachRawLine(folder, func(line []byte) error {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(line, &fields); err != nil {
			return err
		}
		values := make(map[string]any, len(fields))
		for name, value := range fields {
			text := string(value)
			if value[0] == '"' {
				text = strings.Trim(text, `"`) // the data has nothing to unescape
			}
			values[name] = text
		}
		return do(values)
	})
}

// eachRawLine reads all raw objects of a folder, line by line.
func eachRawLine(folder string, do func(line []byte) error) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(z)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if err := do(lines.Bytes()); err != nil {
				return err
			}
		}
		return lines.Err()
	})
}
