package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse/duckdb"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

// someID is of one insight, one dashboard and one annotation.
const someID = "6f4a0a8c-52f5-4d8f-8f8a-0f8a2f6f3f11"

// fakeDocuments has that one document of each kind, and keeps nothing.
type fakeDocuments struct{}

func (fakeDocuments) List(context.Context, document.Kind) ([]document.Document, error) {
	return nil, nil
}

func (fakeDocuments) Get(_ context.Context, kind document.Kind, id string) (document.Document, error) {
	body := map[document.Kind]string{
		"insight": saving("n"), "dashboard": `{"name":"n","description":"","cards":[]}`, "annotation": `{"at":"2024-01-01T00:00:00Z","text":"t"}`,
		"event definition": `{"name":"n"}`, "property definition": `{"scope":"event","name":"n"}`,
		"deletion": `{"user_hash":"h","state":"done","requested_at":"2024-01-01T00:00:00Z"}`,
	}[kind]
	return document.Document{Kind: kind, ID: id, Version: 1, Body: json.RawMessage(body)}, nil
}

func (f fakeDocuments) Create(ctx context.Context, kind document.Kind, _ json.RawMessage, _ string) (document.Document, error) {
	return f.Get(ctx, kind, someID)
}

func (f fakeDocuments) Update(ctx context.Context, kind document.Kind, id string, _ int64, _ json.RawMessage, _ string) (document.Document, error) {
	return f.Get(ctx, kind, id)
}

func (fakeDocuments) Delete(context.Context, document.Kind, string, int64) error { return nil }

// savingFixture is a server whose library lies in a real DuckDB.
func savingFixture(t *testing.T) *fixture {
	t.Helper()
	w, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "w.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return newFixture(t, func(c *Config) {
		c.Saved = saved.New(document.New(w.Database(), document.Options{Now: c.Now}), saved.Options{})
	})
}

// item is what the answers have in common.
type item struct {
	ID        string
	Version   int64
	Name      string
	CreatedBy string `json:"created_by"`
	Query     json.RawMessage
}

func (f *fixture) send(status int, c call) (item, http.Header) {
	f.t.Helper()
	r := f.do(c)
	body := readAll(f.t, r)
	if r.StatusCode != status {
		f.t.Fatalf("%s %s: status %d, want %d; body %s", c.method, c.path, r.StatusCode, status, body)
	}
	var i item
	if body != "" {
		if err := json.Unmarshal([]byte(body), &i); err != nil {
			f.t.Fatalf("%s: %v", body, err)
		}
	}
	return i, r.Header
}

func saving(name string) string { return `{"name":"` + name + `","query":` + goodQuery + `}` }

