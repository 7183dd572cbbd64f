package migrate

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

func files(texts map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range texts {
		out["migrations/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestRead(t *testing.T) {
	steps, err := Read(files(map[string]string{
		"0001_tables.sql": "-- why\nCREATE TABLE a (\n  -- not this\n  x INT\n);\n\nCREATE TABLE b (y TEXT DEFAULT 'a;b');\n",
		"0002_more.sql":   "ALTER TABLE a ADD COLUMN z INT",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{1, "tables", []string{"CREATE TABLE a (\n  x INT\n)", "CREATE TABLE b (y TEXT DEFAULT 'a;b')"}},
		{2, "more", []string{"ALTER TABLE a ADD COLUMN z INT"}},
	}
	if !reflect.DeepEqual(steps, want) {
		t.Errorf("got %+v\nwant %+v", steps, want)
	}
}

func TestReadRefusesGapsAndOddNames(t *testing.T) {
	for _, texts := range []map[string]string{
		{"0002_late.sql": ""},
		{"0001_a.sql": "", "0003_c.sql": ""},
		{"first.sql": ""},
		{"0001_a.sql": "", "0001_b.sql": ""},
	} {
		if steps, err := Read(files(texts)); err == nil || !strings.Contains(err.Error(), "want 000") {
			t.Errorf("%v: %v, %v", texts, steps, err)
		}
	}
}
