package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// asking is goodQuery with more fields.
func asking(fields string) string { return `{` + fields + `,` + goodQuery[1:] }

func TestExplainStandsBesideTheAnswer(t *testing.T) {
	f := newFixture(t)
	load, at := int64(7), time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	f.service.run = func(_ context.Context, q insight.Query) (insight.Answer, error) {
		a := twoBuckets("purchase")
		a.Data = insight.Data{LoadID: &load, LoadedAt: &at}
		if q.Explain {
			a.Explain = &insight.Explanation{Dialect: "duckdb", Statements: []insight.ExplainedStatement{
				{SQL: "SELECT $1", Args: []any{"a", 1.5, true}, Runnable: "SELECT 'a'"},
			}}
		}
		return a, nil
	}
	const state = `"elapsed_ms":12,"data":{"load_id":7,"loaded_at":"2026-01-02T03:00:00Z"}`
	if got := readAll(t, f.do(post(goodQuery))); !strings.HasSuffix(got, state+"}\n") {
		t.Errorf("unasked: %s", got)
	}
	explain := `,"explain":{"dialect":"duckdb","statements":[{"sql":"SELECT $1","args":["a",1.5,true],"runnable":"SELECT 'a'"}]}}` + "\n"
	if got := readAll(t, f.do(post(asking(`"explain":true`)))); !strings.HasSuffix(got, state+explain) {
		t.Errorf("asked: %s", got)
	}
	table := post(asking(`"explain":true`))
	table.header = map[string]string{"Accept": "text/csv"}
	if got := readAll(t, f.do(table)); strings.Contains(got, "SELECT") || !strings.HasPrefix(got, "bucket,") {
		t.Errorf("CSV: %s", got)
	}
}

func TestSpecificationOfOptions(t *testing.T) {
	v, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"explain", "refresh"} {
		for value, good := range map[string]bool{"true": true, "false": true, `"true"`: false, "1": false} {
			body := asking(`"` + field + `":` + value)
			r := httptest.NewRequest(http.MethodPost, "/api/v1/query", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer x")
			if ok, _ := v.GetRequestBodyValidator().ValidateRequestBody(r); ok != good {
				t.Errorf("the specification says %v of %s", ok, body)
			}
			f := newFixture(t)
			if !good {
				wantError(t, f.do(post(body)), http.StatusBadRequest, insight.CodeWrongType, field)
			} else if answer := f.do(post(body)); answer.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", body, answer.StatusCode)
			}
		}
	}
}

func TestKeptAnswersAreMarked(t *testing.T) {
	f := newFixture(t)
	f.service.run = func(_ context.Context, q insight.Query) (insight.Answer, error) {
		a := twoBuckets("purchase")
		a.Cached = !q.Refresh && !q.Explain
		return a, nil
	}
	for _, test := range []struct {
		body, accept, status string
		marked               bool
	}{
		{goodQuery, "", "dataloaf; hit", true},
		{goodQuery, "text/csv", "dataloaf; hit", false},
		{asking(`"refresh":true`), "", "dataloaf; fwd=request", false},
		{asking(`"explain":true`), "", "dataloaf; fwd=request", false},
	} {
		c := post(test.body)
		c.header = map[string]string{"Accept": test.accept}
		r := f.do(c)
		if got := r.Header.Get("Cache-Status"); got != test.status {
			t.Errorf("%s: Cache-Status %q, want %q", test.body, got, test.status)
		}
		if got := readAll(t, r); strings.Contains(got, `"cached":true`) != test.marked {
			t.Errorf("%s: %s", test.body, got)
		}
	}
	f.service.run = nil
	if got := f.do(post(goodQuery)).Header.Get("Cache-Status"); got != "dataloaf; fwd=miss" {
		t.Errorf("Cache-Status %q of a new answer", got)
	}
}
