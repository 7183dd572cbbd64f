package query

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// MaxLedgerDays is the longest period that a Ledger is asked about.
const MaxLedgerDays = 92

// LedgerTotals are what the ledger says of raw objects. Of the lines that were
// accepted each is loaded or a duplicate. An object that was set aside has no
// lines here: no load could count them.
type LedgerTotals struct {
	Objects         int64 `json:"objects"`
	Accepted        int64 `json:"accepted"`
	Loaded          int64 `json:"loaded"`
	Duplicates      int64 `json:"duplicates"`
	ObjectsSetAside int64 `json:"objects_set_aside"`
}

func (t LedgerTotals) plus(o LedgerTotals) LedgerTotals {
	return LedgerTotals{
		Objects: t.Objects + o.Objects, Accepted: t.Accepted + o.Accepted, Loaded: t.Loaded + o.Loaded,
		Duplicates: t.Duplicates + o.Duplicates, ObjectsSetAside: t.ObjectsSetAside + o.ObjectsSetAside,
	}
}

// LedgerDay is about what arrived in a day of UTC, as raw objects are named.
type LedgerDay struct {
	Day string `json:"day"`
	LedgerTotals
}

// LoadHour is about the loads that ended in an hour.
type LoadHour struct {
	Hour  time.Time `json:"hour"`
	Loads int64     `json:"loads"`
	// Rows are the events and new users that they stored, of so many Lines.
	Rows  int64 `json:"rows"`
	Lines int64 `json:"lines"`
	// LagSeconds is the longest that an object of theirs had waited; nil where
	// that is not known.
	LagSeconds *float64 `json:"lag_seconds"`
}

