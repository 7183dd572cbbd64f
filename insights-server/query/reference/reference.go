// Package reference answers insights from events in memory, slowly and plainly.
// Tests hold the planner's SQL against it. It shares nothing with the planner
// but the types of a query: buckets come from walking the clock, filters from
// looking at JSON values, sums from exact arithmetic.
package reference

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Event is a stored event. Numbers among its properties are json.Number.
type Event struct {
	// ID sorts events of the same instant.
	ID         string
	Name       string
	User       *string
	Time       time.Time
	Properties map[string]any
}

// Data is what the warehouse holds. Users go from id to attributes.
type Data struct {
	Events []Event
	Users  map[string]map[string]any

	now time.Time
	// counted are the events of each condition of a cohort, by user.
	counted map[*insight.Cohort][]map[string]int
}

// Answer is the answer to a trend.
type Answer struct {
	Buckets  []time.Time
	Series   []Series
	Formulas []Formula
}

// Series is the answer of one series, or of one group of it.
type Series struct {
	// Group is nil without a breakdown, and for the group without the property.
	Group  *string
	Count  int64
	Values []Value
	// Previous is nil without a comparison.
	Previous *Series
	// key tells groups apart, a value "$other" from the rest; has is the number
	// of buckets of the period before.
	key string
	has int
}

const restKey = "the rest"

func (s Series) rest() bool { return s.key == restKey }

// Value is a number or nothing.
type Value struct {
	Number float64
	// Null is true when there is no number.
	Null bool
	// Scale is the size of what was added up, to judge rounding by.
	Scale float64
}

// Reference answers questions about one set of data.
type Reference struct {
	data Data
	now  time.Time
	// clocks are kept, because walking through years takes long and questions
	// share them.
	clocks map[span]*clock
}

// span is what a clock depends on.
type span struct {
	zone     string
	interval insight.Interval
	within   insight.Range
	previous bool
}

// New makes a reference. Now ends the ranges that are relative to it.
func New(data Data, now time.Time) *Reference {
	data.now, data.counted = now, map[*insight.Cohort][]map[string]int{}
	return &Reference{data: data, now: now, clocks: map[span]*clock{}}
}

// clock gives the clock of a query's range, or of the period before it.
func (r *Reference) clock(q insight.Query, previous bool) *clock {
	key := span{q.Zone.String(), q.Interval, q.Range, previous}
	c := r.clocks[key]
	if c == nil {
		c = newClock(q, r.now, previous)
		for _, e := range r.data.Events {
			c.places = append(c.places, c.bucket(e.Time))
		}
		r.clocks[key] = c
	}
	return c
}

// placed is an event in its bucket.
type placed struct {
	event  Event
	bucket int
}

// within lists the events of a series that the clock has a bucket for.
func (r *Reference) within(q insight.Query, s insight.Series, c *clock) []placed {
	var out []placed
	for i, e := range r.data.Events {
		if place := c.places[i]; place != outside && matches(q.Filter, e, r.data) && (s.Event == "*" || s.Event == e.Name) && matches(s.Filter, e, r.data) {
			out = append(out, placed{e, place})
		}
	}
	return out
}

// Trend answers a trend.
func (r *Reference) Trend(q insight.Query) Answer {
	current := r.clock(q, false)
	answer := Answer{Buckets: current.starts}
	bySeries := make([][]Series, len(q.Series))
	for i, s := range q.Series {
		events := r.within(q, s, current)
		var before []placed
		if q.Compare != "" {
			before = r.within(q, s, r.clock(q, true))
		}
		for _, g := range r.groups(q, events) {
			series := one(s, g.only(r, q, events), len(current.starts), len(current.starts))
			series.Group, series.key = g.text, g.key
			if q.Compare != "" {
				previous := one(s, g.only(r, q, before), len(current.starts), len(r.clock(q, true).starts))
				series.Previous, series.has = &previous, len(r.clock(q, true).starts)
			}
			bySeries[i] = append(bySeries[i], series)
			answer.Series = append(answer.Series, series)
		}
	}
	answer.Formulas = formulas(q, bySeries)
	return answer
}

// one computes a series over as many buckets as the answer has. Those that the
// period does not have are null.
func one(s insight.Series, events []placed, buckets, has int) Series {
	out := Series{Count: int64(len(events))}
	inBucket := make([][]Event, buckets)
	for _, p := range events {
		if p.bucket < buckets {
			inBucket[p.bucket] = append(inBucket[p.bucket], p.event)
		}
	}
	for i, list := range inBucket {
		if i >= has {
			out.Values = append(out.Values, Value{Null: true})
			continue
		}
		out.Values = append(out.Values, aggregate(s.Aggregation, list))
	}
	return out
}

