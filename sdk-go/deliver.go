package dataloaf

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
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
	// maxAnswer bounds the answer that is read.
	maxAnswer = 1 << 20
)

// deliver sends a batch until every message of it has its result.
func (c *Client) deliver(b batch) {
	deadline := time.Now().Add(c.config.MaxRetryTime)
	for attempt := 0; ; attempt++ {
		if c.ctx.Err() != nil {
			c.settle(b.items, Dropped, "", ErrClosed)
			return
		}
		if attempt > 0 {
			c.mu.Lock()
			c.stats.Retries++
			c.mu.Unlock()
		}
		outcome := c.send(b)
		if len(outcome.accepted) > 0 {
			c.settle(outcome.accepted, Accepted, "", nil)
		}
		for _, r := range outcome.rejected {
			c.settle([]queuedItem{r.item}, Rejected, r.code, r.err)
		}
		if outcome.tooLarge {
			half := len(b.items) / 2
			c.deliver(batch{lane: b.lane, items: b.items[:half]})
			c.deliver(batch{lane: b.lane, items: b.items[half:]})
			return
		}
		if len(outcome.again) == 0 {
			return
		}
		b.items = outcome.again
		pause := max(rand.N(min(maxBackoff, firstBackoff<<min(attempt, 16))), outcome.retryAfter)
		if time.Now().Add(pause).After(deadline) {
			c.config.Logger.Error("dataloaf: messages are dropped", "messages", len(b.items), "after", c.config.MaxRetryTime, "error", outcome.err)
			c.settle(b.items, Dropped, "", outcome.err)
			return
		}
		c.config.Logger.Warn("dataloaf: a request will be sent again", "messages", len(b.items), "in", pause, "error", outcome.err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-c.ctx.Done():
			timer.Stop()
			c.settle(b.items, Dropped, "", fmt.Errorf("%w: %w", ErrClosed, outcome.err))
			return
		}
	}
}

// outcome is what one request came to; each message of the batch is in one of
// the lists, or the batch was too large.
type outcome struct {
	accepted []queuedItem
	rejected []rejection
	again    []queuedItem
	tooLarge bool
	// err says why some are sent again, retryAfter when at the earliest.
	err        error
	retryAfter time.Duration
}

type rejection struct {
	item queuedItem
	code string
	err  error
}

func (c *Client) send(b batch) outcome {
	request, err := c.request(b)
	if err != nil {
		return rejectAll(b.items, "", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return outcome{again: b.items, err: err}
	}
	// A body that is read to its end lets the connection be used again.
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	_ = response.Body.Close()
	if err != nil {
		return outcome{again: b.items, err: fmt.Errorf("read the answer: %w", err)}
	}
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		return c.read(b, answer)
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		return outcome{again: b.items, err: refusal(status, answer), retryAfter: retryAfter(response.Header.Get("Retry-After"), c.config.Now())}
	case status == http.StatusRequestEntityTooLarge && len(b.items) > 1:
		return outcome{tooLarge: true}
	default:
		err := refusal(status, answer)
		c.config.Logger.Error("dataloaf: the API refused a request", "messages", len(b.items), "error", err)
		return rejectAll(b.items, "http_"+strconv.Itoa(status), err)
	}
}

func rejectAll(items []queuedItem, code string, err error) outcome {
	var o outcome
	for _, i := range items {
		o.rejected = append(o.rejected, rejection{i, code, err})
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
func (c *Client) read(b batch, body []byte) outcome {
	var answer struct {
		Accepted *int             `json:"accepted"`
		Rejected []wire.Rejection `json:"rejected"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Accepted == nil {
		err := fmt.Errorf("dataloaf: %s answers, but not as a DataLoaf collection API does; check Config.Endpoint", c.config.Endpoint)
		c.config.Logger.Error("dataloaf: not a DataLoaf endpoint", "endpoint", c.config.Endpoint)
		return rejectAll(b.items, "not_dataloaf", err)
	}
	var o outcome
	refused := make(map[int]bool, len(answer.Rejected))
	for _, r := range answer.Rejected {
		if r.Index < 0 || r.Index >= len(b.items) || refused[r.Index] {
			continue
		}
		refused[r.Index] = true
		if r.Code == wire.CodeUnavailable {
			o.again = append(o.again, b.items[r.Index])
			o.err = errors.New(r.Message)
			continue
		}
		o.rejected = append(o.rejected, rejection{b.items[r.Index], string(r.Code), errors.New(r.Message)})
	}
	for i, item := range b.items {
		if !refused[i] {
			o.accepted = append(o.accepted, item)
		}
	}
	return o
}

// refusal is the error of an answer that is not 2xx.
func refusal(status int, body []byte) error {
	var answer struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
		// Message is where API Gateway itself puts it.
		Message string `json:"message"`
	}
	hint := ""
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		hint = "; check Config.APIKey"
	case http.StatusNotFound:
		hint = "; check Config.Endpoint"
	}
	// What is not JSON has no message; the status speaks for itself.
	_ = json.Unmarshal(body, &answer)
	message := answer.Error.Message
	if message == "" {
		message = answer.Message
	}
	if message == "" {
		message = http.StatusText(status)
	}
	return fmt.Errorf("dataloaf: the API answered %d: %s%s", status, message, hint)
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
