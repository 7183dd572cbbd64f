package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/deployed/deployedtest"
	"github.com/dataloaf/dataloaf/cli/internal/doctor"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/term"
)

// examine runs the doctor on the world's stack.
func examine(t *testing.T, w *deployedtest.World, change func(*doctor.Options)) (report doctor.Report, text string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	o := doctor.Standard(term.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	o.Dir, o.JSON, o.Timeout = w.Dir(), true, 15*time.Minute
	o.Now, o.Pause = w.Now, w.Pause
	o.Terraform.Path = "/nowhere/terraform"
	if change != nil {
		change(&o)
	}
	err = doctor.Run(t.Context(), o)
	if o.JSON && out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatalf("%v in\n%s", err, &out)
		}
	}
	for _, secret := range []string{deployedtest.Key, deployedtest.Password, "planted-secret"} {
		if strings.Contains(out.String()+errs.String(), secret) {
			t.Errorf("%q is shown in\n%s%s", secret, &out, &errs)
		}
	}
	return report, out.String(), err
}

func of(r doctor.Report, name string) doctor.Check {
	for _, c := range r.Checks {
		if strings.HasSuffix(c.Name, name) {
			return c
		}
	}
	return doctor.Check{State: "not looked at"}
}

func TestAllIsWell(t *testing.T) {
	w := deployedtest.New(t)
	report, _, err := examine(t, w, nil)
	for _, c := range report.Checks {
		// The Terraform that the test names is not there.
		if c.State != doctor.OK && c.Name != "Terraform" {
			t.Errorf("%+v", c)
		}
	}
	if report.StoppedAt != "" || report.EventID == "" || of(report, "Terraform").State != doctor.Failed || err == nil {
		t.Errorf("%v, %+v", err, report)
	}
	if got := of(report, "query").Detail; !strings.HasPrefix(got, "the event counts 1, 4m") {
		t.Errorf("%q", got)
	}
	for _, name := range []string{"clock", "credentials", "state", "quota", "logging role", "versions", "functions", "streams", "alarms", "schedules", "feed", "queues", "policy", "notifications", "warehouse's secrets", "instance", "page's secret", "page", "API", "to S3", "load"} {
		if of(report, name).State != doctor.OK {
			t.Errorf("%s: %+v", name, of(report, name))
		}
	}
}

