//go:build cgo

package dev

import (
	"context"
	"os"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
)

// Engines are the warehouses that this build can run on.
func Engines() []string { return []string{DuckDB, "postgres"} }

// dev keeps the order of its events.
var _ local.Arranger = (*duckdb.Warehouse)(nil)

func openDuckDB(ctx context.Context, dir *datadir.Dir, store *local.Store, memoryLimit string) (engine, error) {
	// DuckDB makes its files readable by all; the folder around them is not,
	// whatever the data folder is.
	if err := os.MkdirAll(dir.Path("warehouse"), 0o700); err != nil {
		return nil, failure.New(err, "Give a folder that you may write to with --data-dir DIR.", "make the warehouse's folder")
	}
	path := dir.Path("warehouse", "warehouse.duckdb")
	e, err := duckdb.Open(ctx, duckdb.Config{Path: path, Source: store, ObjectPath: store.Path, MemoryLimit: memoryLimit})
	if err != nil {
		return nil, failure.New(err, "Move the file away if it is damaged: the next start makes it again from the raw data beside it.", "open the warehouse %s", path)
	}
	return e, nil
}
