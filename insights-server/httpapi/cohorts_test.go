package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/document"
	"github.com/dataloaf/dataloaf/insights-server/insight"
)

// fakeCohorts are documents in memory. The first look finds the cohort c1.
type fakeCohorts struct {
	now   func() time.Time
	err   error
	saved []document.Document
}

func (f *fakeCohorts) all() []document.Document {
	if f.saved == nil {
		f.saved = []document.Document{{
			Kind: "cohort", ID: "c1", Version: 1, CreatedAt: f.now(), UpdatedAt: f.now(), CreatedBy: "ann", UpdatedBy: "ann",
			Body: json.RawMessage(`{"name":"one","description":"","definition":` + goodDefinition + `}`),
		}}
	}
	return f.saved
}

func (f *fakeCohorts) List(_ context.Context, kind document.Kind) ([]document.Document, error) {
	var found []document.Document
	for _, d := range f.all() {
		if d.Kind == kind {
			found = append(found, d)
		}
	}
	return found, f.err
}

func (f *fakeCohorts) at(kind document.Kind, id string) int {
	for i, d := range f.all() {
		if d.Kind == kind && d.ID == id {
			return i
		}
	}
	return -1
}

func (f *fakeCohorts) Get(_ context.Context, kind document.Kind, id string) (document.Document, error) {
	i := f.at(kind, id)
	if f.err != nil || i < 0 {
		return document.Document{}, errors.Join(f.err, document.ErrNotFound)
	}
	return f.saved[i], nil
}

func (f *fakeCohorts) Create(_ context.Context, kind document.Kind, body json.RawMessage, by string) (document.Document, error) {
	if len(body) > document.MaxBytes {
		return document.Document{}, document.ErrTooLarge
	}
	d := document.Document{Kind: kind, ID: fmt.Sprint("c", len(f.all())+1), Version: 1, Body: body, CreatedAt: f.now(), UpdatedAt: f.now(), CreatedBy: by, UpdatedBy: by}
	f.saved = append(f.saved, d)
	return d, f.err
}

func (f *fakeCohorts) Update(_ context.Context, kind document.Kind, id string, version int64, body json.RawMessage, by string) (document.Document, error) {
	i := f.at(kind, id)
	switch {
	case i < 0:
		return document.Document{}, document.ErrNotFound
	case f.saved[i].Version != version:
		return document.Document{}, document.ErrStale
	}
	d := &f.saved[i]
	d.Version, d.Body, d.UpdatedAt, d.UpdatedBy = version+1, body, f.now(), by
	return *d, f.err
}

func (f *fakeCohorts) Delete(_ context.Context, kind document.Kind, id string, version int64) error {
	i := f.at(kind, id)
	switch {
	case i < 0:
		return document.ErrNotFound
	case version != 0 && f.saved[i].Version != version:
		return document.ErrStale
	}
	f.saved = append(f.saved[:i:i], f.saved[i+1:]...)
	return f.err
}

const (
	goodDefinition = `{"match":"any","timezone":"Asia/Kolkata","conditions":[{"type":"attribute","property":"plan","operator":"in","value":["pro",1]},{"type":"event","event":"buy","done":false,"at_least":2,"range":{"last":"30d"},"filters":{"conditions":[{"scope":"event","property":"p","operator":"is_set"}]}}]}`
	goodCohort     = `{"name":"Regulars","description":"who come again","definition":` + goodDefinition + `}`
)

func (f *fakeService) CohortCount(context.Context, insight.Cohort) (int64, error) { return 3, f.err }

func (f *fakeService) CohortUsers(_ context.Context, _ insight.Cohort, after string, limit int) ([]string, bool, error) {
	all := []string{"a", "b", "c"}
	for len(all) > 0 && all[0] <= after {
		all = all[1:]
	}
	if len(all) > limit {
		return all[:limit], true, f.err
	}
	return all, false, f.err
}

