package insight_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

const (
	funnelBody    = `"kind":"funnel","range":{"last":"7d"},"steps":[{"event":"a"},{"event":"b"}]`
	retentionBody = `"kind":"retention","range":{"last":"7d"},"cohort_event":"a","return_event":"b"`
	trendBody     = `"range":{"last":"7d"},"interval":"day","series":[{"event":"a","aggregation":{"type":"total"}}]`
)

func TestParseReadsTheKinds(t *testing.T) {
	parse := func(body string) insight.Query {
		t.Helper()
		q, err := insight.Parse([]byte("{" + body + "}"))
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	q := parse(`"kind":"funnel","range":{"last":"7d"},"window":"36h","steps":[{"event":"a"},{"event":"*","filters":{"match":"any","conditions":[{"scope":"event","property":"p","operator":"is_set"}]}}],"breakdown":{"scope":"user","property":"plan"}`)
	if q.Kind != insight.KindFunnel || q.Window != 36*time.Hour || len(q.Steps) != 2 || q.Steps[0].Event != "a" || q.Steps[1].Event != insight.AnyEvent {
		t.Errorf("the funnel is %+v", q)
	}
	if f := q.Steps[1].Filter; f.Match != insight.MatchAny || len(f.Conditions) != 1 {
		t.Errorf("the second step has the filter %+v", f)
	}
	if b := q.Breakdown; b == nil || *b != (insight.Breakdown{Scope: insight.ScopeUser, Property: "plan", Limit: insight.DefaultGroups}) {
		t.Errorf("the breakdown is %+v", b)
	}
	q = parse(`"kind":"retention","range":{"last":"7d"},"cohort_event":"a","return_event":"*","interval":"week","periods":6e1`)
	if q.Kind != insight.KindRetention || q.CohortEvent != "a" || q.ReturnEvent != insight.AnyEvent || q.Interval != insight.Week || q.Periods != 60 {
		t.Errorf("the retention is %+v", q)
	}
	q = parse(trendBody + `,"compare":"previous_period","breakdown":{"scope":"event","property":"p","limit":1000}`)
	if q.Compare != insight.PreviousPeriod || q.Breakdown.Limit != 1000 || q.Breakdown.Scope != insight.ScopeEvent {
		t.Errorf("the trend is %+v", q)
	}
	q = parse(`"kind":"stickiness","range":{"last":"7d"},"interval":"week","series":[{"event":"a"},{"event":"*","filters":{"match":"any","conditions":[{"scope":"event","property":"p","operator":"is_set"}]}}]`)
	if q.Kind != insight.KindStickiness || q.Interval != insight.Week || len(q.Series) != 2 || q.Series[1].Event != insight.AnyEvent || q.Series[1].Filter.Match != insight.MatchAny {
		t.Errorf("the stickiness is %+v", q)
	}
	q = parse(`"kind":"lifecycle","range":{"last":"7d"},"interval":"month","event":"*"`)
	if q.Kind != insight.KindLifecycle || q.Interval != insight.Month || q.Event != insight.AnyEvent {
		t.Errorf("the lifecycle is %+v", q)
	}
	q = parse(`"kind":"paths","range":{"last":"7d"},"event":"*","direction":"before","steps":5,"window":"2h"`)
	if q.Kind != insight.KindPaths || q.Event != insight.AnyEvent || q.Direction != insight.Before || q.PathSteps != 5 || q.PathLimit != insight.DefaultPathLimit || q.Window != 2*time.Hour {
		t.Errorf("the paths are %+v", q)
	}
	q = parse(trendBody + `,"compare":null,"breakdown":null`)
	if q.Compare != "" || q.Breakdown != nil {
		t.Errorf("what is null is %q and %+v", q.Compare, q.Breakdown)
	}
}

func TestParseRefusesInKinds(t *testing.T) {
	for _, c := range []struct{ name, body, code, field string }{
		{"null for the steps", `"kind":"funnel","range":{"last":"7d"},"window":"1d","steps":null`, "required", "steps"},
		{"steps as object", `"kind":"funnel","range":{"last":"7d"},"window":"1d","steps":{}`, "wrong_type", "steps"},
		{"no steps", `"kind":"funnel","range":{"last":"7d"},"window":"1d","steps":[]`, "too_few", "steps"},
		{"11 steps", `"kind":"funnel","range":{"last":"7d"},"window":"1d","steps":[` + strings.TrimSuffix(strings.Repeat(`{"event":"a"},`, 11), ",") + `]`, "too_many", "steps"},
		{"a step as text", `"kind":"funnel","range":{"last":"7d"},"window":"1d","steps":["a","b"]`, "wrong_type", "steps[0]"},
		{"a step without event", `"kind":"funnel","range":{"last":"7d"},"window":"1d","steps":[{"event":"a"},{}]`, "required", "steps[1].event"},
		{"a step with an empty event", `"kind":"funnel","range":{"last":"7d"},"window":"1d","steps":[{"event":"a"},{"event":""}]`, "required", "steps[1].event"},
		{"an aggregation in a step", `"kind":"funnel","range":{"last":"7d"},"window":"1d","steps":[{"event":"a"},{"event":"b","aggregation":{"type":"total"}}]`, "unknown_field", "steps[1].aggregation"},
		{"a window without unit", funnelBody + `,"window":"7"`, "invalid_value", "window"},
		{"no window at all", funnelBody + `,"window":"0d"`, "invalid_value", "window"},
		{"a negative window", funnelBody + `,"window":"-1d"`, "invalid_value", "window"},
		{"a window as number", funnelBody + `,"window":86400`, "wrong_type", "window"},
		{"a window of ages", funnelBody + `,"window":"36501d"`, "invalid_value", "window"},
		{"a window beyond numbers", funnelBody + `,"window":"99999999999999999999d"`, "invalid_value", "window"},
		{"an interval of a funnel", funnelBody + `,"window":"1d","interval":"day"`, "unknown_field", "interval"},
		{"series of a funnel", funnelBody + `,"window":"1d","series":[]`, "unknown_field", "series"},
		{"a breakdown as text", funnelBody + `,"window":"1d","breakdown":"plan"`, "wrong_type", "breakdown"},
		{"a breakdown with a colour", funnelBody + `,"window":"1d","breakdown":{"scope":"user","property":"plan","colour":1}`, "unknown_field", "breakdown.colour"},
		{"a breakdown without scope", trendBody + `,"breakdown":{"property":"plan"}`, "required", "breakdown.scope"},
		{"a breakdown by nothing", trendBody + `,"breakdown":{"scope":"user","property":""}`, "required", "breakdown.property"},
		{"a breakdown by a NUL", trendBody + `,"breakdown":{"scope":"user","property":"\u0000"}`, "nul_character", "breakdown.property"},
		{"a breakdown by a number", trendBody + `,"breakdown":{"scope":"user","property":1}`, "wrong_type", "breakdown.property"},
		{"1,001 groups", trendBody + `,"breakdown":{"scope":"user","property":"plan","limit":1001}`, "invalid_value", "breakdown.limit"},
		{"a limit as text", trendBody + `,"breakdown":{"scope":"user","property":"plan","limit":"10"}`, "wrong_type", "breakdown.limit"},
		{"a comparison as boolean", trendBody + `,"compare":true`, "wrong_type", "compare"},
		{"a comparison of a retention", retentionBody + `,"interval":"day","periods":3,"compare":"previous_period"`, "unknown_field", "compare"},
		{"a breakdown of a retention", retentionBody + `,"interval":"day","periods":3,"breakdown":{"scope":"user","property":"plan"}`, "unknown_field", "breakdown"},
		{"steps of a trend", trendBody + `,"steps":[]`, "unknown_field", "steps"},
		{"no cohort event", `"kind":"retention","range":{"last":"7d"},"return_event":"b","interval":"day","periods":3`, "required", "cohort_event"},
		{"no return event", `"kind":"retention","range":{"last":"7d"},"cohort_event":"a","interval":"day","periods":3`, "required", "return_event"},
		{"an empty return event", `"kind":"retention","range":{"last":"7d"},"cohort_event":"a","return_event":"","interval":"day","periods":3`, "required", "return_event"},
		{"a cohort event as list", `"kind":"retention","range":{"last":"7d"},"cohort_event":["a"],"return_event":"b","interval":"day","periods":3`, "wrong_type", "cohort_event"},
		{"a retention without interval", retentionBody + `,"periods":3`, "required", "interval"},
		{"a retention by the quarter", retentionBody + `,"interval":"quarter","periods":3`, "unknown_value", "interval"},
		{"no periods", retentionBody + `,"interval":"day"`, "required", "periods"},
		{"0 periods", retentionBody + `,"interval":"day","periods":0`, "invalid_value", "periods"},
		{"half a period", retentionBody + `,"interval":"day","periods":1.5`, "invalid_value", "periods"},
		{"a window of a retention", retentionBody + `,"interval":"day","periods":3,"window":"1d"`, "unknown_field", "window"},
		{"days of millennia", `"kind":"retention","range":{"from":"0001-01-01","to":"9999-12-31"},"cohort_event":"a","return_event":"b","interval":"day","periods":3`, "too_many_buckets", "interval"},
		{"a stickiness by the hour", `"kind":"stickiness","range":{"last":"7d"},"interval":"hour","series":[{"event":"a"}]`, "unknown_value", "interval"},
		{"a stickiness without interval", `"kind":"stickiness","range":{"last":"7d"},"series":[{"event":"a"}]`, "required", "interval"},
		{"a stickiness without series", `"kind":"stickiness","range":{"last":"7d"},"interval":"day"`, "required", "series"},
		{"a stickiness of nothing", `"kind":"stickiness","range":{"last":"7d"},"interval":"day","series":[]`, "required", "series"},
		{"a series as text", `"kind":"stickiness","range":{"last":"7d"},"interval":"day","series":["a"]`, "wrong_type", "series[0]"},
		{"a series without event", `"kind":"stickiness","range":{"last":"7d"},"interval":"day","series":[{}]`, "required", "series[0].event"},
		{"an aggregation of a stickiness", `"kind":"stickiness","range":{"last":"7d"},"interval":"day","series":[{"event":"a","aggregation":{"type":"total"}}]`, "unknown_field", "series[0].aggregation"},
		{"a filter of a stickiness", `"kind":"stickiness","range":{"last":"7d"},"interval":"day","series":[{"event":"a","filters":{"match":1}}]`, "wrong_type", "series[0].filters.match"},
		{"a breakdown of a stickiness", `"kind":"stickiness","range":{"last":"7d"},"interval":"day","series":[{"event":"a"}],"breakdown":{"scope":"user","property":"p"}`, "unknown_field", "breakdown"},
		{"a lifecycle by the year", `"kind":"lifecycle","range":{"last":"7d"},"interval":"year","event":"a"`, "unknown_value", "interval"},
		{"a lifecycle without interval", `"kind":"lifecycle","range":{"last":"7d"},"event":"a"`, "required", "interval"},
		{"a lifecycle without event", `"kind":"lifecycle","range":{"last":"7d"},"interval":"day"`, "required", "event"},
		{"a lifecycle of a number", `"kind":"lifecycle","range":{"last":"7d"},"interval":"day","event":1`, "wrong_type", "event"},
		{"series of a lifecycle", `"kind":"lifecycle","range":{"last":"7d"},"interval":"day","event":"a","series":[]`, "unknown_field", "series"},
		{"formulas as object", trendBody + `,"formulas":{}`, "wrong_type", "formulas"},
		{"a formula as text", trendBody + `,"formulas":["A"]`, "wrong_type", "formulas[0]"},
		{"a formula without expression", trendBody + `,"formulas":[{"name":"x"}]`, "required", "formulas[0].expression"},
		{"a formula that is empty", trendBody + `,"formulas":[{"expression":""}]`, "required", "formulas[0].expression"},
		{"a formula of a number", trendBody + `,"formulas":[{"expression":1}]`, "wrong_type", "formulas[0].expression"},
		{"a formula with an empty name", trendBody + `,"formulas":[{"name":"","expression":"A"}]`, "required", "formulas[0].name"},
		{"a formula with a unit", trendBody + `,"formulas":[{"expression":"A","unit":"%"}]`, "unknown_field", "formulas[0].unit"},
		{"a formula of a series that is not there", trendBody + `,"formulas":[{"expression":"A"},{"expression":"B"}]`, "invalid_value", "formulas[1].expression"},
		{"11 formulas", trendBody + `,"formulas":[` + strings.TrimSuffix(strings.Repeat(`{"expression":"A"},`, 11), ",") + `]`, "too_many", "formulas"},
		{"formulas of a funnel", funnelBody + `,"window":"1d","formulas":[]`, "unknown_field", "formulas"},
		{"paths from nothing", `"kind":"paths","range":{"last":"7d"},"direction":"after","steps":1,"window":"1d"`, "required", "event"},
		{"paths of no direction", `"kind":"paths","range":{"last":"7d"},"event":"a","steps":1,"window":"1d"`, "required", "direction"},
		{"paths upwards", `"kind":"paths","range":{"last":"7d"},"event":"a","direction":"up","steps":1,"window":"1d"`, "unknown_value", "direction"},
		{"paths without steps", `"kind":"paths","range":{"last":"7d"},"event":"a","direction":"after","window":"1d"`, "required", "steps"},
		{"paths of 0 steps", `"kind":"paths","range":{"last":"7d"},"event":"a","direction":"after","steps":0,"window":"1d"`, "invalid_value", "steps"},
		{"paths of 6 steps", `"kind":"paths","range":{"last":"7d"},"event":"a","direction":"after","steps":6,"window":"1d"`, "invalid_value", "steps"},
		{"paths of a list of steps", `"kind":"paths","range":{"last":"7d"},"event":"a","direction":"after","steps":[],"window":"1d"`, "wrong_type", "steps"},
		{"paths of 51 events", `"kind":"paths","range":{"last":"7d"},"event":"a","direction":"after","steps":1,"limit":51,"window":"1d"`, "invalid_value", "limit"},
		{"paths without window", `"kind":"paths","range":{"last":"7d"},"event":"a","direction":"after","steps":1`, "required", "window"},
		{"paths of a window of weeks", `"kind":"paths","range":{"last":"7d"},"event":"a","direction":"after","steps":1,"window":"1w"`, "invalid_value", "window"},
		{"a breakdown of paths", `"kind":"paths","range":{"last":"7d"},"event":"a","direction":"after","steps":1,"window":"1d","breakdown":{}`, "unknown_field", "breakdown"},
		{"values over all steps", `"kind":"funnel","range":{"last":"7d"},"window":"1d","steps":[` + manyValues + `,` + manyValues + `]`, "too_many", "steps[1].filters.conditions[0].value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := insight.Parse([]byte("{" + c.body + "}"))
			var e *insight.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *insight.Error", err)
			}
			if e.Code != c.code || e.Field != c.field {
				t.Errorf("got code %q, field %q (%s), want %q, %q", e.Code, e.Field, e.Message, c.code, c.field)
			}
			if len(e.Message) < 20 || len(e.Message) > 600 {
				t.Errorf("the message is no help: %q", e.Message)
			}
		})
	}
}

// manyValues is a step that compares with more than half as many values as a
// query may.
var manyValues = `{"event":"a","filters":{"conditions":[{"scope":"event","property":"p","operator":"in","value":[` +
	strings.TrimSuffix(strings.Repeat("1,", insight.MaxValues/2+1), ",") + `]}]}}`
