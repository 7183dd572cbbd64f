// Package redshift is the engine for Amazon Redshift, Serverless or a cluster:
// the production warehouse. It copies raw objects from S3 by manifest and does
// the rest in the SQL of statements.go.
package redshift

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/migrate"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
)

// Manifests keeps the manifests that COPY reads.
type Manifests interface {
	// Put stores an object; when it returns nil COPY can read it.
	Put(ctx context.Context, bucket, key string, body []byte) error
}

// Config says where the warehouse is and how it reaches the raw objects.
type Config struct {
	// Connect says where the warehouse is; its dialect is Redshift whatever it
	// says.
	Connect connect.Config
	// Source opens raw objects.
	Source warehouse.Source
	// Copy is for those who load events; merging users needs none of it.
	Copy CopyConfig
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// CopyConfig is what loading events needs.
type CopyConfig struct {
	Manifests Manifests
	// Bucket is where manifests go, under "manifests/": a key that no
	// notification and no sweep takes for raw data.
	Bucket string
	// Role is the ARN of the role that Redshift assumes to read the buckets, and
	// Region where they are.
	Role, Region string
	// NewID makes the names of manifests.
	NewID func() string
}

// Warehouse is a connection pool to one database.
type Warehouse struct {
	*writer.Writer
	db      *sql.DB
	connect connect.Config
	now     func() time.Time
}

// Open sets up the connections and makes none: Redshift Serverless bills for
// every time that it is woken.
func Open(c Config) (*Warehouse, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Connect.Dialect = warehouse.Redshift
	connector, err := connect.New(c.Connect)
	if err != nil {
		return nil, err
	}
	db := connect.Open(connector)
	e := &engine{db: db, source: c.Source, copy: c.Copy, now: c.Now}
	return &Warehouse{Writer: writer.New(db, e, c.Source, c.Now), db: db, connect: c.Connect, now: c.Now}, nil
}

// Migrate brings the tables to the newest version. Two may run at once, on an
// empty database, too: the second waits for the first and finds nothing left to
// do. Redshift has no advisory locks, so a table is locked that is made before.
func (w *Warehouse) Migrate(ctx context.Context) error {
	steps, err := migrate.Read(migrations)
	if err != nil {
		return err
	}
	if err := w.makeLock(ctx); err != nil {
		return err
	}
	return migrate.Run(ctx, w.db, steps, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, Lock)
		return err
	}, w.now)
}

// looks is how often the table of the lock is looked for, and made where it is
// not there.
const looks = 5

// makeLock makes the table of the lock. IF NOT EXISTS looks before it makes, so
// of two that run at once one may fail, with one of several errors, and finds
// the table when it looks again. What else is wrong is wrong the next time, too.
func (w *Warehouse) makeLock(ctx context.Context) error {
	for look := 1; ; look++ {
		_, err := w.db.ExecContext(ctx, CreateLock)
		if err == nil {
			return nil
		}
		var server *pq.Error
		if look == looks || !errors.As(err, &server) {
			return fmt.Errorf("make the table of the writers' lock: %w", err)
		}
	}
}

// Database is what readers query.
func (w *Warehouse) Database() warehouse.Database {
	return warehouse.Database{SQL: w.db, Dialect: warehouse.Redshift}
}

// Close closes the connections.
func (w *Warehouse) Close() error {
	if err := w.db.Close(); err != nil {
		return fmt.Errorf("close the warehouse: %w", err)
	}
	return nil
}
