package query_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
	"github.com/dataloaf/dataloaf/insights-server/query/reference"
)

// savedCohorts are those that the tests' questions name; random ones are added.
var savedCohorts = struct {
	mu          sync.Mutex
	definitions map[string]string
	parsed      map[string]*insight.Cohort
}{definitions: map[string]string{
	"attribute":     `{"conditions":[{"type":"attribute","property":"amount","operator":"is_set"}]}`,
	"not attribute": `{"conditions":[{"type":"attribute","property":"n","operator":"not_in","value":[1,2,3,"x"]}]}`,
	"text":          `{"conditions":[{"type":"attribute","property":"camelKey","operator":"contains","value":"a"},{"type":"attribute","property":"n","operator":"less_than","value":500}],"match":"any"}`,
	"event":         `{"conditions":[{"type":"event","event":"purchase","range":{"from":"2024-01-01","to":"2024-12-31"}}]}`,
	"often":         `{"timezone":"Pacific/Apia","conditions":[{"type":"event","event":"*","at_least":40,"range":{"from":"2011-12-30","to":"2011-12-31"}}]}`,
	"never":         `{"conditions":[{"type":"event","event":"view","done":false,"range":{"last":"14mo"},"filters":{"conditions":[{"scope":"event","property":"n","operator":"greater_than","value":300},{"scope":"user","property":"n","operator":"is_set"}]}}]}`,
	"all":           `{"match":"all","timezone":"Asia/Kolkata","conditions":[{"type":"event","event":"view","range":{"from":"2024-03-01","to":"2024-04-30"},"at_least":5},{"type":"event","event":"View","done":false,"range":{"from":"2024-03-10","to":"2024-03-10"}},{"type":"attribute","property":"files","operator":"is_not_set"}]}`,
	"any":           `{"match":"any","conditions":[{"type":"event","event":"view","at_least":20,"range":{"from":"2024-03-01","to":"2024-04-30"}},{"type":"attribute","property":"amount","operator":"equals","value":10}]}`,
	"nobody":        `{"conditions":[{"type":"event","event":"*","range":{"from":"0001-01-01","to":"1960-12-31"}}]}`,
	"everybody":     `{"conditions":[{"type":"event","event":"*","done":false,"range":{"from":"0001-01-01","to":"1960-12-31"}}]}`,

	// Funnels: steps that repeat, that any event matches, and that differ in their
	// filters alone; windows of nothing and of years.
	"bought":         `{"conditions":[{"type":"funnel","steps":[{"event":"view"},{"event":"purchase"}],"window":"30d","outcome":"completed","range":{"from":"2011-01-01","to":"2025-12-31"}}]}`,
	"viewed only":    `{"conditions":[{"type":"funnel","steps":[{"event":"view"},{"event":"View"},{"event":"purchase"}],"window":"12h","outcome":"not_completed","range":{"from":"2024-01-01","to":"2024-12-31"}}]}`,
	"twice":          `{"timezone":"Pacific/Apia","conditions":[{"type":"funnel","steps":[{"event":"view"},{"event":"view"},{"event":"view"},{"event":"view"}],"window":"1m","outcome":"stopped_at","step":2,"range":{"from":"2011-01-01","to":"2025-12-31"}}]}`,
	"one of several": `{"match":"any","conditions":[{"type":"attribute","property":"n","operator":"less_than","value":20},{"type":"funnel","steps":[{"event":"*"},{"event":"view","filters":{"conditions":[{"scope":"event","property":"n","operator":"less_than","value":300}]}},{"event":"view","filters":{"conditions":[{"scope":"user","property":"n","operator":"is_set"}]}},{"event":"purchase"}],"window":"2h","outcome":"completed","range":{"last":"14mo"},"filters":{"conditions":[{"scope":"event","property":"absent","operator":"is_not_set"}]}}]}`,
	"long":           `{"conditions":[{"type":"funnel","steps":[{"event":"view"},{"event":"*"},{"event":"view"},{"event":"*"},{"event":"view"},{"event":"purchase"},{"event":"*"},{"event":"View"},{"event":"view"},{"event":"*"}],"window":"400d","outcome":"completed","range":{"from":"2024-01-01","to":"2025-01-31"}}]}`,
	"nowhere":        `{"conditions":[{"type":"funnel","steps":[{"event":"absent"},{"event":"*"}],"window":"1d","outcome":"not_completed","range":{"last":"36h"}}]}`,
}, parsed: map[string]*insight.Cohort{}}

