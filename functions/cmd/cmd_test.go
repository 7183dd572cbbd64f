// Package cmd_test runs the functions as Lambda runs them: the built bootstrap
// of each, against a Runtime API, a stand-in of AWS and a real PostgreSQL in
// Redshift's place.
package cmd_test

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"debug/elf"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/aws/awstest"
	"github.com/dataloaf/dataloaf/functions/aws/invoke"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
)

// stack is a whole stack, as Terraform would set it up.
type stack struct {
	aws *awstest.AWS
	db  *sql.DB
	// server is where the warehouse is.
	server postgrestest.Server
	// users are the names of the database's users by program.
	users map[string]string
	env   []string
}

const (
	eventsBucket, usersBucket = "the-events", "the-users"
	loadQueue, retryQueue     = "load", "retry"
	marker                    = "state/deployments/d1.json"
)

func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{aws: awstest.New(t), server: postgrestest.TLS(t), users: map[string]string{}}
	var err error
	if s.db, err = sql.Open("postgres", s.server.URL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.db.Close() })
	for _, b := range []string{eventsBucket, usersBucket} {
		s.aws.MakeBucket(b)
	}
	s.aws.MakeStream("events-stream", eventsBucket, "events/")
	s.aws.MakeStream("users-stream", usersBucket, "users/")
	loadURL, retryURL := s.aws.MakeQueue(loadQueue), s.aws.MakeQueue(retryQueue)
	s.aws.Notify(eventsBucket, "events/", loadQueue)
	s.aws.Notify(usersBucket, "users/", loadQueue)
	secrets := map[string]string{"admin": s.secret("admin", s.server.Admin, s.server.AdminPassword)}
	for _, program := range []string{"load", "update", "insights"} {
		s.users[program] = program + "_of_" + s.server.Database
		secrets[program] = s.secret(program, s.users[program], "the password of "+program)
	}
	s.env = append(s.aws.Environment(),
		"LOAF_EVENTS_STREAM=events-stream", "LOAF_USERS_STREAM=users-stream",
		"LOAF_EVENTS_BUCKET="+eventsBucket, "LOAF_USERS_BUCKET="+usersBucket,
		"LOAF_LOAD_QUEUE_URL="+loadURL, "LOAF_RETRY_QUEUE_URL="+retryURL,
		"LOAF_WAREHOUSE_DIALECT=postgres", "LOAF_WAREHOUSE_HOST="+s.server.Host, fmt.Sprintf("LOAF_WAREHOUSE_PORT=%d", s.server.Port),
		"LOAF_WAREHOUSE_DATABASE="+s.server.Database, "LOAF_WAREHOUSE_CA_FILE="+s.server.CAFile,
		"LOAF_COPY_ROLE_ARN=arn:aws:iam::123456789012:role/copy",
		"LOAF_WAREHOUSE_ADMIN_SECRET="+secrets["admin"], "LOAF_UPDATE_SECRET="+secrets["update"], "LOAF_INSIGHTS_SECRET="+secrets["insights"],
		"LOAF_DEPLOYMENT=d1", "LOAF_LOG_LEVEL=debug",
		"SECRET_load="+secrets["load"], "SECRET_update="+secrets["update"],
	)
	return s
}

func (s *stack) secret(name, username, password string) string {
	text, _ := json.Marshal(map[string]string{"username": username, "password": password}) // strings encode
	return s.aws.SetSecret(name, string(text))
}

// start starts a function of the stack with its own secret and some variables
// set otherwise.
func (s *stack) start(t *testing.T, name string, otherwise ...string) *function {
	t.Helper()
	env := slices.Clone(s.env)
	for _, v := range s.env {
		if secret, ok := strings.CutPrefix(v, "SECRET_"+name+"="); ok {
			env = append(env, "LOAF_WAREHOUSE_SECRET="+secret)
		}
	}
	return start(t, name, append(env, otherwise...))
}

func (s *stack) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := s.db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// closed waits until the server has noticed that the functions are gone. It
// takes it a moment, and them five seconds when they leave it to the pool.
func (s *stack) closed(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(3 * time.Second)
	for {
		n := s.count(t, `SELECT COUNT(*) FROM pg_stat_activity WHERE usename IN ($1, $2)`, s.users["load"], s.users["update"])
		if n == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-patience:
			t.Errorf("%d connections are open", n)
			return
		}
	}
}

