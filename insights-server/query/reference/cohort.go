package reference

import (
	"slices"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Members lists the users of a cohort, of all that have a row or an event, by
// code point.
func (r *Reference) Members(c *insight.Cohort) []string {
	everyone := map[string]bool{}
	for id := range r.data.Users {
		everyone[id] = true
	}
	for _, e := range r.data.Events {
		if e.User != nil {
			everyone[*e.User] = true
		}
	}
	members := []string{}
	for id := range everyone {
		if r.data.isMember(c, id) {
			members = append(members, id)
		}
	}
	slices.Sort(members)
	return members
}

// isMember looks at each condition for one user.
func (d Data) isMember(c *insight.Cohort, user string) bool {
	counted := d.counted[c]
	if counted == nil {
		for _, condition := range c.Conditions {
			counted = append(counted, d.count(condition))
		}
		d.counted[c] = counted
	}
	for i, condition := range c.Conditions {
		holds := false
		switch n := counted[i][user]; condition.Type {
		case insight.CohortAttribute:
			holds = attributeHolds(condition.Attribute, user, d)
		case insight.CohortEvent:
			holds = (n >= condition.AtLeast) == condition.Done
		default:
			switch condition.Outcome {
			case insight.Completed:
				holds = n == len(condition.Steps)
			case insight.NotCompleted:
				holds = n > 0 && n < len(condition.Steps)
			default:
				holds = n == condition.Step
			}
		}
		if holds != (c.Match == insight.MatchAll) {
			return holds
		}
	}
	return c.Match == insight.MatchAll
}

func attributeHolds(c insight.Condition, user string, d Data) bool {
	return holds(c, Event{User: &user}, d)
}

// count gives how many events of a condition each user has; of a funnel, how
// many of its steps each user has reached.
func (d Data) count(c insight.CohortCondition) map[string]int {
	counts := map[string]int{}
	switch c.Type {
	case insight.CohortAttribute:
		return counts
	case insight.CohortFunnel:
		r := Reference{data: d, now: d.now, clocks: map[span]*clock{}}
		q := insight.Query{Kind: insight.KindFunnel, Range: c.Range, Zone: c.Zone, Filter: c.Filter, Steps: c.Steps, Window: c.Window}
		for user, events := range r.candidates(q) {
			counts[user] = len(best(events, len(q.Steps), q.Window).times)
		}
		return counts
	}
	days := newClock(insight.Query{Range: c.Range, Zone: c.Zone, Interval: insight.Day}, d.now, false)
	for _, e := range d.Events {
		if e.User != nil && (c.Event == "*" || c.Event == e.Name) && days.bucket(e.Time) != outside && matches(c.Filter, e, d) {
			counts[*e.User]++
		}
	}
	return counts
}
