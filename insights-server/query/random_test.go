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
	randomCount = flag.Int("queries", 600, "number of random queries")
)

// TestRandomQueries asks questions of every kind that nobody thought of. A
// failure prints the query; -seed and -queries widen the search.
func TestRandomQueries(t *testing.T) {
	d := mixed(*randomSeed)
	services := loaded(t, d)
	answers := reference.New(d.data, now)
	g := generator{rand.New(rand.NewPCG(*randomSeed, 2))}
	count := *randomCount
	if testing.Short() {
		count /= 10
	}
	for i := range count {
		q := g.question()
		t.Run(fmt.Sprint(i), func(t *testing.T) { ask(t, answers, services, q.json()) })
	}
}

// generator makes up questions to the data of mixed.
type generator struct{ *rand.Rand }

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

// question is of any kind; trends have the most to vary.
func (g generator) question() question {
	kinds := []func() question{g.trend, g.trend, g.trend, g.funnel, g.funnel, g.retention, g.stickiness, g.lifecycle, g.paths}
	return kinds[g.IntN(len(kinds))]()
}

func (g generator) key() string {
	return strings.ReplaceAll(g.pick(append(mixedKeys, "n", "price", "absent")...), " ", "\t")
}

// event is a name; half of the data is "view".
func (g generator) event() string {
	return g.pick("*", "view", "View", "purchase", `weird "name" it's`, "Äpfel/日本 %_", "absent")
}

func (g generator) number() string {
	return g.pick("0", "-3", "10", "0.1", "99.5", "1e100", "500", "-1e-300", "9007199254740993")
}

func (g generator) text() string {
	return string(encode(g.pick("", "10", "true", "a", "Ä", "é", "Σ", "ss", "i", `"`, "\\", "%", "_", "日", "\n", "null", "it's", "1")))
}

func (g generator) scalar() string {
	return []func() string{g.number, g.text, func() string { return g.pick("true", "false") }}[g.IntN(3)]()
}

func (g generator) condition() string {
	c := g.pick("event", "event", "user") + " " + g.key() + " "
	switch g.IntN(5) {
	case 0:
		return c + g.pick("is_set", "is_not_set")
	case 1:
		return c + g.pick("equals", "not_equals") + " " + g.scalar()
	case 2:
		values := make([]string, g.IntN(5))
		for i := range values {
			values[i] = g.scalar()
		}
		return c + g.pick("in", "not_in") + " [" + strings.Join(values, ",") + "]"
	case 3:
		return c + g.pick("contains", "not_contains") + " " + g.text()
	default:
		return c + g.pick("greater_than", "greater_or_equal", "less_than", "less_or_equal") + " " + g.number()
	}
}

func (g generator) conditions(most int) []string {
	list := make([]string, g.IntN(most+1))
	for i := range list {
		list[i] = g.condition()
	}
	return list
}

// breakdown is there every other time. Most limits leave a rest.
func (g generator) breakdown() string {
	if g.IntN(2) == 0 {
		return ""
	}
	return g.pick("event", "user") + " " + g.key() + g.pick("", " 1", " 2", " 3", " 7", " 1000")
}

// common is what every kind has. Filters are rare enough to leave events.
func (g generator) common(interval string) question {
	q := question{
		interval: interval,
		zone: g.pick("UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo",
			"America/New_York", "Pacific/Apia", "Africa/Cairo", "Asia/Beirut", "Pacific/Chatham", "America/Los_Angeles", "Africa/Casablanca", "Antarctica/Troll"),
		match:  g.pick("all", "any"),
		within: g.within(interval),
	}
	if g.IntN(2) == 0 {
		q.conditions = g.conditions(3)
	}
	return q
}

