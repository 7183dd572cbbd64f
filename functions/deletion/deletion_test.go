package deletion_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/audit"
	"github.com/dataloaf/dataloaf/functions/deletion"
	"github.com/dataloaf/dataloaf/functions/load"
	"github.com/dataloaf/dataloaf/functions/local"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// engine is a warehouse that is loaded, audited and deleted from.
type engine interface {
	load.Warehouse
	audit.Warehouse
	deletion.Warehouse
	Merge(ctx context.Context, o warehouse.Object, writes []warehouse.UserWrite) error
	Migrate(context.Context) error
	Close() error
}

// world is a store and a warehouse that is loaded from it.
type world struct {
	t       *testing.T
	dialect warehouse.Dialect
	root    string
	store   *local.Store
	engine  engine
	// now is everybody's clock.
	now time.Time
	ids int
}

// noon is when the first objects arrived; settle is how long one may be on its
// way.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const (
	settle = 25 * time.Hour
	// gone is the user whose data goes; nobody else's has it in it.
	gone = "gone-49c1\"é\\x"
	// goneToo is another.
	goneToo = "gone-7be2@example.com"
)

func openEngine(t *testing.T, w *world) engine {
	t.Helper()
	now := func() time.Time { return w.now }
	var e engine
	var err error
	switch w.dialect {
	case warehouse.DuckDB:
		e, err = duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb"), Source: w.store, ObjectPath: w.store.Path, Now: now})
	case warehouse.PostgreSQL:
		e, err = postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t), Source: w.store, Now: now})
	default:
		s := redshifttest.Start(t, w.root)
		var ids atomic.Int64
		e, err = redshift.Open(redshift.Config{
			Connect: connect.Config{Host: s.Host, Port: s.Port, Database: s.Database, RootCAs: s.RootCAs,
				Login: func(context.Context, bool) (warehouse.Login, error) { return s.Admin, nil }},
			Source: w.store, Now: now,
			Copy: redshift.CopyConfig{Manifests: w.store, Bucket: "events", Role: redshifttest.CopyRole, Region: redshifttest.Region,
				NewID: func() string { return fmt.Sprint(ids.Add(1)) }},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func newWorld(t *testing.T, dialect warehouse.Dialect) *world {
	t.Helper()
	w := &world{t: t, dialect: dialect, root: t.TempDir(), now: noon}
	var err error
	if w.store, err = local.NewStore(w.root); err != nil {
		t.Fatal(err)
	}
	w.engine = openEngine(t, w)
	return w
}

// eachEngine runs a test on a world of each engine.
func eachEngine(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for _, dialect := range []warehouse.Dialect{warehouse.DuckDB, warehouse.PostgreSQL, warehouse.Redshift} {
		t.Run(string(dialect), func(t *testing.T) { test(t, newWorld(t, dialect)) })
	}
}

// put stores an object that arrives now.
func (w *world) put(kind warehouse.Kind, lines ...string) warehouse.Object {
	w.t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for _, line := range lines {
		fmt.Fprintln(z, line) // a Buffer takes everything
	}
	_ = z.Close()
	return w.putRaw(kind, packed.Bytes())
}

func (w *world) putRaw(kind warehouse.Kind, body []byte) warehouse.Object {
	w.t.Helper()
	w.ids++
	o := warehouse.Object{Bucket: string(kind.Bucket()), Key: warehouse.NewKey(kind, w.now, fmt.Sprintf("%04d", w.ids)), Kind: kind}
	if err := w.store.Put(w.t.Context(), o.Bucket, o.Key, body); err != nil {
		w.t.Fatal(err)
	}
	return o
}

// event is the n-th event there is, of a user, that arrived at a time.
func event(n int, user string, arrival time.Time) string {
	e := wire.Event{EventID: fmt.Sprintf("00000000-0000-7000-8000-%012d", n), Event: []string{"order", "view", "search"}[n%3], Timestamp: noon.Add(time.Duration(n) * time.Second),
		Properties: json.RawMessage(fmt.Sprintf(`{"n":%d,"s":"x","list":[1],"of_%d":true}`, n, n%7))}
	if user != "" {
		e.UserID = &user
	}
	return string(e.AppendRecord(nil, arrival))
}

func newUser(id, plan string, arrival time.Time) string {
	u := wire.NewUser{UserID: id, CreatedAt: arrival, Attributes: json.RawMessage(fmt.Sprintf(`{"plan":%q,"old":true}`, plan))}
	return string(u.AppendRecord(nil, arrival))
}

func update(id, attributes string, at, arrival time.Time) string {
	u := wire.UserUpdate{UserID: id, UpdatedAt: at, Attributes: json.RawMessage(attributes)}
	return string(u.AppendRecord(nil, arrival))
}

func (w *world) sweep(e engine) {
	w.t.Helper()
	loader := load.New(load.Config{Queue: local.NewQueue(time.Now), Warehouse: e, Lister: w.store, Logger: slog.New(slog.DiscardHandler)})
	if _, err := loader.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// ask asks for a deletion, as the insights server does.
func (w *world) ask(id string) string {
	w.t.Helper()
	hash, err := warehouse.HashUserID(id, []byte("0123456789abcdef"), 1)
	if err != nil {
		w.t.Fatal(err)
	}
	body, err := json.Marshal(warehouse.Deletion{UserID: id, UserHash: hash, State: warehouse.DeletionRequested, RequestedAt: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.ids++
	name := fmt.Sprintf("deletion-%d", w.ids)
	w.exec(`INSERT INTO "loaf_documents" ("kind", "id", "version", "body", "created_at", "created_by", "updated_at", "updated_by") VALUES ('deletion', $1, 1, $2, $3, 'ada', $3, 'ada')`,
		name, string(body), w.now)
	return name
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.engine.Database().SQL.ExecContext(w.t.Context(), statement, args...); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

// receipt reads a deletion's document.
func (w *world) receipt(id string) (d warehouse.Deletion) {
	w.t.Helper()
	var body string
	if err := w.engine.Database().SQL.QueryRowContext(w.t.Context(), `SELECT "body" FROM "loaf_documents" WHERE "kind" = 'deletion' AND "id" = $1`, id).Scan(&body); err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) runner(change func(*deletion.Config)) *deletion.Runner {
	c := deletion.Config{
		Warehouse: w.engine, Store: w.store, Settle: settle, Lease: time.Minute, Now: func() time.Time { return w.now },
		Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	}
	if change != nil {
		change(&c)
	}
	return deletion.New(c)
}

func (w *world) run() deletion.Summary {
	w.t.Helper()
	s, err := w.runner(nil).Run(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// tables are the rows of all tables that a rebuild makes again, as text.
func (w *world) tables(e engine) map[string][]string {
	w.t.Helper()
	out := map[string][]string{}
	for name, query := range map[string]string{
		"events":     `SELECT CAST("event_id" AS VARCHAR), "event", COALESCE("user_id", '-'), CAST("timestamp" AS VARCHAR), CAST("properties" AS VARCHAR), CAST("received_at" AS VARCHAR) FROM "events"`,
		"users":      `SELECT "user_id", CAST("created_at" AS VARCHAR), CAST("attributes" AS VARCHAR), CAST("attribute_times" AS VARCHAR), CAST("updated_at" AS VARCHAR) FROM "users"`,
		"catalogue":  `SELECT "event", CAST("count" AS VARCHAR), CAST("first_seen" AS VARCHAR), CAST("last_seen" AS VARCHAR) FROM "loaf_event_catalog"`,
		"properties": `SELECT "event", "property", "type", CAST("count" AS VARCHAR) FROM "loaf_property_catalog"`,
	} {
		if w.dialect == warehouse.Redshift {
			query = strings.NewReplacer(`CAST("properties" AS VARCHAR)`, `JSON_SERIALIZE("properties")`, `CAST("attributes" AS VARCHAR)`, `JSON_SERIALIZE("attributes")`,
				`CAST("attribute_times" AS VARCHAR)`, `JSON_SERIALIZE("attribute_times")`).Replace(query)
		}
		out[name] = w.rows(e, query)
	}
	return out
}

// rows are the rows of a query as text, sorted.
func (w *world) rows(e engine, query string) []string {
	w.t.Helper()
	rows, err := e.Database().SQL.QueryContext(w.t.Context(), query)
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	all := []string{}
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatalf("%s: %v", query, err)
		}
		var texts []string
		for _, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			texts = append(texts, fmt.Sprint(v))
		}
		all = append(all, strings.Join(texts, " | "))
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func equal(t *testing.T, what string, got, want map[string][]string) {
	t.Helper()
	for table := range want {
		if !slices.Equal(got[table], want[table]) {
			t.Errorf("%s: %s has\n%s\nwant\n%s", what, table, strings.Join(got[table], "\n"), strings.Join(want[table], "\n"))
		}
	}
}

// traces looks for ids in every table and in every file of the store, unpacked.
func (w *world) traces(ids ...string) {
	w.t.Helper()
	look := func(where, text string) {
		for _, id := range ids {
			quoted := strings.Trim(string(must(json.Marshal(id))), `"`)
			if strings.Contains(text, id) || strings.Contains(text, quoted) || strings.Contains(text, strings.Trim(string(must(json.Marshal(quoted))), `"`)) {
				w.t.Errorf("%s has %q:\n%.2000s", where, id, text)
			}
		}
	}
	tables := w.rows(w.engine, `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`)
	if len(tables) < 8 {
		w.t.Fatalf("tables %v", tables)
	}
	for _, table := range tables {
		look("the table "+table, strings.Join(w.rows(w.engine, `SELECT * FROM "`+table+`"`), "\n"))
	}
	files := 0
	err := filepath.WalkDir(w.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		look(path, string(must(os.ReadFile(path))))
		f := must(os.Open(path))
		defer f.Close()
		if z, err := gzip.NewReader(f); err == nil {
			text, _ := io.ReadAll(z) // what can be read of it
			look(path, string(text))
		}
		return nil
	})
	if err != nil || files == 0 {
		w.t.Fatalf("%d files, %v", files, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (w *world) proven() audit.Result {
	w.t.Helper()
	auditor := audit.New(audit.Config{
		Lister: w.store, Source: w.store, Now: func() time.Time { return w.now },
		Open: func(context.Context) (audit.Warehouse, error) { return w.engine, nil },
	})
	got, err := auditor.Run(w.t.Context(), audit.Request{Range: load.Range{From: noon.Add(-time.Hour), To: w.now.Add(time.Hour)}, Deep: true})
	if err != nil {
		w.t.Fatal(err)
	}
	if !got.Proven {
		w.t.Errorf("not proven: %+v", got.Mismatches)
	}
	for _, totals := range got.Totals {
		if totals.Missing() != 0 {
			w.t.Errorf("%+v", totals)
		}
	}
	return got
}

// rebuilt is what a new warehouse has that is loaded from the raw objects.
func (w *world) rebuilt() map[string][]string {
	w.t.Helper()
	again := openEngine(w.t, w)
	w.sweep(again)
	return w.tables(again)
}

// fill stores and loads what several users did, with events that stand twice in
// one object, in one load and in two loads, so that the user's lines are new rows
// here and duplicates there. What others did is in keep, loaded alike.
func (w *world) fill(ids ...string) {
	w.t.Helper()
	at := w.now
	for i, id := range ids {
		n := 100 * (i + 2)
		w.put(warehouse.Events, event(n, id, at), event(1, "ada", at), event(n, id, at), event(n+1, id, at))
		w.put(warehouse.Events, event(n+1, id, at), event(2, "bob", at), event(n+2, id, at), event(1, "ada", at), event(3, "", at))
		w.put(warehouse.Events, event(n+2, id, at), event(n, id, at))
		w.put(warehouse.Users, newUser(id, "free", at), newUser("ada", "free", at))
	}
	w.sweep(w.engine)
	w.now = w.now.Add(time.Minute)
	at = w.now
	for i, id := range ids {
		n := 100 * (i + 2)
		w.put(warehouse.Events, event(n, id, at), event(n+3, id, at), event(2, "bob", at), event(4, "bob", at))
		w.put(warehouse.Updates, update(id, `{"plan":"pro"}`, at, at), update("bob", `{"plan":"pro"}`, at, at))
	}
	w.sweep(w.engine)
	// One is merged at once, as the API does.
	object := w.put(warehouse.Updates, update(ids[0], `{"seen":true}`, at, at), update("cy", `{"seen":true}`, at, at))
	if err := w.engine.Merge(w.t.Context(), object, []warehouse.UserWrite{
		{UserID: ids[0], At: at, Attributes: json.RawMessage(`{"seen":true}`)}, {UserID: "cy", At: at, Attributes: json.RawMessage(`{"seen":true}`)},
	}); err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
}

// others are rows of everybody but the users.
func (w *world) others(ids ...string) map[string][]string {
	w.t.Helper()
	all := w.tables(w.engine)
	for _, table := range []string{"events", "users"} {
		all[table] = slices.DeleteFunc(all[table], func(row string) bool {
			return slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(row, id) })
		})
	}
	return map[string][]string{"events": all["events"], "users": all["users"]}
}

func TestNothingOfAUserIsLeft(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.fill(gone, "keep")
		// A broken object and one that no load has met, both of which name the user.
		w.put(warehouse.Events, event(900, gone, w.now), `{"user_id":`+string(must(json.Marshal(gone)))+`,"event":"order"}`, event(901, "ada", w.now), "{broken")
		w.sweep(w.engine)
		w.now = w.now.Add(time.Minute)
		w.put(warehouse.Events, event(902, gone, w.now), event(903, "bob", w.now))
		w.put(warehouse.Users, newUser(gone, "late", w.now), newUser("dan", "late", w.now))
		others := w.others(gone)

		w.now = w.now.Add(time.Minute)
		id := w.ask(gone)
		first := w.run()
		if first.Open != 1 || first.Done != 0 || !first.Next.Equal(w.now.Add(settle)) {
			t.Errorf("%+v", first)
		}
		running := w.receipt(id)
		if running.State != warehouse.DeletionRunning || running.Phase != warehouse.DeletionSettling || running.UserID != gone {
			t.Errorf("%+v", running)
		}
		equal(t, "others", w.others(gone), others)

		w.now = w.now.Add(settle)
		if done := w.run(); done.Open != 0 || done.Done != 1 || !done.Next.IsZero() {
			t.Errorf("%+v", done)
		}
		w.traces(gone)
		equal(t, "others", w.others(gone), others)
		got := w.receipt(id)
		// Events n, n+1, n+2 and n+3 of the first id of fill.
		if got.State != warehouse.DeletionDone || got.UserID != "" || got.EventRows != 4 || got.UserRows != 1 || got.Objects != 10 || got.Lines != 16 || !got.FinishedAt.Equal(w.now) || got.UnreadableTotal != 0 {
			t.Errorf("%+v", got)
		}
		w.sweep(w.engine)
		equal(t, "rebuilt", w.rebuilt(), w.tables(w.engine))
		result := w.proven()
		if result.Totals[0].Quarantined != 2 || result.NotesTotal != 1 {
			t.Errorf("%+v, %+v", result.Totals[0], result.Notes)
		}
		if again := w.run(); again != (deletion.Summary{}) {
			t.Errorf("%+v", again)
		}
	})
}

// What was on its way when the deletion was asked for goes; what the user does
// after it is a new user's.
func TestWhatArrivesLateGoesAndWhatIsNewStays(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.fill(gone, "keep")
		asked := w.now
		w.ask(gone)
		w.run()

		// On their way: accepted before, and loaded now. One event is sent again
		// after, and the load finds it stored: it is the same event.
		w.now = asked.Add(20 * time.Hour)
		w.put(warehouse.Events, event(700, gone, asked), event(701, "bob", asked), event(702, gone, asked.Add(time.Second)))
		w.put(warehouse.Users, newUser(gone, "before", asked), newUser(gone, "after", asked.Add(time.Hour)))
		w.put(warehouse.Updates, update(gone, `{"old":1}`, asked, asked), update(gone, `{"new":1}`, w.now, w.now))
		w.sweep(w.engine)
		w.now = w.now.Add(time.Minute)
		w.put(warehouse.Events, event(700, gone, w.now), event(703, gone, w.now))
		w.sweep(w.engine)
		// And one that arrives with the last of them.
		w.now = asked.Add(settle)
		w.put(warehouse.Updates, update(gone, `{"old":2}`, asked, asked))
		if s := w.run(); s.Done != 1 {
			t.Errorf("%+v", s)
		}
		w.sweep(w.engine)

		var left []string
		for _, row := range w.tables(w.engine)["events"] {
			if strings.Contains(row, "| "+gone+" |") {
				left = append(left, row[24:36])
			}
		}
		if want := []string{"000000000702", "000000000703"}; !slices.Equal(left, want) {
			t.Errorf("events %v, want %v", left, want)
		}
		users, err := w.engine.Users(t.Context(), []string{gone})
		if err != nil || len(users) != 1 {
			t.Fatalf("%v, %v", users, err)
		}
		attributes, _ := users[0].EncodeAttributes()
		if attributes != `{"new":1,"old":true,"plan":"after"}` || !users[0].CreatedAt.Equal(asked.Add(time.Hour)) {
			t.Errorf("%s, %+v", attributes, users[0])
		}
		equal(t, "rebuilt", w.rebuilt(), w.tables(w.engine))
		w.proven()
	})
}

// An update is stored, then merged. A pass that comes in between rewrites the object;
// what the call still holds of it must not come into the table any more, nor into
// the ledger.
func TestAnUpdateThatIsMergedAfterItsObjectWasRewritten(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.fill(gone, "keep")
		at := w.now
		o := w.put(warehouse.Updates, update(gone, `{"plan":"late"}`, at, at), update("bob", `{"plan":"late"}`, at, at), update(gone, `{"seen":1}`, at, at))
		w.now = w.now.Add(time.Second)
		w.ask(gone)
		w.run()
		writes := []warehouse.UserWrite{
			{UserID: gone, At: at, Attributes: json.RawMessage(`{"plan":"late"}`)}, {UserID: "bob", At: at, Attributes: json.RawMessage(`{"plan":"late"}`)},
			{UserID: gone, At: at, Attributes: json.RawMessage(`{"seen":1}`)},
		}
		if err := w.engine.Merge(t.Context(), o, writes); err != nil {
			t.Fatal(err)
		}
		if users, err := w.engine.Users(t.Context(), []string{gone}); err != nil || len(users) > 0 {
			t.Errorf("%v, %v", users, err)
		}
		w.now = w.now.Add(settle)
		if s := w.run(); s.Done != 1 {
			t.Errorf("%+v", s)
		}
		w.traces(gone)
		w.proven()
		equal(t, "rebuilt", w.rebuilt(), w.tables(w.engine))
	})
}

func TestTwoDeletionsInOnePass(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.fill(gone, goneToo, "keep")
		others := w.others(gone, goneToo)
		first := w.ask(gone)
		w.now = w.now.Add(time.Second)
		second, nobody := w.ask(goneToo), w.ask("nobody")
		w.run()
		// One more, of somebody who is not there, while the others settle.
		w.now = w.now.Add(time.Hour)
		third := w.ask(gone)
		w.run()
		w.now = w.now.Add(settle)
		if s := w.run(); s.Open != 0 || s.Done != 4 {
			t.Errorf("%+v", s)
		}
		w.traces(gone, goneToo)
		equal(t, "others", w.others(gone, goneToo), others)
		w.proven()
		equal(t, "rebuilt", w.rebuilt(), w.tables(w.engine))
		for id, want := range map[string][2]int64{first: {4, 1}, second: {4, 1}, nobody: {}, third: {}} {
			got := w.receipt(id)
			if got.State != warehouse.DeletionDone || got.UserID != "" || got.EventRows != want[0] || got.UserRows != want[1] || (want[0] == 0) != (got.Lines == 0) {
				t.Errorf("%s: %+v", id, got)
			}
		}
	})
}

