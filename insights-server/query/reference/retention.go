package reference

import (
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Cohort is a cohort of a retention.
type Cohort struct {
	Start  time.Time
	Size   int
	Values []int
}

// Retention answers a retention.
func (r *Reference) Retention(q insight.Query) []Cohort {
	// The buckets after the range are those of a range that goes on.
	inRange := r.clock(q, false)
	onward := q
	from := inRange.starts[0]
	until := inRange.starts[len(inRange.starts)-1].AddDate(0, q.Periods+1, 0)
	onward.Range = insight.Range{From: civilDay(from), To: civilDay(until)}
	all := r.clock(onward, false)
	first := map[string]int{} // index of the user's first event
	for i, e := range r.data.Events {
		if e.User == nil || !r.named(q, q.CohortEvent, e) {
			continue
		}
		if before, known := first[*e.User]; !known || e.Time.Before(r.data.Events[before].Time) {
			first[*e.User] = i
		}
	}
	cohorts := make([]Cohort, len(inRange.starts))
	member := map[string]int{}
	for i, start := range inRange.starts {
		cohorts[i] = Cohort{Start: start, Values: make([]int, q.Periods)}
	}
	for user, i := range first {
		if place := inRange.places[i]; place != outside {
			cohorts[place].Size++
			member[user] = place
		}
	}
	type visit struct {
		user   string
		period int
	}
	seen := map[visit]bool{}
	for i, e := range r.data.Events {
		if e.User == nil || all.places[i] == outside || !r.named(q, q.ReturnEvent, e) {
			continue
		}
		cohort, ok := member[*e.User]
		if !ok || all.starts[all.places[i]].After(r.now) {
			continue
		}
		v := visit{*e.User, all.places[i] - cohort}
		if v.period >= 0 && v.period < q.Periods && !seen[v] {
			seen[v] = true
			cohorts[cohort].Values[v.period]++
		}
	}
	return cohorts
}

func (r *Reference) named(q insight.Query, name string, e Event) bool {
	return (name == "*" || name == e.Name) && matches(q.Filter, e, r.data)
}

func civilDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}
