package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

func TestDefinitionsOfEvents(t *testing.T) {
	f := savingFixture(t)
	const path = "/api/v1/definitions/events"
	made, header := f.send(http.StatusCreated, call{method: http.MethodPost, path: path, body: `{"name":"sign up","description":"The first time","verified":true}`})
	if header.Get("Location") != path+"/"+made.ID || header.Get("ETag") != `"1"` {
		t.Errorf("made %+v, %v", made, header)
	}
	wantError(t, f.do(call{method: http.MethodPost, path: path, body: `{"name":"sign up"}`}), http.StatusConflict, "definition_exists", "name")
	f.send(http.StatusCreated, call{method: http.MethodPost, path: path, body: `{"name":"planned","hidden":true}`})
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	f.service.volumes = []query.EventVolume{
		{EventInfo: query.EventInfo{Name: "sign_up", Count: 7, FirstSeen: at, LastSeen: at.Add(time.Hour)}, InRange: 2},
		{EventInfo: query.EventInfo{Name: "sign up", Count: 3, FirstSeen: at, LastSeen: at}},
	}
	var answer struct {
		Range  struct{ From, To time.Time }
		Events []struct {
			Name         string
			Seen         bool
			Count        int
			CountInRange int        `json:"count_in_range"`
			LastSeen     *time.Time `json:"last_seen"`
			Alike        []string
			Definition   *struct {
				ID, Description string
				Hidden          bool
				VerifiedAt      *time.Time `json:"verified_at"`
				VerifiedBy      *string    `json:"verified_by"`
			}
		}
	}
	r := f.do(call{path: path + "?last=7d&timezone=Asia/Kolkata"})
	if err := json.Unmarshal([]byte(readAll(t, r)), &answer); err != nil {
		t.Fatal(err)
	}
	if from, to := answer.Range.From, answer.Range.To; !to.After(f.clock.now()) || from.UTC().Minute() != 30 || to.Sub(from) != 7*24*time.Hour {
		t.Errorf("the range is %v to %v", from, to)
	}
	if len(answer.Events) != 3 {
		t.Fatalf("%+v", answer.Events)
	}
	first, second, third := answer.Events[0], answer.Events[1], answer.Events[2]
	if first.Name != "sign_up" || !first.Seen || first.Count != 7 || first.CountInRange != 2 || !first.LastSeen.Equal(at.Add(time.Hour)) || fmt.Sprint(first.Alike) != "[sign up]" || first.Definition != nil {
		t.Errorf("first %+v", first)
	}
	if d := second.Definition; second.Name != "sign up" || fmt.Sprint(second.Alike) != "[sign_up]" || d == nil || d.ID != made.ID || d.Description != "The first time" || *d.VerifiedBy != "admin" || d.VerifiedAt == nil {
		t.Errorf("second %+v", second)
	}
	if third.Name != "planned" || third.Seen || third.Count != 0 || third.LastSeen != nil || len(third.Alike) != 0 || !third.Definition.Hidden || third.Definition.VerifiedAt != nil {
		t.Errorf("third %+v", third)
	}

	put := call{method: http.MethodPut, path: path + "/" + made.ID, body: `{"name":"sign up","hidden":true,"version":1}`}
	if _, header := f.send(http.StatusOK, put); header.Get("ETag") != `"2"` {
		t.Errorf("changed: %v", header)
	}
	wantError(t, f.do(put), http.StatusConflict, "conflict", "")
	put.body = `{"name":"other"}`
	wantError(t, f.do(put), http.StatusBadRequest, "not_allowed", "name")
	f.send(http.StatusOK, call{path: path + "/" + made.ID})

	// What is hidden is left out of suggestions on request, and only then.
	f.service.events = []query.EventInfo{{Name: "sign up"}, {Name: "sign_up"}}
	for parameter, want := range map[string]bool{"": true, "?hidden=true": true, "?hidden=false": false} {
		if body := readAll(t, f.do(call{path: "/api/v1/events" + parameter})); strings.Contains(body, `"sign up"`) != want || !strings.Contains(body, `"sign_up"`) {
			t.Errorf("%q: %s", parameter, body)
		}
	}
	wantError(t, f.do(call{path: "/api/v1/events?hidden=no"}), http.StatusBadRequest, "unknown_value", "hidden")

	f.send(http.StatusNoContent, call{method: http.MethodDelete, path: path + "/" + made.ID, header: map[string]string{"If-Match": `"2"`}})
	wantError(t, f.do(call{path: path + "/" + made.ID}), http.StatusNotFound, "not_found", "")
	for parameters, want := range map[string][2]string{
		"?last=7":                        {"invalid_range", "last"},
		"?from=2024-01-01":               {"required", "to"},
		"?from=2024-02-30&to=2024-03-01": {"invalid_range", "from"},
		"?last=7d&from=2024-01-01":       {"invalid_range", ""},
		"?from=2024-01-02&to=2024-01-01": {"range_reversed", ""},
		"?timezone=Mars":                 {"unknown_timezone", "timezone"},
		"?event=e":                       {"unknown_field", "event"},
	} {
		wantError(t, f.do(call{path: path + parameters}), http.StatusBadRequest, want[0], want[1])
	}
	f.service.err = fmt.Errorf("x: %w", warehouse.ErrUnavailable)
	wantError(t, f.do(call{path: path}), http.StatusServiceUnavailable, "unavailable", "")
}

