package redshift

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// identity is what makes two events the same.
type identity struct {
	id     [16]byte
	micros int64
}

func identify(eventID string, at time.Time) (identity, error) {
	i := identity{micros: at.UnixMicro()}
	if n, err := hex.Decode(i.id[:], []byte(strings.ReplaceAll(eventID, "-", ""))); err != nil || n != len(i.id) {
		return i, fmt.Errorf("%q is not an event id", eventID)
	}
	return i, nil
}

// maxDuplicates bounds the duplicates that are held in memory, some 100 MB.
const maxDuplicates = 1_000_000

// attribute counts in the reports which lines were new and which duplicates.
// COPY does not keep which object a row came from, so where there are
// duplicates the objects are read once more: the first line, in the order of
// the objects, of an event that was not stored before is the new one. Where
// there are more duplicates than fit into memory, the objects share them by
// their lines.
func (e *engine) attribute(ctx context.Context, tx *sql.Tx, reports []warehouse.ObjectReport, duplicates int64) error {
	for i := range reports {
		reports[i].Inserted, reports[i].Duplicates = reports[i].Lines, 0
	}
	if duplicates == 0 {
		return nil
	}
	known, err := readDuplicates(ctx, tx, maxDuplicates)
	if err != nil {
		return err
	}
	if len(known) > maxDuplicates {
		share(reports, duplicates)
		return nil
	}
	for i := range reports {
		r := &reports[i]
		err := writer.Lines(ctx, e.source, r.Object, func(line []byte) error {
			event, _, err := wire.ParseEventRecord(line)
			if err != nil {
				return err
			}
			this, err := identify(event.EventID, event.Timestamp)
			if err != nil {
				return err
			}
			stored, twice := known[this]
			if stored {
				r.Inserted--
				r.Duplicates++
			} else if twice {
				known[this] = true // so is the next
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readDuplicates gives the events of the stage that are there more than once or
// were stored before, which is the value; one more than limit when there are
// more than limit.
func readDuplicates(ctx context.Context, tx *sql.Tx, limit int) (map[identity]bool, error) {
	rows, err := tx.QueryContext(ctx, Duplicates(limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the duplicates: %w", err)
	}
	defer rows.Close()
	known := map[identity]bool{}
	for rows.Next() {
		var id string
		var at time.Time
		var stored int
		if err := rows.Scan(&id, &at, &stored); err != nil {
			return nil, fmt.Errorf("read the duplicates: %w", err)
		}
		this, err := identify(id, at)
		if err != nil {
			return nil, fmt.Errorf("read the duplicates: %w", err)
		}
		known[this] = stored == 1
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the duplicates: %w", err)
	}
	return known, nil
}

// share spreads duplicates over the objects in proportion to their lines, so
// that the sum is right.
func share(reports []warehouse.ObjectReport, duplicates int64) {
	var lines, before, given int64
	for _, r := range reports {
		lines += r.Lines
	}
	for i := range reports {
		r := &reports[i]
		before += r.Lines
		r.Duplicates = int64(float64(duplicates)*float64(before)/float64(lines)) - given
		if before == lines {
			r.Duplicates = duplicates - given
		}
		r.Duplicates = min(max(r.Duplicates, 0), r.Lines)
		given += r.Duplicates
		r.Inserted = r.Lines - r.Duplicates
	}
}
