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
	// Vectors begins a reading of whole columns in one state of the tables; nil for
	// an engine that has none.
	Vectors func(context.Context) (VectorReader, error)
}

// Columns names the typed columns that hold one event property, or one attribute of
// users; a name is empty when no value of that type has appeared. Of a property that
// is present and not null exactly one column is not null.
type Columns struct {
	// Text is VARCHAR, Number DOUBLE, Boolean BOOLEAN, and Complex the compact
	// JSON text of an object or array.
	Text, Number, Boolean, Complex string
}

// Properties says how event properties lie in the events table, or attributes in
// the users table.
type Properties struct {
	// Columns goes by property name.
	Columns map[string]Columns
	// Complete is false when properties exist that have no columns; they, and
	// every property on an engine without typed columns, are read from the
	// JSON column.
	Complete bool
}

// TypedTable is a table that keeps the members of a JSON column in typed columns
// beside it.
type TypedTable struct {
	// Table is its name, JSON the column's, and Catalogue the name of the table
	// that lists the typed ones.
	Table, JSON, Catalogue string
	// prefix begins the names of the typed columns.
	prefix string
}

// The tables with typed columns, of engines that have any.
var (
	EventProperties = TypedTable{Table: "events", JSON: "properties", Catalogue: "loaf_property_columns", prefix: "p"}
	UserAttributes  = TypedTable{Table: "users", JSON: "attributes", Catalogue: "loaf_attribute_columns", prefix: "a"}
)

// PropertyColumns reads the catalogue of a table's typed columns. Engines without
// typed columns give an empty, incomplete catalogue.
func PropertyColumns(ctx context.Context, db Database, t TypedTable) (Properties, error) {
	return PropertyColumnsIn(ctx, db.SQL, db.Dialect, t)
}

// PropertyColumnsIn is PropertyColumns as a transaction sees it.
func PropertyColumnsIn(ctx context.Context, q Querier, d Dialect, t TypedTable) (Properties, error) {
	out := Properties{Columns: map[string]Columns{}}
	if d != DuckDB {
		return out, nil
	}
	known, err := ReadPropertyColumns(ctx, q, t)
	if err != nil {
		return out, err
	}
	for name, c := range known {
		out.Columns[name] = t.Columns(c)
	}
	out.Complete = len(out.Columns) < MaxPropertyColumns
	return out, nil
}

// LastUserKey is the largest key of a user. Only DuckDB has keys.
func LastUserKey(ctx context.Context, q Querier) (key int64, err error) {
	rows, err := q.QueryContext(ctx, `SELECT CAST(COALESCE(MAX("user_key"), 0) AS BIGINT) FROM "loaf_user_keys"`)
	if err != nil {
		return 0, fmt.Errorf("read the largest key of a user: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&key); err != nil {
			return 0, fmt.Errorf("read the largest key of a user: %w", err)
		}
	}
	return key, rows.Err()
}

// Querier is a *sql.DB, *sql.Conn or *sql.Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ReadPropertyColumns reads the rows of the catalogue of a table's typed columns,
// by property. Only engines with typed columns have it.
func ReadPropertyColumns(ctx context.Context, q Querier, t TypedTable) (map[string]PropertyColumn, error) {
	fail := func(err error) (map[string]PropertyColumn, error) {
		return nil, fmt.Errorf("read the catalogue of the typed columns of %s: %w", t.Table, err)
	}
	rows, err := q.QueryContext(ctx, `SELECT "property_id", "property", "text", "number", "boolean", "complex" FROM "`+t.Catalogue+`"`)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	out := map[string]PropertyColumn{}
	for rows.Next() {
		var c PropertyColumn
		if err := rows.Scan(&c.ID, &c.Property, &c.Text, &c.Number, &c.Boolean, &c.Complex); err != nil {
			return fail(err)
		}
		out[c.Property] = c
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}

// MaxPropertyColumns is how many event properties, and how many attributes, get
// typed columns; those that appear later stay in the JSON column. Every load writes
// every column of the table, if only as "all null", so a client that invents
// property names must not be able to widen it without bound.
const MaxPropertyColumns = 256

// PropertyColumn is a row of a catalogue of typed columns.
type PropertyColumn struct {
	ID       int
	Property string
	// The types of which values have appeared.
	Text, Number, Boolean, Complex bool
}

// Columns are the names of the columns that a property has.
func (t TypedTable) Columns(p PropertyColumn) Columns {
	name := func(exists bool, kind string) string {
		if !exists {
			return ""
		}
		return fmt.Sprintf("%s%d_%s", t.prefix, p.ID, kind)
	}
	return Columns{
		Text:    name(p.Text, "text"),
		Number:  name(p.Number, "number"),
		Boolean: name(p.Boolean, "boolean"),
		Complex: name(p.Complex, "complex"),
	}
}
