package query_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// everyKind are questions of every kind, about the events of small.
func everyKind(t *testing.T) []insight.Query {
	t.Helper()
	var queries []insight.Query
	for name, body := range goldenKinds {
		q, err := insight.Parse([]byte(strings.NewReplacer(`"a"`, `"view"`, `"b"`, `"buy"`, "2024-01-01", "2024-05-01", "2024-01-31", "2024-05-31").Replace(body)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		queries = append(queries, q)
	}
	return append(queries, parse(t, question{within: "0001-01-01..1900-01-01", interval: "year", series: []string{"* total"}}))
}

// TestAnswersSayHowFreshTheyAre: with one connection, since what is read on a
// second one would be of another state.
func TestAnswersSayHowFreshTheyAre(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		w.Database().SQL.SetMaxOpenConns(1)
		s := service(w)
		for _, q := range everyKind(t) {
			answer, err := s.Run(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Data != (insight.Data{}) {
				t.Errorf("before the first load the data is of %+v", answer.Data)
			}
		}
		d := small()
		for id := range int64(3) {
			load(t, w, raw.put(t, warehouse.Events, "e"+string(rune('0'+id)), d.events[id:id+1]))
			var at time.Time
			if err := w.Database().SQL.QueryRowContext(t.Context(), `SELECT "finished_at" FROM "loaf_loads" WHERE "load_id" = $1`, id+1).Scan(&at); err != nil {
				t.Fatal(err)
			}
			for _, q := range everyKind(t) {
				answer, err := s.Run(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if answer.Data.LoadID == nil || *answer.Data.LoadID != id+1 || !answer.Data.LoadedAt.Equal(at) || answer.Data.LoadedAt.Location() != time.UTC {
					t.Errorf("%s: after load %d, of %s, the data is of %+v", q.Kind, id+1, at, answer.Data)
				}
			}
		}
	})
}
