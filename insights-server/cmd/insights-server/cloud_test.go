package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/aws"
	"github.com/dataloaf/dataloaf/functions/aws/awstest"
	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/connect"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshift"
	"github.com/dataloaf/dataloaf/functions/warehouse/redshifttest"
)

// inAWS makes this process find the stand-in for AWS.
func inAWS(t *testing.T) *awstest.AWS {
	t.Helper()
	a := awstest.New(t)
	for _, pair := range a.Environment() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	return a
}

func loginSecret(l warehouse.Login) string {
	return fmt.Sprintf(`{"username":%q,"password":%q}`, l.Username, l.Password)
}

const (
	pagePassword = "correct horse"
	pageSecret   = `{"admin_password":"` + pagePassword + `","session_key":"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"}`
)

// get asks with a session of the page's password and decodes the answer.
func get(t *testing.T, address, path string, into any) int {
	t.Helper()
	login, err := http.DefaultClient.Do(newRequest(t, "POST", address+"/api/v1/login", `{"password":"`+pagePassword+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer login.Body.Close()
	r := newRequest(t, "GET", address+path, "")
	for _, c := range login.Cookies() {
		r.AddCookie(c)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(body, into); err != nil {
			t.Errorf("%s: %v: %s", path, err, body)
		}
	}
	return answer.StatusCode
}

func TestServeInAWS(t *testing.T) {
	a := inAWS(t)
	s := redshifttest.Start(t, t.TempDir())
	authorities := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authorities, s.CAFile, 0o600); err != nil {
		t.Fatal(err)
	}
	users := redshifttest.Accounts()
	secret := a.SetSecret("insights", loginSecret(users.Insights))
	loads, retries := a.MakeQueue("loads"), a.MakeQueue("retries")
	for range 3 {
		a.Send("loads", "x", 0)
	}
	a.Send("retries", "x", time.Minute)
	address := start(t,
		"LOAF_WAREHOUSE_HOST", s.Host, "LOAF_WAREHOUSE_PORT", fmt.Sprint(s.Port), "LOAF_WAREHOUSE_DATABASE", s.Database,
		"LOAF_WAREHOUSE_CA_FILE", authorities, "LOAF_WAREHOUSE_SECRET", secret,
		"LOAF_INSIGHTS_SECRET", a.SetSecret("page", pageSecret), "LOAF_LOAD_QUEUE_URL", loads, "LOAF_RETRY_QUEUE_URL", retries,
	)
	if s.Logins() != 0 {
		t.Error("the warehouse was woken by the start")
	}
	// Before the first load has made the users.
	if got := get(t, address, "/api/v1/events", nil); got != http.StatusServiceUnavailable {
		t.Errorf("without users: %d", got)
	}
	w, err := redshift.Open(redshift.Config{Connect: connect.Config{
		Host: s.Host, Port: s.Port, Database: s.Database, RootCAs: s.RootCAs,
		Login: func(context.Context, bool) (warehouse.Login, error) { return users.Load, nil },
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	admin := func(context.Context, bool) (warehouse.Login, error) { return s.Admin, nil }
	if err := w.Provision(t.Context(), admin, users); err != nil {
		t.Fatal(err)
	}
	var pipeline struct {
		FilesWaiting int `json:"files_waiting"`
	}
	if got := get(t, address, "/api/v1/pipeline", &pipeline); got != 200 || pipeline.FilesWaiting != 4 {
		t.Errorf("pipeline: %d, %+v", got, pipeline)
	}
	if got := get(t, address, "/api/v1/events", nil); got != 200 {
		t.Errorf("events: %d", got)
	}
	// The password is rotated while connections are cut.
	users.Insights.Password = "Rotated-secret"
	if err := w.Provision(t.Context(), admin, users); err != nil {
		t.Fatal(err)
	}
	a.SetSecret("insights", loginSecret(users.Insights))
	s.Cut()
	if got := get(t, address, "/api/v1/events", nil); got != 200 {
		t.Errorf("after a rotation: %d", got)
	}
	if n := len(a.Calls("GetSecretValue")); n != 4 { // the page's, the login's, one refused before there were users, one rotated
		t.Errorf("%d secrets were read", n)
	}
	sessions := 0
	for _, statement := range s.Statements() {
		if statement == connect.CaseSensitive {
			sessions++
		}
	}
	if sessions != s.Logins() {
		t.Errorf("%d of %d sessions keep the case of names", sessions, s.Logins())
	}
}

func TestServeWithoutTablesInPostgreSQL(t *testing.T) {
	a := inAWS(t)
	s := postgrestest.TLS(t)
	address := start(t,
		"LOAF_WAREHOUSE_DIALECT", "postgres", "LOAF_WAREHOUSE_HOST", s.Host, "LOAF_WAREHOUSE_PORT", fmt.Sprint(s.Port), "LOAF_WAREHOUSE_DATABASE", s.Database,
		"LOAF_WAREHOUSE_CA_FILE", s.CAFile, "LOAF_WAREHOUSE_SECRET", a.SetSecret("login", loginSecret(warehouse.Login{Username: s.Admin, Password: s.AdminPassword})),
		"LOAF_INSIGHTS_SECRET", a.SetSecret("page", pageSecret),
	)
	for path, want := range map[string]int{"/api/v1/events": 200, "/api/v1/pipeline": 200, "/readyz": 200} {
		if got := get(t, address, path, nil); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

func TestSecretsThatAreNoUse(t *testing.T) {
	a := inAWS(t)
	for name, secret := range map[string]string{
		"admin_password": `{"session_key":"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"}`,
		"session_key":    `{"admin_password":"s3cr3t-word"}`,
		"has 5 bytes":    `{"admin_password":"s3cr3t-word","session_key":"s3cr3"}`,
		"JSON object":    `s3cr3t-word`,
	} {
		err := run(t.Context(), nil, environment("LOAF_WAREHOUSE_URL", "postgres://x@127.0.0.1:1/x", "LOAF_INSIGHTS_SECRET", a.SetSecret("page", secret)), strings.NewReader(""), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "LOAF_INSIGHTS_SECRET") || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "s3cr3") {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	err := run(t.Context(), nil, environment("LOAF_WAREHOUSE_URL", "postgres://x@127.0.0.1:1/x", "LOAF_INSIGHTS_SECRET", "x"), strings.NewReader(""), io.Discard, io.Discard)
	if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("without a region: %v", err)
	}
}

func TestWrongCombinationsAreAllNamed(t *testing.T) {
	key := strings.Repeat("k", 32)
	for _, test := range []struct {
		pairs []string
		want  []string
	}{
		{
			[]string{"LOAF_WAREHOUSE_URL", "redshift://host/db", "LOAF_WAREHOUSE_HOST", "host", "LOAF_WAREHOUSE_SECRET", "arn", "LOAF_INSIGHTS_SECRET", "arn", "LOAF_ADMIN_PASSWORD", "correct horse", "LOAF_SESSION_KEY", key},
			[]string{"LOAF_WAREHOUSE_URL is set beside LOAF_WAREHOUSE_HOST, LOAF_WAREHOUSE_SECRET", "LOAF_ADMIN_PASSWORD and LOAF_INSIGHTS_SECRET", "LOAF_SESSION_KEY and LOAF_INSIGHTS_SECRET"},
		},
		{
			[]string{"LOAF_WAREHOUSE_HOST", "host:5439", "LOAF_WAREHOUSE_PORT", "0", "LOAF_WAREHOUSE_CA_FILE", "/nowhere", "LOAF_WAREHOUSE_DIALECT", "duckdb", "LOAF_LOAD_QUEUE_URL", "queue", "LOAF_ADMIN_PASSWORD_HASH", "x", "LOAF_INSIGHTS_SECRET", "arn"},
			[]string{"LOAF_WAREHOUSE_SECRET is not set", "LOAF_WAREHOUSE_HOST is", "LOAF_WAREHOUSE_PORT is", "LOAF_WAREHOUSE_CA_FILE: ", "LOAF_WAREHOUSE_DIALECT is", "LOAF_LOAD_QUEUE_URL is", "LOAF_ADMIN_PASSWORD_HASH and LOAF_INSIGHTS_SECRET"},
		},
		{
			[]string{"LOAF_WAREHOUSE_SECRET", "arn", "LOAF_WAREHOUSE_PORT", "5439", "LOAF_INSIGHTS_SECRET", "arn"},
			[]string{"LOAF_WAREHOUSE_SECRET, LOAF_WAREHOUSE_PORT is set without LOAF_WAREHOUSE_HOST"},
		},
		{nil, []string{"LOAF_WAREHOUSE_HOST and LOAF_WAREHOUSE_SECRET, or LOAF_WAREHOUSE_URL", "LOAF_INSIGHTS_SECRET"}},
	} {
		_, err := readConfig(environment(test.pairs...))
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: want %q in %v", test.pairs, want, err)
			}
		}
	}
	c, err := readConfig(environment("LOAF_WAREHOUSE_HOST", "wg.1.eu-central-1.redshift-serverless.amazonaws.com", "LOAF_WAREHOUSE_SECRET", "arn", "LOAF_INSIGHTS_SECRET", "arn", "LOAF_LOAD_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/1/q"))
	if err != nil || c.dialect != warehouse.Redshift || c.host.Port != 5439 || c.host.Database != "dataloaf" || !slices.Equal(c.queues, []string{"https://sqs.eu-central-1.amazonaws.com/1/q"}) {
		t.Errorf("config %+v, %v", c, err)
	}
}

func TestWhatWaitsIsRemembered(t *testing.T) {
	asked, failing := 0, false
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	waiting := remember(func(context.Context) (int, error) {
		asked++
		if failing {
			return 0, io.ErrUnexpectedEOF
		}
		return asked, nil
	}, 5*time.Second, func() time.Time { return now })
	for _, step := range []struct {
		after   time.Duration
		fails   bool
		want    int
		wantErr bool
	}{{0, false, 1, false}, {4 * time.Second, false, 1, false}, {time.Second, true, 0, true}, {0, false, 3, false}} {
		now, failing = now.Add(step.after), step.fails
		if n, err := waiting(t.Context()); n != step.want || (err != nil) != step.wantErr {
			t.Errorf("%+v: %d, %v", step, n, err)
		}
	}
}

func TestHealthcheck(t *testing.T) {
	cert, key, _ := certificate(t)
	otherCert, otherKey, _ := certificate(t)
	common := []string{"LOAF_WAREHOUSE_URL", "postgres://x@127.0.0.1:1/x?sslmode=disable", "LOAF_ADMIN_PASSWORD", "correct horse"}
	check := func(pairs ...string) error {
		return run(t.Context(), []string{"healthcheck"}, environment(pairs...), strings.NewReader(""), io.Discard, io.Discard)
	}
	_, plain, _ := strings.Cut(start(t, common...), "://")
	_, port, _ := strings.Cut(plain, ":")
	for _, address := range []string{plain, ":" + port, "0.0.0.0:" + port, "[::]:" + port} {
		if err := check("LOAF_ADDR", address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	_, secure, _ := strings.Cut(start(t, append(common, "LOAF_TLS_CERT", cert, "LOAF_TLS_KEY", key)...), "://")
	if err := check("LOAF_ADDR", secure, "LOAF_TLS_CERT", cert, "LOAF_TLS_KEY", key); err != nil {
		t.Errorf("over TLS: %v", err)
	}
	for name, err := range map[string]error{
		"another server's certificate": check("LOAF_ADDR", secure, "LOAF_TLS_CERT", otherCert, "LOAF_TLS_KEY", otherKey),
		"nobody there":                 check("LOAF_ADDR", "127.0.0.1:1"),
	} {
		if err == nil || exitCode(err, io.Discard) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := check("LOAF_ADDR", "nowhere"); exitCode(err, io.Discard) != 2 {
		t.Errorf("an address without a port: %v", err)
	}
}

func TestTheMarkOfTheLastLoad(t *testing.T) {
	a := inAWS(t)
	a.MakeBucket("raw")
	c, err := readConfig(environment("LOAF_WAREHOUSE_URL", "redshift://x@127.0.0.1:1/x", "LOAF_ADMIN_PASSWORD", "correct horse",
		"LOAF_LOAD_STATE", "s3://raw/state/loaded.json", "LOAF_ALERT_TOPICS", "arn:aws:sns:eu-central-1:123456789012:loaf-alarms", "LOAF_WEBHOOK_ALLOW", "10.1.2.3 192.168.0.0/16"))
	if err != nil || len(c.webhookAllow) != 2 {
		t.Fatalf("%+v, %v", c, err)
	}
	cloud, err := c.readSecrets(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil || cloud.topics == nil || len(a.Calls("")) != 0 {
		t.Fatalf("%+v, %v, calls %v", cloud, err, a.Calls(""))
	}
	if at, err := cloud.loads(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("before the first load: %v, %v", at, err)
	}
	a.PutObject("raw", "state/loaded.json", []byte(`{"at":"2026-03-04T05:06:07.8Z"}`))
	if at, err := cloud.loads(t.Context()); err != nil || !at.Equal(time.Date(2026, 3, 4, 5, 6, 7, 800_000_000, time.UTC)) {
		t.Errorf("after it: %v, %v", at, err)
	}
	a.PutObject("raw", "state/loaded.json", []byte(`{`))
	if at, err := cloud.loads(t.Context()); err == nil || !strings.Contains(err.Error(), "s3://raw/state/loaded.json") {
		t.Errorf("a broken one: %v, %v", at, err)
	}
	a.SetFault(func(awstest.Call) awstest.Fault { return awstest.Fault{Status: 403, Code: "AccessDenied"} })
	if at, err := cloud.loads(t.Context()); err == nil || !at.IsZero() {
		t.Errorf("without the right: %v, %v", at, err)
	}
}

// Whoever asks, the load hears of it, a minute apart at most and without keeping
// them waiting.
func TestTheMarkThatSomebodyAsks(t *testing.T) {
	a := inAWS(t)
	a.MakeBucket("raw")
	c, err := readConfig(environment("LOAF_WAREHOUSE_URL", "redshift://x@127.0.0.1:1/x", "LOAF_ADMIN_PASSWORD", "correct horse", "LOAF_ASK_STATE", "s3://raw/state/asked.json"))
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := c.readSecrets(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil || cloud.asked == nil || len(a.Calls("")) != 0 {
		t.Fatalf("%+v, %v, calls %v", cloud, err, a.Calls(""))
	}
	settings, err := aws.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600))
	mark := askMark(aws.NewStore(settings, aws.Buckets{}), c.askState, func() time.Time { return at })
	if err := mark(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err := aws.NewStore(settings, aws.Buckets{}).Get(t.Context(), "raw", "state/asked.json"); err != nil || string(text) != `{"at":"2026-03-04T04:06:07Z"}` {
		t.Errorf("%s, %v", text, err)
	}
	a.SetFault(func(awstest.Call) awstest.Fault { return awstest.Fault{Status: 403, Code: "AccessDenied"} })
	if err := mark(t.Context()); err == nil || !strings.Contains(err.Error(), "raw/state/asked.json") {
		t.Errorf("without the right: %v", err)
	}
	done := make(chan struct{})
	now := at
	ask := seldom(func() { done <- struct{}{} }, askEvery, func() time.Time { return now })
	for _, after := range []time.Duration{0, time.Second, 58 * time.Second} {
		now = now.Add(after)
		ask() // it would hang here if it waited: nobody reads yet
	}
	<-done
	now = now.Add(time.Second)
	ask()
	<-done
	select {
	case <-done:
		t.Error("it was done more often than once a minute")
	default:
	}
}

func TestWhatAlertsNeedIsChecked(t *testing.T) {
	good := []string{"LOAF_WAREHOUSE_URL", "redshift://x@127.0.0.1:1/x", "LOAF_ADMIN_PASSWORD", "correct horse"}
	for name, values := range map[string][]string{
		"LOAF_LOAD_STATE":    {"raw/state/loaded.json", "https://raw/loaded.json", "s3://raw", "s3://raw/", "s3:///loaded.json"},
		"LOAF_ASK_STATE":     {"raw/state/asked.json", "s3://raw/"},
		"LOAF_ALERT_TOPICS":  {"alarms", "arn:aws:sns:eu-central-1:123456789012:queue.fifo", "arn:aws:sqs:eu-central-1:123456789012:queue"},
		"LOAF_WEBHOOK_ALLOW": {"localhost", "10.0.0.0/33"},
	} {
		for _, value := range values {
			if _, err := readConfig(environment(append(good, name, value)...)); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	}
}