// clock knows the buckets by what a clock on the wall shows.
type clock struct {
	zone     *time.Location
	interval insight.Interval
	inRange  func(local time.Time) bool
	starts   []time.Time
	index    map[int]int
	places   []int // of each event of the data, or outside
}

// outside is the place of an event that is out of range.
const outside = -1

// tick is the step of the walk. All clock changes since 1990 fall on it, but
// for St. John's, which tests leave out.
const tick = 15 * time.Minute

func newClock(q insight.Query, now time.Time, previous bool) *clock {
	c := &clock{zone: q.Zone, interval: q.Interval, index: map[int]int{}}
	first, last := q.Range.From, q.Range.To
	today := now.In(q.Zone)
	midday := time.Date(today.Year(), today.Month(), today.Day(), 12, 0, 0, 0, time.UTC)
	back := q.Range.Last - 1
	hours := map[int]bool{}
	switch {
	case q.Range.Last == 0:
	case q.Range.Unit == insight.Hour:
		seen, wanted := map[int]bool{}, q.Range.Last
		if previous {
			wanted *= 2
		}
		for t := now.Truncate(tick); len(seen) < wanted; t = t.Add(-tick) {
			hour := hourOf(t.In(q.Zone))
			if !seen[hour] && len(seen) >= wanted-q.Range.Last {
				hours[hour] = true
			}
			seen[hour] = true
		}
		first = now.Add(-time.Duration(wanted+26) * time.Hour)
		last = now.Add(26 * time.Hour)
	default:
		last = midday
		switch q.Range.Unit {
		case insight.Day:
			midday = midday.AddDate(0, 0, -back)
		case insight.Week:
			for midday.Weekday() != time.Monday {
				midday = midday.AddDate(0, 0, -1)
			}
			midday = midday.AddDate(0, 0, -7*back)
		case insight.Month:
			midday = midday.AddDate(0, 0, 1-midday.Day()).AddDate(0, -back, 0)
		}
		first = midday
	}
	if previous && len(hours) == 0 {
		days := 0
		for d := first; dayOf(d) <= dayOf(last); d = d.AddDate(0, 0, 1) {
			days++
		}
		first, last = first.AddDate(0, 0, -days), first.AddDate(0, 0, -1)
	}
	firstDay, lastDay := dayOf(first), dayOf(last)
	c.inRange = func(local time.Time) bool {
		if len(hours) > 0 {
			return hours[hourOf(local)]
		}
		day := dayOf(local)
		return firstDay <= day && day <= lastDay
	}
	c.walk(first, last)
	return c
}

func dayOf(local time.Time) int {
	year, month, day := local.Date()
	return year*10000 + int(month)*100 + day
}

func hourOf(local time.Time) int { return dayOf(local)*100 + local.Hour() }

// key names the bucket that a local time belongs to; later ones are greater.
func (c *clock) key(local time.Time) int {
	switch c.interval {
	case insight.Hour:
		return hourOf(local)
	case insight.Day:
		return dayOf(local)
	case insight.Week:
		year, week := local.ISOWeek()
		return year*100 + week
	case insight.Month:
		return dayOf(local) / 100
	case insight.Quarter:
		return local.Year()*10 + (int(local.Month())+2)/3
	default:
		return local.Year()
	}
}

// walk goes through time from before the first day's bucket to after the last
// day, and notes when each bucket's key first shows.
func (c *clock) walk(first, last time.Time) {
	lead := map[insight.Interval]int{insight.Hour: 2, insight.Day: 3, insight.Week: 9, insight.Month: 33, insight.Quarter: 95, insight.Year: 368}
	latest := 0
	touched := map[int]bool{}
	firstSeen := map[int]time.Time{}
	var order []int
	for t := first.Truncate(24*time.Hour).AddDate(0, 0, -lead[c.interval]); t.Before(last.AddDate(0, 0, 3)); t = t.Add(tick) {
		local := t.In(c.zone)
		key := c.key(local)
		if key > latest {
			latest = key
			firstSeen[key] = local
			order = append(order, key)
		}
		if !touched[key] && c.inRange(local) {
			touched[key] = true
		}
	}
	for _, key := range order {
		if touched[key] {
			c.index[key] = len(c.starts)
			c.starts = append(c.starts, firstSeen[key])
		}
	}
}

func (c *clock) bucket(t time.Time) int {
	local := t.In(c.zone)
	if i, ok := c.index[c.key(local)]; ok && c.inRange(local) {
		return i
	}
	return outside
}

func matches(f insight.Filter, e Event, data Data) bool {
	for _, condition := range f.Conditions {
		holds := holds(condition, e, data)
		if holds && f.Match == insight.MatchAny {
			return true
		}
		if !holds && f.Match == insight.MatchAll {
			return false
		}
	}
	return f.Match == insight.MatchAll || len(f.Conditions) == 0
}

