package warehouse_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// engine is what a test does with a warehouse.
type engine interface {
	Migrate(context.Context) error
	Load(context.Context, []warehouse.Object) (warehouse.LoadReport, error)
	Merge(context.Context, warehouse.Object, []warehouse.UserWrite) error
	Quarantine(context.Context, warehouse.Object, string) error
	Known(context.Context, []warehouse.Object) (map[string]bool, error)
	Quarantined(context.Context, []warehouse.Object) (map[string]bool, error)
	Reload(context.Context, []warehouse.Object) (warehouse.LoadReport, error)
	Requarantine(context.Context, warehouse.Object, string) error
	MergeObject(context.Context, warehouse.Object) error
	Users(context.Context, []string) ([]warehouse.User, error)
	Ping(context.Context) error
	Database() warehouse.Database
	Close() error
}

// folder is a source of objects under a directory.
type folder string

func (f folder) path(o warehouse.Object) string { return filepath.Join(string(f), o.Bucket, o.Key) }

func (f folder) Open(_ context.Context, o warehouse.Object) (io.ReadCloser, error) {
	return os.Open(f.path(o))
}

// put writes an object of lines.
func (f folder) put(t testing.TB, kind warehouse.Kind, name string, lines ...string) warehouse.Object {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return f.putRaw(t, kind, name, packed.Bytes())
}

func (f folder) putRaw(t testing.TB, kind warehouse.Kind, name string, body []byte) warehouse.Object {
	t.Helper()
	o, ok := warehouse.ParseKey(string(kind.Bucket()), string(kind)+"/2024/05/01/12/"+name+".ndjson.gz")
	if !ok {
		t.Fatalf("no raw key: %s", name)
	}
	if err := os.MkdirAll(filepath.Dir(f.path(o)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.path(o), body, 0o644); err != nil {
		t.Fatal(err)
	}
	return o
}

// Put stores a manifest.
func (f folder) Put(_ context.Context, bucket, key string, body []byte) error {
	path := f.path(warehouse.Object{Bucket: bucket, Key: key})
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, body, 0o644)
}

var engineNames = []string{"duckdb", "postgres", "redshift"}

// site makes a new, empty place for a warehouse, which open opens: DuckDB's once at
// a time, the others as often as one likes. now may be nil.
func site(t *testing.T, name string, raw folder, now func() time.Time) (open func() (engine, error)) {
	t.Helper()
	switch name {
	case "duckdb":
		path := filepath.Join(t.TempDir(), "w.duckdb")
		return func() (engine, error) {
			return duckdb.Open(t.Context(), duckdb.Config{Path: path, Source: raw, ObjectPath: raw.path, Now: now})
		}
	case "postgres":
		url := postgrestest.URL(t)
		return func() (engine, error) {
			return postgres.Open(t.Context(), postgres.Config{URL: url, Source: raw, Now: now})
		}
	default:
		config := redshiftConfig(redshifttest.Start(t, string(raw)), raw)
		return func() (engine, error) { return redshift.Open(config) }
	}
}

// opened opens a warehouse, to be closed when the test ends, and migrates it.
func opened[E engine](t *testing.T, open func() (E, error)) E {
	t.Helper()
	w, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// eachEngine runs a test on DuckDB, on PostgreSQL and on the stand-in for
// Redshift.
func eachEngine(t *testing.T, test func(t *testing.T, w engine, raw folder)) {
	t.Helper()
	for _, name := range engineNames {
		t.Run(name, func(t *testing.T) {
			raw := folder(t.TempDir())
			test(t, opened(t, site(t, name, raw, nil)), raw)
		})
	}
}

// eventLine is a record that arrived at twelve.
func eventLine(n int, at time.Time, event, user, properties string) string {
	return eventArrived(n, at, 0, event, user, properties)
}

// eventArrived is a record that arrived a while after twelve. Of equal events
// in one load Redshift keeps the one that arrived first.
func eventArrived(n int, at time.Time, after time.Duration, event, user, properties string) string {
	e := wire.Event{EventID: fmt.Sprintf("00000000-0000-7000-8000-%012d", n), Event: event, Timestamp: at, Properties: json.RawMessage(properties)}
	if user != "" {
		e.UserID = &user
	}
	return string(e.AppendRecord(nil, time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC).Add(after)))
}

