// Package deployedtest is a stack in AWS, as far as it is asked about while it
// runs: for tests. Time passes when the test says so, and events flow with it:
// a minute to S3, then to the next load.
package deployedtest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// The stack's names.
const (
	Name   = "shop"
	Region = "eu-central-1"
	// Key is the value of its API key, and Password opens its page.
	Key      = "planted-api-key"
	Password = "planted-password"
	account  = "123456789012"
	bucket   = "shop-events-bucket"
)

const (
	deliveryTime = time.Minute
	interval     = 3 * time.Minute
)

// Fault is how calls of an operation fail.
type Fault struct {
	Status int
	Code   string
}

// World is AWS with one stack in it. Its fields may be changed before a verb
// runs.
type World struct {
	URL string
	// Fail makes calls fail, by "service Operation", or all of them by "*".
	Fail map[string]Fault
	// Functions, Streams and Schedules are the states of those, by name.
	Functions, Streams, Schedules map[string]string
	// Waiting are the messages in each queue, by name.
	Waiting map[string]int
	// Mapping is the state of the retry queue's feed; empty for none.
	Mapping string
	// Policy is the load queue's; Notified is whether the buckets tell it.
	Policy   string
	Notified bool
	// Healthy is whether the page has an instance; PageStatus what it answers.
	Healthy    bool
	PageStatus int
	// Page answers what else the page is asked for; a status of 0 leaves it to the
	// rest.
	Page func(method, path string, body []byte) (status int, answer any)
	// Alarms that ring, by kind.
	Alarms []string
	// Metrics are values by name; nil has no data.
	Metrics map[string][]float64
	// Concurrency and LoggingRole are the account's.
	Concurrency int
	LoggingRole string
	// APIStatus is what the collection API answers; 0 accepts.
	APIStatus int
	// Delivers, Loads and Counts tell whether events pass these hops; SetsAside
	// whether the load sets their object aside instead.
	Delivers, Loads, Counts, SetsAside bool
	// Usage is how often each API key was used, by id.
	Usage map[string]int
	// Invoke answers the load function; Busy calls come back first.
	Invoke func(event map[string]string) (payload any, functionError string)
	Busy   int

	mu     sync.Mutex
	now    time.Time
	calls  []string
	events []event
	dir    string
}

type event struct {
	body []byte
	at   time.Time
}

// New starts a world in which all is well, and points the SDK to it.
func New(t *testing.T) *World {
	t.Helper()
	w := &World{
		Fail:      map[string]Fault{},
		Functions: map[string]string{Name + "-collect": "Active", Name + "-update": "Active", Name + "-load": "Active"},
		Streams:   map[string]string{Name + "-events": "ACTIVE", Name + "-users": "ACTIVE"},
		Schedules: map[string]string{Name + "-load": "ENABLED", Name + "-sweep": "ENABLED"},
		Waiting:   map[string]int{}, Mapping: "Enabled", Policy: policy, Notified: true, Healthy: true, PageStatus: http.StatusOK,
		Metrics: map[string][]float64{"Invocations": {1}, "Count": {120}}, Concurrency: 1000, LoggingRole: "arn:aws:iam::" + account + ":role/api-logging",
		Delivers: true, Loads: true, Counts: true, Usage: map[string]int{}, now: time.Now().UTC().Truncate(time.Second),
	}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.URL = server.URL
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": w.URL, "AWS_ACCESS_KEY_ID": "AKIAPLANTED", "AWS_SECRET_ACCESS_KEY": "planted-secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
	w.dir = w.stack(t)
	return w
}

const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage",
"Condition":{"ArnEquals":{"aws:SourceArn":["arn:aws:s3:::shop-events-bucket","arn:aws:s3:::shop-users-bucket"]}}}]}`

// Dir is the stack's folder.
func (w *World) Dir() string { return w.dir }

// Outputs are the stack's, in the form of the state.
func (w *World) Outputs(keys map[string]string) map[string]any {
	queue := func(name string) map[string]string {
		return map[string]string{"name": Name + "-" + name, "dead_letter": Name + "-" + name + "-dlq"}
	}
	values := map[string]any{
		"endpoint": w.URL + "/live", "api_keys": keys, "insights_url": w.URL + "/page", "insights_secret_arn": "insights-secret",
		"buckets":    map[string]string{"events": bucket, "users": "shop-users-bucket"},
		"streams":    map[string]string{"events": Name + "-events", "users": Name + "-users"},
		"functions":  map[string]string{"collect": Name + "-collect", "update": Name + "-update", "load": Name + "-load"},
		"queues":     map[string]any{"load": queue("load"), "retry": queue("retry")},
		"queue_urls": map[string]string{"load": w.URL + "/" + account + "/" + Name + "-load", "retry": w.URL + "/" + account + "/" + Name + "-retry"},
		"log_groups": map[string]string{"load": "/aws/lambda/shop-load", "collect": "/aws/lambda/shop-collect", "firehose": "/dataloaf/shop/firehose"},
		"warehouse": map[string]any{"name": Name, "host": "warehouse", "port": 5439, "database": "dataloaf", "secret_arns": map[string]string{
			"load": "load-secret", "update": "update-secret", "insights": "warehouse-secret",
		}},
		"alarm_topic_arn": "arn:aws:sns:" + Region + ":" + account + ":shop-alarms", "dashboard": Name, "region": Region, "dataloaf_version": "development",
	}
	outputs := map[string]any{}
	for name, value := range values {
		outputs[name] = map[string]any{"value": value, "sensitive": name == "api_keys"}
	}
	return outputs
}

// stack makes the folder of a stack whose state lies in it.
func (w *World) stack(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	w.WriteState(t, dir, map[string]string{"default": Key})
	answers := `{"name":"` + Name + `","region":"` + Region + `","load_interval_minutes":3}`
	if err := os.WriteFile(filepath.Join(dir, "dataloaf.tfvars.json"), []byte(answers), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// WriteState writes a state with API keys.
func (w *World) WriteState(t *testing.T, dir string, keys map[string]string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"version": 4, "outputs": w.Outputs(keys)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "state", "terraform.tfstate"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Now is the world's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Pause lets time pass.
func (w *World) Pause(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
	return ctx.Err()
}

// Calls are those that arrived, "service Operation" each.
func (w *World) Calls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.calls...)
}

// stored are the events that are in S3 by now, loaded those that are in the
// warehouse.
func (w *World) stored() (out []event) {
	for _, e := range w.events {
		if w.Delivers && !w.now.Before(e.at.Add(deliveryTime)) {
			out = append(out, e)
		}
	}
	return out
}

func (w *World) loaded() (out []event) {
	for _, e := range w.stored() {
		if w.Loads && !w.now.Before(e.loadedAt()) {
			out = append(out, e)
		}
	}
	return out
}

func (e event) loadedAt() time.Time { return e.at.Add(deliveryTime + interval) }

// key is that of the object that holds the event.
func (e event) key() string {
	return "events/" + e.at.Format("2006/01/02/15") + "/shop-events-1-" + e.at.Format("2006-01-02-15-04-05") + ".ndjson.gz"
}
