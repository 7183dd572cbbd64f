package status_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/cli/internal/deployed/deployedtest"
	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/status"
	"github.com/dataloaf/dataloaf/cli/internal/term"
	"github.com/dataloaf/dataloaf/cli/internal/version"
)

// ask asks for the status of the world's stack.
func ask(t *testing.T, w *deployedtest.World, change func(*status.Options)) (status.Report, string, error) {
	t.Helper()
	var out bytes.Buffer
	o := status.Options{Streams: term.Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard}, JSON: true, Timeout: time.Minute, Now: w.Now}
	o.Dir = w.Dir()
	if change != nil {
		change(&o)
	}
	err := status.Run(t.Context(), o)
	var report status.Report
	if o.JSON && out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatalf("%v in\n%s", err, &out)
		}
	}
	for _, secret := range []string{deployedtest.Key, deployedtest.Password, "planted-secret"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is shown in\n%s", secret, &out)
		}
	}
	return report, out.String(), err
}

func TestDataFlows(t *testing.T) {
	w := deployedtest.New(t)
	report, _, err := ask(t, w, nil)
	if err != nil || !report.Flowing || len(report.Problems) != 0 || len(report.Notes) != 0 {
		t.Fatalf("%v: %+v", err, report)
	}
	if report.Target != "shop" || report.Region != deployedtest.Region || len(report.Queues) != 2 || len(report.Functions) != 3 || len(report.Alarms) != 0 || report.Calls.Total != 120 || report.RowsLoaded != nil {
		t.Errorf("%+v", report)
	}
	for _, call := range w.Calls() {
		if strings.HasPrefix(call, "page") {
			t.Errorf("the warehouse is woken: %s", call)
		}
	}
	// With a token the warehouse is asked.
	_, text, err := ask(t, w, func(o *status.Options) { o.Token, o.JSON = "t", false })
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Data is flowing: shop in eu-central-1", "Rows loaded       78831", "Lag               41.5s from arrival", "Queue shop-load   0 waiting, 0 in work, 0 dead letters", "Alarms ringing    none"} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
}

func TestWhatKeepsDataFromFlowing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*deployedtest.World)
		words  string
		remedy string
		// flows is whether data flows all the same, and this is a note.
		flows bool
	}{
		"an alarm":           {func(w *deployedtest.World) { w.Alarms = []string{"api-unavailable"} }, "shop-api-unavailable", "runbooks.md#api-unavailable", false},
		"an alarm of a file": {func(w *deployedtest.World) { w.Alarms = []string{"quarantined"} }, "set aside", "replay", true},
		"dead letters":       {func(w *deployedtest.World) { w.Waiting["shop-load-dlq"] = 1 }, "1 message was tried too often and lies in shop-load-dlq", "#load-dead-letters", false},
		"a late load": {func(w *deployedtest.World) {
			w.Waiting["shop-load"], w.Metrics["ApproximateAgeOfOldestMessage"] = 5, []float64{1200}
		}, "20m0s", "#load-late", false},
		"a load that waits": {func(w *deployedtest.World) {
			w.Waiting["shop-load"], w.Metrics["ApproximateAgeOfOldestMessage"] = 5, []float64{120}
		}, "", "", true},
		"a late delivery":   {func(w *deployedtest.World) { w.Metrics["DeliveryToS3.DataFreshness"] = []float64{1000} }, "Firehose holds", "delivery-late", false},
		"no runs":           {func(w *deployedtest.World) { w.Metrics["Invocations"] = nil }, "has not run", "#load-not-running", false},
		"failing runs":      {func(w *deployedtest.World) { w.Metrics["Errors"] = []float64{1} }, "every load", "#load-errors", false},
		"a schedule":        {func(w *deployedtest.World) { w.Schedules["shop-load"] = "DISABLED" }, "switched off", "enable-rule", false},
		"a function":        {func(w *deployedtest.World) { w.Functions["shop-collect"] = "Failed" }, "shop-collect is Failed", "apply", false},
		"a stream":          {func(w *deployedtest.World) { w.Streams["shop-users"] = "SUSPENDED" }, "shop-users is SUSPENDED", "apply", false},
		"objects set aside": {func(w *deployedtest.World) { w.Metrics["QuarantinedObjects"] = []float64{2} }, "2 objects were set aside", "replay", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := deployedtest.New(t)
			c.spoil(w)
			report, _, err := ask(t, w, nil)
			if report.Flowing != c.flows || (err == nil) != c.flows || failure.Code(err) == 2 {
				t.Errorf("flowing %v, %v", report.Flowing, err)
			}
			found := c.words == ""
			for _, p := range append(report.Problems, report.Notes...) {
				found = found || strings.Contains(p.What, c.words) && strings.Contains(p.Remedy, c.remedy)
			}
			if !found {
				t.Errorf("%q is not in %+v, %+v", c.words, report.Problems, report.Notes)
			}
		})
	}
}

