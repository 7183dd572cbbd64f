package chaos_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// event is one that a client sent.
type event struct {
	ID         string         `json:"event_id"`
	Event      string         `json:"event"`
	UserID     string         `json:"user_id,omitempty"`
	Timestamp  time.Time      `json:"timestamp"`
	Properties map[string]any `json:"properties"`
}

// row is the event as the table must have it.
func (e event) row() string {
	properties, err := json.Marshal(e.Properties)
	if err != nil {
		panic(err) // plain values
	}
	return rowOf(e.ID, e.Event, e.UserID, e.Timestamp, string(properties))
}

func rowOf(id, name, user string, at time.Time, properties string) string {
	canonical, err := wire.Canonical([]byte(properties))
	if err != nil {
		canonical = []byte("no JSON: " + properties)
	}
	return strings.Join([]string{strings.ToLower(id), name, user, at.UTC().Format(wire.TimeFormat), string(canonical)}, " | ")
}

// change is a posted user or a user update that a client sent.
type change struct {
	UserID     string          `json:"user_id"`
	CreatedAt  *time.Time      `json:"created_at,omitempty"`
	UpdatedAt  *time.Time      `json:"updated_at,omitempty"`
	Attributes json.RawMessage `json:"attributes"`
}

func (c change) write() warehouse.UserWrite {
	w := warehouse.UserWrite{UserID: c.UserID, CreatedAt: c.CreatedAt, Attributes: c.Attributes}
	if w.At = noon; c.CreatedAt != nil {
		w.At = *c.CreatedAt
	}
	if c.UpdatedAt != nil {
		w.At = *c.UpdatedAt
	}
	return w
}

// item is one thing that was sent, on a route, and whether it was answered 2xx.
type item struct {
	route string
	body  any
	acked bool
	tries []try
}

// try is one time that an item was sent.
type try struct {
	// The collection API took it between from and to, by its own clock, if it took
	// it at all.
	from, to time.Time
	acked    bool
}

// forever is when something was taken of which nobody heard when.
var forever = noon.AddDate(100, 0, 0)

// user is whose item it is; empty for nobody's.
func (i *item) user() string {
	if e, ok := i.body.(event); ok {
		return e.UserID
	}
	return i.body.(change).UserID
}

// content is what the item is to a raw object, apart from when it was taken.
func (i *item) content() string {
	if e, ok := i.body.(event); ok {
		return e.row()
	}
	return contentOf(i.body.(change).write())
}

func contentOf(w warehouse.UserWrite) string {
	canonical, err := wire.Canonical(w.Attributes)
	if err != nil {
		canonical = []byte("no JSON: " + string(w.Attributes))
	}
	return fmt.Sprint(w.UserID, " | ", w.CreatedAt != nil, " | ", w.At.UTC().Format(wire.TimeFormat), " | ", string(canonical))
}

// The routes of the collection API.
const (
	postEvents = "POST /v1/events"
	postUsers  = "POST /v1/users"
	patchUsers = "PATCH /v1/users"
)

// client sends items, and sends again what was not answered 2xx; it is the model
// of what must be in the warehouse.
type client struct {
	dice  *dice
	name  int
	items []*item
	sent  int
	// arrived tells when the API took the last call; nil where nobody knows.
	arrived func() time.Time
	// asks are the deletions of users that were asked for.
	asks []ask
}

// ask is a deletion of a user's data, of what was accepted until a time.
type ask struct {
	user string
	at   time.Time
}

// fate is what deletions make of a try: it is kept when it was taken after all of
// them, and gone when it was taken before one, or with it. Where nobody heard when it
// was taken neither is sure.
func (c *client) fate(user string, t try) (kept, gone bool) {
	kept = true
	for _, a := range c.asks {
		if a.user == user {
			kept, gone = kept && t.from.After(a.at), gone || !t.to.After(a.at)
		}
	}
	return kept, gone
}

// asked reports whether a deletion of the user was asked for.
func (c *client) asked(user string) bool {
	return slices.ContainsFunc(c.asks, func(a ask) bool { return a.user == user })
}

var names = []string{"order placed", "page viewed", "naïve – ünïcödé", `quotes " and \ slashes`}

