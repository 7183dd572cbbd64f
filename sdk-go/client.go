// Package dataloaf sends product events to DataLoaf from a Go back end: events,
// new users and user updates.
//
// A client never blocks its caller: messages go into a bounded queue, are sent
// in batches in the background, and are sent again when the network or the
// server fails. Every event has its id and time before it is sent, so that a
// retry is the same event and counts once. With a [Spool] the queue also lies on
// disk, and survives a crash and a long outage.
//
//	client, err := dataloaf.New(dataloaf.Config{Endpoint: endpoint, APIKey: key})
//	…
//	err = client.Track(dataloaf.Event{Event: "bread baked", UserID: "ada"})
//	…
//	err = client.Close(ctx) // sends what is queued
//
// Package dataloaftest has clients for tests.
package dataloaf

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
)

// ErrQueueFull says that the queue (with a spool, its room on disk) holds as
// much as the Config allows; the message was not taken.
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
	// gave it: enqueued again it is the same event and counts once. One that was
	// read back from a spool has its properties as a json.RawMessage, and no Tag.
	Message Message
	// Status says whether the API has it.
	Status Status
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

// Error implements error.
func (e *RequestError) Error() string { return "dataloaf: " + e.Message }

// Stats are a client's counts since New. Enqueued and Recovered together are
// the sum of Accepted, Rejected, Dropped and Pending.
type Stats struct {
	// Enqueued are the messages that were taken, Recovered those that an earlier
	// client left in the spool.
	Enqueued, Recovered int64
	// Accepted, Rejected and Dropped are the messages that have their result.
	Accepted, Rejected, Dropped int64
	// Pending are the messages without a result yet. Once a client with a spool
	// is closed they are what stays on disk.
	Pending int64
	// QueueFull and Invalid are the messages that were not taken: for want of
	// room, and because they break a rule. Filtered are those that BeforeSend
	// dropped.
	QueueFull, Invalid, Filtered int64
	// Retries are the requests that were sent again.
	Retries int64
}

// Client sends messages. It is safe for use by many goroutines.
type Client struct {
	config Config
	http   *http.Client
	// noop: the client checks messages and sends none.
	noop bool
	// stop ends what is under way when Close runs out of time.
	ctx  context.Context
	stop context.CancelFunc
	// closing ends the pauses between retries: what can still go, goes now.
	closing chan struct{}
	// packing bounds the senders that compress at once: at least half of the
	// processors are the application's.
	packing chan struct{}

	invalid, filtered, queueFull, retries atomic.Int64

	mu sync.Mutex
	// changed is broadcast whenever something below changes that somebody may wait
	// for; batches signals each batch that is ready to one sender alone, since
	// waking them all would hold up the callers.
	changed *sync.Cond
	batches *sync.Cond
	open    [lanes]batch
	// typical is the size of a lane's last batch, to give the next one room.
	typical [lanes]int
	ready   []batch
	// queued and bytes are what is in memory.
	queued int
	bytes  int
	closed bool
	ended  bool
	// epoch counts the flushes; unsettled is how many messages of each epoch
	// have no result yet.
	epoch     int
	unsettled map[int]int
	stats     Stats
	// spool is nil without one.
	spool   *spool
	workers sync.WaitGroup
}

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
		closing:   make(chan struct{}),
		packing:   make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		http: &http.Client{
			Transport: config.Transport,
			// A redirected POST would arrive as a GET, without its body.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	c.changed, c.batches = sync.NewCond(&c.mu), sync.NewCond(&c.mu)
	if config.Spool.Dir != "" {
		if c.spool, err = openSpool(config.Spool, config.Logger); err != nil {
			return nil, err
		}
		c.recover()
		c.workers.Go(c.refill)
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	for range config.Senders {
		c.workers.Go(c.work)
	}
	return c, nil
}

// NewNoop makes a client that checks messages as any other does and then
// forgets them: for a program that is to run without DataLoaf. It needs no
// Close.
func NewNoop() *Client {
	c := &Client{noop: true, unsettled: map[int]int{}, closing: make(chan struct{}), http: &http.Client{}}
	// An empty Config fails only for want of an address and a key.
	c.config, _ = Config{Endpoint: "http://noop.invalid", APIKey: "noop"}.withDefaults()
	c.changed, c.batches = sync.NewCond(&c.mu), sync.NewCond(&c.mu)
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c
}

// Track enqueues an event; see Enqueue.
func (c *Client) Track(e Event) error {
	if c.config.BeforeSend != nil {
		return c.enqueueFiltered(patience{}, e)
	}
	return c.event(patience{}, e)
}

// CreateUser enqueues a new user; see Enqueue.
func (c *Client) CreateUser(u User) error {
	if c.config.BeforeSend != nil {
		return c.enqueueFiltered(patience{}, u)
	}
	return c.user(patience{}, u)
}

// UpdateUser enqueues a user update; see Enqueue.
func (c *Client) UpdateUser(u Update) error {
	if c.config.BeforeSend != nil {
		return c.enqueueFiltered(patience{}, u)
	}
	return c.update(patience{}, u)
}

// Enqueue takes a message without waiting. It fails with ErrQueueFull,
// ErrClosed, ErrSpool, or an error that names the field that breaks the API's
// rules (a *wire.ItemError within); then the message is not taken and gets no
// Result. The message is encoded at once: what it refers to may be changed
// afterwards.
func (c *Client) Enqueue(m Message) error { return c.enqueue(patience{}, m) }

// EnqueueWait is Enqueue for programs that have nothing better to do than wait
// until there is room, such as imports. It fails when ctx ends first.
func (c *Client) EnqueueWait(ctx context.Context, m Message) error {
	return c.enqueue(patience{ctx}, m)
}

// patience is how long a call waits for room: until the context ends, or not at
// all where there is none.
type patience struct{ ctx context.Context }

func (c *Client) enqueue(p patience, m Message) error {
	if c.config.BeforeSend != nil && m != nil {
		return c.enqueueFiltered(p, m)
	}
	return c.encode(p, m)
}

func (c *Client) encode(p patience, m Message) error {
	switch m := m.(type) {
	case Event:
		return c.event(p, m)
	case User:
		return c.user(p, m)
	case Update:
		return c.update(p, m)
	default:
		c.invalid.Add(1)
		return errors.New("dataloaf: the message is nil or a pointer; enqueue an Event, a User or an Update")
	}
}

// enqueueFiltered asks BeforeSend first.
func (c *Client) enqueueFiltered(p patience, m Message) error {
	m, err := c.filter(m)
	if err != nil {
		c.invalid.Add(1)
		return err
	}
	if m == nil {
		c.filtered.Add(1)
		return nil
	}
	return c.encode(p, m)
}

func (c *Client) filter(m Message) (out Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, fmt.Errorf("dataloaf: BeforeSend panicked, the message is not enqueued: %v", p)
		}
	}()
	return c.config.BeforeSend(m), nil
}