type proxyAnswer struct {
	StatusCode        int
	MultiValueHeaders map[string][]string
	Body              string
}

// call makes a call of the collection API, packed as the SDK packs it.
func call(t *testing.T, f *function, method, resource, body string) proxyAnswer {
	t.Helper()
	event := golden(t, "apigateway.json", func(e map[string]any) {
		e["httpMethod"], e["resource"], e["path"] = method, resource, "/base-path"+resource
		e["body"], e["isBase64Encoded"] = base64.StdEncoding.EncodeToString(pack(body)), true
	})
	o := f.invoke(t, event, 29*time.Second)
	if o.failed {
		t.Fatalf("%s %s failed: %s", method, resource, o.response)
	}
	var answer proxyAnswer
	if err := json.Unmarshal(o.response, &answer); err != nil {
		t.Fatalf("%s: %v", o.response, err)
	}
	return answer
}

func pack(text string) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(text)) // a Buffer takes everything
	_ = z.Close()
	return packed.Bytes()
}

// runLoad is one run of the schedule.
func runLoad(t *testing.T, f *function) invoke.Report {
	t.Helper()
	o := f.invoke(t, golden(t, "schedule.json", nil), 15*time.Minute)
	if o.failed {
		t.Fatalf("the load failed: %s", o.response)
	}
	var report invoke.Report
	if err := json.Unmarshal(o.response, &report); err != nil {
		t.Fatalf("%s: %v", o.response, err)
	}
	return report
}

func retryEvent(t *testing.T, bodies ...string) []byte {
	t.Helper()
	return golden(t, "sqs.json", func(e map[string]any) {
		first := e["Records"].([]any)[0].(map[string]any)
		var records []any
		for i, body := range bodies {
			record := map[string]any{}
			for k, v := range first {
				record[k] = v
			}
			record["messageId"], record["body"] = fmt.Sprintf("message-%d", i), body
			records = append(records, record)
		}
		e["Records"] = records
	})
}

// failures are the messages that SQS has to keep.
func failures(t *testing.T, f *function, event []byte) []string {
	t.Helper()
	o := f.invoke(t, event, 30*time.Second)
	var answer struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if err := json.Unmarshal(o.response, &answer); err != nil || o.failed || answer.BatchItemFailures == nil {
		t.Fatalf("%s: %v", o.response, err)
	}
	ids := []string{}
	for _, i := range answer.BatchItemFailures {
		ids = append(ids, i.ItemIdentifier)
	}
	return ids
}

const twoEvents = `{"events":[
	{"event_id":"0190a3a8-0000-7000-8000-000000000001","event":"order placed","user_id":"ada","timestamp":"2026-01-02T03:04:05Z","properties":{"amount":12.5}},
	{"event":""},
	{"event_id":"0190a3a8-0000-7000-8000-000000000002","event":"order placed","user_id":"bob","timestamp":"2026-01-02T03:04:06Z"}]}`

