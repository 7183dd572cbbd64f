package query_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

func wantInsightError(t *testing.T, err error, code, field string) {
	t.Helper()
	var e *insight.Error
	if !errors.As(err, &e) || e.Code != code || e.Field != field {
		t.Errorf("got %v, want code %q and field %q", err, code, field)
	}
}

func parse(t *testing.T, q question) insight.Query {
	t.Helper()
	parsed, err := insight.Parse([]byte(q.json()))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// eachEngine runs a test on a migrated, empty warehouse of each engine.
func eachEngine(t *testing.T, test func(t *testing.T, w engine, raw folder)) {
	for _, name := range engineNames {
		t.Run(name, func(t *testing.T) {
			raw := folder(t.TempDir())
			w := open(t, name, raw)
			if err := w.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, w, raw)
		})
	}
}

func load(t *testing.T, w engine, objects ...warehouse.Object) {
	t.Helper()
	if _, err := w.Load(t.Context(), objects); err != nil {
		t.Fatal(err)
	}
}

func TestBeforeTheFirstMigrationEverythingIsEmpty(t *testing.T) {
	for _, name := range engineNames {
		t.Run(name, func(t *testing.T) {
			w := open(t, name, folder(t.TempDir()))
			checkEmpty(t, service(w))
			s := service(w)
			if err := w.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			checkEmpty(t, s)
		})
	}
}

func checkEmpty(t *testing.T, s *query.Service) {
	t.Helper()
	ctx := t.Context()
	if err := s.Ready(ctx); err != nil {
		t.Error(err)
	}
	answer, err := s.Run(ctx, parse(t, question{within: "2024-01-01..2024-01-02", interval: "day", series: []string{"* total", "* average n"}}))
	if err != nil {
		t.Fatal(err)
	}
	answer.Elapsed = 0
	got, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"trend","buckets":["2024-01-01T00:00:00Z","2024-01-02T00:00:00Z"],"series":[` +
		`{"event":"*","aggregation":{"type":"total"},"breakdown":null,"count":0,"values":[0,0]},` +
		`{"event":"*","aggregation":{"type":"average","property":"n"},"breakdown":null,"count":0,"values":[null,null]}],"elapsed_ms":0,"data":{"load_id":null,"loaded_at":null}}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
	events, err := s.Events(ctx)
	if err != nil || events == nil || len(events) != 0 {
		t.Errorf("events: %v, %v", events, err)
	}
	for _, scope := range []insight.Scope{insight.ScopeEvent, insight.ScopeUser} {
		properties, err := s.Properties(ctx, scope, "")
		if err != nil || properties == nil || len(properties) != 0 {
			t.Errorf("%s properties: %v, %v", scope, properties, err)
		}
		values, err := s.PropertyValues(ctx, query.ValuesRequest{Scope: scope, Property: "p"})
		if err != nil || values == nil || len(values) != 0 {
			t.Errorf("%s values: %v, %v", scope, values, err)
		}
	}
	state, err := s.Pipeline(ctx)
	if err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(state, query.PipelineState{Quarantined: []query.QuarantinedFile{}}) {
		t.Errorf("pipeline: %+v", state)
	}
}

// small is data with known counts.
func small() *dataset {
	d := &dataset{}
	ann, bob := "ann", "bob"
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	for i, e := range []struct {
		name       string
		user       *string
		properties string
	}{
		{"view", &ann, `{"page":"Home","n":1,"flag":true}`},
		{"view", &ann, `{"page":"home","n":1.0}`},
		{"view", &bob, `{"page":"Über uns","n":"1","flag":false}`},
		{"view", nil, `{"page":"Home","n":2.5,"list":[1],"nothing":null}`},
		{"buy", &bob, `{"page":"Shop","n":-0,"object":{}}`},
	} {
		d.addEvent(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), e.name, e.user, at.Add(time.Duration(i)*time.Hour), e.properties)
	}
	d.addUser("ann", `{"plan":"pro","age":40}`)
	d.addUser("bob", `{"plan":"free","age":"40","tags":["a"]}`)
	d.addUser("cy", `{"plan":"pro","a/b~c.d\"e":true,"gone":null}`)
	return d
}

