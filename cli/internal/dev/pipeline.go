package dev

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/collect"
	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

const (
	// inFlight bounds the memory that bodies take: 4 MiB each, held several
	// times over.
	inFlight = 32
	// patience is how long a call waits for its turn.
	patience = 5 * time.Second
	// mergeTimeout leaves a client time to hear that its update waits.
	mergeTimeout = 20 * time.Second
	// settle is how long a call of the collection API may take from the moment that
	// it is accepted at to the object that holds it.
	settle = 10 * time.Second
	// deletionSlice bounds the work on deletions between two loads, and
	// deletionLease outlasts what such work does between two words of its own.
	deletionSlice, deletionLease = 2 * time.Second, time.Minute
)

// pipeline is what stands between the collection API and the warehouse.
type pipeline struct {
	queue      *local.Queue
	deliveries []*local.Delivery
	schedule   *local.Schedule
	loader     *load.Loader
	auditor    *audit.Auditor
	collection http.Handler
}

// newPipeline puts the handlers together as they are in AWS, with a folder and
// a queue in memory at the edges. The arranger may be nil.
func newPipeline(e engine, arranger local.Arranger, store *local.Store, keys *local.Keyring, retention load.Retention, now func() time.Time, newID func() string, logger *slog.Logger) *pipeline {
	queue := local.NewQueue(now)
	deliver := func(kind warehouse.Kind) *local.Delivery {
		return local.NewDelivery(local.DeliveryConfig{Store: store, Kind: kind, Notifier: queue, Now: now, NewID: newID})
	}
	events, users := deliver(warehouse.Events), deliver(warehouse.Users)
	loader := load.New(load.Config{Queue: queue, Warehouse: e, Lister: store, Logger: logger, Now: now, Retention: retention, Expirer: expirer{e, store}})
	deletions := deletion.New(deletion.Config{
		Warehouse: e, Store: store, Settle: settle, Slice: deletionSlice, Lease: deletionLease, Now: now, Logger: logger,
	})
	return &pipeline{
		queue:      queue,
		deliveries: []*local.Delivery{events, users},
		schedule:   local.NewSchedule(loader, queue, deletions, arranger, logger),
		loader:     loader,
		auditor:    newAuditor(e, store, retention, now),
		collection: local.NewHTTP(local.HTTPConfig{
			Keys:    keys,
			Collect: collect.New(collect.Config{Events: events, Users: users, Now: now, NewID: newID, Logger: logger}),
			Update: update.New(update.Config{
				Store: store, Warehouse: e, Retry: queue, Bucket: string(warehouse.Updates.Bucket()),
				MergeTimeout: mergeTimeout, Now: now, NewID: newID, Logger: logger,
			}),
			InFlight: inFlight,
			Patience: patience,
			Logger:   logger,
		}),
	}
}

// expirer deletes events that are no longer kept from the warehouse, and then the
// raw objects, as the buckets' lifecycle does in AWS.
type expirer struct {
	engine
	store *local.Store
}

// Expire implements load.Expirer.
func (x expirer) Expire(ctx context.Context, before string, most int) (rows int64, more bool, err error) {
	rows, more, err = x.engine.Expire(ctx, before, most)
	if err != nil || more {
		return rows, more, err
	}
	return rows, false, x.store.RemoveBefore(ctx, warehouse.Events, before)
}

// start loads every so often. The function that it gives back stops that,
// after a load that is under way.
func (p *pipeline) start(every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ticker := time.NewTicker(every)
	var running sync.WaitGroup
	running.Go(func() { p.schedule.Run(ctx, ticker.C) })
	return func() {
		ticker.Stop()
		cancel()
		running.Wait()
	}
}

// split sends each call to the API that it is for.
func split(collection, insights, admin http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1", strings.HasPrefix(r.URL.Path, "/v1/"):
			collection.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, adminPrefix):
			admin.ServeHTTP(w, r)
		default:
			insights.ServeHTTP(w, r)
		}
	})
}
