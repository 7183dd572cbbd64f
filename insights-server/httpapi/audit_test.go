package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/audit"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// fakeAudits are the audits that are kept.
type fakeAudits []audit.Record

func (f fakeAudits) List(context.Context) ([]audit.Record, error) { return f, nil }

func TestAudit(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	kept := audit.Record{
		At: at, From: at.Add(-24 * time.Hour), To: at, Proven: false, Stopped: true, Next: &at, MismatchesTotal: 1,
		Totals:     []audit.Totals{{Kind: "events", Objects: 1, Accepted: 2, Loaded: 1}},
		Mismatches: []audit.Finding{{Object: "events/x", What: "lines", Expected: 2, Found: 1, Action: "report"}}, Notes: []audit.Finding{},
	}
	f := newFixture(t, func(c *Config) { c.Audits = fakeAudits{kept} })
	lag := 41.5
	totals := query.LedgerTotals{Objects: 2, Accepted: 3, Loaded: 2, Duplicates: 1, ObjectsSetAside: 1}
	f.service.ledger = query.Ledger{
		Days: []query.LedgerDay{{Day: "2026-01-02", LedgerTotals: totals}}, Totals: totals,
		Hours: []query.LoadHour{{Hour: at, Loads: 1, Rows: 2, Lines: 3, LagSeconds: &lag}},
		Loads: []query.Load{{ID: 7, StartedAt: at, FinishedAt: at, Objects: 1, Lines: 3, Rows: 2, Duplicates: 1}},
	}
	var got struct {
		From, To string
		query.Ledger
		Audits []audit.Record
	}
	if err := json.Unmarshal([]byte(readAll(t, f.do(call{path: "/api/v1/audit?from=2026-01-02&to=2026-01-02"}))), &got); err != nil {
		t.Fatal(err)
	}
	if got.From != "2026-01-02" || got.To != "2026-01-02" || !reflect.DeepEqual(got.Ledger, f.service.ledger) || !reflect.DeepEqual(got.Audits, []audit.Record{kept}) {
		t.Errorf("%+v", got)
	}

	// The clock's day, and six before it.
	f.do(call{path: "/api/v1/audit"})
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if !f.service.ledgerFrom.Equal(day("2025-12-27")) || !f.service.ledgerTo.Equal(day("2026-01-02")) {
		t.Errorf("without parameters from %v to %v", f.service.ledgerFrom, f.service.ledgerTo)
	}
	f.do(call{path: "/api/v1/audit?to=2025-03-31"})
	if !f.service.ledgerFrom.Equal(day("2025-03-25")) || !f.service.ledgerTo.Equal(day("2025-03-31")) {
		t.Errorf("without a beginning from %v to %v", f.service.ledgerFrom, f.service.ledgerTo)
	}
	f.do(call{path: "/api/v1/audit?from=2025-10-03"}) // 92 days
	if !f.service.ledgerFrom.Equal(day("2025-10-03")) || !f.service.ledgerTo.Equal(day("2026-01-02")) {
		t.Errorf("without an end from %v to %v", f.service.ledgerFrom, f.service.ledgerTo)
	}

	for query, want := range map[string][2]string{
		"from=2025-10-02":               {"invalid_range", "from"},
		"from=2026-01-03":               {"range_reversed", "from"},
		"from=2026-01-02&to=2026-01-01": {"range_reversed", "to"},
		"from=yesterday":                {"invalid_range", "from"},
		"since=2026-01-01":              {"unknown_field", "since"},
	} {
		wantError(t, f.do(call{path: "/api/v1/audit?" + query}), http.StatusBadRequest, want[0], want[1])
	}
	f.service.err = fmt.Errorf("x: %w", warehouse.ErrUnavailable)
	wantError(t, f.do(call{path: "/api/v1/audit"}), http.StatusServiceUnavailable, "unavailable", "")
}
