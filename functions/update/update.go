// Package update takes user updates: it stores each batch as a raw object,
// merges it into the warehouse at once, and leaves it to a retry queue when the
// warehouse is away.
package update

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/dataloaf/dataloaf/functions/gateway"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// ObjectStore keeps raw objects.
type ObjectStore interface {
	// Put stores an object; when it returns nil the object is durable.
	Put(ctx context.Context, bucket, key string, body []byte) error
}

// Merger merges writes into the warehouse.
type Merger interface {
	// Merge applies the writes and records their object in one transaction; an
	// object that was recorded before is left alone.
	Merge(ctx context.Context, o warehouse.Object, writes []warehouse.UserWrite) error
}

// RetryQueue takes objects whose merge did not succeed.
type RetryQueue interface {
	Enqueue(ctx context.Context, o warehouse.Object) error
}

// Reader reads objects back and merges them, each once.
type Reader interface {
	// MergeObject merges what an object holds and records it, as Merge does. A
	// *warehouse.DataError says that the data is at fault.
	MergeObject(ctx context.Context, o warehouse.Object) error
	// Quarantine records that an object is set aside, and why.
	Quarantine(ctx context.Context, o warehouse.Object, reason string) error
}

// Config is what a Handler needs.
type Config struct {
	Store ObjectStore
	// Warehouse may be nil, and Retry with it, where there is none yet: updates
	// are then stored, and the warehouse that comes later is built from what is
	// stored.
	Warehouse Merger
	Retry     RetryQueue
	// Reader serves Handler.Retry. It may be nil where there is no warehouse, or
	// where the loader takes what stands in the retry queue.
	Reader Reader
	// Bucket is the name of the users bucket.
	Bucket string
	// MergeTimeout bounds the merge within a call; it must leave time to
	// answer before the client or the gateway gives up.
	MergeTimeout time.Duration
	// Now is the clock and NewID makes unique object names.
	Now    func() time.Time
	NewID  func() string
	Logger *slog.Logger
}

// Handler answers PATCH /v1/users.
type Handler struct{ config Config }

// New makes a handler.
func New(c Config) *Handler { return &Handler{config: c} }

// Handle implements gateway.Handler.
func (h *Handler) Handle(ctx context.Context, r gateway.Request) gateway.Response {
	body, err := wire.Unpack(r.Body)
	if err != nil {
		return gateway.BodyError(err)
	}
	now := h.config.Now().UTC()
	updates, rejected, err := wire.DecodeUpdates(body, now)
	if err != nil {
		return gateway.BodyError(err)
	}
	answer := wire.Answer{Accepted: len(updates), Rejected: rejected}
	if len(updates) == 0 {
		return gateway.JSON(http.StatusOK, answer)
	}
	object, err := h.put(ctx, updates, now)
	if err != nil {
		h.config.Logger.ErrorContext(ctx, "updates were not stored", "items", len(updates), "error", err)
		return gateway.Unavailable("nothing of this batch was stored; send it again")
	}
	if h.config.Warehouse == nil {
		return gateway.JSON(http.StatusAccepted, answer)
	}
	if err := h.merge(ctx, object, updates); err != nil {
		level := slog.LevelWarn
		if data := (*warehouse.DataError)(nil); errors.As(err, &data) {
			// Each update was checked, so this is a gap between our rules and
			// the engine's. The retry will quarantine the object with the
			// engine's message, where an operator sees it and can replay it;
			// refusing the batch would have the client send it forever.
			level = slog.LevelError
		}
		h.config.Logger.Log(ctx, level, "updates wait in the retry queue", "object", object.ID(), "error", err)
		// The object is durable, and the loader's sweep merges whatever the
		// ledger does not hold. So a retry queue that is away, too, costs time
		// and no data, and the answer is the same.
		if err := h.config.Retry.Enqueue(ctx, object); err != nil {
			h.config.Logger.ErrorContext(ctx, "the retry queue refused an object; the sweep will find it", "object", object.ID(), "error", err)
		}
		return gateway.JSON(http.StatusAccepted, answer)
	}
	return gateway.JSON(http.StatusOK, answer)
}

// put stores the batch as one gzip NDJSON object.
func (h *Handler) put(ctx context.Context, updates []wire.Indexed[wire.UserUpdate], now time.Time) (warehouse.Object, error) {
	var lines []byte
	for _, u := range updates {
		lines = append(u.Item.AppendRecord(lines, now), '\n')
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	// A Buffer takes everything.
	_, _ = z.Write(lines)
	_ = z.Close()
	o := warehouse.Object{
		Bucket: h.config.Bucket,
		Key:    warehouse.NewKey(warehouse.Updates, now, h.config.NewID()),
		Kind:   warehouse.Updates,
		Size:   int64(packed.Len()),
	}
	if err := h.config.Store.Put(ctx, o.Bucket, o.Key, packed.Bytes()); err != nil {
		return o, fmt.Errorf("store %s: %w", o.ID(), err)
	}
	return o, nil
}

// enqueueReserve of a call's time is kept from the merge, to queue the object
// and answer.
const enqueueReserve = 3 * time.Second

func (h *Handler) merge(ctx context.Context, o warehouse.Object, updates []wire.Indexed[wire.UserUpdate]) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-enqueueReserve))
		defer cancel()
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.MergeTimeout)
	defer cancel()
	writes := make([]warehouse.UserWrite, len(updates))
	for i, u := range updates {
		writes[i] = warehouse.FromUpdate(u.Item)
	}
	return h.config.Warehouse.Merge(ctx, o, writes)
}

// Retry merges objects from the retry queue, which may deliver one more than
// once: an object that the ledger holds is left alone, and one whose data cannot
// be merged is set aside. It tells, by ID, which are done with; the caller keeps
// the others in its queue.
func (h *Handler) Retry(ctx context.Context, objects []warehouse.Object) (settled map[string]bool, err error) {
	settled = map[string]bool{}
	if h.config.Reader == nil {
		return settled, fmt.Errorf("retry %d objects: there is no warehouse", len(objects))
	}
	var errs []error
	for _, o := range objects {
		if err := h.retry(ctx, o); err != nil {
			errs = append(errs, fmt.Errorf("retry %s: %w", o.ID(), err))
			if errors.Is(err, warehouse.ErrUnavailable) {
				break // for the others, too
			}
			continue
		}
		settled[o.ID()] = true
	}
	return settled, errors.Join(errs...)
}

func (h *Handler) retry(ctx context.Context, o warehouse.Object) error {
	if o.Kind != warehouse.Updates {
		return errors.New("the object holds no updates")
	}
	err := h.config.Reader.MergeObject(ctx, o)
	var data *warehouse.DataError
	if !errors.As(err, &data) {
		return err
	}
	reason := warehouse.Reason(err)
	h.config.Logger.ErrorContext(ctx, "an object is quarantined", "object", o.ID(), "reason", reason)
	return h.config.Reader.Quarantine(ctx, o, reason)
}
