package warehouse_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	duckdbdriver "github.com/duckdb/duckdb-go/v2"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/migrate"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
	"github.com/dataloaf/dataloaf/functions/warehouse/warehousetest"
)

// place is where the tables of a test of migrations are, by what a child process
// can be told: DuckDB's file or PostgreSQL's URL.
type place struct{ engine, at string }

func newPlace(t *testing.T, engine string) place {
	if engine == "duckdb" {
		return place{engine, filepath.Join(t.TempDir(), "w.duckdb")}
	}
	return place{engine, postgrestest.URL(t)}
}

func (p place) open(ctx context.Context) (engine, error) {
	if p.engine == "duckdb" {
		return duckdb.Open(ctx, duckdb.Config{Path: p.at, Now: fixed})
	}
	return postgres.Open(ctx, postgres.Config{URL: p.at, Now: fixed})
}

// connector is how the driver reaches it.
func (p place) connector() (driver.Connector, error) {
	if p.engine == "duckdb" {
		return duckdbdriver.NewConnector(p.at, nil)
	}
	return connect.FromURL(p.at, warehouse.PostgreSQL)
}

func fixed() time.Time { return noon }

// stepsOf are an engine's migrations.
func stepsOf(t *testing.T, engine string) []migrate.Step {
	t.Helper()
	steps, err := migrate.Read(os.DirFS(engine))
	if err != nil || len(steps) == 0 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	return steps
}

func unlocked(context.Context, *sql.Tx) error { return nil }

