package dialect

import (
	"database/sql"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	_ "github.com/lib/pq"

	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// Groups go by a number's shortest text, the same on every engine and in Go.
func TestNumberKey(t *testing.T) {
	numbers := []float64{
		0, math.Copysign(0, -1), 1, -1, 10, 0.1, -0.1, 1.5, 100, 123456789, 0.001, 0.0001, 0.00012, 1e-5, 1.5e-6, 1e-6, 9.99e-7, 1e-7, 1.25e-7, 1e-10, -1e-7,
		999999999999999, 1e15, 1e16, 1.5e16, 123456789012345680000, 1e20, 1e21, 1.5e21, -1e21, 1e100, 1e-100, 5e-324, 2.2250738585072014e-308, math.MaxFloat64,
		9007199254740993, 0.30000000000000004, 1e22, 1e9, 4.35, 1234567.891,
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		numbers = append(numbers, math.Pow(10, random.Float64()*50-25)*float64(random.IntN(2)*2-1), float64(random.IntN(1e6))/100)
	}
	for name, engine := range map[string]struct {
		driver, source, key string
	}{
		"duckdb":   {"duckdb", "", DuckDB{}.GroupKey(Property{Number: "CAST($1 AS DOUBLE)"}).SQL},
		"postgres": {"postgres", postgrestest.URL(t), PostgreSQL{}.GroupKey(Property{Number: "CAST($1 AS double precision)"}).SQL},
	} {
		db, err := sql.Open(engine.driver, engine.source)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		for _, n := range numbers {
			if name == "postgres" && math.Abs(n) > 1<<53 {
				// Where a shorter text lies half-way between two doubles it writes a
				// longer one; docs/semantics.md says so.
				continue
			}
			text, err := json.Marshal(n)
			if err != nil {
				t.Fatal(err)
			}
			want, err := wire.Canonical(text)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if err := db.QueryRowContext(t.Context(), "SELECT "+engine.key, n).Scan(&got); err != nil {
				t.Fatalf("%s, %s: %v", name, text, err)
			}
			final := []byte(strings.TrimPrefix(got, FinalMark))
			if strings.HasPrefix(got, NumberMark) {
				if final, err = wire.Canonical([]byte(got[1:])); err != nil {
					t.Fatalf("%s, %s: %q: %v", name, text, got, err)
				}
			}
			if string(final) != string(want) {
				t.Errorf("%s writes %s as %q", name, want, got)
			}
		}
	}
}
