// Package demo plays a made-up product so that there is something to look at:
// a bakery that sells bread over the web, once or by subscription.
package demo

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Event is something that happened in the shop.
type Event struct {
	ID   string
	Name string
	// UserID is empty for a visitor who is not signed in.
	UserID     string
	At         time.Time
	Properties map[string]any
}

// User is a customer who signed up.
type User struct {
	ID         string
	CreatedAt  time.Time
	Attributes map[string]any
}

// Update changes attributes of a customer.
type Update struct {
	UserID     string
	At         time.Time
	Attributes map[string]any
}

// Happening is one of an event, a new user and an update, and when it was.
type Happening struct {
	At     time.Time
	Event  *Event
	User   *User
	Update *Update
}

// Shop is the made-up product. What happens in it follows from its seed and
// its origin alone, ids included, so that whoever plays a stretch of time a
// second time plays the same.
type Shop struct {
	seed   uint64
	origin time.Time
	// firsts[d] is the number of the first customer who signs up on day d.
	firsts []int
	// days keeps what happened on the days that are being played.
	days map[int][]Happening
}

// NewShop makes a shop whose history begins on the day of origin.
func NewShop(seed uint64, origin time.Time) *Shop {
	return &Shop{seed: seed, origin: origin.UTC().Truncate(day), firsts: []int{founders}, days: map[int][]Happening{}}
}

const day = 24 * time.Hour

const (
	// founders had signed up before the origin, within foundersDays.
	founders     = 3000
	foundersDays = 150
	// signUps a day at the origin.
	signUps = 85
	// visitors a day who are not signed in, at the origin.
	visitors = 1300
	// reach is how many days before and after its own an hour of a day can
	// lie: customers live in other time zones and wait for deliveries.
	reach = 2
)

// Origin is the start of the shop's history; founders signed up before.
func (s *Shop) Origin() time.Time { return s.origin }

// Founders are the customers who signed up before the origin.
func (s *Shop) Founders() []Happening {
	out := make([]Happening, 0, founders)
	for i := range founders {
		c := s.customer(i)
		out = append(out, Happening{At: c.signedUp, User: c.user()})
	}
	sortByTime(out)
	return out
}

// Between is what happens from a time up to another one, in order, sign-ups
// before the events of the same instant.
func (s *Shop) Between(from, to time.Time) []Happening {
	first, last := s.dayOf(from)-reach, s.dayOf(to)+reach
	for d := range s.days {
		if d < first || d > last {
			delete(s.days, d)
		}
	}
	var out []Happening
	for d := max(first, 0); d <= last; d++ {
		happenings, ok := s.days[d]
		if !ok {
			happenings = s.day(d)
			s.days[d] = happenings
		}
		for _, h := range happenings {
			if !h.At.Before(from) && h.At.Before(to) {
				out = append(out, h)
			}
		}
	}
	sortByTime(out)
	return out
}

func sortByTime(h []Happening) {
	slices.SortStableFunc(h, func(a, b Happening) int { return a.At.Compare(b.At) })
}

func (s *Shop) dayOf(t time.Time) int {
	return int(math.Floor(float64(t.Sub(s.origin)) / float64(day)))
}

func (s *Shop) midnight(d int) time.Time { return s.origin.Add(time.Duration(d) * day) }

// day is everything that begins on a day.
func (s *Shop) day(d int) []Happening {
	j := &journal{}
	for i := range s.customersBefore(d + 1) {
		s.live(j, s.customer(i), d)
	}
	random := s.random(visitorStream, 0, d)
	for range around(random, visitors*growth(d)*weekday(s.midnight(d))) {
		s.passBy(j, random, d)
	}
	return j.happenings
}

// customersBefore counts the customers who signed up before a day.
func (s *Shop) customersBefore(d int) int {
	for len(s.firsts) <= d {
		last := len(s.firsts) - 1
		random := s.random(signUpStream, 0, last)
		s.firsts = append(s.firsts, s.firsts[last]+around(random, signUps*growth(last)*weekday(s.midnight(last))))
	}
	return s.firsts[d]
}

// growth is how much larger the shop is than at its origin: twice as large
// after a month, and never more than three times.
func growth(d int) float64 { return 1 + 2*float64(d)/(float64(d)+30) }

// weekday is how busy a day is: bread is bought for the weekend.
func weekday(t time.Time) float64 {
	return [...]float64{time.Sunday: 0.75, time.Monday: 0.8, time.Tuesday: 0.9, time.Wednesday: 0.95, time.Thursday: 1.05, time.Friday: 1.3, time.Saturday: 1.45}[t.Weekday()]
}

// hours are how busy the hours of a customer's own day are.
var hours = []float64{2, 1, .7, .7, 1, 3, 6, 9, 8, 6, 5, 5, 6, 5, 4, 4, 5, 7, 9, 9, 8, 6, 5, 3}

// around is a whole number near a mean, as if many had decided by themselves.
func around(random *rand.Rand, mean float64) int {
	return max(0, int(math.Round(mean+random.NormFloat64()*math.Sqrt(mean))))
}

// pick chooses by weight.
func pick(random *rand.Rand, weights []float64) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	at := random.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// The streams of randomness: one for every decision that must not depend on
// how often another was made.
const (
	customerStream = iota + 1
	signUpStream
	visitorStream
	visitStream
)

// source is the randomness of one thing on one day.
func (s *Shop) source(stream, number, d int) *rand.ChaCha8 {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[0:], s.seed)
	binary.LittleEndian.PutUint64(seed[8:], uint64(stream))
	binary.LittleEndian.PutUint64(seed[16:], uint64(number))
	binary.LittleEndian.PutUint64(seed[24:], uint64(d))
	return rand.NewChaCha8(seed)
}

func (s *Shop) random(stream, number, d int) *rand.Rand { return rand.New(s.source(stream, number, d)) }
