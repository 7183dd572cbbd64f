package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// types are the JSON types, null aside, that values of a property have.
type types struct{ text, number, boolean, complex bool }

func (t types) count() int {
	n := 0
	for _, b := range []bool{t.text, t.number, t.boolean, t.complex} {
		if b {
			n++
		}
	}
	return n
}

// and are the types of both.
func (t types) and(u types) types {
	return types{t.text || u.text, t.number || u.number, t.boolean || u.boolean, t.complex || u.complex}
}

// add notes a type that json_type has named.
func (t *types) add(name string) {
	switch name {
	case "", "NULL": // absent
	case "VARCHAR":
		t.text = true
	case "BOOLEAN":
		t.boolean = true
	case "OBJECT", "ARRAY":
		t.complex = true
	default: // BIGINT, UBIGINT, HUGEINT, DOUBLE
		t.number = true
	}
}

// addValue notes the type of a value, which is canonical JSON and not null.
func (t *types) addValue(value string) { t.addFirst(value[0]) }

// addFirst notes the type of a value by the first letter of its JSON.
func (t *types) addFirst(letter byte) {
	switch letter {
	case 'n': // null
	case '"':
		t.text = true
	case 't', 'f':
		t.boolean = true
	case '{', '[':
		t.complex = true
	default:
		t.number = true
	}
}

// property is an event property, or an attribute, as the rows that are being
// written have it and as the table keeps it.
type property struct {
	name string
	// staged are the types in these rows.
	staged types
	// columns are those that it has by now; promoted is false when it stays in the
	// JSON column alone.
	columns  warehouse.Columns
	promoted bool
}

// insert copies the stage into the events table, which gets the columns that are
// missing.
func (s *storing) insert(ctx context.Context) error {
	var events int64
	var first, last sql.NullInt64
	err := s.tx.QueryRowContext(ctx, `SELECT COUNT(*), MIN(epoch_us("timestamp")), MAX(epoch_us("timestamp")) FROM "loaf_stage"`).Scan(&events, &first, &last)
	if err != nil {
		return fmt.Errorf("read the range of time: %w", err)
	}
	from, length := cut(events, first.Int64, last.Int64, s.run)
	_, err = s.tx.ExecContext(ctx, insertStatement(s.properties), s.loadID, from, length)
	return err
}

// promote gives columns to the properties of what is to be stored, before the first of
// it is: DuckDB commits no transaction that has altered a table after it wrote to it.
func (s *storing) promote(ctx context.Context, checked []checked) error {
	found := map[string]*property{}
	for _, c := range checked {
		for raw, t := range c.properties {
			name := wire.Text([]byte(raw))
			if found[name] == nil {
				found[name] = &property{name: name}
			}
			found[name].staged = found[name].staged.and(*t)
		}
	}
	s.properties = slices.SortedFunc(maps.Values(found), func(a, b *property) int { return strings.Compare(a.name, b.name) })
	s.properties = slices.DeleteFunc(s.properties, func(p *property) bool { return p.staged.count() == 0 })
	if _, err := promote(ctx, s.tx, warehouse.EventProperties, s.properties); err != nil {
		return fmt.Errorf("add columns: %w", err)
	}
	return nil
}

// count adds the events stored to the catalogues.
func (s *storing) count(ctx context.Context) error {
	_, err := s.tx.ExecContext(ctx, `INSERT INTO "loaf_event_catalog" ("event", "count", "first_seen", "last_seen")
SELECT "event", COUNT(*), MIN("timestamp"), MAX("timestamp") FROM "events" WHERE "load_id" = $1 GROUP BY "event"
ON CONFLICT ("event") DO UPDATE SET "count" = "count" + excluded."count",
  "first_seen" = LEAST("first_seen", excluded."first_seen"), "last_seen" = GREATEST("last_seen", excluded."last_seen")`, s.loadID)
	if err != nil {
		return fmt.Errorf("keep the catalogue of events: %w", err)
	}
	if err := catalogue(ctx, s.tx, s.loadID, s.properties); err != nil {
		return fmt.Errorf("keep the catalogue of properties: %w", err)
	}
	return nil
}

