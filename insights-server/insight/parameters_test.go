package insight_test

import (
	"errors"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

func TestParseFilterNamesTheParameter(t *testing.T) {
	good := `{"match":"any","conditions":[{"scope":"user","property":"plan","operator":"in","value":["pro",1]}]}`
	filter, err := insight.ParseFilter([]byte(good), "filters")
	if err != nil {
		t.Fatal(err)
	}
	if filter.Match != insight.MatchAny || len(filter.Conditions) != 1 || len(filter.Conditions[0].Values) != 2 {
		t.Errorf("got %+v", filter)
	}
	if filter, err := insight.ParseFilter([]byte(`{}`), "filters"); err != nil || filter.Match != insight.MatchAll || filter.Conditions != nil {
		t.Errorf("an empty filter is %+v, %v", filter, err)
	}
	for text, want := range map[string][2]string{
		``:          {insight.CodeInvalidJSON, "filters"},
		`{"match":`: {insight.CodeInvalidJSON, "filters"},
		`[]`:        {insight.CodeWrongType, "filters"},
		`null`:      {insight.CodeWrongType, "filters"},
		"\xff":      {insight.CodeInvalidUTF8, "filters"},
		`{"a":1}`:   {insight.CodeUnknownField, "filters.a"},
		`{"conditions":[{"scope":"event","property":"p","operator":"like","value":1}]}`:       {insight.CodeUnknownOperator, "filters.conditions[0].operator"},
		`{"conditions":[{"scope":"event","property":"p","operator":"equals","value":""},{}]}`: {insight.CodeRequired, "filters.conditions[1].scope"},
	} {
		_, err := insight.ParseFilter([]byte(text), "filters")
		wantError(t, text, err, want[0], want[1])
	}
}

func TestParseDays(t *testing.T) {
	utc := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		from, to, zone string
		start, end     time.Time
	}{
		{"", "", "", time.Time{}, time.Time{}},
		{"2024-02-29", "2024-02-29", "", utc("2024-02-29T00:00:00Z"), utc("2024-03-01T00:00:00Z")},
		{"2024-03-31", "", "Europe/Berlin", utc("2024-03-30T23:00:00Z"), time.Time{}},
		{"", "2024-03-31", "Europe/Berlin", time.Time{}, utc("2024-03-31T22:00:00Z")},
		{"2011-12-30", "2011-12-30", "Pacific/Apia", utc("2011-12-30T10:00:00Z"), utc("2011-12-30T10:00:00Z")}, // left out there
	} {
		start, end, err := insight.ParseDays(c.from, c.to, c.zone)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if !start.Equal(c.start) || !end.Equal(c.end) {
			t.Errorf("%s to %s in %q is from %s to %s", c.from, c.to, c.zone, start, end)
		}
	}
	for _, c := range []struct{ from, to, zone, code, field string }{
		{"2024-02-30", "", "", insight.CodeInvalidRange, "from"},
		{"", "yesterday", "", insight.CodeInvalidRange, "to"},
		{"2024-01-02", "2024-01-01", "", insight.CodeRangeReversed, "to"},
		{"2024-01-01", "2024-01-02", "Mars/Olympus", insight.CodeUnknownTimezone, "timezone"},
	} {
		_, _, err := insight.ParseDays(c.from, c.to, c.zone)
		wantError(t, c.from+".."+c.to, err, c.code, c.field)
	}
}

func wantError(t *testing.T, about string, err error, code, field string) {
	t.Helper()
	var e *insight.Error
	if !errors.As(err, &e) || e.Code != code || e.Field != field || e.Message == "" {
		t.Errorf("%s gives %v, want code %q and field %q", about, err, code, field)
	}
}
