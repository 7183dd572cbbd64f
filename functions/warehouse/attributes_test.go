package warehouse_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/migrate"
)

// attributeColumns gives the typed columns of DuckDB's users, and holds them against
// the JSON beside them: of every user and attribute the one column of the value's
// type has it, and no other column has anything.
func attributeColumns(t *testing.T, w engine) map[string]warehouse.Columns {
	t.Helper()
	known, err := warehouse.PropertyColumns(t.Context(), w.Database(), warehouse.UserAttributes)
	if err != nil {
		t.Fatal(err)
	}
	names := column(t, w, `SELECT DISTINCT unnest(json_keys("attributes")) FROM "users"`)
	if known.Complete {
		for _, name := range names {
			if _, ok := known.Columns[name]; !ok && name != "NULL" {
				t.Errorf("the attribute %q has no columns", name)
			}
		}
	}
	for name, c := range known.Columns {
		pointer := "'/" + strings.ReplaceAll(strings.NewReplacer("~", "~0", "/", "~1").Replace(name), "'", "''") + "'"
		for _, of := range []struct{ column, types, value string }{
			{c.Text, `= 'VARCHAR'`, `json_extract_string("attributes", ` + pointer + `)`},
			{c.Number, `IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')`, `CAST(json_extract_string("attributes", ` + pointer + `) AS DOUBLE)`},
			{c.Boolean, `= 'BOOLEAN'`, `json_extract_string("attributes", ` + pointer + `) = 'true'`},
			{c.Complex, `IN ('OBJECT', 'ARRAY')`, `CAST(json_extract("attributes", ` + pointer + `) AS VARCHAR)`},
		} {
			ofType := `COALESCE(json_type("attributes", ` + pointer + `) ` + of.types + `, FALSE)`
			wrong := `SELECT "user_id" FROM "users" WHERE ` + ofType
			if of.column != "" {
				wrong = `SELECT "user_id" || ' has ' || COALESCE(CAST("` + of.column + `" AS VARCHAR), 'NULL') || ' of ' || CAST("attributes" AS VARCHAR) FROM "users"
WHERE "` + of.column + `" IS DISTINCT FROM CASE WHEN ` + ofType + ` THEN ` + of.value + ` END`
			}
			if rows := column(t, w, wrong); len(rows) > 0 {
				t.Errorf("%q in the column %q: %d users are wrong, such as %q", name, of.column, len(rows), rows[0])
			}
		}
	}
	return known.Columns
}

func TestAttributesHaveTypedColumns(t *testing.T) {
	raw := folder(t.TempDir())
	w := opened(t, site(t, "duckdb", raw, nil))
	const first = `{"user_id":"%s","created_at":"2024-05-01T12:00:00Z","attributes":%s,"received_at":"2024-05-01T12:00:00Z"}`
	const later = `{"user_id":"%s","attributes":%s,"updated_at":"2024-05-02T12:00:00Z","received_at":"2024-05-02T12:00:00Z"}`
	load(t, w, raw.put(t, warehouse.Users, "a",
		fmt.Sprintf(first, "u1", `{"seats":10,"plan":"pro","ok":true,"Plan":"x","deep":{"k":[1]},"list":[],"nothing":null,"a/b~c 'x'":1.5}`),
		fmt.Sprintf(first, "u2", `{"seats":"10","big":12345678901234567890,"neg":-1e-300}`),
		fmt.Sprintf(first, "u3", `{}`)))
	c := attributeColumns(t, w)
	of := func(name string) []string {
		return column(t, w, `SELECT CAST("`+name+`" AS VARCHAR) FROM "users" ORDER BY "user_id"`)
	}
	want(t, "seats as number", of(c["seats"].Number), "10.0", "NULL", "NULL")
	want(t, "seats as text", of(c["seats"].Text), "NULL", "10", "NULL")
	want(t, "plan", of(c["plan"].Text), "pro", "NULL", "NULL")
	want(t, "Plan", of(c["Plan"].Text), "x", "NULL", "NULL")
	if _, ok := c["nothing"]; ok {
		t.Error("an attribute that is only ever null got a column")
	}
	// A type that appears in an update gets its column then; what is removed or
	// of another type by now leaves the old one.
	load(t, w, raw.put(t, warehouse.Updates, "b",
		fmt.Sprintf(later, "u1", `{"seats":null,"plan":7}`),
		fmt.Sprintf(later, "u4", `{"plan":"free"}`)))
	c = attributeColumns(t, w)
	want(t, "seats as number", of(c["seats"].Number), "NULL", "NULL", "NULL", "NULL")
	want(t, "plan as text", of(c["plan"].Text), "NULL", "NULL", "NULL", "free")
	want(t, "plan as number", of(c["plan"].Number), "7.0", "NULL", "NULL", "NULL")
}

