package dialect

import (
	"fmt"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// PostgreSQL reads properties from jsonb.
type PostgreSQL struct {
	// Collation is the one to lower-case with: the database's own may be C,
	// which leaves everything but A to Z as it is.
	Collation string
}

// Name implements Dialect.
func (PostgreSQL) Name() warehouse.Dialect { return warehouse.PostgreSQL }

// User implements Dialect.
func (PostgreSQL) User() string { return `"user_id"` }

// CountUsers implements Dialect.
func (PostgreSQL) CountUsers(user string, _ int) string { return "COUNT(DISTINCT " + user + ")" }

// Micros implements Dialect. EXTRACT gives an exact numeric.
func (PostgreSQL) Micros(timestamp string) string {
	return "CAST(EXTRACT(EPOCH FROM " + timestamp + ") * 1000000 AS bigint)"
}

// Quotient implements Dialect.
func (PostgreSQL) Quotient(dividend, divisor string) string { return dividend + " / " + divisor }

// Instant implements Dialect. The column is a timestamptz.
func (PostgreSQL) Instant(t time.Time) string {
	return "TIMESTAMPTZ '" + t.UTC().Format(instantFormat) + "+00'"
}

// Param implements Dialect: lib/pq sends text, the server must know as what to
// read it.
func (PostgreSQL) Param(placeholder string, t Type) string {
	switch t {
	case Number:
		return "CAST(" + placeholder + " AS double precision)"
	case Boolean:
		return "CAST(" + placeholder + " AS boolean)"
	default:
		return "CAST(" + placeholder + " AS text)"
	}
}

// EventProperty implements Dialect.
func (d PostgreSQL) EventProperty(args *Args, name string) (Property, error) {
	return d.fromJSON(args, `e."properties"`, name), nil
}

// UserAttribute implements Dialect.
func (d PostgreSQL) UserAttribute(args *Args, name string) (Property, error) {
	return d.fromJSON(args, `a."attributes"`, name), nil
}

// fromJSON guards every cast by the JSON type within a CASE, because the order
// in which ANDed conditions are tried is the server's to choose.
func (d PostgreSQL) fromJSON(args *Args, object, name string) Property {
	key := d.Param(args.Bind(name), Text)
	kind := fmt.Sprintf("jsonb_typeof(%s -> %s)", object, key)
	typed := func(jsonType, sqlType string) string {
		return fmt.Sprintf("CASE WHEN %s = '%s' THEN CAST(%s ->> %s AS %s) END", kind, jsonType, object, key, sqlType)
	}
	return Property{
		Text:    typed("string", "text"),
		Number:  typed("number", "double precision"),
		Boolean: typed("boolean", "boolean"),
		Complex: fmt.Sprintf("CASE WHEN %s IN ('object', 'array') THEN %s ->> %s END", kind, object, key),
		Set:     fmt.Sprintf("%s <> 'null'", kind),
		Exact:   typed("number", "numeric"),
	}
}

// Lower implements Dialect.
func (d PostgreSQL) Lower(text string) string {
	if d.Collation == "" {
		return "lower(" + text + ")"
	}
	return "lower(" + text + " COLLATE " + Quote(d.Collation) + ")"
}

// Find implements Dialect. strpos compares under the texts' collation, which
// may cost a conversion; bytes are what counts.
func (PostgreSQL) Find(text, part string) string {
	return fmt.Sprintf(`strpos(%s COLLATE "C", %s COLLATE "C") > 0`, text, part)
}

// Sum implements Dialect. Doubles would end the query when they overflow;
// numerics do not, and are exact.
func (PostgreSQL) Sum(p Property) string { return "sum(" + p.Exact + ")" }

// Quantile implements Dialect.
func (PostgreSQL) Quantile(number string, q float64) string {
	return fmt.Sprintf("percentile_cont(%v) WITHIN GROUP (ORDER BY %s)", q, number)
}

// Float implements Dialect.
func (PostgreSQL) Float(number string) string { return "CAST(" + number + " AS double precision)" }

// Value implements Dialect. As text, a numeric beyond the doubles' range
// travels without an error.
func (PostgreSQL) Value(number string) string { return "CAST(" + number + " AS text)" }

// NumberText implements Dialect.
func (PostgreSQL) NumberText(number string) string { return "CAST(" + number + " AS text)" }

// GroupKey implements Dialect.
func (d PostgreSQL) GroupKey(p Property) Key {
	return markedKey(p, bars("'"+FinalMark+"'", d.numberKey(p.Number)), bars)
}

// numberKey writes a double as ECMAScript does. PostgreSQL writes the same
// digits, but exponents from 1e15 on, below 1e-4, and of two digits; a numeric
// has none.
func (PostgreSQL) numberKey(n string) string {
	text := "CAST(" + n + " AS text)"
	return fmt.Sprintf(`CASE WHEN %[1]s = 0 THEN '0'`+
		` WHEN abs(%[1]s) >= 1e21 OR abs(%[1]s) < 1e-6 THEN regexp_replace(%[2]s, 'e([+-])0', 'e\1')`+
		` ELSE CAST(CAST(%[2]s AS numeric) AS text) END`, n, text)
}

// BinaryOrder implements Dialect.
func (PostgreSQL) BinaryOrder(text string) string { return text + ` COLLATE "C"` }

// List implements Dialect.
func (PostgreSQL) List(number string) string {
	return "array_agg(" + number + " ORDER BY " + number + ")"
}

// Null implements Dialect.
func (PostgreSQL) Null(t Type) string {
	return "CAST(NULL AS " + [...]string{Text: "text", Number: "double precision", Boolean: "boolean"}[t] + ")"
}

// AttributeTexts implements Dialect.
func (PostgreSQL) AttributeTexts() string {
	return `SELECT a."user_id", t.value #>> '{}' AS "text"
FROM "users" AS a CROSS JOIN LATERAL jsonb_each(a."attributes") AS t
WHERE jsonb_typeof(t.value) = 'string'`
}

// JSON implements Dialect.
func (PostgreSQL) JSON(column string) (string, bool) { return "CAST(" + column + " AS text)", false }

// EventID implements Dialect.
func (PostgreSQL) EventID(column string) string { return "CAST(" + column + " AS text)" }

// ID implements Dialect.
func (PostgreSQL) ID(placeholder string) string { return "CAST(" + placeholder + " AS uuid)" }

// AttributeTypes implements Dialect.
func (PostgreSQL) AttributeTypes() string {
	return `SELECT t.key, jsonb_typeof(t.value), COUNT(*)
FROM "users" AS a CROSS JOIN LATERAL jsonb_each(a."attributes") AS t
WHERE jsonb_typeof(t.value) <> 'null'
GROUP BY 1, 2`
}

// Once implements Dialect. PostgreSQL takes a SELECT of windows over groups for
// one of hardly any rows, and may run it again for each row that it is joined
// to; a materialized WITH is kept.
// Source: https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-CTE-MATERIALIZATION
func (PostgreSQL) Once(statement string) string {
	return "WITH m AS MATERIALIZED (" + statement + ")\nSELECT * FROM m"
}
