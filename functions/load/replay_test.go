package load_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// hourly are objects of each kind, one an hour, the first at five.
func hourly(hours int) (all []warehouse.Object) {
	at := time.Date(2026, 3, 4, 5, 30, 0, 0, time.UTC)
	for _, kind := range []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates} {
		for h := range hours {
			key := warehouse.NewKey(kind, at.Add(time.Duration(h)*time.Hour), "x")
			all = append(all, warehouse.Object{Bucket: string(kind.Bucket()), Key: key, Kind: kind})
		}
	}
	slices.SortFunc(all, func(a, b warehouse.Object) int { return strings.Compare(a.Key, b.Key) })
	return all
}

var five = time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)

func TestAReplayLoadsWhatWasSetAside(t *testing.T) {
	all := hourly(24)
	w := newFake()
	for i, o := range all {
		w.status[o.ID()] = []string{"loaded", "the reason of then", ""}[i%3]
	}
	still := all[4] // of the events, at nine
	w.fates[still.ID()] = named
	l := newLoader(t, w, nil, bucket(all))
	day := load.Range{From: five, To: five.Add(24 * time.Hour)}
	summary, err := l.Replay(t.Context(), day)
	if err != nil || summary.Objects != 47 || summary.Known != 24 || len(summary.Quarantined) != 1 {
		t.Fatalf("%+v, %v", summary, err)
	}
	for _, o := range all {
		if got := w.status[o.ID()]; o != still && got != "loaded" {
			t.Errorf("%s is %q", o.ID(), got)
		}
	}
	if got := w.status[still.ID()]; !strings.Contains(got, "no event") {
		t.Errorf("the reason is still the old one: %q", got)
	}
	// Again: nothing is loaded twice, and what was mended meanwhile is loaded.
	delete(w.fates, still.ID())
	summary, err = l.Replay(t.Context(), day)
	if err != nil || summary.Objects != 1 || summary.Known != 71 {
		t.Errorf("%+v, %v", summary, err)
	}
}

func TestAReplayKeepsToItsRange(t *testing.T) {
	hour := func(h float64) time.Time { return five.Add(time.Duration(h * float64(time.Hour))) }
	for name, c := range map[string]struct {
		r    load.Range
		want int
	}{
		"whole hours":        {load.Range{From: hour(2), To: hour(4)}, 3 * 2},
		"parts of hours":     {load.Range{From: hour(2.5), To: hour(4.1)}, 3 * 3},
		"within an hour":     {load.Range{From: hour(2.1), To: hour(2.2)}, 3},
		"one kind":           {load.Range{From: hour(0), To: hour(4), Kinds: []warehouse.Kind{warehouse.Users}}, 4},
		"before and beyond":  {load.Range{From: hour(-100), To: hour(1000)}, 3 * 30},
		"nothing lies there": {load.Range{From: hour(50), To: hour(60)}, 0},
		"another zone":       {load.Range{From: hour(2).In(time.FixedZone("", 3600)), To: hour(3)}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFake()
			summary, err := newLoader(t, w, nil, bucket(hourly(30))).Replay(t.Context(), c.r)
			if err != nil || summary.Objects != c.want {
				t.Errorf("%d objects, want %d, %v", summary.Objects, c.want, err)
			}
		})
	}
}

func TestARangeThatIsNone(t *testing.T) {
	w := newFake()
	for _, r := range []load.Range{{}, {From: five}, {From: five, To: five}, {From: five, To: five.Add(1), Kinds: []warehouse.Kind{"secrets"}}} {
		if _, err := newLoader(t, w, nil, bucket(nil)).Replay(t.Context(), r); err == nil {
			t.Errorf("%+v is replayed", r)
		}
	}
}

func TestAReplayThatIsCutOffGoesOn(t *testing.T) {
	var all []warehouse.Object
	w := newFake()
	for i := range 3 * load.MaxObjects {
		o := warehouse.Object{Bucket: "events", Key: fmt.Sprintf("events/2026/03/04/05/%05d", i), Kind: warehouse.Events}
		all, w.status[o.ID()] = append(all, o), "broken then"
	}
	w.downAfter = 2
	l := newLoader(t, w, nil, bucket(all))
	r := load.Range{From: five, To: five.Add(time.Hour)}
	first, err := l.Replay(t.Context(), r)
	if err == nil || first.Objects == 0 || first.Objects == len(all) {
		t.Fatalf("%+v, %v", first.Objects, err)
	}
	w.down = nil
	second, err := l.Replay(t.Context(), r)
	if err != nil || first.Objects+second.Objects != len(all) || second.Known != first.Objects {
		t.Errorf("%d, then %d and %d known, %v", first.Objects, second.Objects, second.Known, err)
	}
}

func TestAReplayNeedsTheTablesAndTime(t *testing.T) {
	s := newStack(hourly(10))
	d := s.deployment(t, "d1")
	r := load.Range{From: five, To: five.Add(24 * time.Hour)}
	if _, err := d.Replay(t.Context(), r); err == nil || !strings.Contains(err.Error(), "replay after that") {
		t.Errorf("a replay into no tables: %v", err)
	}
	s.state.objects[marker] = "{}"
	summary, err := d.Replay(t.Context(), r)
	if err != nil || summary.Objects != 30 {
		t.Errorf("%+v, %v", summary, err)
	}
}
