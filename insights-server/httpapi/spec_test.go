package httpapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"

	"github.com/dataloaf/dataloaf/insights-server/insight"
)

func TestSpecificationIsValid(t *testing.T) {
	v, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	if ok, problems := v.ValidateDocument(); !ok {
		for _, p := range problems {
			t.Errorf("%s: %s", p.Message, p.Reason)
			for _, s := range p.SchemaValidationErrors {
				t.Errorf("  %s: %s", s.KeywordLocation, s.Reason)
			}
		}
	}
}

// placeholder is how Echo writes a parameter of a path.
var placeholder = regexp.MustCompile(`:(\w+)`)

func TestRoutesAreSpecified(t *testing.T) {
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	model, err := document.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	inSpec := map[string]bool{}
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		for method := range item.GetOperations().FromOldest() {
			inSpec[strings.ToUpper(method)+" "+path] = true
		}
	}
	inServer := map[string]bool{}
	for _, r := range newFixture(t).server.echo.Routes() {
		if r.Method != http.MethodHead {
			inServer[r.Method+" "+placeholder.ReplaceAllString(r.Path, "{$1}")] = true
		}
	}
	for name, pair := range map[string][2]map[string]bool{
		"the specification lacks": {inServer, inSpec}, "the server lacks": {inSpec, inServer}, "the tests' list lacks": {inServer, specifiedRoutes},
	} {
		var missing []string
		for route := range pair[0] {
			if !pair[1][route] {
				missing = append(missing, route)
			}
		}
		if sort.Strings(missing); len(missing) > 0 {
			t.Errorf("%s %q", name, missing)
		}
	}
}

// TestSpecificationOfQueries asks the specification and the parser about the
// same queries: they must agree.
func TestSpecificationOfQueries(t *testing.T) {
	v, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	const rest = `"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}]`
	condition := func(c string) string {
		return `{` + rest + `,"filters":{"match":"all","conditions":[` + c + `]}}`
	}
	for _, test := range []struct {
		body string
		good bool
	}{
		{`{` + rest + `}`, true},
		{`{"kind":"trend","timezone":"Asia/Kolkata",` + rest + `}`, true},
		{`{"range":{"from":"2024-01-01","to":"2024-12-31"},"interval":"year","series":[{"event":"*","aggregation":{"type":"p95","property":"a"},"filters":{}}]}`, true},
		{condition(`{"scope":"event","property":"p","operator":"equals","value":"x"}`), true},
		{condition(`{"scope":"user","property":"p","operator":"not_in","value":["x",1,true]}`), true},
		{condition(`{"scope":"user","property":"p","operator":"greater_than","value":1.5}`), true},
		{condition(`{"scope":"user","property":"p","operator":"contains","value":"x"}`), true},
		{condition(`{"scope":"user","property":"p","operator":"is_set"}`), true},
		{`{}`, false},
		{`[]`, false},
		{`{"kind":"pie",` + rest + `}`, false},
		{`{"extra":1,` + rest + `}`, false},
		{`{"range":{"last":"30 days"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}]}`, false},
		{`{"range":{"last":"30d","from":"2024-01-01"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total"}}]}`, false},
		{`{"range":{"last":"30d"},"interval":"minute","series":[{"event":"e","aggregation":{"type":"total"}}]}`, false},
		{`{"range":{"last":"30d"},"interval":"day","series":[]}`, false},
		{`{"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"sum"}}]}`, false},
		{`{"range":{"last":"30d"},"interval":"day","series":[{"event":"e","aggregation":{"type":"total","property":"p"}}]}`, false},
		{`{"range":{"last":"30d"},"interval":"day","series":[{"event":"","aggregation":{"type":"total"}}]}`, false},
		{condition(`{"scope":"event","property":"p","operator":"like","value":"x"}`), false},
		{condition(`{"scope":"event","property":"p","operator":"equals","value":null}`), false},
		{condition(`{"scope":"event","property":"p","operator":"equals","value":{"a":1}}`), false},
		{condition(`{"scope":"event","property":"p","operator":"in","value":"x"}`), false},
		{condition(`{"scope":"event","property":"p","operator":"less_than","value":"1"}`), false},
		{condition(`{"scope":"event","property":"p","operator":"is_set","value":"x"}`), true},
		{condition(`{"scope":"event","property":"p","operator":"is_set","value":["x"]}`), false},
		{condition(`{"scope":"device","property":"p","operator":"is_set"}`), false},
	} {
		_, parseErr := insight.Parse([]byte(test.body))
		if (parseErr == nil) != test.good {
			t.Errorf("the parser says %v of %s", parseErr, test.body)
		}
		r := httptest.NewRequest(http.MethodPost, "/api/v1/query", strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer x")
		if ok, _ := v.GetRequestBodyValidator().ValidateRequestBody(r); ok != test.good {
			t.Errorf("the specification says %v of %s", ok, test.body)
		}
	}
}

// TestSpecificationExamplesOfQueries keeps the documented queries working.
func TestSpecificationExamplesOfQueries(t *testing.T) {
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	model, err := document.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	item, _ := model.Model.Paths.PathItems.Get("/api/v1/query")
	media, _ := item.Post.RequestBody.Content.Get("application/json")
	seen := 0
	for name, example := range media.Examples.FromOldest() {
		var value any
		if err := example.Value.Decode(&value); err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := insight.Parse(body); err != nil {
			t.Errorf("example %s: %v", name, err)
		}
		seen++
	}
	if seen < 2 {
		t.Errorf("%d examples of queries, want at least 2", seen)
	}
}