// Each hop and each part, broken.
func TestWhatIsBrokenIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(w *deployedtest.World)
		// check is the one that must tell, in this state, with these words in its
		// detail or remedy.
		check, state string
		words        []string
		// stopped is the hop that the event does not pass.
		stopped string
	}{
		"the API fails":              {func(w *deployedtest.World) { w.APIStatus = 503 }, "API", doctor.Failed, []string{"503", "#api-unavailable"}, "1. collection API"},
		"the quota is used up":       {func(w *deployedtest.World) { w.APIStatus = 429 }, "API", doctor.Failed, []string{"429", "limits"}, "1. collection API"},
		"Firehose delivers nothing":  {func(w *deployedtest.World) { w.Delivers = false; w.Metrics["IncomingRecords"] = []float64{3} }, "to S3", doctor.Failed, []string{"took in 3 records", "#events-delivery-late", "/dataloaf/shop/firehose"}, "2. Firehose to S3"},
		"Firehose got nothing":       {func(w *deployedtest.World) { w.Delivers = false }, "to S3", doctor.Failed, []string{"took in nothing", "/aws/lambda/shop-collect"}, "2. Firehose to S3"},
		"the stream is failing":      {func(w *deployedtest.World) { w.Delivers = false; w.Streams["shop-events"] = "SUSPENDED" }, "to S3", doctor.Failed, []string{"SUSPENDED"}, "2. Firehose to S3"},
		"the load takes nothing":     {func(w *deployedtest.World) { w.Loads = false; w.Waiting["shop-load"] = 7 }, "3. load", doctor.Failed, []string{"7 notifications wait", "/aws/lambda/shop-load"}, "3. load"},
		"the schedule is off":        {func(w *deployedtest.World) { w.Loads = false; w.Schedules["shop-load"] = "DISABLED" }, "3. load", doctor.Failed, []string{"switched off", "enable-rule"}, "3. load"},
		"nobody told the queue":      {func(w *deployedtest.World) { w.Loads = false; w.Notified = false }, "3. load", doctor.Failed, []string{"nothing waits", "notify"}, "3. load"},
		"the object is set aside":    {func(w *deployedtest.World) { w.SetsAside = true }, "3. load", doctor.Failed, []string{"it is broken", "#quarantined"}, "3. load"},
		"the page does not answer":   {func(w *deployedtest.World) { w.PageStatus = 502 }, "page", doctor.Failed, []string{"502"}, ""},
		"no instance":                {func(w *deployedtest.World) { w.Healthy = false }, "instance", doctor.Failed, []string{"#page-down"}, ""},
		"a function is not active":   {func(w *deployedtest.World) { w.Functions["shop-load"] = "Failed" }, "functions", doctor.Failed, []string{"shop-load is Failed", "apply"}, ""},
		"a stream is not active":     {func(w *deployedtest.World) { w.Streams["shop-users"] = "CREATING_FAILED" }, "streams", doctor.Failed, []string{"CREATING_FAILED"}, ""},
		"the preparation is off":     {func(w *deployedtest.World) { w.Schedules["shop-prepare"] = "DISABLED" }, "schedules", doctor.Failed, []string{"shop-prepare"}, ""},
		"the sweep is gone":          {func(w *deployedtest.World) { delete(w.Schedules, "shop-sweep") }, "schedules", doctor.Failed, []string{"shop-sweep"}, ""},
		"the sweep is off":           {func(w *deployedtest.World) { w.Schedules["shop-sweep"] = "DISABLED" }, "schedules", doctor.Failed, []string{"shop-sweep"}, ""},
		"the feed is off":            {func(w *deployedtest.World) { w.Mapping = "Disabled" }, "feed", doctor.Failed, []string{"m-1", "Disabled"}, ""},
		"the feed is gone":           {func(w *deployedtest.World) { w.Mapping = "" }, "feed", doctor.Failed, []string{"shop-retry"}, ""},
		"the policy is gone":         {func(w *deployedtest.World) { w.Policy = "" }, "policy", doctor.Failed, []string{"sweep"}, ""},
		"the policy lets in one":     {func(w *deployedtest.World) { w.Policy = strings.Replace(w.Policy, "shop-users-bucket", "other", 1) }, "policy", doctor.Failed, []string{"sweep"}, ""},
		"notifications are gone":     {func(w *deployedtest.World) { w.Notified = false }, "notifications", doctor.Failed, []string{"shop-events-bucket"}, ""},
		"dead letters":               {func(w *deployedtest.World) { w.Waiting["shop-retry-dlq"] = 2 }, "queues", doctor.Warning, []string{"shop-retry-dlq", "#retry-dead-letters"}, ""},
		"an alarm rings":             {func(w *deployedtest.World) { w.Alarms = []string{"load-late"} }, "alarms", doctor.Warning, []string{"shop-load-late", "#load-late"}, ""},
		"the quota is a new account": {func(w *deployedtest.World) { w.Concurrency = 10 }, "quota", doctor.Warning, []string{"10 concurrent"}, ""},
		"no logging role":            {func(w *deployedtest.World) { w.LoggingRole = "" }, "logging role", doctor.Warning, []string{"manage_api_logging_role"}, ""},
		"a secret is gone": {func(w *deployedtest.World) {
			w.Fail["secretsmanager DescribeSecret"] = deployedtest.Fault{Status: 400, Code: "ResourceNotFoundException"}
		}, "warehouse's secrets", doctor.Failed, []string{"load-secret"}, ""},
		"metrics are denied": {func(w *deployedtest.World) {
			w.Fail["monitoring DescribeAlarms"] = deployedtest.Fault{Status: 403, Code: "AccessDenied"}
		}, "alarms", doctor.Failed, []string{"AccessDenied", "permission"}, ""},
		"queues are throttled": {func(w *deployedtest.World) {
			w.Fail["sqs GetQueueAttributes"] = deployedtest.Fault{Status: 400, Code: "ThrottlingException"}
		}, "queues", doctor.Failed, []string{"fewer calls"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := deployedtest.New(t)
			c.spoil(w)
			report, _, err := examine(t, w, func(o *doctor.Options) { o.NoSend = c.stopped == "" })
			got := of(report, c.check)
			if got.State != c.state || (report.OK || err == nil) && c.state == doctor.Failed {
				t.Errorf("%+v, %v", got, err)
			}
			for _, word := range c.words {
				if !strings.Contains(got.Detail+" "+got.Remedy, word) {
					t.Errorf("%q is not in %q, %q", word, got.Detail, got.Remedy)
				}
			}
			if got.Remedy == "" {
				t.Errorf("%s says not what to do: %+v", c.check, got)
			}
			if report.StoppedAt != c.stopped {
				t.Errorf("stopped at %q, want %q", report.StoppedAt, c.stopped)
			}
			if c.stopped == "" && (report.EventID != "" || w.Called("api POST /v1/events")) {
				t.Error("--no-send sends")
			}
		})
	}
}

