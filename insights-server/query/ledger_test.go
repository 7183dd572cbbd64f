package query_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

func TestLedger(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		d := small()
		load(t, w, raw.put(t, warehouse.Events, "good", d.events), raw.put(t, warehouse.Users, "users", d.users))
		load(t, w, raw.put(t, warehouse.Events, "again", d.events[:2])) // sent twice
		if err := w.Quarantine(t.Context(), raw.put(t, warehouse.Events, "bad", [][]byte{[]byte("{")}), "line 1 is no JSON"); err != nil {
			t.Fatal(err)
		}
		arrived := received.UTC().Truncate(24 * time.Hour)
		today := time.Now().UTC().Truncate(24 * time.Hour)

		// What arrived is of its own day, however late it was loaded.
		got, err := service(w).Ledger(t.Context(), arrived.AddDate(0, 0, -1), arrived)
		if err != nil {
			t.Fatal(err)
		}
		events, users := int64(len(d.events)), int64(len(d.users))
		totals := query.LedgerTotals{Objects: 4, Accepted: events + users + 2, Loaded: events + users, Duplicates: 2, ObjectsSetAside: 1}
		want := []query.LedgerDay{{Day: arrived.AddDate(0, 0, -1).Format(time.DateOnly)}, {Day: arrived.Format(time.DateOnly), LedgerTotals: totals}}
		if !reflect.DeepEqual(got.Days, want) || got.Totals != totals {
			t.Errorf("got  %+v\nwant %+v", got.Days, want)
		}
		if len(got.Hours) != 0 || len(got.Loads) != 0 {
			t.Errorf("nothing was loaded then: %+v", got)
		}

		// Loads are of the hour in which they ended; this test may run over midnight.
		got, err = service(w).Ledger(t.Context(), today, today.AddDate(0, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Loads) != 2 || got.Loads[0].ID <= got.Loads[1].ID || got.Loads[0].Rows != 0 || got.Loads[0].Duplicates != 2 || got.Loads[1].Objects != 2 {
			t.Fatalf("%+v", got.Loads)
		}
		first := got.Loads[1]
		if lag := first.FinishedAt.Sub(received).Seconds(); first.LagSeconds == nil || *first.LagSeconds < lag-1 || *first.LagSeconds > lag+1 {
			t.Errorf("lag %v, want %v", first.LagSeconds, lag)
		}
		var loads, rows, lines int64
		for _, h := range got.Hours {
			loads, rows, lines = loads+h.Loads, rows+h.Rows, lines+h.Lines
			if h.LagSeconds == nil || *h.LagSeconds < *got.Loads[0].LagSeconds-3600 || !h.Hour.Equal(h.Hour.Truncate(time.Hour)) {
				t.Errorf("%+v", h)
			}
		}
		if loads != 2 || rows != first.Rows || lines != first.Lines+2 {
			t.Errorf("%+v", got.Hours)
		}
	})
}

// TestLedgerBeforeTheFirstLoad: a warehouse without tables has loaded nothing.
func TestLedgerBeforeTheFirstLoad(t *testing.T) {
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	got, err := service(open(t, "duckdb", folder(t.TempDir()))).Ledger(t.Context(), day, day)
	if err != nil || len(got.Days) != 1 || got.Days[0].Day != "2026-03-04" || got.Totals != (query.LedgerTotals{}) || got.Hours == nil || got.Loads == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// ledgerPlans are the statements about loads, by the golden file's name.
func ledgerPlans(d dialect.Dialect) map[string]query.Statement {
	from, to := time.Date(2024, 2, 28, 0, 0, 0, 0, time.UTC), time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	return map[string]query.Statement{
		"ledger_days": query.PlanLedgerDays(from, to), "load_hours": query.PlanLoadHours(from, to, d), "loads": query.PlanLoads(from, to, d),
	}
}

func TestGoldenSQLOfTheLedger(t *testing.T) {
	for _, d := range dialects() {
		for name, s := range ledgerPlans(d) {
			compareGolden(t, name, d, s)
		}
	}
}

// guideOfLedger are the words of those statements that others do not have, with
// the page of Redshift's guide that has them.
var guideOfLedger = map[string]string{
	"SUBSTRING": "r_SUBSTRING.html",
}

func redshiftLedgerPlans() []query.Statement {
	var statements []query.Statement
	for _, s := range ledgerPlans(dialect.Redshift{}) {
		statements = append(statements, s)
	}
	return statements
}
