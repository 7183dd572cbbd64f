package query

import (
	"fmt"
	"math"
	"slices"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// formulas computes the answer's formulas from the tallies of its series.
func (t *trend) formulas() ([]insight.FormulaAnswer, error) {
	if len(t.query.Formulas) == 0 {
		return nil, nil
	}
	out := []insight.FormulaAnswer{}
	for _, f := range t.query.Formulas {
		for _, group := range t.commonGroups(f.Series) {
			if t.cells += len(t.axes) * len(t.axes[0].Starts); t.cells > insight.MaxCells && t.query.Breakdown != nil {
				return nil, &insight.Error{
					Code: insight.CodeTooMany, Field: "breakdown.limit",
					Message: fmt.Sprintf("The answer would have more than %d values. Ask for fewer groups, fewer formulas, or a longer interval.", insight.MaxCells),
				}
			}
			answer := insight.FormulaAnswer{Name: f.Name, Expression: f.Expression, Group: group.text}
			var err error
			if answer.Values, err = t.formulaValues(f, group, 0); err != nil {
				return nil, err
			}
			if len(t.axes) > 1 {
				previous, err := t.formulaValues(f, group, 1)
				if err != nil {
					return nil, err
				}
				answer.Previous = &previous
			}
			out = append(out, answer)
		}
	}
	return out, nil
}

// formulaGroup is a group that several series have: its index in each.
type formulaGroup struct {
	text    *string
	indexes map[int]int
}

// commonGroups lists the groups that all the series have, in the order of the
// first one's. What is beyond the limit is the same in two series only when
// they name the same groups.
func (t *trend) commonGroups(series []int) []formulaGroup {
	var out []formulaGroup
	for _, g := range t.groupsOf(series[0]) {
		common := formulaGroup{g.text, map[int]int{series[0]: g.index}}
		for _, other := range series[1:] {
			for _, candidate := range t.groupsOf(other) {
				if sameGroup(g, candidate) && (g.index != restGroup || t.sameNames(series[0], other)) {
					common.indexes[other] = candidate.index
				}
			}
		}
		if len(common.indexes) == len(series) {
			out = append(out, common)
		}
	}
	return out
}

// sameGroup compares groups of two series. Only named ones go by their text:
// "$other" may be the text of a value.
func sameGroup(a, b indexedGroup) bool {
	if a.index < 0 || b.index < 0 || a.text == nil || b.text == nil {
		return a.index == b.index
	}
	return *a.text == *b.text
}

// sameNames tells whether two series name the same groups.
func (t *trend) sameNames(a, b int) bool {
	names := func(series int) []string {
		var list []string
		for _, g := range t.groups[series].groups {
			list = append(list, g.text)
		}
		slices.Sort(list)
		return list
	}
	return slices.Equal(names(a), names(b))
}

// formulaValues computes the formula of a group in each bucket of a period.
func (t *trend) formulaValues(f insight.Formula, group formulaGroup, period int) (insight.Values, error) {
	operands := map[int]insight.Values{}
	for series, index := range group.indexes {
		tally, err := t.tally(period*len(t.query.Series)+series, index)
		if err != nil {
			return nil, err
		}
		operands[series] = tally.values
	}
	values := make(insight.Values, len(t.axes[0].Starts))
	for i := range values {
		if i >= len(t.axes[period].Starts) {
			values[i] = math.NaN() // the period has no such bucket
			continue
		}
		values[i] = f.Value(func(series int) float64 { return operands[series][i] })
	}
	return values, nil
}
