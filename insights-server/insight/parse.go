package insight

import (
	"errors"
	"math"
	"strconv"
	"time"
)

var (
	kinds        = []Kind{KindTrend, KindFunnel, KindRetention}
	intervals    = []Interval{Hour, Day, Week, Month, Quarter, Year}
	matches      = []Match{MatchAll, MatchAny}
	scopes       = []Scope{ScopeEvent, ScopeUser}
	aggregations = []AggregationType{
		Total, UniqueUsers, AveragePerUser, MedianPerUser, MinPerUser, MaxPerUser,
		Sum, Average, Median, Min, Max, P90, P95, P99,
	}
	operators = []Operator{
		Equals, NotEquals, In, NotIn, Contains, NotContains,
		GreaterThan, GreaterOrEqual, LessThan, LessOrEqual, IsSet, IsNotSet,
	}
)

// Parse reads a query from JSON and checks all of it. An error is an *Error,
// and names the first field that is wrong.
func Parse(body []byte) (Query, error) {
	root, err := readTree(body)
	if err != nil {
		return Query{}, err
	}
	q, err := (&parser{}).query(root)
	if err != nil {
		return Query{}, err
	}
	return q, nil
}

// parser carries what is counted over the whole query.
type parser struct {
	values int
}

func (p *parser) query(n node) (Query, *Error) {
	f, err := n.fields("The query")
	if err != nil {
		return Query{}, err
	}
	q := Query{Kind: KindTrend, Zone: time.UTC}
	if kind, ok := f.get("kind"); ok {
		if q.Kind, err = word(kind, CodeUnknownValue, kinds); err != nil {
			return Query{}, err
		}
		if q.Kind != KindTrend {
			return Query{}, errorf(CodeNotSupported, kind.path, "This server answers no query of kind %q yet. Use kind %q.", q.Kind, KindTrend)
		}
	}
	if err := p.common(f, &q); err != nil {
		return Query{}, err
	}
	if err := p.trend(f, &q); err != nil {
		return Query{}, err
	}
	if err := f.done(); err != nil {
		return Query{}, err
	}
	return q, q.checkBuckets()
}

// common reads the fields that every kind of query has.
func (p *parser) common(f *fields, q *Query) *Error {
	zone, ok := f.get("timezone")
	if ok {
		name, err := zone.string()
		if err != nil {
			return err
		}
		if q.Zone, err = parseZone(name, zone.path); err != nil {
			return err
		}
	}
	within, err := f.required("range", `Give {"from":"2024-01-01","to":"2024-12-31"} or {"last":"30d"}.`)
	if err != nil {
		return err
	}
	if q.Range, err = parseRange(within); err != nil {
		return err
	}
	q.Filter, err = p.filter(f)
	return err
}

func (p *parser) trend(f *fields, q *Query) *Error {
	interval, err := f.required("interval", "Give one of: "+list(intervals)+".")
	if err != nil {
		return err
	}
	if q.Interval, err = word(interval, CodeUnknownValue, intervals); err != nil {
		return err
	}
	series, err := f.required("series", "Give from 1 to 10 series.")
	if err != nil {
		return err
	}
	items, err := series.array()
	switch {
	case err != nil:
		return err
	case len(items) == 0:
		return errorf(CodeRequired, series.path, "There is no series. Give from 1 to %d.", MaxSeries)
	case len(items) > MaxSeries:
		return errorf(CodeTooMany, series.path, "These are %d series. Give at most %d, and ask for the others in a second query.", len(items), MaxSeries)
	}
	for _, item := range items {
		s, err := p.series(item)
		if err != nil {
			return err
		}
		q.Series = append(q.Series, s)
	}
	for _, name := range []string{"breakdown", "compare"} {
		if n, ok := f.get(name); ok {
			return errorf(CodeNotSupported, n.path, "This server knows no %q yet. Leave it out.", name)
		}
	}
	return nil
}

func (p *parser) series(n node) (Series, *Error) {
	f, err := n.fields("A series")
	if err != nil {
		return Series{}, err
	}
	var s Series
	event, err := f.required("event", `Give the name of an event, or "*" for every event.`)
	if err != nil {
		return Series{}, err
	}
	if s.Event, err = event.name(`Give the name of an event, or "*" for every event.`); err != nil {
		return Series{}, err
	}
	aggregation, err := f.required("aggregation", `Give for example {"type":"total"}.`)
	if err != nil {
		return Series{}, err
	}
	if s.Aggregation, err = parseAggregation(aggregation); err != nil {
		return Series{}, err
	}
	if s.Filter, err = p.filter(f); err != nil {
		return Series{}, err
	}
	return s, f.done()
}

func parseAggregation(n node) (Aggregation, *Error) {
	f, err := n.fields("An aggregation")
	if err != nil {
		return Aggregation{}, err
	}
	var a Aggregation
	kind, err := f.required("type", "Give one of: "+list(aggregations)+".")
	if err != nil {
		return Aggregation{}, err
	}
	if a.Type, err = word(kind, CodeUnknownValue, aggregations); err != nil {
		return Aggregation{}, err
	}
	property, given := f.get("property")
	switch {
	case a.Type.NeedsProperty() && !given:
		return Aggregation{}, errorf(CodeRequired, property.path, "%q is computed over a property. Give the name of a numeric event property.", a.Type)
	case !a.Type.NeedsProperty() && given:
		return Aggregation{}, errorf(CodeNotAllowed, property.path, "%q is computed over no property. Leave it out.", a.Type)
	case given:
		if a.Property, err = property.name("Give the name of a numeric event property."); err != nil {
			return Aggregation{}, err
		}
	}
	return a, f.done()
}