var noon = time.Date(2024, 5, 1, 12, 0, 0, 123456000, time.UTC)

func load(t *testing.T, w engine, objects ...warehouse.Object) warehouse.LoadReport {
	t.Helper()
	report, err := w.Load(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// column reads a query of one text column.
func column(t *testing.T, w engine, query string) []string {
	t.Helper()
	rows, err := w.Database().SQL.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s sql.NullString
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		if !s.Valid {
			s.String = "NULL"
		}
		out = append(out, s.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func want(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

const countEvents = `SELECT CAST(COUNT(*) AS VARCHAR) FROM "events"`

func TestLoadStoresEachEventOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		a := raw.put(t, warehouse.Events, "a",
			eventLine(1, noon, "first", "u", `{"n":1}`),
			eventArrived(1, noon, time.Microsecond, "another", "u", `{"n":2}`),
			eventLine(1, noon.Add(time.Microsecond), "other instant", "", `{}`),
			eventLine(2, noon, "x", "u", `{}`))
		b := raw.put(t, warehouse.Events, "b",
			eventArrived(2, noon, time.Second, "late", "u", `{}`),
			eventLine(3, noon.Add(-400*24*time.Hour), "old", "u", `{}`))
		report := load(t, w, a, b)
		if got := report.Objects[0]; got.Lines != 4 || got.Inserted != 3 || got.Duplicates != 1 {
			t.Errorf("object a: %+v", got)
		}
		if got := report.Objects[1]; got.Lines != 2 || got.Inserted != 1 || got.Duplicates != 1 {
			t.Errorf("object b: %+v", got)
		}
		want(t, "events", column(t, w, `SELECT "event" FROM "events" ORDER BY "event"`), "first", "old", "other instant", "x")

		again := load(t, w, a, b)
		for _, o := range again.Objects {
			if !o.AlreadyLoaded {
				t.Errorf("loaded twice: %+v", o)
			}
		}
		c := raw.put(t, warehouse.Events, "c", eventLine(3, noon.Add(-400*24*time.Hour), "again", "u", `{}`), eventLine(4, noon, "new", "u", `{}`))
		if got := load(t, w, c).Objects[0]; got.Inserted != 1 || got.Duplicates != 1 {
			t.Errorf("object c: %+v", got)
		}
		want(t, "count", column(t, w, countEvents), "5")
		want(t, "catalogue", column(t, w, `SELECT "event" || ' ' || CAST("count" AS VARCHAR) FROM "loaf_event_catalog" ORDER BY 1`), "first 1", "new 1", "old 1", "other instant 1", "x 1")
		want(t, "ledger", column(t, w, `SELECT "key" || ' ' || "status" || ' ' || CAST("lines" AS VARCHAR) FROM "loaf_files" ORDER BY 1`),
			"events/2024/05/01/12/a.ndjson.gz loaded 4", "events/2024/05/01/12/b.ndjson.gz loaded 2", "events/2024/05/01/12/c.ndjson.gz loaded 2")
		want(t, "microseconds", column(t, w, `SELECT CAST(EXTRACT(microseconds FROM "timestamp") AS VARCHAR) FROM "events" WHERE "event" = 'other instant'`), "123457")
	})
}

func TestPropertiesKeepTheirTypes(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		lines := []string{
			`{"amount":10,"plan":"pro","ok":true,"Files":1,"files":"one","a/b~c \"q\" 'x'":1.5,"nothing":null,"deep":{"k":[1]},"list":[1,"x"]}`,
			`{"amount":"10","plan":"20","ok":false,"files":2,"deep":{"k":2},"big":12345678901234567890,"neg":-1,"tiny":1e-300}`,
			`{"amount":false,"plan":null,"neg":2.5,"amount2":null}`,
			`{}`,
		}
		for i, properties := range lines {
			lines[i] = eventLine(i, noon, "e", "u", properties)
		}
		load(t, w, raw.put(t, warehouse.Events, "a", lines...))
		want(t, "catalogue", column(t, w, `SELECT "property" || ' ' || "type" || ' ' || CAST("count" AS VARCHAR) FROM "loaf_property_catalog" ORDER BY "property", "type"`),
			`Files number 1`, `a/b~c "q" 'x' number 1`, `amount boolean 1`, `amount number 1`, `amount string 1`, `big number 1`, `deep object 2`,
			`files number 1`, `files string 1`, `list array 1`, `neg number 2`, `ok boolean 2`, `plan string 2`, `tiny number 1`)
		properties, err := warehouse.PropertyColumns(t.Context(), w.Database(), warehouse.EventProperties)
		if err != nil {
			t.Fatal(err)
		}
		if w.Database().Dialect != warehouse.DuckDB {
			if properties.Complete || len(properties.Columns) > 0 {
				t.Errorf("columns where there are none: %+v", properties)
			}
			return
		}
		if !properties.Complete {
			t.Error("incomplete with few properties")
		}
		values := func(column string) []string {
			return stripNulls(columnOf(t, w, column))
		}
		c := properties.Columns
		want(t, "amount number", values(c["amount"].Number), "10.0")
		want(t, "amount text", values(c["amount"].Text), "10")
		want(t, "amount boolean", values(c["amount"].Boolean), "false")
		want(t, "plan text", values(c["plan"].Text), "pro", "20")
		want(t, "Files", values(c["Files"].Number), "1.0")
		want(t, "files number", values(c["files"].Number), "2.0")
		want(t, "files text", values(c["files"].Text), "one")
		want(t, "odd name", values(c[`a/b~c "q" 'x'`].Number), "1.5")
		want(t, "deep", values(c["deep"].Complex), `{"k":[1]}`, `{"k":2}`)
		want(t, "list", values(c["list"].Complex), `[1,"x"]`)
		want(t, "neg", values(c["neg"].Number), "-1.0", "2.5")
		want(t, "big", values(c["big"].Number), "1.2345678901234567e+19")
		if _, ok := c["nothing"]; ok {
			t.Error("a property that is only ever null got a column")
		}
		// A type that appears later gets its column then.
		load(t, w, raw.put(t, warehouse.Events, "b", eventLine(9, noon, "e", "u", `{"plan":7}`)))
		properties, err = warehouse.PropertyColumns(t.Context(), w.Database(), warehouse.EventProperties)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "plan number", values(properties.Columns["plan"].Number), "7.0")
	})
}

