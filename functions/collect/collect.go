// Package collect takes events and new users: it checks each item, packs the
// good ones into records and answers item by item what was stored.
package collect

import (
	"context"
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
	if r.Path == "/v1/users" {
		users, rejected, err := wire.DecodeUsers(body, now)
		if err != nil {
			return gateway.BodyError(err)
		}
		return store(ctx, h, h.config.Users, users, rejected, now)
	}
	events, rejected, err := wire.DecodeEvents(body, now, h.config.NewID)
	if err != nil {
		return gateway.BodyError(err)
	}
	return store(ctx, h, h.config.Events, events, rejected, now)
}

// store publishes the items and answers what became of each.
func store[T record](ctx context.Context, h *Handler, to Publisher, items []wire.Indexed[T], rejected []wire.Rejection, now time.Time) gateway.Response {
	accepted := len(items)
	if accepted > 0 {
		records, ends := pack(items, now)
		failed, err := to.Publish(ctx, records)
		if err != nil || len(failed) == len(records) {
			h.config.Logger.ErrorContext(ctx, "nothing of a batch was stored", "items", accepted, "error", err)
			return gateway.Unavailable("nothing of this batch was stored; send it again")
		}
		for _, i := range failed {
			first := 0
			if i > 0 {
				first = ends[i-1]
			}
			for _, item := range items[first:ends[i]] {
				rejected = append(rejected, wire.Rejection{Index: item.Index, Code: wire.CodeUnavailable, Message: "the item was not stored; send it again"})
			}
			accepted -= ends[i] - first
		}
		slices.SortFunc(rejected, func(a, b wire.Rejection) int { return a.Index - b.Index })
	}
	return gateway.JSON(http.StatusAccepted, wire.Answer{Accepted: accepted, Rejected: rejected})
}

// pack joins the items' lines into as few records as fit. ends[i] is the number
// of items in the records up to and with i.
func pack[T record](items []wire.Indexed[T], now time.Time) (records [][]byte, ends []int) {
	var current []byte
	for i, item := range items {
		before := len(current)
		current = append(item.Item.AppendRecord(current, now), '\n')
		if len(current) > MaxRecordBytes && before > 0 {
			records, ends = append(records, current[:before:before]), append(ends, i)
			current = slices.Clone(current[before:])
		}
	}
	return append(records, current), append(ends, len(items))
}
