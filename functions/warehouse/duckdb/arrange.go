package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// defaultRun is how many events lie in order together: seventeen of DuckDB's row
// groups, of which a question for one event then reads one or two, and one for a few
// days of all events reads them all. It also bounds what Arrange sorts at once.
const defaultRun = 1 << 21

// A load writes its events in the order of their names and times, since nearly every
// question names an event and a range, and DuckDB passes over row groups that hold
// none of either. Where there are more than a run of them, they are cut by time
// first, so that a question for a few days does not have to look at all. Of a large
// object, which is stored in slices, each slice is in order by itself.
const orderedStage = `ORDER BY (epoch_us("timestamp") - $2) // $3, "event", "timestamp"`

// cut gives the bounds of orderedStage for so many events of a range of time, in
// microseconds: where the first slice begins, and how long one is.
func cut(events, first, last, run int64) (from, length int64) {
	slices := max(1, (events+run-1)/run)
	return first, max(1, (last-first)/slices+1)
}

// Arrange puts events of small loads in order together, once they make a run: each
// load has an order of its own only, and the row groups of many small loads hold
// something of every event. It moves at most one run and a load's events, in one
// transaction, and tells how many; 0 when there is nothing to do. Which load an
// event belongs to stays as it is.
func (w *Warehouse) Arrange(ctx context.Context) (rows int64, err error) {
	// Most often there is nothing to do, and no writer need wait for that.
	next, err := w.nextRun(ctx)
	if err != nil {
		return 0, fmt.Errorf("put events in order: %w", err)
	}
	if next.last == 0 {
		return 0, nil
	}
	err = w.Transact(ctx, func(tx *sql.Tx) error {
		rows = 0
		if next.first < next.last {
			if rows, err = rewrite(ctx, tx, next.first, next.last); err != nil {
				return err
			}
			if err := w.engine.commitIntoFile(ctx, tx); err != nil {
				return err
			}
		}
		return arranged(ctx, tx, next.last)
	})
	if errors.Is(err, warehouse.ErrTooMuch) {
		// They stay as they are, rather than being tried again after every load.
		err = errors.Join(err, w.Transact(ctx, func(tx *sql.Tx) error { return arranged(ctx, tx, next.last) }))
	}
	if err != nil {
		return 0, fmt.Errorf("put the events of the loads %d to %d in order: %w", next.first, next.last, err)
	}
	return rows, nil
}

// arranged records up to which load the events lie in order.
func arranged(ctx context.Context, tx *sql.Tx, last int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM "loaf_arranged"`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO "loaf_arranged" ("load_id") VALUES ($1)`, last)
	return err
}

// span are loads that follow each other; last is 0 where there are none.
type span struct{ first, last int64 }

// nextRun finds the loads to put in order next: those that make a run together, or
// come before a load that makes half of one alone and stays as it is.
func (w *Warehouse) nextRun(ctx context.Context) (next span, err error) {
	var done int64
	err = w.db.QueryRowContext(ctx, `SELECT "load_id" FROM "loaf_arranged"`).Scan(&done)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return next, err
	}
	// This is asked every few seconds, and a quiet year makes no run.
	var all, largest int64
	err = w.db.QueryRowContext(ctx, `SELECT CAST(COALESCE(SUM("inserted"), 0) AS BIGINT), COALESCE(MAX("inserted"), 0) FROM "loaf_loads" WHERE "load_id" > $1`, done).Scan(&all, &largest)
	if err != nil || all < w.engine.run && 2*largest < w.engine.run {
		return next, err
	}
	rows, err := w.db.QueryContext(ctx, `SELECT "load_id", "inserted" FROM "loaf_loads" WHERE "load_id" > $1 AND "inserted" > 0 ORDER BY "load_id"`, done)
	if err != nil {
		return next, err
	}
	defer rows.Close()
	var events int64
	for rows.Next() {
		var id, inserted int64
		if err := rows.Scan(&id, &inserted); err != nil {
			return next, err
		}
		if 2*inserted >= w.engine.run {
			if next.first == 0 {
				next.first, next.last = id, id
			}
			return next, nil
		}
		if next.first == 0 {
			next.first = id
		}
		next.last = id
		if events += inserted; events >= w.engine.run {
			return next, nil
		}
	}
	return span{}, rows.Err()
}

// rewrite writes the events of the loads first to last anew, in order. Those that
// are there before have smaller row ids than what the transaction adds. Row groups
// of which nothing is left are given back by the next checkpoint.
func rewrite(ctx context.Context, tx *sql.Tx, first, last int64) (rows int64, err error) {
	var newest sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*), MAX(rowid) FROM "events" WHERE "load_id" BETWEEN $1 AND $2`, first, last).Scan(&rows, &newest)
	if err != nil || rows == 0 {
		return 0, err
	}
	moved, err := tx.ExecContext(ctx, `INSERT INTO "events" SELECT * FROM "events" WHERE "load_id" BETWEEN $1 AND $2 ORDER BY "event", "timestamp"`, first, last)
	if err != nil {
		return 0, err
	}
	gone, err := tx.ExecContext(ctx, `DELETE FROM "events" WHERE "load_id" BETWEEN $1 AND $2 AND rowid <= $3`, first, last, newest.Int64)
	if err != nil {
		return 0, err
	}
	for _, result := range []sql.Result{moved, gone} {
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		if n != rows {
			return 0, fmt.Errorf("%d of %d events would have been moved; nothing is changed", n, rows)
		}
	}
	return rows, nil
}
