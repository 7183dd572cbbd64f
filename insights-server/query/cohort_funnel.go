package query

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// A cohort by the outcome of a funnel is found within the statement that asks
// for it, so here chain.go's first pass is SQL. It goes over a user's instants
// in the order of time and keeps, for each step, the latest start of a chain
// that has reached it: whoever started later is within the window for longer.
// One window function a step says it, whatever the number of events:
//
//	p(k) = the greatest l(k) of the user's instants before this one
//	l(k) = the greatest of the starts p(f), this instant's time for f = 0, such
//	       that this instant's events go on from step f as far as step k, and
//	       this instant is within the window of p(f)
//
// A start that is earlier is never of more use, and p(0) >= p(1) >= …, so the
// first f that will do gives the greatest.
//
// How far the events of one instant go on from a step is a matching, since each
// of them serves one step alone and in any order: steps f+1 to j all have an
// event of their own when any set of them has at least as many events that match
// one of the set as it has steps (Hall's marriage theorem,
// https://en.wikipedia.org/wiki/Hall%27s_marriage_theorem). Only sets of steps
// that an event can match together need be looked at, and of steps that are the
// same all or none: a funnel whose steps have names of their own needs one
// count a step, one of n different steps of one name 2^n - 1.

// inFunnel writes the SELECT of the users whom a condition on a funnel is about,
// each once.
func (s *selection) inFunnel(c insight.CohortCondition, path string) (string, error) {
	var least, most int
	steps := c.Steps
	switch c.Outcome {
	case insight.Completed:
		least, most = len(steps), len(steps)
	case insight.NotCompleted:
		least, most = 1, len(steps)-1
	case insight.StoppedAt:
		if c.Step < 1 || c.Step >= len(steps) {
			return "", fmt.Errorf("%s: a funnel of %d steps has none after step %d", path, len(steps), c.Step)
		}
		least, most = c.Step, c.Step
		steps = steps[:c.Step+1] // those behind have no bearing
	default:
		return "", fmt.Errorf("%s: no SQL for outcome %q", path, c.Outcome)
	}
	if len(steps) > maxFunnelSteps {
		return "", fmt.Errorf("%s: a funnel of %d steps is longer than %d", path, len(steps), maxFunnelSteps)
	}
	inner := &selection{dialect: s.dialect, args: s.args}
	matched, err := inner.steps(steps, path+".steps")
	if err != nil {
		return "", err
	}
	axis := cohortAxis(c)
	from, err := inner.matching(matched, matched.columns(axis, s.dialect), axis, c.Filter, path+".filters")
	if err != nil {
		return "", err
	}
	m := newMatcher(steps, matched.conditions)
	reached := fmt.Sprintf(`BETWEEN %d AND %d`, least, most)
	if least == most {
		reached = fmt.Sprintf("= %d", least)
	}
	return s.dialect.Once(fmt.Sprintf("SELECT "+s.dialect.User()+" FROM (%s) AS g\nGROUP BY 1\nHAVING MAX(\"reached\") %s",
		reachedSteps(s.dialect.User(), m.instants(s.dialect.User(), from), len(steps), c.Window.Microseconds()), reached)), nil
}

// reachedSteps writes the SELECT of the users' instants with the furthest step
// that is "reached" at each. The instants have "a0", "a1" and so on: the step
// that their events go on to from step 0, 1 and so on.
func reachedSteps(user, instants string, steps int, window int64) string {
	layer := instants
	kept := []string{user, `"time"`}
	for f := range steps {
		kept = append(kept, fmt.Sprintf(`"a%d"`, f))
	}
	before := "0"
	for k := 1; k <= steps; k++ {
		start := fmt.Sprintf(`CASE WHEN "a0" >= %d THEN "time"`, k)
		for f := 1; f < k; f++ {
			start += fmt.Sprintf(` WHEN "a%[1]d" >= %[2]d AND "time" - "p%[1]d" <= %[3]d THEN "p%[1]d"`, f, k, window)
		}
		start += " END"
		columns := slices.Clone(kept)
		if k < steps { // nothing goes on from the last
			columns = append(columns, fmt.Sprintf(`MAX(%s) OVER (PARTITION BY `+user+` ORDER BY "time" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "p%d"`, start, k))
			kept = append(kept, fmt.Sprintf(`"p%d"`, k))
		}
		columns = append(columns, fmt.Sprintf(`CASE WHEN %s IS NOT NULL THEN %d ELSE %s END AS "reached"`, start, k, before))
		before = `"reached"`
		layer = "SELECT " + strings.Join(columns, ", ") + "\nFROM (" + layer + ") AS s"
	}
	return layer
}

