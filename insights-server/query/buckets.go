package query

import (
	"fmt"
	"strconv"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// The engines' time zone databases differ from each other and from Go's, and
// none of them knows that an hour which repeats is one bucket. So the
// boundaries are computed in Go, and SQL gets arithmetic: a balanced tree of
// CASEs over runs of equally long buckets.

// run is a row of stretches of the same length, in buckets one after another.
type run struct {
	first int // index of the first bucket
	start time.Time
	step  time.Duration
	count int
}

// runs groups the axis' stretches. The first and the last may be cut short by
// the range: the first counts from its bucket's start where that makes it as
// long as the others, the last joins a run of longer ones.
func runs(axis insight.Axis) []run {
	var out []run
	for i, s := range axis.Stretches {
		last := i == len(axis.Stretches)-1
		end := axis.To
		if !last {
			end = axis.Stretches[i+1].Start
		}
		start := s.Start
		if i == 0 {
			start = axis.Starts[s.Bucket]
		}
		length := end.Sub(start)
		if n := len(out); n > 0 {
			r := &out[n-1]
			if s.Bucket == r.first+r.count && (length == r.step || last && length < r.step) {
				r.count++
				continue
			}
		}
		out = append(out, run{first: s.Bucket, start: start, step: length, count: 1})
	}
	return out
}

// bucketIndex is the SQL of the index, in the axis, of the bucket that holds
// the timestamp. It is right for timestamps within the range only.
func bucketIndex(d dialect.Dialect, timestamp string, axis insight.Axis) string {
	all := runs(axis)
	if len(all) == 0 {
		return "0"
	}
	return bucketTree(d, timestamp, all)
}

func bucketTree(d dialect.Dialect, timestamp string, all []run) string {
	if len(all) == 1 {
		return bucketLeaf(d, timestamp, all[0])
	}
	middle := len(all) / 2
	return fmt.Sprintf("CASE WHEN %s < %s THEN %s ELSE %s END", timestamp, d.Instant(all[middle].start),
		bucketTree(d, timestamp, all[:middle]), bucketTree(d, timestamp, all[middle:]))
}

func bucketLeaf(d dialect.Dialect, timestamp string, r run) string {
	if r.count == 1 {
		return strconv.Itoa(r.first)
	}
	since := fmt.Sprintf("(%s - (%d))", d.Micros(timestamp), r.start.UnixMicro())
	index := d.Quotient(since, strconv.FormatInt(r.step.Microseconds(), 10))
	if r.first == 0 {
		return index
	}
	return fmt.Sprintf("%d + %s", r.first, index)
}

// clip leaves out of the axis the stretches in which no event lies: those that
// end by the first instant or start after the last. The buckets stay.
func clip(axis insight.Axis, first, last time.Time) insight.Axis {
	kept := axis.Stretches
	for len(kept) > 0 && kept[len(kept)-1].Start.After(last) {
		axis.To = kept[len(kept)-1].Start
		kept = kept[:len(kept)-1]
	}
	for len(kept) > 0 {
		end := axis.To
		if len(kept) > 1 {
			end = kept[1].Start
		}
		if end.After(first) {
			break
		}
		kept = kept[1:]
		axis.From = end
	}
	axis.Stretches = kept
	return axis
}
