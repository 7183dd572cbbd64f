package local_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/collect"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// engine is a warehouse as the pipeline uses it.
type engine interface {
	load.Warehouse
	update.Merger
	Migrate(context.Context) error
	Database() warehouse.Database
	Close() error
}

// pipeline is the whole path on one machine.
type pipeline struct {
	t          *testing.T
	store      *local.Store
	queue      *local.Queue
	events     *local.Delivery
	users      *local.Delivery
	warehouse  engine
	loader     *load.Loader
	schedule   *local.Schedule
	collection http.Handler
}

const key = "key-of-the-test"

var ids atomic.Int64

func newID() string { return fmt.Sprintf("0190a5c0-0000-7000-8000-%012x", ids.Add(1)) }

// away is a warehouse whose merges fail.
type away struct{}

func (away) Merge(context.Context, warehouse.Object, []warehouse.UserWrite) error {
	return fmt.Errorf("no connection: %w", warehouse.ErrUnavailable)
}

// start wires a pipeline on dir; with merger nil the warehouse itself merges.
func start(t *testing.T, dir string, merger update.Merger, open func(*local.Store) (engine, error)) *pipeline {
	t.Helper()
	store, err := local.NewStore(filepath.Join(dir, "raw"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := open(store)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if merger == nil {
		merger = w
	}
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	p := &pipeline{t: t, store: store, queue: local.NewQueue(time.Now), warehouse: w}
	delivery := func(kind warehouse.Kind) *local.Delivery {
		return local.NewDelivery(local.DeliveryConfig{Store: store, Kind: kind, Notifier: p.queue, Now: time.Now, NewID: newID})
	}
	p.events, p.users = delivery(warehouse.Events), delivery(warehouse.Users)
	p.loader = load.New(load.Config{Queue: p.queue, Warehouse: w, Lister: store, Logger: logger})
	p.schedule = local.NewSchedule(p.loader, p.queue, nil, nil, logger)
	p.collection = local.NewHTTP(local.HTTPConfig{
		Keys:     local.NewKeyring(key),
		Collect:  collect.New(collect.Config{Events: p.events, Users: p.users, Now: time.Now, NewID: newID, Logger: logger}),
		Update:   update.New(update.Config{Store: store, Warehouse: merger, Retry: p.queue, Bucket: "users", MergeTimeout: time.Minute, Now: time.Now, NewID: newID, Logger: logger}),
		InFlight: 64, Patience: time.Minute, Logger: logger,
	})
	return p
}

func (p *pipeline) stop() {
	p.t.Helper()
	p.events.Close()
	p.users.Close()
	if err := p.warehouse.Close(); err != nil {
		p.t.Error(err)
	}
}

func (p *pipeline) send(method, path, body string) (int, wire.Answer) {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("x-api-key", key)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	p.collection.ServeHTTP(w, r)
	var a wire.Answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		p.t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return w.Code, a
}

func (p *pipeline) load() {
	p.t.Helper()
	if err := p.schedule.Load(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pipeline) number(query string) (n int) {
	p.t.Helper()
	if err := p.warehouse.Database().SQL.QueryRowContext(p.t.Context(), query).Scan(&n); err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func eachEngine(t *testing.T, test func(t *testing.T, start func(merger update.Merger) *pipeline)) {
	t.Run("duckdb", func(t *testing.T) {
		dir := t.TempDir()
		test(t, func(merger update.Merger) *pipeline {
			return start(t, dir, merger, func(s *local.Store) (engine, error) {
				return duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(dir, "w.duckdb"), Source: s, ObjectPath: s.Path})
			})
		})
	})
	t.Run("postgres", func(t *testing.T) {
		dir, url := t.TempDir(), postgrestest.URL(t)
		test(t, func(merger update.Merger) *pipeline {
			return start(t, dir, merger, func(s *local.Store) (engine, error) {
				return postgres.Open(t.Context(), postgres.Config{URL: url, Source: s})
			})
		})
	})
}

func batch(first, n int) string {
	var items []string
	for i := first; i < first+n; i++ {
		items = append(items, fmt.Sprintf(`{"event_id":"00000000-0000-4000-8000-%012d","event":"order","user_id":"u%d","timestamp":"2024-05-01T12:00:00+02:00","properties":{"n":%d}}`, i, i%7, i))
	}
	return `{"events":[` + strings.Join(items, ",") + `]}`
}

const events = `SELECT COUNT(*) FROM "events"`

func TestEveryAcceptedEventIsLoadedOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, start func(update.Merger) *pipeline) {
		p := start(nil)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for range 2 { // a resend
					if code, a := p.send(http.MethodPost, "/v1/events", batch(100*i, 100)); code != http.StatusAccepted || a.Accepted != 100 {
						t.Errorf("%d %+v", code, a)
					}
				}
			})
		}
		wg.Wait()
		p.load()
		if n := p.number(events); n != 2000 {
			t.Errorf("%d events", n)
		}
		if p.queue.Waiting() != 0 {
			t.Errorf("%d objects wait", p.queue.Waiting())
		}
		// What is accepted but not loaded when the process dies is found again
		// by the sweep: the queue is gone with the process.
		p.send(http.MethodPost, "/v1/events", batch(5000, 10))
		p.send(http.MethodPost, "/v1/users", `{"users":[{"user_id":"u1","created_at":"2024-01-01T00:00:00Z","attributes":{"plan":"pro"}}]}`)
		p.stop()
		p = start(nil)
		defer p.stop()
		summary, err := p.loader.Sweep(t.Context())
		if err != nil || summary.Inserted != 11 {
			t.Errorf("%+v, %v", summary, err)
		}
		if again, err := p.loader.Sweep(t.Context()); err != nil || again.Objects != 0 {
			t.Errorf("swept twice: %+v, %v", again, err)
		}
		if n := p.number(events); n != 2010 {
			t.Errorf("%d events", n)
		}
	})
}

