package query

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// EventVolume is an event name of the catalogue with its volume in a period.
type EventVolume struct {
	EventInfo
	// InRange is the number of the events in the period; Count is all of them.
	InRange int64
}

// EventVolumes lists the event names, the commonest first, with their volumes
// in the range. It reads the names and the times of the range's events, and no
// property.
func (s *Service) EventVolumes(ctx context.Context, r insight.Query) ([]EventVolume, error) {
	volumes := []EventVolume{}
	err := s.read(ctx, "list the volumes of events", func(ctx context.Context, d dialect.Dialect) error {
		statement := PlanEventVolumes(s.bounds(r), d)
		rows, err := s.reader(ctx).QueryContext(ctx, statement.SQL, statement.Args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v EventVolume
			if err := rows.Scan(&v.Name, &v.Count, &v.FirstSeen, &v.LastSeen, &v.InRange); err != nil {
				return err
			}
			v.FirstSeen, v.LastSeen = v.FirstSeen.UTC(), v.LastSeen.UTC()
			volumes = append(volumes, v)
		}
		return rows.Err()
	})
	slices.SortFunc(volumes, func(a, b EventVolume) int { return commonest(a.Count, b.Count, a.Name, b.Name) })
	return volumes, err
}

// bounds are the instants of a range, within the time that events can have.
func (s *Service) bounds(r insight.Query) insight.Axis {
	axis := r.Bounds(s.options.Now())
	if axis.From.Before(firstTimestamp) {
		axis.From = firstTimestamp
	}
	if axis.To.Before(axis.From) {
		axis.To = axis.From
	}
	return axis
}

// PlanEventVolumes writes the statement of EventVolumes: the name, the number of
// all events, the first and the last time, and the number of those in the range.
func PlanEventVolumes(axis insight.Axis, d dialect.Dialect) Statement {
	s := &selection{dialect: d, args: &dialect.Args{}}
	return finish(s.args, `SELECT c."event", c."count", c."first_seen", c."last_seen", COALESCE(v."count", 0)
FROM "loaf_event_catalog" AS c
LEFT JOIN (SELECT e."event", COUNT(*) AS "count"
`+s.from(s.within(axis))+`
GROUP BY 1) AS v ON v."event" = c."event"`)
}

// SeenProperty is a property of the catalogue with a value of it.
type SeenProperty struct {
	PropertyTypes
	// Sample is a string, number or boolean that one of the newest events, or of
	// the users who changed last, has; nil where none of them has one.
	Sample json.RawMessage
}

// sampleRows is how many events or users samples are taken from.
const sampleRows = 200

// SeenProperties lists the properties of a scope, the commonest first, with
// their types and a sample. The event narrows the event scope to one event; it
// is empty or "*" for all.
func (s *Service) SeenProperties(ctx context.Context, scope insight.Scope, event string) ([]SeenProperty, error) {
	properties := []SeenProperty{}
	err := s.read(ctx, "list the properties and their types", func(ctx context.Context, d dialect.Dialect) error {
		return s.snapshot(ctx, func(tx *sql.Tx) error {
			typed, err := readPropertyTypes(ctx, tx, scope, event, d)
			if err != nil {
				return err
			}
			samples, err := readSamples(ctx, tx, PlanSamples(scope, event, d), d)
			if err != nil {
				return err
			}
			for _, t := range typed {
				properties = append(properties, SeenProperty{PropertyTypes: t, Sample: samples[t.Name]})
			}
			return nil
		})
	})
	return properties, err
}

// PlanSamples writes the statement for the properties of the newest events, or
// the attributes of the users who changed last.
func PlanSamples(scope insight.Scope, event string, d dialect.Dialect) Statement {
	s := &selection{dialect: d, args: &dialect.Args{}}
	limit := "\nLIMIT " + strconv.Itoa(sampleRows)
	if scope == insight.ScopeUser {
		attributes, _ := d.JSON(`a."attributes"`)
		return finish(s.args, "SELECT "+attributes+` AS "attributes_text"`+"\nFROM \"users\" AS a\nORDER BY a.\"updated_at\" DESC, a.\"user_id\""+limit)
	}
	var where []string
	if event != "" && event != insight.AnyEvent {
		where = append(where, s.named(event))
	}
	properties, _ := d.JSON(`e."properties"`)
	return finish(s.args, "SELECT "+properties+` AS "properties_text"`+"\n"+s.from(where)+
		"\nORDER BY "+timestampColumn+` DESC, e."event_id" DESC`+limit)
}

// readSamples takes the first scalar of each name.
func readSamples(ctx context.Context, q querier, statement Statement, d dialect.Dialect) (map[string]json.RawMessage, error) {
	rows, err := q.QueryContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	samples := map[string]json.RawMessage{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		raw, err := readJSON(text, d)
		if err != nil {
			return nil, fmt.Errorf("read the properties of a sample: %w", err)
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, fmt.Errorf("read the properties of a sample: %w", err)
		}
		for name, value := range object {
			if samples[name] == nil {
				samples[name] = sampleOf(value)
			}
		}
	}
	return samples, rows.Err()
}