// membersOf finds the members of JSON objects, a column of rows, and their types: first
// their names, then the types of all of them in one parse of each row. (DuckDB's
// json_group_structure tells both, and takes tens of times as long.)
func membersOf(ctx context.Context, tx *sql.Tx, rows, column string) ([]*property, error) {
	names, err := texts(ctx, tx, fmt.Sprintf(`SELECT DISTINCT unnest(json_keys("%s")) FROM %s`, column, rows))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	slices.Sort(names)
	all, pointers := make([]*property, len(names)), make([]string, len(names))
	for i, name := range names {
		all[i], pointers[i] = &property{name: name}, pointer(name)
	}
	signatures, err := texts(ctx, tx, fmt.Sprintf(`SELECT DISTINCT array_to_string(list_transform(json_type("%s", %s), t -> COALESCE(t, '')), ',') FROM %s`, column, literalList(pointers), rows))
	if err != nil {
		return nil, err
	}
	for _, signature := range signatures {
		for i, t := range strings.Split(signature, ",") {
			all[i].staged.add(t)
		}
	}
	return slices.DeleteFunc(all, func(p *property) bool { return p.staged.count() == 0 }), nil
}

// texts reads a query of one text column.
func texts(ctx context.Context, tx *sql.Tx, query string) (out []string, err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}

