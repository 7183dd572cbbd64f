package query_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

var update = flag.Bool("update", false, "write the golden files anew")

// dialects as the golden files have them.
func dialects() []dialect.Dialect {
	return []dialect.Dialect{
		dialect.DuckDB{Properties: warehouse.Properties{Columns: map[string]warehouse.Columns{
			"files":    {Number: "p1_number"},
			"area":     {Text: "p2_text"},
			"camelKey": {Text: "p3_text", Number: "p3_number", Boolean: "p3_boolean", Complex: "p3_complex"},
		}}, Attributes: warehouse.Properties{Columns: map[string]warehouse.Columns{
			"plan":     {Text: "a1_text"},
			"camelKey": {Text: "a2_text", Number: "a2_number", Boolean: "a2_boolean", Complex: "a2_complex"},
		}}},
		dialect.PostgreSQL{Collation: "C.utf8"},
		dialect.Redshift{},
	}
}

// goldenQuestions cover every construct that the planner writes.
var goldenQuestions = map[string]question{
	"total_by_day":      {within: "2024-01-01..2024-03-31", interval: "day", series: []string{"commit total"}},
	"dst_hours":         {within: "2024-10-26..2024-10-28", interval: "hour", zone: "Europe/Berlin", series: []string{"* total"}},
	"months":            {within: "2024-01-15..2024-06-15", interval: "month", zone: "America/New_York", series: []string{"commit unique_users"}},
	"one_bucket":        {within: "2024-01-01..2024-12-31", interval: "year", series: []string{"commit total"}},
	"per_user":          {within: "2024-01-01..2024-01-31", interval: "week", series: []string{"a average_per_user", "a median_per_user", "a min_per_user", "a max_per_user"}},
	"numbers":           {within: "2024-01-01..2024-01-31", interval: "week", series: []string{"a sum files", "a average files", "a median camelKey", "a min files", "a max files", "a p90 files", "a p95 files", "a p99 files"}},
	"operators":         {within: "2024-01-01..2024-01-01", interval: "day", series: []string{"a total"}, conditions: allOperators("event", "camelKey")},
	"user_operators":    {within: "2024-01-01..2024-01-01", interval: "day", series: []string{"a total"}, match: "any", conditions: allOperators("user", "camelKey")},
	"both_filters":      {within: "2024-01-01..2024-01-01", interval: "day", series: []string{"a total", "b unique_users"}, match: "any", conditions: []string{`event area equals "x"`, `user plan equals "pro"`}, seriesConditions: []string{`event files greater_than 5`}},
	"names_that_escape": {within: "2024-01-01..2024-01-01", interval: "day", series: []string{`x'"; total`, `a sum x'".y/z~$1`}, conditions: []string{`event x'".y/z~$1 equals "'; DROP TABLE events; --"`}},
}

func allOperators(scope, property string) []string {
	var list []string
	for _, c := range []string{
		`equals "x"`, `not_equals 10`, `in ["x","y",1,2,true]`, `not_in [true]`, `contains "X"`, `not_contains "X"`, `contains ""`,
		`greater_than 1`, `greater_or_equal 1.5`, `less_than 1e100`, `less_or_equal 0`, `is_set`, `is_not_set`, `in []`, `not_in []`,
	} {
		list = append(list, scope+" "+property+" "+c)
	}
	return list
}

// TestGoldenSQL compares the SQL of each engine with the files in
// testdata/golden; -update writes them.
func TestGoldenSQL(t *testing.T) {
	for name, question := range goldenQuestions {
		for _, d := range dialects() {
			compareGolden(t, name, d, planOf(t, question, d))
		}
	}
	for name, r := range map[string]query.ValuesRequest{
		"values":      {Scope: insight.ScopeEvent, Property: "camelKey", Event: "commit", Search: "ä"},
		"user_values": {Scope: insight.ScopeUser, Property: "camelKey"},
	} {
		r.Limit = query.MaxPropertyValues
		for _, d := range dialects() {
			s, err := query.PlanValues(r, d)
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, name, d, s)
		}
	}
	for _, d := range dialects() {
		compareGolden(t, "attribute_types", d, query.Statement{SQL: d.AttributeTypes()})
	}
}