func TestQuarantinedFilesAreNamed(t *testing.T) {
	w := deployedtest.New(t)
	w.SetsAside = true
	report, _, err := ask(t, w, func(o *status.Options) { o.Password = "p" })
	if err != nil || report.FilesQuarantined == nil || *report.FilesQuarantined != 1 || report.Quarantined[0].Reason != "line 1: it is broken" || len(report.Notes) != 1 {
		t.Errorf("%v: %+v", err, report)
	}
	if !w.Called("page POST /api/v1/login") {
		t.Error("nobody signs in")
	}
}

func TestAnotherVersion(t *testing.T) {
	w := deployedtest.New(t)
	was := version.Number
	version.Number = "9.8.7"
	defer func() { version.Number = was }()
	report, _, err := ask(t, w, nil)
	if err != nil || report.Versions != (status.Versions{Loafctl: "9.8.7", Deployed: "development"}) || len(report.Notes) != 1 || !strings.Contains(report.Notes[0].Remedy, "plan") {
		t.Errorf("%v, %+v, %+v", err, report.Versions, report.Notes)
	}
}

func TestAWSSaysNo(t *testing.T) {
	for name, c := range map[string]struct {
		call  string
		fault deployedtest.Fault
		words string
	}{
		"expired token":  {"*", deployedtest.Fault{Status: 403, Code: "ExpiredToken"}, "expired"},
		"denied":         {"monitoring GetMetricData", deployedtest.Fault{Status: 403, Code: "AccessDenied"}, "permission"},
		"throttled":      {"logs FilterLogEvents", deployedtest.Fault{Status: 400, Code: "ThrottlingException"}, "fewer calls"},
		"another region": {"sts GetCallerIdentity", deployedtest.Fault{Status: 403, Code: "OptInRequired"}, "region"},
	} {
		t.Run(name, func(t *testing.T) {
			w := deployedtest.New(t)
			w.Fail[c.call] = c.fault
			_, out, err := ask(t, w, nil)
			var text bytes.Buffer
			failure.Print(&text, err)
			if failure.Code(err) != 1 || !strings.Contains(text.String(), c.words) || out != "" {
				t.Errorf("%s%s", &text, out)
			}
		})
	}
	t.Run("no network", func(t *testing.T) {
		w := deployedtest.New(t)
		t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
		_, _, err := ask(t, w, nil)
		var text bytes.Buffer
		failure.Print(&text, err)
		if !strings.Contains(text.String(), "network") {
			t.Errorf("%s", &text)
		}
	})
}

// A stack of the modules alone, known by its outputs.
func TestOutputsOfTerraform(t *testing.T) {
	w := deployedtest.New(t)
	text, err := json.Marshal(w.Outputs(map[string]string{"default": deployedtest.Key}))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "outputs.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*status.Options){
		"a file":         func(o *status.Options) { o.Outputs = file },
		"standard input": func(o *status.Options) { o.Outputs, o.Stdin = "-", bytes.NewReader(text) },
	} {
		report, _, err := ask(t, w, func(o *status.Options) { o.Dir = ""; change(o) })
		if err != nil || report.Target != "shop" || !report.Flowing {
			t.Errorf("%s: %v, %+v", name, err, report)
		}
	}
	if _, _, err := ask(t, w, func(o *status.Options) { o.Outputs, o.Stdin = "-", strings.NewReader("{") }); failure.Code(err) != 1 {
		t.Errorf("%v", err)
	}
}

func TestADev(t *testing.T) {
	w := deployedtest.New(t)
	answers := map[string]string{}
	dev := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t" {
			out.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(out, `{"error":{"code":"unauthorized","message":"sign in"}}`)
			return
		}
		_, _ = io.WriteString(out, answers[r.URL.Path])
	}))
	defer dev.Close()
	at := func(o *status.Options) { o.Dir, o.Endpoint, o.Token, o.DataDir = "", dev.URL, "t", t.TempDir() }
	long := w.Now().Add(-time.Hour).Format(time.RFC3339)
	for pipeline, flows := range map[string]bool{
		`{"last_load":null,"files_waiting":0}`:           true,
		`{"last_load":"` + long + `","files_waiting":0}`: true,
		`{"last_load":"` + long + `","files_waiting":3}`: false,
		`{"last_load":null,"files_waiting":3}`:           false,
		`{"files_waiting":0,"files_quarantined":1}`:      true,
	} {
		answers["/api/v1/pipeline"] = pipeline
		report, _, err := ask(t, w, at)
		if report.Flowing != flows || (err == nil) != flows {
			t.Errorf("%s: %v, %v", pipeline, report.Flowing, err)
		}
	}
	_, _, err := ask(t, w, func(o *status.Options) { at(o); o.Token = "wrong" })
	var text bytes.Buffer
	failure.Print(&text, err)
	if failure.Code(err) != 1 || !strings.Contains(text.String(), "--token") {
		t.Errorf("%s", &text)
	}
	if _, _, err := ask(t, w, func(o *status.Options) { at(o); o.Token = "" }); failure.Code(err) != 2 {
		t.Errorf("no token: %v", err)
	}
	if _, _, err := ask(t, w, func(o *status.Options) { o.Timeout = 0 }); failure.Code(err) != 2 {
		t.Errorf("no timeout: %v", err)
	}
}
