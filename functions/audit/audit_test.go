package audit_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// engine is a warehouse that is loaded and audited.
type engine interface {
	load.Warehouse
	audit.Warehouse
	load.Expirer
	Migrate(context.Context) error
	Close() error
}

// world is a store and a warehouse that was loaded from it.
type world struct {
	t *testing.T
	// reopened makes a new, empty warehouse of the same engine.
	reopened func() engine
	root     string
	store    *local.Store
	engine   engine
	loader   *load.Loader
	// now is the audit's clock.
	now time.Time
}

// five is when the objects arrived.
var five = time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)

func open(t *testing.T, dialect warehouse.Dialect, root string, store *local.Store) (engine, error) {
	switch dialect {
	case warehouse.DuckDB:
		return duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb"), Source: store, ObjectPath: store.Path})
	case warehouse.PostgreSQL:
		return postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t), Source: store})
	default:
		s := redshifttest.Start(t, root)
		var ids atomic.Int64
		return redshift.Open(redshift.Config{
			Connect: connect.Config{Host: s.Host, Port: s.Port, Database: s.Database, RootCAs: s.RootCAs,
				Login: func(context.Context, bool) (warehouse.Login, error) { return s.Admin, nil }},
			Source: store,
			Copy: redshift.CopyConfig{Manifests: store, Bucket: "events", Role: redshifttest.CopyRole, Region: redshifttest.Region,
				NewID: func() string { return fmt.Sprint(ids.Add(1)) }},
		})
	}
}

// eachEngine runs a test on a world of each engine.
func eachEngine(t *testing.T, test func(t *testing.T, w *world)) {
	for _, dialect := range []warehouse.Dialect{warehouse.DuckDB, warehouse.PostgreSQL, warehouse.Redshift} {
		t.Run(string(dialect), func(t *testing.T) { test(t, newWorld(t, dialect)) })
	}
}

func newWorld(t *testing.T, dialect warehouse.Dialect) *world {
	root := t.TempDir()
	store, err := local.NewStore(root)
	if err != nil {
		t.Fatal(err)
	}
	reopened := func() engine {
		e, err := open(t, dialect, root, store)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := e.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := reopened()
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	return &world{
		t: t, reopened: reopened, root: root, store: store, engine: e, now: five.Add(3 * time.Hour),
		loader: load.New(load.Config{Queue: local.NewQueue(time.Now), Warehouse: e, Lister: store, Logger: logger}),
	}
}

func pack(lines ...string) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for _, line := range lines {
		fmt.Fprintln(z, line) // a Buffer takes everything
	}
	_ = z.Close()
	return packed.Bytes()
}