func TestCatalog(t *testing.T) {
	for name, s := range loaded(t, small()) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
			events, err := s.Events(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if want := []query.EventInfo{{Name: "view", Count: 4, FirstSeen: noon, LastSeen: noon.Add(3 * time.Hour)}, {Name: "buy", Count: 1, FirstSeen: noon.Add(4 * time.Hour), LastSeen: noon.Add(4 * time.Hour)}}; !reflect.DeepEqual(events, want) {
				t.Errorf("events are %+v", events)
			}
			for _, c := range []struct {
				scope insight.Scope
				event string
				want  string
			}{
				{insight.ScopeEvent, "", `[{"name":"n","types":["number","string"],"count":5},{"name":"page","types":["string"],"count":5},{"name":"flag","types":["boolean"],"count":2},{"name":"list","types":["array"],"count":1},{"name":"object","types":["object"],"count":1}]`},
				{insight.ScopeEvent, "*", `[{"name":"n","types":["number","string"],"count":5},{"name":"page","types":["string"],"count":5},{"name":"flag","types":["boolean"],"count":2},{"name":"list","types":["array"],"count":1},{"name":"object","types":["object"],"count":1}]`},
				{insight.ScopeEvent, "buy", `[{"name":"n","types":["number"],"count":1},{"name":"object","types":["object"],"count":1},{"name":"page","types":["string"],"count":1}]`},
				{insight.ScopeEvent, "no such", `[]`},
				{insight.ScopeUser, "", `[{"name":"plan","types":["string"],"count":3},{"name":"age","types":["number","string"],"count":2},{"name":"a/b~c.d\"e","types":["boolean"],"count":1},{"name":"tags","types":["array"],"count":1}]`},
			} {
				properties, err := s.Properties(ctx, c.scope, c.event)
				if err != nil {
					t.Fatal(err)
				}
				if got := string(encode(properties)); got != c.want {
					t.Errorf("%s properties of %q are\n%s, want\n%s", c.scope, c.event, got, c.want)
				}
			}
			for _, c := range []struct {
				request query.ValuesRequest
				want    string
			}{
				{query.ValuesRequest{Scope: "event", Property: "page"}, `[{"value":"Home","count":2},{"value":"Shop","count":1},{"value":"home","count":1},{"value":"Über uns","count":1}]`},
				{query.ValuesRequest{Scope: "event", Property: "page", Limit: 1}, `[{"value":"Home","count":2}]`},
				{query.ValuesRequest{Scope: "event", Property: "page", Event: "buy"}, `[{"value":"Shop","count":1}]`},
				{query.ValuesRequest{Scope: "event", Property: "page", Event: "*", Search: "hOM"}, `[{"value":"Home","count":2},{"value":"home","count":1}]`},
				{query.ValuesRequest{Scope: "event", Property: "page", Search: "ÜBER"}, `[{"value":"Über uns","count":1}]`},
				{query.ValuesRequest{Scope: "event", Property: "n"}, `[{"value":1,"count":2},{"value":"1","count":1},{"value":0,"count":1},{"value":2.5,"count":1}]`},
				{query.ValuesRequest{Scope: "event", Property: "n", Search: "1"}, `[{"value":1,"count":2},{"value":"1","count":1}]`},
				{query.ValuesRequest{Scope: "event", Property: "flag", Search: "TRU"}, `[{"value":true,"count":1}]`},
				{query.ValuesRequest{Scope: "event", Property: "list"}, `[]`},
				{query.ValuesRequest{Scope: "event", Property: "no such"}, `[]`},
				{query.ValuesRequest{Scope: "event", Property: "page", Event: "no such"}, `[]`},
				{query.ValuesRequest{Scope: "user", Property: "plan"}, `[{"value":"pro","count":2},{"value":"free","count":1}]`},
				{query.ValuesRequest{Scope: "user", Property: "age"}, `[{"value":"40","count":1},{"value":40,"count":1}]`},
				{query.ValuesRequest{Scope: "user", Property: `a/b~c.d"e`}, `[{"value":true,"count":1}]`},
			} {
				values, err := s.PropertyValues(ctx, c.request)
				if err != nil {
					t.Fatal(err)
				}
				if got := string(encode(values)); got != c.want {
					t.Errorf("values of %+v are\n%s, want\n%s", c.request, got, c.want)
				}
			}
		})
	}
}

