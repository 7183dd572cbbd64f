package query

// A chain takes a user through a funnel: distinct events that match the steps
// in order, none before the one it follows, the last within the window of the
// first. Of all chains of a user this finds the one that goes furthest, of
// those the one that starts first, with each step as early as it can be.
//
// Events at the same instant may follow each other in any order, and one event
// may match several steps but serve only one, so a group of them is a matching
// problem: how far can its events go on from a step? Going on as far as
// possible at each instant is right, because whoever is further before an
// instant is at least as far after it. For the same reason a chain that starts
// earlier never comes to a step later; so when the furthest step is first
// reached at some instant, every start within the window before it has come
// there too, and the first of those starts is the one that counts. Both passes
// are linear in the events.

// maxFunnelSteps is the number of steps that an event's mask has bits for.
const maxFunnelSteps = 10

// stepUnit is what a moment's time is multiplied by: its mask lies below.
const stepUnit = 1 << maxFunnelSteps

// moment is an event of a funnel: microseconds since some instant, times
// stepUnit, plus a bit for each step that it matches. So moments sort by time.
type moment int64

func (m moment) time() int64    { return int64(m) >> maxFunnelSteps }
func (m moment) mask() stepMask { return stepMask(int64(m) & (stepUnit - 1)) }

// stepMask has a bit for each step that an event matches, the lowest for the
// first.
type stepMask uint16

func (m stepMask) matches(step int) bool { return m&(1<<(step-1)) != 0 }

// chains finds the chains of one user after another. It keeps its memory.
type chains struct {
	steps  int
	window int64 // microseconds

	// reached is the number of steps of the chain; times are when.
	reached int
	times   [maxFunnelSteps + 1]int64
	// first is the index of the event that serves the first step, among the
	// moments that were given.
	first int

	masks   []stepMask
	used    [stepUnit]uint8
	serves  []int
	visited []bool
}

// find looks for the chain in a user's moments, which are sorted by time.
func (c *chains) find(moments []moment) {
	c.reached = 0
	furthest, at := c.furthest(moments)
	if furthest == 0 {
		return
	}
	for i, m := range moments {
		if m.time() >= at-c.window && m.mask().matches(1) {
			c.follow(moments, i, furthest)
			return
		}
	}
}

// furthest finds how far any chain goes and when that is first reached.
func (c *chains) furthest(moments []moment) (furthest int, at int64) {
	// latest is the latest start of a chain that has reached the step.
	var latest [maxFunnelSteps + 1]int64
	for i := range latest {
		latest[i] = -1
	}
	for i := 0; i < len(moments) && furthest < c.steps; {
		t, end := moments[i].time(), instantEnd(moments, i)
		if end == i+1 {
			mask := moments[i].mask()
			for k := c.steps; k > 1; k-- {
				if start := latest[k-1]; mask.matches(k) && start >= 0 && t-start <= c.window && start > latest[k] {
					latest[k] = start
					if k > furthest {
						furthest, at = k, t
					}
				}
			}
			if mask.matches(1) {
				latest[1] = t
				if furthest == 0 {
					furthest, at = 1, t
				}
			}
			i = end
			continue
		}
		before := latest
		before[0] = t
		c.gather(moments[i:end], -1)
		for from := range c.steps {
			start := before[from]
			if start < 0 || t-start > c.window {
				continue
			}
			to := c.advance(from)
			for k := from + 1; k <= to; k++ {
				latest[k] = max(latest[k], start)
			}
			if to > furthest && to > from {
				furthest, at = to, t
			}
		}
		i = end
	}
	return furthest, at
}

// follow walks the chain that starts with the first step's events at the
// instant of moment i.
func (c *chains) follow(moments []moment, i, furthest int) {
	for i > 0 && moments[i-1].time() == moments[i].time() {
		i--
	}
	c.startOf(moments, i)
	for c.reached < furthest && i < len(moments) {
		end := instantEnd(moments, i)
		c.gather(moments[i:end], -1)
		to := c.advance(c.reached)
		for ; c.reached < min(to, furthest); c.reached++ {
			c.times[c.reached+1] = moments[i].time()
		}
		i = end
	}
}

// startOf chooses the event that serves the first step: the first in order
// that does not keep the others from going as far as they can.
func (c *chains) startOf(moments []moment, i int) {
	end := instantEnd(moments, i)
	c.gather(moments[i:end], -1)
	to := c.advance(0)
	for c.first = i; c.first < end-1; c.first++ {
		if !moments[c.first].mask().matches(1) {
			continue
		}
		c.gather(moments[i:end], c.first-i)
		if c.advance(1) >= to {
			return
		}
	}
}

// instantEnd is the index after the moments that share the time of moment i.
func instantEnd(moments []moment, i int) int {
	t := moments[i].time()
	for i++; i < len(moments) && moments[i].time() == t; i++ {
	}
	return i
}

// gather collects the masks of an instant's moments, without one of them. Of
// equal masks more than there are steps are of no use.
func (c *chains) gather(moments []moment, without int) {
	c.masks = c.masks[:0]
	for i, m := range moments {
		if mask := m.mask(); i != without && int(c.used[mask]) < c.steps {
			c.used[mask]++
			c.masks = append(c.masks, mask)
		}
	}
	for _, mask := range c.masks {
		c.used[mask] = 0
	}
}

// advance is how far the gathered events go on from a step: the last step such
// that all after from, up to it, have an event of their own. It is a matching
// in a bipartite graph, grown by one augmenting path for each step.
func (c *chains) advance(from int) int {
	c.serves = c.serves[:0]
	for range c.masks {
		c.serves = append(c.serves, 0)
	}
	for step := from + 1; step <= c.steps; step++ {
		c.visited = c.visited[:0]
		for range c.masks {
			c.visited = append(c.visited, false)
		}
		if !c.augment(step) {
			return step - 1
		}
	}
	return c.steps
}

func (c *chains) augment(step int) bool {
	for i, mask := range c.masks {
		if !mask.matches(step) || c.visited[i] {
			continue
		}
		c.visited[i] = true
		if c.serves[i] == 0 || c.augment(c.serves[i]) {
			c.serves[i] = step
			return true
		}
	}
	return false
}