func TestDefinitionsOfProperties(t *testing.T) {
	f := savingFixture(t)
	const path = "/api/v1/definitions/properties"
	made, _ := f.send(http.StatusCreated, call{method: http.MethodPost, path: path, body: `{"scope":"event","name":"plan","hidden":true}`})
	f.send(http.StatusCreated, call{method: http.MethodPost, path: path, body: `{"scope":"user","name":"plan","description":"of users"}`})
	wantError(t, f.do(call{method: http.MethodPost, path: path, body: `{"scope":"user","name":"plan"}`}), http.StatusConflict, "definition_exists", "name")
	wantError(t, f.do(call{method: http.MethodPut, path: path + "/" + made.ID, body: `{"scope":"user","name":"plan"}`}), http.StatusBadRequest, "not_allowed", "scope")
	f.service.seen = []query.SeenProperty{
		{PropertyTypes: query.PropertyTypes{Name: "zip", Count: 5, Types: []query.TypeCount{{Type: "string", Count: 3}, {Type: "number", Count: 2}}}, Sample: json.RawMessage(`"12345"`)},
		{PropertyTypes: query.PropertyTypes{Name: "amount", Count: 4, Types: []query.TypeCount{{Type: "number", Count: 4}}}, Sample: json.RawMessage(`1.5`)},
	}
	const zip = `{"name":"zip","seen":true,"count":5,"types":[{"type":"string","count":3},{"type":"number","count":2}],"mixed_types":true,"sample":null,"looks_personal":true,"personal_reason":"The name has \"zip\", as if it held an address.","alike":[],"definition":null}`
	const amount = `{"name":"amount","seen":true,"count":4,"types":[{"type":"number","count":4}],"mixed_types":false,"sample":1.5,"looks_personal":false,"personal_reason":null,"alike":[],"definition":null}`
	body := readAll(t, f.do(call{path: path + "?scope=user"}))
	if !strings.HasPrefix(body, `{"properties":[`+zip+`,`+amount+`,{"name":"plan","seen":false,"count":0,"types":[],`) || !strings.Contains(body, "of users") || strings.Contains(body, made.ID) {
		t.Errorf("of users: %s", body)
	}
	if body := readAll(t, f.do(call{path: path + "?scope=event&event=*"})); !strings.Contains(body, made.ID) || f.service.lastReq.Event != "*" {
		t.Errorf("of events: %s", body)
	}
	if body := strings.TrimSpace(readAll(t, f.do(call{path: path + "?scope=event&event=buy"}))); body != `{"properties":[`+zip+`,`+amount+`]}` || f.service.lastReq.Event != "buy" {
		t.Errorf("of one event: %s", body)
	}
	wantError(t, f.do(call{path: path}), http.StatusBadRequest, "required", "scope")
	wantError(t, f.do(call{path: path + "?scope=user&last=7d"}), http.StatusBadRequest, "unknown_field", "last")

	f.service.props = []query.PropertyInfo{{Name: "plan", Types: []string{"string"}, Count: 1}}
	for parameters, want := range map[string]bool{"?scope=event": true, "?scope=event&hidden=false": false, "?scope=user&hidden=false": true} {
		if body := readAll(t, f.do(call{path: "/api/v1/properties" + parameters})); strings.Contains(body, `"plan"`) != want {
			t.Errorf("%q: %s", parameters, body)
		}
	}

	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	f.service.carriers = []query.PropertyVolume{{Event: "buy", Count: 3, EventCount: 4, Types: []query.TypeCount{{Type: "number", Count: 3}}, InRange: 1, FirstSeen: &at, LastSeen: &at}}
	want := `"events":[{"event":"buy","count":3,"event_count":4,"types":[{"type":"number","count":3}],"count_in_range":1,"first_seen":"2024-05-01T12:00:00Z","last_seen":"2024-05-01T12:00:00Z"}]}`
	if body := strings.TrimSpace(readAll(t, f.do(call{path: "/api/v1/definitions/property-volumes?property=a%20b&from=2024-05-01&to=2024-05-02"}))); body != `{"range":{"from":"2024-05-01T00:00:00Z","to":"2024-05-03T00:00:00Z"},`+want || f.service.lastReq.Property != "a b" {
		t.Errorf("volumes: %s", body)
	}
	wantError(t, f.do(call{path: "/api/v1/definitions/property-volumes"}), http.StatusBadRequest, "required", "property")
}

