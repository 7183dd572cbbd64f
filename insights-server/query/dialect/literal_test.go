package dialect

import (
	"database/sql"
	"math"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
)

func TestRunnable(t *testing.T) {
	const statement = `SELECT $1, "a$1""b", 'it''s $2' FROM t WHERE x = $2 AND y = $10 AND z = $3`
	args := []any{`o'hara`, `a\b`, 1.5, true, 5, 6, 7, 8, 9, false}
	for name, want := range map[warehouse.Dialect]string{
		warehouse.DuckDB:     `SELECT 'o''hara', "a$1""b", 'it''s $2' FROM t WHERE x = 'a\b' AND y = FALSE AND z = CAST('1.5' AS DOUBLE)`,
		warehouse.PostgreSQL: `SELECT 'o''hara', "a$1""b", 'it''s $2' FROM t WHERE x = E'a\\b' AND y = FALSE AND z = '1.5'`,
		warehouse.Redshift:   `SELECT 'o''hara', "a$1""b", 'it''s $2' FROM t WHERE x = CONCAT('a', CONCAT(CHR(92), 'b')) AND y = FALSE AND z = '1.5'`,
	} {
		got, err := Runnable(name, statement, args)
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v\nwant %s", name, got, err, want)
		}
	}
}

func TestRunnableRefusesWhatItCannotWrite(t *testing.T) {
	for statement, args := range map[string][]any{
		`SELECT $1`:       {},
		`SELECT $2`:       {"a"},
		`SELECT $0`:       {"a"},
		`SELECT $x`:       {"a"},
		`SELECT 'open $1`: {"a"},
		`SELECT $1, $1`:   {[]byte("a")},
	} {
		if got, err := Runnable(warehouse.DuckDB, statement, args); err == nil {
			t.Errorf("%s becomes %s", statement, got)
		}
	}
}

// TestLiteralsAreTheirValues reads literals back from the engines. On Redshift
// the expression is one that PostgreSQL has as well.
func TestLiteralsAreTheirValues(t *testing.T) {
	for _, c := range []struct {
		name           warehouse.Dialect
		driver, source string
	}{
		{warehouse.DuckDB, "duckdb", ""},
		{warehouse.PostgreSQL, "postgres", postgrestest.URL(t)},
		{warehouse.Redshift, "postgres", postgrestest.URL(t)},
	} {
		db, err := sql.Open(c.driver, c.source)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		for _, text := range []string{"", "a", `'`, `''`, `\`, `\'`, `\\n\`, `"`, "$1", "new\nline", "日本 é 😀", "--", "/*", "E'", `x'); DROP TABLE events; --`} {
			statement, err := Runnable(c.name, "SELECT CAST($1 AS VARCHAR)", []any{text})
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if err := db.QueryRowContext(t.Context(), statement).Scan(&got); err != nil || got != text {
				t.Errorf("%s: %s is %q, %v; want %q", c.name, statement, got, err, text)
			}
		}
		for _, number := range []float64{0, -3, 0.1, 1e100, -1e-300, 5e-324, 9007199254740993, math.MaxFloat64} {
			statement, err := Runnable(c.name, "SELECT CAST($1 AS DOUBLE PRECISION)", []any{number})
			if err != nil {
				t.Fatal(err)
			}
			var got float64
			if err := db.QueryRowContext(t.Context(), statement).Scan(&got); err != nil || got != number {
				t.Errorf("%s: %s is %v, %v; want %v", c.name, statement, got, err, number)
			}
		}
	}
}
