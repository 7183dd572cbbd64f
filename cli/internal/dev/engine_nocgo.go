//go:build !cgo

package dev

import (
	"context"

	"github.com/dataloaf/dataloaf/cli/internal/datadir"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/functions/local"
)

// Engines are the warehouses that this build can run on.
func Engines() []string { return []string{"postgres"} }

// openDuckDB cannot: DuckDB is a C++ library.
func openDuckDB(context.Context, *datadir.Dir, *local.Store, string) (engine, error) {
	return nil, failure.Usage("Use --warehouse postgres://user:password@host/database, or a loafctl built with CGO_ENABLED=1.",
		"this loafctl was built without cgo, so DuckDB is not in it")
}