func TestCohortsAreSaved(t *testing.T) {
	f := newFixture(t)
	r := f.do(call{method: http.MethodPost, path: "/api/v1/cohorts", body: goodCohort})
	if r.StatusCode != http.StatusCreated || r.Header.Get("Location") != "/api/v1/cohorts/c2" || r.Header.Get("ETag") != `"1"` {
		t.Fatalf("%d, at %q with %q", r.StatusCode, r.Header.Get("Location"), r.Header.Get("ETag"))
	}
	want := `{"id":"c2","name":"Regulars","description":"who come again","definition":` + goodDefinition + `,"version":1,"created_at":"2026-01-02T03:04:05Z","created_by":"admin","updated_at":"2026-01-02T03:04:05Z","updated_by":"admin"}`
	if got := strings.TrimSpace(readAll(t, r)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := strings.TrimSpace(readAll(t, f.do(call{path: "/api/v1/cohorts/c2"}))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := readAll(t, f.do(call{path: "/api/v1/cohorts"})); !strings.Contains(got, want) || !strings.HasPrefix(got, `{"cohorts":[{"id":"c1"`) {
		t.Errorf("the list is %s", got)
	}
	f.clock.pass(time.Hour)
	put := call{method: http.MethodPut, path: "/api/v1/cohorts/c2", body: `{"version":1,` + goodCohort[1:]}
	if r := f.do(put); r.StatusCode != http.StatusOK || r.Header.Get("ETag") != `"2"` || !strings.Contains(readAll(t, r), `"updated_at":"2026-01-02T04:04:05Z"`) {
		t.Errorf("put: %d, %q", r.StatusCode, r.Header.Get("ETag"))
	}
	wantError(t, f.do(put), http.StatusConflict, "conflict", "")
	put.body, put.header = goodCohort, map[string]string{"If-Match": `"1"`}
	wantError(t, f.do(put), http.StatusConflict, "conflict", "")
	put.header = map[string]string{"If-Match": `"2"`}
	if r := f.do(put); r.StatusCode != http.StatusOK {
		t.Errorf("put with If-Match: %d", r.StatusCode)
	}
	put.header = map[string]string{"If-Match": `W/"3"`} // as it comes back through a proxy that compresses
	if r := f.do(put); r.StatusCode != http.StatusOK {
		t.Errorf("put with a weak If-Match: %d", r.StatusCode)
	}
	put.header = map[string]string{"If-Match": `W/"x"`}
	wantError(t, f.do(put), http.StatusBadRequest, "invalid_value", "If-Match")
	remove := call{method: http.MethodDelete, path: "/api/v1/cohorts/c2", header: map[string]string{"If-Match": `"1"`}}
	wantError(t, f.do(remove), http.StatusConflict, "conflict", "")
	remove.header = nil
	if r := f.do(remove); r.StatusCode != http.StatusNoContent {
		t.Errorf("delete: %d", r.StatusCode)
	}
	for _, c := range []call{remove, put, {path: "/api/v1/cohorts/c2"}, {path: "/api/v1/cohorts/c2/count"}, {path: "/api/v1/cohorts/c2/users"}} {
		if c.header != nil {
			c.header = nil
		}
		wantError(t, f.do(c), http.StatusNotFound, "not_found", "")
	}
}

func TestUsersOfACohort(t *testing.T) {
	f := newFixture(t)
	for path, want := range map[string]string{
		"/count":                 `{"count":3}`,
		"/users":                 `{"users":[{"user_id":"a"},{"user_id":"b"},{"user_id":"c"}],"next":null}`,
		"/users?limit=2":         `{"users":[{"user_id":"a"},{"user_id":"b"}],"next":"b"}`,
		"/users?limit=2&after=b": `{"users":[{"user_id":"c"}],"next":null}`,
		"/users?after=c":         `{"users":[],"next":null}`,
	} {
		if got := strings.TrimSpace(readAll(t, f.do(call{path: "/api/v1/cohorts/c1" + path}))); got != want {
			t.Errorf("%s answers %s, want %s", path, got, want)
		}
	}
	for _, limit := range []string{"0", "1001", "x", "-1"} {
		wantError(t, f.do(call{path: "/api/v1/cohorts/c1/users?limit=" + limit}), http.StatusBadRequest, "invalid_value", "limit")
	}
	wantError(t, f.do(call{path: "/api/v1/cohorts/c1/users?after=%00"}), http.StatusBadRequest, "invalid_utf8", "after")
	f.service.err = fmt.Errorf("x: %w", warehouse.ErrUnavailable)
	wantError(t, f.do(call{path: "/api/v1/cohorts/c1/count"}), http.StatusServiceUnavailable, "unavailable", "")
}

// TestCohortDrafts asks the specification and the parser about the same drafts.
func TestCohortDrafts(t *testing.T) {
	v, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	funnel := func(rest string) string {
		return `{"type":"funnel","steps":[{"event":"a"},{"event":"*"},{"event":"a"}],"window":"7d","range":{"last":"30d"},` + rest + `}`
	}
	condition := func(c string) string { return `{"name":"n","definition":{"conditions":[` + c + `]}}` }
	for _, test := range []struct{ body, code, field string }{
		{goodCohort, "", ""},
		{condition(`{"type":"attribute","property":"p","operator":"is_not_set"}`), "", ""},
		{condition(`{"type":"attribute","property":"p","operator":"contains","value":"x"}`), "", ""},
		{condition(`{"type":"attribute","property":"p","operator":"less_than","value":1}`), "", ""},
		{condition(`{"type":"event","event":"*","range":{"from":"2024-01-01","to":"2024-01-31"}}`), "", ""},
		{`{"definition":` + goodDefinition + `}`, "required", "name"},
		{`{"name":"","definition":` + goodDefinition + `}`, "required", "name"},
		{`{"name":"` + strings.Repeat("x", 201) + `","definition":` + goodDefinition + `}`, "invalid_value", "name"},
		{`{"name":"n","description":1,"definition":` + goodDefinition + `}`, "wrong_type", "description"},
		{`{"name":"n"}`, "required", "definition"},
		{`{"name":"n","extra":1,"definition":` + goodDefinition + `}`, "unknown_field", "extra"},
		{`{"name":"n","definition":{"conditions":[]}}`, "required", "definition.conditions"},
		{`{"name":"n","definition":{"match":"some","conditions":[{"type":"attribute","property":"p","operator":"is_set"}]}}`, "unknown_value", "definition.match"},
		{condition(`{"type":"path"}`), "unknown_value", "definition.conditions[0].type"},
		{condition(funnel(`"outcome":"completed"`)), "", ""},
		{condition(funnel(`"outcome":"not_completed","filters":{"conditions":[{"scope":"user","property":"p","operator":"is_set"}]}`)), "", ""},
		{condition(funnel(`"outcome":"stopped_at","step":2`)), "", ""},
		{condition(`{"type":"funnel"}`), "required", "definition.conditions[0].steps"},
		{condition(`{"type":"funnel","steps":[{"event":"a"}],"window":"7d","range":{"last":"30d"},"outcome":"completed"}`), "too_few", "definition.conditions[0].steps"},
		{condition(`{"type":"funnel","steps":[{"event":"a"},{"event":"b"}],"range":{"last":"30d"},"outcome":"completed"}`), "required", "definition.conditions[0].window"},
		{condition(`{"type":"funnel","steps":[{"event":"a"},{"event":"b"}],"window":"7d","outcome":"completed"}`), "required", "definition.conditions[0].range"},
		{condition(funnel(`"filters":{}`)), "required", "definition.conditions[0].outcome"},
		{condition(funnel(`"outcome":"failed"`)), "unknown_value", "definition.conditions[0].outcome"},
		{condition(funnel(`"outcome":"stopped_at"`)), "required", "definition.conditions[0].step"},
		{condition(funnel(`"outcome":"stopped_at","step":0`)), "invalid_value", "definition.conditions[0].step"},
		{condition(funnel(`"outcome":"completed","step":1`)), "unknown_field", "definition.conditions[0].step"},
		{condition(`{"type":"attribute","property":"p","operator":"like","value":1}`), "unknown_operator", "definition.conditions[0].operator"},
		{condition(`{"type":"attribute","property":"p","operator":"in","value":"x"}`), "invalid_value", "definition.conditions[0].value"},
		{condition(`{"type":"event","event":"e"}`), "required", "definition.conditions[0].range"},
		{condition(`{"type":"event","event":"e","range":{"last":"30d"},"done":1}`), "wrong_type", "definition.conditions[0].done"},
		{condition(`{"type":"event","event":"e","range":{"last":"30d"},"at_least":0}`), "invalid_value", "definition.conditions[0].at_least"},
		{condition(`{"type":"event","event":"e","range":{"last":"30d"},"property":"p"}`), "unknown_field", "definition.conditions[0].property"},
		{condition(strings.TrimSuffix(strings.Repeat(`{"type":"attribute","property":"p","operator":"is_set"},`, 21), ",")), "too_many", "definition.conditions"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/cohorts", strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer x")
		if ok, _ := v.GetRequestBodyValidator().ValidateRequestBody(r); ok != (test.code == "") {
			t.Errorf("the specification says %v of %s", ok, test.body)
		}
		answer := newFixture(t).do(call{method: http.MethodPost, path: "/api/v1/cohorts", body: test.body})
		if test.code != "" {
			wantError(t, answer, http.StatusBadRequest, test.code, test.field)
		} else if answer.StatusCode != http.StatusCreated {
			t.Errorf("%s: %d", test.body, answer.StatusCode)
		}
	}
	// The last step, which the specification cannot tell.
	wantError(t, newFixture(t).do(call{method: http.MethodPost, path: "/api/v1/cohorts", body: condition(funnel(`"outcome":"stopped_at","step":3`))}), http.StatusBadRequest, "invalid_value", "definition.conditions[0].step")
	inStep := strings.Replace(condition(funnel(`"outcome":"completed"`)), `{"event":"*"}`, `{"event":"*","filters":{"conditions":[{"scope":"cohort","operator":"in","value":"c1"}]}}`, 1)
	wantError(t, newFixture(t).do(call{method: http.MethodPost, path: "/api/v1/cohorts", body: inStep}), http.StatusBadRequest, "not_allowed", "definition.conditions[0].steps[1].filters.conditions[0].scope")
	nested := condition(`{"type":"event","event":"e","range":{"last":"30d"},"filters":{"conditions":[{"scope":"cohort","operator":"in","value":"c1"}]}}`)
	wantError(t, newFixture(t).do(call{method: http.MethodPost, path: "/api/v1/cohorts", body: nested}), http.StatusBadRequest, "not_allowed", "definition.conditions[0].filters.conditions[0].scope")
	wantError(t, newFixture(t).do(call{method: http.MethodPost, path: "/api/v1/cohorts", body: `{"version":1,` + goodCohort[1:]}), http.StatusBadRequest, "not_allowed", "version")
	large := fmt.Sprintf(`{"name":"n","definition":{"conditions":[{"type":"attribute","property":"p","operator":"equals","value":%q}]}}`, strings.Repeat("x", document.MaxBytes))
	wantError(t, newFixture(t).do(call{method: http.MethodPost, path: "/api/v1/cohorts", body: large}), http.StatusRequestEntityTooLarge, "body_too_large", "")
}
