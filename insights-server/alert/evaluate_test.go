package alert

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// noon is in the middle of the last of the days below.
var noon = time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)

// days are the starts of as many days up to noon's.
func days(n int) []time.Time {
	starts := make([]time.Time, n)
	for i := range starts {
		starts[i] = noon.Truncate(24*time.Hour).AddDate(0, 0, i+1-n)
	}
	return starts
}

func parsed(t *testing.T, text string) insight.Query {
	t.Helper()
	q, err := insight.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

const plain = `{"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}]}`

func place(n int) *int { return &n }

func text(s string) *string { return &s }

var none = math.NaN()

// The values are those of the last days; the last of them is today's.
func TestEvaluate(t *testing.T) {
	percent := func(kind ConditionType, by float64) Condition {
		return Condition{Type: kind, Threshold: by, Unit: Percent}
	}
	for _, test := range []struct {
		name   string
		values []float64
		bucket Bucket
		when   Condition
		status Status
		value  float64
		change float64
	}{
		{"above", []float64{1, 1, 1, 1, 11, 0}, Complete, Condition{Type: Above, Threshold: 10}, Firing, 11, none},
		{"the threshold is not above itself", []float64{1, 1, 1, 1, 10, 0}, Complete, Condition{Type: Above, Threshold: 10}, OK, 10, none},
		{"below", []float64{1, 1, 1, 1, 9, 99}, Complete, Condition{Type: Below, Threshold: 10}, Firing, 9, none},
		{"zero is a value", []float64{1, 1, 1, 1, 0, 5}, Complete, Condition{Type: Below, Threshold: 1}, Firing, 0, none},
		{"today does not count yet", []float64{1, 1, 1, 1, 10, 0}, Complete, Condition{Type: Below, Threshold: 1}, OK, 10, none},
		{"today", []float64{1, 1, 1, 1, 10, 12}, Current, Condition{Type: Above, Threshold: 11}, Firing, 12, none},
		{"no value", []float64{1, 1, 1, 1, none, 12}, Complete, Condition{Type: Above, Threshold: 11}, NoData, none, none},
		{"below a negative number", []float64{1, 1, 1, 1, -3, 1}, Complete, Condition{Type: Below, Threshold: -2.5}, Firing, -3, none},
		{"beyond doubles", []float64{1, 1, 1, 1, math.Inf(1), 1}, Complete, Condition{Type: Above, Threshold: 1}, NoData, none, none},

		{"rises by a number", []float64{1, 1, 1, 10, 15, 0}, Complete, Condition{Type: Rises, Threshold: 5, Unit: Absolute}, Firing, 15, 5},
		{"rises by less", []float64{1, 1, 1, 10, 14, 0}, Complete, Condition{Type: Rises, Threshold: 5, Unit: Absolute}, OK, 14, 4},
		{"falls by a number", []float64{1, 1, 1, 10, 4, 0}, Complete, Condition{Type: Falls, Threshold: 5, Unit: Absolute}, Firing, 4, -6},
		{"falls while it rises", []float64{1, 1, 1, 10, 40, 0}, Complete, Condition{Type: Falls, Threshold: 5, Unit: Absolute}, OK, 40, 30},
		{"falls by a share", []float64{1, 1, 1, 10, 8, 0}, Complete, percent(Falls, 20), Firing, 8, -20},
		{"rises by a share", []float64{1, 1, 1, 10, 11, 0}, Complete, percent(Rises, 20), OK, 11, 10},
		{"to today", []float64{1, 1, 1, 10, 10, 15}, Current, percent(Rises, 50), Firing, 15, 50},
		{"a share of a negative number", []float64{1, 1, 1, -10, -5, 0}, Complete, percent(Rises, 50), Firing, -5, 50},
		{"any rise", []float64{1, 1, 1, 10, 10, 0}, Complete, percent(Rises, 0), OK, 10, 0},
		{"from 0 up", []float64{1, 1, 1, 0, 3, 0}, Complete, percent(Rises, 1000), Firing, 3, none},
		{"from 0 up, for a fall", []float64{1, 1, 1, 0, 3, 0}, Complete, percent(Falls, 10), OK, 3, none},
		{"from 0 to 0", []float64{1, 1, 1, 0, 0, 0}, Complete, percent(Rises, 10), OK, 0, 0},
		{"from 0 down", []float64{1, 1, 1, 0, -3, 0}, Complete, percent(Falls, 10), Firing, -3, none},
		{"nothing before", []float64{1, 1, 1, none, 5, 0}, Complete, percent(Rises, 10), NoData, 5, none},
		{"a change beyond doubles", []float64{1, 1, 1, -1e308, 1e308, 0}, Complete, Condition{Type: Rises, Threshold: 1, Unit: Absolute}, NoData, 1e308, none},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := Definition{Measure: Measure{Series: place(0)}, Bucket: test.bucket, Condition: test.when}
			q, err := d.Question(parsed(t, plain), noon)
			if err != nil {
				t.Fatal(err)
			}
			answer := insight.Answer{Buckets: days(len(test.values)), Series: []insight.SeriesAnswer{{Event: "e", Values: test.values}}}
			r := d.Evaluate(q, answer, noon, 10*time.Minute)
			if r.Status != test.status || !same(r.Value, test.value) || !same(r.Change, test.change) {
				t.Errorf("%+v: value %s, change %s", r, show(r.Value), show(r.Change))
			}
			if (r.Status == NoData) != (r.Reason != "") && r.Change != nil {
				t.Errorf("%s for the reason %q", r.Status, r.Reason)
			}
			at := days(6)[4]
			if test.bucket == Current {
				at = days(6)[5]
			}
			if !r.Bucket.Equal(at) || r.Line != "e (total)" {
				t.Errorf("the bucket %v of %q", r.Bucket, r.Line)
			}
		})
	}
}

