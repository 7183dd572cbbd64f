package query

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// trend answers a trend.
func (v *vectorReading) trend(ctx context.Context, t *trend, axes []insight.Axis, d dialect.Dialect) error {
	if t.query.Breakdown == nil {
		return v.series(ctx, t, axes, d)
	}
	return v.breakdown(ctx, t, axes[0], d)
}

// counted is what was collected of a series.
type counted interface {
	// give adds it to a tally.
	give(into *tally)
}

// part takes in the share of a series' events that a worker gets.
type part[P any] interface {
	take(rows warehouse.Vectors) error
	// merge takes in what another part has.
	merge(other P)
}

// series answers a trend without a breakdown.
func (v *vectorReading) series(ctx context.Context, t *trend, axes []insight.Axis, d dialect.Dialect) error {
	collected := make([]counted, len(axes)*len(t.query.Series))
	for period, axis := range axes {
		if len(axis.Stretches) == 0 {
			continue
		}
		for i, series := range t.query.Series {
			statement, number, err := planColumns(t.query, i, axis, d)
			if err != nil {
				return err
			}
			collected[period*len(t.query.Series)+i], err = v.count(ctx, statement, series.Aggregation.Type, number, axis)
			if err != nil {
				return err
			}
		}
	}
	for i, c := range collected {
		if c == nil {
			continue
		}
		into, err := t.tally(i, 0)
		if err != nil {
			return err
		}
		c.give(into)
	}
	return nil
}

// collect runs a statement, each worker with a part of its own.
func collect[P part[P]](ctx context.Context, v *vectorReading, statement Statement, made func() P) (whole P, err error) {
	parts := make([]P, v.Workers())
	for i := range parts {
		parts[i] = made()
	}
	err = v.ask(ctx, statement, func(worker int, rows warehouse.Vectors) error { return parts[worker].take(rows) })
	if err != nil {
		return whole, err
	}
	for _, other := range parts[1:] {
		parts[0].merge(other)
	}
	return parts[0], nil
}

// planColumns writes the statement for a series' events: the time, and what the
// aggregation needs. Number tells that this is a number; it is none where no event
// has one.
func planColumns(q insight.Query, series int, axis insight.Axis, d dialect.Dialect) (statement Statement, number bool, err error) {
	s := &selection{dialect: d, args: &dialect.Args{}, path: fmt.Sprintf("series[%d]", series)}
	columns := timestampColumn
	switch aggregation := q.Series[series].Aggregation; {
	case aggregation.Type == insight.UniqueUsers, aggregation.Type == insight.AveragePerUser:
		columns += ", e." + d.User()
	case aggregation.Type.NeedsProperty():
		property, err := d.EventProperty(s.args, aggregation.Property)
		if err != nil {
			return Statement{}, false, nameError(err, s.path+".aggregation.property")
		}
		if number = property.Number != ""; number {
			columns += ", " + property.Number
		}
	}
	from, err := s.source(q, q.Series[series], axis)
	if err != nil {
		return Statement{}, false, err
	}
	return finish(s.args, "SELECT "+columns+"\n"+from), number, nil
}

// count collects what an aggregation needs; number tells that the events may have one.
func (v *vectorReading) count(ctx context.Context, statement Statement, t insight.AggregationType, number bool, axis insight.Axis) (counted, error) {
	buckets := len(axis.Starts)
	events := func() counts { return counts{finder: newBucketFinder(axis), events: make([]int64, buckets)} }
	switch {
	case t == insight.UniqueUsers, t == insight.AveragePerUser:
		words := int(v.users/64) + 1
		if v.places(buckets*words) < 1 {
			return nil, errOtherWay
		}
		return collect(ctx, v, statement, func() *userCounts {
			return &userCounts{counts: events(), words: words, sets: make([]userSet, buckets)}
		})
	case number:
		return collect(ctx, v, statement, func() *quantile {
			return &quantile{counts: events(), q: quantiles[t], most: v.places(1), numbers: make([][][]float64, buckets)}
		})
	default:
		return collect(ctx, v, statement, func() *counts { c := events(); return &c })
	}
}

// counts counts the events of each bucket.
type counts struct {
	finder *bucketFinder
	events []int64
}

