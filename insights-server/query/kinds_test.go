package query_test

import (
	"fmt"
	"slices"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/reference"
)

// stickinessQuestions go to the sample data.
var stickinessQuestions = []question{
	{kind: "stickiness", within: "2016-01-01..2016-03-31", interval: "day", series: []string{"commit", "*", "docs_changed"}},
	{kind: "stickiness", within: "2016-01-06..2016-12-28", interval: "week", zone: "Asia/Kolkata", series: []string{"commit"}},
	{kind: "stickiness", within: "2014-01-01..2026-12-31", interval: "month", zone: "America/New_York", series: []string{"commit", "merge"}},
	{kind: "stickiness", within: "2016-10-01..2016-11-05", interval: "day", zone: "Australia/Lord_Howe", series: []string{"commit", "commit"}, seriesConditions: []string{"event files greater_than 2"}},
	{kind: "stickiness", within: "8w", interval: "week", zone: "Pacific/Chatham", series: []string{"*"}},
	{kind: "stickiness", within: "40h", interval: "day", zone: "Europe/Berlin", series: []string{"*"}},
	{kind: "stickiness", within: "2016-05-05..2016-05-05", interval: "month", series: []string{"commit"}},
	{kind: "stickiness", within: "2016-01-01..2016-12-31", interval: "week", series: []string{"code_changed"}, match: "any", conditions: []string{`event area equals "builtin"`, `user email_domain equals "gmail.com"`}},
	{kind: "stickiness", within: "2001-01-01..2001-12-31", interval: "month", series: []string{"commit"}},
	{kind: "stickiness", within: "2016-01-01..2016-12-31", interval: "month", series: []string{"deploy"}},
}

func stickinessDifference(got insight.Answer, q insight.Query, want [][]int) string {
	if len(got.Stickiness) != len(want) {
		return fmt.Sprintf("%d series, want %d", len(got.Stickiness), len(want))
	}
	for i, s := range got.Stickiness {
		if s.Event != q.Series[i].Event {
			return fmt.Sprintf("series %d is of %q, want %q", i, s.Event, q.Series[i].Event)
		}
		if got, want := fmt.Sprint(s.Users), fmt.Sprint(want[i]); got != want {
			return fmt.Sprintf("series %d has %s, want %s", i, got, want)
		}
	}
	return ""
}

// lifecycleQuestions go to the sample data.
var lifecycleQuestions = []question{
	{kind: "lifecycle", within: "2016-01-01..2016-06-30", interval: "week", event: "commit"},
	{kind: "lifecycle", within: "2014-01-01..2026-12-31", interval: "month", event: "*"},
	{kind: "lifecycle", within: "2016-01-15..2016-06-15", interval: "month", zone: "America/New_York", event: "docs_changed"},
	{kind: "lifecycle", within: "2016-03-20..2016-04-05", interval: "day", zone: "Europe/Berlin", event: "commit"},
	{kind: "lifecycle", within: "2016-01-06..2016-12-28", interval: "week", zone: "Asia/Kolkata", event: "merge", conditions: []string{`event files greater_than 2`, `user email_domain not_equals "gmail.com"`}},
	{kind: "lifecycle", within: "2024-09-15..2024-12-30", interval: "week", zone: "Europe/Berlin", event: "commit"},
	{kind: "lifecycle", within: "8w", interval: "week", zone: "Pacific/Chatham", event: "*"},
	{kind: "lifecycle", within: "40h", interval: "day", zone: "Europe/Berlin", event: "*"},
	{kind: "lifecycle", within: "2016-05-05..2016-05-05", interval: "month", event: "commit"},
	{kind: "lifecycle", within: "2001-01-01..2001-12-31", interval: "month", event: "commit"},
	{kind: "lifecycle", within: "2016-01-01..2016-12-31", interval: "month", event: "deploy"},
}

// mixedLifecycleQuestions go over the days that clocks leave out or repeat.
func mixedLifecycleQuestions() []question {
	var qs []question
	for _, zone := range []string{"UTC", "Pacific/Apia", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Cairo"} {
		for _, within := range []string{"2011-12-29..2012-01-05", "2011-12-31..2011-12-31", "2017-10-10..2017-10-20", "2024-03-25..2024-04-10", "2024-10-20..2024-11-03"} {
			for _, interval := range []string{"day", "week", "month"} {
				qs = append(qs, question{kind: "lifecycle", within: within, interval: interval, zone: zone, event: "view"})
			}
		}
	}
	return qs
}

func lifecycleDifference(got insight.Answer, want reference.Lifecycle) string {
	if len(got.Buckets) != len(want.Buckets) {
		return fmt.Sprintf("%d buckets, want %d", len(got.Buckets), len(want.Buckets))
	}
	for i, b := range got.Buckets {
		if !b.Equal(want.Buckets[i]) {
			return fmt.Sprintf("bucket %d starts at %s, want %s", i, b, want.Buckets[i])
		}
	}
	l := got.Lifecycle
	for _, pair := range []struct {
		name string
		got  []int64
		want []int
	}{{"new", l.New, want.New}, {"returning", l.Returning, want.Returning}, {"resurrecting", l.Resurrecting, want.Resurrecting}, {"dormant", l.Dormant, want.Dormant}} {
		if got, want := fmt.Sprint(pair.got), fmt.Sprint(pair.want); got != want {
			return fmt.Sprintf("%s are %s, want %s", pair.name, got, want)
		}
	}
	return ""
}

