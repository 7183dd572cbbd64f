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

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/migrate"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config says where the server is.
type Config struct {
	// URL is a connection string, postgres://user:password@host:port/database.
	URL string
	// Connect, in place of a URL, reaches the server as Redshift is reached:
	// verified TLS, a login that may be rotated, and no connection before there
	// is work.
	Connect *connect.Config
	// Source opens raw objects.
	Source warehouse.Source
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Warehouse is a connection pool to one database.
type Warehouse struct {
	*writer.Writer
	db      *sql.DB
	connect *connect.Config
	now     func() time.Time
}

// Open sets up the connections. Given a URL it connects, and the error wraps
// warehouse.ErrUnavailable when the server does not answer.
func Open(ctx context.Context, c Config) (*Warehouse, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	connector, err := c.connector()
	if err != nil {
		return nil, err
	}
	db := connect.Open(connector)
	w := &Warehouse{Writer: writer.New(db, &engine{source: c.Source}, c.Source, c.Now), db: db, connect: c.Connect, now: c.Now}
	if c.Connect != nil {
		return w, nil
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := checkEncoding(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return w, nil
}

func (c Config) connector() (*connect.Connector, error) {
	if c.Connect == nil {
		return connect.FromURL(c.URL, warehouse.PostgreSQL)
	}
	config := *c.Connect
	config.Dialect = warehouse.PostgreSQL
	return connect.New(config)
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
	if err := checkEncoding(ctx, w.db); err != nil {
		return err
	}
	return migrate.Run(ctx, w.db, steps, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, migrationLock)
		return err
	}, w.now)
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
