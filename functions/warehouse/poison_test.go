package warehouse_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	loading "github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// pipeline is a loader on a warehouse, with the queue that tells it what is new.
type pipeline struct {
	*loading.Loader
	queue *local.Queue
}

func newPipeline(t testing.TB, w loading.Warehouse, raw folder) pipeline {
	t.Helper()
	store, err := local.NewStore(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	queue := local.NewQueue(time.Now)
	return pipeline{loading.New(loading.Config{Queue: queue, Warehouse: w, Lister: store, Logger: slog.New(slog.DiscardHandler)}), queue}
}

// hour is the range of what these tests store.
var hour = loading.Range{From: noon.Truncate(time.Hour), To: noon.Truncate(time.Hour).Add(time.Hour)}

// poison is an object that cannot be loaded, and what it is once it is mended.
type poison struct {
	name string
	kind warehouse.Kind
	// line is the one at fault, 0 where it is the object as a whole.
	line int
	// reason is a part of what the ledger must say.
	reason string
	// body is the object as it arrived; mended are its lines as they should be.
	body   []byte
	mended []string
}

func packed(t *testing.T, lines ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	for _, line := range lines {
		fmt.Fprintln(z, line)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// poisons are objects of three lines, of which the second is bad where one is.
func poisons(t *testing.T) (all []poison) {
	t.Helper()
	n := 1000
	event := func() string {
		n++
		return strings.TrimSpace(eventLine(n, noon, "mended", "u", `{"n":1}`))
	}
	inEvents := func(name, reason string, spoil func(good string) string) {
		lines := []string{event(), event(), event()}
		bad := []string{lines[0], spoil(lines[1]), lines[2]}
		all = append(all, poison{name, warehouse.Events, 2, reason, packed(t, bad...), lines})
	}
	replace := func(old, by string) func(string) string {
		return func(good string) string { return strings.Replace(good, old, by, 1) }
	}
	inEvents("bad line", "JSON", func(string) string { return `{"event_id":` })
	inEvents("two values", "", func(good string) string { return good + good })
	inEvents("no event", "", func(string) string { return `{"hello":"world"}` })
	inEvents("array", "", func(string) string { return `[1,2]` })
	inEvents("bad id", "event_id", replace("00000000-", "zzzzzzzz-"))
	inEvents("bad time", "timestamp", replace(`"timestamp":"2024`, `"timestamp":"2x24`))
	inEvents("year ten thousand", "timestamp", replace(`"timestamp":"2024`, `"timestamp":"12024`))
	inEvents("properties too large", "propert", replace(`{"n":1}`, `{"n":"`+strings.Repeat("x", 70_000)+`"}`))
	inEvents("properties too deep", "propert", replace(`{"n":1}`, strings.Repeat(`{"n":`, 40)+"1"+strings.Repeat("}", 40)))
	inEvents("name too long", "event", replace(`"mended"`, `"`+strings.Repeat("m", 70_000)+`"`))
	inEvents("user too long", "user_id", replace(`"u"`, `"`+strings.Repeat("u", 300)+`"`))
	inEvents("NUL escaped", "NUL", replace(`{"n":1}`, `{"n":"a\u0000b"}`))
	inEvents("NUL in a key", "NUL", replace(`{"n":1}`, `{"n\u0000":1}`))
	inEvents("NUL byte", "", replace(`"mended"`, "\"mend\x00ed\""))
	inEvents("broken UTF-8", "UTF-8", replace(`"mended"`, "\"mend\xc3\x28ed\""))
	inEvents("half a surrogate", "", replace(`{"n":1}`, `{"n":"\ud800"}`))

	whole := func(name string, kind warehouse.Kind, body []byte) {
		all = append(all, poison{name, kind, 0, "", body, []string{event()}})
	}
	sound := packed(t, event(), event())
	whole("not gzip", warehouse.Events, []byte("plain text\n"))
	whole("empty", warehouse.Events, nil)
	whole("cut off", warehouse.Events, sound[:len(sound)-6])
	broken := bytes.Clone(sound)
	broken[len(broken)-6] ^= 1 // of the checksum
	whole("wrong checksum", warehouse.Events, broken)
	whole("garbage behind", warehouse.Events, append(bytes.Clone(sound), "garbage"...))

	for i, spoiled := range []string{`{"user_id":7}`, `{"user_id":`, `{"user_id":"u\u0000","attributes":{}}`} {
		for _, kind := range []warehouse.Kind{warehouse.Users, warehouse.Updates} {
			var lines []string
			for n := range 3 {
				id := fmt.Sprintf("mended-%s-%d-%d", kind, i, n)
				line := string(wire.NewUser{UserID: id, CreatedAt: noon, Attributes: json.RawMessage(`{"k":1}`)}.AppendRecord(nil, noon))
				if kind == warehouse.Updates {
					line = string(wire.UserUpdate{UserID: id, UpdatedAt: noon, Attributes: json.RawMessage(`{"k":1}`)}.AppendRecord(nil, noon))
				}
				lines = append(lines, strings.TrimSpace(line))
			}
			all = append(all, poison{fmt.Sprintf("%s %d", kind, i), kind, 2, "", packed(t, lines[0], spoiled, lines[2]), lines})
		}
	}
	return all
}

// Whatever an object holds, it is set aside alone, with the line and the reason
// where there is a line; what stands around it is loaded in the same run; and once it
// is mended a replay loads it, once.
func TestPoisonIsSetAsideAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		p := newPipeline(t, w, raw)
		bad := poisons(t)
		goods := 0
		for i, b := range bad {
			p.queue.Notify(raw.put(t, warehouse.Events, fmt.Sprintf("%03d-good", i), eventLine(i, noon, "good", "u", `{}`)))
			goods++
			p.queue.Notify(raw.putRaw(t, b.kind, fmt.Sprintf("%03d-bad", i), b.body))
		}
		// An object without a line is sound.
		p.queue.Notify(raw.put(t, warehouse.Events, "no-lines"))
		summary, err := p.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(summary.Quarantined) != len(bad) || summary.Objects != goods+1 || summary.Missing != 0 {
			t.Errorf("%d of %d set aside, %d of %d loaded", len(summary.Quarantined), len(bad), summary.Objects, goods+1)
		}
		want(t, "the rest", column(t, w, countEvents), fmt.Sprint(goods))
		for i, b := range bad {
			key := fmt.Sprintf("%s/2024/05/01/12/%03d-bad.ndjson.gz", b.kind, i)
			got := column(t, w, `SELECT "error" FROM "loaf_files" WHERE "status" = 'quarantined' AND "key" = '`+key+`'`)
			if len(got) != 1 {
				t.Errorf("%s: %d entries say that it is set aside", b.name, len(got))
				continue
			}
			line := fmt.Sprintf(", line %d: ", b.line)
			if !strings.Contains(got[0], key) || b.line > 0 && !strings.Contains(got[0], line) || b.line == 0 && strings.Contains(got[0], ", line 1: {") || !strings.Contains(got[0], b.reason) {
				t.Errorf("%s: want the key,%q and %q in: %s", b.name, line, b.reason, got[0])
			}
		}
		// Nothing is left to do, and a replay of what is not mended changes nothing.
		if depth, err := p.queue.Depth(t.Context()); err != nil || depth > 0 {
			t.Errorf("%d wait, %v", depth, err)
		}
		again, err := p.Replay(t.Context(), hour)
		if err != nil || again.Objects != 0 || len(again.Quarantined) != len(bad) {
			t.Errorf("a replay of what is not mended: %+v, %v", again, err)
		}
		want(t, "the rest", column(t, w, countEvents), fmt.Sprint(goods))

		events, users := goods, 0
		for i, b := range bad {
			raw.put(t, b.kind, fmt.Sprintf("%03d-bad", i), b.mended...)
			if b.kind == warehouse.Events {
				events += len(b.mended)
			} else {
				users += len(b.mended)
			}
		}
		mended, err := p.Replay(t.Context(), hour)
		if err != nil || mended.Objects != len(bad) || len(mended.Quarantined) > 0 || mended.Duplicates > 0 {
			t.Errorf("a replay of what is mended: %+v, %v", mended, err)
		}
		for range 2 {
			want(t, "events", column(t, w, countEvents), fmt.Sprint(events))
			want(t, "ids", column(t, w, `SELECT CAST(COUNT(DISTINCT "event_id") AS VARCHAR) FROM "events"`), fmt.Sprint(events))
			want(t, "users", column(t, w, `SELECT CAST(COUNT(*) AS VARCHAR) FROM "users"`), fmt.Sprint(users))
			want(t, "ledger", column(t, w, `SELECT DISTINCT "status" FROM "loaf_files"`), "loaded")
			if again, err := p.Replay(t.Context(), hour); err != nil || again.Objects > 0 {
				t.Errorf("once more: %+v, %v", again, err)
			}
			if swept, err := p.Sweep(t.Context()); err != nil || swept.Objects > 0 {
				t.Errorf("a sweep: %+v, %v", swept, err)
			}
		}
	})
}

