package query_test

import (
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// goldenKinds are queries of which a statement is not just a series' events in
// one period.
var goldenKinds = map[string]string{
	"breakdown_event":        `{"kind":"trend","range":{"from":"2024-01-01","to":"2024-01-31"},"interval":"week","series":[{"event":"a","aggregation":{"type":"total"}},{"event":"*","aggregation":{"type":"unique_users"}}],"breakdown":{"scope":"event","property":"camelKey","limit":3}}`,
	"breakdown_user":         `{"kind":"trend","range":{"from":"2024-01-01","to":"2024-01-31"},"interval":"week","series":[{"event":"a","aggregation":{"type":"median_per_user"}}],"breakdown":{"scope":"user","property":"plan","limit":3}}`,
	"breakdown_counts":       `{"kind":"trend","range":{"from":"2024-01-01","to":"2024-01-31"},"interval":"week","series":[{"event":"a","aggregation":{"type":"total"}},{"event":"*","aggregation":{"type":"total"}}],"breakdown":{"scope":"user","property":"plan","limit":3}}`,
	"compare":                `{"kind":"trend","range":{"from":"2024-03-01","to":"2024-03-31"},"interval":"week","series":[{"event":"a","aggregation":{"type":"total"}}],"compare":"previous_period"}`,
	"funnel":                 `{"kind":"funnel","range":{"from":"2024-01-01","to":"2024-01-31"},"window":"7d","steps":[{"event":"a"},{"event":"b","filters":{"match":"all","conditions":[{"scope":"event","property":"files","operator":"greater_than","value":5}]}}]}`,
	"funnel_breakdown_event": `{"kind":"funnel","range":{"from":"2024-01-01","to":"2024-01-31"},"window":"12h","steps":[{"event":"a"},{"event":"*"}],"breakdown":{"scope":"event","property":"camelKey","limit":3}}`,
	"funnel_breakdown_user":  `{"kind":"funnel","range":{"from":"2024-01-01","to":"2024-01-31"},"window":"12h","steps":[{"event":"a"},{"event":"b"}],"breakdown":{"scope":"user","property":"plan","limit":3}}`,
	"retention":              `{"kind":"retention","range":{"from":"2024-01-01","to":"2024-01-31"},"interval":"week","cohort_event":"a","return_event":"*","periods":4}`,
	"lifecycle":              `{"kind":"lifecycle","range":{"from":"2024-01-01","to":"2024-01-31"},"interval":"week","event":"a","filters":{"conditions":[{"scope":"event","property":"files","operator":"greater_than","value":5},{"scope":"user","property":"plan","operator":"is_set"}]}}`,
	"paths_after":            `{"kind":"paths","range":{"from":"2024-01-01","to":"2024-01-31"},"event":"a","direction":"after","steps":3,"window":"7d","filters":{"conditions":[{"scope":"event","property":"files","operator":"greater_than","value":5},{"scope":"user","property":"plan","operator":"is_set"}]}}`,
	"paths_before":           `{"kind":"paths","range":{"from":"2024-01-01","to":"2024-01-31"},"event":"*","direction":"before","steps":1,"window":"30m"}`,
	"stickiness":             `{"kind":"stickiness","range":{"from":"2024-01-01","to":"2024-01-31"},"interval":"week","series":[{"event":"a"},{"event":"*","filters":{"conditions":[{"scope":"user","property":"plan","operator":"is_set"}]}}]}`,
}

// kindPlans are the statements of a query, by the golden file's name.
func kindPlans(t *testing.T, name, body string, d dialect.Dialect) map[string]query.Statement {
	t.Helper()
	q, err := insight.Parse([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	plans := map[string]query.Statement{}
	switch q.Kind {
	case insight.KindFunnel:
		plans[name], _, err = query.PlanFunnel(q, q.Bounds(now), d)
	case insight.KindPaths:
		plans[name], err = query.PlanPaths(q, q.Bounds(now), d)
	default:
		axis, axisErr := q.Axis(now)
		if axisErr != nil {
			t.Fatal(axisErr)
		}
		switch {
		case q.Kind == insight.KindRetention:
			all, periodsErr := q.PeriodsAxis(now, axis)
			if periodsErr != nil {
				t.Fatal(periodsErr)
			}
			plans[name], err = query.PlanRetention(q, axis, all, d)
		case q.Kind == insight.KindStickiness:
			plans[name], err = query.PlanStickiness(q, axis, d)
		case q.Kind == insight.KindLifecycle:
			whole, wholeErr := q.LifecycleAxis(now, axis)
			if wholeErr != nil {
				t.Fatal(wholeErr)
			}
			plans[name], err = query.PlanLifecycle(q, whole, d)
		case q.Breakdown != nil:
			plans[name+"_groups"], _, err = query.PlanGroups(q, axis, d)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			groups := make([]query.Groups, len(q.Series))
			for i := range groups {
				groups[i] = query.GroupsOf("sx", "s10")
			}
			if plans[name], err = query.PlanTrend(q, []insight.Axis{axis}, groups, d); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			totals, together, totalsErr := query.PlanGroupTotals(q, axis, d)
			if want := name == "breakdown_counts" && d.Name() == warehouse.DuckDB; together != want {
				t.Errorf("%s on %s: one statement is %v, want %v", name, d.Name(), together, want)
			}
			if err = totalsErr; together {
				plans[name+"_totals"] = totals
			}
		default:
			previous, previousErr := q.PreviousAxis(now)
			if previousErr != nil {
				t.Fatal(previousErr)
			}
			plans[name], err = query.PlanTrend(q, []insight.Axis{axis, previous}, nil, d)
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return plans
}

// TestGoldenSQLOfKinds is TestGoldenSQL for breakdowns, comparisons, funnels
// and retentions.
func TestGoldenSQLOfKinds(t *testing.T) {
	for name, body := range goldenKinds {
		for _, d := range dialects() {
			for plan, s := range kindPlans(t, name, body, d) {
				compareGolden(t, plan, d, s)
			}
		}
	}
}