// put stores an object that arrived some time after five.
func (w *world) put(kind warehouse.Kind, after time.Duration, name string, body []byte) warehouse.Object {
	w.t.Helper()
	o := warehouse.Object{Bucket: string(kind.Bucket()), Key: warehouse.NewKey(kind, five.Add(after), name), Kind: kind}
	if err := w.store.Put(w.t.Context(), o.Bucket, o.Key, body); err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) sweep() {
	w.t.Helper()
	if _, err := w.loader.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	result, err := w.engine.Database().SQL.ExecContext(w.t.Context(), statement, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		w.t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

func (w *world) auditor() *audit.Auditor {
	return audit.New(audit.Config{
		Lister: w.store, Source: w.store, Now: func() time.Time { return w.now },
		Open: func(context.Context) (audit.Warehouse, error) { return w.engine, nil },
	})
}

func (w *world) audit(deep bool) audit.Result {
	w.t.Helper()
	result, err := w.auditor().Run(w.t.Context(), audit.Request{Range: load.Range{From: five, To: five.Add(2 * time.Hour)}, Deep: deep})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func event(n int) string {
	user := fmt.Sprintf("u%d", n)
	e := wire.Event{EventID: fmt.Sprintf("00000000-0000-7000-8000-%012d", n), Event: "order", UserID: &user, Timestamp: five.Add(time.Duration(n) * time.Second), Properties: json.RawMessage(`{"n":1}`)}
	return string(e.AppendRecord(nil, five))
}

func user(id string) string {
	u := wire.NewUser{UserID: id, CreatedAt: five, Attributes: json.RawMessage(`{"plan":"free"}`)}
	return string(u.AppendRecord(nil, five))
}

func update(id string, after time.Duration, attributes string) string {
	u := wire.UserUpdate{UserID: id, UpdatedAt: five.Add(after), Attributes: json.RawMessage(attributes)}
	return string(u.AppendRecord(nil, five))
}

// objects are those that fill loads.
type objects struct{ first, second, users, updates, bad, late warehouse.Object }

// fill loads two objects of events with one duplicate within the first and one
// between them, users, updates and a broken object, and leaves one that waits.
func (w *world) fill() objects {
	w.t.Helper()
	var o objects
	o.first = w.put(warehouse.Events, time.Minute, "a", pack(event(1), event(2), "", event(2), event(3)))
	o.users = w.put(warehouse.Users, time.Minute, "b", pack(user("u1"), user("u2")))
	w.sweep()
	o.second = w.put(warehouse.Events, 61*time.Minute, "c", pack(event(3), event(4), event(5)))
	o.updates = w.put(warehouse.Updates, 61*time.Minute, "d", pack(update("u2", time.Hour, `{"plan":"pro"}`), update("u3", time.Hour, `{"gone":null}`)))
	o.bad = w.put(warehouse.Events, 62*time.Minute, "e", pack(event(6), "{broken"))
	// None of it is in the range.
	w.put(warehouse.Events, 3*time.Hour, "x", pack(event(7)))
	w.put(warehouse.Events, -time.Minute, "y", pack(event(8), event(8)))
	w.sweep()
	o.late = w.put(warehouse.Events, 119*time.Minute, "f", pack(event(9)))
	return o
}

func TestEverythingAddsUp(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		o := w.fill()
		for _, deep := range []bool{false, true} {
			got := w.audit(deep)
			if !got.Proven || got.MismatchesTotal != 0 || len(got.Totals) != 3 {
				t.Fatalf("%+v", got)
			}
			checked := map[bool][3]int64{true: {7, 2, 2}}[deep]
			for i, want := range []audit.Totals{
				{Kind: warehouse.Events, Objects: 4, Accepted: 10, Loaded: 5, Duplicates: 2, Quarantined: 2, QuarantinedObjects: 1, Waiting: 1, WaitingObjects: 1, Checked: checked[0]},
				{Kind: warehouse.Users, Objects: 1, Accepted: 2, Loaded: 2, Checked: checked[1]},
				{Kind: warehouse.Updates, Objects: 1, Accepted: 2, Loaded: 2, Checked: checked[2]},
			} {
				if got.Totals[i] != want || got.Totals[i].Missing() != 0 {
					t.Errorf("%+v, want %+v", got.Totals[i], want)
				}
			}
			// The third load stored what lies outside of the range as well.
			if got.Loads != 4 || got.LoadRows != 6 {
				t.Errorf("%d loads with %d rows", got.Loads, got.LoadRows)
			}
			if len(got.Notes) != 2 || got.Notes[0].Object != o.bad.ID() || got.Notes[0].Action != audit.Replay || got.Notes[1].Object != o.late.ID() || got.Notes[1].Action != audit.Sweep {
				t.Errorf("%+v", got.Notes)
			}
		}
	})
}

func TestWhatDoesNotAddUpIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(w *world, o objects)
		// want is about an object, or a load where that is none.
		want func(o objects) audit.Finding
		// deep says that only a deep audit finds it, everywhere that it is tried on
		// every engine: the comparison is the same, and what differs is the SQL.
		deep, everywhere bool
	}{
		"a raw object is gone": {
			spoil: func(w *world, o objects) { w.remove(o.second) },
			want: func(o objects) audit.Finding {
				return audit.Finding{Object: o.second.ID(), Expected: 3, Action: audit.Restore}
			},
		},
		"a raw object is broken": {
			spoil: func(w *world, o objects) { w.put(warehouse.Users, time.Minute, "b", []byte("not gzip")) },
			want: func(o objects) audit.Finding {
				return audit.Finding{Object: o.users.ID(), Expected: 2, Action: audit.Restore}
			},
		},
		"a line was lost in the load": {
			spoil: func(w *world, o objects) {
				w.put(warehouse.Events, 61*time.Minute, "c", pack(event(3), event(4), event(5), event(11)))
			},
			want: func(o objects) audit.Finding {
				return audit.Finding{Object: o.second.ID(), Expected: 4, Found: 3, Action: audit.Report}
			},
		},
		"an entry says more than there was": {
			spoil: func(w *world, o objects) {
				w.exec(`UPDATE "loaf_files" SET "inserted" = 3 WHERE "object_id" = $1`, o.second.ID())
			},
			want: func(o objects) audit.Finding {
				return audit.Finding{Object: o.second.ID(), Expected: 3, Found: 4, Action: audit.Report}
			},
		},
		"an event is not in the table": {
			spoil: func(w *world, o objects) { w.exec(`DELETE FROM "events" WHERE "load_id" = 1 AND "user_id" = 'u2'`) },
			want: func(objects) audit.Finding {
				return audit.Finding{Load: 1, Expected: 3, Found: 2, Action: audit.Report}
			},
			everywhere: true,
		},
		"an event is in the table under another load": {
			spoil: func(w *world, o objects) { w.exec(`UPDATE "events" SET "load_id" = 2 WHERE "user_id" = 'u2'`) },
			want: func(objects) audit.Finding {
				return audit.Finding{Load: 2, Expected: 0, Found: 1, Action: audit.Report}
			},
		},
		"another event is in its place": {
			spoil: func(w *world, o objects) {
				w.exec(`UPDATE "events" SET "timestamp" = "received_at" WHERE "user_id" = 'u5'`)
			},
			want: func(o objects) audit.Finding {
				return audit.Finding{Object: o.second.ID(), Expected: 1, Found: 0, Action: audit.Report}
			},
			deep:       true,
			everywhere: true,
		},
		"a load is not recorded": {
			spoil: func(w *world, o objects) { w.exec(`DELETE FROM "loaf_loads" WHERE "load_id" = 2`) },
			want: func(objects) audit.Finding {
				return audit.Finding{Load: 2, Expected: 1, Found: 0, Action: audit.Report}
			},
		},
		"a load says more than its objects": {
			spoil: func(w *world, o objects) { w.exec(`UPDATE "loaf_loads" SET "lines" = 100 WHERE "load_id" = 1`) },
			want: func(objects) audit.Finding {
				return audit.Finding{Load: 1, Expected: 100, Found: 4, Action: audit.Report}
			},
		},
		"an object of no load": {
			spoil: func(w *world, o objects) {
				w.exec(`UPDATE "loaf_files" SET "load_id" = NULL WHERE "object_id" = $1`, o.first.ID())
			},
			want: func(o objects) audit.Finding {
				return audit.Finding{Object: o.first.ID(), Expected: 1, Found: 0, Action: audit.Report}
			},
		},
		"an object waits too long": {
			spoil: func(w *world, o objects) { w.now = five.Add(4 * time.Hour) },
			want: func(o objects) audit.Finding {
				return audit.Finding{Object: o.late.ID(), Expected: 1, Found: 0, Action: audit.Sweep}
			},
		},
		"a user is gone": {
			spoil: func(w *world, o objects) { w.exec(`DELETE FROM "users" WHERE "user_id" = 'u1'`) },
			want: func(o objects) audit.Finding {
				return audit.Finding{Object: o.users.ID(), Expected: 1, Found: 0, Action: audit.Report}
			},
			deep: true,
		},
		"a user lacks an update": {
			spoil: func(w *world, o objects) {
				w.exec(fmt.Sprintf(`UPDATE "users" SET "attributes" = '{"plan":"free"}', "attribute_times" = '{"plan":%d}' WHERE "user_id" = 'u2'`, five.UnixMicro()))
			},
			want: func(o objects) audit.Finding {
				return audit.Finding{Object: o.updates.ID(), Expected: 1, Found: 0, Action: audit.Report}
			},
			deep:       true,
			everywhere: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			engines := eachEngine
			if !c.everywhere {
				engines = func(t *testing.T, test func(*testing.T, *world)) { test(t, newWorld(t, warehouse.DuckDB)) }
			}
			engines(t, func(t *testing.T, w *world) {
				o := w.fill()
				c.spoil(w, o)
				if got := w.audit(false); got.Proven != c.deep || (got.MismatchesTotal == 0) != c.deep {
					t.Errorf("not deep: %+v", got.Mismatches)
				}
				got := w.audit(true)
				if got.Proven {
					t.Fatal("it is proven")
				}
				want := c.want(o)
				for _, f := range got.Mismatches {
					f.What = ""
					if f == want {
						return
					}
				}
				t.Errorf("%+v is not among %+v", want, got.Mismatches)
			})
		})
	}
}

