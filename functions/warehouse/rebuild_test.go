package warehouse_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// tables are all that a rebuild must bring back. What is left out is the number of
// the load, and of a row's own what only says when it was written.
var tables = []string{
	`SELECT CAST("event_id" AS VARCHAR(36)) || ' ' || "event" || ' ' || COALESCE("user_id", '-') || ' ' || CAST("timestamp" AS VARCHAR(40)) || ' ' || CAST("properties" AS VARCHAR(1000)) || ' ' || CAST("received_at" AS VARCHAR(40)) FROM "events" ORDER BY 1`,
	`SELECT "user_id" || ' ' || COALESCE(CAST("created_at" AS VARCHAR(40)), '-') || ' ' || CAST("attributes" AS VARCHAR(1000)) || ' ' || CAST("attribute_times" AS VARCHAR(1000)) || ' ' || CAST("updated_at" AS VARCHAR(40)) FROM "users" ORDER BY 1`,
	`SELECT "event" || ' ' || CAST("count" AS VARCHAR(20)) || ' ' || CAST("first_seen" AS VARCHAR(40)) || ' ' || CAST("last_seen" AS VARCHAR(40)) FROM "loaf_event_catalog" ORDER BY 1`,
	`SELECT "event" || ' ' || "property" || ' ' || "type" || ' ' || CAST("count" AS VARCHAR(20)) FROM "loaf_property_catalog" ORDER BY 1`,
	`SELECT "object_id" || ' ' || "status" || ' ' || CAST("lines" AS VARCHAR(20)) FROM "loaf_files" ORDER BY 1`,
}

func contents(t *testing.T, w engine) (out [][]string) {
	t.Helper()
	for _, query := range tables {
		out = append(out, column(t, w, query))
	}
	return out
}

// history is raw data as a life of a warehouse leaves it: more objects of each kind
// than one transaction takes, resends, and writes about the same users in any order.
func history(t *testing.T, rng *rand.Rand, raw folder) (objects []warehouse.Object) {
	const each = 520 // more than load.MaxObjects
	n := 0
	var sent []string
	for i := range each {
		var lines []string
		for range 1 + rng.IntN(4) {
			n++
			user := ""
			if rng.IntN(4) > 0 {
				user = fmt.Sprintf("u%d", rng.IntN(50))
			}
			properties := fmt.Sprintf(`{"n":%d,"p%d":%s}`, n, rng.IntN(6), []string{`"text"`, `1.5`, `true`, `null`, `{"a":[1]}`}[rng.IntN(5)])
			lines = append(lines, eventArrived(n, noon.Add(time.Duration(rng.IntN(1e9))*time.Microsecond), time.Duration(i)*time.Millisecond, fmt.Sprintf("event %d", rng.IntN(5)), user, properties))
		}
		if len(sent) > 0 && rng.IntN(3) == 0 {
			lines = append(lines, sent[rng.IntN(len(sent))])
		}
		sent = append(sent, lines...)
		objects = append(objects, raw.put(t, warehouse.Events, fmt.Sprintf("%04d", i), lines...))
	}
	for i := range each {
		kind := []warehouse.Kind{warehouse.Users, warehouse.Updates}[i%2]
		var lines []string
		for range 1 + rng.IntN(3) {
			id, at := fmt.Sprintf("u%d", rng.IntN(50)), noon.Add(time.Duration(rng.IntN(20))*time.Second)
			attributes := json.RawMessage(fmt.Sprintf(`{"k%d":%s}`, rng.IntN(4), []string{`"a"`, `2`, `null`, `["x"]`}[rng.IntN(4)]))
			if kind == warehouse.Users {
				lines = append(lines, string(wire.NewUser{UserID: id, CreatedAt: at, Attributes: attributes}.AppendRecord(nil, noon)))
			} else {
				lines = append(lines, string(wire.UserUpdate{UserID: id, UpdatedAt: at, Attributes: attributes}.AppendRecord(nil, noon)))
			}
		}
		objects = append(objects, raw.put(t, kind, fmt.Sprintf("%04d", i), lines...))
	}
	return objects
}

// weary is a warehouse that is away after so many loads.
type weary struct {
	engine
	left int
}

func (w *weary) Load(ctx context.Context, objects []warehouse.Object) (warehouse.LoadReport, error) {
	if w.left--; w.left < 0 {
		return warehouse.LoadReport{}, warehouse.ErrUnavailable
	}
	return w.engine.Load(ctx, objects)
}

