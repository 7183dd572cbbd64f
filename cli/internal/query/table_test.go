package query

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	const answer = `{"kind":"trend","buckets":["2026-03-29T00:00:00+01:00","2026-03-30T00:00:00+02:00"],"elapsed_ms":1,"series":[
{"event":"order","aggregation":{"type":"sum","property":"amount"},"breakdown":"日本","count":3,"values":[12345678901234.5,null],"previous":{"count":1,"values":[0,1e21]}},
{"event":"a\u001b[31m","aggregation":{"type":"total"},"breakdown":null,"count":2,"values":[1,1]}]}`
	const want = `start       order sum(amount) 日本  order sum(amount) 日本, previous  a�[31m total (not set)
----------  ----------------------  --------------------------------  ----------------------
2026-03-29        12345678901234.5                                 0                       1
2026-03-30                       -                              1e21                       1
----------  ----------------------  --------------------------------  ----------------------
events                           3                                 1                       2
`
	got, err := render([]byte(answer), nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTableOfHoursKeepsTheOffset(t *testing.T) {
	got, err := render([]byte(`{"kind":"trend","buckets":["2026-10-25T00:00:00+02:00","2026-10-25T02:00:00+01:00"],"series":[{"event":"*","aggregation":{"type":"total"},"count":0,"values":[0,0]}]}`), nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), "2026-10-25T02:00:00+01:00  ") {
		t.Errorf("got\n%s", got)
	}
}

func TestTableWithoutABreakdownNamesNoGroup(t *testing.T) {
	got, err := render([]byte(`{"kind":"trend","buckets":["2026-10-25T00:00:00Z"],"series":[{"event":"*","aggregation":{"type":"total"},"breakdown":null,"count":0,"values":[0]}]}`), nil, time.Time{})
	if err != nil || strings.Contains(string(got), "not set") {
		t.Errorf("got\n%s%v", got, err)
	}
}

func TestWhatHasNoTable(t *testing.T) {
	got, err := render([]byte(`{"kind":"path","steps":[]}`), nil, time.Time{})
	if err != nil || string(got) != "{\n  \"kind\": \"path\",\n  \"steps\": []\n}" {
		t.Errorf("got %s, %v", got, err)
	}
	for _, broken := range []string{`<html>`, `{"kind":"trend","buckets":["2026-01-01T00:00:00Z"],"series":[{"values":[]}]}`,
		`{"kind":"funnel","steps":{}}`, `{"kind":"retention","cohorts":[{"cohort":"2026-01-01T00:00:00Z","values":[1]},{"cohort":"2026-01-02T00:00:00Z","values":[]}]}`,
		`{"kind":"lifecycle","buckets":[],"new":[1],"returning":[],"resurrecting":[],"dormant":[]}`,
		`{"kind":"stickiness","series":[{"event":"a","intervals":[1],"users":[]}]}`,
		`{"kind":"retention","cohorts":[{"cohort":"yesterday","values":[1]}]}`} {
		if got, err := render([]byte(broken), nil, time.Time{}); err == nil {
			t.Errorf("%s gives %s", broken, got)
		}
	}
}

func TestTableOfFormulas(t *testing.T) {
	const answer = `{"kind":"trend","buckets":["2026-03-29T00:00:00Z"],"series":[{"event":"a","aggregation":{"type":"total"},"breakdown":"x","count":3,"values":[3]}],
"formulas":[{"name":"share","expression":"A / 2","breakdown":"x","values":[1.5],"previous":{"values":[null]}}]}`
	const want = `start       a total x  share x  share x, previous
----------  ---------  -------  -----------------
2026-03-29          3      1.5                  -
----------  ---------  -------  -----------------
events              3                            
`
	got, err := render([]byte(answer), nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
