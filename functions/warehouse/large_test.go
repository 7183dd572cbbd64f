package warehouse_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
)

// A large object, which DuckDB stores in slices, ends as the same lines in small ones:
// types that come late, events that come twice, in it or before it, and its entry in
// the ledger.
func TestALargeObjectIsStoredAsSmallOnes(t *testing.T) {
	long := strings.Repeat("x", 2000)
	line := func(n int) string {
		properties := fmt.Sprintf(`{"text":%q,"n":%d}`, long, n)
		switch {
		case n >= 9000:
			properties = `{"n":"late","N":[1],"late":{"a":true}}`
		case n%3 == 0:
			properties = fmt.Sprintf(`{"text":%q,"flag":%v}`, long, n%2 == 0)
		}
		return eventLine(n, noon.Add(time.Duration(n)*time.Minute), fmt.Sprint("event", n%7), fmt.Sprint("u", n%100), properties)
	}
	var lines []string
	for n := range 10_000 {
		lines = append(lines, line(n))
	}
	// Of two the first wins: another in the last slice, and one that was loaded before.
	lines = append(lines, eventLine(1, noon.Add(time.Minute), "second", "u", `{"n":1}`), line(2), line(20_000))

	load := func(put func(raw folder) (all []warehouse.Object)) (w engine, reports []warehouse.ObjectReport) {
		t.Helper()
		raw, dir := folder(t.TempDir()), t.TempDir()
		// A process was killed in the middle of a large object.
		killed := filepath.Join(dir, "w.duckdb.slices", "000000.ndjson")
		if err := os.MkdirAll(filepath.Dir(killed), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(killed, []byte(line(1)), 0o600); err != nil {
			t.Fatal(err)
		}
		w = opened(t, func() (engine, error) {
			return duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(dir, "w.duckdb"), Source: raw, ObjectPath: raw.path})
		})
		if _, err := w.Load(t.Context(), []warehouse.Object{raw.put(t, warehouse.Events, "before", line(20_000))}); err != nil {
			t.Fatal(err)
		}
		for _, o := range put(raw) {
			report, err := w.Load(t.Context(), []warehouse.Object{o})
			if err != nil {
				t.Fatal(err)
			}
			reports = append(reports, report.Objects...)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "*slices*")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		return w, reports
	}
	large, reports := load(func(raw folder) []warehouse.Object {
		return []warehouse.Object{raw.put(t, warehouse.Events, "large", lines...)}
	})
	small, _ := load(func(raw folder) (all []warehouse.Object) {
		for some := range slices.Chunk(lines, 2000) {
			all = append(all, raw.put(t, warehouse.Events, fmt.Sprint("small", len(all)), some...))
		}
		return all
	})
	if r := reports[0]; len(reports) != 1 || r.Lines != 10_003 || r.Inserted != 10_000 || r.Duplicates != 3 {
		t.Errorf("the ledger has %+v", reports)
	}
	// Columns are numbered as they come, so a row is compared by what they hold.
	events := func(w engine) []string {
		known, err := warehouse.ReadPropertyColumns(t.Context(), w.Database().SQL, warehouse.EventProperties)
		if err != nil {
			t.Fatal(err)
		}
		var of []string
		for _, name := range slices.Sorted(maps.Keys(known)) {
			c := warehouse.EventProperties.Columns(known[name])
			for _, column := range []string{c.Text, c.Number, c.Boolean, c.Complex} {
				if column != "" {
					of = append(of, fmt.Sprintf(`COALESCE(CAST("%s" AS VARCHAR), '-')`, column))
				}
			}
		}
		if len(of) != 6 {
			t.Errorf("%d typed columns, want 6: %v", len(of), of)
		}
		return column(t, w, `SELECT concat_ws(' ', "event_id", "event", "user_id", "timestamp", "properties", `+strings.Join(of, ", ")+`) FROM "events" ORDER BY "event_id"`)
	}
	if of, as := events(large), events(small); !slices.Equal(of, as) {
		t.Errorf("the events differ, %d and %d", len(of), len(as))
	}
	for _, table := range []string{"loaf_event_catalog", "loaf_property_catalog"} {
		query := `SELECT CAST(c AS VARCHAR) FROM "` + table + `" AS c ORDER BY 1`
		if of, as := column(t, large, query), column(t, small, query); !slices.Equal(of, as) {
			t.Errorf("%s: in slices\n%s\nin small objects\n%s", table, strings.Join(of, "\n"), strings.Join(as, "\n"))
		}
	}
}

// A large object waits for no other and keeps none; its bad line is named wherever it
// stands.
func TestLargeObjectsAmongOthers(t *testing.T) {
	raw, path := folder(t.TempDir()), filepath.Join(t.TempDir(), "w.duckdb")
	w := opened(t, func() (engine, error) {
		return duckdb.Open(t.Context(), duckdb.Config{Path: path, Source: raw, ObjectPath: raw.path})
	})
	full := `{"text":"` + strings.Repeat("x", 32_000) + `"}`
	large := func(name string, from int, last string) {
		raw.large(t, warehouse.Events, name, func(z *gzip.Writer) error {
			for n := range 600 {
				if _, err := io.WriteString(z, eventLine(from+n, noon, "large", "u", full)+"\n"); err != nil {
					return err
				}
			}
			_, err := io.WriteString(z, last)
			return err
		})
	}
	for i := range 8 {
		raw.put(t, warehouse.Events, fmt.Sprint(i, "small"), eventLine(i, noon, "small", "u", `{"n":1}`))
	}
	large("2large", 10_000, "")
	large("5large", 20_000, "")
	large("6broken", 30_000, `{"hello":"world"}`+"\n")
	summary, err := newPipeline(t, w, raw).Sweep(t.Context())
	if err != nil || summary.Objects != 10 || summary.Inserted != 8+2*600 || len(summary.Quarantined) != 1 {
		t.Errorf("%+v, %v", summary, err)
	}
	reason := column(t, w, `SELECT "error" FROM "loaf_files" WHERE "status" = 'quarantined'`)
	if len(reason) != 1 || !strings.Contains(reason[0], "6broken.ndjson.gz, line 601: ") {
		t.Errorf("set aside: %q", reason)
	}
}