func (g generator) within(interval string) string {
	switch {
	case g.IntN(6) == 0:
		return g.pick("1h", "30h", "200h", "1d", "45d", "9w", "1mo", "14mo")
	case interval == "hour" || g.IntN(2) == 0:
		around := g.pick("2011-12-%02d..2012-01-%02d", "2017-10-%02d..2017-10-%02d", "2024-03-%02d..2024-04-%02d", "2024-10-%02d..2024-11-%02d")
		first := 10 + g.IntN(6)
		return fmt.Sprintf(around, first, first+g.IntN(16))
	default:
		return g.pick("2011-01-01..2025-12-31", "2017-02-03..2018-05-06", "2024-01-01..2024-12-31", "2023-12-31..2025-01-01")
	}
}

func (g generator) trend() question {
	q := g.common(g.pick("hour", "day", "week", "month", "quarter", "year"))
	q.seriesConditions = g.conditions(2)
	q.breakdown, q.compare = g.breakdown(), g.IntN(3) == 0
	for range 1 + g.IntN(3) {
		series := strings.ReplaceAll(g.event(), " ", "\t") + " "
		if g.IntN(2) == 0 {
			series += g.pick("total", "unique_users", "average_per_user", "median_per_user", "min_per_user", "max_per_user")
		} else {
			series += g.pick("sum", "average", "median", "min", "max", "p90", "p95", "p99") + " " + g.key()
		}
		q.series = append(q.series, series)
	}
	if g.IntN(3) == 0 {
		q.formulas = g.formulas(&q)
	}
	return q
}

// formulas go over values that no engine rounds: a difference of two sums that
// are nearly equal is whatever the last bits make of it.
func (g generator) formulas(q *question) []string {
	for i, s := range q.series {
		q.series[i] = strings.Fields(s)[0] + " " + g.pick("total", "unique_users", "min_per_user", "max_per_user")
	}
	var expression func(depth int) string
	expression = func(depth int) string {
		switch n := g.IntN(6); {
		case depth == 0 || n == 0:
			return string(rune('A' + g.IntN(len(q.series))))
		case n == 1:
			return g.pick("0", "2", "100", "0.5", "4e2")
		case n == 2:
			return "- (" + expression(depth-1) + ")"
		case n == 3:
			return "(" + expression(depth-1) + ")"
		default:
			return expression(depth-1) + g.pick(" + ", " - ", " * ", "/") + expression(depth-1)
		}
	}
	var list []string
	for range 1 + g.IntN(3) {
		list = append(list, "A + "+expression(3)) // one that names a series
	}
	return list
}

// funnel repeats steps often. Many events of the data share their instant.
func (g generator) funnel() question {
	q := g.common("day")
	q.window = g.pick("1m", "30m", "2h", "12h", "1d", "7d", "30d", "400d", "36500d")
	q.breakdown = g.breakdown()
	for range 2 + min(g.IntN(9), g.IntN(9)) {
		step := g.pick("*", "view", "view", "View", g.event())
		if n := len(q.steps); n > 0 && g.IntN(4) == 0 {
			step = q.steps[n-1]
		} else if g.IntN(3) == 0 {
			step = strings.Join(append([]string{step}, g.conditions(2)...), ";")
		}
		q.steps = append(q.steps, step)
	}
	return q
}

func (g generator) retention() question {
	q := g.common(g.pick("day", "week", "month"))
	q.cohort, q.back = g.event(), g.event()
	q.periods = 1 + min(g.IntN(60), g.IntN(20))
	return q
}

func (g generator) stickiness() question {
	q := g.common(g.pick("day", "week", "month"))
	q.kind, q.seriesConditions = "stickiness", g.conditions(2)
	for range 1 + g.IntN(3) {
		q.series = append(q.series, strings.ReplaceAll(g.event(), " ", "\t"))
	}
	return q
}

func (g generator) lifecycle() question {
	q := g.common(g.pick("day", "week", "month"))
	q.kind, q.event = "lifecycle", g.event()
	return q
}

func (g generator) paths() question {
	q := g.common("day")
	q.kind, q.event, q.direction = "paths", g.event(), g.pick("after", "before")
	q.pathSteps, q.limit = 1+g.IntN(5), g.IntN(5)
	q.window = g.pick("1m", "30m", "12h", "1d", "7d", "30d", "36500d")
	return q
}
