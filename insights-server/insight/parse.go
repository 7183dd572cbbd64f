package insight

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"time"
)

var (
	kinds        = []Kind{KindTrend, KindFunnel, KindRetention, KindStickiness, KindLifecycle, KindPaths}
	intervals    = []Interval{Hour, Day, Week, Month, Quarter, Year}
	matches      = []Match{MatchAll, MatchAny}
	scopes       = []Scope{ScopeEvent, ScopeUser}
	aggregations = []AggregationType{
		Total, UniqueUsers, AveragePerUser, MedianPerUser, MinPerUser, MaxPerUser,
		Sum, Average, Median, Min, Max, P90, P95, P99,
	}
	periodIntervals = []Interval{Day, Week, Month}
	directions      = []Direction{After, Before}
	compares        = []Compare{PreviousPeriod}
	operators       = []Operator{
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
	// inCohort is true within a cohort's definition.
	inCohort bool
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
	}
	if err := p.common(f, &q); err != nil {
		return Query{}, err
	}
	if err := p.kind(f, &q); err != nil {
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
	if q.Explain, err = f.flag("explain"); err != nil {
		return err
	}
	if q.Refresh, err = f.flag("refresh"); err != nil {
		return err
	}
	q.Filter, err = p.filter(f)
	return err
}

// kind reads the fields that belong to the query's kind.
func (p *parser) kind(f *fields, q *Query) *Error {
	switch q.Kind {
	case KindFunnel:
		return p.funnel(f, q)
	case KindRetention:
		return p.retention(f, q)
	case KindStickiness:
		return p.stickiness(f, q)
	case KindLifecycle:
		return p.lifecycle(f, q)
	case KindPaths:
		return p.paths(f, q)
	default:
		return p.trend(f, q)
	}
}

func parseInterval(f *fields, known []Interval) (Interval, *Error) {
	n, err := f.required("interval", "Give one of: "+list(known)+".")
	if err != nil {
		return "", err
	}
	return word(n, CodeUnknownValue, known)
}

func (p *parser) trend(f *fields, q *Query) *Error {
	var err *Error
	if q.Interval, err = parseInterval(f, intervals); err != nil {
		return err
	}
	if err = p.seriesList(f, q, p.series); err != nil {
		return err
	}
	if err = p.formulas(f, q); err != nil {
		return err
	}
	if n, ok := f.get("compare"); ok {
		if q.Compare, err = word(n, CodeUnknownValue, compares); err != nil {
			return err
		}
	}
	q.Breakdown, err = parseBreakdown(f)
	return err
}

// seriesList reads the member "series", each item as the kind has them.
func (p *parser) seriesList(f *fields, q *Query, read func(node) (Series, *Error)) *Error {
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
		s, err := read(item)
		if err != nil {
			return err
		}
		q.Series = append(q.Series, s)
	}
	return nil
}

// parseBreakdown reads the member "breakdown", which may be absent.
func parseBreakdown(parent *fields) (*Breakdown, *Error) {
	n, ok := parent.get("breakdown")
	if !ok {
		return nil, nil
	}
	f, err := n.fields("A breakdown")
	if err != nil {
		return nil, err
	}
	b := &Breakdown{Limit: DefaultGroups}
	scope, err := f.required("scope", `Give "event" for a property of the event, "user" for an attribute of its user.`)
	if err != nil {
		return nil, err
	}
	if b.Scope, err = word(scope, CodeUnknownValue, scopes); err != nil {
		return nil, err
	}
	property, err := f.required("property", "Give the name of the property.")
	if err != nil {
		return nil, err
	}
	if b.Property, err = property.name("Give the name of the property."); err != nil {
		return nil, err
	}
	if limit, ok := f.get("limit"); ok {
		if b.Limit, err = limit.whole(1, MaxGroups); err != nil {
			return nil, err
		}
	}
	return b, f.done()
}

func (p *parser) funnel(f *fields, q *Query) *Error {
	var err *Error
	if q.Steps, q.Window, err = p.steps(f); err != nil {
		return err
	}
	q.Breakdown, err = parseBreakdown(f)
	return err
}

// steps reads the members "steps" and "window" of a funnel.
func (p *parser) steps(f *fields) ([]Step, time.Duration, *Error) {
	list, err := f.required("steps", "Give from 2 to 10 steps.")
	if err != nil {
		return nil, 0, err
	}
	items, err := list.array()
	switch {
	case err != nil:
		return nil, 0, err
	case len(items) < MinSteps:
		return nil, 0, errorf(CodeTooFew, list.path, "These are %d steps. A funnel has from %d to %d.", len(items), MinSteps, MaxSteps)
	case len(items) > MaxSteps:
		return nil, 0, errorf(CodeTooMany, list.path, "These are %d steps. A funnel has from %d to %d.", len(items), MinSteps, MaxSteps)
	}
	steps := make([]Step, len(items))
	for i, item := range items {
		if steps[i], err = p.step(item); err != nil {
			return nil, 0, err
		}
	}
	window, err := parseWindow(f, "Give the time that a user has from the first step to the last")
	return steps, window, err
}