// cohortOf gives one and the same value for an id, which the reference counts
// for once.
func cohortOf(id string) (*insight.Cohort, error) {
	savedCohorts.mu.Lock()
	defer savedCohorts.mu.Unlock()
	if c := savedCohorts.parsed[id]; c != nil {
		return c, nil
	}
	definition, ok := savedCohorts.definitions[id]
	if !ok {
		return nil, fmt.Errorf("%q: %w", id, query.ErrNoCohort)
	}
	c, err := insight.ParseCohort([]byte(definition))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", definition, err)
	}
	savedCohorts.parsed[id] = &c
	return &c, nil
}

func findCohort(_ context.Context, id string) (insight.Cohort, error) {
	c, err := cohortOf(id)
	if err != nil {
		return insight.Cohort{}, err
	}
	return *c, nil
}

func withCohorts(q insight.Query) insight.Query {
	q, err := q.WithCohorts(func(c insight.Condition) (*insight.Cohort, error) { return cohortOf(c.CohortID) })
	if err != nil {
		panic(err)
	}
	return q
}

func cohortQuestions(ids []string) []question {
	const everything = "2011-12-01..2025-02-01"
	var qs []question
	for _, id := range ids {
		name := string(encode(id))
		in, not := "cohort - in "+name, "cohort - not_in "+name
		qs = append(qs,
			question{within: everything, interval: "year", series: []string{"* total", "view unique_users", "* median_per_user"}, conditions: []string{in}},
			question{within: everything, interval: "year", series: []string{"* total", "view unique_users"}, conditions: []string{not}},
			question{within: everything, interval: "year", series: []string{"* total"}, match: "any", conditions: []string{in, "event n less_than 100"}, seriesConditions: []string{not}},
			question{within: "2024-01-01..2024-12-31", interval: "quarter", series: []string{"* total"}, conditions: []string{not}, breakdown: "event amount 3", compare: true},
			question{within: everything, steps: []string{"view;" + in, "purchase;" + not + ";event n is_set"}, window: "30d"},
			question{within: everything, steps: []string{"view", "*"}, window: "10d", conditions: []string{in}, breakdown: "user amount 3"},
			question{within: "2024-01-01..2024-12-31", interval: "month", cohort: "view", back: "*", periods: 3, conditions: []string{in}},
		)
	}
	return qs
}

