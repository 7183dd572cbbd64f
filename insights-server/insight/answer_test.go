package insight_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

func TestAnswerJSON(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(insight.Answer{
		Kind:    insight.KindTrend,
		Buckets: []time.Time{time.Date(2024, 1, 1, 0, 0, 0, 0, berlin), time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)},
		Series: []insight.SeriesAnswer{
			{Event: "commit", Aggregation: insight.Aggregation{Type: insight.Total}, Count: 28775, Values: insight.Values{28775, 0}},
			{Event: "*", Aggregation: insight.Aggregation{Type: insight.P90, Property: "files"}, Values: insight.Values{1.5, math.NaN()}},
		},
		Elapsed: 1500 * time.Microsecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"trend","buckets":["2024-01-01T00:00:00+01:00","2024-01-02T00:00:00Z"],"series":[` +
		`{"event":"commit","aggregation":{"type":"total"},"breakdown":null,"count":28775,"values":[28775,0]},` +
		`{"event":"*","aggregation":{"type":"p90","property":"files"},"breakdown":null,"count":0,"values":[1.5,null]}],"elapsed_ms":1,"data":{"load_id":null,"loaded_at":null}}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAnswerJSONHasNoNullLists(t *testing.T) {
	got, err := json.Marshal(insight.Answer{Kind: insight.KindTrend})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"kind":"trend","buckets":[],"series":[],"elapsed_ms":0,"data":{"load_id":null,"loaded_at":null}}`; string(got) != want {
		t.Errorf("got %s", got)
	}
}
