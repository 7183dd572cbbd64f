package reference

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Paths is the answer to paths, each event and link written as a text.
type Paths struct {
	Users int
	Steps []PathStep
}

// PathStep is one step: "event users" and "from > to users", with the rest as
// (rest).
type PathStep struct {
	Events, Links []string
	Ended         int
}

const pathRest = "(rest)"

// Paths answers paths by writing down each user's.
func (r *Reference) Paths(q insight.Query) Paths {
	days := q
	days.Interval = insight.Day
	if q.Range.Last > 0 && q.Range.Unit == insight.Hour {
		days.Interval = insight.Hour
	}
	clock := r.clock(days, false)
	byUser := map[string][]Event{}
	for i, e := range r.data.Events {
		if e.User != nil && clock.places[i] != outside && matches(q.Filter, e, r.data) {
			byUser[*e.User] = append(byUser[*e.User], e)
		}
	}
	var walks [][]string
	for _, events := range byUser {
		slices.SortFunc(events, func(a, b Event) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) })
		anchor := slices.IndexFunc(events, func(e Event) bool { return q.Event == "*" || q.Event == e.Name })
		if anchor < 0 {
			continue
		}
		walk := []string{events[anchor].Name}
		direction := 1
		if q.Direction == insight.Before {
			direction = -1
		}
		for i := anchor + direction; i >= 0 && i < len(events) && len(walk) <= q.PathSteps; i += direction {
			if events[i].Time.Sub(events[anchor].Time).Abs() > q.Window {
				break
			}
			walk = append(walk, events[i].Name)
		}
		walks = append(walks, walk)
	}
	answer := Paths{Users: len(walks)}
	for k := 1; k <= q.PathSteps; k++ {
		step := PathStep{}
		counts := map[string]int{}
		for _, w := range walks {
			if len(w) > k {
				counts[w[k]]++
			} else if len(w) == k {
				step.Ended++
			}
		}
		step.Events = ranked(counts)
		kept := map[string]bool{}
		for _, e := range step.Events[:min(q.PathLimit, len(step.Events))] {
			kept[e] = true
		}
		for _, w := range walks {
			if len(w) > k && !kept[w[k]] {
				w[k] = pathRest
			}
		}
		counts, links := map[string]int{}, map[string]int{}
		for _, w := range walks {
			if len(w) > k {
				counts[w[k]]++
				links[w[k-1]+" > "+w[k]]++
			}
		}
		for i, e := range step.Events[:len(kept)] {
			step.Events[i] = fmt.Sprint(e, " ", counts[e])
		}
		step.Events = step.Events[:len(kept)]
		if n := counts[pathRest]; n > 0 {
			step.Events = append(step.Events, fmt.Sprint(pathRest, " ", n))
		}
		for _, l := range ranked(links) {
			step.Links = append(step.Links, fmt.Sprint(l, " ", links[l]))
		}
		answer.Steps = append(answer.Steps, step)
	}
	return answer
}

// ranked sorts by count, then by code point.
func ranked(counts map[string]int) []string {
	var list []string
	for name := range counts {
		list = append(list, name)
	}
	slices.SortFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	return list
}