func planOf(t *testing.T, question question, d dialect.Dialect) query.Statement {
	t.Helper()
	q, err := insight.Parse([]byte(question.json()))
	if err != nil {
		t.Fatal(err)
	}
	axis, err := q.Axis(now)
	if err != nil {
		t.Fatal(err)
	}
	s, err := query.PlanTrend(q, []insight.Axis{axis}, nil, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func compareGolden(t *testing.T, name string, d dialect.Dialect, s query.Statement) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+"."+string(d.Name())+".sql")
	got := s.SQL + "\n"
	for i, v := range s.Args {
		got += fmt.Sprintf("-- $%d = %T %v\n", i+1, v, v)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run the tests of this package with -update", err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; -update accepts it:\n%s", path, got)
	}
}

// TestRedshiftUsesOnlyWhatRedshiftHas holds all generated Redshift SQL against
// a list of words: what is not on it may be PostgreSQL's alone. No parser of
// Redshift's SQL is to be had, and PostgreSQL's accepts too much.
func TestRedshiftUsesOnlyWhatRedshiftHas(t *testing.T) {
	allowed := strings.Fields(`
		SELECT DISTINCT FROM AS LEFT JOIN ON WHERE AND OR NOT IN IS NULL GROUP BY ORDER DESC NULLS LAST LIMIT UNION ALL
		CASE WHEN THEN ELSE END CAST TRUE FALSE TIMESTAMP
		BIGINT BOOLEAN DOUBLE PRECISION VARCHAR
		COUNT SUM MIN MAX PERCENTILE_CONT WITHIN COALESCE LOWER STRPOS DATEDIFF MICROSECOND JSON_TYPEOF
		UNPIVOT AT
		E A U P V T C0 C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 C14
		C F G L M N R S K0 K1 K2 K3 E15`)
	// Words of breakdowns, funnels and retentions, with the page of the guide
	// (https://docs.aws.amazon.com/redshift/latest/dg/) that has them.
	guide := map[string]string{
		"ABS":            "r_ABS.html",
		"BETWEEN":        "r_range_condition.html",
		"PRECEDING":      "r_Window_function_synopsis.html",
		"ROWS":           "r_Window_function_synopsis.html",
		"UNBOUNDED":      "r_Window_function_synopsis.html",
		"CHR":            "r_CHR.html",
		"CONCAT":         "r_CONCAT.html",
		"FLOOR":          "r_FLOOR.html",
		"HAVING":         "r_HAVING_clause.html",
		"JSON_SERIALIZE": "JSON_SERIALIZE.html",
		"LAG":            "r_WF_LAG.html",
		"LEAD":           "r_WF_LEAD.html",
		"LEFT":           "r_LEFT.html", // the function
		"OVER":           "c_Window_functions.html",
		"PARTITION":      "r_WF_ROW_NUMBER.html",
		"ROW_NUMBER":     "r_WF_ROW_NUMBER.html",
		"WITH":           "r_WITH_clause.html",
	}
	allowed = slices.AppendSeq(allowed, maps.Keys(guide))
	allowed = slices.AppendSeq(allowed, maps.Keys(guideOfLedger))
	allowed = append(slices.AppendSeq(allowed, maps.Keys(guideOfEvents)), "K") // K is the short name of a table
	var statements []query.Statement
	r := dialect.Redshift{}
	for _, question := range goldenQuestions {
		statements = append(statements, planOf(t, question, r))
	}
	for name, body := range goldenKinds {
		for _, s := range kindPlans(t, name, body, r) {
			statements = append(statements, s)
		}
	}
	statements = append(append(statements, redshiftEventPlans(t)...), redshiftLedgerPlans()...)
	for _, question := range append(sampleQuestions, mixedQuestions()...) {
		statements = append(statements, planOf(t, question, r))
	}
	for _, scope := range []insight.Scope{insight.ScopeEvent, insight.ScopeUser} {
		s, err := query.PlanValues(query.ValuesRequest{Scope: scope, Property: "camelKey", Event: "e", Search: "x", Limit: 5}, r)
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, s)
	}
	for _, s := range cohortPlans(t, r) {
		statements = append(statements, s)
	}
	for _, s := range seenPlans(t, r) {
		statements = append(statements, s)
	}
	statements = append(statements, query.Statement{SQL: r.AttributeTypes()}, query.Statement{SQL: query.SelectState})
	statements = append(statements, runnable(t, statements)...)
	for _, s := range statements {
		for _, word := range words(s.SQL) {
			if !slices.Contains(allowed, strings.ToUpper(word)) {
				t.Errorf("%q is not known to run on Redshift, in\n%s", word, s.SQL)
			}
		}
		for _, sign := range []string{"::", "->", "#>", "||", "//", "~", "@>"} {
			if strings.Contains(bare(s.SQL), sign) {
				t.Errorf("%q is not known to run on Redshift, in\n%s", sign, s.SQL)
			}
		}
	}
}