var errKilled = errors.New("killed")

// killer is a warehouse and a store that end at a step, before it or after it,
// and do nothing more.
type killer struct {
	engine
	*local.Store
	after bool
	left  int
}

func (k *killer) step(do func() error) error {
	if k.left--; k.left < 0 {
		return errKilled
	}
	if k.left == 0 && !k.after {
		k.left = -1
		return errKilled
	}
	err := do()
	if k.left == 0 {
		return errKilled
	}
	return err
}

func (k *killer) Erase(ctx context.Context, e warehouse.Erasure) (out warehouse.Erased, err error) {
	err = k.step(func() error {
		out, err = k.engine.Erase(ctx, e)
		return err
	})
	return out, err
}

func (k *killer) Put(ctx context.Context, bucket, key string, body []byte) error {
	return k.step(func() error { return k.Store.Put(ctx, bucket, key, body) })
}

func TestKilledAtEachStep(t *testing.T) {
	for _, dialect := range []warehouse.Dialect{warehouse.DuckDB, warehouse.PostgreSQL} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after the step: %v", dialect, after), func(t *testing.T) {
				w := newWorld(t, dialect)
				w.fill(gone, "keep")
				w.put(warehouse.Events, event(902, gone, w.now), event(903, "bob", w.now))
				others := w.others(gone)
				id := w.ask(gone)
				killed := 0
				// Each run gets one step further than the last, until one gets through.
				for steps := 1; ; steps++ {
					k := &killer{engine: w.engine, Store: w.store, after: after, left: steps}
					s, err := w.runner(func(c *deletion.Config) { c.Warehouse, c.Store = k, k }).Run(t.Context())
					w.now = w.now.Add(2 * time.Minute) // the lease ends
					if err == nil {
						if s.Next.IsZero() {
							break
						}
						w.now = s.Next
						continue
					}
					if !errors.Is(err, errKilled) {
						t.Fatal(err)
					}
					if killed++; killed > 200 {
						t.Fatal("it does not end")
					}
				}
				if killed < 5 {
					t.Errorf("killed %d times", killed)
				}
				w.traces(gone)
				equal(t, "others", w.others(gone), others)
				w.sweep(w.engine)
				w.proven()
				equal(t, "rebuilt", w.rebuilt(), w.tables(w.engine))
				if got := w.receipt(id); got.State != warehouse.DeletionDone || got.EventRows != 4 || got.UserRows != 1 || got.Error != "" {
					t.Errorf("%+v", got)
				}
			})
		}
	}
}