func (p *parser) step(n node) (Step, *Error) {
	f, err := n.fields("A step")
	if err != nil {
		return Step{}, err
	}
	var s Step
	if s.Event, err = parseEvent(f, "event"); err != nil {
		return Step{}, err
	}
	if s.Filter, err = p.filter(f); err != nil {
		return Step{}, err
	}
	return s, f.done()
}

// parseEvent reads a required name of an event, or AnyEvent.
func parseEvent(f *fields, field string) (string, *Error) {
	const remedy = `Give the name of an event, or "*" for every event.`
	n, err := f.required(field, remedy)
	if err != nil {
		return "", err
	}
	return n.name(remedy)
}

var (
	windowPattern = regexp.MustCompile(`^([1-9][0-9]{0,8})(m|h|d)$`)
	windowUnits   = map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
)

// maxWindow is longer than any data goes back, and far below what a
// time.Duration holds.
const maxWindow = 100 * 365 * 24 * time.Hour

// parseWindow reads the required member "window".
func parseWindow(f *fields, remedy string) (time.Duration, *Error) {
	n, err := f.required("window", remedy+`, such as "7d".`)
	if err != nil {
		return 0, err
	}
	s, err := n.string()
	if err != nil {
		return 0, err
	}
	m := windowPattern.FindStringSubmatch(s)
	if m == nil {
		return 0, errorf(CodeInvalidValue, n.path, "%s is not a length of time. Write a whole number from 1 and a unit (m, h or d), such as \"30m\", \"12h\" or \"7d\".", quoteShort(s))
	}
	count, _ := strconv.Atoi(m[1]) // at most nine digits: it cannot fail
	unit := windowUnits[m[2]]
	if time.Duration(count) > maxWindow/unit {
		return 0, errorf(CodeInvalidValue, n.path, "%s is too long. Give at most %d%s.", quoteShort(s), maxWindow/unit, m[2])
	}
	return time.Duration(count) * unit, nil
}

func (p *parser) retention(f *fields, q *Query) *Error {
	var err *Error
	if q.CohortEvent, err = parseEvent(f, "cohort_event"); err != nil {
		return err
	}
	if q.ReturnEvent, err = parseEvent(f, "return_event"); err != nil {
		return err
	}
	if q.Interval, err = parseInterval(f, periodIntervals); err != nil {
		return err
	}
	periods, err := f.required("periods", "Give how many buckets to look at, from 1 to 60.")
	if err != nil {
		return err
	}
	q.Periods, err = periods.whole(1, MaxPeriods)
	return err
}

func (p *parser) series(n node) (Series, *Error) {
	f, err := n.fields("A series")
	if err != nil {
		return Series{}, err
	}
	var s Series
	if s.Event, err = parseEvent(f, "event"); err != nil {
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
	n, ok := parent.get("filters")
	if !ok {
		return Filter{Match: MatchAll}, nil
	}
	return p.filterOf(n)
}

func (p *parser) filterOf(n node) (Filter, *Error) {
	filter := Filter{Match: MatchAll}
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
	if len(filter.Conditions) == 0 {
		filter.Match = MatchAll // both take everything; equal questions look equal
	}
	return filter, f.done()
}

func (p *parser) condition(n node) (Condition, *Error) {
	f, err := n.fields("A condition")
	if err != nil {
		return Condition{}, err
	}
	var c Condition
	scope, err := f.required("scope", `Give "event" for a property of the event, "user" for an attribute of its user, "cohort" for whether that user is in a cohort.`)
	if err != nil {
		return Condition{}, err
	}
	if c.Scope, err = word(scope, CodeUnknownValue, conditionScopes); err != nil {
		return Condition{}, err
	}
	if c.Scope == ScopeCohort {
		return p.cohortReference(n, f)
	}
	if err := p.comparison(f, &c); err != nil {
		return Condition{}, err
	}
	return c, f.done()
}

// comparison reads what is compared, how and with what.
func (p *parser) comparison(f *fields, c *Condition) *Error {
	property, err := f.required("property", "Give the name of the property.")
	if err != nil {
		return err
	}
	if c.Property, err = property.name("Give the name of the property."); err != nil {
		return err
	}
	operator, err := f.required("operator", "Give one of: "+list(operators)+".")
	if err != nil {
		return err
	}
	if c.Operator, err = word(operator, CodeUnknownOperator, operators); err != nil {
		return err
	}
	value, given := f.given("value")
	c.Values, err = p.conditionValues(c.Operator, value, given)
	return err
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