// filter reads the member "filters", which may be absent.
func (p *parser) filter(parent *fields) (Filter, *Error) {
	filter := Filter{Match: MatchAll}
	n, ok := parent.get("filters")
	if !ok {
		return filter, nil
	}
	f, err := n.fields("Filters")
	if err != nil {
		return Filter{}, err
	}
	if match, ok := f.get("match"); ok {
		if filter.Match, err = word(match, CodeUnknownValue, matches); err != nil {
			return Filter{}, err
		}
	}
	if conditions, ok := f.get("conditions"); ok {
		items, err := conditions.array()
		if err != nil {
			return Filter{}, err
		}
		if len(items) > MaxConditions {
			return Filter{}, errorf(CodeTooMany, conditions.path, "These are %d conditions. Give at most %d; one \"in\" with many values may do.", len(items), MaxConditions)
		}
		for _, item := range items {
			c, err := p.condition(item)
			if err != nil {
				return Filter{}, err
			}
			filter.Conditions = append(filter.Conditions, c)
		}
	}
	return filter, f.done()
}

func (p *parser) condition(n node) (Condition, *Error) {
	f, err := n.fields("A condition")
	if err != nil {
		return Condition{}, err
	}
	var c Condition
	scope, err := f.required("scope", `Give "event" for a property of the event, "user" for an attribute of its user.`)
	if err != nil {
		return Condition{}, err
	}
	if c.Scope, err = word(scope, CodeUnknownValue, scopes); err != nil {
		return Condition{}, err
	}
	property, err := f.required("property", "Give the name of the property.")
	if err != nil {
		return Condition{}, err
	}
	if c.Property, err = property.name("Give the name of the property."); err != nil {
		return Condition{}, err
	}
	operator, err := f.required("operator", "Give one of: "+list(operators)+".")
	if err != nil {
		return Condition{}, err
	}
	if c.Operator, err = word(operator, CodeUnknownOperator, operators); err != nil {
		return Condition{}, err
	}
	value, given := f.given("value")
	if c.Values, err = p.conditionValues(c.Operator, value, given); err != nil {
		return Condition{}, err
	}
	return c, f.done()
}

// conditionValues checks a condition's value by what its operator compares.
func (p *parser) conditionValues(op Operator, n node, given bool) ([]Scalar, *Error) {
	if op == IsSet || op == IsNotSet {
		// A value has no bearing here. Clients that always write the field send
		// null, and are not troubled for it; an object or array is a mistake.
		if given && n.kind != jsonNull {
			_, err := parseScalar(op, n)
			return nil, err
		}
		return nil, nil
	}
	if !given {
		return nil, errorf(CodeRequired, n.path, "%q needs a \"value\" to compare with.", op)
	}
	items := []node{n}
	if op == In || op == NotIn {
		if n.kind != jsonArray {
			return nil, errorf(CodeInvalidValue, n.path, "%q needs an array of values, not %s. For one value use \"equals\" or \"not_equals\".", op, n.kind)
		}
		items = n.items
	}
	if p.values += len(items); p.values > MaxValues {
		return nil, errorf(CodeTooMany, n.path, "The query compares with more than %d values. Ask for fewer.", MaxValues)
	}
	values := make([]Scalar, len(items))
	for i, item := range items {
		s, err := parseScalar(op, item)
		if err != nil {
			return nil, err
		}
		values[i] = s
	}
	return values, nil
}

func parseScalar(op Operator, n node) (Scalar, *Error) {
	switch op {
	case Contains, NotContains:
		if n.kind != jsonString {
			return Scalar{}, errorf(CodeInvalidValue, n.path, "%q compares strings. Give a string, not %s.", op, n.kind)
		}
	case GreaterThan, GreaterOrEqual, LessThan, LessOrEqual:
		if n.kind != jsonNumber {
			return Scalar{}, errorf(CodeInvalidValue, n.path, "%q compares numbers. Give a JSON number without quotes, not %s.", op, n.kind)
		}
	}
	switch n.kind {
	case jsonString:
		s, err := n.string()
		return Scalar{Type: StringScalar, String: s}, err
	case jsonBool:
		return Scalar{Type: BoolScalar, Bool: n.boolean}, nil
	case jsonNumber:
		number, err := strconv.ParseFloat(n.text, 64)
		// An underflow rounds to 0 without an error, like a stored number.
		if errors.Is(err, strconv.ErrRange) && math.IsInf(number, 0) {
			return Scalar{}, errorf(CodeInvalidValue, n.path, "The number is too large for a double. No stored number is that large.")
		}
		return Scalar{Type: NumberScalar, Number: number}, nil
	case jsonNull:
		return Scalar{}, errorf(CodeInvalidValue, n.path, "%q cannot compare with null. Use \"is_set\" or \"is_not_set\".", op)
	default:
		return Scalar{}, errorf(CodeInvalidValue, n.path, "%q compares with a string, a number or a boolean, not %s.", op, n.kind)
	}
}
