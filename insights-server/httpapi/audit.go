package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/dataloaf/dataloaf/insights-server/audit"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

// Audits knows what is kept of audits; audit.Records is the one that is used.
type Audits interface {
	// List gives them, the newest first.
	List(ctx context.Context) ([]audit.Record, error)
}

// auditDays is how many days are told of when a call does not say.
const auditDays = 7

// auditBody is what the loads have written down of a period, and the audits that
// looked whether it is true.
type auditBody struct {
	From string `json:"from"`
	To   string `json:"to"`
	query.Ledger
	Audits []audit.Record `json:"audits"`
}

func (s *Server) audit(c echo.Context) error {
	p, err := parametersOf(c.Request(), "from", "to")
	if err != nil {
		return err
	}
	from, to, err := auditPeriod(p.values.Get("from"), p.values.Get("to"), s.config.Now())
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	ledger, err := s.config.Service.Ledger(ctx, from, to)
	if s.readiness.observe(err); err != nil {
		return err
	}
	records, err := s.config.Audits.List(ctx)
	if s.readiness.observe(err); err != nil {
		return err
	}
	ledger.Days, ledger.Hours, ledger.Loads = list(ledger.Days), list(ledger.Hours), list(ledger.Loads)
	return c.JSON(http.StatusOK, auditBody{
		From: from.Format(time.DateOnly), To: to.Format(time.DateOnly), Ledger: ledger, Audits: list(records),
	})
}

// auditPeriod reads the first and the last day of a period, of UTC. Without a
// last day it ends today, without a first one it has auditDays.
func auditPeriod(from, to string, now time.Time) (first, last time.Time, err error) {
	first, end, err := insight.ParseDays(from, to, "")
	if err != nil {
		return first, last, err
	}
	if last = end.AddDate(0, 0, -1); to == "" {
		last = now.UTC().Truncate(24 * time.Hour)
	}
	if from == "" {
		first = last.AddDate(0, 0, 1-auditDays)
	}
	switch days := int(last.Sub(first)/(24*time.Hour)) + 1; {
	case days < 1:
		err = badRequest(insight.CodeRangeReversed, "from", "The first day, %s, is in the future. Give one up to today, or the last day as well.", from)
	case days > query.MaxLedgerDays:
		err = badRequest(insight.CodeInvalidRange, "from", "These are %d days. Ask for at most %d.", days, query.MaxLedgerDays)
	}
	return first, last, err
}
