package writer

import (
	"context"
	"database/sql"
	"fmt"
)

// The statements that delete what is no longer kept. The day in a key, such as
// events/2026/03/04/05/…, stands at a fixed place.
const (
	// ExpiredLoads is the query for loads of which all objects of events are of
	// days before $1, the oldest first; LIMIT follows.
	ExpiredLoads = `SELECT "load_id" FROM "loaf_files" WHERE "kind" = 'events' AND "status" = 'loaded' AND "load_id" IS NOT NULL
GROUP BY "load_id" HAVING MAX(SUBSTRING("key", 8, 10)) < $1 ORDER BY "load_id" LIMIT `

	// ExpiredQuarantined counts the objects of such days that were set aside, and
	// ExpireQuarantined says of them that they are no longer kept.
	ExpiredQuarantined = `SELECT COUNT(*) FROM "loaf_files" WHERE "kind" = 'events' AND "status" = 'quarantined' AND SUBSTRING("key", 8, 10) < $1`
	ExpireQuarantined  = `UPDATE "loaf_files" SET "status" = 'expired' WHERE "kind" = 'events' AND "status" = 'quarantined' AND SUBSTRING("key", 8, 10) < $1`
)

// OfLoads is the condition for the events of n loads.
func OfLoads(n int) string { return `"load_id" IN (` + Placeholders(1, n) + `)` }

// CountEvents is the query for how many events there are of a condition.
func CountEvents(condition string) string { return `SELECT COUNT(*) FROM "events" WHERE ` + condition }

// ExpireLoads says of the objects of events of n loads that they are no longer
// kept. Their numbers stay, and so the records of the loads add up.
func ExpireLoads(n int) string {
	return `UPDATE "loaf_files" SET "status" = 'expired' WHERE "kind" = 'events' AND "status" = 'loaded' AND ` + OfLoads(n)
}

// Expire deletes the events of at most so many loads of which all objects are of
// days before one, written as 2026/03/04, with their share in the catalogues, and
// marks the objects in the ledger, in one transaction. It tells how many rows went,
// and whether there are more.
func (w *Writer) Expire(ctx context.Context, before string, most int) (rows int64, more bool, err error) {
	// Most often there is nothing to do, and nobody need wait for that.
	loads, err := w.expiredLoads(ctx, before, most+1)
	if err != nil {
		return 0, false, fmt.Errorf("expire: %w", w.engine.Classify(err))
	}
	var aside int64
	if err := w.db.QueryRowContext(ctx, ExpiredQuarantined, before).Scan(&aside); err != nil {
		return 0, false, fmt.Errorf("expire: %w", w.engine.Classify(err))
	}
	if len(loads) == 0 && aside == 0 {
		return 0, false, nil
	}
	if more = len(loads) > most; more {
		loads = loads[:most]
	}
	err = w.Transact(ctx, func(tx *sql.Tx) error {
		rows = 0
		if len(loads) > 0 {
			if err := tx.QueryRowContext(ctx, CountEvents(OfLoads(len(loads))), loads...).Scan(&rows); err != nil {
				return fmt.Errorf("count the events: %w", err)
			}
			if err := w.dropEvents(ctx, tx, OfLoads(len(loads)), loads...); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, ExpireLoads(len(loads)), loads...); err != nil {
				return fmt.Errorf("mark the objects of %d loads: %w", len(loads), err)
			}
		}
		if rows > 0 {
			if err := w.forget(ctx, tx); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, ExpireQuarantined, before); err != nil {
			return fmt.Errorf("mark objects that were set aside: %w", err)
		}
		return w.recordChange(ctx, tx)
	})
	if err != nil {
		return 0, false, fmt.Errorf("expire %d loads: %w", len(loads), err)
	}
	return rows, more, nil
}

func (w *Writer) expiredLoads(ctx context.Context, before string, most int) (loads []any, err error) {
	err = each(ctx, w.db, fmt.Sprintf("%s%d", ExpiredLoads, most), []any{before}, func(rows *sql.Rows) error {
		var load int64
		err := rows.Scan(&load)
		loads = append(loads, load)
		return err
	})
	return loads, err
}
