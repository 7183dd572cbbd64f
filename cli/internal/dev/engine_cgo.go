//go:build cgo

package dev

import (
	"context"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
)

// Engines are the warehouses that this build can run on.
func Engines() []string { return []string{DuckDB, "postgres"} }

func openDuckDB(ctx context.Context, dir *datadir.Dir, store *local.Store, memoryLimit string) (engine, error) {
	path := dir.Path("warehouse.duckdb")
	e, err := duckdb.Open(ctx, duckdb.Config{Path: path, Source: store, ObjectPath: store.Path, MemoryLimit: memoryLimit})
	if err != nil {
		return nil, failure.New(err, "Move the file away if it is damaged: the next start makes it again from the raw data beside it.", "open the warehouse %s", path)
	}
	return e, nil
}
