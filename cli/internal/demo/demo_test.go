package demo

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

var origin = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // a Monday

func TestTheSameSeedTellsTheSameStory(t *testing.T) {
	from, to := origin.Add(2*day), origin.Add(3*day)
	whole := NewShop(7, origin).Between(from, to)
	if len(whole) < 5000 {
		t.Fatalf("only %d happenings in a day", len(whole))
	}
	if again := NewShop(7, origin).Between(from, to); !reflect.DeepEqual(again, whole) {
		t.Error("a second shop of the same seed and origin differs")
	}
	// In whatever steps it is played, and on whatever day the player starts.
	shop := NewShop(7, origin)
	var steps []Happening
	for at := from; at.Before(to); at = at.Add(7 * time.Hour) {
		until := at.Add(7 * time.Hour)
		if until.After(to) {
			until = to
		}
		steps = append(steps, shop.Between(at, until)...)
	}
	if !reflect.DeepEqual(steps, whole) {
		t.Error("played in steps it differs")
	}
	if other := NewShop(8, origin).Between(from, to); reflect.DeepEqual(other, whole) {
		t.Error("another seed tells the same story")
	}
}

func TestWhatHappensIsPlausible(t *testing.T) {
	shop := NewShop(7, origin)
	ids := map[string]bool{}
	signedUp := map[string]time.Time{}
	for _, h := range shop.Founders() {
		signedUp[h.User.ID] = h.User.CreatedAt
	}
	counts := map[string]int{}
	perDay := map[int]int{}
	var last time.Time
	for _, h := range shop.Between(origin.Add(-day), origin.Add(20*day)) {
		if h.At.Before(last) {
			t.Fatalf("%v comes after %v", h.At, last)
		}
		last = h.At
		switch {
		case h.User != nil:
			if _, ok := signedUp[h.User.ID]; ok {
				t.Fatalf("%s signs up twice", h.User.ID)
			}
			signedUp[h.User.ID] = h.User.CreatedAt
		case h.Event != nil:
			e := h.Event
			if ids[e.ID] {
				t.Fatalf("event id %s is used twice", e.ID)
			}
			ids[e.ID] = true
			counts[e.Name]++
			perDay[int(e.At.Sub(origin)/day)]++
			if _, ok := signedUp[e.UserID]; !ok && e.UserID != "" && e.Name != "page_viewed" {
				t.Fatalf("%s of %s before they signed up", e.Name, e.UserID)
			}
		default:
			if _, ok := signedUp[h.Update.UserID]; !ok {
				t.Fatalf("%s changes before they signed up", h.Update.UserID)
			}
		}
	}
	funnel := []string{"product_viewed", "added_to_basket", "checkout_started", "order_placed"}
	for i := 1; i < len(funnel); i++ {
		if before, after := counts[funnel[i-1]], counts[funnel[i]]; after == 0 || after >= before {
			t.Errorf("%d %s after %d %s: no funnel", after, funnel[i], before, funnel[i-1])
		}
	}
	for _, name := range []string{"page_viewed", "signed_up", "order_delivered", "subscription_started", "subscription_cancelled", "subscription_delivered"} {
		if counts[name] == 0 {
			t.Errorf("no %s in three weeks", name)
		}
	}
	if perDay[19] < perDay[5]*5/4 { // Saturdays
		t.Errorf("no growth: %d events on the first Saturday, %d on the last", perDay[5], perDay[19])
	}
	if perDay[5] < perDay[7] {
		t.Errorf("the Saturday has %d events and the Monday after it %d", perDay[5], perDay[7])
	}
}

// memory is a sink that keeps what it is given.
type memory struct {
	mu      sync.Mutex
	events  map[string]Event
	tracked int
	users   map[string]bool
	gone    error
}

func (m *memory) Track(ctx context.Context, e Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone != nil {
		return m.gone
	}
	m.events[e.ID] = e
	m.tracked++
	return ctx.Err()
}

func (m *memory) CreateUser(ctx context.Context, u User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users[u.ID] = true
	return ctx.Err()
}