func TestSavedInsights(t *testing.T) {
	f := savingFixture(t)
	made, header := f.send(http.StatusCreated, call{method: http.MethodPost, path: "/api/v1/insights", body: saving("Orders")})
	path := "/api/v1/insights/" + made.ID
	if header.Get("Location") != path || header.Get("ETag") != `"1"` || made.Version != 1 || made.Name != "Orders" || made.CreatedBy != "admin" {
		t.Errorf("made %+v, %v", made, header)
	}
	read, header := f.send(http.StatusOK, call{path: path})
	if header.Get("ETag") != `"1"` || string(read.Query) != goodQuery {
		t.Errorf("read %+v, %v", read, header)
	}
	f.clock.pass(1)
	if _, header = f.send(http.StatusOK, call{method: http.MethodPut, path: path, body: saving("More orders"), header: map[string]string{"If-Match": `W/"1"`}}); header.Get("ETag") != `"2"` {
		t.Errorf("saved anew: %v", header)
	}
	for name, c := range map[string]call{
		"If-Match":     {method: http.MethodPut, path: path, body: saving("x"), header: map[string]string{"If-Match": `"1"`}},
		"the body":     {method: http.MethodPut, path: path, body: `{"version":1,` + saving("x")[1:]},
		"its deletion": {method: http.MethodDelete, path: path, header: map[string]string{"If-Match": `"7"`}},
	} {
		t.Run("stale in "+name, func(t *testing.T) { wantError(t, f.do(c), http.StatusConflict, "conflict", "") })
	}
	// Without a version, or with any, the last one wins.
	f.send(http.StatusOK, call{method: http.MethodPut, path: path, body: saving("Orders"), header: map[string]string{"If-Match": "*"}})
	f.send(http.StatusOK, call{method: http.MethodPut, path: path, body: saving("Orders")})

	duplicate, header := f.send(http.StatusCreated, call{method: http.MethodPost, path: path + "/duplicate"})
	if duplicate.Name != "Copy of Orders" || header.Get("Location") != "/api/v1/insights/"+duplicate.ID {
		t.Errorf("the copy: %+v, %v", duplicate, header)
	}
	for search, want := range map[string]int{"": 2, "?search=COPY": 1, "?search=nothing": 0} {
		r := f.do(call{path: "/api/v1/insights" + search})
		var all struct{ Insights []item }
		if err := json.Unmarshal([]byte(readAll(t, r)), &all); err != nil || len(all.Insights) != want || all.Insights == nil {
			t.Errorf("%q: %+v, %v", search, all, err)
		}
	}

	dashboard, _ := f.send(http.StatusCreated, call{method: http.MethodPost, path: "/api/v1/dashboards", body: `{"name":"All \"of\" it","cards":[{"kind":"insight","insight_id":"` + made.ID + `","layout":{"x":0,"y":0,"w":6,"h":4}},{"kind":"text","text":"Hello","layout":{"x":0,"y":4,"w":6,"h":1}}]}`})
	r := f.do(call{method: http.MethodDelete, path: path})
	if body := readAll(t, r); r.StatusCode != http.StatusConflict || !strings.Contains(body, `"code":"in_use"`) || !strings.Contains(body, `the dashboard \"All \\\"of\\\" it\"`) {
		t.Errorf("%d, %s", r.StatusCode, body)
	}
	wantError(t, f.do(call{method: http.MethodDelete, path: path + "?force=maybe"}), http.StatusBadRequest, "unknown_value", "force")
	f.send(http.StatusNoContent, call{method: http.MethodDelete, path: path + "?force=true"})
	wantError(t, f.do(call{path: path}), http.StatusNotFound, "not_found", "")
	if body := readAll(t, f.do(call{path: "/api/v1/dashboards/" + dashboard.ID})); strings.Contains(body, made.ID) || !strings.Contains(body, "Hello") {
		t.Errorf("the dashboard: %s", body)
	}

	for _, test := range []struct {
		name        string
		c           call
		status      int
		code, field string
	}{
		{"nothing", call{method: http.MethodPost, path: "/api/v1/insights", body: "{}"}, 400, "required", "name"},
		{"a wrong query", call{method: http.MethodPost, path: "/api/v1/insights", body: `{"name":"x","query":{"range":{"last":"7d"},"interval":"moon"}}`}, 400, "unknown_value", "query.interval"},
		{"what is not a version", call{method: http.MethodPut, path: path, body: saving("x"), header: map[string]string{"If-Match": `"1", "2"`}}, 400, "invalid_value", "If-Match"},
		{"two versions", call{method: http.MethodPut, path: path, body: `{"version":1,` + saving("x")[1:], header: map[string]string{"If-Match": `"2"`}}, 400, "invalid_value", "version"},
		{"a long search", call{path: "/api/v1/insights?search=" + strings.Repeat("x", 201)}, 400, "invalid_value", "search"},
		{"a body that is too large", call{method: http.MethodPost, path: "/api/v1/insights", body: saving(strings.Repeat("x", maxQueryBytes))}, 413, "body_too_large", ""},
		{"too much to save", call{method: http.MethodPost, path: "/api/v1/insights", body: `{"name":"x","query":` + strings.Replace(goodQuery, `"event":"e"`, `"event":"`+strings.Repeat("e", document.MaxBytes)+`"`, 1) + `}`}, 413, "body_too_large", ""},
		{"no id", call{path: "/api/v1/insights/%00"}, 404, "not_found", ""},
		{"a patch", call{method: http.MethodPatch, path: path, body: "{}"}, 405, "method_not_allowed", ""},
		{"nobody", call{path: "/api/v1/insights", anonymous: true}, 401, "unauthorized", ""},
		{"another site", call{method: http.MethodDelete, path: path, header: map[string]string{"Origin": "https://elsewhere.test"}}, 403, "origin_refused", ""},
	} {
		t.Run(test.name, func(t *testing.T) { wantError(t, f.do(test.c), test.status, test.code, test.field) })
	}
}

