package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// maxPathLinks bounds what is held in memory of different pairs of events, over
// all steps.
const maxPathLinks = 1_000_000

// PlanPaths writes the one statement of paths. A user's events are numbered in
// the order of time, then of ids; the first of the paths' event is step 0. Its
// columns are the step, the event of the step before, the step's event, and how
// many users went from one to the other; at step 0 the first is NULL.
func PlanPaths(q insight.Query, axis insight.Axis, d dialect.Dialect) (Statement, error) {
	args := &dialect.Args{}
	s := &selection{dialect: d, args: args}
	anchor := ""
	if q.Event != insight.AnyEvent {
		anchor = `
WHERE "event" = ` + d.Param(args.Bind(q.Event), dialect.Text)
	}
	where := append(s.within(axis), `e.`+d.User()+` IS NOT NULL`)
	condition, err := s.filter(q.Filter, "filters")
	if err != nil {
		return Statement{}, err
	}
	if condition != "" {
		where = append(where, condition)
	}
	step, away := `n."place" - a."place"`, `n."time" - a."time"`
	if q.Direction == insight.Before {
		step, away = `a."place" - n."place"`, `a."time" - n."time"`
	}
	return finish(args, fmt.Sprintf(`WITH n AS (
SELECT e.`+d.User()+`, e."event", %[1]s AS "time", ROW_NUMBER() OVER (PARTITION BY e.`+d.User()+` ORDER BY %[2]s, e."event_id") AS "place"
%[3]s
), a AS (
SELECT `+d.User()+`, MIN("place") AS "place", MIN("time") AS "time"
FROM n%[4]s
GROUP BY 1
)
SELECT "step", "from", "event", COUNT(*) AS "users"
FROM (SELECT "step", LAG("event") OVER (PARTITION BY `+d.User()+` ORDER BY "step") AS "from", "event"
FROM (SELECT n.`+d.User()+`, %[5]s AS "step", n."event"
FROM a JOIN n ON n.`+d.User()+` = a.`+d.User()+`
WHERE %[5]s >= 0 AND %[5]s <= %[6]d AND %[7]s <= %[8]d) AS s) AS r
GROUP BY 1, 2, 3`,
		d.Micros(timestampColumn), timestampColumn, s.from(where), anchor, step, q.PathSteps, away, q.Window.Microseconds())), nil
}

// runPaths answers paths.
func (s *Service) runPaths(ctx context.Context, q insight.Query) (insight.Answer, error) {
	axis := q.Bounds(s.options.Now())
	if axis.From.Before(firstTimestamp) {
		axis.From = firstTimestamp
	}
	p := paths{users: make([]int64, q.PathSteps+1), links: make([]map[pathLink]int64, q.PathSteps+1)}
	for i := range p.links {
		p.links[i] = map[pathLink]int64{}
	}
	if axis.From.Before(axis.To) {
		err := s.read(ctx, "run the query", func(ctx context.Context, d dialect.Dialect) error {
			return s.readPaths(ctx, q, axis, d, &p)
		})
		if err != nil {
			return insight.Answer{}, err
		}
	}
	return insight.Answer{Kind: q.Kind, PathEvent: q.Event, PathUsers: p.users[0], Paths: p.steps(q.PathLimit)}, nil
}

func (s *Service) readPaths(ctx context.Context, q insight.Query, axis insight.Axis, d dialect.Dialect, p *paths) error {
	statement, err := PlanPaths(q, axis, d)
	if err != nil {
		return err
	}
	rows, err := ask(ctx, s.reader(ctx), statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	count := 0
	for rows.Next() {
		var step int
		var from *string
		var to string
		var users int64
		if err := rows.Scan(&step, &from, &to, &users); err != nil {
			return err
		}
		if step < 0 || step > q.PathSteps || (from == nil) != (step == 0) {
			return fmt.Errorf("the warehouse answered for step %d, which is none of the query's", step)
		}
		if count++; count > maxPathLinks {
			return &insight.Error{
				Code: insight.CodeTooMany, Field: "steps",
				Message: fmt.Sprintf("The paths have more than %d different pairs of events. Ask for fewer steps, or for fewer events with a filter.", maxPathLinks),
			}
		}
		p.users[step] += users
		if step > 0 {
			p.links[step][pathLink{*from, to}] = users
		}
	}
	return rows.Err()
}

// paths are the counts of each step; step 0 is the paths' event.
type paths struct {
	users []int64
	links []map[pathLink]int64
}

type pathLink struct{ from, to string }

// steps names the commonest events of each step and puts the others together.
func (p *paths) steps(limit int) []insight.PathStep {
	var out []insight.PathStep
	var before map[string]bool // the events that the step before names; nil for all
	for k := 1; k < len(p.links); k++ {
		counts := map[string]int64{}
		for link, users := range p.links[k] {
			counts[link.to] += users
		}
		step := insight.PathStep{Events: []insight.PathEvent{}, Links: []insight.PathLink{}, Ended: p.users[k-1] - p.users[k]}
		for event, users := range counts {
			step.Events = append(step.Events, insight.PathEvent{Event: &event, Users: users})
		}
		slices.SortFunc(step.Events, func(a, b insight.PathEvent) int {
			return cmp.Or(cmp.Compare(b.Users, a.Users), strings.Compare(*a.Event, *b.Event))
		})
		named := map[string]bool{}
		rest := p.users[k]
		for _, e := range step.Events[:min(limit, len(step.Events))] {
			named[*e.Event] = true
			rest -= e.Users
		}
		if len(step.Events) > limit {
			step.Events = append(step.Events[:limit:limit], insight.PathEvent{Users: rest})
		}
		step.Links = linksOf(p.links[k], before, named)
		before = named
		out = append(out, step)
	}
	return out
}

// linksOf adds the links up between named events and the rest, which sorts
// last.
func linksOf(links map[pathLink]int64, before, named map[string]bool) []insight.PathLink {
	type place struct {
		text string
		rest bool
	}
	placeOf := func(event string, known map[string]bool) place {
		if known != nil && !known[event] {
			return place{rest: true}
		}
		return place{text: event}
	}
	type pair struct{ from, to place }
	sums := map[pair]int64{}
	for link, users := range links {
		sums[pair{placeOf(link.from, before), placeOf(link.to, named)}] += users
	}
	pairs := make([]pair, 0, len(sums))
	for p := range sums {
		pairs = append(pairs, p)
	}
	order := func(a, b place) int {
		switch {
		case a.rest == b.rest:
			return strings.Compare(a.text, b.text)
		case a.rest:
			return 1
		default:
			return -1
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), order(a.from, b.from), order(a.to, b.to))
	})
	text := func(p place) *string {
		if p.rest {
			return nil
		}
		return &p.text
	}
	out := []insight.PathLink{}
	for _, p := range pairs {
		out = append(out, insight.PathLink{From: text(p.from), To: text(p.to), Users: sums[p]})
	}
	return out
}
