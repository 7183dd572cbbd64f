package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// The SQL of an audit is the same on every engine, but for DeepEvents. It is
// exported for the golden files of Redshift.

// LedgerRows is the query for what the ledger says of the objects of n hours: of
// the kind $1, whose keys begin with one of the folders after it. prefix is the
// length of those.
func LedgerRows(prefix, n int) string {
	return fmt.Sprintf(`SELECT "object_id", "bucket", "key", "status", "load_id", "lines", "inserted", "duplicates", "error"
FROM "loaf_files" WHERE "kind" = $1 AND LEFT("key", %d) IN (%s)`, prefix, placeholders(2, n))
}

// The queries for what is recorded of a range of loads: by the ledger, by the
// loads themselves, and by the rows that they stored. Objects that are no longer
// kept count as what was loaded of them, and have no rows.
const (
	LedgerSums = `SELECT "load_id", COUNT(*), CAST(SUM("lines") AS BIGINT), CAST(SUM("inserted") AS BIGINT), CAST(SUM("duplicates") AS BIGINT), CAST(SUM(CASE WHEN "kind" = 'events' AND "status" = 'loaded' THEN "inserted" ELSE 0 END) AS BIGINT)
FROM "loaf_files" WHERE "status" IN ('loaded', 'expired') AND "load_id" BETWEEN $1 AND $2 GROUP BY "load_id"`
	Loads     = `SELECT "load_id", "objects", "lines", "inserted", "duplicates" FROM "loaf_loads" WHERE "load_id" BETWEEN $1 AND $2`
	EventRows = `SELECT "load_id", COUNT(*) FROM "events" WHERE "load_id" BETWEEN $1 AND $2 GROUP BY "load_id"`
)

func placeholders(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

// entry is what the ledger says of an object.
type entry struct {
	object  warehouse.Object
	status  string
	load    sql.NullInt64
	lines   int64
	new     int64
	stored  int64
	reason  string
	entries int
}

// ledger reads the entries of a part of the range, by object.
func (a *audit) ledger(ctx context.Context, kind warehouse.Kind, part load.Range) (map[string]*entry, error) {
	args := []any{string(kind)}
	prefix := 0
	begin, end := hours(part)
	for at := begin; at.Before(end); at = at.Add(time.Hour) {
		folder := string(kind) + at.Format("/2006/01/02/15/")
		prefix = len(folder)
		args = append(args, folder)
	}
	rows, err := a.warehouse.Database().SQL.QueryContext(ctx, LedgerRows(prefix, len(args)-1), args...)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	defer rows.Close()
	out := map[string]*entry{}
	for rows.Next() {
		e := entry{object: warehouse.Object{Kind: kind}, entries: 1}
		var id string
		var reason sql.NullString
		if err := rows.Scan(&id, &e.object.Bucket, &e.object.Key, &e.status, &e.load, &e.lines, &e.new, &e.stored, &reason); err != nil {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
		e.reason = reason.String
		if before, twice := out[id]; twice {
			before.entries++ // Redshift holds nobody to a key
			continue
		}
		out[id] = &e
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return out, nil
}

// sums are the numbers of one load, as one of its records has them.
type sums struct{ objects, lines, inserted, duplicates, events int64 }

// checkLoads compares, for each load, what it recorded of itself with what its
// objects' entries add up to, and those with the rows that it stored.
func (a *audit) checkLoads(ctx context.Context) (err error) {
	if len(a.loads) == 0 {
		return nil
	}
	var first, last int64
	for id := range a.loads {
		if first == 0 || id < first {
			first = id
		}
		last = max(last, id)
	}
	// All three as of one moment: loads go on meanwhile.
	db := a.warehouse.Database()
	options := &sql.TxOptions{}
	if db.Dialect == warehouse.PostgreSQL {
		// The others have no other transactions.
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := db.SQL.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		// It changed nothing, so there is nothing to lose.
		if end := tx.Rollback(); err == nil && !errors.Is(end, sql.ErrTxDone) {
			err = end
		}
	}()
	entries, recorded, stored := map[int64]sums{}, map[int64]sums{}, map[int64]int64{}
	err = scan(ctx, tx, LedgerSums, []any{first, last}, func(rows *sql.Rows) error {
		var id int64
		var s sums
		err := rows.Scan(&id, &s.objects, &s.lines, &s.inserted, &s.duplicates, &s.events)
		entries[id] = s
		return err
	})
	if err != nil {
		return fmt.Errorf("add up the ledger: %w", err)
	}
	err = scan(ctx, tx, Loads, []any{first, last}, func(rows *sql.Rows) error {
		var id int64
		var s sums
		if err := rows.Scan(&id, &s.objects, &s.lines, &s.inserted, &s.duplicates); err != nil {
			return err
		}
		if _, twice := recorded[id]; twice {
			a.mismatch(Finding{Load: id, What: "the load is recorded more than once", Expected: 1, Found: 2, Action: Report})
		}
		recorded[id] = s
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the loads: %w", err)
	}
	err = scan(ctx, tx, EventRows, []any{first, last}, func(rows *sql.Rows) error {
		var id, n int64
		err := rows.Scan(&id, &n)
		stored[id] = n
		return err
	})
	if err != nil {
		return fmt.Errorf("count the events of the loads: %w", err)
	}
	for id := range a.loads {
		a.checkLoad(id, entries[id], recorded, stored[id])
	}
	for id, n := range stored {
		if _, ok := recorded[id]; !ok && !a.loads[id] {
			a.mismatch(Finding{Load: id, What: "there are events of a load that was never recorded", Expected: 0, Found: n, Action: Report})
		}
	}
	return nil
}

func (a *audit) checkLoad(id int64, entries sums, loads map[int64]sums, stored int64) {
	a.result.Loads++
	a.result.LoadRows += stored
	recorded, ok := loads[id]
	if !ok {
		a.mismatch(Finding{Load: id, What: "the ledger names a load that was never recorded", Expected: 1, Found: 0, Action: Report})
	}
	for _, c := range []struct {
		what            string
		expected, found int64
	}{
		{"events in the table, of those that the ledger says were stored", entries.events, stored},
		{"objects, by the record of the load and by the ledger", recorded.objects, entries.objects},
		{"lines, by the record of the load and by the ledger", recorded.lines, entries.lines},
		{"new rows, by the record of the load and by the ledger", recorded.inserted, entries.inserted},
		{"duplicates, by the record of the load and by the ledger", recorded.duplicates, entries.duplicates},
	} {
		if c.expected != c.found && (ok || c.what == "events in the table, of those that the ledger says were stored") {
			a.mismatch(Finding{Load: id, What: c.what, Expected: c.expected, Found: c.found, Action: Report})
		}
	}
}

func scan(ctx context.Context, q warehouse.Querier, query string, args []any, f func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