// unpacked is the size of the objects of TestMemoryDoesNotGrowWithAnObject.
const unpacked = 200 << 20

// large writes an object of so many bytes, line by line, without holding it.
func (f folder) large(t *testing.T, kind warehouse.Kind, name string, write func(z *gzip.Writer) error) warehouse.Object {
	t.Helper()
	o := f.putRaw(t, kind, name, nil)
	file, err := os.Create(f.path(o))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(z); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return o
}

// endless is one line that does not end.
func endless(z *gzip.Writer) error {
	chunk := []byte(strings.Repeat("x", 1<<20))
	if _, err := z.Write([]byte(`{"user_id":"`)); err != nil {
		return err
	}
	for range unpacked >> 20 {
		if _, err := z.Write(chunk); err != nil {
			return err
		}
	}
	return nil
}

// many are lines of full size.
func many(line func(n int, properties string) string) func(z *gzip.Writer) error {
	full := `{"text":"` + strings.Repeat("x", 32_000) + `"}`
	return func(z *gzip.Writer) error {
		for n := range unpacked / 32_000 {
			if _, err := io.WriteString(z, line(n, full)+"\n"); err != nil {
				return err
			}
		}
		return nil
	}
}

// short are lines of the usual length, with some properties.
func short(z *gzip.Writer) error {
	for n, size := 0, 0; size < unpacked; n++ {
		properties := fmt.Sprintf(`{"plan":"pro","amount":%d.5,"new":%v,"page":"/a/%d"}`, n%1000, n%2 == 0, n%5000)
		line := eventLine(1_000_000+n, noon, "short", "u", properties)
		if _, err := io.WriteString(z, line+"\n"); err != nil {
			return err
		}
		size += len(line) + 1
	}
	return nil
}