// remove takes an object out of the store.
func (w *world) remove(o warehouse.Object) {
	w.t.Helper()
	if err := os.Remove(w.store.Path(o)); err != nil {
		w.t.Fatal(err)
	}
}

// Redshift holds nobody to a key, and DuckDB's events have none.
func TestARowThatStandsTwice(t *testing.T) {
	for _, dialect := range []warehouse.Dialect{warehouse.DuckDB, warehouse.Redshift} {
		t.Run(string(dialect), func(t *testing.T) {
			w := newWorld(t, dialect)
			o := w.fill()
			w.exec(`INSERT INTO "events" SELECT * FROM "events" WHERE "user_id" = 'u4'`)
			got := w.audit(true)
			var load, line bool
			for _, f := range got.Mismatches {
				load = load || f.Load == 3 && f.Expected == 3 && f.Found == 4
				line = line || f.Object == o.second.ID() && f.Expected == 1 && f.Found == 2 && strings.Contains(f.What, "line 2: ")
			}
			if !load || !line {
				t.Errorf("%+v", got.Mismatches)
			}
		})
	}
}

// errAway is what a store says that is away.
var errAway = errors.New("the store is away")

// cut gives the first bytes of every object, and then an error.
type cut struct {
	*local.Store
	after int64
}

func (c cut) Open(ctx context.Context, o warehouse.Object) (io.ReadCloser, error) {
	body, err := c.Store.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, c.after), failing{}), body}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errAway }

