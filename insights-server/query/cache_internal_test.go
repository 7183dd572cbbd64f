package query

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

func answerOf(values int) insight.Answer {
	return insight.Answer{Series: []insight.SeriesAnswer{{Values: make(insight.Values, values)}}}
}

// TestCacheIsBounded holds the cache against a list of what was used last.
func TestCacheIsBounded(t *testing.T) {
	const limit = 100_000
	c := newCache(limit)
	r := rand.New(rand.NewPCG(1, 3))
	var used []string // the last one last
	touch := func(key string) {
		for i, k := range used {
			if k == key {
				used = append(used[:i], used[i+1:]...)
				break
			}
		}
		used = append(used, key)
	}
	for i := range 5000 {
		key := fmt.Sprint(r.IntN(60))
		if r.IntN(2) == 0 {
			if c.find(key) != nil {
				touch(key)
			}
			continue
		}
		size := r.IntN(1000)
		if r.IntN(20) == 0 {
			size = limit // too large to be kept at all
		}
		c.keep(key, state{load: int64(i)}, answerOf(size))
		touch(key)
		if kept := c.find(key); (kept != nil) != (size < limit) || (kept != nil && kept.state.load != int64(i)) {
			t.Fatalf("after step %d: an answer of %d values is kept as %+v", i, size, kept)
		}
		if size == limit {
			used = used[:len(used)-1]
		}
		var bytes int64
		for element := c.order.Front(); element != nil; element = element.Next() {
			bytes += element.Value.(*keptAnswer).bytes
		}
		if bytes != c.bytes || bytes > limit || len(c.kept) != c.order.Len() {
			t.Fatalf("after step %d: %d bytes counted as %d, in %d and %d places", i, bytes, c.bytes, len(c.kept), c.order.Len())
		}
		used = used[max(0, len(used)-len(c.kept)):]
		element := c.order.Back()
		for _, want := range used {
			if got := element.Value.(*keptAnswer).key; got != want {
				t.Fatalf("after step %d: %q is kept where %q was used", i, got, want)
			}
			element = element.Prev()
		}
	}
}

func TestSizeOf(t *testing.T) {
	empty := sizeOf(reflect.ValueOf(answerOf(0)))
	if got := sizeOf(reflect.ValueOf(answerOf(1000))) - empty; got != 8000 {
		t.Errorf("1000 values take %d bytes", got)
	}
	group := "a group's name"
	a := answerOf(0)
	a.Series[0].Group = &group
	if got := sizeOf(reflect.ValueOf(a)) - empty; got != int64(len(group))+int64(reflect.TypeFor[string]().Size()) {
		t.Errorf("a group takes %d bytes", got)
	}
}