// memory gives the most memory that this process has used since, DuckDB's included.
func memory(t *testing.T) (most func() uint64) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the kernel does not tell what the most memory was")
	}
	debug.FreeOSMemory()
	// 5 resets the peak: https://www.kernel.org/doc/html/latest/filesystems/proc.html
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skip(err)
	}
	status := func(field string) uint64 {
		text, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), field+":")
		kb, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return kb << 10
	}
	before := status("VmRSS")
	return func() uint64 { return status("VmHWM") - min(before, status("VmHWM")) }
}

// An object that unpacks to 200 MB is set aside where it is one line, and loaded where
// it is many, in memory that does not depend on its size.
func TestMemoryDoesNotGrowWithAnObject(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures, and takes long")
	}
	const (
		bound = 96 << 20
		// duckdbs is DuckDB's own limit, and uncounted what it may take beyond.
		duckdbs, uncounted = 192 << 20, 64 << 20
	)
	for _, name := range engineNames {
		t.Run(name, func(t *testing.T) {
			raw := folder(t.TempDir())
			open := site(t, name, raw, nil)
			limit := uint64(bound)
			if name == "duckdb" {
				limit += duckdbs + uncounted
				path := filepath.Join(t.TempDir(), "w.duckdb")
				open = func() (engine, error) {
					return duckdb.Open(t.Context(), duckdb.Config{Path: path, Source: raw, ObjectPath: raw.path, MemoryLimit: fmt.Sprintf("%dMiB", duckdbs>>20)})
				}
			}
			w := opened(t, open)
			p := newPipeline(t, w, raw)
			good := raw.put(t, warehouse.Events, "good", eventLine(1, noon, "good", "u", `{}`))
			for _, kind := range []warehouse.Kind{warehouse.Events, warehouse.Users, warehouse.Updates} {
				p.queue.Notify(raw.large(t, kind, "endless", endless))
			}
			p.queue.Notify(good)
			most := memory(t)
			summary, err := p.Run(t.Context())
			if err != nil || len(summary.Quarantined) != 3 || summary.Objects != 1 {
				t.Errorf("%+v, %v", summary, err)
			}
			want(t, "the rest", column(t, w, countEvents), "1")
			check := func(what string) {
				used := most()
				t.Logf("%s: %d MB", what, used>>20)
				if used > limit {
					t.Errorf("%s took %d bytes of memory, want at most %d", what, used, limit)
				}
			}
			check("lines of 200 MB")

			p.queue.Notify(raw.large(t, warehouse.Updates, "many", many(func(n int, attributes string) string {
				return string(wire.UserUpdate{UserID: "u", UpdatedAt: noon.Add(time.Duration(n) * time.Second), Attributes: json.RawMessage(attributes)}.AppendRecord(nil, noon))
			})))
			// Redshift's stand-in, unlike Redshift itself, reads within this process.
			if name != "redshift" {
				p.queue.Notify(raw.large(t, warehouse.Events, "many", many(func(n int, properties string) string {
					return eventLine(10+n, noon, "many", "u", properties)
				})))
			}
			// PostgreSQL takes a row at a time, whatever its length.
			if name == "duckdb" {
				p.queue.Notify(raw.large(t, warehouse.Events, "short", short))
			}
			most = memory(t)
			summary, err = p.Run(t.Context())
			if err != nil || len(summary.Quarantined) > 0 || summary.Lines < unpacked/32_000 {
				t.Errorf("%+v, %v", summary, err)
			}
			check("objects of 200 MB")
		})
	}
}

