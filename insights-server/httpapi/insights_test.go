package httpapi

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
)

func post(body string) call {
	return call{method: http.MethodPost, path: "/api/v1/query", body: body}
}

func twoBuckets(events ...string) insight.Answer {
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 5*3600+1800))
	a := insight.Answer{Kind: insight.KindTrend, Buckets: []time.Time{start, start.AddDate(0, 1, 0)}, Elapsed: 12 * time.Millisecond}
	for _, e := range events {
		a.Series = append(a.Series, insight.SeriesAnswer{
			Event: e, Aggregation: insight.Aggregation{Type: insight.Average, Property: "amount"}, Count: 3,
			Values: insight.Values{1.5, math.NaN()},
		})
	}
	return a
}

func TestQueryAnswersJSON(t *testing.T) {
	f := newFixture(t)
	var asked insight.Query
	f.service.run = func(_ context.Context, q insight.Query) (insight.Answer, error) {
		asked = q
		return twoBuckets("purchase"), nil
	}
	r := f.do(post(goodQuery))
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	want := `{"kind":"trend","buckets":["2024-01-01T00:00:00+05:30","2024-02-01T00:00:00+05:30"],"series":[{"event":"purchase","aggregation":{"type":"average","property":"amount"},"breakdown":null,"count":3,"values":[1.5,null]}],"elapsed_ms":12,"data":{"load_id":null,"loaded_at":null}}` + "\n"
	if got := readAll(t, r); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(asked.Series) != 1 || asked.Series[0].Event != "e" {
		t.Errorf("the service was asked %+v", asked)
	}
}

func TestQueryAnswersCSV(t *testing.T) {
	f := newFixture(t)
	f.service.run = func(context.Context, insight.Query) (insight.Answer, error) {
		return twoBuckets("purchase", "purchase", `=HYPERLINK("x")`, "+1", "-", "@a", "\tx", "a,\"b\"\nc"), nil
	}
	c := post(goodQuery)
	c.header = map[string]string{"Accept": "text/csv"}
	r := f.do(c)
	if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/csv") {
		t.Errorf("content type %q", got)
	}
	if got := r.Header.Get("Vary"); !strings.Contains(strings.Join(r.Header.Values("Vary"), ","), "Accept") {
		t.Errorf("Vary %q", got)
	}
	rows, err := csv.NewReader(strings.NewReader(readAll(t, r))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"bucket", "purchase (average of amount)", "purchase (average of amount) #2", `'=HYPERLINK("x") (average of amount)`,
		"'+1 (average of amount)", "'- (average of amount)", "'@a (average of amount)", "'\tx (average of amount)", "a,\"b\"\nc (average of amount)",
	}
	if fmt.Sprintf("%q", rows[0]) != fmt.Sprintf("%q", want) {
		t.Errorf("header %q\nwant   %q", rows[0], want)
	}
	if len(rows) != 3 || rows[1][0] != "2024-01-01T00:00:00+05:30" || rows[1][1] != "1.5" || rows[2][1] != "" {
		t.Errorf("rows %q", rows[1:])
	}
}

func TestCells(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -2: "-2", 28775: "28775", 0.1: "0.1", 1e20: "100000000000000000000", 1e21: "1e+21", 1e-7: "1e-07", math.Inf(1): "", math.NaN(): ""} {
		if got := numberCell(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	for s, want := range map[string]string{"": "", "a": "a", "-1.5": "-1.5", "+1": "+1", "-1+1": "'-1+1", "=1": "'=1", "\rx": "'\rx"} {
		if got := safeCell(s); got != want {
			t.Errorf("%q is written %q, want %q", s, got, want)
		}
	}
}

func TestPrefersCSV(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "text/html,*/*;q=0.8": false, "nonsense": false,
		"text/csv": true, "TEXT/CSV; charset=utf-8": true, "text/*": true, "text/csv, */*;q=0.5": true,
		"text/csv, application/json": true, "application/json, text/csv": false, "text/csv;q=0.9, application/json": false,
		"application/json;q=0.2, text/csv;q=0.3": true, "text/csv;q=0": false, "text/csv;q=0, */*": false,
		"text/csv;q=nan": false, "text/csv;q=2": false, "text/*, application/json": false, "*/*, text/csv": true,
	} {
		if got := prefersCSV([]string{accept}); got != want {
			t.Errorf("Accept %q: %v", accept, got)
		}
	}
	if !prefersCSV([]string{"application/json;q=0.1", "text/csv"}) {
		t.Error("the second header is not read")
	}
}

func TestQueryRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		call   call
		status int
		code   string
		field  string
	}{
		{"no body", post(""), 400, "invalid_json", ""},
		{"unknown field", post(`{"colour":1,` + goodQuery[1:]), 400, "unknown_field", "colour"},
		{"unknown operator", post(`{"filters":{"conditions":[{"scope":"event","property":"p","operator":"like","value":1}]},` + goodQuery[1:]), 400, "unknown_operator", "filters.conditions[0].operator"},
		{"too large", post(`{"kind":"` + strings.Repeat("x", maxQueryBytes) + `"}`), 413, "body_too_large", ""},
		{"form", call{method: "POST", path: "/api/v1/query", body: goodQuery, header: map[string]string{"Content-Type": "text/plain"}}, 415, "unsupported_media_type", ""},
		{"compressed", call{method: "POST", path: "/api/v1/query", body: goodQuery, header: map[string]string{"Content-Encoding": "gzip"}}, 415, "unsupported_media_type", ""},
		{"broken content type", call{method: "POST", path: "/api/v1/query", body: goodQuery, header: map[string]string{"Content-Type": ";"}}, 415, "unsupported_media_type", ""},
		{"no scope", call{path: "/api/v1/properties"}, 400, "required", "scope"},
		{"unknown scope", call{path: "/api/v1/properties?scope=device"}, 400, "unknown_value", "scope"},
		{"no property", call{path: "/api/v1/property-values?scope=user"}, 400, "required", "property"},
		{"long property", call{path: "/api/v1/property-values?scope=user&property=" + strings.Repeat("x", 201)}, 400, "invalid_value", "property"},
		{"NUL", call{path: "/api/v1/property-values?scope=user&property=a%00"}, 400, "nul_character", "property"},
		{"invalid UTF-8", call{path: "/api/v1/property-values?scope=user&property=a&search=%ff"}, 400, "invalid_utf8", "search"},
		{"broken escape", call{path: "/api/v1/properties?scope=user&event=%zz"}, 400, "invalid_value", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantError(t, newFixture(t).do(test.call), test.status, test.code, test.field)
		})
	}
	t.Run("undeclared content type", func(t *testing.T) {
		c := post(goodQuery)
		c.header = map[string]string{"Content-Type": ""}
		if r := newFixture(t).do(c); r.StatusCode != http.StatusOK {
			t.Errorf("status %d", r.StatusCode)
		}
	})
}

func TestServiceErrors(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		code   string
		retry  string
		field  string
	}{
		{&insight.Error{Code: "not_supported", Message: "No.", Field: "series[0]"}, 400, "not_supported", "", "series[0]"},
		{fmt.Errorf("x: %w", query.ErrBusy), 429, "busy", "1", ""},
		{fmt.Errorf("x: %w", query.ErrTimeout), 504, "timeout", "", ""},
		{fmt.Errorf("x: %w: %w", warehouse.ErrUnavailable, errors.New("refused")), 503, "unavailable", "5", ""},
		{fmt.Errorf("x: %w", context.Canceled), 503, "unavailable", "5", ""},
		{errors.New("syntax error in secret SQL"), 500, "internal", "", ""},
	} {
		for _, c := range []call{post(goodQuery), {path: "/api/v1/events"}, {path: "/api/v1/properties?scope=event"}, {path: "/api/v1/property-values?scope=event&property=p"}, {path: "/api/v1/pipeline"}} {
			t.Run(fmt.Sprint(test.code, c.path), func(t *testing.T) {
				f := newFixture(t)
				f.service.err = test.err
				w := httptest.NewRecorder()
				f.server.ServeHTTP(w, f.request(c))
				r := w.Result()
				if got := r.Header.Get("Retry-After"); got != test.retry {
					t.Errorf("Retry-After %q, want %q", got, test.retry)
				}
				if test.status == 500 && strings.Contains(w.Body.String(), "secret") {
					t.Errorf("the answer shows the cause: %s", w.Body)
				}
				if logged := strings.Contains(f.log.String(), test.err.Error()); logged != (test.status >= 500) {
					t.Errorf("the log has the cause: %v\n%s", logged, f.log)
				}
				wantError(t, r, test.status, test.code, test.field)
			})
		}
	}
}

func TestPanicIsA500(t *testing.T) {
	f := newFixture(t)
	f.service.run = func(context.Context, insight.Query) (insight.Answer, error) { panic("boom") }
	wantError(t, f.do(post(goodQuery)), http.StatusInternalServerError, "internal", "")
	if !strings.Contains(f.log.String(), "boom") || !strings.Contains(f.log.String(), "insights_test.go") {
		t.Errorf("the log lacks the panic or its stack: %s", f.log)
	}
}

