package query

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// Answers are kept for equal questions, each with the state of the tables that
// it was made from. A kept answer is given out while the tables are in that
// state, so that no load and no merge of users leaves a stale one behind. Asking
// for the state reads three small tables of our own and none of the data.

// DefaultCacheBytes bounds the kept answers where Options do not.
const DefaultCacheBytes = 64 << 20

// cache holds the answers that were used last.
type cache struct {
	limit int64

	mu      sync.Mutex
	kept    map[string]*list.Element // of *keptAnswer
	order   list.List                // the one that was used last in front
	bytes   int64
	flights map[string]*flight
	// known is the state as of a time, and believed for Options.CacheTrust.
	known   state
	knownAt time.Time
}

// keptAnswer is an answer and the state that it is of.
type keptAnswer struct {
	key    string
	state  state
	answer insight.Answer
	bytes  int64
}

func newCache(limit int64) *cache {
	return &cache{limit: limit, kept: map[string]*list.Element{}, flights: map[string]*flight{}}
}

// find gives the answer that is kept for a question.
func (c *cache) find(key string) *keptAnswer {
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.kept[key]
	if element == nil {
		return nil
	}
	c.order.MoveToFront(element)
	return element.Value.(*keptAnswer)
}

// keep takes in an answer, and lets go of those that were not used for longest.
// An answer that would drive out most others is not kept.
func (c *cache) keep(key string, of state, answer insight.Answer) {
	answer.Explain = nil
	k := &keptAnswer{key: key, state: of, answer: answer, bytes: sizeOf(reflect.ValueOf(answer)) + int64(len(key))}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.kept[key])
	if k.bytes > c.limit/4 {
		return
	}
	c.kept[key] = c.order.PushFront(k)
	for c.bytes += k.bytes; c.bytes > c.limit; {
		c.remove(c.order.Back())
	}
}

// drop lets go of an answer, unless another has taken its place.
func (c *cache) drop(k *keptAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element := c.kept[k.key]; element != nil && element.Value == k {
		c.remove(element)
	}
}

func (c *cache) remove(element *list.Element) {
	if element == nil {
		return
	}
	k := c.order.Remove(element).(*keptAnswer)
	delete(c.kept, k.key)
	c.bytes -= k.bytes
}

// learn takes in what the state was at a time.
func (c *cache) learn(found state, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !at.Before(c.knownAt) {
		c.known, c.knownAt = found, at
	}
}

// believed gives the state when it was seen not longer ago than that.
func (c *cache) believed(now time.Time, trust time.Duration) (state, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	age := now.Sub(c.knownAt)
	return c.known, trust > 0 && !c.knownAt.IsZero() && age >= 0 && age < trust
}

// sizeOf is about how much memory a value takes with all that it points to.
func sizeOf(v reflect.Value) int64 {
	size := int64(v.Type().Size())
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			size += sizeOf(v.Elem())
		}
	case reflect.String:
		size += int64(v.Len())
	case reflect.Slice:
		if v.Len() == 0 {
			return size
		}
		switch v.Type().Elem().Kind() {
		case reflect.Float64, reflect.Int64, reflect.Int, reflect.Bool, reflect.Uint8:
			return size + int64(v.Cap())*int64(v.Type().Elem().Size())
		}
		for i := range v.Len() {
			size += sizeOf(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() { // what it points to is shared
			return size
		}
		for i := range v.NumField() {
			size += sizeOf(v.Field(i)) - int64(v.Field(i).Type().Size())
		}
	}
	return size
}

// questionKey is equal for questions that must have equal answers as long as
// the tables do not change: the question as it was understood, and the instants
// that its range covers now. How far buckets have begun may matter to an answer,
// but for a trend's and a funnel's; so the hour is part of the others' keys.
func questionKey(q insight.Query, now time.Time) (string, error) {
	q.Explain, q.Refresh = false, false
	// Seconds: JSON has no times beyond the year 9999, and a range may end there.
	type span struct{ From, To int64 }
	var whole struct {
		Query insight.Query
		Zone  string
		Range span
		Hour  int64
	}
	bounds := q.Bounds(now)
	whole.Query, whole.Zone, whole.Range = q, q.Zone.String(), span{bounds.From.Unix(), bounds.To.Unix()}
	if q.Kind != insight.KindTrend && q.Kind != insight.KindFunnel {
		hour := insight.Query{Zone: q.Zone, Range: insight.Range{Last: 1, Unit: insight.Hour}}
		whole.Hour = hour.Bounds(now).From.Unix()
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return "", fmt.Errorf("write down the question: %w", err)
	}
	sum := sha256.Sum256(text)
	return string(sum[:]), nil
}