func (c *counts) take(rows warehouse.Vectors) error {
	for _, at := range rows.Int64(0) {
		c.events[c.finder.find(at)]++
	}
	return nil
}

func (c *counts) merge(other *counts) {
	for bucket, n := range other.events {
		c.events[bucket] += n
	}
}

func (c *counts) give(into *tally) {
	for bucket, n := range c.events {
		if n > 0 {
			into.add(bucket, n, 0, math.NaN())
		}
	}
}

// userCounts counts the users of each bucket as well.
type userCounts struct {
	counts
	// words is how long a set of users is.
	words int
	sets  []userSet
}

// userSet has a bit for each user, and how many events have one.
type userSet struct {
	events int64
	bits   []uint64
}

func (c *userCounts) take(rows warehouse.Vectors) error {
	users, valid := rows.Int32(1), rows.Valid(1)
	for row, at := range rows.Int64(0) {
		bucket := c.finder.find(at)
		c.events[bucket]++
		if !valid.Is(row) {
			continue
		}
		set := &c.sets[bucket]
		if set.bits == nil {
			set.bits = make([]uint64, c.words)
		}
		set.events++
		user := uint32(users[row]) //nolint:gosec // keys begin at 1
		set.bits[user>>6] |= 1 << (user & 63)
	}
	return nil
}

func (c *userCounts) merge(o *userCounts) {
	c.counts.merge(&o.counts)
	for bucket := range c.sets {
		c.sets[bucket].add(&o.sets[bucket])
	}
}

func (s *userSet) add(other *userSet) {
	s.events += other.events
	if s.bits == nil {
		s.bits = other.bits
		return
	}
	for i, word := range other.bits {
		s.bits[i] |= word
	}
}

func (c *userCounts) give(into *tally) {
	for bucket, n := range c.events {
		if n == 0 {
			continue
		}
		users := 0
		for _, word := range c.sets[bucket].bits {
			users += bits.OnesCount64(word)
		}
		into.add(bucket, n, int64(users), float64(c.sets[bucket].events))
	}
}

var quantiles = map[insight.AggregationType]float64{insight.Median: 0.5, insight.P90: 0.9, insight.P95: 0.95, insight.P99: 0.99}

// quantile keeps the numbers of each bucket, in blocks, so that none is copied when more
// come.
type quantile struct {
	counts
	q       float64
	numbers [][][]float64
	// most is how many there may be.
	kept, most int
}

func (c *quantile) take(rows warehouse.Vectors) error {
	values, valid := rows.Float64(1), rows.Valid(1)
	if c.kept += rows.Rows(); c.kept > c.most {
		return errOtherWay
	}
	for row, at := range rows.Int64(0) {
		bucket := c.finder.find(at)
		c.events[bucket]++
		if !valid.Is(row) {
			continue
		}
		blocks := c.numbers[bucket]
		last := len(blocks) - 1
		if last < 0 || len(blocks[last]) == cap(blocks[last]) {
			blocks = append(blocks, make([]float64, 0, min(numberBlock, 1<<(4+len(blocks)))))
			c.numbers[bucket] = blocks
			last++
		}
		blocks[last] = append(blocks[last], values[row])
	}
	return nil
}

const numberBlock = 1 << 12

func (c *quantile) merge(o *quantile) {
	c.counts.merge(&o.counts)
	for bucket := range c.numbers {
		c.numbers[bucket] = append(c.numbers[bucket], o.numbers[bucket]...)
	}
}

func (c *quantile) give(into *tally) {
	type found struct {
		n     int
		value float64
	}
	all := make([]found, len(c.events))
	var next atomic.Int64
	var running sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			for {
				bucket := int(next.Add(1)) - 1
				if bucket >= len(all) {
					return
				}
				numbers := slices.Concat(c.numbers[bucket]...)
				all[bucket] = found{len(numbers), quantileOf(numbers, c.q)}
			}
		})
	}
	running.Wait()
	for bucket, n := range c.events {
		if n > 0 {
			into.add(bucket, n, int64(all[bucket].n), all[bucket].value)
		}
	}
}

