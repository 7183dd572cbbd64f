package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

// customer is who someone is and will do, decided when they are born.
type customer struct {
	number   int
	id       string
	country  country
	device   string
	channel  string
	signedUp time.Time
	// signUpDay is negative for a founder.
	signUpDay int
	// keenness multiplies how often they come.
	keenness float64
	// subscribes and cancels are days; never when there is no such day.
	subscribes, cancels int
	plan                plan
	attributes          map[string]any
}

const never = math.MaxInt32

type country struct {
	code string
	// offset is the hours that its clocks are ahead of UTC.
	offset int
	weight float64
}

var countries = []country{{"DE", 1, 22}, {"FR", 1, 12}, {"GB", 0, 12}, {"US", -6, 26}, {"BR", -3, 6}, {"JP", 9, 11}, {"AU", 10, 8}, {"SG", 8, 3}}

var devices, deviceWeights = []string{"mobile", "desktop", "tablet"}, []float64{62, 31, 7}

var channels, channelWeights = []string{"search", "instagram", "friend", "newsletter", "shop window"}, []float64{38, 24, 20, 10, 8}

type plan struct {
	name  string
	price float64
	// every is the days between deliveries.
	every  int
	weight float64
}

var plans = []plan{{"weekly loaf", 6.9, 7, 62}, {"twice a week", 12.5, 4, 27}, {"daily bread", 34, 2, 11}}

// noPlan is the attribute of who has not subscribed.
const noPlan = "none"

func weights[T any](of []T, weight func(T) float64) []float64 {
	out := make([]float64, len(of))
	for i, v := range of {
		out[i] = weight(v)
	}
	return out
}

var (
	countryWeights = weights(countries, func(c country) float64 { return c.weight })
	planWeights    = weights(plans, func(p plan) float64 { return p.weight })
)

// customer makes up the customer with a number.
func (s *Shop) customer(number int) *customer {
	random := s.random(customerStream, number, 0)
	c := &customer{
		number:   number,
		id:       fmt.Sprintf("customer_%06d", number+1),
		country:  countries[pick(random, countryWeights)],
		device:   devices[pick(random, deviceWeights)],
		channel:  channels[pick(random, channelWeights)],
		keenness: 0.4 + random.ExpFloat64()*0.6,
		plan:     plans[pick(random, planWeights)],
	}
	c.signUpDay = s.signUpDay(number, random)
	c.signedUp = c.clock(s.midnight(c.signUpDay), random)
	c.subscribes, c.cancels = never, never
	// Friends' friends subscribe most.
	share := 0.3
	if c.channel == "friend" {
		share = 0.45
	}
	if random.Float64() < share {
		c.subscribes = c.signUpDay + 1 + int(random.ExpFloat64()*9)
		if random.Float64() < 0.6 {
			c.cancels = c.subscribes + 5 + int(random.ExpFloat64()*60)
		}
	}
	c.attributes = map[string]any{
		"country":    c.country.code,
		"device":     c.device,
		"channel":    c.channel,
		"household":  1 + pick(random, []float64{30, 36, 14, 14, 6}),
		"newsletter": random.Float64() < 0.4,
		"plan":       noPlan,
	}
	if random.Float64() < 0.3 {
		c.attributes["diet"] = []string{"vegan", "gluten-free", "low salt"}[random.IntN(3)]
	}
	if c.subscribedOn(-1) {
		c.attributes["plan"] = c.plan.name
	}
	return c
}

func (s *Shop) signUpDay(number int, random *rand.Rand) int {
	if number < founders {
		return -1 - random.IntN(foundersDays)
	}
	for number >= s.firsts[len(s.firsts)-1] {
		s.customersBefore(len(s.firsts))
	}
	// The first day whose successor begins with a later customer.
	return sort.Search(len(s.firsts)-1, func(d int) bool { return number < s.firsts[d+1] })
}

// subscribedOn reports whether the customer has a subscription at the end of a
// day.
func (c *customer) subscribedOn(d int) bool { return c.subscribes <= d && d < c.cancels }

// clock is a time on a day of the customer's own, at an hour when people buy
// bread.
func (c *customer) clock(midnight time.Time, random *rand.Rand) time.Time {
	hour := pick(random, hours) - c.country.offset
	return midnight.Add(time.Duration(hour)*time.Hour + time.Duration(random.IntN(3_600_000))*time.Millisecond)
}

func (c *customer) user() *User {
	return &User{ID: c.id, CreatedAt: c.signedUp, Attributes: c.attributes}
}

// visits is how likely the customer comes on a day: new ones often, then less
// and less, subscribers steadily.
func (c *customer) visits(d int, t time.Time) float64 {
	age := float64(d - c.signUpDay)
	p := 0.06 + 0.5*math.Exp(-age/10)
	if c.subscribedOn(d) {
		p += 0.2
	}
	return min(0.95, p*c.keenness*weekday(t))
}
