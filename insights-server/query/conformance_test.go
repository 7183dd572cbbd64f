package query_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/reference"
)

// question writes a query as a client does. Series are written as
// "event aggregation [property]" and conditions as
// "scope property operator [value]", with tabs for spaces within a name.
type question struct {
	within, interval, zone string
	series                 []string
	match                  string
	conditions             []string
	seriesConditions       []string
	// breakdown is written as "scope property [limit]".
	breakdown string
	compare   bool
	formulas  []string
	// steps make a funnel: an event, and conditions after it, each after a
	// semicolon.
	steps  []string
	window string
	// cohort makes a retention, with back for the return event.
	cohort, back string
	periods      int
	// kind is that of the kinds that are written otherwise. Series of a
	// stickiness are events alone.
	kind string
	// event is a lifecycle's, or that of paths.
	event string
	// direction, pathSteps and limit make paths, with window.
	direction        string
	pathSteps, limit int
}

func (q question) json() string {
	var series []map[string]any
	for _, s := range q.series {
		words := split(s)
		aggregation := map[string]string{}
		for i, word := range words[1:] {
			aggregation[[]string{"type", "property"}[i]] = word
		}
		one := map[string]any{"event": words[0], "aggregation": aggregation}
		if len(q.seriesConditions) > 0 {
			one["filters"] = filters("all", q.seriesConditions)
		}
		series = append(series, one)
	}
	whole := map[string]any{"interval": q.interval, "series": series}
	switch {
	case len(q.steps) > 0:
		whole = map[string]any{"kind": "funnel", "steps": q.stepList(), "window": q.window}
	case q.cohort != "":
		whole = map[string]any{"kind": "retention", "interval": q.interval, "cohort_event": q.cohort, "return_event": q.back, "periods": q.periods}
	case q.kind == "stickiness":
		for _, s := range series {
			delete(s, "aggregation")
		}
		whole["kind"] = q.kind
	case q.kind == "lifecycle":
		whole = map[string]any{"kind": q.kind, "interval": q.interval, "event": q.event}
	case q.kind == "paths":
		whole = map[string]any{"kind": q.kind, "event": q.event, "direction": q.direction, "steps": q.pathSteps, "window": q.window}
		if q.limit > 0 {
			whole["limit"] = q.limit
		}
	case q.compare:
		whole["compare"] = "previous_period"
	}
	if len(q.formulas) > 0 {
		var list []map[string]string
		for _, f := range q.formulas {
			list = append(list, map[string]string{"name": "ratio", "expression": f})
		}
		whole["formulas"] = list
	}
	if words := split(q.breakdown); len(words) > 0 {
		breakdown := map[string]any{"scope": words[0], "property": words[1]}
		if len(words) > 2 {
			breakdown["limit"] = json.RawMessage(words[2])
		}
		whole["breakdown"] = breakdown
	}
	if q.zone != "" {
		whole["timezone"] = q.zone
	}
	if from, to, ok := strings.Cut(q.within, ".."); ok {
		whole["range"] = map[string]string{"from": from, "to": to}
	} else {
		whole["range"] = map[string]string{"last": q.within}
	}
	if len(q.conditions) > 0 {
		whole["filters"] = filters(q.match, q.conditions)
	}
	return string(encode(whole))
}

func (q question) stepList() []map[string]any {
	var list []map[string]any
	for _, s := range q.steps {
		parts := strings.Split(s, ";")
		step := map[string]any{"event": parts[0]}
		if len(parts) > 1 {
			step["filters"] = filters("all", parts[1:])
		}
		list = append(list, step)
	}
	return list
}

// split cuts at spaces; a tab is a space within a word.
func split(s string) []string {
	words := strings.Fields(strings.ReplaceAll(s, "\t", "\x01"))
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "\x01", " ")
	}
	return words
}