func TestRunInsight(t *testing.T) {
	f := savingFixture(t)
	var asked insight.Query
	f.service.run = func(_ context.Context, q insight.Query) (insight.Answer, error) {
		asked = q
		return twoBuckets("e"), nil
	}
	made, _ := f.send(http.StatusCreated, call{method: http.MethodPost, path: "/api/v1/insights", body: saving("Orders")})
	path := "/api/v1/insights/" + made.ID + "/run"
	own, err := insight.Parse([]byte(goodQuery))
	if err != nil {
		t.Fatal(err)
	}
	f.send(http.StatusOK, call{method: http.MethodPost, path: path})
	if asked.Range != own.Range || asked.Zone.String() != own.Zone.String() {
		t.Errorf("without a body: %+v", asked)
	}
	r := f.do(call{method: http.MethodPost, path: path, body: `{"range":{"last":"3w"},"timezone":"Asia/Kolkata"}`, header: map[string]string{"Accept": "text/csv"}})
	if text := readAll(t, r); !strings.HasPrefix(text, "bucket,") {
		t.Errorf("as CSV: %s", text)
	}
	if asked.Range.String() != "last 3w" || asked.Zone.String() != "Asia/Kolkata" || asked.Series[0].Event != "e" {
		t.Errorf("with another range: %+v", asked)
	}
	wantError(t, f.do(call{method: http.MethodPost, path: path, body: `{"range":{"last":"3"}}`}), http.StatusBadRequest, "invalid_range", "range.last")
	wantError(t, f.do(call{method: http.MethodPost, path: "/api/v1/insights/none/run"}), http.StatusNotFound, "not_found", "")
}

func TestDashboardsAndAnnotations(t *testing.T) {
	f := savingFixture(t)
	made, _ := f.send(http.StatusCreated, call{method: http.MethodPost, path: "/api/v1/dashboards", body: `{"name":"Main","range":{"last":"7d"}}`})
	path := "/api/v1/dashboards/" + made.ID
	f.send(http.StatusOK, call{method: http.MethodPut, path: path, body: `{"name":"Main","version":1}`})
	wantError(t, f.do(call{method: http.MethodPut, path: path, body: `{"name":"Main","version":1}`}), http.StatusConflict, "conflict", "")
	duplicate, header := f.send(http.StatusCreated, call{method: http.MethodPost, path: path + "/duplicate"})
	if duplicate.Name != "Copy of Main" || header.Get("Location") != "/api/v1/dashboards/"+duplicate.ID {
		t.Errorf("the copy: %+v, %v", duplicate, header)
	}
	f.send(http.StatusNoContent, call{method: http.MethodDelete, path: path, header: map[string]string{"If-Match": `"2"`}})
	if body := readAll(t, f.do(call{path: "/api/v1/dashboards"})); !strings.Contains(body, duplicate.ID) || strings.Contains(body, made.ID) {
		t.Errorf("the list: %s", body)
	}

	note, _ := f.send(http.StatusCreated, call{method: http.MethodPost, path: "/api/v1/annotations", body: `{"at":"2024-01-02T00:00:00+02:00","text":"Release"}`})
	for search, there := range map[string]bool{
		"": true, "?from=2024-01-01T22:00:00Z": true, "?to=2024-01-01T22:00:00Z": false,
		"?from=2024-01-02T00:00:00%2B02:00&to=2024-01-03T00:00:00Z": true,
	} {
		if body := readAll(t, f.do(call{path: "/api/v1/annotations" + search})); strings.Contains(body, note.ID) != there || !strings.HasPrefix(body, `{"annotations":[`) {
			t.Errorf("%q: %s", search, body)
		}
	}
	wantError(t, f.do(call{method: http.MethodPost, path: "/api/v1/annotations", body: `{"at":"2024-01-01","text":"t"}`}), http.StatusBadRequest, "invalid_value", "at")
	wantError(t, f.do(call{path: "/api/v1/annotations?from=today"}), http.StatusBadRequest, "invalid_value", "from")
	notePath := "/api/v1/annotations/" + note.ID
	f.send(http.StatusOK, call{path: notePath})
	f.send(http.StatusOK, call{method: http.MethodPut, path: notePath, body: `{"at":"2024-01-02T00:00:00Z","text":"Release 2","version":1}`})
	f.send(http.StatusNoContent, call{method: http.MethodDelete, path: notePath})
	wantError(t, f.do(call{path: notePath}), http.StatusNotFound, "not_found", "")
}

