package warehouse_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/migrate"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// keyed checks that every row has the key of its user, and that the users with keys
// are these and no two share one. It gives the keys.
func keyed(t *testing.T, w engine, users ...string) map[string]string {
	t.Helper()
	for _, table := range []string{"events", "users"} {
		wrong := column(t, w, `SELECT concat_ws(' ', COALESCE(r."user_id", 'nobody'), 'has', COALESCE(CAST(r."user_key" AS VARCHAR), 'none'), 'not', COALESCE(CAST(k."user_key" AS VARCHAR), 'none'))
FROM "`+table+`" AS r LEFT JOIN "loaf_user_keys" AS k ON k."user_id" = r."user_id"
WHERE r."user_key" IS DISTINCT FROM k."user_key" OR (r."user_id" IS NULL) <> (r."user_key" IS NULL)`)
		if len(wrong) > 0 {
			t.Errorf("%d rows of %s have wrong keys: %.20q", len(wrong), table, wrong)
		}
	}
	ids := column(t, w, `SELECT "user_id" FROM "loaf_user_keys" ORDER BY "user_key"`)
	keys := column(t, w, `SELECT CAST("user_key" AS VARCHAR) FROM "loaf_user_keys" ORDER BY "user_key"`)
	if distinct := slices.Compact(slices.Clone(keys)); len(distinct) != len(keys) {
		t.Errorf("users share keys: %.100q", keys)
	}
	of := make(map[string]string, len(ids))
	for i, id := range ids {
		of[id] = keys[i]
	}
	slices.Sort(ids)
	slices.Sort(users)
	want(t, "the users with keys", ids, users...)
	return of
}

// dense checks that the keys are those from 1 on.
func dense(t *testing.T, w engine) {
	t.Helper()
	want(t, "the keys from 1 on",
		column(t, w, `SELECT concat_ws(' ', MIN("user_key"), MAX("user_key") = COUNT(*)) FROM "loaf_user_keys"`), "1 true")
	last, err := warehouse.LastUserKey(t.Context(), w.Database().SQL)
	if err != nil || fmt.Sprint(last) != column(t, w, `SELECT CAST(MAX("user_key") AS VARCHAR) FROM "loaf_user_keys"`)[0] {
		t.Errorf("the largest key is said to be %d, %v", last, err)
	}
}

// kept checks that users have the keys that they had.
func kept(t *testing.T, before, after map[string]string, users ...string) {
	t.Helper()
	for _, id := range users {
		if before[id] == "" || before[id] != after[id] {
			t.Errorf("%q had the key %q and has %q", id, before[id], after[id])
		}
	}
}

func newUserLine(id string, at time.Time) string {
	return string(wire.NewUser{UserID: id, CreatedAt: at, Attributes: json.RawMessage(`{"plan":"free"}`)}.AppendRecord(nil, at))
}

func updateLine(id string, at time.Time) string {
	return string(wire.UserUpdate{UserID: id, UpdatedAt: at, Attributes: json.RawMessage(`{"plan":"pro"}`)}.AppendRecord(nil, at))
}