// matcher says how far the events of an instant go on from a step.
type matcher struct {
	steps int
	// class says which of the steps are the same: the first of them.
	class []int
	// group says which steps an event can match together: those of one group.
	group []int
}

func newMatcher(steps []insight.Step, conditions []string) matcher {
	m := matcher{steps: len(steps), class: make([]int, len(steps)), group: make([]int, len(steps))}
	anyName := slices.ContainsFunc(steps, func(s insight.Step) bool { return s.Event == insight.AnyEvent })
	for i, step := range steps {
		m.class[i] = slices.Index(conditions, conditions[i])
		m.group[i] = slices.IndexFunc(steps, func(other insight.Step) bool { return anyName || other.Event == step.Event })
	}
	return m
}

// instants writes the SELECT of the users' instants, with how far their events
// go on. from gives the events that match a step, each with its mask.
func (m matcher) instants(user, from string) string {
	counted := map[int]bool{}
	onward := make([]string, m.steps)
	for f := range m.steps {
		onward[f] = m.onward(f, counted) + fmt.Sprintf(` AS "a%d"`, f)
	}
	sets := make([]int, 0, len(counted))
	for set := range counted {
		sets = append(sets, set)
	}
	slices.Sort(sets)
	counts := make([]string, len(sets))
	for i, set := range sets {
		counts[i] = fmt.Sprintf(`COUNT(CASE WHEN ("mask" & %[1]d) > 0 THEN 1 END) AS "n%[1]d"`, set)
	}
	return "SELECT " + user + ", \"time\", " + strings.Join(onward, ", ") +
		"\nFROM (SELECT " + user + ", \"time\", " + strings.Join(counts, ", ") + "\n" + from + "\nGROUP BY 1, 2) AS n"
}

// onward writes the step that an instant's events go on to from step f, and adds
// to the sets whose events are to be counted.
func (m matcher) onward(f int, counted map[int]bool) string {
	var out strings.Builder
	out.WriteString("CASE")
	for j := f; j < m.steps; j++ {
		// Steps f+1 to j are served; is there an event for step j+1 as well? The
		// sets without it have been looked at.
		var short []string
		for _, set := range m.sets(f, j) {
			counted[set] = true
			short = append(short, fmt.Sprintf(`"n%d" < %d`, set, m.size(set, f, j)))
		}
		fmt.Fprintf(&out, " WHEN %s THEN %d", strings.Join(short, " OR "), j)
	}
	fmt.Fprintf(&out, " ELSE %d END", m.steps)
	return out.String()
}

// sets are those of the classes of steps f to j (from 0) that have step j in
// them and that one event can match together. A set has a bit for each class.
func (m matcher) sets(f, j int) []int {
	sets := []int{1 << m.class[j]}
	for i := f; i < j; i++ {
		bit := 1 << m.class[i]
		if m.group[i] != m.group[j] || sets[len(sets)-1]&bit != 0 {
			continue
		}
		for _, set := range slices.Clone(sets) {
			sets = append(sets, set|bit)
		}
	}
	return sets
}

// size is the number of steps from f to j whose class is in the set.
func (m matcher) size(set, f, j int) int {
	var of uint
	for i := f; i <= j; i++ {
		if set&(1<<m.class[i]) != 0 {
			of |= 1 << i
		}
	}
	return bits.OnesCount(of)
}