// quantileOf interpolates linearly between the two closest ranks. It changes the
// order of the numbers.
func quantileOf(numbers []float64, q float64) float64 {
	if len(numbers) == 0 {
		return math.NaN()
	}
	rank := float64(len(numbers)-1) * q
	low := int(math.Floor(rank))
	nth(numbers, low)
	below := numbers[low]
	if float64(low) == rank {
		return below
	}
	above := slices.Min(numbers[low+1:])
	if below == above {
		return below
	}
	part := rank - float64(low)
	return below*(1-part) + above*part
}

// nth brings the number of a rank, counted from 0, to its place: none before it is
// greater, and none after it smaller (Hoare's selection).
func nth(numbers []float64, rank int) {
	from, to := 0, len(numbers)-1
	// Numbers in an unlucky order are sorted instead.
	for luck := 2 * bits.Len(uint(len(numbers))); from < to; luck-- {
		if luck == 0 {
			slices.Sort(numbers[from : to+1])
			return
		}
		a, b, c := numbers[from], numbers[from+(to-from)/2], numbers[to]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := from, to
		for i <= j {
			for numbers[i] < pivot {
				i++
			}
			for pivot < numbers[j] {
				j--
			}
			if i <= j {
				numbers[i], numbers[j] = numbers[j], numbers[i]
				i++
				j--
			}
		}
		switch {
		case rank <= j:
			to = j
		case rank >= i:
			from = i
		default:
			return
		}
	}
}

// noText is the code of an event without the property of a breakdown.
const noText = 0

// codes number the texts of a breakdown, from 1.
type codes struct {
	of    map[string]int32
	texts []string
	most  int
}

func newCodes(most int) codes {
	return codes{of: map[string]int32{}, texts: []string{noText: ""}, most: most}
}

// code gives the code of a text, which may be new, and may be changed afterwards.
func (c *codes) code(text string) (int32, error) {
	if code, ok := c.of[text]; ok {
		return code, nil
	}
	if len(c.texts) > c.most {
		return 0, errOtherWay
	}
	text = strings.Clone(text)
	code := int32(len(c.texts)) //nolint:gosec // bounded by most
	c.of[text] = code
	c.texts = append(c.texts, text)
	return code, nil
}

// codeCounts counts the events of each bucket and text.
type codeCounts struct {
	codes
	finder  *bucketFinder
	buckets int
	// users are the codes of users, by their keys, where the text is an attribute
	// of theirs; nil where it is the events' own.
	users  []int32
	events []int64 // by code and bucket
}

func (c *codeCounts) take(rows warehouse.Vectors) error {
	valid := rows.Valid(1)
	if c.users != nil {
		users := rows.Int32(1)
		for row, at := range rows.Int64(0) {
			code := int32(noText)
			if valid.Is(row) {
				code = c.users[users[row]]
			}
			c.events[int(code)*c.buckets+c.finder.find(at)]++
		}
		return nil
	}
	text := rows.Texts(1)
	for row, at := range rows.Int64(0) {
		code := int32(noText)
		if valid.Is(row) {
			var err error
			if code, err = c.code(text(row)); err != nil {
				return err
			}
			c.grow()
		}
		c.events[int(code)*c.buckets+c.finder.find(at)]++
	}
	return nil
}

func (c *codeCounts) merge(o *codeCounts) {
	c.most = math.MaxInt // of several workers there may be more
	for code, text := range o.texts {
		mine := int32(noText)
		if code != noText {
			mine, _ = c.code(text) // fails where there are most alone
		}
		c.grow()
		for bucket, n := range o.bucketsOf(code) {
			c.events[int(mine)*c.buckets+bucket] += n
		}
	}
}

// grow makes room for the counts of new texts.
func (c *codeCounts) grow() {
	if missing := len(c.texts)*c.buckets - len(c.events); missing > 0 {
		c.events = append(c.events, make([]int64, missing)...)
	}
}

// bucketsOf are the counts of a text.
func (c *codeCounts) bucketsOf(code int) []int64 {
	return c.events[code*c.buckets : (code+1)*c.buckets]
}