func TestFromTheAPIToTheWarehouse(t *testing.T) {
	s := newStack(t)
	collect := s.start(t, "collect")
	answer := call(t, collect, http.MethodPost, "/v1/events", twoEvents)
	if answer.StatusCode != http.StatusAccepted || !strings.Contains(answer.Body, `"accepted":2`) || !strings.Contains(answer.Body, `"index":1`) {
		t.Fatalf("%+v", answer)
	}
	if got := answer.MultiValueHeaders["Cache-Control"]; !slices.Equal(got, []string{"no-store"}) {
		t.Errorf("Cache-Control %q", got)
	}
	if answer := call(t, collect, http.MethodPost, "/v1/users", `{"users":[{"user_id":"ada","created_at":"2026-01-01T00:00:00Z","attributes":{"plan":"free"}}]}`); answer.StatusCode != http.StatusAccepted {
		t.Fatalf("%+v", answer)
	}
	if key := s.aws.Deliver(t, "events-stream"); key == "" {
		t.Fatal("nothing went into the stream")
	}
	s.aws.Deliver(t, "users-stream")

	load := s.start(t, "load")
	report := runLoad(t, load)
	if report.Objects != 2 || report.Inserted != 3 || report.Stopped {
		t.Fatalf("%+v", report)
	}
	if n := s.count(t, `SELECT COUNT(*) FROM "events" WHERE "event" = 'order placed'`); n != 2 {
		t.Errorf("%d events", n)
	}
	if left := s.aws.Messages(loadQueue); len(left) != 0 {
		t.Errorf("the queue still holds %q", left)
	}
	if _, ok := s.aws.Object(eventsBucket, marker); !ok {
		t.Errorf("no marker among %q", s.aws.Keys(eventsBucket))
	}

	// An update is merged at once, by a user who may do no more.
	update := s.start(t, "update")
	if answer := call(t, update, http.MethodPatch, "/v1/users", `{"users":[{"user_id":"ada","attributes":{"plan":"pro"},"updated_at":"2026-01-03T00:00:00Z"}]}`); answer.StatusCode != http.StatusOK {
		t.Fatalf("%+v", answer)
	}
	if n := s.count(t, `SELECT COUNT(*) FROM "users" WHERE "user_id" = 'ada' AND "attributes"->>'plan' = 'pro' AND "created_at" IS NOT NULL`); n != 1 {
		t.Error("the update is not merged")
	}
	// A resend counts once.
	call(t, collect, http.MethodPost, "/v1/events", twoEvents)
	s.aws.Deliver(t, "events-stream")
	if report := runLoad(t, load); report.Objects != 1 || report.Inserted != 0 || report.Duplicates != 2 {
		t.Errorf("%+v", report)
	}
	// Everything is closed between two invocations.
	s.closed(t)
	// What is not known is an error, which Lambda counts.
	if o := load.invoke(t, []byte(`{"action":"dance"}`), time.Minute); !o.failed || !strings.Contains(string(o.response), `dance`) || !strings.Contains(string(o.response), `sweep`) {
		t.Errorf("%s", o.response)
	}
	if o := load.invoke(t, []byte(`{"action":"sweep","since":"72h"}`), 15*time.Minute); o.failed || !strings.Contains(string(o.response), `"known":0`) {
		t.Errorf("%s", o.response)
	}
	// What was set aside is loaded once it is mended, and asked for.
	const broken = "events/2026/01/02/03/broken.ndjson.gz"
	s.aws.PutObject(eventsBucket, broken, []byte("not gzip"))
	if report := runLoad(t, load); report.Quarantined != 1 || len(report.QuarantinedObjects) != 1 {
		t.Errorf("%+v", report)
	}
	const replay = `{"action":"replay","from":"2026-01-02T03:00:00Z","to":"2026-01-02T04:00:00Z","kind":"events"}`
	if o := load.invoke(t, []byte(replay), 15*time.Minute); o.failed || !strings.Contains(string(o.response), `"quarantined_objects":["`+eventsBucket+`/`+broken) {
		t.Errorf("%s", o.response)
	}
	s.aws.PutObject(eventsBucket, broken, event("0190a3a8-0000-7000-8000-0000000000ff"))
	if report := runLoad(t, load); report.Objects != 0 || report.Known != 1 {
		t.Errorf("a mended object is loaded unasked: %+v", report)
	}
	for _, want := range []string{`"objects":1,"known":0`, `"objects":0,"known":1`} {
		if o := load.invoke(t, []byte(replay), 15*time.Minute); o.failed || !strings.Contains(string(o.response), want) {
			t.Errorf("want %s: %s", want, o.response)
		}
	}
	// All of it adds up, line by line.
	today := time.Now().UTC()
	for from, want := range map[string]string{
		"2026-01-02T03:00:00Z":                         `"kind":"events","objects":1,"accepted":1,"loaded":1,"duplicates":0`,
		today.Add(-2 * time.Hour).Format(time.RFC3339): `"kind":"events","objects":2,"accepted":4,"loaded":2,"duplicates":2`,
	} {
		to := today.Add(time.Hour).Format(time.RFC3339)
		if strings.HasPrefix(from, "2026-01-02") {
			to = "2026-01-02T04:00:00Z"
		}
		o := load.invoke(t, []byte(`{"action":"audit","from":"`+from+`","to":"`+to+`","deep":true}`), 15*time.Minute)
		if o.failed || !strings.Contains(string(o.response), `"proven":true`) || !strings.Contains(string(o.response), want) {
			t.Errorf("want %s: %s", want, o.response)
		}
	}
	s.closed(t)
}

