package writer

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// entry is what the ledger says of an object.
type entry struct {
	id, kind, status            string
	load                        sql.NullInt64
	lines, inserted, duplicates int64
}

// sums is by how much the numbers of a load change.
type sums struct{ lines, inserted, duplicates int64 }

// book holds entries of the ledger while they change, so that they keep adding
// up: new rows and duplicates of an object to its lines, and the new rows of a
// load's objects to the rows that the table has of it.
type book struct {
	entries map[string]*entry
	// loads are the entries of events by load: all of a load's, or none.
	loads map[int64][]*entry
	// changed are the entries to write, and loaded what changes in the records of
	// the loads.
	changed map[string]bool
	loaded  map[int64]*sums
}

const entryColumns = `SELECT "object_id", "kind", "status", "load_id", "lines", "inserted", "duplicates" FROM "loaf_files" WHERE `

// SelectEntries is the query for what the ledger says of n objects.
func SelectEntries(n int) string {
	return entryColumns + `"object_id" IN (` + Placeholders(1, n) + `)`
}

// SelectLoadEntries is the query for what the ledger says of the objects of
// events of n loads.
func SelectLoadEntries(n int) string {
	return entryColumns + `"kind" = 'events' AND "status" = 'loaded' AND "load_id" IN (` + Placeholders(1, n) + `) ORDER BY "load_id", "object_id"`
}

func scanEntry(rows *sql.Rows) (*entry, error) {
	var e entry
	err := rows.Scan(&e.id, &e.kind, &e.status, &e.load, &e.lines, &e.inserted, &e.duplicates)
	return &e, err
}

// open reads the entries of the loads that it does not hold.
func (b *book) open(ctx context.Context, tx *sql.Tx, loads []int64) error {
	var unread []int64
	for _, load := range loads {
		if _, ok := b.loads[load]; !ok {
			b.loads[load] = nil
			unread = append(unread, load)
		}
	}
	for some := range slices.Chunk(unread, lookup) {
		args := make([]any, len(some))
		for i, load := range some {
			args[i] = load
		}
		err := each(ctx, tx, SelectLoadEntries(len(args)), args, func(rows *sql.Rows) error {
			e, err := scanEntry(rows)
			if err != nil {
				return err
			}
			b.entries[e.id] = e
			b.loads[e.load.Int64] = append(b.loads[e.load.Int64], e)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the entries of %d loads: %w", len(some), err)
		}
	}
	return nil
}

// change changes an entry, and the record of its load with it.
func (b *book) change(e *entry, lines, inserted, duplicates int64) {
	e.lines += lines
	e.inserted += inserted
	e.duplicates += duplicates
	b.entries[e.id], b.changed[e.id] = e, true
	if !e.load.Valid {
		return
	}
	s := b.loaded[e.load.Int64]
	if s == nil {
		s = &sums{}
		b.loaded[e.load.Int64] = s
	}
	s.lines += lines
	s.inserted += inserted
	s.duplicates += duplicates
}

// unstore says that n rows of a load are gone. Which object each of them came
// from is not known, and where two hold the same event does not matter: take
// makes up for it.
func (b *book) unstore(load, n int64) {
	for _, e := range b.loads[load] {
		some := min(n, e.inserted)
		if some > 0 {
			b.change(e, 0, -some, some)
			n -= some
		}
	}
}

// take says that n lines of an object are gone whose rows are. Lines of events
// are taken from the duplicates; where an object has too few, others of its load
// have as many too many.
func (b *book) take(e *entry, n int64) {
	if e.kind != "events" {
		b.change(e, -n, min(0, e.lines-n-e.inserted), 0)
		return
	}
	some := min(n, e.duplicates)
	owed := n - some
	b.change(e, -n, -owed, -some)
	for _, other := range b.loads[e.load.Int64] {
		if owed == 0 {
			return
		}
		if some := min(owed, other.duplicates); some > 0 {
			b.change(other, 0, some, -some)
			owed -= some
		}
	}
}

// The statements that write the entries and the records of loads.
const (
	CreateCounts = `CREATE TEMP TABLE "loaf_counts" ("object_id" VARCHAR(1200), "lines" BIGINT, "inserted" BIGINT, "duplicates" BIGINT)`
	UpdateFiles  = `UPDATE "loaf_files" SET "lines" = n."lines", "inserted" = n."inserted", "duplicates" = n."duplicates"
FROM "loaf_counts" AS n WHERE "loaf_files"."object_id" = n."object_id"`
	DropCounts = `DROP TABLE "loaf_counts"`

	CreateSums  = `CREATE TEMP TABLE "loaf_sums" ("load_id" BIGINT, "lines" BIGINT, "inserted" BIGINT, "duplicates" BIGINT)`
	UpdateLoads = `UPDATE "loaf_loads" SET "lines" = "loaf_loads"."lines" + n."lines", "inserted" = "loaf_loads"."inserted" + n."inserted", "duplicates" = "loaf_loads"."duplicates" + n."duplicates"
FROM "loaf_sums" AS n WHERE "loaf_loads"."load_id" = n."load_id"`
	DropSums = `DROP TABLE "loaf_sums"`
)

// InsertCounts and InsertSums fill the stages with n rows, four values each.
func InsertCounts(n int) string { return insertStage("loaf_counts", "VARCHAR(1200)", n) }

// InsertSums fills the stage of loads.
func InsertSums(n int) string { return insertStage("loaf_sums", "BIGINT", n) }

func insertStage(table, key string, n int) string {
	rows := make([]string, n)
	for i := range n {
		at := 4 * i
		rows[i] = fmt.Sprintf("(CAST($%d AS %s), CAST($%d AS BIGINT), CAST($%d AS BIGINT), CAST($%d AS BIGINT))", at+1, key, at+2, at+3, at+4)
	}
	return `INSERT INTO "` + table + "\" VALUES\n" + strings.Join(rows, ",\n")
}

// write writes what has changed.
func (b *book) write(ctx context.Context, tx *sql.Tx) error {
	var files, loads [][]any
	for _, id := range slices.Sorted(maps.Keys(b.changed)) {
		e := b.entries[id]
		files = append(files, []any{id, e.lines, e.inserted, e.duplicates})
	}
	for _, id := range slices.Sorted(maps.Keys(b.loaded)) {
		if s := b.loaded[id]; *s != (sums{}) {
			loads = append(loads, []any{id, s.lines, s.inserted, s.duplicates})
		}
	}
	if err := stage(ctx, tx, files, CreateCounts, InsertCounts, UpdateFiles, DropCounts); err != nil {
		return fmt.Errorf("write %d entries of the ledger: %w", len(files), err)
	}
	if err := stage(ctx, tx, loads, CreateSums, InsertSums, UpdateLoads, DropSums); err != nil {
		return fmt.Errorf("write the records of %d loads: %w", len(loads), err)
	}
	return nil
}

// stage changes rows of a table by a temporary one.
func stage(ctx context.Context, tx *sql.Tx, rows [][]any, create string, insert func(int) string, update, drop string) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, create); err != nil {
		return err
	}
	for some := range slices.Chunk(rows, ledgerRows) {
		var args []any
		for _, row := range some {
			args = append(args, row...)
		}
		if _, err := tx.ExecContext(ctx, insert(len(some)), args...); err != nil {
			return err
		}
	}
	for _, statement := range []string{update, drop} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
