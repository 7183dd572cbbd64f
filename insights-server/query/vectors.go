package query

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sort"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// An engine that hands over whole columns does what it is best at, finding the
// events, and Go does the rest: to follow a user, or to count users in a set of bits,
// by a small number takes a few nanoseconds, and the engine's hash tables, joins and
// lists many times that. What cannot be answered so goes the way of the other
// engines; the answers are the same.

// vectorReading is a reading of columns for the answer of a reading.
type vectorReading struct {
	warehouse.VectorReader
	reading *reading
	// users is the largest key of a user.
	users int64
	// most is how many bytes may be kept.
	most int64
}

// vectorsOf is the reading of columns that an answer is made from; nil where it is made
// in the other way.
func vectorsOf(ctx context.Context) *vectorReading {
	if r := readingOf(ctx); r != nil {
		return r.vectors
	}
	return nil
}

// errOtherWay ends the reading of columns for an answer that is found in the other way.
var errOtherWay = errors.New("this is not answered from columns")

// fromColumns tells whether a question is answered from columns, where the engine has
// them. What an engine adds up as it reads, it does as fast by itself.
func fromColumns(q insight.Query) bool {
	switch {
	case q.Kind == insight.KindFunnel:
		return q.Breakdown == nil
	case q.Kind != insight.KindTrend, q.Breakdown != nil && q.Compare != "":
		return false
	}
	return !slices.ContainsFunc(q.Series, func(s insight.Series) bool {
		switch t := s.Aggregation.Type; t {
		case insight.Total:
			return false
		case insight.UniqueUsers, insight.AveragePerUser:
			return q.Breakdown != nil
		default:
			return quantiles[t] == 0 || q.Breakdown != nil
		}
	})
}

// withinColumns does the work in a reading of columns.
func (r *reading) withinColumns(ctx context.Context, s *Service, work func() error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	v, err := s.db.Vectors(ctx)
	if err != nil {
		return err
	}
	defer v.Close() //nolint:errcheck // nothing was written
	if r.state, err = stateOf(ctx, v); err != nil {
		return err
	}
	s.mu.Lock()
	known := s.columns
	s.mu.Unlock()
	if known == nil || known.state != r.state {
		// Which columns there are is read in the other way, and kept.
		err := s.snapshot(ctx, func(tx *sql.Tx) (err error) {
			r.tx = tx
			defer func() { r.tx = nil }()
			seen := r.state
			if r.state, err = readState(ctx, tx); err != nil {
				return err
			}
			if known, err = s.typedColumns(ctx); err != nil {
				return err
			}
			if r.state != seen {
				return errOtherWay // a load came between the two
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	r.vectors = &vectorReading{VectorReader: v, reading: r, users: known.users, most: s.options.ColumnBytes}
	defer func() { r.vectors = nil }()
	err = work()
	r.done = err == nil
	return err
}

// stateOf reads the state that a reading of columns sees.
func stateOf(ctx context.Context, v warehouse.VectorReader) (found state, err error) {
	err = v.Read(ctx, SelectState, nil, func(_ int, rows warehouse.Vectors) error {
		found.merges, found.migrations = rows.Int64(2)[0], rows.Int64(3)[0]
		if rows.Valid(0).Is(0) {
			found.load, found.loadedAt = rows.Int64(0)[0], time.UnixMicro(rows.Int64(1)[0]).UTC()
		}
		return nil
	})
	return found, err
}

// begun tells whether the reading has its transaction.
func (r *reading) begun() bool { return r != nil && (r.tx != nil || r.vectors != nil) }

// ask is Read for a statement of the answer.
func (v *vectorReading) ask(ctx context.Context, statement Statement, take func(int, warehouse.Vectors) error) error {
	v.reading.statements = append(v.reading.statements, statement)
	return v.Read(ctx, statement.SQL, statement.Args, take)
}

const defaultColumnBytes = 64 << 20

// places is how many rows of so many numbers, of eight bytes each, every worker may
// keep.
func (v *vectorReading) places(numbers int) int {
	return int(v.most / 8 / int64(numbers) / int64(v.Workers()))
}

// bucketFinder finds the buckets of an axis. Events come in the order of time but
// for jumps, so it looks at the stretch of the one before first.
type bucketFinder struct {
	starts  []int64
	buckets []int
	end     int64
	// from, to and bucket are the last stretch.
	from, to int64
	bucket   int
}

func newBucketFinder(axis insight.Axis) *bucketFinder {
	f := &bucketFinder{end: axis.To.UnixMicro()}
	for _, s := range axis.Stretches {
		f.starts, f.buckets = append(f.starts, s.Start.UnixMicro()), append(f.buckets, s.Bucket)
	}
	return f
}

// find gives the bucket of a time within the axis, in microseconds since 1970.
func (f *bucketFinder) find(at int64) int {
	if at >= f.from && at < f.to {
		return f.bucket
	}
	i := max(sort.Search(len(f.starts), func(i int) bool { return f.starts[i] > at })-1, 0)
	f.from, f.to, f.bucket = f.starts[i], f.end, f.buckets[i]
	if i+1 < len(f.starts) {
		f.to = f.starts[i+1]
	}
	return f.bucket
}
