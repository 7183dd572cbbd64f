package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

func TestPipeline(t *testing.T) {
	f := newFixture(t)
	empty := `{"last_load":null,"lag_seconds":null,"rows_loaded":0,"files_loaded":0,"files_quarantined":0,"quarantined":[],"files_waiting":0}`
	if got := strings.TrimSpace(readAll(t, f.do(call{path: "/api/v1/pipeline"}))); got != empty {
		t.Errorf("before the first load: %s", got)
	}

	f = newFixture(t, func(c *Config) {
		c.FilesWaiting = func(context.Context) (int, error) { return 7, nil }
	})
	at, lag := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 41.5
	f.service.state = query.PipelineState{
		LastLoad: &at, LagSeconds: &lag, RowsLoaded: 78831, FilesLoaded: 160, FilesQuarantined: 1,
		Quarantined: []query.QuarantinedFile{{Object: "events/x", Reason: "line 3", At: at}},
	}
	want := `{"last_load":"2026-01-01T00:00:00Z","lag_seconds":41.5,"rows_loaded":78831,"files_loaded":160,"files_quarantined":1,"quarantined":[{"object":"events/x","reason":"line 3","at":"2026-01-01T00:00:00Z"}],"files_waiting":7}`
	if got := strings.TrimSpace(readAll(t, f.do(call{path: "/api/v1/pipeline"}))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := readAll(t, f.do(call{path: "/metrics"})); !strings.Contains(got, "loaf_last_load_timestamp_seconds 1.7672256e+09") {
		t.Error("the metrics did not learn of the load")
	}

	f = newFixture(t, func(c *Config) {
		c.FilesWaiting = func(context.Context) (int, error) {
			return 0, fmt.Errorf("queue: %w", warehouse.ErrUnavailable)
		}
	})
	wantError(t, f.do(call{path: "/api/v1/pipeline"}), http.StatusServiceUnavailable, "unavailable", "")
}

// Who is signed in or has a token asks; health checks and strangers do not.
func TestWhoAsksIsTold(t *testing.T) {
	asked := 0
	f := newFixture(t, func(c *Config) { c.Asked = func() { asked++ } })
	for _, c := range []call{
		{path: "/healthz", anonymous: true}, {path: "/readyz", anonymous: true}, {path: "/metrics", anonymous: true},
		{path: "/api/v1/pipeline", anonymous: true}, {path: "/api/v1/nothing", anonymous: true},
	} {
		if f.do(c); asked != 0 {
			t.Fatalf("%s asks", c.path)
		}
	}
	for i, path := range []string{"/api/v1/pipeline", "/api/v1/events"} {
		if f.do(call{path: path}); asked != i+1 {
			t.Errorf("%s: told %d times", path, asked)
		}
	}
}

func TestHealthzNeverTouchesTheWarehouse(t *testing.T) {
	f := newFixture(t)
	f.service.readyErr = errors.New("away")
	r := f.do(call{path: "/healthz", anonymous: true})
	if body := strings.TrimSpace(readAll(t, r)); r.StatusCode != http.StatusOK || body != `{"status":"ok"}` {
		t.Errorf("status %d, body %s", r.StatusCode, body)
	}
	if f.service.checks != 0 {
		t.Errorf("%d checks of the warehouse", f.service.checks)
	}
}

func TestReadyz(t *testing.T) {
	f := newFixture(t)
	ready := func() int { return f.do(call{path: "/readyz", anonymous: true}).StatusCode }
	wantChecks := func(n int) {
		t.Helper()
		if f.service.checks != n {
			t.Errorf("%d checks of the warehouse, want %d", f.service.checks, n)
		}
	}
	f.service.readyErr = errors.New("refused")
	wantError(t, f.do(call{path: "/readyz", anonymous: true}), http.StatusServiceUnavailable, "unavailable", "")
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("again: %d", got)
	}
	wantChecks(1) // the second answer was the first's
	f.service.readyErr = nil
	f.clock.pass(checkKept)
	if got := ready(); got != http.StatusOK {
		t.Errorf("after it is back: %d", got)
	}
	wantChecks(2)
	f.clock.pass(24 * time.Hour)
	if got := ready(); got != http.StatusOK {
		t.Errorf("a day later: %d", got)
	}
	wantChecks(2) // the last use was good: the warehouse may sleep

	f.service.err = fmt.Errorf("x: %w", warehouse.ErrUnavailable)
	f.do(call{path: "/api/v1/events"})
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("after a use that failed: %d", got)
	}
	f.service.err = query.ErrBusy // says nothing of the warehouse
	f.do(call{path: "/api/v1/events"})
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("after a use that told nothing: %d", got)
	}
	f.service.err = nil
	f.do(call{path: "/api/v1/events"})
	if got := ready(); got != http.StatusOK {
		t.Errorf("after a use that went well: %d", got)
	}
	wantChecks(2)
}

