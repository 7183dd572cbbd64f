package environment

import (
	"context"
	"fmt"
	"time"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/cmd/internal/session"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
)

// Warehouse is where the warehouse is and whose secret logs in.
type Warehouse struct {
	// Secret is the ARN of the secret of the program's own user.
	Secret  string
	connect connect.Config
	caFile  string
}

// Warehouse reads the variables of the connection. Application names the
// program in the warehouse's own tables.
func (e *Environment) Warehouse(application string) Warehouse {
	w := Warehouse{
		Secret: e.Text("LOAF_WAREHOUSE_SECRET"),
		connect: connect.Config{
			Host:        e.Text("LOAF_WAREHOUSE_HOST"),
			Port:        e.Port("LOAF_WAREHOUSE_PORT", connect.DefaultPort),
			Database:    e.Optional("LOAF_WAREHOUSE_DATABASE", "dataloaf"),
			Application: application,
		},
		caFile: e.Optional("LOAF_WAREHOUSE_CA_FILE", ""),
	}
	const name = "LOAF_WAREHOUSE_DIALECT"
	text := e.Optional(name, string(warehouse.Redshift))
	w.connect.Dialect = warehouse.Dialect(text)
	if w.connect.Dialect != warehouse.Redshift && w.connect.Dialect != warehouse.PostgreSQL {
		e.refuse(name, text, fmt.Sprintf("%s or %s", warehouse.Redshift, warehouse.PostgreSQL))
	}
	return w
}

// Copy is what Redshift needs to read raw objects itself.
type Copy struct {
	Role, Region string
	// Bucket takes the manifests.
	Bucket string
}

// Parts are what an engine works with.
type Parts struct {
	Secrets *aws.Secrets
	Store   *aws.Store
	Copy    Copy
	Now     func() time.Time
	NewID   func() string
}

// Opener gives the function that opens the engine. The file of authorities is
// read now: a program that cannot trust anybody must not start.
func (w Warehouse) Opener(p Parts) (func(ctx context.Context) (session.Engine, error), error) {
	c := w.connect
	c.Login = p.Secrets.LoginFunc(w.Secret)
	if w.caFile != "" {
		roots, err := connect.ReadRootCAs(w.caFile)
		if err != nil {
			return nil, fmt.Errorf("LOAF_WAREHOUSE_CA_FILE: %w", err)
		}
		c.RootCAs = roots
	}
	return func(ctx context.Context) (session.Engine, error) {
		if c.Dialect == warehouse.PostgreSQL {
			return postgres.Open(ctx, postgres.Config{Connect: &c, Source: p.Store, Now: p.Now})
		}
		return redshift.Open(redshift.Config{
			Connect: c, Source: p.Store, Now: p.Now,
			Copy: redshift.CopyConfig{Manifests: p.Store, Bucket: p.Copy.Bucket, Role: p.Copy.Role, Region: p.Copy.Region, NewID: p.NewID},
		})
	}, nil
}
