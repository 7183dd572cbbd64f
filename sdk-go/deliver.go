package dataloaf

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

const (
	// firstBackoff and maxBackoff bound the pause before a retry; the pause is
	// drawn evenly from zero to a bound that doubles, so that clients that
	// failed together do not come back together ("full jitter",
	// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
	firstBackoff = 200 * time.Millisecond
	maxBackoff   = 30 * time.Second
	// closingBackoff is maxBackoff while the client closes: an API that comes
	// back within Close's time must be asked within it.
	closingBackoff = time.Second
	// maxRetryAfter bounds what a server may ask for.
	maxRetryAfter = 5 * time.Minute
	// gzipThreshold is the body size from which compression pays.
	gzipThreshold = 1 << 10
	// maxAnswer bounds the answer that is read: 500 rejections with the longest
	// of messages fit.
	maxAnswer = 8 << 20
)

// deliver sends a batch until every message of it has its result.
func (c *Client) deliver(b batch) { c.deliverWithin(b, 0) }

// deliverWithin is deliver for a batch that has used up some of its time.
func (c *Client) deliverWithin(b batch, spent time.Duration) {
	last := failure{CodeClosed, ErrClosed}
	for attempt := 0; ; attempt++ {
		if c.ctx.Err() != nil {
			c.giveUp(b, last.err)
			return
		}
		if attempt > 0 {
			c.retries.Add(1)
		}
		started := c.config.Clock.Now()
		o := c.send(b)
		// A clock may be set back.
		spent += max(0, c.config.Clock.Now().Sub(started))
		if o.tooLarge {
			first, second := b.halves()
			c.deliverWithin(first, spent)
			c.deliverWithin(second, spent)
			return
		}
		if len(o.accepted.ends) > 0 {
			c.settle(o.accepted, Accepted, failure{})
		}
		c.reject(o)
		if len(o.again.ends) == 0 {
			return
		}
		b, last = o.again, o.failure
		if c.ctx.Err() != nil {
			continue // closed while it was under way
		}
		pause := o.retryAfter + c.jitter(min(c.longestPause(), firstBackoff<<min(attempt, 16)))
		if spent+pause > c.config.MaxRetryTime {
			c.config.Logger.Error("dataloaf: messages are dropped, the retries are used up", "messages", len(b.ends), "after", c.config.MaxRetryTime, "error", last.err)
			c.settle(b, Dropped, last)
			return
		}
		c.config.Logger.Warn("dataloaf: a request will be sent again", "messages", len(b.ends), "in", pause, "error", last.err)
		spent += pause
		c.pause(pause, o.retryAfter > 0)
	}
}

// longestPause: once the client is closing there is no time for long ones, and
// one process that ends is no crowd.
func (c *Client) longestPause() time.Duration {
	select {
	case <-c.closing:
		return closingBackoff
	default:
		return maxBackoff
	}
}

// pause waits before a retry. Close cuts it short, unless the server asked for
// it.
func (c *Client) pause(d time.Duration, asked bool) {
	closing := c.closing
	select {
	case <-closing:
		asked = true // it was drawn for a client that is closing
	default:
	}
	if asked {
		closing = nil
	}
	over := make(chan struct{})
	stop := c.config.Clock.AfterFunc(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
	case <-closing:
	case <-c.ctx.Done():
	}
}

// giveUp is for what Close had no time for; cause is why it was not delivered
// before. What lies in the spool stays there.
func (c *Client) giveUp(b batch, cause error) {
	if c.spool != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.forget(b)
		return
	}
	if !errors.Is(cause, ErrClosed) {
		cause = fmt.Errorf("%w; before: %w", ErrClosed, cause)
	}
	c.settle(b, Dropped, failure{CodeClosed, cause})
}

// reject reports rejections. A request that was refused as a whole is logged
// always, since a wrong key or address is the operator's to mend; single
// messages where there is no callback: a refusal is never silent.
func (c *Client) reject(o outcome) {
	if len(o.rejected) == 0 {
		return
	}
	if o.refused || c.config.Callback == nil {
		first, messages := o.rejected[0], 0
		for _, r := range o.rejected {
			messages += len(r.ends)
		}
		c.config.Logger.Error("dataloaf: messages were rejected", "messages", messages, "code", first.code, "error", first.err)
	}
	for _, r := range o.rejected {
		c.settle(r.batch, Rejected, r.failure)
	}
}

// jitter draws evenly from zero to most.
func (c *Client) jitter(most time.Duration) time.Duration {
	var drawn [8]byte
	if _, err := io.ReadFull(c.config.Random, drawn[:]); err != nil {
		return most // without randomness the longest pause is the kindest
	}
	// The draw as a fraction of 2^64, times most.
	share, _ := bits.Mul64(binary.LittleEndian.Uint64(drawn[:]), uint64(most))
	return time.Duration(share)
}

// failure is why messages were not accepted.
type failure struct {
	code string
	err  error
}

// outcome is what one request came to; each message of the batch is in one of
// these, or the batch was too large.
type outcome struct {
	accepted batch
	rejected []rejection
	again    batch
	tooLarge bool
	// refused: the rejected are the whole request, for one reason.
	refused bool
	// failure says why some are sent again, retryAfter when at the earliest.
	failure
	retryAfter time.Duration
}