func TestUpdatesMergeAtOnceOrLater(t *testing.T) {
	const body = `{"users":[{"user_id":"u1","attributes":{"plan":"pro"},"updated_at":"2024-01-02T00:00:00Z"},{"user_id":""}]}`
	const pro = `SELECT COUNT(*) FROM "users" WHERE CAST("attributes" AS VARCHAR) LIKE '%pro%'`
	eachEngine(t, func(t *testing.T, start func(update.Merger) *pipeline) {
		p := start(nil)
		code, a := p.send(http.MethodPatch, "/v1/users", body)
		if code != http.StatusOK || a.Accepted != 1 || len(a.Rejected) != 1 || a.Rejected[0].Index != 1 {
			t.Errorf("%d %+v", code, a)
		}
		if p.number(pro) != 1 {
			t.Error("not merged at once")
		}
		p.stop()

		p = start(away{})
		defer p.stop()
		code, a = p.send(http.MethodPatch, "/v1/users", strings.ReplaceAll(body, "u1", "u2"))
		if code != http.StatusAccepted || a.Accepted != 1 {
			t.Errorf("%d %+v", code, a)
		}
		p.load()
		if p.number(pro) != 2 {
			t.Error("not merged after the retry")
		}
		if summary, err := p.loader.Sweep(t.Context()); err != nil || summary.Objects != 0 {
			t.Errorf("the sweep found %+v, %v", summary, err)
		}
	})
}