// older brings empty tables to a version and puts data into them.
func older(t *testing.T, db *sql.DB, engine string, version int) {
	t.Helper()
	if version == 0 {
		return
	}
	if err := migrate.Run(t.Context(), db, stepsOf(t, engine)[:version], unlocked, fixed); err != nil {
		t.Fatal(err)
	}
	object := `'{"a":1,"B":[true,null]}'`
	if engine == "redshift" {
		object = `JSON_PARSE(` + object + `)`
	}
	const at = `'2024-05-01 12:00:00.123456'`
	statements := []string{
		`INSERT INTO "events" ("event_id", "event", "user_id", "timestamp", "properties", "received_at", "load_id") VALUES ('00000000-0000-7000-8000-000000000001', 'kept', NULL, ` + at + `, ` + object + `, ` + at + `, 1)`,
		`INSERT INTO "users" ("user_id", "created_at", "attributes", "attribute_times", "updated_at") VALUES ('u', NULL, ` + object + `, ` + object + `, ` + at + `)`,
		`INSERT INTO "loaf_event_catalog" ("event", "count", "first_seen", "last_seen") VALUES ('kept', 1, ` + at + `, ` + at + `)`,
		`INSERT INTO "loaf_property_catalog" ("event", "property", "type", "count") VALUES ('kept', 'a', 'number', 1)`,
		`INSERT INTO "loaf_loads" ("load_id", "started_at", "finished_at", "objects", "lines", "inserted", "duplicates") VALUES (1, ` + at + `, ` + at + `, 1, 1, 1, 0)`,
		`INSERT INTO "loaf_files" ("object_id", "bucket", "key", "kind", "status", "load_id", "lines", "inserted", "duplicates", "updated", "size_bytes", "loaded_at") VALUES ('events/events/a', 'events', 'events/a', 'events', 'loaded', 1, 1, 1, 0, 0, 10, ` + at + `)`,
	}
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// dump is the whole state of a warehouse: its columns, their types, its indexes, and
// every row of every table.
func dump(t *testing.T, db *sql.DB, engine string) (out []string) {
	t.Helper()
	read := func(query string) []string { return warehousetest.Texts(t.Context(), t, db, query) }
	columns := map[string][]string{}
	var tables []string
	for _, s := range read(`SELECT "table_name" || ' ' || "column_name" || ' ' || "data_type" || ' ' || "is_nullable" FROM information_schema.columns WHERE "table_schema" IN ('public', 'main') ORDER BY "table_name", "ordinal_position"`) {
		out = append(out, s)
		part := strings.Fields(s)
		if !slices.Contains(tables, part[0]) {
			tables = append(tables, part[0])
		}
		columns[part[0]] = append(columns[part[0]], `COALESCE(CAST("`+part[1]+`" AS VARCHAR(1000)), '-')`)
	}
	switch engine {
	case "postgres":
		out = append(out, read(`SELECT "indexdef" FROM pg_indexes WHERE "schemaname" = 'public' ORDER BY 1`)...)
	case "duckdb":
		out = append(out, read(`SELECT "table_name" || ' ' || "constraint_text" FROM duckdb_constraints() ORDER BY 1`)...)
	}
	for _, table := range tables {
		for _, row := range read(`SELECT ` + strings.Join(columns[table], ` || ' | ' || `) + ` FROM "` + table + `" ORDER BY 1`) {
			out = append(out, table+": "+row)
		}
	}
	return out
}

// counting is a connector whose connections call strike before the statement of a
// number.
type counting struct {
	driver.Connector
	left   int
	strike func() error
}

func (c *counting) Connect(ctx context.Context) (driver.Conn, error) {
	if c.left <= 0 {
		return nil, c.strike()
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &countingConn{Conn: conn, of: c}, nil
}

type countingConn struct {
	driver.Conn
	of *counting
}

func (c *countingConn) count() error {
	if c.of.left--; c.of.left <= 0 {
		return errors.Join(c.of.strike(), c.Close())
	}
	return nil
}

func (c *countingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.count(); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *countingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.count(); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *countingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.count(); err != nil {
		return nil, err
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	return countingTx{tx, c}, err
}

type countingTx struct {
	driver.Tx
	of *countingConn
}

func (t countingTx) Commit() error {
	if err := t.of.count(); err != nil {
		return err
	}
	return t.Tx.Commit()
}

// migratingEnv makes this test binary a process that migrates, and is killed before
// the statement of a number.
const migratingEnv = "DATALOAF_TEST_MIGRATING"

// TestMain runs the tests, or is such a process.
func TestMain(m *testing.M) {
	if told := os.Getenv(migratingEnv); told != "" {
		if err := migrateAndDie(strings.Split(told, "\n")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func migrateAndDie(told []string) error {
	p := place{told[0], told[1]}
	statement, err := strconv.Atoi(told[2])
	if err != nil {
		return err
	}
	steps, err := migrate.Read(os.DirFS(p.engine))
	if err != nil {
		return err
	}
	connector, err := p.connector()
	if err != nil {
		return err
	}
	db := sql.OpenDB(&counting{Connector: connector, left: statement, strike: func() error {
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			return err
		}
		select {} // until it comes
	}})
	if err := migrate.Run(context.Background(), db, steps, unlocked, fixed); err != nil {
		return err
	}
	return db.Close()
}

// killed runs that process, and tells whether it was killed before it was done.
func (p place) killed(t *testing.T, statement int) bool {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$") //nolint:gosec // this test binary
	child.Env = append(os.Environ(), migratingEnv+"="+strings.Join([]string{p.engine, p.at, strconv.Itoa(statement)}, "\n"))
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return false
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return true
	default:
		t.Fatalf("statement %d: %v\n%s", statement, err, out)
		return false
	}
}

// From every version, with data in it, a migration that is killed before any of its
// statements and run again ends where one ends that was not.
func TestAMigrationThatIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts some hundred processes")
	}
	for _, engine := range []string{"duckdb", "postgres"} {
		newest := len(stepsOf(t, engine))
		for version := range newest {
			t.Run(fmt.Sprintf("%s/%d", engine, version), func(t *testing.T) {
				prepare := func() place {
					p := newPlace(t, engine)
					w, err := p.open(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					older(t, w.Database().SQL, engine, version)
					if err := w.Close(); err != nil {
						t.Fatal(err)
					}
					return p
				}
				after := func(p place) []string {
					w, err := p.open(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					defer w.Close()
					if err := w.Migrate(t.Context()); err != nil {
						t.Fatal(err)
					}
					return dump(t, w.Database().SQL, engine)
				}
				wanted := after(prepare())
				if rows := slices.ContainsFunc(wanted, func(s string) bool { return strings.HasPrefix(s, "events: ") }); rows != (version > 0) {
					t.Fatalf("version %d: %q", version, wanted)
				}
				statement := 1
				for ; ; statement++ {
					p := prepare()
					if !p.killed(t, statement) {
						break
					}
					want(t, fmt.Sprintf("killed before statement %d", statement), after(p), wanted...)
				}
				if least := 4 * (newest - version); statement <= least {
					t.Errorf("it has %d statements, want more than %d", statement, least)
				}
			})
		}
	}
}

// The same on Redshift's stand-in, where the connection ends, which is what the
// server sees of a process that is killed.
func TestAMigrationThatIsCutOff(t *testing.T) {
	const engine = "redshift"
	steps := stepsOf(t, engine)
	for version := range steps {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			prepare := func() (*redshifttest.Server, *redshift.Warehouse) {
				raw := folder(t.TempDir())
				s := redshifttest.Start(t, string(raw))
				config := redshiftConfig(s, raw)
				config.Now = fixed
				w, err := redshift.Open(config)
				if err != nil {
					t.Fatal(err)
				}
				older(t, w.Database().SQL, engine, version)
				return s, w
			}
			after := func(w *redshift.Warehouse) []string {
				defer w.Close()
				if err := w.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				return dump(t, w.Database().SQL, engine)
			}
			_, w := prepare()
			wanted := after(w)
			for statement := 1; ; statement++ {
				s, w := prepare()
				connector, err := connect.New(reach(s, as(s.Admin)))
				if err != nil {
					t.Fatal(err)
				}
				cut := errors.New("cut off")
				db := sql.OpenDB(&counting{Connector: connector, left: statement, strike: func() error { return cut }})
				err = migrate.Run(t.Context(), db, steps, unlocked, fixed)
				_ = db.Close() // of what is cut off it says so
				if err != nil && !errors.Is(err, cut) {
					t.Fatal(err)
				}
				want(t, fmt.Sprintf("cut off before statement %d", statement), after(w), wanted...)
				if err == nil {
					break
				}
			}
		})
	}
}

// Two programs that migrate at once end where one does.
func TestTwoMigrateAtOnce(t *testing.T) {
	for _, name := range []string{"postgres", "redshift"} {
		for version := range stepsOf(t, name) {
			t.Run(fmt.Sprintf("%s/%d", name, version), func(t *testing.T) {
				raw := folder(t.TempDir())
				result := func(programs int) []string {
					open := site(t, name, raw, fixed)
					var all []engine
					for range programs {
						w, err := open()
						if err != nil {
							t.Fatal(err)
						}
						defer w.Close()
						all = append(all, w)
					}
					older(t, all[0].Database().SQL, name, version)
					var running sync.WaitGroup
					failed := make([]error, programs)
					for i, w := range all {
						running.Go(func() { failed[i] = w.Migrate(t.Context()) })
					}
					running.Wait()
					if err := errors.Join(failed...); err != nil {
						t.Fatal(err)
					}
					return dump(t, all[0].Database().SQL, name)
				}
				want(t, "four at once", untimed(result(4)), untimed(result(1))...)
			})
		}
	}
	t.Run("duckdb", func(t *testing.T) {
		// Its file belongs to one process: a second one is told so.
		p := newPlace(t, "duckdb")
		w, err := p.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$") //nolint:gosec // this test binary
		child.Env = append(os.Environ(), migratingEnv+"="+strings.Join([]string{p.engine, p.at, "1000"}, "\n"))
		if out, err := child.CombinedOutput(); err == nil || !strings.Contains(string(out), "lock") {
			t.Errorf("%v: %s", err, out)
		}
		if err := w.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// untimed leaves out when a step was applied: Redshift's configuration has a clock
// of its own.
func untimed(state []string) []string {
	return slices.DeleteFunc(state, func(s string) bool { return strings.HasPrefix(s, "loaf_migrations: ") })
}

// A program that knows fewer steps than the tables have refuses them, says what to
// do, and leaves them as they are.
func TestAnOlderProgramRefusesNewerTables(t *testing.T) {
	for _, name := range engineNames {
		t.Run(name, func(t *testing.T) {
			w := opened(t, site(t, name, folder(t.TempDir()), nil))
			db, steps := w.Database().SQL, stepsOf(t, name)
			before := dump(t, db, name)
			for known := range steps {
				err := migrate.Run(t.Context(), db, steps[:known], unlocked, fixed)
				message := fmt.Sprintf("schema version %d, this program knows %d: the warehouse was made by a newer DataLoaf: upgrade this program", len(steps), known)
				if !errors.Is(err, warehouse.ErrNewerSchema) || err.Error() != message {
					t.Errorf("a program of version %d: %v", known, err)
				}
			}
			want(t, "the tables", dump(t, db, name), before...)
		})
	}
}