// breakdown answers a breakdown of totals.
func (v *vectorReading) breakdown(ctx context.Context, t *trend, axis insight.Axis, d dialect.Dialect) error {
	b := *t.query.Breakdown
	buckets := len(axis.Starts)
	most := v.places(buckets)
	texts, users := newCodes(most), []int32(nil)
	if b.Scope == insight.ScopeUser {
		var err error
		if texts, users, err = v.usersCodes(ctx, b, most, d); err != nil {
			return err
		}
	}
	groups := make([]Groups, len(t.query.Series))
	all := make([]*codeCounts, len(t.query.Series))
	for i := range t.query.Series {
		statement, err := planKeys(t.query, i, axis, d)
		if err != nil {
			return err
		}
		all[i], err = collect(ctx, v, statement, func() *codeCounts {
			c := &codeCounts{codes: texts, finder: newBucketFinder(axis), buckets: buckets, users: users}
			if users == nil {
				c.codes = newCodes(most)
			}
			c.events = make([]int64, len(c.texts)*buckets)
			return c
		})
		if err != nil {
			return err
		}
		groups[i] = all[i].groups(b.Limit)
	}
	t.groups = groups
	for i, c := range all {
		if err := c.fill(t, i); err != nil {
			return err
		}
	}
	return nil
}

// planKeys writes the statement for the times of a series' events, and for what their
// groups follow from: the key, or for an attribute the user.
func planKeys(q insight.Query, series int, axis insight.Axis, d dialect.Dialect) (Statement, error) {
	s := &selection{dialect: d, args: &dialect.Args{}, path: fmt.Sprintf("series[%d]", series)}
	column := "e." + d.User()
	if q.Breakdown.Scope == insight.ScopeEvent {
		key, err := s.groupKey(*q.Breakdown)
		if err != nil {
			return Statement{}, err
		}
		if key.Marked { // objects are put together otherwise
			return Statement{}, errOtherWay
		}
		column = key.SQL
	}
	from, err := s.source(q, q.Series[series], axis)
	if err != nil {
		return Statement{}, err
	}
	return finish(s.args, "SELECT "+timestampColumn+", "+column+"\n"+from), nil
}

// usersCodes reads which text of a breakdown by an attribute each user has.
func (v *vectorReading) usersCodes(ctx context.Context, b insight.Breakdown, most int, d dialect.Dialect) (codes, []int32, error) {
	args := &dialect.Args{}
	found := newCodes(most)
	property, err := d.UserAttribute(args, b.Property)
	if err != nil {
		return found, nil, nameError(err, "breakdown.property")
	}
	key := d.GroupKey(property)
	if key.Marked {
		return found, nil, errOtherWay
	}
	if 4*v.users > v.most {
		return found, nil, errOtherWay
	}
	of := make([]int32, v.users+1)
	var mu sync.Mutex
	statement := finish(args, "SELECT a."+d.User()+", "+key.SQL+"\nFROM "+dialect.Users(d, property.Columns))
	err = v.ask(ctx, statement, func(_ int, rows warehouse.Vectors) error {
		mu.Lock()
		defer mu.Unlock()
		text, valid := rows.Texts(1), rows.Valid(1)
		for row, user := range rows.Int32(0) {
			if !valid.Is(row) {
				continue
			}
			code, err := found.code(text(row))
			if err != nil {
				return err
			}
			of[user] = code
		}
		return nil
	})
	return found, of, err
}

// groups are the largest groups.
func (c *codeCounts) groups(limit int) (out Groups) {
	for code := noText + 1; code < len(c.texts); code++ {
		g := group{text: c.texts[code]}
		for _, n := range c.bucketsOf(code) {
			g.count += n
		}
		if g.count > 0 {
			out.groups = append(out.groups, g)
		}
	}
	out.rank(limit)
	return out
}

// fill adds the counts to the groups of a series.
func (c *codeCounts) fill(t *trend, series int) error {
	places := map[string]int{}
	for place, g := range t.groups[series].groups {
		places[g.text] = place
	}
	for code, text := range c.texts {
		group, named := places[text]
		switch {
		case code == noText:
			group = nullGroup
		case !named:
			group = restGroup
		}
		for bucket, n := range c.bucketsOf(code) {
			if n == 0 {
				continue
			}
			into, err := t.tally(series, group)
			if err != nil {
				return err
			}
			into.count += n
			into.values[bucket] += float64(n)
		}
	}
	return nil
}
