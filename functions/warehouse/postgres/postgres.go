// Package postgres is the engine for a PostgreSQL server (15 or newer): the
// one that stands in for Redshift in tests, and a choice for `loafctl dev`.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/migrate"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config says where the server is.
type Config struct {
	// URL is a connection string, postgres://user:password@host:port/database.
	URL string
	// Source opens raw objects.
	Source warehouse.Source
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Warehouse is a connection pool to one database.
type Warehouse struct {
	*writer.Writer
	db *sql.DB
}

// idle is how long a connection may lie unused. Redshift Serverless bills
// while connections are open, and the pools are set up alike.
const idle = 5 * time.Second

// Open connects. The error wraps warehouse.ErrUnavailable when the server does
// not answer.
func Open(ctx context.Context, c Config) (*Warehouse, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	connector, err := pq.NewConnector(c.URL)
	if err != nil {
		return nil, fmt.Errorf("read the warehouse's URL: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetConnMaxIdleTime(idle)
	e := &engine{source: c.Source}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to the warehouse: %w", e.Classify(err)), db.Close())
	}
	if err := checkEncoding(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Warehouse{Writer: writer.New(db, e, c.Source, c.Now), db: db}, nil
}

// checkEncoding refuses a database that cannot hold every event.
func checkEncoding(ctx context.Context, db *sql.DB) error {
	var encoding string
	if err := db.QueryRowContext(ctx, `SHOW server_encoding`).Scan(&encoding); err != nil {
		return fmt.Errorf("ask for the database's encoding: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database's encoding is %s; events need UTF8: make one with CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0", encoding)
	}
	return nil
}

// migrationLock is the advisory lock that migrations hold; any number will do
// that nobody else uses.
const migrationLock = 0x6c6f6166 // "loaf"

// Migrate brings the tables to the newest version. Two may run at once: the
// second waits for the first and finds nothing left to do.
func (w *Warehouse) Migrate(ctx context.Context) error {
	steps, err := migrate.Read(migrations)
	if err != nil {
		return err
	}
	return migrate.Run(ctx, w.db, steps, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, migrationLock)
		return err
	})
}

// Database is what readers query.
func (w *Warehouse) Database() warehouse.Database {
	return warehouse.Database{SQL: w.db, Dialect: warehouse.PostgreSQL}
}

// Close closes the connections.
func (w *Warehouse) Close() error {
	if err := w.db.Close(); err != nil {
		return fmt.Errorf("close the warehouse: %w", err)
	}
	return nil
}