func TestLoadsAndMergesGiveUsersKeys(t *testing.T) {
	raw := folder(t.TempDir())
	w := openArranged(t, raw, 16)
	merge := func(name string, ids ...string) {
		t.Helper()
		var writes []warehouse.UserWrite
		for _, id := range ids {
			writes = append(writes, update(id, noon, `{"plan":"pro"}`))
		}
		if err := w.Merge(t.Context(), raw.put(t, warehouse.Updates, name), writes); err != nil {
			t.Fatal(err)
		}
	}
	keyed(t, w)
	if last, err := warehouse.LastUserKey(t.Context(), w.Database().SQL); err != nil || last != 0 {
		t.Errorf("without users the largest key is %d, %v", last, err)
	}

	odd := `q"uo'te \ ` + strings.Repeat("ü", 100)
	load(t, w, raw.put(t, warehouse.Events, "first",
		eventLine(1, noon, "e", "a", `{}`), eventLine(2, noon, "e", "", `{}`), eventLine(3, noon, "e", "b", `{}`), eventLine(4, noon, "e", "a", `{}`), eventLine(5, noon, "e", odd, `{}`)))
	ids := []string{"a", "b", odd}
	first := keyed(t, w, ids...)
	dense(t, w)

	// Known users among new ones, some of which come before those known.
	merge("before", "m", "a", "m", odd)
	load(t, w,
		raw.put(t, warehouse.Users, "users", newUserLine("b", noon), newUserLine("c", noon), newUserLine("c", noon.Add(time.Second))),
		raw.put(t, warehouse.Updates, "updates", updateLine("d", noon), updateLine("b", noon), updateLine("m", noon)))
	// Of equal events one is stored, and whom none but the others names gets no key.
	load(t, w,
		raw.put(t, warehouse.Events, "second", eventLine(3, noon, "e", "stranger", `{}`), eventLine(6, noon, "e", "m", `{}`), eventLine(7, noon, "e", "0", `{}`), eventLine(8, noon, "e", "z", `{}`), eventLine(9, noon, "e", "a", `{}`)),
		raw.put(t, warehouse.Events, "third", eventArrived(9, noon, time.Second, "e", "stranger", `{}`), eventLine(10, noon, "e", "z", `{}`), eventLine(11, noon, "e", "", `{}`), eventLine(12, noon, "e", "A", `{}`)))
	load(t, w, raw.put(t, warehouse.Events, "few", eventLine(13, noon, "e", "", `{}`), eventLine(14, noon, "e", "", `{}`), eventLine(15, noon, "e", "", `{}`), eventLine(16, noon, "e", "b", `{}`)))
	merge("after", "z", "0", "n")
	ids = append(ids, "m", "c", "d", "0", "z", "A", "n")
	all := keyed(t, w, ids...)
	dense(t, w)
	kept(t, first, all, "a", "b", odd)

	// What is put in order keeps them.
	arrange(t, w, 16)
	kept(t, all, keyed(t, w, ids...), ids...)
	want(t, "events without a user", column(t, w, `SELECT CAST(COUNT(*) AS VARCHAR) FROM "events" WHERE "user_key" IS NULL`), "5")

	// A load of many users takes several statements.
	var lines []string
	for n := range 3500 {
		id := fmt.Sprint("many", n)
		ids = append(ids, id)
		lines = append(lines, updateLine(id, noon), updateLine("a", noon))
	}
	load(t, w, raw.put(t, warehouse.Updates, "many", lines...))
	kept(t, all, keyed(t, w, ids...), "a", "n")
	dense(t, w)
}

// A load that fails leaves no keys behind, and the next gives the same ones.
func TestALoadThatFailsGivesNoKeys(t *testing.T) {
	raw := folder(t.TempDir())
	w := opened(t, site(t, "duckdb", raw, nil))
	good := raw.put(t, warehouse.Events, "good", eventLine(1, noon, "e", "a", `{}`))
	if _, err := w.Load(t.Context(), []warehouse.Object{good, raw.put(t, warehouse.Users, "bad", `{"user_id":7}`)}); err == nil {
		t.Fatal("a broken object was loaded")
	}
	keyed(t, w)
	load(t, w, good)
	keyed(t, w, "a")
	dense(t, w)
}