func columnOf(t *testing.T, w engine, name string) []string {
	t.Helper()
	if name == "" {
		t.Fatal("the column does not exist")
	}
	return column(t, w, `SELECT CAST("`+name+`" AS VARCHAR) FROM "events" ORDER BY "event_id"`)
}

func stripNulls(in []string) []string {
	var out []string
	for _, s := range in {
		if s != "NULL" {
			out = append(out, s)
		}
	}
	return out
}

func TestPropertyColumnsAreBounded(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		var many []string
		for i := range warehouse.MaxPropertyColumns + 20 {
			many = append(many, fmt.Sprintf(`"k%03d":%d`, i, i))
		}
		load(t, w, raw.put(t, warehouse.Events, "a", eventLine(1, noon, "e", "u", "{"+strings.Join(many, ",")+"}")))
		properties, err := warehouse.PropertyColumns(t.Context(), w.Database(), warehouse.EventProperties)
		if err != nil {
			t.Fatal(err)
		}
		if properties.Complete {
			t.Error("complete although properties were left out")
		}
		if n := len(properties.Columns); w.Database().Dialect == warehouse.DuckDB && n != warehouse.MaxPropertyColumns {
			t.Errorf("%d columns", n)
		}
		want(t, "catalogue", column(t, w, `SELECT CAST(COUNT(*) AS VARCHAR) FROM "loaf_property_catalog" WHERE "type" = 'number' AND "count" = 1`), fmt.Sprint(warehouse.MaxPropertyColumns+20))
	})
}

