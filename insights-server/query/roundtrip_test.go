package query_test

import (
	"reflect"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// TestExportedEventsCanBeCollectedAgain sends what an export gives through the
// rules of the collection API into a warehouse of the same engine, which then
// exports the same.
func TestExportedEventsCanBeCollectedAgain(t *testing.T) {
	services := loaded(t, mixed(13))
	for _, name := range engineNames {
		export := func(s *query.Service) []query.Event {
			var all []query.Event
			err := s.Export(t.Context(), query.ExportRequest{}, func(e query.Event) error {
				all = append(all, e)
				return nil
			})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return all
		}
		first := export(services[name])
		var records [][]byte
		for _, e := range first {
			line := wire.Event{EventID: e.ID, Event: e.Name, UserID: e.User, Timestamp: e.Time, Properties: e.Properties}.AppendItem(nil)
			taken, err := wire.ParseEvent(line, received, nil)
			if err != nil {
				t.Fatalf("%s: the API does not take %s: %v", name, line, err)
			}
			records = append(records, taken.AppendRecord(nil, received))
		}
		raw := folder(t.TempDir())
		w := open(t, name, raw)
		if err := w.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		load(t, w, raw.put(t, warehouse.Events, "again", records))
		second := export(service(w))
		if len(first) == 0 || len(second) != len(first) {
			t.Fatalf("%s: %d events, then %d", name, len(first), len(second))
		}
		for i := range first {
			a, b := first[i], second[i]
			// Numbers are doubles, in whatever form they are written.
			same := sameJSON(decode(string(a.Properties)), decode(string(b.Properties)))
			if a.Properties, b.Properties = nil, nil; !same || !reflect.DeepEqual(a, b) {
				t.Fatalf("%s: %s became %s", name, encode(first[i]), encode(second[i]))
			}
		}
	}
}
