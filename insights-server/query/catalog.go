package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query/dialect"
)

// EventInfo is an event name of the catalogue.
type EventInfo struct {
	Name      string    `json:"name"`
	Count     int64     `json:"count"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}

// Events lists the event names, the commonest first.
func (s *Service) Events(ctx context.Context) ([]EventInfo, error) {
	events := []EventInfo{}
	err := s.read(ctx, "list the events", func(ctx context.Context, _ dialect.Dialect) error {
		rows, err := s.db.SQL.QueryContext(ctx, `SELECT "event", "count", "first_seen", "last_seen" FROM "loaf_event_catalog"`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e EventInfo
			if err := rows.Scan(&e.Name, &e.Count, &e.FirstSeen, &e.LastSeen); err != nil {
				return err
			}
			e.FirstSeen, e.LastSeen = e.FirstSeen.UTC(), e.LastSeen.UTC()
			events = append(events, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	// Sorted here, because engines order text differently.
	slices.SortFunc(events, func(a, b EventInfo) int {
		return commonest(a.Count, b.Count, a.Name, b.Name)
	})
	return events, nil
}

func commonest(countA, countB int64, nameA, nameB string) int {
	if countA != countB {
		if countA > countB {
			return -1
		}
		return 1
	}
	return strings.Compare(nameA, nameB)
}

// PropertyInfo is a property of the catalogue.
type PropertyInfo struct {
	Name string `json:"name"`
	// Types are the JSON types of its values, the commonest first.
	Types []string `json:"types"`
	// Count is how many events, or users, have it.
	Count int64 `json:"count"`
}

// Properties lists the properties of a scope, the commonest first. The event
// narrows the event scope to one event; it is empty or "*" for all.
func (s *Service) Properties(ctx context.Context, scope insight.Scope, event string) ([]PropertyInfo, error) {
	var typed []PropertyTypes
	err := s.read(ctx, "list the properties", func(ctx context.Context, d dialect.Dialect) error {
		var err error
		typed, err = readPropertyTypes(ctx, s.reader(ctx), scope, event, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	properties := make([]PropertyInfo, len(typed))
	for i, t := range typed {
		properties[i] = PropertyInfo{Name: t.Name, Count: t.Count}
		for _, of := range t.Types {
			properties[i].Types = append(properties[i].Types, of.Type)
		}
	}
	return properties, nil
}

// PropertyTypes is a property of the catalogue with how often it has each type.
type PropertyTypes struct {
	Name string
	// Count is how many events, or users, have it.
	Count int64
	// Types are the JSON types of its values, the commonest first.
	Types []TypeCount
}

// TypeCount is a JSON type and how many events, or users, have a value of it.
type TypeCount struct {
	Type  string `json:"type"`
	Count int64  `json:"count"`
}

// readPropertyTypes reads the properties of a scope, the commonest first: those
// of events from the catalogue that each load adds to, those of users from
// their rows.
func readPropertyTypes(ctx context.Context, q querier, scope insight.Scope, event string, d dialect.Dialect) ([]PropertyTypes, error) {
	args := &dialect.Args{}
	var statement string
	switch {
	case scope == insight.ScopeUser:
		statement = d.AttributeTypes()
	case event == "" || event == insight.AnyEvent:
		statement = `SELECT "property", "type", CAST(SUM("count") AS BIGINT) FROM "loaf_property_catalog" GROUP BY 1, 2`
	default:
		statement = `SELECT "property", "type", "count" FROM "loaf_property_catalog" WHERE "event" = ` + d.Param(args.Bind(event), dialect.Text)
	}
	sql, values := args.Finish(statement)
	rows, err := q.QueryContext(ctx, sql, values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[string]map[string]int64{}
	for rows.Next() {
		var name, kind string
		var n int64
		if err := rows.Scan(&name, &kind, &n); err != nil {
			return nil, err
		}
		if counts[name] == nil {
			counts[name] = map[string]int64{}
		}
		counts[name][kind] += n
	}
	return typesOf(counts), rows.Err()
}

// typesOf puts the counts of each name and type in order.
func typesOf(counts map[string]map[string]int64) []PropertyTypes {
	properties := make([]PropertyTypes, 0, len(counts))
	for name, byType := range counts {
		p := PropertyTypes{Name: name}
		for kind, n := range byType {
			p.Types = append(p.Types, TypeCount{kind, n})
			p.Count += n
		}
		slices.SortFunc(p.Types, func(a, b TypeCount) int { return commonest(a.Count, b.Count, a.Type, b.Type) })
		properties = append(properties, p)
	}
	slices.SortFunc(properties, func(a, b PropertyTypes) int {
		return commonest(a.Count, b.Count, a.Name, b.Name)
	})
	return properties
}

// ValuesRequest asks for the values of one property.
type ValuesRequest struct {
	Scope    insight.Scope
	Property string
	// Event narrows the event scope to one event; empty or "*" means all.
	Event string
	// Search keeps the values whose text holds it, case ignored.
	Search string
	// Limit is at most MaxPropertyValues, which 0 means.
	Limit int
}

// MaxPropertyValues is how many values PropertyValues gives at most.
const MaxPropertyValues = 50

// ValueCount is a value and how many events, or users, have it.
type ValueCount struct {
	// Value is a JSON string, number or boolean.
	Value json.RawMessage `json:"value"`
	Count int64           `json:"count"`
}

// PropertyValues lists the most frequent strings, numbers and booleans of a
// property.
func (s *Service) PropertyValues(ctx context.Context, r ValuesRequest) ([]ValueCount, error) {
	if r.Limit <= 0 || r.Limit > MaxPropertyValues {
		r.Limit = MaxPropertyValues
	}
	values := []ValueCount{}
	err := s.read(ctx, "list the values of a property", func(ctx context.Context, d dialect.Dialect) error {
		statement, err := PlanValues(r, d)
		if err != nil || statement.SQL == "" {
			return err
		}
		rows, err := s.db.SQL.QueryContext(ctx, statement.SQL, statement.Args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var text *string
			var number *float64
			var boolean *bool
			var n int64
			if err := rows.Scan(&text, &number, &boolean, &n); err != nil {
				return err
			}
			value, err := scalarJSON(text, number, boolean)
			if err != nil {
				return err
			}
			values = append(values, ValueCount{Value: value, Count: n})
		}
		return rows.Err()
	})
	return values, err
}

// scalarJSON writes the one of the three that is there.
func scalarJSON(text *string, number *float64, boolean *bool) (json.RawMessage, error) {
	switch {
	case text != nil:
		return json.Marshal(*text)
	case number != nil:
		return json.Marshal(*number + 0) // -0 is 0
	default:
		return json.Marshal(boolean)
	}
}

// PlanValues writes the statement of PropertyValues; an empty one when the
// property has no scalar. Its columns are the text, the number, the boolean,
// of which one is not null, and the count.
func PlanValues(r ValuesRequest, d dialect.Dialect) (Statement, error) {
	args := &dialect.Args{}
	table, property, err := valuesSource(r, d, args)
	if err != nil {
		return Statement{}, nameError(err, "property")
	}
	var where, present []string
	if r.Scope == insight.ScopeEvent && r.Event != "" && r.Event != insight.AnyEvent {
		where = append(where, `e."event" = `+d.Param(args.Bind(r.Event), dialect.Text))
	}
	columns := []string{d.Null(dialect.Text), d.Null(dialect.Number), d.Null(dialect.Boolean)}
	for i, expression := range []string{property.Text, property.Number, property.Boolean} {
		if expression != "" {
			columns[i] = expression
			present = append(present, expression+" IS NOT NULL")
		}
	}
	if len(present) == 0 {
		return Statement{}, nil
	}
	where = append(where, "("+strings.Join(present, " OR ")+")")
	inner := fmt.Sprintf(`SELECT %s AS "text", %s AS "number", %s AS "boolean" %s WHERE %s`,
		columns[0], columns[1], columns[2], table, strings.Join(where, " AND "))
	filter := ""
	if r.Search != "" {
		needle := d.Lower(d.Param(args.Bind(r.Search), dialect.Text))
		filter = fmt.Sprintf("\nWHERE %s\n   OR %s\n   OR %s",
			d.Find(d.Lower(`v."text"`), needle),
			d.Find(d.Lower(d.NumberText(`v."number"`)), needle),
			d.Find(`CASE WHEN v."boolean" THEN 'true' WHEN NOT v."boolean" THEN 'false' END`, needle))
	}
	return finish(args, fmt.Sprintf(`SELECT v."text", v."number", v."boolean", COUNT(*) AS "count"
FROM (%s) AS v%s
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1 NULLS LAST, 2 NULLS LAST, 3 NULLS LAST
LIMIT %d`, inner, filter, r.Limit)), nil
}

func valuesSource(r ValuesRequest, d dialect.Dialect, args *dialect.Args) (string, dialect.Property, error) {
	switch r.Scope {
	case insight.ScopeEvent:
		p, err := d.EventProperty(args, r.Property)
		return `FROM "events" AS e`, p, err
	case insight.ScopeUser:
		p, err := d.UserAttribute(args, r.Property)
		return "FROM " + dialect.Users(d, p.Columns), p, err
	default:
		return "", dialect.Property{}, fmt.Errorf("no SQL for scope %q", r.Scope)
	}
}

// read waits for its turn and runs a reading of the tables; none takes place
// before there are tables.
func (s *Service) read(ctx context.Context, doing string, work func(context.Context, dialect.Dialect) error) error {
	return s.turn(ctx, doing, func(ctx context.Context) error {
		planned := func() error {
			d, err := s.dialect(ctx)
			if err != nil {
				return err
			}
			return work(ctx, d)
		}
		var err error
		if r := readingOf(ctx); r != nil {
			err = r.within(ctx, s, planned)
		} else {
			err = planned()
		}
		if errors.Is(err, errNoTables) {
			return nil
		}
		return err
	})
}