// The three kinds have a function each, and not one over Message, because a
// Message in an interface would lie on the heap.

func (c *Client) event(p patience, e Event) error {
	s := scratches.Get().(*scratch)
	defer s.release()
	e, err := s.event(e, c.config.Clock.Now(), c.config.Random)
	if err != nil {
		c.invalid.Add(1)
		return err
	}
	var kept Message
	if c.config.Callback != nil {
		kept = e
	}
	return c.put(p, eventLane, s, kept)
}

func (c *Client) user(p patience, u User) error {
	s := scratches.Get().(*scratch)
	defer s.release()
	u, err := s.user(u, c.config.Clock.Now())
	if err != nil {
		c.invalid.Add(1)
		return err
	}
	var kept Message
	if c.config.Callback != nil {
		kept = u
	}
	return c.put(p, userLane, s, kept)
}

func (c *Client) update(p patience, u Update) error {
	s := scratches.Get().(*scratch)
	defer s.release()
	u, err := s.update(u, c.config.Clock.Now())
	if err != nil {
		c.invalid.Add(1)
		return err
	}
	var kept Message
	if c.config.Callback != nil {
		kept = u
	}
	return c.put(p, updateLane, s, kept)
}

// put takes the message that was written, or says why not.
func (c *Client) put(p patience, l lane, s *scratch, kept Message) error {
	c.mu.Lock()
	if !c.closed && !c.hasRoom(len(s.item())) && !c.noop {
		if p.ctx == nil {
			c.mu.Unlock()
			c.queueFull.Add(1)
			return ErrQueueFull
		}
		if err := c.awaitRoom(p.ctx, len(s.item())); err != nil {
			c.mu.Unlock()
			return err
		}
	}
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	if c.noop {
		c.stats.Enqueued++
		c.stats.Accepted++
		c.mu.Unlock()
		return nil
	}
	if c.spool == nil {
		c.hold(l, s.item(), kept, place{}, c.epoch)
		c.unsettled[c.epoch]++
		c.stats.Enqueued++
		c.mu.Unlock()
		return nil
	}
	at, err := c.spoolAdd(l, s, kept)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	return c.spoolSync(at)
}

