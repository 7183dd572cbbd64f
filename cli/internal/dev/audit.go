package dev

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
)

func newAuditor(e engine, store *local.Store, retention load.Retention, now func() time.Time) *audit.Auditor {
	return audit.New(audit.Config{
		Lister: store, Source: store, Retention: retention, Now: now, Open: func(context.Context) (audit.Warehouse, error) { return e, nil },
	})
}

// Audit audits the data folder while no dev runs on it. It opens the warehouse
// itself, and makes none.
func Audit(ctx context.Context, o Options, r audit.Request) (result audit.Result, err error) {
	o.Addr, o.LoadEvery = "127.0.0.1:0", minLoadEvery // nothing listens and nothing is loaded
	if err := o.check(); err != nil {
		return audit.Result{}, err
	}
	dir, err := datadir.Open(ctx, o.DataDir, o.NewSecret)
	if err != nil {
		return audit.Result{}, err
	}
	defer closing(&err, "let go of the data folder", dir.Close)
	if o.Warehouse == DuckDB {
		if _, err := os.Stat(dir.Path("warehouse", "warehouse.duckdb")); errors.Is(err, fs.ErrNotExist) {
			return audit.Result{}, failure.New(nil, "Give --warehouse (LOAF_WAREHOUSE) as dev was given it; or start `loafctl dev` on the folder once: it makes the warehouse from the raw data.",
				"there is no warehouse in the data folder %s", o.DataDir)
		}
	}
	store, err := local.NewStore(dir.Path("raw"))
	if err != nil {
		return audit.Result{}, err
	}
	e, err := o.openEngine(ctx, dir, store)
	if err != nil {
		return audit.Result{}, err
	}
	defer closing(&err, "close the warehouse", e.Close)
	return newAuditor(e, store, o.retention(), o.Now).Run(ctx, r)
}