func TestCatalogue(t *testing.T) {
	f := newFixture(t)
	seen := time.Date(2024, 5, 6, 7, 8, 9, 500_000_000, time.UTC)
	f.service.events = []query.EventInfo{{Name: "commit", Count: 28775, FirstSeen: seen, LastSeen: seen}}
	f.service.props = []query.PropertyInfo{{Name: "zip", Types: []string{"number", "string"}, Count: 2}}
	f.service.values = []query.ValueCount{{Value: json.RawMessage(`"pro"`), Count: 2}, {Value: json.RawMessage(`10`), Count: 1}}
	for path, want := range map[string]string{
		"/api/v1/events":                 `{"events":[{"name":"commit","count":28775,"first_seen":"2024-05-06T07:08:09.5Z","last_seen":"2024-05-06T07:08:09.5Z"}]}`,
		"/api/v1/properties?scope=event": `{"properties":[{"name":"zip","types":["number","string"],"count":2}]}`,
		"/api/v1/property-values?scope=event&property=a%2Fb+c&event=%2A&search=%C3%A9": `{"values":[{"value":"pro","count":2},{"value":10,"count":1}]}`,
	} {
		if got := strings.TrimSpace(readAll(t, f.do(call{path: path}))); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", path, got, want)
		}
	}
	f.do(call{path: "/api/v1/property-values?scope=event&property=a%2Fb+c&event=%2A&search=%C3%A9"})
	if want := (query.ValuesRequest{Scope: "event", Property: "a/b c", Event: "*", Search: "é"}); f.service.lastReq != want {
		t.Errorf("asked for %+v, want %+v", f.service.lastReq, want)
	}
	f.do(call{path: "/api/v1/properties?scope=user&event=e"})
	if want := (query.ValuesRequest{Scope: "user", Event: "e"}); f.service.lastReq != want {
		t.Errorf("asked for %+v, want %+v", f.service.lastReq, want)
	}
	empty := newFixture(t)
	for path, want := range map[string]string{
		"/api/v1/events": `{"events":[]}`, "/api/v1/properties?scope=user": `{"properties":[]}`, "/api/v1/property-values?scope=user&property=p": `{"values":[]}`,
	} {
		if got := strings.TrimSpace(readAll(t, empty.do(call{path: path}))); got != want {
			t.Errorf("%s answers %s, want %s", path, got, want)
		}
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	f := newFixture(t)
	f.service.events = make([]query.EventInfo, 100)
	r := f.do(call{path: "/api/v1/events", header: map[string]string{"Accept-Encoding": "gzip"}})
	if got := r.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("content encoding %q", got)
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Events []query.EventInfo }
	if err := json.NewDecoder(z).Decode(&got); err != nil || len(got.Events) != 100 {
		t.Errorf("%d events, %v", len(got.Events), err)
	}
	if r := f.do(call{path: "/api/v1/session", header: map[string]string{"Accept-Encoding": "gzip"}}); r.Header.Get("Content-Encoding") != "" {
		t.Error("a short answer is compressed")
	}
}

// TestQueryEndsWithItsClient closes a real connection while its query runs.
func TestQueryEndsWithItsClient(t *testing.T) {
	f := newFixture(t)
	running, ended := make(chan struct{}), make(chan error, 1)
	f.service.run = func(ctx context.Context, _ insight.Query) (insight.Answer, error) {
		close(running)
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Second): // so that a failure does not hang
		}
		ended <- ctx.Err()
		return insight.Answer{}, ctx.Err()
	}
	server := httptest.NewServer(f.server)
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(connection, "POST /api/v1/query HTTP/1.1\r\nHost: loaf.test\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", token, len(goodQuery), goodQuery)
	if err != nil {
		t.Fatal(err)
	}
	<-running
	if err := connection.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the query's context ended with %v, want context.Canceled", err)
	}
	server.Close() // waits for the call to end
	if !strings.Contains(f.log.String(), "status=499") {
		t.Errorf("the log: %s", f.log)
	}
}

func TestBodyThatEndsEarly(t *testing.T) {
	f := newFixture(t)
	r := f.request(post(goodQuery))
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), brokenReader{}))
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, r)
	wantError(t, w.Result(), http.StatusBadRequest, "incomplete_body", "")
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func FuzzQueryBody(f *testing.F) {
	for _, seed := range []string{
		goodQuery, "", "{", "[]", "null", "0", `"x"`, "{\"a\":\xff}", strings.Repeat("[", 20000), `{"range":{"last":"99999999999999999999d"}}`,
		`{"range":{"from":"0000-00-00","to":"9999-99-99"}}`, `{"timezone":"../../etc/passwd",` + goodQuery[1:], `{"timezone":"Local",` + goodQuery[1:],
		`{"range":{"from":"0001-01-01","to":"9999-12-31"},"interval":"hour","series":[{"event":"e","aggregation":{"type":"total"}}]}`,
		`{"filters":{"conditions":[{"scope":"event","property":"\u0000","operator":"equals","value":1e999}]},` + goodQuery[1:],
		`{"kind":"funnel"}`, `{"series":[null]}`, `{"series":{"0":1}}`, `{"kind":"trend","kind":"trend",` + goodQuery[1:],
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		x := newFixture(t)
		w := httptest.NewRecorder()
		r := x.request(post(body))
		x.server.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%q answers %d: %s\n%s", body, w.Code, w.Body, x.log)
		}
		conforms(t, r, w)
	})
}