// The warehouse that is shipped: the events go in by COPY, from a manifest that
// the loader writes, as the role that the stack gives Redshift.
func TestFromTheQueueToRedshift(t *testing.T) {
	objects := t.TempDir()
	server := redshifttest.Start(t, objects)
	s := newStack(t)
	s.aws.Mirror(objects)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, server.CAFile, 0o600); err != nil {
		t.Fatal(err)
	}
	accounts := redshifttest.Accounts()
	s.secret("admin", server.Admin.Username, server.Admin.Password)
	for program, login := range map[string]warehouse.Login{"load": accounts.Load, "update": accounts.Update, "insights": accounts.Insights} {
		s.secret(program, login.Username, login.Password)
	}
	redshift := []string{
		"LOAF_WAREHOUSE_DIALECT=", "LOAF_WAREHOUSE_HOST=" + server.Host, fmt.Sprintf("LOAF_WAREHOUSE_PORT=%d", server.Port),
		"LOAF_WAREHOUSE_DATABASE=" + server.Database, "LOAF_WAREHOUSE_CA_FILE=" + ca, "LOAF_COPY_ROLE_ARN=" + redshifttest.CopyRole,
	}
	// One object is there before the warehouse is, and one comes after.
	s.aws.PutObject(eventsBucket, "events/2026/01/02/03/a.gz", event("0190a3a8-0000-7000-8000-00000000000a"))
	load := s.start(t, "load", redshift...)
	if report := runLoad(t, load); report.Objects != 1 || report.Inserted != 1 {
		t.Fatalf("%+v", report)
	}
	s.aws.PutObject(eventsBucket, "events/2026/01/02/03/b c+d.gz", event("0190a3a8-0000-7000-8000-00000000000b"))
	if report := runLoad(t, load); report.Objects != 1 || report.Inserted != 1 {
		t.Fatalf("%+v", report)
	}
	manifests := slices.DeleteFunc(s.aws.Keys(eventsBucket), func(key string) bool { return !strings.HasPrefix(key, "manifests/") })
	if len(manifests) != 2 {
		t.Errorf("manifests %q", manifests)
	}
	update := s.start(t, "update", redshift...)
	if answer := call(t, update, http.MethodPatch, "/v1/users", `{"users":[{"user_id":"ada","attributes":{"plan":"pro"}}]}`); answer.StatusCode != http.StatusOK {
		t.Errorf("%+v", answer)
	}
	s.aws.PutObject(usersBucket, "updates/2026/01/02/03/u.gz", pack(`{"user_id":"bob","attributes":{"plan":"free"},"updated_at":"2026-01-02T03:04:05.000000Z","received_at":"2026-01-02T03:04:05.000000Z"}`+"\n"))
	if ids := failures(t, update, retryEvent(t, `{"bucket":"the-users","key":"updates/2026/01/02/03/u.gz","size":1}`)); len(ids) != 0 {
		t.Errorf("SQS would keep %q", ids)
	}
}

// A stream that does not answer is told to the client before the gateway gives
// up.
func TestCollectAnswersInTime(t *testing.T) {
	s := newStack(t)
	s.aws.SetFault(func(c awstest.Call) awstest.Fault { return awstest.Fault{Hang: c.Service == "firehose"} })
	f := s.start(t, "collect")
	event := golden(t, "apigateway.json", func(e map[string]any) { e["body"] = twoEvents })
	started := time.Now()
	const timeout = 2500 * time.Millisecond
	o := f.invoke(t, event, timeout)
	var answer proxyAnswer
	if err := json.Unmarshal(o.response, &answer); err != nil || o.failed {
		t.Fatalf("%s: %v", o.response, err)
	}
	if took := time.Since(started); answer.StatusCode != http.StatusServiceUnavailable || len(answer.MultiValueHeaders["Retry-After"]) != 1 || took > timeout {
		t.Errorf("%+v after %v", answer, took)
	}
	s.aws.SetFault(nil)
	if o := f.invoke(t, event, 29*time.Second); o.failed || !strings.Contains(string(o.response), `"statusCode":202`) {
		t.Errorf("afterwards: %s", o.response)
	}
}