func same(got *float64, want float64) bool {
	return got == nil && math.IsNaN(want) || got != nil && *got == want
}

func show(v *float64) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprint(*v)
}

// A day counts as complete when its last events have had the time to come.
func TestSettling(t *testing.T) {
	d := Definition{Measure: Measure{Series: place(0)}, Bucket: Complete, Condition: Condition{Type: Below, Threshold: 1}}
	q := parsed(t, plain)
	midnight := noon.Truncate(24 * time.Hour)
	answer := insight.Answer{Buckets: days(6), Series: []insight.SeriesAnswer{{Values: []float64{1, 2, 3, 4, 5, 6}}}}
	for after, want := range map[time.Duration]float64{0: 4, 9 * time.Minute: 4, 10 * time.Minute: 5, 23 * time.Hour: 5} {
		if r := d.Evaluate(q, answer, midnight.Add(after), 10*time.Minute); !same(r.Value, want) || r.BucketEnd.IsZero() {
			t.Errorf("%v after midnight: %s of %v, want %v", after, show(r.Value), r.Bucket, want)
		}
	}
	// A range up to the end of today has hours that are still to come.
	hours := insight.Answer{Series: []insight.SeriesAnswer{{}}}
	for h := range 24 {
		hours.Buckets = append(hours.Buckets, midnight.Add(time.Duration(h)*time.Hour))
		hours.Series[0].Values = append(hours.Series[0].Values, float64(h))
	}
	if r := d.Evaluate(q, hours, noon.Add(30*time.Minute), 10*time.Minute); !same(r.Value, 11) {
		t.Errorf("hours at half past twelve: %s", show(r.Value))
	}
	short := insight.Answer{Buckets: days(2), Series: []insight.SeriesAnswer{{Values: []float64{0, 0}}}}
	if r := d.Evaluate(q, short, noon, 0); r.Status != NoData || r.Reason == "" {
		t.Errorf("a first day that the range may cut: %+v", r)
	}
}

