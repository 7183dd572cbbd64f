package query

import (
	"fmt"
	"slices"
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
//	series    index of the series; those of the period before come after all
//	group     index of the group, or restGroup or nullGroup
//	bucket    index of the bucket
//	events    number of the series' events in the bucket
//	measured  number of users or of numbers that the value was made from
//	value     the aggregate, where it is no count
//
// in any order, without the buckets that have no event. One statement sees one
// state of the tables, so that series agree with each other while a load runs.
// The axes are the range's and, to compare with it, the period's before. Groups
// are those of each series, for a query with a breakdown.
func PlanTrend(q insight.Query, axes []insight.Axis, groups []Groups, d dialect.Dialect) (Statement, error) {
	args := &dialect.Args{}
	var arms []string
	for period, axis := range axes {
		for i, s := range q.Series {
			if len(axis.Stretches) == 0 && period > 0 {
				continue // nothing can be there
			}
			a := arm{
				selection: &selection{dialect: d, args: args, path: fmt.Sprintf("series[%d]", i)},
				index:     period*len(q.Series) + i, query: q, series: s, axis: axis,
			}
			if q.Breakdown != nil {
				a.groups = &groups[i]
			}
			sql, err := a.plan()
			if err != nil {
				return Statement{}, err
			}
			arms = append(arms, sql)
		}
	}
	return finish(args, strings.Join(arms, "\nUNION ALL\n")), nil
}

// arm is the SELECT of one series in one period.
type arm struct {
	*selection
	index  int
	query  insight.Query
	series insight.Series
	axis   insight.Axis
	groups *Groups // nil without a breakdown
}

func (a arm) plan() (string, error) {
	d, kind := a.dialect, a.series.Aggregation.Type
	var property dialect.Property
	if kind.NeedsProperty() {
		var err error
		if property, err = d.EventProperty(a.args, a.series.Aggregation.Property); err != nil {
			return "", nameError(err, a.path+".aggregation.property")
		}
	}
	from, bucket, group, user, err := a.rows(&property)
	if err != nil {
		return "", err
	}
	if measure, ok := perUser(d, kind); ok {
		return fmt.Sprintf(`SELECT %d AS "series", "group", "bucket", CAST(SUM("n") AS BIGINT) AS "events", COUNT(`+a.dialect.User()+`) AS "measured", %s AS "value"
FROM (SELECT %s AS "group", %s AS "bucket", %s, COUNT(*) AS "n"
%s
GROUP BY 1, 2, 3) AS p
GROUP BY 2, 3`, a.index, d.Value(measure), group, bucket, user, from), nil
	}
	measured, value := "0", "NULL"
	switch {
	case kind == insight.Total:
	case kind == insight.UniqueUsers:
		measured = d.CountUsers(user, a.cells())
	case kind == insight.AveragePerUser: // the division is left to Go
		measured, value = d.CountUsers(user, a.cells()), "COUNT("+user+")"
	case !kind.NeedsProperty():
		return "", fmt.Errorf("%s: no SQL for aggregation %q", a.path, kind)
	case property.Number != "":
		measured = "COUNT(" + property.Number + ")"
		if value, err = overProperty(d, kind, property); err != nil {
			return "", fmt.Errorf("%s: %w", a.path, err)
		}
	}
	return fmt.Sprintf(`SELECT %d AS "series", %s AS "group", %s AS "bucket", COUNT(*) AS "events", %s AS "measured", %s AS "value"
%s
GROUP BY 2, 3`, a.index, group, bucket, measured, d.Value(value), from), nil
}

// cells is how many rows the arm has at most.
func (a arm) cells() int {
	if a.groups == nil {
		return len(a.axis.Starts)
	}
	return len(a.axis.Starts) * (len(a.groups.groups) + 2) // the rest, and those without
}

// rows writes the FROM that gives the series' events, and names in them the
// bucket, the group and the user. With a breakdown the events are read in a
// SELECT of their own, and the property is made to name its columns.
func (a arm) rows(property *dialect.Property) (from, bucket, group, user string, err error) {
	bucket = bucketIndex(a.dialect, timestampColumn, a.axis)
	if a.groups == nil {
		from, err = a.source(a.query, a.series, a.axis)
		return from, bucket, "0", `e.` + a.dialect.User(), err
	}
	key, err := a.groupKey(*a.query.Breakdown)
	if err != nil {
		return "", "", "", "", err
	}
	columns := []string{bucket + ` AS "bucket"`, `e.` + a.dialect.User(), key.SQL + ` AS "key"`}
	if property.Number != "" {
		columns = append(columns, property.Number+` AS "number"`)
		if property.Exact != property.Number {
			columns = append(columns, property.Exact+` AS "exact"`)
			property.Exact = `r."exact"`
		} else {
			property.Exact = `r."number"`
		}
		property.Number = `r."number"`
	}
	source, err := a.source(a.query, a.series, a.axis)
	if err != nil {
		return "", "", "", "", err
	}
	from = "FROM (SELECT " + strings.Join(columns, ", ") + "\n" + source + ") AS r"
	group = fmt.Sprintf(`CASE WHEN r."key" IS NULL THEN %d ELSE %d END`, nullGroup, restGroup)
	if rows := a.groupRows(); rows != "" {
		from += "\nLEFT JOIN (" + rows + `) AS g ON g."key" = r."key"`
		group = `COALESCE(g."group", ` + group + ")"
	}
	return from, `r."bucket"`, group, `r.` + a.dialect.User(), nil
}

// groupRows lists the keys of the series' groups; "" when it has none.
func (a arm) groupRows() string {
	var rows []string
	for i, g := range a.groups.groups {
		for _, key := range g.keys {
			row := fmt.Sprintf("SELECT %s, %d", a.dialect.Param(a.args.Bind(key), dialect.Text), i)
			if len(rows) == 0 {
				row = fmt.Sprintf(`SELECT %s AS "key", %d AS "group"`, a.dialect.Param(a.args.Bind(key), dialect.Text), i)
			}
			rows = append(rows, row)
		}
	}
	return strings.Join(rows, " UNION ALL ")
}

// perUser gives the aggregate over "n", the events of each user in a bucket;
// the events without a user are one more row, whose "user_id" is null. False
// for aggregations that need no such rows.
func perUser(d dialect.Dialect, t insight.AggregationType) (string, bool) {
	n := `CASE WHEN ` + d.User() + ` IS NOT NULL THEN ` + d.Float(`"n"`) + ` END`
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
	// userKey is the SQL of a breakdown by an attribute: the column "key" of the
	// joined users.
	userKey string
	// attributes are the columns that these read: see dialect.Users.
	attributes []string
	// lists are the SELECTs of users that conditions on cohorts join: k0, k1, ….
	lists []string
}

// groupKey is the key of a breakdown. For an attribute it is computed below
// the join with the users.
func (s *selection) groupKey(b insight.Breakdown) (dialect.Key, error) {
	var property dialect.Property
	var err error
	switch b.Scope {
	case insight.ScopeEvent:
		property, err = s.dialect.EventProperty(s.args, b.Property)
	case insight.ScopeUser:
		property, err = s.attribute(b.Property)
	default:
		err = fmt.Errorf("breakdown: no SQL for scope %q", b.Scope)
	}
	if err != nil {
		return dialect.Key{}, nameError(err, "breakdown.property")
	}
	key := s.dialect.GroupKey(property)
	if b.Scope == insight.ScopeUser {
		s.userKey = key.SQL
		key.SQL = `u."key"`
	}
	return key, nil
}

// attribute reads an attribute below the join with the users.
func (s *selection) attribute(name string) (dialect.Property, error) {
	property, err := s.dialect.UserAttribute(s.args, name)
	for _, column := range property.Columns {
		if !slices.Contains(s.attributes, column) {
			s.attributes = append(s.attributes, column)
		}
	}
	return property, err
}

// source writes FROM and WHERE for a series' events.
func (s *selection) source(q insight.Query, series insight.Series, axis insight.Axis) (string, error) {
	where := s.within(axis)
	if series.Event != insight.AnyEvent {
		where = append(where, s.named(series.Event))
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
	return s.from(where), nil
}

// within writes the conditions on time.
func (s *selection) within(axis insight.Axis) []string {
	return []string{
		timestampColumn + " >= " + s.dialect.Instant(axis.From),
		timestampColumn + " < " + s.dialect.Instant(axis.To),
	}
}

func (s *selection) named(event string) string {
	return `e."event" = ` + s.dialect.Param(s.args.Bind(event), dialect.Text)
}

// from writes FROM and WHERE. What depends on the user alone is computed once
// per user, below the join, and not once per event. All conditions and keys
// must have been written before.
func (s *selection) from(where []string) string {
	from := `FROM "events" AS e`
	columns := s.users
	if s.userKey != "" {
		columns = append(columns[:len(columns):len(columns)], s.userKey+` AS "key"`)
	}
	if len(columns) > 0 {
		from += "\nLEFT JOIN (SELECT a." + s.dialect.User() + ", " + strings.Join(columns, ", ") + " FROM " + dialect.Users(s.dialect, s.attributes) + `) AS u ON u.` + s.dialect.User() + ` = e.` + s.dialect.User()
	}
	from += s.joinLists()
	if len(where) == 0 {
		return from
	}
	return from + "\nWHERE " + strings.Join(where, "\n  AND ")
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
	if c.Scope == insight.ScopeCohort {
		return s.inCohort(c, path)
	}
	var property dialect.Property
	var err error
	switch c.Scope {
	case insight.ScopeEvent:
		property, err = s.dialect.EventProperty(s.args, c.Property)
	case insight.ScopeUser:
		property, err = s.attribute(c.Property)
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
