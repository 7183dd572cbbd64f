package duckdb

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
)

// DuckDB says of a commit that lacks memory what it says of one that lost a race: that
// the transaction failed. To try it again would not help.
func TestACommitThatLacksMemoryIsTooMuch(t *testing.T) {
	w, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "w.duckdb"), MemoryLimit: "512MiB"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := w.db.ExecContext(t.Context(), `CREATE TABLE "long" AS SELECT 'first' AS "text"`); err != nil {
		t.Fatal(err)
	}
	tx, err := w.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		// What DuckDB works on at once, 2,048 rows, is more than the memory that is left.
		`INSERT INTO "long" SELECT repeat(CAST(i AS VARCHAR), 8000) FROM range(1000, 5000) AS r(i)`,
		`SET GLOBAL memory_limit = '32MiB'`,
	} {
		if _, err := tx.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	err = tx.Commit()
	if err == nil {
		t.Fatal("the commit has enough memory")
	}
	err = (&engine{}).Classify(fmt.Errorf("commit: %w", err))
	if !errors.Is(err, warehouse.ErrTooMuch) || errors.Is(err, writer.ErrConflict) {
		t.Errorf("want ErrTooMuch, got %v", err)
	}
}
