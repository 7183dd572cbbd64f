package writer_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// gate is a store of empty objects. It tells who has come to open one, and lets
// them in when it is opened itself.
type gate struct{ come, open chan struct{} }

func newGate() gate { return gate{make(chan struct{}), make(chan struct{})} }

func (g gate) Open(context.Context, warehouse.Object) (io.ReadCloser, error) {
	g.come <- struct{}{}
	<-g.open
	var packed bytes.Buffer
	return io.NopCloser(&packed), gzip.NewWriter(&packed).Close()
}

// site is a warehouse whose writer a test keeps busy.
type site struct {
	*testing.T
	*writer.Writer
	database warehouse.Database
	busy     gate
	// merges are the calls under way, by the number of their object.
	merges map[int]call
}

type call struct {
	giveUp context.CancelFunc
	result chan error
}

// eachEngine runs a test on DuckDB and on PostgreSQL.
func eachEngine(t *testing.T, test func(s *site)) {
	t.Run("duckdb", func(t *testing.T) {
		busy := newGate()
		w, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb"), Source: busy})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if err := w.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(&site{t, w.Writer, w.Database(), busy, map[int]call{}})
	})
	t.Run("postgres", func(t *testing.T) { test(onPostgres(t)) })
}

func onPostgres(t *testing.T) *site {
	busy := newGate()
	w, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t), Source: busy})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &site{t, w.Writer, w.Database(), busy, map[int]call{}}
}

func object(n int) warehouse.Object {
	return warehouse.Object{Bucket: "users", Key: fmt.Sprintf("updates/2024/05/01/12/%d.ndjson.gz", n), Kind: warehouse.Updates}
}

// set is a write that gives a user an attribute.
func set(user, name string, at time.Time) warehouse.UserWrite {
	return warehouse.UserWrite{UserID: user, At: at, Attributes: json.RawMessage(fmt.Sprintf(`{%q:1}`, name))}
}

// occupy has the writer at work until the gate opens.
func (s *site) occupy() (done chan error) {
	done = make(chan error, 1)
	go func() { done <- s.MergeObject(s.Context(), object(0)) }()
	<-s.busy.come
	return done
}

// start calls Merge and comes back when so many calls wait.
func (s *site) start(n, waiting int, writes ...warehouse.UserWrite) {
	s.call(n, writes...)
	s.until(func() bool { return s.Waiting() == waiting })
}

func (s *site) call(n int, writes ...warehouse.UserWrite) {
	ctx, cancel := context.WithCancel(s.Context())
	c := call{cancel, make(chan error, 1)}
	s.merges[n] = c
	go func() { c.result <- s.Merge(ctx, object(n), writes) }()
}