// Two outages: of the warehouse, and of the warehouse at the first retry.
func TestAnUpdateOutlivesAnOutage(t *testing.T) {
	s := newStack(t)
	runLoad(t, s.start(t, "load"))
	nobody := fmt.Sprintf("LOAF_WAREHOUSE_PORT=%d", listen(t).port())
	away := s.start(t, "update", nobody)
	answer := call(t, away, http.MethodPatch, "/v1/users", `{"users":[{"user_id":"ada","attributes":{"plan":"pro"},"updated_at":"2026-01-03T00:00:00Z"}]}`)
	if answer.StatusCode != http.StatusAccepted {
		t.Fatalf("%+v", answer)
	}
	messages := s.aws.Messages(retryQueue)
	if len(messages) != 1 || !strings.Contains(messages[0], `"bucket":"the-users","key":"updates/`) {
		t.Fatalf("the retry queue holds %q", messages)
	}
	event := retryEvent(t, messages[0], "not JSON")
	if ids := failures(t, away, event); !slices.Equal(ids, []string{"message-0", "message-1"}) {
		t.Errorf("SQS would keep %q", ids)
	}
	update := s.start(t, "update")
	for range 2 { // SQS may deliver twice
		if ids := failures(t, update, event); !slices.Equal(ids, []string{"message-1"}) {
			t.Errorf("SQS would keep %q", ids)
		}
	}
	if n := s.count(t, `SELECT COUNT(*) FROM "users" WHERE "user_id" = 'ada' AND "attributes"->>'plan' = 'pro'`); n != 1 {
		t.Error("the update is not merged")
	}
	if n := s.count(t, `SELECT COUNT(*) FROM "loaf_files" WHERE "kind" = 'updates' AND "status" = 'loaded'`); n != 1 {
		t.Errorf("%d objects in the ledger", n)
	}
	// Data that no engine takes is set aside, with the line by which an alarm
	// rings.
	s.aws.PutObject(usersBucket, "updates/2026/01/02/03/broken.ndjson.gz", pack("{\"user_id\":7}\n"))
	if ids := failures(t, update, retryEvent(t, `{"bucket":"the-users","key":"updates/2026/01/02/03/broken.ndjson.gz","size":1}`)); len(ids) != 0 {
		t.Errorf("SQS would keep %q", ids)
	}
	if n := s.count(t, `SELECT COUNT(*) FROM "loaf_files" WHERE "status" = 'quarantined'`); n != 1 {
		t.Errorf("%d quarantined", n)
	}
	update.log.says(t, `"msg":"an object is quarantined"`)
}

func TestWithoutAWarehouseUpdatesWaitForOne(t *testing.T) {
	s := newStack(t)
	update := s.start(t, "update", "LOAF_WAREHOUSE_HOST=")
	if answer := call(t, update, http.MethodPatch, "/v1/users", `{"users":[{"user_id":"ada","attributes":{"plan":"pro"}}]}`); answer.StatusCode != http.StatusAccepted {
		t.Fatalf("%+v", answer)
	}
	if keys, messages := s.aws.Keys(usersBucket), s.aws.Messages(retryQueue); len(keys) != 1 || len(messages) != 0 {
		t.Fatalf("stored %q, queued %q", keys, messages)
	}
	// The warehouse comes, and is built from what is there; new data first.
	s.aws.PutObject(eventsBucket, "events/2024/01/02/03/a.gz", event("0190a3a8-0000-7000-8000-00000000000a"))
	if report := runLoad(t, s.start(t, "load")); report.Objects != 2 || report.Inserted != 2 {
		t.Errorf("%+v", report)
	}
	if n := s.count(t, `SELECT COUNT(*) FROM "users" WHERE "user_id" = 'ada'`); n != 1 {
		t.Error("the update is not there")
	}
	if text, _ := s.aws.Object(eventsBucket, "state/rebuild.json"); !strings.Contains(string(text), `"finished":true`) {
		t.Errorf("the rebuild's state is %s", text)
	}
}

// event is an object of one event.
func event(id string) []byte {
	return pack(fmt.Sprintf(`{"event_id":%q,"event":"e","user_id":"ada","timestamp":"2026-01-02T03:04:05.000000Z","properties":{},"received_at":"2026-01-02T03:04:05.000000Z"}`, id) + "\n")
}