func TestPipeline(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		d := small()
		good := raw.put(t, warehouse.Events, "good", d.events)
		users := raw.put(t, warehouse.Users, "users", d.users)
		load(t, w, good, users)
		bad := raw.put(t, warehouse.Events, "bad", [][]byte{[]byte("{")})
		if err := w.Quarantine(t.Context(), bad, "line 1 is no JSON"); err != nil {
			t.Fatal(err)
		}
		state, err := service(w).Pipeline(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if state.RowsLoaded != 8 || state.FilesLoaded != 2 || state.FilesQuarantined != 1 {
			t.Errorf("got %+v", state)
		}
		if len(state.Quarantined) != 1 || state.Quarantined[0].Object != bad.ID() || state.Quarantined[0].Reason != "line 1 is no JSON" {
			t.Errorf("quarantined are %+v", state.Quarantined)
		}
		if state.LastLoad == nil || state.LagSeconds == nil {
			t.Fatalf("got last load %v, lag %v", state.LastLoad, state.LagSeconds)
		}
		if lag := max(0, state.LastLoad.Sub(received).Seconds()); *state.LagSeconds < lag-1 || *state.LagSeconds > lag+1 {
			t.Errorf("the lag is %v s, want %v", *state.LagSeconds, lag)
		}
	})
}

// TestNewTypesAppearAfterALoad holds that the cached columns follow the loads.
func TestNewTypesAppearAfterALoad(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		s := service(w)
		q := parse(t, question{within: "2024-05-01..2024-05-01", interval: "day", series: []string{"* total"}, conditions: []string{`event later in ["x",7]`}})
		for i, want := range []struct {
			properties string
			count      int64
		}{{`{"other":1}`, 0}, {`{"later":"x"}`, 1}, {`{"later":7}`, 2}} {
			d := &dataset{}
			d.addEvent(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "e", nil, time.Date(2024, 5, 1, i, 0, 0, 0, time.UTC), want.properties)
			load(t, w, raw.put(t, warehouse.Events, fmt.Sprint(i), d.events))
			answer, err := s.Run(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if got := answer.Series[0].Count; got != want.count {
				t.Errorf("after load %d: %d events, want %d", i, got, want.count)
			}
		}
	})
}

// TestSumBeyondDoublesIsNull: no engine may fail, and JSON has no infinity.
func TestSumBeyondDoublesIsNull(t *testing.T) {
	d := &dataset{}
	for i, n := range []string{"1.7e308", "1.7e308", "1.7e308"} {
		d.addEvent(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "e", nil, time.Date(2024, 5, 1, i, 0, 0, 0, time.UTC), `{"n":`+n+`}`)
	}
	for name, s := range loaded(t, d) {
		answer, err := s.Run(t.Context(), parse(t, question{within: "2024-05-01..2024-05-01", interval: "day", series: []string{"e sum n", "e average n", "e max n", "e median n", "e total"}}))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, s := range answer.Series {
			got = append(got, string(encode(s.Values)))
		}
		if want := []string{"[null]", "[null]", "[1.7e+308]", "[1.7e+308]", "[3]"}; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestRunReportsTooManyBuckets(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, _ folder) {
		_, err := service(w).Run(t.Context(), parse(t, question{within: "1500mo", interval: "hour", series: []string{"* total"}}))
		wantInsightError(t, err, insight.CodeTooManyBuckets, "interval")
	})
}

