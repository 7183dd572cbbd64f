package warehouse_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
)

// openArranged gives a migrated DuckDB in which so many events make a run.
func openArranged(t *testing.T, raw folder, run int64) *duckdb.Warehouse {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.duckdb")
	return opened(t, func() (*duckdb.Warehouse, error) {
		return duckdb.Open(t.Context(), duckdb.Config{Path: path, Source: raw, ObjectPath: raw.path, Run: run, Now: fixed})
	})
}

// laid are the events as they lie on disk: name, minutes after noon and load.
func laid(t *testing.T, w *duckdb.Warehouse) string {
	t.Helper()
	return strings.Join(column(t, w, `SELECT "event" || datediff('minute', TIMESTAMP '`+noon.Format("2006-01-02 15:04:05")+`', "timestamp") || '@' || "load_id" FROM "events" ORDER BY rowid`), " ")
}

func arrange(t *testing.T, w *duckdb.Warehouse, rows int64) {
	t.Helper()
	got, err := w.Arrange(t.Context())
	if err != nil || got != rows {
		t.Errorf("put %d events in order, want %d; error %v", got, rows, err)
	}
}

// at is an event of a name some minutes after noon.
func at(id int, name string, minutes int) string {
	return eventLine(id, noon.Add(time.Duration(minutes)*time.Minute), name, "u", fmt.Sprintf(`{"n":%d}`, id))
}

func TestALoadLiesInOrder(t *testing.T) {
	raw := folder(t.TempDir())
	w := openArranged(t, raw, 3)
	load(t, w, raw.put(t, warehouse.Events, "small", at(1, "b", 0), at(2, "a", 2), at(3, "a", 1)))
	want(t, "a run", []string{laid(t, w)}, "a1@1 a2@1 b0@1")
	// Twice as many are cut in two by time, and each half is in order.
	load(t, w, raw.put(t, warehouse.Events, "large", at(4, "b", 10), at(5, "a", 11), at(6, "b", 12), at(7, "b", 13), at(8, "a", 14), at(9, "a", 15)))
	want(t, "two runs", []string{laid(t, w)}, "a1@1 a2@1 b0@1 a11@2 b10@2 b12@2 a14@2 a15@2 b13@2")
}

func TestSmallLoadsArePutInOrderTogether(t *testing.T) {
	raw := folder(t.TempDir())
	w := openArranged(t, raw, 6)
	arrange(t, w, 0)
	id := 0
	some := func(names string) {
		t.Helper()
		lines := make([]string, len(names))
		for i, name := range names {
			id++
			lines[i] = at(id, string(name), id)
		}
		load(t, w, raw.put(t, warehouse.Events, fmt.Sprint("object", id), lines...))
	}
	some("ba")
	some("ba")
	arrange(t, w, 0)
	want(t, "before", []string{laid(t, w)}, "a2@1 b1@1 a4@2 b3@2")
	some("ba")
	arrange(t, w, 6)
	want(t, "a run", []string{laid(t, w)}, "a2@1 a4@2 a6@3 b1@1 b3@2 b5@3")
	arrange(t, w, 0)
	// A load that makes half a run by itself stays, and those before it need not wait.
	some("c")
	some("b")
	some("cba")
	arrange(t, w, 2)
	want(t, "before a large load", []string{laid(t, w)}, "a2@1 a4@2 a6@3 b1@1 b3@2 b5@3 a11@6 b10@6 c9@6 b8@5 c7@4")
	arrange(t, w, 0)
	arrange(t, w, 0)
	// What was not in order yet may go meanwhile, and what is, too.
	some("ba")
	some("ba")
	if _, err := w.Database().SQL.ExecContext(t.Context(), `DELETE FROM "events" WHERE "load_id" IN (1, 7)`); err != nil {
		t.Fatal(err)
	}
	some("ba")
	arrange(t, w, 4)
	want(t, "after a deletion", []string{laid(t, w)}, "a4@2 a6@3 b3@2 b5@3 a11@6 b10@6 c9@6 b8@5 c7@4 a15@8 a17@9 b14@8 b16@9")
	// Every event has what it had, and a duplicate is one still.
	want(t, "properties", column(t, w, `SELECT COUNT(*) FROM "events" WHERE CAST(json_extract("properties", '/n') AS BIGINT) <> CAST(right(CAST("event_id" AS VARCHAR), 12) AS BIGINT) OR "p1_number" <> CAST(json_extract("properties", '/n') AS BIGINT)`), "0")
	again := load(t, w, raw.put(t, warehouse.Events, "again", at(4, "a", 4), at(17, "a", 17)))
	if again.Inserted() != 0 {
		t.Errorf("%d events were stored twice", again.Inserted())
	}
}

// One whose caller has gone changes nothing, and the next does it.
func TestPuttingInOrderCanBeCutOff(t *testing.T) {
	raw := folder(t.TempDir())
	w := openArranged(t, raw, 4)
	load(t, w, raw.put(t, warehouse.Events, "first", at(1, "b", 1)))
	load(t, w, raw.put(t, warehouse.Events, "second", at(2, "a", 2), at(3, "a", 3), at(4, "b", 4)))
	before := laid(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rows, err := w.Arrange(ctx); err == nil || rows != 0 {
		t.Errorf("put %d events in order, error %v", rows, err)
	}
	want(t, "after that", []string{laid(t, w)}, before)
}

// The row groups that events have left are given back, so that the file does not
// grow by what is put in order.
func TestOrderCostsNoRoom(t *testing.T) {
	if testing.Short() {
		t.Skip("stores many events")
	}
	raw := folder(t.TempDir())
	const run = 400_000
	w := openArranged(t, raw, run)
	db := w.Database().SQL
	for id := range 4 {
		_, err := db.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO "events" ("event_id", "event", "user_id", "timestamp", "properties", "received_at", "load_id")
SELECT uuid(), 'event' || (i %% 20), 'user' || hash(i) %% 50000, TIMESTAMP '2024-05-01' + to_seconds(i), '{"n":' || hash(i) || '}', now(), %d FROM range(%d) AS r(i)`, id+1, run/4))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), `INSERT INTO "loaf_loads" VALUES ($1, now(), now(), 1, $2, $2, 0, NULL)`, id+1, run/4); err != nil {
			t.Fatal(err)
		}
	}
	blocks := func() int {
		if _, err := db.ExecContext(t.Context(), `CHECKPOINT`); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT "used_blocks" FROM pragma_database_size()`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := blocks()
	arrange(t, w, run)
	// Times that only grow are kept in less than those of twenty names.
	if after := blocks(); after > before*3/2 {
		t.Errorf("%d blocks, %d before", after, before)
	}
	names := column(t, w, `SELECT "event" FROM "events" ORDER BY rowid`)
	if !slices.IsSorted(names) || len(names) != run {
		t.Errorf("%d events are not in order", len(names))
	}
}