func TestPoisonIsSetAsideAndTheRestLoads(t *testing.T) {
	eachEngine(t, func(t *testing.T, start func(update.Merger) *pipeline) {
		p := start(nil)
		defer p.stop()
		for i := range 6 {
			p.send(http.MethodPost, "/v1/events", batch(10*i, 10))
		}
		for i, body := range []string{"not gzip", ""} {
			o := warehouse.Object{Bucket: "events", Key: fmt.Sprintf("events/2024/05/01/10/bad%d.ndjson.gz", i), Kind: warehouse.Events}
			if err := p.store.Put(t.Context(), o.Bucket, o.Key, []byte(body)); err != nil {
				t.Fatal(err)
			}
			p.queue.Notify(o)
		}
		missing := warehouse.Object{Bucket: "events", Key: "events/2024/05/01/10/later.ndjson.gz", Kind: warehouse.Events}
		p.queue.Notify(missing)
		p.load()
		if n := p.number(events); n != 60 {
			t.Errorf("%d events", n)
		}
		if n := p.number(`SELECT COUNT(*) FROM "loaf_files" WHERE "status" = 'quarantined' AND "error" <> ''`); n != 2 {
			t.Errorf("%d quarantined", n)
		}
		if p.queue.Waiting() != 1 {
			t.Errorf("%d wait; the object that is not there yet should", p.queue.Waiting())
		}
		var late bytes.Buffer
		z := gzip.NewWriter(&late)
		e := wire.Event{EventID: newID(), Event: "late", Timestamp: time.Now().UTC(), Properties: json.RawMessage(`{}`)}
		if _, err := z.Write(append(e.AppendRecord(nil, time.Now()), '\n')); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(z.Close(), p.store.Put(t.Context(), missing.Bucket, missing.Key, late.Bytes())); err != nil {
			t.Fatal(err)
		}
		p.load()
		if n := p.number(events); n != 61 || p.queue.Waiting() != 0 {
			t.Errorf("%d events, %d wait", n, p.queue.Waiting())
		}
		// One of the two is mended; a replay takes that one, and the other stays.
		if err := p.store.Put(t.Context(), "events", "events/2024/05/01/10/bad0.ndjson.gz", late.Bytes()); err != nil {
			t.Fatal(err)
		}
		ten := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
		for i, want := range []int{1, 0} {
			summary, err := p.loader.Replay(t.Context(), load.Range{From: ten, To: ten.Add(time.Hour)})
			if err != nil || summary.Objects != want || len(summary.Quarantined) != 1 {
				t.Errorf("replay %d: %+v, %v", i, summary, err)
			}
		}
		if n := p.number(`SELECT COUNT(*) FROM "loaf_files" WHERE "status" = 'quarantined'`); n != 1 {
			t.Errorf("%d are still quarantined", n)
		}
	})
}

func TestObjectsLieUnderTheContractsPrefixes(t *testing.T) {
	p := start(t, t.TempDir(), nil, func(s *local.Store) (engine, error) {
		return duckdb.Open(t.Context(), duckdb.Config{Source: s, ObjectPath: s.Path})
	})
	defer p.stop()
	p.send(http.MethodPost, "/v1/events", batch(0, 2))
	p.send(http.MethodPost, "/v1/users", `{"users":[{"user_id":"u1"}]}`)
	p.send(http.MethodPatch, "/v1/users", `{"users":[{"user_id":"u1"}]}`)
	for _, kind := range []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates} {
		var found []warehouse.Object
		if err := p.store.List(t.Context(), kind, "", func(o []warehouse.Object) error { found = append(found, o...); return nil }); err != nil || len(found) != 1 {
			t.Fatalf("%s: %v, %v", kind, found, err)
		}
		o := found[0]
		hour := time.Now().UTC().Format("2006/01/02/15")
		before := time.Now().UTC().Add(-time.Minute).Format("2006/01/02/15")
		if !strings.HasPrefix(o.Key, string(kind)+"/"+hour+"/") && !strings.HasPrefix(o.Key, string(kind)+"/"+before+"/") {
			t.Errorf("key %s", o.Key)
		}
		body, err := p.store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || !bytes.HasSuffix(text, []byte("}\n")) {
			t.Errorf("%s: %q, %v", o.Key, text, err)
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAFullDiskAcceptsNothing(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir, nil, func(s *local.Store) (engine, error) {
		return duckdb.Open(t.Context(), duckdb.Config{Source: s, ObjectPath: s.Path})
	})
	defer p.stop()
	// A store that cannot write: its folder for new files is gone.
	if err := os.RemoveAll(filepath.Join(dir, "raw", ".writing")); err != nil {
		t.Fatal(err)
	}
	for _, call := range [][3]string{
		{http.MethodPost, "/v1/events", batch(0, 2)},
		{http.MethodPost, "/v1/users", `{"users":[{"user_id":"u1"}]}`},
		{http.MethodPatch, "/v1/users", `{"users":[{"user_id":"u1"}]}`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), call[0], call[1], strings.NewReader(call[2]))
		r.Header.Set("x-api-key", key)
		w := httptest.NewRecorder()
		p.collection.ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s %s: %d %v", call[0], call[1], w.Code, w.Header())
		}
	}
}
