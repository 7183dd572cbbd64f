package query

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// A funnel is one statement and one pass. SQL finds the events that match a
// step and brings each user's together, as one number an event; Go goes through
// them, one user after another, with the rules of chain.go. Those cannot be
// said in SQL that three engines run: a chain depends on which event at an
// instant serves which step.
//
// Memory: the events of one user at a time, eight bytes for each user and step
// reached (for the medians), and a breakdown's different texts.

// maxFunnelGroups bounds the different texts of a breakdown, which are held in
// memory.
const maxFunnelGroups = 1_000_000

// lastMoment is the end of time for funnels: moments after it fit no number.
// The collection API takes no event that far ahead.
var lastMoment = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// FunnelShape says what the rows of a funnel's statement are.
type FunnelShape struct {
	// Lists is true when a row is a user: the key of the user's group, if there
	// is a breakdown, and the list of moments. Otherwise a row is an event: the
	// user, the moment, and the key, if there is a breakdown; a user's rows
	// follow each other in the order of time, then of ids.
	Lists bool
	// Marked tells how to read the keys.
	Marked bool
}

// PlanFunnel writes the one statement of a funnel. A moment is
// (microseconds since axis.From) * 1024 + a bit for each step that matches.
func PlanFunnel(q insight.Query, axis insight.Axis, d dialect.Dialect) (Statement, FunnelShape, error) {
	if len(q.Steps) > maxFunnelSteps {
		return Statement{}, FunnelShape{}, fmt.Errorf("a funnel of %d steps is longer than %d", len(q.Steps), maxFunnelSteps)
	}
	args := &dialect.Args{}
	s := &selection{dialect: d, args: args}
	matched, err := s.steps(q.Steps, "steps")
	if err != nil {
		return Statement{}, FunnelShape{}, err
	}
	first := matched.conditions[0]
	columns := matched.columns(axis, d)
	list := d.List(fmt.Sprintf(`"time" * %d + "mask"`, stepUnit))
	shape := FunnelShape{Lists: list != ""}
	var key dialect.Key
	if q.Breakdown != nil {
		if key, err = s.groupKey(*q.Breakdown); err != nil {
			return Statement{}, FunnelShape{}, err
		}
		shape.Marked = key.Marked
		if q.Breakdown.Scope == insight.ScopeEvent {
			shape.Lists = false
			columns = append(columns, `e."event_id"`, "CASE WHEN "+first+" THEN "+key.SQL+` END AS "key"`)
		} else {
			columns = append(columns, key.SQL+` AS "key"`)
		}
	}
	from, err := s.matching(matched, columns, axis, q.Filter, "filters")
	if err != nil {
		return Statement{}, FunnelShape{}, err
	}
	if shape.Lists {
		what := list
		if q.Breakdown != nil {
			what = `MIN("key"), ` + list
		}
		return finish(args, "SELECT "+what+"\n"+from+"\nGROUP BY "+d.User()+"\nHAVING MAX(\"mask\" % 2) = 1"), shape, nil
	}
	what, order := fmt.Sprintf(d.User()+`, "time" * %d + "mask"`, stepUnit), `2`
	inner := d.User() + `, "time", "mask"`
	if q.Breakdown != nil {
		what += `, "key"`
		inner += `, "key"`
		if q.Breakdown.Scope == insight.ScopeEvent {
			inner += `, "event_id"`
			order = `"time", "event_id"`
		}
	}
	// Users who never begin are left where they are.
	return finish(args, fmt.Sprintf(`SELECT %s
FROM (SELECT %s, MAX("mask" %% 2) OVER (PARTITION BY `+d.User()+`) AS "begins"
%s) AS r
WHERE "begins" = 1
ORDER BY %s, %s`, what, inner, from, d.BinaryOrder(d.User()), order)), shape, nil
}

