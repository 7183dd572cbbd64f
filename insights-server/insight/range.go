package insight

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Range is a stretch of calendar time. Either From and To are set, or Last
// and Unit.
type Range struct {
	// From and To are the first and last day, written as midnight UTC; which
	// instants they cover is for the query's zone to say.
	From, To time.Time
	// Last is the number of units up to now, the current one included.
	Last int
	// Unit is Hour, Day, Week or Month.
	Unit Interval
}

// Axis is the time line of an answer.
type Axis struct {
	// From and To bound the events that count: From <= t < To.
	From, To time.Time
	// Starts are the first instants of the intervals that the range touches,
	// in the query's zone. The first may lie before From: events between the
	// two do not count.
	Starts []time.Time
	// Stretches say which interval each instant from From to To belongs to, in
	// the order of time. Mostly that is one stretch for each interval; but an
	// hour that repeats has two, and others may lie between.
	Stretches []Stretch
}

// Stretch is a piece of an interval. It ends where the next one starts, the
// last at the end of the range.
type Stretch struct {
	Start time.Time
	// Bucket is the interval's index in Starts.
	Bucket int
}

var (
	lastPattern = regexp.MustCompile(`^([1-9][0-9]{0,8})(h|d|w|mo)$`)
	units       = map[string]Interval{"h": Hour, "d": Day, "w": Week, "mo": Month}
	// maxLast keeps a range within a few lifetimes, and its start within the
	// years that RFC 3339 can write.
	maxLast = map[Interval]int{Hour: MaxBuckets, Day: MaxBuckets, Week: 7_000, Month: 1_500}
)

const rangeRemedy = `Give {"from":"2024-01-01","to":"2024-12-31"}, both days included, or {"last":"30d"} (units h, d, w, mo).`

func parseRange(n node) (Range, *Error) {
	f, err := n.fields("The range")
	if err != nil {
		return Range{}, err
	}
	from, hasFrom := f.get("from")
	to, hasTo := f.get("to")
	last, hasLast := f.get("last")
	if err := f.done(); err != nil {
		return Range{}, err
	}
	switch {
	case hasLast && (hasFrom || hasTo):
		return Range{}, errorf(CodeInvalidRange, n.path, "The range has both \"last\" and days. %s", rangeRemedy)
	case hasLast:
		return parseLast(last)
	case !hasFrom && !hasTo:
		return Range{}, errorf(CodeRequired, n.path, "The range is empty. %s", rangeRemedy)
	case !hasFrom:
		return Range{}, errorf(CodeRequired, from.path, "The range has no first day. %s", rangeRemedy)
	case !hasTo:
		return Range{}, errorf(CodeRequired, to.path, "The range has no last day. %s", rangeRemedy)
	}
	var r Range
	if r.From, err = parseDay(from); err != nil {
		return Range{}, err
	}
	if r.To, err = parseDay(to); err != nil {
		return Range{}, err
	}
	if r.To.Before(r.From) {
		return Range{}, errorf(CodeRangeReversed, n.path, "The range ends on %s, before it starts on %s. Swap the two days.", r.To.Format(time.DateOnly), r.From.Format(time.DateOnly))
	}
	return r, nil
}

func parseDay(n node) (time.Time, *Error) {
	s, err := n.string()
	if err != nil {
		return time.Time{}, err
	}
	day, bad := time.Parse(time.DateOnly, s)
	if bad != nil || len(s) != len(time.DateOnly) || day.Year() < 1 {
		return time.Time{}, errorf(CodeInvalidRange, n.path, "%s is not a day of the calendar. Write it as YYYY-MM-DD, such as \"2024-02-29\".", quoteShort(s))
	}
	return day, nil
}

func parseLast(n node) (Range, *Error) {
	s, err := n.string()
	if err != nil {
		return Range{}, err
	}
	m := lastPattern.FindStringSubmatch(s)
	if m == nil {
		return Range{}, errorf(CodeInvalidRange, n.path, "%s is not a length of time. Write a whole number from 1 and a unit (h, d, w or mo), such as \"30d\".", quoteShort(s))
	}
	count, _ := strconv.Atoi(m[1]) // at most nine digits: it cannot fail
	unit := units[m[2]]
	if count > maxLast[unit] {
		return Range{}, errorf(CodeTooManyBuckets, n.path, "%s is too long. Give at most %d%s.", quoteShort(s), maxLast[unit], m[2])
	}
	return Range{Last: count, Unit: unit}, nil
}

// Axis computes the query's time line. Now matters only to a range that is
// relative to it. The error is an *Error with CodeTooManyBuckets.
func (q Query) Axis(now time.Time) (Axis, error) {
	first, axis := q.Range.resolve(q.Zone, now)
	if err := axis.fill(q.Zone, first, q.Interval, MaxBuckets); err != nil {
		return Axis{}, err
	}
	return axis, nil
}

