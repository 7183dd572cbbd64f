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

// Result is what became of one message.
type Result struct {
	Message Message
	Status  Status
	// Code is the API's code for a rejected message, for example
	// "properties_too_large", or "http_403" for a refused request.
	Code string
	// Err says why it was not accepted; nil when it was.
	Err error
}

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
func (c *Client) Enqueue(m Message) error {
	to, json, err := m.encode(c.config.Now())
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if !c.hasRoom(len(json)) {
		c.stats.QueueFull++
		return ErrQueueFull
	}
	c.add(to, m, json)
	return nil
}

// EnqueueWait is Enqueue for programs that have nothing better to do than wait
// until there is room, such as imports.
func (c *Client) EnqueueWait(ctx context.Context, m Message) error {
	to, json, err := m.encode(c.config.Now())
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, c.wake)()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed && !c.hasRoom(len(json)) {
		if ctx.Err() != nil {
			return fmt.Errorf("dataloaf: wait for room in the queue: %w", ctx.Err())
		}
		c.changed.Wait()
	}
	if c.closed {
		return ErrClosed
	}
	c.add(to, m, json)
	return nil
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

func (c *Client) add(to lane, m Message, json []byte) {
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
	b.items = append(b.items, queuedItem{message: m, json: json, epoch: c.epoch})
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
		c.ready = c.ready[1:]
		c.mu.Unlock()
		c.deliver(b)
	}
}

// settle reports what became of messages and makes room for others.
func (c *Client) settle(items []queuedItem, status Status, code string, err error) {
	for _, i := range items {
		c.report(Result{Message: i.message, Status: status, Code: code, Err: err})
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
// enqueued before it has its result. It fails when ctx ends first.
func (c *Client) Flush(ctx context.Context) error {
	defer context.AfterFunc(ctx, c.wake)()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flush(ctx)
}

func (c *Client) flush(ctx context.Context) error {
	mark := c.epoch
	c.epoch++
	for l := range lanes {
		c.cut(l)
	}
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
// Closing again does nothing.
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
	flushed := c.flush(ctx)
	c.ended = true
	c.changed.Broadcast()
	c.mu.Unlock()
	// What is still under way or waits for a retry is given up now; the workers
	// settle every batch that is left before they end.
	c.stop()
	c.workers.Wait()
	c.http.CloseIdleConnections()
	if dropped := c.Stats().Dropped - before; flushed != nil && dropped > 0 {
		return fmt.Errorf("dataloaf: close: %d messages were not delivered and are dropped: %w", dropped, ctx.Err())
	}
	return nil
}

// Stats gives the counts so far.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Pending = int64(c.queued)
	return s
}
