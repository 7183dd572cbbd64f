package saved_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

const (
	jo  = "jo@example.com"
	ann = "ann@example.com"
)

// engine is what a test needs of a warehouse.
type engine interface {
	Migrate(context.Context) error
	Database() warehouse.Database
	Close() error
}

// eachEngine runs a test on an empty library whose clock goes on by a minute
// with every write.
func eachEngine(t *testing.T, test func(t *testing.T, l *saved.Library)) {
	t.Helper()
	for name, open := range map[string]func(t *testing.T) (engine, error){
		"duckdb": func(t *testing.T) (engine, error) {
			return duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb")})
		},
		"postgres": func(t *testing.T) (engine, error) {
			return postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := open(t)
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
			at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
			var mu sync.Mutex
			tick := func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				at = at.Add(time.Minute)
				return at
			}
			cards := 0
			test(t, saved.New(document.New(w.Database(), document.Options{Now: tick}), saved.Options{
				NewID: func() string { cards++; return fmt.Sprintf("card-%d", cards) },
				Now:   tick,
			}))
		})
	}
}

const query = `{"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}]}`

func insightJSON(name string) []byte {
	return []byte(`{"name":"` + name + `","query":` + query + `}`)
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestInsights(t *testing.T) {
	eachEngine(t, func(t *testing.T, l *saved.Library) {
		ctx := t.Context()
		body := `{"name":"  Orders <b> 日 ","description":"d","query": ` + strings.Replace(query, `"e"`, `"Ä \"x\""`, 1) + `,"display":{"view":"bar"}}`
		made := must(l.Insights.Create(ctx, []byte(body), jo))(t)
		text := string(must(json.Marshal(made))(t))
		want := `{"id":"` + made.ID + `","version":1,"created_at":"2024-05-01T12:01:00Z","created_by":"jo@example.com","updated_at":"2024-05-01T12:01:00Z","updated_by":"jo@example.com",` +
			`"name":"Orders \u003cb\u003e 日","description":"d","query":` + strings.Replace(query, `"e"`, `"Ä \"x\""`, 1) + `,"display":{"view":"bar"}}`
		if text != want {
			t.Errorf("made %s\nwant %s", text, want)
		}
		if kept := must(l.Insights.Get(ctx, made.ID))(t); fmt.Sprint(kept) != fmt.Sprint(made) {
			t.Errorf("kept %v, made %v", kept, made)
		}

		other := must(l.Insights.Create(ctx, insightJSON("ÄPFEL"), ann))(t)
		changed := must(l.Insights.Replace(ctx, made.ID, insightJSON("Orders"), 0, ann))(t)
		if changed.Version != 2 || changed.CreatedBy != jo || changed.UpdatedBy != ann || changed.Content.Description != "" || changed.Content.Display != nil {
			t.Errorf("changed: %+v", changed)
		}
		// The last changed comes first; a search ignores case.
		if got := ids(must(l.Insights.List(ctx, ""))(t)); got != made.ID+" "+other.ID {
			t.Errorf("the list: %s", got)
		}
		if got := ids(must(l.Insights.List(ctx, "äpf"))(t)); got != other.ID {
			t.Errorf("the search: %s", got)
		}

		// A change of an older version is refused, however the version is told.
		for name, change := range map[string]func() error{
			"in the body":                      func() error { return second(l.Insights.Replace(ctx, made.ID, versioned(1), 0, jo)) },
			"by If-Match":                      func() error { return second(l.Insights.Replace(ctx, made.ID, insightJSON("x"), 1, jo)) },
			"of a version that is yet to come": func() error { return second(l.Insights.Replace(ctx, made.ID, versioned(3), 0, jo)) },
			"deleted":                          func() error { return l.DeleteInsight(ctx, made.ID, 1, false, jo) },
		} {
			if err := change(); !errors.Is(err, document.ErrStale) {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantBad(t, second(l.Insights.Replace(ctx, made.ID, versioned(2), 1, jo)), insight.CodeInvalidValue, "version")
		if got := must(l.Insights.Replace(ctx, made.ID, versioned(2), 2, jo))(t); got.Version != 3 {
			t.Errorf("with the right version: %+v", got)
		}

		duplicate := must(l.Insights.Duplicate(ctx, other.ID, jo))(t)
		if duplicate.Content.Name != "Copy of ÄPFEL" || duplicate.ID == other.ID || duplicate.Version != 1 || duplicate.CreatedBy != jo || string(duplicate.Content.Query) != query {
			t.Errorf("the copy: %+v", duplicate)
		}
		long := must(l.Insights.Create(ctx, insightJSON(strings.Repeat("ä", saved.MaxName)), jo))(t)
		if name := must(l.Insights.Duplicate(ctx, long.ID, jo))(t).Content.Name; name != "Copy of "+strings.Repeat("ä", saved.MaxName-9)+"…" {
			t.Errorf("the copy of a long name: %s", name)
		}

		if err := l.DeleteInsight(ctx, other.ID, 0, false, jo); err != nil {
			t.Error(err)
		}
		for _, id := range []string{other.ID, "00000000-0000-4000-8000-000000000000", "no id", "\x00", ""} {
			for doing, err := range map[string]error{
				"get":       second(l.Insights.Get(ctx, id)),
				"replace":   second(l.Insights.Replace(ctx, id, insightJSON("x"), 0, jo)),
				"duplicate": second(l.Insights.Duplicate(ctx, id, jo)),
				"delete":    l.DeleteInsight(ctx, id, 0, true, jo),
				"ask":       second(l.Question(ctx, id, nil)),
			} {
				if !errors.Is(err, document.ErrNotFound) {
					t.Errorf("%s %q: %v", doing, id, err)
				}
			}
		}
		// Neither is a dashboard an insight.
		d := must(l.Dashboards.Create(ctx, []byte(`{"name":"d"}`), jo))(t)
		if _, err := l.Insights.Get(ctx, d.ID); !errors.Is(err, document.ErrNotFound) {
			t.Errorf("a dashboard as an insight: %v", err)
		}
	})
}

func versioned(version int) []byte {
	return []byte(fmt.Sprintf(`{"name":"x","query":%s,"version":%d}`, query, version))
}

func second[T any](_ T, err error) error { return err }

func ids[C any](items []saved.Item[C]) string {
	var all []string
	for _, i := range items {
		all = append(all, i.ID)
	}
	return strings.Join(all, " ")
}

func wantBad(t *testing.T, err error, code, field string) {
	t.Helper()
	var bad *insight.Error
	if !errors.As(err, &bad) || bad.Code != code || bad.Field != field {
		t.Errorf("error %v, want %s at %s", err, code, field)
	}
}

func TestQuestion(t *testing.T) {
	eachEngine(t, func(t *testing.T, l *saved.Library) {
		made := must(l.Insights.Create(t.Context(), []byte(`{"name":"n","query":{"range":{"last":"2d"},"timezone":"Asia/Kolkata","interval":"hour","series":[{"event":"e","aggregation":{"type":"total"}}]}}`), jo))(t)
		for _, test := range []struct{ overrides, within, zone string }{
			{``, "last 2d", "Asia/Kolkata"},
			{`{}`, "last 2d", "Asia/Kolkata"},
			{`{"range":null,"timezone":null}`, "last 2d", "Asia/Kolkata"},
			{`{"range":{"from":"2024-01-01","to":"2024-01-02"}}`, "2024-01-01 to 2024-01-02", "Asia/Kolkata"},
			{`{"range":{"last":"3h"},"timezone":"Europe/Berlin"}`, "last 3h", "Europe/Berlin"},
		} {
			q, err := l.Question(t.Context(), made.ID, []byte(test.overrides))
			if err != nil || q.Range.String() != test.within || q.Zone.String() != test.zone || q.Interval != insight.Hour || len(q.Series) != 1 {
				t.Errorf("%s: %+v, %v", test.overrides, q, err)
			}
		}
		for _, test := range []struct{ overrides, code, field string }{
			{`{"range":{"last":"3"}}`, insight.CodeInvalidRange, "range.last"},
			{`{"timezone":"x"}`, insight.CodeUnknownTimezone, "timezone"},
			{`{"interval":"day"}`, insight.CodeUnknownField, "interval"},
			{`{`, insight.CodeInvalidJSON, ""},
			// The insight's own interval does not go with such a range.
			{`{"range":{"from":"1900-01-01","to":"2024-01-02"}}`, insight.CodeTooManyBuckets, "query.interval"},
		} {
			wantBad(t, second(l.Question(t.Context(), made.ID, []byte(test.overrides))), test.code, test.field)
		}
	})
}

func TestDashboards(t *testing.T) {
	eachEngine(t, func(t *testing.T, l *saved.Library) {
		ctx := t.Context()
		a := must(l.Insights.Create(ctx, insightJSON("a"), jo))(t)
		b := must(l.Insights.Create(ctx, insightJSON("b"), jo))(t)
		empty := must(l.Dashboards.Create(ctx, []byte(`{"name":"Empty"}`), jo))(t)
		if text := string(must(json.Marshal(empty))(t)); !strings.HasSuffix(text, `"name":"Empty","description":"","cards":[]}`) {
			t.Errorf("an empty one: %s", text)
		}
		card := func(id string) string {
			return `{"kind":"insight","insight_id":"` + id + `","layout":{"x":6,"y":0,"w":6,"h":4}}`
		}
		const text = `{"id":"t","kind":"text","text":"# Hello","layout":{"x":0,"y":4,"w":12,"h":1}}`
		made := must(l.Dashboards.Create(ctx, []byte(`{"name":"Main","range":{"last":"7d"},"timezone":"Asia/Kolkata","cards":[`+card(a.ID)+`,`+card(b.ID)+`,`+text+`]}`), jo))(t)
		got := string(must(json.Marshal(made.Content))(t))
		want := `{"name":"Main","description":"","range":{"last":"7d"},"timezone":"Asia/Kolkata","cards":[` +
			`{"id":"card-1","kind":"insight","insight_id":"` + a.ID + `","layout":{"x":6,"y":0,"w":6,"h":4}},` +
			`{"id":"card-2","kind":"insight","insight_id":"` + b.ID + `","layout":{"x":6,"y":0,"w":6,"h":4}},` + text + `]}`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}

		for _, bad := range []struct{ cards, code, field string }{
			{card("00000000-0000-4000-8000-000000000000"), insight.CodeUnknownValue, "cards[0].insight_id"},
			{text + `,` + card(made.ID), insight.CodeUnknownValue, "cards[1].insight_id"},
			{text + `,` + text, insight.CodeInvalidValue, "cards[1].id"},
			{`{"kind":"pie"}`, insight.CodeUnknownValue, "cards[0].kind"},
			{`{"kind":"text","layout":{"x":0,"y":0,"w":1,"h":1}}`, insight.CodeRequired, "cards[0].text"},
			{`{"kind":"text","text":"x","insight_id":"y","layout":{"x":0,"y":0,"w":1,"h":1}}`, insight.CodeNotAllowed, "cards[0].insight_id"},
			{`{"kind":"text","text":"x"}`, insight.CodeRequired, "cards[0].layout"},
			{`{"kind":"text","text":"x","layout":{"x":8,"y":0,"w":5,"h":1}}`, insight.CodeInvalidValue, "cards[0].layout.w"},
			{`{"kind":"text","text":"x","layout":{"x":0,"y":0,"w":1,"h":0}}`, insight.CodeInvalidValue, "cards[0].layout.h"},
			{strings.Repeat(card(a.ID)+",", saved.MaxCards) + card(a.ID), insight.CodeTooMany, "cards"},
		} {
			wantBad(t, second(l.Dashboards.Create(ctx, []byte(`{"name":"x","cards":[`+bad.cards+`]}`), jo)), bad.code, bad.field)
		}
		words := strings.Repeat("x", saved.MaxText)
		large := strings.TrimSuffix(strings.Repeat(`{"kind":"text","text":"`+words+`","layout":{"x":0,"y":0,"w":1,"h":1}},`, 7), ",")
		if _, err := l.Dashboards.Create(ctx, []byte(`{"name":"x","cards":[`+large+`]}`), jo); !errors.Is(err, document.ErrTooLarge) {
			t.Errorf("too large: %v", err)
		}

		// An insight in use stays, unless by force.
		second := must(l.Dashboards.Create(ctx, []byte(`{"name":"Second","cards":[`+card(a.ID)+`]}`), jo))(t)
		var inUse *saved.InUseError
		if err := l.DeleteInsight(ctx, a.ID, 0, false, ann); !errors.As(err, &inUse) || fmt.Sprint(inUse.Dashboards) != "[Second Main]" {
			t.Errorf("in use: %v", err)
		}
		if _, err := l.Insights.Get(ctx, a.ID); err != nil {
			t.Errorf("in use, and gone: %v", err)
		}
		if err := l.DeleteInsight(ctx, a.ID, 1, true, ann); err != nil {
			t.Fatal(err)
		}
		if now := must(l.Dashboards.Get(ctx, second.ID))(t); len(now.Content.Cards) != 0 || now.UpdatedBy != ann || now.Version != 2 {
			t.Errorf("the second dashboard: %+v", now)
		}
		now := must(l.Dashboards.Get(ctx, made.ID))(t)
		if got := fmt.Sprint(now.Content.Cards); !strings.HasPrefix(got, "[{card-2 ") || !strings.Contains(got, "# Hello") {
			t.Errorf("the first dashboard: %s", got)
		}

		// A card whose insight is gone does not stand in the way of a change.
		if err := l.Insights.Delete(ctx, b.ID, 0); err != nil {
			t.Fatal(err)
		}
		body := `{"name":"Renamed","cards":[` + card(b.ID) + `]}`
		if _, err := l.Dashboards.Replace(ctx, made.ID, []byte(body), 0, jo); err != nil {
			t.Errorf("with a card that was there: %v", err)
		}
		wantBad(t, func() error { _, err := l.Dashboards.Replace(ctx, second.ID, []byte(body), 0, jo); return err }(), insight.CodeUnknownValue, "cards[0].insight_id")
	})
}

func TestAnnotations(t *testing.T) {
	eachEngine(t, func(t *testing.T, l *saved.Library) {
		ctx := t.Context()
		day := func(n int) time.Time { return time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC) }
		made := map[int]string{}
		for _, n := range []int{3, 1, 2} {
			i := must(l.Annotations.Create(ctx, []byte(fmt.Sprintf(`{"at":"2024-01-0%dT05:30:00+05:30","text":"day %d"}`, n, n)), jo))(t)
			made[n] = i.ID
			if !i.Content.At.Equal(day(n)) {
				t.Errorf("day %d: %v", n, i.Content.At)
			}
		}
		for _, test := range []struct {
			from, to time.Time
			want     string
		}{
			{time.Time{}, time.Time{}, made[1] + " " + made[2] + " " + made[3]},
			{day(2), time.Time{}, made[2] + " " + made[3]},
			{time.Time{}, day(2), made[1]},
			{day(2), day(3), made[2]},
			{day(4), time.Time{}, ""},
		} {
			if got := ids(must(l.AnnotationsBetween(ctx, test.from, test.to))(t)); got != test.want {
				t.Errorf("%v to %v: %s, want %s", test.from, test.to, got, test.want)
			}
		}
		if now := must(l.Annotations.Replace(ctx, made[1], []byte(`{"at":"2024-01-01T00:00:00Z","text":"new","version":1}`), 0, ann))(t); now.Content.Text != "new" || now.Version != 2 {
			t.Errorf("changed: %+v", now)
		}
		if err := l.Annotations.Delete(ctx, made[1], 1); !errors.Is(err, document.ErrStale) {
			t.Errorf("stale: %v", err)
		}
		if err := l.Annotations.Delete(ctx, made[1], 2); err != nil {
			t.Error(err)
		}
		wantBad(t, second(l.Annotations.Create(ctx, []byte(`{"text":"x"}`), jo)), insight.CodeRequired, "at")
		wantBad(t, second(l.Annotations.Create(ctx, []byte(`{"at":"2024-01-01T00:00:00Z","text":"`+strings.Repeat("x", saved.MaxAnnotation+1)+`"}`), jo)), insight.CodeInvalidValue, "text")
		wantBad(t, second(l.Annotations.Create(ctx, []byte(`{"at":"2024-01-01T00:00:00Z","text":"x","version":1}`), jo)), insight.CodeUnknownField, "version")
	})
}

// rival changes an item each time before its reader does.
type rival struct {
	*document.Store
	times int
}

func (r *rival) Get(ctx context.Context, kind document.Kind, id string) (document.Document, error) {
	d, err := r.Store.Get(ctx, kind, id)
	if err == nil && r.times > 0 {
		r.times--
		_, err = r.Update(ctx, kind, id, d.Version, d.Body, "rival")
	}
	return d, err
}

// A change of whatever version there is goes on top of one that came between;
// a change of a certain version does not.
func TestRace(t *testing.T) {
	w, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := &rival{Store: document.New(w.Database(), document.Options{})}
	l := saved.New(r, saved.Options{})
	made := must(l.Insights.Create(t.Context(), insightJSON("a"), jo))(t)
	r.times = 2
	if now := must(l.Insights.Replace(t.Context(), made.ID, insightJSON("b"), 0, jo))(t); now.Version != 4 || now.Content.Name != "b" {
		t.Errorf("of any version: %+v", now)
	}
	r.times = 1
	if _, err := l.Insights.Replace(t.Context(), made.ID, insightJSON("c"), 4, jo); !errors.Is(err, document.ErrStale) {
		t.Errorf("of a version: %v", err)
	}
	r.times = 100
	if _, err := l.Insights.Replace(t.Context(), made.ID, insightJSON("c"), 0, jo); !errors.Is(err, document.ErrStale) {
		t.Errorf("without end: %v", err)
	}
}
