package query_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
	"github.com/dataloaf/dataloaf/insights-server/query/reference"
)

// periods are what the volumes are asked of.
func periods(t *testing.T) []insight.Query {
	t.Helper()
	var out []insight.Query
	for _, p := range []struct {
		given map[string]string
		zone  string
	}{
		{map[string]string{"last": "30d"}, ""},
		{map[string]string{"from": "2024-10-20", "to": "2024-10-27"}, "Europe/Berlin"},
		{map[string]string{"from": "0001-01-01", "to": "9999-12-31"}, ""},
		{map[string]string{"from": "1950-01-01", "to": "1950-12-31"}, ""},
	} {
		q, err := insight.ParsePeriod(p.given, p.zone)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, q)
	}
	return out
}

func within(e reference.Event, q insight.Query) bool {
	bounds := q.Bounds(now)
	return !e.Time.Before(bounds.From) && e.Time.Before(bounds.To)
}

// jsonType names the type of a value that is not null.
func jsonType(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case json.Number, float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	default:
		return "object"
	}
}

// TestVolumes counts again, event by event.
func TestVolumes(t *testing.T) {
	d := mixed(11)
	services := loaded(t, d)
	names := map[string]bool{"no such": true}
	for _, e := range d.data.Events {
		for name := range e.Properties {
			names[name] = true
		}
	}
	for _, q := range periods(t) {
		total, inRange := map[string]int64{}, map[string]int64{}
		for _, e := range d.data.Events {
			total[e.Name]++
			if within(e, q) {
				inRange[e.Name]++
			}
		}
		for engine, s := range services {
			volumes, err := s.EventVolumes(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(volumes) != len(total) {
				t.Errorf("%s: %d names, want %d", engine, len(volumes), len(total))
			}
			for _, v := range volumes {
				if v.Count != total[v.Name] || v.InRange != inRange[v.Name] {
					t.Errorf("%s: %q has %d events, %d in range, want %d and %d", engine, v.Name, v.Count, v.InRange, total[v.Name], inRange[v.Name])
				}
			}
			for name := range names {
				got, err := s.PropertyVolumes(t.Context(), name, q)
				if err != nil {
					t.Fatal(err)
				}
				sameCarriers(t, fmt.Sprintf("%q on %s", name, engine), got, carriers(d.data.Events, name, q))
			}
		}
	}
}

// carriers are the reference's property volumes, by event.
func carriers(events []reference.Event, property string, q insight.Query) map[string]query.PropertyVolume {
	want := map[string]query.PropertyVolume{}
	totals := map[string]int64{}
	for _, e := range events {
		totals[e.Name]++
		value := e.Properties[property]
		if value == nil {
			continue
		}
		v := want[e.Name]
		v.Event, v.Count = e.Name, v.Count+1
		kind := jsonType(value)
		if i := slices.IndexFunc(v.Types, func(c query.TypeCount) bool { return c.Type == kind }); i >= 0 {
			v.Types[i].Count++
		} else {
			v.Types = append(v.Types, query.TypeCount{Type: kind, Count: 1})
		}
		if at := e.Time; within(e, q) {
			v.InRange++
			if v.FirstSeen == nil || at.Before(*v.FirstSeen) {
				v.FirstSeen = &at
			}
			if v.LastSeen == nil || at.After(*v.LastSeen) {
				v.LastSeen = &at
			}
		}
		want[e.Name] = v
	}
	for name, v := range want {
		v.EventCount = totals[name]
		slices.SortFunc(v.Types, func(a, b query.TypeCount) int {
			if a.Count != b.Count {
				return int(b.Count - a.Count)
			}
			return strings.Compare(a.Type, b.Type)
		})
		want[name] = v
	}
	return want
}

func sameCarriers(t *testing.T, about string, got []query.PropertyVolume, want map[string]query.PropertyVolume) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d events carry it, want %d", about, len(got), len(want))
	}
	for i, v := range got {
		if i > 0 && got[i-1].Count < v.Count {
			t.Errorf("%s: %q comes before %q", about, got[i-1].Event, v.Event)
		}
		a, errA := json.Marshal(v)
		b, errB := json.Marshal(want[v.Event])
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s: got %s, want %s", about, a, b)
		}
	}
}

