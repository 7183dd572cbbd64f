package warehouse_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// as is a login that does not change.
func as(l warehouse.Login) warehouse.LoginFunc {
	return func(context.Context, bool) (warehouse.Login, error) { return l, nil }
}

func reach(s *redshifttest.Server, login warehouse.LoginFunc) connect.Config {
	return connect.Config{Dialect: warehouse.Redshift, Host: s.Host, Port: s.Port, Database: s.Database, RootCAs: s.RootCAs, Login: login}
}

// redshiftConfig is a Redshift opened as the admin, whose manifests are named 1,
// 2, …
func redshiftConfig(s *redshifttest.Server, raw folder) redshift.Config {
	var ids atomic.Int64
	return redshift.Config{
		Connect: reach(s, as(s.Admin)),
		Source:  raw,
		Copy: redshift.CopyConfig{
			Manifests: raw, Bucket: "events", Role: redshifttest.CopyRole, Region: redshifttest.Region,
			NewID: func() string { return fmt.Sprint(ids.Add(1)) },
		},
		Now: func() time.Time { return time.Date(2024, 5, 1, 12, 30, 0, 0, time.UTC) },
	}
}

func openRedshift(s *redshifttest.Server, raw folder) (*redshift.Warehouse, error) {
	return redshift.Open(redshiftConfig(s, raw))
}

// startRedshift gives a migrated warehouse on the stand-in.
func startRedshift(t *testing.T) (*redshifttest.Server, *redshift.Warehouse, folder) {
	t.Helper()
	raw := folder(t.TempDir())
	s := redshifttest.Start(t, string(raw))
	return s, opened(t, func() (*redshift.Warehouse, error) { return openRedshift(s, raw) }), raw
}