// formulaQuestions go to the sample data.
var formulaQuestions = []question{
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"merge total", "commit total"}, formulas: []string{"A / B * 100", "B - A", "-(A + B) / 2.5e-1", "A / (A - A)"}},
	{within: "2016-01-01..2016-03-31", interval: "day", series: []string{"commit average files", "commit unique_users", "merge total"}, formulas: []string{"A * B", "C / B", "A + 1", "C"}},
	{within: "2016-03-01..2016-03-31", interval: "month", series: []string{"commit total", "merge total"}, compare: true, formulas: []string{"B / A"}},
	{within: "2016-01-01..2016-12-31", interval: "quarter", series: []string{"commit total", "commit unique_users"}, breakdown: "user email_domain 3", formulas: []string{"A / B", "B"}},
	{within: "2016-01-01..2016-12-31", interval: "quarter", series: []string{"commit total", "code_changed total", "merge total"}, breakdown: "event area 4", compare: true, formulas: []string{"B / A", "A / C", "C - B", "A * 2"}},
	{within: "2001-01-01..2001-12-31", interval: "quarter", series: []string{"commit total"}, breakdown: "event area", formulas: []string{"A + 1"}},
}

func formulasDifference(got insight.Answer, want reference.Answer) string {
	if len(got.Formulas) != len(want.Formulas) {
		return fmt.Sprintf("%d formulas, want %d", len(got.Formulas), len(want.Formulas))
	}
	for i, f := range got.Formulas {
		w := want.Formulas[i]
		if show(f.Group) != show(w.Group) {
			return fmt.Sprintf("formula %d is of the group %s, want %s", i, show(f.Group), show(w.Group))
		}
		if diff := formulaDifference(f.Values, w.Values); diff != "" {
			return fmt.Sprintf("formula %d, %s, group %s: %s", i, f.Expression, show(f.Group), diff)
		}
		if (f.Previous == nil) != (w.Previous == nil) {
			return fmt.Sprintf("formula %d has the previous %v, want %v", i, f.Previous, w.Previous)
		}
		if f.Previous == nil {
			continue
		}
		if diff := formulaDifference(*f.Previous, w.Previous); diff != "" {
			return fmt.Sprintf("previous of formula %d, %s, group %s: %s", i, f.Expression, show(f.Group), diff)
		}
	}
	return ""
}

func formulaDifference(got insight.Values, want []reference.Value) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d values, want %d", len(got), len(want))
	}
	for i, v := range got {
		if !close(v, want[i]) {
			return fmt.Sprintf("is %v in bucket %d, want %+v", v, i, want[i])
		}
	}
	return ""
}

// pathQuestions go to the sample data, in which the events of one commit share
// their instant.
var pathQuestions = []question{
	{kind: "paths", within: "2016-01-01..2016-12-31", event: "merge", direction: "after", pathSteps: 3, limit: 2, window: "7d"},
	{kind: "paths", within: "2016-01-01..2016-12-31", event: "merge", direction: "before", pathSteps: 5, window: "30d"},
	{kind: "paths", within: "2014-01-01..2026-12-31", event: "*", direction: "after", pathSteps: 5, limit: 3, window: "1m"},
	{kind: "paths", within: "2016-03-01..2016-03-31", zone: "Asia/Kolkata", event: "docs_changed", direction: "before", pathSteps: 1, limit: 1, window: "12h"},
	{kind: "paths", within: "2016-01-01..2016-12-31", event: "commit", direction: "after", pathSteps: 4, limit: 50, window: "36500d", conditions: []string{`event files greater_than 2`, `user email_domain not_equals "gmail.com"`}},
	{kind: "paths", within: "72h", zone: "Europe/Berlin", event: "commit", direction: "before", pathSteps: 2, window: "1d"},
	{kind: "paths", within: "2016-01-01..2016-12-31", event: "deploy", direction: "after", pathSteps: 2, window: "1d"},
	{kind: "paths", within: "1960-01-01..1969-12-31", event: "*", direction: "after", pathSteps: 2, window: "1d"},
}

func pathsDifference(got insight.Answer, want reference.Paths) string {
	text := func(event *string) string {
		if event == nil {
			return "(rest)"
		}
		return *event
	}
	if got.PathUsers != int64(want.Users) || len(got.Paths) != len(want.Steps) {
		return fmt.Sprintf("%d users in %d steps, want %d in %d", got.PathUsers, len(got.Paths), want.Users, len(want.Steps))
	}
	for k, s := range got.Paths {
		w := want.Steps[k]
		var events, links []string
		for _, e := range s.Events {
			events = append(events, fmt.Sprint(text(e.Event), " ", e.Users))
		}
		for _, l := range s.Links {
			links = append(links, fmt.Sprint(text(l.From), " > ", text(l.To), " ", l.Users))
		}
		if !slices.Equal(events, w.Events) || s.Ended != int64(w.Ended) {
			return fmt.Sprintf("step %d has %q, and %d ended; want %q and %d", k+1, events, s.Ended, w.Events, w.Ended)
		}
		// Links that are used alike are in the order of their events, which one
		// text for both does not have.
		slices.Sort(links)
		slices.Sort(w.Links)
		if !slices.Equal(links, w.Links) {
			return fmt.Sprintf("step %d has the links %q, want %q", k+1, links, w.Links)
		}
		for i := 1; i < len(s.Links); i++ {
			if s.Links[i-1].Users < s.Links[i].Users {
				return fmt.Sprintf("step %d has link %d, which more users took, after others", k+1, i)
			}
		}
	}
	return ""
}