func TestGroups(t *testing.T) {
	q := parsed(t, `{"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}],"breakdown":{"scope":"event","property":"p","limit":2}}`)
	average := parsed(t, `{"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"average","property":"n"}}],"breakdown":{"scope":"event","property":"p","limit":2}}`)
	formula := parsed(t, `{"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}},{"event":"f","aggregation":{"type":"total"}}],
		"formulas":[{"name":"share","expression":"A / B"}],"breakdown":{"scope":"event","property":"p","limit":2}}`)
	line := func(group *string, v float64) insight.SeriesAnswer {
		return insight.SeriesAnswer{Event: "e", Group: group, Values: []float64{v, v, v, v, v, v}}
	}
	both := []insight.SeriesAnswer{line(text("de"), 5), line(text("fr"), 3), line(text(insight.OtherGroup), 2), line(nil, 1)}
	for _, test := range []struct {
		name   string
		q      insight.Query
		lines  []insight.SeriesAnswer
		group  *string
		status Status
		value  float64
		reason string
	}{
		{"one", q, both, text("fr"), OK, 3, ""},
		{"without the property", q, both, nil, OK, 1, ""},
		{"beyond the limit", q, both, text("it"), NoData, none, "among the 2"},
		{"gone, of few", q, both[:1], text("fr"), Firing, 0, ""},
		{"nobody without the property", q, both[:3], nil, Firing, 0, ""},
		{"no events at all", q, nil, text("fr"), Firing, 0, ""},
		{"an average that is gone", average, both[:1], text("fr"), NoData, none, "no events"},
	} {
		d := Definition{Measure: Measure{Series: place(0)}, Group: &Group{test.group}, Bucket: Complete, Condition: Condition{Type: Below, Threshold: 1}}
		r := d.Evaluate(test.q, insight.Answer{Buckets: days(6), Series: test.lines}, noon, 0)
		if r.Status != test.status || !same(r.Value, test.value) || !strings.Contains(r.Reason, test.reason) {
			t.Errorf("%s: %+v", test.name, r)
		}
	}
	d := Definition{Measure: Measure{Formula: place(0)}, Group: &Group{text("fr")}, Bucket: Complete, Condition: Condition{Type: Above, Threshold: 0.5}}
	narrowed, err := d.Question(formula, noon)
	if err != nil || len(narrowed.Series) != 2 || len(narrowed.Formulas) != 1 {
		t.Fatalf("%+v, %v", narrowed, err)
	}
	answer := insight.Answer{Buckets: days(6), Series: both, Formulas: []insight.FormulaAnswer{{Group: text("fr"), Values: []float64{0, 0, 0, 0, 0.75, 0}}}}
	if r := d.Evaluate(narrowed, answer, noon, 0); r.Status != Firing || !same(r.Value, 0.75) || r.Line != "share, p fr" {
		t.Errorf("a formula: %+v", r)
	}
	answer.Formulas = nil
	if r := d.Evaluate(narrowed, answer, noon, 0); r.Status != NoData {
		t.Errorf("a formula without the group: %+v", r)
	}
}

func TestQuestion(t *testing.T) {
	series := `"series":[{"event":"a","aggregation":{"type":"total"}},{"event":"b","aggregation":{"type":"total"}}]`
	for _, test := range []struct {
		name, query string
		definition  Definition
		field       string
		last        int
	}{
		{"its own range", `{"range":{"last":"30d"},"interval":"day",` + series + `}`, Definition{Measure: Measure{Series: place(1)}}, "", 30},
		{"a range that ended", `{"range":{"from":"2024-01-01","to":"2024-12-31"},"interval":"day",` + series + `}`, Definition{Measure: Measure{Series: place(1)}}, "", 6},
		{"too short a range", `{"range":{"last":"4w"},"interval":"week",` + series + `}`, Definition{Measure: Measure{Series: place(1)}}, "", 6},
		{"hours of few days", `{"range":{"last":"2d"},"interval":"hour",` + series + `}`, Definition{Measure: Measure{Series: place(1)}}, "", 2},
		{"quarters", `{"range":{"last":"3mo"},"interval":"quarter",` + series + `}`, Definition{Measure: Measure{Series: place(1)}}, "", 18},
		{"years", `{"range":{"last":"30d"},"interval":"year",` + series + `}`, Definition{Measure: Measure{Series: place(1)}}, "", 72},
		{"a funnel", `{"kind":"funnel","range":{"last":"30d"},"steps":[{"event":"a"},{"event":"b"}],"window":"7d"}`, Definition{Measure: Measure{Series: place(0)}}, "insight_id", 0},
		{"no such series", `{"range":{"last":"30d"},"interval":"day",` + series + `}`, Definition{Measure: Measure{Series: place(2)}}, "measure.series", 0},
		{"no such formula", `{"range":{"last":"30d"},"interval":"day",` + series + `}`, Definition{Measure: Measure{Formula: place(0)}}, "measure.formula", 0},
		{"a group without a breakdown", `{"range":{"last":"30d"},"interval":"day",` + series + `}`, Definition{Measure: Measure{Series: place(0)}, Group: &Group{}}, "group", 0},
		{"a breakdown without a group", `{"range":{"last":"30d"},"interval":"day","breakdown":{"scope":"event","property":"p"},` + series + `}`, Definition{Measure: Measure{Series: place(0)}}, "group", 0},
	} {
		q, err := test.definition.Question(parsed(t, test.query), noon)
		var bad *insight.Error
		if test.field != "" {
			if !errors.As(err, &bad) || bad.Field != test.field {
				t.Errorf("%s: %v, want an error at %s", test.name, err, test.field)
			}
			continue
		}
		if err != nil || q.Range.Last != test.last || len(q.Series) != 1 || q.Series[0].Event != "b" || !q.Refresh {
			t.Errorf("%s: %+v, %v", test.name, q, err)
			continue
		}
		axis, err := q.Axis(noon)
		if err != nil || current(axis.Starts, noon) < leastBuckets-1 {
			t.Errorf("%s: too few intervals: %d, %v", test.name, len(axis.Starts), err)
		}
	}
}