func filters(match string, conditions []string) map[string]any {
	if match == "" {
		match = "all"
	}
	list := []map[string]any{}
	for _, c := range conditions {
		words := strings.SplitN(c, " ", 4)
		one := map[string]any{"scope": words[0], "property": strings.ReplaceAll(words[1], "\t", " "), "operator": words[2]}
		if len(words) > 3 {
			one["value"] = json.RawMessage(words[3])
		}
		if words[0] == "cohort" { // which has no property
			delete(one, "property")
		}
		list = append(list, one)
	}
	return map[string]any{"match": match, "conditions": list}
}

// sampleQuestions go to the project's sample data.
var sampleQuestions = []question{
	// Every aggregation.
	{within: "2014-01-01..2026-12-31", interval: "month", series: []string{"* total", "* unique_users", "* average_per_user", "* median_per_user", "* min_per_user", "* max_per_user"}},
	{within: "2015-06-01..2016-05-31", interval: "week", series: []string{"commit sum files", "commit average files", "commit median files", "commit min files", "commit max files", "commit p90 files", "commit p95 files", "commit p99 files"}},
	{within: "2014-01-01..2026-12-31", interval: "quarter", series: []string{"code_changed sum matched_files", "code_changed average matched_files", "code_changed p90 matched_files", "commit sum matched_files", "commit average matched_files"}},
	// Every interval, in zones near and far.
	{within: "2017-03-01..2017-03-07", interval: "hour", series: []string{"commit total", "commit unique_users"}},
	{within: "2017-01-01..2017-12-31", interval: "day", series: []string{"commit total", "merge total"}},
	{within: "2017-01-01..2017-12-31", interval: "week", series: []string{"commit unique_users"}},
	{within: "2014-01-01..2026-12-31", interval: "year", zone: "Asia/Kolkata", series: []string{"* total", "* unique_users"}},
	{within: "2014-01-01..2026-12-31", interval: "quarter", zone: "America/New_York", series: []string{"docs_changed total", "docs_changed p99 files"}},
	{within: "2014-01-01..2026-12-31", interval: "month", zone: "Asia/Kathmandu", series: []string{"commit total", "commit median subject_length"}},
	{within: "2018-01-01..2018-12-31", interval: "week", zone: "Pacific/Chatham", series: []string{"test_changed total", "test_changed average_per_user"}},
	{within: "2018-01-01..2018-12-31", interval: "day", zone: "Australia/Lord_Howe", series: []string{"commit total"}},
	{within: "2019-03-25..2019-04-07", interval: "hour", zone: "Europe/Berlin", series: []string{"* total", "* unique_users"}},
	{within: "2019-10-21..2019-11-03", interval: "hour", zone: "Europe/Berlin", series: []string{"* total", "* unique_users"}},
	{within: "2016-10-10..2016-10-20", interval: "hour", zone: "America/Sao_Paulo", series: []string{"* total"}},
	{within: "2016-04-01..2016-04-05", interval: "hour", zone: "Australia/Lord_Howe", series: []string{"* total"}},
	{within: "2016-10-01..2016-10-03", interval: "hour", zone: "Australia/Adelaide", series: []string{"* total"}},
	{within: "2015-01-01..2015-12-31", interval: "day", zone: "America/St_Johns", series: []string{"commit total"}},
	{within: "2015-01-01..2015-12-31", interval: "day", zone: "Asia/Tehran", series: []string{"commit total"}},
	{within: "2015-01-01..2015-12-31", interval: "day", zone: "Pacific/Kiritimati", series: []string{"commit total"}},
	{within: "2015-01-01..2015-12-31", interval: "day", zone: "Pacific/Niue", series: []string{"commit total"}},
	// Ranges that cut buckets, hold one day, or nothing at all.
	{within: "2017-02-15..2017-02-15", interval: "year", series: []string{"commit total", "commit sum files"}},
	{within: "2017-02-15..2017-05-17", interval: "quarter", series: []string{"commit total", "commit average_per_user"}},
	{within: "2017-02-15..2017-03-01", interval: "week", zone: "Europe/Berlin", series: []string{"commit total"}},
	{within: "2001-01-01..2001-01-31", interval: "week", series: []string{"commit total", "commit sum files", "commit average files", "commit unique_users", "commit p95 files", "commit min_per_user"}},
	// Ranges relative to now.
	{within: "30d", interval: "day", zone: "Europe/Berlin", series: []string{"commit total"}},
	{within: "72h", interval: "hour", zone: "Europe/Berlin", series: []string{"* total"}},
	{within: "8w", interval: "week", zone: "Asia/Kolkata", series: []string{"commit total"}},
	{within: "12mo", interval: "month", zone: "America/New_York", series: []string{"commit total", "commit unique_users"}},
	// Every operator.
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event area equals "terraform"`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event area not_equals "terraform"`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event area in ["terraform","config",1,true]`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event area not_in ["terraform","config"]`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event area contains "ERR"`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event area not_contains "ERR"`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event files greater_than 10`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event files greater_or_equal 10`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event files less_than 2`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total"}, conditions: []string{`event files less_or_equal 2.5`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"* total"}, conditions: []string{`event area is_set`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"* total"}, conditions: []string{`event area is_not_set`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"* total"}, conditions: []string{`event merge equals true`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"* total"}, conditions: []string{`event merge equals "true"`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"* total"}, conditions: []string{`event merge not_equals 1`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"* total"}, conditions: []string{`event files equals "10"`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"* total"}, conditions: []string{`event files in [1,2,3]`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"* total"}, conditions: []string{`event utc_offset equals "+05:30"`}},
	// Filters joined: of the query and of the series, any and all, of users.
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total", "merge unique_users"}, match: "any", conditions: []string{`event area equals "config"`, `event files greater_than 50`, `event area is_not_set`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total", "code_changed total"}, conditions: []string{`event area is_set`}, seriesConditions: []string{`event files greater_than 5`, `event subject_length less_than 40`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total", "commit unique_users"}, conditions: []string{`user email_domain equals "gmail.com"`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, conditions: []string{`user email_domain not_equals "gmail.com"`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, conditions: []string{`user commits greater_than 100`, `user email_domain contains "COM"`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* average_per_user"}, match: "any", conditions: []string{`user commits less_or_equal 3`, `event merge equals true`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, conditions: []string{`user nothing is_not_set`, `user first_area in ["terraform","."]`}},
	// What is not there.
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"deploy total", "deploy sum files", "deploy average files"}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit sum nothing", "commit average nothing", "commit median nothing", "commit max nothing"}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, conditions: []string{`event nothing equals 1`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, conditions: []string{`event nothing not_equals 1`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, conditions: []string{`event nothing is_set`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, conditions: []string{`event area in []`}},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, conditions: []string{`event area not_in []`}},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit sum area", "commit p90 merge", "commit average utc_offset"}},
	// Ten series, and names that want quoting.
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total", "merge total", "code_changed total", "test_changed total", "docs_changed total", "build_changed total", "dependency_changed total", "* total", "'; total", `" total`}},
}