func TestMetrics(t *testing.T) {
	f := newFixture(t)
	f.do(call{path: "/api/v1/events"})
	f.do(call{path: "/api/v1/events", anonymous: true})
	f.do(call{path: "/api/v1/secret-name"})
	f.do(call{method: "BREW", path: "/made-up-name", anonymous: true})
	f.server.ObserveLoad(time.Unix(1000, 0))
	f.server.ObserveLoad(time.Unix(900, 0))
	text := readAll(t, f.do(call{path: "/metrics", anonymous: true}))
	for _, want := range []string{
		`loaf_http_requests_total{method="GET",route="/api/v1/events",status="200"} 1`,
		`loaf_http_requests_total{method="GET",route="/api/v1/events",status="401"} 1`,
		`loaf_http_requests_total{method="GET",route="unknown",status="404"} 1`,
		`loaf_http_requests_total{method="other",route="page",status="404"} 1`,
		`loaf_http_request_duration_seconds_count{method="GET",route="/api/v1/events"} 2`,
		"loaf_queries_in_flight 0",
		"loaf_last_load_timestamp_seconds 1000",
		"go_goroutines ",
	} {
		if !strings.Contains(text, want+"\n") && !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(text, "name") && (strings.Contains(text, "secret-name") || strings.Contains(text, "made-up-name")) {
		t.Error("the metrics show paths that callers made up")
	}
}

func TestHeaders(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Page = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			if _, err := fmt.Fprint(w, "page of ", r.URL.Path); err != nil {
				t.Error(err)
			}
		})
	})
	for _, c := range []call{{path: "/"}, {path: "/trends", anonymous: true}, {path: "/api/v1/events"}, {path: "/api/v1/events", anonymous: true}, {path: "/api/v1/x"}, {path: "/healthz"}} {
		r := f.do(c)
		h := r.Header
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "img-src 'self' data: blob:", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "object-src 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %s", c.path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: headers %v", c.path, h)
		}
		cache := "no-store"
		if !isServers(c.path) {
			cache = "no-cache"
			if body := readAll(t, r); body != "page of "+c.path {
				t.Errorf("%s answers %q", c.path, body)
			}
		}
		if h.Get("Cache-Control") != cache {
			t.Errorf("%s: Cache-Control %q, want %q", c.path, h.Get("Cache-Control"), cache)
		}
	}
	r := f.do(call{method: http.MethodPost, path: "/trends", anonymous: true})
	if r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow %q", r.Header.Get("Allow"))
	}
	wantError(t, r, http.StatusMethodNotAllowed, "method_not_allowed", "")
	wantError(t, f.do(call{path: "/api/x", anonymous: true}), http.StatusNotFound, "not_found", "")
}

func TestRequestIDs(t *testing.T) {
	f := newFixture(t)
	if got := f.do(call{path: "/healthz", header: map[string]string{"X-Request-Id": "proxy-1.a"}}).Header.Get("X-Request-Id"); got != "proxy-1.a" {
		t.Errorf("a proxy's id became %q", got)
	}
	if !strings.Contains(f.log.String(), "request_id=proxy-1.a") {
		t.Errorf("the log lacks it: %s", f.log)
	}
	for _, bad := range []string{"a b", strings.Repeat("x", 65), `x"y`} {
		if got := f.do(call{path: "/healthz", header: map[string]string{"X-Request-Id": bad}}).Header.Get("X-Request-Id"); got == bad || len(got) != 24 {
			t.Errorf("id %q became %q", bad, got)
		}
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	f := newFixture(t)
	f.do(call{path: "/api/v1/property-values?scope=user&property=plan&search=private", header: map[string]string{"Authorization": "Bearer " + token, "User-Agent": "agent"}})
	f.do(call{path: "/api/v1/session"})
	f.do(call{method: http.MethodPost, path: "/api/v1/login", body: `{"password":"` + password + `"}`})
	log := f.log.String()
	for _, secret := range []string{token, f.cookie.Value, password, "private"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log shows %q: %s", secret, log)
		}
	}
	for _, want := range []string{"route=/api/v1/property-values", "status=200", "client=192.0.2.1", "user=admin", "duration="} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
}

// TestLogLinesCannotBeForged sends line ends wherever a client has a say. Each call
// has one line, and none begins with what the client wrote.
func TestLogLinesCannotBeForged(t *testing.T) {
	f := newFixture(t)
	const forged = "\ntime=2026-01-02T03:04:05Z level=ERROR msg=forged"
	escaped := url.PathEscape(forged)
	f.service.err = errors.New("the engine quotes" + forged)
	calls := []call{
		{path: "/api/v1/none" + escaped},
		{path: "/api/v1/users/" + escaped},
		{path: "/api/v1/property-values?scope=user&property=" + url.QueryEscape(forged)},
		{method: http.MethodPost, path: "/api/v1/query", body: `{"range":{"last":"7d"},"interval":"day","series":[{"event":` + strconv.Quote(forged) + `,"aggregation":{"type":"total"}}]}`},
		{method: http.MethodPost, path: "/api/v1/login", body: `{"email":` + strconv.Quote("a@b"+forged) + `,"password":"wrong wrong"}`, anonymous: true},
		{path: "/healthz", header: map[string]string{"X-Forwarded-For": "1.2.3.4" + forged, "X-Request-Id": forged, "User-Agent": forged}},
	}
	for _, c := range calls {
		f.do(c)
	}
	for line := range strings.Lines(f.log.String()) {
		if !strings.HasPrefix(line, "time=20") || strings.HasPrefix(line, forged[1:]) {
			t.Errorf("a forged line: %s", line)
		}
	}
	if !strings.Contains(f.log.String(), "forged") {
		t.Errorf("nothing of it was logged at all, so that nothing is shown: %s", f.log)
	}
}

// TestServerIsMounted serves the API beside another handler on one address.
func TestServerIsMounted(t *testing.T) {
	f := newFixture(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	mux.Handle("/", f.server)
	for path, want := range map[string]int{"/v1/events": http.StatusAccepted, "/api/v1/events": http.StatusOK, "/healthz": http.StatusOK} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, f.request(call{path: path}))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
