package query_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/insights-server/query/reference"
)

var (
	randomSeed  = flag.Uint64("seed", 1, "seed of the random queries and of the data that they go to")
	randomCount = flag.Int("queries", 200, "number of random queries")
)

// TestRandomQueries asks questions that nobody thought of. A failure prints the
// query; -seed and -queries widen the search.
func TestRandomQueries(t *testing.T) {
	d := mixed(*randomSeed)
	services := loaded(t, d)
	answers := reference.New(d.data, now)
	r := rand.New(rand.NewPCG(*randomSeed, 2))
	for i := range *randomCount {
		q := randomQuestion(r)
		t.Run(fmt.Sprint(i), func(t *testing.T) { ask(t, answers, services, q.json()) })
	}
}

func randomQuestion(r *rand.Rand) question {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	key := func() string {
		return strings.ReplaceAll(pick(append(mixedKeys, "n", "price", "absent")...), " ", "\t")
	}
	number := func() string {
		return pick("0", "-3", "10", "0.1", "99.5", "1e100", "500", "-1e-300", "9007199254740993")
	}
	text := func() string {
		return string(encode(pick("", "10", "true", "a", "Ä", "é", "Σ", "ss", "i", `"`, "\\", "%", "_", "日", "\n", "null", "it's", "1")))
	}
	scalar := func() string {
		return []func() string{number, text, func() string { return pick("true", "false") }}[r.IntN(3)]()
	}
	condition := func() string {
		c := pick("event", "event", "user") + " " + key() + " "
		switch r.IntN(5) {
		case 0:
			return c + pick("is_set", "is_not_set")
		case 1:
			return c + pick("equals", "not_equals") + " " + scalar()
		case 2:
			values := make([]string, r.IntN(5))
			for i := range values {
				values[i] = scalar()
			}
			return c + pick("in", "not_in") + " [" + strings.Join(values, ",") + "]"
		case 3:
			return c + pick("contains", "not_contains") + " " + text()
		default:
			return c + pick("greater_than", "greater_or_equal", "less_than", "less_or_equal") + " " + number()
		}
	}
	conditions := func(most int) []string {
		list := make([]string, r.IntN(most+1))
		for i := range list {
			list[i] = condition()
		}
		return list
	}
	q := question{
		interval: pick("hour", "day", "week", "month", "quarter", "year"),
		zone: pick("UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo",
			"America/New_York", "Pacific/Apia", "Africa/Cairo", "Asia/Beirut", "Pacific/Chatham", "America/Los_Angeles", "Africa/Casablanca", "Antarctica/Troll"),
		match:            pick("all", "any"),
		conditions:       conditions(3),
		seriesConditions: conditions(2),
	}
	for range 1 + r.IntN(3) {
		series := pick("*", "view", "View", "purchase", "weird\t\"name\"\tit's", "absent") + " "
		if r.IntN(2) == 0 {
			series += pick("total", "unique_users", "average_per_user", "median_per_user", "min_per_user", "max_per_user")
		} else {
			series += pick("sum", "average", "median", "min", "max", "p90", "p95", "p99") + " " + key()
		}
		q.series = append(q.series, series)
	}
	switch {
	case r.IntN(6) == 0:
		q.within = pick("1h", "30h", "200h", "1d", "45d", "9w", "1mo", "14mo")
	case q.interval == "hour" || r.IntN(2) == 0:
		around := pick("2011-12-%02d..2012-01-%02d", "2017-10-%02d..2017-10-%02d", "2024-03-%02d..2024-04-%02d", "2024-10-%02d..2024-11-%02d")
		first := 10 + r.IntN(6)
		q.within = fmt.Sprintf(around, first, first+r.IntN(16))
	default:
		q.within = pick("2011-01-01..2025-12-31", "2017-02-03..2018-05-06", "2024-01-01..2024-12-31", "2023-12-31..2025-01-01")
	}
	return q
}