func TestRedshiftIsLeftAloneUntilThereIsWork(t *testing.T) {
	raw := folder(t.TempDir())
	s := redshifttest.Start(t, string(raw))
	w, err := openRedshift(s, raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if n := s.Logins(); n != 0 {
		t.Errorf("%d logins by opening and closing", n)
	}
}

func TestRedshiftSessionsKeepTheCaseOfNames(t *testing.T) {
	s, w, _ := startRedshift(t)
	logins := s.Logins()
	s.Cut()
	if err := w.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	var set int
	for _, statement := range s.Statements() {
		if statement == redshift.Session {
			set++
		}
	}
	if s.Logins() <= logins || set != s.Logins() {
		t.Errorf("%d sessions, %d of them case-sensitive", s.Logins(), set)
	}
}

func TestRedshiftManifest(t *testing.T) {
	_, w, raw := startRedshift(t)
	a := raw.put(t, warehouse.Events, "a", eventLine(1, noon, "x", "u", `{}`))
	empty := raw.put(t, warehouse.Events, "empty")
	b := raw.put(t, warehouse.Events, "b", eventLine(2, noon, "x", "u", `{}`), "", eventLine(3, noon, "x", "u", `{}`))
	report := load(t, w, a, empty, b)
	if got := []int64{report.Objects[0].Lines, report.Objects[1].Lines, report.Objects[2].Lines}; fmt.Sprint(got) != "[1 0 2]" {
		t.Errorf("lines %v", got)
	}
	body, err := os.ReadFile(filepath.Join(string(raw), "events", "manifests", "2024", "05", "01", "1.json"))
	if err != nil {
		t.Fatal(err)
	}
	const wanted = `{"entries":[{"url":"s3://events/events/2024/05/01/12/a.ndjson.gz","mandatory":true},{"url":"s3://events/events/2024/05/01/12/b.ndjson.gz","mandatory":true}]}`
	if string(body) != wanted {
		t.Errorf("manifest\n got %s\nwant %s", body, wanted)
	}
	// Nothing but empty objects needs no COPY and no manifest.
	load(t, w, raw.put(t, warehouse.Events, "empty too"))
	if _, err := os.Stat(filepath.Join(string(raw), "events", "manifests", "2024", "05", "01", "2.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a manifest of nothing: %v", err)
	}
}

func TestRedshiftKeepsNothingWhenRowsAreMissing(t *testing.T) {
	s, w, raw := startRedshift(t)
	o := raw.put(t, warehouse.Events, "a", eventLine(1, noon, "x", "u", `{}`), eventLine(2, noon, "x", "u", `{}`))
	for lost := 1; lost <= 2; lost++ {
		s.Lose(lost)
		_, err := w.Load(t.Context(), []warehouse.Object{o})
		var data *warehouse.DataError
		if err == nil || errors.As(err, &data) || !strings.Contains(err.Error(), fmt.Sprintf("COPY brought %d rows of 2 lines", 2-lost)) {
			t.Errorf("lost %d rows: %v", lost, err)
		}
	}
	want(t, "nothing", column(t, w, countEvents), "0")
	load(t, w, o)
	want(t, "then all", column(t, w, countEvents), "2")
}

func TestRedshiftReadsTimesAsWeDo(t *testing.T) {
	_, w, raw := startRedshift(t)
	line := strings.Replace(eventLine(1, noon, "x", "u", `{}`), `12:00:00.123456Z","properties"`, `14:00:00.123456+02:00","properties"`, 1)
	_, err := w.Load(t.Context(), []warehouse.Object{raw.put(t, warehouse.Events, "a", line)})
	var data *warehouse.DataError
	if !errors.As(err, &data) || !strings.Contains(err.Error(), "another zone") {
		t.Errorf("a time that COPY reads otherwise: %v", err)
	}
}

func TestRedshiftAttributesDuplicates(t *testing.T) {
	_, w, raw := startRedshift(t)
	load(t, w, raw.put(t, warehouse.Events, "before", eventLine(1, noon, "x", "u", `{}`), eventLine(2, noon, "x", "u", `{}`)))
	upper := strings.Replace(eventLine(10, noon, "x", "u", `{}`), "00000000-0000-7000", "0000000A-0000-7000", 1)
	lower := strings.Replace(upper, "0000000A", "0000000a", 1)
	a := raw.put(t, warehouse.Events, "a", eventLine(3, noon, "x", "u", `{}`), eventLine(1, noon, "x", "u", `{}`), eventLine(3, noon, "x", "u", `{}`), upper)
	b := raw.put(t, warehouse.Events, "b", eventLine(3, noon, "x", "u", `{}`), eventLine(3, noon.Add(time.Microsecond), "x", "u", `{}`), eventLine(4, noon, "x", "u", `{}`), lower)
	c := raw.put(t, warehouse.Events, "c", eventLine(2, noon, "x", "u", `{}`), eventLine(4, noon, "x", "u", `{}`))
	report := load(t, w, a, b, c)
	for i, wanted := range []string{"4 2 2", "4 2 2", "2 0 2"} {
		r := report.Objects[i]
		if got := fmt.Sprint(r.Lines, r.Inserted, r.Duplicates); got != wanted {
			t.Errorf("object %d: lines, inserted, duplicates %s, want %s", i, got, wanted)
		}
	}
	want(t, "events", column(t, w, countEvents), "6")
	want(t, "ids are lower-case", column(t, w, `SELECT "event_id" FROM "events" WHERE LOWER("event_id") LIKE '0000000a%'`), "0000000a-0000-7000-8000-000000000010")
	// The connection that stored them can store again.
	if got := load(t, w, raw.put(t, warehouse.Events, "d", eventLine(5, noon, "x", "u", `{}`))).Inserted(); got != 1 {
		t.Errorf("inserted %d", got)
	}
}

// Each day of a load has its own look at the table, those at its ends, too.
func TestRedshiftFindsDuplicatesOfFarDays(t *testing.T) {
	_, w, raw := startRedshift(t)
	midnight := noon.Truncate(24 * time.Hour)
	at := []time.Time{midnight.AddDate(0, -6, 0), midnight.AddDate(0, -6, 1).Add(-time.Microsecond), midnight.AddDate(0, -3, 0), noon}
	lines := make([]string, len(at))
	for i, at := range at {
		lines[i] = eventLine(i+1, at, "x", "u", `{}`)
	}
	load(t, w, raw.put(t, warehouse.Events, "first", lines...))
	again := load(t, w, raw.put(t, warehouse.Events, "again", append(lines, eventLine(9, midnight.AddDate(0, -6, 1), "x", "u", `{}`))...))
	if r := again.Objects[0]; r.Inserted != 1 || r.Duplicates != 4 {
		t.Errorf("inserted %d, duplicates %d", r.Inserted, r.Duplicates)
	}
}

func TestRedshiftNamesWhatCopyRefuses(t *testing.T) {
	s, w, raw := startRedshift(t)
	good := raw.put(t, warehouse.Events, "good", eventLine(1, noon, "x", "u", `{}`))
	bad := raw.put(t, warehouse.Events, "bad", eventLine(2, noon, "x", "u", `{}`), eventLine(3, noon, "refuse me", "u", `{}`))
	s.Refuse("refuse me", "event", "String length exceeds DDL length")
	_, err := w.Load(t.Context(), []warehouse.Object{good, bad})
	var data *warehouse.DataError
	if !errors.As(err, &data) || data.Object == nil || data.Object.ID() != bad.ID() || data.Line != 2 {
		t.Fatalf("got %v", err)
	}
	if text := data.Error(); text != bad.ID()+", line 2: redshift refuses the record: event: String length exceeds DDL length" {
		t.Errorf("says %q", text)
	}
	want(t, "nothing", column(t, w, countEvents), "0")
	if err := w.Quarantine(t.Context(), bad, data.Error()); err != nil {
		t.Fatal(err)
	}
	load(t, w, good, bad)
	want(t, "the rest", column(t, w, countEvents), "1")
	want(t, "ledger", column(t, w, `SELECT "status" || COALESCE(' ' || "error", '') FROM "loaf_files" ORDER BY 1`), "loaded", "quarantined "+data.Error())

	// Without its word on which object it was, the load is halved.
	s.Fail("sys_load_error_detail", 1, &redshifttest.Answer{Code: "42501", Message: "permission denied"})
	worse := raw.put(t, warehouse.Events, "worse", eventLine(4, noon, "refuse me", "u", `{}`))
	if _, err := w.Load(t.Context(), []warehouse.Object{worse}); !errors.As(err, &data) || data.Object != nil {
		t.Errorf("got %v", err)
	}
}

func TestRedshiftRetriesLostRaces(t *testing.T) {
	s, w, raw := startRedshift(t)
	for i, place := range []string{`^LOCK`, `^INSERT INTO "events"`, `^COMMIT`} {
		s.Fail(place, 2, redshifttest.Conflict)
		o := raw.put(t, warehouse.Events, fmt.Sprint(i), eventLine(i, noon, "x", "u", `{}`))
		if got := load(t, w, o).Inserted(); got != 1 {
			t.Errorf("%s: inserted %d", place, got)
		}
	}
	want(t, "events", column(t, w, countEvents), "3")
	s.Fail(`^LOCK`, 100, redshifttest.Conflict)
	if err := w.Merge(t.Context(), raw.put(t, warehouse.Updates, "u", ""), nil); !errors.Is(err, warehouse.ErrUnavailable) {
		t.Errorf("lost every race: %v", err)
	}
}

func TestRedshiftErrors(t *testing.T) {
	s, w, raw := startRedshift(t)
	o := raw.put(t, warehouse.Events, "a", eventLine(1, noon, "x", "u", `{}`))
	var data *warehouse.DataError
	for _, test := range []struct {
		answer            *redshifttest.Answer
		unavailable, data bool
	}{
		{nil, true, false}, // the connection is cut
		{&redshifttest.Answer{Code: "53300", Message: "too many connections"}, true, false},
		{&redshifttest.Answer{Code: "57P03", Message: "the database is starting up"}, true, false},
		{&redshifttest.Answer{Code: "57014", Message: "Query cancelled on user's request"}, true, false},
		{&redshifttest.Answer{Code: "22001", Message: "value too long for type character varying(800)"}, false, true},
		{&redshifttest.Answer{Code: "XX000", Message: "JSON parsing error"}, false, true},
		{&redshifttest.Answer{Code: "42501", Message: "permission denied for relation events"}, false, false},
		{&redshifttest.Answer{Code: "XX000", Message: "Assert"}, false, false},
	} {
		s.Fail(`^INSERT INTO "events"`, 1, test.answer)
		_, err := w.Load(t.Context(), []warehouse.Object{o})
		if err == nil || errors.Is(err, warehouse.ErrUnavailable) != test.unavailable || errors.As(err, &data) != test.data {
			t.Errorf("%+v: %v", test.answer, err)
		}
	}
	load(t, w, o)
	want(t, "then all", column(t, w, countEvents), "1")

	// A role that may not read the bucket is no fault of the data.
	c := redshiftConfig(s, raw)
	c.Copy.Role = "arn:aws:iam::111122223333:role/other"
	other, err := redshift.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, err = other.Load(t.Context(), []warehouse.Object{raw.put(t, warehouse.Events, "b", eventLine(2, noon, "x", "u", `{}`))})
	if err == nil || errors.As(err, &data) || !strings.Contains(err.Error(), "not authorized to assume IAM Role") {
		t.Errorf("a role that may not: %v", err)
	}
}

func TestRedshiftMigratesOnceForTwo(t *testing.T) {
	raw := folder(t.TempDir())
	s := redshifttest.Start(t, string(raw))
	// PostgreSQL's word for a lost race of CREATE TABLE IF NOT EXISTS.
	s.Fail(`^CREATE TABLE IF NOT EXISTS "loaf_lock"`, 1, &redshifttest.Answer{Code: "23505", Message: "duplicate key value violates unique constraint"})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			w, err := openRedshift(s, raw)
			if err != nil {
				t.Error(err)
				return
			}
			defer w.Close()
			if err := w.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w, err := openRedshift(s, raw)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	want(t, "steps", column(t, w, `SELECT CAST("version" AS VARCHAR) || ' ' || CAST("applied_at" AS VARCHAR) FROM "loaf_migrations"`), "1 2024-05-01 12:30:00", "2 2024-05-01 12:30:00")
}

func TestRedshiftKeepsUsersOfAnySize(t *testing.T) {
	s, w, raw := startRedshift(t)
	values := map[string]string{}
	var user string
	for i := range 6 {
		// Together longer than a text of Redshift's can be; cut anywhere, a
		// character would break.
		name := fmt.Sprint("k", i)
		values[name] = strings.Repeat("ü€x", 4000)
		attributes, err := json.Marshal(map[string]string{name: values[name]})
		if err != nil {
			t.Fatal(err)
		}
		o := raw.put(t, warehouse.Updates, fmt.Sprint(i), "")
		writes := []warehouse.UserWrite{update("large", noon, string(attributes)), update("small", noon, fmt.Sprintf(`{"n%d":1}`, i))}
		if err := w.Merge(t.Context(), o, writes); err != nil {
			t.Fatal(err)
		}
	}
	user = column(t, w, `SELECT CAST("attributes" AS VARCHAR) FROM "users" WHERE "user_id" = 'large'`)[0]
	var got map[string]string
	if err := json.Unmarshal([]byte(user), &got); err != nil || fmt.Sprint(got) != fmt.Sprint(values) {
		t.Errorf("%d bytes of attributes came back otherwise: %v", len(user), err)
	}
	var small map[string]int
	if err := json.Unmarshal([]byte(column(t, w, `SELECT CAST("attributes" AS VARCHAR) FROM "users" WHERE "user_id" = 'small'`)[0]), &small); err != nil || len(small) != 6 {
		t.Errorf("the small user: %v, %v", small, err)
	}
	for _, statement := range s.Statements() {
		if len(statement) > 1<<20 {
			t.Errorf("a statement of %d bytes", len(statement))
		}
	}
}

func TestRedshiftMergesManyUsersInFewStatements(t *testing.T) {
	s, w, raw := startRedshift(t)
	var posted []string
	for i := range 1200 {
		posted = append(posted, string(wire.NewUser{UserID: fmt.Sprint("u", i), CreatedAt: noon, Attributes: json.RawMessage(`{"a":1}`)}.AppendRecord(nil, noon)))
	}
	before := len(s.Statements())
	report := load(t, w, raw.put(t, warehouse.Users, "many", posted...))
	if report.Inserted() != 1200 {
		t.Errorf("inserted %d", report.Inserted())
	}
	if n := len(s.Statements()) - before; n > 30 {
		t.Errorf("%d statements for 1200 users", n)
	}
	want(t, "users", column(t, w, `SELECT CAST(COUNT(*) AS VARCHAR) FROM "users" WHERE "created_at" IS NOT NULL`), "1200")
}

func TestConnectVerifiesTheServer(t *testing.T) {
	s, _, _ := startRedshift(t)
	for name, change := range map[string]func(*connect.Config){
		"another authority": func(c *connect.Config) { c.RootCAs = x509.NewCertPool() },
		"no authority":      func(c *connect.Config) { c.RootCAs = nil },
		"another name":      func(c *connect.Config) { c.Host = "localhost" },
	} {
		c := reach(s, as(s.Admin))
		change(&c)
		connector, err := connect.New(c)
		if err != nil {
			t.Fatal(err)
		}
		before := s.Logins()
		conn, err := connector.Connect(t.Context())
		if err == nil {
			_ = conn.Close()
		}
		if !errors.Is(err, warehouse.ErrUnavailable) || !strings.Contains(err.Error(), "x509") || s.Logins() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConnectNoticesRotation(t *testing.T) {
	s, _, _ := startRedshift(t)
	secret := s.Admin
	var asked, askedFresh int
	known := secret
	connector, err := connect.New(reach(s, func(_ context.Context, fresh bool) (warehouse.Login, error) {
		asked++
		if fresh {
			askedFresh++
			known = secret
		}
		return known, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	db := connect.Open(connector)
	defer db.Close()
	db.SetMaxIdleConns(0) // each use connects anew
	ping := func() error { return db.PingContext(t.Context()) }
	if err := ping(); err != nil || askedFresh != 0 {
		t.Fatalf("the first login: %v, %d fresh", err, askedFresh)
	}
	secret = warehouse.Login{Username: "admin", Password: "rotated"}
	s.SetPassword(secret)
	if err := ping(); err != nil || askedFresh != 1 {
		t.Errorf("after the rotation: %v, %d fresh", err, askedFresh)
	}
	if err := ping(); err != nil || askedFresh != 1 {
		t.Errorf("with the new password: %v, %d fresh", err, askedFresh)
	}
	// A password that is wrong in the secret, too, is tried once and no more.
	s.SetPassword(warehouse.Login{Username: "admin", Password: "of someone else"})
	asked, before := 0, s.Logins()
	err = ping()
	if !errors.Is(err, warehouse.ErrUnavailable) || asked != 2 || s.Logins() != before {
		t.Errorf("a wrong password: %v, asked %d times", err, asked)
	}
	if err != nil && strings.Contains(err.Error(), "rotated") {
		t.Errorf("the error shows the password: %v", err)
	}
}