var (
	quoted = regexp.MustCompile(`"(?:[^"]|"")*"|'(?:[^']|'')*'`)
	wordly = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*`)
)

// bare is SQL without its quoted parts.
func bare(sql string) string { return quoted.ReplaceAllString(sql, " ") }

func words(sql string) []string { return wordly.FindAllString(bare(sql), -1) }

// TestValuesAreBound holds that nothing of a query's values reaches the text of
// the SQL.
func TestValuesAreBound(t *testing.T) {
	const evil = `zq'")]}; --`
	for _, d := range dialects() {
		s := planOf(t, question{
			within: "2024-01-01..2024-01-01", interval: "day",
			series:     []string{strings.ReplaceAll(evil, " ", "\t") + " total"},
			conditions: []string{"event area equals " + string(encode(evil)), "event area in [" + string(encode(evil+"2")) + "]", "user plan contains " + string(encode(evil+"3"))},
		}, d)
		if strings.Contains(s.SQL, "zq") {
			t.Errorf("%s: a value is part of the SQL:\n%s", d.Name(), s.SQL)
		}
	}
}

// TestUnknownWordsAreErrors holds that what the planner does not know never
// becomes an empty filter.
func TestUnknownWordsAreErrors(t *testing.T) {
	good := func() insight.Query {
		q, err := insight.Parse([]byte(question{within: "2024-01-01..2024-01-01", interval: "day", series: []string{"a total"}, conditions: []string{`event area equals "x"`}}.json()))
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	for name, spoil := range map[string]func(*insight.Query){
		"operator":    func(q *insight.Query) { q.Filter.Conditions[0].Operator = "resembles" },
		"match":       func(q *insight.Query) { q.Filter.Match = "some" },
		"scope":       func(q *insight.Query) { q.Filter.Conditions[0].Scope = "group" },
		"aggregation": func(q *insight.Query) { q.Series[0].Aggregation.Type = "mode" },
	} {
		for _, d := range dialects() {
			q := good()
			spoil(&q)
			axis, err := q.Axis(now)
			if err != nil {
				t.Fatal(err)
			}
			if s, err := query.PlanTrend(q, []insight.Axis{axis}, nil, d); err == nil {
				t.Errorf("an unknown %s became\n%s", name, s.SQL)
			}
		}
	}
}

func TestRedshiftRefusesNamesItCannotNavigate(t *testing.T) {
	for _, property := range []string{strings.Repeat("x", 128), "a\u0001b"} {
		for _, c := range []struct {
			query insight.Query
			field string
		}{
			{insight.Query{Series: []insight.Series{{Aggregation: insight.Aggregation{Type: insight.Sum, Property: property}}}}, "series[0].aggregation.property"},
			{insight.Query{
				Filter: insight.Filter{Match: insight.MatchAll, Conditions: []insight.Condition{{Scope: insight.ScopeUser, Property: property, Operator: insight.IsSet}}},
				Series: []insight.Series{{Aggregation: insight.Aggregation{Type: insight.Total}}},
			}, "filters.conditions[0].property"},
		} {
			_, err := query.PlanTrend(c.query, []insight.Axis{{}}, nil, dialect.Redshift{})
			wantInsightError(t, err, insight.CodeNotSupported, c.field)
		}
	}
}
