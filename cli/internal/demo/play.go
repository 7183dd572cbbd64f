package demo

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Sink takes what happens; it may block while it is full.
type Sink interface {
	Track(ctx context.Context, e Event) error
	CreateUser(ctx context.Context, u User) error
	UpdateUser(ctx context.Context, u Update) error
	// Flush returns when everything taken was delivered.
	Flush(ctx context.Context) error
}

// State is what a player remembers between runs.
type State struct {
	Seed   uint64    `json:"seed"`
	Origin time.Time `json:"origin"`
	// Played is the time up to which everything was delivered; zero before the
	// founders were.
	Played time.Time `json:"played"`
}

// Player plays a shop into a sink.
type Player struct {
	Sink Sink
	// Now is the clock, Ticks paces the live part.
	Now   func() time.Time
	Ticks <-chan time.Time
	// Load gives the state of the last run, and false when there was none;
	// Save keeps it.
	Load func() (State, bool, error)
	Save func(State) error
	// Seed is that of a new shop.
	Seed uint64
	// Caught is told when the past has been delivered, with the number of
	// events that it had. Live goes on beside it from the start.
	Caught func(events int)
}

// History is how far back a new shop goes.
const History = 30 * day

const (
	// chapter is how much of the past is played between saves: as much as the
	// SDK's queue holds easily.
	chapter = day
	// saveEvery is how often the state is saved while playing live. What was
	// played since is played again after a crash, and counts once all the same.
	saveEvery = 30 * time.Second
)

// Play plays what is missing of the past, and live beside it, until ctx ends.
func (p *Player) Play(ctx context.Context) error {
	state, known, err := p.Load()
	if err != nil {
		return fmt.Errorf("read where the demo stopped: %w", err)
	}
	now := p.Now()
	if !known {
		state = begin(p.Seed, now)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// The past tells through this channel how far it has come once it is done.
	caught := make(chan State, 1)
	var past sync.WaitGroup
	past.Go(func() {
		if err := p.past(ctx, state, now, caught); err != nil {
			stop(err)
		}
	})
	err = p.live(ctx, NewShop(state.Seed, state.Origin), now, caught)
	stop(err)
	past.Wait()
	return context.Cause(ctx)
}

// begin is the state of a new shop.
func begin(seed uint64, now time.Time) State {
	return State{Seed: seed, Origin: now.UTC().Add(-History).Truncate(day)}
}

// past plays from where the last run stopped up to a time.
func (p *Player) past(ctx context.Context, state State, until time.Time, caught chan<- State) error {
	shop := NewShop(state.Seed, state.Origin)
	if state.Played.IsZero() {
		if _, err := p.send(ctx, shop.Founders()); err != nil {
			return err
		}
		// Customers far east begin the first day while it is still the day
		// before.
		state.Played = shop.Origin().Add(-day)
	}
	events := 0
	for state.Played.Before(until) {
		next := state.Played.Add(chapter)
		if next.After(until) {
			next = until
		}
		n, err := p.send(ctx, shop.Between(state.Played, next))
		if err != nil {
			return err
		}
		events += n
		if err := p.save(ctx, &state, next); err != nil {
			return err
		}
	}
	caught <- state
	p.Caught(events)
	return nil
}

// live plays from a time on, as the clock goes.
func (p *Player) live(ctx context.Context, shop *Shop, sent time.Time, caught <-chan State) error {
	var state *State // nil until the past is done: there is a gap to come back to
	saved := sent
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case s := <-caught:
			state = &s
			continue
		case <-p.Ticks:
		}
		now := p.Now()
		// A clock that was set back has nothing to play until it is past the
		// time that was played.
		if !now.After(sent) {
			continue
		}
		if _, err := p.send(ctx, shop.Between(sent, now)); err != nil {
			return err
		}
		sent = now
		if state == nil || now.Sub(saved) < saveEvery {
			continue
		}
		if err := p.save(ctx, state, sent); err != nil {
			return err
		}
		saved = now
	}
}

// save remembers how far everything was delivered.
func (p *Player) save(ctx context.Context, state *State, played time.Time) error {
	if err := p.Sink.Flush(ctx); err != nil {
		return fmt.Errorf("deliver the demo: %w", err)
	}
	state.Played = played
	if err := p.Save(*state); err != nil {
		return fmt.Errorf("note where the demo is: %w", err)
	}
	return nil
}

// send hands the happenings to the sink and counts the events.
func (p *Player) send(ctx context.Context, happenings []Happening) (events int, err error) {
	for _, h := range happenings {
		switch {
		case h.Event != nil:
			events++
			err = p.Sink.Track(ctx, *h.Event)
		case h.User != nil:
			err = p.Sink.CreateUser(ctx, *h.User)
		default:
			err = p.Sink.UpdateUser(ctx, *h.Update)
		}
		if err != nil {
			return events, fmt.Errorf("play the demo: %w", err)
		}
	}
	return events, nil
}