func TestOneBadFileStopsNothing(t *testing.T) {
	s := newStack(t)
	load := s.start(t, "load")
	runLoad(t, load)
	s.aws.PutObject(eventsBucket, "events/2026/01/02/03/a+b c.gz", event("0190a3a8-0000-7000-8000-00000000000a"))
	s.aws.PutObject(eventsBucket, "events/2026/01/02/03/broken.gz", []byte("no gzip"))
	s.aws.PutObject(eventsBucket, "events/2026/01/02/03/c.gz", event("0190a3a8-0000-7000-8000-00000000000c"))
	s.aws.Send(loadQueue, `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-01-02T03:04:05.555Z","Bucket":"the-events","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"}`, 0)
	report := runLoad(t, load)
	if report.Objects != 2 || report.Inserted != 2 || report.Quarantined != 1 {
		t.Errorf("%+v", report)
	}
	if left := s.aws.Messages(loadQueue); len(left) != 0 {
		t.Errorf("the queue still holds %q", left)
	}
	load.log.says(t, `"msg":"an object is quarantined"`) // the line for the alarm
	if _, ok := s.aws.Object(eventsBucket, "events/2026/01/02/03/broken.gz"); !ok {
		t.Error("the raw object is gone")
	}
}

// A load that is killed while it reads has stored nothing; one that is killed
// after its commit is not repeated.
func TestKilledInTheMiddle(t *testing.T) {
	for name, at := range map[string]string{"before the commit": "GetObject", "after the commit": "DeleteMessageBatch"} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t)
			runLoad(t, s.start(t, "load"))
			for i := range 5 {
				s.aws.PutObject(eventsBucket, fmt.Sprintf("events/2026/01/02/03/%d.gz", i), event(fmt.Sprintf("0190a3a8-0000-7000-8000-00000000000%d", i)))
			}
			reached := make(chan struct{}, 10)
			s.aws.SetFault(func(c awstest.Call) awstest.Fault {
				if c.Operation != at || strings.HasSuffix(c.Subject, "/0.gz") {
					return awstest.Fault{}
				}
				reached <- struct{}{}
				return awstest.Fault{Hang: true}
			})
			victim := s.start(t, "load")
			if _, err := victim.send(golden(t, "schedule.json", nil), 15*time.Minute); err != nil {
				t.Fatal(err)
			}
			<-reached
			victim.kill()
			s.aws.SetFault(nil)
			if left := s.aws.Messages(loadQueue); len(left) != 5 {
				t.Fatalf("%d messages are left", len(left))
			}
			s.aws.Advance(awstest.Visibility + time.Second)
			report := runLoad(t, s.start(t, "load"))
			if report.Objects+report.Known != 5 {
				t.Errorf("%+v", report)
			}
			if n := s.count(t, `SELECT COUNT(*) FROM "events"`); n != 5 {
				t.Errorf("%d events", n)
			}
			if n := s.count(t, `SELECT SUM("lines") FROM "loaf_loads"`); n != 5 {
				t.Errorf("%d lines", n)
			}
			if left := s.aws.Messages(loadQueue); len(left) != 0 {
				t.Errorf("the queue still holds %q", left)
			}
		})
	}
}

// Nothing to do is no reason to wake the warehouse: the engine that is shipped
// asks not even for its password.
func TestAnEmptyQueueOpensNoConnection(t *testing.T) {
	s := newStack(t)
	server := listen(t)
	load := s.start(t, "load", "LOAF_WAREHOUSE_DIALECT=", fmt.Sprintf("LOAF_WAREHOUSE_PORT=%d", server.port()))
	// The first run has to; it fails, and stays the first.
	if o := load.invoke(t, golden(t, "schedule.json", nil), time.Minute); !o.failed {
		t.Fatalf("%s", o.response)
	}
	if server.connections() == 0 {
		t.Fatal("the first run did not try to connect")
	}
	s.aws.PutObject(eventsBucket, marker, []byte("{}"))
	before, secrets := server.connections(), len(s.aws.Calls("GetSecretValue"))
	for range 3 {
		if report := runLoad(t, load); report.Objects != 0 {
			t.Errorf("%+v", report)
		}
	}
	// Neither is what another run works on.
	s.aws.Send(loadQueue, awstest.Notification(eventsBucket, "events/2026/01/02/03/a.gz", 1), time.Hour)
	runLoad(t, load)
	if n := server.connections() - before; n != 0 {
		t.Errorf("%d connections were opened", n)
	}
	if n := len(s.aws.Calls("GetSecretValue")) - secrets; n != 0 {
		t.Errorf("%d secrets were read", n)
	}
	// With something to load it tries, and what it cannot load it leaves.
	s.aws.Send(loadQueue, awstest.Notification(eventsBucket, "events/2026/01/02/03/b.gz", 1), 0)
	if o := load.invoke(t, golden(t, "schedule.json", nil), time.Minute); !o.failed || server.connections() == before {
		t.Errorf("%s after %d connections", o.response, server.connections()-before)
	}
	if n := len(s.aws.Calls("ReceiveMessage")); n != 0 {
		t.Errorf("an outage received %d times", n)
	}
}

