package warehouse

import (
	"context"
	"database/sql"
	"fmt"
)

// Database is what readers of the warehouse get.
type Database struct {
	SQL     *sql.DB
	Dialect Dialect
}

// Columns names the typed columns of the events table that hold one event
// property; a name is empty when no value of that type has appeared. Of a
// property that is present and not null exactly one column is not null.
type Columns struct {
	// Text is VARCHAR, Number DOUBLE, Boolean BOOLEAN, and Complex the compact
	// JSON text of an object or array.
	Text, Number, Boolean, Complex string
}

// Properties says how event properties lie in the events table.
type Properties struct {
	// Columns goes by property name.
	Columns map[string]Columns
	// Complete is false when properties exist that have no columns; they, and
	// every property on an engine without typed columns, are read from the
	// JSON column "properties".
	Complete bool
}

// PropertyColumns reads the catalogue of typed columns. Engines without typed
// columns give an empty, incomplete catalogue.
func PropertyColumns(ctx context.Context, db Database) (Properties, error) {
	return PropertyColumnsIn(ctx, db.SQL, db.Dialect)
}

// PropertyColumnsIn is PropertyColumns as a transaction sees it.
func PropertyColumnsIn(ctx context.Context, q Querier, d Dialect) (Properties, error) {
	out := Properties{Columns: map[string]Columns{}}
	if d != DuckDB {
		return out, nil
	}
	known, err := ReadPropertyColumns(ctx, q)
	if err != nil {
		return out, err
	}
	for name, c := range known {
		out.Columns[name] = c.Columns()
	}
	out.Complete = len(out.Columns) < MaxPropertyColumns
	return out, nil
}

// Querier is a *sql.DB, *sql.Conn or *sql.Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ReadPropertyColumns reads the rows of the catalogue of typed columns, by
// property. Only engines with typed columns have it.
func ReadPropertyColumns(ctx context.Context, q Querier) (map[string]PropertyColumn, error) {
	rows, err := q.QueryContext(ctx, `SELECT "property_id", "property", "text", "number", "boolean", "complex" FROM "loaf_property_columns"`)
	if err != nil {
		return nil, fmt.Errorf("read the catalogue of property columns: %w", err)
	}
	defer rows.Close()
	out := map[string]PropertyColumn{}
	for rows.Next() {
		var c PropertyColumn
		if err := rows.Scan(&c.ID, &c.Property, &c.Text, &c.Number, &c.Boolean, &c.Complex); err != nil {
			return nil, fmt.Errorf("read the catalogue of property columns: %w", err)
		}
		out[c.Property] = c
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the catalogue of property columns: %w", err)
	}
	return out, nil
}

// MaxPropertyColumns is how many event properties get typed columns; those
// that appear later stay in the JSON column. Every load writes every column of
// the table, if only as "all null", so a client that invents property names
// must not be able to widen it without bound.
const MaxPropertyColumns = 256

// PropertyColumn is a row of the catalogue of typed columns.
type PropertyColumn struct {
	ID       int
	Property string
	// The types of which values have appeared.
	Text, Number, Boolean, Complex bool
}

// Columns are the names of the columns that exist.
func (p PropertyColumn) Columns() Columns {
	name := func(exists bool, kind string) string {
		if !exists {
			return ""
		}
		return fmt.Sprintf("p%d_%s", p.ID, kind)
	}
	return Columns{
		Text:    name(p.Text, "text"),
		Number:  name(p.Number, "number"),
		Boolean: name(p.Boolean, "boolean"),
		Complex: name(p.Complex, "complex"),
	}
}