// A store or warehouse that is away proves nothing, and is no mismatch either.
func TestWhatCannotBeReadIsAnError(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	w.fill()
	request := audit.Request{Range: load.Range{From: five, To: five.Add(2 * time.Hour)}}
	for _, after := range []int64{0, 20} {
		a := audit.New(audit.Config{Lister: w.store, Source: cut{w.store, after}, Now: time.Now, Open: func(context.Context) (audit.Warehouse, error) { return w.engine, nil }})
		if got, err := a.Run(t.Context(), request); !errors.Is(err, errAway) {
			t.Errorf("after %d bytes: %v, %+v", after, err, got)
		}
	}
	a := audit.New(audit.Config{Lister: w.store, Source: w.store, Now: time.Now, Open: func(context.Context) (audit.Warehouse, error) { return nil, errAway }})
	if _, err := a.Run(t.Context(), request); !errors.Is(err, errAway) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.auditor().Run(ctx, request); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := w.auditor().Run(t.Context(), audit.Request{Range: load.Range{From: five, To: five}}); err == nil {
		t.Error("a range that ends where it begins is audited")
	}
}

// Many lines and long ones, more than one batch: and a bound on what is read.
func TestLargeObjects(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	var lines []string
	for n := range 5000 {
		lines = append(lines, event(n))
	}
	w.put(warehouse.Events, 0, "a", pack(lines...))
	long := w.put(warehouse.Events, 0, "long", pack(strings.Repeat("x", 3<<20), event(9000)))
	w.sweep()
	got := w.audit(true)
	if !got.Proven || got.Totals[0].Accepted != 5002 || got.Totals[0].Checked != 5000 || got.Totals[0].Quarantined != 2 || got.Notes[0].Object != long.ID() {
		t.Errorf("%+v", got)
	}
	a := audit.New(audit.Config{Lister: w.store, Source: w.store, Now: time.Now, MaxBytes: 100 << 10, Open: func(context.Context) (audit.Warehouse, error) { return w.engine, nil }})
	got, err := a.Run(t.Context(), audit.Request{Range: load.Range{From: five, To: five.Add(time.Hour)}})
	if err != nil || got.Proven || len(got.Mismatches) != 1 || !strings.Contains(got.Mismatches[0].What, "more than an audit reads") {
		t.Errorf("%+v, %v", got, err)
	}
}

// A run whose time is up says where the next one begins, and the parts add up.
func TestAnAuditInParts(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	for h := range 30 {
		w.put(warehouse.Events, time.Duration(h)*time.Hour, "x", pack(event(h), event(h)))
		w.put(warehouse.Events, time.Duration(h)*time.Hour, "y", []byte("not gzip"))
	}
	w.sweep()
	w.now = five.Add(31 * time.Hour)
	whole := audit.Request{Range: load.Range{From: five.Add(time.Minute), To: five.Add(30 * time.Hour), Kinds: []warehouse.Kind{warehouse.Events}}, Deep: true}
	once, err := w.auditor().Run(t.Context(), whole)
	if err != nil || once.Stopped || !once.Proven || once.Totals[0].Accepted != 60 {
		t.Fatalf("%+v, %v", once, err)
	}
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	a := audit.New(audit.Config{
		Lister: w.store, Source: w.store, Reserve: time.Minute, Open: func(context.Context) (audit.Warehouse, error) { return w.engine, nil },
		Now: func() time.Time { return deadline }, // the time is up from the beginning
	})
	total, runs, next := audit.NewResult(whole), 0, whole
	for {
		part, err := a.Run(ctx, next)
		if err != nil {
			t.Fatal(err)
		}
		runs++
		total.Add(part)
		if !part.Stopped {
			break
		}
		next.From = part.Next
	}
	if runs != 5 || !total.Proven || total.Totals[0] != once.Totals[0] || total.NotesTotal != once.NotesTotal || !total.From.Equal(whole.From) {
		t.Errorf("%d runs: %+v\nat once: %+v", runs, total, once)
	}
}

