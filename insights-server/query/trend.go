package query

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// trend puts the rows of a trend together. Each series has a tally for each
// group and period.
type trend struct {
	query  insight.Query
	axes   []insight.Axis
	groups []Groups // nil without a breakdown
	// named is true when the rows bring the names of the groups along.
	named   bool
	tallies []map[int]*tally
	// cells is the number of values so far.
	cells int
}

func newTrend(q insight.Query, axes []insight.Axis) *trend {
	t := &trend{query: q, axes: axes, tallies: make([]map[int]*tally, len(q.Series)*len(axes))}
	for i := range t.tallies {
		t.tallies[i] = map[int]*tally{}
	}
	return t
}

// runTrend answers a trend.
func (s *Service) runTrend(ctx context.Context, q insight.Query) (insight.Answer, error) {
	now := s.options.Now()
	axis, err := q.Axis(now)
	if err != nil {
		return insight.Answer{}, err
	}
	axes := []insight.Axis{axis}
	if q.Compare == insight.PreviousPeriod {
		previous, err := q.PreviousAxis(now)
		if err != nil {
			return insight.Answer{}, err
		}
		axes = append(axes, previous)
	}
	t := newTrend(q, axes)
	if len(axis.Starts) > 0 {
		err = s.read(ctx, "run the query", func(ctx context.Context, d dialect.Dialect) error {
			return s.readTrend(ctx, t, d)
		})
		if err != nil {
			return insight.Answer{}, err
		}
	}
	series, err := t.series()
	if err != nil {
		return insight.Answer{}, err
	}
	formulas, err := t.formulas()
	if err != nil {
		return insight.Answer{}, err
	}
	return insight.Answer{Kind: q.Kind, Buckets: axis.Starts, Series: series, Formulas: formulas, Elapsed: s.options.Now().Sub(now)}, nil
}

func (s *Service) readTrend(ctx context.Context, t *trend, d dialect.Dialect) error {
	clipped := make([]insight.Axis, len(t.axes))
	possible := false
	for i, axis := range t.axes {
		var err error
		if clipped[i], err = s.clip(ctx, axis); err != nil {
			return err
		}
		possible = possible || len(clipped[i].Stretches) > 0
	}
	// Groups are those of the range itself.
	if !possible || (t.query.Breakdown != nil && len(clipped[0].Stretches) == 0) {
		return nil
	}
	if v := vectorsOf(ctx); v != nil {
		return v.trend(ctx, t, clipped, d)
	}
	statement, both, err := PlanGroupTotals(t.query, clipped[0], d)
	if err != nil {
		return err
	}
	if both {
		t.named, t.groups = true, make([]Groups, len(t.query.Series))
		return t.readRows(ctx, s.reader(ctx), statement)
	}
	if t.query.Breakdown != nil {
		groups, err := findGroups(ctx, s.reader(ctx), t.query, clipped[0], d)
		if err != nil {
			return err
		}
		t.groups = groups
	}
	if statement, err = PlanTrend(t.query, clipped, t.groups, d); err != nil {
		return err
	}
	return t.readRows(ctx, s.reader(ctx), statement)
}

// readRows runs the statement of PlanTrend or PlanGroupTotals.
func (t *trend) readRows(ctx context.Context, r reader, statement Statement) error {
	rows, err := ask(ctx, r, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := t.scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// snapshot runs statements that see one state of the tables.
func (s *Service) snapshot(ctx context.Context, work func(*sql.Tx) error) error {
	var options *sql.TxOptions // DuckDB and Redshift know snapshots alone
	if s.db.Dialect == warehouse.PostgreSQL {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := s.db.SQL.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written; after Commit it does nothing
	if err := work(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (t *trend) scan(rows *sql.Rows) error {
	var series, group, bucket int
	var events, measured int64
	var value any
	var key sql.NullString
	into := []any{&series, &group, &bucket, &events, &measured, &value}
	if t.named {
		into = append(into, &key)
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	number, err := toFloat(value)
	if err != nil {
		return err
	}
	if series < 0 || series >= len(t.tallies) {
		return fmt.Errorf("the warehouse answered for series %d, which is none of the query's", series)
	}
	tally, err := t.tally(series, group)
	if err != nil {
		return err
	}
	if bucket < 0 || bucket >= len(t.axes[series/len(t.query.Series)].Starts) {
		return fmt.Errorf("the warehouse answered for bucket %d, which is none of the query's", bucket)
	}
	tally.add(bucket, events, measured, number)
	if t.named && group >= 0 {
		t.groups[series].name(group, key.String)
	}
	return nil
}

// tally gives the tally of a group, which may be new. Series here are numbered
// through the periods.
func (t *trend) tally(series, group int) (*tally, error) {
	if found := t.tallies[series][group]; found != nil {
		return found, nil
	}
	buckets := len(t.axes[0].Starts)
	if t.cells += buckets; t.cells > insight.MaxCells && t.query.Breakdown != nil {
		return nil, &insight.Error{
			Code: insight.CodeTooMany, Field: "breakdown.limit",
			Message: fmt.Sprintf("The answer would have more than %d values. Ask for fewer groups, or a longer interval.", insight.MaxCells),
		}
	}
	made := newTally(t.query.Series[series%len(t.query.Series)].Aggregation.Type, buckets)
	// A period that has fewer intervals than the range has nothing beside the
	// last ones.
	for i := len(t.axes[series/len(t.query.Series)].Starts); i < buckets; i++ {
		made.values[i] = math.NaN()
	}
	t.tallies[series][group] = made
	return made, nil
}

// series makes the answer's series.
func (t *trend) series() ([]insight.SeriesAnswer, error) {
	var out []insight.SeriesAnswer
	for i, s := range t.query.Series {
		for _, g := range t.groupsOf(i) {
			current, err := t.tally(i, g.index)
			if err != nil {
				return nil, err
			}
			answer := insight.SeriesAnswer{
				Event: s.Event, Aggregation: s.Aggregation, Group: g.text,
				Count: current.count, Values: current.values,
			}
			if len(t.axes) > 1 {
				before, err := t.tally(len(t.query.Series)+i, g.index)
				if err != nil {
					return nil, err
				}
				answer.Previous = &insight.Previous{Count: before.count, Values: before.values}
			}
			out = append(out, answer)
		}
	}
	return out, nil
}

// indexedGroup is a group of an answer.
type indexedGroup struct {
	index int
	text  *string
}

// groupsOf lists the groups of a series that have events in the range: the
// named ones, the rest, and that of the events without the property.
func (t *trend) groupsOf(series int) []indexedGroup {
	if t.query.Breakdown == nil {
		return []indexedGroup{{}}
	}
	var out []indexedGroup
	if t.groups != nil {
		for i := range t.groups[series].groups {
			out = append(out, indexedGroup{i, &t.groups[series].groups[i].text})
		}
	}
	if t.tallies[series][restGroup] != nil {
		other := insight.OtherGroup
		out = append(out, indexedGroup{restGroup, &other})
	}
	if t.tallies[series][nullGroup] != nil {
		out = append(out, indexedGroup{nullGroup, nil})
	}
	return out
}
