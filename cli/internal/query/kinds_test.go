package query

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// served is an answer as the server writes it.
func served(t *testing.T, a insight.Answer) []byte {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func name(s string) *string { return &s }

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTables(t *testing.T) {
	nan := math.NaN()
	steps := []insight.StepAnswer{
		{Event: "Seite 日本", Users: 1200, Conversion: 1, StepConversion: nan, MedianSeconds: nan},
		{Event: "order\n", Users: 300, Conversion: 0.25, StepConversion: 0.25, MedianSeconds: 93784},
	}
	none := []insight.StepAnswer{
		{Event: "Seite 日本", StepConversion: nan, MedianSeconds: nan},
		{Event: "order\n", StepConversion: nan, MedianSeconds: nan},
	}
	// The cohorts are of two days, the clock stands in the second.
	cohorts := []insight.CohortAnswer{
		{Start: at(t, "2026-03-28T00:00:00+01:00"), Size: 8, Values: []int64{8, 2, 0}},
		{Start: at(t, "2026-03-29T00:00:00+01:00"), Size: 12, Values: []int64{9, 0, 0}},
		{Start: at(t, "2026-03-30T00:00:00+02:00"), Values: []int64{0, 0, 0}},
	}
	for _, c := range []struct {
		name, question, want string
		answer               insight.Answer
	}{
		{"funnel", "", `
step          users  conversion  step conversion  median time
------------  -----  ----------  ---------------  -----------
1 Seite 日本   1200      100.0%                -            -
2 order�        300       25.0%            25.0%         1d2h
`, insight.Answer{Kind: insight.KindFunnel, Steps: steps}},
		{"funnel in groups", "", `
group      step          users  conversion  step conversion  median time
---------  ------------  -----  ----------  ---------------  -----------
(all)      1 Seite 日本   1200      100.0%                -            -
           2 order�        300       25.0%            25.0%         1d2h
---------  ------------  -----  ----------  ---------------  -----------
東京       1 Seite 日本   1200      100.0%                -            -
           2 order�        300       25.0%            25.0%         1d2h
---------  ------------  -----  ----------  ---------------  -----------
(not set)  1 Seite 日本      0        0.0%                -            -
           2 order�          0        0.0%                -            -
`, insight.Answer{Kind: insight.KindFunnel, Steps: steps, Groups: []insight.FunnelGroup{{Group: name("東京"), Steps: steps}, {Steps: none}}}},
		{"funnel in no groups", "", `
group  step          users  conversion  step conversion  median time
-----  ------------  -----  ----------  ---------------  -----------
(all)  1 Seite 日本      0        0.0%                -            -
       2 order�          0        0.0%                -            -
`, insight.Answer{Kind: insight.KindFunnel, Steps: none, Groups: []insight.FunnelGroup{}}},
		{"funnel without steps", "", `
step  users  conversion  step conversion  median time
----  -----  ----------  ---------------  -----------
`, insight.Answer{Kind: insight.KindFunnel}},
		{"retention", `{"kind":"retention","interval":"day"}`, `
cohort      size          0         1  2
----------  ----  ---------  --------  -
2026-03-28     8   8 100.0%  2  25.0%   
2026-03-29    12   9  75.0%             
2026-03-30     0                        
----------  ----  ---------  --------  -
all           20  17  85.0%  2  25.0%  -
`, insight.Answer{Kind: insight.KindRetention, Cohorts: cohorts}},
		{"retention long ago", `{"interval":"hour"}`, `
cohort      size          0         1         2
----------  ----  ---------  --------  --------
2026-03-28     8   8 100.0%  2  25.0%  0   0.0%
2026-03-29    12   9  75.0%  0   0.0%  0   0.0%
2026-03-30     0          -         -         -
----------  ----  ---------  --------  --------
all           20  17  85.0%  2  10.0%  0   0.0%
`, insight.Answer{Kind: insight.KindRetention, Cohorts: cohorts}},
		{"stickiness", "", `
intervals  visit  東京
---------  -----  ----
        1      3     0
        2      0     4
---------  -----  ----
    users      3     4
`, insight.Answer{Kind: insight.KindStickiness, Stickiness: []insight.StickinessAnswer{{Event: "visit", Users: []int64{3, 0, 0}}, {Event: "東京", Users: []int64{0, 4, 0}}}}},
		{"stickiness of nobody", "", `
intervals  visit
---------  -----
    users      0
`, insight.Answer{Kind: insight.KindStickiness, Stickiness: []insight.StickinessAnswer{{Event: "visit", Users: []int64{0, 0}}}}},
		{"lifecycle", "", `
start       new  returning  resurrecting  dormant
----------  ---  ---------  ------------  -------
2026-03-29    1          2             3        4
2026-03-30   10         20            30       40
`, insight.Answer{
			Kind: insight.KindLifecycle, Buckets: []time.Time{at(t, "2026-03-29T00:00:00+01:00"), at(t, "2026-03-30T00:00:00+02:00")},
			Lifecycle: insight.LifecycleAnswer{New: []int64{1, 10}, Returning: []int64{2, 20}, Resurrecting: []int64{3, 30}, Dormant: []int64{4, 40}},
		}},
		{"lifecycle without buckets", "", `
start  new  returning  resurrecting  dormant
-----  ---  ---------  ------------  -------
`, insight.Answer{Kind: insight.KindLifecycle}},
		{"paths", "", `
step  from      to        users  share
----  --------  --------  -----  -----
1     sign up   visit         6  60.0%
      sign up   (others)      2  20.0%
                (ended)       2  20.0%
----  --------  --------  -----  -----
2     (others)  order         3  30.0%
                (ended)       5  50.0%
`, insight.Answer{Kind: insight.KindPaths, PathEvent: "sign up", PathUsers: 10, Paths: []insight.PathStep{
			{Links: []insight.PathLink{{From: name("sign up"), To: name("visit"), Users: 6}, {From: name("sign up"), Users: 2}}, Ended: 2},
			{Links: []insight.PathLink{{To: name("order"), Users: 3}}, Ended: 5},
		}}},
		{"paths of nobody", "", `
step  from  to       users  share
----  ----  -------  -----  -----
1           (ended)      0      -
`, insight.Answer{Kind: insight.KindPaths, PathEvent: "a", Paths: []insight.PathStep{{}}}},
		{"retention without cohorts", "", `
cohort  size
------  ----
all        0
`, insight.Answer{Kind: insight.KindRetention}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := render(served(t, c.answer), []byte(c.question), at(t, "2026-03-29T12:00:00Z"))
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.TrimPrefix(c.want, "\n"); string(got) != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestManyGroupsAreAsWideAsOne(t *testing.T) {
	a := insight.Answer{Kind: insight.KindFunnel, Steps: []insight.StepAnswer{{Event: "a"}, {Event: "b"}}}
	for i := range 1000 {
		a.Groups = append(a.Groups, insight.FunnelGroup{Group: name(fmt.Sprintf("группа %d 🥖", i)), Steps: a.Steps})
	}
	got, err := render(served(t, a), nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(got), "\n"), "\n")
	if len(lines) != 1+1001*3 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if w := runewidth.StringWidth(line); w != runewidth.StringWidth(lines[0]) {
			t.Fatalf("%q is %d wide", line, w)
		}
	}
}

func TestPeriodsBegin(t *testing.T) {
	start, now := at(t, "2026-01-01T00:00:00Z"), at(t, "2026-02-01T00:00:00Z")
	for interval, last := range map[string]int{"day": 31, "week": 4, "month": 1} {
		if !begun(start, interval, last, now) || begun(start, interval, last+1, now) {
			t.Errorf("%s: the last that has begun is not %d", interval, last)
		}
	}
}

func TestDurations(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0s", 0.0001: "<1ms", 0.25: "250ms", 0.9996: "1s", 1.25: "1.3s", 59.94: "59.9s", 59.99: "1m",
		72: "1m12s", 3599.6: "1h", 3661: "1h1m", 86399: "1d", 93784: "1d2h", 31536000: "365d",
	} {
		if got := duration(&seconds); got != want {
			t.Errorf("%v s: got %q, want %q", seconds, got, want)
		}
	}
	if got := duration(nil); got != "-" {
		t.Errorf("got %q", got)
	}
}

// CSV and JSON are the server's own, byte for byte.
func TestOtherFormatsAreTheServers(t *testing.T) {
	answers := map[string]string{
		"text/csv":         "step,event,users,conversion,step_conversion,median_seconds\n1,a,1,1,,\n",
		"application/json": `{"kind":"funnel","steps":[{"event":"a","users":1,"conversion":1,"step_conversion":null,"median_seconds":null}]}` + "\n",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(answers[r.Header.Get("Accept")]))
	}))
	defer server.Close()
	for format, accept := range map[string]string{CSV: "text/csv", JSON: "application/json"} {
		var out strings.Builder
		err := Run(t.Context(), Options{
			Streams: term.Streams{In: strings.NewReader(`{"kind":"funnel"}`), Out: &out},
			Server:  server.URL, Token: "t", Format: format, Timeout: time.Minute,
		})
		if err != nil || out.String() != answers[accept] {
			t.Errorf("%s: got %q, %v", format, out.String(), err)
		}
	}
}