// What is too much for DuckDB's memory at once is loaded in parts.
func TestMoreThanMemoryHolds(t *testing.T) {
	raw := folder(t.TempDir())
	path := filepath.Join(t.TempDir(), "w.duckdb")
	w := opened(t, func() (engine, error) {
		return duckdb.Open(t.Context(), duckdb.Config{Path: path, Source: raw, ObjectPath: raw.path, MemoryLimit: "100MiB"})
	})
	var objects []warehouse.Object
	full := `{"text":"` + strings.Repeat("x", 32_000) + `"}`
	for i := range 8 {
		var lines []string
		for n := range 100 {
			lines = append(lines, eventLine(1000*i+n, noon, "large", "u", full))
		}
		objects = append(objects, raw.put(t, warehouse.Events, fmt.Sprint("large", i), lines...))
	}
	if _, err := w.Load(t.Context(), objects); !errors.Is(err, warehouse.ErrTooMuch) {
		t.Fatalf("want ErrTooMuch, got %v", err)
	}
	summary, err := newPipeline(t, w, raw).Sweep(t.Context())
	if err != nil || summary.Objects != len(objects) || len(summary.Quarantined) > 0 {
		t.Errorf("%+v, %v", summary, err)
	}
	want(t, "events", column(t, w, countEvents), "800")

	// And what is more than it alone is named and left, until there is more memory.
	if _, err := w.Database().SQL.ExecContext(t.Context(), `SET GLOBAL memory_limit = '75MiB'`); err != nil {
		t.Fatal(err)
	}
	raw.put(t, warehouse.Events, "beside", eventLine(9_000, noon, "beside", "u", `{}`))
	large := raw.large(t, warehouse.Events, "alone", func(z *gzip.Writer) error {
		for n := range 2500 {
			if _, err := io.WriteString(z, eventLine(10_000+n, noon, "alone", "u", full)+"\n"); err != nil {
				return err
			}
		}
		return nil
	})
	summary, err = newPipeline(t, w, raw).Sweep(t.Context())
	if !errors.Is(err, warehouse.ErrTooMuch) || !strings.Contains(err.Error(), large.ID()) {
		t.Errorf("want ErrTooMuch with the name, got %v", err)
	}
	if summary.Objects != 1 || len(summary.TooMuch) != 1 || len(summary.Quarantined) > 0 {
		t.Errorf("%+v", summary)
	}
	want(t, "events", column(t, w, countEvents), "801")

	if _, err := w.Database().SQL.ExecContext(t.Context(), `SET GLOBAL memory_limit = '256MiB'`); err != nil {
		t.Fatal(err)
	}
	summary, err = newPipeline(t, w, raw).Sweep(t.Context())
	if err != nil || summary.Inserted != 2500 {
		t.Errorf("%+v, %v", summary, err)
	}
	want(t, "events", column(t, w, countEvents), "3301")
}