// unlocked is a warehouse whose connection breaks in the middle of an Erase: the
// lock is lost, a load comes in between, and the objects are replaced all the same.
type unlocked struct {
	engine
	w    *world
	left int
}

func (u *unlocked) Erase(ctx context.Context, e warehouse.Erasure) (warehouse.Erased, error) {
	if len(e.Objects) == 0 || u.left == 0 {
		return u.engine.Erase(ctx, e)
	}
	u.left--
	u.w.sweep(u.engine)
	for _, o := range e.Objects {
		if err := e.Put(ctx, o); err != nil {
			return warehouse.Erased{}, err
		}
	}
	return warehouse.Erased{}, fmt.Errorf("%w: the connection is broken", warehouse.ErrUnavailable)
}

func TestALoadThatComesInWhenTheLockIsLost(t *testing.T) {
	for _, dialect := range []warehouse.Dialect{warehouse.DuckDB, warehouse.PostgreSQL} {
		t.Run(string(dialect), func(t *testing.T) {
			w := newWorld(t, dialect)
			w.fill(gone, "keep")
			w.put(warehouse.Events, event(902, gone, w.now), event(903, "bob", w.now), event(904, gone, w.now))
			w.put(warehouse.Users, newUser(gone, "late", w.now), newUser("dan", "late", w.now))
			others := w.others(gone)
			id := w.ask(gone)
			broken := &unlocked{engine: w.engine, w: w, left: 2}
			for broken.left > 0 {
				if _, err := w.runner(func(c *deletion.Config) { c.Warehouse = broken }).Run(t.Context()); !errors.Is(err, warehouse.ErrUnavailable) {
					t.Fatal(err)
				}
				w.now = w.now.Add(2 * time.Minute) // the lease ends
			}
			w.run()
			w.now = w.now.Add(settle)
			w.run()
			w.traces(gone)
			others["events"] = append(others["events"], w.rows(w.engine, `SELECT CAST("event_id" AS VARCHAR), "event", "user_id", CAST("timestamp" AS VARCHAR), CAST("properties" AS VARCHAR), CAST("received_at" AS VARCHAR) FROM "events" WHERE CAST("event_id" AS VARCHAR) LIKE '%903'`)...)
			slices.Sort(others["events"])
			equal(t, "others", w.others(gone), map[string][]string{"events": others["events"]})
			w.proven()
			equal(t, "rebuilt", w.rebuilt(), w.tables(w.engine))
			if got := w.receipt(id); got.State != warehouse.DeletionDone || got.Lines != 15 || got.Error != "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// counted counts what is put.
type counted struct {
	*local.Store
	puts int
}

func (c *counted) Put(ctx context.Context, bucket, key string, body []byte) error {
	c.puts++
	return c.Store.Put(ctx, bucket, key, body)
}

func TestARunEndsInTimeAndGoesOn(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	w.fill(gone, "keep")
	w.ask(gone)
	w.now = w.now.Add(settle)
	runs := 0
	for {
		runs++
		began := w.now
		c := &counted{Store: w.store}
		s, err := w.runner(func(c2 *deletion.Config) {
			c2.Store, c2.Slice = c, time.Second
			c2.Now = func() time.Time {
				w.now = w.now.Add(100 * time.Millisecond)
				return w.now
			}
		}).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !s.Stopped {
			if s.Done != 1 {
				t.Errorf("%+v", s)
			}
			break
		}
		if s.Next.Before(began) || runs > 50 {
			t.Fatalf("run %d: %+v", runs, s)
		}
	}
	if runs < 2 {
		t.Errorf("%d runs", runs)
	}
	w.traces(gone)
	w.proven()
}

func TestOneRunAtATime(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	w.fill(gone, "keep")
	w.ask(gone)
	k := &killer{engine: w.engine, Store: w.store, after: true, left: 3}
	if _, err := w.runner(func(c *deletion.Config) { c.Warehouse, c.Store = k, k }).Run(t.Context()); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	// Its lease holds.
	if s := w.run(); !s.Next.After(w.now) || s.Rows+s.Objects != 0 {
		t.Errorf("%+v", s)
	}
	// One that comes back after another has gone on finds that out.
	work, err := w.engine.Deletions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Minute)
	w.run()
	_, err = w.engine.Erase(t.Context(), warehouse.Erasure{PassVersion: work.PassVersion, Pass: work.Pass, Deletions: work.Deletions, Rows: true})
	if !errors.Is(err, warehouse.ErrTakenOver) {
		t.Errorf("%v", err)
	}
}

// broken is a store that cannot be written to.
type broken struct{ *local.Store }

func (broken) Put(context.Context, string, string, []byte) error {
	return fmt.Errorf("the store refuses %s", gone)
}

func TestAPassThatAlwaysFailsIsGivenUp(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	w.fill(gone, "keep")
	id := w.ask(gone)
	var log bytes.Buffer
	for i := range 10 {
		_, err := w.runner(func(c *deletion.Config) {
			c.Store, c.Logger = broken{w.store}, slog.New(slog.NewTextHandler(&log, nil))
		}).Run(t.Context())
		if err == nil {
			t.Fatal("it passed")
		}
		// The line that an alarm counts.
		if told := strings.Contains(log.String(), `msg="a deletion is given up" deletion=`+id); told != (i == 9) || strings.Contains(log.String(), gone) {
			t.Errorf("try %d says\n%s", i+1, &log)
		}
	}
	if got := w.receipt(id); got.State != warehouse.DeletionFailed || got.Failures != 10 || strings.Contains(got.Error, gone) || !strings.Contains(got.Error, "the store refuses …") {
		t.Errorf("%+v", got)
	}
	if s := w.run(); s != (deletion.Summary{}) {
		t.Errorf("%+v", s)
	}
	// Asking again begins anew, and its end takes the id out of the failed one.
	w.now = w.now.Add(time.Minute)
	again := w.ask(gone)
	w.run()
	w.now = w.now.Add(settle)
	w.run()
	if got := w.receipt(again); got.State != warehouse.DeletionDone {
		t.Errorf("%+v", got)
	}
	w.traces(gone)
	w.proven()
}

func TestADeletionThatIsDueForLongIsLate(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	w.fill(gone, "keep")
	w.ask(gone)
	late := func(what string, want int, change func(*deletion.Config)) {
		t.Helper()
		var log bytes.Buffer
		s, err := w.runner(func(c *deletion.Config) {
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			if change != nil {
				change(c)
			}
		}).Run(t.Context())
		if (err != nil) != (change != nil) {
			t.Errorf("%s: %v", what, err)
		}
		if told := strings.Contains(log.String(), `msg="a deletion is late" deletions=1`); s.Late != want || told != (want > 0) {
			t.Errorf("%s: %+v\n%s", what, s, &log)
		}
	}
	fails := func(c *deletion.Config) { c.Warehouse = refusing{w.engine} }
	late("it fails at once", 0, fails)
	w.now = w.now.Add(load.DeletionsLateAfter)
	late("it fails for a day", 0, fails)
	w.now = w.now.Add(time.Second)
	late("it fails for longer", 1, fails)
	late("it is taken up", 0, nil)

	// That one settles is no delay, however long ago it was asked for.
	w.ask(gone)
	late("another is taken up", 0, nil)
	w.now = w.now.Add(settle + load.DeletionsLateAfter)
	late("its last pass fails for a day", 0, fails)
	w.now = w.now.Add(time.Second)
	late("its last pass fails for longer", 1, fails)
	late("it is done", 0, nil)
}

// refusing is a warehouse that nothing can be deleted from, and nothing noted in.
type refusing struct{ engine }

func (refusing) Erase(context.Context, warehouse.Erasure) (warehouse.Erased, error) {
	return warehouse.Erased{}, errors.New("the warehouse refuses")
}

func TestObjectsThatCannotBeReadAreNamed(t *testing.T) {
	w := newWorld(t, warehouse.DuckDB)
	w.fill(gone, "keep")
	torn := w.putRaw(warehouse.Events, []byte("no gzip"))
	w.sweep(w.engine)
	id := w.ask(gone)
	w.now = w.now.Add(settle)
	w.run()
	got := w.receipt(id)
	if got.State != warehouse.DeletionDone || !slices.Equal(got.Unreadable, []string{torn.ID()}) || got.UnreadableTotal != 1 || len(got.Remains) != 1 || !strings.Contains(got.Remains[0].What, "1 raw objects") {
		t.Errorf("%+v", got)
	}
}
