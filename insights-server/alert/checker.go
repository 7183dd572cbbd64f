package alert

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// Asker answers questions; *query.Service is the one that is used.
type Asker interface {
	Run(ctx context.Context, q insight.Query) (insight.Answer, error)
}

// CheckerOptions are what a Checker needs.
type CheckerOptions struct {
	Asker   Asker
	Senders map[DestinationKind]Sender
	// Loads tells when the last load was that brought something, the zero time for
	// none yet, without asking the warehouse. nil where Loaded is called.
	Loads func(ctx context.Context) (time.Time, error)
	// Settle is how long an interval must be over to count as complete: events are
	// on their way for some minutes.
	Settle time.Duration
	// PageURL is the page's address, for links; "" leaves them out.
	PageURL string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// NewID makes ids of notifications; nil means random UUIDs.
	NewID func() string
	// Wait waits for a while, or until ctx ends; nil means a timer's.
	Wait func(ctx context.Context, d time.Duration) error
	// Jitter gives numbers from 0 to 1; nil means math/rand's.
	Jitter func() float64
	// Logger is for what nobody sees otherwise; nil means none.
	Logger *slog.Logger
}

const (
	// lease is how long one server has an alert for itself: more than the question
	// and the deliveries take.
	lease = 5 * time.Minute
	// recent is how old a load may be to count as news for a server that has just
	// started, and how long one without news waits until it reads the alerts all
	// the same. A server that starts again and again must not keep a warehouse
	// awake.
	recent = time.Hour
	// lookAgain is how long a server waits after the warehouse was away.
	lookAgain = time.Minute
	// together is how many alerts are checked at once; their questions take turns
	// with those that people ask.
	together = 2
)

// Checker checks alerts after loads. It asks the warehouse nothing by the clock
// alone: what is due, it knows by itself.
type Checker struct {
	store   *Store
	options CheckerOptions
	started time.Time

	mu sync.Mutex
	// mark is the last load that Loads told of; loaded is when this server learned
	// of it, by its own clock.
	mark, loaded time.Time
	// asked reports that Loads has answered once.
	asked bool
	// known are the alerts as they were last read; nil before.
	known map[string]Alert
	// looked is when that was. dirty says that somebody changed one since.
	looked time.Time
	dirty  bool
	// notBefore is when the warehouse may be tried again after it was away.
	notBefore time.Time
}

// NewChecker makes a checker of a store's alerts.
func NewChecker(s *Store, o CheckerOptions) *Checker {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Checker{store: s, options: o, started: o.Now()}
	s.changed = c.changedByHand
	return c
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Loaded says that a load brought something.
func (c *Checker) Loaded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loaded = c.options.Now()
}

// changedByHand says that people changed an alert, so that the warehouse is awake.
func (c *Checker) changedByHand() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dirty = true
}

// Run checks at each tick what is due then, until ctx ends.
func (c *Checker) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			c.Tick(ctx)
		}
	}
}

// Tick checks what is due now.
func (c *Checker) Tick(ctx context.Context) {
	c.learn(ctx)
	if !c.shouldLook() {
		return
	}
	alerts, err := c.look(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.options.Logger.WarnContext(ctx, "the alerts could not be read", "error", err)
		}
		return
	}
	turns := make(chan struct{}, together)
	var all sync.WaitGroup
	for _, a := range alerts {
		if !c.due(a) {
			continue
		}
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			c.check(ctx, a)
		})
	}
	all.Wait()
}

// learn asks for the last load.
func (c *Checker) learn(ctx context.Context) {
	if c.options.Loads == nil {
		return
	}
	mark, err := c.options.Loads(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.options.Logger.WarnContext(ctx, "ask for the last load", "error", err)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.options.Now()
	// What was there when this server started may have been checked by the one
	// before it; one that is recent is worth a look.
	news := mark.After(c.mark) && (c.asked || now.Sub(mark) < recent)
	c.mark, c.asked = mark, true
	if news {
		c.loaded = now
	}
}

// shouldLook reports whether there is a reason to read the alerts.
func (c *Checker) shouldLook() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.options.Now()
	switch {
	case now.Before(c.notBefore):
		return false
	case c.dirty:
		return true
	case c.known == nil:
		return !c.loaded.IsZero() || now.Sub(c.started) >= recent
	case c.loaded.After(c.looked) && now.Sub(c.looked) >= recent:
		return true // what other servers changed
	}
	for _, a := range c.known {
		if c.dueAt(a, now) {
			return true
		}
	}
	return false
}