func TestBadObjectsAreNamed(t *testing.T) {
	good := eventLine(1, noon, "good", "u", `{}`)
	cases := map[string]func(t *testing.T, raw folder) warehouse.Object{
		"broken line": func(t *testing.T, raw folder) warehouse.Object {
			return raw.put(t, warehouse.Events, "bad", eventLine(2, noon, "x", "u", `{}`), `{"event_id":`)
		},
		"not an event": func(t *testing.T, raw folder) warehouse.Object {
			return raw.put(t, warehouse.Events, "bad", `{"hello":"world"}`)
		},
		"bad id": func(t *testing.T, raw folder) warehouse.Object {
			return raw.put(t, warehouse.Events, "bad", strings.Replace(eventLine(2, noon, "x", "u", `{}`), "00000000-", "zzzzzzzz-", 1))
		},
		"not gzip": func(t *testing.T, raw folder) warehouse.Object {
			return raw.putRaw(t, warehouse.Events, "bad", []byte("plain text\n"))
		},
		"truncated gzip": func(t *testing.T, raw folder) warehouse.Object {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			for i := range 1000 {
				fmt.Fprintln(z, eventLine(100+i, noon, "x", "u", `{}`))
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			return raw.putRaw(t, warehouse.Events, "bad", packed.Bytes()[:packed.Len()/2])
		},
		"a bit that flipped": func(t *testing.T, raw folder) warehouse.Object {
			// Stored, not deflated, so that the line is another one and still sound.
			var packed bytes.Buffer
			z, err := gzip.NewWriterLevel(&packed, gzip.NoCompression)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(z, eventLine(2, noon, "signup", "u", `{}`))
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			return raw.putRaw(t, warehouse.Events, "bad", bytes.Replace(packed.Bytes(), []byte("signup"), []byte("sighup"), 1))
		},
		"no byte at all": func(t *testing.T, raw folder) warehouse.Object {
			return raw.putRaw(t, warehouse.Events, "bad", nil)
		},
		"NUL in a property": func(t *testing.T, raw folder) warehouse.Object {
			return raw.put(t, warehouse.Events, "bad", eventLine(2, noon, "x", "u", `{"a":"b\u0000c"}`))
		},
		"NUL in a name": func(t *testing.T, raw folder) warehouse.Object {
			return raw.put(t, warehouse.Events, "bad", strings.Replace(eventLine(2, noon, "x", "u", `{}`), `"x"`, `"x\u0000"`, 1))
		},
		"broken UTF-8": func(t *testing.T, raw folder) warehouse.Object {
			return raw.put(t, warehouse.Events, "bad", strings.Replace(eventLine(2, noon, "x", "u", `{}`), `"x"`, "\"x\xff\"", 1))
		},
		"a value that is too large": func(t *testing.T, raw folder) warehouse.Object {
			return raw.put(t, warehouse.Events, "bad", eventLine(2, noon, "x", "u", `{"a":"`+strings.Repeat("x", 70_000)+`"}`))
		},
		"broken user": func(t *testing.T, raw folder) warehouse.Object {
			return raw.put(t, warehouse.Users, "bad", `{"user_id":7}`)
		},
		"users not gzip": func(t *testing.T, raw folder) warehouse.Object {
			return raw.putRaw(t, warehouse.Users, "bad", []byte("plain"))
		},
	}
	for name, bad := range cases {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w engine, raw folder) {
				ok, poison := raw.put(t, warehouse.Events, "ok", good), bad(t, raw)
				_, err := w.Load(t.Context(), []warehouse.Object{ok, poison})
				var data *warehouse.DataError
				if !errors.As(err, &data) {
					t.Fatalf("want a DataError, got %v", err)
				}
				if data.Object == nil || data.Object.ID() != poison.ID() {
					t.Errorf("blames %v", data)
				}
				if name == "broken line" && data.Line != 2 {
					t.Errorf("line %d, want 2: %v", data.Line, data)
				}
				want(t, "nothing stored", column(t, w, countEvents), "0")
				if err := w.Quarantine(t.Context(), poison, data.Error()); err != nil {
					t.Fatal(err)
				}
				load(t, w, ok, poison)
				want(t, "the rest", column(t, w, countEvents), "1")
				want(t, "ledger", column(t, w, `SELECT "status" FROM "loaf_files" ORDER BY "key" LIKE '%bad%'`), "loaded", "quarantined")
			})
		})
	}
}