func holds(c insight.Condition, e Event, data Data) bool {
	if c.Scope == insight.ScopeCohort {
		return (e.User != nil && data.isMember(c.Cohort, *e.User)) == (c.Operator == insight.In)
	}
	var value any
	switch {
	case c.Scope == insight.ScopeEvent:
		value = e.Properties[c.Property]
	case e.User != nil:
		value = data.Users[*e.User][c.Property]
	}
	switch c.Operator {
	case insight.IsSet:
		return value != nil
	case insight.IsNotSet:
		return value == nil
	case insight.Equals, insight.In:
		return slices.ContainsFunc(c.Values, func(s insight.Scalar) bool { return same(value, s) })
	case insight.NotEquals, insight.NotIn:
		return !slices.ContainsFunc(c.Values, func(s insight.Scalar) bool { return same(value, s) })
	case insight.Contains, insight.NotContains:
		text, ok := value.(string)
		has := ok && strings.Contains(strings.ToLower(text), strings.ToLower(c.Values[0].String))
		return has == (c.Operator == insight.Contains)
	}
	number, ok := double(value)
	if !ok {
		return false
	}
	switch bound := c.Values[0].Number; c.Operator {
	case insight.GreaterThan:
		return number > bound
	case insight.GreaterOrEqual:
		return number >= bound
	case insight.LessThan:
		return number < bound
	case insight.LessOrEqual:
		return number <= bound
	default:
		panic("unknown operator " + c.Operator)
	}
}

func same(value any, s insight.Scalar) bool {
	switch v := value.(type) {
	case string:
		return s.Type == insight.StringScalar && v == s.String
	case bool:
		return s.Type == insight.BoolScalar && v == s.Bool
	}
	number, ok := double(value)
	return ok && s.Type == insight.NumberScalar && number == s.Number
}

func double(value any) (float64, bool) {
	text, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	// An underflow is 0 and no error to us.
	f, _ := strconv.ParseFloat(text.String(), 64)
	return f, true
}

func aggregate(a insight.Aggregation, events []Event) Value {
	perUser := map[string]float64{}
	var numbers []float64
	for _, e := range events {
		if e.User != nil {
			perUser[*e.User]++
		}
		if n, ok := double(e.Properties[a.Property]); ok && a.Property != "" {
			numbers = append(numbers, n)
		}
	}
	var each []float64
	for _, n := range perUser {
		each = append(each, n)
	}
	switch a.Type {
	case insight.Total:
		return exactly(float64(len(events)))
	case insight.UniqueUsers:
		return exactly(float64(len(perUser)))
	case insight.AveragePerUser:
		return mean(each)
	case insight.MedianPerUser:
		return quantile(each, 0.5)
	case insight.MinPerUser:
		return quantile(each, 0)
	case insight.MaxPerUser:
		return quantile(each, 1)
	case insight.Sum:
		return sum(numbers)
	case insight.Average:
		return mean(numbers)
	case insight.Median:
		return quantile(numbers, 0.5)
	case insight.Min:
		return quantile(numbers, 0)
	case insight.Max:
		return quantile(numbers, 1)
	case insight.P90:
		return quantile(numbers, 0.9)
	case insight.P95:
		return quantile(numbers, 0.95)
	case insight.P99:
		return quantile(numbers, 0.99)
	default:
		panic("unknown aggregation " + a.Type)
	}
}

func exactly(f float64) Value { return Value{Number: f, Scale: math.Abs(f)} }

// enough bits for any sum of doubles without rounding.
const enough = 2200

// sum is exact; beyond the doubles' range it is null.
func sum(numbers []float64) Value {
	total := new(big.Float).SetPrec(enough)
	scale := 0.0
	for _, n := range numbers {
		total.Add(total, new(big.Float).SetFloat64(n))
		scale += math.Abs(n)
	}
	f, _ := total.Float64()
	return Value{Number: f, Null: math.IsInf(f, 0), Scale: scale}
}

func mean(numbers []float64) Value {
	v := sum(numbers)
	if len(numbers) == 0 || v.Null {
		return Value{Null: true}
	}
	v.Number /= float64(len(numbers))
	v.Scale /= float64(len(numbers))
	return v
}

// quantile interpolates linearly between the two closest ranks.
func quantile(numbers []float64, q float64) Value {
	if len(numbers) == 0 {
		return Value{Null: true}
	}
	slices.Sort(numbers)
	rank := q * float64(len(numbers)-1)
	below := math.Floor(rank)
	low, high := numbers[int(below)], numbers[int(math.Ceil(rank))]
	f := low
	if high != low {
		f = low + (high-low)*(rank-below)
	}
	return Value{Number: f, Null: math.IsInf(f, 0), Scale: max(math.Abs(low), math.Abs(high))}
}