func askAboutCohorts(t *testing.T, d *dataset, ids []string) {
	t.Helper()
	services := loaded(t, d)
	answers := reference.New(d.data, now)
	for _, q := range cohortQuestions(ids) {
		ask(t, answers, services, q.json())
	}
	sizes := map[int]bool{}
	for _, id := range ids {
		c, err := cohortOf(id)
		if err != nil {
			t.Fatal(err)
		}
		want := answers.Members(c)
		sizes[len(want)] = true
		for name, s := range services {
			n, err := s.CohortCount(t.Context(), *c)
			if err != nil || n != int64(len(want)) {
				t.Errorf("%s on %s: %d users, %v; want %d", id, name, n, err, len(want))
			}
			var got []string
			for after, more := "", true; more; {
				var page []string
				if page, more, err = s.CohortUsers(t.Context(), *c, after, 7); err != nil {
					t.Fatal(err)
				}
				if len(page) > 0 {
					after = page[len(page)-1]
				}
				got = append(got, page...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s on %s: the users are %q, want %q", id, name, got, want)
			}
		}
	}
	if len(sizes) < 4 {
		t.Errorf("the cohorts have as many users as each other: %v", sizes)
	}
}

func TestCohorts(t *testing.T) {
	ids := []string{"attribute", "not attribute", "text", "event", "often", "never", "all", "any", "nobody", "everybody"}
	askAboutCohorts(t, mixed(1), ids)
}

func TestCohortsByFunnel(t *testing.T) {
	askAboutCohorts(t, mixed(1), []string{"bought", "viewed only", "twice", "one of several", "long", "nowhere"})
}

// TestRandomCohorts: -seed chooses other ones.
func TestRandomCohorts(t *testing.T) {
	r := rand.New(rand.NewPCG(*randomSeed, 5))
	var ids []string
	for i := range 12 {
		var conditions []string
		for range 1 + r.IntN(3) {
			key := string(encode(append(mixedKeys, "n", "price", "absent")[r.IntN(len(mixedKeys)+3)]))
			if r.IntN(2) == 0 {
				operator := []string{`"is_set"`, `"is_not_set"`, `"equals","value":` + []string{"10", `"10"`, "true"}[r.IntN(3)], `"not_equals","value":10`, `"greater_than","value":0.5`, `"not_contains","value":"a"`}[r.IntN(6)]
				conditions = append(conditions, fmt.Sprintf(`{"type":"attribute","property":%s,"operator":%s}`, key, operator))
				continue
			}
			if r.IntN(2) == 0 {
				conditions = append(conditions, randomFunnel(r, []string{"view", "view", "*", "purchase", "View", "absent"}, key))
				continue
			}
			within := []string{`{"last":"13mo"}`, `{"last":"45d"}`, `{"from":"2011-12-29","to":"2012-01-02"}`, `{"from":"2024-01-01","to":"2024-12-31"}`, `{"from":"2017-10-14","to":"2018-02-18"}`}[r.IntN(5)]
			conditions = append(conditions, fmt.Sprintf(`{"type":"event","event":%s,"done":%v,"at_least":%d,"range":%s,"filters":{"match":"any","conditions":[{"scope":"event","property":%s,"operator":"is_set"},{"scope":"user","property":"n","operator":"greater_than","value":500}]}}`,
				[]string{`"view"`, `"*"`, `"purchase"`, `"absent"`}[r.IntN(4)], r.IntN(3) > 0, 1+r.IntN(30)*r.IntN(2), within, key))
		}
		id := fmt.Sprint("random", i)
		savedCohorts.mu.Lock()
		savedCohorts.definitions[id] = fmt.Sprintf(`{"match":%q,"timezone":%q,"conditions":[%s]}`, []string{"all", "any"}[r.IntN(2)],
			[]string{"UTC", "Pacific/Apia", "Asia/Kolkata", "America/Sao_Paulo"}[r.IntN(4)], strings.Join(conditions, ","))
		savedCohorts.mu.Unlock()
		ids = append(ids, id)
	}
	askAboutCohorts(t, mixed(*randomSeed), ids)
}

// randomFunnel makes a condition by a funnel. Its steps repeat often.
func randomFunnel(r *rand.Rand, events []string, key string) string {
	var steps []string
	for range 2 + min(r.IntN(9), r.IntN(9)) {
		step := fmt.Sprintf(`{"event":%q}`, events[r.IntN(len(events))])
		switch n := r.IntN(4); {
		case n == 0 && len(steps) > 0:
			step = steps[r.IntN(len(steps))]
		case n == 1:
			step = step[:len(step)-1] + fmt.Sprintf(`,"filters":{"match":"any","conditions":[{"scope":"event","property":"n","operator":%q,"value":%d},{"scope":"event","property":%s,"operator":"is_set"}]}}`,
				[]string{"less_than", "greater_than"}[r.IntN(2)], r.IntN(1000), key)
		}
		steps = append(steps, step)
	}
	outcome := []string{`"completed"`, `"not_completed"`, fmt.Sprintf(`"stopped_at","step":%d`, 1+r.IntN(len(steps)-1))}[r.IntN(3)]
	return fmt.Sprintf(`{"type":"funnel","steps":[%s],"window":%q,"outcome":%s,"range":%s}`, strings.Join(steps, ","),
		[]string{"1m", "2h", "1d", "30d", "400d", "36500d"}[r.IntN(6)], outcome,
		[]string{`{"last":"13mo"}`, `{"last":"30h"}`, `{"from":"2024-01-01","to":"2024-12-31"}`, `{"from":"2011-01-01","to":"2025-12-31"}`}[r.IntN(4)])
}

// TestCohortsByFunnelWithTies asks about many users of few events, of which most
// share their instant: how far those go on is where funnels are hardest. It adds
// up to all who began, too.
func TestCohortsByFunnelWithTies(t *testing.T) {
	r := rand.New(rand.NewPCG(*randomSeed, 6))
	d := &dataset{}
	start := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	for u := range 400 {
		user := fmt.Sprintf("user-%03d", u)
		for i := range r.IntN(9) {
			d.addEvent(fmt.Sprintf("0192f0c0-1111-7222-8%03d-44445555666%d", u, i), []string{"a", "a", "b", "c"}[r.IntN(4)], &user,
				start.Add(time.Duration(r.IntN(1+r.IntN(5)))*time.Minute), fmt.Sprintf(`{"n":%d}`, r.IntN(1000)))
		}
	}
	services := loaded(t, d)
	answers := reference.New(d.data, now)
	met, rounds := map[int]bool{}, 60
	if testing.Short() {
		rounds = 15
	}
	for range rounds {
		events := []string{"a", "a", "b", "c", "*"}[:2+r.IntN(4)]
		definition := `{"conditions":[` + randomFunnel(r, events, `"n"`) + `]}`
		if r.IntN(2) == 0 { // "n" is always set: such filters take everything
			definition = strings.ReplaceAll(definition, `"operator":"is_set"`, `"operator":"is_not_set"`)
		}
		definition = strings.NewReplacer(`"30d"`, `"3m"`, `"400d"`, `"2m"`).Replace(definition)
		c, err := insight.ParseCohort([]byte(definition))
		if err != nil {
			t.Fatalf("%s: %v", definition, err)
		}
		want := answers.Members(&c)
		met[len(want)] = true
		for name, s := range services {
			got, _, err := s.CohortUsers(t.Context(), c, "", query.MaxCohortPage)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s on %s: %v\n%q, want\n%q", definition, name, err, got, want)
			}
		}
	}
	if len(met) < 5 {
		t.Errorf("the cohorts have as many users as each other: %v", met)
	}
}