// Bounds are the instants of the range alone: an Axis without intervals.
func (q Query) Bounds(now time.Time) Axis {
	_, axis := q.Range.resolve(q.Zone, now)
	return axis
}

// PreviousAxis computes the time line of as many days just before the range
// as it has, or as many hours before a range of the last hours. It is cut into
// intervals of its own, so it may have some more or fewer than the range.
func (q Query) PreviousAxis(now time.Time) (Axis, error) {
	first, axis := q.Range.resolve(q.Zone, now)
	if q.Range.Unit == Hour && q.Range.Last > 0 {
		first, axis = backHours(q.Zone, first, axis.From, q.Range.Last)
	} else {
		last := q.Range.To
		if q.Range.Last > 0 {
			last = current(q.Zone, now, Day)
		}
		days := int(last.Sub(first)/(24*time.Hour)) + 1
		axis.To = axis.From
		first = first.AddDate(0, 0, -days)
		axis.From = firstInstant(q.Zone, first)
	}
	// The range itself was within the limit; this one is hardly longer.
	if err := axis.fill(q.Zone, first, q.Interval, 2*MaxBuckets); err != nil {
		return Axis{}, err
	}
	return axis, nil
}

// PeriodsAxis is the axis with the periods of a retention after each of its
// intervals, and all of them whole: from the start of the first interval to
// the end of the last.
func (q Query) PeriodsAxis(now time.Time, cohorts Axis) (Axis, error) {
	first, axis := q.Range.resolve(q.Zone, now)
	if len(cohorts.Starts) == 0 {
		return cohorts, nil
	}
	axis.From = cohorts.Starts[0]
	civil := floorCivil(first, q.Interval)
	for ; !firstInstant(q.Zone, civil).Equal(axis.From); civil = addCivil(civil, q.Interval, 1) {
		if firstInstant(q.Zone, civil).After(axis.From) {
			return Axis{}, fmt.Errorf("no interval of the zone %s starts at %s", q.Zone, axis.From)
		}
	}
	first = civil
	for n := len(cohorts.Starts) + q.Periods - 1; n > 0; {
		start := firstInstant(q.Zone, civil)
		civil = addCivil(civil, q.Interval, 1)
		if axis.To = firstInstant(q.Zone, civil); axis.To.After(start) {
			n--
		}
	}
	if err := axis.fill(q.Zone, first, q.Interval, MaxBuckets+MaxPeriods); err != nil {
		return Axis{}, err
	}
	return axis, nil
}

// LifecycleAxis is the time line of a lifecycle: the intervals of the axis,
// all of them whole, with the one before the first in front.
func (q Query) LifecycleAxis(now time.Time, axis Axis) (Axis, error) {
	q.Periods = 1
	whole, err := q.PeriodsAxis(now, axis)
	if err != nil || len(whole.Starts) == 0 {
		return whole, err
	}
	first, _ := q.Range.resolve(q.Zone, now)
	civil := floorCivil(first, q.Interval)
	for !firstInstant(q.Zone, civil).Before(whole.From) {
		civil = addCivil(civil, q.Interval, -1)
	}
	before := Axis{From: firstInstant(q.Zone, civil), To: whole.To}
	if err := before.fill(q.Zone, civil, q.Interval, MaxBuckets+1); err != nil {
		return Axis{}, err
	}
	if len(before.Starts) != len(axis.Starts)+1 {
		return Axis{}, fmt.Errorf("the zone %s has %d intervals of one %s from %s, not %d", q.Zone, len(before.Starts), q.Interval, before.From, len(axis.Starts)+1)
	}
	return before, nil
}

// resolve finds the instants of the range, and the civil time of its start.
func (r Range) resolve(zone *time.Location, now time.Time) (time.Time, Axis) {
	if r.Last == 0 {
		return r.From, Axis{
			From: firstInstant(zone, r.From),
			To:   firstInstant(zone, r.To.AddDate(0, 0, 1)),
		}
	}
	if r.Unit == Hour {
		return r.resolveHours(zone, now)
	}
	today := current(zone, now, Day)
	first := addCivil(floorCivil(today, r.Unit), r.Unit, 1-r.Last)
	return first, Axis{
		From: firstInstant(zone, first),
		To:   firstInstant(zone, today.AddDate(0, 0, 1)),
	}
}

// resolveHours goes back hour by hour, since some hours do not exist.
func (r Range) resolveHours(zone *time.Location, now time.Time) (time.Time, Axis) {
	hour := addCivil(current(zone, now, Hour), Hour, 1)
	return backHours(zone, hour, firstInstant(zone, hour), r.Last)
}

// backHours goes so many hours back from the instant at which the civil hour
// begins.
func backHours(zone *time.Location, hour, to time.Time, count int) (time.Time, Axis) {
	from := to
	for left := count; left > 0; {
		hour = addCivil(hour, Hour, -1)
		start := firstInstant(zone, hour)
		if start.Before(from) {
			from, left = start, left-1
		}
	}
	return hour, Axis{From: from, To: to}
}

