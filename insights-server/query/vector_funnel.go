package query

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// funnel follows the users of a funnel.
func (v *vectorReading) funnel(ctx context.Context, f *funnel, axis insight.Axis, d dialect.Dialect) error {
	events, err := v.mostEvents(ctx, f.query.Steps)
	if err != nil {
		return err
	}
	// With more events than may be kept the users are taken in several turns.
	turns := events*momentBytes/v.most + 1
	users := v.users/turns + 1
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
func (v *vectorReading) mostEvents(ctx context.Context, steps []insight.Step) (n int64, err error) {
	args := &dialect.Args{}
	names := make([]string, len(steps))
	where := ""
	for i, step := range steps {
		names[i] = args.Bind(step.Event)
	}
	if !slices.ContainsFunc(steps, func(s insight.Step) bool { return s.Event == insight.AnyEvent }) {
		where = ` WHERE "event" IN (` + strings.Join(names, ", ") + ")"
	}
	statement := finish(args, `SELECT CAST(COALESCE(SUM("count"), 0) AS BIGINT) FROM "loaf_event_catalog"`+where)
	err = v.Read(ctx, statement.SQL, statement.Args, func(_ int, rows warehouse.Vectors) error {
		n = rows.Int64(0)[0]
		return nil
	})
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
	// momentBytes is how long a userMoment is.
	momentBytes = 16
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
