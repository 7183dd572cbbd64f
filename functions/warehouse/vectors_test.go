package warehouse_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
)

// reading begins a reading of whole columns, to be closed when the test ends.
func reading(t *testing.T, w engine) warehouse.VectorReader {
	t.Helper()
	r, err := w.Database().Vectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// emptyReading is a reading of an empty warehouse.
func emptyReading(t *testing.T) warehouse.VectorReader {
	t.Helper()
	return reading(t, opened(t, site(t, "duckdb", folder(t.TempDir()), nil)))
}

// described are a query's rows as of says, sorted.
func described(t *testing.T, r warehouse.VectorReader, query string, args []any, of func(v warehouse.Vectors, row int) string) []string {
	t.Helper()
	var mu sync.Mutex
	var out []string
	err := r.Read(t.Context(), query, args, func(_ int, v warehouse.Vectors) error {
		mu.Lock()
		defer mu.Unlock()
		for row := range v.Rows() {
			out = append(out, of(v, row))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	slices.Sort(out)
	return out
}

// words are the texts of the first column, quoted, or NULL.
func words(v warehouse.Vectors, row int) string {
	if !v.Valid(0).Is(row) {
		return "NULL"
	}
	return fmt.Sprintf("%q", v.Texts(0)(row))
}

func TestVectorsHaveTheirValues(t *testing.T) {
	r := emptyReading(t)
	numbers := func(v warehouse.Vectors, row int) string {
		out := make([]string, 3)
		for i := range out {
			switch {
			case !v.Valid(i).Is(row):
				out[i] = "NULL"
			case i == 0:
				out[i] = fmt.Sprint(v.Int32(i)[row])
			default:
				out[i] = fmt.Sprint(v.Int64(i)[row])
			}
		}
		return strings.Join(out, " ")
	}
	want(t, "numbers and times", described(t, r, `SELECT CAST(a AS INTEGER), CAST(b AS BIGINT), CAST(c AS TIMESTAMP) FROM (VALUES
(2147483647, 9223372036854775807, '2024-05-01 12:00:00.123456'), (-2147483648, -9223372036854775808, '1969-12-31 23:59:59.999999'),
(0, NULL, '1970-01-01 00:00:00'), (NULL, 0, NULL)) AS v(a, b, c)`, nil, numbers),
		"-2147483648 -9223372036854775808 -1", "0 NULL 0", fmt.Sprint("2147483647 9223372036854775807 ", noon.UnixMicro()), "NULL 0 NULL")

	var texts, values []string
	for _, text := range []string{"", "a", "four", "fives", "twelve bytes", "thirteen long", "ü", "ü twelve b.", "ü thirteen b", "日本語のテキスト", "zero\x00inside, and long", strings.Repeat("long ü ", 5000)} {
		texts = append(texts, fmt.Sprintf("%q", text))
		values = append(values, `('`+strings.ReplaceAll(text, "\x00", `' || chr(0) || '`)+`')`)
	}
	texts = append(texts, "NULL")
	slices.Sort(texts)
	want(t, "texts", described(t, r, `SELECT t FROM (VALUES `+strings.Join(values, ", ")+`, (NULL)) AS v(t)`, nil, words), texts...)
	// The same for each row, one of a few, and some of them: DuckDB keeps these apart.
	want(t, "constants", described(t, r, `SELECT 'the same in every row', CAST(7 AS INTEGER), CAST(NULL AS BIGINT) FROM range(3)`, nil, func(v warehouse.Vectors, row int) string {
		return fmt.Sprint(words(v, row), v.Int32(1)[row], v.Valid(2).Is(row))
	}), `"the same in every row"7 false`, `"the same in every row"7 false`, `"the same in every row"7 false`)
	want(t, "chosen rows", described(t, r, `SELECT CAST(i AS VARCHAR) || ' is a long text', CAST(i AS INTEGER) FROM range(10000) AS r(i) WHERE i % 2500 = 1`, nil, func(v warehouse.Vectors, row int) string {
		return fmt.Sprint(words(v, row), v.Int32(1)[row])
	}), `"1 is a long text"1`, `"2501 is a long text"2501`, `"5001 is a long text"5001`, `"7501 is a long text"7501`)
	want(t, "no rows", described(t, r, `SELECT CAST(1 AS INTEGER) FROM range(0)`, nil, words))
}

// A chunk has 2,048 rows, and each its own bits; some have only values, and some none.
func TestVectorsTellWhatIsNull(t *testing.T) {
	r := emptyReading(t)
	const rows = 20_000
	null := func(i int64) bool { return i >= 4096 && i < 8192 || i > 10_000 && i%3 == 0 }
	var seen [rows]atomic.Int32
	err := r.Read(t.Context(), fmt.Sprintf(`SELECT i, CASE WHEN i >= 4096 AND i < 8192 OR i > 10000 AND i %% 3 = 0 THEN NULL ELSE i END, CASE WHEN i >= 4096 AND i < 8192 OR i > 10000 AND i %% 3 = 0 THEN NULL ELSE 'text ' || i END FROM range(%d) AS r(i)`, rows), nil,
		func(_ int, v warehouse.Vectors) error {
			of, valid, texts, told := v.Int64(1), v.Valid(1), v.Texts(2), v.Valid(2)
			for row, i := range v.Int64(0) {
				seen[i].Add(1)
				switch {
				case !v.Valid(0).Is(row):
					return fmt.Errorf("row %d has no number", i)
				case valid.Is(row) == null(i) || told.Is(row) == null(i):
					return fmt.Errorf("row %d: valid %v and %v", i, valid.Is(row), told.Is(row))
				case !null(i) && (of[row] != i || texts(row) != fmt.Sprint("text ", i)):
					return fmt.Errorf("row %d has %d and %q", i, of[row], texts(row))
				}
			}
			return nil
		})
	if err != nil {
		t.Error(err)
	}
	for i := range seen {
		if n := seen[i].Load(); n != 1 {
			t.Fatalf("row %d came %d times", i, n)
		}
	}
}

func TestVectorsOfBoundValues(t *testing.T) {
	r := emptyReading(t)
	long := strings.Repeat("a long ü ", 1000)
	for _, text := range []string{"", "short", "it's \"quoted\"", "a\x00b", long} {
		want(t, "a text", described(t, r, `SELECT CAST($1 AS VARCHAR)`, []any{text}, words), fmt.Sprintf("%q", text))
	}
	want(t, "all types", described(t, r, `SELECT concat_ws(' ', $3 + 1, typeof($3), $1 * 2, typeof($1), NOT $2, typeof($2), $4, typeof($4))`, []any{0.25, false, int64(1) << 60, "text"}, words),
		`"1152921504606846977 BIGINT 0.5 DOUBLE true BOOLEAN text VARCHAR"`)
	for name, args := range map[string][]any{"bind a value of the type int": {7}, "bind a value of the type time.Time": {noon}, "bind the value 2": {"a", "b"}, "run the statement": {}} {
		err := r.Read(t.Context(), `SELECT CAST($1 AS VARCHAR)`, args, func(int, warehouse.Vectors) error { return nil })
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// Every row comes once, to workers that each do one thing at a time and all at once.
func TestVectorsComeToEachWorker(t *testing.T) {
	r := emptyReading(t)
	const rows = 3_000_000
	seen := make([]atomic.Bool, rows)
	var all, calls atomic.Int64
	busy := make([]atomic.Bool, r.Workers())
	met := make([]sync.Once, r.Workers())
	var meeting sync.WaitGroup
	meeting.Add(r.Workers())
	complete := make(chan struct{})
	go func() { meeting.Wait(); close(complete) }()
	err := r.Read(t.Context(), fmt.Sprintf(`SELECT i FROM range(%d) AS r(i)`, rows), nil, func(worker int, v warehouse.Vectors) error {
		if busy[worker].Swap(true) {
			return fmt.Errorf("worker %d has two calls at once", worker)
		}
		defer busy[worker].Store(false)
		// None goes on before all are there.
		met[worker].Do(meeting.Done)
		select {
		case <-complete:
		case <-time.After(patience):
			return errors.New("the workers do not work at the same time")
		}
		calls.Add(1)
		all.Add(int64(v.Rows()))
		for _, i := range v.Int64(0) {
			if seen[i].Swap(true) {
				return fmt.Errorf("row %d comes twice", i)
			}
		}
		return nil
	})
	if err != nil || all.Load() != rows || calls.Load() < rows/4096 {
		t.Errorf("%d rows in %d calls, %v", all.Load(), calls.Load(), err)
	}
}

// endlessRows never ends, and gives rows at once; endlessSum gives none before its end.
const (
	endlessRows = `SELECT i FROM range(1000000000000) AS r(i)`
	endlessSum  = `SELECT CAST(SUM(hash(a.i + b.i) % 7) AS BIGINT) FROM range(10000000) AS a(i), range(10000000) AS b(i)`
)

func TestWhatEndsAReadingOfVectors(t *testing.T) {
	w := opened(t, site(t, "duckdb", folder(t.TempDir()), nil))
	enough := errors.New("that is enough")
	nothing := func(warehouse.Vectors) error { return nil }
	for name, c := range map[string]struct {
		query string
		take  func(warehouse.Vectors) error
		says  string
	}{
		"an error": {endlessRows, func(warehouse.Vectors) error { return enough }, enough.Error()},
		"a late error": {endlessRows, func(v warehouse.Vectors) error {
			if v.Int64(0)[0] > 1_000_000 {
				return enough
			}
			return nil
		}, enough.Error()},
		"a panic":                    {endlessRows, func(warehouse.Vectors) error { panic("a mistake") }, "panic: a mistake"},
		"texts of numbers":           {endlessRows, func(v warehouse.Vectors) error { v.Texts(0); return nil }, "column 0 has the type"},
		"short numbers of long ones": {endlessRows, func(v warehouse.Vectors) error { v.Int32(0); return nil }, "column 0 has the type"},
		"long numbers of short ones": {`SELECT 'x', CAST(i AS INTEGER) FROM range(10) AS r(i)`, func(v warehouse.Vectors) error { v.Int64(1); return nil }, "column 1 has the type"},
		"no SQL":                     {`SELECT FROM`, nothing, "prepare the statement"},
		// DuckDB meets it when it has given rows already.
		"a bad value": {`SELECT CAST(CASE WHEN i = 900000 THEN 'no number' ELSE '1' END AS INTEGER) FROM range(1000000) AS r(i)`, nothing, "no number"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reading(t, w)
			err := within(t, func() error {
				return r.Read(t.Context(), c.query, nil, func(_ int, v warehouse.Vectors) error { return c.take(v) })
			})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
			if c.says != enough.Error() {
				return
			}
			if !errors.Is(err, enough) {
				t.Errorf("another error of the same text: %v", err)
			}
			// Whoever has enough of one may ask another.
			want(t, "the next", described(t, r, `SELECT 'next'`, nil, words), `"next"`)
		})
	}
}

func TestAReadingOfVectorsIsCancelled(t *testing.T) {
	raw := folder(t.TempDir())
	w := opened(t, site(t, "duckdb", raw, nil))
	cause := errors.New("the caller has gone")
	for name, query := range map[string]string{"before the first row": endlessSum, "between rows": endlessRows} {
		for _, late := range []time.Duration{0, time.Millisecond, 300 * time.Millisecond} {
			t.Run(fmt.Sprint(name, " after ", late), func(t *testing.T) {
				r := reading(t, w)
				ctx, cancel := context.WithCancelCause(t.Context())
				if late == 0 {
					cancel(cause)
				} else {
					timer := time.AfterFunc(late, func() { cancel(cause) })
					defer timer.Stop()
				}
				err := within(t, func() error {
					return r.Read(ctx, query, nil, func(int, warehouse.Vectors) error { return nil })
				})
				if !errors.Is(err, cause) {
					t.Errorf("%v", err)
				}
			})
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if r, err := w.Database().Vectors(ctx); !errors.Is(err, cause) {
		t.Errorf("begun although the caller has gone: %v, %v", r, err)
	}
	// Nothing of it disturbs the next.
	load(t, w, raw.put(t, warehouse.Events, "a", eventLine(1, noon, "e", "u", `{}`)))
	want(t, "events", described(t, reading(t, w), countEvents, nil, words), `"1"`)
}

// A reading sees what was there when it began to read, whatever is loaded meanwhile,
// which does not wait for it.
func TestAReadingOfVectorsSeesOneState(t *testing.T) {
	raw := folder(t.TempDir())
	w := openArranged(t, raw, 5)
	put := func(n int) {
		t.Helper()
		load(t, w, raw.put(t, warehouse.Events, fmt.Sprint(n),
			eventLine(2*n, noon, "e", fmt.Sprint("u", n), fmt.Sprintf(`{"p%d":1}`, n)), eventLine(2*n+1, noon, "e", "", `{}`)))
	}
	const state = `SELECT concat_ws(' ', COUNT(*), COUNT("user_key"), (SELECT COUNT(*) FROM "loaf_user_keys"), (SELECT MAX("load_id") FROM "loaf_loads")) FROM "events"`
	put(1)
	old := reading(t, w)
	want(t, "before", described(t, old, state, nil, words), `"2 1 1 1"`)
	put(2)
	want(t, "after a load", described(t, old, state, nil, words), `"2 1 1 1"`)
	want(t, "another reading", described(t, reading(t, w), state, nil, words), `"4 2 2 2"`)
	put(3)
	arrange(t, w, 6)
	want(t, "after what was put in order", described(t, old, state, nil, words), `"2 1 1 1"`)
	if err := old.Read(t.Context(), `DELETE FROM "events"`, nil, func(int, warehouse.Vectors) error { return nil }); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a reading deletes: %v", err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	put(4)
	want(t, "then", described(t, reading(t, w), state, nil, words), `"8 4 4 4"`)
}

// Readings share the file with loads, many at once, and give it back at the end.
func TestReadingsOfVectorsAtOnce(t *testing.T) {
	raw, path := folder(t.TempDir()), filepath.Join(t.TempDir(), "w.duckdb")
	w, err := duckdb.Open(t.Context(), duckdb.Config{Path: path, Source: raw, ObjectPath: raw.path})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := func() (n int64, err error) {
		r, err := w.Database().Vectors(t.Context())
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		var all atomic.Int64
		err = r.Read(t.Context(), `SELECT "timestamp" FROM "events"`, nil, func(_ int, v warehouse.Vectors) error {
			for _, at := range v.Int64(0) {
				if at != noon.UnixMicro() {
					return fmt.Errorf("an event has the time %d", at)
				}
			}
			all.Add(int64(v.Rows()))
			return nil
		})
		return all.Load(), err
	}
	var running sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		running.Go(func() {
			for last := int64(0); ; {
				n, err := read()
				if err != nil || n%3 != 0 || n < last {
					t.Errorf("%d events after %d: %v", n, last, err)
					return
				}
				last = n
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for n := range 10 {
		load(t, w, raw.put(t, warehouse.Events, fmt.Sprint(n), eventLine(10*n, noon, "e", "u", fmt.Sprintf(`{"p%d":1}`, n)), eventLine(10*n+1, noon, "e", fmt.Sprint("u", n), `{}`), eventLine(10*n+2, noon, "e", "", `{}`)))
	}
	close(stop)
	running.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// Were it open still, other settings would be refused.
	again := opened(t, func() (engine, error) {
		return duckdb.Open(t.Context(), duckdb.Config{Path: path, MemoryLimit: "500MB", Source: raw, ObjectPath: raw.path})
	})
	want(t, "events", described(t, reading(t, again), countEvents, nil, words), `"30"`)
}

// Each warehouse in memory is one of its own, leaves no file, and is read another way.
func TestWarehousesInMemory(t *testing.T) {
	raw := folder(t.TempDir())
	t.Chdir(t.TempDir())
	open := func() (engine, error) {
		return duckdb.Open(t.Context(), duckdb.Config{Source: raw, ObjectPath: raw.path})
	}
	one, other := opened(t, open), opened(t, open)
	load(t, one, raw.put(t, warehouse.Events, "one", eventLine(1, noon, "of one", "u", `{}`)))
	load(t, other, raw.put(t, warehouse.Events, "other", eventLine(1, noon, "of the other", "u", `{}`), eventLine(2, noon, "of the other, too", "v", `{}`)))
	const names = `SELECT "event" FROM "events" ORDER BY 1`
	want(t, "one", column(t, one, names), "of one")
	want(t, "the other", column(t, other, names), "of the other", "of the other, too")
	if one.Database().Vectors != nil {
		t.Error("whole columns can be read")
	}
	if files, err := os.ReadDir("."); err != nil || len(files) > 0 {
		t.Errorf("files in the current directory: %v, %v", files, err)
	}
}
