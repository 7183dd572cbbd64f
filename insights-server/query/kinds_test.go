package query_test

import (
	"fmt"

	"github.com/dataloaf/dataloaf/insights-server/insight"
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
