package query

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// enumerate tries every list of distinct moments that is a chain, and keeps the
// one that the contract wants: the furthest, of those the one that starts
// first, with each step as early as it can be, of those the first in order.
func enumerate(moments []moment, steps int, window int64) (times []int64, first int) {
	taken := make([]bool, len(moments))
	var now []int64
	var start int
	var extend func()
	extend = func() {
		if len(now) > len(times) || (len(now) == len(times) && len(now) > 0 && slices.Compare(now, times) < 0) {
			times, first = slices.Clone(now), start
		} else if len(now) == len(times) && slices.Equal(now, times) && start < first {
			first = start
		}
		if len(now) == steps {
			return
		}
		for i, m := range moments {
			if taken[i] || !m.mask().matches(len(now)+1) {
				continue
			}
			if len(now) > 0 && (m.time() < now[len(now)-1] || m.time()-now[0] > window) {
				continue
			}
			if len(now) == 0 {
				start = i
			}
			taken[i] = true
			now = append(now, m.time())
			extend()
			now = now[:len(now)-1]
			taken[i] = false
		}
	}
	extend()
	return times, first
}

// TestChainsAgainstAllChains compares the two linear passes with an enumeration
// of every chain there is, over small users with many ties and repeated steps.
func TestChainsAgainstAllChains(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	rounds := 60_000
	if testing.Short() {
		rounds = 6_000
	}
	for range rounds {
		steps := 1 + r.IntN(4)
		if steps == 1 {
			steps = 5
		}
		span := 1 + r.IntN(12)
		window := int64(r.IntN(span + 2))
		moments := make([]moment, r.IntN(8))
		for i := range moments {
			mask := 1 + r.IntN(1<<steps-1)
			if r.IntN(2) == 0 { // most events match one step
				mask = 1 << r.IntN(steps)
			}
			moments[i] = moment(r.IntN(span)*stepUnit + mask)
		}
		// By time alone: at one instant any order may come.
		slices.SortStableFunc(moments, func(a, b moment) int { return int(a.time() - b.time()) })
		want, first := enumerate(moments, steps, window)
		c := chains{steps: steps, window: window}
		c.find(moments)
		got := slices.Clone(c.times[1 : c.reached+1])
		if !slices.Equal(got, want) || (len(want) > 0 && c.first != first) {
			t.Fatalf("%s with %d steps and the window %d: chain %v from event %d, want %v from event %d", describe(moments), steps, window, got, c.first, want, first)
		}
	}
}

func describe(moments []moment) string {
	text := ""
	for _, m := range moments {
		text += fmt.Sprintf("%d:%b ", m.time(), m.mask())
	}
	return text
}

// TestChainOfALongUser holds that neither a great number of events nor of ties
// takes more than a pass.
func TestChainOfALongUser(t *testing.T) {
	var moments []moment
	for i := range 1_000_000 {
		moments = append(moments, moment((i/1000)*stepUnit+1+i%2))
	}
	c := chains{steps: 3, window: 10}
	c.find(moments)
	if c.reached != 2 || c.times[1] != 0 || c.times[2] != 0 {
		t.Errorf("reached %d at %v", c.reached, c.times)
	}
}
