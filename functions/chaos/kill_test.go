package chaos_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// childEnv makes this test binary the process that is killed: the folder, the
// database's URL, and the seed of what it sends.
const childEnv = "DATALOAF_TEST_CHAOS_CHILD"

// kills is how often a process is killed in one run.
const kills = 3

// TestKilledAnywhere kills a real process of the whole pipeline, again and again on
// the same folder, while it collects, merges, loads and deletes users. What it
// acknowledged must be there once; what it did not, its client sends again; and of
// what was accepted before its user was deleted nothing may be left.
func TestKilledAnywhere(t *testing.T) {
	if child := os.Getenv(childEnv); child != "" {
		work(child)
	}
	for n := range *killed {
		seed := *firstRun + uint64(n) //nolint:gosec // counts from zero
		engine := *engines
		if engine == "" {
			engine = []string{"duckdb", "postgres"}[seed%2]
		}
		t.Run(fmt.Sprintf("%s/%d", engine, seed), func(t *testing.T) {
			p := place{dir: t.TempDir()}
			if engine == "postgres" {
				url := newDatabase(t).url
				p.url, p.direct = url, url
			}
			r := newRun(p, seed)
			for round := range kills {
				r.clock.at = roundBegins(round)
				if err := r.kill(t.Context(), seed*kills+uint64(round)); err != nil { //nolint:gosec // three
					t.Fatal(err)
				}
			}
			wrong, err := r.after(t.Context())
			if err != nil || len(wrong) > 0 {
				t.Errorf("%v\n%s\nrepeat it with: scripts/chaos --engine %s --seed %d --runs 0 --kills 1", err, strings.Join(wrong[:min(len(wrong), 20)], "\n"), engine, seed)
			}
		})
	}
}

// roundBegins is what the clock of a child shows at first. No child has so much to
// do that it comes to the time of the next.
func roundBegins(round int) time.Time { return noon.Add(time.Duration(round) * 3 * time.Hour) }

// report is a line of the child's: a batch that it is about to send, or that one of
// its batches was acknowledged whole; and what its clock shows.
type report struct {
	Route   string
	Events  []event  `json:",omitempty"`
	Changes []change `json:",omitempty"`
	Acked   bool
	At      time.Time
}

// kill runs a child and kills it after some batches, at any moment of the next.
func (r *run) kill(ctx context.Context, seed uint64) error {
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKilledAnywhere$") //nolint:gosec // this test binary
	child.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{r.dir, r.url, strconv.FormatUint(seed, 10)}, "\n"))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	after, acked, ends := 5+r.dice.n(40), 0, r.clock.at.Add(3*time.Hour)
	sent := map[string][]*item{}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break // killed; a line without its end was not sent
		}
		var said report
		if err := json.Unmarshal(line, &said); err != nil {
			return fmt.Errorf("the child says %s: %w", line, err)
		}
		if !said.Acked {
			sent[said.Route] = nil
			for _, e := range said.Events {
				sent[said.Route] = append(sent[said.Route], &item{route: said.Route, body: e})
			}
			for _, c := range said.Changes {
				sent[said.Route] = append(sent[said.Route], &item{route: said.Route, body: c})
			}
			for _, i := range sent[said.Route] {
				i.tries = []try{{from: said.At, to: ends}}
			}
			r.client.items = append(r.client.items, sent[said.Route]...)
			continue
		}
		for _, i := range sent[said.Route] {
			i.acked = true
			i.tries[0].to, i.tries[0].acked = said.At, true
		}
		if acked++; acked == after {
			if err := child.Process.Kill(); err != nil {
				return err
			}
		}
	}
	if err := child.Wait(); err == nil || acked < after {
		return fmt.Errorf("the child ended by itself after %d batches: %w", acked, err)
	}
	return nil
}

// after takes over what the last child left.
func (r *run) after(ctx context.Context) (wrong []string, err error) {
	r.dice.settle()
	r.clock.at, r.clock.newest = roundBegins(kills), roundBegins(kills)
	if err := r.start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.stop()) }()
	// What was asked for is known by its documents.
	asked, err := r.deletions(ctx)
	if err != nil {
		return nil, err
	}
	for id, d := range asked {
		r.client.asks = append(r.client.asks, ask{user: userOf(id), at: d.RequestedAt})
	}
	r.deletes = true
	if err := r.finish(ctx); err != nil {
		return nil, err
	}
	return r.judge(ctx)
}

// work is the child: clients of every route send, loads run and users are deleted,
// until it is killed.
func work(child string) {
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	parts := strings.Split(child, "\n")
	seed, err := strconv.ParseUint(parts[2], 10, 64)
	if err != nil {
		fail(err)
	}
	ctx := context.Background()
	r := newRun(place{dir: parts[0], url: parts[1], direct: parts[1]}, seed)
	r.dice.settle()
	// Its clock goes forward by small steps, so that it tells what came before what.
	r.clock.at, r.clock.leap = roundBegins(int(seed%kills)), 10*time.Second //nolint:gosec // three
	r.clock.newest = r.clock.at
	ids.Store(int64(seed) << 24) //nolint:gosec // small
	if err := r.start(ctx); err != nil {
		fail(err)
	}
	if err := r.process.engines[0].Migrate(ctx); err != nil {
		fail(err)
	}
	var saying sync.Mutex
	say := func(what report) {
		what.At = r.clock.now()
		line, err := json.Marshal(what)
		if err != nil {
			fail(err)
		}
		saying.Lock()
		defer saying.Unlock()
		fmt.Println(string(line))
	}
	for n, route := range []string{postEvents, postUsers, patchUsers} {
		go func() {
			c := &client{dice: r.dice, name: int(seed)*3 + n} //nolint:gosec // small
			for {
				var batch []*item
				about := report{Route: route}
				for range 1 + r.dice.n(20) {
					i := c.make(route)
					batch = append(batch, i)
					switch body := i.body.(type) {
					case event:
						about.Events = append(about.Events, body)
					case change:
						about.Changes = append(about.Changes, body)
					}
				}
				say(about)
				if _, err := c.send(ctx, r.handler(route), route, batch); err != nil {
					fail(err)
				}
				for _, i := range batch {
					if !i.acked {
						fail(errors.New("with nothing failing, an item is not acknowledged"))
					}
				}
				say(report{Route: route, Acked: true})
			}
		}()
	}
	if _, err := r.process.loaders[0].Sweep(ctx); err != nil {
		fail(err)
	}
	go func() {
		for {
			if err := r.askFor(ctx, r.deletable()); err != nil {
				fail(err)
			}
			if err := r.erase(ctx); err != nil {
				fail(err)
			}
		}
	}()
	for {
		if _, err := r.process.loaders[0].Run(ctx); err != nil {
			fail(err)
		}
		if err := r.arrange(ctx); err != nil {
			fail(err)
		}
	}
}