func (m *memory) UpdateUser(ctx context.Context, _ Update) error { return ctx.Err() }

func (m *memory) Flush(ctx context.Context) error { return ctx.Err() }

// clock is a clock that is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// run plays until stop is called, which gives Play's error. saved tells every
// state that was saved.
func run(t *testing.T, m *memory, c *clock, state State, ticks chan time.Time, caught chan int) (saved chan State, stop func() error) {
	t.Helper()
	saved = make(chan State, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	p := &Player{
		Sink: m, Now: c.Now, Ticks: ticks, Seed: 7,
		Load:   func() (State, bool, error) { return state, true, nil },
		Save:   func(s State) error { saved <- s; return nil },
		Caught: func(n int) { caught <- n },
	}
	go func() { done <- p.Play(ctx) }()
	return saved, func() error { cancel(); return <-done }
}

func TestANewShopGoesThirtyDaysBack(t *testing.T) {
	if s := begin(7, origin.Add(30*day+11*time.Hour)); s.Seed != 7 || !s.Origin.Equal(origin) || !s.Played.IsZero() {
		t.Errorf("begins with %+v", s)
	}
}

func TestAPlayerFillsTheGapAndDoublesNothing(t *testing.T) {
	m := &memory{events: map[string]Event{}, users: map[string]bool{}}
	c := &clock{now: origin.Add(2*day + 11*time.Hour)}
	start := c.now
	ticks, caught := make(chan time.Time), make(chan int)
	saved, stop := run(t, m, c, State{Seed: 7, Origin: origin}, ticks, caught)
	if n := <-caught; n < 8_000 {
		t.Errorf("the past has %d events", n)
	}
	// Live: a minute and some, in ticks that the test makes, to a save.
	for c.Now().Before(start.Add(saveEvery + 2*time.Second)) {
		c.set(c.Now().Add(time.Second))
		ticks <- c.Now()
	}
	ticks <- c.Now() // taken when the tick before it is done
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Play ends with %v", err)
	}
	var last State
	for len(saved) > 0 {
		last = <-saved
	}
	if !last.Origin.Equal(origin) || last.Seed != 7 || !last.Played.After(start) {
		t.Errorf("saved %+v", last)
	}
	first := len(m.events)

	// A crash forgot an hour; the next start is a day later.
	last.Played = last.Played.Add(-time.Hour)
	c.set(c.Now().Add(day))
	_, stop = run(t, m, c, last, ticks, caught)
	again := <-caught
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Play ends with %v", err)
	}
	if m.tracked == len(m.events) {
		t.Error("the hour was not played again; the test shows nothing")
	}
	want := 0
	for _, h := range NewShop(7, origin).Between(origin.Add(-day), c.Now()) {
		if h.Event == nil {
			continue
		}
		want++
		if _, ok := m.events[h.Event.ID]; !ok {
			t.Fatalf("the event at %v is missing", h.At)
		}
	}
	if len(m.events) != want || len(m.events) <= first || again == 0 {
		t.Errorf("%d events, want %d; %d before the restart", len(m.events), want, first)
	}
}

func TestAPlayerEndsWithItsSink(t *testing.T) {
	gone := errors.New("the server is gone")
	p := &Player{
		Sink: &memory{users: map[string]bool{}, gone: gone}, Now: func() time.Time { return origin.Add(30 * day) }, Seed: 7,
		Load: func() (State, bool, error) { return State{}, false, nil },
	}
	if err := p.Play(t.Context()); !errors.Is(err, gone) {
		t.Errorf("Play ends with %v", err)
	}
}

func TestWhatIsPlayedIsTakenByTheAPI(t *testing.T) {
	now := origin.Add(4 * day)
	for _, h := range NewShop(7, origin).Between(origin, origin.Add(day)) {
		if h.Event == nil {
			continue
		}
		text := fmt.Sprintf(`{"event_id":%q,"event":%q,"timestamp":%q}`, h.Event.ID, h.Event.Name, h.Event.At.Format(wire.TimeFormat))
		if _, err := wire.ParseEvent([]byte(text), now, nil); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}