func TestWhatWasSetAsideIsLoadedWhenItIsMended(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		events := raw.put(t, warehouse.Events, "bad", `{"event_id":`)
		users := raw.put(t, warehouse.Users, "bad", `{"user_id":7}`)
		other := raw.put(t, warehouse.Events, "other", `{"hello":"world"}`)
		loaded := raw.put(t, warehouse.Events, "loaded", eventLine(1, noon, "kept", "u", `{}`))
		load(t, w, loaded)
		for _, o := range []warehouse.Object{events, users, other} {
			if err := w.Quarantine(t.Context(), o, "the reason of then"); err != nil {
				t.Fatal(err)
			}
		}
		all := []warehouse.Object{events, users, other, loaded}
		const ledger = `SELECT "status" || ' ' || COALESCE("error", '') FROM "loaf_files" ORDER BY "key"`
		// Nothing of what still fails is forgotten.
		var data *warehouse.DataError
		if _, err := w.Reload(t.Context(), all); !errors.As(err, &data) {
			t.Fatalf("want a DataError, got %v", err)
		}
		then := []string{"quarantined the reason of then", "loaded ", "quarantined the reason of then", "quarantined the reason of then"}
		want(t, "the ledger after a failure", column(t, w, ledger), then...)
		if err := w.Requarantine(t.Context(), other, "the reason of now"); err != nil {
			t.Fatal(err)
		}
		if err := w.Requarantine(t.Context(), loaded, "what is loaded stays loaded"); err != nil {
			t.Fatal(err)
		}
		quarantined, err := w.Quarantined(t.Context(), all)
		if err != nil || len(quarantined) != 3 || quarantined[loaded.ID()] {
			t.Errorf("set aside are %v, %v", quarantined, err)
		}
		raw.put(t, warehouse.Events, "bad", eventLine(2, noon, "mended", "u", `{}`), eventLine(1, noon, "kept", "u", `{}`))
		raw.put(t, warehouse.Users, "bad", string(wire.NewUser{UserID: "u9", CreatedAt: noon, Attributes: json.RawMessage(`{"plan":"pro"}`)}.AppendRecord(nil, noon)))
		report, err := w.Reload(t.Context(), []warehouse.Object{events, users, loaded})
		if err != nil || report.Inserted() != 2 {
			t.Fatalf("%+v, %v", report, err)
		}
		want(t, "the ledger", column(t, w, ledger), "loaded ", "loaded ", "quarantined the reason of now", "loaded ")
		want(t, "the events", column(t, w, `SELECT "event" FROM "events" ORDER BY "event"`), "kept", "mended")
		want(t, "the users", column(t, w, `SELECT "user_id" FROM "users"`), "u9")
		// Again, as after a crash before the answer: nothing changes.
		again, err := w.Reload(t.Context(), []warehouse.Object{events, users, loaded})
		if err != nil || again.Inserted() != 0 || !again.Objects[0].AlreadyLoaded {
			t.Errorf("%+v, %v", again, err)
		}
		want(t, "the events", column(t, w, countEvents), "2")
	})
}

func TestAnObjectThatIsNotThere(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		for _, kind := range []warehouse.Kind{warehouse.Events, warehouse.Users} {
			o := raw.put(t, kind, "gone", eventLine(1, noon, "x", "u", `{}`))
			if err := os.Remove(raw.path(o)); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Load(t.Context(), []warehouse.Object{o}); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", kind, err)
			}
		}
	})
}

func TestConcatenatedGzip(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		var packed bytes.Buffer
		for i := range 3 {
			z := gzip.NewWriter(&packed)
			fmt.Fprintln(z, eventLine(i, noon, "x", "u", `{}`))
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
		}
		load(t, w, raw.putRaw(t, warehouse.Events, "members", packed.Bytes()))
		want(t, "count", column(t, w, countEvents), "3")
	})
}

func update(user string, at time.Time, attributes string) warehouse.UserWrite {
	return warehouse.FromUpdate(wire.UserUpdate{UserID: user, UpdatedAt: at, Attributes: json.RawMessage(attributes)})
}