// make makes a new item.
func (c *client) make(route string) *item {
	c.sent++
	ago := time.Duration(c.dice.n(48*3600)) * time.Second
	at := noon.Add(-ago).Add(time.Duration(c.dice.n(1_000_000)) * time.Microsecond)
	user := fmt.Sprintf("user-%d", c.dice.n(12))
	i := &item{route: route}
	switch route {
	case postEvents:
		e := event{ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", c.name, c.sent), Event: names[c.dice.n(len(names))], UserID: user, Timestamp: at}
		e.Properties = map[string]any{"n": c.dice.n(1000), "deep": map[string]any{"x": []any{1, "two", nil}}}
		if c.dice.n(3) == 0 {
			e.UserID = ""
		}
		if c.dice.n(3) == 0 {
			e.Properties[fmt.Sprintf("p%d", c.dice.n(5))] = []any{"text", 1.5, true, nil}[c.dice.n(4)]
		}
		// The same id at another time is another event.
		if before := c.events(); len(before) > 0 && c.dice.n(10) == 0 {
			e.ID = before[c.dice.n(len(before))].ID
		}
		i.body = e
	default:
		// Few times, so that many writes compete at the same one.
		at = noon.Add(-time.Duration(c.dice.n(6)) * time.Hour)
		attributes := map[string]any{}
		for range 1 + c.dice.n(3) {
			attributes[fmt.Sprintf("a%d", c.dice.n(4))] = []any{nil, "x", "y", 1, 2.5, true, map[string]any{"k": 1}}[c.dice.n(7)]
		}
		text, err := json.Marshal(attributes)
		if err != nil {
			panic(err) // plain values
		}
		w := change{UserID: user, Attributes: text}
		if route == postUsers {
			w.CreatedAt = &at
		} else {
			w.UpdatedAt = &at
		}
		i.body = w
	}
	c.items = append(c.items, i)
	return i
}

func (c *client) events() (out []event) {
	for _, i := range c.items {
		if e, ok := i.body.(event); ok {
			out = append(out, e)
		}
	}
	return out
}

// pending are the items of a route that were not answered 2xx.
func (c *client) pending(route string) (out []*item) {
	for _, i := range c.items {
		if i.route == route && !i.acked {
			out = append(out, i)
		}
	}
	return out
}

// batch is new items, some that were not acknowledged, and some that were: a
// client that did not hear the answer sends again what is stored.
func (c *client) batch(route string) (batch []*item) {
	again := c.pending(route)
	for _, i := range c.items {
		if i.route == route && i.acked && c.dice.n(8) == 0 {
			again = append(again, i)
		}
	}
	for _, i := range again {
		if len(batch) < 30 && c.dice.n(2) == 0 {
			batch = append(batch, i)
		}
	}
	fresh, fat := 1+c.dice.n(12), route == postEvents && c.dice.odds[partFails] > 0 && c.dice.n(5) == 0
	if fat {
		fresh = fatItems
	}
	for range fresh {
		i := c.make(route)
		if e, ok := i.body.(event); ok && fat {
			e.Properties["fat"] = strings.Repeat("x", fatBytes)
		}
		batch = append(batch, i)
	}
	return batch
}

// So many events of such a size make more than one record, of which one may fail.
const (
	fatItems = 45
	fatBytes = 31_000
)

// send sends a batch and notes what was answered. It gives the status.
func (c *client) send(ctx context.Context, h gateway.Handler, route string, batch []*item) (int, error) {
	method, path, _ := strings.Cut(route, " ")
	name := strings.TrimPrefix(path, "/v1/")
	bodies := make([]any, 0, len(batch)+1)
	for _, i := range batch {
		bodies = append(bodies, i.body)
	}
	// A bad item is refused alone.
	bodies = append(bodies, map[string]any{"event": ""})
	text, err := json.Marshal(map[string]any{name: bodies})
	if err != nil {
		return 0, err
	}
	answer := h.Handle(ctx, gateway.Request{Method: method, Path: path, Header: http.Header{}, Body: text})
	this := try{to: forever}
	if c.arrived != nil {
		this.from = c.arrived()
		this.to = this.from
	}
	for _, i := range batch {
		i.tries = append(i.tries, this)
	}
	if answer.Status/100 != 2 {
		return answer.Status, nil
	}
	var a wire.Answer
	if err := json.Unmarshal(answer.Body, &a); err != nil {
		return answer.Status, err
	}
	refused := map[int]wire.Code{}
	for _, r := range a.Rejected {
		refused[r.Index] = r.Code
	}
	for n, i := range batch {
		code, rejected := refused[n]
		if !rejected {
			i.acked, i.tries[len(i.tries)-1].acked = true, true
		} else if code != wire.CodeUnavailable {
			return answer.Status, fmt.Errorf("a good item is refused with %s: %s", code, text)
		}
	}
	if refused[len(batch)] == "" || a.Accepted+len(refused) != len(bodies) {
		return answer.Status, fmt.Errorf("%d items: %s", len(bodies), answer.Body)
	}
	return answer.Status, nil
}

// wanted is what the tables must hold: the rows of events, and whether each must
// be there or may; and the users, without those of whom data was deleted.
func (c *client) wanted() (events map[string]bool, users map[string]warehouse.User, err error) {
	events, users = map[string]bool{}, map[string]warehouse.User{}
	for _, i := range c.items {
		switch body := i.body.(type) {
		case event:
			may, must := false, false
			surely := true // that it was not there before a deletion as well
			for _, t := range i.tries {
				kept, gone := c.fate(body.UserID, t)
				may, must, surely = may || !gone, must || kept && t.acked, surely && kept
			}
			// What was sent again after a deletion may have been a duplicate of what went.
			if may {
				events[body.row()] = events[body.row()] || must && surely
			}
		case change:
			if c.asked(body.UserID) {
				continue
			}
			state, err := body.write().State()
			if err != nil {
				return nil, nil, err
			}
			if before, ok := users[body.UserID]; ok {
				state = warehouse.Merge(before, state)
			}
			users[body.UserID] = state
		}
	}
	return events, users, nil
}

// difference names what a table lacks and what it has too much.
func difference(wanted map[string]bool, found map[string]int) (out []string) {
	for row, must := range wanted {
		if n := found[row]; must && n == 0 {
			out = append(out, "lost: "+row)
		} else if n > 1 {
			out = append(out, fmt.Sprintf("%d times: %s", n, row))
		}
	}
	for row := range found {
		if _, ok := wanted[row]; !ok {
			out = append(out, "never sent, or deleted: "+row)
		}
	}
	slices.Sort(out)
	return out
}
