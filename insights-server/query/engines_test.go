package query_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

type engine interface {
	Migrate(context.Context) error
	Load(context.Context, []warehouse.Object) (warehouse.LoadReport, error)
	Quarantine(context.Context, warehouse.Object, string) error
	Database() warehouse.Database
	Close() error
}

var engineNames = []string{"duckdb", "postgres"}

// open opens a fresh warehouse without tables.
func open(t *testing.T, name string, raw folder) engine {
	t.Helper()
	var w engine
	var err error
	switch name {
	case "duckdb":
		w, err = duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb"), Source: raw, ObjectPath: raw.path})
	case "postgres":
		w, err = postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t), Source: raw})
	default:
		t.Fatalf("no engine %q", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// now is the tests' clock: in the middle of a day at which clocks change.
var now = time.Date(2024, 10, 27, 11, 30, 0, 0, time.UTC)

func service(w engine) *query.Service { return serviceOf(w, 0) }

func serviceOf(w engine, columnBytes int64) *query.Service {
	return query.New(w.Database(), query.Options{Now: func() time.Time { return now }, Cohorts: findCohort, ColumnBytes: columnBytes})
}

// loaded gives each engine with the dataset in it, and DuckDB once more for each of the
// other ways in which it may be asked.
func loaded(t *testing.T, d *dataset) map[string]*query.Service {
	t.Helper()
	raw := folder(t.TempDir())
	loads := d.objects(t, raw)
	services := map[string]*query.Service{}
	for _, name := range engineNames {
		w := open(t, name, raw)
		if err := w.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		services[name] = service(w)
		for _, objects := range loads {
			if _, err := w.Load(t.Context(), objects); err != nil {
				t.Fatalf("load into %s: %v", name, err)
			}
		}
		if name == "duckdb" {
			services["duckdb without columns"] = serviceOf(w, -1)
			services["duckdb with little memory"] = serviceOf(w, 64<<10)
		}
	}
	return services
}
