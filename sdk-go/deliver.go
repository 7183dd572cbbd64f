package dataloaf

import (
	"bytes"
	"cmp"
	"compress/gzip"
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
	// maxRetryAfter bounds what a server may ask for.
	maxRetryAfter = 5 * time.Minute
	// gzipThreshold is the body size from which compression pays.
	gzipThreshold = 1 << 10
	// maxAnswer bounds the answer that is read: 500 rejections with the longest
	// of messages fit.
	maxAnswer = 8 << 20
)

// deliver sends a batch until every message of it has its result.
func (c *Client) deliver(b batch) {
	c.deliverUntil(b, time.Now().Add(c.config.MaxRetryTime))
}

func (c *Client) deliverUntil(b batch, deadline time.Time) {
	last := failure{CodeClosed, ErrClosed}
	for attempt := 0; ; attempt++ {
		if c.ctx.Err() != nil {
			c.dropClosed(b.items, last.err)
			return
		}
		if attempt > 0 {
			c.mu.Lock()
			c.stats.Retries++
			c.mu.Unlock()
		}
		o := c.send(b)
		if len(o.accepted) > 0 {
			c.settle(o.accepted, Accepted, failure{})
		}
		c.reject(o)
		if o.tooLarge {
			half := len(b.items) / 2
			c.deliverUntil(batch{lane: b.lane, items: b.items[:half]}, deadline)
			c.deliverUntil(batch{lane: b.lane, items: b.items[half:]}, deadline)
			return
		}
		if len(o.again) == 0 {
			return
		}
		b.items, last = o.again, o.failure
		if c.ctx.Err() != nil {
			continue // closed while it was under way
		}
		pause := o.retryAfter + c.jitter(min(maxBackoff, firstBackoff<<min(attempt, 16)))
		if time.Now().Add(pause).After(deadline) {
			c.config.Logger.Error("dataloaf: messages are dropped, the retries are used up", "messages", len(b.items), "after", c.config.MaxRetryTime, "error", last.err)
			c.settle(b.items, Dropped, last)
			return
		}
		c.config.Logger.Warn("dataloaf: a request will be sent again", "messages", len(b.items), "in", pause, "error", last.err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-c.ctx.Done():
			timer.Stop()
		}
	}
}

// dropClosed reports what Close had no time for; cause is why it was not
// delivered before.
func (c *Client) dropClosed(items []queuedItem, cause error) {
	if !errors.Is(cause, ErrClosed) {
		cause = fmt.Errorf("%w; before: %w", ErrClosed, cause)
	}
	c.settle(items, Dropped, failure{CodeClosed, cause})
}

// reject reports rejections. A request that was refused as a whole is logged
// always, since a wrong key or address is the operator's to mend; single
// messages where there is no callback: a refusal is never silent.
func (c *Client) reject(o outcome) {
	if len(o.rejected) > 0 && (o.refused || c.config.Callback == nil) {
		first := o.rejected[0]
		c.config.Logger.Error("dataloaf: messages were rejected", "messages", len(o.rejected), "code", first.code, "error", first.err)
	}
	for _, r := range o.rejected {
		c.settle([]queuedItem{r.item}, Rejected, r.failure)
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
// the lists, or the batch was too large.
type outcome struct {
	accepted []queuedItem
	rejected []rejection
	again    []queuedItem
	tooLarge bool
	// refused: the rejected are the whole request, for one reason.
	refused bool
	// failure says why some are sent again, retryAfter when at the earliest.
	failure
	retryAfter time.Duration
}

type rejection struct {
	item queuedItem
	failure
}

func (c *Client) send(b batch) outcome {
	request, err := c.request(b)
	if err != nil {
		return rejectAll(b.items, failure{CodeNetwork, err})
	}
	response, err := c.http.Do(request)
	if err != nil {
		return outcome{again: b.items, failure: failure{CodeNetwork, fmt.Errorf("dataloaf: %w", err)}}
	}
	// A body that is read to its end lets the connection be used again.
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	_ = response.Body.Close()
	if err != nil {
		return outcome{again: b.items, failure: failure{CodeNetwork, fmt.Errorf("dataloaf: read the answer: %w", err)}}
	}
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		return c.read(b, status, answer)
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		return outcome{again: b.items, failure: refusal(status, answer), retryAfter: retryAfter(response.Header.Get("Retry-After"), c.config.Now())}
	case status == http.StatusRequestEntityTooLarge && len(b.items) > 1:
		return outcome{tooLarge: true}
	default:
		return rejectAll(b.items, refusal(status, answer))
	}
}

func rejectAll(items []queuedItem, why failure) outcome {
	o := outcome{refused: true}
	for _, i := range items {
		o.rejected = append(o.rejected, rejection{i, why})
	}
	return o
}

var packers = sync.Pool{New: func() any {
	// BestSpeed is a valid level, which is all that can fail.
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	return z
}}

func (c *Client) request(b batch) (*http.Request, error) {
	size := 32
	for _, i := range b.items {
		size += len(i.json) + 1
	}
	body := bytes.NewBuffer(make([]byte, 0, size))
	body.WriteString(b.lane.head())
	for n, i := range b.items {
		if n > 0 {
			body.WriteByte(',')
		}
		body.Write(i.json)
	}
	body.WriteString("]}")
	packed := body.Len() >= gzipThreshold
	if packed {
		out := bytes.NewBuffer(make([]byte, 0, body.Len()/4))
		z := packers.Get().(*gzip.Writer)
		z.Reset(out)
		_, _ = z.Write(body.Bytes()) // a Buffer takes everything
		_ = z.Close()
		packers.Put(z)
		body = out
	}
	request, err := http.NewRequestWithContext(c.ctx, b.lane.method(), c.config.Endpoint+b.lane.path(), bytes.NewReader(body.Bytes()))
	if err != nil {
		return nil, fmt.Errorf("dataloaf: make a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-api-key", c.config.APIKey)
	request.Header.Set("User-Agent", "dataloaf-go/"+Version)
	if packed {
		request.Header.Set("Content-Encoding", "gzip")
	}
	return request, nil
}

// read takes the item-by-item answer apart.
func (c *Client) read(b batch, status int, body []byte) outcome {
	var answer struct {
		Accepted *int             `json:"accepted"`
		Rejected []wire.Rejection `json:"rejected"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Accepted == nil {
		return rejectAll(b.items, failure{CodeNotDataLoaf, &RequestError{Status: status, Code: CodeNotDataLoaf,
			Message: c.config.Endpoint + " answers, but not as a DataLoaf collection API does; check Config.Endpoint"}})
	}
	var o outcome
	refused := make(map[int]bool, len(answer.Rejected))
	for _, r := range answer.Rejected {
		if r.Index < 0 || r.Index >= len(b.items) || refused[r.Index] {
			return miscounted(b)
		}
		refused[r.Index] = true
		why := failure{string(r.Code), errors.New(r.Message)}
		if r.Code == wire.CodeUnavailable {
			o.again = append(o.again, b.items[r.Index])
			o.failure = why
			continue
		}
		o.rejected = append(o.rejected, rejection{b.items[r.Index], why})
	}
	if *answer.Accepted+len(answer.Rejected) != len(b.items) {
		return miscounted(b)
	}
	for i, item := range b.items {
		if !refused[i] {
			o.accepted = append(o.accepted, item)
		}
	}
	return o
}

// miscounted is the outcome of an answer that does not add up: nobody knows
// what was stored, and sending it again does no harm.
func miscounted(b batch) outcome {
	return outcome{again: b.items, failure: failure{CodeNotDataLoaf, errors.New("dataloaf: the API's answer does not name every message once")}}
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