// flight is a question under way, for all who ask it at the time.
type flight struct {
	key    string
	cancel context.CancelFunc
	done   chan struct{}
	answer insight.Answer
	state  state
	err    error
	// askers is guarded by the cache's mutex.
	askers int
}

// board joins those who ask the question already, or is the first.
func (s *Service) board(ctx context.Context, key string, q insight.Query) (f *flight, first bool) {
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil {
		f.askers++
		return f, false
	}
	// An asker who leaves takes the question along only when nobody else waits.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f = &flight{key: key, cancel: cancel, done: make(chan struct{}), askers: 1}
	c.flights[key] = f
	go s.fly(ctx, f, q)
	return f, true
}

func (s *Service) fly(ctx context.Context, f *flight, q insight.Query) {
	defer close(f.done)
	defer f.cancel()
	defer func() {
		if p := recover(); p != nil {
			f.err = fmt.Errorf("run the query: panic: %v\n%s", p, debug.Stack())
		}
		s.cache.mu.Lock()
		defer s.cache.mu.Unlock()
		if s.cache.flights[f.key] == f {
			delete(s.cache.flights, f.key)
		}
	}()
	f.answer, f.state, f.err = s.answerAndKeep(ctx, f.key, q)
}

// leave ends an asker's wait. The last one ends the question, and waits until
// nothing of it is left running.
func (s *Service) leave(f *flight) {
	s.cache.mu.Lock()
	f.askers--
	last := f.askers == 0
	if last && s.cache.flights[f.key] == f {
		delete(s.cache.flights, f.key)
	}
	s.cache.mu.Unlock()
	if last {
		f.cancel()
		<-f.done
	}
}

// wait gives the answer of a flight.
func (s *Service) wait(ctx context.Context, f *flight) (insight.Answer, state, error) {
	select {
	case <-f.done:
		return f.answer, f.state, f.err
	case <-ctx.Done():
		s.leave(f)
		return insight.Answer{}, state{}, explain(ctx, "run the query", ctx.Err())
	}
}

// answerAndKeep runs a query and keeps its answer.
func (s *Service) answerAndKeep(ctx context.Context, key string, q insight.Query) (insight.Answer, state, error) {
	began := s.options.Now()
	answer, of, err := s.answer(ctx, q)
	if err == nil && s.cache != nil {
		s.cache.learn(of, began)
		s.cache.keep(key, of, answer)
	}
	return answer, of, err
}

// currentState asks for the state of the tables, unless it is believed. It takes
// no turn: a kept answer must get through when the queries are stuck.
func (s *Service) currentState(ctx context.Context) (state, error) {
	began := s.options.Now()
	if known, ok := s.cache.believed(began, s.options.CacheTrust); ok {
		return known, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, ErrTimeout)
	defer cancel()
	if err := s.ready(ctx); errors.Is(err, errNoTables) {
		return state{}, nil
	} else if err != nil {
		return state{}, explain(ctx, "read the state of the tables", err)
	}
	found, err := readState(ctx, s.db.SQL)
	if err != nil {
		return state{}, explain(ctx, "read the state of the tables", err)
	}
	s.cache.learn(found, began)
	return found, nil
}

// sharedRounds is how often an asker tries to share an answer before it asks
// alone: each time a load came between.
const sharedRounds = 3

// shared answers a query from what is kept or under way, else runs it.
func (s *Service) shared(ctx context.Context, q insight.Query) (insight.Answer, error) {
	asked := s.options.Now()
	var key string
	if s.cache != nil {
		var err error
		if key, err = questionKey(q, asked); err != nil {
			return insight.Answer{}, err
		}
	}
	if s.cache == nil || q.Refresh || q.Explain {
		answer, _, err := s.answerAndKeep(ctx, key, q)
		return answer, err
	}
	for range sharedRounds {
		if kept := s.cache.find(key); kept != nil {
			current, err := s.currentState(ctx)
			if err != nil {
				return insight.Answer{}, err
			}
			if kept.state == current {
				answer := kept.answer
				answer.Cached, answer.Elapsed = true, s.options.Now().Sub(asked)
				return answer, nil
			}
			s.cache.drop(kept)
		}
		f, first := s.board(ctx, key, q)
		if first { // its reading begins after the question was asked
			answer, _, err := s.wait(ctx, f)
			return answer, err
		}
		// The flight may have read the tables before a load that the asker knows
		// of: its answer counts when it is of the state as it is now.
		current, err := s.currentState(ctx)
		if err != nil {
			s.leave(f)
			return insight.Answer{}, err
		}
		answer, of, err := s.wait(ctx, f)
		if err != nil || of == current {
			return answer, err
		}
	}
	answer, _, err := s.answerAndKeep(ctx, key, q)
	return answer, err
}