// The ranges hold enough intervals at every instant of a year.
func TestShortestRanges(t *testing.T) {
	for interval, within := range ranges {
		q := insight.Query{Zone: time.UTC, Interval: interval, Range: within}
		for at := noon; at.Before(noon.AddDate(1, 0, 0)); at = at.Add(7 * time.Hour) {
			axis, err := q.Axis(at)
			if i := current(axis.Starts, at); err != nil || i < leastBuckets-1 {
				t.Fatalf("%s at %v: now is the interval %d, %v", interval, at, i, err)
			}
		}
	}
}

func TestTransition(t *testing.T) {
	hourAgo, now := noon.Add(-time.Hour), noon
	for _, test := range []struct {
		name string
		from Status
		to   Status
		told time.Time
		d    Definition
		want EventKind
	}{
		{"first, and fine", New, OK, time.Time{}, Definition{NotifyRecovery: true}, ""},
		{"first, and firing", New, Firing, time.Time{}, Definition{}, FiringEvent},
		{"crossing", OK, Firing, time.Time{}, Definition{}, FiringEvent},
		{"going on", Firing, Firing, hourAgo, Definition{}, ""},
		{"repeated", Firing, Firing, hourAgo, Definition{RepeatAfter: 1}, RepeatEvent},
		{"not yet repeated", Firing, Firing, hourAgo.Add(time.Minute), Definition{RepeatAfter: 1}, ""},
		{"recovery", Firing, OK, hourAgo, Definition{NotifyRecovery: true}, RecoveredEvent},
		{"quiet recovery", Firing, OK, hourAgo, Definition{}, ""},
		{"data that ends", OK, NoData, time.Time{}, Definition{}, NoDataEvent},
		{"data that stays away", NoData, NoData, hourAgo, Definition{RepeatAfter: 1}, ""},
		{"an insight that is gone", Firing, Failed, hourAgo, Definition{}, ErrorEvent},
		{"an insight that is back", Failed, OK, hourAgo, Definition{NotifyRecovery: true}, RecoveredEvent},
	} {
		before := State{Result: Result{Status: test.from}, NotifiedAt: test.told}
		if got := test.d.transition(before, Result{Status: test.to}, now); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTexts(t *testing.T) {
	v, before, change := 8.0, 10.0, -20.0
	n := Notification{
		ID: "n", Event: FiringEvent, Name: "Sign-ups\r\nX-Injected: 1", Description: "Call Jo.", URL: "https://loaf.example.com/alerts/1",
		Condition: Condition{Type: Falls, Threshold: 20, Unit: Percent}, Bucket: Complete,
		Result: Result{Status: Firing, Value: &v, Before: &before, Change: &change, Line: "signup (total)", Insight: "All", Bucket: noon},
	}
	want := "Alert: Sign-ups  X-Injected: 1\n\n" +
		"signup (total) is 8 in the interval from 2026-03-08T12:00:00Z, after 10 in the interval before (-20.0 %). The alert fires when it falls by 20 % or more.\n\n" +
		"Insight: All\nhttps://loaf.example.com/alerts/1\n\nCall Jo."
	if got := n.Text(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	n.Event, n.Result = NoDataEvent, Result{Status: NoData, Reason: "Nothing there."}
	if got := n.Sentence(); got != "Nothing there." {
		t.Error(got)
	}
	n.Event = TestEvent
	if got := n.Sentence(); !strings.Contains(got, "test") {
		t.Error(got)
	}
	if got := (Condition{Type: Above, Threshold: 1e21}).String(); got != "is above 1000000000000000000000" {
		t.Error(got)
	}
}

func TestHost(t *testing.T) {
	for address, want := range map[string]string{
		"https://hooks.example.com/services/T0/secret": "hooks.example.com", "https://a:8443?x=1": "a:8443", "https://a#b": "a", "https://a": "a", "a": "", "": "",
	} {
		if got := Host(address); got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
}