// A load of users takes several statements, and each may add columns to the table
// that those before have written to.
func TestAttributesThatAppearInTheMiddleOfALoad(t *testing.T) {
	raw := folder(t.TempDir())
	w := opened(t, site(t, "duckdb", raw, nil))
	users := func(name string, many int, attributes func(i int) string) warehouse.Object {
		lines := make([]string, many)
		for i := range lines {
			lines[i] = fmt.Sprintf(`{"user_id":"u%d","attributes":%s,"updated_at":"2024-05-01T12:00:00Z","received_at":"2024-05-01T12:00:00Z"}`, i, attributes(i))
		}
		return raw.put(t, warehouse.Updates, name, lines...)
	}
	load(t, w, users("a", 3500, func(i int) string { return fmt.Sprintf(`{"k%d":%d,"all":"x"}`, i/500, i) }))
	if n := len(attributeColumns(t, w)); n != 8 {
		t.Errorf("%d attributes have columns, want 8", n)
	}
	load(t, w, users("b", 3500, func(i int) string { return fmt.Sprintf(`{"k%d":"text","l%d":true}`, i/700, i/900) }))
	if n := len(attributeColumns(t, w)); n != 12 {
		t.Errorf("%d attributes have columns, want 12", n)
	}
}

func TestAttributeColumnsAreBounded(t *testing.T) {
	raw := folder(t.TempDir())
	w := opened(t, site(t, "duckdb", raw, nil))
	attributes := map[string]int{}
	for i := range warehouse.MaxPropertyColumns + 20 {
		attributes[fmt.Sprintf("k%03d", i)] = i
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		t.Fatal(err)
	}
	load(t, w, raw.put(t, warehouse.Updates, "a", fmt.Sprintf(`{"user_id":"u","attributes":%s,"updated_at":"2024-05-01T12:00:00Z","received_at":"2024-05-01T12:00:00Z"}`, text)))
	if n := len(attributeColumns(t, w)); n != warehouse.MaxPropertyColumns {
		t.Errorf("%d columns", n)
	}
}

// Users that were there before the columns were get theirs from the migration.
func TestColumnsOfOldUsers(t *testing.T) {
	p := newPlace(t, "duckdb")
	old, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const before = 2 // the version that had no such columns
	db := old.Database().SQL
	if err := migrate.Run(t.Context(), db, stepsOf(t, "duckdb")[:before], unlocked, fixed); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	values := []string{`1`, `-0.5`, `1e21`, `12345678901234567890`, `"b"`, `""`, `"é"`, `"{\"a\":1}"`, `true`, `false`, `{"z":1,"y":[2.0,null]}`, `[]`, `"a\"\\\n"`}
	names := []string{`k`, `K`, `naïve`, `q"uo'te`, `a.b`, `a/b~c`, `$`, ``}
	for i := range 200 {
		attributes := map[string]json.RawMessage{}
		for range rng.IntN(5) {
			attributes[names[rng.IntN(len(names))]] = json.RawMessage(values[rng.IntN(len(values))])
		}
		text, err := json.Marshal(attributes)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.ExecContext(t.Context(), `INSERT INTO "users" ("user_id", "created_at", "attributes", "attribute_times", "updated_at") VALUES ($1, NULL, $2, '{}', '2024-05-01 12:00:00')`, fmt.Sprint("u", i), string(text))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	columns := attributeColumns(t, old)
	if got := slices.Sorted(maps.Keys(columns)); !slices.Equal(got, slices.Sorted(slices.Values(names))) {
		t.Errorf("columns for %q, want %q", got, names)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	// Again is nothing to do.
	again, err := duckdb.Open(t.Context(), duckdb.Config{Path: p.at, Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := attributeColumns(t, again); !maps.Equal(now, columns) {
		t.Errorf("after a second migration %v, before %v", now, columns)
	}
}