const userRows = `SELECT "user_id" || ' ' || COALESCE(CAST("created_at" AS VARCHAR), '-') || ' ' || CAST("attributes" AS VARCHAR) || ' ' || CAST("attribute_times" AS VARCHAR) FROM "users" ORDER BY "user_id"`

func TestMergeAndLoadGiveTheSameUsers(t *testing.T) {
	// Every split of the same writes between updates and objects, in any order,
	// ends in the same rows.
	rng := rand.New(rand.NewPCG(1, 2))
	values := []string{`1`, `"b"`, `"a"`, `null`, `{"z":1,"y":[2.0]}`, `true`, `"ü"`}
	type write struct {
		user wire.NewUser
		upd  wire.UserUpdate
		post bool
	}
	var writes []write
	for i := range 120 {
		id := fmt.Sprintf("u%d", rng.IntN(6))
		at := noon.Add(time.Duration(rng.IntN(4)) * time.Second)
		attributes := json.RawMessage(fmt.Sprintf(`{"k%d":%s,"k%d":%s}`, i%2, values[rng.IntN(len(values))], 2+rng.IntN(2), values[rng.IntN(len(values))]))
		writes = append(writes, write{wire.NewUser{UserID: id, CreatedAt: at, Attributes: attributes}, wire.UserUpdate{UserID: id, UpdatedAt: at, Attributes: attributes}, i%3 == 0})
	}
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		var first []string
		for round := range 3 {
			if _, err := w.Database().SQL.ExecContext(t.Context(), `DELETE FROM "users"`); err != nil {
				t.Fatal(err)
			}
			rng.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
			for i := 0; i < len(writes); i += 10 {
				name := fmt.Sprintf("%d-%d", round, i)
				var objects []warehouse.Object
				for j, wr := range append(writes[i:i+10:i+10], writes[rng.IntN(len(writes))]) {
					if wr.post {
						objects = append(objects, raw.put(t, warehouse.Users, fmt.Sprintf("%s-%d", name, j), string(wr.user.AppendRecord(nil, noon))))
						continue
					}
					o := raw.put(t, warehouse.Updates, fmt.Sprintf("%s-%d", name, j), string(wr.upd.AppendRecord(nil, noon)))
					if rng.IntN(2) == 0 {
						objects = append(objects, o)
					} else if err := w.Merge(t.Context(), o, []warehouse.UserWrite{warehouse.FromUpdate(wr.upd)}); err != nil {
						t.Fatal(err)
					}
				}
				load(t, w, objects...)
			}
			rows := column(t, w, userRows)
			if round == 0 {
				first = rows
				t.Logf("%s", rows[0])
			}
			want(t, fmt.Sprintf("round %d", round), rows, first...)
		}
	})
}

func TestMergeIsOncePerObject(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		o := raw.put(t, warehouse.Updates, "a", "")
		for range 2 {
			if err := w.Merge(t.Context(), o, []warehouse.UserWrite{update("u", noon, `{"plan":"pro","gone":null}`)}); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "ledger", column(t, w, `SELECT CAST("inserted" AS VARCHAR) FROM "loaf_files"`), "1")
		known, err := w.Known(t.Context(), []warehouse.Object{o, {Bucket: "users", Key: "updates/x", Kind: warehouse.Updates}})
		if err != nil || len(known) != 1 || !known[o.ID()] {
			t.Errorf("known: %v, %v", known, err)
		}
		want(t, "created_at", column(t, w, `SELECT CAST("created_at" AS VARCHAR) FROM "users"`), "NULL")
	})
}