// promote gives columns to the properties that have none, while there is room, and
// gives back the whole catalogue.
func promote(ctx context.Context, tx *sql.Tx, t warehouse.TypedTable, properties []*property) (map[string]warehouse.PropertyColumn, error) {
	known, err := warehouse.ReadPropertyColumns(ctx, tx, t)
	if err != nil {
		return nil, err
	}
	for _, p := range properties {
		column, exists := known[p.name]
		if !exists {
			if len(known) >= warehouse.MaxPropertyColumns {
				continue
			}
			column = warehouse.PropertyColumn{ID: len(known) + 1, Property: p.name}
		}
		before := column
		column.Text = column.Text || p.staged.text
		column.Number = column.Number || p.staged.number
		column.Boolean = column.Boolean || p.staged.boolean
		column.Complex = column.Complex || p.staged.complex
		p.columns, p.promoted = t.Columns(column), true
		known[p.name] = column
		if exists && before == column {
			continue
		}
		if err := addColumns(ctx, tx, t.Table, t.Columns(before), p.columns); err != nil {
			return nil, err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO "`+t.Catalogue+`" ("property_id", "property", "text", "number", "boolean", "complex") VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT ("property_id") DO UPDATE SET "text" = excluded."text", "number" = excluded."number", "boolean" = excluded."boolean", "complex" = excluded."complex"`,
			column.ID, column.Property, column.Text, column.Number, column.Boolean, column.Complex)
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

func addColumns(ctx context.Context, tx *sql.Tx, table string, before, after warehouse.Columns) error {
	for _, c := range []struct{ before, after, sqlType string }{
		{before.Text, after.Text, "VARCHAR"},
		{before.Number, after.Number, "DOUBLE"},
		{before.Boolean, after.Boolean, "BOOLEAN"},
		{before.Complex, after.Complex, "VARCHAR"},
	} {
		if c.before != "" || c.after == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(`ALTER TABLE "%s" ADD COLUMN "%s" %s`, table, c.after, c.sqlType)); err != nil {
			return err
		}
	}
	return nil
}

// insertStatement copies the stage into the table.
func insertStatement(properties []*property) string {
	columns := []string{`"event_id"`, `"event"`, `"user_id"`, `"user_key"`, `"timestamp"`, `"properties"`, `"received_at"`, `"load_id"`}
	values := []string{`"event_id"`, `"event"`, `"user_id"`, `"user_key"`, `"timestamp"`, `"properties"`, `"received_at"`, `CAST($1 AS BIGINT)`}
	typed, of, from := typedValues(properties, warehouse.EventProperties.JSON, keyedStage)
	return fmt.Sprintf("INSERT INTO \"events\" (%s)\nSELECT %s\nFROM %s\n%s",
		strings.Join(append(columns, typed...), ", "), strings.Join(append(values, of...), ", "), from, orderedStage)
}

// typedValues writes how the typed columns of the properties are filled from a
// column of JSON objects: the columns, their values, and what these are selected
// from. The properties are taken out of the JSON together, in one parse of each
// row; values of mixed types as JSON text, whose first letter shows its type. Names
// that differ by case alone cannot stand together in that parse (the names of
// DuckDB's struct fields ignore case) and are taken out one by one.
func typedValues(properties []*property, column, rows string) (columns, values []string, from string) {
	folded := map[string]int{}
	for _, p := range properties {
		folded[strings.ToLower(p.name)]++
	}
	var fields, texts []string
	for _, p := range properties {
		if !p.promoted {
			continue
		}
		c := p.columns
		alone := folded[strings.ToLower(p.name)] == 1
		if alone && p.staged.count() == 1 {
			column, sqlType := single(p.staged, c)
			fields = append(fields, quoteJSON(p.name)+":"+quoteJSON(sqlType))
			columns, values = append(columns, `"`+column+`"`), append(values, fmt.Sprintf(`struct_extract_at("loaf_fields", %d)`, len(fields)))
			continue
		}
		json := fmt.Sprintf(`json_extract("%s", %s)`, column, literal(pointer(p.name)))
		if alone {
			fields = append(fields, quoteJSON(p.name)+`:"JSON"`)
			json = fmt.Sprintf(`struct_extract_at("loaf_fields", %d)`, len(fields))
		}
		text := fmt.Sprintf(`"loaf_text_%d"`, len(texts))
		texts = append(texts, fmt.Sprintf(`CAST(%s AS VARCHAR) AS %s`, json, text))
		for _, m := range []struct {
			staged        bool
			column, value string
		}{
			{p.staged.text, c.Text, `CASE WHEN starts_with(%[1]s, '"') THEN json_extract_string(%[1]s, '$') END`},
			{p.staged.number, c.Number, `CASE WHEN left(%[1]s, 1) BETWEEN '0' AND '9' OR starts_with(%[1]s, '-') THEN CAST(%[1]s AS DOUBLE) END`},
			{p.staged.boolean, c.Boolean, `CASE %[1]s WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END`},
			{p.staged.complex, c.Complex, `CASE WHEN left(%[1]s, 1) IN ('{', '[') THEN %[1]s END`},
		} {
			if m.staged {
				columns, values = append(columns, `"`+m.column+`"`), append(values, fmt.Sprintf(m.value, text))
			}
		}
	}
	from = rows
	if len(fields) > 0 {
		from = fmt.Sprintf(`(SELECT *, json_transform("%s", %s) AS "loaf_fields" FROM %s)`, column, literal("{"+strings.Join(fields, ",")+"}"), from)
	}
	if len(texts) > 0 {
		from = fmt.Sprintf(`(SELECT *, %s FROM %s)`, strings.Join(texts, ", "), from)
	}
	return columns, values, from
}

func single(t types, c warehouse.Columns) (column, sqlType string) {
	switch {
	case t.text:
		return c.Text, "VARCHAR"
	case t.number:
		return c.Number, "DOUBLE"
	case t.boolean:
		return c.Boolean, "BOOLEAN"
	default:
		return c.Complex, "JSON"
	}
}

// keepCounts ends the statements that add to the catalogue of properties.
const keepCounts = `
ON CONFLICT ("event", "property", "type") DO UPDATE SET "count" = "count" + excluded."count"`

// catalogue adds the new events' properties to the catalogue: from the typed
// columns, which is one pass over a few columns, and for the rest from JSON.
func catalogue(ctx context.Context, tx *sql.Tx, loadID int64, properties []*property) error {
	var counted []typedCount
	overflow := false
	for _, p := range properties {
		if !p.promoted {
			overflow = true
			continue
		}
		counted = append(counted, p.counts()...)
	}
	if len(counted) > 0 {
		if err := addCounts(ctx, tx, loadID, counted); err != nil {
			return err
		}
	}
	if overflow {
		_, err := tx.ExecContext(ctx, `INSERT INTO "loaf_property_catalog" ("event", "property", "type", "count")
SELECT "event", "property", "type", COUNT(*) FROM (
  SELECT "event", "property", CASE json_type("properties", '/' || replace(replace("property", '~', '~0'), '/', '~1'))
    WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'NULL' THEN NULL ELSE 'number' END AS "type"
  FROM (SELECT "event", "properties", unnest(json_keys("properties")) AS "property" FROM "events" WHERE "load_id" = $1)
  WHERE "property" NOT IN (SELECT "property" FROM "loaf_property_columns")
) WHERE "type" IS NOT NULL GROUP BY ALL`+keepCounts, loadID)
		return err
	}
	return nil
}

// typedCount counts the values of one type of one property.
type typedCount struct {
	property, jsonType string
	// expression is an aggregate over the rows of the load.
	expression string
}

// counts are the counts of the types that the load has.
func (p *property) counts() (out []typedCount) {
	c := p.columns
	for _, t := range []struct {
		staged               bool
		jsonType, expression string
	}{
		{p.staged.text, "string", `COUNT("` + c.Text + `")`},
		{p.staged.number, "number", `COUNT("` + c.Number + `")`},
		{p.staged.boolean, "boolean", `COUNT("` + c.Boolean + `")`},
		{p.staged.complex, "object", `COUNT(*) FILTER (starts_with("` + c.Complex + `", '{'))`},
		{p.staged.complex, "array", `COUNT(*) FILTER (starts_with("` + c.Complex + `", '['))`},
	} {
		if t.staged {
			out = append(out, typedCount{p.name, t.jsonType, t.expression})
		}
	}
	return out
}

// addCounts runs the counts for each event of the load and adds them to the
// catalogue. They come by way of the program: to turn a thousand columns into
// rows, DuckDB takes seconds.
func addCounts(ctx context.Context, tx *sql.Tx, loadID int64, counted []typedCount) error {
	expressions := make([]string, len(counted))
	for i, c := range counted {
		expressions[i] = c.expression
	}
	rows, err := tx.QueryContext(ctx, `SELECT "event", `+strings.Join(expressions, ", ")+` FROM "events" WHERE "load_id" = $1 GROUP BY "event"`, loadID)
	if err != nil {
		return err
	}
	defer rows.Close()
	type row struct {
		Event    string `json:"event"`
		Property string `json:"property"`
		Type     string `json:"type"`
		Count    int64  `json:"count"`
	}
	var add []row
	var event string
	counts := make([]int64, len(counted))
	into := []any{&event}
	for i := range counts {
		into = append(into, &counts[i])
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, c := range counted {
			if counts[i] > 0 {
				add = append(add, row{event, c.property, c.jsonType, counts[i]})
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	text, err := json.Marshal(add)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO "loaf_property_catalog" ("event", "property", "type", "count")
SELECT c."event", c."property", c."type", c."count"
FROM (SELECT unnest(from_json($1, '[{"event":"VARCHAR","property":"VARCHAR","type":"VARCHAR","count":"BIGINT"}]')) AS c)`+keepCounts, string(text))
	return err
}

// pointer is the JSON Pointer (RFC 6901) of a top-level member. Unlike
// DuckDB's own paths it can name every key.
func pointer(key string) string {
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func quoteJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // a string always encodes
		panic(err)
	}
	return string(b)
}
