package query_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

type merger interface {
	Merge(context.Context, warehouse.Object, []warehouse.UserWrite) error
}

// run answers a question, and writes it down without how it came about.
func run(t *testing.T, s *query.Service, q insight.Query) (answer insight.Answer, text string) {
	t.Helper()
	answer, err := s.Run(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	plain := answer
	plain.Cached, plain.Elapsed = false, 0
	b, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(b)
}

// TestKeptAnswersAreNeverStale asks between loads and merges in random order,
// and wants what a service says that keeps nothing.
func TestKeptAnswersAreNeverStale(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		random := rand.New(rand.NewPCG(*randomSeed, 4))
		keeps := service(w)
		forgets := query.New(w.Database(), query.Options{Now: func() time.Time { return now }, CacheBytes: -1})
		var queries []insight.Query
		for _, q := range []question{
			{within: "2024-05-01..2024-05-31", interval: "week", series: []string{"* total", "view unique_users"}},
			{within: "2024-05-01..2024-05-31", interval: "month", series: []string{"* total"}, conditions: []string{`user plan equals "pro"`}},
			{within: "2024-05-01..2024-05-31", interval: "month", series: []string{"* total"}, conditions: []string{`event new1 is_set`}},
			{within: "2024-05-01..2024-05-31", interval: "month", series: []string{"view total"}, breakdown: "user plan 2"},
			{within: "2024-05-01..2024-05-31", steps: []string{"view", "buy"}, window: "5d", breakdown: "user plan 5"},
			{within: "2024-05-01..2024-05-31", interval: "week", cohort: "view", back: "*", periods: 3},
		} {
			queries = append(queries, parse(t, q))
		}
		plans := []string{`"pro"`, `"free"`, `null`, `7`}
		hits, misses := 0, 0
		for i := range 150 {
			user := fmt.Sprint("u", random.IntN(5))
			at := time.Date(2024, 5, 1+random.IntN(30), random.IntN(24), 0, 0, 0, time.UTC)
			switch random.IntN(8) {
			case 0:
				d := &dataset{}
				for j := range 1 + random.IntN(3) {
					d.addEvent(fmt.Sprintf("00000000-0000-4000-8000-%09d%03d", i, j), []string{"view", "buy"}[random.IntN(2)], &user, at, fmt.Sprintf(`{"new%d":1}`, random.IntN(3)))
				}
				load(t, w, raw.put(t, warehouse.Events, fmt.Sprint("e", i), d.events))
			case 1:
				d := &dataset{}
				d.addUser(user, `{"plan":`+plans[random.IntN(len(plans))]+`}`)
				load(t, w, raw.put(t, warehouse.Users, fmt.Sprint("u", i), d.users))
			case 2:
				o, _ := warehouse.ParseKey("users", fmt.Sprintf("updates/2026/11/01/00/%d.ndjson.gz", i))
				err := w.(merger).Merge(t.Context(), o, []warehouse.UserWrite{{UserID: user, At: received.Add(time.Duration(i) * time.Minute), Attributes: json.RawMessage(`{"plan":` + plans[random.IntN(len(plans))] + `}`)}})
				if err != nil {
					t.Fatal(err)
				}
			default:
				q := queries[random.IntN(len(queries))]
				answer, got := run(t, keeps, q)
				_, want := run(t, forgets, q)
				if got != want {
					t.Fatalf("step %d, cached %v:\ngot  %s\nwant %s", i, answer.Cached, got, want)
				}
				if answer.Cached {
					hits++
				} else {
					misses++
				}
			}
		}
		if hits < 10 || misses < 10 {
			t.Errorf("%d kept answers and %d new ones hardly show anything", hits, misses)
		}
	})
}