// A password that changes between two invocations is read anew.
func TestRotationIsNoticed(t *testing.T) {
	s := newStack(t)
	load := s.start(t, "load")
	runLoad(t, load)
	for _, password := range []string{"another one", "and another"} {
		if _, err := s.db.Exec(fmt.Sprintf(`ALTER USER %q PASSWORD '%s'`, s.users["load"], password)); err != nil {
			t.Fatal(err)
		}
		s.secret("load", s.users["load"], password)
		s.aws.PutObject(eventsBucket, "events/2026/01/02/03/"+password+".gz", event("0190a3a8-0000-7000-8000-000000000001"))
		if report := runLoad(t, load); report.Objects != 1 {
			t.Errorf("%+v", report)
		}
	}
	// A new deployment sets what the secrets hold.
	s.secret("load", s.users["load"], "a third")
	next := s.start(t, "load", "LOAF_DEPLOYMENT=d2")
	runLoad(t, next)
	if _, ok := s.aws.Object(eventsBucket, "state/deployments/d2.json"); !ok {
		t.Error("no marker of the next deployment")
	}
}

func TestWhatIsMissingIsNamedAtOnce(t *testing.T) {
	for name, want := range map[string][]string{
		"collect": {"LOAF_EVENTS_STREAM", "LOAF_USERS_STREAM"},
		"update":  {"LOAF_USERS_BUCKET", "LOAF_RETRY_QUEUE_URL", "LOAF_WAREHOUSE_SECRET", "LOAF_WAREHOUSE_PORT is", "LOAF_LOG_LEVEL is"},
		"load":    {"LOAF_LOAD_QUEUE_URL", "LOAF_EVENTS_BUCKET", "LOAF_USERS_BUCKET", "LOAF_COPY_ROLE_ARN", "LOAF_WAREHOUSE_ADMIN_SECRET", "LOAF_UPDATE_SECRET", "LOAF_INSIGHTS_SECRET", "LOAF_DEPLOYMENT", "LOAF_WAREHOUSE_SECRET", "LOAF_WAREHOUSE_PORT is"},
	} {
		process := exec.Command(bootstrap(t, name))
		process.Env = []string{"AWS_REGION=eu-central-1", "LOAF_WAREHOUSE_HOST=h", "LOAF_WAREHOUSE_PORT=many", "LOAF_LOG_LEVEL=loud"}
		out, err := process.CombinedOutput()
		if err == nil {
			t.Errorf("%s started", name)
		}
		for _, w := range want {
			if !strings.Contains(string(out), w) {
				t.Errorf("%s does not name %s:\n%s", name, w, out)
			}
		}
	}
}

// What is shipped is one static file for Lambda's ARM processors.
func TestABootstrapIsOneStaticFile(t *testing.T) {
	if testing.Short() {
		t.Skip("builds everything for another processor")
	}
	for _, name := range []string{"collect", "update", "load"} {
		path, err := compile(name, "GOOS=linux", "GOARCH=arm64")
		if err != nil {
			t.Fatal(err)
		}
		file, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if file.Machine != elf.EM_AARCH64 {
			t.Errorf("%s is for %v", name, file.Machine)
		}
		for _, p := range file.Progs {
			if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
				t.Errorf("%s is linked dynamically", name)
			}
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}
