package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	sdk "github.com/dataloaf/dataloaf/sdk-go"
)

// batchItems is how many events or users go into a call.
const batchItems = 100

// sent is an event as one writes it by hand: about 200 bytes of JSON.
type sent struct {
	ID         string    `json:"event_id"`
	Event      string    `json:"event"`
	UserID     string    `json:"user_id"`
	Timestamp  time.Time `json:"timestamp"`
	Properties sentProps `json:"properties"`
}

type sentProps struct {
	Path   string  `json:"path"`
	Amount float64 `json:"amount"`
	Number int     `json:"number"`
}

// collectBench measures collection, from a call of the SDK until its event lies in
// a file that survives a crash, beside encoding the same JSON with encoding/json
// and writing it to a file.
func collectBench(flags *flag.FlagSet) measurement {
	events := flags.Int("events", 1_000_000, "how many events a round")
	callers := flags.Int("callers", 2, "goroutines that call the SDK, or write files")
	senders := flags.Int("senders", 16, "requests that the SDK has under way at once")
	return func(ctx context.Context, r *run) error {
		if *events < batchItems || *callers < 1 {
			return fmt.Errorf("-events must be at least %d and -callers at least 1", batchItems)
		}
		// Loading has a bench of its own.
		d, err := r.needLoafctl("collect", "--load-every", "24h")
		if err != nil {
			return err
		}
		if err := d.start(ctx); err != nil {
			return err
		}
		r.say("%d events of 200 bytes a round, from %d goroutines, in batches of %d", *events, *callers, batchItems)
		raw := filepath.Join(d.folder, "raw", "events")
		err = func() error {
			for range r.rounds {
				if err := r.collectOnce(ctx, d, *events, *callers, *senders); err != nil {
					return err
				}
				for name, every := range map[string]int{"bare, fsync a batch": 1, "bare, fsync every 50 batches": 50} {
					took, err := bareWrite(r.folder, *events, *callers, every)
					if err != nil {
						return err
					}
					r.add(name, "events/s", float64(*events)/took.Seconds())
				}
			}
			return nil
		}()
		r.add("most memory of dev", "MiB", float64(d.memory()>>20))
		// It gets no chance to finish anything: what it said yes to is there.
		if err := errors.Join(err, d.kill()); err != nil {
			return err
		}
		lines, err := countLines(raw)
		if err != nil {
			return err
		}
		if want := *events * r.rounds; lines != want {
			return fmt.Errorf("%d events were accepted, and the raw objects hold %d", want, lines)
		}
		if r.rounds > 1 {
			r.say("after dev was killed, its raw objects hold each of the %d events", lines)
		}
		rate, slower := r.median("dataloaf"), r.times("bare, fsync a batch", "dataloaf")
		r.goal("at least 100,000 events a second", rate, rate >= 100_000)
		r.goal("at most 3 times as long as the bare one with an fsync a batch", slower, slower <= 3)
		return nil
	}
}

// collectOnce sends the events through a client of their own.
func (r *run) collectOnce(ctx context.Context, d *dataloaf, events, callers, senders int) error {
	client, err := sdk.New(sdk.Config{Endpoint: d.address, APIKey: d.key, MaxBatchItems: batchItems, Senders: senders, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	before, ownBefore := d.cpu(), cpuTime(os.Getpid())
	begun := time.Now()
	err = inParallel(callers, func(caller int) error {
		properties := map[string]any{}
		for i := caller; i < events; i += callers {
			properties["path"], properties["amount"], properties["number"] = "/p/1234", 12.5, i
			if err := client.EnqueueWait(ctx, sdk.Event{Event: "page_view", UserID: "user-12345", Properties: properties}); err != nil {
				return err
			}
		}
		return nil
	})
	// Close waits until each event is settled: a 2xx means stored durably.
	if err := errors.Join(err, client.Close(ctx)); err != nil {
		return err
	}
	took := time.Since(begun)
	if s := client.Stats(); s.Accepted != int64(events) {
		return fmt.Errorf("%d of %d events were accepted: %+v", s.Accepted, events, s)
	}
	r.add("dataloaf", "events/s", float64(events)/took.Seconds())
	r.add("CPU of dev", "us/event", microseconds(d.cpu()-before)/float64(events))
	r.add("CPU of the SDK and its callers", "us/event", microseconds(cpuTime(os.Getpid())-ownBefore)/float64(events))
	return nil
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// inParallel runs f for each of n numbers.
func inParallel(n int, f func(int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// bareWrite encodes the events and writes them to a file for each writer, with an
// fsync after so many batches.
func bareWrite(folder string, events, writers, every int) (took time.Duration, err error) {
	runtime.GC() // what came before is not to be paid for here
	begun := time.Now()
	err = inParallel(writers, func(writer int) (err error) {
		f, err := os.CreateTemp(folder, "bare-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
		random := rand.New(rand.NewPCG(1, uint64(writer)))
		var id []byte
		var lines []byte
		batches := 0
		for i := writer; i < events; i += writers {
			now := time.Now().UTC()
			id = appendUUID(id[:0], random, now)
			line, err := json.Marshal(sent{string(id), "page_view", "user-12345", now, sentProps{"/p/1234", 12.5, i}})
			if err != nil {
				return err
			}
			lines = append(append(lines, line...), '\n')
			if last := i+writers >= events; (i/writers+1)%batchItems != 0 && !last {
				continue
			}
			if _, err := f.Write(lines); err != nil {
				return err
			}
			lines = lines[:0]
			if batches++; batches%every == 0 {
				if err := f.Sync(); err != nil {
					return err
				}
			}
		}
		return f.Sync()
	})
	return time.Since(begun), err
}

// countLines counts the lines of all raw objects in a folder.
func countLines(folder string) (n int, err error) {
	err = eachRawLine(folder, func([]byte) error { n++; return nil })
	return n, err
}
