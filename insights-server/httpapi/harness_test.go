package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"github.com/dataloaf/dataloaf/insights-server/auth"
	"github.com/dataloaf/dataloaf/insights-server/cohort"
	"github.com/dataloaf/dataloaf/insights-server/deletion"
	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

const (
	password = "correct horse"
	token    = "a-long-and-random-token"
)

// fakeService answers what its fields say; a nil one answers nothing.
type fakeService struct {
	fakePeople
	run      func(context.Context, insight.Query) (insight.Answer, error)
	err      error
	events   []query.EventInfo
	props    []query.PropertyInfo
	values   []query.ValueCount
	volumes  []query.EventVolume
	seen     []query.SeenProperty
	carriers []query.PropertyVolume
	state    query.PipelineState
	ledger   query.Ledger
	readyErr error

	mu      sync.Mutex
	checks  int
	lastReq query.ValuesRequest
	// ledgerFrom and ledgerTo are the days of the last call.
	ledgerFrom, ledgerTo time.Time
}

func (f *fakeService) Run(ctx context.Context, q insight.Query) (insight.Answer, error) {
	if f.run != nil {
		return f.run(ctx, q)
	}
	return insight.Answer{Kind: q.Kind}, f.err
}

func (f *fakeService) Events(context.Context) ([]query.EventInfo, error) { return f.events, f.err }

func (f *fakeService) Properties(_ context.Context, scope insight.Scope, event string) ([]query.PropertyInfo, error) {
	f.lastReq = query.ValuesRequest{Scope: scope, Event: event}
	return f.props, f.err
}

func (f *fakeService) PropertyValues(_ context.Context, r query.ValuesRequest) ([]query.ValueCount, error) {
	f.lastReq = r
	return f.values, f.err
}

func (f *fakeService) EventVolumes(context.Context, insight.Query) ([]query.EventVolume, error) {
	return f.volumes, f.err
}

func (f *fakeService) SeenProperties(_ context.Context, scope insight.Scope, event string) ([]query.SeenProperty, error) {
	f.lastReq = query.ValuesRequest{Scope: scope, Event: event}
	return f.seen, f.err
}

func (f *fakeService) PropertyVolumes(_ context.Context, property string, _ insight.Query) ([]query.PropertyVolume, error) {
	f.lastReq = query.ValuesRequest{Property: property}
	return f.carriers, f.err
}

func (f *fakeService) Pipeline(context.Context) (query.PipelineState, error) { return f.state, f.err }

func (f *fakeService) Ledger(_ context.Context, from, to time.Time) (query.Ledger, error) {
	f.ledgerFrom, f.ledgerTo = from, to
	return f.ledger, f.err
}

func (f *fakeService) Ready(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.checks++
	return f.readyErr
}

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// adminHash is made once: it takes a while under the race detector.
var adminHash = sync.OnceValues(func() (string, error) { return auth.Hash(password, rand.Reader) })

// fixture is a server with what tests look at.
type fixture struct {
	t       *testing.T
	server  *Server
	service *fakeService
	clock   *clock
	log     *bytes.Buffer
	cookie  *http.Cookie
}