// cohortPlans are statements with cohorts in them, by the golden file's name.
func cohortPlans(t *testing.T, d dialect.Dialect) map[string]query.Statement {
	t.Helper()
	q := withCohorts(parse(t, question{
		within: "2024-01-01..2024-01-31", interval: "month", series: []string{"a total"}, match: "any",
		conditions: []string{`cohort - in "all"`, `cohort - not_in "never"`, `user plan equals "pro"`},
	}))
	resolved, err := q.WithCohorts(func(c insight.Condition) (*insight.Cohort, error) {
		r := c.Cohort.Resolve(now)
		return &r, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	axis, err := resolved.Axis(now)
	if err != nil {
		t.Fatal(err)
	}
	plans := map[string]query.Statement{}
	if plans["cohort_filter"], err = query.PlanTrend(resolved, []insight.Axis{axis}, nil, d); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]string{"cohort_funnel": "one of several", "cohort_funnel_stopped": "twice", "cohort_funnel_names": "viewed only"} {
		c, err := cohortOf(id)
		if err != nil {
			t.Fatal(err)
		}
		if plans[name], err = query.PlanCohortCount(c.Resolve(now), d); err != nil {
			t.Fatal(err)
		}
	}
	c, err := cohortOf("any")
	if err != nil {
		t.Fatal(err)
	}
	if plans["cohort_count"], err = query.PlanCohortCount(c.Resolve(now), d); err != nil {
		t.Fatal(err)
	}
	if plans["cohort_users"], err = query.PlanCohortUsers(c.Resolve(now), "ann", 51, d); err != nil {
		t.Fatal(err)
	}
	return plans
}

func TestGoldenSQLOfCohorts(t *testing.T) {
	for _, d := range dialects() {
		for name, s := range cohortPlans(t, d) {
			compareGolden(t, name, d, s)
		}
	}
}

func TestUnknownCohort(t *testing.T) {
	for name, s := range loaded(t, small()) {
		q := parse(t, question{within: "2024-05-01..2024-05-31", steps: []string{"view", `buy;cohort - in "gone"`}, window: "1d"})
		_, err := s.Run(t.Context(), q)
		wantInsightError(t, err, insight.CodeUnknownValue, "steps[1].filters.conditions[0].value")
		if errors.Is(err, query.ErrNoCohort) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAKeptAnswerFollowsItsCohort changes a definition between two questions.
func TestAKeptAnswerFollowsItsCohort(t *testing.T) {
	raw := folder(t.TempDir())
	w := open(t, "duckdb", raw)
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, objects := range small().objects(t, raw) {
		load(t, w, objects...)
	}
	definition := "pro"
	s := query.New(w.Database(), query.Options{Cohorts: func(context.Context, string) (insight.Cohort, error) {
		return insight.ParseCohort([]byte(`{"conditions":[{"type":"attribute","property":"plan","operator":"equals","value":"` + definition + `"}]}`))
	}})
	q := parse(t, question{within: "2024-05-01..2024-05-31", interval: "month", series: []string{"* total"}, conditions: []string{`cohort - in "c"`}})
	for _, want := range []struct {
		definition string
		count      int64
		cached     bool
	}{{"pro", 2, false}, {"pro", 2, true}, {"free", 2, false}, {"none", 0, false}, {"pro", 2, true}} {
		definition = want.definition
		if answer, _ := run(t, s, q); answer.Series[0].Count != want.count || answer.Cached != want.cached {
			t.Errorf("%+v: %d events, cached %v", want, answer.Series[0].Count, answer.Cached)
		}
	}
}
