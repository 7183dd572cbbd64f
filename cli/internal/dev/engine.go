package dev

import (
	"context"
	"errors"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/update"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
)

// engine is an open warehouse.
type engine interface {
	load.Warehouse
	update.Merger
	audit.Warehouse
	deletion.Warehouse
	load.Expirer
	Migrate(ctx context.Context) error
	Close() error
}

// openWarehouse opens the warehouse and brings its tables to the newest
// version.
func (o *Options) openWarehouse(ctx context.Context, dir *datadir.Dir, store *local.Store) (engine, error) {
	e, err := o.openEngine(ctx, dir, store)
	if err != nil {
		return nil, err
	}
	if err := e.Migrate(ctx); err != nil {
		if errors.Is(err, warehouse.ErrNewerSchema) {
			err = failure.New(err, "Upgrade loafctl, or give another --data-dir (or --warehouse).", "open the warehouse")
		}
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (o *Options) openEngine(ctx context.Context, dir *datadir.Dir, store *local.Store) (engine, error) {
	if o.Warehouse == DuckDB {
		return openDuckDB(ctx, dir, store, o.MemoryLimit)
	}
	e, err := postgres.Open(ctx, postgres.Config{URL: o.Warehouse, Source: store, Now: o.Now})
	if err != nil {
		return nil, failure.New(err, "Is the server running, and is --warehouse (LOAF_WAREHOUSE) its URL? Without TLS add ?sslmode=disable.", "open %s", o.describeWarehouse())
	}
	return e, nil
}

// watched is a warehouse that says when something was loaded into it, or deleted
// from it.
type watched struct {
	engine
	loaded func()
}

// Load implements load.Warehouse.
func (w *watched) Load(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	report, err := w.engine.Load(ctx, objects)
	if err == nil {
		w.loaded()
	}
	return report, err
}

// Reload implements load.Warehouse.
func (w *watched) Reload(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	report, err := w.engine.Reload(ctx, objects)
	if err == nil {
		w.loaded()
	}
	return report, err
}

// Expire implements load.Expirer.
func (w *watched) Expire(ctx context.Context, before string, most int) (rows int64, more bool, err error) {
	if rows, more, err = w.engine.Expire(ctx, before, most); err == nil && rows > 0 {
		w.loaded()
	}
	return rows, more, err
}

// Erase implements deletion.Warehouse.
func (w *watched) Erase(ctx context.Context, e warehouse.Erasure) (warehouse.Erased, error) {
	erased, err := w.engine.Erase(ctx, e)
	if err == nil && (e.Rows || e.Users) {
		w.loaded()
	}
	return erased, err
}
