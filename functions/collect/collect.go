// Package collect takes events and new users: it checks each item, packs the
// good ones into records and answers item by item what was stored.
package collect

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// MaxRecordBytes bounds a record: Firehose takes 1,000 KB before encoding
// (https://docs.aws.amazon.com/firehose/latest/dev/limits.html), and since it
// bills every record rounded up to 5 KB, many events go into one.
const MaxRecordBytes = 1000 << 10

// Publisher stores records durably.
type Publisher interface {
	// Publish stores records of newline-terminated lines. It returns the
	// indexes of the records that were not stored, or an error when none was.
	Publish(ctx context.Context, records [][]byte) (failed []int, err error)
}

// Config is what a Handler needs.
type Config struct {
	// Events and Users take the records of the two routes.
	Events, Users Publisher
	// Now is the clock and NewID makes the id of an event that has none.
	Now    func() time.Time
	NewID  func() string
	Logger *slog.Logger
}

// Handler answers POST /v1/events and POST /v1/users.
type Handler struct{ config Config }

// New makes a handler.
func New(c Config) *Handler { return &Handler{config: c} }

// record is an item that can be written as a raw record.
type record interface {
	AppendRecord(dst []byte, receivedAt time.Time) []byte
}

// Handle implements gateway.Handler.
func (h *Handler) Handle(ctx context.Context, r gateway.Request) gateway.Response {
	body, err := wire.Unpack(r.Body)
	if err != nil {
		return gateway.BodyError(err)
	}
	now := h.config.Now()
	switch r.Path {
	case "/v1/events":
		events, rejected, err := wire.DecodeEvents(body, now, h.config.NewID)
		if err != nil {
			return gateway.BodyError(err)
		}
		return store(ctx, h, h.config.Events, batch[wire.Event]{events, rejected, now, len(body)})
	case "/v1/users":
		users, rejected, err := wire.DecodeUsers(body, now)
		if err != nil {
			return gateway.BodyError(err)
		}
		return store(ctx, h, h.config.Users, batch[wire.NewUser]{users, rejected, now, len(body)})
	default:
		// The edge sends nothing else here unless its routes are wrong; taking
		// that for events would hide it.
		return gateway.Error(http.StatusNotFound, "not_found", fmt.Sprintf("there is nothing to collect at %.100q", r.Path))
	}
}

// batch is a body that was read.
type batch[T record] struct {
	items    []wire.Indexed[T]
	rejected []wire.Rejection
	arrival  time.Time
	// size is the length of the body.
	size int
}

// store publishes the items and answers what became of each.
func store[T record](ctx context.Context, h *Handler, to Publisher, b batch[T]) gateway.Response {
	if len(b.items) == 0 {
		return gateway.JSON(http.StatusAccepted, wire.Answer{Rejected: b.rejected})
	}
	records, ends := b.pack()
	failed, err := to.Publish(ctx, records)
	if err != nil || len(failed) == len(records) {
		h.config.Logger.ErrorContext(ctx, "nothing of a batch was stored", "items", len(b.items), "error", err)
		return gateway.Unavailable("nothing of this batch was stored; send it again")
	}
	answer := wire.Answer{Accepted: len(b.items), Rejected: b.rejected}
	for _, i := range failed {
		first := 0
		if i > 0 {
			first = ends[i-1]
		}
		for _, item := range b.items[first:ends[i]] {
			answer.Rejected = append(answer.Rejected, wire.Rejection{Index: item.Index, Code: wire.CodeUnavailable, Message: "the item was not stored; send it again"})
		}
		answer.Accepted -= ends[i] - first
	}
	if len(failed) > 0 {
		h.config.Logger.WarnContext(ctx, "part of a batch was not stored", "items", len(b.items), "stored", answer.Accepted)
		slices.SortFunc(answer.Rejected, func(a, b wire.Rejection) int { return a.Index - b.Index })
	}
	return gateway.JSON(http.StatusAccepted, answer)
}

// added is about how much longer an item is as a record: it has received_at,
// the newline, and what the client left out.
const added = 64

// pack joins the items' lines into as few records as fit. ends[i] is the number
// of items in the records up to and with i.
func (b batch[T]) pack() (records [][]byte, ends []int) {
	size := min(b.size+added*len(b.items), MaxRecordBytes)
	current := make([]byte, 0, size)
	for i, item := range b.items {
		before := len(current)
		current = append(item.Item.AppendRecord(current, b.arrival), '\n')
		if len(current) > MaxRecordBytes && before > 0 {
			records, ends = append(records, current[:before:before]), append(ends, i)
			current = append(make([]byte, 0, size), current[before:]...)
		}
	}
	return append(records, current), append(ends, len(b.items))
}