func newFixture(t *testing.T, change ...func(*Config)) *fixture {
	t.Helper()
	hash, err := adminHash()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, service: &fakeService{}, clock: &clock{at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, log: &bytes.Buffer{}}
	c := Config{
		Service: f.service, Saved: saved.New(fakeDocuments{}, saved.Options{}), Cohorts: cohort.New(&fakeCohorts{now: f.clock.now}, cohort.Options{}), Deletions: deletion.New(fakeDocuments{}, deletion.Options{Now: f.clock.now, Random: rand.Reader, Rounds: 1}), Audits: fakeAudits(nil), Directory: newDirectory(t, hash, f.clock, nil), Now: f.clock.now,
		Logger: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	if c.Alerts == nil {
		withAlerts(t, fakeDocuments{}, nil)(&c)
	}
	sessions, err := auth.NewSessions(auth.SessionConfig{
		Directory: c.Directory, Key: []byte(strings.Repeat("k", 32)), Now: c.Now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Sessions = sessions
	if f.server, err = New(c); err != nil {
		t.Fatal(err)
	}
	// Made without a login, which hashes a password.
	if _, f.cookie, err = sessions.Start(c.Directory.Admin(), false); err != nil {
		t.Fatal(err)
	}
	return f
}

// newDirectory has the first admin and the configuration's token, and whom the
// store keeps.
func newDirectory(t *testing.T, hash string, c *clock, store auth.Documents) *auth.Directory {
	t.Helper()
	sum := sha256.Sum256([]byte(token))
	tokens, err := auth.ParseTokens(hex.EncodeToString(sum[:]))
	if err != nil {
		t.Fatal(err)
	}
	d, err := auth.NewDirectory(auth.DirectoryConfig{AdminHash: hash, Tokens: tokens, Store: store, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// call describes one request.
type call struct {
	method, path, body string
	header             map[string]string
	remote             string
	anonymous          bool
	tls                bool
}

func (f *fixture) request(c call) *http.Request {
	if c.method == "" {
		c.method = http.MethodGet
	}
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	target := "http://loaf.test" + c.path
	if c.tls {
		target = "https://loaf.test" + c.path
	}
	r := httptest.NewRequest(c.method, target, body)
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if !c.anonymous {
		r.AddCookie(f.cookie)
	}
	for name, value := range c.header {
		if value == "" {
			r.Header.Del(name)
			continue
		}
		r.Header.Set(name, value)
	}
	if c.remote != "" {
		r.RemoteAddr = c.remote
	}
	return r
}

// do makes a call and holds its answer against openapi.yaml.
func (f *fixture) do(c call) *http.Response {
	f.t.Helper()
	r := f.request(c)
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, r)
	conforms(f.t, r, w)
	return w.Result()
}

func readAll(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wantError checks the whole shape of an error.
func wantError(t *testing.T, r *http.Response, status int, code, field string) {
	t.Helper()
	body := readAll(t, r)
	if r.StatusCode != status {
		t.Fatalf("status %d, want %d; body %s", r.StatusCode, status, body)
	}
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	var e struct {
		Error struct {
			Code, Message string
			Field         *string
		}
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		t.Fatalf("body %s: %v", body, err)
	}
	gotField := ""
	if e.Error.Field != nil {
		gotField = *e.Error.Field
	}
	if e.Error.Code != code || e.Error.Message == "" || gotField != field {
		t.Errorf("error %s, want code %q and field %q", body, code, field)
	}
	if !strings.Contains(body, `"field":`) {
		t.Errorf("error %s has no field", body)
	}
}

// spec is openapi.yaml, read once.
var spec = sync.OnceValues(func() (validator.Validator, error) {
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		return nil, err
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// conforms holds an answer against the specification. Paths that are not in it
// are held to nothing; that each of ours is, TestRoutesAreSpecified checks.
func conforms(t *testing.T, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	v, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	if !specified(r.Method, r.URL.EscapedPath()) || w.Result().Header.Get("Content-Encoding") != "" {
		return
	}
	if ok, problems := v.ValidateHttpResponse(r, w.Result()); !ok {
		for _, p := range problems {
			t.Errorf("%s %s answers %d against the specification: %s: %s", r.Method, r.URL.Path, w.Code, p.Message, p.Reason)
			for _, s := range p.SchemaValidationErrors {
				t.Errorf("  %s: %s", s.KeywordLocation, s.Reason)
			}
		}
		t.Logf("body: %s", w.Body)
	}
}

var specifiedRoutes = map[string]bool{
	"POST /api/v1/login": true, "POST /api/v1/logout": true, "GET /api/v1/session": true, "POST /api/v1/session/password": true,
	"POST /api/v1/query": true, "GET /api/v1/events": true, "GET /api/v1/properties": true,
	"GET /api/v1/property-values": true, "GET /api/v1/pipeline": true, "GET /api/v1/audit": true,
	"POST /api/v1/invitations": true, "POST /api/v1/invitations/accept": true,
	"GET /api/v1/members": true, "PATCH /api/v1/members/{id}": true, "DELETE /api/v1/members/{id}": true, "POST /api/v1/members/{id}/link": true,
	"GET /api/v1/tokens": true, "POST /api/v1/tokens": true, "DELETE /api/v1/tokens/{id}": true,
	"GET /api/v1/deletions": true, "POST /api/v1/deletions": true, "POST /api/v1/deletions/lookup": true, "GET /api/v1/deletions/{id}": true,
	"GET /api/v1/cohorts": true, "POST /api/v1/cohorts": true, "GET /api/v1/cohorts/{id}": true,
	"PUT /api/v1/cohorts/{id}": true, "DELETE /api/v1/cohorts/{id}": true,
	"GET /api/v1/cohorts/{id}/count": true, "GET /api/v1/cohorts/{id}/users": true,
	"GET /api/v1/users": true, "GET /api/v1/users/{user_id}": true, "GET /api/v1/activity": true,
	"GET /api/v1/activity/stream": true, "GET /api/v1/export": true,
	"GET /api/v1/alerts": true, "POST /api/v1/alerts": true, "GET /api/v1/alerts/{id}": true, "PUT /api/v1/alerts/{id}": true, "DELETE /api/v1/alerts/{id}": true,
	"GET /api/v1/alerts/{id}/history": true, "POST /api/v1/alerts/{id}/test": true,
	"GET /healthz": true, "GET /readyz": true, "GET /metrics": true,

	"GET /api/v1/insights": true, "POST /api/v1/insights": true,
	"GET /api/v1/insights/{id}": true, "PUT /api/v1/insights/{id}": true, "DELETE /api/v1/insights/{id}": true,
	"POST /api/v1/insights/{id}/duplicate": true, "POST /api/v1/insights/{id}/run": true,
	"GET /api/v1/dashboards": true, "POST /api/v1/dashboards": true,
	"GET /api/v1/dashboards/{id}": true, "PUT /api/v1/dashboards/{id}": true, "DELETE /api/v1/dashboards/{id}": true,
	"POST /api/v1/dashboards/{id}/duplicate": true,
	"GET /api/v1/annotations":                true, "POST /api/v1/annotations": true,
	"GET /api/v1/annotations/{id}": true, "PUT /api/v1/annotations/{id}": true, "DELETE /api/v1/annotations/{id}": true,

	"GET /api/v1/definitions/events": true, "POST /api/v1/definitions/events": true, "GET /api/v1/definitions/events/{id}": true,
	"PUT /api/v1/definitions/events/{id}": true, "DELETE /api/v1/definitions/events/{id}": true,
	"GET /api/v1/definitions/properties": true, "POST /api/v1/definitions/properties": true, "GET /api/v1/definitions/properties/{id}": true,
	"PUT /api/v1/definitions/properties/{id}": true, "DELETE /api/v1/definitions/properties/{id}": true,
	"GET /api/v1/definitions/property-volumes": true,
}

// specified reports whether a path is one of specifiedRoutes, or fits one with
// a part in braces.
func specified(method, path string) bool {
	asked := strings.Split(method+" "+path, "/")
	for route := range specifiedRoutes {
		parts := strings.Split(route, "/")
		if slices.EqualFunc(parts, asked, func(part, given string) bool {
			return part == given || strings.HasPrefix(part, "{") && given != ""
		}) {
			return true
		}
	}
	return false
}
