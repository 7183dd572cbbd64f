package query

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
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
	// noted is how many statements the answer had before.
	noted int
}

// vectors begins a reading of columns in the state of the tables that the reading
// sees. nil where the engine has none, or has come to another state meanwhile.
func (s *Service) vectors(ctx context.Context, d dialect.Dialect) (*vectorReading, error) {
	duck, ok := d.(dialect.DuckDB)
	r := readingOf(ctx)
	if !ok || s.db.Vectors == nil || r == nil || r.tx == nil {
		return nil, nil
	}
	reader, err := s.db.Vectors(ctx)
	if err != nil {
		return nil, err
	}
	v := &vectorReading{VectorReader: reader, reading: r, users: duck.Users, noted: len(r.statements)}
	var seen state
	err = reader.Read(ctx, SelectState, nil, func(_ int, rows warehouse.Vectors) error {
		for i := range rows.Rows() {
			if rows.Valid(0).Is(i) {
				seen.load, seen.loadedAt = rows.Int64(0)[i], time.UnixMicro(rows.Int64(1)[i]).UTC()
			}
			seen.merges, seen.migrations = rows.Int64(2)[i], rows.Int64(3)[i]
		}
		return nil
	})
	if err != nil || seen != r.state {
		return nil, v.end(err)
	}
	return v, nil
}

// end closes the reading.
func (v *vectorReading) end(err error) error {
	if closed := v.Close(); err == nil {
		err = closed
	}
	return err
}

// ask is Read for a statement of the answer.
func (v *vectorReading) ask(ctx context.Context, statement Statement, take func(int, warehouse.Vectors) error) error {
	v.reading.statements = append(v.reading.statements, statement)
	return v.Read(ctx, statement.SQL, statement.Args, take)
}

// forget leaves the answer to be found in the other way.
func (v *vectorReading) forget() { v.reading.statements = v.reading.statements[:v.noted] }

// maxVectorBytes bounds what one answer keeps of sets and counts.
const maxVectorBytes = 64 << 20

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

// planTimes writes the statement for the times and the users of a series' events.
func planTimes(q insight.Query, series int, axis insight.Axis, d dialect.Dialect) (Statement, error) {
	s := &selection{dialect: d, args: &dialect.Args{}, path: fmt.Sprintf("series[%d]", series)}
	from, err := s.source(q, q.Series[series], axis)
	if err != nil {
		return Statement{}, err
	}
	return finish(s.args, `SELECT `+timestampColumn+`, e.`+d.User()+"\n"+from), nil
}

// vectorTrend answers a trend from vectors; false where it does not.
func (s *Service) vectorTrend(ctx context.Context, t *trend, axes []insight.Axis, d dialect.Dialect) (done bool, err error) {
	b := t.query.Breakdown
	switch {
	case b == nil && countsUsers(t.query.Series):
	case b != nil && b.Scope == insight.ScopeUser && t.query.Compare == "" && onlyTotals(t.query.Series):
	default:
		return false, nil
	}
	v, err := s.vectors(ctx, d)
	if v == nil || err != nil {
		return false, err
	}
	if b == nil {
		done, err = v.countUsers(ctx, t, axes, d)
	} else {
		done, err = v.countByAttribute(ctx, t, axes[0], d)
	}
	if !done {
		v.forget()
	}
	return done, v.end(err)
}

// countsUsers tells whether series count users, and other things only in passing.
func countsUsers(series []insight.Series) bool {
	users := false
	for _, s := range series {
		switch s.Aggregation.Type {
		case insight.UniqueUsers, insight.AveragePerUser:
			users = true
		case insight.Total:
		default:
			return false
		}
	}
	return users
}

func onlyTotals(series []insight.Series) bool {
	return !slices.ContainsFunc(series, func(s insight.Series) bool { return s.Aggregation.Type != insight.Total })
}

// userSet counts events, and has a bit for each user that made one.
type userSet struct {
	events, ofUsers int64
	bits            []uint64
}

// countUsers counts the users of each bucket.
func (v *vectorReading) countUsers(ctx context.Context, t *trend, axes []insight.Axis, d dialect.Dialect) (bool, error) {
	words := int(v.users/64) + 1
	if words*8*len(t.axes[0].Starts)*v.Workers() > maxVectorBytes {
		return false, nil
	}
	for period, axis := range axes {
		if len(axis.Stretches) == 0 {
			continue
		}
		for i, series := range t.query.Series {
			statement, err := planTimes(t.query, i, axis, d)
			if err != nil {
				return false, err
			}
			sets, err := v.userSets(ctx, statement, axis, words)
			if err != nil {
				return false, err
			}
			into, err := t.tally(period*len(t.query.Series)+i, 0)
			if err != nil {
				return false, err
			}
			for bucket := range sets {
				set := &sets[bucket]
				if set.events > 0 {
					into.add(bucket, set.events, set.users(series.Aggregation.Type), float64(set.ofUsers))
				}
			}
		}
	}
	return true, nil
}

