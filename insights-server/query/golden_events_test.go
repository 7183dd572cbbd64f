package query_test

import (
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// eventPlans are the statements that read events and users as they are, by the
// golden file's name.
func eventPlans(t *testing.T, d dialect.Dialect) map[string]query.Statement {
	t.Helper()
	const id = "0192f0c0-1111-7222-8333-444455556666"
	user := `o'hara"`
	after := &query.EventCursor{Micros: 1_714_564_800_123_456, ID: id}
	plans := map[string]query.Statement{}
	for name, r := range map[string]query.EventsRequest{
		"activity":      {},
		"activity_next": {After: after},
		"activity_filtered": {EventSelection: query.EventSelection{Event: "commit", Filter: filterOf(t, "any",
			`event camelKey equals "x"`, `user plan not_in ["pro"]`)}},
		"profile_events": {EventSelection: query.EventSelection{User: &user}, After: after},
	} {
		s, err := query.PlanEvents(r, 51, d)
		if err != nil {
			t.Fatal(err)
		}
		plans[name] = s
	}
	news := query.NewsRequest{After: 7, EventSelection: query.EventSelection{Event: "commit"}}
	var err error
	if plans["news"], plans["news_count"], err = query.PlanNews(news, 9, 101, d); err != nil {
		t.Fatal(err)
	}
	plans["users"] = query.PlanUserList(query.UsersRequest{}, 51, d)
	plans["users_search"] = query.PlanUserList(query.UsersRequest{Search: "Ä%", After: &query.UserCursor{Micros: after.Micros, ID: user}}, 51, d)
	plans["user_rows"] = query.PlanUsers([]string{user, "b"}, d)
	plans["user_sightings"] = query.PlanSightings([]string{user, "b"}, d)
	export := query.ExportRequest{Event: "commit", From: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)}
	plans["export"] = query.PlanExport(export, nil, 0, d)
	plans["export_all"] = query.PlanExport(query.ExportRequest{}, nil, 10_000, d)
	plans["export_next"] = query.PlanExport(export, after, 10_000, d)
	if d.Name() != warehouse.PostgreSQL {
		plans["export_days"] = query.PlanExportDays(export, d)
	}
	return plans
}

func TestGoldenSQLOfEvents(t *testing.T) {
	for _, d := range dialects() {
		for name, s := range eventPlans(t, d) {
			compareGolden(t, name, d, s)
		}
	}
}

// guideOfEvents are the words of those statements that others do not have, with
// the page of Redshift's guide that has them.
var guideOfEvents = map[string]string{
	"DATE_TRUNC":                "r_DATE_TRUNC.html",
	"JSON_SERIALIZE_TO_VARBYTE": "JSON_SERIALIZE_TO_VARBYTE.html",
}

func redshiftEventPlans(t *testing.T) []query.Statement {
	t.Helper()
	var statements []query.Statement
	for _, s := range eventPlans(t, dialect.Redshift{}) {
		statements = append(statements, s)
	}
	return statements
}
