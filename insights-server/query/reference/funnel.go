package reference

import (
	"cmp"
	"slices"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Funnel is the answer to a funnel.
type Funnel struct {
	Steps  []Step
	Groups []FunnelGroup
}

// FunnelGroup is the funnel of one group.
type FunnelGroup struct {
	Group *string
	Steps []Step
}

// Step is one step of a funnel. What is nil is null.
type Step struct {
	Users          int
	Conversion     float64
	StepConversion *float64
	MedianSeconds  *float64
}

// candidate is an event that matches steps of a funnel.
type candidate struct {
	event Event
	steps []bool
}

// chain is a way of one user through a funnel.
type chain struct {
	first Event
	times []time.Time
}

// candidates are the events that match a step of a funnel, by user, in order.
func (r *Reference) candidates(q insight.Query) map[string][]candidate {
	days := q
	days.Interval = insight.Day
	if q.Range.Last > 0 && q.Range.Unit == insight.Hour {
		days.Interval = insight.Hour
	}
	clock := r.clock(days, false)
	byUser := map[string][]candidate{}
	for i, e := range r.data.Events {
		if e.User == nil || clock.places[i] == outside || !matches(q.Filter, e, r.data) {
			continue
		}
		c := candidate{e, make([]bool, len(q.Steps))}
		for k, s := range q.Steps {
			c.steps[k] = (s.Event == "*" || s.Event == e.Name) && matches(s.Filter, e, r.data)
		}
		if slices.Contains(c.steps, true) {
			byUser[*e.User] = append(byUser[*e.User], c)
		}
	}
	for _, events := range byUser {
		slices.SortFunc(events, func(a, b candidate) int {
			return cmp.Or(a.event.Time.Compare(b.event.Time), cmp.Compare(a.event.ID, b.event.ID))
		})
	}
	return byUser
}

// Funnel answers a funnel.
func (r *Reference) Funnel(q insight.Query) Funnel {
	var chains []chain
	for _, events := range r.candidates(q) {
		if c := best(events, len(q.Steps), q.Window); len(c.times) > 0 {
			chains = append(chains, c)
		}
	}
	answer := Funnel{Steps: steps(chains, len(q.Steps))}
	if q.Breakdown == nil {
		return answer
	}
	var texts []*string
	for _, c := range chains {
		texts = append(texts, textOf(property(q.Breakdown.Scope, q.Breakdown.Property, c.first, r.data)))
	}
	for _, g := range members(texts, q.Breakdown.Limit) {
		var only []chain
		for i, c := range chains {
			if g.has(texts[i]) {
				only = append(only, c)
			}
		}
		answer.Groups = append(answer.Groups, FunnelGroup{g.text, steps(only, len(q.Steps))})
	}
	return answer
}

// best tries every event that may start, and keeps the chain that goes
// furthest, then starts first, then takes each step first.
func best(events []candidate, count int, window time.Duration) chain {
	var found chain
	for i, c := range events {
		if !c.steps[0] || (len(found.times) == count && c.event.Time.After(found.times[0])) {
			continue
		}
		if tried := walk(events, i, count, window); better(tried, found) {
			found = tried
		}
	}
	return found
}

func better(a, b chain) bool {
	if len(a.times) != len(b.times) {
		return len(a.times) > len(b.times)
	}
	for i := range a.times {
		if !a.times[i].Equal(b.times[i]) {
			return a.times[i].Before(b.times[i])
		}
	}
	return false
}

// walk goes on from a start, one instant after another, at each as far as any
// assignment of its events to steps allows.
func walk(events []candidate, start, count int, window time.Duration) chain {
	at := events[start].event.Time
	c := chain{first: events[start].event, times: []time.Time{at}}
	end := at.Add(window)
	i := start
	for i > 0 && events[i-1].event.Time.Equal(at) {
		i--
	}
	for ; i < len(events) && len(c.times) < count && !events[i].event.Time.After(end); i++ {
		t := events[i].event.Time
		if i > 0 && events[i-1].event.Time.Equal(t) {
			continue
		}
		var here []candidate
		for j := i; j < len(events) && events[j].event.Time.Equal(t); j++ {
			if j != start {
				here = append(here, events[j])
			}
		}
		for range assign(here, make([]bool, len(here)), len(c.times), count) {
			c.times = append(c.times, t)
		}
	}
	return c
}

// assign is the most steps after so many that the events can serve, each one.
func assign(events []candidate, taken []bool, done, count int) int {
	if done == count {
		return 0
	}
	most := 0
	for i, e := range events {
		if taken[i] || !e.steps[done] || triedAlike(events[:i], taken, e) {
			continue
		}
		taken[i] = true
		most = max(most, 1+assign(events, taken, done+1, count))
		taken[i] = false
	}
	return most
}

// triedAlike tells whether an event that matches the same steps was free
// before: it would have served as well.
func triedAlike(before []candidate, taken []bool, e candidate) bool {
	for i, b := range before {
		if !taken[i] && slices.Equal(b.steps, e.steps) {
			return true
		}
	}
	return false
}

func steps(chains []chain, count int) []Step {
	out := make([]Step, count)
	for k := range out {
		var seconds []float64
		for _, c := range chains {
			if len(c.times) > k {
				out[k].Users++
				if k > 0 {
					seconds = append(seconds, c.times[k].Sub(c.times[k-1]).Seconds())
				}
			}
		}
		if out[0].Users > 0 {
			out[k].Conversion = float64(out[k].Users) / float64(out[0].Users)
		}
		if k > 0 && out[k-1].Users > 0 {
			share := float64(out[k].Users) / float64(out[k-1].Users)
			out[k].StepConversion = &share
		}
		if len(seconds) > 0 {
			median := quantile(seconds, 0.5).Number
			out[k].MedianSeconds = &median
		}
	}
	return out
}
