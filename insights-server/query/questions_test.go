package query_test

import (
	"fmt"
	"strings"
)

// breakdownQuestions are trends with groups, and beside the period before, over
// the sample data.
var breakdownQuestions = []question{
	// By a property of the event: strings, booleans, numbers, what is not there.
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* total"}, breakdown: "event area"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* unique_users", "commit total"}, breakdown: "event area 3"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* unique_users"}, breakdown: "event area 1"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* total", "merge total"}, breakdown: "event merge"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, breakdown: "event files 25"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* total"}, breakdown: "event matched_files 5"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* total"}, breakdown: "event nothing"},
	{within: "2014-01-01..2026-12-31", interval: "quarter", zone: "Asia/Kolkata", series: []string{"* total"}, breakdown: "event utc_offset"},
	{within: "2016-01-01..2016-12-31", interval: "month", zone: "Australia/Lord_Howe", series: []string{"commit total"}, breakdown: "event subject_length 7"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total"}, breakdown: "event subject_length 1000"},
	// Every aggregation.
	{within: "2016-01-01..2017-12-31", interval: "quarter", series: []string{"commit total", "commit unique_users", "commit average_per_user", "commit median_per_user", "commit min_per_user", "commit max_per_user"}, breakdown: "event area 4"},
	{within: "2016-01-01..2017-12-31", interval: "quarter", series: []string{"commit sum files", "commit average files", "commit median files", "commit min files", "commit max files", "commit p90 files", "commit p95 files", "commit p99 files"}, breakdown: "event area 4"},
	{within: "2016-01-01..2017-12-31", interval: "quarter", series: []string{"commit sum nothing", "commit average area"}, breakdown: "event area 2"},
	{within: "2016-01-01..2017-12-31", interval: "quarter", series: []string{"commit sum files", "commit p95 files"}, breakdown: "event files 3"},
	// By an attribute of the user.
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"commit total", "commit unique_users"}, breakdown: "user email_domain"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* average_per_user", "commit p90 files"}, breakdown: "user first_area 5"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* unique_users"}, breakdown: "user commits 6"},
	{within: "2014-01-01..2026-12-31", interval: "year", series: []string{"* unique_users"}, breakdown: "user nothing"},
	{within: "2015-01-01..2015-12-31", interval: "month", zone: "Europe/Berlin", series: []string{"commit total"}, breakdown: "user last_utc_offset 4", conditions: []string{`user email_domain equals "gmail.com"`, `event files greater_than 1`}},
	// Filters beside it, and series with and without events.
	{within: "2015-01-01..2015-12-31", interval: "month", series: []string{"commit total", "deploy total", "merge unique_users"}, breakdown: "event area 3", conditions: []string{`event area not_equals "builtin"`}},
	{within: "2015-01-01..2015-12-31", interval: "month", series: []string{"commit total"}, breakdown: "event area 3", conditions: []string{`event area is_not_set`}},
	{within: "2001-01-01..2001-12-31", interval: "month", series: []string{"commit total", "* average files"}, breakdown: "event area"},
	{within: "2017-03-25..2017-03-27", interval: "hour", zone: "Europe/Berlin", series: []string{"* total", "* unique_users"}, breakdown: "event area 2"},
	{within: "30d", interval: "day", zone: "Asia/Kathmandu", series: []string{"* total"}, breakdown: "event area 2"},

	// Beside the period before.
	{within: "2016-03-01..2016-03-31", interval: "day", series: []string{"commit total", "commit average files", "commit unique_users"}, compare: true},
	{within: "2016-03-01..2016-03-31", interval: "month", series: []string{"commit total", "commit average files"}, compare: true},
	{within: "2016-01-01..2016-12-31", interval: "month", series: []string{"commit total", "commit p90 files", "commit average_per_user"}, compare: true},
	{within: "2016-04-01..2016-06-30", interval: "month", zone: "Europe/Berlin", series: []string{"commit total"}, compare: true},
	{within: "2016-02-10..2016-03-15", interval: "week", zone: "America/New_York", series: []string{"commit total", "commit sum files"}, compare: true},
	{within: "2017-03-26..2017-03-26", interval: "hour", zone: "Europe/Berlin", series: []string{"* total", "* average files"}, compare: true},
	{within: "2017-03-27..2017-03-27", interval: "hour", zone: "Europe/Berlin", series: []string{"* total", "* average files"}, compare: true},
	{within: "2017-10-29..2017-10-29", interval: "hour", zone: "Europe/Berlin", series: []string{"* total"}, compare: true},
	{within: "2017-10-30..2017-10-30", interval: "hour", zone: "Europe/Berlin", series: []string{"* total"}, compare: true},
	{within: "2016-10-02..2016-10-03", interval: "hour", zone: "Australia/Lord_Howe", series: []string{"* total"}, compare: true},
	{within: "2016-01-01..2016-03-31", interval: "quarter", zone: "Asia/Kolkata", series: []string{"* unique_users"}, compare: true},
	{within: "2014-01-01..2014-12-31", interval: "year", series: []string{"* total"}, compare: true},
	{within: "2001-01-01..2001-12-31", interval: "year", series: []string{"* total"}, compare: true},
	{within: "30d", interval: "day", zone: "Europe/Berlin", series: []string{"commit total"}, compare: true},
	{within: "72h", interval: "hour", zone: "Europe/Berlin", series: []string{"* total"}, compare: true},
	{within: "4w", interval: "week", zone: "Asia/Kolkata", series: []string{"commit total"}, compare: true},
	{within: "3mo", interval: "month", zone: "America/New_York", series: []string{"commit total", "commit unique_users"}, compare: true},
	// Both.
	{within: "2016-03-01..2016-03-31", interval: "week", series: []string{"* total", "* unique_users", "commit p95 files"}, breakdown: "event area 3", compare: true},
	{within: "2016-03-01..2016-03-31", interval: "day", zone: "Asia/Kathmandu", series: []string{"commit total"}, breakdown: "user email_domain 2", compare: true},
	{within: "2014-01-01..2014-06-30", interval: "month", series: []string{"commit unique_users", "merge total"}, breakdown: "event utc_offset 3", compare: true},
}