// stepConditions are those of a funnel's steps, TRUE for a step that takes every
// event.
type stepConditions struct {
	conditions []string
	// names are the bound names of the steps' events; nil where a step takes
	// events of any name.
	names []string
	// bits are, where there are names, the bits of the steps that an event of each
	// name matches.
	bits [][]string
}

// steps writes the conditions of a funnel's steps.
func (s *selection) steps(steps []insight.Step, path string) (stepConditions, error) {
	var matched stepConditions
	named := true
	for i, step := range steps {
		condition, err := s.filter(step.Filter, fmt.Sprintf("%s[%d].filters", path, i))
		if err != nil {
			return stepConditions{}, err
		}
		var all []string
		if step.Event == insight.AnyEvent {
			named = false
		} else {
			all = append(all, s.named(step.Event))
			name := s.dialect.Param(s.args.Bind(step.Event), dialect.Text)
			place := slices.Index(matched.names, name)
			if place < 0 {
				place = len(matched.names)
				matched.names, matched.bits = append(matched.names, name), append(matched.bits, nil)
			}
			matched.bits[place] = append(matched.bits[place], bitWhen(condition, i))
		}
		if condition != "" {
			all = append(all, condition)
		}
		if len(all) == 0 {
			all = []string{"TRUE"}
		}
		matched.conditions = append(matched.conditions, strings.Join(all, " AND "))
	}
	if !named {
		matched.names, matched.bits = nil, nil
	}
	return matched, nil
}

// columns are the user, the microseconds since axis.From as "time", and the
// "mask" with a bit for each step that the event matches.
func (m stepConditions) columns(axis insight.Axis, d dialect.Dialect) []string {
	return []string{
		`e.` + d.User(),
		fmt.Sprintf(`%s - (%d) AS "time"`, d.Micros(timestampColumn), axis.From.UnixMicro()),
		m.mask() + ` AS "mask"`,
	}
}

// mask adds up the bits of the steps that an event matches. Where all steps have
// names an event's name is compared until it is found, and no more.
func (m stepConditions) mask() string {
	if len(m.names) == 0 {
		bits := make([]string, len(m.conditions))
		for i, condition := range m.conditions {
			bits[i] = bitWhen(condition, i)
		}
		return strings.Join(bits, " + ")
	}
	var mask strings.Builder
	mask.WriteString(`CASE e."event"`)
	for i, name := range m.names {
		mask.WriteString(" WHEN " + name + " THEN " + strings.Join(m.bits[i], " + "))
	}
	return mask.String() + " ELSE 0 END"
}

// bitWhen is the bit of a step where a condition holds; an empty one always does.
func bitWhen(condition string, step int) string {
	if condition == "" {
		return strconv.Itoa(1 << step)
	}
	return fmt.Sprintf("CASE WHEN %s THEN %d ELSE 0 END", condition, 1<<step)
}

// matching writes FROM and WHERE for the events that match a step.
func (s *selection) matching(m stepConditions, columns []string, axis insight.Axis, filter insight.Filter, path string) (string, error) {
	where := append(s.within(axis), `e.`+s.dialect.User()+` IS NOT NULL`)
	if len(m.names) > 0 {
		where = append(where, `e."event" IN (`+strings.Join(m.names, ", ")+")")
	}
	condition, err := s.filter(filter, path)
	if err != nil {
		return "", err
	}
	if condition != "" {
		where = append(where, condition)
	}
	return "FROM (SELECT " + strings.Join(columns, ", ") + "\n" + s.from(where) + ") AS r\nWHERE \"mask\" > 0", nil
}

// runFunnel answers a funnel.
func (s *Service) runFunnel(ctx context.Context, q insight.Query) (insight.Answer, error) {
	axis := q.Bounds(s.options.Now())
	if axis.From.Before(firstTimestamp) {
		axis.From = firstTimestamp
	}
	if axis.To.After(lastMoment) {
		axis.To = lastMoment
	}
	f := newFunnel(q)
	if axis.From.Before(axis.To) {
		err := s.read(ctx, "run the query", func(ctx context.Context, d dialect.Dialect) error {
			return s.readFunnel(ctx, f, axis, d)
		})
		if err != nil {
			return insight.Answer{}, err
		}
	}
	return f.answer(), nil
}

