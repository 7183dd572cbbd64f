package warehouse_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
)

// provisioned is a warehouse that can make its users.
type provisioned interface {
	engine
	Provision(context.Context, warehouse.LoginFunc, warehouse.Accounts) error
}

// server is one that has users.
type server struct {
	admin warehouse.Login
	open  func(warehouse.Login) provisioned
	// statements are those that came, where that is known.
	statements func() []string
	raw        folder
}

// eachServer runs a test on the engines that have users.
func eachServer(t *testing.T, test func(t *testing.T, s server)) {
	t.Helper()
	kinds := map[string]func(t *testing.T, raw folder) (server, func(warehouse.Login) (provisioned, error)){
		"redshift": func(t *testing.T, raw folder) (server, func(warehouse.Login) (provisioned, error)) {
			s := redshifttest.Start(t, string(raw))
			return server{admin: s.Admin, statements: s.Statements}, func(l warehouse.Login) (provisioned, error) {
				c := redshiftConfig(s, raw)
				c.Connect.Login = as(l)
				return redshift.Open(c)
			}
		},
		"postgres": func(t *testing.T, raw folder) (server, func(warehouse.Login) (provisioned, error)) {
			s := postgrestest.TLS(t)
			roots, err := connect.ReadRootCAs(s.CAFile)
			if err != nil {
				t.Fatal(err)
			}
			none := func() []string { return nil }
			return server{admin: warehouse.Login{Username: s.Admin, Password: s.AdminPassword}, statements: none}, func(l warehouse.Login) (provisioned, error) {
				c := connect.Config{Host: s.Host, Port: s.Port, Database: s.Database, RootCAs: roots, Login: as(l)}
				return postgres.Open(t.Context(), postgres.Config{Connect: &c, Source: raw})
			}
		},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			raw := folder(t.TempDir())
			s, open := kind(t, raw)
			s.raw = raw
			s.open = func(l warehouse.Login) provisioned {
				w, err := open(l)
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
			test(t, s)
		})
	}
}

func TestProvision(t *testing.T) {
	eachServer(t, func(t *testing.T, s server) {
		users := redshifttest.Accounts()
		load1 := s.open(users.Load)
		for range 2 { // it is done again at every deployment
			if err := load1.Provision(t.Context(), as(s.admin), users); err != nil {
				t.Fatal(err)
			}
		}
		for _, statement := range s.statements() {
			for _, l := range []warehouse.Login{users.Load, users.Update, users.Insights, s.admin} {
				if strings.Contains(statement, l.Password) {
					t.Errorf("the password of %s stands in a statement: %s", l.Username, statement)
				}
			}
		}
		update1, insights := s.open(users.Update), s.open(users.Insights)

		// Each does its own work.
		load(t, load1, s.raw.put(t, warehouse.Events, "a", eventLine(1, noon, "x", "u", `{"p":1}`)))
		if err := update1.Merge(t.Context(), s.raw.put(t, warehouse.Updates, "b", ""), []warehouse.UserWrite{update("u", noon, `{"plan":"pro"}`)}); err != nil {
			t.Errorf("update merges: %v", err)
		}
		for _, table := range []string{"events", "users", "loaf_event_catalog", "loaf_property_catalog", "loaf_loads", "loaf_files"} {
			column(t, insights, `SELECT CAST(COUNT(*) AS VARCHAR) FROM "`+table+`"`)
		}
		// A table of the next version can be read at once.
		if _, err := load1.Database().SQL.ExecContext(t.Context(), `CREATE TABLE "loaf_next" ("n" INTEGER)`); err != nil {
			t.Fatal(err)
		}
		column(t, insights, `SELECT CAST(COUNT(*) AS VARCHAR) FROM "loaf_next"`)

		for _, statement := range []string{
			`INSERT INTO "loaf_documents" VALUES ('insight', 'a', 1, '{}', '2024-05-01', 'jo', '2024-05-01', 'jo')`,
			`UPDATE "loaf_documents" SET "version" = 2 WHERE "id" = 'a'`, `DELETE FROM "loaf_documents" WHERE "id" = 'a'`,
		} {
			if err := inTransaction(t, insights.Database().SQL, statement); err != nil {
				t.Errorf("insights saves: %v", err)
			}
		}

		// The tables are load's own, so that it keeps its audits without a grant.
		for _, statement := range []string{
			`INSERT INTO "loaf_documents" VALUES ('audit', 'b', 1, '{}', '2024-05-01', 'audit', '2024-05-01', 'audit')`,
			`SELECT * FROM "loaf_documents"`, `DELETE FROM "loaf_documents" WHERE "id" = 'b'`,
		} {
			if err := inTransaction(t, load1.Database().SQL, statement); err != nil {
				t.Errorf("load keeps its audits: %v", err)
			}
		}

		// And nothing else.
		denied := func(who string, w provisioned, statements ...string) {
			t.Helper()
			for _, statement := range statements {
				err := inTransaction(t, w.Database().SQL, statement)
				if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be") {
					t.Errorf("%s may %s: %v", who, statement, err)
				}
			}
		}
		other := `CREATE USER "loaf_other" PASSWORD 'md5153c434b4b77c89e6b94f12c5393af5b' NOCREATEDB NOCREATEUSER`
		if load1.Database().Dialect == warehouse.PostgreSQL {
			other = `CREATE USER "loaf_other" NOCREATEDB`
		}
		denied("insights", insights,
			`INSERT INTO "events" SELECT * FROM "events"`, `DELETE FROM "users"`, `UPDATE "loaf_files" SET "status" = 'x'`, `INSERT INTO "loaf_lock" VALUES (1)`,
			`LOCK TABLE "events"`, `LOCK TABLE "loaf_lock"`, `DROP TABLE "events"`, `CREATE TABLE "mine" ("n" INTEGER)`, `CREATE TEMP TABLE "mine" ("n" INTEGER)`, other)
		denied("update", update1,
			`SELECT * FROM "events"`, `INSERT INTO "events" SELECT * FROM "events"`, `SELECT * FROM "loaf_loads"`, `SELECT * FROM "loaf_documents"`, `DELETE FROM "loaf_files"`, `UPDATE "loaf_files" SET "status" = 'x'`,
			`LOCK TABLE "events"`, `DROP TABLE "users"`, `CREATE TABLE "mine" ("n" INTEGER)`, other)
		denied("load", load1, other, `CREATE DATABASE "mine"`)
	})
}