// The specification and the server must agree on what may be defined.
func TestSpecificationOfDefinitions(t *testing.T) {
	v, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	f := savingFixture(t)
	for _, test := range []struct{ path, body, code, field string }{
		{"events", `{"name":" "}`, "", ""},
		{"events", `{"name":"a","description":"d","hidden":true,"verified":false}`, "", ""},
		{"events", `{}`, "required", "name"},
		{"events", `{"name":""}`, "required", "name"},
		{"events", `{"name":"*"}`, "not_allowed", "name"},
		{"events", `{"name":"` + strings.Repeat("x", 201) + `"}`, "invalid_value", "name"},
		{"events", `{"name":"b","description":"` + strings.Repeat("x", 2001) + `"}`, "invalid_value", "description"},
		{"events", `{"name":"b","hidden":1}`, "wrong_type", "hidden"},
		{"events", `{"name":"b","verified":"yes"}`, "wrong_type", "verified"},
		{"events", `{"name":"b","verified_by":"me"}`, "unknown_field", "verified_by"},
		{"events", `{"name":"b","scope":"event"}`, "unknown_field", "scope"},
		{"properties", `{"scope":"event","name":"*"}`, "", ""},
		{"properties", `{"scope":"user","name":"a"}`, "", ""},
		{"properties", `{"name":"a"}`, "required", "scope"},
		{"properties", `{"scope":"cohort","name":"a"}`, "unknown_value", "scope"},
	} {
		path := "/api/v1/definitions/" + test.path
		r := f.do(call{method: http.MethodPost, path: path, body: test.body})
		if test.code != "" {
			wantError(t, r, http.StatusBadRequest, test.code, test.field)
		} else if r.StatusCode != http.StatusCreated {
			t.Errorf("%d to %s: %s", r.StatusCode, test.body, readAll(t, r))
		}
		request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(test.body))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer x")
		if ok, _ := v.GetRequestBodyValidator().ValidateRequestBody(request); ok != (test.code == "") {
			t.Errorf("the specification says %v of %s", ok, test.body)
		}
	}
}