func (s *Service) readFunnel(ctx context.Context, f *funnel, axis insight.Axis, d dialect.Dialect) error {
	if v := vectorsOf(ctx); v != nil {
		return v.funnel(ctx, f, axis, d)
	}
	statement, shape, err := PlanFunnel(f.query, axis, d)
	if err != nil {
		return err
	}
	f.shape = shape
	rows, err := ask(ctx, s.reader(ctx), statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	if shape.Lists {
		err = f.readLists(rows)
	} else {
		err = f.readEvents(rows)
	}
	if err != nil {
		return err
	}
	return rows.Err()
}

// funnel counts the users' chains.
type funnel struct {
	query  insight.Query
	shape  FunnelShape
	chains chains
	// users go by the text of their group; the group without the property has
	// the key null.
	groups map[groupName]*funnelCount
}

// groupName is the text of a group, or null.
type groupName struct {
	text string
	null bool
}

// funnelCount has the times between the steps, in microseconds, of each user of
// a group: those from step k to k+1 in list k, those that only began as a
// number.
type funnelCount struct {
	began int64
	times [maxFunnelSteps][]int64
}

func newFunnel(q insight.Query) *funnel {
	return &funnel{
		query:  q,
		chains: chains{steps: len(q.Steps), window: q.Window.Microseconds()},
		groups: map[groupName]*funnelCount{},
	}
}

func (f *funnel) readLists(rows *sql.Rows) error {
	var moments []moment
	for rows.Next() {
		var key sql.NullString
		var list any
		to := []any{&list}
		if f.query.Breakdown != nil {
			to = []any{&key, &list}
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		var err error
		if moments, err = appendMoments(moments[:0], list); err != nil {
			return err
		}
		slices.Sort(moments) // here it takes less than in the warehouse
		f.chains.find(moments)
		if err := f.count(key); err != nil {
			return err
		}
	}
	return nil
}

func (f *funnel) readEvents(rows *sql.Rows) error {
	var moments []moment
	var keys []sql.NullString
	var current string
	end := func() error {
		if len(moments) == 0 {
			return nil
		}
		f.chains.find(moments)
		var key sql.NullString
		if f.query.Breakdown != nil {
			key = keys[f.chains.first]
		}
		moments, keys = moments[:0], keys[:0]
		return f.count(key)
	}
	for rows.Next() {
		var user sql.RawBytes
		var m int64
		var key sql.NullString
		to := []any{&user, &m}
		if f.query.Breakdown != nil {
			to = append(to, &key)
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if string(user) != current {
			if err := end(); err != nil {
				return err
			}
			current = string(user)
		}
		moments = append(moments, moment(m))
		if f.query.Breakdown != nil {
			keys = append(keys, key)
		}
	}
	return end()
}

// appendMoments reads a list column: DuckDB's is a slice, PostgreSQL's a text
// such as "{1,2}".
func appendMoments(moments []moment, list any) ([]moment, error) {
	switch list := list.(type) {
	case []any:
		for _, item := range list {
			n, ok := item.(int64)
			if !ok {
				return nil, fmt.Errorf("the warehouse answered with a %T in a list of numbers", item)
			}
			moments = append(moments, moment(n))
		}
		return moments, nil
	case []byte:
		var n moment
		for _, b := range list {
			switch {
			case b >= '0' && b <= '9':
				n = n*10 + moment(b-'0')
			case b == ',', b == '}':
				moments = append(moments, n)
				n = 0
			case b != '{':
				return nil, fmt.Errorf("the warehouse answered with %q in a list of numbers", b)
			}
		}
		return moments, nil
	default:
		return nil, fmt.Errorf("the warehouse answered with a %T for a list of numbers", list)
	}
}

// count takes in the chain that was found last.
func (f *funnel) count(key sql.NullString) error {
	if f.chains.reached == 0 {
		return nil
	}
	name := groupName{null: !key.Valid}
	if key.Valid {
		var err error
		if name.text, err = groupText(key.String, f.shape.Marked); err != nil {
			return err
		}
	}
	counted := f.groups[name]
	if counted == nil {
		if len(f.groups) == maxFunnelGroups {
			return &insight.Error{
				Code: insight.CodeTooMany, Field: "breakdown.property",
				Message: fmt.Sprintf("The property has more than %d different values. Break down by one that has fewer.", maxFunnelGroups),
			}
		}
		counted = &funnelCount{}
		f.groups[name] = counted
	}
	counted.count(&f.chains)
	return nil
}

// count takes in the chain that was found last, if any.
func (c *funnelCount) count(found *chains) {
	if found.reached == 0 {
		return
	}
	c.began++
	for k := 2; k <= found.reached; k++ {
		c.times[k-2] = append(c.times[k-2], found.times[k]-found.times[k-1])
	}
}

// answer puts the counts together: the groups with most users at the first
// step, the rest, the group without the property, and all of them.
func (f *funnel) answer() insight.Answer {
	a := insight.Answer{Kind: insight.KindFunnel}
	var all, rest funnelCount
	var names []groupName
	for name, counted := range f.groups {
		all.add(counted)
		if !name.null {
			names = append(names, name)
		}
	}
	if f.query.Breakdown != nil {
		slices.SortFunc(names, func(x, y groupName) int {
			return cmp.Or(cmp.Compare(f.groups[y].began, f.groups[x].began), strings.Compare(x.text, y.text))
		})
		a.Groups = []insight.FunnelGroup{}
		for i, name := range names {
			if i >= f.query.Breakdown.Limit {
				rest.add(f.groups[name])
				continue
			}
			a.Groups = append(a.Groups, insight.FunnelGroup{Group: &name.text, Steps: f.steps(f.groups[name])})
		}
		if rest.began > 0 {
			other := insight.OtherGroup
			a.Groups = append(a.Groups, insight.FunnelGroup{Group: &other, Steps: f.steps(&rest)})
		}
		if without := f.groups[groupName{null: true}]; without != nil {
			a.Groups = append(a.Groups, insight.FunnelGroup{Steps: f.steps(without)})
		}
	}
	a.Steps = f.steps(&all)
	return a
}

func (c *funnelCount) add(other *funnelCount) {
	c.began += other.began
	for k := range c.times {
		if c.times[k] == nil {
			// Shared while there is one group; appending to it copies.
			c.times[k] = slices.Clip(other.times[k])
			continue
		}
		c.times[k] = append(c.times[k], other.times[k]...)
	}
}

func (f *funnel) steps(c *funnelCount) []insight.StepAnswer {
	out := make([]insight.StepAnswer, len(f.query.Steps))
	before := int64(0)
	for i, step := range f.query.Steps {
		users, median := c.began, math.NaN()
		if i > 0 {
			users, median = int64(len(c.times[i-1])), medianSeconds(c.times[i-1])
		}
		out[i] = insight.StepAnswer{Event: step.Event, Users: users, StepConversion: math.NaN(), MedianSeconds: median}
		if c.began > 0 {
			out[i].Conversion = float64(users) / float64(c.began)
		}
		if before > 0 {
			out[i].StepConversion = float64(users) / float64(before)
		}
		before = users
	}
	return out
}

// medianSeconds interpolates linearly between the two middle ones. It sorts
// the times.
func medianSeconds(micros []int64) float64 {
	if len(micros) == 0 {
		return math.NaN()
	}
	slices.Sort(micros)
	low, high := micros[(len(micros)-1)/2], micros[len(micros)/2]
	return (float64(low) + float64(high-low)/2) / 1e6
}
