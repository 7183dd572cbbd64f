package query

import (
	"fmt"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// Statement is one SQL statement and the values bound to its placeholders.
type Statement struct {
	SQL  string
	Args []any
}

func finish(args *dialect.Args, sql string) Statement {
	text, values := args.Finish(sql)
	return Statement{SQL: text, Args: values}
}

// PlanTrend writes the one statement that answers a trend. Its rows are the
// columns
//
//	series    index of the series
//	bucket    index of the bucket
//	events    number of the series' events in the bucket
//	measured  number of users or of numbers that the value was made from
//	value     the aggregate, where it is no count
//
// in any order, without the buckets that have no event. One statement sees one
// state of the tables, so that series agree with each other while a load runs.
func PlanTrend(q insight.Query, axis insight.Axis, d dialect.Dialect) (Statement, error) {
	args := &dialect.Args{}
	arms := make([]string, len(q.Series))
	for i, s := range q.Series {
		arm, err := planSeries(q, i, s, axis, d, args)
		if err != nil {
			return Statement{}, err
		}
		arms[i] = arm
	}
	return finish(args, strings.Join(arms, "\nUNION ALL\n")), nil
}

// planSeries writes the SELECT of one series.
func planSeries(q insight.Query, index int, s insight.Series, axis insight.Axis, d dialect.Dialect, args *dialect.Args) (string, error) {
	sel := &selection{dialect: d, args: args, path: fmt.Sprintf("series[%d]", index)}
	var property dialect.Property
	if s.Aggregation.Type.NeedsProperty() {
		var err error
		if property, err = d.EventProperty(args, s.Aggregation.Property); err != nil {
			return "", nameError(err, sel.path+".aggregation.property")
		}
	}
	source, err := sel.source(q, s, axis)
	if err != nil {
		return "", err
	}
	bucket := bucketIndex(d, timestampColumn, axis)
	if measure, ok := perUser(d, s.Aggregation.Type); ok {
		return fmt.Sprintf(`SELECT %d AS "series", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT("user_id") AS "measured", %s AS "value"
FROM (SELECT %s AS "bucket", e."user_id", COUNT(*) AS "n"
%s
GROUP BY 1, 2) AS p
GROUP BY 2`, index, d.Value(measure), bucket, source), nil
	}
	measured, value := "0", "NULL"
	switch {
	case s.Aggregation.Type == insight.Total:
	case s.Aggregation.Type == insight.UniqueUsers:
		measured = `COUNT(DISTINCT e."user_id")`
	case s.Aggregation.Type == insight.AveragePerUser: // the division is left to Go
		measured, value = `COUNT(DISTINCT e."user_id")`, `COUNT(e."user_id")`
	case !s.Aggregation.Type.NeedsProperty():
		return "", fmt.Errorf("%s: no SQL for aggregation %q", sel.path, s.Aggregation.Type)
	case property.Number != "":
		measured = "COUNT(" + property.Number + ")"
		if value, err = overProperty(d, s.Aggregation.Type, property); err != nil {
			return "", fmt.Errorf("%s: %w", sel.path, err)
		}
	}
	return fmt.Sprintf(`SELECT %d AS "series", %s AS "bucket", COUNT(*) AS "events", %s AS "measured", %s AS "value"
%s
GROUP BY 2`, index, bucket, measured, d.Value(value), source), nil
}

// perUser gives the aggregate over "n", the events of each user in a bucket;
// the events without a user are one more row, whose "user_id" is null. False
// for aggregations that need no such rows.
func perUser(d dialect.Dialect, t insight.AggregationType) (string, bool) {
	n := `CASE WHEN "user_id" IS NOT NULL THEN ` + d.Float(`"n"`) + ` END`
	switch t {
	case insight.MedianPerUser:
		return d.Quantile(n, 0.5), true
	case insight.MinPerUser:
		return "MIN(" + n + ")", true
	case insight.MaxPerUser:
		return "MAX(" + n + ")", true
	default:
		return "", false
	}
}

// overProperty gives the aggregate over a property's numbers. An average is a
// sum here: Go divides it, the same way for every engine.
func overProperty(d dialect.Dialect, t insight.AggregationType, p dialect.Property) (string, error) {
	switch t {
	case insight.Sum, insight.Average:
		return d.Sum(p), nil
	case insight.Median:
		return d.Quantile(p.Number, 0.5), nil
	case insight.Min:
		return "MIN(" + p.Number + ")", nil
	case insight.Max:
		return "MAX(" + p.Number + ")", nil
	case insight.P90:
		return d.Quantile(p.Number, 0.9), nil
	case insight.P95:
		return d.Quantile(p.Number, 0.95), nil
	case insight.P99:
		return d.Quantile(p.Number, 0.99), nil
	default:
		return "", fmt.Errorf("no SQL for aggregation %q", t)
	}
}

const timestampColumn = `e."timestamp"`

// selection writes the FROM and WHERE that choose a series' events.
type selection struct {
	dialect dialect.Dialect
	args    *dialect.Args
	path    string
	// users are conditions on users: columns c0, c1, … of the joined users.
	users []string
}

// source writes FROM and WHERE. What depends on the user alone is computed
// once per user, below the join, and not once per event.
func (s *selection) source(q insight.Query, series insight.Series, axis insight.Axis) (string, error) {
	where := []string{
		timestampColumn + " >= " + s.dialect.Instant(axis.From),
		timestampColumn + " < " + s.dialect.Instant(axis.To),
	}
	if series.Event != insight.AnyEvent {
		where = append(where, `e."event" = `+s.dialect.Param(s.args.Bind(series.Event), dialect.Text))
	}
	for _, f := range []struct {
		filter insight.Filter
		path   string
	}{{q.Filter, "filters"}, {series.Filter, s.path + ".filters"}} {
		condition, err := s.filter(f.filter, f.path)
		if err != nil {
			return "", err
		}
		if condition != "" {
			where = append(where, condition)
		}
	}
	from := `FROM "events" AS e`
	if len(s.users) > 0 {
		from += "\nLEFT JOIN (SELECT a.\"user_id\", " + strings.Join(s.users, ", ") + ` FROM "users" AS a) AS u ON u."user_id" = e."user_id"`
	}
	return from + "\nWHERE " + strings.Join(where, "\n  AND "), nil
}

// filter writes a filter's conditions; "" when it takes everything.
func (s *selection) filter(f insight.Filter, path string) (string, error) {
	if len(f.Conditions) == 0 {
		return "", nil
	}
	parts := make([]string, len(f.Conditions))
	for i, c := range f.Conditions {
		part, err := s.condition(c, fmt.Sprintf("%s.conditions[%d]", path, i))
		if err != nil {
			return "", err
		}
		parts[i] = part
	}
	joint := " AND "
	switch f.Match {
	case insight.MatchAll:
	case insight.MatchAny:
		joint = " OR "
	default:
		return "", fmt.Errorf("%s: no SQL for match %q", path, f.Match)
	}
	return "(" + strings.Join(parts, joint) + ")", nil
}

// condition writes one condition. The comparison itself is true or false, or
// NULL where the property is absent or of another type; so a negative operator
// is the complement of its positive one, with NULL taken as false.
func (s *selection) condition(c insight.Condition, path string) (string, error) {
	var property dialect.Property
	var err error
	switch c.Scope {
	case insight.ScopeEvent:
		property, err = s.dialect.EventProperty(s.args, c.Property)
	case insight.ScopeUser:
		property, err = s.dialect.UserAttribute(s.args, c.Property)
	default:
		err = fmt.Errorf("%s: no SQL for scope %q", path, c.Scope)
	}
	if err != nil {
		return "", nameError(err, path+".property")
	}
	positive, negated := positiveOf(c.Operator)
	comparison, err := s.compare(property, positive, c.Values)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if c.Scope == insight.ScopeUser {
		s.users = append(s.users, fmt.Sprintf("%s AS c%d", comparison, len(s.users)))
		comparison = fmt.Sprintf("u.c%d", len(s.users)-1)
	}
	if negated {
		return "NOT COALESCE(" + comparison + ", FALSE)", nil
	}
	return comparison, nil
}

// positiveOf gives the operator that a negative one is the complement of.
func positiveOf(op insight.Operator) (positive insight.Operator, negated bool) {
	switch op {
	case insight.NotEquals:
		return insight.Equals, true
	case insight.NotIn:
		return insight.In, true
	case insight.NotContains:
		return insight.Contains, true
	case insight.IsNotSet:
		return insight.IsSet, true
	default:
		return op, false
	}
}

var ordered = map[insight.Operator]string{
	insight.GreaterThan:    ">",
	insight.GreaterOrEqual: ">=",
	insight.LessThan:       "<",
	insight.LessOrEqual:    "<=",
}

const never = "FALSE"

func (s *selection) compare(p dialect.Property, op insight.Operator, values []insight.Scalar) (string, error) {
	switch op {
	case insight.IsSet:
		return orNever(p.Set), nil
	case insight.Equals, insight.In:
		return s.oneOf(p, values), nil
	case insight.Contains:
		return s.contains(p, values[0].String), nil
	}
	sign, ok := ordered[op]
	if !ok {
		return "", fmt.Errorf("no SQL for operator %q", op)
	}
	if p.Number == "" {
		return never, nil
	}
	return "(" + p.Number + " " + sign + " " + s.bind(values[0]) + ")", nil
}

// oneOf compares with every value, each within its own JSON type.
func (s *selection) oneOf(p dialect.Property, values []insight.Scalar) string {
	var parts []string
	for _, t := range []struct {
		kind       insight.ScalarType
		expression string
	}{{insight.StringScalar, p.Text}, {insight.NumberScalar, p.Number}, {insight.BoolScalar, p.Boolean}} {
		var places []string
		for _, v := range values {
			if v.Type == t.kind {
				places = append(places, s.bind(v))
			}
		}
		switch {
		case t.expression == "" || len(places) == 0:
		case len(places) == 1:
			parts = append(parts, t.expression+" = "+places[0])
		default:
			parts = append(parts, t.expression+" IN ("+strings.Join(places, ", ")+")")
		}
	}
	if len(parts) == 0 {
		return never
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// contains lowers both sides in the engine, by the same function.
func (s *selection) contains(p dialect.Property, part string) string {
	switch {
	case p.Text == "":
		return never
	case part == "": // every string holds it; engines disagree
		return "(" + p.Text + " IS NOT NULL)"
	}
	needle := s.dialect.Param(s.args.Bind(part), dialect.Text)
	return "(" + s.dialect.Find(s.dialect.Lower(p.Text), s.dialect.Lower(needle)) + ")"
}

func (s *selection) bind(v insight.Scalar) string {
	switch v.Type {
	case insight.NumberScalar:
		return s.dialect.Param(s.args.Bind(v.Number), dialect.Number)
	case insight.BoolScalar:
		return s.dialect.Param(s.args.Bind(v.Bool), dialect.Boolean)
	default:
		return s.dialect.Param(s.args.Bind(v.String), dialect.Text)
	}
}

func orNever(expression string) string {
	if expression == "" {
		return never
	}
	return expression
}