// userSets reads the users of each bucket.
func (v *vectorReading) userSets(ctx context.Context, statement Statement, axis insight.Axis, words int) ([]userSet, error) {
	type part struct {
		*bucketFinder
		sets []userSet
	}
	parts := make([]part, v.Workers())
	for i := range parts {
		parts[i] = part{newBucketFinder(axis), make([]userSet, len(axis.Starts))}
	}
	err := v.ask(ctx, statement, func(worker int, rows warehouse.Vectors) error {
		p := &parts[worker]
		times, users, valid := rows.Int64(0), rows.Int32(1), rows.Valid(1)
		for row, at := range times {
			set := &p.sets[p.find(at)]
			set.events++
			if !valid.Is(row) {
				continue
			}
			if set.bits == nil {
				set.bits = make([]uint64, words)
			}
			set.ofUsers++
			user := uint32(users[row]) //nolint:gosec // keys begin at 1
			set.bits[user>>6] |= 1 << (user & 63)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := parts[0].sets
	for _, p := range parts[1:] {
		for bucket := range all {
			all[bucket].add(&p.sets[bucket])
		}
	}
	return all, nil
}

// add takes in the events and the users of another set.
func (s *userSet) add(other *userSet) {
	s.events += other.events
	s.ofUsers += other.ofUsers
	if s.bits == nil {
		s.bits = other.bits
		return
	}
	for i, word := range other.bits {
		s.bits[i] |= word
	}
}

func (s *userSet) users(t insight.AggregationType) (n int64) {
	if t == insight.Total {
		return 0
	}
	for _, word := range s.bits {
		n += int64(bits.OnesCount64(word))
	}
	return n
}

// attributeKeys says which text of a breakdown each user has.
type attributeKeys struct {
	// codes are indexes of texts, by the users' keys; noText for a user without the
	// attribute.
	codes []int32
	texts []string
}

const noText = 0

// attributeKeys reads the keys of a breakdown by an attribute; nil where there are
// more than so many, or keys that are not final.
func (v *vectorReading) attributeKeys(ctx context.Context, b insight.Breakdown, most int, d dialect.Dialect) (*attributeKeys, error) {
	args := &dialect.Args{}
	property, err := d.UserAttribute(args, b.Property)
	if err != nil {
		return nil, nameError(err, "breakdown.property")
	}
	key := d.GroupKey(property)
	if key.Marked {
		return nil, nil
	}
	statement := finish(args, "SELECT a."+d.User()+", "+key.SQL+"\nFROM "+dialect.Users(d, property.Columns))
	found := &attributeKeys{codes: make([]int32, v.users+1), texts: []string{noText: ""}}
	codes := map[string]int32{}
	var mu sync.Mutex
	err = v.ask(ctx, statement, func(_ int, rows warehouse.Vectors) error {
		mu.Lock()
		defer mu.Unlock()
		users, texts, valid := rows.Int32(0), rows.Texts(1), rows.Valid(1)
		for row, user := range users {
			if !valid.Is(row) {
				continue
			}
			text := texts(row)
			code, known := codes[text]
			if !known {
				if len(found.texts) > most {
					return errTooManyKeys
				}
				text, code = strings.Clone(text), int32(len(found.texts)) //nolint:gosec // bounded by most
				codes[text] = code
				found.texts = append(found.texts, text)
			}
			found.codes[user] = code
		}
		return nil
	})
	if errors.Is(err, errTooManyKeys) {
		return nil, nil
	}
	return found, err
}

// errTooManyKeys ends the reading of keys that are too many to count by.
var errTooManyKeys = errors.New("the property has too many values")

// countByAttribute counts the events of each bucket and value of a user's attribute.
func (v *vectorReading) countByAttribute(ctx context.Context, t *trend, axis insight.Axis, d dialect.Dialect) (bool, error) {
	buckets := len(axis.Starts)
	keys, err := v.attributeKeys(ctx, *t.query.Breakdown, maxVectorBytes/8/buckets/v.Workers(), d)
	if keys == nil || err != nil {
		return false, err
	}
	groups := make([]Groups, len(t.query.Series))
	counts := make([][]int64, len(t.query.Series))
	for i := range t.query.Series {
		statement, err := planTimes(t.query, i, axis, d)
		if err != nil {
			return false, err
		}
		count, err := v.codeCounts(ctx, statement, axis, keys)
		if err != nil {
			return false, err
		}
		counts[i] = count
		for code := noText + 1; code < len(keys.texts); code++ {
			g := group{text: keys.texts[code], keys: keys.texts[code : code+1]}
			for _, n := range count[code*buckets : (code+1)*buckets] {
				g.count += n
			}
			if g.count > 0 {
				groups[i].groups = append(groups[i].groups, g)
			}
		}
		groups[i].rank(t.query.Breakdown.Limit)
	}
	t.groups = groups
	for i, count := range counts {
		places := map[string]int{}
		for place, g := range groups[i].groups {
			places[g.text] = place
		}
		for code, text := range keys.texts {
			group, named := places[text]
			switch {
			case code == noText:
				group = nullGroup
			case !named:
				group = restGroup
			}
			if err := t.addCounts(i, group, count[code*buckets:(code+1)*buckets]); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// codeCounts counts the events of each code and bucket.
func (v *vectorReading) codeCounts(ctx context.Context, statement Statement, axis insight.Axis, keys *attributeKeys) ([]int64, error) {
	type part struct {
		*bucketFinder
		counts []int64
	}
	buckets := len(axis.Starts)
	parts := make([]part, v.Workers())
	for i := range parts {
		parts[i] = part{newBucketFinder(axis), make([]int64, len(keys.texts)*buckets)}
	}
	err := v.ask(ctx, statement, func(worker int, rows warehouse.Vectors) error {
		p := &parts[worker]
		times, users, valid := rows.Int64(0), rows.Int32(1), rows.Valid(1)
		for row, at := range times {
			code := int32(noText)
			if valid.Is(row) {
				code = keys.codes[users[row]]
			}
			p.counts[int(code)*buckets+p.find(at)]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := parts[0].counts
	for _, p := range parts[1:] {
		for i, n := range p.counts {
			all[i] += n
		}
	}
	return all, nil
}

// addCounts adds the events of each bucket to a group, which may have some already.
func (t *trend) addCounts(series, group int, counts []int64) error {
	for bucket, n := range counts {
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
	return nil
}

// vectorFunnel reads the events of a funnel from vectors; false where it does not.
func (s *Service) vectorFunnel(ctx context.Context, f *funnel, axis insight.Axis, d dialect.Dialect) (done bool, err error) {
	if f.query.Breakdown != nil {
		return false, nil
	}
	v, err := s.vectors(ctx, d)
	if v == nil || err != nil {
		return false, err
	}
	return true, v.end(v.funnel(ctx, s.reader(ctx), f, axis, d))
}

// maxFunnelEvents is how many events of a funnel are held in memory at a time: with
// more, the users are taken in several turns.
const maxFunnelEvents = 4 << 20

// funnel follows the users of a funnel.
func (v *vectorReading) funnel(ctx context.Context, r reader, f *funnel, axis insight.Axis, d dialect.Dialect) error {
	events, err := mostEvents(ctx, r, f.query.Steps)
	if err != nil {
		return err
	}
	users := v.users/(events/maxFunnelEvents+1) + 1
	for first := int64(0); first <= v.users; first += users {
		statements, err := planMoments(f.query, axis, first, min(first+users-1, v.users), d)
		if err != nil {
			return err
		}
		found := make([]userMoments, v.Workers())
		for i := range found {
			found[i] = newUserMoments(first, users, axis.From)
		}
		for _, statement := range statements {
			err := v.ask(ctx, statement, func(worker int, rows warehouse.Vectors) error {
				found[worker].add(rows)
				return nil
			})
			if err != nil {
				return err
			}
		}
		if err := f.follow(ctx, found); err != nil {
			return err
		}
	}
	return nil
}

// mostEvents is how many events a funnel can have at most, whatever its range and
// its filters.
func mostEvents(ctx context.Context, r reader, steps []insight.Step) (n int64, err error) {
	args := &dialect.Args{}
	names := make([]string, len(steps))
	where := ""
	for i, step := range steps {
		if step.Event == insight.AnyEvent {
			names = nil
			break
		}
		names[i] = args.Bind(step.Event)
	}
	if names != nil {
		where = ` WHERE "event" IN (` + strings.Join(names, ", ") + ")"
	}
	statement := finish(args, `SELECT CAST(COALESCE(SUM("count"), 0) AS BIGINT) FROM "loaf_event_catalog"`+where)
	err = r.QueryRowContext(ctx, statement.SQL, statement.Args...).Scan(&n)
	return n, err
}

// planMoments writes the statements for the events of the users from first to last
// that match a step of a funnel, one for each name: the user, the time and the mask of
// the steps.
func planMoments(q insight.Query, axis insight.Axis, first, last int64, d dialect.Dialect) ([]Statement, error) {
	var out []Statement
	for place := 0; ; place++ {
		s := &selection{dialect: d, args: &dialect.Args{}}
		matched, err := s.steps(q.Steps, "steps")
		if err != nil {
			return nil, err
		}
		filter, err := s.filter(q.Filter, "filters")
		if err != nil {
			return nil, err
		}
		where := append(s.within(axis), fmt.Sprintf(`e.%s BETWEEN %d AND %d`, d.User(), first, last))
		if filter != "" {
			where = append(where, filter)
		}
		mask := matched.mask()
		if len(matched.names) > 0 {
			mask = strings.Join(matched.bits[place], " + ")
			where = append(where, `e."event" = `+matched.names[place])
		}
		out = append(out, finish(s.args, "SELECT e."+d.User()+", "+timestampColumn+", CAST("+mask+" AS INTEGER)\n"+s.from(where)))
		if place+1 >= len(matched.names) {
			return out, nil
		}
	}
}

// userMoment is an event of a funnel, and whose it is, counted from the first user.
type userMoment struct {
	moment moment
	user   int32
}

// userMoments are the moments of some users, as they come: in shares of users that
// follow each other, and of each in blocks, so that none is copied when more come.
type userMoments struct {
	first int32
	since int64
	// A share has 1 << bits users.
	bits   int
	shares [][][]userMoment
}

const (
	// funnelShares is how many shares there are at most. What belongs to one lies
	// close together when it is put in order.
	funnelShares = 128
	momentBlock  = 1 << 10
)

func newUserMoments(first, users int64, since time.Time) userMoments {
	u := userMoments{first: int32(first), since: since.UnixMicro()} //nolint:gosec // a key
	for users>>u.bits >= funnelShares {
		u.bits++
	}
	u.shares = make([][][]userMoment, users>>u.bits+1)
	return u
}

func (u *userMoments) add(rows warehouse.Vectors) {
	users, times, masks := rows.Int32(0), rows.Int64(1), rows.Int32(2)
	for row, mask := range masks {
		if mask == 0 {
			continue
		}
		user := users[row] - u.first
		share := &u.shares[user>>u.bits]
		last := len(*share) - 1
		if last < 0 || len((*share)[last]) == momentBlock {
			*share = append(*share, make([]userMoment, 0, momentBlock))
			last++
		}
		(*share)[last] = append((*share)[last], userMoment{moment((times[row]-u.since)*stepUnit + int64(mask)), user})
	}
}

// byUser brings the moments of each user of a share together. Those of user i of it
// lie between ends i and i+1. It uses the memory that it gave before.
func byUser(found []userMoments, share int, moments []moment, ends []int) ([]moment, []int) {
	users := 1 << found[0].bits
	low := int32(users - 1) //nolint:gosec // of a key
	if ends == nil {
		ends = make([]int, users+2)
	}
	clear(ends)
	// One place further on, so that the ends are where they belong when all are there.
	total := 0
	for i := range found {
		for _, block := range found[i].shares[share] {
			total += len(block)
			for _, m := range block {
				ends[m.user&low+2]++
			}
		}
	}
	for i := 2; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	moments = slices.Grow(moments[:0], total)[:total]
	for i := range found {
		for _, block := range found[i].shares[share] {
			for _, m := range block {
				place := &ends[m.user&low+1]
				moments[*place] = m.moment
				*place++
			}
		}
	}
	return moments, ends[:users+1]
}

// follow finds the chains of users and counts them, on all processors.
func (f *funnel) follow(ctx context.Context, found []userMoments) error {
	counted := make([]funnelCount, runtime.GOMAXPROCS(0))
	var next atomic.Int64
	var running sync.WaitGroup
	for w := range counted {
		running.Go(func() {
			c := chains{steps: f.chains.steps, window: f.chains.window}
			var moments []moment
			var ends []int
			for ctx.Err() == nil {
				share := int(next.Add(1)) - 1
				if share >= len(found[0].shares) {
					return
				}
				moments, ends = byUser(found, share, moments, ends[:cap(ends)])
				for user := range len(ends) - 1 {
					if of := moments[ends[user]:ends[user+1]]; len(of) > 0 {
						slices.Sort(of)
						c.find(of)
						counted[w].count(&c)
					}
				}
			}
		})
	}
	running.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	all := f.groups[groupName{null: true}]
	if all == nil {
		all = &funnelCount{}
		f.groups[groupName{null: true}] = all
	}
	for i := range counted {
		all.add(&counted[i])
	}
	return nil
}
