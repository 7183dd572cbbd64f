package dataloaf

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// both encodes an event in the short way and in the long way. ok says whether
// the short way took it.
func both(t *testing.T, e Event) (short []byte, ok bool, long []byte, err error) {
	t.Helper()
	now := time.Date(2026, 2, 28, 23, 59, 59, 999999999, time.UTC)
	if e.Timestamp.IsZero() {
		e.Timestamp = now
	}
	var s scratch
	s.start()
	if ok = s.shortEvent(e, now); ok {
		short = bytes.Clone(s.item())
	}
	// The long way is the one of an event that has an id.
	var zero [wire.UUIDv7Random]byte
	e.EventID = string(wire.AppendUUIDv7(nil, now, &zero))
	if _, err = s.event(e, now, nil); err == nil {
		long = bytes.Clone(s.item())
	}
	return short, ok, long, err
}

// agree fails unless the short way gives what the long way gives, or leaves it
// to that.
func agree(t *testing.T, e Event) (short bool) {
	t.Helper()
	got, ok, want, err := both(t, e)
	if !ok {
		return false
	}
	if err != nil {
		t.Fatalf("the short way takes what is wrong (%v): %s", err, got)
	}
	a, errA := wire.Canonical(got)
	b, errB := wire.Canonical(want)
	if errA != nil || errB != nil || !bytes.Equal(a, b) || len(got) != len(want) {
		t.Fatalf("the short way writes %s\nthe long way %s (%v, %v)", got, want, errA, errB)
	}
	return true
}

func TestTheShortWayAgreesWithTheLongWay(t *testing.T) {
	deep := func(levels int) map[string]any {
		m := map[string]any{"n": 1}
		for range levels - 1 {
			m = map[string]any{"m": m}
		}
		return m
	}
	p := func(v any) Event { return Event{Event: "e", Properties: map[string]any{"k": v}} }
	for name, test := range map[string]struct {
		event Event
		short bool
	}{
		"nothing":              {Event{Event: "e"}, true},
		"a user":               {Event{Event: "bread baked", UserID: "ada"}, true},
		"text":                 {p("rye <b> & \u2028 \"crust\" \\ \t \x01"), true},
		"NUL":                  {p("\x00"), false},
		"broken":               {p("\xff"), false},
		"numbers":              {p([]any{1, int32(-2), int64(math.MinInt64), uint32(3), uint64(math.MaxUint64), 0.1 + 0.2, 1e21, 1e-300, math.Copysign(0, -1), math.MaxFloat64}), true},
		"not a number":         {p(math.NaN()), false},
		"strings":              {p([]string{"a", "ü"}), true},
		"no strings":           {p([]string{}), true},
		"nil strings":          {p([]string(nil)), false},
		"map of text":          {Event{Event: "e", Properties: map[string]string{"a": "b"}}, true},
		"nil map":              {Event{Event: "e", Properties: map[string]any(nil)}, true},
		"eight levels":         {Event{Event: "e", Properties: deep(8)}, true},
		"nine levels":          {Event{Event: "e", Properties: deep(9)}, false},
		"raw":                  {p(json.RawMessage(`{ "a": 1 }`)), false},
		"no name":              {Event{}, false},
		"200 characters":       {Event{Event: strings.Repeat("ü", 200)}, true},
		"201 characters":       {Event{Event: strings.Repeat("ü", 201)}, false},
		"user of 256 bytes":    {Event{Event: "e", UserID: strings.Repeat("u", 256)}, true},
		"user of 257 bytes":    {Event{Event: "e", UserID: strings.Repeat("u", 257)}, false},
		"key of 200":           {Event{Event: "e", Properties: map[string]any{strings.Repeat("k", 200): 1}}, true},
		"key of 201":           {Event{Event: "e", Properties: map[string]any{strings.Repeat("k", 201): 1}}, false},
		"empty key":            {Event{Event: "e", Properties: map[string]any{"": 1}}, false},
		"as large as it may":   {p(strings.Repeat("x", wire.MaxPropertiesBytes-len(`{"k":""}`))), true},
		"one byte too large":   {p(strings.Repeat("x", wire.MaxPropertiesBytes-len(`{"k":""}`)+1)), false},
		"1970":                 {Event{Event: "e", Timestamp: time.Unix(0, 0)}, true},
		"1969":                 {Event{Event: "e", Timestamp: time.Unix(0, -1)}, false},
		"a zone":               {Event{Event: "e", Timestamp: time.Date(1996, 2, 29, 23, 59, 59, 123456789, time.FixedZone("", 19800))}, true},
		"a day and more ahead": {Event{Event: "e", Timestamp: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if short := agree(t, test.event); short != test.short {
				t.Errorf("the short way takes it: %t", short)
			}
			if _, ok, _, err := both(t, test.event); ok && err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUsersAgreeToo(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	for _, id := range []string{"ada", "ü\"", strings.Repeat("u", 256)} {
		for _, attributes := range []any{nil, map[string]any{"plan": nil}, map[string]string{"plan": "pro"}} {
			var s scratch
			s.start()
			if !s.shortUser(id, `,"created_at":`, now, attributes, now) {
				t.Fatalf("the short way leaves %q %v", id, attributes)
			}
			if u, err := wire.ParseNewUser(s.item(), now); err != nil || string(u.AppendItem(nil)) != string(s.item()) {
				t.Errorf("%s: %v", s.item(), err)
			}
			s.start()
			if !s.shortUpdate(Update{UserID: id, Attributes: attributes, UpdatedAt: now}, now) {
				t.Fatalf("the short way leaves the update %q %v", id, attributes)
			}
			if u, err := wire.ParseUserUpdate(s.item(), now); err != nil || string(u.AppendItem(nil)) != string(s.item()) {
				t.Errorf("%s: %v", s.item(), err)
			}
		}
	}
}

func FuzzTheShortWay(f *testing.F) {
	f.Add("e", "u", int64(1_700_000_000_123_456_789), `{"a":[1,"ü",null,true,{"b":-0.5e-7}]}`)
	f.Add("\x00", "\xff", int64(-1), `{"":1}`)
	f.Fuzz(func(t *testing.T, name, user string, nanos int64, properties string) {
		var p map[string]any
		if json.Unmarshal([]byte(properties), &p) != nil {
			p = map[string]any{properties: properties}
		}
		agree(t, Event{Event: name, UserID: user, Timestamp: time.Unix(0, nanos), Properties: p})
	})
}

func TestACallAllocatesNothing(t *testing.T) {
	properties := map[string]any{"path": "/bread/rye", "plan": "pro", "seconds": 12.5, "first": true}
	for name, test := range map[string]struct {
		callback func(Result)
		most     float64
	}{"without a callback": {nil, 0}, "with one": {func(Result) {}, 1}} {
		c := NewNoop() // what a call does before the queue
		c.config.Callback = test.callback
		got := testing.AllocsPerRun(1000, func() {
			if err := c.Track(Event{Event: "page_viewed", UserID: "user-12345", Properties: properties}); err != nil {
				t.Fatal(err)
			}
		})
		// The race detector makes sync.Pool forget things.
		if got > test.most && !raceDetector {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