// mixedQuestions go to the made-up data.
func mixedQuestions() []question {
	const everything = "2011-12-01..2025-02-01"
	qs := []question{
		{within: "2011-12-28..2012-01-02", interval: "day", zone: "Pacific/Apia", series: []string{"* total", "* unique_users", "* sum n"}},
		{within: "2011-12-28..2012-01-02", interval: "hour", zone: "Pacific/Apia", series: []string{"* total"}},
		{within: "2011-12-30..2011-12-30", interval: "day", zone: "Pacific/Apia", series: []string{"* total", "* average price"}},
		{within: "2017-10-12..2017-10-18", interval: "day", zone: "America/Sao_Paulo", series: []string{"* total"}},
		{within: "2017-10-14..2017-10-15", interval: "hour", zone: "America/Sao_Paulo", series: []string{"* total"}},
		{within: "2018-02-17..2018-02-18", interval: "hour", zone: "America/Sao_Paulo", series: []string{"* total"}},
		{within: "2018-02-16..2018-02-19", interval: "day", zone: "America/Sao_Paulo", series: []string{"* total"}},
		{within: "2024-03-30..2024-04-01", interval: "hour", zone: "Europe/Berlin", series: []string{"* total", "* p90 price"}},
		{within: "2024-10-26..2024-10-28", interval: "hour", zone: "Europe/Berlin", series: []string{"* total", "* unique_users"}},
		{within: "2024-04-06..2024-04-08", interval: "hour", zone: "Australia/Lord_Howe", series: []string{"* total"}},
		{within: "2024-10-05..2024-10-07", interval: "hour", zone: "Australia/Lord_Howe", series: []string{"* total"}},
		{within: "2024-03-09..2024-03-11", interval: "hour", zone: "America/New_York", series: []string{"* total"}},
		{within: "2024-11-02..2024-11-04", interval: "hour", zone: "America/New_York", series: []string{"* total"}},
		{within: "2024-04-06..2024-04-08", interval: "hour", zone: "Pacific/Chatham", series: []string{"* total", "* unique_users"}},
		{within: "2024-03-31..2024-03-31", interval: "hour", zone: "Antarctica/Troll", series: []string{"* total"}},
		{within: "2024-10-27..2024-10-27", interval: "hour", zone: "Antarctica/Troll", series: []string{"* total", "* unique_users"}},
		{within: "2024-04-20..2024-05-01", interval: "day", zone: "Africa/Cairo", series: []string{"* total"}},
		{within: "2024-10-31..2024-10-31", interval: "hour", zone: "Africa/Cairo", series: []string{"* total"}},
		{within: "2024-12-25..2025-01-10", interval: "year", zone: "Asia/Kolkata", series: []string{"* total"}},
		{within: "2024-02-01..2024-03-31", interval: "month", zone: "Asia/Kathmandu", series: []string{"* total", "* median n"}},
		{within: "25h", interval: "hour", zone: "Europe/Berlin", series: []string{"* total"}},
		{within: "13h", interval: "day", zone: "Europe/Berlin", series: []string{"* total"}},
		{within: "2w", interval: "day", zone: "Australia/Lord_Howe", series: []string{"* total"}},
		{within: "7mo", interval: "quarter", zone: "Europe/Berlin", series: []string{"* total"}},
	}
	// Every operator with a value of each type, on a property of all types.
	for _, c := range []string{
		`equals "10"`, `equals 10`, `equals true`, `equals ""`, `equals 0`, `not_equals "10"`, `not_equals 10`, `not_equals false`,
		`in ["10",10,true]`, `in [false,""]`, `not_in ["10",10,true]`, `not_in []`, `contains ""`, `contains "1"`, `not_contains "1"`, `not_contains ""`,
		`contains "ÄPFEL"`, `contains "İ"`, `contains "Σ"`, `contains "ς"`, `contains "SS"`, `contains "%"`, `contains "_"`, `contains "\\"`, `contains "é"`,
		`greater_than 9.5`, `greater_or_equal 10`, `less_than 1e-299`, `less_or_equal -3`, `equals 9007199254740992`, `equals 12345678901234567890`, `equals 5e-324`,
		`is_set`, `is_not_set`,
	} {
		for _, scope := range []string{"event", "user"} {
			qs = append(qs, question{within: everything, interval: "year", series: []string{"* total", "* unique_users"}, conditions: []string{scope + " amount " + c}})
		}
	}
	for _, key := range append(mixedKeys, "n", "absent", "AMOUNT") {
		key = strings.ReplaceAll(key, " ", "\t")
		qs = append(qs, question{
			within: everything, interval: "year",
			series:     []string{"view sum " + key, "view average " + key, "view median " + key, "view min " + key, "view max " + key, "view p95 " + key},
			match:      "any",
			conditions: []string{"event " + key + " is_set", "user " + key + " equals 10", "event n less_than 100"},
		})
	}
	return qs
}

