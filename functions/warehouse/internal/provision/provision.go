// Package provision makes the users that work in a warehouse and gives each
// what its program needs and no more. Everything in it can be done again: what
// is there already is brought to the same state.
package provision

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
)

// Engine is what differs between warehouses.
type Engine struct {
	// Password is what stands in place of a password in a statement: a digest,
	// so that the password itself reaches no log of statements.
	Password func(warehouse.Login) (string, error)
	// Options of every user: no right to make databases or users.
	Options string
	// Readable are the tables that insights reads.
	Readable []string
	// Writable is what update may do, in the order of the tables: exactly what a
	// merge does.
	Writable []Grant
	// Saved is what insights may do beside reading: keep what people save.
	Saved []Grant
}

// Grant is what is allowed on a table.
type Grant struct{ Table, Privileges string }

// SelectUser is the query that tells whether a user is there.
const SelectUser = `SELECT COUNT(*) FROM pg_user WHERE usename = $1`

// SelectDatabase is the query for the name of the database.
const SelectDatabase = `SELECT current_database()`

// MakeUser is the statement that makes a user or, where it is there, sets its
// password and takes from it what a user should not have.
func (e Engine) MakeUser(exists bool, l warehouse.Login) (string, error) {
	password, err := e.Password(l)
	if err != nil {
		return "", fmt.Errorf("the password of %q: %w", l.Username, err)
	}
	verb := "CREATE"
	if exists {
		verb = "ALTER"
	}
	return fmt.Sprintf("%s USER %s PASSWORD '%s' %s", verb, quote(l.Username), strings.ReplaceAll(password, "'", "''"), e.Options), nil
}

// Admin are the statements that the admin runs when the users are there. Only
// load makes tables; update needs temporary ones; nobody else may make any.
func Admin(database string, a warehouse.Accounts) []string {
	load, update, insights := quote(a.Load.Username), quote(a.Update.Username), quote(a.Insights.Username)
	return []string{
		`REVOKE CREATE ON SCHEMA "public" FROM PUBLIC`,
		`REVOKE TEMP ON DATABASE ` + quote(database) + ` FROM PUBLIC`,
		`GRANT USAGE ON SCHEMA "public" TO ` + load + `, ` + update + `, ` + insights,
		`GRANT CREATE ON SCHEMA "public" TO ` + load,
		`GRANT TEMP ON DATABASE ` + quote(database) + ` TO ` + load + `, ` + update,
	}
}

// Owner are the statements that load runs, which owns the tables. What was
// given before and is given no more is taken away.
func (e Engine) Owner(a warehouse.Accounts) []string {
	update, insights := quote(a.Update.Username), quote(a.Insights.Username)
	readable := make([]string, len(e.Readable))
	for i, table := range e.Readable {
		readable[i] = quote(table)
	}
	tables := strings.Join(readable, ", ")
	statements := []string{
		"REVOKE ALL ON TABLE " + tables + `, "loaf_lock" FROM ` + update + ", " + insights,
		"GRANT SELECT ON TABLE " + tables + " TO " + insights,
		// For the tables of the next version, from the moment that they are made.
		`ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT SELECT ON TABLES TO ` + insights,
	}
	for _, g := range e.Writable {
		statements = append(statements, "GRANT "+g.Privileges+" ON TABLE "+quote(g.Table)+" TO "+update)
	}
	for _, g := range e.Saved {
		statements = append(statements, "GRANT "+g.Privileges+" ON TABLE "+quote(g.Table)+" TO "+insights)
	}
	return statements
}

// Run makes the users as the admin, has the tables brought to the newest
// version, and gives each user what it needs as load, which owns them.
func Run(ctx context.Context, as connect.Config, admin warehouse.LoginFunc, load *sql.DB, migrate func(context.Context) error, e Engine, a warehouse.Accounts) error {
	login, err := admin(ctx, false)
	if err != nil {
		return fmt.Errorf("get the admin's login: %w", err)
	}
	if err := a.Check(login.Username); err != nil {
		return fmt.Errorf("make the users of the warehouse: %w", err)
	}
	as.Login = admin
	if err := users(ctx, as, e, a); err != nil {
		return fmt.Errorf("make the users of the warehouse: %w", err)
	}
	if err := migrate(ctx); err != nil {
		return err
	}
	if err := run(ctx, load, e.Owner(a)); err != nil {
		return fmt.Errorf("give the users of the warehouse what they need: %w", err)
	}
	return nil
}

// users makes the users, as the admin.
func users(ctx context.Context, as connect.Config, e Engine, a warehouse.Accounts) (err error) {
	connector, err := connect.New(as)
	if err != nil {
		return err
	}
	admin := connect.Open(connector)
	defer func() { err = errors.Join(err, admin.Close()) }()
	for _, login := range []warehouse.Login{a.Load, a.Update, a.Insights} {
		var n int
		if err := admin.QueryRowContext(ctx, SelectUser, login.Username).Scan(&n); err != nil {
			return fmt.Errorf("look for the user %q: %w", login.Username, err)
		}
		statement, err := e.MakeUser(n > 0, login)
		if err != nil {
			return err
		}
		if _, err := admin.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("make the user %q: %w", login.Username, err)
		}
	}
	var database string
	if err := admin.QueryRowContext(ctx, SelectDatabase).Scan(&database); err != nil {
		return fmt.Errorf("ask for the database's name: %w", err)
	}
	return run(ctx, admin, Admin(database, a))
}

// run runs the statements in one transaction, so that nobody ever has half of
// what they need.
func run(ctx context.Context, db *sql.DB, statements []string) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin to grant: %w", err)
	}
	defer func() {
		if err != nil {
			// The error that made us give up is the one to report.
			_ = tx.Rollback()
		}
	}()
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit the grants: %w", err)
	}
	return nil
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