// Load is one load.
type Load struct {
	ID         int64     `json:"load_id"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	Objects    int64     `json:"objects"`
	Lines      int64     `json:"lines"`
	Rows       int64     `json:"rows"`
	Duplicates int64     `json:"duplicates"`
	LagSeconds *float64  `json:"lag_seconds"`
}

// Ledger is what the loads have written down of a period.
type Ledger struct {
	// Days are all of the period; Totals are theirs.
	Days   []LedgerDay  `json:"days"`
	Totals LedgerTotals `json:"totals"`
	// Hours are those in which loads ended, the earliest first.
	Hours []LoadHour `json:"hours"`
	// Loads are the newest of the period, the newest first.
	Loads []Load `json:"loads"`
}

// maxLoads is how many of the newest loads a Ledger names.
const maxLoads = 50

// Ledger tells what loads did in the days from one to another, both included and
// of UTC. It takes no turn, as Pipeline takes none.
func (s *Service) Ledger(ctx context.Context, from, to time.Time) (Ledger, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, ErrTimeout)
	defer cancel()
	ledger := Ledger{Days: []LedgerDay{}, Hours: []LoadHour{}, Loads: []Load{}}
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		ledger.Days = append(ledger.Days, LedgerDay{Day: day.Format(time.DateOnly)})
	}
	d, err := s.dialect(ctx)
	if errors.Is(err, errNoTables) {
		return ledger, nil
	}
	if err == nil {
		err = s.ledger(ctx, d, from, to, &ledger)
	}
	return ledger, explain(ctx, "read the ledger", err)
}

func (s *Service) ledger(ctx context.Context, d dialect.Dialect, from, to time.Time, ledger *Ledger) error {
	if err := s.ledgerDays(ctx, from, to, ledger); err != nil {
		return fmt.Errorf("add up the files: %w", err)
	}
	if err := s.loadHours(ctx, d, from, to, ledger); err != nil {
		return fmt.Errorf("add up the loads: %w", err)
	}
	if err := s.newestLoads(ctx, d, from, to, ledger); err != nil {
		return fmt.Errorf("list the loads: %w", err)
	}
	return nil
}

// PlanLedgerDays writes the statement whose rows are, for each kind, day and
// status of the raw objects that arrived from one day to another:
//
//	"kind"        text
//	"day"         text, 2006/01/02
//	"status"      text
//	"objects", "lines", "inserted", "duplicates"  integers
func PlanLedgerDays(from, to time.Time) Statement {
	var args []any
	var parts []string
	for _, kind := range []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates} {
		var days []string
		length := 0
		for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
			folder := string(kind) + day.Format("/2006/01/02")
			length = len(folder)
			args = append(args, folder)
			days = append(days, fmt.Sprintf("$%d", len(args)))
		}
		parts = append(parts, fmt.Sprintf(`("kind" = '%s' AND LEFT("key", %d) IN (%s))`, kind, length, strings.Join(days, ", ")))
	}
	return Statement{Args: args, SQL: `SELECT "kind", "day", "status", COUNT(*), CAST(SUM("lines") AS BIGINT), CAST(SUM("inserted") AS BIGINT), CAST(SUM("duplicates") AS BIGINT)
FROM (
  SELECT "kind", CASE "kind" WHEN 'events' THEN SUBSTRING("key", 8, 10) WHEN 'users' THEN SUBSTRING("key", 7, 10) ELSE SUBSTRING("key", 9, 10) END AS "day",
    "status", "lines", "inserted", "duplicates"
  FROM "loaf_files"
  WHERE ` + strings.Join(parts, "\n    OR ") + `
) f
GROUP BY "kind", "day", "status"`}
}

func (s *Service) ledgerDays(ctx context.Context, from, to time.Time, ledger *Ledger) error {
	rows, err := ask(ctx, s.reader(ctx), PlanLedgerDays(from, to))
	if err != nil {
		return err
	}
	defer rows.Close()
	place := map[string]*LedgerDay{}
	for i := range ledger.Days {
		place[strings.ReplaceAll(ledger.Days[i].Day, "-", "/")] = &ledger.Days[i]
	}
	for rows.Next() {
		var kind, day, status string
		var objects, lines, inserted, duplicates int64
		if err := rows.Scan(&kind, &day, &status, &objects, &lines, &inserted, &duplicates); err != nil {
			return err
		}
		t := LedgerTotals{Objects: objects}
		switch {
		case status == "quarantined":
			t.ObjectsSetAside = objects
		case kind == string(warehouse.Events):
			t.Accepted, t.Loaded, t.Duplicates = lines, inserted, duplicates
		default:
			t.Accepted, t.Loaded = lines, lines // each is merged: none is a duplicate
		}
		if d := place[day]; d != nil {
			d.LedgerTotals = d.plus(t)
			ledger.Totals = ledger.Totals.plus(t)
		}
	}
	return rows.Err()
}

// hourMicros is an hour.
const hourMicros = "3600000000"

// PlanLoadHours writes the statement whose rows are, for each hour in which
// loads ended, of the days from one to another, the earliest first:
//
//	"hour"   integer, hours since 1970
//	"loads", "rows", "lines"  integers
//	"lag"    integer, microseconds, or NULL
func PlanLoadHours(from, to time.Time, d dialect.Dialect) Statement {
	finished, oldest := d.Micros(`l."finished_at"`), d.Micros(`l."oldest_object_at"`)
	return Statement{SQL: `SELECT "hour", COUNT(*), CAST(SUM("rows") AS BIGINT), CAST(SUM("lines") AS BIGINT), MAX("lag")
FROM (
  SELECT ` + d.Quotient(finished, hourMicros) + ` AS "hour", l."inserted" AS "rows", l."lines" AS "lines", ` + finished + ` - ` + oldest + ` AS "lag"
  FROM "loaf_loads" l
  WHERE ` + within(d, from, to) + `
) f
GROUP BY "hour"
ORDER BY "hour"`}
}

// PlanLoads writes the statement whose rows are the newest loads of the days
// from one to another, the newest first; "lag" is in microseconds, or NULL.
func PlanLoads(from, to time.Time, d dialect.Dialect) Statement {
	return Statement{SQL: `SELECT l."load_id", l."started_at", l."finished_at", l."objects", l."lines", l."inserted", l."duplicates", ` +
		d.Micros(`l."finished_at"`) + ` - ` + d.Micros(`l."oldest_object_at"`) + ` AS "lag"
FROM "loaf_loads" l
WHERE ` + within(d, from, to) + `
ORDER BY l."load_id" DESC
LIMIT ` + fmt.Sprint(maxLoads)}
}

// within is whether a load ended in the days from one to another.
func within(d dialect.Dialect, from, to time.Time) string {
	return `l."finished_at" >= ` + d.Instant(from) + ` AND l."finished_at" < ` + d.Instant(to.AddDate(0, 0, 1))
}

func (s *Service) loadHours(ctx context.Context, d dialect.Dialect, from, to time.Time, ledger *Ledger) error {
	rows, err := ask(ctx, s.reader(ctx), PlanLoadHours(from, to, d))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var h LoadHour
		var hour int64
		var lag *int64
		if err := rows.Scan(&hour, &h.Loads, &h.Rows, &h.Lines, &lag); err != nil {
			return err
		}
		h.Hour, h.LagSeconds = time.Unix(hour*3600, 0).UTC(), lagSeconds(lag)
		ledger.Hours = append(ledger.Hours, h)
	}
	return rows.Err()
}

func (s *Service) newestLoads(ctx context.Context, d dialect.Dialect, from, to time.Time, ledger *Ledger) error {
	rows, err := ask(ctx, s.reader(ctx), PlanLoads(from, to, d))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var l Load
		var lag *int64
		if err := rows.Scan(&l.ID, &l.StartedAt, &l.FinishedAt, &l.Objects, &l.Lines, &l.Rows, &l.Duplicates, &lag); err != nil {
			return err
		}
		l.StartedAt, l.FinishedAt, l.LagSeconds = l.StartedAt.UTC(), l.FinishedAt.UTC(), lagSeconds(lag)
		ledger.Loads = append(ledger.Loads, l)
	}
	return rows.Err()
}

// lagSeconds is a lag of so many microseconds. Clocks differ: less than none is
// none.
func lagSeconds(micros *int64) *float64 {
	if micros == nil {
		return nil
	}
	seconds := max(0, float64(*micros)/1e6)
	return &seconds
}
