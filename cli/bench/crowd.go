package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"time"

	sdk "github.com/dataloaf/dataloaf/sdk-go"
)

// crowdBench measures eight people who ask while events come in, beside one person
// who has the machine for themselves.
func crowdBench(flags *flag.FlagSet) measurement {
	events := flags.Int("events", 10_000_000, "how many events there are before")
	people := flags.Int("people", 8, "how many ask at once")
	rate := flags.Int("rate", 5000, "events a second that come in meanwhile")
	lasts := flags.Duration("for", 45*time.Second, "how long each part of a round lasts")
	data := flags.String("data", "", "ask of the warehouse that queries with this -folder has left, rather than load one of -events")
	return func(ctx context.Context, r *run) error {
		if *events < 1000 || *people < 2 || *rate < 100 || *lasts < time.Second {
			return errors.New("-events must be at least 1000, -people 2, -rate 100 and -for 1s")
		}
		d, err := r.needLoafctl("crowd")
		if err != nil {
			return err
		}
		c := &crowd{run: r, d: d, lasts: *lasts}
		if *data != "" {
			d.folder = filepath.Join(*data, ours)
		} else if err := c.fill(ctx, *events); err != nil {
			return err
		}
		if err := d.start(ctx); err != nil {
			return err
		}
		if c.loaded, err = d.rowsLoaded(ctx); err != nil {
			return errors.Join(err, d.stop())
		}
		r.say("%d rows; %d people ask for %v while %d events a second come in, and one alone as long", c.loaded, *people, *lasts, *rate)
		err = c.measure(ctx, *people, *rate)
		r.add("most memory of dev", "MiB", float64(d.memory()>>20))
		c.judge(*rate)
		return errors.Join(err, d.stop())
	}
}

type crowd struct {
	*run
	d     *dataloaf
	lasts time.Duration
	// loaded is how many rows the warehouse must have.
	loaded int
	// failed counts the questions without an answer.
	failed int
}

// fill loads the data of queries, in a process of its own: what the load of
// everything takes is not what asking takes.
func (c *crowd) fill(ctx context.Context, events int) error {
	if _, err := generate(c.d.rawFolder(), events, c.seed); err != nil {
		return fmt.Errorf("make the data: %w", err)
	}
	if err := c.d.start(ctx); err != nil {
		return err
	}
	return errors.Join(c.d.load(ctx, events+users), c.d.stop())
}

// The names of the figures.
const (
	alone, together = "one person", "a crowd, events come in"
)

func (c *crowd) measure(ctx context.Context, people, rate int) error {
	// Warms up: what is on disk alone at first.
	for _, q := range questions {
		if _, err := c.d.ask(ctx, q, 0); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	for round := range c.rounds {
		if err := c.asking(ctx, alone, 1, round); err != nil {
			return err
		}
		stop, arriving := make(chan struct{}), make(chan error, 1)
		go func() { arriving <- c.arrive(ctx, rate, stop) }()
		err := c.asking(ctx, together, people, round)
		close(stop)
		if err := errors.Join(err, <-arriving); err != nil {
			return err
		}
		// Nothing of it may be left for the next part.
		if err := c.d.load(ctx, c.loaded); err != nil {
			return err
		}
	}
	return nil
}

// asking lets people ask one question after the other, of ranges and in an order
// of their own, and keeps the percentiles of how long the answers took.
func (c *crowd) asking(ctx context.Context, name string, people, round int) error {
	var all []float64
	var mu sync.Mutex
	var firstFailure error
	end := time.Now().Add(c.lasts)
	_ = inParallel(people, func(person int) error {
		random := rand.New(rand.NewPCG(c.seed, uint64(round*100+person)))
		for time.Now().Before(end) {
			for _, i := range random.Perm(len(questions)) {
				got, err := c.d.ask(ctx, questions[i], random.IntN(questions[i].days/2))
				mu.Lock()
				if err != nil {
					c.failed++
					firstFailure = errors.Join(firstFailure, err)
				} else {
					all = append(all, float64(got.took)/float64(time.Millisecond))
				}
				mu.Unlock()
				if ctx.Err() != nil {
					return nil // what has failed is counted
				}
			}
		}
		return nil
	})
	if len(all) == 0 {
		return fmt.Errorf("%s got no answer: %w", name, firstFailure)
	}
	if firstFailure != nil {
		c.say("a question had no answer: %v", firstFailure)
	}
	slices.Sort(all)
	c.add(name+", median", "ms", all[len(all)/2])
	c.add(name+", p95", "ms", all[len(all)*95/100])
	c.add(name+", answers", "answers/s", float64(len(all))/c.lasts.Seconds())
	return nil
}

// arrive sends so many events a second until it is told to stop.
func (c *crowd) arrive(ctx context.Context, rate int, stop <-chan struct{}) error {
	client, err := sdk.New(sdk.Config{Endpoint: c.d.address, APIKey: c.d.key, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(c.seed, 6))
	begun, sent := time.Now(), 0
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for running := true; running; {
		select {
		case <-stop:
			running = false
		case <-ctx.Done():
			return errors.Join(ctx.Err(), client.Close(ctx))
		case <-ticks.C:
			for due := int(time.Since(begun).Seconds() * float64(rate)); sent < due; sent++ {
				err := client.EnqueueWait(ctx, sdk.Event{
					Event: eventNames[random.IntN(len(eventNames))], UserID: fmt.Sprintf("user-%d", random.IntN(users)),
					Properties: map[string]any{"amount": 12.5, "country": countries[random.IntN(len(countries))], "device": "phone", "browser": "Firefox",
						"path": "/p/1", "items": 1 + random.IntN(9), "experiment": random.IntN(2) == 0, "version": "1.7"},
				})
				if err != nil {
					return errors.Join(err, client.Close(ctx))
				}
			}
		}
	}
	lasted := time.Since(begun)
	if err := client.Close(ctx); err != nil {
		return err
	}
	if s := client.Stats(); s.Accepted != int64(sent) {
		return fmt.Errorf("%d of %d events were accepted: %+v", s.Accepted, sent, s)
	}
	c.loaded += sent
	c.add("events that came in", "events/s", float64(sent)/lasted.Seconds())
	return nil
}

func (c *crowd) judge(rate int) {
	if len(c.values(together+", p95")) == 0 {
		return // it has failed, and says so
	}
	c.add("questions without an answer", "questions", float64(c.failed))
	times := c.times(together+", p95", alone+", p95")
	c.goal("p95 of the crowd is under 10 times that of one person", times, times < 10)
	c.goal("every question is answered; those that are not", float64(c.failed), c.failed == 0)
	memory := c.median("most memory of dev")
	c.goal("dev has less than 4096 MiB resident", memory, memory < 4096)
	arrived := c.median("events that came in")
	c.goal(fmt.Sprintf("%d events a second come in meanwhile", rate), arrived, arrived >= 0.99*float64(rate))
}
