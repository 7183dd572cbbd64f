package httpapi

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

func text(s string) *string { return &s }

// kindAnswers are answers of every kind and shape with the JSON and the CSV
// that they make. do holds the JSON against the specification.
func kindAnswers() map[string]struct {
	answer    insight.Answer
	json, csv string
} {
	nan := math.NaN()
	day := time.Date(2024, 3, 30, 0, 0, 0, 0, time.FixedZone("", 3600))
	steps := []insight.StepAnswer{
		{Event: "visit", Users: 4, Conversion: 1, StepConversion: nan, MedianSeconds: nan},
		{Event: "=1+1", Users: 1, Conversion: 0.25, StepConversion: 0.25, MedianSeconds: 0.5},
	}
	const stepsJSON = `[{"event":"visit","users":4,"conversion":1,"step_conversion":null,"median_seconds":null},{"event":"=1+1","users":1,"conversion":0.25,"step_conversion":0.25,"median_seconds":0.5}]`
	total := insight.Aggregation{Type: insight.Total}
	return map[string]struct {
		answer    insight.Answer
		json, csv string
	}{
		"trend in groups beside the period before": {
			insight.Answer{Kind: insight.KindTrend, Buckets: []time.Time{day}, Series: []insight.SeriesAnswer{
				{Event: "a", Aggregation: total, Group: text("@x"), Count: 2, Values: insight.Values{2}, Previous: &insight.Previous{Count: 1, Values: insight.Values{nan}}},
				{Event: "a", Aggregation: total, Count: 1, Values: insight.Values{1}, Previous: &insight.Previous{Values: insight.Values{0}}},
			}},
			`{"kind":"trend","buckets":["2024-03-30T00:00:00+01:00"],"series":[{"event":"a","aggregation":{"type":"total"},"breakdown":"@x","count":2,"values":[2],"previous":{"count":1,"values":[null]}},` +
				`{"event":"a","aggregation":{"type":"total"},"breakdown":null,"count":1,"values":[1],"previous":{"count":0,"values":[0]}}],"elapsed_ms":0}`,
			"bucket,a (total) / @x,\"a (total) / @x, previous\",a (total) / (not set),\"a (total) / (not set), previous\"\n2024-03-30T00:00:00+01:00,2,,1,0\n",
		},
		"trend with formulas": {
			insight.Answer{Kind: insight.KindTrend, Buckets: []time.Time{day}, Series: []insight.SeriesAnswer{{Event: "a", Aggregation: total, Count: 2, Values: insight.Values{2}}}, Formulas: []insight.FormulaAnswer{
				{Name: "=x", Expression: "A / 0", Group: text("g"), Values: insight.Values{nan}, Previous: &insight.Values{1.5}},
				{Name: "=x", Expression: "A", Values: insight.Values{2}},
			}},
			`{"kind":"trend","buckets":["2024-03-30T00:00:00+01:00"],"series":[{"event":"a","aggregation":{"type":"total"},"breakdown":null,"count":2,"values":[2]}],` +
				`"formulas":[{"name":"=x","expression":"A / 0","breakdown":"g","values":[null],"previous":{"values":[1.5]}},{"name":"=x","expression":"A","breakdown":null,"values":[2]}],"elapsed_ms":0}`,
			"bucket,a (total),'=x / g,\"'=x / g, previous\",'=x / (not set)\n2024-03-30T00:00:00+01:00,2,,1.5,2\n",
		},
		"trend without groups": {
			insight.Answer{Kind: insight.KindTrend},
			`{"kind":"trend","buckets":[],"series":[],"elapsed_ms":0}`, "bucket\n",
		},
		"funnel": {
			insight.Answer{Kind: insight.KindFunnel, Steps: steps},
			`{"kind":"funnel","steps":` + stepsJSON + `}`,
			"step,event,users,conversion,step_conversion,median_seconds\n1,visit,4,1,,\n2,'=1+1,1,0.25,0.25,0.5\n",
		},
		"funnel in groups": {
			insight.Answer{Kind: insight.KindFunnel, Steps: steps, Groups: []insight.FunnelGroup{{Group: text("+x"), Steps: steps}, {Steps: steps[:1]}}},
			`{"kind":"funnel","steps":` + stepsJSON + `,"groups":[{"breakdown":"+x","steps":` + stepsJSON + `},{"breakdown":null,"steps":[{"event":"visit","users":4,"conversion":1,"step_conversion":null,"median_seconds":null}]}]}`,
			"of,breakdown,step,event,users,conversion,step_conversion,median_seconds\nall,,1,visit,4,1,,\nall,,2,'=1+1,1,0.25,0.25,0.5\n" +
				"group,'+x,1,visit,4,1,,\ngroup,'+x,2,'=1+1,1,0.25,0.25,0.5\nnot set,,1,visit,4,1,,\n",
		},
		"funnel in no groups": {
			insight.Answer{Kind: insight.KindFunnel, Groups: []insight.FunnelGroup{}},
			`{"kind":"funnel","steps":[],"groups":[]}`,
			"of,breakdown,step,event,users,conversion,step_conversion,median_seconds\n",
		},
		"retention": {
			insight.Answer{Kind: insight.KindRetention, Cohorts: []insight.CohortAnswer{{Start: day, Size: 3, Values: []int64{3, 0}}, {Start: day.AddDate(0, 0, 1), Values: []int64{0, 0}}}},
			`{"kind":"retention","cohorts":[{"cohort":"2024-03-30T00:00:00+01:00","size":3,"values":[3,0]},{"cohort":"2024-03-31T00:00:00+01:00","size":0,"values":[0,0]}]}`,
			"cohort,size,0,1\n2024-03-30T00:00:00+01:00,3,3,0\n2024-03-31T00:00:00+01:00,0,0,0\n",
		},
		"stickiness": {
			insight.Answer{Kind: insight.KindStickiness, Stickiness: []insight.StickinessAnswer{{Event: "=a", Users: []int64{3, 0}}, {Event: "=a", Users: []int64{1, 2}}}},
			`{"kind":"stickiness","series":[{"event":"=a","intervals":[1,2],"users":[3,0]},{"event":"=a","intervals":[1,2],"users":[1,2]}]}`,
			"intervals,'=a,'=a #2\n1,3,1\n2,0,2\n",
		},
		"stickiness without intervals": {
			insight.Answer{Kind: insight.KindStickiness, Stickiness: []insight.StickinessAnswer{{Event: "a"}}},
			`{"kind":"stickiness","series":[{"event":"a","intervals":[],"users":[]}]}`, "intervals,a\n",
		},
		"lifecycle": {
			insight.Answer{Kind: insight.KindLifecycle, Buckets: []time.Time{day, day.AddDate(0, 0, 1)}, Lifecycle: insight.LifecycleAnswer{New: []int64{1, 2}, Returning: []int64{3, 4}, Resurrecting: []int64{5, 6}, Dormant: []int64{7, 8}}},
			`{"kind":"lifecycle","buckets":["2024-03-30T00:00:00+01:00","2024-03-31T00:00:00+01:00"],"new":[1,2],"returning":[3,4],"resurrecting":[5,6],"dormant":[7,8]}`,
			"bucket,new,returning,resurrecting,dormant\n2024-03-30T00:00:00+01:00,1,3,5,7\n2024-03-31T00:00:00+01:00,2,4,6,8\n",
		},
		"lifecycle without buckets": {
			insight.Answer{Kind: insight.KindLifecycle},
			`{"kind":"lifecycle","buckets":[],"new":[],"returning":[],"resurrecting":[],"dormant":[]}`, "bucket,new,returning,resurrecting,dormant\n",
		},
		"paths": {
			insight.Answer{Kind: insight.KindPaths, PathEvent: "a", PathUsers: 9, Paths: []insight.PathStep{
				{Events: []insight.PathEvent{{Event: text("=b"), Users: 4}, {Users: 3}}, Links: []insight.PathLink{{From: text("a"), To: text("=b"), Users: 4}, {From: text("a"), Users: 3}}, Ended: 2},
				{Events: []insight.PathEvent{{Event: text("c"), Users: 1}, {Users: 1}}, Links: []insight.PathLink{{To: text("c"), Users: 1}, {Users: 1}}, Ended: 5},
			}},
			`{"kind":"paths","event":"a","users":9,"steps":[{"events":[{"event":"=b","users":4},{"event":null,"users":3}],"links":[{"from":"a","to":"=b","users":4},{"from":"a","to":null,"users":3}],"ended":2},` +
				`{"events":[{"event":"c","users":1},{"event":null,"users":1}],"links":[{"from":null,"to":"c","users":1},{"from":null,"to":null,"users":1}],"ended":5}]}`,
			"step,of,from,to,users\n1,link,a,'=b,4\n1,to rest,a,,3\n1,ended,,,2\n2,from rest,,c,1\n2,rest to rest,,,1\n2,ended,,,5\n",
		},
		"retention without cohorts": {
			insight.Answer{Kind: insight.KindRetention}, `{"kind":"retention","cohorts":[]}`, "cohort,size\n",
		},
	}
}