// TestMillenniaOfMonths asks for far more time than there are events in.
func TestMillenniaOfMonths(t *testing.T) {
	for name, s := range loaded(t, small()) {
		for within, want := range map[string]int64{
			"0001-01-01..4100-12-31": 4, "0001-01-01..2024-05-02": 4, "2024-05-01..4100-12-31": 4,
			"0001-01-01..2024-05-01": 3, "2024-05-02..4100-12-31": 1, // it is the next day in Tokyo
			"0001-01-01..2024-04-30": 0, "2024-05-03..4100-12-31": 0, "9999-01-01..9999-12-31": 0,
			"0001-01-01..0001-01-02": 0, "1969-12-31..1970-01-01": 0, "0001-01-01..1900-01-01": 0,
		} {
			q := parse(t, question{within: within, interval: "month", zone: "Asia/Tokyo", series: []string{"view total"}})
			answer, err := s.Run(t.Context(), q)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, within, err)
			}
			if got := answer.Series[0].Count; got != want {
				t.Errorf("%s, %s: %d events, want %d", name, within, got, want)
			}
			for i, v := range answer.Series[0].Values {
				if month := answer.Buckets[i].Format("2006-01"); v != 0 && month != "2024-05" {
					t.Errorf("%s, %s: %v events in %s", name, within, v, month)
				}
			}
		}
	}
}

// slow makes a table that takes long to query.
func slow(t *testing.T, w engine) {
	t.Helper()
	// A view in the place of the events: every row costs time, and there are
	// more than a test can wait for. What an engine keeps of them is bounded, and
	// so is the time, should the word to stop reach a server between two messages.
	w.Database().SQL.SetMaxIdleConns(0) // settings are for new connections
	for _, statement := range map[warehouse.Dialect][]string{
		warehouse.DuckDB: {
			`SET memory_limit = '1GB'`, `SET max_temp_directory_size = '1GB'`,
			`INSERT INTO "loaf_user_keys" VALUES ('last', 1000002)`,
			`ALTER TABLE "events" RENAME TO "stored"`,
			`CREATE VIEW "events" AS SELECT TIMESTAMP '2024-05-01' AS "timestamp", 'e' AS "event", 'i' AS "event_id", CAST(range % 1000003 AS VARCHAR) AS "user_id", CAST(range % 1000003 AS INTEGER) AS "user_key", '{}'::JSON AS "properties" FROM range(100000000000)`,
		},
		warehouse.PostgreSQL: {
			`DO $$ BEGIN
				EXECUTE format('ALTER DATABASE %I SET temp_file_limit = ''256MB''', current_database());
				EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''5s''', current_database());
			END $$`,
			`ALTER TABLE "events" RENAME TO "stored"`,
			`CREATE VIEW "events" AS SELECT TIMESTAMPTZ '2024-05-01' AS "timestamp", 'e' AS "event", 'i' AS "event_id", n::text AS "user_id", '{}'::jsonb AS "properties"
				FROM generate_series(1, 1000000) AS n CROSS JOIN generate_series(1, 100000) AS m`,
		},
	}[w.Database().Dialect] {
		if _, err := w.Database().SQL.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

var slowQuestion = question{within: "2024-05-01..2024-05-01", interval: "day", series: []string{"* total"}}

// slowQuestions has each way to read the events.
var slowQuestions = map[string]question{
	"trend":      slowQuestion,
	"breakdown":  {within: "2024-05-01..2024-05-01", interval: "day", series: []string{"* total"}, breakdown: "event p"},
	"compare":    {within: "2024-05-01..2024-05-01", interval: "day", series: []string{"* unique_users"}, compare: true},
	"funnel":     {within: "2024-05-01..2024-05-01", steps: []string{"*", "e"}, window: "1d"},
	"groups":     {within: "2024-05-01..2024-05-01", steps: []string{"*", "e"}, window: "1d", breakdown: "user plan"},
	"retention":  {within: "2024-05-01..2024-05-01", interval: "day", cohort: "*", back: "e", periods: 3},
	"lifecycle":  {kind: "lifecycle", within: "2024-05-01..2024-05-01", interval: "day", event: "*"},
	"paths":      {kind: "paths", within: "2024-05-01..2024-05-01", event: "*", direction: "after", pathSteps: 2, window: "1d"},
	"stickiness": {kind: "stickiness", within: "2024-05-01..2024-05-01", interval: "day", series: []string{"*"}},
}

// fresh is a question that is asked on its own, whoever else asks it.
func fresh(q insight.Query) insight.Query {
	q.Refresh = true
	return q
}

func TestTimeout(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, _ folder) {
		slow(t, w)
		s := query.New(w.Database(), query.Options{Timeout: 200 * time.Millisecond})
		for kind, q := range slowQuestions {
			if _, err := s.Run(t.Context(), parse(t, q)); !errors.Is(err, query.ErrTimeout) {
				t.Errorf("%s: got %v", kind, err)
			}
		}
	})
}

