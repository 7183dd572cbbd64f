package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// ExportRequest asks for all events of a time.
type ExportRequest struct {
	// Event is a name; empty or "*" means all.
	Event string
	// From is the first instant and To the one after the last; a zero one leaves
	// its side open.
	From, To time.Time
}

// exportPage is how many events one statement of an export brings at most. The
// drivers of DuckDB and Redshift hold a whole answer before they hand over its
// first row.
const exportPage = 10_000

// Export hands over events, the oldest first, those of one instant by their
// ids. All of them are of one state of the tables. It stops at an error of
// each, which it gives back as it is.
func (s *Service) Export(ctx context.Context, r ExportRequest, each func(Event) error) error {
	const doing = "export the events"
	release, err := s.exports.take(ctx)
	if err != nil {
		return explain(ctx, doing, err)
	}
	defer release()
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.ExportTimeout, ErrTimeout)
	defer cancel()

	var taker error // an error of each is not one of the warehouse
	err = s.export(ctx, r, func(e Event) error {
		taker = each(e)
		return taker
	})
	if taker != nil {
		return taker
	}
	return explain(ctx, doing, err)
}

func (s *Service) export(ctx context.Context, r ExportRequest, each func(Event) error) error {
	d, err := s.dialect(ctx)
	if errors.Is(err, errNoTables) {
		return nil
	}
	if err != nil {
		return err
	}
	r = r.clip()
	return s.snapshot(ctx, func(tx *sql.Tx) error {
		if s.db.Dialect == warehouse.PostgreSQL {
			// Its driver hands over each row as it comes, and its table has no
			// index by which a part of the time would be found sooner.
			return readEvents(ctx, tx, PlanExport(r, nil, 0, d), d, each)
		}
		spans, err := exportSpans(ctx, tx, r, d)
		if err != nil {
			return err
		}
		for _, span := range spans {
			if err := exportSpan(ctx, tx, span, d, each); err != nil {
				return err
			}
		}
		return nil
	})
}

// clip leaves out the time in which no event can be; engines have trouble with
// years of other than four digits.
func (r ExportRequest) clip() ExportRequest {
	if !r.From.IsZero() {
		r.From = later(r.From, firstTimestamp)
	}
	if !r.To.IsZero() && r.To.UTC().Year() > 9999 {
		r.To = time.Time{}
	}
	return r
}

// exportSpan hands over the events of a span, page by page.
func exportSpan(ctx context.Context, tx *sql.Tx, span ExportRequest, d dialect.Dialect, each func(Event) error) error {
	var after *EventCursor
	for {
		n := 0
		err := readEvents(ctx, tx, PlanExport(span, after, exportPage, d), d, func(e Event) error {
			n++
			if n == exportPage {
				last := cursorOf(e)
				after = &last
			}
			return each(e)
		})
		if err != nil || n < exportPage {
			return err
		}
	}
}

// exportSpans cuts the time of an export into days, or into runs of days that
// have few events, so that a statement for a page reads little of the table.
func exportSpans(ctx context.Context, tx *sql.Tx, r ExportRequest, d dialect.Dialect) ([]ExportRequest, error) {
	statement := PlanExportDays(r, d)
	rows, err := tx.QueryContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var spans []ExportRequest
	var inSpan int64
	for rows.Next() {
		var day time.Time
		var n int64
		if err := rows.Scan(&day, &n); err != nil {
			return nil, err
		}
		if len(spans) == 0 || inSpan+n > exportPage {
			spans = append(spans, ExportRequest{Event: r.Event, From: later(r.From, day)})
			inSpan = 0
		}
		inSpan += n
		end := day.AddDate(0, 0, 1)
		if !r.To.IsZero() && r.To.Before(end) {
			end = r.To
		}
		spans[len(spans)-1].To = end
	}
	return spans, rows.Err()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// PlanExportDays writes the statement for the days that have events, with their
// number. They are days in UTC where the column is a TIMESTAMP: not on
// PostgreSQL, which needs no days.
func PlanExportDays(r ExportRequest, d dialect.Dialect) Statement {
	s := &selection{dialect: d, args: &dialect.Args{}}
	return finish(s.args, `SELECT DATE_TRUNC('day', `+timestampColumn+`) AS "day", COUNT(*) AS "count"`+"\n"+s.from(s.exported(r))+"\nGROUP BY 1\nORDER BY 1")
}

// PlanExport writes the statement for an export's events after one of them, the
// oldest first. limit 0 is none.
func PlanExport(r ExportRequest, after *EventCursor, limit int, d dialect.Dialect) Statement {
	s := &selection{dialect: d, args: &dialect.Args{}}
	where := s.exported(r)
	if after != nil {
		where = append(where, s.beyond(*after, ">"))
	}
	most := ""
	if limit > 0 {
		most = fmt.Sprintf("\nLIMIT %d", limit)
	}
	return finish(s.args, "SELECT "+eventColumns(d)+"\n"+s.from(where)+"\nORDER BY "+timestampColumn+`, e."event_id"`+most)
}

func (s *selection) exported(r ExportRequest) []string {
	var where []string
	if !r.From.IsZero() {
		where = append(where, timestampColumn+" >= "+s.dialect.Instant(r.From))
	}
	if !r.To.IsZero() {
		where = append(where, timestampColumn+" < "+s.dialect.Instant(r.To))
	}
	named, _ := s.conditions(EventSelection{Event: r.Event}) // a name alone is never wrong
	return append(where, named...)
}

// storable reports that a text may be stored, and so be compared with: no
// engine takes the rest.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
