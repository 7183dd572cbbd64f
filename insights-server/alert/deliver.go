package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Sender sends notifications by one way.
type Sender interface {
	// Send sends once. An error is a *SendError.
	Send(ctx context.Context, to Destination, secret string, n Notification) error
}

// SendError says why a notification did not get through.
type SendError struct {
	// Reason is for people who see the alert: it tells nothing of the network
	// behind the server, nor of what the receiver answered.
	Reason string
	// Temporary says that it may get through another time, and RetryAfter, when the
	// receiver named one, how long to wait until then.
	Temporary  bool
	RetryAfter time.Duration
	// Err is for the log; it may be nil.
	Err error
}

func (e *SendError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return fmt.Sprintf("%s: %v", e.Reason, e.Err)
}

func (e *SendError) Unwrap() error { return e.Err }

const (
	// sendTime bounds one attempt.
	sendTime = 10 * time.Second
	// sendAttempts and sendBudget bound the attempts of one check; what has not got
	// through by then is tried again with the next.
	sendAttempts = 4
	sendBudget   = 45 * time.Second
	// firstPause is the longest wait before the second attempt. It doubles.
	firstPause = 2 * time.Second
	// pendingFor is for how long a notification is tried at all.
	pendingFor = 24 * time.Hour
)

// deliver sends a notification to the destinations, all at once, and gives what
// became of it at each.
func (c *Checker) deliver(ctx context.Context, to []Destination, n Notification, attempts int) []Delivery {
	deliveries := make([]Delivery, len(to))
	var all sync.WaitGroup
	for i, d := range to {
		all.Go(func() { deliveries[i] = c.deliverTo(ctx, d, n, attempts) })
	}
	all.Wait()
	return deliveries
}

func (c *Checker) deliverTo(ctx context.Context, to Destination, n Notification, attempts int) Delivery {
	out := Delivery{DestinationID: to.ID, Kind: to.Kind, To: to.label()}
	began := c.options.Now()
	var secret string
	if to.Kind == Webhook {
		var err error
		if secret, err = c.store.options.Sealer.Open(to.Sealed, to.ID); err != nil {
			out.At, out.Error = began, sentence(err.Error())
			return out
		}
	}
	sender := c.options.Senders[to.Kind]
	if sender == nil {
		out.At, out.Error = began, "This server is not set up for destinations of this kind."
		return out
	}
	pause := firstPause
	for {
		out.Attempts++
		err := c.send(ctx, sender, to, secret, n)
		out.At = c.options.Now()
		if err == nil {
			out.OK, out.Error, out.temporary = true, "", false
			return out
		}
		out.Error, out.temporary = err.Reason, err.Temporary
		c.options.Logger.WarnContext(ctx, "an alert was not delivered", "alert", n.AlertID, "notification", n.ID, "kind", string(to.Kind),
			"to", out.To, "attempt", out.Attempts, "error", err.Error())
		// Full jitter: who was turned away together does not come back together.
		wait := max(err.RetryAfter, time.Duration(c.options.Jitter()*float64(pause)))
		pause *= 2
		if !err.Temporary || out.Attempts >= attempts || out.At.Add(wait).Sub(began) > sendBudget || c.options.Wait(ctx, wait) != nil {
			return out
		}
	}
}

// send makes one attempt, whatever the sender does.
func (c *Checker) send(ctx context.Context, s Sender, to Destination, secret string, n Notification) *SendError {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	err := s.Send(ctx, to, secret, n)
	if err == nil {
		return nil
	}
	var known *SendError
	if errors.As(err, &known) {
		return known
	}
	return &SendError{Reason: "The notification could not be sent; the server's log says why.", Err: err}
}

// label is what may be shown of a destination to everybody.
func (d Destination) label() string {
	if d.Kind == SNS {
		return d.TopicARN
	}
	return Host(d.URL)
}

// Host is the part of a webhook's address that is no secret.
func Host(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		return ""
	}
	return rest[:min(len(rest), strings.IndexAny(rest+"/", "/?#"))]
}

// sentence begins with a capital and ends with a stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// chosen are the destinations of these ids that are still there.
func chosen(all []Destination, ids []string) []Destination {
	return slices.DeleteFunc(slices.Clone(all), func(d Destination) bool { return !slices.Contains(ids, d.ID) })
}

// merge puts the latest deliveries in the place of earlier ones to the same
// destination, with the attempts of all.
func merge(before, latest []Delivery) []Delivery {
	merged := slices.Clone(before)
	for _, d := range latest {
		i := slices.IndexFunc(merged, func(b Delivery) bool { return b.DestinationID == d.DestinationID })
		if i < 0 {
			merged = append(merged, d)
			continue
		}
		d.Attempts += merged[i].Attempts
		merged[i] = d
	}
	return merged
}