// look reads the alerts.
func (c *Checker) look(ctx context.Context) ([]Alert, error) {
	c.mu.Lock()
	c.dirty = false
	at := c.options.Now()
	c.mu.Unlock()
	alerts, err := c.store.List(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.dirty, c.notBefore = true, at.Add(lookAgain)
		return nil, err
	}
	c.known, c.looked = map[string]Alert{}, at
	for _, a := range alerts {
		c.known[a.ID] = a
	}
	return alerts, nil
}

func (c *Checker) due(a Alert) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dueAt(a, c.options.Now())
}

// dueAt reports whether an alert has to be checked. The caller holds the mutex.
func (c *Checker) dueAt(a Alert, now time.Time) bool {
	k := a.kept
	if !a.Definition.Enabled || a.stateVersion == 0 || now.Before(k.ClaimedUntil) {
		return false
	}
	last := k.State.CheckedAt
	if last.IsZero() || k.AlertVersion != a.Version {
		return true
	}
	if now.Sub(last) < time.Duration(a.Definition.CheckEvery)*time.Minute {
		return false
	}
	if k.Pending != nil || c.loaded.After(last) {
		return true
	}
	if !a.Definition.CheckWithoutLoads {
		return false
	}
	zone, err := time.LoadLocation(k.Timezone)
	if err != nil || k.Interval == "" { // it could not be asked so far
		return now.Sub(last) >= 24*time.Hour
	}
	ended := boundary(insight.Query{Zone: zone, Interval: k.Interval, Range: ranges[k.Interval]}, now, c.options.Settle)
	return last.Before(ended.Add(c.options.Settle))
}

// check claims an alert, asks, and tells whom it has to tell.
func (c *Checker) check(ctx context.Context, a Alert) {
	if err := c.checkClaimed(ctx, a); err != nil && ctx.Err() == nil {
		c.options.Logger.WarnContext(ctx, "an alert could not be checked", "alert", a.ID, "error", err)
		c.mu.Lock()
		c.dirty, c.notBefore = true, c.options.Now().Add(lookAgain)
		c.mu.Unlock()
	}
}

func (c *Checker) checkClaimed(ctx context.Context, a Alert) error {
	began := c.options.Now().UTC()
	a.kept.ClaimedUntil = began.Add(lease)
	err := c.store.save(ctx, &a)
	if errors.Is(err, document.ErrStale) || errors.Is(err, document.ErrNotFound) {
		// Another server has it, or somebody deleted it: its state is to be read.
		c.mu.Lock()
		defer c.mu.Unlock()
		if known, ok := c.known[a.ID]; ok {
			known.kept.ClaimedUntil = began.Add(lease)
			c.known[a.ID] = known
		}
		return nil
	}
	if err != nil {
		return err
	}
	result, failure := c.ask(ctx, &a, began)
	if ctx.Err() != nil {
		return ctx.Err() // the server stops: the claim ends by itself
	}
	c.conclude(&a, result, failure, began)
	if a.kept.Pending == nil {
		return c.release(ctx, &a)
	}
	// Whatever comes, what is to be told is kept before it is told.
	if err := c.store.save(ctx, &a); err != nil {
		return err
	}
	c.tell(ctx, &a)
	return c.release(context.WithoutCancel(ctx), &a)
}