// funnelQuestions go to the sample data, in which the events of one commit
// share their instant.
var funnelQuestions = []question{
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "test_changed"}, window: "7d"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "merge", "docs_changed"}, window: "30d"},
	{within: "2014-01-01..2026-12-31", steps: []string{"docs_changed", "code_changed", "test_changed", "dependency_changed"}, window: "1d"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "commit"}, window: "1d"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "commit", "commit", "commit"}, window: "12h"},
	{within: "2016-01-01..2016-12-31", steps: []string{"*", "*"}, window: "1m"},
	{within: "2016-01-01..2016-12-31", steps: []string{"*", "*", "*", "*", "*", "*", "*", "*", "*", "*"}, window: "30m"},
	{within: "2016-01-01..2016-12-31", steps: []string{"*", "commit", "code_changed"}, window: "1m"},
	{within: "2016-01-01..2016-12-31", steps: []string{"code_changed", "commit", "*", "test_changed"}, window: "1h"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit;event area equals \"builtin\"", "commit;event area equals \"terraform\"", "commit;event files greater_than 5"}, window: "14d"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit;event files less_than 3", "commit;event files greater_than 1"}, window: "7d"},
	{within: "2016-01-01..2016-12-31", zone: "Asia/Kolkata", steps: []string{"commit", "code_changed;user commits greater_than 20"}, window: "2d", conditions: []string{`event area is_set`, `user email_domain not_equals "gmail.com"`}},
	{within: "2016-03-27..2016-03-27", zone: "Europe/Berlin", steps: []string{"commit", "code_changed"}, window: "7d"},
	{within: "2016-10-02..2016-10-02", zone: "Australia/Lord_Howe", steps: []string{"commit", "code_changed"}, window: "7d"},
	{within: "72h", zone: "Asia/Kathmandu", steps: []string{"commit", "*"}, window: "7d"},
	{within: "12mo", zone: "America/New_York", steps: []string{"commit", "merge"}, window: "90d"},
	{within: "2001-01-01..2001-12-31", steps: []string{"commit", "merge"}, window: "90d"},
	{within: "2016-01-01..2016-12-31", steps: []string{"deploy", "commit"}, window: "90d"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "deploy", "commit"}, window: "90d"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "merge"}, window: "36500d"},
	// Groups.
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "test_changed"}, window: "7d", breakdown: "user email_domain 3"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "docs_changed"}, window: "7d", breakdown: "user commits 5"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "test_changed"}, window: "7d", breakdown: "user nothing"},
	{within: "2016-01-01..2016-12-31", steps: []string{"commit", "test_changed"}, window: "7d", breakdown: "event area 4"},
	{within: "2014-01-01..2026-12-31", steps: []string{"*", "*", "docs_changed"}, window: "1d", breakdown: "event matched_files 4"},
	{within: "2016-01-01..2016-12-31", steps: []string{"*;event files greater_than 2", "*"}, window: "1d", breakdown: "event subject_length"},
	{within: "2001-01-01..2001-12-31", steps: []string{"*", "*"}, window: "1d", breakdown: "event area"},
}

