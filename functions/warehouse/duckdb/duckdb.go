// Package duckdb is the embedded engine: one file, one process. Loads read the
// gzip NDJSON objects with DuckDB's own reader and keep every known property
// in a typed column beside the JSON, because a filter on the JSON column is 10
// to 100 times slower.
package duckdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	bindings "github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/migrate"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config says where the warehouse and its raw objects lie.
type Config struct {
	// Path is the database file; empty keeps everything in memory, where it is read
	// through database/sql alone.
	Path string
	// Source opens user objects, ObjectPath gives the local path of an event
	// object, which DuckDB reads itself.
	Source     warehouse.Source
	ObjectPath func(warehouse.Object) string
	// MemoryLimit is DuckDB's own limit, for example "4GB"; empty means
	// DuckDB's default of 80 % of the machine.
	MemoryLimit string
	// Run is how many events Arrange puts in order at once; 0 means two million.
	Run int64
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Warehouse is an open DuckDB database.
type Warehouse struct {
	*writer.Writer
	db     *sql.DB
	shared bindings.Database
	engine *engine
	now    func() time.Time
}

// Open opens the file, making it when it is not there. The file belongs to
// this process until Close: a second one cannot open it, not even to read.
func Open(ctx context.Context, c Config) (*Warehouse, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Run == 0 {
		c.Run = defaultRun
	}
	options := url.Values{}
	// A new file is written as this version does and no older one can read: the
	// properties are compressed by half as much again. A file that is there keeps
	// its form.
	options.Set("storage_compatibility_version", "v1.5.0")
	// Whatever a query needs is compiled in; nothing is fetched at run time.
	options.Set("autoinstall_known_extensions", "false")
	options.Set("autoload_known_extensions", "false")
	if c.MemoryLimit != "" {
		options.Set("memory_limit", c.MemoryLimit)
	}
	connector, err := duckdb.NewConnector(c.Path+"?"+options.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("open the warehouse %s: %w", c.Path, explainOpen(err))
	}
	db := sql.OpenDB(connector)
	// No connection is used again: one whose statement a context cut off may stay
	// behind in an aborted transaction, and fail every load after it. A new one
	// costs next to nothing, and the connector keeps the database open.
	db.SetMaxIdleConns(-1)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the warehouse %s: %w", c.Path, explainOpen(err)), db.Close())
	}
	var shared bindings.Database
	e := &engine{source: c.Source, objectPath: c.ObjectPath, run: c.Run}
	if c.Path != "" {
		if shared, err = share(c.Path, options); err != nil {
			return nil, errors.Join(fmt.Errorf("open the warehouse %s: %w", c.Path, err), db.Close())
		}
		e.slicesDir = c.Path + ".slices"
		// What a process that was killed left there may be of users deleted since.
		if err := os.RemoveAll(e.slicesDir); err != nil {
			bindings.Close(&shared)
			return nil, errors.Join(fmt.Errorf("remove the slices of a load that was cut off: %w", err), db.Close())
		}
	}
	return &Warehouse{Writer: writer.New(db, e, c.Source, c.Now), db: db, shared: shared, engine: e, now: c.Now}, nil
}

func explainOpen(err error) error {
	if strings.Contains(err.Error(), "Conflicting lock") || strings.Contains(err.Error(), "Could not set lock") {
		return fmt.Errorf("another process has it open; stop that one first: %w", err)
	}
	return err
}

// Migrate brings the tables to the newest version.
func (w *Warehouse) Migrate(ctx context.Context) error {
	steps, err := migrate.Read(migrations)
	if err != nil {
		return err
	}
	// One process owns the file, so nothing else can migrate it.
	if err := migrate.Run(ctx, w.db, steps, func(context.Context, *sql.Tx) error { return nil }, w.now); err != nil {
		return err
	}
	if err := fillAttributes(ctx, w.db); err != nil {
		return fmt.Errorf("fill the columns of the users' attributes: %w", err)
	}
	return nil
}

// Database is what readers query.
func (w *Warehouse) Database() warehouse.Database {
	database := warehouse.Database{SQL: w.db, Dialect: warehouse.DuckDB}
	if w.shared.Ptr != nil { // the driver gives the databases in memory no name to share them by
		database.Vectors = w.vectors
	}
	return database
}

// Close writes everything into the file and lets go of it.
func (w *Warehouse) Close() error {
	bindings.Close(&w.shared)
	if err := w.db.Close(); err != nil {
		return fmt.Errorf("close the warehouse: %w", err)
	}
	return nil
}