// What makes all calls fail is told once, with what to do, and nothing follows.
func TestNoWayToAWS(t *testing.T) {
	for name, c := range map[string]struct {
		fault deployedtest.Fault
		words string
	}{
		"expired":   {deployedtest.Fault{Status: 403, Code: "ExpiredToken"}, "expired"},
		"invalid":   {deployedtest.Fault{Status: 403, Code: "InvalidClientTokenId"}, "does not know these credentials"},
		"denied":    {deployedtest.Fault{Status: 403, Code: "AccessDenied"}, "permission"},
		"throttled": {deployedtest.Fault{Status: 400, Code: "Throttling"}, "fewer calls"},
		"region":    {deployedtest.Fault{Status: 403, Code: "OptInRequired"}, "region"},
	} {
		t.Run(name, func(t *testing.T) {
			w := deployedtest.New(t)
			w.Fail["*"] = c.fault
			report, _, err := examine(t, w, nil)
			got := report.Checks[len(report.Checks)-1]
			if got.Name != "credentials" || got.State != doctor.Failed || !strings.Contains(got.Remedy, c.words) || failure.Code(err) != 1 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	t.Run("no network", func(t *testing.T) {
		w := deployedtest.New(t)
		t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
		report, _, err := examine(t, w, nil)
		if clock := of(report, "clock"); clock.State != doctor.Failed || !strings.Contains(clock.Remedy, "network") || err == nil {
			t.Errorf("%+v, %v", clock, err)
		}
		if got := of(report, "credentials"); !strings.Contains(got.Remedy, "network") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("no stack", func(t *testing.T) {
		w := deployedtest.New(t)
		report, _, err := examine(t, w, func(o *doctor.Options) { o.Dir, o.Name, o.Region = t.TempDir(), "other", deployedtest.Region })
		got := of(report, "state")
		if got.State != doctor.Failed || !strings.Contains(got.Remedy, "init") || err == nil {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestTheClockIsOff(t *testing.T) {
	for off, want := range map[time.Duration]string{10 * time.Minute: doctor.Failed, -10 * time.Minute: doctor.Failed, time.Minute: doctor.Warning, time.Second: doctor.OK} {
		w := deployedtest.New(t)
		report, _, _ := examine(t, w, func(o *doctor.Options) {
			o.NoSend = true
			o.Now = func() time.Time { return w.Now().Add(off) }
		})
		if got := of(report, "clock"); got.State != want {
			t.Errorf("%v: %+v", off, got)
		}
	}
}

// Without a right to ask the page, the log of the load is what tells.
func TestWithoutThePage(t *testing.T) {
	w := deployedtest.New(t)
	w.Fail["secretsmanager GetSecretValue"] = deployedtest.Fault{Status: 400, Code: "AccessDeniedException"}
	report, _, _ := examine(t, w, nil)
	if report.StoppedAt != "" || of(report, "3. load").State != doctor.OK || of(report, "4. query").State != doctor.Skipped {
		t.Errorf("%+v", report)
	}
	if w.Called("page POST /api/v1/query") {
		t.Error("the page is asked")
	}
	// The load logs, and the page does not find the event.
	w = deployedtest.New(t)
	w.Counts = false
	report, _, err := examine(t, w, nil)
	if report.StoppedAt != "3. load" || err == nil {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestAWrongKey(t *testing.T) {
	w := deployedtest.New(t)
	report, _, _ := examine(t, w, func(o *doctor.Options) { o.APIKey = "another" })
	if got := of(report, "API"); report.StoppedAt != "1. collection API" || !strings.Contains(got.Detail, "403") || !strings.Contains(got.Remedy, "--api-key") {
		t.Errorf("%+v", got)
	}
}

func TestTextIsForPeople(t *testing.T) {
	w := deployedtest.New(t)
	w.Alarms = []string{"load-late"}
	_, text, _ := examine(t, w, func(o *doctor.Options) { o.JSON = false })
	for _, line := range []string{"ok  credentials: account 123456789012 as", "warning  alarms: shop-load-late: what it means\n    docs/runbooks.md#load-late", "ok  1. collection API: accepted", "FAILED  Terraform:"} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
}

func TestItEndsWhenItIsInterrupted(t *testing.T) {
	w := deployedtest.New(t)
	w.Delivers = false
	var out, errs bytes.Buffer
	o := doctor.Standard(term.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	ctx, cancel := context.WithCancel(t.Context())
	o.Dir, o.Timeout, o.Now = w.Dir(), 15*time.Minute, w.Now
	o.Pause = func(ctx context.Context, d time.Duration) error {
		cancel()
		return errors.Join(w.Pause(ctx, d), ctx.Err())
	}
	if err := doctor.Run(ctx, o); failure.Code(err) != 1 || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("%v", err)
	}
	if err := doctor.Run(t.Context(), doctor.Options{HTTP: http.DefaultClient}); failure.Code(err) != 2 {
		t.Errorf("no timeout: %v", err)
	}
}