// Each slice of a large object has users of the slices before, and new ones.
func TestSlicesGiveUsersKeys(t *testing.T) {
	raw := folder(t.TempDir())
	w := opened(t, site(t, "duckdb", raw, nil))
	load(t, w, raw.put(t, warehouse.Events, "before", eventLine(1, noon, "e", "known", `{}`), eventLine(2, noon, "e", "other", `{}`)))
	full := `{"text":"` + strings.Repeat("x", 32_000) + `"}`
	seen := map[string]bool{"known": true, "other": true}
	large := raw.large(t, warehouse.Events, "large", func(z *gzip.Writer) error {
		for n := range 600 {
			user := fmt.Sprint("u", n/10)
			switch {
			case n%7 == 0:
				user = "known"
			case n%11 == 0:
				user = ""
			case n%3 == 0:
				user = "everywhere"
			}
			if user != "" {
				seen[user] = true
			}
			if _, err := io.WriteString(z, eventLine(100+n, noon, "e", user, full)+"\n"); err != nil {
				return err
			}
		}
		return nil
	})
	if inserted := load(t, w, large).Inserted(); inserted != 600 {
		t.Errorf("%d events were stored", inserted)
	}
	var ids []string
	for id := range seen {
		ids = append(ids, id)
	}
	keyed(t, w, ids...)
	dense(t, w)
}

