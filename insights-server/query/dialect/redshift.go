package dialect

import (
	"errors"
	"fmt"
	"time"
	"unicode"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Redshift navigates SUPER values. Its sessions must have
// enable_case_sensitive_identifier on, or "camelKey" would be read as
// "camelkey".
type Redshift struct{}

// ErrName is wrapped when Redshift has no way to name a property.
var ErrName = errors.New("no path on Redshift leads to the property")

// maxIdentifier is the length of Redshift's longest identifier, in bytes.
const maxIdentifier = 127

// Name implements Dialect.
func (Redshift) Name() warehouse.Dialect { return warehouse.Redshift }

// User implements Dialect.
func (Redshift) User() string { return `"user_id"` }

// CountUsers implements Dialect.
func (Redshift) CountUsers(user string, _ int) string { return "COUNT(DISTINCT " + user + ")" }

// Micros implements Dialect. Redshift's EXTRACT(EPOCH …) drops fractions;
// DATEDIFF counts the microseconds.
func (Redshift) Micros(timestamp string) string {
	return "DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', " + timestamp + ")"
}

// Quotient implements Dialect.
func (Redshift) Quotient(dividend, divisor string) string { return dividend + " / " + divisor }

// Instant implements Dialect. The column is a TIMESTAMP in UTC.
func (Redshift) Instant(t time.Time) string {
	return "TIMESTAMP '" + t.UTC().Format(instantFormat) + "'"
}

// Param implements Dialect.
func (Redshift) Param(placeholder string, t Type) string {
	switch t {
	case Number:
		return "CAST(" + placeholder + " AS DOUBLE PRECISION)"
	case Boolean:
		return "CAST(" + placeholder + " AS BOOLEAN)"
	default:
		return "CAST(" + placeholder + " AS VARCHAR(65535))"
	}
}

// EventProperty implements Dialect.
func (d Redshift) EventProperty(_ *Args, name string) (Property, error) {
	return d.navigate(`e."properties"`, name)
}

// UserAttribute implements Dialect.
func (d Redshift) UserAttribute(_ *Args, name string) (Property, error) {
	return d.navigate(`a."attributes"`, name)
}

// navigate names the member by a quoted identifier: a path takes no bound
// value.
func (Redshift) navigate(object, name string) (Property, error) {
	if len(name) > maxIdentifier {
		return Property{}, fmt.Errorf("%w: its name is longer than %d bytes", ErrName, maxIdentifier)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return Property{}, fmt.Errorf("%w: its name holds the unprintable character %U", ErrName, r)
		}
	}
	at := object + "." + Quote(name)
	typed := func(jsonType, sqlType string) string {
		return fmt.Sprintf("CASE WHEN JSON_TYPEOF(%s) = '%s' THEN CAST(%s AS %s) END", at, jsonType, at, sqlType)
	}
	number := typed("number", "DOUBLE PRECISION")
	return Property{
		Text:    typed("string", "VARCHAR(65535)"),
		Number:  number,
		Boolean: typed("boolean", "BOOLEAN"),
		Complex: fmt.Sprintf("CASE WHEN JSON_TYPEOF(%s) IN ('object', 'array') THEN JSON_SERIALIZE(%s) END", at, at),
		Set:     fmt.Sprintf("JSON_TYPEOF(%s) <> 'null'", at),
		Exact:   number,
	}, nil
}

// Lower implements Dialect.
func (Redshift) Lower(text string) string { return "LOWER(" + text + ")" }

// Find implements Dialect.
func (Redshift) Find(text, part string) string { return "STRPOS(" + text + ", " + part + ") > 0" }

// Sum implements Dialect.
func (Redshift) Sum(p Property) string { return "SUM(" + p.Exact + ")" }

// Quantile implements Dialect.
func (Redshift) Quantile(number string, q float64) string {
	return fmt.Sprintf("PERCENTILE_CONT(%v) WITHIN GROUP (ORDER BY %s)", q, number)
}

// Float implements Dialect.
func (Redshift) Float(number string) string { return "CAST(" + number + " AS DOUBLE PRECISION)" }

// Value implements Dialect.
func (d Redshift) Value(number string) string { return d.Float(number) }

// NumberText implements Dialect.
func (Redshift) NumberText(number string) string { return "CAST(" + number + " AS VARCHAR(64))" }

// GroupKey implements Dialect.
func (d Redshift) GroupKey(p Property) Key {
	return markedKey(p, d.numberKey(p.Number), redshiftConcat)
}

func redshiftConcat(a, b string) string { return "CONCAT(" + a + ", " + b + ")" }

// numberKey leaves the form of fractions and of great numbers to Go: Redshift
// writes 17 digits of them (with extra_float_digits 2, which lib/pq sets), not
// the fewest. So a string that reads like such a number is ranked apart from
// it, though it is the same group.
func (Redshift) numberKey(n string) string {
	return fmt.Sprintf("CASE WHEN ABS(%[1]s) < 1e15 AND %[1]s = FLOOR(%[1]s) THEN %[2]s WHEN %[1]s IS NOT NULL THEN %[3]s END", n,
		redshiftConcat("'"+FinalMark+"'", "CAST(CAST("+n+" AS BIGINT) AS VARCHAR(64))"),
		redshiftConcat("'"+NumberMark+"'", "CAST("+n+" AS VARCHAR(64))"))
}

// BinaryOrder implements Dialect: Redshift compares bytes.
func (Redshift) BinaryOrder(text string) string { return text }

// List implements Dialect: Redshift has no lists, and its LISTAGG holds
// 64 KB.
func (Redshift) List(string) string { return "" }

// Null implements Dialect.
func (Redshift) Null(t Type) string {
	return "CAST(NULL AS " + [...]string{Text: "VARCHAR(65535)", Number: "DOUBLE PRECISION", Boolean: "BOOLEAN"}[t] + ")"
}

// AttributeTexts implements Dialect.
func (Redshift) AttributeTexts() string {
	return `SELECT a."user_id", CASE WHEN JSON_TYPEOF("value") = 'string' THEN CAST("value" AS VARCHAR(65535)) END AS "text"
FROM "users" AS a, UNPIVOT a."attributes" AS "value" AT "name"
WHERE JSON_TYPEOF("value") = 'string'`
}

// JSON implements Dialect. JSON_SERIALIZE gives text, which is at most 64 KB,
// and fails beyond; a VARBYTE holds all that SUPER does, and comes in
// hexadecimal.
// Source: https://docs.aws.amazon.com/redshift/latest/dg/JSON_SERIALIZE_TO_VARBYTE.html
func (Redshift) JSON(column string) (string, bool) {
	return "JSON_SERIALIZE_TO_VARBYTE(" + column + ")", true
}

// EventID implements Dialect: the column is text.
func (Redshift) EventID(column string) string { return column }

// ID implements Dialect.
func (Redshift) ID(placeholder string) string { return "CAST(" + placeholder + " AS VARCHAR(36))" }

// AttributeTypes implements Dialect.
func (Redshift) AttributeTypes() string {
	return `SELECT t."name", t."type", COUNT(*)
FROM (SELECT "name", JSON_TYPEOF("value") AS "type" FROM "users" AS a, UNPIVOT a."attributes" AS "value" AT "name") AS t
WHERE t."type" <> 'null'
GROUP BY 1, 2`
}

// Once implements Dialect: a subquery is run once.
func (Redshift) Once(statement string) string { return statement }