// TestAskersBesideTheLoader asks while data is loaded: an answer counts no less
// than was loaded before it was asked for.
func TestAskersBesideTheLoader(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		s := service(w)
		q := parse(t, question{within: "2024-05-01..2024-05-31", interval: "month", series: []string{"* total"}})
		loadedNow := make(chan int64, 1)
		loadedNow <- 0
		loading, done := context.WithCancel(t.Context())
		defer done()
		errs := make(chan error, 4)
		for range 4 {
			go func() {
				for loading.Err() == nil {
					least := <-loadedNow
					loadedNow <- least
					answer, err := s.Run(t.Context(), q)
					if err != nil {
						errs <- err
						return
					}
					if got := answer.Series[0].Count; got < least {
						errs <- fmt.Errorf("an answer of load %v, cached %v, counts %d events after %d loads of one", answer.Data.LoadID, answer.Cached, got, least)
						return
					}
				}
				errs <- nil
			}()
		}
		for i := range int64(25) {
			d := &dataset{}
			d.addEvent(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "e", nil, time.Date(2024, 5, 1, int(i)%24, 0, 0, 0, time.UTC), `{}`)
			load(t, w, raw.put(t, warehouse.Events, fmt.Sprint(i), d.events))
			<-loadedNow
			loadedNow <- i + 1
		}
		done()
		for range 4 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAnUnchangedQuestionReadsNoEvents(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		s := service(w)
		d := small()
		load(t, w, raw.put(t, warehouse.Events, "e", d.events), raw.put(t, warehouse.Users, "u", d.users))
		queries := everyKind(t)
		var before []string
		for _, q := range queries {
			answer, text := run(t, s, q)
			if answer.Cached {
				t.Errorf("%s: the first answer is a kept one", q.Kind)
			}
			before = append(before, text)
		}
		if _, err := w.Database().SQL.ExecContext(t.Context(), `ALTER TABLE "events" RENAME TO "elsewhere"`); err != nil {
			t.Fatal(err)
		}
		for i, q := range queries {
			answer, text := run(t, s, q)
			if !answer.Cached || text != before[i] {
				t.Errorf("%s: cached %v, %s, want %s", q.Kind, answer.Cached, text, before[i])
			}
		}
		q := parse(t, question{within: "2024-05-01..2024-05-31", interval: "week", series: []string{"* total"}})
		for _, change := range []func(*insight.Query){func(q *insight.Query) { q.Refresh = true }, func(q *insight.Query) { q.Explain = true }} {
			asked := q
			change(&asked)
			if answer, err := s.Run(t.Context(), asked); err == nil {
				t.Errorf("without events the answer is %+v", answer)
			}
		}
	})
}

// TestTheStateIsBelievedForAWhile: within that time a repeated question asks
// nothing of the warehouse.
func TestTheStateIsBelievedForAWhile(t *testing.T) {
	address := postgrestest.URL(t)
	raw := folder(t.TempDir())
	w, err := postgres.Open(t.Context(), postgres.Config{URL: address, Source: raw})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	clock := now
	s := query.New(warehouse.Database{SQL: db, Dialect: warehouse.PostgreSQL}, query.Options{Now: func() time.Time { return clock }, CacheTrust: time.Minute})
	q := parse(t, question{within: "2024-05-01..2024-05-31", interval: "month", series: []string{"* total"}})
	count := func(want int64, cached bool) {
		t.Helper()
		answer, _ := run(t, s, q)
		if answer.Series[0].Count != want || answer.Cached != cached {
			t.Errorf("at %s: %d events, cached %v; want %d, %v", clock, answer.Series[0].Count, answer.Cached, want, cached)
		}
	}
	count(0, false)
	d := &dataset{}
	d.addEvent("00000000-0000-4000-8000-000000000000", "e", nil, time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), `{}`)
	load(t, w, raw.put(t, warehouse.Events, "e", d.events))
	clock = clock.Add(59 * time.Second)
	count(0, true)
	clock = clock.Add(time.Second)
	count(1, false)
	// Nobody is there to ask any more.
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(59 * time.Second)
	count(1, true)
	clock = clock.Add(time.Second)
	if answer, err := s.Run(t.Context(), q); err == nil {
		t.Errorf("without a warehouse the answer is %+v", answer)
	}
}

// waitFor yields until it is so; the test's own time limit ends it otherwise.
func waitFor(is func() bool) {
	for !is() {
		runtime.Gosched()
	}
}

