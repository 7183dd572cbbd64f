package reference

import "github.com/dataloaf/dataloaf/insights-server/insight"

// Stickiness answers a stickiness: for each series, how many users were active
// in 1, 2, … intervals.
func (r *Reference) Stickiness(q insight.Query) [][]int {
	c := r.clock(q, false)
	answer := make([][]int, len(q.Series))
	for i, s := range q.Series {
		active := map[string]map[int]bool{}
		for _, p := range r.within(q, s, c) {
			if p.event.User == nil {
				continue
			}
			if active[*p.event.User] == nil {
				active[*p.event.User] = map[int]bool{}
			}
			active[*p.event.User][p.bucket] = true
		}
		answer[i] = make([]int, len(c.starts))
		for _, buckets := range active {
			answer[i][len(buckets)-1]++
		}
	}
	return answer
}