func wideQuestions() []question {
	var qs []question
	for _, key := range []string{"k000", "k001", "k002", "k254", "k259", "k260", "k280", "k299", "k999", "n"} {
		for _, c := range []string{"is_set", "is_not_set", `equals "10"`, "equals 10", "not_equals true", `contains "Ä"`, "greater_than 0", `in [0.5,"axb",false]`} {
			qs = append(qs, question{within: "2024-05-01..2024-07-31", interval: "month", series: []string{"wide total", "wide sum " + key, "wide p90 " + key}, conditions: []string{"event " + key + " " + c}})
		}
	}
	return qs
}

func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		dataset   *dataset
		questions []question
	}{
		"sample": {sample(t), slices.Concat(sampleQuestions, breakdownQuestions, funnelQuestions, retentionQuestions, stickinessQuestions, lifecycleQuestions, formulaQuestions, pathQuestions)},
		"mixed":  {mixed(1), slices.Concat(mixedQuestions(), mixedGroupQuestions(), mixedLifecycleQuestions())},
		"wide":   {wide(), wideQuestions()},
	} {
		t.Run(name, func(t *testing.T) {
			services := loaded(t, c.dataset)
			if name == "sample" {
				checkSampleTotal(t, services)
			}
			answers := reference.New(c.dataset.data, now)
			for i, q := range c.questions {
				if testing.Short() && i%8 != 0 {
					continue
				}
				t.Run(fmt.Sprint(i), func(t *testing.T) { ask(t, answers, services, q.json()) })
			}
		})
	}
}