// TestEqualQuestionsRunOnce: there is room for one question to run and for one
// to wait; so many askers get through only when they share.
func TestEqualQuestionsRunOnce(t *testing.T) {
	w := open(t, "duckdb", folder(t.TempDir()))
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	slow(t, w)
	s := query.New(w.Database(), query.Options{MaxConcurrent: 1, MaxWaiting: 1, MaxWait: time.Hour})
	blocked, unblock := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.Run(blocked, fresh(parse(t, slowQuestion)))
		ended <- err
	}()
	waitFor(func() bool { return s.Running() == 1 })
	// No event is in range, so this one is quick once it has its turn.
	q := parse(t, question{within: "1900-01-01..1900-01-01", interval: "day", series: []string{"* total"}})
	const askers = 8
	impatient, leave := context.WithCancel(t.Context())
	errs := make(chan error, askers)
	for i := range askers {
		ctx := t.Context()
		if i == 0 {
			ctx = impatient
		}
		go func() {
			_, err := s.Run(ctx, q)
			errs <- err
		}()
		waitFor(func() bool { return s.Asking() == i+1 })
	}
	leave() // the first one's going does not concern the others
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	unblock()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the slow question ended with %v", err)
	}
	for range askers - 1 {
		if err := <-errs; err != nil {
			t.Errorf("got %v", err)
		}
	}
}

func TestQuestionKey(t *testing.T) {
	at := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	key := func(q insight.Query, now time.Time) string {
		t.Helper()
		k, err := query.QuestionKey(q, now)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	read := func(body string) insight.Query {
		t.Helper()
		q, err := insight.Parse([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return q
	}
	const body = `{"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}]}`
	base := key(read(body), at)
	for _, same := range []string{
		`{"series":[{"aggregation":{"type":"total"},"event":"e"}],"interval":"day","range":{"last":"30d"}}`,
		`{"kind":"trend","timezone":"UTC","filters":{"match":"any","conditions":[]},` + body[1:],
		`{"explain":true,` + body[1:], `{"refresh":true,` + body[1:],
	} {
		if key(read(same), at) != base {
			t.Errorf("%s is another question", same)
		}
	}
	for _, other := range []string{
		`{"timezone":"Europe/Berlin",` + body[1:], strings.Replace(body, "30d", "31d", 1), strings.Replace(body, "day", "week", 1),
		strings.Replace(body, `"e"`, `"f"`, 1), `{"filters":{"conditions":[{"scope":"user","property":"p","operator":"is_set"}]},` + body[1:],
	} {
		if key(read(other), at) == base {
			t.Errorf("%s is the same question", other)
		}
	}
	// A range that is relative to now moves with the days of its zone.
	kolkata := read(`{"timezone":"Asia/Kolkata",` + body[1:])
	if midnight := time.Date(2024, 3, 10, 18, 30, 0, 0, time.UTC); key(kolkata, at) != key(kolkata, midnight.Add(-time.Microsecond)) || key(kolkata, at) == key(kolkata, midnight) {
		t.Error("the last 30 days do not change at midnight alone")
	}
	hours := read(strings.Replace(body, "30d", "30h", 1))
	if hour := at.Add(time.Hour); key(hours, at) != key(hours, hour.Add(-time.Microsecond)) || key(hours, at) == key(hours, hour) {
		t.Error("the last 30 hours do not change with the hour alone")
	}
	fixed := strings.Replace(body, `{"last":"30d"}`, `{"from":"2024-01-01","to":"2024-12-31"}`, 1)
	if key(read(fixed), at) != key(read(fixed), at.AddDate(0, 1, 0)) {
		t.Error("a range of fixed days changes")
	}
	// Buckets of a retention begin as time goes on.
	retention := read(`{"kind":"retention","range":{"from":"2024-01-01","to":"2024-12-31"},"interval":"day","cohort_event":"e","return_event":"e","periods":3}`)
	if midnight := at.Add(12 * time.Hour); key(retention, midnight.Add(-time.Microsecond)) == key(retention, midnight) {
		t.Error("a retention does not change when a day begins")
	}
	// Whatever fields a query has, each makes another question.
	for i := range reflect.TypeFor[insight.Query]().NumField() {
		field := reflect.TypeFor[insight.Query]().Field(i)
		if slices.Contains([]string{"Explain", "Refresh", "Zone"}, field.Name) {
			continue
		}
		q := read(body)
		changed := reflect.ValueOf(&q).Elem().Field(i)
		spoil(t, changed)
		if key(q, at) == base {
			t.Errorf("the field %s has no part in the key", field.Name)
		}
	}
}

// spoil changes a value.
func spoil(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	case reflect.Slice:
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Map:
		t.Fatalf("no change is known for a %s", v.Type())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[insight.Range]() {
			spoil(t, v.FieldByName("Last"))
			return
		}
		spoil(t, v.Field(0))
	default:
		t.Fatalf("no change is known for a %s", v.Type())
	}
}
