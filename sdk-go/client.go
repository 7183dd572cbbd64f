// Package dataloaf sends product events to DataLoaf from a Go back end: events,
// new users and user updates.
//
// A client never blocks its caller: messages go into a bounded queue, are sent
// in batches in the background, and are sent again when the network or the
// server fails. Every event has its id and time before it is sent, so that a
// retry is the same event and counts once.
package dataloaf

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// ErrQueueFull says that the queue holds as much as the Config allows; the
// message was not taken.
var ErrQueueFull = errors.New("dataloaf: the queue is full")

// ErrClosed says that the client is closed; the message was not taken.
var ErrClosed = errors.New("dataloaf: the client is closed")

// Status is what became of a message.
type Status string

// What becomes of messages.
const (
	// Accepted: the API stored it durably.
	Accepted Status = "accepted"
	// Rejected: the API refused it and would refuse it again.
	Rejected Status = "rejected"
	// Dropped: the client gave up. The API may have stored it all the same, if
	// its answer was lost.
	Dropped Status = "dropped"
)

// The codes of this package, beside those of the API.
const (
	// CodeNetwork: no answer came, and the retries are used up.
	CodeNetwork = "network"
	// CodeNotDataLoaf: what answers is no DataLoaf collection API.
	CodeNotDataLoaf = "not_dataloaf"
	// CodeClosed: Close ran out of time.
	CodeClosed = "closed"
)

// Result is what became of one message.
type Result struct {
	// Message is what was enqueued, with the id and the time that the client
	// gave it: enqueued again it is the same event and counts once.
	Message Message
	Status  Status
	// Code is why it was not accepted, for programs: the API's own code, for
	// example "properties_too_large" (package wire lists them), or one of this
	// package's, or "http_403" for a refusal without a code.
	Code string
	// Err says why it was not accepted; nil when it was. A *RequestError within
	// says that the request was refused, and not this message alone.
	Err error
}

// RequestError is a request that was refused as a whole: a wrong key or
// address, or an API that is away.
type RequestError struct {
	// Status is the HTTP status.
	Status int
	// Code is the API's code, or "http_403" and the like where it gave none.
	Code string
	// Message says what the API said, and what to do.
	Message string
}

func (e *RequestError) Error() string { return "dataloaf: " + e.Message }

// Stats are a client's counts since New.
type Stats struct {
	// Enqueued is the sum of Accepted, Rejected, Dropped and Pending.
	Enqueued, Accepted, Rejected, Dropped, Pending int64
	// QueueFull counts the messages that were not taken, Retries the requests
	// sent again.
	QueueFull, Retries int64
}

// Client sends messages. It is safe for use by many goroutines.
type Client struct {
	config Config
	http   *http.Client
	// stop ends what is under way when Close runs out of time.
	ctx  context.Context
	stop context.CancelFunc

	mu sync.Mutex
	// changed is broadcast whenever something below changes.
	changed *sync.Cond
	open    [lanes]batch
	ready   []batch
	queued  int
	bytes   int
	closed  bool
	ended   bool
	// epoch counts the flushes; unsettled is how many messages of each epoch
	// have no result yet.
	epoch     int
	unsettled map[int]int
	stats     Stats
	workers   sync.WaitGroup
}

// queuedItem is a message that has no result yet.
type queuedItem struct {
	message Message
	json    []byte
	epoch   int
}

// batch is the messages of one request.
type batch struct {
	lane  lane
	items []queuedItem
	bytes int
	// timer cuts the batch when it has waited long enough.
	timer *time.Timer
}

// overhead is what a message takes in memory beside its JSON, about.
const overhead = 128

