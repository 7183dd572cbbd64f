package dialect

import (
	"fmt"
	"strings"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// DuckDB reads properties and attributes from typed columns, and from the JSON
// those that have none.
type DuckDB struct {
	Properties, Attributes warehouse.Properties
	// Users is the largest key of a user as the statement will see the tables; 0
	// where that is not known.
	Users int64
}

// Name implements Dialect.
func (DuckDB) Name() warehouse.Dialect { return warehouse.DuckDB }

// User implements Dialect.
func (DuckDB) User() string { return `"user_key"` }

// maxBits bounds what CountUsers makes of bits, in bytes and for each of DuckDB's
// threads: as much is written even where few events are.
const maxBits = 48 << 20

// CountUsers implements Dialect. A set of small numbers is a string of bits, which
// is several times faster than the hash table of a COUNT(DISTINCT), and smaller.
func (d DuckDB) CountUsers(user string, groups int) string {
	if bytes := d.Users/8 + 1; d.Users == 0 || bytes > maxBits/int64(max(groups, 1)) {
		return "COUNT(DISTINCT " + user + ")"
	}
	return fmt.Sprintf("COALESCE(bit_count(bitstring_agg(%s, 0, %d)), 0)", user, d.Users)
}

// Micros implements Dialect.
func (DuckDB) Micros(timestamp string) string { return "epoch_us(" + timestamp + ")" }

// Quotient implements Dialect: DuckDB's "/" gives fractions.
func (DuckDB) Quotient(dividend, divisor string) string { return dividend + " // " + divisor }

// Instant implements Dialect. The column is a TIMESTAMP in UTC.
func (DuckDB) Instant(t time.Time) string {
	return "TIMESTAMP '" + t.UTC().Format(instantFormat) + "'"
}

// Param implements Dialect: the driver's values carry their types.
func (DuckDB) Param(placeholder string, _ Type) string { return placeholder }

// EventProperty implements Dialect.
func (d DuckDB) EventProperty(args *Args, name string) (Property, error) {
	if columns, ok := d.Properties.Columns[name]; ok {
		return fromColumns("e", columns), nil
	}
	if d.Properties.Complete {
		return Property{}, nil
	}
	at := bindPointer(args, name)
	return d.fromJSON(fmt.Sprintf(`json_type(e."properties", %s)`, at), fmt.Sprintf(`json_extract_string(e."properties", %s)`, at)), nil
}

// fromColumns reads a member of the row from its typed columns.
func fromColumns(row string, c warehouse.Columns) Property {
	column := func(name string) string {
		if name == "" {
			return ""
		}
		return row + "." + Quote(name)
	}
	p := Property{Text: column(c.Text), Number: column(c.Number), Boolean: column(c.Boolean), Complex: column(c.Complex)}
	var set []string
	for _, column := range []string{p.Text, p.Number, p.Boolean, p.Complex} {
		if column != "" {
			set = append(set, column+" IS NOT NULL")
		}
	}
	if len(set) > 0 {
		p.Set = "(" + strings.Join(set, " OR ") + ")"
	}
	p.Exact = p.Number
	return p
}

// UserAttribute implements Dialect. An attribute without columns is parsed from
// each user's JSON once for the type and once for the value: a breakdown's key names
// them tens of times.
func (d DuckDB) UserAttribute(args *Args, name string) (Property, error) {
	if columns, ok := d.Attributes.Columns[name]; ok {
		return fromColumns("a", columns), nil
	}
	if d.Attributes.Complete {
		return Property{}, nil
	}
	at := bindPointer(args, name)
	// Unlike the attribute's name this needs no quoting, and it is as much its own.
	id := strings.Trim(at, mark)
	p := d.fromJSON(`a."type`+id+`"`, `a."value`+id+`"`)
	p.Columns = []string{
		fmt.Sprintf(`json_type(a."attributes", %s) AS "type%s"`, at, id),
		fmt.Sprintf(`json_extract_string(a."attributes", %s) AS "value%s"`, at, id),
	}
	return p, nil
}

// bindPointer names a member by a JSON Pointer (RFC 6901): DuckDB's own paths
// cannot name every key.
func bindPointer(args *Args, name string) string {
	return args.Bind("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}

// fromJSON reads a member from its type and its value, which is the text of a
// string and the JSON of anything else.
func (DuckDB) fromJSON(kind, value string) Property {
	number := fmt.Sprintf("CASE WHEN %s IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN CAST(%s AS DOUBLE) END", kind, value)
	return Property{
		Text:    fmt.Sprintf("CASE WHEN %s = 'VARCHAR' THEN %s END", kind, value),
		Number:  number,
		Boolean: fmt.Sprintf("CASE WHEN %s = 'BOOLEAN' THEN %s = 'true' END", kind, value),
		Complex: fmt.Sprintf("CASE WHEN %s IN ('OBJECT', 'ARRAY') THEN %s END", kind, value),
		Set:     fmt.Sprintf("%s <> 'NULL'", kind),
		Exact:   number,
	}
}

// Lower implements Dialect.
func (DuckDB) Lower(text string) string { return "lower(" + text + ")" }

// Find implements Dialect.
func (DuckDB) Find(text, part string) string { return "contains(" + text + ", " + part + ")" }

// Sum implements Dialect. fsum compensates rounding, so that the answer does
// not depend on the order in which threads add.
func (DuckDB) Sum(p Property) string { return "fsum(" + p.Exact + ")" }

// Quantile implements Dialect.
func (DuckDB) Quantile(number string, q float64) string {
	return fmt.Sprintf("quantile_cont(%s, %v)", number, q)
}

// Float implements Dialect.
func (DuckDB) Float(number string) string { return "CAST(" + number + " AS DOUBLE)" }

// Value implements Dialect.
func (d DuckDB) Value(number string) string { return d.Float(number) }

// NumberText implements Dialect. DuckDB writes 1 as "1.0".
func (DuckDB) NumberText(number string) string {
	return `regexp_replace(CAST(` + number + ` AS VARCHAR), '\.0$', '')`
}

// GroupKey implements Dialect. Where no object or array can be, the texts are
// all final, and need no mark.
func (d DuckDB) GroupKey(p Property) Key {
	number := d.numberKey(p.Number)
	if p.Complex != "" {
		return markedKey(p, bars("'"+FinalMark+"'", number), bars)
	}
	var parts []string
	if p.Text != "" {
		parts = append(parts, p.Text)
	}
	if p.Number != "" {
		parts = append(parts, number)
	}
	if p.Boolean != "" {
		parts = append(parts, "CASE WHEN "+p.Boolean+" THEN 'true' WHEN NOT "+p.Boolean+" THEN 'false' END")
	}
	if len(parts) == 0 {
		return Key{SQL: d.Null(Text)}
	}
	return Key{SQL: firstOf(parts)}
}

// numberKey writes a double as ECMAScript does. DuckDB writes the same digits,
// but whole numbers as "1.0" and exponents from 1e16 on, below 1e-4, and of two
// digits; the casts to decimals write those out.
func (DuckDB) numberKey(n string) string {
	text := "CAST(" + n + " AS VARCHAR)"
	return fmt.Sprintf(`CASE WHEN abs(%[1]s) < 1e15 AND %[1]s = trunc(%[1]s) THEN CAST(CAST(%[1]s AS BIGINT) AS VARCHAR)`+
		` WHEN abs(%[1]s) >= 1e21 OR abs(%[1]s) < 1e-6 THEN regexp_replace(%[2]s, 'e([+-])0', 'e\1')`+
		` WHEN abs(%[1]s) >= 1e15 AND %[1]s = trunc(%[1]s) THEN CAST(CAST(%[2]s AS DECIMAL(38, 0)) AS VARCHAR)`+
		` WHEN abs(%[1]s) < 1e-3 THEN rtrim(CAST(CAST(%[2]s AS DECIMAL(38, 30)) AS VARCHAR), '0')`+
		` ELSE %[2]s END`, n, text)
}

// BinaryOrder implements Dialect.
func (DuckDB) BinaryOrder(text string) string { return text }

// List implements Dialect.
func (DuckDB) List(number string) string { return "list(" + number + ")" }

// Null implements Dialect.
func (DuckDB) Null(t Type) string {
	return "CAST(NULL AS " + [...]string{Text: "VARCHAR", Number: "DOUBLE", Boolean: "BOOLEAN"}[t] + ")"
}

// AttributeTexts implements Dialect.
func (DuckDB) AttributeTexts() string {
	const at = `json_type("attributes", '/' || replace(replace("name", '~', '~0'), '/', '~1'))`
	return `SELECT "user_id", ` + strings.Replace(at, "json_type", "json_extract_string", 1) + ` AS "text"
FROM (SELECT "user_id", "attributes", unnest(json_keys("attributes")) AS "name" FROM "users") AS k
WHERE ` + at + ` = 'VARCHAR'`
}

// JSON implements Dialect.
func (DuckDB) JSON(column string) (string, bool) { return "CAST(" + column + " AS VARCHAR)", false }

// EventID implements Dialect.
func (DuckDB) EventID(column string) string { return "CAST(" + column + " AS VARCHAR)" }

// ID implements Dialect.
func (DuckDB) ID(placeholder string) string { return "CAST(" + placeholder + " AS UUID)" }

// AttributeTypes implements Dialect.
func (DuckDB) AttributeTypes() string {
	return `SELECT "name", "type", COUNT(*) FROM (
  SELECT "name", CASE json_type("attributes", '/' || replace(replace("name", '~', '~0'), '/', '~1'))
    WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array'
    WHEN 'NULL' THEN NULL ELSE 'number' END AS "type"
  FROM (SELECT "attributes", unnest(json_keys("attributes")) AS "name" FROM "users") AS k) AS t
WHERE "type" IS NOT NULL
GROUP BY 1, 2`
}

// Once implements Dialect: a subquery is run once.
func (DuckDB) Once(statement string) string { return statement }
