package writer

import (
	"slices"
	"time"
)

// Period is from one instant until before another.
type Period struct{ From, To time.Time }

// maxPeriods bounds the scans by which a load looks for duplicates.
const maxPeriods = 16

// Periods covers days, which are in order and differ, with few periods: nearly
// always one, but an event that a client has kept for months has its own, so that
// a load does not look at all the months since. Where there would be too many, the
// shortest gaps between them are covered, too.
func Periods(days []time.Time) []Period {
	const day = 24 * time.Hour
	type gap struct {
		// before is the index of the day after the gap.
		before int
		length time.Duration
	}
	var gaps []gap
	for i := 1; i < len(days); i++ {
		if length := days[i].Sub(days[i-1]); length > day {
			gaps = append(gaps, gap{i, length})
		}
	}
	slices.SortStableFunc(gaps, func(a, b gap) int { return int(b.length/day) - int(a.length/day) })
	gaps = gaps[:min(len(gaps), maxPeriods-1)]
	slices.SortFunc(gaps, func(a, b gap) int { return a.before - b.before })
	var out []Period
	first := 0
	for _, g := range append(gaps, gap{before: len(days)}) {
		if first < g.before {
			out = append(out, Period{days[first], days[g.before-1].Add(day)})
		}
		first = g.before
	}
	return out
}