func TestCancel(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, _ folder) {
		slow(t, w)
		for kind, q := range slowQuestions {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(200*time.Millisecond, cancel)
			_, err := service(w).Run(ctx, parse(t, q))
			if !errors.Is(err, context.Canceled) || errors.Is(err, query.ErrTimeout) {
				t.Errorf("%s: got %v", kind, err)
			}
		}
		// The engine answers on: nothing of the queries is left running.
		if _, err := service(w).Events(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestTooManyAtOnce(t *testing.T) {
	w := open(t, "duckdb", folder(t.TempDir()))
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	slow(t, w)
	s := query.New(w.Database(), query.Options{MaxConcurrent: 1, MaxWaiting: 1, MaxWait: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	var asked sync.WaitGroup
	errs := make(chan error, 3)
	for range 3 {
		asked.Go(func() {
			_, err := s.Run(ctx, fresh(parse(t, slowQuestion)))
			errs <- err
		})
	}
	// One runs, one waits, and the third is turned away at once.
	if err := <-errs; !errors.Is(err, query.ErrBusy) {
		t.Errorf("got %v", err)
	}
	cancel()
	asked.Wait()
	for range 2 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	// The turns were given back.
	if _, err := s.Events(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWaitIsBounded(t *testing.T) {
	w := open(t, "duckdb", folder(t.TempDir()))
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	slow(t, w)
	s := query.New(w.Database(), query.Options{MaxConcurrent: 1, MaxWait: 20 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := s.Run(ctx, fresh(parse(t, slowQuestion)))
			errs <- err
		}()
	}
	if err := <-errs; !errors.Is(err, query.ErrBusy) {
		t.Errorf("got %v", err)
	}
	cancel()
	<-errs
}

func TestWarehouseAway(t *testing.T) {
	// Nothing listens on port 1.
	db, err := sql.Open("postgres", "postgres://nobody@127.0.0.1:1/none?sslmode=disable&connect_timeout=2")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := query.New(warehouse.Database{SQL: db, Dialect: warehouse.PostgreSQL}, query.Options{})
	if err := s.Ready(t.Context()); !errors.Is(err, warehouse.ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
	if _, err := s.Run(t.Context(), parse(t, slowQuestion)); !errors.Is(err, warehouse.ErrUnavailable) {
		t.Errorf("run: %v", err)
	}
	if _, err := s.Pipeline(t.Context()); !errors.Is(err, warehouse.ErrUnavailable) {
		t.Errorf("pipeline: %v", err)
	}
}
