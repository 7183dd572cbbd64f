package query_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/reference"
)

// onRedshift is a service on the stand-in for Redshift, with a dataset in its
// tables; each event's load is its place in the data, in tenths.
func onRedshift(t *testing.T, d *dataset) *query.Service {
	t.Helper()
	s := redshifttest.Start(t, t.TempDir())
	w, err := redshift.Open(redshift.Config{Connect: connect.Config{
		Dialect: warehouse.Redshift, Host: s.Host, Port: s.Port, Database: s.Database, RootCAs: s.RootCAs,
		Login: func(context.Context, bool) (warehouse.Login, error) { return s.Admin, nil },
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec := func(statement string, args ...any) {
		if _, err := w.Database().SQL.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	at := received.UTC()
	for i, e := range d.data.Events {
		exec(`INSERT INTO "events" ("event_id", "event", "user_id", "timestamp", "properties", "received_at", "load_id")
SELECT $1, $2, $3, CAST($4 AS TIMESTAMP), JSON_PARSE($5), CAST($6 AS TIMESTAMP), CAST($7 AS BIGINT)`, e.ID, e.Name, e.User, e.Time, string(encode(e.Properties)), at, i/10+1)
	}
	for id, attributes := range d.data.Users {
		exec(`INSERT INTO "users" ("user_id", "created_at", "attributes", "attribute_times", "updated_at")
SELECT $1, CAST($2 AS TIMESTAMP), JSON_PARSE($3), JSON_PARSE('{}'), CAST($2 AS TIMESTAMP)`, id, at, string(encode(attributes)))
	}
	exec(`INSERT INTO "loaf_loads" ("load_id", "started_at", "finished_at", "objects", "lines", "inserted", "duplicates") VALUES ($1, $2, $2, 1, 1, 1, 0)`, (len(d.data.Events)-1)/10+1, at)
	return service(w)
}

// sameEvents compares events of the warehouse with the reference's.
func sameEvents(t *testing.T, about string, got []query.Event, want []reference.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d events, want %d", about, len(got), len(want))
	}
	for i, g := range got {
		w := want[i]
		if g.ID != w.ID || g.Name != w.Name || !g.Time.Equal(w.Time) || !reflect.DeepEqual(g.User, w.User) {
			t.Fatalf("%s: event %d is %+v, want %+v", about, i, g, w)
		}
		if !sameJSON(decode(string(g.Properties)), w.Properties) {
			t.Fatalf("%s: the properties of event %s are %s, want %s", about, g.ID, g.Properties, encode(w.Properties))
		}
	}
}

// sameJSON compares values; numbers as doubles, since PostgreSQL writes 1e1 as
// 10 and -0 as 0.
func sameJSON(a, b any) bool {
	plain := func(v any) any { return decodeDoubles(encode(v)) }
	return reflect.DeepEqual(plain(a), plain(b))
}

// allPages reads page after page until there is none.
func allPages(t *testing.T, page func(after *query.EventCursor) (query.EventPage, error)) []query.Event {
	t.Helper()
	var all []query.Event
	var after *query.EventCursor
	for {
		p, err := page(after)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Events...)
		if p.Next == nil {
			return all
		}
		read, ok := query.ParseEventCursor(p.Next.String())
		if !ok || read != *p.Next {
			t.Fatalf("the cursor %s of %+v is read as %+v", p.Next, *p.Next, read)
		}
		after = &read
	}
}

func TestActivityAgreesWithTheReference(t *testing.T) {
	d := mixed(3)
	services := loaded(t, d)
	answers := reference.New(d.data, now)
	user := "user-11"
	for name, r := range map[string]query.EventsRequest{
		"all":        {Limit: 500},
		"star":       {EventSelection: query.EventSelection{Event: insight.AnyEvent}, Limit: 317},
		"one event":  {EventSelection: query.EventSelection{Event: `weird "name" it's`}, Limit: 41},
		"one user":   {EventSelection: query.EventSelection{User: &user}, Limit: 3},
		"filtered":   {EventSelection: query.EventSelection{Event: "view", Filter: filterOf(t, "any", `event amount contains "Ä"`, `user amount is_set`, `event n less_than 30`)}, Limit: 100},
		"no such":    {EventSelection: query.EventSelection{Event: "no such"}},
		"of a type":  {EventSelection: query.EventSelection{Filter: filterOf(t, "all", `user amount equals 10`, `event n not_in [1,2]`)}, Limit: 7},
		"never true": {EventSelection: query.EventSelection{Filter: filterOf(t, "all", `event absent equals 10`)}, Limit: 7},
	} {
		event := r.Event
		if event == "" {
			event = insight.AnyEvent
		}
		want := answers.Newest(event, r.User, r.Filter)
		for engine, s := range services {
			got := allPages(t, func(after *query.EventCursor) (query.EventPage, error) {
				next := r
				next.After = after
				p, err := s.Activity(t.Context(), next)
				if len(p.Events) > r.Limit && r.Limit > 0 {
					t.Fatalf("%s: a page of %d events", name, len(p.Events))
				}
				return p, err
			})
			sameEvents(t, name+" on "+engine, got, want)
		}
	}
}

// filterOf reads conditions that are written as a question's.
func filterOf(t *testing.T, match string, conditions ...string) insight.Filter {
	t.Helper()
	f, err := insight.ParseFilter(encode(filters(match, conditions)), "filters")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestPagesStayAsTheyWereWhileEventsArrive reads a page, lets newer and older
// events in, and reads on: nothing is skipped and nothing comes twice.
func TestPagesStayAsTheyWereWhileEventsArrive(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		s := service(w)
		noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
		put := func(name string, events map[int]time.Time) {
			d := &dataset{}
			for i, at := range events {
				d.addEvent(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "e", nil, at, `{}`)
			}
			name = strings.ReplaceAll(name, " ", "-")
			load(t, w, raw.put(t, warehouse.Events, name, d.events))
		}
		first := map[int]time.Time{}
		for i := range 30 { // ten instants with three events each
			first[i] = noon.Add(time.Duration(i/3) * time.Minute)
		}
		put("first", first)
		var ids []string
		page, err := s.Activity(t.Context(), query.EventsRequest{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for round := 0; ; round++ {
			for _, e := range page.Events {
				ids = append(ids, e.ID[len(e.ID)-2:])
			}
			if page.Next == nil {
				break
			}
			put(fmt.Sprint("newer ", round), map[int]time.Time{100 + round: noon.Add(time.Hour)})
			if page, err = s.Activity(t.Context(), query.EventsRequest{Limit: 10, After: page.Next}); err != nil {
				t.Fatal(err)
			}
		}
		var want []string
		for i := 29; i >= 0; i-- {
			want = append(want, fmt.Sprintf("%02d", i))
		}
		if !slices.Equal(ids, want) {
			t.Errorf("read %v", ids)
		}
	})
}

func TestCursorsThatAreNone(t *testing.T) {
	id := "00000000-0000-4000-8000-000000000001"
	good := query.EventCursor{Micros: now.UnixMicro(), ID: id}
	for _, text := range []string{
		"", "x", "%%%", good.String() + "!", query.EventCursor{Micros: 1, ID: "x'"}.String(), query.EventCursor{Micros: 1 << 62, ID: id}.String(),
		query.EventCursor{Micros: -1 << 62, ID: id}.String(),
	} {
		if c, ok := query.ParseEventCursor(text); ok {
			t.Errorf("%q is read as %+v", text, c)
		}
	}
	if _, ok := query.ParseUserCursor(query.UserCursor{Micros: 1, ID: "a\x00"}.String()); ok {
		t.Error("a NUL is taken")
	}
	odd := query.UserCursor{Micros: 1, ID: "a b/ü "}
	if c, ok := query.ParseUserCursor(odd.String()); !ok || c != odd {
		t.Errorf("%+v is read as %+v", odd, c)
	}
}

func TestNews(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		s := service(w)
		user := "u"
		put := func(name string, from, n int) {
			d := &dataset{}
			for i := from; i < from+n; i++ {
				// The later ones happened earlier: what is new is what was loaded.
				d.addEvent(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), []string{"even", "odd"}[i%2], &user, now.Add(-time.Duration(i)*time.Second), `{"n":1}`)
			}
			load(t, w, raw.put(t, warehouse.Events, name, d.events))
		}
		last := func() int64 {
			n, err := s.LastLoad(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := last(); n != 0 {
			t.Errorf("before the first load the last is %d", n)
		}
		put("a", 0, 5)
		first := last()
		check := func(r query.NewsRequest, load, count int64, ids ...int) {
			t.Helper()
			news, err := s.News(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, e := range news.Events {
				var n int
				if _, err := fmt.Sscanf(e.ID, "00000000-0000-4000-8000-%d", &n); err != nil {
					t.Fatal(err)
				}
				got = append(got, n)
			}
			if news.Load != load || news.Count != count || !slices.Equal(got, ids) {
				t.Errorf("after load %d: load %d, %d events, %v", r.After, news.Load, news.Count, got)
			}
		}
		check(query.NewsRequest{After: first}, first, 0)
		put("b", 5, 3)
		put("c", 8, 2)
		check(query.NewsRequest{After: first}, last(), 5, 5, 6, 7, 8, 9)
		check(query.NewsRequest{After: first, Limit: 2}, last(), 5, 5, 6)
		check(query.NewsRequest{After: first + 1, EventSelection: query.EventSelection{Event: "odd"}}, last(), 1, 9)
		check(query.NewsRequest{After: first, EventSelection: query.EventSelection{Filter: filterOf(t, "all", `event n greater_than 1`)}}, last(), 0)
		// A number that no load has yet, of a warehouse that was made anew.
		check(query.NewsRequest{After: 1000}, last(), 0)
	})
}

func TestExportAgreesWithTheReference(t *testing.T) {
	d := mixed(5)
	services := loaded(t, d)
	answers := reference.New(d.data, now)
	middle := time.Date(2024, 4, 6, 15, 0, 0, 0, time.UTC)
	for name, r := range map[string]query.ExportRequest{
		"all":       {},
		"one event": {Event: "Äpfel/日本 %_"},
		"from":      {From: middle},
		"to":        {To: middle},
		"within":    {From: middle.Add(-36 * time.Hour), To: middle.Add(time.Microsecond)},
		"nothing":   {From: middle, To: middle},
		"ages":      {From: time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(10_000, 1, 2, 0, 0, 0, 0, time.UTC)},
		"before":    {To: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		event := r.Event
		if event == "" {
			event = insight.AnyEvent
		}
		want := slices.DeleteFunc(answers.Newest(event, nil, insight.Filter{}), func(e reference.Event) bool {
			return !r.From.IsZero() && e.Time.Before(r.From) || !r.To.IsZero() && !e.Time.Before(r.To)
		})
		slices.Reverse(want)
		for engine, s := range services {
			var got []query.Event
			err := s.Export(t.Context(), r, func(e query.Event) error {
				got = append(got, e)
				return nil
			})
			if err != nil {
				t.Fatalf("%s on %s: %v", name, engine, err)
			}
			sameEvents(t, name+" on "+engine, got, want)
		}
	}
}

// TestExportOfABusyDay goes through more events of one day, and of one instant,
// than a page holds.
func TestExportOfABusyDay(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, _ folder) {
		const n = 25_001
		statement := map[warehouse.Dialect]string{
			warehouse.DuckDB: `INSERT INTO "events" ("event_id", "event", "timestamp", "properties", "received_at", "load_id")
SELECT CAST(printf('00000000-0000-4000-8000-%012d', range) AS UUID), 'e', TIMESTAMP '2024-05-01 12:00:00' + to_seconds(range // 12000), '{}', now()::TIMESTAMP, 1 FROM range(25001) ORDER BY hash(range)`,
			warehouse.PostgreSQL: `INSERT INTO "events" ("event_id", "event", "timestamp", "properties", "received_at", "load_id")
SELECT CAST('00000000-0000-4000-8000-' || lpad(n::text, 12, '0') AS uuid), 'e', TIMESTAMPTZ '2024-05-01 12:00:00+00' + make_interval(secs => n / 12000), '{}', now(), 1 FROM generate_series(0, 25000) AS n ORDER BY hashint4(n)`,
		}[w.Database().Dialect]
		if _, err := w.Database().SQL.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		seen := 0
		err := service(w).Export(t.Context(), query.ExportRequest{}, func(e query.Event) error {
			if want := fmt.Sprintf("00000000-0000-4000-8000-%012d", seen); e.ID != want {
				return fmt.Errorf("event %s, want %s", e.ID, want)
			}
			seen++
			return nil
		})
		if err != nil || seen != n {
			t.Errorf("%d events, %v", seen, err)
		}
	})
}

func TestExportsAreLimited(t *testing.T) {
	d := small()
	s := loaded(t, d)["duckdb"]
	stop := errors.New("the client is gone")
	err := s.Export(t.Context(), query.ExportRequest{}, func(query.Event) error {
		// This is the first of two that may run.
		return s.Export(t.Context(), query.ExportRequest{}, func(query.Event) error {
			third := s.Export(t.Context(), query.ExportRequest{}, func(query.Event) error { return nil })
			if !errors.Is(third, query.ErrBusy) {
				t.Errorf("a third export gives %v", third)
			}
			// Questions have turns of their own.
			if _, err := s.Events(t.Context()); err != nil {
				t.Error(err)
			}
			return stop
		})
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if err := s.Export(t.Context(), query.ExportRequest{}, func(query.Event) error { return nil }); err != nil {
		t.Errorf("the turns were not given back: %v", err)
	}
}

func TestExportEndsWithItsTimeAndItsClient(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		load(t, w, small().objects(t, raw)[0]...)
		s := query.New(w.Database(), query.Options{ExportTimeout: time.Nanosecond})
		none := func(query.Event) error { return nil }
		if err := s.Export(t.Context(), query.ExportRequest{}, none); !errors.Is(err, query.ErrTimeout) {
			t.Errorf("beyond its time: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := service(w).Export(ctx, query.ExportRequest{}, none); !errors.Is(err, context.Canceled) {
			t.Errorf("without its client: %v", err)
		}
	})
}

// TestEventsOnRedshift runs the statements on the stand-in, which cannot take
// filters: it has no paths into SUPER.
func TestEventsOnRedshift(t *testing.T) {
	d := small()
	long := `{"text":"` + strings.Repeat("x", 70_000) + `","plan":"Pro"}`
	d.addUser("long", long)
	s := onRedshift(t, d)
	answers := reference.New(d.data, now)
	want := answers.Newest(insight.AnyEvent, nil, insight.Filter{})
	sameEvents(t, "activity", allPages(t, func(after *query.EventCursor) (query.EventPage, error) {
		return s.Activity(t.Context(), query.EventsRequest{After: after, Limit: 2})
	}), want)
	page, err := s.Activity(t.Context(), query.EventsRequest{EventSelection: query.EventSelection{Event: "view"}})
	if err != nil {
		t.Fatal(err)
	}
	sameEvents(t, "one event", page.Events, answers.Newest("view", nil, insight.Filter{}))
	var exported []query.Event
	if err := s.Export(t.Context(), query.ExportRequest{}, func(e query.Event) error {
		exported = append(exported, e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(want)
	sameEvents(t, "export", exported, want)
	news, err := s.News(t.Context(), query.NewsRequest{After: 0, Limit: 1})
	if err != nil || news.Count != 5 || len(news.Events) != 1 || news.Load != 1 {
		t.Errorf("news: %+v, %v", news, err)
	}
	p, err := s.Profile(t.Context(), query.ProfileRequest{ID: "bob"})
	if err != nil || p.EventCount != 2 || len(p.Events) != 2 || !sameJSON(decode(string(p.Attributes)), d.data.Users["bob"]) {
		t.Errorf("profile: %+v, %v", p, err)
	}
	for search, want := range map[string]string{"": "ann bob cy long", "PRO": "ann cy long", "O": "bob ann cy long", "nobody": ""} {
		users, err := s.Users(t.Context(), query.UsersRequest{Search: search, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		got := ids(users.Users)
		words := strings.Fields(want)
		slices.Sort(words)
		if !slices.Equal(got, words) {
			t.Errorf("search %q finds %v", search, got)
		}
	}
	p, err = s.Profile(t.Context(), query.ProfileRequest{ID: "long"})
	if err != nil || !sameJSON(decode(string(p.Attributes)), decode(long)) {
		t.Errorf("a user of %d bytes: %v", len(p.Attributes), err)
	}
}

func ids(users []query.User) []string {
	out := []string{}
	for _, u := range users {
		out = append(out, u.ID)
	}
	return out
}
