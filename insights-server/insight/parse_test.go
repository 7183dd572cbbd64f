package insight_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// body makes a valid query, with a part of it replaced.
func body(parts map[string]string) string {
	all := map[string]string{
		"range":    `{"from":"2024-01-01","to":"2024-01-31"}`,
		"interval": `"day"`,
		"series":   `[{"event":"commit","aggregation":{"type":"total"}}]`,
	}
	for k, v := range parts {
		all[k] = v
	}
	var members []string
	for k, v := range all {
		if v != "" {
			members = append(members, fmt.Sprintf("%q:%s", k, v))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func condition(c string) string {
	return body(map[string]string{"filters": `{"match":"all","conditions":[` + c + `]}`})
}

func TestParseReadsAWholeQuery(t *testing.T) {
	q, err := insight.Parse([]byte(`{
		"kind": "trend",
		"range": {"from": "2024-02-28", "to": "2024-03-01"},
		"timezone": "Asia/Kolkata",
		"interval": "week",
		"filters": {"match": "any", "conditions": [
			{"scope": "user", "property": "plan", "operator": "in", "value": ["pro", 3, true]},
			{"scope": "event", "property": "a.b\"c", "operator": "is_set"}
		]},
		"series": [
			{"event": "*", "aggregation": {"type": "p95", "property": "files"}},
			{"event": "commit", "aggregation": {"type": "total", "property": null}, "filters": {}}
		]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	if q.Kind != insight.KindTrend || q.Zone.String() != "Asia/Kolkata" || q.Interval != insight.Week {
		t.Errorf("got kind %q, zone %q, interval %q", q.Kind, q.Zone, q.Interval)
	}
	if got := q.Range.String(); got != "2024-02-28 to 2024-03-01" {
		t.Errorf("range is %s", got)
	}
	if q.Filter.Match != insight.MatchAny || len(q.Filter.Conditions) != 2 {
		t.Fatalf("filter is %+v", q.Filter)
	}
	want := []insight.Scalar{{Type: insight.StringScalar, String: "pro"}, {Type: insight.NumberScalar, Number: 3}, {Type: insight.BoolScalar, Bool: true}}
	for i, v := range q.Filter.Conditions[0].Values {
		if v != want[i] {
			t.Errorf("value %d is %+v, want %+v", i, v, want[i])
		}
	}
	if c := q.Filter.Conditions[1]; c.Property != `a.b"c` || c.Operator != insight.IsSet || len(c.Values) != 0 {
		t.Errorf("second condition is %+v", c)
	}
	if a := q.Series[0].Aggregation; a.Type != insight.P95 || a.Property != "files" {
		t.Errorf("aggregation is %+v", a)
	}
	if f := q.Series[1].Filter; f.Match != insight.MatchAll || len(f.Conditions) != 0 {
		t.Errorf("an empty filter became %+v", f)
	}
}

func TestParseDefaults(t *testing.T) {
	q, err := insight.Parse([]byte(body(map[string]string{"kind": "null", "timezone": "null", "filters": "null", "breakdown": "null", "compare": "null"})))
	if err != nil {
		t.Fatal(err)
	}
	if q.Kind != insight.KindTrend || q.Zone != time.UTC || q.Filter.Match != insight.MatchAll {
		t.Errorf("got %+v", q)
	}
}

func TestParseNumbersAreDoubles(t *testing.T) {
	for text, want := range map[string]float64{"1e-400": 0, "-0": 0, "12345678901234567890": 12345678901234567890, "1.7976931348623157e308": math.MaxFloat64} {
		q, err := insight.Parse([]byte(condition(`{"scope":"event","property":"p","operator":"equals","value":` + text + `}`)))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := q.Filter.Conditions[0].Values[0].Number; got != want {
			t.Errorf("%s became %v", text, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	seriesOf := func(s string) string { return body(map[string]string{"series": s}) }
	cond := func(operator, value string) string {
		return condition(fmt.Sprintf(`{"scope":"event","property":"p","operator":%q,"value":%s}`, operator, value))
	}
	const condPath = "filters.conditions[0]"
	many := strings.TrimSuffix(strings.Repeat(`{"event":"a","aggregation":{"type":"total"}},`, 11), ",")
	for _, c := range []struct{ name, body, code, field string }{
		{"nothing", ``, "invalid_json", ""},
		{"half an object", `{"range":`, "invalid_json", ""},
		{"two objects", body(nil) + `{}`, "invalid_json", ""},
		{"trailing comma", `{"kind":"trend",}`, "invalid_json", ""},
		{"NaN", `{"kind":NaN}`, "invalid_json", ""},
		{"an array", `[]`, "wrong_type", ""},
		{"null", `null`, "wrong_type", ""},
		{"broken UTF-8", "{\"kind\":\"\xff\"}", "invalid_utf8", ""},
		{"half a surrogate pair", `{"kind":"\ud83d"}`, "invalid_utf8", ""},
		{"the other half", `{"kind":"\ude00"}`, "invalid_utf8", ""},
		{"too deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), "invalid_json", ""},
		{"very deep", strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), "invalid_json", ""},

		{"unknown field", body(map[string]string{"grain": `"day"`}), "unknown_field", "grain"},
		{"other case", body(map[string]string{"Interval": `"day"`}), "unknown_field", "Interval"},
		{"twice", `{"kind":"trend","kind":"trend"}`, "duplicate_field", "kind"},
		{"twice deep inside", condition(`{"scope":"event","scope":"event"}`), "duplicate_field", condPath + ".scope"},
		{"unknown kind", body(map[string]string{"kind": `"pie"`}), "unknown_value", "kind"},
		{"kind of another type", body(map[string]string{"kind": `1`}), "wrong_type", "kind"},
		{"funnel without steps", body(map[string]string{"kind": `"funnel"`}), "required", "steps"},
		{"retention without an event", body(map[string]string{"kind": `"retention"`}), "required", "cohort_event"},

		{"no range", body(map[string]string{"range": ""}), "required", "range"},
		{"empty range", body(map[string]string{"range": "{}"}), "required", "range"},
		{"range of another type", body(map[string]string{"range": `"30d"`}), "wrong_type", "range"},
		{"no from", body(map[string]string{"range": `{"to":"2024-01-01"}`}), "required", "range.from"},
		{"no to", body(map[string]string{"range": `{"from":"2024-01-01"}`}), "required", "range.to"},
		{"both forms", body(map[string]string{"range": `{"from":"2024-01-01","to":"2024-01-02","last":"1d"}`}), "invalid_range", "range"},
		{"reversed", body(map[string]string{"range": `{"from":"2024-01-02","to":"2024-01-01"}`}), "range_reversed", "range"},
		{"no such day", body(map[string]string{"range": `{"from":"2023-02-29","to":"2024-01-01"}`}), "invalid_range", "range.from"},
		{"year 0", body(map[string]string{"range": `{"from":"0000-01-01","to":"2024-01-01"}`}), "invalid_range", "range.from"},
		{"an instant", body(map[string]string{"range": `{"from":"2023-02-01T00:00:00Z","to":"2024-01-01"}`}), "invalid_range", "range.from"},
		{"short day", body(map[string]string{"range": `{"from":"2023-2-1","to":"2024-01-01"}`}), "invalid_range", "range.from"},
		{"NUL in day", body(map[string]string{"range": `{"from":"\u0000","to":"2024-01-01"}`}), "nul_character", "range.from"},
		{"unknown in range", body(map[string]string{"range": `{"from":"2024-01-01","to":"2024-01-02","tz":"UTC"}`}), "unknown_field", "range.tz"},
		{"last without unit", body(map[string]string{"range": `{"last":"30"}`}), "invalid_range", "range.last"},
		{"last with unknown unit", body(map[string]string{"range": `{"last":"3y"}`}), "invalid_range", "range.last"},
		{"last nothing", body(map[string]string{"range": `{"last":"0d"}`}), "invalid_range", "range.last"},
		{"last negative", body(map[string]string{"range": `{"last":"-1d"}`}), "invalid_range", "range.last"},
		{"last number", body(map[string]string{"range": `{"last":30}`}), "wrong_type", "range.last"},
		{"last too long", body(map[string]string{"range": `{"last":"100000h"}`}), "too_many_buckets", "range.last"},
		{"last longer than numbers", body(map[string]string{"range": `{"last":"99999999999999999999d"}`}), "invalid_range", "range.last"},
		{"100,000 hours", body(map[string]string{"interval": `"hour"`, "range": `{"from":"2010-01-01","to":"2021-05-29"}`}), "too_many_buckets", "interval"},
		{"all of time", body(map[string]string{"interval": `"hour"`, "range": `{"from":"0001-01-01","to":"9999-12-31"}`}), "too_many_buckets", "interval"},

		{"no zone", body(map[string]string{"timezone": `""`}), "unknown_timezone", "timezone"},
		{"the server's zone", body(map[string]string{"timezone": `"Local"`}), "unknown_timezone", "timezone"},
		{"the server's zone file", body(map[string]string{"timezone": `"localtime"`}), "unknown_timezone", "timezone"},
		{"leap seconds", body(map[string]string{"timezone": `"right/Europe/Berlin"`}), "unknown_timezone", "timezone"},
		{"unknown zone", body(map[string]string{"timezone": `"Mars/Olympus"`}), "unknown_timezone", "timezone"},
		{"an offset", body(map[string]string{"timezone": `"+02:00"`}), "unknown_timezone", "timezone"},
		{"a path", body(map[string]string{"timezone": `"../../etc/passwd"`}), "unknown_timezone", "timezone"},
		{"zone of another type", body(map[string]string{"timezone": `2`}), "wrong_type", "timezone"},

		{"no interval", body(map[string]string{"interval": ""}), "required", "interval"},
		{"unknown interval", body(map[string]string{"interval": `"minute"`}), "unknown_value", "interval"},
		{"no series", body(map[string]string{"series": ""}), "required", "series"},
		{"empty series", seriesOf(`[]`), "required", "series"},
		{"series as object", seriesOf(`{}`), "wrong_type", "series"},
		{"11 series", seriesOf("[" + many + "]"), "too_many", "series"},
		{"a series as string", seriesOf(`["commit"]`), "wrong_type", "series[0]"},
		{"null series", seriesOf(`[null]`), "wrong_type", "series[0]"},
		{"no event", seriesOf(`[{"aggregation":{"type":"total"}}]`), "required", "series[0].event"},
		{"empty event", seriesOf(`[{"event":"","aggregation":{"type":"total"}}]`), "required", "series[0].event"},
		{"NUL in event", seriesOf(`[{"event":"a\u0000b","aggregation":{"type":"total"}}]`), "nul_character", "series[0].event"},
		{"no aggregation", seriesOf(`[{"event":"a"}]`), "required", "series[0].aggregation"},
		{"aggregation as string", seriesOf(`[{"event":"a","aggregation":"total"}]`), "wrong_type", "series[0].aggregation"},
		{"no type", seriesOf(`[{"event":"a","aggregation":{}}]`), "required", "series[0].aggregation.type"},
		{"unknown type", seriesOf(`[{"event":"a","aggregation":{"type":"p50"}}]`), "unknown_value", "series[0].aggregation.type"},
		{"sum of nothing", seriesOf(`[{"event":"a","aggregation":{"type":"sum"}}]`), "required", "series[0].aggregation.property"},
		{"sum of empty", seriesOf(`[{"event":"a","aggregation":{"type":"sum","property":""}}]`), "required", "series[0].aggregation.property"},
		{"total of a property", seriesOf(`[{"event":"a","aggregation":{"type":"total","property":"p"}}]`), "not_allowed", "series[0].aggregation.property"},
		{"property number", seriesOf(`[{"event":"a","aggregation":{"type":"sum","property":1}}]`), "wrong_type", "series[0].aggregation.property"},
		{"second series wrong", seriesOf(`[{"event":"a","aggregation":{"type":"total"}},{"event":"a","aggregation":{"type":"total"},"color":"red"}]`), "unknown_field", "series[1].color"},
		{"breakdown without a property", body(map[string]string{"breakdown": `{"scope":"event"}`}), "required", "breakdown.property"},
		{"breakdown of no group", body(map[string]string{"breakdown": `{"scope":"event","property":"p","limit":0}`}), "invalid_value", "breakdown.limit"},
		{"half a group", body(map[string]string{"breakdown": `{"scope":"event","property":"p","limit":1.5}`}), "invalid_value", "breakdown.limit"},
		{"breakdown of another scope", body(map[string]string{"breakdown": `{"scope":"group","property":"p"}`}), "unknown_value", "breakdown.scope"},
		{"unknown comparison", body(map[string]string{"compare": `"last_year"`}), "unknown_value", "compare"},
		{"one step", `{"kind":"funnel","range":{"last":"7d"},"steps":[{"event":"a"}],"window":"7d"}`, "too_few", "steps"},
		{"no window", `{"kind":"funnel","range":{"last":"7d"},"steps":[{"event":"a"},{"event":"b"}]}`, "required", "window"},
		{"window of weeks", `{"kind":"funnel","range":{"last":"7d"},"steps":[{"event":"a"},{"event":"b"}],"window":"1w"}`, "invalid_value", "window"},
		{"filter of a step", `{"kind":"funnel","range":{"last":"7d"},"steps":[{"event":"a"},{"event":"b","filters":{"match":"none"}}],"window":"1d"}`, "unknown_value", "steps[1].filters.match"},
		{"comparison of a funnel", `{"kind":"funnel","range":{"last":"7d"},"steps":[{"event":"a"},{"event":"b"}],"window":"1d","compare":"previous_period"}`, "unknown_field", "compare"},
		{"retention by the hour", `{"kind":"retention","range":{"last":"7d"},"cohort_event":"a","return_event":"b","interval":"hour","periods":3}`, "unknown_value", "interval"},
		{"61 periods", `{"kind":"retention","range":{"last":"7d"},"cohort_event":"a","return_event":"b","interval":"day","periods":61}`, "invalid_value", "periods"},
		{"periods as text", `{"kind":"retention","range":{"last":"7d"},"cohort_event":"a","return_event":"b","interval":"day","periods":"3"}`, "wrong_type", "periods"},

		{"filters as array", body(map[string]string{"filters": `[]`}), "wrong_type", "filters"},
		{"unknown match", body(map[string]string{"filters": `{"match":"none","conditions":[]}`}), "unknown_value", "filters.match"},
		{"conditions as object", body(map[string]string{"filters": `{"match":"all","conditions":{}}`}), "wrong_type", "filters.conditions"},
		{"unknown in filters", body(map[string]string{"filters": `{"match":"all","where":[]}`}), "unknown_field", "filters.where"},
		{"no scope", condition(`{"property":"p","operator":"is_set"}`), "required", condPath + ".scope"},
		{"unknown scope", condition(`{"scope":"group","property":"p","operator":"is_set"}`), "unknown_value", condPath + ".scope"},
		{"no property", condition(`{"scope":"event","operator":"is_set"}`), "required", condPath + ".property"},
		{"empty property", condition(`{"scope":"event","property":"","operator":"is_set"}`), "required", condPath + ".property"},
		{"no operator", condition(`{"scope":"event","property":"p","value":1}`), "required", condPath + ".operator"},
		{"unknown operator", condition(`{"scope":"event","property":"p","operator":"like","value":"x"}`), "unknown_operator", condPath + ".operator"},
		{"unknown in condition", condition(`{"scope":"event","property":"p","operator":"is_set","negate":true}`), "unknown_field", condPath + ".negate"},
		{"third condition of a series", seriesOf(`[{"event":"a","aggregation":{"type":"total"},"filters":{"match":"all","conditions":[{"scope":"event","property":"p","operator":"is_set"},{"scope":"event","property":"p","operator":"is_set"},{"scope":"event","property":"p","operator":"="}]}}]`),
			"unknown_operator", "series[0].filters.conditions[2].operator"},

		{"no value", condition(`{"scope":"event","property":"p","operator":"equals"}`), "required", condPath + ".value"},
		{"null", cond("equals", `null`), "invalid_value", condPath + ".value"},
		{"equals object", cond("equals", `{}`), "invalid_value", condPath + ".value"},
		{"not_equals array", cond("not_equals", `[1]`), "invalid_value", condPath + ".value"},
		{"in scalar", cond("in", `"a"`), "invalid_value", condPath + ".value"},
		{"in null", cond("in", `null`), "invalid_value", condPath + ".value"},
		{"not_in with null", cond("not_in", `["a",null]`), "invalid_value", condPath + ".value[1]"},
		{"in with array", cond("in", `[["a"]]`), "invalid_value", condPath + ".value[0]"},
		{"contains number", cond("contains", `1`), "invalid_value", condPath + ".value"},
		{"not_contains null", cond("not_contains", `null`), "invalid_value", condPath + ".value"},
		{"greater than string", cond("greater_than", `"10"`), "invalid_value", condPath + ".value"},
		{"greater or equal boolean", cond("greater_or_equal", `true`), "invalid_value", condPath + ".value"},
		{"less than null", cond("less_than", `null`), "invalid_value", condPath + ".value"},
		{"less or equal array", cond("less_or_equal", `[1]`), "invalid_value", condPath + ".value"},
		{"is_set with an object", cond("is_set", `{}`), "invalid_value", condPath + ".value"},
		{"beyond doubles", cond("equals", `1e309`), "invalid_value", condPath + ".value"},
		{"NUL in value", cond("equals", `"a\u0000"`), "nul_character", condPath + ".value"},
		{"NUL in list", cond("in", `["a","\u0000"]`), "nul_character", condPath + ".value[1]"},
		{"NUL in property", condition(`{"scope":"event","property":"a\u0000","operator":"is_set"}`), "nul_character", condPath + ".property"},
		{"too many values", cond("in", "["+strings.TrimSuffix(strings.Repeat("1,", insight.MaxValues+1), ",")+"]"), "too_many", condPath + ".value"},
		{"too many conditions", condition(strings.TrimSuffix(strings.Repeat(`{"scope":"event","property":"p","operator":"is_set"},`, 101), ",")), "too_many", "filters.conditions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := insight.Parse([]byte(c.body))
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

func TestParseAcceptsEdges(t *testing.T) {
	for name, b := range map[string]string{
		"surrogate pair":      condition(`{"scope":"event","property":"\ud83d\ude00","operator":"equals","value":"\\ud800"}`),
		"empty in":            condition(`{"scope":"event","property":"p","operator":"in","value":[]}`),
		"empty string":        condition(`{"scope":"event","property":"p","operator":"contains","value":""}`),
		"50,000 days":         body(map[string]string{"range": `{"from":"1900-01-01","to":"2036-11-22"}`}),
		"one day":             body(map[string]string{"range": `{"from":"2024-02-29","to":"2024-02-29"}`}),
		"no match":            body(map[string]string{"filters": `{"conditions":[]}`}),
		"all of time by year": body(map[string]string{"interval": `"year"`, "range": `{"from":"0001-01-01","to":"9999-12-31"}`}),
		"long property":       condition(`{"scope":"event","property":"` + strings.Repeat("x", 5000) + `","operator":"is_set"}`),
	} {
		if _, err := insight.Parse([]byte(b)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := insight.Parse([]byte(body(map[string]string{"range": `{"from":"1900-01-01","to":"2036-11-23"}`}))); err == nil {
		t.Error("50,001 days were accepted")
	}
}

// FuzzParse looks for panics, and for queries that pass Parse and then have no
// time line.
func FuzzParse(f *testing.F) {
	f.Add([]byte(body(nil)))
	f.Add([]byte(condition(`{"scope":"user","property":"p","operator":"in","value":["\ud83d\ude00",1e5,true]}`)))
	f.Add([]byte(body(map[string]string{"range": `{"last":"7d"}`, "timezone": `"Australia/Lord_Howe"`, "interval": `"hour"`})))
	now := time.Date(2026, 4, 5, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := insight.Parse(b)
		var e *insight.Error
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *insight.Error", err)
			}
			return
		}
		if !json.Valid(b) {
			t.Fatal("accepted what is not JSON")
		}
		axis, err := q.Axis(now)
		if err != nil {
			return
		}
		for i := 1; i < len(axis.Starts); i++ {
			if !axis.Starts[i-1].Before(axis.Starts[i]) {
				t.Fatalf("bucket %d does not start after the one before", i)
			}
		}
	})
}
