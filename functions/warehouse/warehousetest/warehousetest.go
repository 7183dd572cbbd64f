// Package warehousetest reads what lies in a warehouse as it is, for tests.
package warehousetest

import (
	"context"
	"database/sql"
	"strings"
	"testing"
)

// Texts are the values of a query's only column.
func Texts(ctx context.Context, t testing.TB, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

// Rows are the rows of each table as text, a row a line, by the table's name.
func Rows(ctx context.Context, t testing.TB, db *sql.DB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range Texts(ctx, t, db, `SELECT table_name FROM information_schema.tables WHERE table_schema IN ('main', 'public')`) {
		out[table] = strings.Join(Texts(ctx, t, db, `SELECT CAST(t AS text) FROM "`+table+`" AS t`), "\n")
	}
	return out
}