// Rows that were there before the keys were get theirs from the migration, whether
// users have events, a row or both.
func TestKeysOfOldRows(t *testing.T) {
	raw := folder(t.TempDir())
	path := filepath.Join(t.TempDir(), "w.duckdb")
	open := func() (*duckdb.Warehouse, error) {
		return duckdb.Open(t.Context(), duckdb.Config{Path: path, Source: raw, ObjectPath: raw.path, Now: fixed})
	}
	old, err := open()
	if err != nil {
		t.Fatal(err)
	}
	const before = 4 // the version that had no keys
	db := old.Database().SQL
	if err := migrate.Run(t.Context(), db, stepsOf(t, "duckdb")[:before], unlocked, fixed); err != nil {
		t.Fatal(err)
	}
	const users = 5000
	for _, statement := range []string{
		// Users have two events and the last third of them no row. Events of some have no user.
		`INSERT INTO "events" ("event_id", "event", "user_id", "timestamp", "properties", "received_at", "load_id")
SELECT uuid(), CAST(i AS VARCHAR), CASE WHEN i % 4 < 3 THEN 'u' || i % 5000 END, TIMESTAMP '2024-05-01 12:00:00' + to_seconds(i), '{}', TIMESTAMP '2024-05-01 12:00:00', 1 FROM range(10000) AS r(i)`,
		`INSERT INTO "users" ("user_id", "created_at", "attributes", "attribute_times", "updated_at")
SELECT 'u' || i, NULL, '{}', '{}', TIMESTAMP '2024-05-01 12:00:00' FROM range(3333) AS r(i)`,
		`INSERT INTO "users" ("user_id", "created_at", "attributes", "attribute_times", "updated_at") VALUES ('silent', NULL, '{}', '{}', TIMESTAMP '2024-05-01 12:00:00')`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	w := opened(t, open)
	ids := []string{"silent"}
	for i := range users {
		// Of some neither event has a user, nor is there a row.
		if i%4 < 3 || i < 3333 {
			ids = append(ids, fmt.Sprint("u", i))
		}
	}
	all := keyed(t, w, ids...)
	dense(t, w)
	want(t, "events", column(t, w, `SELECT concat_ws(' ', COUNT(*), COUNT("user_key"), COUNT("user_id"), COUNT(DISTINCT "user_key")) FROM "events"`), "10000 7500 7500 3750")
	// They lie where they lay.
	want(t, "events in order", column(t, w, `SELECT CAST(COUNT(*) AS VARCHAR) FROM (SELECT "event", row_number() OVER (ORDER BY rowid) - 1 AS "place" FROM "events") WHERE "event" <> CAST("place" AS VARCHAR)`), "0")
	// What is loaded then goes on from there.
	load(t, w, raw.put(t, warehouse.Events, "new", eventLine(1, noon, "e", "silent", `{}`), eventLine(2, noon, "e", "new", `{}`), eventLine(3, noon, "e", "u1", `{}`)))
	kept(t, all, keyed(t, w, append(ids, "new")...), "silent", "u1", "u4998")
	dense(t, w)
}

// A deleted user has no key, which would tell the id; one who wrote since keeps it.
func TestADeletedUserHasNoKey(t *testing.T) {
	raw := folder(t.TempDir())
	w := openArranged(t, raw, 100)
	asked := noon.Add(time.Hour)
	after := asked.Add(time.Hour)
	users := []string{"gone", "gone without a row", "gone without events", "writes again", "updates again", "comes again", "stays"}
	load(t, w,
		raw.put(t, warehouse.Events, "old", eventLine(1, noon, "e", "gone", `{}`), eventLine(2, noon, "e", "gone without a row", `{}`), eventLine(3, noon, "e", "writes again", `{}`),
			eventLine(4, noon, "e", "updates again", `{}`), eventLine(5, noon, "e", "comes again", `{}`), eventLine(6, noon, "e", "stays", `{}`), eventLine(7, noon, "e", "", `{}`)),
		raw.put(t, warehouse.Users, "old users", newUserLine("gone", noon), newUserLine("gone without events", noon), newUserLine("writes again", noon),
			newUserLine("updates again", noon), newUserLine("comes again", noon), newUserLine("stays", noon)))
	load(t, w,
		raw.put(t, warehouse.Events, "new", eventArrived(8, after, 3*time.Hour, "e", "writes again", `{}`), eventArrived(9, after, 3*time.Hour, "e", "comes again", `{}`)),
		raw.put(t, warehouse.Updates, "new updates", updateLine("writes again", after), updateLine("updates again", after)))
	before := keyed(t, w, slices.Clone(users)...)

	erasure := warehouse.Erasure{Pass: json.RawMessage(`{}`), Rows: true, Users: true}
	for i, id := range users[:len(users)-1] {
		erasure.Deletions = append(erasure.Deletions, warehouse.DeletionDocument{ID: fmt.Sprint(i), Deletion: warehouse.Deletion{UserID: id, RequestedAt: asked}})
	}
	if _, err := w.Erase(t.Context(), erasure); err != nil {
		t.Fatal(err)
	}
	want(t, "events left", column(t, w, `SELECT COALESCE("user_id", 'nobody') FROM "events" ORDER BY 1`), "comes again", "nobody", "stays", "writes again")
	want(t, "users left", column(t, w, `SELECT "user_id" FROM "users" ORDER BY 1`), "stays", "updates again", "writes again")
	left := []string{"comes again", "stays", "updates again", "writes again"}
	kept(t, before, keyed(t, w, left...), left...)

	// Who comes later is a new user, and those who stayed are who they were.
	load(t, w,
		raw.put(t, warehouse.Events, "later", eventArrived(10, after, 4*time.Hour, "e", "gone", `{}`), eventArrived(11, after, 4*time.Hour, "e", "stays", `{}`)),
		raw.put(t, warehouse.Updates, "later updates", updateLine("comes again", after), updateLine("new", after)))
	kept(t, before, keyed(t, w, append(left, "gone", "new")...), left...)
}

// Who has a row keeps the key when the events expire.
func TestKeysExpireWithTheLastEvent(t *testing.T) {
	raw := folder(t.TempDir())
	w := openArranged(t, raw, 100)
	load(t, w, raw.put(t, warehouse.Events, "first",
		eventLine(1, noon, "e", "only then", `{}`), eventLine(2, noon, "e", "also later", `{}`), eventLine(3, noon, "e", "has a row", `{}`), eventLine(4, noon, "e", "", `{}`)))
	load(t, w,
		raw.put(t, warehouse.Events, "second", eventLine(5, noon, "e", "also later", `{}`)),
		raw.put(t, warehouse.Users, "users", newUserLine("has a row", noon), newUserLine("only a row", noon)))
	before := keyed(t, w, "only then", "also later", "has a row", "only a row")
	for i, left := range [][]string{{"also later", "has a row", "only a row"}, {"has a row", "only a row"}} {
		rows, more, err := w.Expire(t.Context(), "2024/05/02", 1)
		if err != nil || rows != int64(4-3*i) || more != (i == 0) {
			t.Errorf("%d rows expired, more %v, %v", rows, more, err)
		}
		kept(t, before, keyed(t, w, left...), left...)
	}
}