func TestConcurrentLoadsAndMerges(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		var wg sync.WaitGroup
		fail := make(chan error, 100)
		shared := raw.put(t, warehouse.Events, "shared", eventLine(7, noon, "shared", "u", `{"a":1}`))
		for i := range 8 {
			own := raw.put(t, warehouse.Events, fmt.Sprint("own", i), eventLine(100+i, noon, "own", "u", fmt.Sprintf(`{"p%d":1}`, i)), eventLine(7, noon, "shared", "u", `{}`))
			updates := raw.put(t, warehouse.Updates, fmt.Sprint("up", i), "")
			wg.Go(func() {
				if _, err := w.Load(t.Context(), []warehouse.Object{shared, own}); err != nil {
					fail <- err
				}
			})
			wg.Go(func() {
				if err := w.Merge(t.Context(), updates, []warehouse.UserWrite{update("u", noon, fmt.Sprintf(`{"k%d":1}`, i))}); err != nil {
					fail <- err
				}
			})
		}
		wg.Wait()
		close(fail)
		for err := range fail {
			t.Error(err)
		}
		want(t, "events", column(t, w, countEvents), "9")
		attributes := column(t, w, `SELECT CAST("attributes" AS VARCHAR) FROM "users"`)
		var merged map[string]int
		if err := json.Unmarshal([]byte(attributes[0]), &merged); err != nil || len(merged) != 8 {
			t.Errorf("attributes %v: %v", attributes, err)
		}
	})
}

func TestMigrateTwiceAndNewer(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, _ folder) {
		if err := w.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Database().SQL.ExecContext(t.Context(), `INSERT INTO "loaf_migrations" VALUES (999, 'from the future', '2024-05-01 12:00:00')`); err != nil {
			t.Fatal(err)
		}
		if err := w.Migrate(t.Context()); !errors.Is(err, warehouse.ErrNewerSchema) {
			t.Errorf("want ErrNewerSchema, got %v", err)
		}
	})
}

func TestADatabaseThatCannotHoldEveryEventIsRefused(t *testing.T) {
	url := postgrestest.URL(t)
	admin, err := postgres.Open(t.Context(), postgres.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Database().SQL.ExecContext(t.Context(), `CREATE DATABASE "latin" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`); err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(url, "/")
	latin := url[:at] + "/latin" + url[strings.Index(url, "?"):]
	if w, err := postgres.Open(t.Context(), postgres.Config{URL: latin}); err == nil || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("%v, %v", w, err)
	}
}

func TestACancelledLoadStoresNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o := raw.put(t, warehouse.Events, "a", eventLine(1, noon, "x", "u", `{}`))
		if _, err := w.Load(ctx, []warehouse.Object{o}); !errors.Is(err, warehouse.ErrUnavailable) {
			t.Errorf("want ErrUnavailable, got %v", err)
		}
		want(t, "nothing", column(t, w, countEvents), "0")
		load(t, w, o)
		want(t, "then all", column(t, w, countEvents), "1")
	})
}

func TestReadersAreNotDisturbedByLoads(t *testing.T) {
	eachEngine(t, func(t *testing.T, w engine, raw folder) {
		load(t, w, raw.put(t, warehouse.Events, "first", eventLine(0, noon, "e", "u", `{"p":1}`)))
		const loads = 15
		var wg sync.WaitGroup
		stop := make(chan struct{})
		fail := make(chan error, 10)
		for range 4 {
			wg.Go(func() {
				last := 0
				for {
					select {
					case <-stop:
						return
					default:
					}
					var n, users int
					err := w.Database().SQL.QueryRowContext(t.Context(), `SELECT COUNT(*), COUNT(DISTINCT "user_id") FROM "events" WHERE "event" = $1`, "e").Scan(&n, &users)
					// A load is seen whole or not at all: it brings three events.
					if err != nil || n < last || n%3 != 1 {
						fail <- fmt.Errorf("%d events after %d: %w", n, last, err)
						return
					}
					last = n
				}
			})
		}
		for i := range loads {
			// Each load adds columns to the table that is being read.
			load(t, w, raw.put(t, warehouse.Events, fmt.Sprint(i),
				eventLine(10*i+1, noon, "e", "u", fmt.Sprintf(`{"n%d":1,"p":"text"}`, i)),
				eventLine(10*i+2, noon, "e", "v", fmt.Sprintf(`{"n%d":"x"}`, i)),
				eventLine(10*i+3, noon, "e", "", fmt.Sprintf(`{"n%d":true}`, i))))
		}
		close(stop)
		wg.Wait()
		close(fail)
		for err := range fail {
			t.Error(err)
		}
		want(t, "count", column(t, w, countEvents), fmt.Sprint(3*loads+1))
	})
}