var retentionQuestions = []question{
	{within: "2016-01-01..2016-03-31", interval: "week", cohort: "commit", back: "commit", periods: 8},
	{within: "2016-01-06..2016-03-30", interval: "week", zone: "Asia/Kolkata", cohort: "commit", back: "code_changed", periods: 12},
	{within: "2014-01-01..2026-12-31", interval: "month", cohort: "commit", back: "*", periods: 60},
	{within: "2014-01-15..2016-06-15", interval: "month", zone: "America/New_York", cohort: "*", back: "docs_changed", periods: 6},
	{within: "2016-03-20..2016-04-05", interval: "day", zone: "Europe/Berlin", cohort: "commit", back: "commit", periods: 30},
	{within: "2016-10-20..2016-11-05", interval: "day", zone: "Europe/Berlin", cohort: "commit", back: "merge", periods: 14},
	{within: "2016-03-28..2016-04-10", interval: "day", zone: "Australia/Lord_Howe", cohort: "commit", back: "commit", periods: 7},
	{within: "2016-01-01..2016-01-31", interval: "day", zone: "Asia/Kathmandu", cohort: "docs_changed", back: "commit", periods: 1},
	{within: "2024-09-15..2024-11-30", interval: "week", zone: "Europe/Berlin", cohort: "commit", back: "commit", periods: 10},
	{within: "2024-10-20..2024-11-30", interval: "day", cohort: "*", back: "*", periods: 20},
	{within: "8w", interval: "week", zone: "Pacific/Chatham", cohort: "commit", back: "*", periods: 8},
	{within: "6mo", interval: "month", zone: "Asia/Kolkata", cohort: "merge", back: "commit", periods: 12},
	{within: "36h", interval: "day", zone: "Europe/Berlin", cohort: "*", back: "*", periods: 3},
	{within: "2016-01-01..2016-12-31", interval: "month", cohort: "commit", back: "commit", periods: 6, conditions: []string{`event area equals "builtin"`, `user email_domain equals "gmail.com"`}},
	{within: "2016-01-01..2016-12-31", interval: "month", cohort: "deploy", back: "commit", periods: 6},
	{within: "2016-01-01..2016-12-31", interval: "month", cohort: "commit", back: "deploy", periods: 6},
	{within: "2001-01-01..2001-12-31", interval: "month", cohort: "commit", back: "commit", periods: 6},
}

// mixedGroupQuestions go to the made-up data: values of every type, users
// without a row, clocks that change.
func mixedGroupQuestions() []question {
	const everything = "2011-12-01..2025-02-01"
	var qs []question
	for _, key := range append(mixedKeys, "n", "price", "absent") {
		key = strings.ReplaceAll(key, " ", "\t")
		for _, scope := range []string{"event", "user"} {
			qs = append(qs, question{within: everything, interval: "year", series: []string{"view total", "* unique_users"}, breakdown: scope + " " + key + " 100"})
		}
		qs = append(qs, question{within: everything, interval: "year", series: []string{"view unique_users", "* sum n", "* median_per_user"}, breakdown: "event " + key + " 4"})
	}
	for _, limit := range []int{1, 2, 5, 20, 1000} {
		for _, scope := range []string{"event", "user"} {
			qs = append(qs,
				question{within: everything, interval: "year", series: []string{"* total", "* average_per_user", "view p90 n"}, breakdown: fmt.Sprint(scope, " amount ", limit)},
				question{within: everything, steps: []string{"view", "*", "purchase"}, window: "9d", breakdown: fmt.Sprint(scope, " amount ", limit)},
				question{within: everything, steps: []string{"*", "view", "view"}, window: "2h", breakdown: fmt.Sprint(scope, " camelKey ", limit)})
		}
	}
	for _, q := range []question{
		{within: "2011-12-31..2011-12-31", interval: "day", zone: "Pacific/Apia"},
		{within: "2011-12-31..2012-01-02", interval: "day", zone: "Pacific/Apia"},
		{within: "2017-10-15..2017-10-16", interval: "hour", zone: "America/Sao_Paulo"},
		{within: "2018-02-18..2018-02-18", interval: "hour", zone: "America/Sao_Paulo"},
		{within: "2024-03-31..2024-03-31", interval: "hour", zone: "Europe/Berlin"},
		{within: "2024-10-27..2024-10-27", interval: "hour", zone: "Europe/Berlin"},
		{within: "2024-10-28..2024-10-28", interval: "hour", zone: "Europe/Berlin"},
		{within: "2024-04-07..2024-04-07", interval: "hour", zone: "Australia/Lord_Howe"},
		{within: "2024-03-01..2024-03-31", interval: "month", zone: "Asia/Kathmandu"},
		{within: "25h", interval: "hour", zone: "Europe/Berlin"},
		{within: "40h", interval: "day", zone: "Australia/Lord_Howe"},
		{within: "2w", interval: "day", zone: "Europe/Berlin"},
		{within: "1mo", interval: "week", zone: "Europe/Berlin"},
	} {
		q.series, q.compare = []string{"* total", "* average price", "view unique_users"}, true
		qs = append(qs, q)
		q.breakdown = "event amount 3"
		qs = append(qs, q)
	}
	for _, zone := range []string{"UTC", "Pacific/Apia", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Cairo", "Antarctica/Troll", "Asia/Kathmandu"} {
		for _, within := range []string{"2011-12-20..2012-01-05", "2017-10-10..2017-10-20", "2024-03-25..2024-04-10", "2024-10-20..2024-10-30"} {
			for _, interval := range []string{"day", "week", "month"} {
				qs = append(qs, question{within: within, interval: interval, zone: zone, cohort: "view", back: "*", periods: 9})
			}
			qs = append(qs, question{within: within, zone: zone, steps: []string{"view", "View", "purchase"}, window: "3d"},
				question{within: within, zone: zone, steps: []string{"*;event n greater_than 500", "*", "view"}, window: "10h"})
		}
	}
	return qs
}
