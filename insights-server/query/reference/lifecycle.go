package reference

import (
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Lifecycle is the answer to a lifecycle: the number of users in each bucket.
type Lifecycle struct {
	Buckets                               []time.Time
	New, Returning, Resurrecting, Dormant []int
}

// Lifecycle answers a lifecycle. It places every event in the whole buckets
// from well before the range to well after.
func (r *Reference) Lifecycle(q insight.Query) Lifecycle {
	inRange := r.clock(q, false)
	starts := inRange.starts
	around := q
	around.Range = insight.Range{From: civilDay(starts[0].AddDate(0, -2, 0)), To: civilDay(starts[len(starts)-1].AddDate(0, 2, 0))}
	all := r.clock(around, false)
	offset := 0
	for !all.starts[offset].Equal(starts[0]) {
		offset++
	}
	first := map[string]time.Time{}
	active := map[string]map[int]bool{}
	for i, e := range r.data.Events {
		if e.User == nil || !r.named(q, q.Event, e) {
			continue
		}
		if t, known := first[*e.User]; !known || e.Time.Before(t) {
			first[*e.User] = e.Time
		}
		if active[*e.User] == nil {
			active[*e.User] = map[int]bool{}
		}
		if all.places[i] != outside {
			active[*e.User][all.places[i]-offset] = true
		}
	}
	n := len(starts)
	answer := Lifecycle{Buckets: starts, New: make([]int, n), Returning: make([]int, n), Resurrecting: make([]int, n), Dormant: make([]int, n)}
	for user, buckets := range active {
		for b := range starts {
			switch {
			case starts[b].After(r.now):
			case buckets[b] && !first[user].Before(all.starts[offset+b]):
				answer.New[b]++
			case buckets[b] && buckets[b-1]:
				answer.Returning[b]++
			case buckets[b]:
				answer.Resurrecting[b]++
			case buckets[b-1]:
				answer.Dormant[b]++
			}
		}
	}
	return answer
}