// An empty warehouse that is rebuilt from the raw data equals the old one row for
// row, also when the rebuild is cut off anywhere and begun again by a new process.
func TestARebuiltWarehouseEqualsTheOldOne(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long")
	}
	for _, name := range engineNames {
		t.Run(name, func(t *testing.T) {
			raw := folder(t.TempDir())
			rng := rand.New(rand.NewPCG(5, 0))
			objects := history(t, rng, raw)
			// The old one grew by loads of any size, users among the events.
			old := opened(t, site(t, name, raw, nil))
			events := slices.Clone(objects[:len(objects)/2])
			users := slices.Clone(objects[len(objects)/2:])
			rng.Shuffle(len(users), func(i, j int) { users[i], users[j] = users[j], users[i] })
			for len(events)+len(users) > 0 {
				e, u := min(len(events), rng.IntN(80)), min(len(users), rng.IntN(80))
				if e+u > 0 {
					load(t, old, append(slices.Clone(events[:e]), users[:u]...)...)
				}
				events, users = events[e:], users[u:]
			}
			wanted := contents(t, old)
			if len(wanted[0]) < 1000 || len(wanted[1]) != 50 {
				t.Fatalf("%d events and %d users", len(wanted[0]), len(wanted[1]))
			}

			open := site(t, name, raw, nil)
			cut, partial := 0, 0
			for attempt := 0; ; attempt++ {
				w, err := open()
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				// The first one gets as far as one load, the others anywhere, and later
				// ones further.
				by := &weary{engine: w, left: 1}
				if attempt > 0 {
					by.left = len(objects)
				}
				looks := 1 + rng.IntN(200+attempt*attempt*20)
				ctx := newCounted(t.Context(), looks)
				if attempt == 0 {
					ctx = newCounted(t.Context(), 1<<30)
				}
				summary, err := newPipeline(t, by, raw).Sweep(ctx)
				if err == nil && summary.Objects+summary.Known > 0 || attempt == 100 {
					if attempt == 100 {
						t.Error("a hundred attempts are not enough")
					}
					for i, got := range contents(t, w) {
						want(t, tables[i], got, wanted[i]...)
					}
				}
				done := column(t, w, `SELECT CAST(COUNT(*) AS VARCHAR(20)) FROM "loaf_files"`)[0]
				if err != nil {
					if cut++; done != "0" {
						partial++
					}
				}
				if closed := w.Close(); closed != nil {
					t.Fatal(closed)
				}
				if err == nil {
					break
				}
			}
			t.Logf("cut off %d times, %d of them when a part was loaded", cut, partial)
			if cut == 0 || partial == 0 {
				t.Error("the rebuild was not cut off in the middle")
			}
		})
	}
}

// BenchmarkRebuild is how fast an empty warehouse is rebuilt from raw data: objects
// of a thousand lines, ten parts events and one part users.
func BenchmarkRebuild(b *testing.B) {
	const (
		objects = 200
		lines   = 1000
	)
	raw := folder(b.TempDir())
	properties := `{"plan":"pro","amount":12.5,"country":"NL","path":"/checkout/confirmed","mobile":true,"n":%d}`
	for i := range objects {
		var text []string
		for n := range lines {
			n += i * lines
			text = append(text, eventLine(n, noon.Add(time.Duration(n)*time.Second), fmt.Sprintf("event %d", n%20), fmt.Sprintf("user-%d", n%20_000), fmt.Sprintf(properties, n)))
		}
		raw.put(b, warehouse.Events, fmt.Sprintf("%06d", i), text...)
		if i%10 > 0 {
			continue
		}
		text = nil
		for n := range lines {
			n += i * lines / 10
			text = append(text, string(wire.NewUser{UserID: fmt.Sprintf("user-%d", n), CreatedAt: noon, Attributes: json.RawMessage(`{"plan":"pro","country":"NL"}`)}.AppendRecord(nil, noon)))
		}
		raw.put(b, warehouse.Users, fmt.Sprintf("%06d", i), text...)
	}
	for _, name := range []string{"duckdb", "postgres"} {
		b.Run(name, func(b *testing.B) {
			rows := 0.0
			for b.Loop() {
				b.StopTimer()
				var w engine
				var err error
				if name == "duckdb" {
					w, err = duckdb.Open(b.Context(), duckdb.Config{Path: filepath.Join(b.TempDir(), "w.duckdb"), Source: raw, ObjectPath: raw.path})
				} else {
					w, err = postgres.Open(b.Context(), postgres.Config{URL: postgrestest.URL(b), Source: raw})
				}
				if err != nil {
					b.Fatal(err)
				}
				if err := w.Migrate(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				summary, err := newPipeline(b, w, raw).Sweep(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				rows += float64(summary.Lines)
				b.StopTimer()
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
