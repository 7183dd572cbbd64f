package insight_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// formulaBody is a trend of two series with one formula.
func formulaBody(t testing.TB, expression string) string {
	t.Helper()
	text, err := json.Marshal(expression)
	if err != nil {
		t.Fatal(err)
	}
	return `{"range":{"last":"7d"},"interval":"day","series":[{"event":"a","aggregation":{"type":"total"}},{"event":"b","aggregation":{"type":"total"}}],"formulas":[{"expression":` + string(text) + `}]}`
}

func TestFormulas(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		expression string
		a, b, want float64
	}{
		{"A", 3, nan, 3},
		{"A / B * 100", 1, 4, 25},
		{"A - B - 1", 10, 3, 6},
		{"A / B / 2", 12, 3, 2},
		{"A + B * 2", 1, 3, 7},
		{"(A + B) * 2", 1, 3, 8},
		{"-A + B", 1, 3, 2},
		{"--A * -B", 2, 3, -6},
		{" A\t*\n.5 ", 3, 0, 1.5},
		{"A * 1.5e+1 + 2.E0", 2, 0, 32},
		{"A * 010", 1, 0, 10},
		{"B / A", 0, 3, nan},
		{"A / B", 0, 0, nan},
		{"A / (B - B)", 1, 5, nan},
		{"A + B", nan, 1, nan},
		{"A * B", 1e200, 1e200, nan},
		{"1 / (A * B)", 1e200, 1e200, nan},
		{"A * 0 - B", 5, 0, 0},
	} {
		q, err := insight.Parse([]byte(formulaBody(t, c.expression)))
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		got := q.Formulas[0].Value(func(i int) float64 { return []float64{c.a, c.b}[i] })
		if got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) || math.Signbit(got) && got == 0 {
			t.Errorf("%s with A = %v and B = %v is %v, want %v", c.expression, c.a, c.b, got, c.want)
		}
	}
	q, err := insight.Parse([]byte(formulaBody(t, "B / A + B")))
	if err != nil {
		t.Fatal(err)
	}
	if f := q.Formulas[0]; f.Name != f.Expression || fmt.Sprint(f.Series) != "[0 1]" {
		t.Errorf("the formula is %q over %v", f.Name, f.Series)
	}
}

func TestFormulasThatAreNone(t *testing.T) {
	for expression, part := range map[string]string{
		"A +":             "At character 4 the expression ends",
		"(A":              "At character 3 the expression ends",
		"A)":              "At character 2 there is ')'",
		"A B":             "At character 3 there is 'B'",
		"A ** B":          "At character 4 there is '*'",
		"a":               "At character 1 there is 'a'",
		"A % B":           "At character 3 there is '%'",
		"A + K":           "At character 5 there is 'K'",
		"A + C":           "At character 5, C is the series number 3, and the query has 2",
		"A × 2":           "At character 3 there is '×'",
		"ä + A":           "At character 1 there is 'ä'",
		"A + 1e":          "At character 5, \"1e\" is not a number",
		"A + .":           "At character 5, \".\" is not a number",
		"A + 1e999":       "At character 5, \"1e999\" is not a number",
		"A + 1.2.3":       "At character 8 there is '.'",
		"+A":              "At character 1 there is '+'",
		"()":              "At character 2 there is ')'",
		"   ":             "At character 4 the expression ends",
		"1 + 2":           "names no series",
		"A; DROP TABLE x": "At character 2 there is ';'",
		strings.Repeat("(", 60) + "A" + strings.Repeat(")", 60): "nested more than 50 levels",
		strings.Repeat("-", 60) + "A":                           "nested more than 50 levels",
		strings.Repeat("A+", 250) + "A":                         "501 characters",
	} {
		_, err := insight.Parse([]byte(formulaBody(t, expression)))
		var e *insight.Error
		if !errors.As(err, &e) || e.Code != insight.CodeInvalidValue || e.Field != "formulas[0].expression" || !strings.Contains(e.Message, part) {
			t.Errorf("%s: got %v, want %q", expression, err, part)
		}
	}
}

// FuzzFormula looks for panics, and for values that JSON cannot hold.
func FuzzFormula(f *testing.F) {
	for _, seed := range []string{"A / B * 100", "-(A + 1.5e3) / -B", "((A", "1e999 * A", "A - - B", "A.5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		q, err := insight.Parse([]byte(formulaBody(t, expression)))
		if err != nil {
			var e *insight.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *insight.Error", err)
			}
			return
		}
		for _, values := range [][]float64{{0, 0}, {1, -2.5}, {math.MaxFloat64, 5e-324}, {math.NaN(), 1}} {
			if v := q.Formulas[0].Value(func(i int) float64 { return values[i] }); math.IsInf(v, 0) {
				t.Errorf("%q is %v", expression, v)
			}
		}
	})
}