// release gives up the claim.
func (c *Checker) release(ctx context.Context, a *Alert) error {
	a.kept.ClaimedUntil = time.Time{}
	err := c.store.save(ctx, a)
	if errors.Is(err, document.ErrNotFound) {
		return nil // it was deleted meanwhile
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.known[a.ID]; ok {
		c.known[a.ID] = *a
	}
	return err
}

// ask gives what the alert's question answers; failure says why it came to no
// result that counts.
func (c *Checker) ask(ctx context.Context, a *Alert, now time.Time) (r Result, failure string) {
	name, q, err := c.store.options.Insights.Find(ctx, a.Definition.InsightID)
	if err == nil {
		q, err = a.Definition.Question(q, now)
	}
	var answer insight.Answer
	if err == nil {
		a.kept.Interval, a.kept.Timezone = q.Interval, q.Zone.String()
		answer, err = c.options.Asker.Run(ctx, q)
	}
	var bad *insight.Error
	switch {
	case err == nil:
		r = a.Definition.Evaluate(q, answer, now, c.options.Settle)
	case errors.Is(err, document.ErrNotFound):
		r = Result{Status: Failed, Reason: "The insight was deleted. Choose another, or delete the alert."}
	case errors.As(err, &bad):
		r = Result{Status: Failed, Reason: "The insight can no longer be asked so: " + bad.Message}
	case errors.Is(err, query.ErrTimeout):
		failure = "The warehouse took too long to answer."
	case errors.Is(err, query.ErrBusy):
		failure = "The warehouse was busy."
	case errors.Is(err, warehouse.ErrUnavailable):
		failure = "The warehouse could not be reached."
	default:
		failure = "The check failed; the server's log says why."
		if ctx.Err() == nil {
			c.options.Logger.ErrorContext(ctx, "check an alert", "alert", a.ID, "error", err)
		}
	}
	r.Insight = name
	return r, failure
}

// conclude takes a check's result into the alert's state and history.
func (c *Checker) conclude(a *Alert, r Result, failure string, at time.Time) {
	k := &a.kept
	k.AlertVersion = a.Version
	before := k.State
	if before.Status == "" {
		before.Status = New
	}
	k.State.CheckedAt, k.State.FailedCheck = at, failure
	if p := k.Pending; p != nil && (at.Sub(p.Notification.At) >= pendingFor || len(chosen(a.Definition.Destinations, p.Left)) == 0) {
		k.Pending = nil
	}
	if failure != "" {
		if before.FailedCheck != failure {
			k.History = remember(k.History, Entry{At: at, Status: before.Status, PreviousStatus: before.Status, Reason: failure, Threshold: a.Definition.Condition.Threshold})
		}
		return
	}
	event := a.Definition.transition(before, r, at)
	k.State.Result = r
	if r.Status != before.Status {
		k.State.Since = at
		k.State.NotifiedAt = time.Time{}
	}
	if r.Status == before.Status && event == "" {
		return
	}
	entry := Entry{
		At: at, Event: event, Status: r.Status, PreviousStatus: before.Status, Reason: r.Reason,
		Bucket: r.Bucket, Value: r.Value, Change: r.Change, Threshold: a.Definition.Condition.Threshold,
	}
	// What was not delivered of an earlier state is news no more.
	k.Pending = nil
	if a.Definition.tells(event) {
		k.State.NotifiedAt = at
		n := c.notification(*a, event, before.Status, r, at)
		entry.ID = n.ID
		k.Pending = &pending{Notification: n}
		for _, d := range a.Definition.Destinations {
			k.Pending.Left = append(k.Pending.Left, d.ID)
		}
	}
	k.History = remember(k.History, entry)
}

func (c *Checker) notification(a Alert, event EventKind, previous Status, r Result, at time.Time) Notification {
	n := Notification{
		ID: c.options.NewID(), Event: event, At: at, AlertID: a.ID, Name: a.Definition.Name, Description: a.Definition.Description,
		InsightID: a.Definition.InsightID, Condition: a.Definition.Condition, Bucket: a.Definition.Bucket, Previous: previous, Result: r,
	}
	if c.options.PageURL != "" {
		n.URL = c.options.PageURL + "/alerts/" + a.ID
	}
	return n
}

// tell delivers what is pending, and keeps what did not get through for the next
// check.
func (c *Checker) tell(ctx context.Context, a *Alert) {
	p := a.kept.Pending
	deliveries := c.deliver(ctx, chosen(a.Definition.Destinations, p.Left), p.Notification, sendAttempts)
	p.Left = nil
	for _, d := range deliveries {
		if !d.OK && d.temporary {
			p.Left = append(p.Left, d.DestinationID)
		}
	}
	if len(p.Left) == 0 {
		a.kept.Pending = nil
	}
	i := slices.IndexFunc(a.kept.History, func(e Entry) bool { return e.ID == p.Notification.ID })
	if i >= 0 {
		a.kept.History[i].Deliveries = merge(a.kept.History[i].Deliveries, deliveries)
	}
}

// Test sends a notification that says so to all destinations, each once, and gives
// what became of it.
func (c *Checker) Test(ctx context.Context, id string) ([]Delivery, error) {
	a, err := c.store.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	n := c.notification(a, TestEvent, a.State.Status, a.State.Result, c.options.Now().UTC())
	return c.deliver(ctx, a.Definition.Destinations, n, 1), nil
}