// locked comes back when a transaction waits for the lock that a test holds, or
// none does.
func (s *site) locked(want bool) {
	s.until(func() bool {
		var waits bool
		if err := s.database.SQL.QueryRowContext(s.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)`).Scan(&waits); err != nil {
			s.Fatal(err)
		}
		return waits == want
	})
}

// until gives the processor to others until something holds.
func (s *site) until(holds func() bool) {
	for !holds() {
		if s.Context().Err() != nil {
			s.Fatal(s.Context().Err())
		}
		runtime.Gosched()
	}
}

// ledger is what it says of the objects that were loaded: the rows inserted and
// updated.
func (s *site) ledger() map[string][2]int64 {
	s.Helper()
	rows, err := s.database.SQL.QueryContext(s.Context(), `SELECT "object_id", "inserted", "updated" FROM "loaf_files" WHERE "status" = 'loaded'`)
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close()
	out := map[string][2]int64{}
	for rows.Next() {
		var id string
		var counts [2]int64
		if err := rows.Scan(&id, &counts[0], &counts[1]); err != nil {
			s.Fatal(err)
		}
		out[id] = counts
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
	return out
}

// recorded fails the test when the ledger holds others than these objects.
func (s *site) recorded(numbers ...int) {
	s.Helper()
	var want []string
	for _, n := range numbers {
		want = append(want, object(n).ID())
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(s.ledger())); !slices.Equal(got, want) {
		s.Errorf("the ledger holds %v, want %v", got, want)
	}
}

// ended fails the test when a call did not end so.
func (s *site) ended(n int, as func(error) bool) {
	s.Helper()
	if err := <-s.merges[n].result; !as(err) {
		s.Errorf("the merge of object %d: %v", n, err)
	}
}

func well(err error) bool { return err == nil }

func givenUp(err error) bool { return errors.Is(err, warehouse.ErrUnavailable) }

func refused(err error) bool {
	var data *warehouse.DataError
	return errors.As(err, &data)
}

// Calls that wait for the same turn are merged in one transaction, each recorded
// with its own counts, as if one came after the other.
func TestMergesThatWaitShareATransaction(t *testing.T) {
	eachEngine(t, func(s *site) {
		before := s.occupy()
		s.start(1, 1, set("a", "x", noon), set("b", "x", noon))
		s.start(2, 2, set("a", "y", noon.Add(time.Hour)), set("c", "x", noon), set("c", "y", noon))
		s.start(3, 3, set("a", "x", noon.Add(-time.Hour)))
		s.start(2, 4, set("a", "never", noon)) // an object that stands twice counts once
		close(s.busy.open)
		if err := <-before; err != nil {
			s.Fatal(err)
		}
		for n := range s.merges {
			s.ended(n, well)
		}
		s.until(func() bool { return s.Waiting() == 0 })
		users, err := s.Users(s.Context(), []string{"a", "b", "c"})
		if err != nil || len(users) != 3 {
			s.Fatalf("%v, %v", users, err)
		}
		s.recorded(0, 1, 2, 3)
		var inserted int64
		for id, counts := range s.ledger() {
			inserted += counts[0]
			if of := map[string]int64{object(1).ID(): 2, object(2).ID(): 2, object(3).ID(): 1}[id]; counts[0]+counts[1] != of {
				s.Errorf("%s has %d users inserted and %d updated, want %d", id, counts[0], counts[1], of)
			}
		}
		if inserted != 3 {
			s.Errorf("%d users were inserted, want 3", inserted)
		}
		if s.database.Dialect == warehouse.DuckDB { // names no transaction

			return
		}
		var transactions int
		if err := s.database.SQL.QueryRowContext(s.Context(), `SELECT COUNT(DISTINCT xmin::text) FROM "loaf_files" WHERE "object_id" <> $1`, object(0).ID()).Scan(&transactions); err != nil || transactions != 1 {
			s.Errorf("%d transactions, want 1: %v", transactions, err)
		}
	})
}

// What the rules or the engine refuse fails alone, and what it was to share a
// transaction with is merged.
func TestABadMergeFailsAlone(t *testing.T) {
	bad := map[string]warehouse.UserWrite{
		"no object":            {UserID: "bad", At: noon, Attributes: json.RawMessage(`[1]`)},
		"what no column holds": set("bad", "x", time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC)),
	}
	for name, write := range bad {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(s *site) {
				before := s.occupy()
				s.start(1, 1, set("a", "x", noon))
				s.start(2, 2, set("b", "x", noon), write)
				s.start(3, 3, set("c", "x", noon))
				close(s.busy.open)
				if err := <-before; err != nil {
					s.Fatal(err)
				}
				s.ended(1, well)
				s.ended(2, refused)
				s.ended(3, well)
				s.recorded(0, 1, 3)
				users, err := s.Users(s.Context(), []string{"a", "b", "c", "bad"})
				if err != nil || len(users) != 2 {
					s.Errorf("%v, %v", users, err)
				}
			})
		})
	}
}

// Who gives up while it waits is answered at once and merged no more.
func TestAMergeGivenUpWhileItWaits(t *testing.T) {
	eachEngine(t, func(s *site) {
		before := s.occupy()
		for n := 1; n <= 3; n++ {
			s.start(n, n, set("u", fmt.Sprint("n", n), noon))
		}
		s.merges[2].giveUp()
		s.ended(2, givenUp)
		close(s.busy.open)
		if err := <-before; err != nil {
			s.Fatal(err)
		}
		s.ended(1, well)
		s.ended(3, well)
		s.recorded(0, 1, 3)
	})
}

// Who gives up during a common transaction is answered at once, and the others
// come to their end; when all have given up, so does the transaction, and the turn
// is the next one's.
func TestMergesGivenUpDuringTheirTransaction(t *testing.T) {
	for name, all := range map[string]bool{"one": false, "all": true} {
		t.Run(name, func(t *testing.T) {
			s := onPostgres(t)
			other, err := s.database.SQL.BeginTx(s.Context(), nil)
			if err != nil {
				s.Fatal(err)
			}
			if _, err := other.ExecContext(s.Context(), `LOCK TABLE "loaf_lock" IN SHARE ROW EXCLUSIVE MODE`); err != nil {
				s.Fatal(err)
			}
			s.call(1, set("u", "n1", noon))
			s.locked(true)
			s.start(2, 1, set("u", "n2", noon))
			s.start(3, 2, set("u", "n3", noon))
			s.merges[1].giveUp()
			s.ended(1, givenUp)
			s.until(func() bool { return s.Waiting() == 0 })
			s.locked(true)
			s.merges[2].giveUp()
			s.ended(2, givenUp)
			if all {
				s.merges[3].giveUp()
				s.ended(3, givenUp)
				s.locked(false)
				s.call(4, set("u", "n4", noon))
				s.locked(true)
			}
			if err := other.Rollback(); err != nil {
				s.Fatal(err)
			}
			if all {
				s.ended(4, well)
				s.recorded(4)
				return
			}
			s.ended(3, well)
			s.recorded(2, 3) // that of the second came too late to take it out
		})
	}
}
