package alert

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// leastBuckets is how many intervals an answer needs: the one that now lies in,
// the last complete one (the one before, while that is not settled), the one
// before that, and a first one that the range may cut.
const leastBuckets = 5

// ranges are the shortest with so many intervals, for insights whose own range
// has fewer, or does not reach to now.
var ranges = map[insight.Interval]insight.Range{
	insight.Hour:    {Last: 6, Unit: insight.Hour},
	insight.Day:     {Last: 6, Unit: insight.Day},
	insight.Week:    {Last: 6, Unit: insight.Week},
	insight.Month:   {Last: 6, Unit: insight.Month},
	insight.Quarter: {Last: 18, Unit: insight.Month},
	insight.Year:    {Last: 72, Unit: insight.Month},
}

// Question is what an alert asks of its insight: the one line that it watches, in
// the insight's own range, so that it sees what the page shows, and the groups
// that it names. An error is an *insight.Error with the path of the alert's field.
func (d Definition) Question(q insight.Query, now time.Time) (insight.Query, error) {
	if q.Kind != insight.KindTrend {
		return q, &insight.Error{Code: insight.CodeNotSupported, Field: "insight_id", Message: fmt.Sprintf("The insight is a %s, and an alert watches a trend. Save the question as a trend.", q.Kind)}
	}
	if err := d.check(q); err != nil {
		return q, err
	}
	q.Compare, q.Explain = "", false
	// The load that the check comes after is newer than any answer that is kept.
	q.Refresh = true
	if d.Measure.Formula != nil {
		q.Formulas = q.Formulas[*d.Measure.Formula : *d.Measure.Formula+1]
	} else {
		q.Series = q.Series[*d.Measure.Series : *d.Measure.Series+1]
		q.Formulas = nil
	}
	if q.Range.Last > 0 {
		axis, err := q.Axis(now)
		if err != nil {
			return q, err
		}
		if current(axis.Starts, now) >= leastBuckets-1 {
			return q, nil
		}
	}
	q.Range = ranges[q.Interval]
	return q, nil
}

// check holds the measure and the group against the query.
func (d Definition) check(q insight.Query) error {
	switch {
	case d.Measure.Formula != nil && *d.Measure.Formula >= len(q.Formulas):
		return &insight.Error{Code: insight.CodeInvalidValue, Field: "measure.formula", Message: fmt.Sprintf("The insight has %d formulas, which count from 0. Choose one of them.", len(q.Formulas))}
	case d.Measure.Series != nil && *d.Measure.Series >= len(q.Series):
		return &insight.Error{Code: insight.CodeInvalidValue, Field: "measure.series", Message: fmt.Sprintf("The insight has %d series, which count from 0. Choose one of them.", len(q.Series))}
	case d.Group != nil && q.Breakdown == nil:
		return &insight.Error{Code: insight.CodeNotAllowed, Field: "group", Message: "The insight has no breakdown, so that there are no groups. Leave it out."}
	case d.Group == nil && q.Breakdown != nil:
		return &insight.Error{Code: insight.CodeRequired, Field: "group", Message: fmt.Sprintf("The insight has a breakdown by %q. Choose the group to watch, such as {\"value\":\"de\"}.", q.Breakdown.Property)}
	default:
		return nil
	}
}

// current is the index of the interval that now lies in, -1 for none. A range up
// to the end of today has hours that are still to come.
func current(starts []time.Time, now time.Time) int {
	for i := len(starts) - 1; i >= 0; i-- {
		if !starts[i].After(now) {
			return i
		}
	}
	return -1
}

// Evaluate holds the answer to Question against the condition. It knows nothing
// but its arguments. Settle is how long an interval must be over until its data is
// there.
func (d Definition) Evaluate(q insight.Query, answer insight.Answer, now time.Time, settle time.Duration) Result {
	r := Result{Line: d.line(q)}
	at := current(answer.Buckets, now)
	end := func(i int) time.Time {
		if i+1 < len(answer.Buckets) {
			return answer.Buckets[i+1]
		}
		return time.Time{} // of the one that now lies in, the last of its range
	}
	if d.Bucket == Complete {
		if at--; at >= 0 && now.Sub(end(at)) < settle {
			at--
		}
	}
	first := 1 // the range may cut the interval before
	if d.Condition.Changes() {
		first = 2
	}
	if at < first {
		r.Status, r.Reason = NoData, "The answer has too few intervals."
		return r
	}
	r.Bucket, r.BucketEnd = answer.Buckets[at], end(at)
	values, reason := d.values(q, answer)
	if reason != "" {
		r.Status, r.Reason = NoData, reason
		return r
	}
	r.Value = number(values[at])
	if r.Value == nil {
		r.Status, r.Reason = NoData, "The interval has no value: no event, or none with a number."
		return r
	}
	if !d.Condition.Changes() {
		return r.decide(d.Condition, *r.Value)
	}
	r.Before = number(values[at-1])
	if r.Before == nil {
		r.Status, r.Reason = NoData, "The interval before has no value to compare with."
		return r
	}
	change := *r.Value - *r.Before
	if d.Condition.Unit == Percent {
		if *r.Before == 0 {
			// No percentage of 0 is anything else; what rose from it rose beyond all
			// bounds, what did not rise stayed.
			switch {
			case change == 0:
				return r.changed(d.Condition, 0)
			case change > 0 && d.Condition.Type == Rises, change < 0 && d.Condition.Type == Falls:
				r.Status, r.Reason = Firing, "The interval before is 0, of which every change is more than any percentage."
			default:
				r.Status, r.Reason = OK, "The interval before is 0, and the change goes the other way."
			}
			return r
		}
		change = change / math.Abs(*r.Before) * 100
	}
	if math.IsInf(change, 0) || math.IsNaN(change) {
		r.Status, r.Reason = NoData, "The change is beyond what can be computed."
		return r
	}
	return r.changed(d.Condition, change)
}