// awaitRoom returns with nil when there is room or the client is closed.
func (c *Client) awaitRoom(ctx context.Context, size int) error {
	defer context.AfterFunc(ctx, c.wake)()
	for !c.closed && !c.hasRoom(size) {
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
	return nil
}

// allOpen reports whether every message that waits is in an open batch.
func (c *Client) allOpen() bool {
	open := 0
	for i := range c.open {
		open += len(c.open[i].ends)
	}
	return open == c.queued
}

// wake makes everything that waits look again.
func (c *Client) wake() {
	// With the lock held, nobody is between looking and waiting.
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
}

// hasRoom reports whether one more message may be taken.
func (c *Client) hasRoom(size int) bool {
	if c.spool != nil {
		return c.spool.hasRoom(size)
	}
	return c.memoryFor(size)
}

// memoryFor: an empty queue takes any message, so that none waits forever.
func (c *Client) memoryFor(size int) bool {
	return c.queued == 0 || (c.queued < c.config.MaxQueueItems && c.bytes+size+overhead <= c.config.MaxQueueBytes)
}

// hold puts an item into the open batch of its lane.
func (c *Client) hold(to lane, item []byte, kept Message, at place, epoch int) {
	b := &c.open[to]
	if len(b.ends) > 0 && (b.epoch != epoch || len(b.body)+1+len(item)+len(tail) > c.config.MaxBatchBytes) {
		c.cut(to)
	}
	if len(b.ends) == 0 {
		*b = newBatch(to, epoch, max(c.typical[to], len(item)))
		b.stop = c.config.Clock.AfterFunc(c.config.FlushInterval, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.cut(to)
		})
	}
	b.add(item)
	if c.config.Callback != nil {
		b.kept = append(b.kept, kept)
	}
	if c.spool != nil {
		b.places = append(b.places, at)
	}
	c.queued++
	c.bytes += len(item) + overhead
	if len(b.ends) >= c.config.MaxBatchItems {
		c.cut(to)
	}
}

// cut hands the open batch of a lane to the senders.
func (c *Client) cut(l lane) {
	b := c.open[l]
	if len(b.ends) == 0 {
		return
	}
	b.stop()
	b.seal()
	c.typical[l] = len(b.body)
	c.open[l] = batch{}
	c.ready = append(c.ready, b)
	c.batches.Signal()
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
			c.batches.Wait()
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

// settle reports what became of a batch and makes room for others.
func (c *Client) settle(b batch, status Status, why failure) {
	if c.config.Callback != nil {
		for i := range b.ends {
			c.report(Result{Message: b.message(i), Status: status, Code: why.code, Err: why.err})
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(b.ends)
	c.forget(b)
	if c.unsettled[b.epoch] -= n; c.unsettled[b.epoch] == 0 {
		delete(c.unsettled, b.epoch)
	}
	switch status {
	case Accepted:
		c.stats.Accepted += int64(n)
	case Rejected:
		c.stats.Rejected += int64(n)
	case Dropped:
		c.stats.Dropped += int64(n)
	}
	if c.spool != nil {
		// After the callback: a crash between makes a result come twice, which is
		// better than never.
		c.spool.settle(b.places)
	}
	c.changed.Broadcast()
}

// forget takes a batch out of the memory's account.
func (c *Client) forget(b batch) {
	c.queued -= len(b.ends)
	for i := range b.ends {
		c.bytes -= len(b.item(i)) + overhead
	}
}

// report calls the callback. A panic in it is the application's fault, but the
// other messages' results must not be lost with it.
func (c *Client) report(r Result) {
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
	if c.spool != nil {
		c.spool.mark(c.epoch)
	}
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
		if c.ended {
			return fmt.Errorf("dataloaf: flush: %d messages stay in the spool: %w", left, ErrClosed)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("dataloaf: flush: %d messages are not delivered yet: %w", left, context.Cause(ctx))
		}
		c.changed.Wait()
	}
}

// Close delivers what is queued and ends the client's goroutines. Where ctx has
// no deadline it takes DefaultCloseTimeout at most. What is not delivered by
// then is reported as dropped, and the error says how many messages that were.
// With a spool it stays on disk instead, without a result: that is no error,
// Stats().Pending counts it, and the next client delivers it. Closing again
// waits for the first Close and does nothing.
func (c *Client) Close(ctx context.Context) error {
	if c.noop {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.closed = true
		return nil
	}
	if _, ok := ctx.Deadline(); !ok {
		limited, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer c.config.Clock.AfterFunc(DefaultCloseTimeout, func() { cancel(context.DeadlineExceeded) })()
		ctx = limited
	}
	defer context.AfterFunc(ctx, c.wake)()
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		c.workers.Wait()
		return nil
	}
	c.closed = true
	close(c.closing)
	before := c.stats.Dropped
	late := c.flush(ctx)
	c.ended = true
	c.changed.Broadcast()
	c.batches.Broadcast()
	c.mu.Unlock()
	// What is still under way or waits for a retry is given up now; the workers
	// settle every batch that is left before they end.
	c.stop()
	c.workers.Wait()
	c.http.CloseIdleConnections()
	if c.spool != nil {
		if err := c.closeSpool(); err != nil {
			return err
		}
	}
	dropped := c.Stats().Dropped - before
	switch {
	case dropped == 0:
		return nil
	case late != nil:
		return fmt.Errorf("dataloaf: close: %d messages were not delivered and are dropped: %w", dropped, context.Cause(ctx))
	default:
		return fmt.Errorf("dataloaf: close: %d messages could not be delivered in %v of retries and are dropped", dropped, c.config.MaxRetryTime)
	}
}

// Stats gives the counts so far.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	s := c.stats
	c.mu.Unlock()
	s.Pending = s.Enqueued + s.Recovered - s.Accepted - s.Rejected - s.Dropped
	s.Invalid, s.Filtered, s.QueueFull, s.Retries = c.invalid.Load(), c.filtered.Load(), c.queueFull.Load(), c.retries.Load()
	return s
}