func TestSeenProperties(t *testing.T) {
	d := &dataset{}
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	long := strings.Repeat("ä", 150)
	for i, properties := range []string{
		`{"plan":"old","mixed":1,"list":[1],"gone":null,"flag":true}`, `{"plan":"new","mixed":"1","long":"` + long + `"}`, `{"other":0.5}`,
	} {
		name := "buy"
		if i == 2 {
			name = "visit"
		}
		d.addEvent(fmt.Sprintf("0192f0c0-1111-7222-8333-44445555666%d", i), name, nil, at.Add(time.Duration(i)*time.Minute), properties)
	}
	d.addUser("u", `{"city":"Ulm","age":30,"tags":["a"]}`)
	for engine, s := range loaded(t, d) {
		for _, test := range []struct {
			scope insight.Scope
			event string
			want  string
		}{
			{insight.ScopeEvent, "", `flag:1 boolean1 true, list:1 array1 , long:1 string1 "` + strings.Repeat("ä", 99) + `…", mixed:2 number1 string1 "1", other:1 number1 0.5, plan:2 string2 "new"`},
			{insight.ScopeEvent, "visit", `other:1 number1 0.5`},
			{insight.ScopeEvent, "no such", ``},
			{insight.ScopeUser, "", `age:1 number1 30, city:1 string1 "Ulm", tags:1 array1 `},
		} {
			seen, err := s.SeenProperties(t.Context(), test.scope, test.event)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, p := range seen {
				line := fmt.Sprintf("%s:%d", p.Name, p.Count)
				for _, of := range p.Types {
					line += fmt.Sprintf(" %s%d", of.Type, of.Count)
				}
				lines = append(lines, line+" "+string(p.Sample))
			}
			slices.Sort(lines)
			if got := strings.Join(lines, ", "); got != test.want {
				t.Errorf("%s: %s %q has %s\nwant %s", engine, test.scope, test.event, got, test.want)
			}
		}
	}
}

// TestSeenBeforeTables: a warehouse that was never migrated has seen nothing.
func TestSeenBeforeTables(t *testing.T) {
	q := periods(t)[0]
	for _, name := range engineNames {
		s := service(open(t, name, folder(t.TempDir())))
		events, err := s.EventVolumes(t.Context(), q)
		properties, err2 := s.SeenProperties(t.Context(), insight.ScopeEvent, "")
		volumes, err3 := s.PropertyVolumes(t.Context(), "p", q)
		if err := errors.Join(err, err2, err3); err != nil || len(events)+len(properties)+len(volumes) > 0 {
			t.Errorf("%s: %v, %v, %v, %v", name, events, properties, volumes, err)
		}
	}
}

func TestGoldenSQLOfWhatWasSeen(t *testing.T) {
	for _, d := range dialects() {
		for name, s := range seenPlans(t, d) {
			compareGolden(t, name, d, s)
		}
	}
}

func seenPlans(t *testing.T, d dialect.Dialect) map[string]query.Statement {
	t.Helper()
	axis := periods(t)[1].Bounds(now)
	catalog, inRange, err := query.PlanPropertyVolumes("camelKey", axis, d)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]query.Statement{
		"event_volumes":          query.PlanEventVolumes(axis, d),
		"property_volumes":       catalog,
		"property_volumes_range": inRange,
		"samples":                query.PlanSamples(insight.ScopeEvent, "", d),
		"samples_of_event":       query.PlanSamples(insight.ScopeEvent, "commit", d),
		"samples_of_users":       query.PlanSamples(insight.ScopeUser, "", d),
	}
}