func (r Result) changed(c Condition, change float64) Result {
	r.Change = &change
	return r.decide(c, change)
}

// decide compares. The threshold itself does not fire a value, and fires a
// change, as one says "above 10" and "falls by 20 percent".
func (r Result) decide(c Condition, v float64) Result {
	fires := false
	switch c.Type {
	case Above:
		fires = v > c.Threshold
	case Below:
		fires = v < c.Threshold
	case Rises:
		fires = v > 0 && v >= c.Threshold
	case Falls:
		fires = v < 0 && -v >= c.Threshold
	}
	r.Status = OK
	if fires {
		r.Status = Firing
	}
	return r
}

// number is nil for a missing value.
func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// values finds the line of the answer; the reason says why there is none.
func (d Definition) values(q insight.Query, answer insight.Answer) (insight.Values, string) {
	type line struct {
		group  *string
		values insight.Values
	}
	var lines []line
	if d.Measure.Formula != nil {
		for _, f := range answer.Formulas {
			lines = append(lines, line{f.Group, f.Values})
		}
	} else {
		for _, s := range answer.Series {
			lines = append(lines, line{s.Group, s.Values})
		}
	}
	if d.Group == nil {
		if len(lines) == 0 {
			return nil, "The answer has no such line."
		}
		return lines[0].values, ""
	}
	for _, l := range lines {
		if l.group == nil && d.Group.Value == nil || l.group != nil && d.Group.Value != nil && *l.group == *d.Group.Value {
			return l.values, ""
		}
	}
	// There is a rest only after as many named groups as the limit: with fewer
	// groups than that, one that is not there has no events at all.
	named := 0
	for _, l := range lines {
		if l.group != nil {
			named++
		}
	}
	everything := named < q.Breakdown.Limit || d.Group.Value == nil
	if d.Measure.Formula == nil && everything && q.Series[0].Aggregation.Type.ZeroWhenEmpty() {
		return make(insight.Values, len(answer.Buckets)), ""
	}
	if everything {
		return nil, "The group has no events in the insight's range."
	}
	return nil, fmt.Sprintf("The group is not among the %d with most events that the insight names. Raise the breakdown's limit, or filter the insight for it.", q.Breakdown.Limit)
}

// line names what is watched.
func (d Definition) line(q insight.Query) string {
	var text string
	if d.Measure.Formula != nil {
		f := q.Formulas[0]
		if text = f.Name; text == "" {
			text = f.Expression
		}
	} else {
		s := q.Series[0]
		if text = s.Event; text == insight.AnyEvent {
			text = "any event"
		}
		text += " (" + strings.ReplaceAll(string(s.Aggregation.Type), "_", " ")
		if s.Aggregation.Property != "" {
			text += " of " + s.Aggregation.Property
		}
		text += ")"
	}
	switch {
	case d.Group == nil:
	case d.Group.Value == nil:
		text += ", without " + q.Breakdown.Property
	default:
		text += ", " + q.Breakdown.Property + " " + *d.Group.Value
	}
	return text
}

// boundary is the last instant up to now, less settle, at which an interval of the
// query ended.
func boundary(q insight.Query, now time.Time, settle time.Duration) time.Time {
	at := now.Add(-settle)
	axis, err := q.Axis(at)
	if err != nil {
		return time.Time{}
	}
	i := current(axis.Starts, at)
	if i < 0 {
		return time.Time{}
	}
	return axis.Starts[i]
}

// transition is what somebody has to be told after a check; empty for nothing.
func (d Definition) transition(before State, now Result, at time.Time) EventKind {
	from := before.Status
	if from == "" {
		from = New
	}
	if now.Status != from {
		switch now.Status {
		case Firing:
			return FiringEvent
		case NoData:
			return NoDataEvent
		case Failed:
			return ErrorEvent
		case OK:
			if from != New && d.NotifyRecovery {
				return RecoveredEvent
			}
		}
		return ""
	}
	if now.Status == Firing && d.RepeatAfter > 0 && !before.NotifiedAt.IsZero() &&
		at.Sub(before.NotifiedAt) >= time.Duration(d.RepeatAfter)*time.Hour {
		return RepeatEvent
	}
	return ""
}

// tells reports whether the event is one that is sent to destinations.
func (d Definition) tells(e EventKind) bool { return e != "" && len(d.Destinations) > 0 }

// remember puts an entry in front of a history, and lets go of the oldest.
func remember(history []Entry, e Entry) []Entry {
	history = slices.Insert(history, 0, e)
	return history[:min(len(history), maxHistory)]
}