// current is the interval that now lies in. Where clocks were put back over
// its end, the interval after it has begun and keeps the time that repeats.
func current(zone *time.Location, now time.Time, interval Interval) time.Time {
	c := floorCivil(civilOf(now, zone), interval)
	for {
		next := addCivil(c, interval, 1)
		if firstInstant(zone, next).After(now) {
			return c
		}
		c = next
	}
}

// fill lists the intervals, at most so many, from the one that holds the civil
// time first.
func (a *Axis) fill(zone *time.Location, first time.Time, interval Interval, most int) *Error {
	if interval == Hour {
		return a.fillHours(zone, most)
	}
	return a.fillDays(zone, first, interval, most)
}

// fillDays lists intervals of whole days. Those that clocks jumped over are
// left out; a day that clocks went back into has ended all the same.
func (a *Axis) fillDays(zone *time.Location, first time.Time, interval Interval, most int) *Error {
	civil := floorCivil(first, interval)
	start := firstInstant(zone, civil)
	for start.Before(a.To) {
		civil = addCivil(civil, interval, 1)
		end := firstInstant(zone, civil)
		if end.After(start) && end.After(a.From) {
			if len(a.Starts) == most {
				return tooManyBuckets(interval)
			}
			a.Stretches = append(a.Stretches, Stretch{Start: later(start, a.From), Bucket: len(a.Starts)})
			a.Starts = append(a.Starts, start)
		}
		start = end
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// fillHours goes through the range from one full hour, or change of clocks, to
// the next. All that clocks show as the same hour of a day is one interval.
func (a *Axis) fillHours(zone *time.Location, most int) *Error {
	bucket := map[int64]int{} // by hours of civil time since 1970
	latest := int64(math.MinInt64)
	var hours []int64
	for t := a.From.In(zone); t.Before(a.To); {
		_, offset := t.Zone()
		change, changes := nextChange(t)
		for t.Before(a.To) && (!changes || t.Before(change)) {
			hour := floorDiv(t.Unix()+int64(offset), 3600)
			i, seen := bucket[hour]
			if !seen {
				if len(hours) == most {
					return tooManyBuckets(Hour)
				}
				start := t
				if hour < latest || t.Equal(a.From) { // it may have begun before the range
					start = firstInstant(zone, time.Unix(hour*3600, 0).UTC())
				}
				i = len(hours)
				bucket[hour] = i
				hours = append(hours, hour)
				a.Starts = append(a.Starts, start)
				latest = max(latest, hour)
			}
			a.Stretches = append(a.Stretches, Stretch{Start: t, Bucket: i})
			t = time.Unix((hour+1)*3600-int64(offset), 0).In(zone)
		}
		if changes && t.After(change) {
			t = change
		}
	}
	if !slices.IsSorted(hours) {
		a.sort()
	}
	return nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// sort puts the intervals in the order of their starts.
func (a *Axis) sort() {
	order := make([]int, len(a.Starts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return a.Starts[i].Compare(a.Starts[j]) })
	starts := make([]time.Time, len(order))
	place := make([]int, len(order))
	for to, from := range order {
		starts[to] = a.Starts[from]
		place[from] = to
	}
	a.Starts = starts
	for i := range a.Stretches {
		a.Stretches[i].Bucket = place[a.Stretches[i].Bucket]
	}
}

func tooManyBuckets(interval Interval) *Error {
	return errorf(CodeTooManyBuckets, "interval", "The range holds more than %d intervals of one %s. Choose a longer interval or a shorter range.", MaxBuckets, interval)
}

// shortest are lengths that no interval is below, but for those that clocks
// cut short.
var shortest = map[Interval]time.Duration{
	Hour: time.Hour, Day: 23 * time.Hour, Week: 7 * 23 * time.Hour,
	Month: 28 * 23 * time.Hour, Quarter: 90 * 23 * time.Hour, Year: 365 * 23 * time.Hour,
}

// checkBuckets finds ranges of days that hold too many intervals, so that
// Parse can refuse them; a range relative to now waits for Axis.
func (q Query) checkBuckets() *Error {
	if q.Range.Last > 0 || q.Kind == KindFunnel || q.Kind == KindPaths {
		return nil
	}
	days := q.Range.To.Sub(q.Range.From)
	if days/shortest[q.Interval] < MaxBuckets/2 {
		return nil // certainly few enough: spare the count
	}
	_, axis := q.Range.resolve(q.Zone, time.Time{})
	return axis.fill(q.Zone, q.Range.From, q.Interval, MaxBuckets)
}

// String writes the range as the JSON of a query does.
func (r Range) String() string {
	if r.Last == 0 {
		return r.From.Format(time.DateOnly) + " to " + r.To.Format(time.DateOnly)
	}
	for name, unit := range units {
		if unit == r.Unit {
			return fmt.Sprintf("last %d%s", r.Last, name)
		}
	}
	return ""
}