// inTransaction runs a statement and undoes it.
func inTransaction(t *testing.T, db *sql.DB, statement string) error {
	t.Helper()
	if strings.HasPrefix(statement, "CREATE DATABASE") {
		_, err := db.ExecContext(t.Context(), statement)
		return err
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), statement)
	return err
}

func TestProvisionFollowsANewPassword(t *testing.T) {
	eachServer(t, func(t *testing.T, s server) {
		users := redshifttest.Accounts()
		if err := s.open(users.Load).Provision(t.Context(), as(s.admin), users); err != nil {
			t.Fatal(err)
		}
		old := users.Insights
		users.Insights.Password = "Another-secret"
		if err := s.open(users.Load).Provision(t.Context(), as(s.admin), users); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			login warehouse.Login
			want  bool
		}{{old, false}, {users.Insights, true}} {
			if err := s.open(test.login).Database().SQL.PingContext(t.Context()); (err == nil) != test.want {
				t.Errorf("the password %q: %v", test.login.Password, err)
			}
		}
	})
}

func TestProvisionRefusesOddUsers(t *testing.T) {
	eachServer(t, func(t *testing.T, s server) {
		for want, change := range map[string]func(*warehouse.Accounts){
			`the name "Loaf" of the user for load`:                 func(a *warehouse.Accounts) { a.Load.Username = "Loaf" },
			`as is the admin`:                                      func(a *warehouse.Accounts) { a.Insights.Username = s.admin.Username },
			`as is the user for load`:                              func(a *warehouse.Accounts) { a.Update.Username = a.Load.Username },
			`has no password`:                                      func(a *warehouse.Accounts) { a.Update.Password = "" },
			`the name "a\" SUPERUSER --" of the user for insights`: func(a *warehouse.Accounts) { a.Insights.Username = `a" SUPERUSER --` },
		} {
			users := redshifttest.Accounts()
			change(&users)
			if err := s.open(s.admin).Provision(t.Context(), as(s.admin), users); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("want %s, got %v", want, err)
			}
		}
		if n := len(s.statements()); n > 0 {
			t.Errorf("%d statements", n)
		}
	})
}

func TestLoginsPrintNoPassword(t *testing.T) {
	l := warehouse.Login{Username: "u", Password: "s3cret"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, l); strings.Contains(text, "s3cret") {
			t.Errorf("%s gives %s", format, text)
		}
	}
	if _, err := connect.New(connect.Config{}); err == nil {
		t.Error("a connection to nowhere")
	}
}