// checkSampleTotal holds the number that the sample's description promises.
func checkSampleTotal(t *testing.T, services map[string]*query.Service) {
	t.Helper()
	q := parse(t, question{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}})
	for name, s := range services {
		answer, err := s.Run(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range answer.Series[0].Values {
			sum += v
		}
		if got := answer.Series[0].Count; got != 28775 || sum != 28775 || len(answer.Buckets) != 13 {
			t.Errorf("%s counts %d commits, or %v, in %d years", name, got, sum, len(answer.Buckets))
		}
	}
}

// ask puts a question to the reference and to each engine, and wants the same
// answer of all.
func ask(t *testing.T, answers *reference.Reference, services map[string]*query.Service, body string) {
	t.Helper()
	q, err := insight.Parse([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	want := expected(answers, q)
	for _, name := range slices.Sorted(maps.Keys(services)) {
		got, err := services[name].Run(t.Context(), q)
		if err != nil {
			t.Errorf("%s on %s: %v", body, name, err)
			continue
		}
		if diff := want(got); diff != "" {
			t.Errorf("%s on %s: %s", body, name, diff)
		}
	}
}

// expected asks the reference, and gives a function that says how an answer
// differs from its own.
func expected(answers *reference.Reference, q insight.Query) func(insight.Answer) string {
	q = withCohorts(q)
	switch q.Kind {
	case insight.KindFunnel:
		want := answers.Funnel(q)
		return func(got insight.Answer) string { return funnelDifference(got, want) }
	case insight.KindRetention:
		want := answers.Retention(q)
		return func(got insight.Answer) string { return retentionDifference(got, want) }
	case insight.KindStickiness:
		want := answers.Stickiness(q)
		return func(got insight.Answer) string { return stickinessDifference(got, q, want) }
	case insight.KindLifecycle:
		want := answers.Lifecycle(q)
		return func(got insight.Answer) string { return lifecycleDifference(got, want) }
	case insight.KindPaths:
		want := answers.Paths(q)
		return func(got insight.Answer) string { return pathsDifference(got, want) }
	default:
		want := answers.Trend(q)
		return func(got insight.Answer) string { return difference(got, want) }
	}
}

func difference(got insight.Answer, want reference.Answer) string {
	if len(got.Buckets) != len(want.Buckets) {
		return fmt.Sprintf("%d buckets, want %d", len(got.Buckets), len(want.Buckets))
	}
	for i, b := range got.Buckets {
		if !b.Equal(want.Buckets[i]) {
			return fmt.Sprintf("bucket %d starts at %s, want %s", i, b, want.Buckets[i])
		}
	}
	if len(got.Series) != len(want.Series) {
		return fmt.Sprintf("%d series, want %d:\n%s", len(got.Series), len(want.Series), encode(got.Series))
	}
	for i, s := range got.Series {
		w := want.Series[i]
		if show(s.Group) != show(w.Group) {
			return fmt.Sprintf("series %d is of the group %s, want %s", i, show(s.Group), show(w.Group))
		}
		if diff := seriesDifference(got.Buckets, s.Count, s.Values, w); diff != "" {
			return fmt.Sprintf("series %d, group %s: %s", i, show(s.Group), diff)
		}
		if (s.Previous == nil) != (w.Previous == nil) {
			return fmt.Sprintf("series %d has the previous %v, want %v", i, s.Previous, w.Previous)
		}
		if s.Previous == nil {
			continue
		}
		if diff := seriesDifference(got.Buckets, s.Previous.Count, s.Previous.Values, *w.Previous); diff != "" {
			return fmt.Sprintf("previous of series %d, group %s: %s", i, show(s.Group), diff)
		}
	}
	return formulasDifference(got, want)
}

func show(group *string) string {
	if group == nil {
		return "null"
	}
	return fmt.Sprintf("%q", *group)
}

func seriesDifference(buckets []time.Time, count int64, values insight.Values, want reference.Series) string {
	if count != want.Count {
		return fmt.Sprintf("counts %d events, want %d", count, want.Count)
	}
	if len(values) != len(want.Values) {
		return fmt.Sprintf("%d values, want %d", len(values), len(want.Values))
	}
	for j, v := range values {
		if !close(v, want.Values[j]) {
			return fmt.Sprintf("is %v in the bucket of %s, want %+v", v, buckets[j], want.Values[j])
		}
	}
	return ""
}

func funnelDifference(got insight.Answer, want reference.Funnel) string {
	if diff := stepsDifference(got.Steps, want.Steps); diff != "" {
		return diff
	}
	if len(got.Groups) != len(want.Groups) {
		return fmt.Sprintf("%d groups, want %d", len(got.Groups), len(want.Groups))
	}
	for i, g := range got.Groups {
		if show(g.Group) != show(want.Groups[i].Group) {
			return fmt.Sprintf("group %d is %s, want %s", i, show(g.Group), show(want.Groups[i].Group))
		}
		if diff := stepsDifference(g.Steps, want.Groups[i].Steps); diff != "" {
			return fmt.Sprintf("group %s: %s", show(g.Group), diff)
		}
	}
	return ""
}

func stepsDifference(got []insight.StepAnswer, want []reference.Step) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d steps, want %d", len(got), len(want))
	}
	for k, s := range got {
		w := want[k]
		if s.Users != int64(w.Users) {
			return fmt.Sprintf("step %d has %d users, want %d", k+1, s.Users, w.Users)
		}
		for what, pair := range map[string][2]float64{
			"conversion": {s.Conversion, w.Conversion}, "step conversion": {s.StepConversion, orNaN(w.StepConversion)}, "median": {s.MedianSeconds, orNaN(w.MedianSeconds)},
		} {
			if !close(pair[0], reference.Value{Number: pair[1], Null: math.IsNaN(pair[1])}) {
				return fmt.Sprintf("step %d has the %s %v, want %v", k+1, what, pair[0], pair[1])
			}
		}
	}
	return ""
}

func orNaN(f *float64) float64 {
	if f == nil {
		return math.NaN()
	}
	return *f
}

func retentionDifference(got insight.Answer, want []reference.Cohort) string {
	if len(got.Cohorts) != len(want) {
		return fmt.Sprintf("%d cohorts, want %d", len(got.Cohorts), len(want))
	}
	for i, c := range got.Cohorts {
		w := want[i]
		if !c.Start.Equal(w.Start) || c.Size != int64(w.Size) {
			return fmt.Sprintf("cohort %d starts at %s with %d users, want %s with %d", i, c.Start, c.Size, w.Start, w.Size)
		}
		if got, want := fmt.Sprint(c.Values), fmt.Sprint(w.Values); got != want {
			return fmt.Sprintf("the cohort of %s has %s, want %s", c.Start, got, want)
		}
	}
	return ""
}

// close allows for the rounding of doubles, which depends on the order in which
// an engine adds.
func close(got float64, want reference.Value) bool {
	if want.Null || math.IsNaN(got) {
		return want.Null == math.IsNaN(got)
	}
	return math.Abs(got-want.Number) <= 1e-9*math.Max(math.Abs(got), math.Abs(want.Number))+1e-12*want.Scale+math.SmallestNonzeroFloat64
}