func TestAnswersOfKinds(t *testing.T) {
	for name, c := range kindAnswers() {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.service.run = func(context.Context, insight.Query) (insight.Answer, error) { return c.answer, nil }
			// Every answer says at its end which data it is of: here, none yet.
			want := strings.TrimSuffix(c.json, "}") + `,"data":{"load_id":null,"loaded_at":null}}`
			if got := readAll(t, f.do(post(goodQuery))); got != want+"\n" {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			table := post(goodQuery)
			table.header = map[string]string{"Accept": "text/csv"}
			if got := readAll(t, f.do(table)); got != c.csv {
				t.Errorf("got  %q\nwant %q", got, c.csv)
			}
		})
	}
}

// TestSpecificationOfKinds is TestSpecificationOfQueries for what the kinds
// have of their own.
func TestSpecificationOfKinds(t *testing.T) {
	v, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	const (
		within    = `"range":{"last":"30d"}`
		trend     = within + `,"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}]`
		funnel    = `"kind":"funnel",` + within + `,"steps":[{"event":"a"},{"event":"b"}]`
		paths     = `"kind":"paths",` + within + `,"event":"a"`
		lifecycle = `"kind":"lifecycle",` + within
		sticky    = `"kind":"stickiness",` + within
		retention = `"kind":"retention",` + within + `,"cohort_event":"a","return_event":"*"`
	)
	for _, test := range []struct {
		body string
		good bool
	}{
		{trend + `,"breakdown":{"scope":"user","property":"plan"}`, true},
		{trend + `,"breakdown":{"scope":"event","property":"p","limit":1000},"compare":"previous_period"`, true},
		{trend + `,"breakdown":{"scope":"event","property":"p","limit":1001}`, false},
		{trend + `,"breakdown":{"scope":"event","property":"p","limit":0}`, false},
		{trend + `,"breakdown":{"scope":"event"}`, false},
		{trend + `,"breakdown":{"scope":"device","property":"p"}`, false},
		{trend + `,"breakdown":"plan"`, false},
		{trend + `,"compare":"last_year"`, false},
		{trend + `,"formulas":[{"name":"x","expression":"A / 2"},{"expression":"A"}]`, true},
		{trend + `,"formulas":[]`, true},
		{trend + `,"formulas":[{"name":"x"}]`, false},
		{trend + `,"formulas":[{"name":"","expression":"A"}]`, false},
		{trend + `,"formulas":[{"expression":""}]`, false},
		{trend + `,"formulas":[{"expression":"A","unit":"%"}]`, false},
		{trend + `,"formulas":[` + strings.Repeat(`{"expression":"A"},`, 10) + `{"expression":"A"}]`, false},
		{trend + `,"formulas":[{"expression":"` + strings.Repeat("A+", 250) + `A"}]`, false},
		{funnel + `,"window":"7d","formulas":[]`, false},
		{trend + `,"window":"7d"`, false},
		{funnel + `,"window":"7d"`, true},
		{funnel + `,"window":"30m","timezone":"Asia/Tokyo","filters":{},"breakdown":{"scope":"event","property":"p","limit":3}`, true},
		{`"kind":"funnel",` + within + `,"window":"1h","steps":[{"event":"a","filters":{"match":"any"}},{"event":"*"}]`, true},
		{funnel, false},
		{funnel + `,"window":"0d"`, false},
		{funnel + `,"window":"7w"`, false},
		{funnel + `,"window":7`, false},
		{funnel + `,"window":"7d","interval":"day"`, false},
		{funnel + `,"window":"7d","compare":"previous_period"`, false},
		{`"kind":"funnel",` + within + `,"window":"1h","steps":[{"event":"a"}]`, false},
		{`"kind":"funnel",` + within + `,"window":"1h","steps":[{"event":"a"},{"event":"b","name":"x"}]`, false},
		{`"kind":"funnel",` + within + `,"window":"1h","steps":[` + strings.Repeat(`{"event":"a"},`, 10) + `{"event":"a"}]`, false},
		{sticky + `,"interval":"week","series":[{"event":"a"},{"event":"*","filters":{"match":"any"}}]`, true},
		{sticky + `,"interval":"month","timezone":"UTC","filters":{},"series":[{"event":"a"}]`, true},
		{sticky + `,"interval":"hour","series":[{"event":"a"}]`, false},
		{sticky + `,"series":[{"event":"a"}]`, false},
		{sticky + `,"interval":"day"`, false},
		{sticky + `,"interval":"day","series":[]`, false},
		{sticky + `,"interval":"day","series":[{"event":"a","aggregation":{"type":"total"}}]`, false},
		{sticky + `,"interval":"day","series":[{"event":"a"}],"compare":"previous_period"`, false},
		{lifecycle + `,"interval":"week","event":"a"`, true},
		{lifecycle + `,"interval":"day","event":"*","timezone":"UTC","filters":{"match":"any"}`, true},
		{lifecycle + `,"interval":"hour","event":"a"`, false},
		{lifecycle + `,"interval":"day"`, false},
		{lifecycle + `,"event":"a"`, false},
		{lifecycle + `,"interval":"day","event":""`, false},
		{lifecycle + `,"interval":"day","event":"a","periods":3`, false},
		{paths + `,"direction":"after","steps":3,"window":"7d"`, true},
		{paths + `,"direction":"before","steps":5,"limit":50,"window":"30m","timezone":"UTC","filters":{}`, true},
		{paths + `,"steps":3,"window":"7d"`, false},
		{paths + `,"direction":"both","steps":3,"window":"7d"`, false},
		{paths + `,"direction":"after","window":"7d"`, false},
		{paths + `,"direction":"after","steps":6,"window":"7d"`, false},
		{paths + `,"direction":"after","steps":3,"limit":51,"window":"7d"`, false},
		{paths + `,"direction":"after","steps":3`, false},
		{paths + `,"direction":"after","steps":3,"window":"7d","interval":"day"`, false},
		{retention + `,"interval":"week","periods":8`, true},
		{retention + `,"interval":"month","periods":60,"timezone":"UTC","filters":{}`, true},
		{retention + `,"interval":"month","periods":61`, false},
		{retention + `,"interval":"month","periods":0`, false},
		{retention + `,"interval":"month","periods":1.5`, false},
		{retention + `,"interval":"hour","periods":8`, false},
		{retention + `,"interval":"week"`, false},
		{retention + `,"interval":"week","periods":8,"breakdown":{"scope":"user","property":"plan"}`, false},
		{`"kind":"retention",` + within + `,"interval":"week","periods":8,"cohort_event":"a"`, false},
	} {
		body := "{" + test.body + "}"
		if _, err := insight.Parse([]byte(body)); (err == nil) != test.good {
			t.Errorf("the parser says %v of %s", err, body)
		}
		r := httptest.NewRequest(http.MethodPost, "/api/v1/query", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer x")
		if ok, _ := v.GetRequestBodyValidator().ValidateRequestBody(r); ok != test.good {
			t.Errorf("the specification says %v of %s", ok, body)
		}
	}
}