// records are the audits that are kept, the newest first.
func (w *world) records() []audit.Record {
	w.t.Helper()
	rows, err := w.engine.Database().SQL.QueryContext(w.t.Context(), audit.SelectRecords, audit.RecordKind)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var out []audit.Record
	for rows.Next() {
		var id, body string
		var r audit.Record
		if err := rows.Scan(&id, &body); err != nil {
			w.t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			w.t.Fatalf("%v in %s", err, body)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestAuditsAreKept(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.put(warehouse.Events, 0, "a", pack(event(1), event(2)))
		w.sweep()
		w.audit(false)
		kept := w.records()
		if len(kept) != 1 || !kept[0].Proven || !kept[0].At.Equal(w.now) || kept[0].Totals[0].Accepted != 2 || kept[0].Totals[0].Loaded != 2 {
			t.Fatalf("%+v", kept)
		}

		// What does not add up is kept as well, and no more of it than there is room for.
		for i := range 40 {
			w.put(warehouse.Events, time.Duration(i)*time.Minute, fmt.Sprintf("lost%d", i), []byte("not gzip"))
		}
		w.sweep()
		w.exec(`UPDATE "loaf_files" SET "lines" = "lines" + 1 WHERE "status" = 'loaded'`)
		w.now = w.now.Add(time.Minute)
		w.audit(true)
		kept = w.records()
		if len(kept) != 2 || kept[0].Proven || kept[0].MismatchesTotal == 0 || len(kept[0].Mismatches) == 0 || kept[0].NotesTotal != 40 || len(kept[0].Notes) != 10 || !kept[0].Deep {
			t.Fatalf("%+v", kept)
		}

		for range 20 {
			w.now = w.now.Add(time.Minute)
			w.audit(false)
		}
		if kept = w.records(); len(kept) != 10 || !kept[0].At.Equal(w.now) || !kept[9].At.Equal(w.now.Add(-9*time.Minute)) {
			t.Errorf("%d are kept, from %v to %v", len(kept), kept[0].At, kept[len(kept)-1].At)
		}
	})
}

// An audit of several invocations is one audit.
func TestARecordGoesOn(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	w.put(warehouse.Events, 0, "a", pack(event(1)))
	w.put(warehouse.Events, 12*time.Hour, "b", pack(event(2), event(3)))
	w.sweep()
	w.now = five.Add(20 * time.Hour)
	request := audit.Request{Range: load.Range{From: five, To: five.Add(18 * time.Hour)}}
	stopping := audit.New(audit.Config{
		Lister: w.store, Source: w.store, Now: func() time.Time { return w.now }, Reserve: time.Minute,
		Open: func(context.Context) (audit.Warehouse, error) { return w.engine, nil },
	})
	// Its clock says that there is less time left than is kept in reserve.
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Hour))
	defer cancel()
	w.now = time.Now().Add(59*time.Minute + 30*time.Second).Truncate(time.Second)
	first, err := stopping.Run(ctx, request)
	if err != nil || !first.Stopped || first.NotKept != "" {
		t.Fatalf("%+v, %v", first, err)
	}
	if kept := w.records(); len(kept) != 1 || !kept[0].Stopped || kept[0].Totals[0].Accepted != 1 {
		t.Fatalf("%+v", kept)
	}
	w.now = w.now.Add(time.Minute)
	request.From = first.Next
	if _, err := w.auditor().Run(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	kept := w.records()
	if len(kept) != 1 || kept[0].Stopped || !kept[0].Proven || kept[0].Totals[0].Accepted != 3 || !kept[0].From.Equal(five) || !kept[0].At.Equal(w.now) {
		t.Fatalf("%+v", kept)
	}
	// The same range again is another audit.
	w.now = w.now.Add(time.Minute)
	if _, err := w.auditor().Run(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if kept = w.records(); len(kept) != 2 {
		t.Errorf("%+v", kept)
	}
}

// An audit that cannot be kept is an audit all the same.
func TestAnAuditThatIsNotKept(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	w.put(warehouse.Events, 0, "a", pack(event(1)))
	w.sweep()
	if _, err := w.engine.Database().SQL.ExecContext(t.Context(), `DROP TABLE "loaf_documents"`); err != nil {
		t.Fatal(err)
	}
	if result := w.audit(false); !result.Proven || !strings.Contains(result.NotKept, "loaf_documents") {
		t.Errorf("%+v", result)
	}
}