// maxSample is how long the text of a sample is at most, in characters.
const maxSample = 100

// sampleOf gives a scalar, of a long text the beginning; nil for anything else.
func sampleOf(value json.RawMessage) json.RawMessage {
	switch value[0] {
	case '{', '[', 'n':
		return nil
	case '"':
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return nil
		}
		if r := []rune(text); len(r) > maxSample {
			text = string(r[:maxSample-1]) + "…"
		}
		short, err := json.Marshal(text)
		if err != nil {
			return nil
		}
		return short
	default:
		return value
	}
}

// PropertyVolume is how often an event carries a property.
type PropertyVolume struct {
	Event string `json:"event"`
	// Count is how many events of the name have it, and EventCount how many of
	// them there are, both since the beginning.
	Count      int64 `json:"count"`
	EventCount int64 `json:"event_count"`
	// Types are the JSON types of its values there, the commonest first.
	Types []TypeCount `json:"types"`
	// InRange is how many events of the range have it; FirstSeen and LastSeen are
	// when the first and the last of them happened, nil where there is none.
	InRange   int64      `json:"count_in_range"`
	FirstSeen *time.Time `json:"first_seen"`
	LastSeen  *time.Time `json:"last_seen"`
}

// PropertyVolumes lists the events that carry a property, those first that do
// most often. What is counted since the beginning comes from the catalogue; of
// the range the events' times, names and this one property are read.
func (s *Service) PropertyVolumes(ctx context.Context, property string, r insight.Query) ([]PropertyVolume, error) {
	volumes := []PropertyVolume{}
	err := s.read(ctx, "list the events that carry a property", func(ctx context.Context, d dialect.Dialect) error {
		catalog, inRange, err := PlanPropertyVolumes(property, s.bounds(r), d)
		if err != nil {
			return err
		}
		return s.snapshot(ctx, func(tx *sql.Tx) error {
			volumes, err = readPropertyCatalog(ctx, tx, catalog)
			if err != nil || len(volumes) == 0 {
				return err
			}
			return readPropertyRange(ctx, tx, inRange, volumes)
		})
	})
	return volumes, err
}

// PlanPropertyVolumes writes two statements. That of the catalogue gives the
// event, the type, and the numbers of events with the property and in all; the
// one of the range the event, the number, and the first and the last time. The
// latter is empty where no event of any name holds the property.
func PlanPropertyVolumes(property string, axis insight.Axis, d dialect.Dialect) (catalog, inRange Statement, err error) {
	args := &dialect.Args{}
	catalog = finish(args, `SELECT p."event", p."type", p."count", c."count"
FROM "loaf_property_catalog" AS p
JOIN "loaf_event_catalog" AS c ON c."event" = p."event"
WHERE p."property" = `+d.Param(args.Bind(property), dialect.Text))
	s := &selection{dialect: d, args: &dialect.Args{}}
	p, err := d.EventProperty(s.args, property)
	if err != nil {
		return catalog, Statement{}, nameError(err, "property")
	}
	if p.Set == "" {
		return catalog, Statement{}, nil
	}
	where := append(s.within(axis), p.Set)
	return catalog, finish(s.args, `SELECT e."event", COUNT(*), MIN(`+timestampColumn+`), MAX(`+timestampColumn+")\n"+s.from(where)+"\nGROUP BY 1"), nil
}

func readPropertyCatalog(ctx context.Context, q querier, statement Statement) ([]PropertyVolume, error) {
	rows, err := q.QueryContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	byEvent := map[string]map[string]int64{}
	totals := map[string]int64{}
	for rows.Next() {
		var event, kind string
		var n, total int64
		if err := rows.Scan(&event, &kind, &n, &total); err != nil {
			return nil, err
		}
		if byEvent[event] == nil {
			byEvent[event] = map[string]int64{}
		}
		byEvent[event][kind] += n
		totals[event] = total
	}
	volumes := make([]PropertyVolume, 0, len(byEvent))
	for _, t := range typesOf(byEvent) {
		volumes = append(volumes, PropertyVolume{Event: t.Name, Count: t.Count, EventCount: totals[t.Name], Types: t.Types})
	}
	return volumes, rows.Err()
}

func readPropertyRange(ctx context.Context, q querier, statement Statement, volumes []PropertyVolume) error {
	if statement.SQL == "" {
		return nil
	}
	rows, err := q.QueryContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	places := make(map[string]int, len(volumes))
	for i, v := range volumes {
		places[v.Event] = i
	}
	for rows.Next() {
		var event string
		var n int64
		var first, last sql.NullTime
		if err := rows.Scan(&event, &n, &first, &last); err != nil {
			return err
		}
		i, ok := places[event]
		if !ok {
			return errors.New("the warehouse has events with a property that its catalogue does not know of")
		}
		volumes[i].InRange, volumes[i].FirstSeen, volumes[i].LastSeen = n, utc(first), utc(last)
	}
	return rows.Err()
}