// rejection is messages that are refused for one reason.
type rejection struct {
	batch
	failure
}

func (c *Client) send(b batch) outcome {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	stop := c.config.Clock.AfterFunc(c.config.RequestTimeout, func() {
		cancel(fmt.Errorf("no answer within %v", c.config.RequestTimeout))
	})
	defer stop()
	request, err := c.request(ctx, b)
	if err != nil {
		return rejectAll(b, failure{CodeNetwork, err})
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.failed(ctx, b, "send", err)
	}
	// A body that is read to its end lets the connection be used again.
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	_ = response.Body.Close()
	if err != nil {
		return c.failed(ctx, b, "read the answer", err)
	}
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		return c.read(b, status, answer)
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		return outcome{again: b, failure: refusal(status, answer), retryAfter: retryAfter(response.Header.Get("Retry-After"), c.config.Clock.Now())}
	case status == http.StatusRequestEntityTooLarge && len(b.ends) > 1:
		return outcome{tooLarge: true}
	default:
		return rejectAll(b, refusal(status, answer))
	}
}

// failed is the outcome when no answer came.
func (c *Client) failed(ctx context.Context, b batch, doing string, err error) outcome {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause // which says more than that a context was cancelled
	}
	return outcome{again: b, failure: failure{CodeNetwork, fmt.Errorf("dataloaf: %s: %w", doing, err)}}
}

func rejectAll(b batch, why failure) outcome {
	return outcome{refused: true, rejected: []rejection{{b, why}}}
}

var packers = sync.Pool{New: func() any {
	// BestSpeed is a valid level, which is all that can fail.
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	return z
}}

func (c *Client) request(ctx context.Context, b batch) (*http.Request, error) {
	body := b.body
	packed := len(body) >= gzipThreshold
	if packed {
		out := bytes.NewBuffer(make([]byte, 0, len(body)/4))
		c.packing <- struct{}{}
		defer func() { <-c.packing }()
		z := packers.Get().(*gzip.Writer)
		z.Reset(out)
		_, _ = z.Write(body) // a Buffer takes everything
		_ = z.Close()
		packers.Put(z)
		body = out.Bytes()
	}
	request, err := http.NewRequestWithContext(ctx, b.lane.method(), c.config.Endpoint+b.lane.path(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("dataloaf: make a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-api-key", c.config.APIKey)
	request.Header.Set("User-Agent", "dataloaf-go/"+Version)
	request.Header.Set(wire.VersionHeader, wireVersion)
	if packed {
		request.Header.Set("Content-Encoding", "gzip")
	}
	return request, nil
}

var wireVersion = strconv.Itoa(wire.Version)

// read takes the item-by-item answer apart.
func (c *Client) read(b batch, status int, body []byte) outcome {
	var answer struct {
		Accepted *int             `json:"accepted"`
		Rejected []wire.Rejection `json:"rejected"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Accepted == nil {
		return rejectAll(b, failure{CodeNotDataLoaf, &RequestError{Status: status, Code: CodeNotDataLoaf,
			Message: c.config.Endpoint + " answers, but not as a DataLoaf collection API does; check Config.Endpoint"}})
	}
	if *answer.Accepted+len(answer.Rejected) != len(b.ends) {
		return miscounted(b)
	}
	if len(answer.Rejected) == 0 {
		return outcome{accepted: b}
	}
	var o outcome
	refused := make([]bool, len(b.ends))
	var accepted, again []int
	for _, r := range answer.Rejected {
		if r.Index < 0 || r.Index >= len(b.ends) || refused[r.Index] {
			return miscounted(b)
		}
		refused[r.Index] = true
		why := failure{string(r.Code), errors.New(r.Message)}
		if r.Code == wire.CodeUnavailable {
			again = append(again, r.Index)
			o.failure = why
			continue
		}
		o.rejected = append(o.rejected, rejection{b.pick([]int{r.Index}), why})
	}
	for i := range refused {
		if !refused[i] {
			accepted = append(accepted, i)
		}
	}
	o.accepted, o.again = b.pick(accepted), b.pick(again)
	return o
}

// miscounted is the outcome of an answer that does not add up: nobody knows
// what was stored, and sending it again does no harm.
func miscounted(b batch) outcome {
	return outcome{again: b, failure: failure{CodeNotDataLoaf, errors.New("dataloaf: the API's answer does not name every message once")}}
}

// refusal is why an answer is not 2xx.
func refusal(status int, body []byte) failure {
	var answer struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
		// Message is where API Gateway itself puts it.
		Message string `json:"message"`
	}
	hint := ""
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		hint = "; check Config.APIKey"
	case status == http.StatusNotFound || status < 400:
		hint = "; check Config.Endpoint"
	}
	// What is not JSON has no message; the status speaks for itself.
	_ = json.Unmarshal(body, &answer)
	message := cmp.Or(answer.Error.Message, answer.Message, http.StatusText(status))
	code := cmp.Or(answer.Error.Code, "http_"+strconv.Itoa(status))
	return failure{code, &RequestError{Status: status, Code: code, Message: fmt.Sprintf("the API answered %d: %s%s", status, message, hint)}}
}

// retryAfter reads the header, seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(header string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.Atoi(header); err == nil {
		d = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
