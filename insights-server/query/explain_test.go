package query_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// runnable are the statements as they are written for people.
func runnable(t *testing.T, statements []query.Statement) []query.Statement {
	t.Helper()
	var out []query.Statement
	for _, s := range statements {
		text, err := dialect.Runnable(warehouse.Redshift, s.SQL, s.Args)
		if err != nil {
			t.Fatalf("%v:\n%s", err, s.SQL)
		}
		out = append(out, query.Statement{SQL: text})
	}
	return out
}

// rowsOf are a statement's rows as sorted text.
func rowsOf(ctx context.Context, w engine, statement string, args ...any) ([]string, error) {
	rows, err := w.Database().SQL.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		values := make([]any, len(columns))
		places := make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		for i, v := range values {
			if text, ok := v.([]byte); ok {
				values[i] = string(text)
			}
		}
		out = append(out, fmt.Sprintf("%#v", values))
	}
	slices.Sort(out)
	return out, rows.Err()
}

// TestExplainedStatementsRun runs the text that people get beside the statement
// that was run, and wants the same rows.
func TestExplainedStatementsRun(t *testing.T) {
	d := mixed(1)
	var bodies []string
	for _, body := range goldenKinds {
		bodies = append(bodies, strings.NewReplacer(`"a"`, `"view"`, `"b"`, `"purchase"`, "2024-01-01", "2024-01-01", "2024-01-31", "2024-12-31").Replace(body))
	}
	for _, q := range append(slices.Clone(mixedGroupQuestions()[:6]), mixedQuestions()[24:40]...) {
		bodies = append(bodies, q.json())
	}
	r := generator{rand.New(rand.NewPCG(11, 2))}
	for range 20 {
		bodies = append(bodies, r.question().json())
	}
	raw := folder(t.TempDir())
	loads := d.objects(t, raw)
	for _, name := range engineNames {
		w := open(t, name, raw)
		if err := w.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, objects := range loads {
			load(t, w, objects...)
		}
		s := service(w)
		statements, rows := 0, 0
		for _, body := range bodies {
			q, err := insight.Parse([]byte(body))
			if err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			plain, err := s.Run(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			q.Explain = true
			answer, err := s.Run(t.Context(), q)
			if err != nil {
				t.Fatalf("%s on %s: %v", body, name, err)
			}
			if answer.Explain == nil || answer.Explain.Dialect != name || plain.Explain != nil {
				t.Fatalf("%s on %s: explained by %+v, and %+v unasked", body, name, answer.Explain, plain.Explain)
			}
			for _, e := range answer.Explain.Statements {
				want, err := rowsOf(t.Context(), w, e.SQL, e.Args...)
				if err != nil {
					t.Fatalf("%s on %s: %v", body, name, err)
				}
				got, err := rowsOf(t.Context(), w, e.Runnable)
				if err != nil {
					t.Fatalf("%s on %s: %v\n%s", body, name, err, e.Runnable)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s on %s: %d rows by hand, want the %d of the statement\n%s", body, name, len(got), len(want), e.Runnable)
				}
				statements, rows = statements+1, rows+len(want)
			}
		}
		if statements < len(bodies)/2 || rows < 100 {
			t.Errorf("%s: %d statements with %d rows hardly show anything", name, statements, rows)
		}
	}
}

// TestNothingToExplain: a question that no event can answer runs no statement.
func TestNothingToExplain(t *testing.T) {
	for name, s := range loaded(t, small()) {
		q := parse(t, question{within: "0001-01-01..1900-01-01", interval: "year", series: []string{"* total"}})
		q.Explain = true
		answer, err := s.Run(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if e := answer.Explain; e == nil || len(e.Statements) != 0 || answer.Data.LoadID == nil {
			t.Errorf("%s: explained by %+v, of %+v", name, e, answer.Data)
		}
	}
}