// New makes a client and starts its senders; Close ends them. It fails for a
// configuration that cannot work, naming the field.
func New(config Config) (*Client, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{
		config:    config,
		unsettled: map[int]int{},
		http: &http.Client{
			Transport: config.Transport,
			Timeout:   config.RequestTimeout,
			// A redirected POST would arrive as a GET, without its body.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	c.changed = sync.NewCond(&c.mu)
	c.ctx, c.stop = context.WithCancel(context.Background())
	for range config.Senders {
		c.workers.Go(c.work)
	}
	return c, nil
}

// Track enqueues an event; see Enqueue.
func (c *Client) Track(e Event) error { return c.Enqueue(e) }

// CreateUser enqueues a new user; see Enqueue.
func (c *Client) CreateUser(u User) error { return c.Enqueue(u) }

// UpdateUser enqueues a user update; see Enqueue.
func (c *Client) UpdateUser(u Update) error { return c.Enqueue(u) }

// Enqueue takes a message without waiting. It fails with ErrQueueFull,
// ErrClosed, or an error that names the field that breaks the API's rules (a
// *wire.ItemError within); then the message is not taken and gets no Result.
// What the message refers to may be changed afterwards.
func (c *Client) Enqueue(m Message) error {
	e, err := c.encode(m)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if !c.hasRoom(len(e.json)) {
		c.stats.QueueFull++
		return ErrQueueFull
	}
	c.add(e)
	return nil
}

// EnqueueWait is Enqueue for programs that have nothing better to do than wait
// until there is room, such as imports. It fails when ctx ends first.
func (c *Client) EnqueueWait(ctx context.Context, m Message) error {
	e, err := c.encode(m)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed && !c.hasRoom(len(e.json)) {
		defer context.AfterFunc(ctx, c.wake)()
	}
	for !c.closed && !c.hasRoom(len(e.json)) {
		if ctx.Err() != nil {
			return fmt.Errorf("dataloaf: wait for room in the queue: %w", ctx.Err())
		}
		if c.allOpen() {
			// Nothing is on its way that could make room: what is open goes now.
			// Otherwise it may fill up; small batches would only be slower.
			c.cutAll()
		}
		c.changed.Wait()
	}
	if c.closed {
		return ErrClosed
	}
	c.add(e)
	return nil
}

// allOpen reports whether every message that waits is in an open batch.
func (c *Client) allOpen() bool {
	open := 0
	for _, b := range c.open {
		open += len(b.items)
	}
	return open == c.queued
}

func (c *Client) encode(m Message) (encoded, error) {
	if m == nil {
		return encoded{}, errors.New("dataloaf: the message is nil; enqueue an Event, a User or an Update")
	}
	e, err := m.encode(stamp{c.config.Now(), c.config.Random})
	if c.config.Callback == nil {
		// Nobody will ask for it; its properties need not be kept.
		e.message = nil
	}
	return e, err
}

// wake makes everything that waits look again.
func (c *Client) wake() {
	// With the lock held, nobody is between looking and waiting.
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
}

// hasRoom: an empty queue takes any message, so that none waits forever.
func (c *Client) hasRoom(size int) bool {
	return c.queued == 0 || (c.queued < c.config.MaxQueueItems && c.bytes+size+overhead <= c.config.MaxQueueBytes)
}

func (c *Client) add(e encoded) {
	to, json := e.lane, e.json
	b := &c.open[to]
	// The item, a comma, and what stands around the items.
	if len(b.items) > 0 && b.bytes+len(json)+32 > c.config.MaxBatchBytes {
		c.cut(to)
	}
	if len(b.items) == 0 {
		b.lane = to
		b.timer = time.AfterFunc(c.config.FlushInterval, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.cut(to)
		})
	}
	b.items = append(b.items, queuedItem{message: e.message, json: json, epoch: c.epoch})
	b.bytes += len(json) + 1
	c.unsettled[c.epoch]++
	c.queued++
	c.bytes += len(json) + overhead
	c.stats.Enqueued++
	if len(b.items) >= c.config.MaxBatchItems {
		c.cut(to)
	}
}

// cut hands the open batch of a lane to the senders.
func (c *Client) cut(l lane) {
	b := c.open[l]
	if len(b.items) == 0 {
		return
	}
	b.timer.Stop()
	c.open[l] = batch{}
	c.ready = append(c.ready, b)
	c.changed.Broadcast()
}

func (c *Client) cutAll() {
	for l := range lanes {
		c.cut(l)
	}
}

// work sends batches until the client ends.
func (c *Client) work() {
	for {
		c.mu.Lock()
		for len(c.ready) == 0 && !c.ended {
			c.changed.Wait()
		}
		if len(c.ready) == 0 {
			c.mu.Unlock()
			return
		}
		b := c.ready[0]
		c.ready[0] = batch{} // for the garbage collector
		c.ready = c.ready[1:]
		c.mu.Unlock()
		c.deliver(b)
	}
}

// settle reports what became of messages and makes room for others.
func (c *Client) settle(items []queuedItem, status Status, why failure) {
	for _, i := range items {
		c.report(Result{Message: i.message, Status: status, Code: why.code, Err: why.err})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range items {
		c.queued--
		c.bytes -= len(i.json) + overhead
		if c.unsettled[i.epoch]--; c.unsettled[i.epoch] == 0 {
			delete(c.unsettled, i.epoch)
		}
		switch status {
		case Accepted:
			c.stats.Accepted++
		case Rejected:
			c.stats.Rejected++
		case Dropped:
			c.stats.Dropped++
		}
	}
	c.changed.Broadcast()
}

// report calls the callback. A panic in it is the application's fault, but the
// other messages' results must not be lost with it.
func (c *Client) report(r Result) {
	if c.config.Callback == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			c.config.Logger.Error("dataloaf: the callback panicked", "panic", p)
		}
	}()
	c.config.Callback(r)
}

// Flush sends what is queued at once and waits until every message that was
// enqueued before it has its result, whichever that is. It fails when ctx ends
// first; the messages are still being delivered then.
func (c *Client) Flush(ctx context.Context) error {
	defer context.AfterFunc(ctx, c.wake)()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flush(ctx)
}

func (c *Client) flush(ctx context.Context) error {
	mark := c.epoch
	c.epoch++
	c.cutAll()
	for {
		left := 0
		for epoch, n := range c.unsettled {
			if epoch <= mark {
				left += n
			}
		}
		if left == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("dataloaf: flush: %d messages are not delivered yet: %w", left, ctx.Err())
		}
		c.changed.Wait()
	}
}

// Close delivers what is queued and ends the client's goroutines. Where ctx has
// no deadline it takes DefaultCloseTimeout at most. What is not delivered by
// then is reported as dropped, and the error says how many messages that were.
// Closing again waits for the first Close and does nothing.
func (c *Client) Close(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultCloseTimeout)
		defer cancel()
	}
	defer context.AfterFunc(ctx, c.wake)()
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		c.workers.Wait()
		return nil
	}
	c.closed = true
	c.changed.Broadcast()
	before := c.stats.Dropped
	late := c.flush(ctx)
	c.ended = true
	c.changed.Broadcast()
	c.mu.Unlock()
	// What is still under way or waits for a retry is given up now; the workers
	// settle every batch that is left before they end.
	c.stop()
	c.workers.Wait()
	c.http.CloseIdleConnections()
	dropped := c.Stats().Dropped - before
	switch {
	case dropped == 0:
		return nil
	case late != nil:
		return fmt.Errorf("dataloaf: close: %d messages were not delivered and are dropped: %w", dropped, ctx.Err())
	default:
		return fmt.Errorf("dataloaf: close: %d messages could not be delivered in %v of retries and are dropped", dropped, c.config.MaxRetryTime)
	}
}

// Stats gives the counts so far.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Pending = int64(c.queued)
	return s
}
