package chaos_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
)

var (
	runs     = flag.Int("runs", 60, "how many runs")
	firstRun = flag.Uint64("seed", 1, "the seed of the first run; each after it has the next")
	engines  = flag.String("engine", "", "duckdb or postgres (default: they take turns)")
	killed   = flag.Int("kills", 3, "how many runs with a real process that is killed")
)

// TestNothingIsLostOrCountedTwice: whatever fails on the way, what was answered
// 2xx is in the warehouse once, users are what their writes make of them, and the
// audit proves it.
func TestNothingIsLostOrCountedTwice(t *testing.T) {
	if !strings.Contains(" duckdb postgres", " "+*engines) {
		t.Fatalf("there is no engine %q; there are duckdb and postgres", *engines)
	}
	var struck [faults]int
	var items, acked int
	runs := *runs
	if testing.Short() {
		runs /= 6
	}
	for n := range runs {
		seed := *firstRun + uint64(n) //nolint:gosec // counts from zero
		engine := *engines
		if engine == "" {
			engine = []string{"duckdb", "postgres"}[seed%2]
		}
		t.Run(fmt.Sprintf("%s/%d", engine, seed), func(t *testing.T) {
			p := place{dir: t.TempDir()}
			var database *database
			if engine == "postgres" {
				database = newDatabase(t)
				p.url, p.direct = database.cuts.url, database.url
			}
			r := newRun(p, seed)
			nothing := func() error { return nil }
			prepare, settle := nothing, nothing
			if database != nil {
				database.cuts.dice = r.dice
				prepare = func() error { return database.loseRaces(t.Context(), r.dice) }
				settle = func() error { return database.winRaces(t.Context()) }
			}
			wrong, err := r.whole(t.Context(), prepare, settle)
			for f, times := range r.dice.struck {
				struck[f] += times
			}
			for _, i := range r.client.items {
				if items++; i.acked {
					acked++
				}
			}
			if err == nil && len(wrong) == 0 {
				return
			}
			t.Errorf("%v\n%s\nwhat happened:\n%s\nrepeat it with: scripts/chaos --engine %s --seed %d --runs 1",
				err, strings.Join(wrong[:min(len(wrong), 20)], "\n"), strings.Join(r.trace, "\n"), engine, seed)
		})
	}
	t.Logf("%d runs: %d items sent, %d acknowledged; faults that struck: %v", runs, items, acked, struck)
}

var databaseOfAll *database

// newDatabase gives an empty database. There is one for all runs, emptied before
// each: a thousand would fill a disk.
func newDatabase(t *testing.T) *database {
	t.Helper()
	if databaseOfAll == nil {
		url := postgrestest.URL(t)
		cuts, err := newProxy(url)
		if err != nil {
			t.Fatal(err)
		}
		databaseOfAll = &database{url: url, cuts: cuts}
	}
	if err := databaseOfAll.empty(t.Context()); err != nil {
		t.Fatal(err)
	}
	return databaseOfAll
}
