package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// journal gathers what happens.
type journal struct{ happenings []Happening }

// visit is one visit to the shop: events that follow one another.
type visit struct {
	*journal
	random *rand.Rand
	source *rand.ChaCha8
	at     time.Time
	userID string
	// common are properties of every event of the visit.
	common map[string]any
}

// track notes an event of the visit.
func (v *visit) track(name string, properties map[string]any) {
	for k, value := range v.common {
		properties[k] = value
	}
	at := v.at.Truncate(time.Millisecond)
	// A ChaCha8 gives as many bytes as are asked for.
	id, _ := wire.NewUUIDv7(at, v.source)
	v.happenings = append(v.happenings, Happening{At: at, Event: &Event{ID: id, Name: name, UserID: v.userID, At: at, Properties: properties}})
}

// wait lets time pass: some seconds around a mean.
func (v *visit) wait(seconds float64) {
	v.at = v.at.Add(time.Duration((0.3 + v.random.ExpFloat64()*0.7) * seconds * float64(time.Second)))
}

func (v *visit) chance(p float64) bool { return v.random.Float64() < p }

type product struct {
	name, category string
	price          float64
	weight         float64
}

var products = []product{
	{"country sourdough", "bread", 5.4, 22}, {"rye", "bread", 4.9, 13}, {"baguette", "bread", 2.1, 17}, {"ciabatta", "bread", 3.2, 8},
	{"spelt", "bread", 5.8, 7}, {"pain au chocolat", "pastry", 2.6, 9}, {"croissant", "pastry", 2.2, 12}, {"cinnamon bun", "pastry", 3.1, 7},
	{"apple tart", "cake", 18.5, 3}, {"cheesecake", "cake", 24, 2},
}

var productWeights = weights(products, func(p product) float64 { return p.weight })

var pages, pageWeights = []string{"/", "/bread", "/pastry", "/subscriptions", "/about", "/recipes/sourdough-starter"}, []float64{40, 22, 13, 12, 5, 8}

var referrers, referrerWeights = []string{"google", "instagram", "direct", "newsletter", "food blog"}, []float64{36, 20, 28, 9, 7}

var reasons, reasonWeights = []string{"too much bread", "moved", "price", "holiday"}, []float64{40, 18, 27, 15}

// live is what a customer does on a day.
func (s *Shop) live(j *journal, c *customer, d int) {
	if d < c.signUpDay {
		return
	}
	source := s.source(visitStream, c.number, d)
	random := rand.New(source)
	v := &visit{journal: j, random: random, source: source, userID: c.id, common: map[string]any{"device": c.device, "country": c.country.code}}
	if d == c.signUpDay {
		// The visit leads up to signing up.
		v.at = c.signedUp.Add(-time.Duration(40+random.IntN(200)) * time.Second)
		v.common["referrer"] = c.channel
		v.track("page_viewed", map[string]any{"path": "/"})
		v.at = c.signedUp
		j.happenings = append(j.happenings, Happening{At: c.signedUp, User: c.user()})
		v.track("signed_up", map[string]any{"channel": c.channel})
		v.wait(20)
		v.shop(0.45)
		return
	}
	s.subscription(v, c, d)
	if v.chance(c.visits(d, s.midnight(d))) {
		v.at = c.clock(s.midnight(d), random)
		v.common["referrer"] = referrers[pick(random, referrerWeights)]
		v.track("page_viewed", map[string]any{"path": pages[pick(random, pageWeights)]})
		v.wait(15)
		v.shop(0.6)
	}
}

// subscription is what the day brings to a subscription, or ends it.
func (s *Shop) subscription(v *visit, c *customer, d int) {
	change := func(plan string) {
		v.happenings = append(v.happenings, Happening{At: v.at, Update: &Update{UserID: c.id, At: v.at, Attributes: map[string]any{"plan": plan}}})
	}
	switch {
	case d == c.subscribes:
		v.at = c.clock(s.midnight(d), v.random)
		v.track("page_viewed", map[string]any{"path": "/subscriptions"})
		v.wait(60)
		v.track("subscription_started", map[string]any{"plan": c.plan.name, "price": c.plan.price, "trial": v.chance(0.5)})
		change(c.plan.name)
	case d == c.cancels:
		v.at = c.clock(s.midnight(d), v.random)
		v.track("subscription_cancelled", map[string]any{"plan": c.plan.name, "reason": reasons[pick(v.random, reasonWeights)], "days": d - c.subscribes})
		change(noPlan)
	case c.subscribedOn(d) && (d-c.subscribes)%c.plan.every == 0:
		// The oven is hot at four, in the customer's own morning.
		v.at = s.midnight(d).Add(time.Duration(4-c.country.offset)*time.Hour + time.Duration(v.random.IntN(7200))*time.Second)
		v.track("subscription_delivered", map[string]any{"plan": c.plan.name, "amount": c.plan.price, "minutes_late": v.random.IntN(12)})
	}
}

// shop looks around, and maybe buys.
func (v *visit) shop(eager float64) {
	var basket []product
	for range 1 + v.random.IntN(4) {
		p := products[pick(v.random, productWeights)]
		v.track("product_viewed", map[string]any{"product": p.name, "category": p.category, "price": p.price, "in_stock": v.chance(0.94)})
		v.wait(25)
		if v.chance(eager * 0.7) {
			v.track("added_to_basket", map[string]any{"product": p.name, "category": p.category, "price": p.price})
			basket = append(basket, p)
			v.wait(12)
		}
	}
	if len(basket) == 0 || !v.chance(0.72) {
		return
	}
	var amount float64
	names := make([]string, len(basket))
	for i, p := range basket {
		quantity := 1 + pick(v.random, []float64{70, 22, 8})
		amount += p.price * float64(quantity)
		names[i] = p.name
	}
	amount = math.Round(amount*100) / 100
	v.track("checkout_started", map[string]any{"items": len(basket), "amount": amount})
	v.wait(70)
	if !v.chance(0.78) {
		return
	}
	number := fmt.Sprintf("B%08d", v.random.IntN(100_000_000))
	order := map[string]any{
		"order": number, "amount": amount, "items": len(basket), "products": names, "currency": "EUR", "gift": v.chance(0.06),
		"payment": []string{"card", "paypal", "invoice"}[pick(v.random, []float64{58, 33, 9})],
	}
	if v.chance(0.15) {
		order["coupon"] = []string{"CRUST10", "WELCOME", "RAINYDAY"}[v.random.IntN(3)]
	}
	v.track("order_placed", order)
	v.at = v.at.Add(time.Duration(45+v.random.IntN(150)) * time.Minute)
	delivered := map[string]any{"order": number, "minutes_late": max(0, int(v.random.NormFloat64()*9))}
	if v.chance(0.35) {
		delivered["rating"] = 1 + pick(v.random, []float64{3, 4, 12, 36, 45})
	}
	v.track("order_delivered", delivered)
}

// passBy is the visit of someone who is not signed in.
func (s *Shop) passBy(j *journal, random *rand.Rand, d int) {
	from := countries[pick(random, countryWeights)]
	visitor := &customer{country: from}
	source := s.source(visitorStream, 1+random.IntN(math.MaxInt32), d)
	v := &visit{journal: j, random: random, source: source, at: visitor.clock(s.midnight(d), random), common: map[string]any{
		"device":   devices[pick(random, deviceWeights)],
		"country":  from.code,
		"referrer": referrers[pick(random, referrerWeights)],
	}}
	for range 1 + random.IntN(3) {
		v.track("page_viewed", map[string]any{"path": pages[pick(random, pageWeights)]})
		v.wait(20)
	}
}