// The specification and the server must agree on what may be saved.
func TestSpecificationOfWhatIsSaved(t *testing.T) {
	v, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	f := savingFixture(t)
	known, _ := f.send(http.StatusCreated, call{method: http.MethodPost, path: "/api/v1/insights", body: saving("known")})
	cards := func(c string) string { return `{"name":"n","cards":[` + c + `]}` }
	const layout = `"layout":{"x":0,"y":0,"w":12,"h":1}`
	for _, test := range []struct {
		path, body string
		good       bool
	}{
		{"insights", saving("n"), true},
		{"insights", `{"description":"d","display":{"a":{"b":1}},` + saving("n")[1:], true},
		{"insights", saving(""), false},
		{"insights", saving(strings.Repeat("x", 201)), false},
		{"insights", `{"name":"n"}`, false},
		{"insights", `{"name":"n","query":{}}`, false},
		{"insights", `{"version":1,` + saving("n")[1:], false},
		{"insights", `{"display":[],` + saving("n")[1:], false},
		{"insights", `{"extra":1,` + saving("n")[1:], false},
		{"dashboards", `{"name":"n"}`, true},
		{"dashboards", `{"name":"n","description":"d","range":{"last":"7d"},"timezone":"UTC","cards":[]}`, true},
		{"dashboards", `{"name":"n","range":{}}`, false},
		{"dashboards", cards(`{"kind":"text","text":"t",` + layout + `}`), true},
		{"dashboards", cards(`{"id":"a","kind":"insight","insight_id":"` + known.ID + `",` + layout + `}`), true},
		{"dashboards", cards(`{"kind":"insight","text":"t",` + layout + `}`), false},
		{"dashboards", cards(`{"kind":"text","text":"",` + layout + `}`), false},
		{"dashboards", cards(`{"kind":"text","text":"t"}`), false},
		{"dashboards", cards(`{"kind":"text","text":"t","layout":{"x":0,"y":0,"w":13,"h":1}}`), false},
		{"dashboards", cards(`{"kind":"text","text":"t","layout":{"x":0,"y":-1,"w":1,"h":1}}`), false},
		{"annotations", `{"at":"2024-01-01T00:00:00Z","text":"t"}`, true},
		{"annotations", `{"at":5,"text":"t"}`, false},
		{"annotations", `{"at":"2024-01-01T00:00:00Z","text":""}`, false},
		{"annotations", `{"text":"t"}`, false},
	} {
		path := "/api/v1/" + test.path
		r := f.do(call{method: http.MethodPost, path: path, body: test.body})
		if body := readAll(t, r); (r.StatusCode == http.StatusCreated) != test.good {
			t.Errorf("the server answers %d to %s: %s", r.StatusCode, test.body, body)
		}
		request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(test.body))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer x")
		if ok, _ := v.GetRequestBodyValidator().ValidateRequestBody(request); ok != test.good {
			t.Errorf("the specification says %v of %s", ok, test.body)
		}
	}
}
